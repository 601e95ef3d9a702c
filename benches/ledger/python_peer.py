"""An event log in pure Python, as one would write it with the standard library: the peer of `append` and `verify` in benches/ledger.

The peer does what finops must do and no more: it neither checks the fields of an event nor writes it anywhere, which favours the peer.
Every contender works on the same events. Event `i` (see `event`) is this fixture, whose canonical form has exactly 350 bytes:

    {"v": 1, "log": "acme.example/finops/prod", "id": "evt-" + i in 12 digits, "at": "2026-03-14T09:MM:SS.589793Z" with MM = i / 60 % 60
     and SS = i % 60, "actor": "svc:finops", "kind": "acme.usage",
     "data": {"cost": "0.0075", "currency": "USD", "input_tokens": 1000 + i % 1000, "model": "gpt-4o", "output_tokens": 500 + i % 500,
              "request": "x" as often as 350 bytes need, "team": "payments"}}

Record 0 is `log.created`. Run as a program it prints one JSON object: nanoseconds of thread CPU time an event, the least of many rounds.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable
from typing import Any

EVENTS = 2_000
ROUNDS = 15
BYTES = 350
ORIGIN = "acme.example/finops/prod"
# A test value, also of the shared vectors.
SECRET = b"0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0"
APPEND = "append (encode, leaf, tag, tree)"
VERIFY = "verify (line, tag, canonical check, id set, tree)"

encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def fixture(i: int, request: str) -> dict[str, Any]:
    data = {
        "cost": "0.0075",
        "currency": "USD",
        "input_tokens": 1000 + i % 1000,
        "model": "gpt-4o",
        "output_tokens": 500 + i % 500,
        "request": request,
        "team": "payments",
    }
    at = f"2026-03-14T09:{i // 60 % 60:02}:{i % 60:02}.589793Z"
    return {"v": 1, "log": ORIGIN, "id": f"evt-{i:012}", "at": at, "actor": "svc:finops", "kind": "acme.usage", "data": data}


def event(i: int) -> dict[str, Any]:
    """The event of the docstring above."""
    return fixture(i, "x" * (BYTES - len(encode(fixture(i, "")))))


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


PRK = mac(b"finops-ledger/v1", SECRET)
KID = mac(PRK, b"kid\x01")[:8].hex()
KEY = mac(PRK, b"event\n" + ORIGIN.encode() + b"\x01")


class Log:
    """The end of a log: size, last tag and the roots of the complete subtrees, largest first."""

    def __init__(self) -> None:
        self.size, self.tag = 0, bytes(32)
        self.frontier: list[bytes] = []

    def push(self, text: bytes) -> bytes:
        """Leaf, tag and tree of one event; answers the tag."""
        node = sha256(b"\x00" + text)
        self.tag = mac(KEY, b"finops-ledger/v1/record\n" + self.size.to_bytes(8, "big") + self.tag + node)
        size = self.size
        while size & 1:
            node = sha256(b"\x01" + self.frontier.pop() + node)
            size >>= 1
        self.frontier.append(node)
        self.size += 1
        return self.tag

    def append(self, event: dict[str, Any]) -> bytes:
        return self.push(encode(event).encode())

    def root(self) -> bytes:
        root = self.frontier[-1] if self.frontier else sha256(b"")
        for left in self.frontier[-2::-1]:
            root = sha256(b"\x01" + left + root)
        return root


def created() -> dict[str, Any]:
    return {**fixture(0, ""), "id": "evt-created", "kind": "log.created", "data": {"kid": KID}}


def started() -> Log:
    log = Log()
    log.append(created())
    return log


def lines(events: Iterable[dict[str, Any]]) -> list[bytes]:
    """The file of a log, line by line."""
    log, out = Log(), []
    for seq, one in enumerate([created(), *events]):
        out.append(f"{seq} {KID} {log.append(one).hex()} {encode(one)}\n".encode())
    return out


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key twice")
    return members


decode = json.JSONDecoder(object_pairs_hook=unique).decode


def verify(file: Iterable[bytes]) -> bytes:
    """The root of a log whose every line is good, else ValueError."""
    log, ids = Log(), set()
    for line in file:
        seq, kid, tag, text = line[:-1].split(b" ", 3)
        if int(seq) != log.size or kid.decode() != KID or not hmac.compare_digest(log.push(text).hex().encode(), tag):
            raise ValueError("sequence, key or tag")
        one = decode(text.decode())
        if encode(one).encode() != text or one["log"] != ORIGIN or one["id"] in ids:
            raise ValueError("not canonical, of another log, or twice")
        ids.add(one["id"])
    return log.root()


def least(call: Callable[[], object], work: int, rounds: int = ROUNDS) -> float:
    """Nanoseconds of this thread's CPU time for one of `work` units, the least of `rounds`."""
    best = float("inf")
    for _ in range(rounds):
        start = time.thread_time_ns()
        call()
        best = min(best, (time.thread_time_ns() - start) / work)
    return best


def append_all(events: list[dict[str, Any]]) -> bytes:
    log = started()
    for one in events:
        log.append(one)
    return log.root()


def main() -> None:
    events = [event(i) for i in range(EVENTS)]
    file = lines(events)
    if any(len(encode(one).encode()) != BYTES for one in events) or verify(file) != append_all(events):
        raise SystemExit("the peer is wrong")
    found = {APPEND: least(lambda: append_all(events), EVENTS), VERIFY: least(lambda: verify(file), EVENTS)}
    print(json.dumps({"peer": "Python", "root": append_all(events).hex(), "ns": {name: round(ns, 1) for name, ns in found.items()}}))


if __name__ == "__main__":
    main()
