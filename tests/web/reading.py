"""A contract, a report and what is cited of them, in the small firm."""

from dataclasses import replace
from datetime import UTC, datetime

import psycopg

from models.evidence import Citation, QuoteCitation, RecordCitation
from models.text.clauses import split_clauses
from tests.web.conftest import Served
from tests.workflow import firm
from workflow.cards import ProposalCard

TEXT = "\n\n".join(
    [
        "FRAMEWORK AGREEMENT\n\nbetween Acme and the firm.",
        "1. Services",
        "1.1 The firm builds the warehouse of Acme.",
        *(f"1.{n} Paragraph {n} says little at some length, as contracts do." for n in range(2, 40)),
        "2. Changes",
        "2.1 A change needs a change order that both parties sign.",
        "2.2 Work beyond the order is billed at 150 EUR an hour; hidden\u202e words are spelled out.",
    ]
)
REPORT = "All is well.\n\nThe interface is late by two weeks."
CHANGES = "A change needs a change order that both parties sign."
BILLED = "Work beyond the order is billed at 150 EUR an hour"


def quoted(words: str, clause: str = "", text: str = TEXT) -> QuoteCitation:
    start = text.index(words)
    return QuoteCitation(
        document="contract" if text is TEXT else "status_report",
        id="c-1" if text is TEXT else "r-1",
        quote=words,
        start=start,
        end=start + len(words),
        clause=clause,
    )


EVIDENCE: tuple[Citation, ...] = (
    quoted(CHANGES, "2.1"),
    quoted(BILLED, "2.2"),
    quoted("late by two weeks", text=REPORT),
    RecordCitation(record="invoice", id="i-1", says="1,200 EUR, open"),
    RecordCitation(record="skill", id="carl", says="Snowflake, level 4"),
)


def set_text(served: Served, text: str) -> None:
    """Import the contract's document."""
    with psycopg.connect(served[0].place.admin, autocommit=True) as owner:
        owner.execute("delete from firm.clause")
        owner.execute("delete from firm.contract_document")
        owner.execute("insert into firm.contract_document values ('c-1', %s, '', 'none')", (text,))
        for position, c in enumerate(split_clauses(text)):
            owner.execute(
                "insert into firm.clause values ('c-1', %s, %s, %s, %s, %s, %s, %s::vector)",
                (position, c.number, c.heading, c.start, c.end, c.text, str([0.0] * 384)),
            )


def cited(served: Served) -> ProposalCard:
    """A change order that cites all of it."""
    set_text(served, TEXT)
    with psycopg.connect(served[0].place.admin, autocommit=True) as owner:
        firm.insert(
            owner,
            "firm.status_report",
            [
                {
                    "report_id": "r-1",
                    "project_id": "aurora",
                    "reported_on": datetime.now(UTC).date(),
                    "author_id": "paula",
                    "text": REPORT,
                    "rag": "amber",
                }
            ],
        )
        firm.insert(owner, "firm.import_run", [{"imported_by": "test", "files": "{}"}])
        firm.insert(owner, "firm.skill", [{"person_id": "carl", "skill": "Snowflake", "level": 4}])
    drafted = replace(firm.draft(firm.change_order()), evidence=EVIDENCE)
    return served[0].workflow.propose(firm.principal("paula"), drafted)
