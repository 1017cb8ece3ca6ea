"""The embedder: shape, determinism, meaning, and parity with the library it stands in for."""

import pickle

import numpy as np
import pytest

from models.text import embed
from models.text.embed import EmbedderNotInstalled, MiniLMEmbedder, default_embedder

SENTENCES = [
    "The client must approve each timesheet within five days.",
    "Timesheets are signed off by the customer every week.",
    "The kitchen sells soup on Fridays.",
    "UAT slipped again because the client's test data came late.",
    "Ünïcode, 中文 and an emoji 🙂 are text as well.",
    "x",
    "",
    " ".join(["The supplier shall keep the premises clean."] * 60),
]


@pytest.fixture(scope="module")
def embedder() -> MiniLMEmbedder:
    return MiniLMEmbedder()


def test_one_unit_vector_a_text_in_the_order_given(embedder: MiniLMEmbedder) -> None:
    vectors = embedder.encode(SENTENCES)
    assert vectors.shape == (len(SENTENCES), embedder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    reversed_vectors = embedder.encode(SENTENCES[::-1])
    np.testing.assert_allclose(reversed_vectors[::-1], vectors, atol=1e-5)


def test_no_text_gives_no_vector(embedder: MiniLMEmbedder) -> None:
    assert embedder.encode([]).shape == (0, 384)


def test_the_same_call_gives_the_same_bits(embedder: MiniLMEmbedder) -> None:
    first = embedder.encode(SENTENCES)
    second = MiniLMEmbedder().encode(SENTENCES)
    np.testing.assert_array_equal(first, second)


def test_a_vector_does_not_depend_on_its_neighbours(embedder: MiniLMEmbedder) -> None:
    together = embedder.encode(SENTENCES)
    alone = np.vstack([embedder.encode([sentence]) for sentence in SENTENCES])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_like_meaning_is_nearer_than_like_length(embedder: MiniLMEmbedder) -> None:
    approve, signed_off, soup = embedder.encode(SENTENCES[:3])
    assert approve @ signed_off > approve @ soup + 0.3


def test_text_after_256_tokens_is_cut(embedder: MiniLMEmbedder) -> None:
    long = "word " * 254  # 254 tokens, one at either end
    whole, longer = embedder.encode([long, long + "and a completely different ending about soup"])
    np.testing.assert_allclose(whole, longer, atol=1e-5)


def test_pickling_leaves_the_model_out(embedder: MiniLMEmbedder) -> None:
    embedder.encode(["loaded"])
    data = pickle.dumps(embedder)
    assert len(data) < 1000
    np.testing.assert_array_equal(pickle.loads(data).encode(["loaded"]), embedder.encode(["loaded"]))


def test_the_default_is_shared_and_needs_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(embed.MODEL_VARIABLE, raising=False)
    assert isinstance(default_embedder(), MiniLMEmbedder)
    assert default_embedder() is default_embedder()


def test_another_model_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(embed.MODEL_VARIABLE, "some/model")
    monkeypatch.setattr(embed, "find_spec", lambda name: None)
    with pytest.raises(EmbedderNotInstalled, match="some/model") as error:
        default_embedder()
    assert error.value.facts == {"model": "some/model"}


def test_parity_with_sentence_transformers(embedder: MiniLMEmbedder) -> None:
    pytest.importorskip("sentence_transformers", reason="the extra 'sentence-transformers' is not installed")
    try:
        peer = embed.SentenceTransformerEmbedder("sentence-transformers/all-MiniLM-L6-v2")
        theirs = peer.encode(SENTENCES)
    except OSError as error:
        pytest.skip(f"the reference model's weights cannot be had here: {error}")
    ours = embedder.encode(SENTENCES)
    assert peer.dimension == embedder.dimension
    assert (ours * theirs).sum(axis=1).min() > 0.998
    np.testing.assert_array_equal(_neighbours(ours), _neighbours(theirs))


def _neighbours(vectors: np.ndarray) -> np.ndarray:
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    return likeness.argmax(axis=1)
