"""Ratings of reports: learnt from words and from what was known of the project before, no later."""

import pickle
import random
from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.predict import risk
from models.predict.risk import RAGS, RiskAssessment, TooFewRatings
from models.text.risks import Risk, RiskEvidence

SAID = {
    "green": ["All milestones were met.", "Spend is in line with plan.", "The client is happy."],
    "amber": ["Testing started late.", "A decision is outstanding.", "Two posts are vacant."],
    "red": ["The go-live was missed and the client escalated.", "The budget is exhausted.", "Tests failed."],
}


def reports(projects: range, years: range, *, noise: float = 0.25) -> pd.DataFrame:
    """Yearly reports; a project's rating tends to stay, and what a report says tends to fit its rating."""
    rows = []
    for project in projects:
        draw = random.Random(project)
        rating = draw.choice(RAGS)
        for year in years:
            rating = rating if draw.random() < 0.7 else draw.choice(RAGS)
            said = [
                draw.choice(SAID[rating if draw.random() > noise else draw.choice(RAGS)]) for _ in range(2)
            ]
            text = f"Project {project} moves the ledger.\n\nIn {year}: " + " ".join(said)
            rows.append(
                (f"r{project}-{year}", f"p{project}", draw.choice("ABC"), date(year, 7, 1), text, rating)
            )
    columns = ["report_id", "project_id", "organisation", "reported_on", "text", "rag"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture(scope="module")
def labelled() -> pd.DataFrame:
    return reports(range(60), range(2015, 2020))


@pytest.fixture(scope="module")
def model(labelled: pd.DataFrame) -> risk.RiskModel:
    return risk.fit(labelled)


def test_rates_later_reports_better_than_chance(model: risk.RiskModel) -> None:
    later = reports(range(60), range(2015, 2021)).query(
        "reported_on >= @cut", local_dict={"cut": date(2020, 1, 1)}
    )
    metrics = risk.evaluate(model.predict(later.drop(columns="rag")), later)
    assert metrics["accuracy"] > 0.6
    assert metrics["kappa"] > 0.4
    assert metrics["auc_red"] > 0.8
    assert metrics["verbatim"] == 1


def test_the_rating_before_counts_and_the_rating_after_does_not(
    model: risk.RiskModel, labelled: pd.DataFrame
) -> None:
    text = "The project moves the ledger.\n\nNothing more is known."
    red, green = (labelled[labelled.rag == rag].iloc[0] for rag in ("red", "green"))

    def p_red(project: str, day: date) -> float:
        row = pd.DataFrame(
            [("r", project, "A", day, text)],
            columns=["report_id", "project_id", "organisation", "reported_on", "text"],
        )
        return float(model.probabilities(row)[0, RAGS.index("red")])

    for rated, more in ((red, True), (green, False)):
        later = date(rated.reported_on.year, 12, 1)
        assert (p_red(rated.project_id, later) > p_red("nobody knows", later)) is more
    before_all = date(2014, 1, 1)
    assert p_red(red.project_id, before_all) == p_red("nobody knows", before_all)


def test_a_report_does_not_see_the_rating_of_its_own_day(labelled: pd.DataFrame) -> None:
    past = risk._PastRatings.of(labelled)
    first_day = labelled[labelled.reported_on == date(2015, 7, 1)]
    assert (past.known(first_day)[:, -1] == 1).all()


def test_probabilities_add_up_and_are_about_right(model: risk.RiskModel) -> None:
    later = reports(range(60, 160), range(2020, 2022))
    probabilities = model.probabilities(later.drop(columns="rag"))
    assert probabilities.shape == (len(later), 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    for place, rag in enumerate(RAGS):
        assert probabilities[:, place].mean() == pytest.approx((later.rag == rag).mean(), abs=0.12)


def test_predictions_are_the_same_again_and_after_pickling(
    model: risk.RiskModel, labelled: pd.DataFrame
) -> None:
    new = labelled.drop(columns="rag").head(5)
    expected = model.predict(new)
    assert risk.fit(labelled).predict(new) == expected
    assert pickle.loads(pickle.dumps(model)).predict(new) == expected


def test_one_rating_only_cannot_be_learnt_from(labelled: pd.DataFrame) -> None:
    with pytest.raises(TooFewRatings):
        risk.fit(labelled[labelled.rag == "red"])


def test_two_ratings_are_enough_and_the_third_is_all_but_ruled_out(labelled: pd.DataFrame) -> None:
    two = labelled[labelled.rag != "amber"].head(20)
    probabilities = risk.fit(two).probabilities(two)
    assert (probabilities[:, RAGS.index("amber")] < 0.01).all()


def test_an_amber_report_shows_its_likeliest_risk_however_soft() -> None:
    labelled = reports(range(10), range(2015, 2018))
    amber = labelled.assign(rag=np.where(np.arange(len(labelled)) % 10 == 0, "red", "amber"))
    text = "The project moves the ledger.\n\nWhether the hall will do for the training is not said."
    row = labelled.head(1).drop(columns="rag").assign(text=text)
    (assessment,) = risk.fit(amber).predict(row)
    assert assessment.rag == "amber"
    assert len(assessment.risks) <= 1


def test_evaluation_catches_quotes_that_are_not_there() -> None:
    truth = pd.DataFrame({"report_id": ["a", "b"], "rag": ["red", "green"], "text": ["It is late.", "Fine."]})

    def assessed(report_id: str, rag: risk.Rag, p_red: float, quote: str) -> RiskAssessment:
        evidence = RiskEvidence(quote=quote, start=0, end=len(quote))
        named = Risk(
            category="schedule", statement=quote, severity="low", evidence=(evidence,), probability=0.5
        )
        return RiskAssessment(
            report_id=report_id, rag=rag, p_green=1 - p_red, p_amber=0, p_red=p_red, summary="",
            risks=(named,) if quote else (),
        )  # fmt: skip

    metrics = risk.evaluate([assessed("a", "red", 0.9, "It is late."), assessed("b", "red", 0.8, "")], truth)
    assert metrics["accuracy"] == 0.5
    assert metrics["auc_red"] == 1
    assert metrics["verbatim"] == 1
    assert metrics["with_a_risk"] == 0.5
    made_up = [assessed("a", "red", 0.9, "It was bad."), assessed("b", "green", 0.1, "Fine.")]
    assert risk.evaluate(made_up, truth)["verbatim"] == 0.5
