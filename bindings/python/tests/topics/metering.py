"""Topic `metering`."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import finops

from .common import Case, Problems, differ, exact, nearest, outcome, refused


def monitor(config: Case | None = None, env: Case | None = None) -> finops.ResourceMonitor:
    arguments = dict(config or {})
    if "models" in arguments:
        arguments["models"] = [finops.ModelPrice(**entry) for entry in arguments["models"]]
    return finops.ResourceMonitor(env=env or {}, **arguments)


def number(value: Any) -> Any:
    return float("nan") if value == "NaN" else value


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


def run(file: Case) -> tuple[int, list[str]]:
    """Every case of every section."""
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
