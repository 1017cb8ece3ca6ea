"""`chargehand score invoices|time|bench`: files in, files out, metrics, kept models and exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from api.cli.score import COMMANDS, app
from models.predict.base import load_card

INVOICES = "invoice_id,customer_id,issued_on,due_on,amount,currency"


def invoices(path: Path, rows: int, *, paid: bool, first: int = 0) -> Path:
    random = np.random.default_rng(first)
    lines = [INVOICES + (",paid_on" if paid else "")]
    for n in range(first, first + rows):
        issued = pd.Timestamp("2024-01-01") + pd.Timedelta(days=n)
        line = f"i{n},c{n % 3},{issued:%Y-%m-%d},{issued + pd.Timedelta(days=14):%Y-%m-%d},100.50,EUR"
        days = int(random.integers(5, 30))
        lines.append(line + (f",{issued + pd.Timedelta(days=days):%Y-%m-%d}" if paid else ""))
    path.write_text("\n".join(lines) + "\n")
    return path


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_invoices_with_metrics_and_a_kept_model(tmp_path: Path) -> None:
    history = invoices(tmp_path / "h.csv", 40, paid=True)
    open_ones = invoices(tmp_path / "o.csv", 10, paid=False, first=60)
    truth = tmp_path / "t.csv"
    truth.write_text("invoice_id,paid_on\n" + "".join(f"i{n},2024-04-{n - 50:02d}\n" for n in range(60, 70)))
    common = ("--open", open_ones, "--model", tmp_path / "model")
    code, out, _ = run(
        "invoices", *common, "--history", history, "--truth", truth, "--out", tmp_path / "p.csv", "--json"
    )
    assert code == 0
    metrics = json.loads(out)
    assert metrics["invoices"] == 10
    assert {"brier", "coverage", "mean_absolute_error"} <= set(metrics)
    predicted = pd.read_csv(tmp_path / "p.csv")
    assert list(predicted.columns) == [
        "invoice_id", "p_late", "days_expected", "days_low", "days_high", "reasons",
    ]  # fmt: skip
    assert list(predicted["invoice_id"]) == [f"i{n}" for n in range(60, 70)]

    code, _, _ = run("invoices", *common, "--out", tmp_path / "again.csv")
    assert code == 0
    assert (tmp_path / "again.csv").read_text() == (tmp_path / "p.csv").read_text()
    _, _, said = run("invoices", *common, "--history", history, "--out", tmp_path / "again.csv")
    assert "using the model" in said
    kept = load_card(tmp_path / "model")
    newest = pd.read_csv(history)[["issued_on", "paid_on"]].max().max()
    assert kept is not None
    assert kept.until == newest, "the card tells what the model cannot have seen"
    other = invoices(tmp_path / "h2.csv", 30, paid=True)
    _, _, said = run("invoices", *common, "--history", other, "--out", tmp_path / "again.csv")
    assert "replaced the model" in said


def test_bad_input_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    history = invoices(tmp_path / "h.csv", 5, paid=True)
    history.write_text(history.read_text().replace("100.50", "much", 1))
    open_ones = invoices(tmp_path / "o.csv", 3, paid=False)
    open_ones.write_text(open_ones.read_text().replace("EUR", "euro", 1))
    arguments = ("invoices", "--history", history, "--open", open_ones, "--out", tmp_path / "p.csv")
    code, out, said = run(*arguments)
    assert code == 2
    assert f"{history}:2, column amount: 'much' is not a decimal number" in said
    assert f"{open_ones}:2, column currency" in said
    assert out == ""
    code, _, _ = run(*arguments, "--rejects", tmp_path / "rejects.csv")
    assert code == 1
    rejects = pd.read_csv(tmp_path / "rejects.csv")
    assert list(rejects["column"]) == ["amount", "currency"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["h.csv", "o.csv", "rejects.csv"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--history", "{tmp}/none.csv"], "does not exist"),
        ([], "nothing to fit a model on"),
        (["--model", "{tmp}/empty"], "There is no fitted model in"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, arguments: list[str], says: str) -> None:
    open_ones = invoices(tmp_path / "o.csv", 3, paid=False)
    given = [a.format(tmp=tmp_path) for a in arguments]
    code, _, said = run("invoices", "--open", open_ones, "--out", tmp_path / "p.csv", *given)
    assert code == 2
    assert says in " ".join(said.replace("│", " ").split())


def test_time_with_labels(tmp_path: Path) -> None:
    header = (
        "entry_id,person_id,project_id,work_item_id,activity,started_at,ended_at,minutes,planned_minutes\n"
    )
    lines = [
        f"e{n},p,j,w{n},Code,2024-03-0{n + 4}T09:00,2024-03-0{n + 4}T11:00,110,120\n" for n in range(5)
    ] + ["e9,p,j,w9,Code,2024-03-11T12:00,2024-03-11T13:00,1500,60\n"]
    (tmp_path / "e.csv").write_text(header + "".join(lines))
    (tmp_path / "t.csv").write_text("entry_id,kind\ne0,\ne1,\ne2,\ne3,\ne4,\ne9,impossible_day\n")
    files = ("--entries", tmp_path / "e.csv", "--truth", tmp_path / "t.csv", "--out", tmp_path / "p.csv")
    code, out, _ = run("time", *files, "--json")
    assert code == 0
    metrics = json.loads(out)
    assert metrics["average_precision"] == 1
    assert metrics["recall_at_k"] == {"impossible_day": 1}
    rows = (tmp_path / "p.csv").read_text().splitlines()
    assert rows[0] == "entry_id,score,flagged,kinds,reason"
    assert rows[-1].startswith("e9,0.99,true,")
    assert "impossible_day" in rows[-1]
    assert "25.0 h in one day" in rows[-1]
    assert rows[1] == "e0,0.0,false,,"


def test_bench_with_truth(tmp_path: Path) -> None:
    rows = [f"p{n},{period},{160 - 15 * (n % 9)}\n" for n in range(30) for period in range(1, 5)]
    (tmp_path / "h.csv").write_text("person_id,period,hours\n" + "".join(rows))
    (tmp_path / "p.csv").write_text("person_id,period,hours\nq1,1,150\nq1,2,155\nq2,1,40\nq2,2,40\n")
    (tmp_path / "t.csv").write_text("person_id,hours\nq1,150\nq2,40\n")
    files = ("--history", tmp_path / "h.csv", "--people", tmp_path / "p.csv", "--truth", tmp_path / "t.csv")
    keep = ("--model", tmp_path / "model", "--until", "2026-01-31")
    code, out, _ = run("bench", *files, "--out", tmp_path / "o.csv", "--json", *keep)
    assert code == 0
    kept = load_card(tmp_path / "model")
    assert kept is not None
    assert kept.until == "2026-01-31"
    assert json.loads(out)["auc"] == 1
    assert list(pd.read_csv(tmp_path / "o.csv")["person_id"]) == ["q1", "q2"]


def test_help_lists_every_command_and_the_group_itself_is_quick_to_load() -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert all(f" {name} " in out for name in COMMANDS)
    script = "import sys, api.cli.score; sys.exit(bool({'numpy', 'pandas', 'sklearn'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
