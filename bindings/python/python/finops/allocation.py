"""Whose cost a cluster's is: inventories, allocation, reports.

Every computation is a function of its name: it takes its input as a mapping or as JSON text, which keeps every digit, and
answers its result; objects are frozen, lists are tuples, amounts are decimal text.
"""

from __future__ import annotations

from typing import Any

from ._inventory import AllocationReport, AllocationSet, ClusterInventory
from ._topic import Input, Topic
from .errors import AllocationError

_TOPIC = Topic("allocation")
call = _TOPIC.call
kinds = _TOPIC.kinds
_call = _TOPIC.compute


def aggregate(input: Input) -> Any:
    """Sum rows by keys: ``{rows: [{pod, namespace, labels, namespace_labels, services, total}], by, filter, config}``.

    Answers the total of each name; what has no value of a key is ``__unallocated__``.
    """
    return _call("aggregate", input)


def allocate(input: Input) -> Any:
    """Divide the cost of a cluster: ``{inventory, config, prices}``.

    Answers ``rows`` (key, cost, attributed, total), ``assets_total``, ``difference`` (always 0) and ``diagnostics``.
    """
    return _call("allocate", input)


def allocation_report(input: Input) -> Any:
    """Allocate and aggregate in one step: the input of `allocation_set` with ``by``, ``filter``, ``format`` and ``places``.

    Answers the report; with ``format`` ``csv`` or ``md`` its text, rounded so that the rows shown add up to the total shown.
    """
    return _call("allocation_report", input)


def allocation_set(input: Input) -> Any:
    """Divide the cost of a cluster: ``{inventory, config, prices, bill, external}``.

    Answers the whole set with its assets, totals and configuration; with a ``bill`` at what the bill charges.
    """
    return _call("allocation_set", input)


def apportion(input: Input) -> Any:
    """Split ``total`` by ``weights`` so that the parts add up to it (largest remainder): ``{total, weights}``.

    Answers whole units in the order of the weights; equal remainders go to the first.
    """
    return _call("apportion", input)


def baseline(input: Input) -> Any:
    """Statistics of ``{samples}``, decimals.

    Answers ``count``, ``min``, ``max``, ``p50``, ``p95``, ``p99`` (nearest rank) and the exact ``mean``.
    """
    return _call("baseline", input)


def effective_request(input: Input) -> Any:
    """What the scheduler reserves for a pod: ``{containers, overhead}``, init and sidecar containers by their ``type``.

    Answers ``cpu_nanocores`` and ``memory_nano_bytes`` (bytes times 1e9).
    """
    return _call("effective_request", input)


def efficiency(input: Input) -> Any:
    """Used of requested: ``{cpu_used, cpu_requested, memory_used, memory_requested, cpu_cost, memory_cost}``.

    Answers ``cpu``, ``memory`` and the cost-weighted ``total``; null where nothing was requested and nothing used.
    """
    return _call("efficiency", input)


def kubernetes_reader(input: Input) -> Any:
    """Read what ``kubectl get -o json`` prints: ``{cluster, as_of, documents}``.

    Answers the inventory in its wire form with ``diagnostics``, each with the path of its object, and ``ignored`` kinds by count.
    """
    return _call("kubernetes_reader", input)


def node_split(input: Input) -> Any:
    """Divide the cost of a node over its resources: ``{split, capacity, cost}``.

    Answers ``cpu``, ``memory`` and ``gpu`` in the currency; they add up to ``cost``.
    """
    return _call("node_split", input)


def presence(input: Input) -> Any:
    """Share a cost by time of use: ``{cost, window_seconds: [start, end], users: {name: [[start, end]]}}``.

    Answers the part of each of ``users``, and ``unmounted``: the time without a user.
    """
    return _call("presence", input)


def prometheus(input: Input) -> Any:
    """Read an answer of Prometheus: ``{metric, step_seconds, document}``.

    Answers ``series`` in the integer unit of the metric (1e-9 cores, bytes) with ``diagnostics``, or the ``error`` that the answer holds.
    """
    return _call("prometheus", input)


def quantity(input: Input) -> Any:
    """Read a Kubernetes quantity such as ``500m`` or ``1.5Gi``.

    Answers ``nano`` (its amount in 1e-9 units) and its ``canonical`` text.
    """
    return _call("quantity", input)


def quantity_error(input: Input) -> Any:
    """Say why a text is no Kubernetes quantity.

    Answers ``code`` and ``message``, or the quantity where it is one.
    """
    return _call("quantity_error", input)


def read_cluster_data(input: Input) -> Any:
    """Compute `read_cluster_data`."""
    return _call("read_cluster_data", input)


def reconcile(input: Input) -> Any:
    """Divide what the bill charges: the input of `allocate` with ``bill``, the charges of assets.

    Answers ``list_total``, ``reconciled_total`` and both amounts of every row.
    """
    return _call("reconcile", input)


def waterfall(input: Input) -> Any:
    """Share idle and shared costs over rows: ``{rows, node_idle, shared, idle, filter}``.

    Answers ``assets_total``, ``filtered`` and ``all`` tenants with total and idle, and ``idle_row``.
    """
    return _call("waterfall", input)


__all__ = [
    "AllocationError",
    "AllocationReport",
    "AllocationSet",
    "ClusterInventory",
    "aggregate",
    "allocate",
    "allocation_report",
    "allocation_set",
    "apportion",
    "baseline",
    "call",
    "effective_request",
    "efficiency",
    "kinds",
    "kubernetes_reader",
    "node_split",
    "presence",
    "prometheus",
    "quantity",
    "quantity_error",
    "read_cluster_data",
    "reconcile",
    "waterfall",
]
