"""`verify_ledger.py` against logs that an independent writer makes here and damages, against forged signatures and hostile files.

Nothing here imports finops: the script is what an auditor has. Runs under pytest and under `python3 -m unittest`.
"""

from __future__ import annotations

import base64
import copy
import functools
import hashlib
import io
import itertools
import random
import tracemalloc
import unittest
from typing import Any

from ledger_audit import (
    ORIGIN,
    OTHER,
    PEER,
    SECRET,
    SEED,
    Writer,
    audit,
    ed25519_sign,
    flips,
    kid_of,
    load,
    public_key,
    root_of,
    verify,
)


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


if __name__ == "__main__":
    unittest.main()
