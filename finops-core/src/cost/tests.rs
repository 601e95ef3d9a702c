//! Every row of the tables of missing prices (4.4) and of which price wins (5.1) of the metering specification.
#![expect(clippy::arithmetic_side_effects, reason = "tests stop on an overflow")]

use super::{
    Assumption, Call, Charge, CostPolicy, Hosting, ModelPrice, OnUnknown, PriceSource, Status, cost, reprice,
};
use crate::{
    Error,
    money::{Picodollars, Rate, decimal},
    price::Catalogue,
    time::{DurationNs, Timestamp},
    usage::{Bucket, Part, Usage},
};
use proptest::prelude::*;
use rust_decimal::Decimal;

/// One provider with every kind of hole in its prices.
const HOLES: &str = r#"{"model":"plain","provider":"openai","kind":"offering","first_party":true}
{"model":"claude","provider":"anthropic","kind":"offering","first_party":true}
{"model":"alone","provider":"openai","kind":"offering","first_party":true}
{"model":"early","provider":"openai","kind":"offering","first_party":true}
{"model":"batch-only","provider":"openai","kind":"offering","first_party":true}
{"model":"us.claude","provider":"bedrock","kind":"offering"}
{"model":"bare","provider":"bedrock","kind":"offering"}
{"model":"gem","provider":"vertex","kind":"offering"}
{"model":"peaky","provider":"deepseek","kind":"offering","first_party":true}
{"kind":"price","model":"plain","provider":"openai","from":"2025-01-01T00:00:00Z","src":["s"],"usd_per_mtok":{"input":"2","output":"8"},"usd_per_use":{"web_search":"0.01"},"verified":true}
{"kind":"price","model":"plain","provider":"openai","over":1000,"from":"2025-01-01T00:00:00Z","src":["s"],"usd_per_mtok":{"input":"4","output":"12"},"verified":true}
{"kind":"price","model":"plain","provider":"openai","when":{"service_tier":"batch"},"from":"2025-01-01T00:00:00Z","src":["s"],"usd_per_mtok":{"input":"1","output":"4"},"verified":true}
{"kind":"price","model":"claude","provider":"anthropic","from":"2025-01-01T00:00:00Z","src":["s"],"usd_per_mtok":{"input":"3","cache_write_5m":"3.75","output":"15"},"verified":true}
{"kind":"price","model":"alone","provider":"openai","from":"2025-01-01T00:00:00Z","src":["s"],"usd_per_mtok":{"input":"2","output":"8"},"verified":false}
{"kind":"price","model":"early","provider":"openai","from":"2026-06-01T00:00:00Z","to":"2026-07-01T00:00:00Z","src":["s"],"usd_per_mtok":{"input":"2","output":"8"},"verified":true}
{"kind":"price","model":"batch-only","provider":"openai","when":{"service_tier":"batch"},"from":"2025-01-01T00:00:00Z","src":["s"],"usd_per_mtok":{"input":"1"},"verified":true}
{"kind":"price","model":"us.claude","provider":"bedrock","from":"2025-01-01T00:00:00Z","src":["s"],"usd_per_mtok":{"input":"3.3","output":"16.5"},"verified":true}
{"kind":"price","model":"bare","provider":"bedrock","from":"2025-01-01T00:00:00Z","src":["s"],"usd_per_mtok":{"input":"1","output":"2"},"verified":true}
{"kind":"price","model":"bare","provider":"bedrock","when":{"region":"eu-west-1"},"from":"2025-01-01T00:00:00Z","src":["s"],"usd_per_mtok":{"input":"1.2","output":"2.4"},"verified":true}
{"kind":"price","model":"gem","provider":"vertex","from":"2025-01-01T00:00:00Z","src":["s"],"usd_per_mtok":{"input":"1","output":"2"},"verified":true}
{"kind":"price","model":"gem","provider":"vertex","when":{"region":"us-east5"},"from":"2025-01-01T00:00:00Z","src":["s"],"usd_per_mtok":{"input":"1.1","output":"2.2"},"verified":true}
{"kind":"price","model":"peaky","provider":"deepseek","from":"2025-01-01T00:00:00Z","src":["s"],"usd_per_mtok":{"input":"1"},"verified":true}
{"kind":"price","model":"peaky","provider":"deepseek","when":{"period":"peak"},"from":"2025-01-01T00:00:00Z","src":["s"],"usd_per_mtok":{"input":"2"},"verified":true}
{"kind":"schedule","provider":"deepseek","models":["peaky"],"period":"peak","utc_windows":[["22:00","02:00"]],"weekdays":[1,2,3,4,5],"holidays":"cn","decided_by":"start"}
{"kind":"calendar","id":"cn","covers_through":"2026-11-30","dates":["2026-11-10"],"src":"a test"}
{"kind":"source","id":"s","url":"https://example.com","origin":"a test","licence":"MIT","retrieved":"2026-11-21"}
"#;

const AT: &str = "2026-11-02T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn policy() -> CostPolicy {
    let mut policy = CostPolicy::new();
    policy.set_catalogue(Catalogue::from_jsonl(HOLES).unwrap());
    policy
}

fn strict() -> CostPolicy {
    let mut policy = policy();
    policy.set_strict(true);
    policy
}

fn usd(amount: Option<Picodollars>) -> String {
    amount.map_or_else(|| "none".to_owned(), |amount| amount.to_string())
}

fn dec(text: &str) -> Decimal {
    decimal::parse(text).unwrap()
}

fn mtok(text: &str) -> Option<Rate> {
    Some(Rate::from_usd_per_mtok(dec(text)).unwrap())
}

/// Total, source, status and the codes of what was assumed.
fn shown(charge: &Charge) -> String {
    let codes: Vec<&str> = charge.assumptions().iter().map(Assumption::code).collect();
    format!(
        "{} {} {} {}",
        usd(charge.total()),
        charge.price_source().name(),
        charge.status().name(),
        codes.join(",")
    )
    .trim_end()
    .to_owned()
}

fn of(usage: &[(Bucket, u64)]) -> Usage {
    let mut all = Usage::default();
    for (bucket, count) in usage {
        *all.get_mut(*bucket) = *count;
    }
    all
}

/// Provider, model, usage, what lenient charges, what strict says.
type Missing<'a> = (&'a str, &'a str, &'a [(Bucket, u64)], &'a str, &'a str);

/// What lenient charges and strict says.
fn both(call: &Call<'_>) -> (String, String) {
    let strict = strict().charge(call);
    (shown(&policy().charge(call).unwrap()), strict.map_or_else(|e| e.code().to_owned(), |c| shown(&c)))
}

#[test]
fn a_missing_condition_takes_the_standard_row() {
    let usage = Usage::new(1_000, 100);
    let call = Call { provider: Some("openai"), ..Call::new("plain", &usage, at(AT)) };
    for (call, code) in [
        (Call { service_tier: Some("flex"), ..call }, "tier_at_standard"),
        (Call { region: Some("us"), ..call }, "region_at_default"),
        (Call { speed: Some("fast"), ..call }, "speed_at_default"),
    ] {
        let (lenient, strict) = both(&call);
        assert_eq!(lenient, format!("0.0028 catalogue estimated {code}"));
        assert_eq!(strict, "price.no_rate_for_condition");
    }
    let batch = Call { service_tier: Some("Batch"), ..call };
    assert_eq!(both(&batch).1, "0.0014 catalogue priced");
    for tier in ["", "standard", "default", "on_demand"] {
        let standard =
            Call { service_tier: Some(tier), region: Some("global"), speed: Some("standard"), ..call };
        assert_eq!(both(&standard).1, "0.0028 catalogue priced", "{tier}");
    }
    let auto = Call { service_tier: Some("auto"), ..call };
    assert_eq!(both(&auto).0, "0.0028 catalogue priced tier_unknown_auto");
    let over = Usage::new(1_001, 100);
    assert_eq!(
        both(&Call { usage: &over, ..call }).1,
        "0.005204 catalogue priced",
        "the whole request is repriced"
    );
}

#[test]
fn prepaid_capacity_is_at_list_price() {
    let usage = Usage::new(1_000, 0);
    for (provider, model, tier) in [
        ("openai", "plain", "provisioned"),
        ("openai", "plain", "scale"),
        ("anthropic", "claude", "priority"),
        ("bedrock", "us.claude", "reserved"),
    ] {
        let call =
            Call { provider: Some(provider), service_tier: Some(tier), ..Call::new(model, &usage, at(AT)) };
        let (lenient, strict) = both(&call);
        assert!(
            lenient.contains("catalogue estimated") && lenient.contains("provisioned_at_list"),
            "{lenient}"
        );
        assert_eq!(lenient, strict);
    }
}

#[test]
fn an_instant_without_a_row_takes_the_nearest() {
    let usage = Usage::new(1_000, 0);
    let early = Call { provider: Some("openai"), ..Call::new("early", &usage, at("2026-05-31T23:59:59Z")) };
    assert_eq!(
        both(&early),
        ("0.002 catalogue estimated before_first_interval".into(), "price.not_yet".into())
    );
    let first = Call { at: at("2026-06-01T00:00:00Z"), ..early };
    assert_eq!(both(&first).1, "0.002 catalogue priced");
    let late = Call { at: at("2026-07-01T00:00:00Z"), ..early };
    assert_eq!(
        both(&late),
        ("0.002 catalogue estimated after_last_interval".into(), "price.no_rate_for_condition".into())
    );
    let ancient = Call { at: Timestamp::MIN, ..early };
    assert_eq!(both(&ancient).0, "0.002 catalogue estimated before_first_interval");
}

#[test]
fn a_missing_rate_takes_the_next_of_its_direction() {
    let cases: &[Missing<'_>] = &[
        (
            "openai",
            "plain",
            &[(Bucket::cache_read, 500)],
            "0.001 catalogue priced cache_read_at_input_rate",
            "0.001 catalogue priced cache_read_at_input_rate",
        ),
        (
            "openai",
            "plain",
            &[(Bucket::cache_write_5m, 500)],
            "0.001 catalogue priced cache_write_at_input_rate",
            "0.001 catalogue priced cache_write_at_input_rate",
        ),
        (
            "anthropic",
            "claude",
            &[(Bucket::cache_write_1h, 1000)],
            "0.00375 catalogue estimated cache_write_1h_at_5m_rate",
            "price.no_rate",
        ),
        (
            "openai",
            "plain",
            &[(Bucket::input_audio, 500)],
            "0.001 catalogue estimated audio_at_text_rate",
            "price.no_rate",
        ),
        (
            "openai",
            "plain",
            &[(Bucket::output_audio, 500)],
            "0.004 catalogue estimated audio_at_text_rate",
            "price.no_rate",
        ),
        (
            "openai",
            "plain",
            &[(Bucket::input_image, 500)],
            "0.001 catalogue priced image_at_text_rate",
            "0.001 catalogue priced image_at_text_rate",
        ),
        (
            "openai",
            "plain",
            &[(Bucket::output_video, 500)],
            "0.004 catalogue priced video_at_text_rate",
            "0.004 catalogue priced video_at_text_rate",
        ),
        ("openai", "plain", &[(Bucket::web_search, 2)], "0.02 catalogue priced", "0.02 catalogue priced"),
        (
            "openai",
            "plain",
            &[(Bucket::input, 500), (Bucket::file_search, 2)],
            "0.001 catalogue estimated unit_without_rate",
            "price.no_rate",
        ),
        (
            "openai",
            "plain",
            &[(Bucket::output, 10), (Bucket::reasoning, 11)],
            "0.00008 catalogue priced",
            "0.00008 catalogue priced",
        ),
    ];
    for (provider, model, usage, lenient, strict) in cases {
        let usage = of(usage);
        let call = Call { provider: Some(provider), ..Call::new(model, &usage, at(AT)) };
        assert_eq!(both(&call), ((*lenient).to_owned(), (*strict).to_owned()), "{usage:?}");
    }
    let usage = of(&[(Bucket::file_search, 2)]);
    let charge = policy().charge(&Call::new("plain", &usage, at(AT))).unwrap().cost(&usage);
    assert_eq!(
        (charge.line_items.len(), charge.line_items[0].amount, charge.line_items[0].rate),
        (1, None, None)
    );
}

#[test]
fn an_unverified_price_is_flagged() {
    let usage = Usage::new(1_000, 0);
    let call = Call::new("alone", &usage, at(AT));
    assert_eq!(both(&call), ("0.002 catalogue estimated unverified_price".into(), "price.unverified".into()));
    let snapshot = Call::new("plain-2031-02-03", &usage, at(AT));
    assert_eq!(
        both(&snapshot),
        ("0.002 catalogue estimated date_suffix".into(), "price.unlisted_snapshot".into())
    );
}

#[test]
fn regions_have_defaults() {
    let usage = Usage::new(1_000_000, 0);
    for (provider, model, region, expected) in [
        ("vertex", "gem", None, "1 catalogue priced region_default"),
        ("vertex", "gem", Some("global"), "1 catalogue priced"),
        ("vertex", "gem", Some("us-east5"), "1.1 catalogue priced"),
        ("vertex", "gem", Some("europe-west9"), "1 catalogue estimated region_at_default"),
        ("bedrock", "bare", None, "1 catalogue priced region_default"),
        ("bedrock", "bare", Some("us-east-1"), "1 catalogue priced"),
        ("bedrock", "bare", Some("eu-west-1"), "1.2 catalogue priced"),
        ("bedrock", "bare", Some("ap-south-1"), "1 catalogue estimated region_at_default"),
        ("bedrock", "us.claude", None, "3.3 catalogue priced region_default"),
        ("bedrock", "us.claude", Some("us-west-2"), "3.3 catalogue priced"),
    ] {
        let call = Call { provider: Some(provider), region, ..Call::new(model, &usage, at(AT)) };
        assert_eq!(both(&call).0, expected, "{provider} {model} {region:?}");
    }
}

#[test]
fn a_period_is_decided_by_the_start_and_ends_past_midnight() {
    let usage = Usage::new(1_000_000, 0);
    for (instant, minutes, expected) in [
        ("2026-11-02T22:00:00Z", 0, "2 catalogue priced"),
        ("2026-11-03T01:59:59Z", 0, "2 catalogue priced"),
        ("2026-11-03T02:00:00Z", 0, "1 catalogue priced"),
        ("2026-11-03T02:05:00Z", 10, "2 catalogue priced"),
        ("2026-11-02T22:05:00Z", 10, "1 catalogue priced"),
        ("2026-11-08T23:00:00Z", 0, "1 catalogue priced"),
        ("2026-11-10T23:00:00Z", 0, "1 catalogue priced"),
        ("2026-12-01T23:00:00Z", 0, "2 catalogue estimated holidays_unknown"),
        ("2026-12-01T12:00:00Z", 0, "1 catalogue priced"),
    ] {
        let duration = Some(DurationNs::new(minutes * 60_000_000_000));
        let call = Call { provider: Some("deepseek"), duration, ..Call::new("peaky", &usage, at(instant)) };
        assert_eq!(both(&call).0, expected, "{instant}");
    }
}

#[test]
fn which_price_wins() {
    let usage = Usage::new(1_000, 100);
    let hour = Some(DurationNs::new(3_600_000_000_000));
    let call = Call { provider: Some("openai"), duration: hour, ..Call::new("plain", &usage, at(AT)) };
    let reported = Call { reported_cost: Some("0.5".parse().unwrap()), ..call };
    let unknown = Call { model: "unheard-of", ..call };

    let plain = policy();
    assert_eq!(shown(&plain.charge(&call).unwrap()), "0.0028 catalogue priced");
    let by_provider = plain.charge(&reported).unwrap();
    assert_eq!(shown(&by_provider), "0.5 provider provider_reported");
    assert_eq!((usd(by_provider.list_price(&usage)), by_provider.input()), ("0.0028".to_owned(), None));
    assert_eq!(
        shown(&plain.charge(&unknown).unwrap()),
        "1.0012 default estimated flat_rates_default,compute_rate_default"
    );
    assert_eq!(strict().charge(&unknown).unwrap_err().code(), "price.unknown_model");

    let mut configured = policy();
    configured.set_input_per_1k(Some(dec("0.01"))).unwrap();
    assert_eq!(shown(&configured.charge(&reported).unwrap()), "0.0102 configured priced output_rate_default");
    let cost = configured.charge(&reported).unwrap().cost(&usage);
    assert_eq!((usd(cost.list_price), usd(cost.reported)), ("0.0028".to_owned(), "0.5".to_owned()));
    configured.set_output_per_1k(Some(Decimal::ZERO)).unwrap();
    assert_eq!(shown(&configured.charge(&call).unwrap()), "0.01 configured priced");
    configured.set_input_per_1k(None).unwrap();
    assert_eq!(shown(&configured.charge(&call).unwrap()), "0.001 configured priced input_rate_default");
    let cached =
        of(&[(Bucket::cache_read, 1_000), (Bucket::input_audio, 1_000), (Bucket::cache_write_1h, 1_000)]);
    let flat = configured.charge(&Call { usage: &cached, ..call }).unwrap();
    assert_eq!(
        shown(&flat),
        "0.003 configured priced cache_read_at_input_rate,cache_write_at_input_rate,input_rate_default"
    );
    configured.set_cached_per_1k(Some(dec("0.0001"))).unwrap();
    let cached = of(&[(Bucket::cache_read, 1_000)]);
    assert_eq!(
        shown(&configured.charge(&Call { usage: &cached, ..call }).unwrap()),
        "0.0001 configured priced input_rate_default"
    );

    configured
        .set_price(ModelPrice { input: mtok("1"), output: mtok("1"), ..ModelPrice::new("plain") })
        .unwrap();
    assert_eq!(shown(&configured.charge(&reported).unwrap()), "0.0011 custom priced");
    assert_eq!(
        shown(&configured.charge(&Call { model: "openai/plain", ..call }).unwrap()),
        "0.0011 custom priced"
    );
    let own = ModelPrice { provider: Some("OpenAI".into()), input: mtok("5"), ..ModelPrice::new("plain") };
    configured.set_price(own).unwrap();
    let input = Usage::new(1_000, 0);
    assert_eq!(
        shown(&configured.charge(&Call { usage: &input, provider: None, ..call }).unwrap()),
        "0.005 custom priced"
    );
    assert_eq!(
        shown(&configured.charge(&Call { usage: &input, provider: Some("azure"), ..call }).unwrap()),
        "0.001 custom priced"
    );
}

#[test]
fn without_the_catalogue_every_model_is_unknown() {
    let usage = Usage::new(1_000, 100);
    let mut policy = policy();
    policy.set_use_catalogue(false);
    let call = Call { duration: Some(DurationNs::new(0)), ..Call::new("plain", &usage, at(AT)) };
    let charge = policy.charge(&call).unwrap();
    assert_eq!((usd(charge.total()), charge.price_source()), ("0.0012".to_owned(), PriceSource::Default));
    assert_eq!(charge.cost(&usage).catalogue, None);
    policy.set_strict(true);
    assert_eq!(policy.charge(&call).unwrap_err().code(), "price.unknown_model");
}

#[test]
fn compute_is_added_where_it_is_due() {
    let usage = Usage::new(0, 0);
    let hour = Some(DurationNs::new(3_600_000_000_000));
    let call = Call { duration: hour, ..Call::new("plain", &usage, at(AT)) };
    let compute = |policy: &CostPolicy, call: &Call<'_>| usd(policy.charge(call).unwrap().compute());
    assert_eq!(compute(&policy(), &call), "0", "hosted");
    assert_eq!(compute(&policy(), &Call { model: "unheard-of", ..call }), "1", "unknown");
    assert_eq!(compute(&policy(), &Call { model: "unheard-of", hosting: Some(Hosting::Api), ..call }), "0");
    let reported = Call { model: "unheard-of", reported_cost: Some(Picodollars::new(5)), ..call };
    assert_eq!(compute(&policy(), &reported), "0", "a reported cost");
    let mut set = policy();
    set.set_compute_per_hour(Some(dec("2"))).unwrap();
    assert_eq!(compute(&set, &call), "2", "explicit");
    let ollama = Call { provider: Some("ollama"), ..call };
    assert_eq!(shown(&set.charge(&ollama).unwrap()), "2 configured priced");
    assert_eq!(shown(&policy().charge(&ollama).unwrap()), "1 default estimated compute_rate_default");
    let missing = Call { duration: None, ..ollama };
    assert_eq!(shown(&set.charge(&missing).unwrap()), "0 configured estimated duration_unknown");
    assert!(set.charge(&missing).unwrap().cost(&usage).line_items.is_empty());
    set.set_price(ModelPrice {
        hosting: Hosting::SelfHosted,
        compute_cost_per_hour: Some(dec("3")),
        ..ModelPrice::new("mine")
    })
    .unwrap();
    let mine = Call { model: "mine", ..call };
    assert_eq!(shown(&set.charge(&mine).unwrap()), "3 custom priced");
    let item = set.charge(&mine).unwrap().cost(&usage).line_items.remove(0);
    assert_eq!((item.unit.as_ref(), item.quantity, item.rate), ("compute", dec("3600"), Some(dec("3"))));
    assert_eq!(set.set_compute_per_hour(Some(dec("-1"))).unwrap_err().code(), "config.invalid");
    assert_eq!(set.set_input_per_1k(Some(dec("-1"))).unwrap_err().code(), "config.invalid");
    assert_eq!(set.set_price(ModelPrice::new(" ")).unwrap_err().code(), "config.invalid");
    assert_eq!(set.charge(&Call { model: " ", ..call }).unwrap_err().code(), "usage.missing_model");
}

#[test]
fn parts_are_priced_one_by_one() {
    let part =
        |model: Option<&str>, input| Part { model: model.map(str::to_owned), usage: Usage::new(input, 0) };
    let parts = [part(None, 900), part(None, 900), part(Some("claude"), 1_000)];
    let usage = Usage { web_search: 1, ..Usage::new(2_800, 0) };
    let anthropic = Catalogue::from_jsonl(
        &HOLES
            .replace(r#""model":"claude","provider":"anthropic""#, r#""model":"claude","provider":"openai""#),
    )
    .unwrap();
    let mut policy = CostPolicy::new();
    policy.set_catalogue(anthropic);
    let call = Call { provider: Some("openai"), parts: &parts, ..Call::new("plain", &usage, at(AT)) };
    let charge = policy.charge(&call).unwrap();
    // Twice 900 at 2 (no pass is above the threshold), 1,000 at 3, one search that stands at the top only.
    assert_eq!(shown(&charge), "0.0166 catalogue priced");
    let cost = charge.cost(&usage);
    assert_eq!(cost.line_items.len(), 4);
    assert_eq!(cost.line_items[2].model.as_deref(), Some("claude"));
    assert_eq!(cost.price_rows.len(), 2);
    let reported = Call { reported_cost: Some(Picodollars::new(7)), ..call };
    assert_eq!(shown(&policy.charge(&reported).unwrap()), "0.000000000007 provider provider_reported");
}

#[test]
fn the_requested_model_is_priced_where_the_body_names_none_that_is_sold() {
    let usage = Usage::new(1_000_000, 0);
    let call = Call {
        provider: Some("openai"),
        requested_model: Some("plain"),
        ..Call::new("plain-internal", &usage, at(AT))
    };
    assert_eq!(both(&call).1, "4 catalogue priced");
    let body = Call { model: "alone", ..call };
    assert!(both(&body).0.ends_with("unverified_price"), "the body's model is priced");
    let bedrock = Call {
        provider: Some("aws"),
        requested_model: Some("us.claude"),
        ..Call::new("bare", &usage, at(AT))
    };
    assert_eq!(both(&bedrock).0, "3.3 catalogue priced region_default");
    let neither = Call { requested_model: Some("nothing"), ..Call::new("nobody", &usage, at(AT)) };
    assert_eq!(both(&neither).1, "price.unknown_model");
}

#[test]
fn one_off_costs_are_unpriced_or_an_error() {
    let catalogue = Catalogue::from_jsonl(HOLES).unwrap();
    let usage = Usage::new(1_000, 100);
    for model in ["unheard-of", "batch-only"] {
        let call = Call::new(model, &usage, at(AT));
        assert!(matches!(cost(&catalogue, &call, OnUnknown::Raise), Err(Error::Price(_))), "{model}");
        let unpriced = cost(&catalogue, &call, OnUnknown::Null).unwrap();
        assert_eq!((unpriced.total, unpriced.status, unpriced.price_source), (None, Status::Unpriced, None));
        assert!(unpriced.explain().starts_with("unknown (unpriced, no price)"));
        assert_eq!(policy().charge(&call).unwrap().price_source(), PriceSource::Default, "{model}");
    }
    let call = Call::new("plain", &usage, at(AT));
    let dearer = catalogue.overlay(r#"{"kind":"price","model":"plain","provider":"openai","from":"2025-01-01T00:00:00Z","src":["s"],"usd_per_mtok":{"input":"20","output":"80"},"verified":true}"#).unwrap();
    assert_eq!(usd(reprice(&call, &dearer, at(AT)).unwrap().total), "0.028");
    let kept = policy().charge(&call).unwrap();
    assert_eq!(kept.cost(&usage).catalogue.as_deref(), Some(catalogue.id()));
}

#[test]
fn a_cost_explains_itself() {
    let usage = Usage { cache_read: 10, ..Usage::new(990, 100) };
    let charge =
        policy().charge(&Call { service_tier: Some("flex"), ..Call::new("plain", &usage, at(AT)) }).unwrap();
    let cost = charge.cost(&usage);
    let text = cost.explain();
    for part in [
        "0.0028 USD (estimated, catalogue)",
        "openai plain",
        "  990 input at 2 USD per mtok: 0.00198 USD",
        "tier_at_standard: No row for the service tier: the standard row is used.",
        "cache_read_at_input_rate: ",
        "  source https://example.com",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(text.contains(&cost.price_rows[0]));
    let json = serde_json::to_string(&cost).unwrap();
    assert!(
        json.contains(r#""total":"0.0028""#) && json.contains(r#""quantity":"990","rate":"2","per":"mtok""#),
        "{json}"
    );
    assert_eq!(serde_json::from_str::<super::Cost>(&json).unwrap(), cost);
}

#[test]
fn a_charge_is_small() {
    assert!(size_of::<Charge>() <= 200, "{}", size_of::<Charge>());
}

#[test]
fn every_assumption_has_a_sentence() {
    for assumption in Assumption::ALL {
        assert!(assumption.sentence().ends_with('.'), "{}", assumption.code());
        assert_eq!(Assumption::from_code(assumption.code()), Some(*assumption));
    }
}

proptest! {
    #[test]
    fn items_sum_to_the_total(counts in prop::collection::vec(0_u64..2_000_000, Bucket::ALL.len()), model in 0_usize..8, ms in 0_u64..10_000_000) {
        let models = ["gpt-4o", "claude-sonnet-4-5", "gemini-2.5-pro", "deepseek-chat", "unheard-of", "gpt-5.4", "sonar", "own"];
        let mut usage = Usage::default();
        for (bucket, count) in Bucket::ALL.iter().zip(counts) {
            *usage.get_mut(*bucket) = count;
        }
        let mut policy = CostPolicy::new();
        policy.set_price(ModelPrice { input: mtok("0.123456789"), ..ModelPrice::new("own") }).unwrap();
        let duration = Some(DurationNs::new(ms * 1_000_003));
        let charge = policy.charge(&Call { duration, ..Call::new(models[model], &usage, at(AT)) }).unwrap();
        let cost = charge.cost(&usage);
        let sum: Option<Picodollars> = cost.line_items.iter().filter_map(|item| item.amount).sum();
        prop_assert_eq!(sum, cost.total);
        let sides: Option<Picodollars> = [cost.input, cost.output, cost.compute, cost.other].into_iter().flatten().sum();
        prop_assert_eq!(sides, cost.total);
    }

    #[test]
    fn the_short_way_charges_what_the_long_way_does(name in any::<prop::sample::Index>(), with_provider: bool, input in 0_u64..400_000, audio in 0_u64..3, output in 0_u64..9_999, day in 0_i64..2_000, ms in prop::option::of(0_u64..10_000)) {
        let offerings: Vec<_> = Catalogue::builtin().offerings().collect();
        let offering = name.get(&offerings);
        let usage = Usage { input_audio: audio, ..Usage::new(input, output) };
        let instant = at("2022-01-01T00:00:00Z").saturating_add_ms(day * 86_400_000);
        let call = Call {
            provider: Some(offering.provider.as_str()).filter(|_| with_provider),
            duration: ms.map(DurationNs::new),
            ..Call::new(&offering.model, &usage, instant)
        };
        let (short, long) = CostPolicy::new().charge_both_ways(&call);
        if let Some(short) = short {
            let long = long.unwrap();
            prop_assert_eq!(shown(&short), shown(&long));
            prop_assert_eq!(short.cost(&usage), long.cost(&usage));
        }
    }
}
