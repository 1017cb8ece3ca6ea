"""What the firm has sold: contracts and the projects under them, finished, running and planned."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from demo import cast
from demo.catalogue import practices
from demo.records import Client, Contract, ContractKind, Person, Project, ProjectStatus, WorkPackage
from demo.setting import Setting, text

_KINDS: dict[ContractKind, float] = {
    "time_and_materials": 0.5,
    "fixed_price": 0.2,
    "retainer": 0.12,
    "framework": 0.18,
}
_MORE_PROJECTS: dict[ContractKind, float] = {
    "time_and_materials": 1.5,
    "fixed_price": 0.6,
    "retainer": 0.8,
    "framework": 4.0,
}
_STATUSES: dict[ProjectStatus, float] = {"finished": 0.53, "active": 0.36, "planned": 0.11}
# Small firms need one of each for the demo; the main project is active besides.
_LEAST: tuple[ProjectStatus, ...] = ("active", "active", "active", "finished", "finished", "planned")


def sell(
    setting: Setting, people: list[Person], clients: list[Client]
) -> tuple[list[Contract], list[Project]]:
    """Contracts and projects, numbered by signature and by start."""
    rng = setting.random("portfolio")
    seller = _Seller(setting, rng, people)
    contracts = seller.contracts(clients, setting.count(60, len(clients) + 2))
    chosen = list(contracts)  # one project each, then more where the contract is wide
    more = setting.count(120, len(contracts) + 2) - len(contracts)
    chosen += rng.choices(contracts[1:], [_MORE_PROJECTS[c.kind] for c in contracts[1:]], k=max(0, more))
    projects = [seller.project(contract, n) for n, contract in enumerate(chosen)]
    projects.sort(key=lambda p: (p.starts_on, p.name))
    for n, project in enumerate(projects, 1):
        project.project_id = f"PJ-{n:03d}"
        project.packages = tuple(
            WorkPackage(f"PJ-{n:03d}-W{i:02d}", p.title, p.activity, p.agreed)
            for i, p in enumerate(project.packages, 1)
        )
    for contract in contracts:
        _date(rng, contract, [p for p in projects if p.contract is contract])
    contracts.sort(key=lambda c: (c.signed_on, c.title, c.client.client_id))
    for n, contract in enumerate(contracts, 1):
        contract.contract_id = f"CT-{n:03d}"
    return contracts, projects


def _date(rng: random.Random, contract: Contract, projects: list[Project]) -> None:
    """Signs a contract before its first project and lets it run past its last."""
    first = min(p.starts_on for p in projects)
    last = max(p.ends_on for p in projects)
    contract.starts_on = first - timedelta(days=rng.randint(0, 12))
    signed = contract.starts_on - timedelta(days=rng.randint(3, 30))
    contract.signed_on = signed - timedelta(days=max(0, signed.weekday() - 4))
    contract.ends_on = last + timedelta(days=rng.choice((14, 30, 60, 90)))


class _Seller:
    def __init__(self, setting: Setting, rng: random.Random, people: list[Person]) -> None:
        self.setting = setting
        self.rng = rng
        self.people = people
        self.names: set[str] = {cast.PROJECT_NAME}
        self.codenames = list(text("engagements")["codenames"])
        rng.shuffle(self.codenames)
        self.load: dict[str, int] = {}  # projects that each manager runs now
        self.earlier = 0  # number of the main client's earlier project
        self.practice_of: dict[int, str] = {}  # by id() of the contract, until it has a number

    def contracts(self, clients: list[Client], size: int) -> list[Contract]:
        """At least one a client; the first is the main project's, and its client has had one before."""
        self.earlier = len(clients)
        holders = [*clients, clients[0], *self.rng.choices(clients, k=size - len(clients) - 1)]
        return [self._contract(client, main=n == 0) for n, client in enumerate(holders)]

    def _contract(self, client: Client, *, main: bool) -> Contract:
        rng = self.rng
        kind: ContractKind = (
            "time_and_materials" if main else rng.choices(list(_KINDS), list(_KINDS.values()))[0]
        )
        shares = [p["share"] for p in text("firm")["practices"]]
        practice = cast.PRACTICE if main else rng.choices(practices(), shares)[0]
        title = {
            "time_and_materials": f"Professional Services Agreement: {practice}",
            "fixed_price": f"Fixed Price Agreement: {practice}",
            "retainer": f"Advisory Retainer: {practice}",
            "framework": "Framework Agreement for Professional Services",
        }[kind]
        today = self.setting.today
        level = 1.0 if main else round(rng.uniform(0.86, 1.12), 2)
        contract = Contract("", client, title, kind, client.office.currency, level, today, today, today)
        self.practice_of[id(contract)] = practice
        return contract

    def project(self, contract: Contract, n: int) -> Project:
        """The n-th project that is sold. Its number and its packages' follow once all are sorted."""
        rng, main = self.rng, n == 0
        practice = self.practice_of[id(contract)]
        if contract.kind == "framework" and not main:
            practice = rng.choices(practices(), [p["share"] for p in text("firm")["practices"]])[0]
        status: ProjectStatus = rng.choices(list(_STATUSES), list(_STATUSES.values()))[0]
        if main:
            status = "active"
        elif n <= len(_LEAST):
            status = _LEAST[n - 1]
        starts_on, ends_on = self._dates(status, main=main, seasoned=n <= len(_LEAST))
        if n == self.earlier:
            status, starts_on, ends_on = "finished", *self._earlier_dates()
        kinds = text("engagements")[practice]
        engagement = kinds[0] if main else rng.choice(kinds)
        return Project(
            project_id="",
            name=cast.PROJECT_NAME if main else self._name(contract.client, engagement["subject"]),
            contract=contract,
            practice=practice,
            manager_id=self._manager(contract, practice, status, main=main),
            status=status,
            starts_on=starts_on,
            ends_on=ends_on,
            subject=engagement["subject"],
            packages=_packages(engagement),
            systems=tuple(engagement["systems"]),
            demand=260.0 if main else round(min(420.0, max(60.0, rng.lognormvariate(5.1, 0.45))), 1),
        )

    def _dates(self, status: ProjectStatus, *, main: bool, seasoned: bool) -> tuple[date, date]:
        """First and last day, a Monday and a Friday. A seasoned project that runs has done so for a while."""
        rng, today = self.rng, self.setting.today
        if main:
            starts, ends = today - timedelta(days=150), today + timedelta(days=170)
        elif status == "finished":
            ends = today - timedelta(days=rng.randint(12, 680))
            starts = ends - timedelta(days=rng.randint(120, 420))
        elif status == "active":
            starts = today - timedelta(days=rng.randint(120 if seasoned else 21, 330))
            ends = today + timedelta(days=rng.randint(8, 190))
        else:
            starts = today + timedelta(days=rng.randint(10, 80))
            ends = starts + timedelta(days=rng.randint(90, 270))
        first = starts - timedelta(days=starts.weekday())
        if status == "planned" and first <= today:
            first += timedelta(days=7)
        last = ends - timedelta(days=max(0, ends.weekday() - 4))
        return first, last

    def _earlier_dates(self) -> tuple[date, date]:
        """From the first recorded months until the main project began."""
        starts = self.setting.first_day + timedelta(days=20)
        ends = self.setting.today - timedelta(days=120)
        return starts - timedelta(days=starts.weekday()), ends - timedelta(days=max(0, ends.weekday() - 4))

    def _name(self, client: Client, subject: str) -> str:
        if self.codenames and self.rng.random() < 0.36:
            return f"Project {self.codenames.pop()}"
        base = name = f"{client.short} {subject}"
        phase = 2
        while name in self.names:
            name, phase = f"{base} phase {phase}", phase + 1
        self.names.add(name)
        return name

    def _manager(self, contract: Contract, practice: str, status: ProjectStatus, *, main: bool) -> str:
        """A manager or principal of the practice who runs few projects, preferably near the client."""
        if main:
            chosen = cast.player(self.people, "manager")
        else:
            able = [p for p in self.people if p.role and p.role.grade in ("manager", "principal")]
            able = [p for p in able if p.practice == practice]
            able = [p for p in able if p.starts_on <= self.setting.first_day] or able

            def fit(person: Person) -> tuple[float, str]:
                far = 0.8 * (person.office != contract.client.office)
                junior = 0.5 * (person.role is not None and person.role.grade == "principal")
                return self.load.get(person.person_id, 0) + far + junior + self.rng.random(), person.person_id

            chosen = min(able, key=fit)
        busy = status == "active" or self.rng.random() < 0.4
        self.load[chosen.person_id] = self.load.get(chosen.person_id, 0) + busy
        return chosen.person_id


def _packages(engagement: dict[str, Any]) -> tuple[WorkPackage, ...]:
    agreed = [WorkPackage("", title, activity, True) for title, activity in engagement["packages"]]
    extras = [WorkPackage("", title, "Build", False) for title in engagement["extras"]]
    return (*agreed, *extras)
