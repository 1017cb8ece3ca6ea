"""Documents that people attach: fetched from Slack alone, by their workspace's token, and read as text.
What they say is material for the copilot, never an instruction to it."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx

from api.slack.clients import Workspace
from api.slack.prose import quoted
from models.errors import ChargehandError, Retry
from models.text.documents import plain_text
from workflow.deliveries import SurfaceDown

KINDS = frozenset({".docx", ".pdf", ".txt", ".md"})
MOST_BYTES = 10_000_000
MOST_FILES = 3
SECONDS = 20.0
HOST = "files.slack.com"


class FileRefused(ChargehandError):
    """I cannot take the file {file}: {why}."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


def attached_text(workspace: Workspace, files: Sequence[Mapping[str, Any]], api_url: str) -> str:
    """The files' text, each under its name. Raises FileRefused, UnreadableDocument, and SurfaceDown where
    Slack does not hand a file out now."""
    if len(files) > MOST_FILES:
        raise FileRefused(file=_name(files[MOST_FILES]), why=f"I read at most {MOST_FILES} at once")
    return "\n\n".join(
        f"The attached document {_name(file)} reads:\n"
        f"{quoted(plain_text(_name(file), _content(workspace, file, api_url)))}"
        for file in files
    )


def _name(file: Mapping[str, Any]) -> str:
    return PurePath(str(file.get("name") or "file")).name


def _content(workspace: Workspace, file: Mapping[str, Any], api_url: str) -> bytes:
    name, url = _name(file), str(file.get("url_private_download") or file.get("url_private") or "")
    if PurePath(name).suffix.lower() not in KINDS:
        raise FileRefused(file=name, why="I read Word, PDF and text")
    if int(file.get("size") or 0) > MOST_BYTES:
        raise FileRefused(file=name, why=f"it has more than {MOST_BYTES // 1_000_000} MB")
    if file.get("is_external") or not _is_slack(url, api_url):
        raise FileRefused(file=name, why="it is not kept by Slack")
    try:
        return _fetched(name, url, workspace.token)
    except httpx.HTTPError as e:
        raise SurfaceDown(surface="Slack", reason=type(e).__name__) from e


def _is_slack(url: str, api_url: str) -> bool:
    """The token goes nowhere else."""
    at, api = urlsplit(url), urlsplit(api_url)
    return (at.scheme, at.netloc) in (("https", HOST), (api.scheme, api.netloc))


def _fetched(name: str, url: str, token: str) -> bytes:
    content = bytearray()
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.stream("GET", url, headers=headers, timeout=SECONDS, follow_redirects=False) as reply:
        if reply.status_code >= 500 or reply.status_code == 429:
            reply.raise_for_status()
        if not reply.is_success or reply.headers.get("content-type", "").startswith("text/html"):
            raise FileRefused(file=name, why="Slack does not hand it out to me")  # its sign-in page, or gone
        for part in reply.iter_bytes():
            content += part
            if len(content) > MOST_BYTES:
                raise FileRefused(file=name, why=f"it has more than {MOST_BYTES // 1_000_000} MB")
    return bytes(content)
