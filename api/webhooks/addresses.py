"""Which addresses a webhook may reach. A person chooses the endpoint, and the worker sits inside the firm's
network: without care it could be sent to what only the inside may reach (server-side request forgery).

The name is resolved once, every address is checked, and the connection goes to a checked one: a name that
answers differently the second time (DNS rebinding) gains nothing."""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

import httpx

from models.errors import ChargehandError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

DEFAULT_PORTS = {"https": 443, "http": 80}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressNotAllowed(ChargehandError):
    """A webhook cannot be sent to {host}: {reason}"""

    status = 422
    retry = "with a fix"


def checked_url(url: str, *, allow_loopback: bool) -> httpx.URL:
    """An endpoint's address. Raises AddressNotAllowed for what is no https address of another machine.
    `allow_loopback`: http to this machine too, for development."""
    try:
        found = httpx.URL(url)
    except httpx.InvalidURL as e:
        raise AddressNotAllowed(host=url[:100], reason="it is not an address.") from e
    if not url.isprintable() or " " in url:
        raise AddressNotAllowed(host=url[:100], reason="it is not an address.")
    host = found.host
    if not host or found.scheme not in DEFAULT_PORTS:
        raise AddressNotAllowed(host=url[:100], reason="give an address that begins with https://.")
    if found.userinfo:
        reason = "leave user name and password out; the signature says who sends."
        raise AddressNotAllowed(host=host, reason=reason)
    if found.fragment:
        raise AddressNotAllowed(host=host, reason="leave out what begins with #; it is never sent.")
    literal = _literal(host)
    if literal is not None:
        check(host, [literal], allow_loopback=allow_loopback)
    if found.scheme == "http" and not (allow_loopback and (host == "localhost" or _is_loopback(literal))):
        raise AddressNotAllowed(host=host, reason="only https is sent over a network.")
    return found


async def resolve(url: httpx.URL, *, allow_loopback: bool) -> list[Address]:
    """The addresses of its host, the preferred one first: all of them may be reached. Raises
    AddressNotAllowed, OSError."""
    host, port = url.raw_host.decode("ascii"), url.port or DEFAULT_PORTS[url.scheme]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(where[0]).partition("%")[0]) for *_, where in found]
    check(host, addresses, allow_loopback=allow_loopback)
    return addresses


def check(host: str, addresses: Sequence[Address], *, allow_loopback: bool) -> None:
    """Raises AddressNotAllowed where one of them is not on the public internet."""
    for address in addresses:
        if not is_public(address) and not (allow_loopback and _is_loopback(address)):
            raise AddressNotAllowed(host=host, reason="it is not on the public internet.")


def is_public(address: Address) -> bool:
    """Whether it is a public unicast address; one that wraps an IPv4 address counts as that one."""
    inner = _unwrapped(address)
    return inner.is_global and not inner.is_multicast and not inner.is_reserved


def _unwrapped(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        teredo = address.teredo
        return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address
    return address


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(address: Address | None) -> bool:
    return address is not None and _unwrapped(address).is_loopback
