"""The people of the demo, whom anyone at this machine may be. Elsewhere there are none."""

import json
from dataclasses import dataclass

from api.settings import Settings

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Persona:
    person_id: str
    name: str
    part: str  # what they do, e.g. 'project manager'


def personas(settings: Settings) -> list[Persona]:
    """Those of the demo: only in it, and only where nobody but this machine can ask."""
    if settings.environment != "demo" or settings.host not in LOOPBACK:
        return []
    file = settings.home_directory / "demo" / "truth" / "personas.json"
    if not file.exists():
        return []
    listed = json.loads(file.read_text(encoding="utf-8"))
    return [Persona(who["person_id"], who["name"], part.replace("_", " ")) for part, who in listed.items()]
