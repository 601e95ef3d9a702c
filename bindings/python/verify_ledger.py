#!/usr/bin/env python3
"""Checks a finops event log with nothing but the standard library of Python 3.9 or later: one short file to read and to trust.

    verify_ledger.py LOG [--secret-file FILE]... [--prompt] [--anchor NOTE_FILE|SIZE:ROOT]... [--vkey KEY]... [--origin NAME]

It prints the result of `finops ledger verify --json`, one line of canonical JSON, and exits with 0 when nothing is wrong, 1 when something
is, 2 when something cannot be read. Without a secret it needs a checkpoint with an Ed25519 line and its key. See docs/ledger-format.md.
"""
from __future__ import annotations
import argparse, base64, datetime, getpass, hashlib, hmac, itertools, json, re, sys, warnings
from typing import Any, BinaryIO, Callable, Iterator, List, NamedTuple, Optional, Sequence

EVENT_MAX, DEPTH_MAX, INTEGER_MAX, NOTE_MAX, SIZE_MAX, LINE_MAX = 65_535, 32, 2**53 - 1, 65_536, 2**63 - 1, 65_535 + 103
LINE = re.compile(rb"(0|[1-9][0-9]{0,18}) ([0-9a-f]{16}) ([0-9a-f]{64}) ([^\n]{1,65535})")
KID, HASH, NUMBER = re.compile("[0-9a-f]{16}"), re.compile("[0-9a-f]{64}"), re.compile("0|[1-9][0-9]{0,18}")
NAME = re.compile("[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000+]+")  # no white space, no plus
FORMS = {
    "actor": re.compile("[a-z]{2,16}:[A-Za-z0-9._~/-]{1,111}"),
    "at": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3])(:[0-5][0-9]){2}\.[0-9]{6}Z"),
    "id": re.compile("[A-Za-z0-9][A-Za-z0-9._:~-]{0,63}"),
    "kind": re.compile(r"(?=.{3,64}\Z)[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,3}"),
    "log": re.compile("(?!.*//)[A-Za-z0-9][A-Za-z0-9._~/-]{0,198}[A-Za-z0-9]"),
}
COMMIT = re.compile(rb'\{"\$commit":"[0-9a-f]{64}"\}')
RESERVED = re.compile(rb'[{,]"\$(?:[^"\\]|\\.)*":|(?<!\\)(?:\\\\)*\\u0000')  # in canonical bytes: a key with $, or U+0000

class Fault(ValueError):
    """What is wrong with a text; of a log, its text is the member `error` of the result."""
def need(fits: object, fault: str) -> None:
    if not fits: raise Fault(fault)
def attempt(function: Callable[..., Any], *arguments: Any) -> Any:
    try: return function(*arguments)
    except ValueError: return None
def sha256(*parts: bytes) -> bytes: return hashlib.sha256(b"".join(parts)).digest()
def mac(key: bytes, *parts: bytes) -> bytes: return hmac.digest(key, b"".join(parts), "sha256")

# Canonical JSON: RFC 8785 with integers only. What has no canonical form is a ValueError.
def _integer(text: str) -> int:  # is also given fractions, exponents and NaN, which int() refuses
    need(text != "-0" and len(text) < 18 and abs(int(text)) <= INTEGER_MAX, "not an integer within 2^53 - 1")
    return int(text)
def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(sorted(pairs, key=lambda pair: pair[0].encode("utf-16-be")))  # the order is that of UTF-16 code units
    need(len(members) == len(pairs), "a key twice")
    return members
_decode = json.JSONDecoder(object_pairs_hook=_members, parse_int=_integer, parse_float=_integer, parse_constant=_integer).decode
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")).encode
def read_json(raw: bytes) -> tuple[Any, bytes]:
    """The value of JSON in any spelling, and its canonical bytes."""
    text = raw.decode()
    if text.count("[") + text.count("{") > DEPTH_MAX:  # only then can it be deep: measured before the decoder recurses
        brackets = re.sub(r'(?s)"[^"\\]*(?:\\.[^"\\]*)*"?|[^][{}"]+', "", text)
        need(max(itertools.accumulate(1 if one in "[{" else -1 for one in brackets), default=0) <= DEPTH_MAX, "too deep")
    value = _decode(text)
    return value, _encode(value).encode()  # half a surrogate pair has no UTF-8: a ValueError too
def canonical(value: Any) -> bytes: return read_json(_encode(value).encode())[1]
def canonical_check(raw: bytes) -> bool: return len(raw) <= EVENT_MAX and raw in (attempt(read_json, raw) or ())[1:]
def read_event(raw: bytes) -> tuple[dict[str, Any], int]:
    """The seven fields of an event, and its time in microseconds since the year 1."""
    event, spelled = attempt(read_json, raw) or (None, None)  # type: Any, Any
    need(spelled == raw, "not_canonical")
    try:
        need(list(event) == [*sorted([*FORMS, "data"]), "v"] and raw.endswith(b',"v":1}'), "other fields")
        need(all(form.fullmatch(event[name]) for name, form in FORMS.items()) and isinstance(event["data"], dict), "forms")
        need(not RESERVED.search(COMMIT.sub(b"0", raw)), "a reserved key or U+0000")
        return event, (datetime.datetime.fromisoformat(event["at"][:-1]) - datetime.datetime.min) // datetime.timedelta(microseconds=1)
    except (TypeError, ValueError):  # also of what is no text, and of no real date
        raise Fault("envelope") from None

# Keys: HKDF-SHA256 (RFC 5869) of a secret, one block of output each.
class Keys:
    def __init__(self, secret: bytes) -> None:
        fault = "missing" if not secret else "short" if len(secret) < 32 else "long" if len(secret) > 1024 else "charset"
        need(fault == "charset" and all(0x21 <= byte <= 0x7E for byte in secret), "ledger.key." + fault)
        self.prk = mac(b"finops-ledger/v1", secret)
        self.kid = self.expand("kid")[:8].hex()
    def expand(self, info: str) -> bytes: return mac(self.prk, info.encode(), b"\x01")
def sign_event(event: Any, secret: bytes) -> str:
    return mac(Keys(secret).expand("single"), b"finops-ledger/v1/single\n", canonical(event)).hex()
def verify_event(event: Any, signature: str, secret: bytes) -> bool:
    return HASH.fullmatch(signature) is not None and hmac.compare_digest(sign_event(event, secret), signature)

# Tree: RFC 6962 section 2.1; proofs as RFC 9162 sections 2.1.3.2 and 2.1.4.2 check them.
def push(frontier: list[bytes], size: int, node: bytes) -> None:
    """Appends a leaf hash to the roots of the complete subtrees of `size` leaves, largest first."""
    while size & 1: node, size = sha256(b"\x01", frontier.pop(), node), size >> 1
    frontier.append(node)
def tree_root(frontier: list[bytes]) -> bytes:
    root = frontier[-1] if frontier else sha256()
    for left in frontier[-2::-1]: root = sha256(b"\x01", left, root)
    return root
def _climb(node: int, last: int, seed: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    old = new = seed
    for sibling in proof:
        if last == 0: return b"", b""
        if node & 1 or node == last:
            old, new = sha256(b"\x01", sibling, old), sha256(b"\x01", sibling, new)
            while node and not node & 1: node, last = node >> 1, last >> 1
        else: new = sha256(b"\x01", new, sibling)
        node, last = node >> 1, last >> 1
    return (old, new) if last == 0 else (b"", b"")
def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    return 0 <= index < size and _climb(index, size - 1, leaf, proof)[1] == root
def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    if old in (0, new) or not 0 < old < new or not proof:
        begins = old_root == new_root if old == new else old == 0 < new
        return begins and not proof and (old > 0 or old_root == sha256())
    height = (old & -old).bit_length() - 1  # of the complete subtree in which the old tree ends
    seed, rest = (old_root, proof) if old == 1 << height else (proof[0], proof[1:])
    return _climb(old - 1 >> height, new - 1 >> height, seed, rest) == (old_root, new_root)

# Ed25519: RFC 8032 section 5.1, strict: no weak point, one spelling of each point and scalar.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, BASE_Y = -121665 * pow(121666, -1, P) % P, 4 * pow(5, -1, P) % P
def _add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    t = D * a[0] * a[1] * b[0] * b[1] % P
    both = pow(1 - t * t, -1, P)  # one inverse for the two denominators
    return (a[0] * b[1] + a[1] * b[0]) * (1 - t) * both % P, (a[1] * b[1] + a[0] * b[0]) * (1 + t) * both % P
def _times(number: int, point: tuple[int, int]) -> tuple[int, int]:
    total = (0, 1)
    for bit in bin(number)[2:]: total = _add(_add(total, total), point if bit == "1" else (0, 1))
    return total
def _point(raw: bytes) -> tuple[int, int]:
    sign, y = divmod(int.from_bytes(raw, "little"), 2**255)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P  # times the root of -1
    x = x if x & 1 == sign else P - x
    need(len(raw) == 32 and y < P and x * x % P == square and _times(8, (x, y)) != (0, 1), "not a point, or a weak one")
    return x, y
BASE = _point(BASE_Y.to_bytes(32, "little"))
def ed25519_verify(key: bytes, text: bytes, signature: bytes) -> bool:
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(r + key + text).digest(), "little") % L
    a, b = attempt(_point, key), attempt(_point, r)
    return bool(a and b and len(signature) == 64 and s < L and _times(s, BASE) == _add(b, _times(k, a)))

# Notes, checkpoints, receipts: C2SP signed-note, tlog-checkpoint, tlog-proof. What is malformed is a ValueError.
Signer = NamedTuple("Signer", [("name", str), ("key_id", bytes), ("verify", Callable[[bytes, bytes], bool]), ("kid", Optional[str])])
Checkpoint = NamedTuple("Checkpoint", [("origin", Any), ("size", int), ("root", bytes), ("text", bytes), ("lines", List[Any])])
def _unbase64(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    need(base64.b64encode(raw).decode() == text, "not canonical base64")
    return raw
def _numbered(size: str, hashes: Sequence[str]) -> tuple[int, list[bytes]]:
    decoded = [_unbase64(text) for text in hashes]
    need(NUMBER.fullmatch(size) and int(size) <= SIZE_MAX and all(len(raw) == 32 for raw in decoded), "not a number and hashes")
    return int(size), decoded
def parse_checkpoint(raw: bytes) -> Checkpoint:
    text, _, tail = raw.decode().rpartition("\n\n")
    origin, size, root, *more = text.split("\n")
    number, hashes = _numbered(size, [root])
    need(len(raw) <= NOTE_MAX and not re.search(rb"[\x00-\x09\x0b-\x1f]", raw) and "" not in (origin, *more), "not a checkpoint")
    lines = [(dash, name, _unbase64(signed)) for dash, name, signed in (line.split(" ") for line in tail[:-1].split("\n"))]
    need(tail[-1:] == "\n" and len(lines) <= 32, "not 1 to 32 signature lines")
    need(all(dash == "\u2014" and NAME.fullmatch(name) and len(signed) > 4 for dash, name, signed in lines), "not a signature line")
    return Checkpoint(origin, number, hashes[0], (text + "\n").encode(), [(name, signed[:4], signed[4:]) for _, name, signed in lines])
def parse_vkey(text: str) -> Signer:
    name, key_id, encoded = text.split("+", 2)
    public = _unbase64(encoded)
    need(NAME.fullmatch(name) and key_id == sha256(name.encode(), b"\n", public)[:4].hex() and public[:1] == b"\x01", "not a verifier key")
    _point(public[1:])
    return Signer(name, bytes.fromhex(key_id), lambda text, signature: ed25519_verify(public[1:], text, signature), None)
def hmac_signer(keys: Keys, origin: str) -> Signer:
    key_id = sha256(origin.encode(), b"\n\xfffinops-ledger/v1/hmac-sha256\n", bytes.fromhex(keys.kid))[:4]
    check = lambda text, signature: hmac.compare_digest(mac(keys.expand("checkpoint\n" + origin), text), signature)
    return Signer(origin, key_id, check, keys.kid)
def signed_by(note: Checkpoint, signers: Sequence[Signer]) -> Iterator[Signer]:
    """Who signed, line by line; a line that names a signer and is not its signature is a Fault."""
    for name, key_id, signature in note.lines:
        for signer in [known for known in signers if known[:2] == (name, key_id)][:1]:
            need(signer.verify(note.text, signature), "checkpoint_signature")
            yield signer
def check_receipt(receipt: bytes, event: bytes, origin: str, vkeys: Sequence[Signer]) -> None:
    """Raises ValueError unless it shows that the log `origin` holds exactly these event bytes."""
    head, _, note = receipt.decode().partition("\n\n")
    header, index, *hashes = head.split("\n")
    (number, proof), signed = _numbered(index[6:], hashes), parse_checkpoint(note.encode())
    need((header, index[:6], signed.origin) == ("c2sp.org/tlog-proof@v1", "index ", origin) and len(proof) < 64, "not its receipt")
    need([*signed_by(signed, vkeys)], "not signed by a known key")
    need(verify_inclusion(sha256(b"\0", event), number, signed.size, proof, signed.root), "not in the tree")

class Verifier:
    """Checks a log record by record, then against its anchors: None is a malformed one, without lines one is trusted as it is."""
    def __init__(self, origin: Optional[str], keys: Sequence[Keys], anchors: Sequence[Any], vkeys: Sequence[Signer]) -> None:
        self.origin, self.ring, self.anchors, self.vkeys = origin, {one.kid: one for one in keys}, anchors, vkeys
        self.roots = {anchor.size: sha256() for anchor in anchors if anchor}
        self.kid, self.key, self.at, self.error, self.seq, self.anchored = [None] * 6  # type: Any, Any, Any, Any, Any, Any
        self.size, self.epoch, self.regressions, self.torn, self.tag, self.heartbeat = 0, 0, 0, 0, bytes(32), 3600
        self.frontier, self.runs, self.gaps, self.ids, self.used = [], [], [], set(), set()  # type: list[Any], list[Any], list[Any], set[Any], set[Any]
    def read(self, log: BinaryIO) -> None:
        """Checks line after line; what follows the last line feed is a torn tail."""
        for line in iter(lambda: log.readline(LINE_MAX), b""):
            size = len(line)
            while line[-1:] != b"\n" and (more := log.readline(LINE_MAX)):
                line, size = more, size + len(more)
            self.torn = 0 if line[-1:] == b"\n" else size
            try:
                if self.error is None:
                    need(self.torn == 0, "torn_tail")
                    self._record(LINE.fullmatch(line[:-1] if size == len(line) else b""))  # no record is longer than LINE_MAX
            except Fault as fault: self.error, self.seq = str(fault), self.size
    def _find_origin(self, event: Any) -> None:
        origins = [isinstance(event, dict) and event.get("log"), *(anchor.origin for anchor in self.anchors if anchor)]
        self.origin = next((origin for origin in origins if isinstance(origin, str)), None)
    def _record(self, line: Any) -> None:
        need(line, "malformed")
        seq, kid, tag, raw, key = int(line[1]), line[2].decode(), bytes.fromhex(line[3].decode()), line[4], None
        if self.origin is None: self._find_origin((attempt(read_json, raw) or (None,))[0])
        need(seq == self.size, "sequence")
        leaf = sha256(b"\0", raw)
        if self.ring:
            need(kid in self.ring, "unknown_key")
            key = self.key if kid == self.kid and self.key else self.ring[kid].expand("event\n" + (self.origin or ""))
            expected = mac(key, b"finops-ledger/v1/record\n", seq.to_bytes(8, "big"), self.tag, leaf)
            need(hmac.compare_digest(expected, tag), "tag")
        event, at = read_event(raw)
        kind, data, name = event["kind"], event["data"], sha256(event["id"].encode())[:16]
        need(event["log"] == self.origin, "origin")
        if seq == 0:
            self.kid, self.heartbeat = data.get("kid"), data.get("heartbeat_s", 3600)
            need(type(self.heartbeat) is int and 60 <= self.heartbeat <= 86_400, "key_order")
        need((kind == "log.created") == (seq == 0) and kid == self.kid, "key_order")
        need(name not in self.ids, "duplicate_id")
        to, epoch, after = data.get("to"), data.get("epoch"), (kid, self.epoch, key)
        self.used.add(kid)
        if kind == "key.rotated":
            need(data.get("from") == kid and isinstance(to, str) and KID.fullmatch(to) and to not in self.used, "key_order")
            after = to, 0, None
        if kind == "key.ratcheted":
            need(data.get("kid") == kid and type(epoch) is int and epoch == self.epoch + 1, "key_order")
            after = kid, epoch, key and mac(key, b"finops-ledger/v1/ratchet\n", epoch.to_bytes(8, "big"))
        passed = at - self.at if seq else 0  # from here on nothing fails: the record joins the verified prefix
        self.regressions += passed < 0
        if passed > 2_000_000 * self.heartbeat: self.gaps.append({"after_seq": seq - 1, "seconds": passed // 1_000_000})
        if not self.runs or (self.runs[-1]["kid"], self.runs[-1]["epoch"]) != (kid, self.epoch):
            self.runs.append({"kid": kid, "epoch": self.epoch, "first": seq})
        self.runs[-1]["last"] = seq
        self.ids.add(name)
        push(self.frontier, seq, leaf)
        (self.kid, self.epoch, self.key), self.tag, self.at, self.size = after, tag, at, seq + 1
        if self.size in self.roots: self.roots[self.size] = tree_root(self.frontier)
    def _compare(self) -> None:
        for anchor in self.anchors:
            need(anchor, "checkpoint_malformed")
            need(anchor.origin in (None, self.origin), "checkpoint_origin")
        signers, public = [hmac_signer(keys, self.origin or "") for keys in self.ring.values()] + [*self.vkeys], False
        for anchor in sorted(self.anchors, key=lambda anchor: anchor.size):
            known, last = 0, max(anchor.size - 1, 0)
            sealed = [run["kid"] for run in self.runs if run["first"] <= last <= run["last"] and anchor.size <= self.size]
            for known, signer in enumerate(signed_by(anchor, signers), 1):
                need(signer.kid is None or sealed in ([], [signer.kid]), "checkpoint_key")
                public = public or signer.kid is None
            need(known or not anchor.lines, "checkpoint_unverified")
            need(anchor.size <= self.size, "truncated")
            need(self.roots[anchor.size] == anchor.root, "root_mismatch")
            self.anchored = anchor.size
        need(self.ring or public, "checkpoint_unverified")
    def result(self) -> dict[str, Any]:
        if self.origin is None: self._find_origin(None)
        try:
            if self.error is None: self._compare()
        except Fault as fault:  # only a missing tail has a place: elsewhere the fault may lie anywhere
            self.error, self.seq = str(fault), self.size if str(fault) == "truncated" else None
        tags, tail = "checked" if self.ring else "not_checked", self.size - (self.anchored or 0)
        return {"ok": self.error is None, "error": self.error, "seq": self.seq, "origin": self.origin, "size": self.size,
                "root": tree_root(self.frontier).hex(), "tags": tags, "keys": self.runs, "anchored_up_to": self.anchored, "unanchored_tail": tail,
                "gaps": self.gaps, "clock_regressions": self.regressions, "torn_tail_bytes": self.torn}

def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.error = lambda message: parser.exit(2, "verify_ledger: unknown or missing argument; see --help\n")  # type: ignore
    parser.add_argument("log", metavar="LOG")
    parser.add_argument("--prompt", action="store_true")
    parser.add_argument("--origin")
    for name in ("--secret-file", "--anchor", "--vkey"): parser.add_argument(name, action="append", default=[])
    given, keys, anchors, vkeys, what = parser.parse_args(arguments), [], [], [], ""
    try:
        for what, path in [(f"--secret-file {number}", path) for number, path in enumerate(given.secret_file, 1)]:
            with open(path, "rb") as file: keys.append(Keys(file.read(1026).removesuffix(b"\n")))
        what = "--prompt"
        warnings.simplefilter("error", getpass.GetPassWarning)  # rather no secret than one on the screen
        while given.prompt and (secret := getpass.getpass("secret (empty line: no more): ")): keys.append(Keys(secret.encode()))
        need(keys or not given.prompt, "ledger.key.missing")
        for what, text in [(f"--anchor {number}", text) for number, text in enumerate(given.anchor, 1)]:
            size, _, root = text.partition(":")
            if NUMBER.fullmatch(size) and HASH.fullmatch(root):
                anchors.append(Checkpoint(None, int(size), bytes.fromhex(root), b"", []))
            else:
                with open(text, "rb") as file: anchors.append(attempt(parse_checkpoint, file.read(NOTE_MAX + 1)))
        for what, text in [(f"--vkey {number}", text) for number, text in enumerate(given.vkey, 1)]: vkeys.append(parse_vkey(text))
        what, verifier = "LOG", Verifier(given.origin, keys, anchors, vkeys)
        with sys.stdin.buffer if given.log == "-" else open(given.log, "rb") as log: verifier.read(log)
        sys.stdout.buffer.write(canonical(verifier.result()) + b"\n")
        return 0 if verifier.error is None else 1
    except (OSError, ValueError, EOFError, getpass.GetPassWarning) as error:  # no message holds an argument: it may be a secret
        problem = error.strerror if isinstance(error, OSError) else error if isinstance(error, Fault) else "malformed"
        print(f"verify_ledger: {what}: {problem}", file=sys.stderr)
        return 2

if __name__ == "__main__": sys.exit(main())
