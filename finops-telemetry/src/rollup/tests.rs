use super::*;
use finops_core::{
    money::{Picodollars, Rate, decimal},
    time::DurationNs,
    usage::Usage,
};
use proptest::prelude::*;
use serde_json::Value;

/// USD per million tokens of input and output that the vectors imply.
const PRICES: [(&str, &str, &str); 3] =
    [("gpt-4o-mini", "0.15", "0.6"), ("gpt-4.1-nano", "0.1", "0.4"), ("gpt-4o", "2.5", "10")];

fn costs(model: &str, usage: &Usage) -> Costs {
    let (_, input, output) = PRICES.iter().find(|(name, ..)| *name == model).unwrap();
    let amount = |rate: &str, tokens| {
        let rate = Rate::from_usd_per_mtok(decimal::parse(rate).unwrap()).unwrap();
        rate.times(tokens).unwrap()
    };
    let (input, output) = (amount(input, usage.input), amount(output, usage.output));
    Costs { total: input.checked_add(output).unwrap(), input, output, ..Costs::default() }
}

fn tags_of<'a>(call: &'a Value, config: &RollupConfig) -> Vec<Option<&'a str>> {
    config.tags.iter().map(|tag| call["metadata"].get(tag).and_then(Value::as_str)).collect()
}

#[test]
fn the_vectors_pass() {
    let cases = crate::testing::vectors("rollup");
    assert_eq!(cases.len(), 4);
    for case in &cases {
        let kind = case["kind"].as_str().unwrap();
        assert!(matches!(kind, "exact" | "accumulate" | "overflow" | "missing"), "unknown kind {kind}");
        let mut config = RollupConfig::default();
        if let Some(given) = case.get("config") {
            config.max_groups = usize::try_from(given["max_groups"].as_u64().unwrap()).unwrap();
            config.tags =
                given["tags"].as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned()).collect();
        }
        let mut rollup = Rollup::new(config.clone()).unwrap();
        for _ in 0..case["repeat"].as_u64().unwrap_or(1) {
            for call in case["calls"].as_array().unwrap() {
                let count = |name: &str| call[name].as_u64().unwrap();
                let usage = Usage::new(count("input_tokens"), count("output_tokens"));
                let model = call["model"].as_str().unwrap();
                let tags = tags_of(call, &config);
                let key = RollupKey {
                    provider: Some("openai"),
                    model,
                    resolved: true,
                    status: "priced",
                    tags: &tags,
                };
                let duration = DurationNs::from_ms_f64(call["duration_ms"].as_f64().unwrap());
                let measures =
                    Measures { cost: Some(costs(model, &usage)), duration, ..Measures::new(&usage) };
                rollup.record(&key, &measures).unwrap();
            }
        }
        let by: Vec<&str> =
            case["group_by"].as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect();
        let rows = serde_json::to_value(rollup.summary(&by, &[]).unwrap()).unwrap();
        let expected = case["expected"].as_array().unwrap();
        assert_eq!(rows.as_array().unwrap().len(), expected.len(), "{}", case["id"]);
        for (row, expected) in rows.as_array().unwrap().iter().zip(expected) {
            for (field, value) in expected.as_object().unwrap() {
                assert_eq!(row.get(field), Some(value), "{} {field}", case["id"]);
            }
        }
    }
}

fn rollup(tags: usize, max_groups: usize, max_unknown_models: usize) -> Rollup {
    let tags = ["team", "user", "key"].iter().take(tags).map(|t| (*t).to_owned()).collect();
    Rollup::new(RollupConfig { tags, max_groups, max_unknown_models }).unwrap()
}

/// A request with made-up measures, `n` of them.
#[derive(Debug, Clone)]
struct Call {
    model: u8,
    resolved: bool,
    team: Option<u8>,
    user: u8,
    n: u32,
}

impl Call {
    fn record(&self, rollup: &mut Rollup) {
        let (model, team, user) =
            (format!("m{}", self.model), self.team.map(|t| format!("t{t}")), format!("u{}", self.user));
        let n = u64::from(self.n);
        let mut usage = Usage::new(n, n % 3);
        usage.cache_read = n % 2;
        let key = RollupKey {
            provider: self.resolved.then_some("p"),
            model: &model,
            resolved: self.resolved,
            status: if self.resolved { "priced" } else { "estimated" },
            tags: &[team.as_deref(), Some(&user)],
        };
        let measures = Measures {
            error: n % 7 == 0,
            usage: &usage,
            cost: (n % 5 != 0).then(|| Costs { total: Picodollars::new(i128::from(n)), ..Costs::default() }),
            energy_joules: Some(f64::from(self.n) * 0.1),
            carbon_kg: (n % 4 != 0).then_some(f64::from(self.n) * 1e-7),
            duration: Some(DurationNs::new(n * 1_234_567)),
        };
        rollup.record(&key, &measures).unwrap();
    }
}

fn call() -> impl Strategy<Value = Call> {
    (0_u8..6, any::<bool>(), prop::option::of(0_u8..3), 0_u8..6, 0_u32..2000)
        .prop_map(|(model, resolved, team, user, n)| Call { model, resolved, team, user, n })
}

fn filled(calls: &[Call], max_groups: usize, max_unknown_models: usize) -> Rollup {
    let mut rollup = rollup(2, max_groups, max_unknown_models);
    calls.iter().for_each(|call| call.record(&mut rollup));
    rollup
}

fn merged(a: &Rollup, b: &Rollup) -> Rollup {
    let mut sum = a.clone();
    sum.merge(b).unwrap();
    sum
}

#[test]
fn folding_keeps_coarser_totals_and_every_bound() {
    let mut table = rollup(2, 50, 20);
    let usage = Usage::new(1, 0);
    for n in 0..100_000_u32 {
        let (model, user, team) = (format!("m{n}"), format!("u{n}"), format!("t{}", n % 3));
        let key = RollupKey {
            provider: None,
            model: &model,
            resolved: false,
            status: "estimated",
            tags: &[Some(&team), Some(&user)],
        };
        table.record(&key, &Measures::new(&usage)).unwrap();
    }
    assert!(table.len() <= table.capacity(), "{} groups", table.len());
    assert_eq!(table.capacity(), 50 + 16 * 5 - 16 + 1);
    assert_eq!((table.unknown_models(), table.requests()), (20, 100_000));
    assert_eq!(table.folded_requests(), 100_000 - 20);
    let teams = table.summary(&["team"], &[]).unwrap();
    let counts: Vec<_> = teams.iter().map(|row| (row.get("team").unwrap().unwrap(), row.requests)).collect();
    assert_eq!(counts, [("t0", 33_334), ("t1", 33_333), ("t2", 33_333)]);
}

#[test]
fn every_field_may_be_hostile_and_the_table_stays_bounded() {
    let mut table = rollup(3, 10, 1000);
    let usage = Usage::new(1, 0);
    for n in 0..5_000_u32 {
        let text = format!("x{n}");
        let tags = [Some(text.as_str()); 3];
        let key =
            RollupKey { provider: Some(&text), model: &text, resolved: true, status: &text, tags: &tags };
        table.record(&key, &Measures::new(&usage)).unwrap();
    }
    assert_eq!((table.len(), table.capacity()), (10 + 16 * 5 + 1, 10 + 16 * 5 + 1));
    assert_eq!(table.requests(), 5_000);
}

#[test]
fn an_unknown_amount_is_null_and_counted() {
    let mut table = rollup(0, 10, 10);
    let usage = Usage::new(3, 4);
    let key = RollupKey { provider: None, model: "x", resolved: false, status: "unpriced", tags: &[] };
    table.record(&key, &Measures::new(&usage)).unwrap();
    let row = serde_json::to_value(&table.summary(&["model"], &[]).unwrap()[0]).unwrap();
    for name in
        ["cost_usd", "input_cost_usd", "energy_joules", "carbon_kg", "duration_ms_p50", "cost_usd_p99"]
    {
        assert_eq!(row[name], Value::Null, "{name}");
    }
    assert_eq!((&row["unpriced"], &row["total_tokens"]), (&Value::from(1), &Value::from(7)));
}

#[test]
fn a_refused_record_changes_nothing() {
    let mut table = rollup(0, 10, 10);
    let usage = Usage::new(1, 1);
    let key = RollupKey { provider: None, model: "x", resolved: false, status: "priced", tags: &[] };
    let nan = Measures { energy_joules: Some(f64::NAN), ..Measures::new(&usage) };
    assert_eq!(table.record(&key, &nan).unwrap_err().code(), "carbon.bad_number");
    assert!(table.summary(&[], &[]).unwrap().is_empty());
    let most = Costs { total: Picodollars::new(i128::MAX), ..Costs::default() };
    let measures = Measures { cost: Some(most), energy_joules: Some(1.0), ..Measures::new(&usage) };
    table.record(&key, &measures).unwrap();
    let before = table.clone();
    assert_eq!(table.record(&key, &measures).unwrap_err().code(), "money.overflow");
    assert_eq!(table, before);
}

#[test]
fn rows_are_filtered_and_sorted_and_unknown_fields_refused() {
    let calls: Vec<Call> = (0..12)
        .map(|n| Call { model: n % 2, resolved: true, team: (n % 3 > 0).then_some(n % 3), user: 0, n: 10 })
        .collect();
    let table = filled(&calls, 100, 100);
    let rows = table.summary(&["team", "model"], &[("model", Some("m1"))]).unwrap();
    let keys: Vec<_> = rows.iter().map(|row| row.get("team").unwrap()).collect();
    assert_eq!(keys, [None, Some("t1"), Some("t2")]);
    assert_eq!(table.summary(&[], &[("team", None)]).unwrap()[0].requests, 4);
    assert_eq!(table.summary(&["teams"], &[]).unwrap_err().path(), "group_by");
    assert_eq!(table.summary(&[], &[("x", None)]).unwrap_err().path(), "where");
    for tags in [vec!["a", "a"], vec![" "], vec!["model"], vec!["requests"]] {
        let tags = tags.into_iter().map(str::to_owned).collect();
        let config = RollupConfig { tags, ..RollupConfig::default() };
        assert_eq!(Rollup::new(config).unwrap_err().code(), "config.invalid");
    }
}

#[test]
fn quantiles_and_sums_read_in_their_units() {
    let mut table = rollup(0, 10, 10);
    let usage = Usage::new(1, 0);
    let key = RollupKey { provider: Some("p"), model: "m", resolved: true, status: "priced", tags: &[] };
    for ms in 1..=1000 {
        let measures = Measures {
            duration: Some(DurationNs::new(ms * 1_000_000)),
            carbon_kg: Some(6e-6),
            energy_joules: Some(1.8),
            cost: Some(Costs { total: Picodollars::new(64_000_000), ..Costs::default() }),
            ..Measures::new(&usage)
        };
        table.record(&key, &measures).unwrap();
    }
    let rows = table.summary(&[], &[]).unwrap();
    let row = serde_json::to_value(&rows[0]).unwrap();
    assert_eq!(row["duration_ms_p50"], Value::from(501.76));
    assert_eq!(row["cost_usd_p99"], Value::from("0.00006422528"), "within 1/128");
    assert_eq!(row["carbon_kg"], Value::from(0.006), "milligrams keep every digit");
    assert_eq!(row["energy_joules"], Value::from(1800.0));
}

#[test]
fn every_bucket_is_counted_under_its_own_name() {
    let mut usage = Usage::default();
    for (bucket, n) in finops_core::usage::Bucket::ALL.iter().zip(1..) {
        *usage.get_mut(*bucket) = n;
    }
    let mut table = rollup(0, 1, 1);
    let key = RollupKey { provider: None, model: "m", resolved: true, status: "priced", tags: &[] };
    table.record(&key, &Measures::new(&usage)).unwrap();
    let row = &table.summary(&[], &[]).unwrap()[0];
    assert_eq!(row.usage.len(), finops_core::usage::Bucket::ALL.len());
    for (bucket, n) in &row.usage {
        assert_eq!(*n, u128::from(usage.get(*bucket)), "{}", bucket.name());
    }
    assert_eq!(row.total_tokens, u128::from(usage.total_tokens()));
}

#[test]
fn a_damaged_snapshot_is_refused() {
    let calls = [Call { model: 1, resolved: true, team: None, user: 1, n: 3 }];
    let text = filled(&calls, 9, 9).snapshot().unwrap();
    for (from, to) in [
        ("finops.rollup/1", "finops.rollup/2"),
        ("\"requests\":1", "\"requests\":0"),
        ("\"input\"", "\"inputs\""),
        ("\"tags\":[null,", "\"tags\":["),
        ("\"energy\":\"", "\"energy\":\"x"),
        ("\"histogram\":[[", "\"histogram\":[[7"),
    ] {
        let damaged = text.replacen(from, to, 1);
        assert_ne!(damaged, text, "{from}");
        assert_eq!(Rollup::restore(&damaged).unwrap_err().code(), "config.invalid", "{from}");
    }
    let other = rollup(1, 9, 9);
    assert_eq!(other.clone().merge(&filled(&calls, 9, 9)).unwrap_err().path(), "tags");
    assert_eq!(rollup(2, 9, 9).diff(&filled(&calls, 9, 9)).unwrap_err().path(), "previous");
}

proptest! {
    #[test]
    fn order_changes_nothing(calls in prop::collection::vec(call(), 0..40)) {
        let forwards = filled(&calls, 1000, 1000);
        let mut backwards = calls;
        backwards.reverse();
        let backwards = filled(&backwards, 1000, 1000);
        prop_assert_eq!(&forwards, &backwards);
        prop_assert_eq!(forwards.snapshot().unwrap(), backwards.snapshot().unwrap());
        prop_assert_eq!(&Rollup::restore(&forwards.snapshot().unwrap()).unwrap(), &forwards);
    }

    #[test]
    fn coarse_totals_do_not_depend_on_order_or_bounds(calls in prop::collection::vec(call(), 0..80)) {
        let (exact, tight) = (filled(&calls, 1000, 1000), filled(&calls, 3, 2));
        let mut backwards = calls;
        backwards.reverse();
        let backwards = filled(&backwards, 3, 2);
        for by in [&[][..], &["status"]] {
            prop_assert_eq!(exact.summary(by, &[]).unwrap(), tight.summary(by, &[]).unwrap());
            prop_assert_eq!(exact.summary(by, &[]).unwrap(), backwards.summary(by, &[]).unwrap());
        }
        prop_assert!(tight.unknown_models() <= 2 && tight.len() <= tight.capacity());
    }

    #[test]
    fn merging_is_associative_and_commutative_also_past_the_bounds(
        calls in prop::collection::vec(call(), 0..80), a in 0_usize..80, b in 0_usize..80, max in 1_usize..30
    ) {
        let (a, b) = (a.min(calls.len()), b.min(calls.len()));
        let (left, middle, right) = (&calls[..a.min(b)], &calls[a.min(b)..a.max(b)], &calls[a.max(b)..]);
        let (left, middle, right) = (filled(left, max, 3), filled(middle, max, 3), filled(right, max, 3));
        let one = merged(&merged(&left, &middle), &right);
        prop_assert_eq!(&one, &merged(&left, &merged(&middle, &right)));
        prop_assert_eq!(&one, &merged(&merged(&right, &left), &middle));
        prop_assert!(one.len() <= one.capacity());
        let exact = filled(&calls, 1000, 1000);
        prop_assert_eq!(one.summary(&[], &[]).unwrap(), exact.summary(&[], &[]).unwrap());
        prop_assert_eq!(&Rollup::restore(&one.snapshot().unwrap()).unwrap(), &one);
    }

    #[test]
    fn a_difference_is_what_came_since(calls in prop::collection::vec(call(), 0..60), cut in 0_usize..60, max in 1_usize..20) {
        let (early, late) = calls.split_at(cut.min(calls.len()));
        let mut table = filled(early, max, 3);
        let before = table.clone();
        late.iter().for_each(|call| call.record(&mut table));
        let interval = table.diff(&before).unwrap();
        prop_assert_eq!(interval.requests(), u64::try_from(late.len()).unwrap());
        prop_assert_eq!(merged(&before, &interval), table);
    }
}
