"""Findings: identity, validation, severity, totals, redaction, order.

Every computation is a function of its name: it takes its input as a mapping or as JSON text, which keeps every digit, and
answers its result; objects are frozen, lists are tuples, amounts are decimal text.
"""

from __future__ import annotations

from typing import Any

from ._topic import Input, Topic
from .errors import FindingError

_TOPIC = Topic("findings")
call = _TOPIC.call
kinds = _TOPIC.kinds
_call = _TOPIC.compute


def combine(input: Input) -> Any:
    """Compute `combine`."""
    return _call("combine", input)


def digest(input: Input) -> Any:
    """Compute `digest`."""
    return _call("digest", input)


def finding_id(input: Input) -> Any:
    """Compute `finding_id`."""
    return _call("finding_id", input)


def fingerprint(input: Input) -> Any:
    """Compute `fingerprint`."""
    return _call("fingerprint", input)


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


def seed_fingerprint(input: Input) -> Any:
    """Compute `seed_fingerprint`."""
    return _call("seed_fingerprint", input)


def severity(input: Input) -> Any:
    """Compute `severity`."""
    return _call("severity", input)


def totals(input: Input) -> Any:
    """Compute `totals`."""
    return _call("totals", input)


def validate(input: Input) -> Any:
    """Compute `validate`."""
    return _call("validate", input)


__all__ = [
    "FindingError",
    "call",
    "combine",
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
]
