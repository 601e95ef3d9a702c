"""Waste: detectors, right-sizing, the simulation of nodes, the portfolio and edits of manifests.

Every computation is a function of its name: it takes its input as a mapping or as JSON text, which keeps every digit, and
answers its result; objects are frozen, lists are tuples, amounts are decimal text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ._engine import DetectedOpportunity, FinOpsEngine, PRGenerator, PullRequest, WasteDetectionEngine, generate_evidence_pack
from ._ai_inventory import AiInventory
from ._inventory import ClusterInventory
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
    >>> found = finops.waste.recommend([cpu], {"requests": {"cpu": "2"}})
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
    >>> tested = finops.waste.backtest([memory], {"requests": {"memory": "1Gi"}}, "simple", split="halves").memory
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
    """Run one detector over an inventory of AI workloads: ``{detector, ai, prices, config}``.

    Answers its assessments: subject, outcome, reason, saving, confidence, risk, evidence.
    """
    return _call("ai_detector", input)


def branch_name(input: Input) -> Any:
    """The branch of a change: ``{slug, name, as_of, fingerprint}``.

    Answers ``finops/SLUG-NAME-YYYYMMDD-8 hex digits``, which git accepts.
    """
    return _call("branch_name", input)


def cluster_data(input: Input) -> Any:
    """Run the detectors of the summary form: ``{cluster_data, as_of, prices, config}``.

    Answers ``findings``, and ``others``: what was looked at and is none, with its reason.
    """
    return _call("cluster_data", input)


def confidence(input: Input) -> Any:
    """The confidence of an assessment.

    Takes ``{cls, observed, threshold, side, span_hours, required_span_hours, samples, required_samples, folds, misses}``.
    Answers ``base``, ``coverage`` and their product ``confidence``, 0 to 1 with four places.
    """
    return _call("confidence", input)


def detector(input: Input) -> Any:
    """Run one Kubernetes detector: ``{detector, inventory, config}``.

    Answers its assessments: subject, outcome, reason, saving, confidence, risk, evidence, ``after``.
    """
    return _call("detector", input)


def exact(input: Input) -> Any:
    """Our rule of right-sizing with its backtest: ``{resource, blocks: [[sample]], oom_limit_bytes}``, the blocks being equal slices of the window.

    Answers ``request``, ``margin``, ``folds``, ``misses``, ``largest_growth``, ``base_confidence``, or the ``reason`` for none.
    """
    return _call("exact", input)


def guardrail_input(input: Input) -> Any:
    """What the guardrails decide a finding on: its type, cluster, tags, saving, cost, confidence and risk.

    Answers the record of the guardrails: kind, amounts, reversible, restarts, data, blast radius.
    """
    return _call("guardrail_input", input)


def hcl_edit(input: Input) -> Any:
    """Edit Terraform: ``{text, target: address, set: {path: HCL text}}``, or ``remove: true``.

    Answers the new ``text``, in which no byte outside the edit differs.
    """
    return _call("hcl_edit", input)


def hpa_pair(input: Input) -> Any:
    """Lower a request under a horizontal autoscaler: ``{cpu_request, recommendation, target_utilization}``.

    Answers the request and target that keep the number of replicas, or ``no_change``.
    """
    return _call("hpa_pair", input)


def krr_simple(input: Input) -> Any:
    """KRR's strategy ``simple``: ``{pods: [{cpu_p95, memory_max, points}], oom_limit_bytes, hpa_on_resource, span_seconds}``, in cores and bytes.

    Answers requests and limits as quantities, or ``undetermined`` with its reason.
    """
    return _call("krr_simple", input)


def krr_simple_limit(input: Input) -> Any:
    """KRR's strategy ``simple_limit``: ``{cpu_samples}`` in cores.

    Answers ``cpu_request`` and ``cpu_limit`` as quantities.
    """
    return _call("krr_simple_limit", input)


def lifetime_projection(input: Input) -> Any:
    """Project savings of short-lived pods to a month: ``{core_hour_price, window_known_minutes, pods: [{name, minutes, allocated, recommended}]}``.

    Answers ``monthly`` by pod and their ``total``.
    """
    return _call("lifetime_projection", input)


def portfolio(input: Input) -> Any:
    """Grant savings so that no dollar counts twice: ``{findings: [{id, kind, detector, subject, claims}]}``.

    Answers what each is ``granted``, by whom it is ``superseded_by``, and the totals.
    """
    return _call("portfolio", input)


def realizable(input: Input) -> Any:
    """What the bill will lack: ``{node_supply: elastic | fixed | unknown, granted, simulation_today, simulation_with_proposals}``.

    Answers an amount a finding, null where it is unknown, and ``consolidation`` for nodes that could go.
    """
    return _call("realizable", input)


def risk(input: Input) -> Any:
    """The risk of a change: ``{base, factors}``.

    Answers the risk, 0 to 1.
    """
    return _call("risk", input)


def scale_down(input: Input) -> Any:
    """Which nodes could go: ``{nodes, pods, profile}``.

    Answers ``removed``, the ``moves`` of pods as (pod, from, to) and ``monthly_saving``.
    """
    return _call("scale_down", input)


def ttl(input: Input) -> Any:
    """Whether an object outlived its annotation: ``{annotations, created_at, as_of}`` (``janitor/ttl``, ``janitor/expires``).

    Answers ``outcome`` and ``reason``.
    """
    return _call("ttl", input)


def vpa(input: Input) -> Any:
    """The Vertical Pod Autoscaler's recommendation for generated samples.

    Takes ``{start, cpu_millicore_samples, memory_byte_samples, oom, containers_in_pod}``.
    Answers ``target``, ``lower`` and ``upper`` in millicores and bytes, percentiles and the checkpoint.
    """
    return _call("vpa", input)


def vpa_histogram(input: Input) -> Any:
    """The buckets of the autoscaler's histogram: ``{first_bucket, max}``.

    Answers ``buckets`` and where each ``starts``.
    """
    return _call("vpa_histogram", input)


def yaml_edit(input: Input) -> Any:
    """Edit a manifest: ``{text, target: {kind, name, namespace, container}, set: [{path: value}]}``.

    Answers the new ``text``, in which no byte outside the edit differs.
    """
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
