"""`chargehand score staffing`, `score routing` and `plan` as their users run them: files in, files out."""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from api.cli.main import app
from models.predict.plan_check import check_plan
from models.predict.plan_problem import Plan, Problem

WHO = {"ledger does not balance": "ada", "website is slow": "bo", "train the users": "cy"}
HISTORY = pd.DataFrame(
    [
        (f"r{k}", date(2024, 1, 1) + timedelta(days=k), "P1", "Support", f"{what} {k}", 1, 2.5, who)
        for k, (what, who) in enumerate(list(WHO.items()) * 10)
    ],
    columns=[
        *("request_id", "requested_on", "project_id", "role_or_category"),
        *("summary", "priority", "hours_estimate", "person_id"),
    ],
)
INTENTS = pd.DataFrame(
    [
        (f"{opening} {end}", intent)
        for intent, openings in {
            "who_is_free": ("who is free", "who has time", "is anyone available"),
            "log_hours": ("log three hours", "record my time", "enter half a day"),
            "late_invoices": ("show unpaid invoices", "who owes us money", "which bills are overdue"),
        }.items()
        for opening in openings
        for end in ("today", "this week", "for Acme", "since May", "please")
    ],
    columns=["text", "intent"],
)
PROBLEM = {
    "problem_id": "p",
    "skills": ["a", "b"],
    "people": [{"person_id": "x", "skills": ["a", "b"]}, {"person_id": "y", "skills": ["a"]}],
    "work": [
        {"work_id": "A", "duration": 3, "needs": {"a": 1}, "after": []},
        {"work_id": "B", "duration": 2, "needs": {"b": 1}, "after": []},
        {"work_id": "C", "duration": 2, "needs": {"a": 2}, "after": ["A"]},
    ],
}


def chargehand(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with good input for every command."""
    HISTORY.to_csv(tmp_path / "history.csv", index=False)
    requests = HISTORY.tail(3).assign(request_id=["n1", "n2", "n3"], requested_on=date(2024, 2, 1))
    requests.drop(columns="person_id").to_csv(tmp_path / "requests.csv", index=False)
    requests[["request_id", "person_id"]].to_csv(tmp_path / "doers.csv", index=False)
    INTENTS.to_csv(tmp_path / "labelled.csv", index=False)
    utterances = pd.DataFrame(
        [("u1", "who is free tomorrow"), ("u2", 'tell me a joke, "quoted"\nover two lines')],
        columns=["utterance_id", "text"],
    )
    utterances.to_csv(tmp_path / "utterances.csv", index=False)
    (tmp_path / "problem.json").write_text(json.dumps(PROBLEM, indent=2), encoding="utf-8")
    return tmp_path


STAFFING = ("score", "staffing", "--history", "history.csv", "--requests", "requests.csv")
ROUTING = ("score", "routing", "--labelled", "labelled.csv", "--utterances", "utterances.csv")
PLAN = ("plan", "problem.json")


def run(files: Path, *arguments: str) -> Result:
    """A command whose file names are in the folder, writing to `out` there."""
    named = [files / a if a.endswith((".csv", ".json")) else a for a in arguments]
    return chargehand(*named, "--out", files / "out")


def test_staffing_ranks_people_and_measures_itself(files: Path) -> None:
    result = run(files, *STAFFING, "--truth", "doers.csv", "--json")
    assert result.exit_code == 0, result.output
    out = pd.read_csv(files / "out")
    assert list(out) == ["request_id", "rank", "person_id", "score", "reasons"]
    assert out["request_id"].tolist() == [r for r in ("n1", "n2", "n3") for _ in WHO]
    figures = json.loads(result.stdout)
    assert figures == {"requests": 3, "hit_at_1": 1.0, "hit_at_3": 1.0, "mean_reciprocal_rank": 1.0}


def test_routing_names_intents_and_measures_itself(files: Path) -> None:
    truth = pd.DataFrame({"utterance_id": ["u2", "u1"], "intent": ["out_of_scope", "who_is_free"]})
    truth.to_csv(files / "truth.csv", index=False)
    result = run(files, *ROUTING, "--truth", "truth.csv", "--json")
    assert result.exit_code == 0, result.output
    out = pd.read_csv(files / "out")
    assert list(out) == ["utterance_id", "intent", "confidence"]
    assert out["intent"].tolist() == ["who_is_free", "out_of_scope"]
    assert json.loads(result.stdout) == {"utterances": 2, "in_scope_accuracy": 1, "out_of_scope_recall": 1}


@pytest.mark.parametrize("command", [STAFFING, ROUTING], ids=["staffing", "routing"])
def test_a_kept_model_answers_the_same_without_what_it_was_fitted_on(files: Path, command: Any) -> None:
    assert run(files, *command, "--model", str(files / "model")).exit_code == 0
    first = (files / "out").read_text()
    without = command[:2] + command[4:]
    assert run(files, *without, "--model", str(files / "model")).exit_code == 0
    assert (files / "out").read_text() == first
    assert run(files, *without).exit_code == 2  # nothing to learn from, and no model


def test_plan_writes_a_sound_plan(files: Path) -> None:
    result = run(files, *PLAN, "--time-limit", "100000")  # counted from the start of the test's process
    assert result.exit_code == 0, result.output
    written = json.loads((files / "out").read_text())
    assert list(written) == ["problem_id", "status", "makespan", "lower_bound", "starts", "people"]
    assert (written["status"], written["makespan"], written["lower_bound"]) == ("optimal", 5, 5)
    assert check_plan(Problem.model_validate(PROBLEM), Plan.model_validate(written)) == []


def test_plan_answers_that_a_problem_has_no_plan(files: Path) -> None:
    circle = PROBLEM | {"work": [{"work_id": "A", "duration": 1, "needs": {}, "after": ["A"]}]}
    (files / "problem.json").write_text(json.dumps(circle), encoding="utf-8")
    result = run(files, *PLAN)
    assert result.exit_code == 0
    assert "A -> A" in result.stderr
    assert json.loads((files / "out").read_text())["status"] == "infeasible"


def hard_problem(seed: int, works: int, people: int) -> dict[str, Any]:
    """Random work for people of one to three out of four skills. Each piece of work needs what some of the
    people can serve at once, so there is a plan; which is the shortest takes minutes to prove."""
    generator = random.Random(seed)
    team = [(f"p{k}", generator.sample("abcd", generator.randint(1, 3))) for k in range(people)]
    work = []
    for k in range(works):
        served = Counter(generator.choice(own) for _, own in generator.sample(team, generator.randint(1, 4)))
        before = {f"w{generator.randrange(max(0, k - 12), k)}" for _ in range(2)} if k else set()
        duration = generator.randint(1, 10)
        work.append({"work_id": f"w{k}", "duration": duration, "needs": served, "after": sorted(before)})
    people_of = [{"person_id": name, "skills": own} for name, own in team]
    return {"problem_id": f"hard-{seed}", "skills": [*"abcd"], "people": people_of, "work": work}


def test_plan_keeps_its_time_limit_on_a_hard_problem(files: Path) -> None:
    hard = hard_problem(seed=0, works=60, people=7)
    (files / "problem.json").write_text(json.dumps(hard), encoding="utf-8")
    start = time.monotonic()
    command = [sys.executable, "-c", "from api.cli.main import main; main()", "plan", files / "problem.json"]
    subprocess.run([*command, "--time-limit", "3", "--out", files / "out"], check=True, capture_output=True)
    assert time.monotonic() - start < 15  # a busy machine may take most of it to start and end Python
    plan = Plan.model_validate_json((files / "out").read_text())
    assert check_plan(Problem.model_validate(hard), plan) == []


@pytest.mark.parametrize(
    ("command", "file", "content", "says"),
    [
        (STAFFING, "history.csv", "request_id\nr1\n", "column missing"),
        (STAFFING, "history.csv", HISTORY.head(0).to_csv(index=False), "0 rows"),
        (STAFFING, "requests.csv", HISTORY.assign(priority="high").to_csv(index=False), "line 2"),
        (STAFFING, "requests.csv", HISTORY.assign(mood="bad").to_csv(index=False), "mood"),
        (STAFFING, "requests.csv", HISTORY.assign(requested_on="01/02/24").to_csv(index=False), "not a date"),
        (ROUTING, "labelled.csv", "text,intent\nhello,\n", "value missing"),
        (ROUTING, "labelled.csv", "text,intent\nhello,greet\n", "at least three intents"),
        (ROUTING, "utterances.csv", "utterance_id,text\nu1,hi\nu1,ho\n", "already"),
        (PLAN, "problem.json", "{", "JSON"),
        (PLAN, "problem.json", json.dumps(PROBLEM | {"people": 3}), "people"),
        (PLAN, "problem.json", json.dumps(PROBLEM | {"skills": ["b"]}), "unknown skill a"),
    ],
)
def test_bad_input_is_refused_with_its_reason(
    files: Path, command: Any, file: str, content: str, says: str
) -> None:
    (files / file).write_text(content, encoding="utf-8")
    result = run(files, *command)
    assert result.exit_code == 2
    assert says.replace("line 2", f"{file}:2") in result.stderr
    assert not (files / "out").exists()


def test_rejects_collects_the_problems_of_a_plan(files: Path) -> None:
    (files / "problem.json").write_text(json.dumps(PROBLEM | {"people": 3, "skills": 4}), encoding="utf-8")
    result = run(files, *PLAN, "--rejects", str(files / "rejects.csv"))
    assert result.exit_code == 1
    assert pd.read_csv(files / "rejects.csv")["column"].tolist() == ["skills", "people"]
