//! The command line as a shell sees it: what it prints, and its exit status.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use support::run;

fn wire(arguments: &[&str], input: &str) -> serde_json::Value {
    let (status, out, err) = run(arguments, input);
    assert_eq!(status, 0, "{err}");
    serde_json::from_str(&out).expect("JSON")
}

const NOON: [&str; 2] = ["--at", "2026-11-01T12:00:00Z"];

#[test]
fn prices_a_call_and_explains_it() {
    let (status, out, _) =
        run(&["cost", "gpt-4o", "--input", "1000", "--output", "500", NOON[0], NOON[1]], "");
    assert_eq!(status, 0);
    for part in ["0.0075 USD", "1000 input at 2.5", "500 output at 10", "catalogue cat-", "https://"] {
        assert!(out.contains(part), "{part} is not in\n{out}");
    }
    let cost = wire(&["cost", "gpt-4o-mini", "--input", "30", "--json", NOON[0], NOON[1]], "");
    assert_eq!(cost["total"], "0.0000045", "never rounded to 0");
}

#[test]
fn an_unknown_model_is_unpriced_with_a_reason_and_never_0() {
    let (status, out, _) = run(&["cost", "claude-opus-9-9", "--input", "10", "--provider", "anthropic"], "");
    assert_eq!(status, 1);
    assert!(out.contains("unpriced") && out.contains("price.unknown_model"), "{out}");
    let (status, out, _) = run(&["cost", "claude-opus-9-9", "--input", "10", "--json"], "");
    assert_eq!(status, 1);
    let cost: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&cost["status"], &cost["total"]), (&"unpriced".into(), &serde_json::Value::Null));
}

#[test]
fn prices_a_body_from_standard_input() {
    let body = r#"{"id":"chatcmpl-1","object":"chat.completion","model":"gpt-4o-2024-08-06","service_tier":"default",
        "choices":[],"usage":{"prompt_tokens":10000,"completion_tokens":1000,"total_tokens":11000,
        "prompt_tokens_details":{"cached_tokens":8000}}}"#;
    let cost = wire(&["cost", "--provider", "openai", "--json", NOON[0], NOON[1]], body);
    assert_eq!(cost["total"], "0.025");
    let (status, _, err) =
        run(&["cost"], r#"{"object":"chat.completion","model":"gpt-4o","usage":{"prompt_tokens":-5}}"#);
    assert_eq!(status, 1);
    assert!(err.contains("usage.not_a_count") && err.contains("`usage.prompt_tokens`"), "{err}");
    let (status, _, err) = run(&["cost"], "{\"half");
    assert_eq!(status, 1);
    assert!(err.contains("usage.unknown_shape"), "{err}");
}

#[test]
fn lists_and_shows_the_catalogue() {
    let (status, out, _) = run(&["prices", "list", "--provider", "anthropic"], "");
    assert_eq!(status, 0);
    assert!(out.lines().count() > 10 && out.contains("claude-sonnet-4-5"), "{out}");
    let shown = wire(&["prices", "show", "o3", "--history", "--json"], "");
    assert_eq!(shown["resolved"]["match"], "exact");
    let rows = shown["rows"].as_array().expect("rows");
    let rates: Vec<&str> = rows.iter().filter_map(|row| row["usd_per_mtok"]["input"].as_str()).collect();
    assert!(rates.contains(&"10") && rates.contains(&"2"), "before and after 2025-06-10: {rates:?}");
    let (status, _, err) = run(&["prices", "show", "gpt-4o-ultra"], "");
    assert_eq!((status, err.contains("price.unknown_model")), (1, true), "{err}");
    let (status, _, err) = run(&["prices", "list", "--provider", "opnai"], "");
    assert_eq!((status, err.contains("price.unknown_provider")), (1, true), "{err}");
}

#[test]
fn a_price_entered_from_memory_says_so() {
    let arguments =
        ["cost", "palmyra-x4", "--provider", "writer", "--input", "1000", "--json", NOON[0], NOON[1]];
    let cost = wire(&arguments, "");
    assert_eq!(cost["status"], "estimated");
    assert!(cost["assumptions"].as_array().expect("a list").contains(&"unverified_price".into()), "{cost}");
    let (_, shown, _) = run(&["prices", "show", "palmyra-x4", "--provider", "writer"], "");
    assert!(shown.contains("unverified") && shown.contains("page not opened"), "{shown}");
}

#[test]
fn verifies_the_compiled_catalogue_and_finds_what_is_wrong_in_another() {
    let (status, out, _) = run(&["prices", "verify"], "");
    assert_eq!((status, out.trim_end().ends_with(" 0 problems")), (0, true), "{out}");
    let (status, out, _) = run(&["prices", "verify", "-"], r#"{"kind":"price","provider":"openai"}"#);
    assert_eq!(status, 1);
    assert!(out.contains("line 1"), "{out}");
}

#[test]
fn tells_what_changed_between_catalogues() {
    let (status, out, _) = run(&["prices", "diff", "builtin", "builtin"], "");
    assert_eq!((status, out.as_str()), (0, "0 changes\n"));
    let (status, out, _) = run(&["prices", "diff", "builtin", "-"], "");
    assert_eq!(status, 1, "an empty catalogue has lost every row");
    assert!(out.contains("removed openai / gpt-4o"), "{}", out.get(..300).unwrap_or(&out));
}

#[test]
fn answers_for_energy_and_carbon() {
    assert_eq!(wire(&["carbon", "intensity", "FR"], "")["g_per_kwh"], 41.44);
    assert_eq!(wire(&["carbon", "pue", "aws:us-east-1"], "")["pue"], 1.15);
    let one = wire(&["carbon", "estimate", "gpt-4o", "--input", "1000", "--output", "500"], "");
    assert_eq!((&one["energy_joules"], &one["carbon_kg"]), (&2700.0.into(), &0.0003.into()));
    let job = r#"{"intervals_g_per_kwh":[10,20,30,40,5],"step_s":300,"interpolation":"step","duration_s":600,"earliest_s":0}"#;
    assert_eq!(wire(&["carbon", "window", "-"], job)["mean"], 15.0);
    let (status, _, err) = run(&["carbon", "intensity", "us-east1x"], "");
    assert_eq!((status, err.contains("carbon.unknown_zone")), (1, true), "{err}");
    let (status, _, err) = run(&["carbon", "meter", "--root", "no-such-folder"], "");
    assert_eq!((status, err.contains("meter.unavailable")), (1, true), "{err}");
}

#[test]
fn a_command_that_cannot_be_read_ends_with_2() {
    for arguments in [
        &["cost", "gpt-4o", "--input", "-1"][..],
        &["prices"],
        &["nonsense"],
        &["cost", "m", "--input", "1.5"],
    ] {
        assert_eq!(run(arguments, "").0, 2, "{arguments:?}");
    }
    let (status, _, err) = run(&["cost", "gpt-4o", "--at", "2026-11-01T12:00:00"], "");
    assert_eq!((status, err.contains("usage.naive_time")), (1, true), "{err}");
}
