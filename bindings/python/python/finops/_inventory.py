"""What is in a cluster, and whose cost it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from ._finops import InferenceRecord, Result, TrainingRecord, call_facts, inventory_kubernetes, inventory_prometheus, topic_call
from .errors import WasteError

Time = datetime | str | float | None
Document = bytes | str | Mapping[str, Any]


def _bytes(document: Document) -> bytes:
    if isinstance(document, bytes):
        return document
    return (document if isinstance(document, str) else json.dumps(dict(document))).encode()


class ClusterInventory:
    """What is in a cluster: read from Kubernetes and Prometheus, or in the summary form."""

    __slots__ = ("_value", "diagnostics")

    diagnostics: tuple[Any, ...]
    """What was left out or is odd, with where."""

    def __init__(self, value: Mapping[str, Any]) -> None:
        """An inventory in its wire form, or a `cluster_data`."""
        self._value: Any = dict(value)
        self.diagnostics = ()

    @classmethod
    def _read(cls, text: str, before: tuple[Any, ...] = ()) -> Self:
        read = json.loads(text)
        inventory = cls(read["inventory"])
        inventory.diagnostics = (*before, *read["diagnostics"])
        return inventory

    @classmethod
    def from_kubernetes(cls, *documents: Document, cluster: str = "unknown", as_of: Time = None) -> Self:
        """What ``kubectl get -o json`` prints, as bytes, text or dicts; `as_of` is when it was read, now without one."""
        return cls._read(inventory_kubernetes([_bytes(document) for document in documents], cluster, as_of))

    @classmethod
    def from_prometheus(
        cls, metric: str, answer: Document, *, cluster: str = "unknown", as_of: Time = None, step_seconds: int = 60
    ) -> Self:
        """An inventory of usage alone."""
        inventory = cls.from_kubernetes(cluster=cluster, as_of=as_of)
        inventory.add_prometheus(metric, answer, step_seconds=step_seconds)
        return inventory

    @classmethod
    def from_cluster_data(cls, cluster_data: Mapping[str, Any]) -> Self:
        """The summary form, for the detectors; it holds no pods that a cost could be divided over."""
        return cls(cluster_data)

    def add_prometheus(self, metric: str, answer: Document, *, step_seconds: int = 60) -> None:
        """Add the answer of a query for `metric`, such as ``cpu_usage``, made with this step."""
        read = self._read(
            inventory_prometheus(json.dumps(self._value), metric, _bytes(answer), step_seconds), self.diagnostics
        )
        self._value, self.diagnostics = read._value, read.diagnostics

    def _wire(self) -> Any:
        return self._value

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        return dict(self._value)

    def to_json(self) -> str:
        """The wire form as text."""
        return json.dumps(self._value, ensure_ascii=False, separators=(",", ":"))

    def __repr__(self) -> str:
        return f"ClusterInventory(cluster={self._value.get('cluster')!r})"


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


def _time(at: datetime | str) -> str:
    return at.isoformat() if isinstance(at, datetime) else at


class AllocationReport:
    """Rows of an allocation, summed by keys; iterable."""

    __slots__ = ("_input", "result", "rows")

    def __init__(self, input: dict[str, Any]) -> None:
        self._input = input
        self.result = Result.from_json(topic_call("allocation", "allocation_report", json.dumps(input)))
        self.rows: tuple[Result, ...] = self.result.rows

    def __iter__(self) -> Iterator[Result]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.result, name)

    def _as(self, form: str, places: int) -> str:
        text: str = json.loads(topic_call("allocation", "allocation_report", json.dumps({**self._input, "format": form, "places": places})))
        return text

    def to_csv(self, places: int = 2) -> str:
        """Comma-separated values whose columns add up to their totals."""
        return self._as("csv", places)

    def to_markdown(self, places: int = 2) -> str:
        """A table in Markdown whose columns add up to their totals."""
        return self._as("md", places)

    def to_json(self) -> str:
        """The wire form."""
        return self.result.to_json()


class AllocationSet:
    """What a cluster costs, divided over its containers: rows, assets, totals; they add up to the last digit."""

    __slots__ = ("_input", "result")

    def __init__(self, input: dict[str, Any]) -> None:
        self._input = input
        self.result = Result.from_json(topic_call("allocation", "allocation_set", json.dumps(input)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.result, name)

    def aggregate(
        self, by: Sequence[str] | str, filter: Mapping[str, Iterable[str]] | None = None
    ) -> AllocationReport:
        """Rows summed by keys such as ``namespace`` or ``label:team``."""
        keys = [by] if isinstance(by, str) else list(by)
        chosen = None if filter is None else {name: list(values) for name, values in filter.items()}
        return AllocationReport({**self._input, "by": keys, "filter": chosen})

    def reconcile(self, bill: Sequence[Mapping[str, Any]]) -> AllocationSet:
        """The same by what the bill charges for each asset."""
        return AllocationSet({**self._input, "bill": [dict(line) for line in bill]})

    def to_json(self) -> str:
        """The wire form."""
        return self.result.to_json()


def allocate(
    inventory: ClusterInventory | Mapping[str, Any],
    *,
    window: Sequence[Any] | Mapping[str, Any] | None = None,
    prices: Any = None,
    **config: Any,
) -> AllocationSet:
    """Divide what a cluster costs over its containers.

    `window` is ``(start, end)``; the inventory's, else the day before it was read, without one. `config` are the settings of
    the allocation: ``idle="share"``, ``shared=[...]``, ``rates``, ``label_fallbacks`` and so on.
    """
    value = inventory._wire() if isinstance(inventory, ClusterInventory) else dict(inventory)
    if window is not None:
        shown = dict(window) if isinstance(window, Mapping) else list(window)
        config["window"] = shown
    input: dict[str, Any] = {"inventory": value, "config": config}
    if prices is not None:
        input["prices"] = prices
    return AllocationSet(json.loads(json.dumps(input, default=lambda at: at.isoformat())))
