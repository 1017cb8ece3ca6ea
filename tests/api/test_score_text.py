"""`chargehand score risk|clauses|terms`: files in, files out, and what bad input is told."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.cli.score import app

SAID = {
    "green": "All milestones were met.",
    "amber": "Testing started late.",
    "red": "The go-live was missed.",
}
CAP = "In no event shall the total liability of either party exceed EUR {n},000."
NOTICE = "Either party may terminate this agreement on {n} days' written notice."
PLAIN = "Meetings take place every {n} weeks at the head office of the client."
STATEMENT = "The recipient may make copies of some of the information."

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a score command in an empty directory."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments), catch_exceptions=False)

    return invoke


def write_csv(name: str, rows: list[dict[str, str]]) -> None:
    with Path(name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def write_jsonl(name: str, rows: list[dict[str, Any]]) -> None:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def read_jsonl(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(name).read_text(encoding="utf-8").splitlines()]


def reports(years: range, *, rag: bool) -> list[dict[str, str]]:
    rows = []
    for year in years:
        for project, (rating, said) in enumerate(SAID.items()):
            row = {
                "report_id": f"r{project}-{year}", "project_id": f"p{project}", "organisation": "A",
                "reported_on": f"{year}-07-01", "text": f"The ledger moves.\n\n{said} 🙂 So it is in {year}.",
            }  # fmt: skip
            rows.append(row | ({"rag": rating} if rag else {}))
    return rows


def contracts(numbers: range, *, clauses: bool) -> list[dict[str, Any]]:
    rows = []
    for number in numbers:
        parts = [("cap", CAP), ("", PLAIN), ("notice", NOTICE)][:: 1 if number % 2 else -1]
        text, marks = "🙂 AGREEMENT\n\n", []
        for kind, words in parts:
            quote = words.format(n=number + 2)
            if kind:
                marks.append(
                    {"kind": kind, "start": len(text), "end": len(text) + len(quote), "quote": quote}
                )
            text += quote + "\n\n"
        row: dict[str, Any] = {"contract_id": f"k{number}", "text": text}
        rows.append(row | ({"clauses": marks} if clauses else {}))
    return rows


def agreements(numbers: range) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Documents, and labelled pairs on whether copies may be made."""
    documents, pairs = [], []
    for number in numbers:
        relation, words = [
            ("entails", f"The recipient may make {number} copies for its advisers."),
            ("contradicts", f"No copies may be made of any of the {number} documents."),
            ("silent", f"Notices are sent to {number} addresses."),
        ][number % 3]
        text = f"🙂 SECRECY\nThe parties plan {number} projects. {words}"
        start = text.index(words)
        evidence = [] if relation == "silent" else [{"start": start, "end": len(text)}]
        documents.append({"document_id": f"d{number}", "text": text})
        pairs.append(
            {"pair_id": f"q{number}", "document_id": f"d{number}", "statement": STATEMENT,
             "relation": relation, "evidence": evidence}
        )  # fmt: skip
    return documents, pairs


def test_risk_rates_quotes_and_reports_metrics(run: Run) -> None:
    write_csv("labelled.csv", reports(range(2010, 2020), rag=True))
    write_csv("reports.csv", reports(range(2020, 2022), rag=False))
    truth = reports(range(2020, 2022), rag=True)
    write_csv("truth.csv", [{"report_id": row["report_id"], "rag": row["rag"]} for row in truth])
    arguments = ["--reports", "reports.csv", "--out", "out.jsonl", "--model", "kept", "--json"]
    result = run("risk", "--labelled", "labelled.csv", "--truth", "truth.csv", *arguments)
    assert result.exit_code == 0
    metrics = json.loads(result.stdout)
    assert metrics["accuracy"] == 1
    assert metrics["verbatim"] == 1
    first = read_jsonl("out.jsonl")
    assert [row["report_id"] for row in first] == [row["report_id"] for row in truth]
    assert set(first[0]) == {"report_id", "rag", "p_green", "p_amber", "p_red", "summary", "risks"}
    for row, report in zip(first, truth, strict=True):
        for named in row["risks"]:
            assert set(named) == {"category", "statement", "severity", "evidence"}
            assert all(report["text"][e["start"] : e["end"]] == e["quote"] for e in named["evidence"])
    assert any(row["risks"] for row in first if row["rag"] == "red")
    assert run("risk", *arguments).exit_code == 0  # from the kept model alone
    assert read_jsonl("out.jsonl") == first


def test_risk_uses_ratings_that_come_with_the_reports(run: Run) -> None:
    write_csv("labelled.csv", reports(range(2010, 2020), rag=True))
    write_csv("reports.csv", reports(range(2020, 2021), rag=True))
    arguments = ["--labelled", "labelled.csv", "--reports", "reports.csv", "--out", "out.jsonl", "--json"]
    assert "accuracy" in json.loads(run("risk", *arguments).stdout)


def test_clauses_finds_spans_with_confidence(run: Run) -> None:
    write_jsonl("labelled.jsonl", contracts(range(30), clauses=True))
    write_jsonl("contracts.jsonl", contracts(range(40, 45), clauses=False))
    write_jsonl("truth.jsonl", contracts(range(40, 45), clauses=True))
    arguments = ["--contracts", "contracts.jsonl", "--truth", "truth.jsonl", "--out", "out.jsonl", "--json"]
    result = run("clauses", "--labelled", "labelled.jsonl", *arguments)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["macro_average_precision"] > 0.9
    texts = {row["contract_id"]: row["text"] for row in contracts(range(40, 45), clauses=False)}
    for row in read_jsonl("out.jsonl"):
        assert row["clauses"]
        for found in row["clauses"]:
            assert set(found) == {"kind", "start", "end", "quote", "confidence"}
            assert texts[row["contract_id"]][found["start"] : found["end"]] == found["quote"]
            assert 0 <= found["confidence"] <= 1


def test_terms_reads_pairs_over_several_files_of_documents(run: Run) -> None:
    documents, pairs = agreements(range(30))
    more, truth = agreements(range(40, 46))
    write_jsonl("documents.jsonl", documents)
    write_jsonl("more.jsonl", more)
    write_jsonl("labelled.jsonl", pairs)
    write_jsonl("truth.jsonl", truth)
    hidden = ("relation", "evidence")
    write_jsonl("pairs.jsonl", [{k: v for k, v in pair.items() if k not in hidden} for pair in truth])
    result = run(
        "terms", "--documents", "documents.jsonl", "--documents", "more.jsonl",
        "--labelled", "labelled.jsonl",
        "--pairs", "pairs.jsonl", "--truth", "truth.jsonl", "--out", "out.jsonl", "--json",
    )  # fmt: skip
    assert result.exit_code == 0
    metrics = json.loads(result.stdout)
    assert metrics["accuracy"] == 1
    assert metrics["evidence_map"] == 1
    rows = read_jsonl("out.jsonl")
    assert [row["pair_id"] for row in rows] == [pair["pair_id"] for pair in truth]
    assert set(rows[0]) == {"pair_id", "relation", "p_entails", "p_contradicts", "p_silent", "evidence"}
    for row, document in zip(rows, more, strict=True):
        assert len(row["evidence"]) == 3
        assert all(document["text"][e["start"] : e["end"]] == e["quote"] for e in row["evidence"])


def test_bad_input_is_named_and_ends_with_2(run: Run) -> None:
    bad = [row | {"reported_on": "yesterday"} for row in reports(range(2010, 2011), rag=True)]
    write_csv("labelled.csv", bad)
    write_csv("reports.csv", reports(range(2011, 2012), rag=False))
    result = run("risk", "--labelled", "labelled.csv", "--reports", "reports.csv", "--out", "out.jsonl")
    assert result.exit_code == 2
    assert "labelled.csv:2, column reported_on" in result.stderr
    assert not Path("out.jsonl").exists()


def test_a_mark_outside_its_contract_is_named(run: Run) -> None:
    labelled = contracts(range(3), clauses=True)
    labelled[1]["clauses"][0]["end"] = 10_000
    write_jsonl("labelled.jsonl", labelled)
    write_jsonl("contracts.jsonl", contracts(range(3), clauses=False))
    result = run(
        "clauses", "--labelled", "labelled.jsonl", "--contracts", "contracts.jsonl", "--out", "o.jsonl"
    )
    assert result.exit_code == 2
    assert "labelled.jsonl:2" in result.stderr


def test_a_pair_about_no_document_ends_with_2(run: Run) -> None:
    documents, pairs = agreements(range(6))
    write_jsonl("documents.jsonl", documents[:-1])
    write_jsonl("labelled.jsonl", pairs)
    arguments = ["--labelled", "labelled.jsonl", "--pairs", "labelled.jsonl", "--out", "out.jsonl"]
    result = run("terms", "--documents", "documents.jsonl", *arguments)
    assert result.exit_code == 2
    assert "d5" in result.stderr


def test_two_texts_for_one_document_are_refused(run: Run) -> None:
    documents, pairs = agreements(range(6))
    write_jsonl("documents.jsonl", documents)
    write_jsonl("more.jsonl", [documents[0] | {"text": "Another text."}])
    write_jsonl("labelled.jsonl", pairs)
    result = run(
        "terms", "--documents", "documents.jsonl", "--documents", "more.jsonl",
        "--labelled", "labelled.jsonl",
        "--pairs", "labelled.jsonl", "--out", "out.jsonl",
    )  # fmt: skip
    assert result.exit_code == 2
    assert "more.jsonl" in result.stderr
    assert "d0" in result.stderr


def test_without_labelled_reports_and_without_a_model_there_is_nothing_to_do(run: Run) -> None:
    write_csv("reports.csv", reports(range(2011, 2012), rag=False))
    result = run("risk", "--reports", "reports.csv", "--out", "out.jsonl")
    assert result.exit_code == 2
    assert "--model" in result.stderr
