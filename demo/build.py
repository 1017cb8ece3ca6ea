"""Makes the whole firm in memory, part after part, each from those before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from demo import (
    access,
    budgets,
    cast,
    clients,
    contract_terms,
    contract_text,
    invoices,
    opportunities,
    people,
    portfolio,
    reports,
    role_requests,
    staffing,
    stories,
    time_defects,
    time_entries,
)
from demo.access import Held
from demo.budgets import Amounts
from demo.contract_terms import Agreed
from demo.contract_text import Draft, StatedTerm
from demo.invoices import Invoice
from demo.opportunities import Opportunity
from demo.project_facts import ProjectFacts
from demo.records import Assignment, Client, Contract, Leave, Person, Project, RoleRequest
from demo.reports import Report
from demo.role_requests import Suitable
from demo.setting import Setting
from demo.stories import SlowPayer, Story
from demo.time_defects import Marked

_SUFFIXES = (".pdf", ".docx", ".txt")  # of contracts, in turn; the main project's comes first


@dataclass(frozen=True)
class Agreement:
    """A contract with its terms, its text and what the text states."""

    agreed: Agreed
    draft: Draft
    stated: list[StatedTerm]


@dataclass(frozen=True)
class Firm:
    """Everything about the firm, before it is written down."""

    people: list[Person]
    leave: list[Leave]
    clients: list[Client]
    contracts: list[Contract]
    projects: list[Project]
    assignments: list[Assignment]
    requests: list[RoleRequest]
    suitable: Suitable
    stories: list[Story]
    slow: list[SlowPayer]
    time: Marked
    prices: Amounts  # an hour, by time entry
    agreements: list[Agreement]
    reports: list[Report]
    invoices: list[Invoice]
    opportunities: list[Opportunity]
    held: list[Held]

    @property
    def main(self) -> Project:
        """The project at the centre of the demo."""
        return next(p for p in self.projects if p.name == cast.PROJECT_NAME)

    def person(self, person_id: str) -> Person:
        """One of the people."""
        return next(p for p in self.people if p.person_id == person_id)


def build(setting: Setting, begin: Callable[[str], None]) -> Firm:
    """The firm of a setting. `begin` is told of each part that begins."""
    begin("people, clients and projects")
    staff = people.hire(setting)
    leave = people.leave(setting, staff)
    customers = clients.sign_up(setting, staff)
    contracts, projects = portfolio.sell(setting, staff, customers)
    assignments = staffing.staff(setting, staff, projects)
    suitable = Suitable(staff, assignments, leave)
    requests = role_requests.ask(setting, staff, projects, assignments, suitable)
    plots = stories.troubles(setting, projects)
    slow = stories.slow_payers(setting, customers, projects)

    begin("time entries")
    creeps = stories.creeps(setting, projects, plots)
    clean = time_entries.record(setting, staff, projects, assignments, leave, creeps)
    marked = time_defects.plant(setting, clean, staff, projects, leave)
    prices = budgets.hourly_prices(staff, projects, marked.entries)
    budgets.set_budgets(setting, projects, assignments, marked.entries, prices, plots)

    begin("contracts, reports and invoices")
    agreements = _draft(setting, contracts, projects, assignments)
    facts = ProjectFacts(setting, projects, assignments, leave, marked.entries)
    return Firm(
        people=staff,
        leave=leave,
        clients=customers,
        contracts=contracts,
        projects=projects,
        assignments=assignments,
        requests=requests,
        suitable=suitable,
        stories=plots,
        slow=slow,
        time=marked,
        prices=prices,
        agreements=agreements,
        reports=reports.report(setting, facts, staff, projects, plots),
        invoices=invoices.bill(setting, customers, projects, marked.entries, prices, slow),
        opportunities=opportunities.pursue(setting, customers, contracts, projects),
        held=access.grant(staff, projects, customers),
    )


def _draft(
    setting: Setting, contracts: list[Contract], projects: list[Project], assignments: list[Assignment]
) -> list[Agreement]:
    """The contracts in words, each with the name of its file."""
    main = next(p.contract for p in projects if p.name == cast.PROJECT_NAME)
    made = []
    for n, agreed in enumerate(contract_terms.agree(setting, contracts, projects, assignments)):
        contract = agreed.contract
        suffix = _SUFFIXES[0] if contract is main else _SUFFIXES[n % len(_SUFFIXES)]
        contract.file = f"{contract.contract_id}{suffix}"
        made.append(Agreement(agreed, *contract_text.draft(setting, agreed)))
    return made
