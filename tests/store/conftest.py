"""A small firm's files, and what takes them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from models.access import Principal
from models.text.embed import Vectors
from store.db import Database
from store.importer import ImportSummary, import_firm

FIRM: dict[str, str] = {
    "people": """\
person_id,name,email,title,practice,office,manager_id,cost_rate,bill_rate,currency,capacity_hours_per_week,starts_on,ends_on
P1,Ada Crewe,ada@firm.example,Partner,Data,London,,120.50,240,GBP,40,2019-01-07,
P2,Ben Ito,ben@firm.example,Manager,Data,New York,P1,70,150,USD,37.5,2020-03-01,
P3,Cem Özil,cem@firm.example,Consultant,Cloud,London,P2,40,90,GBP,40,2021-09-13,2026-12-31
""",
    "skills": "person_id,skill,level,last_used_on\nP2,dbt,4,2025-05-01\nP3,Kafka,3,\n",
    "clients": "client_id,name,industry,country,payment_terms_days,account_owner_id\n"
    "C1,Alder Foods,Retail,GB,30,P1\n",
    "contracts": "contract_id,client_id,title,kind,signed_on,starts_on,ends_on,value,currency,file\n"
    "K1,C1,Data platform,time_and_materials,2025-01-10,2025-02-01,,250000,GBP,contracts/k1.txt\n"
    "K2,C1,Frame,framework,,2025-02-01,2026-02-01,0,GBP,\n",
    "projects": "project_id,name,client_id,contract_id,practice,manager_id,status,starts_on,ends_on,"
    "budget_hours,budget_amount,currency\n"
    "J1,Platform build,C1,K1,Data,P2,active,2025-02-01,,1200,180000.00,GBP\n",
    "assignments": "assignment_id,person_id,project_id,role,starts_on,ends_on,hours_per_week,state\n"
    "A1,P3,J1,Data Engineer,2025-02-03,2025-06-27,32,booked\n",
    "role_requests": "request_id,project_id,role,skills,starts_on,ends_on,hours_per_week,max_cost_rate,"
    "office,requested_by,requested_on\n"
    "R1,J1,Analyst,dbt:3;Power BI:2,2025-04-01,2025-05-30,20,65.00,,P2,2025-03-12\n",
    "time_entries": "entry_id,person_id,project_id,work_item_id,activity,started_at,ended_at,minutes,"
    "planned_minutes,note,submitted_at,state\n"
    "T1,P3,J1,W1,build,2025-02-03T09:00,2025-02-03T12:30:00+00:00,210,200.5,,2025-02-07T16:00Z,approved\n"
    'T2,P3,J1,,,2025-02-04T09:00,2025-02-04T10:00,60,,"Line one\nline ""two"", \\.",,draft\n',
    "status_reports": "report_id,project_id,reported_on,author_id,text,rag\n"
    "S1,J1,2025-02-28,P2,All is well.,green\n",
    "invoices": "invoice_id,customer_id,project_id,issued_on,due_on,amount,currency,paid_on\n"
    "I1,C1,J1,2025-03-01,2025-03-31,12500.00,GBP,\n",
    "opportunities": "opportunity_id,client_id,name,stage,value,currency,closes_on,owner_id,contract_id\n"
    "O1,C1,Phase two,proposal,90000,GBP,2025-09-30,P1,\n",
    "leave": "person_id,starts_on,ends_on,kind\nP3,2025-04-14,2025-04-18,holiday\n",
    "roles": "person_id,role,scope_kind,scope_id\nP1,delivery_director,firm,\n"
    "P2,practice_lead,practice,Data\nP2,project_manager,none,\n",
    "responsibilities": "kind,subject_id,person_id\ncontract_signatory,K1,P1\nbudget_owner,J1,P2\n",
    "same_persons": "person_id,same_as\nP3,P2\n",
}
CONTRACT = """\
AGREEMENT

1. Fees

1.1 The Client shall pay the fees in Schedule 1.

1.2 Fees are capped at GBP 250,000.

2. Term

The Agreement runs until it is terminated.
"""


class LetterEmbedder:
    """Counts of letters as unit vectors: quick, deterministic, and it counts what it was asked."""

    name = "letters"
    dimension = 384

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        vectors = np.full((len(texts), self.dimension), 0.01, dtype=np.float32)
        for row, text in enumerate(texts):
            for letter in text.encode():
                vectors[row, letter] += 1
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


@pytest.fixture
def firm() -> dict[str, str]:
    """The text of each file by its name."""
    return dict(FIRM)


@pytest.fixture
def write_firm() -> Callable[..., Path]:
    """Write files into a directory, with the contract that contracts.csv names; the directory."""

    def write(directory: Path, files: Mapping[str, str] = FIRM, *, contract: str | None = CONTRACT) -> Path:
        directory.mkdir(exist_ok=True)
        for name, text in files.items():
            (directory / f"{name}.csv").write_text(text, encoding="utf-8")
        if contract is not None:
            (directory / "contracts").mkdir(exist_ok=True)
            (directory / "contracts" / "k1.txt").write_text(contract, encoding="utf-8")
        return directory

    return write


@pytest.fixture
def embedder() -> LetterEmbedder:
    return LetterEmbedder()


@pytest.fixture
def take(db: Database, administrator: Principal, embedder: LetterEmbedder) -> Callable[[Path], ImportSummary]:
    """Import a directory."""
    return lambda directory: import_firm(db, administrator, directory, embedder=embedder)


@pytest.fixture
def look(admin_dsn: str) -> Callable[[str], list[tuple[Any, ...]]]:
    """Rows as the database's owner sees them."""

    def query(statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(admin_dsn) as connection:
            return connection.execute(statement.encode()).fetchall()

    return query
