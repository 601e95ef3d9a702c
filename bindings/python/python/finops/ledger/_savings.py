"""The savings ledger: commands that append events, and queries with exact amounts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from .._finops import Result, _SavingsLedger
from ._items import CostBaseline, Opportunity, OpportunityStatus
from ._log import EventLog

#: Who acts when nobody is named.
ACTOR = "svc:finops"
Time = datetime | str | None


def _fields(item: Opportunity | CostBaseline | Mapping[str, Any]) -> Mapping[str, Any]:
    return item if isinstance(item, Mapping) else item._given()


class SavingsLedger(_SavingsLedger):
    """What happened to every opportunity and what it saved: in memory, or on an `EventLog`.

    Each command appends one event and answers the opportunity as it is then. What the lifecycle does not allow raises
    `LedgerError` and records nothing. From an estimate of `four_eyes_above` on, a proposal, its approval and the change need
    two people.
    """

    log: EventLog | None
    """The log that commands append to."""

    def __new__(
        cls, log: EventLog | None = None, four_eyes_above: Decimal | int | float | str | None = None
    ) -> Self:
        """Read the events of `log`; without one, begin empty in memory."""
        ledger = super().__new__(cls, log, four_eyes_above)
        ledger.log = log
        return ledger

    # --- commands ---

    def add_opportunity(
        self, opportunity: Opportunity | Mapping[str, Any], *, actor: str = ACTOR, at: Time = None
    ) -> Opportunity:
        """Record an opportunity; one in any other state than detected is recorded as imported. Id, fingerprint and
        generation are filled in.
        """
        added = self._add(_fields(opportunity), actor, at, False)
        assert added is not None  # without `again` there is always something to record
        return Opportunity._read(added)

    def observe(
        self, opportunity: Opportunity | Mapping[str, Any], *, actor: str = ACTOR, at: Time = None
    ) -> Opportunity | None:
        """Record a finding of a detection cycle: a new item, or fresh figures for the one that is open, once a UTC day.

        ``None`` where there was nothing to record.
        """
        seen = self._add(_fields(opportunity), actor, at, True)
        return None if seen is None else Opportunity._read(seen)

    def propose(
        self,
        id: str,
        *,
        pr_url: str | None = None,
        pr_number: int | None = None,
        change: str | None = None,
        note: str | None = None,
        actor: str = ACTOR,
        at: Time = None,
    ) -> Opportunity:
        """Propose the change."""
        return self._step(
            "proposed", id, actor, at, pr_url=pr_url, pr_number=pr_number, change=change, note=note
        )

    def approve(
        self,
        id: str,
        *,
        baseline_id: str | None = None,
        decision_id: str | None = None,
        policy_digest: str | None = None,
        note: str | None = None,
        actor: str = ACTOR,
        at: Time = None,
    ) -> Opportunity:
        """Approve the change; `baseline_id` is the cost before it, frozen with `freeze`."""
        options = {"baseline_id": baseline_id, "decision_id": decision_id, "policy_digest": policy_digest}
        return self._step("approved", id, actor, at, note=note, **options)

    def start(self, id: str, *, actor: str = ACTOR, at: Time = None) -> Opportunity:
        """Begin the change."""
        return self._step("started", id, actor, at)

    def implement(
        self,
        id: str,
        *,
        commit: str | None = None,
        after_state: Mapping[str, Any] | None = None,
        actor: str = ACTOR,
        at: Time = None,
    ) -> Opportunity:
        """Record that the change is made."""
        return self._step("implemented", id, actor, at, commit=commit, after_state=after_state)

    def verify(
        self,
        id: str,
        measurement: Mapping[str, Any] | None = None,
        *,
        baseline_id: str | None = None,
        verification: Mapping[str, Any] | None = None,
        verdict: str | None = None,
        actor: str = ACTOR,
        at: Time = None,
    ) -> Result:
        """Prove a saving, or that there is none.

        With a `measurement` (resource, method, effect, implemented, period_start, period_end, currency, cost, driver,
        quantity, daily …) against the baseline of the item: the engine computes the row and its verdict. ``status`` is
        ``unknown`` with a ``reason``, and nothing is recorded, where nothing can be said. Or with a row of proof of your own,
        `verification`, and its `verdict`: ``verified``, ``inconclusive`` or ``regressed``.
        """
        if (measurement is None) == (verification is None):
            raise TypeError("give either `measurement` or `verification`")
        if measurement is not None:
            return self._measure(id, measurement, baseline_id, actor, at)
        if verdict not in ("verified", "inconclusive", "regressed"):
            raise ValueError("`verdict` must be `verified`, `inconclusive` or `regressed`")
        data = {"opportunity": id, "verification": dict(verification or {})}
        return self._record(f"opportunity.{verdict}", data, actor, at)

    def regress(self, id: str, reason: str, *, actor: str = ACTOR, at: Time = None) -> Opportunity:
        """Record that the saving has gone, for example because the change was reverted."""
        return self._step("regressed", id, actor, at, reason=reason)

    def reject(self, id: str, reason: str, *, actor: str = ACTOR, at: Time = None) -> Opportunity:
        """Turn the change down."""
        return self._step("rejected", id, actor, at, reason=reason)

    def expire(
        self, id: str, reason: str | None = None, *, actor: str = ACTOR, at: Time = None
    ) -> Opportunity:
        """Let the item lapse."""
        return self._step("expired", id, actor, at, reason=reason)

    def supersede(self, id: str, by: str, *, actor: str = ACTOR, at: Time = None) -> Opportunity:
        """Put the item `by` in its place."""
        return self._step("superseded", id, actor, at, by=by)

    def fail(self, id: str, reason: str, *, actor: str = ACTOR, at: Time = None) -> Opportunity:
        """Record that the change failed; it may be proposed again."""
        return self._step("failed", id, actor, at, reason=reason)

    def roll_back(self, id: str, reason: str, *, actor: str = ACTOR, at: Time = None) -> Opportunity:
        """Record that the change was taken back."""
        return self._step("rolled_back", id, actor, at, reason=reason)

    def close(self, id: str, *, actor: str = ACTOR, at: Time = None) -> Opportunity:
        """End the tracking of an item: its saving is the new normal."""
        return self._step("closed", id, actor, at)

    def freeze(
        self, baseline: CostBaseline | Mapping[str, Any], *, actor: str = ACTOR, at: Time = None
    ) -> CostBaseline:
        """Record the cost before a change; without an id, it gets the event's."""
        made = self._freeze(_fields(baseline), actor, at)
        frozen = self.get_baseline(made["data"]["baseline"].get("id") or made["id"])
        assert frozen is not None  # it was just recorded
        return frozen

    def correct(
        self, of: str, verification: Mapping[str, Any], reason: str, *, actor: str = ACTOR, at: Time = None
    ) -> Result:
        """Correct the row that event `of` brought; the difference is booked now, so closed periods never change."""
        data = {"of": of, "reason": reason, "verification": dict(verification)}
        return self._record("savings.corrected", data, actor, at)

    def record_fx(
        self,
        from_: str,
        to: str,
        rate: Decimal | str,
        date: str,
        source: str,
        *,
        actor: str = ACTOR,
        at: Time = None,
    ) -> Result:
        """Record an exchange rate: one `from_` is `rate` `to` on the day `date`."""
        data = {"from": from_, "to": to, "rate": rate, "date": date, "source": source}
        return self._record("fx.recorded", data, actor, at)

    # --- queries ---

    def get_opportunity(self, id: str) -> Opportunity | None:
        """The opportunity of an id."""
        found = self._item(id)
        return None if found is None else Opportunity._read(found)

    def get_opportunities(self) -> list[Opportunity]:
        """Every opportunity, by id."""
        return [Opportunity._read(item) for item in self._items(None)]

    def get_opportunities_by_status(self, status: OpportunityStatus | str) -> list[Opportunity]:
        """The opportunities in a state, by time of detection, then id."""
        return [Opportunity._read(item) for item in self._items(OpportunityStatus(status).value)]

    def get_baseline(self, id: str) -> CostBaseline | None:
        """The frozen baseline of an id."""
        found = self._baseline(id)
        return None if found is None else CostBaseline._read(found)

    def _step(self, event: str, id: str, actor: str, at: Time, **data: Any) -> Opportunity:
        self._record(f"opportunity.{event}", {"opportunity": id, **data}, actor, at)
        found = self.get_opportunity(id)
        assert found is not None  # the ledger has just recorded an event of it
        return found
