"""The app package that an administrator uploads to Teams: manifest and icons, made from the settings."""

import json
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from api.chat.commands import HELP, Name
from api.teams.extension import CHANGE_REQUEST, SEARCH
from api.teams.icons import colour_icon, outline_icon
from api.teams.registration import Registration
from models.errors import ChargehandError

SCHEMA_VERSION = "1.19"
SCHEMA = f"https://developer.microsoft.com/json-schemas/teams/v{SCHEMA_VERSION}/MicrosoftTeams.schema.json"
VERSION = "1.0.0"
COMMANDS: tuple[Name, ...] = ("inbox", "mine", "systems", "link", "help")  # that are offered while one writes
LONGEST_DESCRIPTION = 128  # of a command
ACCENT = "#0B5D4E"
SCOPES = ["personal", "team", "groupChat"]
EPOCH = datetime(2026, 1, 1)  # noqa: DTZ001 - of the files in the package: the same settings, the same bytes


class NoPublicAddress(ChargehandError):
    """Teams reaches this installation by https only, and its address is {url}. Set CHARGEHAND_PUBLIC_URL."""

    status = 422
    retry = "with a fix"


def package(bot: Registration, public_url: str) -> bytes:
    """The zip file. Raises NoPublicAddress."""
    if urlsplit(public_url).scheme != "https":
        raise NoPublicAddress(url=public_url)
    files = {
        "manifest.json": json.dumps(manifest(bot, public_url), indent=2).encode(),
        "color.png": colour_icon(),
        "outline.png": outline_icon(),
    }
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = ZipInfo(name, EPOCH.timetuple()[:6])
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, content)
    return packed.getvalue()


def manifest(bot: Registration, public_url: str) -> dict[str, Any]:
    """The manifest of the app."""
    place = urlsplit(public_url)
    return {
        "$schema": SCHEMA,
        "manifestVersion": SCHEMA_VERSION,
        "version": VERSION,
        "id": bot.client_id,
        "developer": {
            "name": "Chargehand",
            "websiteUrl": public_url,
            "privacyUrl": f"{public_url}/",
            "termsOfUseUrl": f"{public_url}/",
        },
        "name": {"short": "Chargehand", "full": "Chargehand, the operations copilot"},
        "description": {
            "short": "Finds, computes and proposes; people sign.",
            "full": "Answers questions about projects, people, time and money with evidence, and turns what "
            "should change into proposals. Nothing is written to a system of record before the people whom "
            "your policy names have signed exactly that.",
        },
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": ACCENT,
        "bots": [
            {
                "botId": bot.client_id,
                "scopes": SCOPES,
                "isNotificationOnly": False,
                "supportsFiles": False,
                "commandLists": [{"scopes": ["personal"], "commands": _commands()}],
            }
        ],
        "composeExtensions": [{"botId": bot.client_id, "commands": _extension()}],
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [place.netloc],
        "webApplicationInfo": {"id": bot.client_id, "resource": bot.resource_at(place.netloc)},
    }


def _commands() -> list[dict[str, str]]:
    return [
        {"title": name, "description": HELP[name].replace("`", "")[:LONGEST_DESCRIPTION]} for name in COMMANDS
    ]


def _extension() -> list[dict[str, Any]]:
    return [
        {
            "id": SEARCH,
            "type": "query",
            "title": "Proposals",
            "description": "Bring a proposal into this conversation",
            "initialRun": True,
            "context": ["compose", "commandBox"],
            "parameters": [{"name": "text", "title": "Words", "description": "Words of its title"}],
        },
        {
            "id": CHANGE_REQUEST,
            "type": "action",
            "title": "Make a change request of this",
            "description": "Compare what a client asks for with the contract, and price it",
            "context": ["message", "compose"],
            "fetchTask": True,
        },
    ]
