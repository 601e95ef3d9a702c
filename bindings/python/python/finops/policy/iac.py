"""Infrastructure as code at the gate: plans, manifests and cost reports before they are applied.

A document is what its JSON or YAML reader made of it, or JSON text, whose numbers keep every digit. What cannot be read
is denied. ``config`` are the settings by name: required_tags, exempt_types, forbidden_families, cost and so on.

>>> from finops.policy import iac
>>> iac.kubernetes([{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a"}, "spec": {}}]).violations[0].rule
'iac.tags.required'
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .._finops import Result
from . import _kinds

__all__ = ["infracost", "kubernetes", "terraform"]


def _read(document: Any) -> Any:
    """JSON text as a value with exact numbers; text that is none is no document."""
    if not isinstance(document, (str, bytes)):
        return document
    try:
        return json.loads(document, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None


def terraform(plan: Any, **config: Any) -> Result:
    """A Terraform or OpenTofu plan, as `terraform show -json` prints it."""
    return _kinds.terraform(plan=_read(plan), config=config)


def kubernetes(documents: Any, **config: Any) -> Result:
    """Kubernetes documents: one, or several of any iterable."""
    found = _read(documents)
    if found is not None and not isinstance(found, (Mapping, list, tuple)) and hasattr(found, "__iter__"):
        found = list(found)
    return _kinds.kubernetes(documents=found, config=config)


def infracost(report: Any, **config: Any) -> Result:
    """An Infracost report, as `infracost breakdown --format json` or `infracost diff` prints it."""
    return _kinds.infracost(document=_read(report), config=config)
