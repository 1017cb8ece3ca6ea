#!/usr/bin/env python3
"""Check an export of Chargehand's audit log, and the signed anchors kept outside its database.

This one file needs nothing but Python 3.11: no Chargehand, no database, no other package.

    python verify.py EXPORT.jsonl [--anchors DIR] [--trust KEY_ID]... [--partial] [--json]

Exit code 0: everything holds; 1: something does not, each thing named; 2: it cannot be read.

An export is a line that says of which log it is, then a line an entry: the text that was hashed, the hash of
the entry before, and sha256(that hash + the text). What people wrote is not in the text, only its salted
sha256; a line may carry salt and value beside it. An anchor is a file of two lines: a statement (which log,
which entry, its hash, when, the sha256 of the anchor file before) and its Ed25519 signature (RFC 8032) in
hexadecimal, which `openssl pkeyutl -verify` checks too. Chargehand itself checks anchors with this code."""

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FORMAT = "chargehand-audit/1"
ANCHOR_FORMAT = "chargehand-anchor/1"
ANCHOR_SUFFIX = ".anchor"
KEY_SUFFIX = ".pub"
GENESIS = "00"  # what the first entry follows
ANCHORED = "audit.anchored"


@dataclass(frozen=True)
class Fault:
    """Something that does not hold: where ("entry 12", the name of an anchor), and what."""

    where: str
    says: str


class Unreadable(Exception):
    """A file is not what it should be; the message says why."""


# --- Ed25519 (RFC 8032, section 5.1), in extended homogeneous coordinates

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int, int, int]  # X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z
NEUTRAL: Point = (0, 1, 1, 0)


def add(p: Point, q: Point) -> Point:
    """The sum of two points of the curve; complete, so doubling is adding a point to itself."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def encode(p: Point) -> bytes:
    """A point as 32 bytes: y, and the parity of x."""
    inverse = pow(p[2], -1, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data: bytes) -> Point | None:
    """The point of 32 bytes; None when they are not the encoding of one."""
    number = int.from_bytes(data, "little")
    y, odd = number & (2**255 - 1), number >> 255
    if len(data) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and odd):
        return None
    x = P - x if x & 1 != odd else x
    return x, y, 1, x * y % P


BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little")) or NEUTRAL


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the 64 bytes are the signature of the message by the key. Public data only: nothing here needs
    to take constant time."""
    key = decode(public)
    s = int.from_bytes(signature[32:], "little")
    if key is None or len(signature) != 64 or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    minus = (P - key[0], key[1], key[2], P - key[3])
    both, total = add(BASE, minus), NEUTRAL
    for bit in reversed(range(253)):  # sB - hA, both at once
        total = add(total, total)
        match (s >> bit & 1, h >> bit & 1):
            case (1, 1):
                total = add(total, both)
            case (1, 0):
                total = add(total, BASE)
            case (0, 1):
                total = add(total, minus)
    return encode(total) == signature[:32]


def key_id(public: bytes) -> str:
    """The name of a key: the first half of its sha256."""
    return hashlib.sha256(public).hexdigest()[:32]


SPKI = bytes.fromhex("302a300506032b6570032100")  # what a public key begins with in DER


def public_key(text: str) -> bytes:
    """The 32 bytes of an Ed25519 public key in PEM. Raises Unreadable."""
    found = re.search("-----BEGIN PUBLIC KEY-----(.*?)-----END PUBLIC KEY-----", text, re.DOTALL)
    try:
        der = base64.b64decode("".join(found[1].split()), validate=True) if found else b""
    except ValueError:
        der = b""
    if len(der) != len(SPKI) + 32 or not der.startswith(SPKI):
        raise Unreadable("it is not an Ed25519 public key in PEM")
    return der[len(SPKI) :]


# --- anchors


@dataclass(frozen=True)
class Anchor:
    """A statement that the log's entry `seq` had this hash at that time."""

    name: str
    log: str
    seq: int
    hash: str
    at: str
    key: str
    previous: str | None  # sha256 of the anchor file before
    statement: bytes
    signature: bytes
    sha256: str  # of the file


def read_anchor(path: Path) -> Anchor:
    """One anchor file, its signature unchecked. Raises Unreadable."""
    try:
        data = path.read_bytes()
        statement, signature = data.splitlines()
        said = json.loads(statement)
        if said["format"] != ANCHOR_FORMAT:
            raise ValueError
        return Anchor(
            path.name,
            str(said["log"]),
            int(said["seq"]),
            str(said["hash"]),
            str(said["at"]),
            str(said["key"]),
            said["previous"],
            statement,
            bytes.fromhex(signature.decode("ascii")),
            hashlib.sha256(data).hexdigest(),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unreadable("it is not an anchor") from error


def anchor_files(folder: Path) -> list[Path]:
    """The anchors of a folder, oldest first: their names begin with their entry."""
    return sorted(folder.glob(f"*{ANCHOR_SUFFIX}"))


def read_anchors(folder: Path) -> tuple[list[Anchor], list[Fault]]:
    """All anchors of a folder, oldest first, and the files that are none. Raises Unreadable."""
    if not folder.is_dir():
        raise Unreadable(f"{folder} is not a directory")
    found, faults = [], []
    for path in anchor_files(folder):
        try:
            found.append(read_anchor(path))
        except Unreadable as error:
            faults.append(Fault(path.name, str(error)))
    return found, faults


def read_keys(folder: Path, trust: Collection[str] = ()) -> dict[str, bytes]:
    """The public keys beside the anchors by their ids, only those of `trust` where it names some. Who can
    write there can put a key of their own there: an outsider who names the keys does not rely on it."""
    found = {}
    for path in sorted(folder.glob(f"*{KEY_SUFFIX}")):
        try:
            public = public_key(path.read_text("ascii"))
        except (Unreadable, ValueError):
            continue
        found[key_id(public)] = public
    return {name: public for name, public in found.items() if not trust or name in trust}


@dataclass(frozen=True)
class Log:
    """What the anchors are held against."""

    log: str
    first: int  # entries `first` to `last` are at hand
    last: int
    hashes: Mapping[int, str]  # of the anchored ones among them
    claimed: Mapping[str, int]  # the anchors that the log says were written, and the entry that says so
    partial: bool = False  # an extract: anchors outside it say nothing


def check_anchors(anchors: Iterable[Anchor], keys: Mapping[str, bytes], log: Log) -> Iterator[Fault]:
    """Everything that does not hold of the anchors, oldest first. One that is forged or of another log does
    not count as the one before the next."""
    before: Anchor | None = None
    held = set()
    for anchor in anchors:
        held.add(anchor.name)
        if anchor.key not in keys:
            yield Fault(anchor.name, f"its key {anchor.key} is not one that is trusted")
        elif not signed(keys[anchor.key], anchor.statement, anchor.signature):
            yield Fault(anchor.name, "its signature does not hold: it was forged or altered")
        elif anchor.log != log.log:
            yield Fault(anchor.name, f"it is of another log, {anchor.log}")
        else:
            yield from _check_anchor(anchor, before, log)
            before = anchor
    for name, entry in log.claimed.items():
        if name not in held:
            yield Fault(name, f"entry {entry} says that it was written, and it is not there")


def _check_anchor(anchor: Anchor, before: Anchor | None, log: Log) -> Iterator[Fault]:
    if anchor.previous != (before.sha256 if before else None):
        after = f"after {before.name}" if before else "before it"
        yield Fault(anchor.name, f"there is a gap: an anchor {after} is missing")
    if before and anchor.seq < before.seq:
        yield Fault(anchor.name, f"it names entry {anchor.seq}, {before.name} already named {before.seq}")
    if log.first <= anchor.seq <= log.last:
        if log.hashes.get(anchor.seq) != anchor.hash:
            yield Fault(anchor.name, f"entry {anchor.seq} is not the one that was anchored")
    elif anchor.seq and not log.partial:  # 0: of an empty log
        missing = f"entry {anchor.seq} is missing: these are entries {log.first} to {log.last}"
        yield Fault(anchor.name, missing)


# --- exports


@dataclass
class Export:
    """What was found in an export."""

    log: str
    first: int = 0
    last: int = 0
    entries: int = 0
    shown: int = 0  # personal values that are there and hold
    hidden: int = 0  # personal values of which only the hash is there: redacted, or not exported
    faults: list[Fault] = field(default_factory=list)
    hashes: dict[int, str] = field(default_factory=dict)
    claimed: dict[str, int] = field(default_factory=dict)


def check_export(lines: Iterable[str], wanted: Collection[int] = ()) -> Export:
    """Check the chain of an export, and keep the hashes of the wanted entries. Goes on after a fault, from
    what the line itself says. Raises Unreadable when it is no export."""
    numbered = enumerate(lines, 1)
    try:
        _, first = next(numbered)
        head = json.loads(first)
        if head["format"] != FORMAT:
            raise ValueError
        export = Export(str(head["log"]))
    except (StopIteration, ValueError, KeyError, TypeError) as error:
        raise Unreadable("it is not an export of an audit log") from error
    before = None
    for number, line in numbered:
        try:
            before = _check_line(export, line, before, wanted)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unreadable(f"line {number} is not an entry") from error
    if export.entries and (head.get("from"), head.get("to")) != (export.first, export.last):
        says = f"it says that it holds entries {head.get('from')} to {head.get('to')}"
        export.faults.append(Fault("export", f"{says}, and it holds {export.first} to {export.last}"))
    return export


def _check_line(export: Export, line: str, before: str | None, wanted: Collection[int]) -> str:
    """The hash that the next line must follow."""
    said = json.loads(line)
    text, prev, digest = str(said["text"]), bytes.fromhex(said["prev"]), str(said["hash"])
    seq, _, _, _, action, _, body = json.loads(text)
    seq = int(seq)
    where = f"entry {seq}"
    if export.entries == 0:
        export.first = seq
        if seq == 1 and said["prev"] != GENESIS:
            export.faults.append(Fault(where, "it is the first, and follows another"))
    elif seq != export.last + 1:
        export.faults.append(Fault(where, f"it comes after entry {export.last}: entries are missing"))
    elif said["prev"] != before:
        export.faults.append(Fault(where, "it does not follow the one before it"))
    if hashlib.sha256(prev + text.encode()).hexdigest() != digest:
        export.faults.append(Fault(where, "it was altered"))
    _check_personal(export, where, body.get("personal") or {}, said.get("personal") or {})
    if action == ANCHORED:
        export.claimed[str(body["name"])] = seq
    export.last = seq
    export.entries += 1
    if seq in wanted:
        export.hashes[seq] = digest
    return digest


def _check_personal(export: Export, where: str, hashes: Mapping[str, str], values: Mapping[str, Any]) -> None:
    for name, kept in values.items():
        salted = bytes.fromhex(kept["salt"]) + kept["value"].encode()
        if hashes.get(name) != hashlib.sha256(salted).hexdigest():
            export.faults.append(Fault(where, f"its personal field {name} was altered"))
    export.shown += len(values)
    export.hidden += len(hashes.keys() - values.keys())


# --- the command


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check an export of Chargehand's audit log.")
    parser.add_argument("export", type=Path, help="as `chargehand audit export` wrote it")
    parser.add_argument("--anchors", type=Path, help="the directory of the signed anchors")
    parser.add_argument("--trust", action="append", default=[], help="the id of a key; repeat it for more")
    parser.add_argument("--partial", action="store_true", help="it is an extract: count no other anchor")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(arguments)
    try:
        anchors, faults = read_anchors(given.anchors) if given.anchors else ([], [])
        keys = read_keys(given.anchors, given.trust) if given.anchors else {}
        with given.export.open(encoding="utf-8", newline="\n") as lines:
            export = check_export(lines, {a.seq for a in anchors})
    except (OSError, Unreadable, UnicodeDecodeError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    faults = export.faults + faults
    if export.first > 1 and not given.partial:
        faults.append(Fault("export", f"it begins at entry {export.first}: an extract is checked --partial"))
    if given.anchors:
        log = Log(export.log, export.first, export.last, export.hashes, export.claimed, given.partial)
        faults += check_anchors(anchors, keys, log)
    report = {
        "whole": not faults,
        "log": export.log,
        "first": export.first,
        "last": export.last,
        "anchors": len(anchors),
        "keys": sorted(keys),
        "keys_named": bool(given.trust),
        "personal_shown": export.shown,
        "personal_hidden": export.hidden,
        "faults": [asdict(f) for f in faults],
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n" if given.json else _in_words(report))
    return 1 if faults else 0


def _in_words(report: Mapping[str, Any]) -> str:
    words = [f"{f['where']}: {f['says']}" for f in report["faults"]]
    if report["whole"]:
        words.append(
            f"Entries {report['first']} to {report['last']} of log {report['log']} hold, "
            f"and so do {report['anchors']} anchors."
        )
    if not report["anchors"]:
        words.append("Without anchors this does not show a log that was written anew from its start.")
    elif not report["keys_named"]:
        words.append(f"The keys were taken from beside the anchors: {', '.join(report['keys'])}.")
        words.append("Name those you were given with --trust.")
    return "\n".join(words) + "\n"


if __name__ == "__main__":
    sys.exit(main())
