"""An export is checked by people who have neither Chargehand nor its database: one file, `python -I`, in an
empty directory."""

import ast
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from store.admin import audit_unguarded
from store.db import Database
from tests.workflow.audit_log import ADMIN, KEEPER, KEY, anchor, say, written_anew
from workflow import verify_export
from workflow.export import export
from workflow.redaction import redact
from workflow.verify_export import Unreadable, check_export

Owner = psycopg.Connection[Any]
Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def folder(db: Database, tmp_path: Path) -> Path:
    """Anchors of entries 4 and 8, which hold words that are not plain ASCII."""
    for hour in range(2):
        say(db, 2)
        say(db, 1, personal='Grüße, "schönes"\u2028Wochenende \\ 😀')
        anchor(db, tmp_path / "anchors", hour)
    return tmp_path / "anchors"


@pytest.fixture
def exported(db: Database, tmp_path: Path) -> Callable[..., Path]:
    def write(**options: Any) -> Path:
        with db.tx(KEEPER, "worker") as tx:
            export(tx, tmp_path / "log.jsonl", **options)
        return tmp_path / "log.jsonl"

    return write


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The verifier as it is given away."""
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "verify.py").write_bytes(Path(verify_export.__file__).read_bytes())

    def started(file: Path, *options: object) -> tuple[int, dict[str, Any]]:
        command = [sys.executable, "-I", "verify.py", str(file), "--json", *map(str, options)]
        done = subprocess.run(command, cwd=empty, capture_output=True, text=True, check=False, env={})
        return done.returncode, json.loads(done.stdout) if done.stdout else {"error": done.stderr}

    return started


def altered(file: Path, change: Callable[[list[Any]], None]) -> Path:
    """The export with its lines, as JSON, changed."""
    lines = [json.loads(line) for line in file.read_text("utf-8").split("\n")[:-1]]
    change(lines)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return file


def test_it_needs_python_only() -> None:
    tree = ast.parse(Path(verify_export.__file__).read_text("utf-8"))
    named = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    named |= {str(n.module) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in named} <= set(sys.stdlib_module_names)


def test_a_whole_export_and_its_anchors_hold(exported: Any, folder: Path, run: Run) -> None:
    code, report = run(exported(), "--anchors", folder, "--trust", KEY.id)
    assert (code, report["whole"], report["faults"]) == (0, True, [])
    assert (report["first"], report["last"], report["anchors"], report["keys"]) == (1, 9, 2, [KEY.id])
    assert (report["personal_shown"], report["personal_hidden"]) == (0, 2), "no words unless asked for"
    assert "Grüße" not in exported().read_text("utf-8")
    assert "Grüße" in exported(personal=True).read_text("utf-8")
    code, report = run(exported(personal=True), "--anchors", folder)
    assert (code, report["personal_shown"]) == (0, 2)


def test_an_extract_holds_for_itself(exported: Any, folder: Path, run: Run, monkeypatch: Any) -> None:
    monkeypatch.setattr("workflow.export.BATCH", 2)
    file = exported(first=3, last=7)
    assert run(file, "--anchors", folder, "--partial")[0] == 0
    assert run(file)[1]["faults"] == [
        {"where": "export", "says": "it begins at entry 3: an extract is checked --partial"}
    ]


def test_the_log_says_who_was_given_what(db: Database, exported: Any, folder: Path, owner: Owner) -> None:
    exported(first=2, last=3, personal=True)
    told = owner.execute("select action, body from audit.event order by seq desc limit 1").fetchone()
    assert told == ("audit.exported", {"first": 2, "last": 3, "personal_values": True})


def alter_text(lines: list[Any]) -> None:
    lines[3]["text"] = lines[3]["text"].replace("thing.done", "thing.undone")


def alter_words(lines: list[Any]) -> None:
    lines[4]["personal"]["reason"]["value"] = "Other words"


def cut_tail(lines: list[Any]) -> None:
    del lines[-3:]


def cut_tail_and_say_so(lines: list[Any]) -> None:
    del lines[-3:]
    lines[0]["to"] = 6


def cut_middle(lines: list[Any]) -> None:
    del lines[4]


def cut_head(lines: list[Any]) -> None:
    del lines[1]


def of_another_log(lines: list[Any]) -> None:
    lines[0]["log"] = "00000000-0000-0000-0000-000000000000"


def unlink(lines: list[Any]) -> None:
    lines[3]["prev"] = "11" * 32
    lines[3]["hash"] = hashlib.sha256(b"\x11" * 32 + lines[3]["text"].encode()).hexdigest()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (alter_text, "it was altered"),
        (alter_words, "its personal field reason was altered"),
        (cut_tail, "it says that it holds entries 1 to 9, and it holds 1 to 6"),
        (cut_tail_and_say_so, "entry 8 is missing: these are entries 1 to 6"),
        (cut_middle, "it comes after entry 3: entries are missing"),
        (cut_head, "it begins at entry 2"),
        (of_another_log, "it is of another log"),
        (unlink, "it does not follow the one before it"),
    ],
)
def test_an_altered_export_is_seen(change: Any, says: str, exported: Any, folder: Path, run: Run) -> None:
    code, report = run(altered(exported(personal=True), change), "--anchors", folder)
    assert code == 1 and not report["whole"]
    assert any(says in f["says"] for f in report["faults"]), report["faults"]


def test_a_log_written_anew_is_shown_by_anchors_only(
    exported: Any, owner: Owner, folder: Path, run: Run
) -> None:
    written_anew(owner, "update audit.event set actor = 'leo' where seq = 3")
    assert run(exported())[0] == 0
    code, report = run(exported(), "--anchors", folder)
    assert code == 1 and "entry 4 is not the one that was anchored" in {f["says"] for f in report["faults"]}


def test_what_was_redacted_is_not_exported_and_the_rest_holds(
    db: Database, exported: Any, folder: Path, run: Run
) -> None:
    with db.tx(ADMIN, "steward") as tx:
        assert redact(tx, about=None, entry=4, reason="Asked") == 1
    code, report = run(exported(personal=True), "--anchors", folder)
    assert (code, report["personal_shown"], report["personal_hidden"]) == (0, 2, 1)


def test_what_the_chain_of_the_database_hides_the_export_shows(
    exported: Any, owner: Owner, folder: Path, run: Run
) -> None:
    with audit_unguarded(owner):
        owner.execute("update audit.event set body = '{}' where seq = 3")
    code, report = run(exported())
    assert (code, report["faults"]) == (1, [{"where": "entry 3", "says": "it was altered"}])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}\n",
        "not JSON\n",
        '{"format":"chargehand-audit/1","log":"x","to":1}\n{"prev":"00","hash":"00","text":"[1]"}\n',
        '{"format":"chargehand-audit/1","log":"x","to":1}\n{"prev":1,"hash":"00","text":"[]"}\n',
        '{"format":"chargehand-audit/1","log":"x","to":1}\n'
        '{"prev":"00","hash":"00","text":"[1,0,\\"\\",\\"\\",\\"\\",\\"\\",7]"}\n',
    ],
)
def test_what_is_no_export_is_said(text: str, tmp_path: Path, run: Run) -> None:
    with pytest.raises(Unreadable):
        check_export(text.splitlines(keepends=True))
    (tmp_path / "x.jsonl").write_text(text)
    assert run(tmp_path / "x.jsonl")[0] == 2
