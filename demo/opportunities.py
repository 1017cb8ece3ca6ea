"""What the firm hopes to sell, has sold and has lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from demo.cast import PROJECT_NAME
from demo.catalogue import practices
from demo.records import Client, Contract, Project
from demo.setting import Setting, text

Stage = Literal["prospect", "qualified", "proposal", "negotiation", "won", "lost"]
_OPEN: tuple[Stage, ...] = ("prospect", "qualified", "proposal", "negotiation")


@dataclass(frozen=True)
class Opportunity:
    """A sale, open or decided. `contract` is the one it led to, or the one it would extend."""

    opportunity_id: str
    client: Client
    name: str
    stage: Stage
    value: Decimal
    closes_on: date
    contract: Contract | None


def pursue(
    setting: Setting, clients: list[Client], contracts: list[Contract], projects: list[Project]
) -> list[Opportunity]:
    """The pipeline: one won for each contract, extensions of some, new ones and lost ones."""
    rng = setting.random("opportunities")
    made: list[Opportunity] = []

    def add(
        client: Client, name: str, stage: Stage, value: float, closes: date, contract: Contract | None
    ) -> None:
        amount = Decimal(max(10_000, round(value / 5000) * 5000))
        made.append(Opportunity(f"OP-{len(made) + 1:03d}", client, name, stage, amount, closes, contract))

    for contract in contracts:
        add(contract.client, contract.title, "won", float(contract.value), contract.signed_on, contract)
    for project in projects:
        main = project.name == PROJECT_NAME
        if main or (project.status == "active" and rng.random() < 0.35):
            closes = min(project.ends_on, setting.today + timedelta(days=150)) - timedelta(days=14)
            stage = "qualified" if main else rng.choice(_OPEN)
            worth = float(project.budget_amount) * rng.uniform(0.2, 0.5)
            closing = max(closes, setting.today + timedelta(days=7))
            add(project.client, f"{project.name} extension", stage, worth, closing, project.contract)
    for _ in range(setting.count(36, 6)):
        client = rng.choice(clients)
        subject = rng.choice(text("engagements")[rng.choice(practices())])["subject"]
        is_lost = rng.random() < 0.4
        ago = timedelta(days=rng.randint(10, 500))
        closes = setting.today - ago if is_lost else setting.today + timedelta(days=rng.randint(5, 180))
        stage = "lost" if is_lost else rng.choice(_OPEN)
        add(client, f"{client.short} {subject}", stage, rng.lognormvariate(12.2, 0.7), closes, None)
    return made
