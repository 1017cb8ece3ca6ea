"""Ed25519: the vectors of RFC 8032, section 7.1; the library that signs against the verifier that stands
alone; and what OpenSSL makes of our keys and signatures."""

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.signing import KeyUnusable, SigningKey
from workflow.verify_export import ORDER, Unreadable, decode, key_id, public_key, signed

# seed, public key, message, signature
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
        "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_the_vectors_of_the_rfc(seed: str, public: str, message: str, signature: str) -> None:
    key = SigningKey(bytes.fromhex(seed))
    said = bytes.fromhex(message)
    assert key.public.hex() == public
    assert key.sign(said).hex() == signature
    assert signed(key.public, said, bytes.fromhex(signature))


KEY = SigningKey(bytes(range(32)))


def library_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@settings(max_examples=15, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=60), st.integers(0, 511))
def test_the_verifier_and_the_library_agree(seed: bytes, message: bytes, bit: int) -> None:
    """On what holds, on no bit of a signature that can be turned, and on no other message."""
    key = SigningKey(seed)
    signature = key.sign(message)
    turned = bytearray(signature)
    turned[bit // 8] ^= 1 << bit % 8
    for said, by, holds in (
        (message, signature, True),
        (message, bytes(turned), False),
        (message + b"\0", signature, False),
    ):
        assert signed(key.public, said, by) is holds
        assert library_holds(key.public, said, by) is holds


def test_what_is_no_signature_and_no_key() -> None:
    good = KEY.sign(b"x")
    s = int.from_bytes(good[32:], "little") + ORDER
    assert not signed(KEY.public, b"x", good[:32] + s.to_bytes(32, "little")), "malleable"
    assert not signed(KEY.public, b"x", good[:63])
    assert not signed(b"\xff" * 32, b"x", good)
    assert decode(bytes([2]) + bytes(31)) is None, "no point has this y"
    assert not signed(SigningKey(bytes(32)).public, b"x", good), "another's key"


def test_keys_in_pem() -> None:
    assert SigningKey.from_pem(KEY.pem) == KEY
    assert public_key(KEY.public_pem) == KEY.public
    assert KEY.id == key_id(KEY.public) and len(KEY.id) == 32
    assert "seed" not in repr(KEY), "a log must not hold it"
    assert SigningKey.generate() != SigningKey.generate()
    for text in ("", KEY.pem, KEY.public_pem.replace("MCow", "MCox"), KEY.public_pem.replace("MCow", "!Cow")):
        with pytest.raises(Unreadable):
            public_key(text)


def _locked() -> str:
    private = load_pem_private_key(KEY.pem.encode(), None)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode()


def _of_another_curve() -> str:
    private = generate_private_key(SECP256R1())
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no private key"),
        (KEY.public_pem, "no private key"),
        (KEY.pem.replace("MC4C", "MC4D"), "no private key"),
        (KEY.pem.replace("MC4C", "!C4C"), "no private key"),
        (_locked(), "locked with a password"),
        (_of_another_curve(), "not an Ed25519 key"),
    ],
)
def test_a_key_that_cannot_sign(text: str, why: str) -> None:
    with pytest.raises(KeyUnusable, match=why):
        SigningKey.from_pem(text)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="OpenSSL is not here")
def test_openssl_agrees(tmp_path: Path) -> None:
    def openssl(*arguments: str) -> bytes:
        return subprocess.run(("openssl", *arguments), cwd=tmp_path, check=True, capture_output=True).stdout

    (tmp_path / "message").write_bytes(b"entry 12")
    (tmp_path / "ours.pem").write_text(KEY.pem)
    (tmp_path / "ours.pub").write_text(KEY.public_pem)
    (tmp_path / "ours.sig").write_bytes(KEY.sign(b"entry 12"))
    ours = ("-pubin", "-inkey", "ours.pub", "-sigfile", "ours.sig")
    openssl("pkeyutl", "-verify", "-rawin", "-in", "message", *ours)
    assert openssl("pkey", "-in", "ours.pem", "-pubout").decode() == KEY.public_pem

    theirs = SigningKey.from_pem(openssl("genpkey", "-algorithm", "ed25519").decode())
    (tmp_path / "theirs.pem").write_text(theirs.pem)
    openssl("pkeyutl", "-sign", "-inkey", "theirs.pem", "-rawin", "-in", "message", "-out", "theirs.sig")
    assert (tmp_path / "theirs.sig").read_bytes() == theirs.sign(b"entry 12")
