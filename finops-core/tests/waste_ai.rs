//! Detectors of AI workloads beyond the vectors: each outcome, thresholds with one unit either side, laws.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use finops_core::{
    inventory::ClusterInventory,
    json::{Json, Limits, read},
    price::PriceBook,
    waste::{DetectionConfig, DetectionReport, Inventory, Outcome, ai::AiInventory, detect, detectors, wire},
};

fn json(text: &str) -> Json {
    read(text.as_bytes(), &Limits { bytes: usize::MAX, depth: 64 }).unwrap()
}

/// The inventory with these members over a week.
fn ai(members: &str) -> Json {
    json(&format!(
        r#"{{"window": {{"start": "2026-11-13T00:00:00Z", "end": "2026-11-20T00:00:00Z"}},
            "as_of": "2026-11-20T00:00:00Z", {members}}}"#
    ))
}

/// `outcome reason gross confidence` of the assessments of one detector, by a configuration of its own.
fn assess_with(detector: &str, members: &str, config: &str) -> Vec<String> {
    let input =
        Json::object([("detector", Json::from(detector)), ("ai", ai(members)), ("config", json(config))]);
    shown(&wire::call("ai_detector", &input).unwrap())
}

fn shown(assessments: &Json) -> Vec<String> {
    let text = |one: &Json, name: &str| {
        let value = one.get(name).filter(|value| !value.is_null());
        value.and_then(Json::as_str).unwrap_or("-").to_owned()
    };
    let line = |one: &Json| {
        let reason = match (text(one, "reason"), text(one, "saving_reason")) {
            (reason, saving) if saving == "-" => reason,
            (reason, saving) if reason == "-" => saving,
            (reason, saving) => format!("{reason}+{saving}"),
        };
        format!(
            "{} {reason} {} {}",
            text(one, "outcome"),
            text(one, "gross_monthly"),
            text(one, "confidence")
        )
    };
    assessments.as_array().unwrap().iter().map(line).collect()
}

#[track_caller]
fn holds(detector: &str, list: &str, cases: &[(&str, &str)]) {
    for (record, expected) in cases {
        let found = assess_with(detector, &format!(r#""{list}": [{record}]"#), r#"{"gpu_hour": "2.5"}"#);
        assert_eq!(found, [*expected], "{detector} {record}");
    }
}

/// The same for routes: the group's members and the evaluations beside them.
#[track_caller]
fn routes(detector: &str, cases: &[(&str, &str, &str)]) {
    for (group, evaluations, expected) in cases {
        let members = format!(
            r#""call_groups": [{{"route": "/r", {group}}}], "evaluations": [{evaluations}],
               "prices": {{"input": "0.000003", "cache_write": "0.00000375", "cache_read": "0.0000003",
                           "minimum_cacheable_tokens": 1024}}"#
        );
        assert_eq!(assess_with(detector, &members, "null"), [*expected], "{detector} {group} {evaluations}");
    }
}

#[test]
fn a_gpu_is_idle_below_five_percent_of_duty_with_sixty_samples() {
    let base = r#""container": "n/w/c""#;
    let of = |rest: &str| format!("{{{base}, {rest}}}");
    let cases = [
        (
            r#""gpus": 2, "duty_max": "0.049999", "samples": 60, "span_hours": 24"#,
            "finding - 3650.000000000 0.6500",
        ),
        (r#""gpus": 1, "duty_max": "0.05", "samples": 60, "span_hours": 24"#, "ok active - -"),
        (
            r#""gpus": 1, "duty_max": "0.01", "samples": 59, "span_hours": 24"#,
            "undetermined not_enough_samples - -",
        ),
        (
            r#""gpus": 1, "duty_max": "0.01", "samples": 60, "span_hours": 12"#,
            "finding - 1825.000000000 0.4250",
        ),
        (r#""gpus": 0, "duty_max": "0", "samples": 60, "span_hours": 24"#, "inapplicable no_gpu - -"),
        (r#""duty_max": "0", "samples": 60, "span_hours": 24"#, "undetermined no_gpu_data - -"),
        (r#""gpus": 1, "samples": 60, "span_hours": 24"#, "undetermined no_gpu_data - -"),
        (r#""gpus": 1, "duty_max": "1.01", "samples": 60"#, "undetermined waste.invalid_record - -"),
        (r#""gpus": true, "duty_max": "0", "samples": 60"#, "undetermined waste.invalid_record - -"),
        (r#""gpus": 1, "duty_max": "-0.1", "samples": 60"#, "undetermined waste.invalid_record - -"),
        (
            r#""gpus": 1, "duty_max": 0, "samples": 60, "span_hours": 24, "memory_max_bytes": 1000000000"#,
            "finding - 1825.000000000 0.8500",
        ),
        (
            r#""gpus": 1, "duty_max": 0, "samples": 60, "span_hours": 24, "memory_max_bytes": 1000000001"#,
            "finding memory_held 1825.000000000 0.8500",
        ),
    ];
    for (record, expected) in cases {
        holds("ai.gpu_idle", "gpu_containers", &[(&of(record), expected)]);
    }
    let unpriced = r#""gpu_containers": [{"container": "c", "gpus": 1, "duty_max": 0, "samples": 60, "span_hours": 24}]"#;
    assert_eq!(assess_with("ai.gpu_idle", unpriced, "null"), ["finding no_price - 0.8500"]);
    let stricter = r#"{"detectors": {"ai.gpu_idle": {"samples": 61}}}"#;
    assert_eq!(assess_with("ai.gpu_idle", unpriced, stricter), ["undetermined not_enough_samples - -"]);
}

#[test]
fn every_gpu_of_a_container_counts() {
    let device = |uuid: &str, duty: &str, samples: u32| {
        format!(r#"{{"uuid": "{uuid}", "duty_max": "{duty}", "samples": {samples}, "span_hours": 24}}"#)
    };
    let container = |gpus: u32, devices: &[String]| {
        format!(r#"{{"container": "c", "gpus": {gpus}, "devices": [{}]}}"#, devices.join(", "))
    };
    let two = |one: &str, other: &str, samples| {
        container(2, &[device("a", one, 1440), device("b", other, samples)])
    };
    let both = |record: &str, idle: &str, partly: &str| {
        holds("ai.gpu_idle", "gpu_containers", &[(record, idle)]);
        holds("ai.gpu_partly_unused", "gpu_containers", &[(record, partly)]);
    };
    both(&two("0", "0.04", 60), "finding - 3650.000000000 0.6500", "inapplicable wholly_idle - -");
    both(&two("0.05", "0.049", 60), "ok active - -", "finding - 1825.000000000 0.6500");
    both(&two("0.05", "0.05", 60), "ok active - -", "ok active - -");
    let few = "undetermined not_enough_samples - -";
    both(&two("0.9", "0", 59), few, few);
    let unknown = "undetermined no_gpu_data - -";
    both(&container(2, &[device("a", "0", 1440)]), unknown, unknown);
    let bad = "undetermined waste.invalid_record - -";
    both(&container(2, &[device("a", "0", 1440), device("a", "1", 1440)]), bad, bad);
    both(&container(2, &[device("a", "0", 1440), device("b", "x", 1440)]), bad, bad);
}

#[test]
fn a_gpu_can_be_shared_below_its_three_limits() {
    let gpu = |gpus: u32, mean: &str, p95: &str, memory: &str, samples: u32| {
        format!(
            r#"{{"container": "c", "gpus": {gpus}, "duty_mean": {mean}, "duty_p95": {p95}, "memory_share_max": {memory},
                 "samples": {samples}, "span_hours": 168}}"#
        )
    };
    let cases = [
        (gpu(1, "0.299", "0.499", "0.499", 168), "finding - 914.325000000 0.5000"),
        (gpu(1, "0.3", "0.499", "0.499", 168), "ok not_shareable - -"),
        (gpu(1, "0.299", "0.5", "0.499", 168), "ok not_shareable - -"),
        (gpu(1, "0.299", "0.499", "0.5", 168), "ok not_shareable - -"),
        (gpu(1, "0.1", "0.1", "0.2", 84), "finding - 1460.000000000 0.2500"),
        (gpu(1, "0.1", "0.1", "0.2", 59), "undetermined not_enough_samples - -"),
        (gpu(1, "0.1", "0.1", "null", 168), "undetermined no_gpu_data - -"),
        (gpu(2, "0.1", "0.1", "0.1", 168), "inapplicable several_gpus - -"),
        (gpu(0, "0.1", "0.1", "0.1", 168), "inapplicable no_gpu - -"),
    ];
    for (record, expected) in &cases {
        holds("ai.gpu_share_candidate", "gpu_containers", &[(record, expected)]);
    }
}

#[test]
fn an_endpoint_is_idle_after_a_fortnight_without_an_invocation() {
    let of = |created: &str, invocations: &str, window: &str, rest: &str| {
        format!(
            r#"{{"name": "ep", "created_at": {created}, "invocations": {invocations},
                 "invocations_window_hours": {window}{rest}}}"#
        )
    };
    let (old, priced) = (r#""2026-11-05T23:59:59Z""#, r#", "instances": 1, "hourly_price": "2""#);
    let cases = [
        (of(old, "0", "336", priced), "finding - 1460.000000000 0.9500"),
        (of(old, "0", "335", priced), "undetermined not_enough_samples - -"),
        (of(old, "0", "null", priced), "undetermined not_enough_samples - -"),
        (of(old, "null", "336", priced), "undetermined no_invocation_data - -"),
        (of(old, "1", "336", priced), "ok invoked - -"),
        (of("null", "0", "336", priced), "undetermined no_age - -"),
        (of(r#""2026-11-06T00:00:00Z""#, "0", "336", priced), "inapplicable too_young - -"),
        (of(r#""yesterday""#, "0", "336", priced), "undetermined waste.invalid_record - -"),
        (of(old, "0", "336", ""), "finding no_price - 0.9500"),
        (of(old, "0", "336", r#", "instances": 0, "hourly_price": "2""#), "ok no_saving - -"),
    ];
    for (record, expected) in &cases {
        holds("ai.endpoint_idle", "endpoints", &[(record, expected)]);
    }
}

#[test]
fn provisioned_throughput_pays_from_its_fee_on() {
    let cases = [
        (r#"{"name": "p", "hourly_fee": "10", "on_demand_cost": "1679.99"}"#, "finding - 0.043452381 0.6500"),
        (r#"{"name": "p", "hourly_fee": "10", "on_demand_cost": "1120"}"#, "finding - 2433.333333333 0.8500"),
        (r#"{"name": "p", "hourly_fee": "10", "on_demand_cost": "1680"}"#, "ok above_break_even - -"),
        (r#"{"name": "p", "hourly_fee": "10"}"#, "undetermined no_usage - -"),
        (r#"{"name": "p", "on_demand_cost": "1"}"#, "undetermined no_price_data - -"),
        (
            r#"{"name": "p", "hourly_fee": "10", "on_demand_cost": "1", "commitment_end": "2026-11-20T00:00:01Z"}"#,
            "inapplicable in_commitment_term - -",
        ),
        (
            r#"{"name": "p", "hourly_fee": "10", "on_demand_cost": "0", "commitment_end": "2026-11-20T00:00:00Z"}"#,
            "finding - 7300.000000000 0.8500",
        ),
    ];
    holds("ai.provisioned_below_break_even", "provisioned", &cases);
}

#[test]
fn a_prefix_is_cached_from_the_least_length_on() {
    let group = |prefix: &str, calls: u32, windows: u32, saved: &str| {
        format!(
            r#""model": "m", "calls": {calls}, "stable_prefix_tokens": {prefix}, "cache_windows": {windows},
               "saved_by_cache_already": {saved}"#
        )
    };
    let of = |group: &str, expected: &str| routes("ai.prompt_cache", &[(group, "", expected)]);
    // 1024 * (100 * 3e-6 - 3.75e-6 - 99 * 3e-7) * 730 / 168
    of(&group("1024", 100, 1, "0"), "finding - 1.186020571 0.8500");
    of(&group("1023", 100, 1, "0"), "inapplicable prefix_below_minimum - -");
    // What caching saves already is not saved again: 1024 * 0.00026655 = 0.2729472.
    of(&group("1024", 100, 1, r#""0.2729472""#), "ok no_saving - -");
    of(&group("1024", 100, 1, r#""0.2729471""#), "finding - 0.000000435 0.8500");
    of(&group("null", 100, 1, "0"), "undetermined no_usage - -");
    of(&group(r#""long""#, 100, 1, "0"), "undetermined waste.invalid_record - -");
    of(&group("1024", 1, 5, "0"), "ok no_saving - -");
}

#[test]
fn prices_come_from_the_catalogue_where_the_input_states_none() {
    let group = r#""call_groups": [{"route": "/c", "model": "claude-sonnet-4-5", "calls": 1000, "cost": "90",
        "stable_prefix_tokens": 2000, "cache_windows": 10, "can_wait_seconds": 86400}]"#;
    // 3, 3.75 and 0.3 dollars a million: 2000 * (1000 * 3e-6 - 10 * 3.75e-6 - 990 * 3e-7) * 730 / 168
    assert_eq!(assess_with("ai.prompt_cache", group, "null"), ["finding - 23.164464286 0.8500"]);
    // A batch costs half: 90 * 0.5 * 730 / 168.
    assert_eq!(assess_with("ai.batch", group, "null"), ["finding - 195.535714286 0.8500"]);
    let unknown = group.replace("claude-sonnet-4-5", "no-such-model");
    assert_eq!(assess_with("ai.prompt_cache", &unknown, "null"), ["undetermined no_price_data - -"]);
    assert_eq!(assess_with("ai.batch", &unknown, "null"), ["finding no_batch_price - 0.8500"]);
}

#[test]
fn a_batch_may_take_a_day() {
    let of = |group: &str, prices: &str, expected: &str| {
        let members = format!(r#""call_groups": [{{"route": "/r", {group}}}], "prices": {prices}"#);
        assert_eq!(assess_with("ai.batch", &members, "null"), [expected], "{group} {prices}");
    };
    let half = r#"{"batch_multiplier": "0.5"}"#;
    of(r#""cost": "84", "can_wait_seconds": 86399"#, half, "ok answer_needed_sooner - -");
    of(r#""cost": "84""#, half, "undetermined no_deadline - -");
    of(r#""can_wait_seconds": 86400"#, half, "finding no_price - 0.8500");
    of(r#""cost": "84", "can_wait_seconds": 86400"#, r#"{"batch_multiplier": 1}"#, "ok no_saving - -");
    of(r#""cost": "84", "can_wait_seconds": -1"#, half, "undetermined waste.invalid_record - -");
}

#[test]
fn only_what_is_marked_cacheable_is_served_again() {
    let of = |group: &str, expected: &str| routes("ai.repeated_requests", &[(group, "", expected)]);
    of(r#""repeated_calls": 1, "repeated_cost": "1.68", "cacheable": true"#, "finding - 7.300000000 0.8500");
    of(r#""repeated_calls": 0, "repeated_cost": "0", "cacheable": true"#, "ok no_repeats - -");
    of(r#""repeated_calls": 3, "repeated_cost": "0", "cacheable": true"#, "ok no_saving - -");
    of(r#""repeated_calls": 3, "cacheable": true"#, "finding no_price - 0.8500");
    of(r#""cacheable": true"#, "undetermined no_usage - -");
    of(r#""repeated_calls": 3, "repeated_cost": "1""#, "inapplicable not_cacheable - -");
    of(r#""repeated_calls": 3, "cacheable": "yes""#, "undetermined waste.invalid_record - -");
}

#[test]
fn a_change_of_quality_is_priced_only_when_an_evaluation_proved_it() {
    let evaluation = |subject: &str, n: u32, lower: &str| {
        format!(r#"{{"route": "/r", {subject}, "n": {n}, "lower_bound": "{lower}", "margin": "0.02"}}"#)
    };
    let model = r#""candidate": "small""#;
    let group = r#""model": "big", "cost": "168", "candidate_cost": "16.8""#;
    let of = |group: &str, evaluation: &str, expected: &str| {
        routes("ai.cheaper_model", &[(group, evaluation, expected)]);
    };
    of(group, &evaluation(model, 100, "-0.02"), "finding - 657.000000000 0.5000");
    of(group, &evaluation(model, 99, "-0.02"), "undetermined evaluation_too_small - -");
    of(group, &evaluation(model, 100, "-0.0201"), "ok candidate_not_good_enough - -");
    of(group, &evaluation(r#""budget_tokens": 1"#, 100, "0"), "undetermined no_evaluation - -");
    of(r#""cost": "1", "candidate_cost": "1""#, &evaluation(model, 100, "0"), "ok no_saving - -");
    of(r#""cost": "1""#, &evaluation(model, 100, "0"), "undetermined no_usage - -");
    of(group, &evaluation(model, 100, "good"), "undetermined waste.invalid_record - -");

    let budget = r#""budget_tokens": 16000"#;
    let context = |p95: &str, over: &str| {
        format!(r#""model": "m", "p95_input_tokens": {p95}, "input_tokens_over_budget": {over}"#)
    };
    let of = |group: &str, evaluation: &str, expected: &str| {
        routes("ai.oversized_context", &[(group, evaluation, expected)]);
    };
    of(&context("16001", "168000000"), &evaluation(budget, 100, "0"), "finding - 2190.000000000 0.5000");
    of(&context("16000", "1000"), &evaluation(budget, 100, "0"), "ok within_budget - -");
    of(&context("16001", "0"), &evaluation(budget, 100, "0"), "ok no_saving - -");
    of(&context("16001", "null"), &evaluation(budget, 100, "0"), "undetermined no_usage - -");
    of(&context("16001", "1"), &evaluation(budget, 99, "0"), "undetermined evaluation_too_small - -");
    of(&context("16001", "1"), &evaluation(budget, 100, "-0.03"), "ok candidate_not_good_enough - -");
    of(&context("16001", "1"), &evaluation(model, 100, "0"), "undetermined no_evaluation - -");
}

#[test]
fn a_failed_run_loses_what_its_last_checkpoint_does_not_hold() {
    let run = |status: &str, rest: &str| {
        format!(r#"{{"run": "r", "status": "{status}", "hourly_cost": "1.68", "hours": 10{rest}}}"#)
    };
    let cases = [
        (run("failed", r#", "hours_since_checkpoint": 4"#), "finding - 29.200000000 0.5000"),
        (run("aborted", ""), "finding - 73.000000000 0.5000"),
        (run("failed", r#", "hours_since_checkpoint": 11"#), "finding - 73.000000000 0.5000"),
        (run("failed", r#", "hours_since_checkpoint": 0"#), "ok no_saving - -"),
        (run("succeeded", ""), "ok succeeded - -"),
        (run("running", ""), "inapplicable still_running - -"),
        (run("lost", ""), "undetermined waste.invalid_record - -"),
        (r#"{"run": "r", "status": "failed", "hours": 1}"#.to_owned(), "finding no_price - 0.5000"),
        (r#"{"run": "r", "hourly_cost": 1, "hours": 1}"#.to_owned(), "undetermined no_usage - -"),
    ];
    for (record, expected) in &cases {
        holds("ai.failed_training", "training_runs", &[(record, expected)]);
    }
    let cases = [
        (run("running", r#", "stall_share": "0.2001""#), "finding - 14.607300000 0.5000"),
        (run("running", r#", "stall_share": "0.2""#), "ok few_stalls - -"),
        (run("running", ""), "undetermined no_gpu_data - -"),
        (run("running", r#", "stall_share": 2"#), "undetermined waste.invalid_record - -"),
    ];
    for (record, expected) in &cases {
        holds("ai.training_stalls", "training_runs", &[(record, expected)]);
    }
}

/// Four calls of a route: one failed, the second a retry of the third, the last one cut off.
const CALLS: &str = r#""calls": [
    {"id": "1", "at": "2026-11-14T10:00:00Z", "provider": "openai", "model": "gpt-4o", "usage": {"input": 1000, "output": 500},
     "cost_usd": "0.0168", "outcome": "error", "tags": {"route": "/chat"}},
    {"id": "2", "at": "2026-11-14T10:01:00Z", "provider": "openai", "model": "gpt-4o", "usage": {"input": 1000, "output": 500},
     "cost_usd": "0.0168", "session": "s", "prompt_hash": "h", "tags": {"route": "/chat"}},
    {"id": "3", "at": "2026-11-14T10:01:WAITZ", "provider": "openai", "model": "gpt-4o", "usage": {"input": 1000, "output": 500},
     "cost_usd": "0.0168", "session": "s", "prompt_hash": "h", "tags": {"route": "/chat"}},
    {"id": "4", "at": "2026-11-14T11:00:00Z", "provider": "openai", "model": "gpt-4o", "usage": {"input": 1000, "output": 500},
     "cost_usd": "0.0168", "output_cost_usd": "0.0084", "session": "t", "finish": "length", "tags": {"route": "/chat"}},
    {"id": "5", "at": "2026-11-14T12:00:00Z", "model": "gpt-4o", "usage": {"input": 1}, "cost_usd": "0.1",
     "tags": {"route": "/quiet"}}]"#;

#[test]
fn single_calls_are_judged_by_route() {
    let calls = CALLS.replace("WAIT", "59");
    assert_eq!(
        assess_with("ai.call_failed", &calls, "null"),
        ["finding - 0.073000000 0.9500", "ok no_saving - -"]
    );
    assert_eq!(
        assess_with("ai.call_retry", &calls, "null"),
        ["finding - 0.073000000 0.9000", "ok no_saving - -"]
    );
    assert_eq!(
        assess_with("ai.call_truncated", &calls, "null"),
        ["finding - 0.036500000 0.5000", "ok no_saving - -"]
    );
    assert_eq!(assess_with("ai.call_loop", &calls, "null"), ["ok no_saving - -"; 2]);
    let impatient = r#"{"detectors": {"ai.call_retry": {"within_seconds": 58}}}"#;
    assert_eq!(assess_with("ai.call_retry", &calls, impatient), ["ok no_saving - -"; 2]);
    let looped: Vec<String> = (0..5)
        .map(|n| {
            format!(
                r#"{{"id": "{n}", "at": "2026-11-14T10:0{n}:00Z", "model": "gpt-4o", "cost_usd": "0.0168", "session": "s",
                    "tool_hash": "t"}}"#
            )
        })
        .collect();
    let of = |count: usize| {
        assess_with("ai.call_loop", &format!(r#""calls": [{}]"#, looped[..count].join(",")), "null")
    };
    assert_eq!(
        (of(5), of(4)),
        (vec!["finding - 0.073000000 0.8000".to_owned()], vec!["ok no_saving - -".to_owned()])
    );
    assert_eq!(
        assess_with("ai.call_failed", r#""calls": [7]"#, "null"),
        ["undetermined waste.invalid_record - -"]
    );
}

#[test]
fn signals_found_elsewhere_are_findings_too() {
    let signal = |r#type: &str, rest: &str| {
        format!(
            r#"{{"type": "{type}", "route": "/x", "calls": ["1", "2"], "saving_usd": "1.68", "confidence": "0.6",
                "window": {{"start": "2026-11-14T00:00:00Z", "end": "2026-11-15T00:00:00Z"}}, "evidence": {{}}{rest}}}"#
        )
    };
    let one = |detector: &str, r#type: &str, rest: &str, beside: &str| {
        assess_with(detector, &format!(r#""signals": [{}]{beside}"#, signal(r#type, rest)), "null")
    };
    assert_eq!(one("ai.call_failed", "call.failed", "", ""), ["finding - 7.300000000 0.6000"]);
    assert_eq!(one("ai.repeated_requests", "call.repeated", "", ""), ["finding - 7.300000000 0.6000"]);
    assert_eq!(one("ai.prompt_cache", "call.uncached_prefix", "", ""), ["finding - 7.300000000 0.6000"]);
    assert_eq!(one("ai.batch", "call.batch_eligible", "", ""), ["finding - 7.300000000 0.6000"]);
    // An unproved change of the model stays a what-if.
    let small = r#", "to": "small""#;
    assert_eq!(one("ai.cheaper_model", "call.cheaper_model", small, ""), ["undetermined no_evaluation - -"]);
    let proved = r#", "evaluations": [{"route": "/x", "candidate": "small", "n": 100, "lower_bound": 0, "margin": 0}]"#;
    assert_eq!(
        one("ai.cheaper_model", "call.cheaper_model", small, proved),
        ["finding - 7.300000000 0.5000"]
    );
    let other = proved.replace("small", "other");
    assert_eq!(
        one("ai.cheaper_model", "call.cheaper_model", small, &other),
        ["undetermined no_evaluation - -"]
    );
    // What is known of the route as a whole stands before single signals.
    let group = r#", "call_groups": [{"route": "/x", "cacheable": false}]"#;
    assert_eq!(one("ai.repeated_requests", "call.repeated", "", group), ["inapplicable not_cacheable - -"]);
    let broken = r#""signals": [{"type": "call.retry", "saving_usd": "much"}]"#;
    assert_eq!(assess_with("ai.call_retry", broken, "null"), ["undetermined waste.invalid_record - -"]);
    assert_eq!(assess_with("ai.call_failed", broken, "null"), Vec::<String>::new());
}

fn report(members: &str) -> DetectionReport {
    let inventory = AiInventory::from_json(&ai(members), None).unwrap();
    detect(Inventory::Ai(&inventory), &PriceBook::builtin(), &DetectionConfig::default())
}

#[test]
fn the_portfolio_grants_one_alternative_a_route() {
    let group = r#""call_groups": [
        {"route": "/a", "model": "m", "calls": 100, "cost": "168", "can_wait_seconds": 90000, "repeated_calls": 2,
         "repeated_cost": "16.8", "cacheable": true, "candidate_cost": "42"}],
        "evaluations": [{"route": "/a", "candidate": "s", "n": 100, "lower_bound": 0, "margin": 0}],
        "prices": {"batch_multiplier": "0.5"}"#;
    let report = report(group);
    assert_eq!((report.findings.len(), report.failures.len()), (3, 0));
    let granted: Vec<(&str, String)> = report
        .findings
        .iter()
        .map(|one| (one.detector, one.estimate.as_ref().unwrap().granted_monthly.unwrap().to_string()))
        .collect();
    assert_eq!(
        granted,
        [
            ("ai.cheaper_model", "547.500000000".to_owned()),
            ("ai.batch", "0.000000000".to_owned()),
            ("ai.repeated_requests", "0.000000000".to_owned()),
        ]
    );
    assert_eq!(report.portfolio.total.to_string(), "547.500000000");
    assert_eq!(report.portfolio.realizable, Some(report.portfolio.total));
}

#[test]
fn the_order_of_records_changes_no_byte() {
    let endpoints = |names: &[&str]| {
        let of = |name: &&str| format!(r#"{{"name": "{name}", "invocations": 0, "instances": 2}}"#);
        format!(r#""endpoints": [{}]"#, names.iter().map(of).collect::<Vec<_>>().join(","))
    };
    let text = |names: &[&str]| wire::report(&report(&endpoints(names))).to_text();
    assert_eq!(text(&["a", "b", "c"]), text(&["c", "a", "b"]));
    // The same record twice is one; two of one name cannot be told apart.
    let twice = report(r#""endpoints": [{"name": "a", "invocations": 1}, {"name": "a", "invocations": 1}]"#);
    assert_eq!(twice.with_outcome(Outcome::Ok).count(), 1);
    let unlike = report(r#""endpoints": [{"name": "a", "invocations": 1}, {"name": "a", "invocations": 0}]"#);
    assert_eq!(unlike.with_outcome(Outcome::Undetermined).count(), 1);
}

#[test]
fn another_shape_is_refused_with_its_path() {
    for (text, path) in [
        ("[]", ""),
        ("{}", "as_of"),
        (r#"{"as_of": "2026-11-20T00:00:00Z", "provisioned": [{"name": "p"}]}"#, "window"),
        (r#"{"window": {"start": "2026-11-20T00:00:00Z", "end": "2026-11-20T00:00:00Z"}}"#, "window"),
        (r#"{"window": {"start": "today", "end": "2026-11-20T00:00:00Z"}}"#, "window.start"),
        (r#"{"as_of": "2026-11-20T00:00:00Z", "endpoints": {}}"#, "endpoints"),
        (r#"{"as_of": "2026-11-20T00:00:00Z", "prices": {"input": "-1"}}"#, "prices.input"),
        (r#"{"as_of": "2026-11-20T00:00:00Z", "prices": {"inputs": "1"}}"#, "prices"),
    ] {
        let fault = AiInventory::from_json(&json(text), None).unwrap_err();
        assert_eq!((fault.code(), fault.path()), ("waste.invalid_record", path), "{text}");
    }
    let known =
        ai(r#""colour": 1, "gpu_containers": [{"container": "c", "devices": [{"uuid": "u", "slot": 3}]}]"#);
    let inventory = AiInventory::from_json(&known, None).unwrap();
    let unknown: Vec<(&str, u64)> =
        inventory.unknown_keys.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(unknown, [("colour", 1), ("gpu_containers.devices.slot", 1)]);
}

/// A cluster with one node of two GPUs and a pod that requests `request`.
fn cluster(labels: &str, request: &str, usage: &str) -> Json {
    json(&format!(
        r#"{{"cluster": "c", "as_of": "2026-11-20T00:00:00Z",
            "nodes": [{{"name": "g1", "created_at": "2026-11-01T00:00:00Z", "labels": {{{labels}}},
                "capacity": {{"cpu": "8", "memory": "64Gi", "nvidia.com/gpu": "2"}},
                "cost": {{"rates": {{"cpu_core_hour": "0.03", "memory_gib_hour": "0.004", "gpu_hour": "2.5"}}}}}}],
            "workloads": [{{"kind": "Deployment", "namespace": "ml", "name": "serve", "replicas": 1}}],
            "pods": [{{"namespace": "ml", "name": "serve-1", "node": "g1", "phase": "Running",
                "owner": {{"kind": "Deployment", "name": "serve"}},
                "containers": [{{"name": "app", "requests": {{{request}}}}}]}}],
            "usage": [{usage}]}}"#
    ))
}

fn of_cluster(detector: &str, inventory: &Json) -> Vec<String> {
    let input = Json::object([("detector", Json::from(detector)), ("inventory", inventory.clone())]);
    shown(&wire::call("detector", &input).unwrap())
}

/// A day of samples a minute of one GPU.
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]
fn series(metric: &str, device: &str, value: &str) -> String {
    let end = "2026-11-20T00:00:00Z".parse::<finops_core::time::Timestamp>().unwrap().ms() / 1000;
    let samples: Vec<String> =
        (0..1440).rev().map(|minute| format!("[{}, {value}]", end - 60 * minute)).collect();
    format!(
        r#"{{"subject": {{"namespace": "ml", "pod": "serve-1", "container": "app", "device": "{device}"}},
            "metric": "{metric}", "step_seconds": 60, "samples": [{}]}}"#,
        samples.join(",")
    )
}

#[test]
fn the_gpu_series_of_a_cluster_are_judged() {
    let two = r#""nvidia.com/gpu": "2""#;
    let usage =
        |one: &str, other: &str| [series("gpu_duty", "a", one), series("gpu_duty", "b", other)].join(",");
    let idle = cluster("", two, &usage("0.01", "0.02"));
    assert_eq!(of_cluster("ai.gpu_idle", &idle), ["finding - 3650.000000000 0.8500"]);
    assert_eq!(of_cluster("ai.gpu_partly_unused", &idle), ["inapplicable wholly_idle - -"]);
    let partly = cluster("", two, &usage("0.01", "0.5"));
    assert_eq!(of_cluster("ai.gpu_idle", &partly), ["ok active - -"]);
    assert_eq!(of_cluster("ai.gpu_partly_unused", &partly), ["finding - 1825.000000000 0.8500"]);
    assert_eq!(of_cluster("ai.gpu_share_candidate", &partly), ["inapplicable several_gpus - -"]);
    // The duty of a graphics engine stands before the counter of any kernel.
    let both = [usage("0.01", "0.02"), series("gpu_duty_percent", "a", "90")].join(",");
    assert_eq!(of_cluster("ai.gpu_idle", &cluster("", two, &both)), ["finding - 3650.000000000 0.8500"]);
    assert_eq!(
        of_cluster("ai.gpu_idle", &cluster("", two, &series("gpu_duty", "a", "0"))),
        ["undetermined no_gpu_data - -"]
    );
    assert_eq!(of_cluster("ai.gpu_idle", &cluster("", two, "")), ["undetermined no_gpu_data - -"]);
    // Of a device that is shared the duty says nothing of one container.
    let sliced = cluster(r#""nvidia.com/gpu.replicas": "4""#, two, &usage("0.01", "0.02"));
    assert_eq!(of_cluster("ai.gpu_idle", &sliced), ["undetermined no_gpu_data - -"]);
    let mig = cluster("", r#""nvidia.com/mig-1g.5gb": "1""#, &series("gpu_duty", "a", "0"));
    assert_eq!(of_cluster("ai.gpu_idle", &mig), ["undetermined no_gpu_data - -"]);
    assert_eq!(of_cluster("ai.gpu_idle", &cluster("", r#""cpu": "1""#, "")), Vec::<String>::new());
}

#[test]
fn a_gpu_of_a_cluster_can_be_shared_when_its_memory_is_known() {
    let usage = [series("gpu_duty", "a", "0.1"), series("gpu_memory_used", "a", "10737418240")].join(",");
    let one = r#""nvidia.com/gpu": "1""#;
    let known = cluster(r#""nvidia.com/gpu.memory": "40960""#, one, &usage);
    // A day of a week: 0.5 / 7; 10 of 40 GiB are used.
    assert_eq!(of_cluster("ai.gpu_share_candidate", &known), ["finding - 1368.750000000 0.0714"]);
    let unknown = cluster("", one, &usage);
    assert_eq!(of_cluster("ai.gpu_share_candidate", &unknown), ["undetermined no_gpu_data - -"]);
}

#[test]
fn a_node_whose_gpus_nobody_requests_is_found() {
    let detector = "ai.gpu_node_without_gpu_pods";
    let none = cluster("", r#""cpu": "1""#, "");
    assert_eq!(of_cluster(detector, &none), ["finding - 3650.000000000 0.9500"]);
    assert_eq!(of_cluster(detector, &cluster("", r#""nvidia.com/gpu": "1""#, "")), ["ok has_pods - -"]);
    let changed = |from: &str, to: &str| of_cluster(detector, &json(&none.to_text().replace(from, to)));
    assert_eq!(changed("2026-11-01T00:00:00Z", "2026-11-19T00:00:00Z"), ["inapplicable too_young - -"]);
    assert_eq!(changed("2026-11-01T00:00:00Z", "2026-11-18T23:59:59Z"), ["finding - 3650.000000000 0.9500"]);
    assert_eq!(changed("nvidia.com/gpu", "example.com/disk"), ["inapplicable no_gpu - -"]);
    let unknown = json(
        r#"{"cluster": "c", "as_of": "2026-11-20T00:00:00Z", "nodes": [{"name": "g", "capacity": {"nvidia.com/gpu": "1"}}]}"#,
    );
    assert_eq!(of_cluster(detector, &unknown), ["undetermined no_pod_data - -"]);
}

/// A public production trace of AI serving (alibaba/clusterdata, cluster-trace-v2026-GenAI): its licence allows research
/// but not a copy here. `FINOPS_GPU_TRACE` names its file `gentd26_pod_gpu_duty_cycle.csv`, unpacked.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads the trace where there is one")]
fn the_trace_of_a_serving_cluster_has_four_idle_gpus() {
    let Some(path) = std::env::var_os("FINOPS_GPU_TRACE") else {
        println!("SKIPPED: the trace is not committed; set FINOPS_GPU_TRACE to its file of GPU duty");
        return;
    };
    let text = std::fs::read_to_string(path).unwrap();
    let mut by_pod = std::collections::BTreeMap::<&str, Vec<(i64, &str)>>::new();
    for line in text.lines().skip(1) {
        let mut parts = line.split(',');
        let (value, at, pod) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let at = at.split('.').next().unwrap().parse().unwrap();
        by_pod.entry(pod).or_default().push((at, value));
    }
    let end = by_pod.values().flatten().map(|(at, _)| *at).max().unwrap();
    let as_of = finops_core::time::Timestamp::from_ms(end * 1000).unwrap();
    let pods: Vec<String> = by_pod
        .keys()
        .map(|pod| {
            format!(
                r#"{{"namespace": "ml", "name": "{pod}", "phase": "Running",
                    "containers": [{{"name": "app", "requests": {{"nvidia.com/gpu": "1"}}}}]}}"#
            )
        })
        .collect();
    let usage: Vec<String> = by_pod
        .iter()
        .map(|(pod, samples)| {
            let samples: Vec<String> =
                samples.iter().map(|(at, value)| format!(r#"[{at}, "{value}"]"#)).collect();
            format!(
                r#"{{"subject": {{"namespace": "ml", "pod": "{pod}", "container": "app", "device": "gpu"}},
                    "metric": "gpu_duty_percent", "step_seconds": 57, "samples": [{}]}}"#,
                samples.join(",")
            )
        })
        .collect();
    let inventory = json(&format!(
        r#"{{"cluster": "trace", "as_of": "{as_of}", "nodes": [], "pods": [{}], "usage": [{}]}}"#,
        pods.join(","),
        usage.join(",")
    ));
    let inventory = ClusterInventory::from_json(&inventory).unwrap().value;
    let all = detectors();
    let config = DetectionConfig::from_json(&json(r#"{"rates": {"gpu_hour": "2.5"}}"#), &all).unwrap();
    let report = detect(Inventory::Cluster(&inventory), &PriceBook::builtin(), &config);
    let of = |outcome| report.with_outcome(outcome).filter(|one| one.detector == "ai.gpu_idle");
    let twentieth = finops_core::waste::Ratio::parse("0.05").unwrap();
    assert_eq!(
        (of(Outcome::Undetermined).count(), of(Outcome::Ok).count(), of(Outcome::Finding).count()),
        (7, 69, 4)
    );
    assert!(of(Outcome::Finding).all(|one| one.confidence.as_ref().unwrap().value() < twentieth));
}
