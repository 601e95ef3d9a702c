"""The shared vectors through the public Python API: same numbers to the last digit as Rust and Node.

Run as a program it prints one line a topic. The directory is ``FINOPS_VECTORS_DIR``, by default the committed copy.
A case of an unknown kind, an empty file, a wrong number of cases or a failing case makes it fail; a topic that Python
has no face for yet is named as pending.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import finops
from finops import carbon

Case = dict[str, Any]
Problems = Iterator[str]

DIRECTORY = Path(os.environ.get("FINOPS_VECTORS_DIR") or Path(__file__).resolve().parents[2] / "vectors")
TOPICS = ("metering", "carbon")
PENDING = (
    "allocation",
    "aws",
    "billing",
    "control-plane",
    "findings",
    "insights",
    "ledger",
    "policy",
    "waste",
)


def differ(name: str, found: object, expected: object) -> Problems:
    if found != expected or type(found) is bool and type(expected) is not bool:
        yield f"{name}: expected {expected!r}, found {found!r}"


def exact(name: str, found: Decimal | None, expected: str | None) -> Problems:
    """An exact amount: equal as a decimal, and printed without exponent or trailing zeros."""
    yield from differ(name, None if found is None else format(found, "f"), expected)


def nearest(name: str, found: object, expected: str) -> Problems:
    """A float view: the f64 nearest to the exact value."""
    yield from differ(f"{name} as float", found, float(expected))


def refused(act: Callable[[], object], expected: Case) -> Problems:
    """The act must raise the expected code, and name the path where the case does."""
    try:
        result = act()
    except finops.FinopsError as error:
        yield from differ("code", error.code, expected["error"])
        if "path" in expected:
            yield from differ("path", error.path, expected["path"])
    else:
        yield f"expected {expected['error']}, found {result!r}"


def monitor(config: Case | None = None, env: Case | None = None) -> finops.ResourceMonitor:
    arguments = dict(config or {})
    if "models" in arguments:
        arguments["models"] = [finops.ModelPrice(**entry) for entry in arguments["models"]]
    return finops.ResourceMonitor(env=env or {}, **arguments)


def number(value: Any) -> Any:
    return float("nan") if value == "NaN" else value


# --- metering --------------------------------------------------------------------------------------------------------


def price(case: Case) -> Problems:
    cost = finops.cost(
        case["model"],
        finops.Usage(**case["usage"]),
        provider=case["provider"],
        at=case["at"],
        **case["conditions"],
    )
    yield from exact("total", cost.total, case["expected"]["amount_usd"])


def resolve(case: Case) -> Problems:
    def act() -> Any:
        return finops.prices().resolve(case["model"], provider=case["provider"])

    expected = case["expected"]
    if "error" in expected:
        yield from refused(act, expected)
        return
    found = act()
    for name, value in expected.items():
        yield from differ(name, getattr(found, name), value)


def same_usage(found: finops.Usage, expected: Case) -> Problems:
    yield from differ("usage", found.to_dict(), {name: count for name, count in expected.items() if count})


def extraction(case: Case) -> Problems:
    expected = case["expected"]
    for form in (case["response"], json.dumps(case["response"])):
        found = finops.extract(form, provider=case["provider"], model=case["model"])
        yield from same_usage(found.usage, expected["usage"])
        if "model_id" in expected:
            yield from differ("model", finops.extract(form, provider=case["provider"]).model, expected["model_id"])
        for name in ("service_tier", "finish"):
            if name in expected:
                yield from differ(name, getattr(found, name), expected[name])
        if "reported_cost_usd" in expected:
            yield from exact("reported cost", found.reported_cost, expected["reported_cost_usd"])
        if "duration_ns" in expected:
            yield from differ("duration", round((found.duration_ms or 0) * 1e6), int(expected["duration_ns"]))
        if not {"amount_usd", "status"} & set(expected):
            continue
        record = monitor().log_response(
            form,
            provider=case["provider"],
            model=case["model"],
            service_tier=case.get("requested_service_tier"),
            at=case["at"],
        )
        if "status" in expected:
            yield from differ("status", record.status, expected["status"])
        if "amount_usd" in expected:
            yield from exact("total", record.cost.total, expected["amount_usd"])


def extraction_error(case: Case) -> Problems:
    for form in (case["response"], json.dumps(case["response"])):
        yield from refused(lambda: monitor().log_response(form, provider=case["provider"]), case["expected"])


EXACT = {
    "input_cost_usd": lambda record: record.cost.input,
    "output_cost_usd": lambda record: record.cost.output,
    "compute_cost_usd": lambda record: record.cost.compute,
    "unit_cost_usd": lambda record: record.cost.total,
    "energy_joules": lambda record: record.energy_joules_exact,
    "carbon_kg": lambda record: record.carbon_kg_exact,
    "carbon_intensity_g_per_kwh": lambda record: record.carbon_intensity_g_per_kwh_exact,
}


def same_record(record: finops.InferenceRecord, expected: Case) -> Problems:
    for name, value in expected.items():
        if name in ("price_source", "status", "tags"):
            yield from differ(name, getattr(record, name), value)
        elif name == "assumptions":
            yield from differ(name, set(value) - set(record.assumptions), set())
        elif name in EXACT:
            yield from exact(name, EXACT[name](record), value)
            yield from nearest(name, record[name], value)
        elif name == "duration_ms":
            yield from nearest(name, record[name], value)
        else:
            yield from differ(name, record[name], value)


def record(case: Case) -> Problems:
    call = {name: number(value) for name, value in case["call"].items()}
    found = monitor(case["config"], case["env"]).log_inference(**call)
    yield from same_record(found, case["expected"])
    told = json.loads(found.to_json())
    for name in set(EXACT) & set(case["expected"]) - {"carbon_intensity_g_per_kwh"}:
        yield from differ(f"{name} on the wire", told[name], case["expected"][name])
    if finops.InferenceRecord.from_json(found.to_json()) != found:
        yield "the wire form does not give the record again"


def record_error(case: Case) -> Problems:
    def act() -> object:
        watched = monitor(case["config"], case["env"])
        call = {name: number(value) for name, value in (case["call"] or {}).items()}
        try:
            return watched.log_inference(**call) if call else watched
        finally:
            if watched.get_metrics() and watched.stats().requests != 1:
                raise AssertionError("something was recorded")

    yield from refused(act, case["expected"])


def config(case: Case) -> Problems:
    found = monitor(case["config"], case["env"])
    for name, value in case["expected"].items():
        yield from nearest(name, getattr(found, name), value)
        yield from exact(name, found.config[name].value, value)


def training(case: Case) -> Problems:
    def act() -> Any:
        return monitor(case["config"]).log_training(**case["call"])

    expected = case["expected"]
    if "error" in expected:
        yield from refused(act, expected)
        return
    found = act()
    views = {
        "compute_cost_usd": found.compute_cost_usd_exact,
        "energy_joules": found.energy_joules_exact,
        "carbon_kg": found.carbon_kg_exact,
    }
    for name, value in expected.items():
        if name in views:
            yield from exact(name, views[name], value)
        if name in (*views, "duration_hours", "carbon_intensity_g_per_kwh"):
            yield from nearest(name, found[name], value)
        else:
            yield from differ(name, found[name], value)


def time_cost(case: Case) -> Problems:
    watched = monitor({"compute_cost_per_hour": case["usd_per_hour"]})
    found = watched.log_inference("some-model", 0, 0, Decimal(case["duration_ms"]))
    compute = found.cost.compute
    assert compute is not None
    yield from differ("picodollars", str(int(compute.scaleb(12))), case["expected"]["picodollars"])


def display(case: Case) -> Problems:
    if "rows" not in case:
        yield from differ("text", finops.round_amount(case["amount_usd"], case["places"]), case["expected"])
        return
    yield from differ("apportioned", finops.apportion(case["rows"], case["places"]), case["expected"])


def stream(case: Case) -> Problems:
    def act() -> Any:
        meter = monitor().stream(case["provider"], model=case.get("model"), request_id=case.get("request_id"))
        for event in case["events"]:
            meter.push(event)
        return meter.finish()

    expected = case["expected"]
    if "error" in expected:
        yield from refused(act, expected)
        return
    found = act()
    yield from same_usage(found.usage, expected["usage"])
    for name in ("complete", "finish", "request_id", "status", "service_tier"):
        if name in expected:
            yield from differ(name, getattr(found, name), expected[name])
    if "model_id" in expected:
        yield from differ("model", found.model, expected["model_id"])
    yield from differ("assumptions", set(expected.get("assumptions", ())) - set(found.assumptions), set())


def duplicate(case: Case) -> Problems:
    watched = monitor()
    *first, last = case["calls"]
    expected = case["expected"]
    logged = [watched.log_inference(**call) for call in first]
    if isinstance(expected.get("second"), dict):
        yield from refused(lambda: watched.log_inference(**last), expected["second"])
    else:
        again = watched.log_inference(**last)
        if expected.get("second") == "same_record":
            yield from differ("second", again, logged[0])
    yield from differ("records", len(watched.get_metrics()), expected["records"])
    yield from differ("requests", watched.stats().requests, expected["requests"])


def budget(case: Case) -> Problems:
    budgets = finops.Budgets([finops.Budget(entry.pop("id"), **entry) for entry in map(dict, case["budgets"])])
    held: dict[str, finops.Reservation] = {}
    for place, step in enumerate(case["ops"]):
        expect = step["expect"]
        for problem in budget_step(budgets, held, step, expect):
            yield f"op {place} {step['op']}: {problem}"


def budget_step(
    budgets: finops.Budgets, held: dict[str, finops.Reservation], step: Case, expect: Case
) -> Problems:
    try:
        if step["op"] == "reserve":
            options = {"ttl_s": step["ttl_s"]} if "ttl_s" in step else {}
            found: Any = budgets.reserve(step["usd"], tags=step["tags"], at=step["at"], **options)
            held[step["reservation"]] = found
            yield from differ("allowed", True, expect["allowed"])
            if "level" in expect:
                yield from differ("level", found.level, expect["level"])
            return
        if step["op"] == "settle":
            found = budgets.settle(held[step["reservation"]].id, step["usd"], at=step["at"])
        elif step["op"] == "state":
            found = budgets.state(step["budget"], at=step["at"])
        else:
            yield "unknown operation"
            return
    except finops.BudgetError as error:
        yield from differ("code", error.code, expect.get("error"))
        if "budget" in expect:
            yield from differ("budget", error.budget, expect["budget"])
        if "remaining" in expect:
            yield from exact("remaining", getattr(error, "remaining", None), expect["remaining"])
        return
    if "error" in expect:
        yield f"expected {expect['error']}, found {found!r}"
    for name in {"released", "overrun", "spent", "reserved", "remaining"} & set(expect):
        yield from exact(name, getattr(found, name), expect[name])
    for name in {"late", "events"} & set(expect):
        value = getattr(found, name)
        yield from differ(name, list(value) if name == "events" else value, expect[name])


def rollup(case: Case) -> Problems:
    watched = monitor(case.get("config"))
    for _ in range(case.get("repeat", 1)):
        for call in case["calls"]:
            watched.log_inference(**call)
    rows = watched.summary(case["group_by"])
    yield from differ("rows", len(rows), len(case["expected"]))
    for row, expected in zip(rows, case["expected"], strict=False):
        for name, value in expected.items():
            if name == "cost_usd":
                yield from exact(name, row.cost_usd, value)
                yield from nearest(name, row[name], value)
            else:
                yield from differ(name, row[name], value)


def sketch(case: Case) -> Problems:
    expected = case["expected"]
    if case["kind"] == "bucket":
        bucket = finops.Sketch.bucket(int(case["value"]))
        yield from differ("bucket", bucket, expected["bucket"])
        yield from differ("representative", str(finops.Sketch.representative(bucket)), expected["representative"])
        return
    values = case["values"]
    found = finops.Sketch()
    if isinstance(values, dict):
        for value in range(values["from"], values["to"] + 1, values["step"]):
            found.add(value)
    else:
        for value, count in values:
            found.add(value, count)
    for name, value in expected.items():
        yield from differ(name, str(found.quantile(int(name[1:]) / 100)), value)


def waste(case: Case) -> Problems:
    found = finops.call_signals(case["calls"], **case["config"])
    expected = case["expected"]["signals"]
    yield from differ("signals", [signal.type for signal in found], [signal["type"] for signal in expected])
    for signal, wanted in zip(found, expected, strict=False):
        for name, value in wanted.items():
            if name == "saving_usd":
                yield from exact(name, signal.saving_usd, value)
            elif name == "calls":
                yield from differ(name, list(signal.calls), value)
            elif name == "confidence":
                yield from differ(name, float(signal.confidence), float(value))
            else:
                yield from differ(name, getattr(signal, name), value)


def exposition(case: Case) -> Problems:
    watched = monitor(case.get("config"))
    for call in case["calls"]:
        watched.log_inference(**call)
    lines = watched.openmetrics().splitlines()
    for line in case["expected_lines"]:
        if line not in lines:
            yield f"missing line {line}"
    yield from differ("last line", lines[-1], "# EOF")


def otel(case: Case) -> Problems:
    call = dict(case["call"])
    usage = finops.Usage(**call.pop("usage"))
    found = monitor().log_inference(
        call["model"], usage.input, usage.output, None, provider=call["provider"], usage=usage
    )
    told = finops.otel_attributes(found, aliases=case["aliases"])
    for name, value in case["expected"].items():
        yield from differ(name, told.get(name), value)


METERING: dict[str, Callable[[Case], Problems]] = {
    "price": price,
    "resolve": resolve,
    "extraction": extraction,
    "extraction_error": extraction_error,
    "record": record,
    "record_error": record_error,
    "config": config,
    "training": training,
    "time_cost": time_cost,
    "display": display,
    "stream": stream,
    "duplicate": duplicate,
    "budget": budget,
    "rollup": rollup,
    "sketch": sketch,
    "waste": waste,
    "exposition": exposition,
    "otel": otel,
}


def metering(file: Case) -> tuple[int, list[str]]:
    ran, failures = 0, []
    sections = {name: cases for name, cases in file.items() if isinstance(cases, list)}
    for unknown in set(sections) - set(METERING):
        failures.append(f"unknown section {unknown}")
    for name, count in file["counts"].items():
        if len(sections.get(name, ())) != count or not count:
            failures.append(f"{name}: {len(sections.get(name, ()))} cases, {count} announced")
    for name, cases in sections.items():
        for case in cases:
            ran += 1
            failures += outcome(f"{name} {case['id']}", METERING.get(name), case)
    return ran, failures


def outcome(title: str, run: Callable[[Case], Problems] | None, case: Case) -> list[str]:
    if run is None:
        return [f"{title}: unknown kind"]
    try:
        return [f"{title}: {problem}" for problem in run(case)]
    except Exception as error:  # noqa: BLE001 - a case that raises is a case that fails
        return [f"{title}: {type(error).__name__}: {error}"]


# --- carbon ----------------------------------------------------------------------------------------------------------


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


def carbon_topic(file: Case) -> tuple[int, list[str]]:
    ran, failures = 0, []
    cases = file["cases"]
    kinds = {case["kind"] for case in cases}
    for kind in set(file["kinds"]) - kinds:
        failures.append(f"{kind}: announced, without a case")
    for case in cases:
        ran += 1
        run = carbon_case if case["kind"] in CARBON else None
        failures += outcome(f"{case['kind']} {case['id']}", run, case)
    return ran, failures


# --- the run ---------------------------------------------------------------------------------------------------------

RUNNERS: dict[str, Callable[[Case], tuple[int, list[str]]]] = {
    "metering": metering,
    "carbon": carbon_topic,
}


def run(topic: str) -> tuple[int, list[str]]:
    """How many cases of a topic ran, and what was wrong."""
    file = json.loads((DIRECTORY / f"{topic}.json").read_text(encoding="utf-8"))
    ran, failures = RUNNERS[topic](file)
    return ran, failures if ran else ["no case"]


def topics() -> tuple[list[str], list[str], list[str]]:
    """Topics to run, pending ones, and files that nobody knows."""
    found = sorted(path.stem for path in DIRECTORY.glob("*.json"))
    unknown = [topic for topic in found if topic not in TOPICS and topic not in PENDING]
    unknown += [f"{topic} (missing)" for topic in TOPICS if topic not in found]
    return [t for t in found if t in TOPICS], [t for t in found if t in PENDING], unknown


def main() -> int:
    to_run, pending, unknown = topics()
    failed = bool(unknown)
    for topic in unknown:
        print(f"unknown: {topic}")
    for topic in pending:
        print(f"pending: {topic}")
    for topic in to_run:
        ran, failures = run(topic)
        failed = failed or bool(failures)
        print(f"{topic}: {ran} cases, {len(failures)} failures")
        for failure in failures:
            print(f"  {failure}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
