"""What is in a cluster, and whose cost it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from ._finops import Result, inventory_kubernetes, inventory_prometheus, topic_call, topic_value

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
    def from_cluster_data(cls, cluster_data: Mapping[str, Any], *, as_of: Time = None) -> Self:
        """The summary form; its time is `as_of`, else its own, else now.

        It places no workload on a node and gives nodes no capacity: `allocate` prices its volumes, and lists workloads and
        nodes as unpriced, each with the reason.
        """
        given = {"cluster_data": dict(cluster_data)}
        if as_of is not None or cluster_data.get("as_of") is None:
            given["cluster_data"]["as_of"] = json.loads(inventory_kubernetes([], "", as_of))["inventory"]["as_of"]
        inventory = cls(given["cluster_data"])
        inventory.diagnostics = tuple(json.loads(topic_value("allocation", "read_cluster_data", given))["diagnostics"])
        return inventory

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
    return AllocationSet(json.loads(json.dumps(input, default=lambda at: at.isoformat() if hasattr(at, "isoformat") else str(at))))
