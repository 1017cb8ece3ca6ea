"""The inputs of the day that is played on the demo firm: what people ask for and what ought to come of it."""

from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal, Self

from pydantic import TypeAdapter

from demo import cast
from demo.build import Firm
from demo.contract_terms import Agreed
from demo.files import write_json
from demo.records import Person, Project, RoleRequest
from demo.role_requests import Suitable
from demo.setting import Setting

_COVERED = "Returns feed and its data quality checks"  # a package of the main project
Expected = Literal["in_scope", "out_of_scope", "small_change", "contradicts_contract"]


@dataclass(frozen=True)
class EmailItem:
    """One thing that the client's e-mail asks for; `quote` stands verbatim in its body."""

    quote: str
    expected: Expected
    term_kind: str = ""  # of truth/contracts.jsonl: the term that decides it, if one does
    work_item_id: str = ""  # of the work package that covers it, if one does
    hours_by_role: dict[str, int] = field(default_factory=dict)  # effort, where more work is asked for


@dataclass(frozen=True)
class ClientEmail:
    """A client's wish for more work."""

    sender_name: str
    sender_address: str
    to_address: str
    sent_on: date
    subject: str
    body: str
    items: tuple[EmailItem, ...]


@dataclass(frozen=True)
class StaffingAsk:
    """The project manager's wish for a person, and who could come."""

    sentence: str
    role: str
    skill: str
    starts_on: date
    ends_on: date
    hours_per_week: int
    fits: tuple[str, ...]  # person_ids with the skill and the hours, best first
    busy: tuple[str, ...]
    away: tuple[str, ...]  # more skilled, but on leave


@dataclass(frozen=True)
class Scenario:
    """The day's inputs. People, projects and clients are given by id."""

    today: date
    project_id: str
    project_name: str
    contract_id: str
    client_id: str
    client_name: str
    personas: dict[str, str]  # part -> person_id
    staffing: StaffingAsk
    email: ClientEmail
    troubled_project_id: str  # hints only, so far
    slow_client_id: str
    padder_id: str

    @classmethod
    def load(cls, truth: Path) -> Self:
        """Reads scenario.json from the truth directory.

        Raises:
            OSError: there is none.
            pydantic.ValidationError: it is not one that this version wrote.
        """
        return TypeAdapter(cls).validate_json((truth / "scenario.json").read_text(encoding="utf-8"))


def staffing_ask(setting: Setting, project: Project, suitable: Suitable) -> StaffingAsk:
    """A senior data engineer who knows Snowflake, three days a week from next Monday."""
    first, last = cast.request_period(setting)
    request = RoleRequest(
        request_id="",
        project=project,
        role=cast.REQUEST_ROLE,
        skills=((cast.REQUEST_SKILL, 3),),
        starts_on=first,
        ends_on=last,
        hours_per_week=cast.REQUEST_HOURS,
        max_cost_rate=Decimal(10_000),
        office="",
        requested_by=project.manager_id,
        requested_on=setting.today,
        filled_by="",
    )
    engineers = {p.person_id for p in suitable.people if p.role and p.role.name == cast.REQUEST_ROLE}
    judged = [s for s in suitable.judge(request) if s.person_id in engineers]
    skills = {p.person_id: p.skills for p in suitable.people}

    def those(verdict: str) -> tuple[str, ...]:
        found = [s.person_id for s in judged if s.verdict == verdict]
        return tuple(sorted(found, key=lambda p: (-skills[p][cast.REQUEST_SKILL][0], p)))

    percent = 100 * cast.REQUEST_HOURS // 40
    return StaffingAsk(
        sentence=(
            f"I need a senior data engineer who knows {cast.REQUEST_SKILL} for {project.name} "
            f"from next Monday, {percent}% for {cast.REQUEST_WEEKS} weeks. Who could do it?"
        ),
        role=cast.REQUEST_ROLE,
        skill=cast.REQUEST_SKILL,
        starts_on=first,
        ends_on=last,
        hours_per_week=cast.REQUEST_HOURS,
        fits=those("fit"),
        busy=those("busy"),
        away=those("away"),
    )


def client_email(setting: Setting, project: Project, agreed: Agreed, manager: Person) -> ClientEmail:
    """Five wishes: covered, beyond the contract, small, and two against what the contract says."""
    sender = project.client.contacts[0]
    items = _items(setting, project, agreed)
    covered, beyond, small, early, cheap = (item.quote for item in items)
    body = (
        f"Hi {manager.name.partition(' ')[0]},\n\n"
        "thanks for Friday, the board liked what they saw. A few things from our side:\n\n"
        f"First, {covered}.\n\n"
        f"Second, and this is the big one, {beyond}. The board would like to see the first of them at its "
        "next meeting.\n\n"
        f"Third, {small}.\n\n"
        f"{early}. {cheap}, so that should work for both of us.\n\n"
        f"Best,\n{sender.partition(' ')[0]}\n\n"
        f"{sender}\nHead of Customer Insight\n{project.client.name}\n"
    )
    return ClientEmail(
        sender_name=sender,
        sender_address=f"{sender.lower().replace(' ', '.')}@{project.client.domain}",
        to_address=manager.email,
        sent_on=setting.today,
        subject=f"{project.name}: next steps and one bigger request",
        body=body,
        items=items,
    )


def _items(setting: Setting, project: Project, agreed: Agreed) -> tuple[EmailItem, ...]:
    """What the mail asks for, in its order. Dates and the rate are such that the contract forbids them."""
    rate = next(r.amount for r in agreed.rates if r.role == cast.REQUEST_ROLE)
    start = setting.today + timedelta(days=3 if setting.today.weekday() < 2 else 5)
    until = setting.next_monday + timedelta(weeks=7, days=-3)
    returns = next(p.work_item_id for p in project.agreed if p.title == _COVERED)
    return (
        EmailItem(
            "the returns feed still lets negative quantities through. Please make sure the data quality "
            "checks on it catch that before the month end run",
            "in_scope",
            work_item_id=returns,
        ),
        EmailItem(
            f"our marketing board wants {project.extras[0].inner_title}: five of them, fed from the app's "
            f"event stream, ready by {_spoken(until)}. You told me it would be about six weeks for two "
            "senior data engineers",
            "out_of_scope",
            term_kind="exclusion",
            hours_by_role={cast.REQUEST_ROLE: 480},
        ),
        EmailItem(
            "could somebody rename the three stock fields in the weekly report, the buyers trip over them? "
            "That cannot be more than two hours",
            "small_change",
            term_kind="change_allowance",
            hours_by_role={cast.REQUEST_ROLE: 2},
        ),
        EmailItem(
            f"Please start on {_spoken(start)}, take this mail as our go-ahead and we will do the paperwork "
            "afterwards",
            "contradicts_contract",
            term_kind="change_order",
        ),
        EmailItem(
            f"I have put the engineers into our budget at {int(rate) - 110} pounds a day, as last year",
            "contradicts_contract",
            term_kind="rate",
        ),
    )


def _spoken(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"


def write(setting: Setting, firm: Firm, personas: dict[str, dict[str, str]], truth: Path) -> None:
    """Writes scenario.json for a firm."""
    main = firm.main
    agreed = next(a.agreed for a in firm.agreements if a.agreed.contract is main.contract)
    coming = [s for s in firm.stories if s.project is not main and s.bites_on > setting.today]
    running = [s for s in firm.stories if s.project.status == "active" and s.project is not main]
    troubled = (coming or running)[0].project
    scenario = Scenario(
        today=setting.today,
        project_id=main.project_id,
        project_name=main.name,
        contract_id=main.contract.contract_id,
        client_id=main.client.client_id,
        client_name=main.client.name,
        personas={part: facts["person_id"] for part, facts in personas.items()},
        staffing=staffing_ask(setting, main, firm.suitable),
        email=client_email(setting, main, agreed, firm.person(main.manager_id)),
        troubled_project_id=troubled.project_id,
        slow_client_id=firm.slow[0].client.client_id,
        padder_id=firm.time.padders[0].person_id,
    )
    write_json(truth / "scenario.json", asdict(scenario))
