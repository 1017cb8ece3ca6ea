"""The router on a small chat's worth of sentences, where every intent is said in a handful of ways."""

import pickle
import time
from itertools import product

import numpy as np
import pandas as pd
import pytest

from models.predict.routing import OUT_OF_SCOPE, Router, TooFewIntents, fit

WAYS = {
    "who_is_free": (
        ["who is free", "who has time", "is anyone available", "find me somebody who is not booked"],
        ["next week", "in March", "for a data engineer role", "from Monday on", "for two days a week"],
    ),
    "book_person": (
        ["book Ada on", "put Tom onto", "assign Maria to", "I want Ben to work on"],
        ["the Acme project", "the migration", "the bank's audit", "our new client's job", "phase two"],
    ),
    "late_invoices": (
        [
            "which invoices are overdue",
            "who has not paid us",
            "show unpaid bills",
            "what money is outstanding",
        ],
        ["this month", "at Globex", "over 10,000 euros", "since January", "by customer"],
    ),
    "log_hours": (
        ["log three hours", "add time", "record my hours", "enter half a day of work"],
        ["for today", "on the website task", "under support", "for yesterday's workshop", "on Friday"],
    ),
    "scope_check": (
        [
            "is it in scope",
            "does the contract cover",
            "may we charge extra for",
            "is this part of the agreement:",
        ],
        ["to train their staff", "weekend support", "a second report", "moving the data", "travel to Paris"],
    ),
}
OTHER = [
    "what is the capital of France",
    "tell me a joke",
    "how do I cook rice",
    "who won the football match",
]


def labelled(rows: range) -> pd.DataFrame:
    """Of each intent's twenty sentences, these rows."""
    said = [
        (" ".join(pair), intent)
        for intent, (openings, ends) in WAYS.items()
        for k, pair in enumerate(product(openings, ends))
        if k % 4 in rows
    ]
    return pd.DataFrame(said, columns=["text", "intent"])


@pytest.fixture(scope="module")
def router() -> Router:
    return fit(labelled(range(3)))


def test_sentences_nobody_trained_on_find_their_intent(router: Router) -> None:
    unseen = labelled(range(3, 4))
    predicted = router.predict(unseen["text"].tolist())
    assert (predicted["intent"].to_numpy() == unseen["intent"].to_numpy()).mean() >= 0.9


def test_what_belongs_to_no_intent_is_out_of_scope_though_none_was_labelled_so(router: Router) -> None:
    assert (router.predict(OTHER)["intent"] == OUT_OF_SCOPE).all()


def test_probabilities_add_up_and_confidence_is_that_of_the_intent_given(router: Router) -> None:
    texts = [*OTHER, "who is free on Monday"]
    chances, predicted = router.probabilities(texts), router.predict(texts)
    assert list(chances) == [*sorted(WAYS), OUT_OF_SCOPE]
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    for row, (intent, confidence) in enumerate(predicted.itertuples(index=False)):
        assert confidence == chances.loc[row, intent]


def test_the_same_sentence_gets_the_same_answer_alone_in_company_and_after_pickling(router: Router) -> None:
    text = "has anybody got time next Tuesday"
    alone = router.predict([text])
    together = router.predict([*OTHER, text]).tail(1)
    thawed = pickle.loads(pickle.dumps(router)).predict([text])
    refitted = fit(labelled(range(3))).predict([text])
    for other in (together, thawed, refitted):
        assert other["intent"].item() == alone["intent"].item()
        assert other["confidence"].item() == pytest.approx(alone["confidence"].item(), abs=1e-3)


def test_labelled_out_of_scope_sentences_are_learnt_from() -> None:
    """A sentence close to an intent is out of scope once such sentences are labelled so."""
    near = [f"who is {word} than the others" for word in ("taller", "older", "richer", "nicer", "faster")] * 8
    strangers = pd.DataFrame({"text": near, "intent": OUT_OF_SCOPE})
    router = fit(pd.concat([labelled(range(3)), strangers], ignore_index=True))
    assert router.predict(["who is smarter than the others"])["intent"].item() == OUT_OF_SCOPE
    assert router.predict(["who is free next month"])["intent"].item() == "who_is_free"


def test_one_out_of_scope_row_does_no_harm() -> None:
    one = pd.DataFrame({"text": OTHER[:1], "intent": [OUT_OF_SCOPE]})
    router = fit(pd.concat([labelled(range(3)), one], ignore_index=True))
    assert router.predict(["log two hours for today"])["intent"].item() == "log_hours"


def test_no_text_no_answer(router: Router) -> None:
    assert list(router.predict([])) == ["intent", "confidence"]
    assert router.predict([]).empty


def test_text_of_no_known_word_is_answered(router: Router) -> None:
    assert len(router.predict(["", "ß§$%", "好"])) == 3


def test_a_sentence_is_routed_while_someone_waits(router: Router) -> None:
    router.predict(["warm up"])
    start = time.process_time()
    for text in OTHER * 5:
        router.predict([text])
    assert (time.process_time() - start) / 20 < 0.1  # seconds of the processor; a few thousandths are usual


@pytest.mark.parametrize(
    "intents",
    [[], ["a", "a", "b", "b"], ["a", "a", "b", "b", "c"], ["a", "a", "b", "b", *[OUT_OF_SCOPE] * 5]],
    ids=["none", "two", "third said once", "out of scope is no intent"],
)
def test_too_few_intents_are_refused(intents: list[str]) -> None:
    with pytest.raises(TooFewIntents):
        fit(pd.DataFrame({"text": [f"say {k}" for k in range(len(intents))], "intent": intents}))
