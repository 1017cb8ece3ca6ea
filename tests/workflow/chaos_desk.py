"""A desk that serves the API on a socket it was given, to be killed: `chaos_desk.py DSNS DESCRIPTOR`.

Whoever connects while no desk lives waits for the next one: the socket is the parent's."""

import json
import socket
import sys

from api.app import create_app
from api.copilot.client import Address
from api.database import Place
from api.server import run
from api.settings import Settings
from api.wiring import opened


def main(dsns: str, descriptor: str) -> None:
    roles = json.loads(dsns)
    place = Place(roles["workflow"], roles, embedded=False)
    with opened(Settings(public_url="http://desk"), place, Address(socket="/nowhere")) as application:
        run(create_app(application), socket.socket(fileno=int(descriptor)))


if __name__ == "__main__":
    main(*sys.argv[1:])
