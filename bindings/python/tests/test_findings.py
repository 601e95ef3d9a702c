"""Records in, a table of findings out: every form of input, refusals, identity, sums, names of the public system."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import finops
import pytest
from finops import FindingError, findings

CONTEXT = {"tenant_id": "acme", "workspace_id": "prod", "run_id": "r1", "run_ts": "2026-11-21T08:00:00Z"}
SCOPE = {"cloud": "aws", "account_id": "14498620306", "region": "eu-west-1", "service": "AmazonEC2", "resource_type": "ebs-volume"}


def record(number: int, **more: Any) -> dict[str, Any]:
    estimated = {"monthly_savings": f"{number}.50", "monthly_cost": "100", "currency": "USD", "confidence": 80}
    scope = {**SCOPE, "resource_id": f"vol-{number}"}
    return {"check_id": "own.unattached", "status": "fail", "scope": scope, "estimated": estimated, **more}


RECORDS = [record(3), record(1), record(2)]
LINES = "".join(json.dumps(one) + "\n" for one in RECORDS)


class Sheet:
    """What pyarrow's tables look like from outside, where pyarrow is not there."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        raise AssertionError("nobody asks")


@pytest.mark.parametrize(
    "given",
    [
        RECORDS,
        tuple(RECORDS),
        (one for one in list(RECORDS)),
        LINES,
        LINES.encode(),
        bytearray(LINES.encode()),
        io.StringIO(LINES),
        io.BytesIO(LINES.encode()),
        LINES.splitlines(),
        LINES.splitlines(keepends=True),
        [RECORDS[0], json.dumps(RECORDS[1]), json.dumps(RECORDS[2]).encode()],
        "\n".join(json.dumps(one) for one in RECORDS),
    ],
    ids=lambda given: type(given).__name__,
)
def test_every_form_is_the_same(given: Any) -> None:
    done = findings.validate(given, context=CONTEXT)
    assert [one.scope.resource_id for one in done.accepted] == ["vol-1", "vol-2", "vol-3"]
    assert (done.places, done.rejected_count, done.counts["account_padded"]) == ((1, 2, 0), 0, 3)
    assert findings.content_hash(done) == findings.content_hash(findings.validate(RECORDS, context=CONTEXT))


def test_a_finding_is_frozen() -> None:
    done = findings.validate(RECORDS, context=CONTEXT)
    first = done.accepted[0]
    assert isinstance(first, findings.Finding) and isinstance(first, finops.Result)
    assert (first.scope.account_id, first.estimated["monthly_savings"], first.run_ts) == ("014498620306", "1.5", "2026-11-21T08:00:00.000Z")
    with pytest.raises(AttributeError):
        first.status = "pass"
    assert pickle.loads(pickle.dumps(first)) == first
    assert pickle.loads(pickle.dumps(done.accepted)) == done.accepted
    assert done.accepted[-1] == done.accepted[2] and len(done.accepted[1:]) == 2 and len(done.accepted[::-2]) == 2
    assert findings.Findings(list(done.accepted)) == done.accepted
    assert list(json.loads(line)["fingerprint"] for line in done.accepted.to_jsonl().splitlines()) == [one.fingerprint for one in done.accepted]
    for place in (3, -4):
        with pytest.raises(IndexError):
            done.accepted[place]
    with pytest.raises(TypeError):
        findings.Findings([{}])  # type: ignore[list-item]


def test_bad_records_are_named_and_the_others_stand() -> None:
    given = [record(1), {}, "[", record(2, surprise=1), 5, record(4, metrics={"x": float("nan")}), record(5, evidence={"at": object()})]
    done = findings.validate(given, context=CONTEXT)
    assert (done.places, done.rejected_count) == ((0,), 6)
    found = {one.index: (one.errors[0].code, one.errors[0].path) for one in done.rejected}
    assert found[1] == ("finding.missing_field", "/check_id") and found[2] == ("finding.bad_json", "")
    assert found[3] == ("finding.unknown_field", "/surprise") and found[4] == ("finding.not_object", "")
    assert found[5] == ("finding.bad_json", "/metrics/x") and found[6] == ("finding.wrong_type", "/evidence/at")
    assert done.rejected[2].errors[0].help
    dropped = findings.validate([record(2, surprise=1)], context=CONTEXT, unknown="drop")
    assert (len(dropped.accepted), dict(dropped.counts)) == (1, {"account_padded": 1, "unknown_dropped": 1})
    with pytest.raises(FindingError) as refusal:
        findings.validate(given, context=CONTEXT, strict=True)
    assert (refusal.value.code, refusal.value.path) == ("finding.missing_field", "records/1/check_id")
    for bad in ({"context": {"run_ts": "yesterday"}}, {"unknown": "keep"}, {"context": {"default_currency": "XXQ"}}):
        with pytest.raises(FindingError):
            findings.validate([], **bad)  # type: ignore[arg-type]
    lone = findings.validate(['{"check_id": "\ud800"}'], context=CONTEXT)
    assert lone.rejected[0].errors[0].code == "finding.bad_json"


def test_duplicates_and_warnings() -> None:
    done = findings.validate([record(1, title="a\x07b")] * 2, context=CONTEXT)
    assert (len(done.accepted), done.counts.duplicates, done.rejected) == (1, 1, ())
    other = findings.validate([record(1), record(1, status="info")], context=CONTEXT)
    assert (len(other.accepted), [one.errors[0].code for one in other.rejected]) == (1, ["finding.duplicate"])
    assert {(one.index, one.code, one.path) for one in done.warnings} == {(0, "finding.cleaned", "/title"), (1, "finding.cleaned", "/title")}


def test_native_values() -> None:
    at = datetime(2026, 11, 21, 8, tzinfo=UTC)
    exact = record(1, run_ts=at, metrics={"share": Decimal("0.10")}, estimated={"monthly_savings": Decimal("3.250"), "currency": "USD"})
    done = findings.validate(exact, context={**CONTEXT, "run_ts": at})
    first = done.accepted[0]
    assert (first.run_ts, first.metrics.share, first.estimated.monthly_savings) == ("2026-11-21T08:00:00.000Z", "0.1", "3.25")


def test_one_by_one_in_bounded_memory() -> None:
    count = 3000

    def lines() -> Iterator[str]:
        for number in range(count):
            yield json.dumps(record(number)) if number % 1000 else "{}"

    checked = list(findings.validate_each(lines(), context=CONTEXT))
    assert [one.index for one in checked] == list(range(count))
    bad = [one for one in checked if one.finding is None]
    assert len(bad) == 3 and all(one.errors[0].code == "finding.missing_field" for one in bad)
    assert not any(one.errors for one in checked if one.finding)


def test_other_threads_run() -> None:
    text = "".join(json.dumps(record(number)) + "\n" for number in range(2000))
    expected = findings.content_hash(findings.validate(text, context=CONTEXT))
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(findings.content_hash(findings.validate(text, context=CONTEXT)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


def test_arrow_tables() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    rows = [{**one, "run_ts": datetime(2026, 11, 21, 8, tzinfo=UTC), "evidence": '{"n": 1}'} for one in RECORDS]
    table = pyarrow.Table.from_pylist(rows)
    tags = pyarrow.array([[("a", "b")], [("a", "b"), ("a", "c")], None], pyarrow.map_(pyarrow.string(), pyarrow.string()))
    done = findings.validate(table.append_column("tags", tags), context=CONTEXT)
    assert (done.places, done.rejected[0].index, done.rejected[0].errors[0].path) == ((2, 0), 1, "/tags")
    assert done.accepted[1].tags == {"a": "b"} and done.accepted[0].evidence == {"n": 1}
    batch = findings.validate(table.to_batches()[0], context=CONTEXT)
    assert len(batch.accepted) == 3


def test_arrow_without_pyarrow_is_a_typed_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(FindingError) as refusal:
        findings.validate(Sheet(), context=CONTEXT)  # type: ignore[arg-type]
    assert (refusal.value.code, refusal.value.path) == ("finding.wrong_type", "records")


def test_identity() -> None:
    whole = {**record(7), **CONTEXT}
    finding = findings.validate([whole]).accepted[0]
    fingerprint = findings.fingerprint({"tenant_id": "acme", "workspace_id": "prod", "check_id": "own.unattached", "scope": whole["scope"]})
    assert fingerprint == findings.fingerprint(whole) == findings.fingerprint(json.dumps(whole)) == finding.fingerprint
    assert findings.finding_id(fingerprint) == finding.finding_id
    line = json.dumps(["finops.finding_id/1", fingerprint, "per_day", "2026-11-21"], separators=(",", ":"))
    by_day = findings.finding_id(fingerprint, "per_day", run_ts=datetime(2026, 11, 21, 8, tzinfo=UTC))
    assert by_day == hashlib.sha256(line.encode()).hexdigest()[:32]
    assert findings.seed_fingerprint(whole) != fingerprint
    for call in (
        lambda: findings.fingerprint({"tenant_id": "acme"}),
        lambda: findings.finding_id("short"),
        lambda: findings.finding_id(fingerprint, "per_run"),
        lambda: findings.finding_id(fingerprint, "hourly"),  # type: ignore[arg-type]
    ):
        with pytest.raises(FindingError):
            call()


def test_canonical_bytes() -> None:
    whole = {**record(7), **CONTEXT, "ingested_ts": "2026-11-22T00:00:00Z"}
    once = findings.canonicalize(whole)
    finding = findings.validate([whole]).accepted[0]
    assert findings.canonicalize(once) == once == findings.canonicalize(finding) == findings.canonicalize(pickle.loads(pickle.dumps(finding)))
    assert b"ingested_ts" not in once and json.loads(once)["fingerprint"] == finding.fingerprint
    assert findings.canonicalize(record(7), context=CONTEXT) == once
    with pytest.raises(FindingError):
        findings.canonicalize({})


def test_sums() -> None:
    done = findings.validate(RECORDS, context=CONTEXT)
    totals = findings.totals(done)
    assert totals.USD == {"findings": 3, "savings": "7.5", "cost": "300", "savings_unknown": 0, "cost_unknown": 0}
    assert findings.totals(done.accepted) == findings.totals(list(done.accepted)) == findings.totals(done.accepted.to_jsonl()) == totals
    combined = findings.combine(done)
    assert (combined.monthly_savings, combined.confidence, combined.reason) == ("7.5", 80, None)
    assert findings.content_hash([]) == hashlib.sha256(b"").hexdigest()
    per_run = findings.validate(RECORDS, context={**CONTEXT, "finding_id_mode": "per_run"})
    assert findings.content_hash(per_run.accepted.to_jsonl()) == findings.content_hash(per_run) != findings.content_hash(done)
    with pytest.raises(FindingError) as refusal:
        findings.totals([record(1)])
    assert refusal.value.path == "records/0/run_id"


def test_names_of_the_public_system() -> None:
    whole = {**record(7), **CONTEXT, "finding_id": "of long ago"}
    built = findings.build_ids_and_validate(whole, finding_id_salt="r9")
    assert built is whole and built["fingerprint"] == findings.compute_fingerprint(
        tenant_id="acme", workspace_id="prod", check_id="own.unattached", scope=whole["scope"]
    )
    assert built["finding_id"] == findings.compute_finding_id(tenant_id="acme", fingerprint=built["fingerprint"], salt="r9")
    assert findings.compute_finding_id(fingerprint=built["fingerprint"]) == findings.finding_id(built["fingerprint"])
    findings.validate_record_or_raise(built)
    keyed = findings.build_ids_and_validate({**record(7), **CONTEXT}, issue_key={"port": 22})
    assert keyed["fingerprint"] != built["fingerprint"] and keyed["issue_key"] == {"port": 22}
    with pytest.raises(FindingError) as refusal:
        findings.validate_record_or_raise({**whole, "fingerprint": "0" * 64})
    assert refusal.value.code == "finding.id_mismatch"
