use super::*;
use crate::{cost::PriceSource, money::Picodollars, usage::Usage};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn run(calls: &[CallFact], config: &SignalConfig) -> Vec<CallSignal> {
    signals(calls, config, &Catalogue::builtin())
}

fn call(id: u32, second: i64) -> CallFact {
    CallFact {
        id: id.to_string(),
        at: crate::time::Timestamp::from_ms(1_793_613_600_000 + second * 1000).unwrap(),
        provider: Some("openai".to_owned()),
        model: "gpt-4o".to_owned(),
        usage: Usage::new(1000, 500),
        cost_usd: Some("0.0075".parse().unwrap()),
        ..CallFact::default()
    }
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn types(found: &[CallSignal]) -> Vec<&'static str> {
    found.iter().map(|signal| signal.r#type.name()).collect()
}

fn ids(signal: &CallSignal) -> Vec<&str> {
    signal.calls.iter().map(String::as_str).collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads its vectors")]
fn the_vectors_hold() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/vectors/metering.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = file["waste"].as_array().unwrap();
    assert_eq!(cases.len(), 15);
    for case in cases {
        let id = &case["id"];
        let calls: Vec<CallFact> = serde_json::from_value(case["calls"].clone()).unwrap();
        let config: SignalConfig = serde_json::from_value(case["config"].clone()).unwrap();
        let found = run(&calls, &config);
        let expected = case["expected"]["signals"].as_array().unwrap();
        assert_eq!(found.len(), expected.len(), "{id}: {found:?}");
        for (signal, expected) in found.iter().zip(expected) {
            let wire = serde_json::to_value(signal).unwrap();
            for (key, value) in expected.as_object().unwrap() {
                assert_eq!(&wire[key], value, "{id} {key}");
            }
            assert_eq!(&serde_json::from_value::<CallSignal>(wire).unwrap(), signal, "{id}");
        }
    }
}

#[test]
fn a_call_without_a_session_is_in_no_retry_loop_or_continuation() {
    let calls: Vec<CallFact> = (0..6)
        .map(|n| CallFact {
            prompt_hash: text("p").filter(|_| n < 2),
            tool_hash: text("t"),
            finish: text("length").filter(|_| n == 5),
            ..call(n, i64::from(n) * 10)
        })
        .collect();
    let found = run(&calls, &SignalConfig::default());
    assert_eq!(types(&found), ["call.truncated"]);
    assert_eq!(found[0].saving_usd.unwrap().to_string(), "0.005", "the answer alone, at its list price");
    assert_eq!(found[0].confidence.to_string(), "0.5");
}

#[test]
fn a_known_output_cost_wins_over_the_list_price() {
    let cut = CallFact { finish: text("length"), output_cost_usd: "0.004".parse().ok(), ..call(1, 0) };
    let found = run(&[cut], &SignalConfig::default());
    assert_eq!(found[0].saving_usd.unwrap().to_string(), "0.004");
}

#[test]
fn a_session_goes_on_for_ten_minutes_and_no_longer() {
    for (gap, confidence) in [(600, "0.9"), (601, "0.5")] {
        let session = |n, second| CallFact { session: text("s"), ..call(n, second) };
        let calls = [CallFact { finish: text("length"), ..session(1, 0) }, session(2, gap)];
        assert_eq!(run(&calls, &SignalConfig::default())[0].confidence.to_string(), confidence, "{gap} s");
    }
}

#[test]
fn what_was_charged_is_not_repeated() {
    let calls: Vec<CallFact> = (0..5)
        .map(|n| CallFact {
            session: text("s").filter(|_| n < 2),
            prompt_hash: text("p"),
            ..call(n, i64::from(n) * 30)
        })
        .collect();
    let found = run(&calls, &SignalConfig::default());
    assert_eq!(types(&found), ["call.retry", "call.repeated"]);
    assert_eq!((ids(&found[0]), ids(&found[1])), (vec!["0"], vec!["2", "3", "4"]));
}

#[test]
fn every_day_needs_its_first_prompt() {
    let hours = [0, 20, 30, 40, 100];
    let calls: Vec<CallFact> = (0..)
        .zip(hours)
        .map(|(n, hour)| CallFact { prompt_hash: text("p"), ..call(n, hour * 3600) })
        .collect();
    let found = run(&calls, &SignalConfig::default());
    assert_eq!(ids(&found[0]), ["2", "3"], "20, 30 and 40 h lie within a day, 0 h does not");
}

fn prefixed(n: u32, second: i64, tokens: u64) -> CallFact {
    CallFact { prefix_hash: text("x"), prefix_tokens: Some(tokens), ..call(n, second) }
}

#[test]
fn a_cache_read_or_a_long_gap_ends_a_run_of_an_uncached_prefix() {
    let long = Usage::new(5000, 10);
    let run_of = |seconds: [i64; 4], read: Option<usize>| {
        let calls: Vec<CallFact> = (0..)
            .zip(seconds)
            .map(|(n, second)| {
                let mut one = CallFact { usage: long, ..prefixed(n, second, 4000) };
                one.usage.cache_read = u64::from(Some(n as usize) == read);
                one
            })
            .collect();
        run(&calls, &SignalConfig::default()).len()
    };
    assert_eq!(run_of([0, 300, 600, 900], None), 1);
    assert_eq!(run_of([0, 300, 601, 902], None), 0);
    assert_eq!(run_of([0, 100, 200, 300], Some(1)), 0);
    assert_eq!(run_of([0, 100, 200, 300], Some(0)), 1);
}

#[test]
fn a_prefix_that_the_input_does_not_hold_is_no_uncached_prefix() {
    let calls: Vec<CallFact> = (0..4).map(|n| prefixed(n, i64::from(n), 2000)).collect();
    assert_eq!(run(&calls, &SignalConfig::default()), []);
}

#[test]
fn a_candidate_at_another_provider_is_found_by_its_name() {
    let config: SignalConfig =
        serde_json::from_value(json!({"candidates": {"gpt-4o": ["claude-haiku-4-5", "no-such-model"]}}))
            .unwrap();
    let failed = CallFact { outcome: text("error"), cost_usd: None, ..call(2, 1) };
    let found = run(&[call(1, 0), failed], &config);
    let cheaper: Vec<_> = found.iter().filter(|signal| signal.r#type == SignalType::CheaperModel).collect();
    assert_eq!(cheaper.len(), 1);
    assert_eq!((ids(cheaper[0]), cheaper[0].to.as_deref()), (vec!["1"], Some("claude-haiku-4-5")));
    assert_eq!(
        cheaper[0].saving_usd.unwrap().to_string(),
        "0.004",
        "0.0075 less 1000 at 1 and 500 at 5 per million"
    );
}

#[test]
fn unpriced_calls_are_reported_above_their_share_only() {
    let unpriced = |n, tokens| CallFact {
        model: "mystery".to_owned(),
        provider: None,
        usage: Usage::new(tokens, 0),
        cost_usd: None,
        ..call(n, 0)
    };
    let known = CallFact { usage: Usage::new(9500, 0), ..call(1, 0) };
    assert_eq!(run(&[known.clone(), unpriced(2, 500)], &SignalConfig::default()), []);
    let found = run(&[known.clone(), unpriced(2, 501)], &SignalConfig::default());
    assert_eq!(types(&found), ["call.unpriced"]);
    assert_eq!((found[0].saving_usd, found[0].confidence.to_string()), (None, "1".to_owned()));
    let default = CallFact {
        cost_usd: Some(Picodollars::new(1)),
        price_source: Some(PriceSource::Default),
        ..unpriced(2, 501)
    };
    assert_eq!(types(&run(&[known, default], &SignalConfig::default())), ["call.unpriced"]);
}

fn any_call() -> impl Strategy<Value = CallFact> {
    let word = |words: &'static [&'static str]| {
        prop::option::of(prop::sample::select(words).prop_map(str::to_owned))
    };
    (
        0_u32..4000,
        0_i64..2000,
        word(&["ok", "error", "cancelled"]),
        word(&["stop", "length"]),
        word(&["s", "u"]),
        (word(&["p", "q"]), word(&["t"]), word(&["x"])),
        prop::option::of(0_i128..20_000_000_000),
    )
        .prop_map(
            |(id, second, outcome, finish, session, (prompt_hash, tool_hash, prefix_hash), cost)| CallFact {
                outcome,
                finish,
                session,
                prompt_hash,
                tool_hash,
                prefix_hash,
                prefix_tokens: Some(2000),
                usage: Usage::new(3000, 100),
                cost_usd: cost.map(Picodollars::new),
                tags: [("latency".to_owned(), "batch".to_owned())].into(),
                ..call(id, second)
            },
        )
}

proptest! {
    #[test]
    fn the_order_of_calls_changes_nothing_and_no_call_is_charged_twice(
        calls in prop::collection::vec(any_call(), 0..40), seed in any::<u64>()
    ) {
        let config: SignalConfig =
            serde_json::from_value(json!({"candidates": {"gpt-4o": ["gpt-4o-mini"]}})).unwrap();
        let found = run(&calls, &config);
        let mut state = seed;
        let mut shuffled = calls.clone();
        shuffled.sort_by_cached_key(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        });
        prop_assert_eq!(&found, &run(&shuffled, &config));
        let named: BTreeSet<&String> = calls.iter().map(|call| &call.id).collect();
        let charged = found.iter().filter(|signal| signal.r#type <= SignalType::Loop);
        let charged: Vec<&String> = charged.flat_map(|signal| &signal.calls).collect();
        let distinct: BTreeSet<&String> = charged.iter().copied().collect();
        prop_assert!(named.len() < calls.len() || charged.len() == distinct.len());
        prop_assert!(found.windows(2).all(|pair| pair[0].r#type <= pair[1].r#type));
        for signal in &found {
            prop_assert_eq!(signal.saving_usd.is_none(), signal.r#type == SignalType::Unpriced);
            prop_assert!(signal.saving_usd.is_none_or(|saving| saving > Picodollars::ZERO));
        }
    }
}
