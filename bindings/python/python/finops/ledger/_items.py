"""Opportunities and baselines, with the names of the original and exact amounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, ClassVar

from .._finops import ledger_baseline, ledger_opportunity

Amount = Decimal | int | float | str


class OpportunityStatus(StrEnum):
    """Where an opportunity stands."""

    DETECTED = "detected"
    PROPOSED = "proposed"
    APPROVED = "approved"
    IMPLEMENTING = "implementing"
    IMPLEMENTED = "implemented"
    VERIFIED = "verified"
    INCONCLUSIVE = "inconclusive"
    REGRESSED = "regressed"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    ROLLED_BACK = "rolled_back"
    SUPERSEDED = "superseded"
    CLOSED = "closed"


class OpportunityType(StrEnum):
    """What was found. A type of your own is any other snake_case text, with an `effect`."""

    OVER_REQUESTED_CPU = "over_requested_cpu"
    OVER_REQUESTED_MEMORY = "over_requested_memory"
    IDLE_NODES = "idle_nodes"
    ORPHAN_VOLUMES = "orphan_volumes"
    MISCONFIGURED_AUTOSCALING = "misconfigured_autoscaling"
    KARPENTER_CONSOLIDATION = "karpenter_consolidation"
    ZOMBIE_WORKLOADS = "zombie_workloads"
    UNUSED_RESOURCES = "unused_resources"


_TYPES = {member.value: member for member in OpportunityType}
#: What a field is when it was not given, and what the ledger then derives by itself.
_NOTHING: tuple[Any, ...] = (None, "", {}, [], ())


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _amount(value: Any) -> Any:
    """Text as people write it, `120.50`, as the decimal that it is; the engine refuses what is none."""
    if isinstance(value, str):
        try:
            return Decimal(value)
        except InvalidOperation:
            return value
    return value


_OPPORTUNITY_AMOUNTS = frozenset(("estimated_monthly_savings", "confidence", "risk_score", "realized_savings"))
_BASELINE_AMOUNTS = frozenset(
    ("monthly_cost", "cpu_cost", "memory_cost", "storage_cost", "network_cost", "cost", "fixed_share", "unit_price")
)


class _Item:
    """What opportunities and baselines have in common: checked by the engine when they are made."""

    __slots__ = ()
    _AMOUNTS: ClassVar[frozenset[str]] = frozenset()

    def _given(self) -> dict[str, Any]:
        """What was given or derived: what is recorded."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        return {
            name: _amount(value) if name in self._AMOUNTS else value
            for name, value in values.items()
            if value not in _NOTHING
        }


@dataclass(frozen=True, slots=True)
class Opportunity(_Item):
    """Something that would save money. Frozen: its state changes by events of the ledger, which answers a new one.

    The first twenty fields are the original's, in its order. Amounts may be `Decimal`, `int`, `float` or text and are exact
    `Decimal` afterwards; times are aware datetimes, and a naive one is read as UTC with one warning.

    >>> Opportunity(type=OpportunityType.IDLE_NODES, resource="i-1", estimated_monthly_savings=120.5).effect
    'eliminate'
    """

    _AMOUNTS: ClassVar[frozenset[str]] = _OPPORTUNITY_AMOUNTS

    id: str = ""
    type: OpportunityType | str = ""
    status: OpportunityStatus | str = OpportunityStatus.DETECTED
    detected_at: datetime | str | None = None
    cluster: str = ""
    namespace: str = ""
    workload: str = ""
    team: str = ""
    estimated_monthly_savings: Amount = Decimal(0)
    confidence: Amount | None = None
    risk_score: Amount | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    before_state: Mapping[str, Any] = field(default_factory=dict)
    after_state: Mapping[str, Any] = field(default_factory=dict)
    pr_url: str | None = None
    pr_number: int | None = None
    implemented_at: datetime | str | None = None
    verified_at: datetime | str | None = None
    realized_savings: Amount = Decimal(0)
    rollback_reason: str | None = None
    resource: str = ""
    component: str = ""
    effect: str = ""
    currency: str = ""
    price_basis: str = ""
    fingerprint: str = ""
    generation: int = 0
    finding_id: str | None = None
    detector: str | None = None
    environment: str | None = None
    baseline_id: str | None = None
    books_on: str | None = None
    measure_rank: int | None = None
    expires_at: datetime | str | None = None
    superseded_by: str | None = None

    def __post_init__(self) -> None:
        """Check every field, and keep each in one form."""
        self._fill(ledger_opportunity(self._given()))

    def _fill(self, read: Mapping[str, Any]) -> None:
        for name, value in read.items():
            if value is not None:
                if name in self._AMOUNTS:
                    value = Decimal(value)
                elif name in ("detected_at", "implemented_at", "verified_at", "expires_at"):
                    value = _instant(value)
                elif name == "status":
                    value = OpportunityStatus(value)
                elif name == "type":
                    value = _TYPES.get(value, value)
            object.__setattr__(self, name, value)

    def __hash__(self) -> int:
        return hash((self.id, self.fingerprint, self.status))

    @classmethod
    def _read(cls, read: Mapping[str, Any]) -> Opportunity:
        """One that the engine answered: checked already."""
        item = cls.__new__(cls)
        item._fill(read)
        return item

    def _given(self) -> dict[str, Any]:
        values = _Item._given(self)
        # 0 is what the ledger begins with: it counts generations itself.
        if not self.generation:
            values.pop("generation", None)
        if values.get("realized_savings") == 0:
            del values["realized_savings"]
        # A missing estimate is 0, which the engine wants to hear.
        values.setdefault("estimated_monthly_savings", self.estimated_monthly_savings)
        return values

    def to_dict(self) -> dict[str, Any]:
        """Every field as JSON has it: amounts as text, times in UTC, unknown as ``None``."""
        return dict(ledger_opportunity(self._given()))


@dataclass(frozen=True, slots=True)
class CostBaseline(_Item):
    """The cost before a change; `SavingsLedger.freeze` records it. The first eleven fields are the original's.

    One of `cost` (of the window) and `monthly_cost` suffices; `daily` holds ``(cost, driver)`` for each day.

    >>> CostBaseline(workload_id="api", monthly_cost=730, period_start="2026-03-01", period_end="2026-03-29").cost
    Decimal('672')
    """

    _AMOUNTS: ClassVar[frozenset[str]] = _BASELINE_AMOUNTS

    workload_id: str = ""
    namespace: str = ""
    cluster: str = ""
    team: str = ""
    monthly_cost: Amount | None = None
    cpu_cost: Amount | None = None
    memory_cost: Amount | None = None
    storage_cost: Amount | None = None
    network_cost: Amount | None = None
    period_start: datetime | date | str | None = None
    period_end: datetime | date | str | None = None
    id: str = ""
    resource: str = ""
    currency: str = ""
    price_basis: str = ""
    cost: Amount | None = None
    fixed_share: Amount | None = None
    driver: Mapping[str, Any] | None = None
    unit_price: Amount | None = None
    daily: Sequence[Sequence[Amount | None]] = ()
    source: str = ""
    source_sha256: str | None = None

    def __post_init__(self) -> None:
        """Check every field, and keep each in one form."""
        self._fill(ledger_baseline(self._given()))

    def _fill(self, read: Mapping[str, Any]) -> None:
        for name, value in read.items():
            if value is not None:
                if name in self._AMOUNTS:
                    value = Decimal(value)
                elif name in ("period_start", "period_end"):
                    value = _instant(value)
                elif name == "daily":
                    value = tuple(tuple(None if n is None else Decimal(n) for n in day) for day in value)
            object.__setattr__(self, name, value)

    def __hash__(self) -> int:
        return hash((self.id, self.workload_id, self.resource, self.period_start, self.cost))

    @classmethod
    def _read(cls, read: Mapping[str, Any]) -> CostBaseline:
        """One that the engine answered: checked already."""
        baseline = cls.__new__(cls)
        baseline._fill(read)
        return baseline

    def _given(self) -> dict[str, Any]:
        values = _Item._given(self)
        if self.daily and self.cost is not None and self.monthly_cost is not None:
            # One of the two was derived and is rounded: days add up to the other.
            exact = sum(Decimal(day[0] or 0) for day in self.daily) == self.cost
            del values["monthly_cost" if exact else "cost"]
        return values

    def to_dict(self) -> dict[str, Any]:
        """Every field as JSON has it: amounts as text, times in UTC, unknown as ``None``."""
        return dict(ledger_baseline(self._given()))
