"""What is in a cluster, and whose cost it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any, ClassVar, Generic, Self, TypeVar, overload

from ._finops import ArrowTable, Result, _AllocationReport, _AllocationSet, _Cluster, cluster_queries

Time = datetime | date | str | float | None
Document = bytes | bytearray | memoryview | str | Mapping[str, Any]

ZERO = Decimal(0)
CHUNK = 1024


def _plain(value: Any) -> Any:
    """What YAML and databases put into a document and JSON has no form for."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a document cannot hold a {type(value).__name__}")


def _document(document: Document) -> bytes | str:
    """A document as the engine reads it: bytes and text as they are, without a copy."""
    if isinstance(document, (bytes, str)):
        return document
    if isinstance(document, Mapping):
        return json.dumps(document if isinstance(document, dict) else dict(document), default=_plain)
    return bytes(document)


def _instant(at: Any) -> Any:
    """An end of a window in its wire form; a date is its midnight in UTC."""
    if isinstance(at, (datetime, date)):
        return at.isoformat()
    if isinstance(at, (int, float)) and not isinstance(at, bool):
        return datetime.fromtimestamp(at, timezone.utc).isoformat()
    return at


def _window(window: Sequence[Any] | Mapping[str, Any]) -> Any:
    if isinstance(window, Mapping):
        return {name: _instant(at) for name, at in window.items()}
    return [_instant(at) for at in window]


def _cluster(value: Mapping[str, Any], as_of: Time) -> _Cluster:
    """An inventory in its wire form, or a `cluster_data`. Samples may be millions, so an inventory with usage goes as text."""
    plain = value if isinstance(value, dict) else dict(value)
    return _Cluster.text(json.dumps(plain, default=_plain), as_of) if plain.get("usage") else _Cluster.json(plain, as_of)


class ClusterInventory:
    """What is in a cluster: read from Kubernetes and Prometheus, or in the summary form.

    >>> from finops import ClusterInventory
    >>> pod = {"metadata": {"namespace": "shop", "name": "web-0"}, "spec": {"containers": [{"name": "web"}]}}
    >>> inventory = ClusterInventory.from_kubernetes({"kind": "PodList", "items": [pod]}, cluster="prod", as_of="2026-11-20")
    >>> inventory
    ClusterInventory(cluster='prod')
    >>> [p["name"] for p in inventory.to_dict()["pods"]]
    ['web-0']

    It is held in the engine's memory; nothing of it becomes an object of Python until it is asked for.
    """

    __slots__ = ("_cluster",)

    _cluster: _Cluster

    def __init__(self, value: Mapping[str, Any], *, as_of: Time = None) -> None:
        """An inventory in its wire form, or a `cluster_data`, whose time is `as_of`, else its own, else now."""
        self._cluster = _cluster(value, as_of)

    @classmethod
    def _of(cls, cluster: _Cluster) -> Self:
        inventory = cls.__new__(cls)
        inventory._cluster = cluster
        return inventory

    @classmethod
    def from_kubernetes(cls, *documents: Document, cluster: str = "unknown", as_of: Time = None) -> Self:
        """What ``kubectl get -o json`` prints, as bytes, text or dicts.

        `as_of` is when it was read: an instant, or a date, which is its midnight in UTC; now without one. A document that
        is no JSON is an error; an object in it that cannot be read is left out, and `diagnostics` says which and why.
        """
        return cls._of(_Cluster.kubernetes([_document(document) for document in documents], cluster, as_of))

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
        return cls(cluster_data, as_of=as_of)

    @classmethod
    def from_json(cls, text: bytes | str, *, as_of: Time = None) -> Self:
        """Read what `to_json` wrote, or the text of a `cluster_data`."""
        return cls._of(_Cluster.text(text, as_of))

    @staticmethod
    def queries(window_seconds: int = 14 * 86_400, step_seconds: int = 75) -> tuple[Result, ...]:
        """The query that each metric of `add_prometheus` expects: ``metric``, ``unit``, ``query``."""
        return tuple(cluster_queries(window_seconds, step_seconds))

    def add_prometheus(self, metric: str, answer: Document, *, step_seconds: int = 60) -> None:
        """Add the answer of a query for `metric`, such as ``cpu_usage``, made with this step.

        Answers to one query in several pieces of time are joined.
        """
        self._cluster.add_prometheus(metric, _document(answer), step_seconds)

    @property
    def cluster(self) -> str:
        """The name of the cluster."""
        return self._cluster.name()

    @property
    def diagnostics(self) -> tuple[Result, ...]:
        """What was left out or is odd: each has a ``code``, a ``message``, and where known ``path``, ``subject``, ``count``."""
        return tuple(self._cluster.diagnostics())

    def _wire(self) -> Any:
        return self.to_dict()

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        wire: dict[str, Any] = json.loads(self._cluster.to_json())
        return wire

    def to_json(self) -> str:
        """The wire form as text."""
        return self._cluster.to_json()

    def __copy__(self) -> Self:
        return self._of(self._cluster.copy())

    def __deepcopy__(self, memo: object) -> Self:
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_json, (self.to_json(),)

    def __repr__(self) -> str:
        return f"ClusterInventory(cluster={self.cluster!r})"


def _amounts(wire: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(amount) for name, amount in wire.items()}


@dataclass(frozen=True, slots=True)
class AllocationCost:
    """What a row costs, by resource, exact."""

    total: Decimal
    """What the row costs as the set distributes it: with idle time and shared costs where those are shared."""
    cpu: Decimal = ZERO
    memory: Decimal = ZERO
    gpu: Decimal = ZERO
    volume: Decimal = ZERO
    load_balancer: Decimal = ZERO
    network: Decimal = ZERO
    external: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class AttributedCost:
    """What idle time and shared costs add to a row."""

    idle: Decimal = ZERO
    """Its part of idle time: in its total where idle time is shared, for information where it is kept."""
    shared: Decimal = ZERO
    """Its part of shared costs; negative where the row itself is shared."""
    shared_idle: Decimal = ZERO
    """The idle time that travels with shared costs."""


@dataclass(frozen=True, slots=True)
class AllocationEfficiency:
    """Used over requested, to six places; ``None`` where nothing is known."""

    cpu: Decimal | None
    memory: Decimal | None
    total: Decimal | None
    """Of both, weighted by what they cost."""
    no_request: bool = False
    """Whether something was used without a request, which counts as 1."""


class _Row(Mapping[str, Any]):
    """A row: attributes are exact (``row.cost.total``), items ready for JSON (``row["total_usd"]``)."""

    __slots__ = ("_currency", "_wire")

    def __init__(self, wire: Result, currency: str) -> None:
        self._wire = wire
        self._currency = currency

    @property
    def attributed(self) -> AttributedCost:
        """What idle time and shared costs add."""
        return AttributedCost(**_amounts(self._wire.get("attributed") or {}))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wire, name)

    def __getitem__(self, key: str) -> Any:
        if key == "total_usd":
            total = self._wire["total"]
            return float(total) if total is not None and self._currency == "USD" else None
        return self._wire[key]

    def __iter__(self) -> Iterator[str]:
        yield from self._wire
        yield "total_usd"

    def __len__(self) -> int:
        return len(self._wire) + 1

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        return dict(self._wire)

    def to_json(self) -> str:
        """The wire form as text."""
        return self._wire.to_json()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, _Row):
            return self._wire == other._wire and self._currency == other._currency
        return isinstance(other, Mapping) and (self._wire == other or dict(self) == dict(other))

    def __hash__(self) -> int:
        return hash(self._wire)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._wire, self._currency)

    def __repr__(self) -> str:
        name = self._wire.get("name") or "/".join(filter(None, self._wire["key"]))
        return f"{type(self).__name__}({name!r}, total={self._wire['total']!r})"


class AllocationRow(_Row):
    """A row of a report: attributes are exact (``row.cost.total``), items ready for JSON (``row["total_usd"]``).

    ``name`` and ``key`` are the values it was summed by, ``rows`` says of how many rows, ``unpriced_rows`` how many of them have
    no known cost and stand in no sum, ``share_ppm`` its part of the whole; a report by node has ``node``.
    """

    __slots__ = ()

    @property
    def total(self) -> Decimal:
        """What it costs."""
        return Decimal(self._wire["total"])

    @property
    def cost(self) -> AllocationCost:
        """What it costs, by resource."""
        return AllocationCost(self.total, **_amounts(self._wire["cost"]))

    @property
    def efficiency(self) -> AllocationEfficiency:
        """What of its requests was used."""
        wire = dict(self._wire["efficiency"])
        flag = wire.pop("no_request", False)
        ratios = {name: None if ratio is None else Decimal(ratio) for name, ratio in wire.items()}
        return AllocationEfficiency(**ratios, no_request=flag)


class AllocationEntry(_Row):
    """A row of a set: a container, the rest of a pod, or what no pod has.

    ``key`` is cluster, node, namespace, pod and container; ``owner``, ``services``, ``labels``, ``requested``, ``used``,
    ``claimed``, ``usage_basis`` and ``status`` are there as far as they are known.
    """

    __slots__ = ()

    @property
    def total(self) -> Decimal | None:
        """What it costs; ``None`` where that is unknown."""
        total = self._wire["total"]
        return None if total is None else Decimal(total)

    @property
    def cost(self) -> AllocationCost | None:
        """What it costs, by resource; ``None`` where that is unknown."""
        total, cost = self.total, self._wire["cost"]
        return None if total is None or cost is None else AllocationCost(total, **_amounts(cost))


Row = TypeVar("Row", bound=_Row)


class AllocationRows(Sequence[Row]):
    """The rows of an allocation: a row becomes an object when somebody looks at it."""

    __slots__ = ("_make", "_native")

    def __init__(self, native: _AllocationSet | _AllocationReport, make: Callable[[Result, str], Row]) -> None:
        self._native = native
        self._make = make

    def _some(self, start: int, stop: int) -> list[Row]:
        currency = self._native.currency()
        return [self._make(row, currency) for row in self._native.rows(start, stop)]

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...

    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step == 1:
                return tuple(self._some(start, max(start, stop)))
            return tuple(self[place] for place in range(start, stop, step))
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError("row out of range")
        return self._some(place, place + 1)[0]

    def __len__(self) -> int:
        return self._native.count()

    def __iter__(self) -> Iterator[Row]:
        for start in range(0, len(self), CHUNK):
            yield from self._some(start, start + CHUNK)

    def __repr__(self) -> str:
        return f"AllocationRows({len(self)})"


class _Rows(Generic[Row]):
    """What sets and reports have in common: rows, columns, and everything in the wire form when it is asked for."""

    __slots__ = ("_native", "_result")

    _native: _AllocationSet | _AllocationReport
    _result: Result | None
    _row: ClassVar[type[Any]]

    @property
    def result(self) -> Result:
        """Everything, in its wire form."""
        if self._result is None:
            self._result = self._native.result()
        return self._result

    @property
    def rows(self) -> AllocationRows[Row]:
        """The rows, in the order of their keys."""
        return AllocationRows(self._native, self._row)

    @property
    def currency(self) -> str:
        """The currency of every amount."""
        return self._native.currency()

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return self._native.count()

    def __bool__(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.result, name)

    def to_json(self) -> str:
        """The wire form as text."""
        return self._native.to_json()

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        wire: dict[str, Any] = json.loads(self._native.to_json())
        return wire

    def to_arrow(self) -> ArrowTable:
        """The rows as columns: costs are decimals with nine digits behind the point, and null where they are unknown."""
        return self._native.to_arrow()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows as an Arrow stream: ``pyarrow.table(costs)``, ``polars.DataFrame(costs)``."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        """The Arrow schema of the rows."""
        return self.to_arrow().__arrow_c_schema__()


class AllocationReport(_Rows[AllocationRow]):
    """Rows of an allocation, summed by keys; iterable."""

    __slots__ = ()

    _native: _AllocationReport
    _row = AllocationRow

    def __init__(self, native: _AllocationReport) -> None:
        self._native = native
        self._result = None

    def to_csv(self, places: int = 2) -> str:
        """Comma-separated values whose columns add up to their totals."""
        return self._native.to_csv(places)

    def to_markdown(self, places: int = 2) -> str:
        """A table in Markdown whose columns add up to their totals."""
        return self._native.to_markdown(places)

    def __repr__(self) -> str:
        return f"AllocationReport({len(self)} rows)"


class AllocationSet(_Rows[AllocationEntry]):
    """What a cluster costs, divided over its containers: rows, assets, totals; they add up to the last digit.

    It is allocated once and held in the engine's memory.
    """

    __slots__ = ()

    _native: _AllocationSet
    _row = AllocationEntry

    def __init__(self, native: _AllocationSet) -> None:
        self._native = native
        self._result = None

    def aggregate(
        self, by: Sequence[str] | str, filter: Mapping[str, Iterable[str]] | None = None
    ) -> AllocationReport:
        """Rows summed by keys such as ``namespace`` or ``label:team``; a filter only hides rows."""
        keys = [by] if isinstance(by, str) else list(by)
        chosen = None
        if filter is not None:
            chosen = {name: [values] if isinstance(values, str) else list(values) for name, values in filter.items()}
        return AllocationReport(self._native.aggregate({"by": keys, "filter": chosen}))

    def reconcile(
        self,
        bill: Sequence[Mapping[str, Any]] | None = None,
        *,
        external: Sequence[Mapping[str, Any]] | None = None,
    ) -> AllocationSet:
        """The same by what the bill charges for each asset, and with what stands outside the cluster.

        A charge of the bill is ``{"provider_id": ..., "period": (start, end), "amount": ...}``; a cost outside is
        ``{"name": ..., "labels": {...}, "amount": ...}``, for example a database. An asset without a charge keeps its price.
        """
        charges = None
        if bill is not None:
            charges = [
                {name: _window(value) if name == "period" and value is not None else value for name, value in line.items()}
                for line in bill
            ]
        outside = None if external is None else [dict(line) for line in external]
        return AllocationSet(self._native.reconcile({"bill": charges, "external": outside}))

    @staticmethod
    def accumulate(sets: Iterable[AllocationSet]) -> AllocationSet:
        """The sum of the sets of several windows of one cluster, days to a month for example."""
        return AllocationSet(_AllocationSet.accumulate([each._native for each in sets]))

    def __repr__(self) -> str:
        return f"AllocationSet({len(self)} rows)"


def allocate(
    inventory: ClusterInventory | Mapping[str, Any],
    *,
    window: Sequence[Any] | Mapping[str, Any] | None = None,
    prices: Any = None,
    **config: Any,
) -> AllocationSet:
    """Divide what a cluster costs over its containers.

    `window` is ``(start, end)``, instants or dates, which are their midnight in UTC; the inventory's, else the day before it
    was read, without one. `config` are the settings of the allocation: ``idle="share"``, ``shared=[...]``, ``rates``,
    ``label_fallbacks`` and so on. The rows add up to what the nodes, volumes and balancers cost, to the last digit:

    >>> from finops import allocate
    >>> node = {"name": "n1", "capacity": {"cpu": "2", "memory": "8Gi"}, "cost": {"hourly": "0.096"}}
    >>> costs = allocate({"cluster": "c", "as_of": "2026-11-20T00:00:00Z", "nodes": [node], "pods": []})
    >>> [(row.name, row.cost.total) for row in costs.aggregate(by="namespace")]
    [('__idle__', Decimal('2.304'))]
    """
    cluster = inventory._cluster if isinstance(inventory, ClusterInventory) else _cluster(inventory, None)
    if window is not None:
        config["window"] = _window(window)
    input: dict[str, Any] = {"config": config}
    if prices is not None:
        input["prices"] = prices
    return AllocationSet(cluster.allocate(input))


__all__: Sequence[str] = [
    "AllocationCost",
    "AllocationEfficiency",
    "AllocationEntry",
    "AllocationReport",
    "AllocationRow",
    "AllocationRows",
    "AllocationSet",
    "AttributedCost",
    "ClusterInventory",
    "allocate",
]
