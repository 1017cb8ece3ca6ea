"""The risk detector, on sentences of weekly reports that were not written for its prototypes."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from models.text.risks import CATEGORIES, CLEAR, SEVERITIES, RiskCategory, read_reports, severity

TROUBLE: list[tuple[RiskCategory, str]] = [
    ("schedule", "Cutover moves to the second weekend of May because the rehearsal overran."),
    ("schedule", "We are eight days behind the baseline."),
    ("schedule", "The pilot will not start on the 3rd as promised."),
    ("budget", "Hours are running 15% over estimate."),
    ("budget", "At this burn rate the cap is reached three weeks before the end."),
    ("budget", "Margin has dropped to 11% after the rework in April."),
    ("scope", "Procurement now wants supplier onboarding too, which is not in the SOW."),
    ("scope", "Two change requests have been open since March without a price."),
    ("resourcing", "Nadia resigned and we have nobody who knows the interface layer."),
    ("resourcing", "The tester is out sick for the next fortnight."),
    ("quality", "Twelve severity-one defects remain open after the second test cycle."),
    ("quality", "The client rejected the design document."),
    ("stakeholder", "The sponsor cancelled the steering meeting for the third time."),
    ("stakeholder", "Warehouse staff refuse to use the scanners."),
    ("supplier", "The hosting vendor has still not fixed the outage."),
    ("supplier", "Our subcontractor missed the delivery of the connector."),
    ("dependency", "UAT slipped again because the client's test data came late."),
    ("dependency", "We are waiting for VPN access for the offshore team."),
    ("technical", "Response times exceed nine seconds with fifty users."),
    ("technical", "The nightly import crashes on large files."),
    ("governance", "We are still working at risk: the purchase order is unsigned."),
    ("governance", "Nobody on the client's side will decide on the data retention rules."),
]
FINE = [
    "Sprint 14 closed with all stories accepted.",
    "No blockers this week.",
    "The late data issue is resolved.",
    "Finance signed off the chart of accounts on Tuesday.",
    "Next week: data load and rehearsal.",
    "The dashboards went live for 200 users.",
    "Anna joined the team and has finished her onboarding.",
    "Invoice 4 was paid on time.",
    "All five interfaces are tested.",
    "The client is happy and wants to talk about phase 2.",
    "We agreed the training plan with the branch managers.",
    "The project replaces the ledger of the retail division.",
    "Performance tests passed with room to spare.",
    "Spend is in line with the plan.",
    "There were no delays in the second migration run.",
    "The steering committee approved the roadmap.",
    "We prepared the workshop material for the pricing team.",
    "Open defects went down from forty to three, none of them severe.",
]

NEAR_PAIRS = [  # trouble, and progress in nearly the same words
    (
        "The data migration dry run lost 4% of the customer records.",
        "The data migration dry run finished in four hours without errors.",
    ),
    (
        "Tom's contract ends in two weeks and the agency has no one to send.",
        "Tom's contract was extended to December.",
    ),
    ("The client's legal team has been sitting on the DPA since early June.", "The DPA came back signed."),
    ("We used the whole June budget by the 18th.", "We used 40% of the budget and are 45% done."),
    ("Sign-off of the blueprint is three weeks overdue.", "The blueprint was signed off on Thursday."),
    (
        "Users in Lyon say they will keep using their spreadsheets.",
        "Users in Lyon tried the new screens and liked them.",
    ),
    ("The API keeps timing out and the vendor blames our network.", "The API answers within 200 ms."),
    (
        "Two of the five interfaces cannot be tested before the release.",
        "All interfaces were tested before the release.",
    ),
    (
        "There is confusion about who approves overtime.",
        "The approval path for overtime is now written down.",
    ),
    ("The printer supplier went bankrupt.", "The new printers were installed."),
    (
        "Change request 7 would double the number of reports but nobody wants to pay for it.",
        "Change request 7 was priced and accepted.",
    ),
    ("We had to pull the release because of a security hole.", "We patched the servers over the weekend."),
    (
        "If the laptops do not arrive by Monday the training has to be cancelled.",
        "The laptops arrived and the training takes place on Monday.",
    ),
    (
        "The product owner changed the acceptance criteria mid-sprint.",
        "The product owner explained the acceptance criteria to the team.",
    ),
    ("Our estimate for the archive was far too low.", "The estimate for the archive was spot on."),
]


def test_trouble_is_told_from_progress() -> None:
    texts = [text for _, text in TROUBLE] + FINE
    scores = np.array([report.probabilities.max() for report in read_reports(texts)])
    is_trouble = np.arange(len(texts)) < len(TROUBLE)
    assert roc_auc_score(is_trouble, scores) > 0.95
    assert (scores[is_trouble] >= CLEAR).mean() >= 0.8
    assert (scores[~is_trouble] < CLEAR).mean() >= 0.85


def test_trouble_is_told_from_progress_in_nearly_the_same_words() -> None:
    scores = np.array([r.probabilities.max() for pair in NEAR_PAIRS for r in read_reports(pair)])
    trouble, progress = scores[::2], scores[1::2]
    assert (trouble > progress).mean() >= 0.75


def test_most_categories_are_named_as_a_person_would() -> None:
    reports = read_reports([text for _, text in TROUBLE])
    named = [report.risks(least_probability=0)[0].category for report in reports]
    right = np.mean([given == wanted for given, (wanted, _) in zip(named, TROUBLE, strict=True)])
    assert right >= 0.7
    assert set(named) <= set(CATEGORIES)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The client cancelled the contract and legal is involved.", "high"),
        ("Testing is blocked.", "high"),
        ("The report is late.", "medium"),
        ("There may be a small delay.", "low"),
    ],
)
def test_severity_follows_words_of_degree(sentence: str, expected: str) -> None:
    assert severity(sentence) == expected


REPORT = """Sprint 8 closed as planned and the demo went well.

- UAT slipped again because the client's test data came late
- UAT slipped once more; the test data of the client came late again
- Our lead developer leaves in May, and there is no replacement 🙁.

Spend is in line with the plan."""


def test_every_risk_quotes_the_report_to_the_letter() -> None:
    (report,) = read_reports([REPORT])
    risks = report.risks()
    assert risks
    for risk in risks:
        assert risk.evidence
        assert all(REPORT[e.start : e.end] == e.quote for e in risk.evidence)
        assert not risk.statement.startswith("-") and risk.statement.endswith((".", "!", "?"))


def test_sentences_that_say_the_same_are_one_risk() -> None:
    (report,) = read_reports([REPORT])
    slipped = [risk for risk in report.risks() if "slipped" in risk.statement]
    assert len(slipped) == 1
    assert len(slipped[0].evidence) == 2


def test_the_worst_risk_comes_first() -> None:
    (report,) = read_reports([REPORT])
    order = [SEVERITIES.index(risk.severity) for risk in report.risks()]
    assert order == sorted(order, reverse=True)


def test_the_summary_is_verbatim_short_and_in_order() -> None:
    (report,) = read_reports([REPORT])
    spans = report.summary(most=2)
    assert len(spans) == 2
    assert spans[0] < spans[1]
    assert all(span in report.spans for span in spans)


def test_a_report_without_a_sentence_has_neither_summary_nor_risks() -> None:
    (report,) = read_reports(["  \n "])
    assert report.summary() == ()
    assert report.risks() == ()
