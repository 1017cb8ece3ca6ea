"""Where webhooks may go, and how they are signed."""

import asyncio
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from api.webhooks.addresses import AddressNotAllowed, checked_url, is_public, resolve
from api.webhooks.sending import HttpSender, WebhookSettings
from api.webhooks.signing import secret_of, signatures
from workflow.webhook_outbox import Answer, Parcel


def test_the_signature_is_that_of_the_specification() -> None:
    """The example that the reference libraries test themselves with."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = signatures([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secrets_differ_by_key_endpoint_and_generation() -> None:
    one, other = UUID(int=1), UUID(int=2)
    made = {secret_of(key, who, n) for key in (b"a", b"b") for who in (one, other) for n in (1, 2)}
    assert len(made) == 8 and all(s.startswith("whsec_") and len(s) == 50 for s in made)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.com/x", "only https"),
        ("ftp://example.com/x", "begins with https"),
        ("https://", "begins with https"),
        ("example.com", "begins with https"),
        ("https://user:pass@example.com/", "user name"),
        ("https://example.com/#x", "begins with #"),
        ("https://127.0.0.1/", "public internet"),
        ("https://10.1.2.3/", "public internet"),
        ("https://169.254.169.254/latest/meta-data", "public internet"),
        ("https://[::1]/", "public internet"),
        ("https://[::ffff:10.0.0.1]/", "public internet"),
        ("http://localhost:9/", "only https"),
        ("https://exa mple.com/", "not an address"),
    ],
)
def test_an_address_that_is_refused_in_production(url: str, why: str) -> None:
    with pytest.raises(AddressNotAllowed, match=why):
        checked_url(url, allow_loopback=False)


def test_in_development_this_machine_is_allowed_and_the_network_is_not() -> None:
    assert checked_url("http://127.0.0.1:8080/x", allow_loopback=True).port == 8080
    for url in ("http://10.0.0.1/", "https://192.168.0.1/", "http://example.com/"):
        with pytest.raises(AddressNotAllowed):
            checked_url(url, allow_loopback=True)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),  # this machine
        ("0.0.0.0", False),  # this machine, to Linux
        ("10.0.0.1", False),  # private
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),  # carrier's own
        ("169.254.169.254", False),  # a cloud's metadata
        ("224.0.0.1", False),  # multicast
        ("255.255.255.255", False),
        ("240.0.0.1", False),  # reserved
        ("::", False),
        ("::1", False),
        ("fe80::1", False),  # link-local
        ("fd00::1", False),  # private
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),  # IPv4 inside
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::a00:1", False),  # through a translator
        ("2002:a00:1::", False),  # 6to4
        ("::ffff:93.184.216.34", True),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


def _answers(*addresses: str) -> Any:
    def getaddrinfo(host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    return getaddrinfo


@pytest.mark.parametrize("host", ["intranet.example", "2130706433", "0x7f000001"])
def test_a_name_is_judged_by_every_address_it_has(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _answers("93.184.216.34", "10.0.0.1"))
    with pytest.raises(AddressNotAllowed):
        asyncio.run(resolve(httpx.URL(f"https://{host}/"), allow_loopback=False))


def _parcel(url: str) -> Parcel:
    return Parcel(
        delivery_id=1,
        fence=1,
        attempts=1,
        webhook_id=UUID(int=1),
        url=url,
        name="Planning",
        generation=1,
        rotated_lately=None,
        event_id=UUID(int=2),
        type="webhook.test",
        data={},
        occurred_at=datetime(2027, 1, 4, tzinfo=UTC),
    )


def _sent(url: str, tls: ssl.SSLContext | None = None, loopback: bool = True) -> Answer:
    settings = WebhookSettings(
        key=b"k", public_url="https://c.example.com", allow_loopback=loopback, seconds=5
    )
    return HttpSender(settings, tls).post(_parcel(url))


def test_the_connection_goes_to_the_address_that_was_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is asked for once. Asked again, as a name that is rebound would hope, the test fails."""
    with listening(tmp_path, "hooks.example") as (port, trusted, seen):
        asked: list[str] = []
        real = socket.getaddrinfo

        def once(host: Any, *rest: Any, **more: Any) -> Any:
            if host == "127.0.0.1":
                return real(host, *rest, **more)
            asked.append(host if isinstance(host, str) else host.decode())
            return _answers("127.0.0.1")(host, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", once)
        answer = _sent(f"https://hooks.example:{port}/in?a=1", trusted)
    assert (answer.status, answer.error) == (204, None)
    assert asked == ["hooks.example"]
    head = seen[0].decode()
    assert head.startswith("POST /in?a=1 HTTP/1.1") and f"\r\nhost: hooks.example:{port}\r\n" in head.lower()


def test_a_certificate_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(tmp_path, "other.example") as (port, trusted, seen):
        monkeypatch.setattr(socket, "getaddrinfo", _answers("127.0.0.1"))
        answer = _sent(f"https://hooks.example:{port}/in", trusted)
    assert answer.status is None and answer.error == "it could not be reached: ConnectError"
    assert seen == []


def test_in_production_a_name_of_this_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _answers("127.0.0.1"))
    answer = _sent("https://hooks.example/in", loopback=False)
    assert answer.error is not None and "public internet" in answer.error


def test_the_next_address_is_tried_where_the_first_takes_no_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(tmp_path, "hooks.example") as (port, trusted, _):
        monkeypatch.setattr(socket, "getaddrinfo", _answers("127.0.0.2", "127.0.0.1"))
        assert _sent(f"https://hooks.example:{port}/", trusted).status == 204


def test_the_body_is_the_same_bytes_at_every_attempt() -> None:
    sender = HttpSender(WebhookSettings(key=b"k", public_url="https://c.example.com", allow_loopback=False))
    bodies = {sender._body(_parcel("https://example.com")) for _ in range(3)}
    assert [json.loads(b)["timestamp"] for b in bodies] == ["2027-01-04T00:00:00.000+00:00"]


def _request(connection: ssl.SSLSocket) -> bytes:
    """All of it: a server that closes with something unread resets the connection."""
    read = b""
    while b"\r\n\r\n" not in read or not read.endswith(b"}"):
        read += connection.recv(10_000)
    return read


@contextmanager
def listening(folder: Path, host: str) -> Iterator[tuple[int, ssl.SSLContext, list[bytes]]]:
    """A TLS server with a certificate for the host: its port, who trusts it, what it was sent."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(1))
        .not_valid_after(now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate").write_bytes(certificate.public_bytes(pem))
    (folder / "key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(folder / "certificate", folder / "key")
    trusted = ssl.create_default_context(cafile=str(folder / "certificate"))
    seen: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        try:
            with serving.wrap_socket(connection, server_side=True) as wrapped:
                seen.append(_request(wrapped))
                wrapped.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        except (ssl.SSLError, OSError):
            pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], trusted, seen
    finally:
        listener.close()
        thread.join(2)
