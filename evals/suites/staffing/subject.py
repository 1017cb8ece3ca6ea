"""The subject: the tool `find_people` in the sandbox's firm; of own records the ranker, fitted on the
requests before, or pinned. Beside it what little effort gives."""

import time
from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from evals.cases import Answer, Step, Usage
from evals.demo_firms import DemoFirm
from evals.quality.plain import words_to_labels
from evals.quality.staffing import by_skill_count, request_text
from evals.suite import Setting
from evals.suites.staffing.cases import Batch, Request, batches
from evals.tabular.pinned import pinned
from models.predict.staffing import RANKS, VERSION, StaffingModel, fit
from tools.staffing import FIND

SUITE = "staffing"
BY = "models.predict.staffing"
ASKS = "delivery_director"  # the persona of the demo who sees all people and rates


class Shortlist(Answer):
    """Who was found, best first, and what little effort finds."""

    people: tuple[str, ...]
    reasons: tuple[str, ...]  # of each: why them
    naive: tuple[str, ...]


def find(within: Setting, case: Request) -> Shortlist:
    if case.asked is None:
        return _ranked(within, case)
    firm = within.held("firm to staff", lambda: within.sandbox.firm(within.subject.policy_set()))
    return _found(firm, case)


def model_of(within: Setting) -> StaffingModel | None:
    """The pinned ranker of own records, which must not have seen any request that is judged."""
    own = batches(within)
    if not own:
        return None
    first: date = min(batch.rows["requested_on"].min() for batch in own)
    found: StaffingModel | None = pinned(within, SUITE, SUITE, VERSION, first)
    return found


def _found(firm: DemoFirm, case: Request) -> Shortlist:
    assert case.asked is not None
    started = time.monotonic()
    arguments = case.asked.model_dump(mode="json", exclude_none=True) | {"limit": RANKS}
    found = firm.call(ASKS, FIND.name, **arguments)
    people = found.data["shortlist"]
    cited = {citation.id for citation in found.citations if citation.kind == "record"}
    return Shortlist(
        text=found.text,
        trace=(
            Step(kind="called", by=FIND.name, data=arguments),
            Step(
                kind="found", by=FIND.name, text=found.text, data={"near_misses": found.data["near_misses"]}
            ),
        ),
        usage=Usage(seconds=time.monotonic() - started),
        people=tuple(p["person_id"] for p in people),
        reasons=tuple(
            "; ".join([*p["strengths"], *p["gaps"]]) if p["person_id"] in cited else "" for p in people
        ),
        naive=tuple(by_skill_count(case.asked.skills, firm.table("skills"), RANKS)),
    )


def _ranked(within: Setting, case: Request) -> Shortlist:
    ranked = within.once("own requests ranked", lambda: _all_ranked(within))
    return ranked[case.request_id]


def _all_ranked(within: Setting) -> Mapping[str, Shortlist]:
    return {name: shortlist for batch in batches(within) for name, shortlist in _batch(within, batch).items()}


def _batch(within: Setting, batch: Batch) -> Mapping[str, Shortlist]:
    started = time.monotonic()
    model = model_of(within)
    says = "pinned" if model else f"fitted on {len(batch.known)} requests"
    ranked = (model or fit(batch.known, progress=within.progress)).rank(batch.rows.drop(columns="person_id"))
    naive = _by_words(batch)
    seconds = (time.monotonic() - started) / len(batch.rows)
    return {
        str(request): _shortlist(own.sort_values("rank"), naive[str(request)], says, seconds)
        for request, own in ranked.groupby("request_id")
    }


def _shortlist(own: pd.DataFrame, naive: tuple[str, ...], says: str, seconds: float) -> Shortlist:
    people = own.to_dict("records")
    text = "; ".join(f"{p['rank']}. {p['person_id']} ({p['score']:.0%}): {p['reasons']}" for p in people[:3])
    return Shortlist(
        text=text,
        trace=(Step(kind="called", by=BY, text=says), Step(kind="found", by=BY, text=text)),
        usage=Usage(seconds=seconds),
        people=tuple(p["person_id"] for p in people),
        reasons=tuple(p["reasons"] for p in people),
        naive=naive,
    )


def _by_words(batch: Batch) -> Mapping[str, tuple[str, ...]]:
    """The naive answer: words counted, and a linear model."""
    people, chances = words_to_labels(
        request_text(batch.known), batch.known["person_id"].tolist(), request_text(batch.rows)
    )
    return {
        str(request): tuple(str(p) for p in people[np.argsort(-row, kind="stable")[:RANKS]])
        for request, row in zip(batch.rows["request_id"], chances, strict=True)
    }
