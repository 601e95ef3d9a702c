"""`verify_ledger.py` against the shared vectors, against logs that an independent writer makes here, and against hostile files.

Nothing here imports finops: the script is what an auditor has. Runs under pytest and under `python3 -m unittest`.
"""

from __future__ import annotations

import base64
import copy
import functools
import hashlib
import hmac
import importlib.util
import io
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import tracemalloc
import unittest
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


class Vectors(unittest.TestCase):
    maxDiff = None

    def test_canonical_json(self) -> None:
        for case in cases("canonical_check"):
            with self.subTest(case["id"]):
                self.assertIs(audit.canonical_check(bytes.fromhex(case["input_hex"])), case["canonical"])
        for case in cases("canonical"):
            with self.subTest(case["id"]):
                given = bytes.fromhex(case["input_hex"]) if "input_hex" in case else case["input"].encode()
                found = audit.attempt(audit.read_json, given)
                if case.get("error") == "ledger.canonical.size":  # the script has that limit on lines, not here
                    self.assertGreater(len(found[1]), audit.EVENT_MAX)
                    self.assertFalse(audit.canonical_check(found[1]))
                else:
                    self.assertEqual(found and found[1].hex(), case.get("output_hex"))

    def test_fields_and_envelopes(self) -> None:
        names = {"origin": "log"}
        for case in cases("field_form"):
            with self.subTest(case["id"]):
                name = names.get(case["field"], case["field"])
                changed = Writer().event(**{name: case["input"]}).lines[-1].split(b" ", 3)[3][:-1]
                self.assertIs(audit.attempt(audit.read_event, changed) is not None, case["ok"])
        for case in cases("envelope"):
            with self.subTest(case["id"]):
                event = audit.canonical(case["event"])
                self.assertIs(audit.attempt(audit.read_event, event) is not None, case.get("ok", False))

    def test_keys(self) -> None:
        for case in cases("keys"):
            with self.subTest(case["id"]):
                secret, origin = case["secret"].encode(), case["origin"]
                if "error" in case:
                    with self.assertRaises(ValueError) as raised:
                        audit.Keys(secret)
                    self.assertEqual(str(raised.exception), case["error"])
                    continue
                keys = audit.Keys(secret)
                found = [keys.prk, keys.expand("event\n" + origin), keys.expand("checkpoint\n" + origin), keys.expand("single")]
                expected = [case[name] for name in ("prk", "event_key", "checkpoint_key", "single_key")]
                self.assertEqual([key.hex() for key in found] + [keys.kid], expected + [case["kid"]])

    def test_single_signatures(self) -> None:
        for case in cases("sign_event"):
            with self.subTest(case["id"]):
                secret = case["secret"].encode()
                self.assertIs(audit.verify_event(case["event"], case["signature"], secret), case["ok"])
                self.assertIs(audit.sign_event(case["event"], secret) == case["signature"], case["ok"])

    def test_the_tree(self) -> None:
        for case in cases("merkle_root"):
            with self.subTest(case["id"]):
                count = case.get("generate", 0)
                leaves = [bytes.fromhex(leaf) for leaf in case.get("leaves", [])] or [at.to_bytes(4, "big") for at in range(count)]
                frontier: list[bytes] = []
                for size, leaf in enumerate(leaves):
                    audit.push(frontier, size, audit.sha256(b"\x00", leaf))
                self.assertEqual(audit.tree_root(frontier).hex(), case["root"])
                self.assertEqual([node.hex() for node in frontier], case.get("frontier", [node.hex() for node in frontier]))

    def test_proofs(self) -> None:
        for case in cases("inclusion"):
            with self.subTest(case["id"]):
                leaf, root, *proof = (bytes.fromhex(text) for text in (case["leaf"], case["root"], *case["proof"]))
                self.assertIs(audit.verify_inclusion(leaf, case["index"], case["size"], proof, root), case["valid"])
        for case in cases("consistency"):
            with self.subTest(case["id"]):
                old, new, *proof = (bytes.fromhex(text) for text in (case["old_root"], case["new_root"], *case["proof"]))
                self.assertIs(audit.verify_consistency(case["old"], case["new"], old, new, proof), case["valid"])

    def test_notes_and_checkpoints(self) -> None:
        for case in cases("note_parse"):
            with self.subTest(case["id"]):
                found = audit.attempt(audit.parse_checkpoint, case["note"].encode())
                if "error" in case:
                    self.assertIsNone(found)
                    continue
                self.assertEqual((found.origin, found.size, found.root.hex()), (case["origin"], case["size"], case["root"]))
                self.assertEqual([{"name": name, "key_id": key_id.hex()} for name, key_id, _ in found.lines], case["signatures"])
        for case in cases("checkpoint"):
            with self.subTest(case["id"]):
                found = audit.parse_checkpoint(case["note"].encode())
                self.assertEqual((found.origin, found.size, found.root.hex()), (case["origin"], case["size"], case["root"]))
                self.assertEqual(found.text.decode(), case["body"])
                keys, vkey = audit.Keys(case["secret"].encode()), audit.parse_vkey(case["vkey"])
                self.assertEqual(keys.kid, case["kid"])
                signers = [audit.hmac_signer(keys, case["origin"]), vkey]
                self.assertEqual(list(audit.signed_by(found, signers)), signers)
                changed = found._replace(text=found.text + b"x\n")
                for signer in signers:
                    with self.assertRaises(audit.Fault):
                        list(audit.signed_by(changed, [signer]))
        for case in cases("signed_note_known_answer"):
            text, _, line = case["note"].rpartition("\n\n")
            signature, vkey = base64.b64decode(line.split(" ")[2]), audit.parse_vkey(case["vkey"])
            self.assertEqual((vkey.name, vkey.key_id), ("example.com/foo", signature[:4]))
            self.assertIs(vkey.verify((text + "\n").encode(), signature[4:]), case["valid"])
            self.assertFalse(vkey.verify((text + "!\n").encode(), signature[4:]))

    def test_receipts(self) -> None:
        for case in cases("receipt"):
            with self.subTest(case["id"]):
                given = case["receipt"].encode(), case["event"].encode(), case["origin"], [audit.parse_vkey(case["vkey"])]
                if case["valid"]:
                    audit.check_receipt(*given)
                    for vkeys in ([], [audit.parse_vkey(Writer().vkey())]):
                        self.assertRaises(ValueError, audit.check_receipt, *given[:3], vkeys)
                else:
                    self.assertRaises(ValueError, audit.check_receipt, *given)

    def test_logs(self) -> None:
        for case in cases("log"):
            with self.subTest(case["id"]):
                file = log_file(case)
                self.assertEqual(hashlib.sha256(file).hexdigest(), case["file_sha256"])
                for row in case["records"]:
                    self.assertEqual(audit.sha256(b"\x00", row["event"].encode()).hex(), row["leaf"])
                    self.assertTrue(audit.canonical_check(row["event"].encode()))
                for origin in (case["origin"], None):
                    self.assertEqual(verify(file, case["secrets"], origin=origin), case["result"])
                roots = [hashlib.sha256().hexdigest()]
                frontier: list[bytes] = []
                for row in case["records"]:
                    audit.push(frontier, row["seq"], bytes.fromhex(row["leaf"]))
                    roots.append(audit.tree_root(frontier).hex())
                self.assertEqual(roots, case.get("roots", roots))
                self.assertEqual([node.hex() for node in frontier], case["frontier"])

    def test_verify(self) -> None:
        for case in cases("verify"):
            with self.subTest(case["id"]):
                file = bytes.fromhex(case["file_hex"]) if "file_hex" in case else case["file"].encode()
                anchors = [
                    anchor.encode() if isinstance(anchor, str) else (anchor["size"], bytes.fromhex(anchor["root"]))
                    for anchor in case.get("anchors", [])
                ]
                found = verify(file, case["secrets"], anchors, case.get("vkeys", []), case["origin"])
                self.assertEqual({name: found[name] for name in case["expect"]}, case["expect"])

    def test_cuts_and_bit_flips(self) -> None:
        logs = {case["id"]: case for case in cases("log")}
        for case in cases("cut"):
            with self.subTest(case["id"]):
                log = logs[case["log"]]
                found = verify(log_file(log)[: case["bytes"]], log["secrets"], origin=log["origin"])
                expected = {name: case[name] for name in ("error", "size", "torn_tail_bytes")}
                self.assertEqual({name: found[name] for name in expected}, expected)
        for case in cases("bit_flip"):
            with self.subTest(case["id"]):
                log = logs[case["log"]]
                file = bytearray(log_file(log))
                file[case["byte"]] ^= 1 << case["bit"]
                found = verify(bytes(file), log["secrets"], origin=log["origin"])
                self.assertEqual((found["error"], found["seq"]), (case["error"], case["seq"]))


class Damage(unittest.TestCase):
    def test_every_bit_flip_of_a_log_and_its_checkpoint_is_found(self) -> None:
        log = Writer().event(data={"n": 1}).event(data={"n": 2})
        file, note = log.file(), log.note()
        self.assertTrue(verify(file, anchors=[note])["ok"])
        for at, changed in flips(file):
            self.assertFalse(verify(changed, anchors=[note])["ok"], at)
        for at, changed in flips(note):
            self.assertFalse(verify(file, anchors=[changed])["ok"], at)

    def test_in_public_mode_only_digits_of_tags_may_change(self) -> None:
        log = Writer().event(data={"n": 1}).event(data={"n": 2})
        file, note = log.file(), log.note(public=True)
        slow, audit.ed25519_verify = audit.ed25519_verify, functools.lru_cache(maxsize=None)(audit.ed25519_verify)
        self.addCleanup(setattr, audit, "ed25519_verify", slow)
        self.assertTrue(verify(file, (), [note], [log.vkey()])["ok"])
        starts = itertools.accumulate([0, *map(len, log.lines[:-1])])
        tags = {start + 2 + 16 + 1 + at for start in starts for at in range(64)}
        for at, changed in flips(file):
            harmless = at in tags and chr(changed[at]) in "0123456789abcdef"
            self.assertIs(verify(changed, (), [note], [log.vkey()])["ok"], harmless, at)
        for at, changed in itertools.islice(flips(note), 0, None, 11):  # a signature takes 20 ms, and 11 is prime to 8
            self.assertFalse(verify(file, (), [changed], [log.vkey()])["ok"], at)

    def test_every_cut_yields_the_longest_valid_prefix(self) -> None:
        log = Writer()
        for _ in range(49):
            log.event()
        file, cut, whole = log.file(), 0, audit.Verifier(ORIGIN, [audit.Keys(SECRET.encode())], [], [])
        names = "error", "seq", "size", "torn_tail_bytes"
        for seq, line in enumerate(log.lines):
            for torn in range(len(line)):
                part = copy.deepcopy(whole)  # the prefix is the same for every cut in this line: it is read once
                part.read(io.BytesIO(line[:torn]))
                found = part.result()
                expected = ("torn_tail", seq, seq, torn) if torn else (None, None, seq, 0)
                self.assertEqual(tuple(found[name] for name in names), expected)
                if cut % 101 == 0:
                    self.assertEqual(verify(file[:cut]), found)
                cut += 1
            whole.read(io.BytesIO(line))
        found = whole.result()
        self.assertEqual((cut, found), (len(file), verify(file)))
        self.assertEqual(found["root"], root_of(log.leaves).hex())

    def test_records_that_are_dropped_moved_repeated_or_inserted(self) -> None:
        for records in range(1, 9):
            log = Writer()
            for _ in range(records - 1):
                log.event()
            anchor = [(records, root_of(log.leaves))]
            self.assertTrue(verify(log.file(), anchors=anchor)["ok"])
            other = Writer(OTHER).event().lines[-1]
            for at in range(records):
                rest = log.lines[:at] + log.lines[at + 1 :]
                changes = [rest, log.lines[: at + 1] + log.lines[at:], log.lines[:at] + [other] + log.lines[at:]]
                changes += [rest[:to] + [log.lines[at]] + rest[to:] for to in range(records) if to != at]
                for changed in changes:
                    found = verify(b"".join(changed), anchors=anchor)
                    self.assertFalse(found["ok"])
                    self.assertEqual(found["error"] == "truncated", changed == log.lines[:-1])

    def test_what_only_a_holder_of_the_secret_can_forge(self) -> None:
        first, second = kid_of(SECRET), kid_of(OTHER)
        data: Any
        for kind, data, error in [
            ("key.rotated", {"from": first, "to": first}, "key_order"),
            ("key.rotated", {"from": second, "to": second}, "key_order"),
            ("key.rotated", {"from": first, "to": 1234567890123456}, "key_order"),
            ("key.rotated", {"from": first}, "key_order"),
            ("key.rotated", {"from": first, "to": second}, None),
            ("key.ratcheted", {"kid": first, "epoch": True}, "key_order"),
            ("key.ratcheted", {"kid": first, "epoch": 2}, "key_order"),
            ("key.ratcheted", {"kid": second, "epoch": 1}, "key_order"),
            ("key.ratcheted", {"kid": first, "epoch": 1}, None),
            ("log.created", {"kid": first}, "key_order"),
            ("acme.thing", {"deep": [[{"$commit": "0" * 64}]]}, None),
            ("acme.thing", {"$commit": "0" * 64}, None),
            ("acme.thing", {"list": ["$commit", "$x"]}, None),
            ("acme.thing", {"text": '{"$x":1} \\u0000 ,"$'}, None),
            ("acme.thing", {"deep": {"$commit": "0" * 63 + "A"}}, "envelope"),
            ("acme.thing", {"deep": {"$commit": "0" * 64, "a": 1}}, "envelope"),
            ("acme.thing", {"deep": [{"$x": 1}]}, "envelope"),
            ("acme.thing", {"a": 1, "$x": "0"}, "envelope"),
            ("acme.thing", {"text": "\0"}, "envelope"),
            ("acme.thing", {"\\\0": 1}, "envelope"),
            ("acme.thing", {"text": "\\u0000"}, None),
            ("acme.thing", {"half": "\ud800"}, "not_canonical"),
            ("acme.thing", {"n": 2**53}, "not_canonical"),
            ("acme.thing", {"n": -(2**53) + 1}, None),
            ("acme.thing", {"n": 0.5}, "not_canonical"),
            ("acme.thing", {"\U0001f4b0": 1, "\uffff": 2}, None),
        ]:
            log = Writer()
            if "\uffff" in data:  # sorted by UTF-16 code units, which json does not do
                text = log.lines[0].split(b" ", 3)[3][:-1].replace(b"log.created", b"acme.thing").replace(b'"e0"', b'"e1"')
                log.raw(text.replace(f'"kid":"{first}"'.encode(), '"\U0001f4b0":1,"\uffff":2'.encode()))
            else:
                log.event(kind, data)
            with self.subTest(kind=kind, data=ascii(data)):
                found = verify(log.file())
                self.assertEqual((found["error"], found["seq"]), (error, None if error is None else 1))
        created: Any
        for created, error in [
            ({"heartbeat_s": 60}, None),
            ({"heartbeat_s": 86_400}, None),
            ({"heartbeat_s": 59}, "key_order"),
            ({"heartbeat_s": 86_401}, "key_order"),
            ({"heartbeat_s": None}, "key_order"),
            ({"heartbeat_s": "60"}, "key_order"),
            ({"kid": second}, "key_order"),
            ({"kid": [first]}, "key_order"),
        ]:
            with self.subTest(created=created):
                self.assertEqual(verify(Writer(**created).file())["error"], error)
        back = Writer().rotate(OTHER).rotate("c" * 32)
        back.event("key.rotated", {"from": kid_of("c" * 32), "to": first})
        self.assertEqual(verify(back.file(), (SECRET, OTHER, "c" * 32))["error"], "key_order")

    def test_keys_clock_and_gaps(self) -> None:
        log = Writer(heartbeat_s=60).event(at="2026-03-14T09:28:00.589793Z").event(at="2026-03-14T09:30:00.589794Z")
        log.event(at="2026-03-14T09:00:00.000000Z").rotate(OTHER).event()
        found = verify(log.file(), (OTHER, SECRET))
        self.assertEqual((found["error"], found["clock_regressions"]), (None, 1))
        first = {"after_seq": 1, "seconds": 120}
        self.assertEqual(found["gaps"], [first, {"after_seq": 3, "seconds": 26 * 60 + 4}])
        self.assertEqual(
            found["keys"],
            [
                {"kid": kid_of(SECRET), "epoch": 0, "first": 0, "last": 4},
                {"kid": kid_of(OTHER), "epoch": 0, "first": 5, "last": 5},
            ],
        )
        # A size is signed by the key that sealed its last record.
        both = (SECRET, OTHER)
        for size, secret, error in [(5, SECRET, None), (5, OTHER, "checkpoint_key"), (6, OTHER, None), (6, SECRET, "checkpoint_key")]:
            self.assertEqual(verify(log.file(), both, [log.note(size, secret)])["error"], error)
        self.assertEqual(verify(log.file(), both, [log.note(0, OTHER)])["error"], "checkpoint_key")
        self.assertEqual(verify(b"", both, [log.note(0, OTHER)])["anchored_up_to"], 0)

    def test_anchors(self) -> None:
        log = Writer().event().event()
        file, heads = log.file(), [(size, root_of(log.leaves[:size])) for size in range(4)]
        found = verify(file, anchors=[heads[2], heads[0], log.note(1)])
        self.assertEqual((found["ok"], found["anchored_up_to"], found["unanchored_tail"]), (True, 2, 1))
        found = verify(file, anchors=[heads[1], (2, bytes(32)), heads[3]])
        self.assertEqual((found["error"], found["seq"], found["anchored_up_to"]), ("root_mismatch", None, 1))
        found = verify(log.lines[0], anchors=[heads[1], heads[3]])
        self.assertEqual((found["error"], found["seq"], found["anchored_up_to"]), ("truncated", 1, 1))
        # A trusted pair is no signature: public mode still needs one.
        found = verify(file, (), [heads[3]])
        self.assertEqual((found["error"], found["anchored_up_to"]), ("checkpoint_unverified", 3))
        self.assertEqual(verify(file, (), [log.note()])["error"], "checkpoint_unverified")
        self.assertEqual(verify(file, anchors=[b"", log.note()])["error"], "checkpoint_malformed")
        other = Writer(origin="acme.example/other")
        self.assertEqual(verify(file, anchors=[other.note(), b""])["error"], "checkpoint_origin")
        # Without an origin that of record 0 counts, else that of the first anchor.
        self.assertEqual(verify(b"x\n", anchors=[other.note()], origin=None)["origin"], "acme.example/other")
        self.assertEqual(verify(b"", origin=None)["origin"], None)
        self.assertEqual(verify(b'1 %b %b {"log":"a"}\n' % (b"0" * 16, b"0" * 64), origin=None)["origin"], "a")

    def test_rotation_in_public_mode(self) -> None:
        log = Writer().rotate(OTHER).event()
        found = verify(log.file(), (), [log.note(public=True)], [log.vkey()], None)
        self.assertEqual((found["ok"], found["tags"], found["anchored_up_to"]), (True, "not_checked", 3))
        self.assertEqual([run["kid"] for run in found["keys"]], [kid_of(SECRET), kid_of(OTHER)])


    @unittest.skipUnless(PEER.exists(), "the benchmarks are not here")
    def test_the_peer_of_the_benchmarks_writes_such_a_log(self) -> None:
        peer = load(PEER)
        events = [peer.event(i) for i in range(70)]
        self.assertEqual({len(audit.canonical(event)) for event in events}, {350})
        found = verify(b"".join(peer.lines(events)), (peer.SECRET.decode(),))
        self.assertEqual((found["error"], found["size"]), (None, 71))
        self.assertEqual(found["root"], peer.append_all(events).hex())
        self.assertEqual(found["root"], peer.verify(peer.lines(events)).hex())


class Ed25519(unittest.TestCase):
    def test_rfc_8032_section_7_1(self) -> None:
        key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        signature = (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        )
        given = bytes.fromhex(key), b"\x72", bytes.fromhex(signature)
        self.assertTrue(audit.ed25519_verify(*given))
        self.assertFalse(audit.ed25519_verify(given[0], b"\x73", given[2]))
        self.assertEqual(public_key(bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")).hex(), key)

    def test_what_a_lax_check_lets_pass(self) -> None:
        text = b"size and root"
        key, signature = public_key(SEED), ed25519_sign(SEED, text)
        self.assertTrue(audit.ed25519_verify(key, text, signature))
        larger = (int.from_bytes(signature[32:], "little") + audit.L).to_bytes(32, "little")
        self.assertFalse(audit.ed25519_verify(key, text, signature[:32] + larger))
        for bad in (signature + b"\0", signature[:-1], b"", bytes(64)):
            self.assertFalse(audit.ed25519_verify(key, text, bad))
        # A weak key makes 00..00 with the neutral point a signature of everything; y = p + 1 is its second spelling.
        neutral = (1).to_bytes(32, "little")
        for weak in (neutral, bytes(32), (audit.P + 1).to_bytes(32, "little"), (audit.P - 1).to_bytes(32, "little"), b"\xff" * 32):
            self.assertFalse(audit.ed25519_verify(weak, text, neutral + bytes(32)))
            self.assertIsNone(audit.attempt(audit._point, weak))


class Hostile(unittest.TestCase):
    def test_lines_that_are_no_records(self) -> None:
        head = b"1 %b %b " % (kid_of(SECRET).encode(), b"0" * 64)
        good = Writer().lines[0]
        for line in [
            b"", b" ", b"\r", b"\x00", b"\xff" * 9, head, head[:-1], head + b"x" * 65_536, b"9" * 20 + head[1:] + b"{}",
            b"-" + head + b"{}", b"+" + head + b"{}", b" " + head + b"{}", head.replace(b" ", b"  ") + b"{}", b"1" * 5_000_000,
            "\u0661".encode() + head[1:] + b"{}", head.upper() + b"{}",
        ]:  # fmt: skip
            found = verify(good + line + b"\n" + good)
            self.assertEqual((found["error"], found["seq"], found["torn_tail_bytes"]), ("malformed", 1, 0), line[:90])

    def test_events_that_are_no_events(self) -> None:
        started = Writer().lines
        texts = [
            b"[" * 60_000, b"[" * 60_000 + b"]" * 5_000, b'{"a":' * 12_000, b'"' + b'\\"' * 30_000, b'["' + b"[" * 60_000 + b'"]',
            b"9" * 60_000, b"-", b"-0", b"1e400", b"NaN", b"-Infinity", b"null", b"[]", b"0", b'""', b'"\xed\xa0\x80"', b'"\\ud800"', b"\xef\xbb\xbf{}",
            b'{"a":1,"a":2}', b'{"v":1}', b'{"log":1}', b'["actor","at","data","id","kind","log","v"]', b"{" * 33 + b"}" * 33,
            b'"' + b"\\" * 40_001, b'{"actor":' + b"[" * 32 + b"]" * 32 + b"}",
        ]  # fmt: skip
        for text in texts:
            for origin, secrets in itertools.product((ORIGIN, None), ((SECRET,), ())):
                log = Writer()
                log.lines, log.leaves, log.tag = [], [], bytes(32)
                found = verify(log.raw(text).file(), secrets, origin=origin)
                self.assertIn(found["error"], ("not_canonical", "envelope", "tag"), text[:20])
                self.assertEqual((found["seq"], found["size"]), (0, 0))
        self.assertTrue(verify(started[0])["ok"])

    def test_containers_within_each_other(self) -> None:
        for depth, legal in [(32, True), (33, False)]:
            for text in (b"[" * depth + b"]" * depth, b'{"[":' * (depth - 1) + b"[]" + b"}" * (depth - 1)):
                self.assertIs(audit.canonical_check(text), legal)
        self.assertTrue(audit.canonical_check(b'["' + b"[" * 90 + b'","\\"' + b"{" * 90 + b'"]'))

    def test_limits_of_notes_verifier_keys_and_secrets(self) -> None:
        def reads(note: str) -> bool:
            return audit.attempt(audit.parse_checkpoint, note.encode()) is not None

        body, line = Writer().body(), "\u2014 a Zm9vYmFy\n"
        self.assertTrue(reads(f"{body}\n{line * 32}"))
        self.assertFalse(reads(f"{body}\n{line * 33}"))
        room = audit.NOTE_MAX - len(f"{body}\n\n{line}".encode())
        self.assertTrue(reads(f"{body}{'x' * room}\n\n{line}"))
        self.assertFalse(reads(f"{body}{'x' * (room + 1)}\n\n{line}"))
        root = body.split("\n")[2]
        for size, legal in [("0", True), (str(2**63 - 1), True), (str(2**63), False), ("-0", False), ("+1", False), ("\u0661", False), ("", False)]:
            self.assertIs(reads(f"a\n{size}\n{root}\n\n{line}"), legal, size)
        unused_bits = root[:-2] + chr(ord(root[-2]) + 1) + "="
        self.assertEqual(base64.b64decode(unused_bits), base64.b64decode(root))
        for changed in (unused_bits, root[:-1], root + "=", base64.b64encode(bytes(33)).decode(), "", root.replace("=", "\n=")):
            self.assertFalse(reads(f"a\n1\n{changed}\n\n{line}"), changed)
        for changed, legal in [
            (line, True), ("\u2014 a Zm9vYmE=\n", True), ("\u2014 a Zm9vYg==\n", False), ("\u2014  Zm9vYmFy\n", False), ("- a Zm9vYmFy\n", False),
            ("\u2014 a+b Zm9vYmFy\n", False), ("\u2014 a\u00a0b Zm9vYmFy\n", False), (line + "x", False), (line[:-1] + "x", False), (line[:-1], False),
        ]:  # fmt: skip
            self.assertIs(reads(f"{body}\n{changed}"), legal, changed)

        def vkey(name: str, public: bytes) -> str:
            key_id = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
            return f"{name}+{key_id.hex()}+{base64.b64encode(public).decode()}"

        public = b"\x01" + public_key(SEED)
        good = vkey("a.b", public)
        self.assertEqual(audit.parse_vkey(good).name, "a.b")
        for bad in (
            vkey("a b", public), vkey("", public), vkey("a.b", b"\x02" + public[1:]), vkey("a.b", public + b"\0"), vkey("a.b", public[:-1]),
            vkey("a.b", b"\x01" + bytes(32)), good.replace("a.b", "a.c"), good.upper(), good + "\n", "a+b", "",
        ):  # fmt: skip
            self.assertIsNone(audit.attempt(audit.parse_vkey, bad), bad)
        for secret, legal in [(b"!" * 32, True), (b"~" * 1024, True), (b"x" * 31, False), (b"x" * 1025, False), (b"\x7f" * 32, False)]:
            self.assertIs(audit.attempt(audit.Keys, secret) is not None, legal)

    def test_notes_keys_and_receipts_of_random_bytes(self) -> None:
        random_ = random.Random(6)
        parts = ["\u2014 ", "a ", "Zm9vYmFyYmF6", "=", "\n", "\n\n", "x", "0", "1", "+", ORIGIN, "\x00", "\u00e9", "c2sp.org/tlog-proof@v1\n", "index "]
        for _ in range(4_000):
            text = "".join(random_.choice(parts) for _ in range(random_.randrange(14)))
            raw = text.encode() if random_.random() < 0.9 else text.encode() + b"\xff"
            audit.attempt(audit.parse_checkpoint, raw)
            audit.attempt(audit.parse_vkey, text)
            self.assertRaises(ValueError, audit.check_receipt, raw, b"", ORIGIN, [])
        self.assertEqual(verify(random_.randbytes(10_000))["size"], 0)

    def test_memory_does_not_grow_with_a_line(self) -> None:
        class Endless(io.RawIOBase):
            left = 30_000_000

            def readable(self) -> bool:
                return True

            def readinto(self, buffer: Any) -> int:
                size = min(len(buffer), self.left)
                buffer[:size] = b"7" * size
                self.left -= size
                return size

        verifier = audit.Verifier(ORIGIN, [], [], [])
        tracemalloc.start()
        try:
            verifier.read(io.BufferedReader(Endless()))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        self.assertLess(peak, 1_000_000)
        found = verifier.result()
        self.assertEqual((found["error"], found["torn_tail_bytes"]), ("torn_tail", 30_000_000))


class CommandLine(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.log = Writer().event().rotate(OTHER).event(data={"cost": "1.5", "name": "\u20ac"})
        for name, content in {
            "log": self.log.file(),
            "first": SECRET.encode() + b"\n",
            "second": OTHER.encode(),
            "hmac.note": self.log.note(),
            "ed25519.note": self.log.note(public=True),
            "spaced": b"my secret has spaces but is long enough\n",
            "short": b"hunter2\n",
            "empty": b"\n",
            "long": b"x" * 5_000,
        }.items():
            self.folder.joinpath(name).write_bytes(content)

    def run_script(self, *arguments: str, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
        command = [sys.executable, str(SCRIPT), *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, cwd=self.folder, check=False, timeout=60)
        shown = done.stdout + done.stderr
        for secret in (SECRET, OTHER, "hunter2", "my secret", "x" * 40, expand(SECRET, "event\n" + ORIGIN).hex()):
            self.assertNotIn(secret.encode(), shown)
        self.assertNotIn(b"Traceback", shown)
        return done.returncode, done.stdout, done.stderr

    def test_the_result_is_one_line_of_canonical_json(self) -> None:
        secrets = "--secret-file", "first", "--secret-file", "second"
        head = f"2:{root_of(self.log.leaves[:2]).hex()}"
        code, out, err = self.run_script("log", *secrets, "--anchor", "hmac.note", "--anchor", head)
        expected = verify(self.log.file(), (SECRET, OTHER), [self.log.note()])
        self.assertEqual((code, err), (0, b""))
        self.assertEqual(out, json.dumps(expected, sort_keys=True, separators=(",", ":")).encode() + b"\n")
        self.assertEqual(json.loads(out)["anchored_up_to"], 4)
        self.assertEqual(self.run_script("-", *secrets, stdin=self.log.file())[0], 0)
        code, out, _ = self.run_script("log", "--anchor", "ed25519.note", "--vkey", self.log.vkey(), "--origin", ORIGIN)
        self.assertEqual((code, json.loads(out)["tags"]), (0, "not_checked"))

    def test_a_bad_log_is_1(self) -> None:
        for arguments, error in [
            (["log"], "checkpoint_unverified"),
            (["log", "--secret-file", "second"], "unknown_key"),
            (["log", "--secret-file", "first", "--origin", "a.b/c"], "tag"),
            (["log", "--anchor", "short"], "checkpoint_malformed"),
            (["long"], "torn_tail"),
        ]:
            code, out, err = self.run_script(*arguments)
            self.assertEqual((code, json.loads(out)["error"], err), (1, error, b""))

    def test_what_cannot_be_read_is_2_and_nothing_shows_a_secret(self) -> None:
        for arguments, message in [
            ([], b"unknown or missing"),
            (["log", "--secret", SECRET], b"unknown or missing"),
            (["log", SECRET], b"unknown or missing"),
            (["log", "--secret-file", SECRET], b"--secret-file 1: No such file"),
            (["log", "--secret-file", "first", "--secret-file", "short"], b"--secret-file 2: ledger.key.short"),
            (["log", "--secret-file", "empty"], b"ledger.key.missing"),
            (["log", "--secret-file", "long"], b"ledger.key.long"),
            (["log", "--secret-file", "spaced"], b"ledger.key.charset"),
            (["log", "--anchor", SECRET], b"--anchor 1: No such file"),
            (["log", "--vkey", SECRET], b"--vkey 1: "),
            (["log", "--vkey", self.log.vkey().replace("+", "-")], b"--vkey 1: "),
            (["log", "--prompt"], b"--prompt: "),
            ([SECRET], b"LOG: No such file"),
            (["."], b"LOG: "),
        ]:
            code, out, err = self.run_script(*arguments)
            self.assertEqual((code, out), (2, b""), arguments)
            self.assertIn(message, err)

    def test_secrets_come_from_a_prompt(self) -> None:
        for typed, error in [([SECRET, OTHER, ""], None), ([OTHER, ""], "unknown_key"), (["short", ""], 2), ([""], 2)]:
            answers = iter(typed)
            keep = audit.getpass.getpass, sys.stdout, sys.stderr
            audit.getpass.getpass = lambda prompt: next(answers)
            sys.stdout, sys.stderr = io.TextIOWrapper(io.BytesIO()), io.StringIO()
            try:
                code = audit.main([str(self.folder / "log"), "--prompt"])
                shown = sys.stdout.buffer.getvalue()
            finally:
                audit.getpass.getpass, sys.stdout, sys.stderr = keep
            self.assertEqual(code, 0 if error is None else 2 if error == 2 else 1)
            self.assertEqual(json.loads(shown)["error"] if code < 2 else error, error)

    def test_the_script_stays_short_and_alone(self) -> None:
        source = SCRIPT.read_text(encoding="utf-8")
        self.assertLessEqual(source.count("\n"), 300)
        imported = {word.strip(",") for line in source.splitlines() if line.startswith("import ") for word in line.split()[1:]}
        self.assertLessEqual(imported, set(getattr(sys, "stdlib_module_names", imported)))
        self.assertNotIn("environ", source)


if __name__ == "__main__":
    unittest.main()
