"""The firm's clients, each served by the office of its region."""

from __future__ import annotations

import unicodedata

from demo.catalogue import offices
from demo.records import Client, Person
from demo.setting import Setting, text

_SERVED_FROM = {"GB": "London", "IE": "London", "ES": "Madrid", "US": "New York"}  # others: Berlin


def sign_up(setting: Setting, people: list[Person]) -> list[Client]:
    """The clients at this scale. The first is the client of the demo's main project."""
    rng = setting.random("clients")
    by_city = {office.city: office for office in offices()}
    owners = [p for p in people if p.title == "Client Director"]
    names = text("names")
    found = []
    for n, facts in enumerate(text("clients")[: setting.count(45, 8)]):
        given = rng.sample(names["contacts"], 3)
        family = rng.sample(names["contact_families"], 3)
        office = by_city[_SERVED_FROM.get(facts["country"], "Berlin")]
        near = [p for p in owners if p.office == office] or owners
        found.append(
            Client(
                client_id=f"CL-{n + 1:02d}",
                **facts,
                payment_terms_days=30 if n == 0 else rng.choices((14, 30, 45, 60), (1, 6, 2, 2))[0],
                account_owner_id=rng.choice(near).person_id,
                office=office,
                contacts=tuple(f"{g} {f}" for g, f in zip(given, family, strict=True)),
                domain=_domain(facts["short"]),
            )
        )
    return found


def _domain(short: str) -> str:
    plain = unicodedata.normalize("NFKD", short).encode("ascii", "ignore").decode().lower()
    return "".join(c for c in plain if c.isalnum()) + ".example"
