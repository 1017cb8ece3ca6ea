"""Clauses found in contracts like those that were marked up, and the judge's way of scoring them."""

import pickle
import random

import pytest

from models.predict import clauses
from models.predict.clauses import (
    Contract,
    FoundClause,
    MarkedClause,
    MarkedContract,
    NothingMarked,
    ReadContract,
)

CLAUSES = {
    "liability_cap": [
        "In no event shall either party's total liability exceed the fees paid in the last {n} months.",
        "The aggregate liability of the Consultant is limited to {n} per cent of the contract value.",
        "Liability under this agreement is capped at EUR {n},000.",
    ],
    "notice_period": [
        "Either party may terminate this agreement on {n} days' written notice.",
        "The Client may end the engagement at any time by giving {n} days' notice in writing.",
        "This agreement may be terminated for convenience upon {n} days prior notice.",
    ],
    "key_persons": [
        "The Consultant shall not replace the {n} key persons without the Client's consent.",
        "Key personnel named in annex {n} may only be exchanged with prior approval.",
        "The {n} named individuals are key persons and shall remain assigned to the project.",
    ],
}
OTHER = [
    "The Consultant shall perform the services with due care in {n} work packages.",
    "Invoices are issued monthly and show hours by person and day, on {n} pages at most.",
    "The Client provides access to its premises and to {n} workstations.",
    "Deliverables are listed in annex {n} and described there in detail.",
    "This agreement is made in {n} copies, of which each party receives one.",
    "Travel is booked in second class and reimbursed against {n} receipts.",
    "Meetings take place every {n} weeks at the Client's head office.",
    "The parties keep each other informed of {n} contact persons for daily matters.",
]


def marked_contract(number: int) -> MarkedContract:
    """A contract of headed paragraphs, each kind of clause in it four times out of five."""
    draw = random.Random(number)
    wanted = [(kind, draw.choice(texts)) for kind, texts in CLAUSES.items() if draw.random() < 0.8]
    parts = [(None, text) for text in draw.sample(OTHER, 6)] + wanted
    draw.shuffle(parts)
    text, marks = "CONSULTING AGREEMENT\n\n", []
    for place, (kind, sentence) in enumerate(parts, start=1):
        words = sentence.format(n=draw.randint(2, 90))
        text += f"{place}. General.\n\n{draw.choice(OTHER).format(n=place)} "
        if kind:
            end = len(text) + len(words)
            marks.append(MarkedClause(kind=kind, start=len(text), end=end, quote=words))
        text += words + "\n\n"
    return MarkedContract(contract_id=f"k{number}", text=text, clauses=tuple(marks))


def unmarked(contract: MarkedContract) -> Contract:
    return Contract(contract_id=contract.contract_id, text=contract.text)


@pytest.fixture(scope="module")
def model() -> clauses.ClauseModel:
    return clauses.fit([marked_contract(number) for number in range(40)])


@pytest.fixture(scope="module")
def held_out() -> list[MarkedContract]:
    return [marked_contract(number) for number in range(100, 120)]


def test_finds_clauses_in_contracts_it_has_not_seen(
    model: clauses.ClauseModel, held_out: list[MarkedContract]
) -> None:
    read = model.predict([unmarked(contract) for contract in held_out])
    metrics = clauses.evaluate(read, held_out)
    assert metrics["macro_average_precision"] > 0.95
    assert metrics["precision_at_80_recall"] > 0.9
    assert metrics["verbatim"] == 1


def test_spans_are_as_tight_as_the_clause(model: clauses.ClauseModel, held_out: list[MarkedContract]) -> None:
    for contract in held_out:
        (read,) = model.predict([unmarked(contract)])
        for mark in contract.clauses:
            best = max((f for f in read.clauses if f.kind == mark.kind), key=lambda found: found.confidence)
            assert contract.text[best.start : best.end] == best.quote == mark.quote


def test_at_most_thirty_spans_a_kind_and_none_twice(model: clauses.ClauseModel) -> None:
    line = "Either party may terminate this agreement on 30 days' written notice.\n\n"
    (read,) = model.predict([Contract(contract_id="long", text=line * 50)])
    spans = [(found.kind, found.start) for found in read.clauses]
    assert len(spans) == len(set(spans))
    assert sum(kind == "notice_period" for kind, _ in spans) == clauses.MOST_SPANS


@pytest.mark.parametrize("text", ["", "   \n\n ", "Short.", "no full stop and no clause at all in this one"])
def test_contracts_with_next_to_nothing_in_them(model: clauses.ClauseModel, text: str) -> None:
    (read,) = model.predict([Contract(contract_id="empty", text=text)])
    assert read.contract_id == "empty"
    assert all(text[found.start : found.end] == found.quote for found in read.clauses)


def test_the_same_input_gives_the_same_model_and_it_survives_pickling(
    model: clauses.ClauseModel, held_out: list[MarkedContract]
) -> None:
    wanted = [unmarked(contract) for contract in held_out[:5]]
    again = clauses.fit([marked_contract(number) for number in range(40)])
    assert model.predict(wanted) == again.predict(wanted) == pickle.loads(pickle.dumps(model)).predict(wanted)


def test_nothing_to_learn_from() -> None:
    contract = MarkedContract(contract_id="k", text="Nothing is marked here.", clauses=())
    with pytest.raises(NothingMarked) as error:
        clauses.fit([contract, contract])
    assert error.value.facts == {"contracts": 0}


def test_a_mark_outside_the_text_is_refused() -> None:
    mark = MarkedClause(kind="cap", start=5, end=50, quote="x")
    with pytest.raises(ValueError, match="is not in the text"):
        MarkedContract(contract_id="k", text="short text", clauses=(mark,))


def test_a_paragraph_scores_by_its_best_span() -> None:
    first, second, third = (word * 60 for word in "abc")
    text = f"{first}\n\n{second}\n\n{third}"
    truth = MarkedContract(
        contract_id="k", text=text, clauses=(MarkedClause(kind="cap", start=0, end=60, quote=first),)
    )

    def found(start: int, confidence: float) -> FoundClause:
        return FoundClause(
            kind="cap", start=start, end=start + 30, quote=text[start : start + 30], confidence=confidence
        )

    right_first = ReadContract(contract_id="k", clauses=(found(10, 0.2), found(0, 0.9), found(62, 0.5)))
    right_second = ReadContract(contract_id="k", clauses=(found(0, 0.4), found(62, 0.5)))
    assert clauses.evaluate([right_first], [truth])["macro_average_precision"] == 1
    assert clauses.evaluate([right_second], [truth])["macro_average_precision"] == 0.5


def test_a_quote_that_is_not_there_counts_against_the_reader() -> None:
    mark = MarkedClause(kind="cap", start=0, end=60, quote="a" * 60)
    truth = MarkedContract(contract_id="k", text="a" * 60, clauses=(mark,))
    made_up = FoundClause(kind="cap", start=0, end=60, quote="b" * 60, confidence=1)
    read = ReadContract(contract_id="k", clauses=(made_up,))
    assert clauses.evaluate([read], [truth])["verbatim"] == 0
