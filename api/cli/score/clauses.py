"""`chargehand score clauses`: where contracts say what, learnt from contracts that people marked up."""

from pathlib import Path
from typing import Annotated

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
    write_jsonl,
)
from models.predict.clauses import VERSION, Contract, MarkedClause, MarkedContract, evaluate, fit


class ContractRow(Contract):
    """A contract to read, which may come with its marks."""

    clauses: tuple[MarkedClause, ...] | None = None


def command(
    contracts: Annotated[Path, input_file("--contracts", "Contracts to read (JSONL: contract_id, text).")],
    out: OutFile,
    labelled: Annotated[
        Path | None, input_file("--labelled", "Contracts with their clauses (JSONL).")
    ] = None,
    truth: Annotated[Path | None, input_file("--truth", "The contracts with their clauses (JSONL).")] = None,
    model: ModelDirectory = None,
    rejects: RejectsFile = None,
    as_json: AsJson = False,
) -> None:
    """Where do contracts have clauses of the kinds that were marked in others?

    Writes contract_id and clauses: every plausible span (at most 30 a kind) with its confidence."""
    with ending(rejects):
        with reading() as read:
            marked = read.jsonl(labelled, MarkedContract, key=("contract_id",)) if labelled else []
            wanted = read.jsonl(contracts, ContractRow, key=("contract_id",))
            actual = read.jsonl(truth, MarkedContract, key=("contract_id",)) if truth else []
        with telling() as progress:
            finder = fitted(
                model,
                "clauses",
                VERSION,
                [labelled] if labelled else [],
                lambda: fit(marked, progress),
            )
            found = finder.predict(wanted, progress)
        write_jsonl(out, found)
        if not truth:
            actual = [
                MarkedContract(contract_id=row.contract_id, text=row.text, clauses=row.clauses)
                for row in wanted
                if row.clauses is not None
            ]
        if actual:
            report(evaluate(found, actual), as_json)
