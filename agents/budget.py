"""What one turn of a conversation may cost, and what it has cost so far."""

import time
from dataclasses import dataclass, field
from typing import ClassVar

from models.errors import ChargehandError, Retry


@dataclass(frozen=True)
class Budget:
    """The most one turn may use."""

    steps: int = 8  # calls of tools
    tokens: int = 60_000  # read and written by the language model; the rules use none
    seconds: float = 60.0


class BudgetSpent(ChargehandError):
    """I stopped: this turn has used its {used} of {limit} {unit}."""

    status = 503
    retry: ClassVar[Retry] = "with a fix"


@dataclass
class Meter:
    """Counts one turn."""

    budget: Budget
    started: float = field(default_factory=time.monotonic)
    steps: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    repairs: int = 0  # tool calls that went back to the language model because they did not fit
    by_rules: bool = False  # the language model has failed in this turn; the rules speak until it ends

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @property
    def seconds_left(self) -> float:
        return self.budget.seconds - (time.monotonic() - self.started)

    def check(self) -> None:
        """Raises BudgetSpent when nothing more may be started."""
        for unit, used, limit in (
            ("tool calls", self.steps, self.budget.steps),
            ("tokens", self.tokens, self.budget.tokens),
            ("seconds", self.budget.seconds - self.seconds_left, self.budget.seconds),
        ):
            if used >= limit:
                raise BudgetSpent(unit=unit, used=f"{min(used, limit):g}", limit=f"{limit:g}")
