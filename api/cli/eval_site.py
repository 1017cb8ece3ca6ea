"""The pages of kept runs, made as they are asked for, and Inspect's viewer beside them. They are served to
this machine alone and can change nothing."""

import os
import shutil
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import anyio
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import Receive, Scope, Send

from evals.compare import compare
from evals.leaderboard import boards
from evals.pages.comparison import comparison_page
from evals.pages.overview import index_page, leaderboard_page
from evals.pages.rendering import INSPECT, comparison_file, page
from evals.pages.run import run_page
from evals.runs import LOG, Run, RunAltered, find_run, load_run, run_ids
from models.errors import ChargehandError

HOSTS = ["127.0.0.1", "localhost"]  # no other name leads here, whatever a page elsewhere resolves to it
HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",  # the rest stands in the pages
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Kept:
    """The runs of a folder, and some that were named and lie elsewhere."""

    def __init__(self, folder: Path, named: Sequence[Run] = ()) -> None:
        self._folder = folder
        self._named = {run.facts.run_id: run for run in named}
        self._compared: dict[tuple[str, str], str] = {}

    def all(self) -> tuple[list[Run], list[str]]:
        """All that are as they were written, and a sentence about each that is not."""
        found, altered = dict(self._named), []
        for name in run_ids(self._folder):
            try:
                found[name] = find_run(self._folder, str(self._folder / name))
            except RunAltered as e:
                altered.append(e.sentence)
        return sorted(found.values(), key=lambda run: run.facts.started_at), altered

    def run(self, run_id: str) -> Run:
        """Raises UnknownRun or RunAltered."""
        return self._named.get(run_id) or load_run(self._folder, run_id)

    def comparison(self, before: Run, after: Run) -> str:
        """The page of two runs, made once: neither changes."""
        key = before.sha256, after.sha256
        if key not in self._compared:
            self._compared[key] = comparison_page(compare(before, after), served=True)
        return self._compared[key]


class Viewer:
    """Inspect's own viewer over copies of the logs, so that nothing that is done in it reaches a run. Made
    when it is first asked for, and anew when there are further runs."""

    def __init__(self, kept: Kept, folder: Path) -> None:
        self._kept, self._folder = kept, folder
        self._turn = threading.Lock()
        self._shown: frozenset[str] = frozenset()
        self._files: StaticFiles | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        files = await anyio.to_thread.run_sync(self._current)
        answer: Callable[[Scope, Receive, Send], Awaitable[None]] = files or RedirectResponse("../index.html")
        await answer(scope, receive, send)

    def _current(self) -> StaticFiles | None:
        """None without a run: there is nothing to view."""
        with self._turn:
            runs, _ = self._kept.all()
            ids = frozenset(run.facts.run_id for run in runs)
            if ids - self._shown:
                self._files = StaticFiles(directory=self._bundle(runs), html=True)
                self._shown = ids
            return self._files

    def _bundle(self, runs: Sequence[Run]) -> Path:
        """A folder of the viewer and the logs."""
        from inspect_ai.log import bundle_log_dir

        room = Path(tempfile.mkdtemp(dir=self._folder))
        for run in runs:
            copy = room / "logs" / run.facts.run_id / LOG
            copy.parent.mkdir(parents=True)
            shutil.copyfile(run.log, copy)
        bundle_log_dir(str(room / "logs"), str(room / "viewer"))
        shutil.rmtree(room / "logs")
        return room / "viewer"


@contextmanager
def site(folder: Path, named: Sequence[Run], baselines: Mapping[str, str]) -> Iterator[FastAPI]:
    """The application; what it made for the viewer is gone on leaving."""
    os.environ.setdefault("INSPECT_DISPLAY", "none")  # its progress bars are for a terminal
    with tempfile.TemporaryDirectory(prefix="chargehand-view-") as room:
        yield _application(Kept(folder, named), Path(room), baselines)


def _application(kept: Kept, room: Path, baselines: Mapping[str, str]) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)
    app.mount(f"/{INSPECT.rstrip('/')}", Viewer(kept, room))

    @app.exception_handler(ChargehandError)
    def problem(_request: Request, error: ChargehandError) -> Response:
        text = page("problem", served=True, sentence=error.sentence)
        return HTMLResponse(text, status_code=error.status, headers=HEADERS)

    @app.get("/")
    def home() -> Response:
        return RedirectResponse("index.html")

    @app.get("/index.html")
    def index() -> Response:
        runs, altered = kept.all()
        return HTMLResponse(index_page(runs, altered=altered, served=True), headers=HEADERS)

    @app.get("/leaderboard.html")
    def leaderboard() -> Response:
        runs, _ = kept.all()
        return HTMLResponse(leaderboard_page(boards(runs, baselines), served=True), headers=HEADERS)

    @app.get("/compare")
    def chosen(before: str, after: str) -> Response:
        ids = kept.run(before).facts.run_id, kept.run(after).facts.run_id
        return RedirectResponse(comparison_file(*ids), status_code=303)

    @app.get("/{before}..{after}.html")
    def comparison(before: str, after: str) -> Response:
        return HTMLResponse(kept.comparison(kept.run(before), kept.run(after)), headers=HEADERS)

    @app.get("/{run_id}.html")
    def one(run_id: str) -> Response:
        run = kept.run(run_id)
        runs, _ = kept.all()
        others = [r for r in runs if r.facts.suite == run.facts.suite and r.facts.run_id != run.facts.run_id]
        return HTMLResponse(run_page(run, others, served=True), headers=HEADERS)

    return app
