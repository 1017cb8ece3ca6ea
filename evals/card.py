"""A suite's data card, `card.yaml` in its folder: what the data is, so that nobody reads more into a figure
than it says (Gebru et al., Datasheets for Datasets, 2021)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import ChargehandError

Personal = Literal["none", "pseudonyms"]


class CardWrong(ChargehandError):
    """The data card {path} is wrong: {where}: {reason}."""

    status = 422
    retry = "with a fix"


class Card(BaseModel):
    """What is to be known about a suite's cases."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    about: str = Field(max_length=200)  # one sentence: what is measured
    origin: str  # who wrote or generated the cases, and from what
    licence: str
    size: str  # how many cases of what
    point: str  # what one point of the first metric means to the people it is about
    owner: str  # who answers for the suite
    personal_data: Personal = "none"
    groups: Mapping[str, str] = {}  # of the cases by kind: what each measures
    prompts: tuple[str, ...] = ()  # which prompts the suite is a test of
    own_records: str = ""  # what of CHARGEHAND_DATA it reads where that is given
    not_measured: str  # what the figures do not tell
    history: str = ""  # figures as they were, and what was changed after looking at which rows


def card(folder: Path) -> Card:
    """The card of the suite in the folder. Raises CardWrong."""
    path = folder / "card.yaml"
    try:
        return Card.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as e:
        first = e.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CardWrong(path=str(path), where=where, reason=first["msg"]) from e
    except (OSError, yaml.YAMLError) as e:
        raise CardWrong(path=str(path), where="file", reason=str(e)) from e
