"""The parts of one installation, put together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from agents.copilot import Copilot
from agents.endpoint import ModelSettings
from api.auth.sessions import Sessions
from api.auth.tokens import Tokens
from api.database import Place
from api.settings import Settings
from models.text.embed import Embedder, default_embedder
from store.db import Database
from store.shelf import Shelf
from tools.catalogue import TOOLS
from tools.registry import Registry
from workflow.service import Workflow


@dataclass(frozen=True)
class Application:
    """Everything that serves people."""

    settings: Settings
    place: Place
    db: Database
    workflow: Workflow
    registry: Registry
    copilot: Copilot
    embedder: Embedder
    shelf: Shelf
    sessions: Sessions
    tokens: Tokens

    @property
    def public_url(self) -> str:
        return public_url(self.settings)

    @property
    def public_host(self) -> str:
        return urlsplit(self.public_url).netloc

    def sign_in_url(self, token: str) -> str:
        """Where a sign-in link leads."""
        return f"{self.public_url}/sign-in/{token}"

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https:")


def public_url(settings: Settings) -> str:
    """How people reach this installation, without a slash at the end."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return str(settings.public_url or f"http://{host}:{settings.port}").rstrip("/")


def model_settings(settings: Settings) -> ModelSettings | None:
    """The language model of the settings; None for the rules alone."""
    if settings.model is None:
        return None
    key = settings.openai_api_key
    return ModelSettings(
        settings.model, settings.openai_base_url, api_key=key.get_secret_value() if key else ""
    )


@contextmanager
def opened(settings: Settings, place: Place) -> Iterator[Application]:
    """The application on a database that is up to date; closed with the block."""
    db = place.database()
    embedder, shelf = default_embedder(), Shelf()
    registry = Registry(TOOLS, embedder=embedder, shelf=shelf)
    copilot = Copilot(db, registry, model_settings(settings))
    try:
        yield Application(
            settings=settings,
            place=place,
            db=db,
            workflow=Workflow(db),
            registry=registry,
            copilot=copilot,
            embedder=embedder,
            shelf=shelf,
            sessions=Sessions(db),
            tokens=Tokens(db),
        )
    finally:
        copilot.close()
        db.close()
