"""A remote OPA, played by a server of this process: a clear answer counts, every fault denies."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import finops
import pytest

#: Taken before `conftest` forbids sockets: this one stays on the loopback.
SOCKET = socket.socket
GOOD = {"unit_cost_usd": 0.1, "cost_tags": {"team": "ai", "environment": "dev"}}
ALLOW = b'{"result": {"allow": true, "deny": [], "warn": ["soon"]}}'
DENY = b'{"result": {"allow": false, "deny": ["too dear"]}}'


@pytest.fixture(autouse=True)
def loopback(isolated: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """`accept` makes sockets, too."""
    monkeypatch.setattr(socket, "socket", SOCKET)


class Stub:
    """Answers every question with the same bytes, and keeps what it was asked."""

    def __init__(self, reply: bytes, *, hang: bool = False) -> None:
        self.reply, self.hang = reply, hang
        self.bodies: list[bytes] = []
        self.done = threading.Event()
        self.listener = SOCKET(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.answer(connection)

    def answer(self, connection: socket.socket) -> None:
        told = b""
        while b"\r\n\r\n" not in told:
            part = connection.recv(65536)
            if not part:
                return
            told += part
        head, body = told.split(b"\r\n\r\n", 1)
        length = next(int(line.split(b":")[1]) for line in head.lower().splitlines() if line.startswith(b"content-length"))
        while len(body) < length:
            body += connection.recv(65536)
        self.bodies.append(body)
        connection.sendall(self.reply)
        if self.hang:
            self.done.wait(10)


@contextmanager
def stub(status: str, body: bytes, *, hang: bool = False, length: int | None = None) -> Iterator[Stub]:
    head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body) if length is None else length}\r\nconnection: close\r\n\r\n"
    server = Stub(head.encode() + body if status else b"", hang=hang)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.done.set()
        server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()
        thread.join()


def test_a_clear_answer_counts() -> None:
    with stub("200 OK", ALLOW) as server:
        decision = finops.PolicyGate(opa_url=server.url, opa_timeout_ms=5000).decide({**GOOD, "unit_cost_usd": Decimal("0.60")})
        assert decision.allowed and decision["warn_messages"] == ["soon"]
        assert (decision.engine, decision.decision_source) == ("remote", "opa")
        assert b'"unit_cost_usd":0.6' in server.bodies[0] and json.loads(server.bodies[0])["input"]
    with stub("200 OK", DENY) as server:
        decision = finops.PolicyGate(opa_url=server.url, opa_timeout_ms=5000).decide(GOOD)
        assert decision["deny_messages"] == ["too dear"] and decision.decision_source == "opa"
    with stub("200 OK", b'{"result": {"allow": false}}') as server:
        decision = finops.PolicyGate(opa_url=server.url, opa_timeout_ms=5000).decide(GOOD)
        assert (decision.allowed, decision.code, decision.decision_source) == (False, "policy.not_allowed", "opa")


def test_the_path_and_the_gate_of_the_environment() -> None:
    with stub("200 OK", ALLOW) as server:
        gate = finops.PolicyGate.from_env({"OPA_URL": server.url, "POLICY_PATH": "shop/gate", "OPA_TIMEOUT_MS": "5000"})
        assert gate.opa_url == f"{server.url}/v1/data/shop/gate"
        assert gate.decide_json(json.dumps(GOOD)).allowed and gate.decide_many([GOOD])[0].allowed


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        ("200 OK", b"{}", "opa.undefined"),
        ("200 OK", b'{"result": {"deny": []}}', "opa.undefined"),
        ("500 Internal Server Error", ALLOW, "opa.status"),
        ("201 Created", ALLOW, "opa.status"),
        ("302 Found", ALLOW, "opa.status"),
        ("200 OK", b"", "opa.result"),
        ("200 OK", b"[true]", "opa.result"),
        ("200 OK", b'{"result": {"allow": "true"}}', "opa.result"),
        ("200 OK", b'{"result": {"allow": 1}}', "opa.result"),
        ("200 OK", b'{"result": {"allow": true, "x": NaN}}', "opa.result"),
        ("200 OK", b'{"result": {"allow": true}, "x": "' + b"y" * (1 << 20) + b'"}', "opa.result"),
        ("", b"", "opa.unavailable"),
    ],
)
def test_every_fault_denies(status: str, body: bytes, code: str) -> None:
    with stub(status, body) as server:
        decision = finops.PolicyGate(opa_url=server.url, opa_timeout_ms=5000).decide(GOOD)
    assert not decision.allowed and decision.code == code
    assert decision.decision_source == "fail_closed"
    assert decision["deny_messages"][0].startswith("policy service unavailable")


@pytest.mark.parametrize(("status", "length"), [("", None), ("200 OK", 100)])
def test_a_server_that_does_not_end_is_a_timeout(status: str, length: int | None) -> None:
    with stub(status, b'{"result"', hang=True, length=length) as server:
        decision = finops.PolicyGate(opa_url=server.url, opa_timeout_ms=50).decide(GOOD)
    assert not decision.allowed and decision.code == "opa.timeout"


def test_nobody_there_denies_and_opens_the_breaker() -> None:
    with stub("200 OK", ALLOW) as server:
        url = server.url
    gate = finops.PolicyGate(opa_url=url, opa_timeout_ms=1000)
    assert {gate.decide(GOOD).code for _ in range(8)} == {"opa.unavailable"}


def test_what_json_cannot_hold_is_not_sent() -> None:
    with stub("200 OK", ALLOW) as server:
        gate = finops.PolicyGate(opa_url=server.url, opa_timeout_ms=5000)
        assert not gate.decide({**GOOD, "unit_cost_usd": float("nan")}).allowed
        assert not gate.decide_json('{"unit_cost_usd": 0.1, "unit_cost_usd": 0.1}').allowed
        assert server.bodies == []


def test_the_fallback_decides_here() -> None:
    with stub("500 Internal Server Error", b"") as server:
        environment = {"OPA_URL": server.url, "OPA_FALLBACK": "embedded", "OPA_TIMEOUT_MS": "5000"}
        decision = finops.PolicyGate.from_env(environment).decide(GOOD)
    assert decision.allowed and decision.decision_source == "embedded"
