"""Approvers who sign whatever waits for them over HTTP, and look again when the desk dies under a request."""

import random
import threading
from collections import Counter
from typing import Any

import httpx

BATCH = 5
TRIES = 200


class Decider(threading.Thread):
    """One of several that act for the same people, and so race for the same proposals."""

    def __init__(self, url: str, tokens: dict[str, str], backlog: int, seed: int) -> None:
        super().__init__(name=f"decider-{seed}")
        self._url = url
        self._tokens = tokens
        self._backlog = backlog
        self._chance = random.Random(seed)
        self.stop = threading.Event()
        self.answers: Counter[int] = Counter()  # by status
        self.cut_off = 0  # requests that were tried again

    def run(self) -> None:
        clients = {
            person_id: httpx.Client(
                base_url=self._url, headers={"Authorization": f"Bearer {token}", "Host": "desk"}, timeout=30
            )
            for person_id, token in self._tokens.items()
        }
        signers = [person_id for person_id in clients if person_id != "audrey"]
        while not self.stop.is_set():
            signer = clients[self._chance.choice(signers)]
            open_ones = self._get(clients["audrey"], box="all", state="approved", limit=self._backlog)
            waiting = self._get(signer, box="mine", limit=20)["items"]
            if not waiting or open_ones["after"]:
                self.stop.wait(0.2)
                continue
            for line in self._chance.sample(waiting, min(BATCH, len(waiting))):
                self._sign(signer, line["proposal_id"])

    def _get(self, client: httpx.Client, **query: str | int) -> dict[str, Any]:
        answer = self._send(client, "GET", "/v1/proposals", params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def _sign(self, client: httpx.Client, proposal_id: str) -> None:
        """Whether it was signed when the desk dies under the request, the next look at the queue shows."""
        read = self._send(client, "GET", f"/v1/proposals/{proposal_id}").json()
        said = {"content_hash": read["content_hash"], "verdict": "approve", "reason": "It is right."}
        try:
            answer = client.post(f"/v1/proposals/{proposal_id}/decisions", json=said)
        except httpx.TransportError:
            self.cut_off += 1
        else:
            self.answers[answer.status_code] += 1

    def _send(self, client: httpx.Client, method: str, path: str, **request: Any) -> httpx.Response:
        """A request that may be repeated, until somebody answers it."""
        for _ in range(TRIES):
            try:
                return client.request(method, path, **request)
            except httpx.TransportError:
                self.cut_off += 1
        raise AssertionError(f"{method} {path} is never answered")
