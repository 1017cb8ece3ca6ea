"""Row-level security, held against the same rules written down a second time in Python: for everybody in a
generated firm, each table of it shows exactly the rows that the rules give them."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import psycopg
import pytest
from psycopg import sql

from models.access import Principal, service
from store.db import Database
from store.server import Server
from tests.firm_fixtures import Firm, Template, copied

FIRM_WIDE = {"delivery_director", "resource_manager", "finance", "auditor"}
MONEY = {
    "project_manager",
    "resource_manager",
    "practice_lead",
    "account_owner",
    "delivery_director",
    "finance",
    "auditor",
}
RATES = MONEY - {"account_owner", "auditor"}
ANSWERS = RATES - {"project_manager"}  # for people, over a practice, an office or the firm

# The table, the columns that name a row, and who sees it.
PROJECT_TABLES = {"project": "project_id", "role_request": "request_id", "status_report": "report_id"}
KEYS = {
    **PROJECT_TABLES,
    "person": "person_id",
    "skill": "person_id || ':' || skill",
    "person_rate": "person_id",
    "client": "client_id",
    "contract": "contract_id",
    "contract_document": "contract_id",
    "clause": "contract_id || ':' || position",
    "assignment": "assignment_id",
    "invoice": "invoice_id",
    "opportunity": "opportunity_id",
    "leave": "person_id || ':' || starts_on || kind",
    "time_entry": "entry_id",
    "system_record": "record_id",
    "responsibility": "kind || ':' || subject_id",
}


@dataclass(frozen=True)
class Rules:
    """Who may see what, from the owner's view of the records."""

    owner: psycopg.Connection[Any]

    def ids(self, query: str, *parameters: object) -> frozenset[str]:
        return frozenset(str(v) for (v,) in self.owner.execute(query.encode(), parameters))

    @cached_property
    def grants(self) -> list[tuple[str, str, str, str]]:
        return self.owner.execute(
            "select person_id, role, scope_kind, scope_id from access.role_grant"
        ).fetchall()

    def roles(self, person: str) -> set[str]:
        return {role for p, role, *_ in self.grants if p == person}

    def projects(self, person: str) -> frozenset[str]:
        mine = [g for g in self.grants if g[0] == person]
        if any(kind == "firm" and role in FIRM_WIDE for _, role, kind, _ in mine):
            return self.ids("select project_id from firm.project")
        practices = [scope for _, _, kind, scope in mine if kind == "practice"]
        offices = [scope for _, _, kind, scope in mine if kind == "office"]
        return self.ids(
            "select p.project_id from firm.project p join firm.client c using (client_id)"
            " where p.manager_id = %s or c.account_owner_id = %s"
            " or p.practice = any (%s) or p.office = any (%s)"
            " or p.project_id in (select project_id from firm.assignment where person_id = %s)",
            person,
            person,
            practices,
            offices,
            person,
        )

    def clients(self, person: str) -> frozenset[str]:
        if self.projects(person) == self.ids("select project_id from firm.project") and any(
            p == person and kind == "firm" and role in FIRM_WIDE for p, role, kind, _ in self.grants
        ):
            return self.ids("select client_id from firm.client")
        return self.ids(
            "select client_id from firm.client where account_owner_id = %s or client_id in"
            " (select client_id from firm.project where project_id = any (%s))",
            person,
            list(self.projects(person)),
        )

    def rated(self, person: str) -> frozenset[str]:
        """Whose rates the person may see."""
        held = [(role, kind, scope) for p, role, kind, scope in self.grants if p == person and role in RATES]
        if not held:
            return frozenset()
        if any(kind == "firm" and role in ANSWERS for role, kind, _ in held):
            return self.ids("select person_id from firm.person_rate")
        over = {kind: [s for _, k, s in held if k == kind] for kind in ("practice", "office")}
        own = {kind: [s for r, k, s in held if k == kind and r in ANSWERS] for kind in ("practice", "office")}
        return self.ids(
            "select person_id from firm.person_rate join firm.person p using (person_id)"
            " where p.practice = any (%s) or p.office = any (%s) or person_id in (select a.person_id"
            " from firm.assignment a join firm.project j using (project_id)"
            " where j.manager_id = %s or j.practice = any (%s) or j.office = any (%s))",
            own["practice"],
            own["office"],
            person,
            over["practice"],
            over["office"],
        )

    def expected(self, table: str, person: str) -> frozenset[str]:
        """The keys of the rows of `table` that the person may see."""
        roles, key = self.roles(person), KEYS[table]
        money = bool(roles & MONEY)
        every = f"select {key} from firm.{table} "
        projects, clients = list(self.projects(person)), list(self.clients(person))
        if table in PROJECT_TABLES:
            return self.ids(every + "where project_id = any (%s)", projects)
        if table in ("person", "skill"):
            named = bool(roles - {"data_scientist"})
            return self.ids(every if named else every + "where person_id = %s", *([] if named else [person]))
        if table == "person_rate":
            return self.rated(person)
        if table == "client":
            return frozenset(clients)
        if table in ("contract", "opportunity"):
            return self.ids(every + "where client_id = any (%s)", clients) if money else frozenset()
        if table in ("contract_document", "clause"):
            contracts = list(self.expected("contract", person))
            return self.ids(every + "where contract_id = any (%s)", contracts)
        if table == "assignment":
            return self.ids(every + "where person_id = %s or project_id = any (%s)", person, projects)
        if table in ("invoice", "system_record"):
            return self.ids(every + "where project_id = any (%s)", projects) if money else frozenset()
        if table == "time_entry":
            own = "where person_id = %s or project_id = any (%s)"
            return self.ids(every + own, person, projects if money else [])
        if table == "responsibility":
            shown = "where project_id = any (%s) or contract_id = any (%s)"
            return self.ids(every + shown, projects, list(self.expected("contract", person)))
        assert table == "leave"
        return self.ids(every + "where person_id = %s", person)


@pytest.fixture(scope="module")
def firm(server: Server, template: Template) -> Iterator[Firm]:
    """With somebody who is a data scientist and nothing else, and with records that systems wrote."""
    for found in copied(server, template):
        with psycopg.connect(found.owner, autocommit=True) as owner:
            person = found.scenario.personas["data_scientist"]
            owner.execute(
                "delete from access.role_grant where person_id = %s and role = 'consultant'", (person,)
            )
            owner.execute(
                "insert into firm.system_record (system, record_id, kind, project_id, body, proposal_id)"
                " select 'psa', 'R-' || project_id, 'risk', project_id, '{}', gen_random_uuid()"
                " from firm.project"
            )
        yield found


@pytest.fixture(scope="module")
def rules(firm: Firm) -> Iterator[Rules]:
    with psycopg.connect(firm.owner) as owner:
        yield Rules(owner)


def seen(db: Database, principal: Principal, table: str) -> frozenset[str]:
    query = sql.SQL("select {} from firm.{}").format(sql.SQL(KEYS[table]), sql.Identifier(table))  # type: ignore[arg-type]
    with db.tx(principal, "agent") as tx:
        return frozenset(str(v) for (v,) in tx.connection.execute(query))


@pytest.mark.parametrize("table", KEYS)
def test_everybody_sees_exactly_what_the_rules_give(firm: Firm, rules: Rules, table: str) -> None:
    people = sorted(rules.ids("select person_id from firm.person"))
    if table == "time_entry":  # 45,000 rows: those with a part in the day, of every role
        people = sorted({*firm.scenario.personas.values(), people[0]})
    sizes = set()
    for person in people:
        expected = rules.expected(table, person)
        assert seen(firm.db, Principal(person, person, (), "web"), table) == expected, person
        sizes.add(len(expected))
    assert len(sizes) > 1, "everybody sees the same: the test would not notice a missing policy"


def test_no_table_of_the_firm_is_left_out(rules: Rules) -> None:
    tables = rules.ids("select tablename from pg_tables where schemaname = 'firm'")
    assert tables == {*KEYS, "office", "import_run"}  # no secret; not granted to anyone but the steward


@pytest.mark.parametrize(
    ("person", "why"),
    [
        ("", "nobody is signed in"),
        ("P-999", "nobody of this firm"),
        ("P-001' or true --", "not an id at all"),
    ],
)
def test_who_is_nobody_sees_nothing(firm: Firm, person: str, why: str) -> None:
    public = {
        "firm.office",
        "workflow.policy_version",
        "workflow.active_policy",
        "workflow.circuit",
        "audit.log",
        "workflow.surface",
    }
    with psycopg.connect(firm.db.dsn("agent")) as agent:
        agent.execute("select set_config('chargehand.principal', %s, true)", (person,))
        tables = agent.execute(
            "select n.nspname || '.' || c.relname"
            " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname in ('firm', 'workflow', 'talk', 'predict', 'audit', 'access', 'langgraph')"
            " and c.relkind = 'r' and has_table_privilege(c.oid, 'select')"
        ).fetchall()
        assert len(tables) > 25
        for (table,) in tables:
            rows = agent.execute(f"select count(*) from {table}".encode()).fetchone()
            assert table in public or rows == (0,), f"{table} shows {rows}: {why}"


def test_a_data_scientist_sees_neither_names_nor_rates_nor_money(firm: Firm) -> None:
    """Somebody who holds that role and no other."""
    who = firm.person("data_scientist")
    assert seen(firm.db, who, "person") == {who.person_id}
    assert not any(seen(firm.db, who, t) for t in ("person_rate", "contract", "clause", "invoice", "project"))
    with firm.db.tx(who, "agent") as tx:
        hours = "select count(*) from app.booked_hours(array['P-001'], '2026-01-01', '2026-02-01')"
        assert tx.connection.execute(hours).fetchone() == (0,)


def test_a_role_over_one_practice_shows_nothing_of_the_next(firm: Firm) -> None:
    lead = firm.person("practice_lead")
    own = {p for (p,) in firm.rows("select project_id from firm.project where practice = 'Data & AI'")}
    also = {
        p
        for (p,) in firm.rows(
            "select project_id from firm.assignment where person_id = %s union"
            " select project_id from firm.project where manager_id = %s",
            lead.person_id,
            lead.person_id,
        )
    }
    assert seen(firm.db, lead, "project") == own | also
    assert own < {p for (p,) in firm.rows("select project_id from firm.project")}


def test_free_hours_are_told_without_saying_where(firm: Firm) -> None:
    """What staffing needs of people on projects that the caller cannot see."""
    with firm.db.tx(firm.person("second_project_manager"), "agent") as tx:
        elsewhere = tx.connection.execute(
            "select b.person_id from app.booked_hours((select array_agg(person_id) from firm.person),"
            " '2026-03-16', '2026-03-20') b where b.booked_hours > (select coalesce(sum(hours_per_week), 0)"
            " from firm.assignment a where a.person_id = b.person_id and a.state = 'booked'"
            " and a.starts_on <= '2026-03-20' and a.ends_on >= '2026-03-16')"
        ).fetchall()
    assert elsewhere


def test_jobs_see_the_firm_and_sign_nothing(firm: Firm, rules: Rules) -> None:
    job = service("nightly-bench")
    assert seen(firm.db, job, "project") == rules.ids("select project_id from firm.project")
    assert "proposals.decide" not in job.permissions


def test_the_cost_of_others_is_told_in_steps_of_five_points(firm: Firm) -> None:
    """What staffing and pricing need of people whom the caller does not answer for."""
    who = firm.person("project_manager")
    with firm.db.tx(who, "agent") as tx:
        told = tx.connection.execute(
            "select person_id, bill_rate, cost_rate, exact"
            " from app.work_rates(array(select person_id from firm.person))"
        ).fetchall()
    true = dict(firm.rows("select person_id, cost_rate from firm.person_rate"))
    assert {person for person, _, _, exact in told if exact} == seen(firm.db, who, "person_rate")
    others = [(bill, cost, true[person]) for person, bill, cost, exact in told if not exact and bill]
    assert all(cost == true[person] for person, _, cost, exact in told if exact)
    assert len(others) > 3
    for bill, cost, hidden in others:
        margin, real = 1 - cost / bill, 1 - hidden / bill
        assert abs(margin * 40 - round(margin * 40)) < Decimal("0.02") and abs(margin - real) < Decimal(
            "0.026"
        )
    with firm.db.tx(firm.person("data_scientist"), "agent") as tx:
        everybody = "select count(*) from app.work_rates(array(select person_id from firm.person))"
        assert tx.connection.execute(everybody).fetchone() == (0,)


def test_a_gate_is_told_costs_as_exactly_as_its_proposer_may_know(firm: Firm) -> None:
    who = firm.person("project_manager")
    told = "select * from workflow.told_costs(array(select person_id from firm.person), %s)"
    true = dict(firm.rows("select person_id, cost_rate from firm.person_rate"))
    with firm.db.tx(who, "agent") as tx:
        rows = tx.connection.execute(told.encode(), (who.person_id,)).fetchall()
        director = firm.person("delivery_director").person_id
        assert tx.connection.execute(told.encode(), (director,)).fetchall() == [], "for nobody else"
        assert tx.connection.execute(told.encode(), ("service:worker",)).fetchall() == []
    rows = [row for row in rows if row[1]]  # those without a bill rate have no margin to tell
    exact = {person for person, _, low, high, _ in rows if low == high}
    assert exact == seen(firm.db, who, "person_rate") & {row[0] for row in rows}
    assert len(exact) > 3 and len(rows) - len(exact) > 3
    for person, bill, low, high, _ in rows:
        assert low <= true[person] <= high
        if person not in exact:
            assert high - low == bill / 20 and high % (bill / 20) == 0
    with firm.db.tx(firm.person("delivery_director"), "workflow") as tx:
        assert {*rows} <= {*tx.connection.execute(told.encode(), (who.person_id,))}, "when deciding too"
    with firm.db.tx(firm.person("data_scientist"), "agent") as tx:
        me = tx.principal.person_id
        assert tx.connection.execute(told.encode(), (me,)).fetchall() == []
