"""Guardrails: typed limits on automated change."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import EllipsisType
from typing import Any, Self, TypedDict, Unpack

from .._finops import PolicyCheck, _Guardrails

Number = Decimal | int | float | str

#: What the checks read of a change, and so of an object that is no mapping.
FIELDS = (
    "confidence",
    "risk_score",
    "monthly_saving_nanos",
    "monthly_saving_usd",
    "estimated_monthly_savings",
    "tags",
    "namespaces",
    "namespace",
    "cluster",
    "at",
)


class PolicyAction(enum.StrEnum):
    """What the deciding check demands; equal to its text."""

    ALLOW = "allow"
    DENY = "deny"
    REQUIRE_APPROVAL = "require_approval"


class Limits(TypedDict, total=False):
    """The limits by name; what is left out keeps its default."""

    min_confidence: Number
    max_risk_score: Number
    max_single_change: Number
    max_daily_change: Number
    protected_tags: Sequence[str]
    change_windows: Sequence[Mapping[str, Any]]
    change_window_start: str
    change_window_end: str
    time_zone: str
    blast_radius_limit: int


def _instant(value: object) -> object:
    """An aware datetime as RFC 3339; anything else as it is, for the check to judge."""
    return value.isoformat() if isinstance(value, datetime) and value.utcoffset() is not None else value


def _change(value: Any) -> Any:
    """A change as a mapping: an object by its attributes, an aware time as text."""
    if value is None or isinstance(value, (str, bytes, bool, int, float, list, tuple)):
        return value
    if isinstance(value, Mapping):
        at = value.get("at")
        return {**value, "at": _instant(at)} if isinstance(at, datetime) else value
    found = {name: getattr(value, name) for name in FIELDS if hasattr(value, name)}
    if "at" in found:
        found["at"] = _instant(found["at"])
    return found or value


class Guardrails(_Guardrails):
    """Guardrails with their limits; one instance serves all threads.

    The first check, ``min_confidence``, denies, the others ask for an approval. What is unknown never passes.

    >>> import finops
    >>> g = finops.Guardrails(min_confidence="0.8", time_zone="Europe/Berlin")
    >>> g.check_opportunity({"confidence": 0.79}, [], now="2026-11-21T03:00:00Z").reason
    'Confidence 0.79 below threshold 0.8'
    """

    def __new__(cls, **limits: Unpack[Limits]) -> Self:
        """Guardrails with these limits; raises `PolicyError` for one that cannot be used."""
        return super().__new__(cls, dict(limits))

    def check_opportunity(
        self,
        opportunity: Any,
        daily_changes: Iterable[Any] | None = None,
        now: datetime | str | float | EllipsisType | None = None,
    ) -> PolicyCheck:
        """Checks one change, a mapping or an object with its attributes, beside the changes already made today.

        ``now=None`` is the clock, ``now=policy.UNKNOWN`` no instant at all, which is outside every window.
        """
        history: Any = daily_changes
        if history is not None and not isinstance(history, (str, bytes, Mapping)) and hasattr(history, "__iter__"):
            history = [_change(change) for change in history]
        return super().check_opportunity(_change(opportunity), history, now)


GuardrailEngine = Guardrails
"""The original's name."""
