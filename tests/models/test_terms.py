"""Agreements held against statements: relation, ranked evidence, and what happens with what is new."""

import pickle
import random

import pytest

from models.predict import terms
from models.predict.terms import (
    EvidenceSpan,
    LabelledPair,
    Pair,
    RankedEvidence,
    TermsReading,
    TooFewRelations,
    UnknownDocument,
)

COPY = "The recipient may make copies of some of the information."
SURVIVE = "Some duties go on after the agreement has ended."
SENTENCES = {
    (COPY, "entails"): [
        "The Recipient may make {n} copies of documents where its work requires them.",
        "Copying is permitted to the extent needed for the purpose, up to {n} pages.",
        "Recipient is allowed to copy extracts for its {n} advisers.",
    ],
    (COPY, "contradicts"): [
        "The Recipient shall not copy any document, in whole or in part, without {n} days' notice.",
        "No copies of the information may be made under clause {n}.",
        "Copying of any kind is prohibited in all {n} offices.",
    ],
    (SURVIVE, "entails"): [
        "The duty of secrecy survives termination for {n} years.",
        "Obligations under clause {n} continue after this agreement has ended.",
        "Secrecy shall be kept for {n} years after the end of this agreement.",
    ],
}
OTHER = [
    "This agreement is governed by the law of the {n} cantons.",
    "Notices are sent by registered mail within {n} days.",
    "The parties intend to evaluate a joint project in {n} phases.",
    "Neither party is obliged to enter into {n} further agreements.",
    "Amendments must be made in writing and signed on page {n}.",
    "The information includes drawings, recipes and {n} models.",
]


def agreement(number: int) -> tuple[str, list[LabelledPair]]:
    """A text, and how it stands to both statements."""
    draw = random.Random(number)
    relations = {COPY: draw.choice(terms.RELATIONS), SURVIVE: draw.choice(["entails", "silent"])}
    said = [(s, draw.choice(SENTENCES[s, r])) for s, r in relations.items() if r != "silent"]
    parts = [*said, *((None, text) for text in draw.sample(OTHER, 5))]
    draw.shuffle(parts)
    text, places = "SECRECY AGREEMENT\n", {}
    for statement, words in parts:
        sentence = words.format(n=draw.randint(2, 30))
        places[statement] = EvidenceSpan(start=len(text), end=len(text) + len(sentence))
        text += sentence + draw.choice([" ", "\n"])
    pairs = [
        LabelledPair(
            pair_id=f"d{number}-{i}",
            document_id=f"d{number}",
            statement=statement,
            relation=relation,
            evidence=() if relation == "silent" else (places[statement],),
        )
        for i, (statement, relation) in enumerate(relations.items())
    ]
    return text, pairs


def agreements(numbers: range) -> tuple[dict[str, str], list[LabelledPair]]:
    made = [agreement(number) for number in numbers]
    texts = {pairs[0].document_id: text for text, pairs in made}
    return texts, [pair for _, pairs in made for pair in pairs]


def asked(pair: LabelledPair) -> Pair:
    return Pair(pair_id=pair.pair_id, document_id=pair.document_id, statement=pair.statement)


@pytest.fixture(scope="module")
def model() -> terms.TermsModel:
    return terms.fit(*agreements(range(24)))


def test_reads_agreements_it_has_not_seen(model: terms.TermsModel) -> None:
    documents, truth = agreements(range(100, 120))
    readings = model.predict(documents, [asked(pair) for pair in truth])
    metrics = terms.evaluate(readings, truth, documents)
    assert metrics["accuracy"] > 0.9
    assert metrics["macro_f1"] > 0.85
    assert metrics["evidence_map"] > 0.9


def test_every_sentence_is_ranked_and_verbatim(model: terms.TermsModel) -> None:
    documents, truth = agreements(range(100, 102))
    for reading, pair in zip(model.predict(documents, [asked(p) for p in truth]), truth, strict=True):
        text = documents[pair.document_id]
        assert all(text[e.start : e.end] == e.quote for e in reading.evidence)
        words = "".join(e.quote for e in sorted(reading.evidence, key=lambda e: e.start))
        assert "".join(words.split()) == "".join(text.split())
        scores = [e.score for e in reading.evidence]
        assert scores == sorted(scores, reverse=True)
        shares = (reading.p_entails, reading.p_contradicts, reading.p_silent)
        assert sum(shares) == pytest.approx(1, abs=1e-3)
        assert terms.RELATIONS[shares.index(max(shares))] == reading.relation


def test_a_statement_in_other_words_is_read_as_the_one_learnt(model: terms.TermsModel) -> None:
    documents, truth = agreements(range(100, 110))
    pairs = [asked(pair) for pair in truth if pair.statement == COPY]
    reworded = [
        pair.model_copy(update={"statement": COPY.replace("make copies", "take copies")}) for pair in pairs
    ]
    assert model.predict(documents, reworded) == model.predict(documents, pairs)


def test_a_new_statement_ranks_sentences_by_meaning(model: terms.TermsModel) -> None:
    documents = {
        "d": "SECRECY AGREEMENT\nNotices are sent by mail. The law of Norway governs this agreement."
    }
    pair = Pair(pair_id="p", document_id="d", statement="Norwegian law applies to the contract.")
    (reading,) = model.predict(documents, [pair])
    assert reading.evidence[0].quote == "The law of Norway governs this agreement."
    assert max(reading.p_entails, reading.p_contradicts, reading.p_silent) < 0.8


def test_a_document_without_a_sentence_has_no_evidence(model: terms.TermsModel) -> None:
    (reading,) = model.predict({"d": " \n"}, [Pair(pair_id="p", document_id="d", statement=COPY)])
    assert reading.evidence == ()


def test_a_pair_without_its_document_is_named(model: terms.TermsModel) -> None:
    with pytest.raises(UnknownDocument, match="Pair p is about document nowhere"):
        model.predict({"d": "Text."}, [Pair(pair_id="p", document_id="nowhere", statement=COPY)])


def test_pairs_that_are_all_alike_cannot_be_learnt_from() -> None:
    documents, pairs = agreements(range(5))
    silent = [pair for pair in pairs if pair.relation == "silent"]
    with pytest.raises(TooFewRelations, match="1 relations and 0 pairs"):
        terms.fit(documents, silent)


def test_the_same_input_gives_the_same_model_and_it_survives_pickling(model: terms.TermsModel) -> None:
    documents, truth = agreements(range(100, 103))
    pairs = [asked(pair) for pair in truth]
    readings = model.predict(documents, pairs)
    assert terms.fit(*agreements(range(24))).predict(documents, pairs) == readings
    assert pickle.loads(pickle.dumps(model)).predict(documents, pairs) == readings


def test_evaluation_counts_ranks_of_overlapping_evidence() -> None:
    documents = {"d": "The first sentence is here. The second sentence is there. The third one ends it."}
    truth = LabelledPair(
        pair_id="p", document_id="d", statement="s", relation="entails",
        evidence=(EvidenceSpan(start=28, end=57),),
    )  # fmt: skip

    def reading(scores: tuple[float, float, float]) -> TermsReading:
        spans = [(0, 27), (28, 57), (58, 82)]
        evidence = tuple(
            RankedEvidence(start=s, end=e, quote=documents["d"][s:e], score=score)
            for (s, e), score in zip(spans, scores, strict=True)
        )
        return TermsReading(
            pair_id="p", relation="entails", p_entails=1, p_contradicts=0, p_silent=0, evidence=evidence
        )

    assert terms.evaluate([reading((0.1, 0.9, 0.2))], [truth], documents)["evidence_map"] == 1
    assert terms.evaluate([reading((0.9, 0.5, 0.2))], [truth], documents)["evidence_map"] == 0.5
