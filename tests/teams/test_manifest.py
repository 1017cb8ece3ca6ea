"""The app package that is uploaded to Teams."""

import json
import struct
import zlib
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.teams.manifest import NoPublicAddress, manifest, package
from api.teams.registration import Registration
from tests.teams.peer import CLIENT, TENANT

BOT = Registration(CLIENT, "hush", TENANT)
URL = "https://ops.example"


def pixels(png: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and the rows of a PNG of 8 bits a channel, RGBA, unfiltered."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, data, size = 8, b"", (0, 0)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        (check,) = struct.unpack(">I", png[at + 8 + length : at + 12 + length])
        assert check == zlib.crc32(kind + body)
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
            assert body[8:10] == b"\x08\x06"
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    raw, width = zlib.decompress(data), size[0] * 4 + 1
    return *size, [raw[i + 1 : i + width] for i in range(0, len(raw), width)]


def test_the_package_holds_the_manifest_and_both_icons() -> None:
    with ZipFile(BytesIO(package(BOT, URL))) as packed:
        assert sorted(packed.namelist()) == ["color.png", "manifest.json", "outline.png"]
        colour, outline = (pixels(packed.read(f"{name}.png")) for name in ("color", "outline"))
        read = json.loads(packed.read("manifest.json"))
    assert colour[:2] == (192, 192) and outline[:2] == (32, 32)
    assert all(alpha == 255 for row in colour[2] for alpha in row[3::4]), "the colour icon has no holes"
    seen = {row[i : i + 3] for row in outline[2] for i in range(0, len(row), 4)}
    assert seen == {b"\xff\xff\xff"}, "the outline is white and see-through only"
    assert {0, 255} <= {alpha for row in outline[2] for alpha in row[3::4]}
    assert read == manifest(BOT, URL)


def test_the_manifest_is_about_this_bot_and_this_place() -> None:
    made = manifest(BOT, URL)
    assert made["manifestVersion"] == "1.19" and "v1.19/" in made["$schema"]
    assert made["id"] == made["bots"][0]["botId"] == made["composeExtensions"][0]["botId"] == CLIENT
    assert made["bots"][0]["scopes"] == ["personal", "team", "groupChat"]
    assert made["validDomains"] == ["ops.example"]
    assert made["webApplicationInfo"] == {"id": CLIENT, "resource": f"api://ops.example/botid-{CLIENT}"}
    assert "hush" not in json.dumps(made)


def test_it_keeps_the_limits_of_the_schema() -> None:
    made = manifest(BOT, URL)
    assert len(made["name"]["short"]) <= 30 and len(made["name"]["full"]) <= 100
    assert len(made["description"]["short"]) <= 80 and len(made["description"]["full"]) <= 4_000
    for listed in made["bots"][0]["commandLists"]:
        assert len(listed["commands"]) <= 10
        for command in listed["commands"]:
            assert len(command["title"]) <= 32 and len(command["description"]) <= 128
    commands = made["composeExtensions"][0]["commands"]
    assert {c["type"] for c in commands} == {"query", "action"} and len(commands) <= 10
    for command in commands:
        assert len(command["title"]) <= 32 and len(command["description"]) <= 128
        assert set(command["context"]) <= {"compose", "commandBox", "message"}


def test_the_same_settings_make_the_same_bytes() -> None:
    assert package(BOT, URL) == package(BOT, URL)


def test_teams_is_reached_by_https_only() -> None:
    with pytest.raises(NoPublicAddress):
        package(BOT, "http://127.0.0.1:8000")


def test_the_command_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "CHARGEHAND_TEAMS_CLIENT_ID": CLIENT,
        "CHARGEHAND_TEAMS_CLIENT_SECRET": "hush",
        "CHARGEHAND_TEAMS_TENANT_ID": TENANT,
        "CHARGEHAND_PUBLIC_URL": URL,
    }.items():
        monkeypatch.setenv(name, value)
    out = tmp_path / "app.zip"
    ran = CliRunner().invoke(app, ["teams", "manifest", "-o", str(out)])
    assert ran.exit_code == 0, ran.output
    assert out.read_bytes() == package(BOT, URL)
