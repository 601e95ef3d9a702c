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
    """Compute `aggregate`."""
    return _call("aggregate", input)


def allocate(input: Input) -> Any:
    """Compute `allocate`."""
    return _call("allocate", input)


def allocation_report(input: Input) -> Any:
    """Compute `allocation_report`."""
    return _call("allocation_report", input)


def allocation_set(input: Input) -> Any:
    """Compute `allocation_set`."""
    return _call("allocation_set", input)


def apportion(input: Input) -> Any:
    """Compute `apportion`."""
    return _call("apportion", input)


def baseline(input: Input) -> Any:
    """Compute `baseline`."""
    return _call("baseline", input)


def effective_request(input: Input) -> Any:
    """Compute `effective_request`."""
    return _call("effective_request", input)


def efficiency(input: Input) -> Any:
    """Compute `efficiency`."""
    return _call("efficiency", input)


def kubernetes_reader(input: Input) -> Any:
    """Compute `kubernetes_reader`."""
    return _call("kubernetes_reader", input)


def node_split(input: Input) -> Any:
    """Compute `node_split`."""
    return _call("node_split", input)


def presence(input: Input) -> Any:
    """Compute `presence`."""
    return _call("presence", input)


def prometheus(input: Input) -> Any:
    """Compute `prometheus`."""
    return _call("prometheus", input)


def quantity(input: Input) -> Any:
    """Compute `quantity`."""
    return _call("quantity", input)


def quantity_error(input: Input) -> Any:
    """Compute `quantity_error`."""
    return _call("quantity_error", input)


def read_cluster_data(input: Input) -> Any:
    """Compute `read_cluster_data`."""
    return _call("read_cluster_data", input)


def reconcile(input: Input) -> Any:
    """Compute `reconcile`."""
    return _call("reconcile", input)


def waterfall(input: Input) -> Any:
    """Compute `waterfall`."""
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
