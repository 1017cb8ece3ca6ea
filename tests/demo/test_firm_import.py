"""The importer takes the demo firm like any customer's, and finds the clauses that the truth tells of."""

import psycopg
import pytest

from models.access import Principal
from models.text.embed import default_embedder
from store.db import Database
from store.importer import ImportSummary, import_firm
from tests.demo.generated import DemoFirm

Clauses = dict[str, list[tuple[str, str, str]]]


@pytest.fixture
def taken(db: Database, administrator: Principal, small: DemoFirm) -> ImportSummary:
    return import_firm(db, administrator, small.out, embedder=default_embedder())


def test_the_importer_takes_all_of_it(taken: ImportSummary, small: DemoFirm, admin_dsn: str) -> None:
    assert {name: file.rows for name, file in taken.files.items()} == {
        f"{name}.csv": len(table) for name, table in small.tables.items()
    }
    assert taken.records["documents"].added == len(small["contracts"])
    clauses = clauses_of(admin_dsn)
    missed = [
        (line["file"], term["number"], term["quote"])
        for line in small.lines("contracts")
        for term in line["terms"]
        if term["number"][0].isdigit() and not stands(term, clauses[line["contract_id"]])
    ]
    assert not missed


def clauses_of(dsn: str) -> Clauses:
    """(number, heading, text) of each contract's clauses as stored."""
    found: Clauses = {}
    with psycopg.connect(dsn) as connection:
        query = "select contract_id, number, heading, text from firm.clause order by contract_id, position"
        for contract_id, *clause in connection.execute(query):
            found.setdefault(contract_id, []).append(tuple(clause))
    return found


def stands(term: dict[str, str], clauses: list[tuple[str, str, str]]) -> bool:
    """Whether a clause of the term's number holds its words."""
    words = " ".join(term["quote"].split())
    return any(number == term["number"] and words in " ".join(text.split()) for number, _, text in clauses)
