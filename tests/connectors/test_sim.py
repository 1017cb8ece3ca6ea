"""The simulated systems as a process: faults from outside, what was written, and surviving a kill."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from connectors.errors import OutcomeUnknown, SignInRefused, SystemDown
from connectors.http import connect
from connectors.sim.firm_files import read_firm
from connectors.sim.twin import Seed, Twin
from connectors.testing import TOKEN, serving, settings
from models.actions import SYSTEMS

SIGNED_IN = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def admin(twin: Twin) -> Iterator[httpx.Client]:
    """A signed-in client of a served twin."""
    with serving(twin) as url, httpx.Client(base_url=url, headers=SIGNED_IN) as client:
        yield client


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Start a process with these options, on the same file each time; it and its URL."""
    started: list[subprocess.Popen[str]] = []

    def run(*options: str) -> tuple[subprocess.Popen[str], str]:
        port_file = tmp_path / f"port-{len(started)}"
        command = [
            sys.executable,
            "-m",
            "connectors.sim",
            "--db",
            tmp_path / "sim.db",
            "--port-file",
            port_file,
        ]
        process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
        started.append(process)
        give_up = time.monotonic() + 60
        while not port_file.exists():
            assert process.poll() is None
            assert time.monotonic() < give_up
            time.sleep(0.02)
        return process, f"http://127.0.0.1:{port_file.read_text().strip()}"

    yield run
    for process in started:
        process.kill()
        process.communicate()


def test_a_killed_process_keeps_what_it_confirmed(start, writes) -> None:
    body = writes["send_reminder"].body
    first, url = start()
    port = url.rpartition(":")[2]
    erp = connect(settings(url)).erp
    written = erp.write("send_reminder", body, idempotency_key="key-1")

    first.kill()
    first.wait()
    with pytest.raises(SystemDown):
        erp.write("send_reminder", body, idempotency_key="key-1")

    start("--port", port)
    assert erp.write("send_reminder", body, idempotency_key="key-1").record_id == written.record_id
    assert erp.find("send_reminder", "key-1") is not None
    erp.close()


def test_told_to_stop_it_stops_although_an_answer_hangs(start, writes) -> None:
    process, url = start()
    assert f"on {url}" in process.stdout.readline()
    httpx.put(f"{url}/_sim/faults/erp", json={"lose_replies": 1, "lost_how": "hang"}, headers=SIGNED_IN)
    erp = connect(settings(url, read_seconds=0.2)).erp
    with pytest.raises(OutcomeUnknown, match="no answer in time"):
        erp.write("send_reminder", writes["send_reminder"].body, idempotency_key="key-1")
    erp.close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) in (0, -signal.SIGTERM)


def test_it_starts_with_the_firms_files_and_without_keys(start, tmp_path: Path, writes) -> None:
    (tmp_path / "invoices.csv").write_text(
        "invoice_id,customer_id,project_id,issued_on,due_on,amount,currency,paid_on\n"
        "I-1,K-1,J-1,2026-02-01,2026-03-01,900.10,EUR,\n"
    )
    process, url = start("--firm", str(tmp_path), "--no-keys")
    assert "1 records taken" in process.stdout.readline()
    erp = connect(settings(url)).erp
    assert str(erp.invoice("I-1").amount) == "EUR 900.10"
    for _ in range(2):
        assert not erp.write("hold_invoice", writes["hold_invoice"].body, idempotency_key="key-1").replayed
    erp.close()
    counts = httpx.get(f"{url}/_sim/records", headers=SIGNED_IN).json()
    assert counts == {
        "written": 2,
        "references": 1,
        "by_resource": {"erp/invoice-holds": 2},
        "duplicated": {"key-1": 2},
    }


def test_the_firms_files_fill_what_the_ports_read(tmp_path: Path, twin: Twin) -> None:
    files = {
        "contracts.csv": "contract_id,client_id,title,kind,signed_on,starts_on,ends_on,value,currency,file\n"
        "C-1,K-1,Frame,framework,,2026-01-01,,50000.00,EUR,c.txt\n",
        "assignments.csv": "assignment_id,person_id,project_id,role,starts_on,ends_on,hours_per_week,state\n"
        "A-1,P-1,J-1,Engineer,2026-01-01,2026-02-01,37.5,booked\n",
        "time_entries.csv": "entry_id,person_id,project_id,work_item_id,activity,started_at,ended_at,minutes,"
        "planned_minutes,note,submitted_at,state\n"
        'T-1,P-1,J-1,,,2026-03-03T09:00:00,2026-03-03T10:00:00,60,,"a, note",,submitted\n',
        "people.csv": "person_id,name,email,title,practice,office,manager_id,cost_rate,bill_rate,currency,"
        "capacity_hours_per_week,starts_on,ends_on\n"
        "P-1,Ada,a@example.com,Engineer,Data,Berlin,,50,100,EUR,40,2020-01-01,\n",
        "skills.csv": "person_id,skill,level,last_used_on\nP-1,dbt,3,\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert twin.plant(read_firm(tmp_path)) == 4
    with serving(twin) as url:
        connectors = connect(settings(url))
        assert str(connectors.crm.contract("C-1").value) == "EUR 50,000.00"
        assert connectors.psa.assignment("A-1").ends_on.isoformat() == "2026-02-01"
        assert connectors.psa.time_entry("T-1").started_at.isoformat() == "2026-03-03T09:00:00+00:00"
        assert connectors.hris.employee("P-1").ends_on is None
        connectors.close()


def test_another_token_is_not_let_in(twin: Twin, writes) -> None:
    with serving(twin) as url:
        erp = connect(settings(url, token="wrong")).erp
        with pytest.raises(SignInRefused):
            erp.write("send_reminder", writes["send_reminder"].body, idempotency_key="key-1")
        with pytest.raises(SignInRefused):
            erp.find("send_reminder", "key-1")
        assert twin.book.written() == ()
        erp.close()
        assert httpx.get(f"{url}/_sim/records").status_code == 401


def test_faults_are_set_seen_and_healed_one_system_at_a_time(admin: httpx.Client) -> None:
    set_ = admin.put("/_sim/faults/erp", json={"down": True})
    assert set_.status_code == 200
    faults = admin.get("/_sim/faults").json()
    assert {system for system in SYSTEMS if faults[system]["down"]} == {"erp"}
    assert admin.get("/erp/invoices").status_code == 503
    assert admin.get("/psa/risks").status_code == 200
    admin.delete("/_sim/faults")
    assert admin.get("/erp/invoices").json() == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"lose_replies": 1.5}, "more than all"),
        ({"slow_seconds": -1}, "back in time"),
        ({"lost_how": "politely"}, "no such way"),
        ({"dwon": True}, "misspelt"),
    ],
)
def test_a_fault_that_cannot_be_meant(admin: httpx.Client, fault: dict[str, object], reason: str) -> None:
    assert admin.put("/_sim/faults/erp", json=fault).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/erp/invoices", {}, 405),  # read only
        ("POST", "/erp/risks", {}, 405),  # another system's
        ("POST", "/erp/reminders", {}, 422),  # fields missing
        ("POST", "/erp/reminders", [], 422),
        ("GET", "/erp/risks", None, 404),
        ("GET", "/erp/invoices/I-1", None, 404),
        ("GET", "/mes/orders", None, 422),
    ],
)
def test_what_the_systems_do_not_have(
    admin: httpx.Client, method: str, path: str, body: object, status: int
) -> None:
    assert admin.request(method, path, json=body).status_code == status


def test_a_seed_is_taken_whole_or_not_at_all(admin: httpx.Client, seed: Seed) -> None:
    records = seed.model_dump(mode="json")["records"]
    bad = {**records, "hris": {"employees": [{"id": "P-1", "name": "Ada"}]}}
    assert admin.post("/_sim/seed", json={"records": bad}).status_code == 422
    assert admin.get("/erp/invoices").json() == []
    assert admin.post("/_sim/seed", json={"records": {"erp": {"reminders": []}}}).json() == {"planted": 0}
    assert (
        admin.post("/_sim/seed", json={"records": {"erp": {"reminders": [{"id": "x"}]}}}).status_code == 422
    )
    assert admin.post("/_sim/seed", json={"records": records}).json() == {"planted": 4}
    assert [invoice["id"] for invoice in admin.get("/erp/invoices").json()] == ["I-1"]


def test_planting_the_same_again_changes_no_version(twin: Twin, seed: Seed) -> None:
    for _ in range(2):
        twin.plant(seed)
    assert twin.book.get("erp", "invoices", "I-1").version == 1


def test_the_page_shows_what_was_written_and_runs_none_of_it(twin: Twin, writes) -> None:
    with serving(twin) as url:
        erp = connect(settings(url)).erp
        written = erp.write("send_reminder", writes["send_reminder"].body, idempotency_key="key-1")
        erp.close()
        httpx.put(f"{url}/_sim/faults/psa", json={"down": True}, headers=SIGNED_IN)
        page = httpx.get(url)
    assert page.headers["content-type"].startswith("text/html")
    assert written.record_id in page.text
    assert "key-1" in page.text
    assert "It is due. &lt;b&gt;Please&lt;/b&gt; pay." in page.text
    assert "down: True" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_the_file_can_be_looked_at_meanwhile(tmp_path: Path, twin: Twin, writes) -> None:
    with serving(twin) as url:
        erp = connect(settings(url)).erp
        erp.write("send_reminder", writes["send_reminder"].body, idempotency_key="key-1")
        with sqlite3.connect(tmp_path / "sim.db") as reader:
            assert reader.execute("select external_ref from record").fetchall() == [("key-1",)]
        reader.close()
        erp.close()


def test_a_share_of_replies_is_lost_and_none_of_the_records(tmp_path: Path, writes) -> None:
    """Against a system without keys that loses 40% of its replies: look before sending again, and every
    write is there once."""
    twin = Twin(tmp_path / "lossy.db", ignore_keys=True, seed=7)
    twin.faults["erp"] = twin.faults["erp"].model_copy(update={"lose_replies": 0.4})
    with serving(twin) as url:
        erp = connect(settings(url, keys=False)).erp
        lost = 0
        for number in range(40):
            key = f"key-{number}"
            while erp.find("send_reminder", key) is None:
                try:
                    erp.write("send_reminder", writes["send_reminder"].body, idempotency_key=key)
                except OutcomeUnknown:
                    lost += 1
        erp.close()
        assert 5 <= lost <= 30
        assert sorted(e.external_ref for e in twin.book.written()) == sorted(f"key-{n}" for n in range(40))
