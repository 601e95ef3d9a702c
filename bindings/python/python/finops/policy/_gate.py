"""The gate of a process."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from types import EllipsisType
from typing import Any, Final, Literal, Self, TypedDict, Unpack

from .._finops import _PolicyGate, policy_builtin

UNKNOWN: Final[EllipsisType] = ...
"""There is no instant: no exemption and no approval counts."""

Bundle = str | os.PathLike[str] | bytes | dict[str, str]
"""A folder, a `.rego` file or an archive by its path; the bytes of an archive; or modules by their names."""


class GateOptions(TypedDict, total=False):
    """The options of a gate by name; `PolicyGate` says what they mean."""

    config: Mapping[str, Any] | None
    bundle: Bundle | None
    data: Mapping[str, Any] | None
    engine: Literal["auto", "rvm", "interpreter"]
    schema: Literal["finops", "none"] | None
    exemptions: Iterable[Mapping[str, Any]]
    masks: Iterable[Any]
    default_policy: bool | None
    entry: str | None
    quorum: Mapping[str, int] | None
    max_age_s: int | None
    candidate: Mapping[str, Any] | None
    run_tests: bool | None
    expected_sha256: str | None
    skip_verify: bool | None
    opa_url: str | None
    policy_path: str | None
    opa_timeout_ms: int | None


def _json_options(options: GateOptions) -> dict[str, Any]:
    """The options as the engine reads them: lists for what may be any iterable, no schema by its name."""
    given = dict(options)
    for name in ("exemptions", "masks"):
        if name in given:
            given[name] = list(options[name])
    if "schema" in given and given["schema"] is None:
        given["schema"] = "none"
    return given


class PolicyGate(_PolicyGate):
    """Answers "may I?" in this process; one gate serves all threads.

    ``config`` sets thresholds, tags, regions and actions of the default policy. ``bundle`` adds policies in Rego: a
    folder, a ``.rego`` file or an archive by its path, the bytes of an archive, or modules by name; ``data`` takes the
    place of its data. ``schema=None`` turns the default policy and its input schema off, so that the bundle decides
    alone. ``candidate`` is a configuration that answers beside and changes nothing. With ``opa_url`` an OPA decides
    instead, and every fault of it denies.

    >>> import finops
    >>> gate = finops.PolicyGate({"unit_cost_usd": {"deny_above": "0.7"}})
    >>> gate.decide({"unit_cost_usd": 0.6, "cost_tags": {"team": "ai", "environment": "dev"}}).allowed
    True
    """

    def __new__(
        cls,
        config: Mapping[str, Any] | None = None,
        bundle: Bundle | None = None,
        data: Mapping[str, Any] | None = None,
        engine: Literal["auto", "rvm", "interpreter"] = "auto",
        schema: Literal["finops", "none"] | None = "finops",
        exemptions: Iterable[Mapping[str, Any]] = (),
        masks: Iterable[Any] = (),
        *,
        default_policy: bool | None = None,
        entry: str | None = None,
        quorum: Mapping[str, int] | None = None,
        max_age_s: int | None = None,
        candidate: Mapping[str, Any] | None = None,
        run_tests: bool | None = None,
        expected_sha256: str | None = None,
        skip_verify: bool | None = None,
        opa_url: str | None = None,
        policy_path: str | None = None,
        opa_timeout_ms: int | None = None,
    ) -> Self:
        """A gate; raises `PolicyError` for a configuration or a bundle that cannot be used."""
        options: GateOptions = {
            "config": config,
            "data": data,
            "engine": engine,
            "schema": schema,
            "exemptions": exemptions,
            "masks": masks,
            "default_policy": default_policy,
            "entry": entry,
            "quorum": quorum,
            "max_age_s": max_age_s,
            "candidate": candidate,
            "run_tests": run_tests,
            "expected_sha256": expected_sha256,
            "skip_verify": skip_verify,
            "opa_url": opa_url,
            "policy_path": policy_path,
            "opa_timeout_ms": opa_timeout_ms,
        }
        return super().__new__(cls, _json_options(options), bundle)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **options: Unpack[GateOptions]) -> Self:
        """A gate by the original's names: ``USE_OPA``, ``OPA_URL``, ``POLICY_PATH``, ``OPA_TIMEOUT_MS``, ``OPA_FALLBACK``.

        OPA is asked when ``USE_OPA`` is true, or unset while ``OPA_URL`` is set; otherwise ``POLICY_PATH`` names a
        bundle. ``options`` count where the environment is silent.

        >>> import finops
        >>> finops.PolicyGate.from_env({"OPA_URL": "http://localhost:8181"}).opa_url
        'http://localhost:8181/v1/data/finops'
        """
        given = _json_options(options)
        bundle = given.pop("bundle", None)
        return super().__new__(cls, given, bundle, dict(os.environ if environ is None else environ))


def builtin(config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The default policy as Rego, with the thresholds of ``config``: ``{"modules": {name: text}, "data": {...}}``.

    Its unit tests come along where the thresholds are the defaults: they are theirs.

    >>> sorted(builtin()["modules"])[0]
    'finops.rego'
    """
    return policy_builtin(None if config is None else dict(config))
