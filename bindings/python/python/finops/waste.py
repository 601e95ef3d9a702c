"""Waste: detectors, right-sizing, the simulation of nodes, the portfolio and edits of manifests.

Every computation is a function of its name: it takes its input as a mapping or as JSON text, which keeps every digit, and
answers its result; objects are frozen, lists are tuples, amounts are decimal text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ._engine import DetectedOpportunity, FinOpsEngine, PRGenerator, PullRequest, WasteDetectionEngine, generate_evidence_pack
from ._inventory import AiInventory, ClusterInventory
from ._topic import Input, Topic
from .errors import WasteError

_TOPIC = Topic("waste")
call = _TOPIC.call
kinds = _TOPIC.kinds
_call = _TOPIC.compute


Series = Iterable[Mapping[str, Any]]


def _asked(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def recommend(
    series: Series,
    current: Mapping[str, Any] | None = None,
    strategy: str = "exact",
    config: Mapping[str, Any] | None = None,
) -> Any:
    """What a container should request, from what it used: ``cpu`` and ``memory`` with request and why, ``limits``, ``backtest``.

    `series` are dicts, one a pod and ``metric`` (``cpu_usage`` in cores, ``memory_working_set`` in bytes): ``step_seconds``
    with ``values``, or with ``samples`` as pairs of time and value, and ``starts``, the times at which the container
    started; or a ``summary`` of ``p95`` and ``max``. `current` has ``requests``, ``limits``, ``autoscaler`` (targets in
    percent), ``limit_range``, ``oom_limit``. `strategy` is ``exact``, ``simple``, ``simple_limit`` or ``vpa``.

    >>> cpu = {"metric": "cpu_usage", "step_seconds": 300, "values": [0.2, 0.25, 0.3, 0.22] * 504}
    >>> found = recommend([cpu], {"requests": {"cpu": "2"}})
    >>> found.cpu.request, found.cpu.margin, found.backtest.cpu.folds, found.memory.reason
    ('345m', '1.15', 4, 'no_usage')
    """
    asked = {"series": list(series), "current": current, "strategy": strategy, "config": config}
    return _call("recommend", _asked(asked))


def backtest(
    series: Series,
    current: Mapping[str, Any] | None = None,
    strategy: str = "exact",
    config: Mapping[str, Any] | None = None,
    split: str = "blocks",
) -> Any:
    """How a strategy would have fared on these series: folds, miss rate, samples above the recommendation, mean cut.

    Only what came before a block is shown to the strategy. `split` is ``blocks``, about one a day, of which the later half
    is tested, or ``halves``.

    >>> memory = {"metric": "memory_working_set", "step_seconds": 300, "values": [300 * 2**20] * 200 + [600 * 2**20] * 200}
    >>> tested = backtest([memory], {"requests": {"memory": "1Gi"}}, "simple", split="halves").memory
    >>> tested.misses, tested.miss_rate, tested.above, tested.folds[0].request
    (1, '1', 200, '345Mi')
    """
    asked = {"series": list(series), "current": current, "strategy": strategy, "config": config, "split": split}
    return _call("backtest", _asked(asked))


def rightsize(
    inventory: ClusterInventory | Mapping[str, Any],
    strategy: str = "exact",
    *,
    backtest: bool | str = False,
    config: Mapping[str, Any] | None = None,
    detection: Mapping[str, Any] | None = None,
) -> Any:
    """What every container of an inventory should request, with what it would save a month where prices are known.

    `backtest` adds how the strategy would have fared: ``True``, ``blocks`` or ``halves``.
    """
    value = inventory._wire() if isinstance(inventory, ClusterInventory) else dict(inventory)
    asked = {"inventory": value, "strategy": strategy, "backtest": backtest, "config": config, "detection": detection}
    return _call("rightsize", _asked(asked))


def ai_detector(input: Input) -> Any:
    """Compute `ai_detector`."""
    return _call("ai_detector", input)


def branch_name(input: Input) -> Any:
    """Compute `branch_name`."""
    return _call("branch_name", input)


def cluster_data(input: Input) -> Any:
    """Compute `cluster_data`."""
    return _call("cluster_data", input)


def confidence(input: Input) -> Any:
    """Compute `confidence`."""
    return _call("confidence", input)


def detector(input: Input) -> Any:
    """Compute `detector`."""
    return _call("detector", input)


def exact(input: Input) -> Any:
    """Compute `exact`."""
    return _call("exact", input)


def guardrail_input(input: Input) -> Any:
    """Compute `guardrail_input`."""
    return _call("guardrail_input", input)


def hcl_edit(input: Input) -> Any:
    """Compute `hcl_edit`."""
    return _call("hcl_edit", input)


def hpa_pair(input: Input) -> Any:
    """Compute `hpa_pair`."""
    return _call("hpa_pair", input)


def krr_simple(input: Input) -> Any:
    """Compute `krr_simple`."""
    return _call("krr_simple", input)


def krr_simple_limit(input: Input) -> Any:
    """Compute `krr_simple_limit`."""
    return _call("krr_simple_limit", input)


def lifetime_projection(input: Input) -> Any:
    """Compute `lifetime_projection`."""
    return _call("lifetime_projection", input)


def portfolio(input: Input) -> Any:
    """Compute `portfolio`."""
    return _call("portfolio", input)


def realizable(input: Input) -> Any:
    """Compute `realizable`."""
    return _call("realizable", input)


def risk(input: Input) -> Any:
    """Compute `risk`."""
    return _call("risk", input)


def scale_down(input: Input) -> Any:
    """Compute `scale_down`."""
    return _call("scale_down", input)


def ttl(input: Input) -> Any:
    """Compute `ttl`."""
    return _call("ttl", input)


def vpa(input: Input) -> Any:
    """Compute `vpa`."""
    return _call("vpa", input)


def vpa_histogram(input: Input) -> Any:
    """Compute `vpa_histogram`."""
    return _call("vpa_histogram", input)


def yaml_edit(input: Input) -> Any:
    """Compute `yaml_edit`."""
    return _call("yaml_edit", input)


__all__ = [
    "AiInventory",
    "DetectedOpportunity",
    "FinOpsEngine",
    "PRGenerator",
    "PullRequest",
    "WasteDetectionEngine",
    "WasteError",
    "ai_detector",
    "backtest",
    "branch_name",
    "call",
    "cluster_data",
    "confidence",
    "detector",
    "exact",
    "generate_evidence_pack",
    "guardrail_input",
    "hcl_edit",
    "hpa_pair",
    "kinds",
    "krr_simple",
    "krr_simple_limit",
    "lifetime_projection",
    "portfolio",
    "realizable",
    "recommend",
    "rightsize",
    "risk",
    "scale_down",
    "ttl",
    "vpa",
    "vpa_histogram",
    "yaml_edit",
]
