"""What an auditor has, `verify_ledger.py`, and an independent writer of logs for it to read. Nothing here imports finops."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import importlib.util
import io
import itertools
import json
import os
import sys
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).resolve().parents[1] / "verify_ledger.py"
VECTORS = Path(os.environ.get("FINOPS_VECTORS_DIR") or Path(__file__).resolve().parents[2] / "vectors") / "ledger.json"
SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0"
PEER = Path(__file__).resolve().parents[3] / "benches" / "ledger" / "python_peer.py"
OTHER = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaZbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
SEED = bytes(range(32))
ORIGIN = "acme.example/finops/prod"


def load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    spec.loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


audit = load(SCRIPT)


@functools.lru_cache(maxsize=None)
def groups() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))["groups"]
    return found


def cases(group: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = groups()[group]["cases"]
    assert found
    return found


def log_file(case: dict[str, Any]) -> bytes:
    rows = case["records"]
    return "".join("{seq} {kid} {tag} {event}\n".format(**row) for row in rows).encode()


def verify(file: bytes, secrets: Any = (SECRET,), anchors: Any = (), vkeys: Any = (), origin: str | None = ORIGIN) -> dict[str, Any]:
    """As the script runs: anchors are the bytes of a note or (size, root)."""
    read = [
        audit.attempt(audit.parse_checkpoint, anchor) if isinstance(anchor, bytes) else audit.Checkpoint(None, *anchor, b"", [])
        for anchor in anchors
    ]
    keys = [audit.Keys(secret.encode()) for secret in secrets]
    verifier = audit.Verifier(origin, keys, read, [audit.parse_vkey(vkey) for vkey in vkeys])
    verifier.read(io.BytesIO(file))
    result: dict[str, Any] = verifier.result()
    return result


# An independent writer: the specification in thirty lines.


def sign(key: bytes, *parts: bytes) -> bytes:
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def expand(secret: str, info: str) -> bytes:
    return sign(sign(b"finops-ledger/v1", secret.encode()), info.encode(), b"\x01")


def kid_of(secret: str) -> str:
    return expand(secret, "kid")[:8].hex()


def root_of(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256().digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()


class Writer:
    """Seals whatever it is given: it is also the forger who has the secret."""

    def __init__(self, secret: str = SECRET, origin: str = ORIGIN, **created: Any) -> None:
        self.secret, self.origin, self.tag = secret, origin, bytes(32)
        self.key = expand(secret, "event\n" + origin)
        self.leaves: list[bytes] = []
        self.lines: list[bytes] = []
        self.event("log.created", {"kid": kid_of(secret), **created})

    def event(self, kind: str = "acme.thing", data: Any = None, **changes: Any) -> Writer:
        at = f"2026-03-14T09:26:{len(self.lines) % 60:02}.589793Z"
        event = {"actor": "svc:x", "at": at, "data": data or {}, "id": f"e{len(self.lines)}", "kind": kind, "log": self.origin, "v": 1}
        event.update(changes)
        text = json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return self.raw(text.encode("utf-8", "surrogatepass"))

    def raw(self, event: bytes) -> Writer:
        seq = len(self.lines)
        leaf = hashlib.sha256(b"\x00" + event).digest()
        self.tag = sign(self.key, b"finops-ledger/v1/record\n", seq.to_bytes(8, "big"), self.tag, leaf)
        self.leaves.append(leaf)
        self.lines.append(f"{seq} {kid_of(self.secret)} {self.tag.hex()} ".encode() + event + b"\n")
        return self

    def rotate(self, secret: str) -> Writer:
        self.event("key.rotated", {"from": kid_of(self.secret), "to": kid_of(secret)})
        self.secret, self.key = secret, expand(secret, "event\n" + self.origin)
        return self

    def file(self) -> bytes:
        return b"".join(self.lines)

    def body(self, size: int | None = None) -> str:
        size = len(self.leaves) if size is None else size
        return f"{self.origin}\n{size}\n{base64.b64encode(root_of(self.leaves[:size])).decode()}\n"

    def note(self, size: int | None = None, secret: str | None = None, *, public: bool = False) -> bytes:
        body, secret = self.body(size), secret or self.secret
        if public:
            material, signature = b"\x01" + public_key(SEED), ed25519_sign(SEED, body.encode())
        else:
            material = b"\xfffinops-ledger/v1/hmac-sha256\n" + bytes.fromhex(kid_of(secret))
            signature = sign(expand(secret, "checkpoint\n" + self.origin), body.encode())
        key_id = hashlib.sha256(self.origin.encode() + b"\n" + material).digest()[:4]
        return f"{body}\n\u2014 {self.origin} {base64.b64encode(key_id + signature).decode()}\n".encode()

    def vkey(self) -> str:
        public = b"\x01" + public_key(SEED)
        key_id = hashlib.sha256(self.origin.encode() + b"\n" + public).digest()[:4]
        return f"{self.origin}+{key_id.hex()}+{base64.b64encode(public).decode()}"


def encode_point(point: tuple[int, int]) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def secret_scalar(seed: bytes) -> tuple[int, bytes]:
    digest = hashlib.sha512(seed).digest()
    return int.from_bytes(digest[:32], "little") & (2**254 - 8) | 2**254, digest[32:]


@functools.lru_cache(maxsize=None)
def public_key(seed: bytes) -> bytes:
    return encode_point(audit._times(secret_scalar(seed)[0], audit.BASE))


def ed25519_sign(seed: bytes, text: bytes) -> bytes:
    scalar, prefix = secret_scalar(seed)
    nonce = int.from_bytes(hashlib.sha512(prefix + text).digest(), "little") % audit.L
    commitment: bytes = encode_point(audit._times(nonce, audit.BASE))
    challenge = int.from_bytes(hashlib.sha512(commitment + public_key(seed) + text).digest(), "little")
    answer: int = (nonce + challenge * scalar) % audit.L
    return commitment + answer.to_bytes(32, "little")


def flips(data: bytes) -> Any:
    for at, bit in itertools.product(range(len(data)), range(8)):
        changed = bytearray(data)
        changed[at] ^= 1 << bit
        yield at, bytes(changed)
