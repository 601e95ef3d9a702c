"""Topic `carbon`."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import finops
from finops import carbon

from .common import Case, Problems, differ, outcome


def close(found: object, expected: str | float, tolerance: float | None) -> bool:
    if isinstance(found, bool) or not isinstance(found, (int, float, Decimal)):
        return False
    wanted = float(expected)
    if tolerance is None:
        return float(found) == wanted
    return abs(float(found) - wanted) <= (1e-12 if wanted == 0 else tolerance * abs(wanted))


def compare(path: str, found: Any, expected: Any, tolerance: float | None) -> Problems:
    """Only the listed fields must match."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            inner = found.get(name) if hasattr(found, "get") else None
            yield from compare(f"{path}.{name}", inner, value, tolerance)
    elif isinstance(expected, list):
        if not isinstance(found, (list, tuple)) or len(found) != len(expected):
            yield f"{path}: expected {expected!r}, found {found!r}"
            return
        for place, value in enumerate(expected):
            yield from compare(f"{path}[{place}]", found[place], value, tolerance)
    elif isinstance(expected, str) and not isinstance(found, str) and found is not None:
        if not close(found, expected, tolerance):
            yield f"{path}: expected {expected}, found {found!r}"
    elif isinstance(expected, (int, float)) and not isinstance(expected, bool):
        if not close(found, expected, tolerance):
            yield f"{path}: expected {expected}, found {found!r}"
    else:
        yield from differ(path, found, expected)


def carbon_case(case: Case) -> Problems:
    run = CARBON[case["kind"]]
    expected = case["expected"]
    if "error" in expected:
        try:
            found = run(**case["input"])
        except finops.FinopsError as error:
            yield from differ("code", error.code, expected["error"])
            if "names" in expected:
                yield from differ("path", error.path, expected["names"])
        else:
            yield f"expected {expected['error']}, found {found!r}"
        return
    found = run(**case["input"])
    if "contains_wh" in expected:
        low, high = found.energy.low / 3600, found.energy.high / 3600
        if not low <= float(expected["contains_wh"]) <= high:
            yield f"{expected['contains_wh']} Wh is not between {low} and {high}"
        return
    yield from compare("", found, expected, case.get("rel_tol"))


def flat(**fields: Any) -> Any:
    """The flat method: the vectors name the grid by its attribute of the monitor."""
    fields["grid"] = fields.pop("carbon_intensity_g_per_kwh", None)
    return carbon.estimate_inference(model="some-model", **fields)


def flat_range(total_tokens: int) -> Any:
    impact = carbon.estimate_inference(model="some-model", input_tokens=total_tokens, output_tokens=0)
    return {"energy_joules": impact["energy"], "operational_g": impact["operational"]}


def classes(tokens: Case, wh_per_1k: Any) -> Any:
    return carbon.estimate_inference(
        model="some-model",
        input_tokens=tokens.get("input", 0),
        output_tokens=tokens.get("output", 0),
        cache_read_tokens=tokens.get("cache_read", 0),
        cache_write_tokens=tokens.get("cache_write", 0),
        wh_per_1k=wh_per_1k,
    )


def anchor(tokens: Case, method: str) -> Any:
    impact = carbon.estimate_inference(
        model="some-model", input_tokens=tokens["input"], output_tokens=tokens["output"]
    )
    assert impact.energy.method == method
    return impact


def training_run(**fields: Any) -> Any:
    fields["grid"] = fields.pop("grid_g_per_kwh", None)
    return carbon.estimate_training(**fields)


def training_range(**fields: Any) -> Any:
    impact = training_run(**fields)
    wh = {name: impact["energy"][name] / 3.6e6 for name in ("low", "central", "high")}
    return {"energy_kwh": wh, "method": impact["method"]}


def regions(**fields: Any) -> Any:
    return carbon.compare_regions(from_=fields.pop("from"), **fields)


def basis_of_both(**fields: Any) -> Any:
    return carbon.common_basis(from_=fields.pop("from"), **fields)


def feed(feed: str, body: Any, select: Case | None = None) -> Any:
    return carbon.feeds.parse(feed, body, select)


CARBON: dict[str, Callable[..., Any]] = {
    "anchors": anchor,
    "best_slots": carbon.best_slots,
    "best_window_errors": carbon.best_window,
    "best_window_gap": carbon.best_window,
    "best_window_linear": carbon.best_window,
    "best_window_step": carbon.best_window,
    "common_basis": basis_of_both,
    "configuration": carbon.configuration,
    "counters": carbon.counters,
    "cpu_tdp_power": carbon.cpu_tdp_power,
    "embodied_llm": carbon.embodied_llm,
    "embodied_server": carbon.server_embodied,
    "embodied_share": carbon.embodied,
    "exact_sum": carbon.exact_sum,
    "feed_electricity_maps": feed,
    "feed_gsf_regions": feed,
    "feed_uk_carbon_intensity": feed,
    "feed_watttime": feed,
    "inference_classes": classes,
    "inference_flat": flat,
    "inference_flat_pue": flat,
    "inference_flat_range": flat_range,
    "llm_ecologits": carbon.llm_ecologits,
    "llm_errors": carbon.llm_ecologits,
    "llm_finops": carbon.llm_finops,
    "memory_energy": carbon.memory_energy,
    "mig_allocation": carbon.mig_allocation,
    "network_energy": carbon.network_energy,
    "nvml_counter": carbon.nvml_counter,
    "operational": carbon.operational,
    "operational_series": carbon.operational_series,
    "power_curve": carbon.power_curve,
    "prefill_attention": carbon.prefill_attention,
    "pue_lookup": carbon.pue,
    "range_arithmetic": carbon.range_arithmetic,
    "rapl_counter": carbon.rapl_counter,
    "rapl_tree": carbon.rapl_tree,
    "region_shift": regions,
    "sci": carbon.sci,
    "series_average": carbon.series_average,
    "storage_energy": carbon.storage_energy,
    "training_errors": training_run,
    "training_flat": training_run,
    "training_gpu": training_range,
    "training_watts": training_run,
    "unit_lbs_per_mwh": carbon.unit_lbs_per_mwh,
    "unit_to_kwh": carbon.unit_to_kwh,
    "vcpu_energy": carbon.vcpu_energy,
    "water": carbon.water,
    "window_allocation": carbon.window_allocation,
    "zone_basis": carbon.intensity,
    "zone_intensity": carbon.intensity,
    "zone_unknown": carbon.intensity,
    "zone_unknown_world": carbon.intensity,
}


def run(file: Case) -> tuple[int, list[str]]:
    """Every case; every announced kind must have one."""
    ran, failures = 0, []
    cases = file["cases"]
    kinds = {case["kind"] for case in cases}
    for kind in set(file["kinds"]) - kinds:
        failures.append(f"{kind}: announced, without a case")
    for case in cases:
        ran += 1
        known = carbon_case if case["kind"] in CARBON else None
        failures += outcome(f"{case['kind']} {case['id']}", known, case)
    return ran, failures
