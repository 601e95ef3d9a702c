"""Findings: records in, a table of findings out; identity, severity, totals, redaction, order.

`validate` reads records or JSON lines; `totals`, `combine` and `content_hash` sum up what it made. The other computations are
functions of their names: they take their input as a mapping or as JSON text, which keeps every digit, and answer their result;
objects are frozen, lists are tuples, amounts are decimal text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from datetime import datetime
from importlib import import_module
from typing import Any, Literal, NamedTuple, Protocol

from ._finops import (
    Finding,
    Findings,
    Result,
    _Intake,
    _RecordStream,
    findings_canonical,
    findings_combine,
    findings_content_hash,
    findings_totals,
)
from ._topic import Input, Topic, _frozen
from .errors import FindingError

_TOPIC = Topic("findings")
call = _TOPIC.call
kinds = _TOPIC.kinds
_call = _TOPIC.compute

Unknown = Literal["reject", "drop"]
IdMode = Literal["stable", "per_run", "per_day"]
Records = bytes | str | Mapping[str, Any] | Iterable[Any]
"""JSON lines as bytes, text or an open file; one record; or an iterable of records and lines; or an Arrow table."""

_PIECE = 1 << 20
"""Bytes that cross at once: what is read ahead of a file."""
_BATCH = 1024
"""Records that cross at once."""


class Validated(NamedTuple):
    """What became of many records."""

    accepted: Findings
    """The records that stand, in total order."""
    places: tuple[int, ...]
    """Their places in the input."""
    rejected: tuple[Result, ...]
    """The first 1,000 refused ones by place: `index` and `errors` with `code`, `path`, `value`, `help`."""
    rejected_count: int
    """How many were refused."""
    warnings: tuple[Result, ...]
    """What was cleaned or cut: `index`, `path`, `code`."""
    counts: Result
    """What was changed over all records: aliases, redactions, duplicates and so on; zeros are left out."""


class Checked(NamedTuple):
    """What became of one record."""

    place: int
    """Its place in the input."""
    finding: Finding | None
    """The record, where it stands."""
    errors: tuple[Result, ...]
    """Why it does not: `code`, `path`, `value`, `help`."""
    warnings: tuple[Result, ...]
    """What was cleaned or cut: `path`, `code`."""


class _Taker(Protocol):
    def piece(self, bytes: bytes) -> Any: ...
    def records(self, values: list[Any]) -> Any: ...
    def rest(self) -> Any: ...


def _options(context: Mapping[str, Any] | None, unknown: str) -> dict[str, Any]:
    return {"context": None if context is None else _plain(context), "unknown": unknown}


def _plain(record: Any) -> Any:
    """A record whose times are text."""
    if not isinstance(record, Mapping) or not any(isinstance(value, datetime) for value in record.values()):
        return record
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in record.items()}


def _bytes(text: str | bytes) -> bytes:
    # Half a surrogate pair is no UTF-8: the engine refuses its line.
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


def _fed(taker: _Taker, records: Any) -> Iterator[Any]:
    """Give all records to `taker`, some at a time; what it answers."""
    if isinstance(records, (bytes, bytearray, memoryview, str)):
        view = memoryview(_bytes(records) if isinstance(records, str) else records).cast("B")
        for start in range(0, len(view), _PIECE):
            yield taker.piece(bytes(view[start : start + _PIECE]))
    elif hasattr(records, "read"):
        while piece := records.read(_PIECE):
            yield taker.piece(_bytes(piece))
    elif hasattr(records, "__arrow_c_stream__") or hasattr(records, "__arrow_c_array__"):
        for rows in _rows(records):
            yield taker.records(rows)
    else:
        yield from _mixed(taker, [records] if isinstance(records, Mapping) else records)
    yield taker.rest()


def _mixed(taker: _Taker, records: Iterable[Any]) -> Iterator[Any]:
    lines = bytearray()
    batch: list[Any] = []
    for item in records:
        if isinstance(item, (bytes, str)):
            if batch:
                yield taker.records(batch)
                batch = []
            lines += _bytes(item)
            if not lines.endswith(b"\n"):
                lines += b"\n"
            if len(lines) >= _PIECE:
                yield taker.piece(bytes(lines))
                lines.clear()
        else:
            if lines:
                yield taker.piece(bytes(lines))
                lines.clear()
            batch.append(_plain(item))
            if len(batch) == _BATCH:
                yield taker.records(batch)
                batch = []
    if lines:
        yield taker.piece(bytes(lines))
    if batch:
        yield taker.records(batch)


def _rows(table: Any) -> Iterator[list[Any]]:
    try:
        pyarrow = import_module("pyarrow")
    except ImportError:
        message = "an Arrow table is read with pyarrow, which is not installed; install it, or give dicts or JSON lines"
        raise FindingError(message, code="finding.wrong_type", path="records") from None
    if hasattr(table, "__arrow_c_stream__"):
        batches = pyarrow.RecordBatchReader.from_stream(table)
    else:
        batches = [pyarrow.record_batch(table)]
    for batch in batches:
        for start in range(0, batch.num_rows, _BATCH):
            yield [_row(row) for row in batch.slice(start, _BATCH).to_pylist()]


#: Members that an Arrow table holds as maps, whose rows are lists of pairs.
_MAPS = ("issue_key", "tags", "labels", "dimensions", "metrics")


def _row(row: dict[str, Any]) -> dict[str, Any]:
    for name in _MAPS:
        pairs = row.get(name)
        if isinstance(pairs, list):
            members = dict(pairs)
            # A name that stands twice stays a list, which the engine refuses.
            row[name] = members if len(members) == len(pairs) else [list(pair) for pair in pairs]
    if isinstance(row.get("evidence"), str):
        try:
            row["evidence"] = json.loads(row["evidence"])
        except ValueError:
            pass
    return dict(_deep(row))


def _deep(value: Any) -> Any:
    """Times as text, wherever they are."""
    if isinstance(value, dict):
        return {name: _deep(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_deep(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def validate(
    records: Records,
    *,
    context: Mapping[str, Any] | None = None,
    strict: bool = False,
    unknown: Unknown = "reject",
) -> Validated:
    """Make findings of records: dicts, JSON lines (bytes, text, an open file, an iterable), or an Arrow table.

    A bad record is rejected with codes and paths and the others go on; with `strict` the first one raises `FindingError`.
    `context` gives what records leave out: `tenant_id`, `workspace_id`, `run_id`, `run_ts`, `engine_name`,
    `default_currency`, `finding_id_mode` and so on. `unknown="drop"` drops and counts members that no record has.

    >>> record = {"check_id": "own.idle", "status": "fail", "scope": {"cloud": "gcp", "account_id": "a", "service": "s"}}
    >>> done = finops.findings.validate([record, {}], context={"tenant_id": "acme", "run_id": "r1", "run_ts": "2026-11-21T08:00:00Z"})
    >>> len(done.accepted), done.rejected_count, done.rejected[0].errors[0].code
    (1, 1, 'finding.missing_field')
    """
    intake = _Intake(_options(context, unknown), strict)
    for _ in _fed(intake, records):
        pass
    accepted, places, told = intake.finish()
    said = json.loads(told)
    return Validated(
        accepted,
        tuple(places),
        _frozen(said["rejected"]),
        said["rejected_count"],
        _frozen(said["warnings"]),
        _frozen(said["counts"]),
    )


def validate_each(
    records: Records, *, context: Mapping[str, Any] | None = None, unknown: Unknown = "reject"
) -> Iterator[Checked]:
    """Judge records one by one, in the order of the input, in the memory of some of them: for files of any length.

    Duplicates are not looked for, and there is no total order.
    """
    return _judged(_RecordStream(_options(context, unknown), False), records)


def _judged(stream: _RecordStream, records: Any) -> Iterator[Checked]:
    for judged in _fed(stream, records):
        for index, finding, told in judged:
            said = _frozen(json.loads(told)) if told != "[]" else ()
            yield Checked(index, finding, () if finding else said, said if finding else ())


def _table(records: Any) -> Findings:
    """Findings as they stand, and records of which each must stand; ids of any mode are taken."""
    if isinstance(records, Validated):
        return records.accepted
    if isinstance(records, Findings):
        return records
    found: list[Finding] = []
    items = list(records) if isinstance(records, (list, tuple)) else None
    if items is not None and all(isinstance(item, Finding) for item in items):
        try:
            return Findings(items)
        except TypeError:
            # Some were read from their wire form.
            pass
    for index, finding, errors, _ in _judged(_RecordStream({}, True), records):
        if finding is None:
            error = errors[0]
            raise FindingError(
                f"`records/{index}{error.path}`: `{error.value}` is refused; {error.help}",
                code=error.code,
                path=f"records/{index}{error.path}",
            )
        found.append(finding)
    return Findings(found)


def totals(findings: Validated | Findings | Records) -> Result:
    """Sums by currency over what fails, is additive and open: findings, savings, cost, and how many of each are unknown.

    The row `-` holds findings without an amount. Amounts are decimal text.
    """
    found: Result = _frozen(json.loads(findings_totals(_table(findings))))
    return found


def combine(findings: Validated | Findings | Records) -> Result:
    """What findings on shared resources are worth together: no dollar of a resource counts twice."""
    found: Result = _frozen(json.loads(findings_combine(_table(findings))))
    return found


def content_hash(findings: Validated | Findings | Records) -> str:
    """The SHA-256 of a table, whatever its order: of its rows as JSON lines in total order, without times of ingestion."""
    return findings_content_hash(_table(findings))


def _text(kind: str, input: Any, name: str) -> str:
    answer = _call(kind, _plain(input) if isinstance(input, Mapping) else input)
    errors = answer.get("errors")
    if errors:
        first = errors[0]
        message = f"`{first['path']}`: `{first['value']}` is refused; {first['help']}"
        raise FindingError(message, code=first["code"], path=first["path"])
    text: str = answer[name]
    return text


def fingerprint(record: Input) -> str:
    """What makes a record the same issue in every run: 64 hexadecimal digits. Run, status and money may be left out."""
    return _text("fingerprint", record, "fingerprint")


def seed_fingerprint(record: Input) -> str:
    """The fingerprint of schema version 1, under which older lifecycle states are kept."""
    return _text("seed_fingerprint", record, "fingerprint")


def finding_id(
    fingerprint: str,
    mode: IdMode = "stable",
    *,
    run_id: str | None = None,
    run_ts: datetime | str | None = None,
) -> str:
    """The id of a finding: 32 hexadecimal digits. `per_run` takes `run_id` in, `per_day` the date of `run_ts`."""
    for needed, given, name in (("per_run", run_id, "run_id"), ("per_day", run_ts, "run_ts")):
        if mode == needed and not given:
            raise FindingError(f"`{name}`: it is missing; `{mode}` needs it", code="finding.missing_field", path=name)
    input = {"fingerprint": fingerprint, "mode": mode, "run_id": run_id, "run_ts": run_ts}
    return _text("finding_id", input, "finding_id")


def canonicalize(record: Finding | Input, *, context: Mapping[str, Any] | None = None) -> bytes:
    """The canonical bytes of a record: RFC 8785 of its checked form, without what is added after the run."""
    found = record if isinstance(record, Finding) else _one(record, context)
    try:
        return findings_canonical(found)
    except TypeError:
        # It was read from its wire form.
        return findings_canonical(_one(dict(found), context))


def _one(record: Any, context: Mapping[str, Any] | None = None) -> Finding:
    lines = record.replace("\n", " ") if isinstance(record, str) else record
    lines = lines.replace(b"\n", b" ") if isinstance(lines, bytes) else lines
    found: Finding = validate(lines, context=context, strict=True).accepted[0]
    return found


# Names of the public system.


def compute_fingerprint(
    *,
    tenant_id: str,
    check_id: str,
    scope: Mapping[str, Any],
    issue_key: Mapping[str, Any] | None = None,
    workspace_id: str | None = None,
) -> str:
    """`fingerprint` of these members."""
    members = {"tenant_id": tenant_id, "check_id": check_id, "scope": scope, "issue_key": issue_key}
    return fingerprint({**members, "workspace_id": workspace_id})


def compute_finding_id(*, tenant_id: str = "", fingerprint: str, salt: str | None = None) -> str:
    """`finding_id`: stable, or with a salt that of the run of this id. The tenant is in the fingerprint already."""
    del tenant_id
    return finding_id(fingerprint, "per_run", run_id=salt) if salt else finding_id(fingerprint)


def build_ids_and_validate(
    record: MutableMapping[str, Any],
    *,
    issue_key: Mapping[str, Any] | None = None,
    finding_id_salt: str | None = None,
) -> MutableMapping[str, Any]:
    """Check a record and write its `fingerprint` and `finding_id` into it; it is returned, too."""
    given = {name: value for name, value in record.items() if name not in ("fingerprint", "finding_id")}
    if issue_key is not None:
        given["issue_key"] = dict(issue_key)
    found = _one(given)
    record["fingerprint"] = found.fingerprint
    record["finding_id"] = compute_finding_id(fingerprint=found.fingerprint, salt=finding_id_salt)
    if issue_key is not None:
        record["issue_key"] = dict(issue_key)
    return record


def validate_record_or_raise(record: Mapping[str, Any]) -> None:
    """Check a record; `FindingError` with code and path where it is refused. How its id was salted is not known here."""
    _one({name: value for name, value in record.items() if name != "finding_id"})


# Computations by their names.


def digest(input: Input) -> Any:
    """Compute `digest`."""
    return _call("digest", input)


def order(input: Input) -> Any:
    """Compute `order`."""
    return _call("order", input)


def outcome(input: Input) -> Any:
    """Compute `outcome`."""
    return _call("outcome", input)


def priority(input: Input) -> Any:
    """Compute `priority`."""
    return _call("priority", input)


def record(input: Input) -> Any:
    """Compute `record`."""
    return _call("record", input)


def redact(input: Input) -> Any:
    """Compute `redact`."""
    return _call("redact", input)


def severity(input: Input) -> Any:
    """Compute `severity`."""
    return _call("severity", input)


__all__ = [
    "Checked",
    "Finding",
    "FindingError",
    "Findings",
    "Validated",
    "build_ids_and_validate",
    "call",
    "canonicalize",
    "combine",
    "compute_finding_id",
    "compute_fingerprint",
    "content_hash",
    "digest",
    "finding_id",
    "fingerprint",
    "kinds",
    "order",
    "outcome",
    "priority",
    "record",
    "redact",
    "seed_fingerprint",
    "severity",
    "totals",
    "validate",
    "validate_each",
    "validate_record_or_raise",
]
