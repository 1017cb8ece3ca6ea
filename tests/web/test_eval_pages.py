"""`chargehand eval view`: the pages in a real browser, with Inspect's viewer beside them."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Literal
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from api.cli.eval_site import site
from api.server import bound
from evals.cases import Step
from evals.running import run as measure
from evals.runs import ROWS, keep
from evals.subjects import Subject
from evals.suite import setting
from evals.suites.routing.suite import SUITE
from tests.api.small_firm import served
from tests.web.conftest import PHONE
from tests.web.test_everybody import violations

HOSTILE = "Book \u202ehim</p><script>document.title='taken'</script>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of six sentences through the copilot's own graph, of which the second went wrong by hand."""
    found = tmp_path_factory.mktemp("runs")
    few = replace(SUITE, cases=lambda within: SUITE.cases(within)[::25])
    # In a thread of its own: Playwright's loop may already run in this one, and Inspect starts another.
    with setting(Subject(), small=True) as within, ThreadPoolExecutor(1) as thread:
        first = thread.submit(measure, few, within, found).result()
    rows = [
        r.model_copy(
            update={
                "verdict": r.verdict.model_copy(
                    update={"passed": n % 3 > 0, "fault": HOSTILE, "values": {"p": n / 6, "y": float(n > 2)}}
                ),
                "trace": (*r.trace, Step(kind="proposed", by="propose_assignment", data={"proposal": "p-1"})),
            }
        )
        for n, r in enumerate(first.rows)
    ]
    keep(
        found,
        first.facts.model_copy(update={"run_id": f"{first.facts.run_id}-b", "subject": "rules copilot/v2"}),
        rows,
        first.log,
    )
    return found


@pytest.fixture(scope="module")
def ids(folder: Path) -> list[str]:
    return sorted(f.name for f in folder.iterdir())


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    listener = bound("127.0.0.1", 0)
    with site(folder, [], {}) as application, served(application, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """A page that may ask nobody else for anything, and complains about nothing."""
    context = chromium.new_context(base_url=address)
    context.set_default_timeout(15_000)
    found, complaints = context.new_page(), list[str]()
    found.on("request", lambda r: None if r.url.startswith(address) else complaints.append(r.url))
    found.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    found.on("pageerror", lambda error: complaints.append(str(error)))
    yield found
    context.close()
    assert [c for c in complaints if "favicon" not in c and "404" not in c] == []


def paths(ids: list[str]) -> list[str]:
    return ["index.html", "leaderboard.html", f"{ids[1]}.html", f"{ids[0]}..{ids[1]}.html", "nope.html"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_can_be_used_by_everybody(
    page: Page, ids: list[str], scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    wrong = {}
    for path in paths(ids):
        page.goto(path)
        page.locator("details").evaluate_all("all => all.forEach(d => d.open = true)")
        if found := violations(page):
            wrong[path] = found
    assert wrong == {}


def test_nothing_is_wider_than_a_phone(page: Page, ids: list[str]) -> None:
    page.set_viewport_size(PHONE)
    wide = {}
    for path in paths(ids):
        page.goto(path)
        page.locator("details").evaluate_all("all => all.forEach(d => d.open = true)")
        if (over := page.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
            wide[path] = over
    assert wide == {}


def test_two_runs_are_chosen_and_a_row_is_followed_to_inspects_viewer(page: Page, ids: list[str]) -> None:
    page.goto("/")
    page.get_by_label("Before").select_option(ids[0])
    page.get_by_label("After").select_option(ids[1])
    page.get_by_role("button", name="Compare").click()
    expect(page).to_have_url(re.compile(re.escape(f"{ids[0]}..{ids[1]}.html")))
    row = page.locator("details.row").first
    row.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(row).to_contain_text("⟦U+202E⟧him</p><script>")
    expect(row.get_by_text("p-1")).to_be_visible()
    assert page.title() != "taken"
    name = row.locator("code").first.inner_text()
    row.get_by_role("link", name="In Inspect's viewer").last.click()
    expect(page.get_by_text("transcript", exact=False).first).to_be_visible()
    expect(page.get_by_text(name).first).to_be_visible()


def test_rows_are_found_by_words_and_group(page: Page, ids: list[str]) -> None:
    page.goto(f"{ids[0]}..{ids[1]}.html")
    rows = page.locator("details.row:visible")
    count = rows.count()
    kind = page.get_by_role("combobox", name="Kind").locator("option").nth(1).inner_text()
    page.get_by_role("combobox", name="Kind").select_option(kind)
    expect(page.locator("output")).to_have_text(f"{rows.count()} of {count} rows")
    assert 0 < rows.count() < count
    page.get_by_label("Find").fill("no such words")
    expect(rows).to_have_count(0)


def test_without_scripts_every_row_opens(chromium: Browser, address: str, ids: list[str]) -> None:
    context = chromium.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{ids[0]}..{ids[1]}.html")
    expect(page.locator("form.finder")).to_be_hidden()
    page.locator("details.row summary").first.click()
    expect(page.get_by_role("heading", name="Before", exact=True)).to_be_visible()
    page.locator("noscript a").first.click()
    expect(page).to_have_url(re.compile("#row-"))
    context.close()


def test_an_altered_run_is_named_and_the_others_shown(
    chromium: Browser, folder: Path, ids: list[str], tmp_path: Path
) -> None:
    for id in ids:
        (tmp_path / id).mkdir()
        for file in (folder / id).iterdir():
            (tmp_path / id / file.name).write_bytes(file.read_bytes())
    with (tmp_path / ids[0] / ROWS).open("a") as rows:
        rows.write("\n")
    listener = bound("127.0.0.1", 0)
    with site(tmp_path, [], {}) as application, served(application, listener):
        page = chromium.new_page()
        page.goto(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        expect(page.get_by_text(f"The files of run {ids[0]} are not those that were written")).to_be_visible()
        expect(page.get_by_role("row").filter(has_text=ids[1])).to_be_visible()
        page.close()


def test_the_command_serves_until_it_is_told_to_stop(folder: Path, ids: list[str]) -> None:
    command = [sys.executable, "-m", "api.cli.main", "eval", "view", ids[1], "--no-browser"]
    with subprocess.Popen([*command, "--runs", str(folder)], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        line = process.stderr.readline()
        address = re.search(r"http://\S+?\.html", line)
        assert address, line
        with urlopen(address[0]) as answer:
            assert "rules copilot/v2" in answer.read().decode()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
