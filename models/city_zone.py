"""The time zone of a city that names one, e.g. 'New York' or 'São Paulo'."""

import unicodedata
import zoneinfo
from functools import cache


def zone_of_city(city: str) -> str:
    """The IANA zone named after a city; 'UTC' where none is. Case, accents and hyphens do not matter."""
    return _zones().get(_plain(city), "UTC")


_NOT_CITIES = {"Etc", "US", "Canada", "Mexico", "Brazil", "Chile"}  # regions, and older names of zones


@cache
def _zones() -> dict[str, str]:
    """Zones by their city. Where two zones name one city, the shorter path is the newer custom."""
    names = [z for z in zoneinfo.available_timezones() if "/" in z and z.partition("/")[0] not in _NOT_CITIES]
    by_length = sorted(names, key=lambda name: (name.count("/"), name), reverse=True)
    return {_plain(name.rpartition("/")[2]): name for name in by_length}


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(c for c in letters if not unicodedata.combining(c))
    return " ".join(kept.replace("_", " ").replace("-", " ").split())
