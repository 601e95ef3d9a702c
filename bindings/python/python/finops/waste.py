"""Waste: detectors, right-sizing, the simulation of nodes, the portfolio and edits of manifests.

Every computation is a function of its name: it takes its input as a mapping or as JSON text, which keeps every digit, and
answers its result; objects are frozen, lists are tuples, amounts are decimal text.
"""

from __future__ import annotations

from typing import Any

from ._engine import DetectedOpportunity, FinOpsEngine, PRGenerator, PullRequest, WasteDetectionEngine, generate_evidence_pack
from ._topic import Input, Topic
from .errors import WasteError

_TOPIC = Topic("waste")
call = _TOPIC.call
kinds = _TOPIC.kinds
_call = _TOPIC.compute


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
    "DetectedOpportunity",
    "FinOpsEngine",
    "PRGenerator",
    "PullRequest",
    "WasteDetectionEngine",
    "WasteError",
    "ai_detector",
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
    "risk",
    "scale_down",
    "ttl",
    "vpa",
    "vpa_histogram",
    "yaml_edit",
]
