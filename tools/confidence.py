"""What a proposal says of how sure the prediction is that it rests on."""

from decimal import Decimal


def probability(predicted: float | None) -> Decimal | None:
    """A model's probability, 0 to 1, to three decimals; None where no model gave one."""
    return None if predicted is None else Decimal(str(round(predicted, 3)))
