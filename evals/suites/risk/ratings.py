"""How projects are rated: judged on the newest reports, by a model that has learnt from all earlier ones."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from evals.demo_firms import DemoFirm
from evals.quality import records
from evals.quality.risk import KINDS, first_judged
from evals.suite import Setting
from models.predict.base import load
from models.predict.risk import RAGS, VERSION, RiskModel, fit

OWN = "own records"
FIRM = "demo firm"
TASK = "risk"
Chances = Mapping[str, tuple[float, ...]]  # by report: of green, amber and red


def judged(within: Setting, source: str) -> pd.DataFrame:
    """The newest reports of the source; empty where it has none."""
    return within.once(f"risk/judged/{source}", lambda: _parted(_reports(within, source))[1])


def chances(within: Setting, source: str) -> Chances:
    """The subject's model of ratings, or one that learns from the earlier reports of the source, on the
    judged ones."""
    return within.once(f"risk/chances/{source}", lambda: _predicted(within, source))


def _predicted(within: Setting, source: str) -> Chances:
    before, newest = _parted(_reports(within, source))
    kept: Path | None = within.subject.models.get(TASK)
    model: RiskModel = load(kept, TASK, VERSION) if kept else fit(before, within.progress)
    shares = model.probabilities(newest)
    return {
        report_id: tuple(map(float, row)) for report_id, row in zip(newest["report_id"], shares, strict=True)
    }


def _reports(within: Setting, source: str) -> pd.DataFrame:
    if source == FIRM:
        with within.sandbox.firm(within.subject.policy_set()) as firm:
            return _rated(firm)
    path = within.data / "risk" / "labelled.csv" if within.data else None
    if path is None or not path.exists():
        return pd.DataFrame(columns=list(KINDS))
    return records.table(path, KINDS)


def _rated(firm: DemoFirm) -> pd.DataFrame:
    return firm.table("status_reports").assign(organisation="")


def _parted(reports: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """By time: what is learnt from, and the newest days, which are judged."""
    reports = reports[reports["rag"].isin(RAGS)].reset_index(drop=True)
    if reports.empty:
        return reports, reports
    cut = first_judged(reports["reported_on"])
    return reports[reports["reported_on"] < cut], reports[reports["reported_on"] >= cut]
