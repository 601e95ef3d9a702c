"""What workloads of AI use, for the detectors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from ._finops import InferenceRecord, TrainingRecord, call_facts
from .errors import WasteError


def _time(at: datetime | str) -> str:
    return at.isoformat() if isinstance(at, datetime) else at


class AiInventory:
    """GPUs, endpoints, calls to models and training runs over a window, for the detectors of AI workloads.

    >>> inventory = finops.AiInventory({"window": {"start": "2026-11-13T00:00:00Z", "end": "2026-11-20T00:00:00Z"},
    ...     "provider": "bedrock", "provisioned": [{"name": "pt", "hourly_fee": 40, "on_demand_cost": 3000}]})
    >>> [(o["type"], o.workload, o["estimated_monthly_savings"]) for o in finops.FinOpsEngine().run_detection_cycle(inventory)]
    [('llm_spend', 'pt', 16164.285714286)]
    """

    __slots__ = ("_value",)

    def __init__(self, value: Mapping[str, Any]) -> None:
        """The wire form: ``window``, ``provider``, ``account_id``, ``cluster``, ``tags``, ``prices`` and the lists
        ``gpu_containers``, ``endpoints``, ``provisioned``, ``call_groups``, ``training_runs``, ``evaluations``, ``calls``."""
        self._value: Any = dict(value)

    @classmethod
    def from_records(
        cls,
        records: Iterable[InferenceRecord | TrainingRecord | Mapping[str, Any]],
        *,
        window: Sequence[datetime | str] | Mapping[str, Any] | None = None,
        **members: Any,
    ) -> Self:
        """The calls that a monitor kept; `window` is ``(start, end)`` of all of them, from the first to the last without one.

        A call belongs to the route of its tag ``route``, else to its model. Records of training runs say nothing of waste
        and are left out; `members` are those of the wire form, such as ``call_groups``.
        """
        calls: list[dict[str, Any]] = json.loads(call_facts(records))
        if window is None:
            times = sorted(call["at"] for call in calls)
            if not times or times[0] == times[-1]:
                problem = "the calls span no time: give the `window` that they are all of"
                raise WasteError(problem, code="waste.invalid_record", path="window")
            window = (times[0], times[-1])
        start, end = (window["start"], window["end"]) if isinstance(window, Mapping) else window
        ends = {"start": _time(start), "end": _time(end)}
        return cls({**members, "window": ends, "calls": calls})

    def _wire(self) -> Any:
        return self._value

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        return dict(self._value)

    def to_json(self) -> str:
        """The wire form as text."""
        return json.dumps(self._value, ensure_ascii=False, separators=(",", ":"), default=str)

    def __repr__(self) -> str:
        lists = {name: len(value) for name, value in self._value.items() if isinstance(value, (list, tuple))}
        return f"AiInventory({', '.join(f'{name}={count}' for name, count in lists.items())})"
