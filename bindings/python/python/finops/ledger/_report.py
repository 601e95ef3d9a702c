"""Reports of weeks and months: one model, three renderings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from .._finops import Report, Result
from ._savings import ACTOR, SavingsLedger, Time

Inputs = Mapping[str, Any]


def _day(day: date | datetime | str | None) -> date:
    if day is None:
        return datetime.now(timezone.utc).date()
    if isinstance(day, str):
        return date.fromisoformat(day[:10])
    if isinstance(day, datetime):
        return (day.astimezone(timezone.utc) if day.tzinfo else day).date()
    return day


class ReportGenerator:
    """Makes the reports of a ledger.

    `inputs` are figures of other systems: latest_billing_day, estimated_lines_share, currency, cost_rows, cost_source,
    allocation, forecast, commitment_coverage, commitment_utilisation, unit_cost (each ``{"part", "whole", "source"}``) and
    figures. What is not known is shown as unknown with its reason, never as 0.

    >>> report = ReportGenerator(SavingsLedger()).monthly("2026-03")
    >>> report.totals.realized, report.kpis.realisation_rate.value
    ('0', None)
    """

    def __init__(self, ledger: SavingsLedger, inputs: Inputs | None = None) -> None:
        self.ledger = ledger
        self.inputs = inputs

    def weekly(self, label: str | None = None, inputs: Inputs | None = None) -> Report:
        """The report of an ISO week such as ``2026-W12``; of the present one without a label."""
        if label is None:
            year, week, _ = _day(None).isocalendar()
            label = f"{year:04}-W{week:02}"
        return self.ledger._report(label, self.inputs if inputs is None else inputs)

    def monthly(self, label: str | None = None, inputs: Inputs | None = None) -> Report:
        """The report of a month such as ``2026-03``; of the present one without a label."""
        if label is None:
            label = f"{_day(None):%Y-%m}"
        return self.ledger._report(label, self.inputs if inputs is None else inputs)

    def generate_weekly_report(self, week_start: date | datetime | str | None = None) -> Report:
        """The report of the week that a day lies in; of the present one without a day."""
        year, week, _ = _day(week_start).isocalendar()
        return self.weekly(f"{year:04}-W{week:02}")

    def generate_monthly_report(self, month_start: date | datetime | str | None = None) -> Report:
        """The report of the month that a day lies in; of the present one without a day."""
        day = _day(month_start)
        return self.monthly(f"{day.year:04}-{day.month:02}")

    def export_report_html(self, report: Report, path: str | os.PathLike[str] | None = None) -> str:
        """The report as one HTML file, written to `path` when one is given."""
        if path is not None:
            self.save(report, path)
        return report.to_html()

    def save(self, report: Report, path: str | os.PathLike[str]) -> None:
        """Write a report in the form that the suffix of `path` names: ``.json``, ``.md`` or ``.html``."""
        report.save(path)

    def issue(self, report: Report, *, actor: str = ACTOR, at: Time = None) -> Result:
        """Record `report.issued`: period, size of the log, and the SHA-256 of its JSON.

        A store with tables keeps the JSON in ``savings_reports`` and signs a checkpoint, unless a time is given.
        """
        return self.ledger._issue(report, actor, at)
