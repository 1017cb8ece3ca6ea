"""Slack's side, as a process of its own: the Web API that our code calls (with the answers and refusals that
its documentation promises), file downloads, response addresses and Socket Mode. Tests look at it and drive it
under `/_peer/`.

    python -m tests.slack.peer    prints its port and serves until it is told to stop
"""

import asyncio
import json
import sys
import time
from collections import defaultdict
from dataclasses import asdict
from uuid import uuid4

from aiohttp import WSMsgType, web

from tests.slack.web_api import METHODS, Body, Channel, Fault, Refused, Team, World

WORLD = web.AppKey("world", World)
SOCKETS = web.AppKey("sockets", list[web.WebSocketResponse])
ACKS = web.AppKey("acks", dict[str, "asyncio.Future[Body]"])


# --- the Web API
async def call(request: web.Request) -> web.StreamResponse:
    world, method = request.app[WORLD], request.match_info["method"]
    world.calls.append(method)
    fault = world.fault.get(method)
    if fault and fault.times > 0:
        fault.times -= 1
        if fault.kind == "ratelimited":
            return web.json_response(
                {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "1"}
            )
        if fault.kind == "drop":
            await _answer(request, world, method)
            assert request.transport
            request.transport.abort()
            return web.Response()
        return web.json_response({"ok": False, "error": fault.kind})
    return web.json_response(await _answer(request, world, method), headers={"X-OAuth-Scopes": world.scopes})


async def _answer(request: web.Request, world: World, method: str) -> Body:
    try:
        if method in world.absent or method not in METHODS:
            raise Refused("unknown_method")
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if method == "apps.connections.open":
            if bearer != "xapp-1":
                raise Refused("invalid_auth")
            return {"ok": True, "url": f"ws://{request.host}/link"}
        team = next((t for t in world.teams.values() if t.token == bearer), None)
        if team is None:
            raise Refused("invalid_auth")
        return {"ok": True, **METHODS[method](world, team, await _arguments(request))}
    except Refused as e:
        return {"ok": False, "error": str(e)}


async def _arguments(request: web.Request) -> Body:
    if request.content_type == "application/json":
        return dict(json.loads(await request.text() or "{}"))
    given: Body = {**request.query, **await request.post()}
    for name in ("blocks", "metadata", "view"):
        if isinstance(given.get(name), str):
            given[name] = json.loads(given[name])
    return given


# --- what else Slack serves
async def download(request: web.Request) -> web.Response:
    bearer, content = request.app[WORLD].files.get(request.path, ("", b""))
    if request.headers.get("Authorization") != f"Bearer {bearer}":
        return web.Response(text="<html>Sign in to Slack</html>", content_type="text/html")
    return web.Response(body=content, content_type="application/octet-stream")


async def response(request: web.Request) -> web.Response:
    request.app[WORLD].responses.append({"to": request.match_info["id"], **await request.json()})
    return web.Response(text="ok")


async def link(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    request.app[SOCKETS].append(socket)
    await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A1"}})
    async for message in socket:
        if message.type == WSMsgType.TEXT:
            said = json.loads(message.data)
            request.app[ACKS][said["envelope_id"]].set_result(said)
    request.app[SOCKETS].remove(socket)
    return socket


# --- for tests
async def look(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    shown = {
        k: v for k, v in vars(world).items() if k not in ("files", "fault", "absent", "triggers", "teams")
    }
    shown["channels"] = {k: asdict(c) for k, c in world.channels.items()}
    return web.json_response(shown | {"sockets": len(request.app[SOCKETS])})


async def seed(request: web.Request) -> web.Response:
    world, given = request.app[WORLD], defaultdict(list, await request.json())
    for team in given["teams"]:
        world.teams[team["team_id"]] = Team(**team)
    for user in given["users"]:
        world.users[user["id"]] = user
    for channel in given["channels"]:
        world.channels[channel["channel"]] = Channel(**channel)
    for file in given["files"]:
        world.files[file["path"]] = (file["bearer"], bytes.fromhex(file["content"]))
    for method, fault in dict(given["faults"]).items():
        world.fault[method] = Fault(**fault)
    world.absent |= set(given["absent"])
    world.scopes = given["scopes"] or world.scopes
    return web.json_response({})


async def reset(request: web.Request) -> web.Response:
    """Another world, for another test."""
    vars(request.app[WORLD]).update(vars(World()))
    return web.json_response({})


async def trigger(request: web.Request) -> web.Response:
    made = f"trigger.{uuid4().hex}"
    request.app[WORLD].triggers[made] = time.monotonic()
    return web.json_response({"trigger_id": made})


async def say(request: web.Request) -> web.Response:
    """A person's own message, as it then stands in the channel."""
    world, given = request.app[WORLD], await request.json()
    channel = given.pop("channel")
    held = {"ts": world.ts(), **given}
    world.channels[channel].messages.append(held)
    return web.json_response(held)


async def envelope(request: web.Request) -> web.Response:
    """Push something through the newest socket, and hand on what is acknowledged within three seconds."""
    given, acks = await request.json(), request.app[ACKS]
    waiting: asyncio.Future[Body] = asyncio.get_running_loop().create_future()
    acks[given["envelope_id"]] = waiting
    await request.app[SOCKETS][-1].send_json(given)
    try:
        return web.json_response(
            await asyncio.wait_for(waiting, 3.0) if given["type"] != "disconnect" else {}
        )
    except TimeoutError:
        return web.json_response({"error": "not acknowledged"}, status=504)


async def hang_up(request: web.Request) -> web.Response:
    for socket in list(request.app[SOCKETS]):
        await socket.close()
    return web.json_response({})


def create() -> web.Application:
    app = web.Application(client_max_size=8 * 1024**2)
    app[WORLD], app[SOCKETS], app[ACKS] = World(), [], {}
    app.router.add_route("*", "/api/{method}", call)
    app.router.add_post("/response/{id}", response)
    app.router.add_get("/link", link)
    app.router.add_get("/files-pri/{rest:.*}", download)
    for handler in (seed, reset, trigger, say, envelope, hang_up):
        app.router.add_post(f"/_peer/{handler.__name__}", handler)
    app.router.add_get("/_peer/look", look)
    return app


async def main() -> None:
    runner = web.AppRunner(create())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)  # until who started it has gone
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
