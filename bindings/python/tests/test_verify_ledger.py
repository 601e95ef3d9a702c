"""`verify_ledger.py` against the shared vectors, and its command line.

Nothing here imports finops: the script is what an auditor has. Runs under pytest and under `python3 -m unittest`.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from ledger_audit import ORIGIN, OTHER, SCRIPT, SECRET, Writer, audit, cases, expand, log_file, root_of, verify


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
