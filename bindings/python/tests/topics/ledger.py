"""Topic `ledger`: every group is the function of its name in `finops.ledger`, with the inputs of the case as keywords.

`sign_event` runs through `sign_event` and `verify_event`, `verify` also through `verify_log`, `border_number` also
through an `EventLog`. A refusal is compared by its code, and by its path where the case names one.
"""

from __future__ import annotations

import struct
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import finops
from finops import ledger

from .common import Case, Problems, outcome

INPUTS: dict[str, tuple[str, ...]] = {
    "append": ("steps",),
    "apportion": ("weights", "total", "places"),
    "batch_digest": ("rows",),
    "bit_flip": ("origin", "file", "secrets", "byte", "bit"),
    "border_number": ("bits", "text"),
    "canonical": ("input", "input_hex"),
    "canonical_check": ("input_hex",),
    "chart": ("values",),
    "checkpoint": ("origin", "size", "root", "secret", "ed25519_seed"),
    "consistency": ("old", "new", "old_root", "new_root", "proof"),
    "cut": ("origin", "file", "secrets", "bytes"),
    "decimal_form": ("input",),
    "drift": ("first", "later"),
    "envelope": ("event",),
    "escape": ("text",),
    "field_form": ("field", "input"),
    "fold": ("config", "events"),
    "half_width": ("baseline", "reporting", "fixed_share"),
    "inclusion": ("leaf", "index", "size", "proof", "root"),
    "keys": ("secret", "origin"),
    "kpi": ("a", "b", "rows"),
    "log": ("origin", "secrets", "events"),
    "merkle_root": ("leaves", "generate"),
    "note_parse": ("note",),
    "opportunity_id": ("scope", "generation"),
    "overlap": ("opportunities", "baselines"),
    "period": ("label",),
    "ratchet": ("event_key", "epochs"),
    "receipt": ("origin", "vkey", "event", "receipt"),
    "redaction": ("salt", "value", "commit"),
    "report": ("events", "label"),
    "saving": ("baseline", "reporting", "effect", "non_routine"),
    "sign_event": ("event", "secret", "signature"),
    "signed_note_known_answer": ("note", "vkey"),
    "transition": ("state", "event"),
    "verdict": ("method", "effect", "claimed", "half_width", "n_baseline", "n_reporting", "gone", "cv_rmse", "r2"),
    "verify": ("origin", "file", "file_hex", "secrets", "anchors", "vkeys"),
}
#: Groups whose answer has an `error` of its own instead of being refused.
ANSWERS_WITH_ERROR = ("bit_flip", "cut", "verify")
#: Groups whose cases name only the members that matter to them.
SUBSET = ("merkle_root", "redaction", "verify")


def plain(value: Any) -> Any:
    """A frozen answer as plain Python objects."""
    if isinstance(value, finops.Result):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def prepare(file: Case, group: str, case: Case) -> tuple[Case, Any]:
    """The inputs of a case, and what it expects."""
    members = {name: value for name, value in case.items() if name != "id"}
    if group == "verify":
        members.pop("note", None)
    if group == "log":
        members["events"] = [record["event"] for record in members["records"]]
    if group in ("bit_flip", "cut"):
        name = members.pop("log")
        log = next(log for log in file["groups"]["log"]["cases"] if log["id"] == name)
        lines = (f"{r['seq']} {r['kid']} {r['tag']} {r['event']}\n" for r in log["records"])
        members |= {"file": "".join(lines), "origin": log["origin"], "secrets": log["secrets"]}
    if group == "ratchet":
        members |= {"event_key": members["keys"][0], "epochs": len(members["keys"])}
    if group == "append":
        steps = members["steps"]
        members["steps"] = [{"event": step["event"]} for step in steps]
        members["expect"] = {
            "steps": [{name: value for name, value in step.items() if name != "event"} for step in steps]
        }
    inputs = {name: value for name, value in members.items() if name in INPUTS[group]}
    expected = {name: value for name, value in members.items() if name not in INPUTS[group]}
    return inputs, expected.get("expect", expected)


def compare(group: str, expected: Any, found: Any) -> Problems:
    if not isinstance(expected, dict) or not isinstance(found, dict):
        if expected != found:
            yield f"expected {expected!r}, found {found!r}"
        return
    for name, value in expected.items():
        if name not in found or found[name] != value or type(found[name]) is not type(value):
            yield f"{name}: expected {value!r}, found {found.get(name)!r}"
    if group not in SUBSET and (extra := set(found) - set(expected)):
        yield f"not expected: {sorted(extra)}"


def signature(case: Case) -> Problems:
    event, secret = case["event"], case["secret"]
    if ledger.verify_event(event, case["signature"], secret) is not case["ok"]:
        yield f"verify_event: expected {case['ok']}"
    if case["ok"] and ledger.sign_event(event, secret) != case["signature"]:
        yield "sign_event: another signature"


def file_of(case: Case) -> bytes:
    return bytes.fromhex(case["file_hex"]) if case.get("file_hex") else case["file"].encode()


def by_file(inputs: Case, expected: Case) -> Problems:
    """The same verification of a file, as a user has it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.write_bytes(file_of(inputs))
        found = ledger.verify_log(
            path,
            secrets=inputs["secrets"],
            anchors=inputs["anchors"],
            vkeys=inputs["vkeys"],
            origin=inputs["origin"],
        )
    if bool(found) is not expected["ok"]:
        yield f"verify_log is {bool(found)}"
    yield from compare("verify", expected, plain(found))


def by_append(number: float, expected: Case) -> Problems:
    """The same number through an event of a log."""
    log = ledger.EventLog("acme.example/numbers", secret="a-secret-of-at-least-32-characters!")
    try:
        log.append("acme.number", {"n": number}, "svc:test")
    except finops.LedgerError as error:
        if (error.code, error.path) != (expected.get("error"), "/data/n"):
            yield f"append: {error.code} at {error.path}"
        return
    found = [record.event["data"]["n"] for record in log.events(after=0)]
    if found != [expected["output"]] or type(found[0]) is not type(expected["output"]):
        yield f"append: expected {expected['output']!r}, found {found!r}"


def case_of(file: Case, group: str, case: Case) -> Problems:
    if group == "sign_event":
        yield from signature(case)
        return
    inputs, expected = prepare(file, group, case)
    refusal = expected.get("error") if isinstance(expected, dict) and group not in ANSWERS_WITH_ERROR else None
    if group == "border_number":
        yield from by_append(struct.unpack(">d", bytes.fromhex(case["bits"]))[0], expected)
    try:
        found = plain(getattr(ledger, group)(**inputs))
    except finops.LedgerError as error:
        if error.code not in (refusal, f"ledger.verify.{refusal}"):
            yield f"refused with {error.code} at {error.path!r}: {error}"
        elif "path" in expected and error.path != expected["path"]:
            yield f"path: expected {expected['path']!r}, found {error.path!r}"
        return
    if refusal is not None:
        yield f"expected {refusal}, found {found!r}"
        return
    yield from compare(group, expected, found)
    if group == "verify":
        yield from by_file(inputs, expected)


def run(file: Case) -> tuple[int, list[str]]:
    ran, failures = 0, []
    unknown = set(file["groups"]) ^ set(INPUTS)
    failures += [f"group {group}: unknown, or without cases" for group in sorted(unknown)]
    for group, section in file["groups"].items():
        if not section["cases"]:
            failures.append(f"{group}: no case")
        for case in section["cases"]:
            ran += 1
            if group in INPUTS:
                failures += outcome(f"{group} {case['id']}", partial(case_of, file, group), case)
    return ran, failures
