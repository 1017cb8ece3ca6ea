"""`chargehand score routing`: the intent of each utterance, or that it has none."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from api.cli.score.common import (
    AsJson,
    ModelDirectory,
    OutFile,
    RejectsFile,
    ending,
    fitted,
    input_file,
    reading,
    report,
    telling,
    write_csv,
)
from models.formats.table import Column, TableSpec

if TYPE_CHECKING:
    import pandas as pd

KEY, TEXT, INTENT = Column("utterance_id", "text"), Column("text", "text"), Column("intent", "text")
LABELLED = TableSpec("labelled utterances", (TEXT, INTENT))
UTTERANCES = TableSpec("utterances", (KEY, TEXT, Column("intent", "text", optional=True)), ("utterance_id",))
TRUTH = TableSpec("true intents", (KEY, INTENT, Column("text", "text", optional=True)), ("utterance_id",))


def command(
    utterances_path: Annotated[Path, input_file("--utterances", "Utterances to route (CSV).")],
    out: OutFile,
    labelled_path: Annotated[
        Path | None,
        input_file("--labelled", "Utterances with their intents (CSV); out_of_scope marks what has none."),
    ] = None,
    truth_path: Annotated[
        Path | None, input_file("--truth", "The true intents (CSV: utterance_id, intent).")
    ] = None,
    model_directory: ModelDirectory = None,
    rejects: RejectsFile = None,
    as_json: AsJson = False,
) -> None:
    """Tell the intent of each utterance and how sure that is."""
    with ending(rejects), telling() as progress:
        with reading() as read:
            labelled = read.table(labelled_path, LABELLED) if labelled_path else None
            utterances = read.table(utterances_path, UTTERANCES)
            truth = read.table(truth_path, TRUTH) if truth_path else None
        if truth is None and "intent" in utterances:
            truth = utterances

        from models.predict.routing import VERSION, Router, fit

        def fit_labelled() -> Router:
            assert labelled is not None  # `fitted` calls this only where there are sources
            return fit(labelled, progress=progress)

        sources = [labelled_path] if labelled_path else []
        router = fitted(model_directory, "routing", VERSION, sources, fit_labelled)
        predicted = router.predict(utterances["text"].tolist())
        predicted.insert(0, "utterance_id", utterances["utterance_id"].to_numpy())
        write_csv(out, predicted)
        if truth is not None and len(truth):
            report(metrics(predicted, truth), as_json)


def metrics(predicted: "pd.DataFrame", truth: "pd.DataFrame") -> dict[str, float]:
    """Accuracy on utterances that have an intent (sending one out of scope is wrong), and the share of those
    out of scope that were seen to be. A figure about no utterance at all is left out."""
    from models.predict.routing import OUT_OF_SCOPE

    both = truth[["utterance_id", "intent"]].merge(predicted, on="utterance_id", suffixes=("_true", ""))
    right = both["intent"] == both["intent_true"]
    in_scope = both["intent_true"] != OUT_OF_SCOPE
    figures: dict[str, float] = {"utterances": len(both)}
    if in_scope.any():
        figures["in_scope_accuracy"] = float(right[in_scope].mean())
    if not in_scope.all():
        figures["out_of_scope_recall"] = float(right[~in_scope].mean())
    return figures
