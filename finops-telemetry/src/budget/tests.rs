#![expect(clippy::arithmetic_side_effects, reason = "small numbers of the tests")]

use super::*;
use finops_core::money::Picodollars;
use proptest::prelude::*;
use serde_json::{Value, json};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn usd(text: &str) -> Amounts {
    Amounts::usd(text.parse().unwrap())
}

fn budgets(value: Value) -> Budgets {
    Budgets::new(serde_json::from_value(value).unwrap()).unwrap()
}

/// What an operation of a vector came to, in the words of `expect`.
fn run(budgets: &Budgets, op: &Value) -> Value {
    let text = |name: &str| op[name].as_str().unwrap();
    let time = at(text("at"));
    let amounts = Amounts { usd: op["usd"].as_str().map(|text| text.parse().unwrap()), ..Amounts::default() };
    let refused = |error: BudgetError| {
        let mut value =
            json!({"allowed": false, "level": "deny", "error": error.code(), "budget": error.budget()});
        if let BudgetError::Exceeded { remaining, .. } = &error {
            value["remaining"] = json!(remaining);
        }
        value
    };
    match text("op") {
        "reserve" => {
            let tags: Vec<(&str, &str)> = op["tags"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str().unwrap()))
                .collect();
            let ttl_ms = op["ttl_s"].as_u64().map_or(TTL_DEFAULT_MS, |s| s * 1000);
            match budgets.reserve(Some(text("reservation")), &amounts, &tags, time, ttl_ms) {
                Ok(hold) => json!({"allowed": true, "level": hold.level}),
                Err(error) => refused(error),
            }
        }
        "settle" => match budgets.settle(text("reservation"), &amounts, time) {
            Ok(settlement) => serde_json::to_value(settlement).unwrap(),
            Err(error) => refused(error),
        },
        "state" => serde_json::to_value(&budgets.state(Some(text("budget")), time).unwrap()[0]).unwrap(),
        other => panic!("unknown operation {other}"),
    }
}

#[test]
fn the_vectors_pass_also_with_a_restart_after_every_operation() {
    let cases = crate::testing::vectors("budget");
    assert_eq!(cases.len(), 10);
    let kinds = "reserve_settle hierarchy soft events overrun expiry window unpriced template idempotent";
    for case in &cases {
        assert!(kinds.split(' ').any(|kind| case["kind"] == kind), "unknown kind {}", case["kind"]);
        let mut table = budgets(case["budgets"].clone());
        for op in case["ops"].as_array().unwrap() {
            let got = run(&table, op);
            for (field, value) in op["expect"].as_object().unwrap() {
                assert_eq!(got.get(field), Some(value), "{} {op} {field}", case["id"]);
            }
            let text = table.to_json().unwrap();
            table = Budgets::from_json(&text).unwrap();
            assert_eq!(table.to_json().unwrap(), text);
        }
    }
}

#[test]
fn every_unit_is_counted_exactly() {
    let units = ["usd", "tokens", "requests", "joules", "grams_co2e"];
    let table = budgets(Value::from_iter(
        units.map(|u| json!({"id": u, "limit": "100", "unit": u, "window": "every(900)"})),
    ));
    let amounts = Amounts {
        usd: Some("0.1".parse().unwrap()),
        tokens: Some(60),
        joules: Some("1.00000000000000001".parse().unwrap()),
        grams_co2e: Some("0.5".parse().unwrap()),
    };
    let time = at("2026-11-02T10:00:00Z");
    let settled = table.record_spend(&amounts, &[], time).unwrap();
    assert_eq!((settled.events.len(), settled.unit), (0, Unit::Usd));
    let spent: Vec<_> = table.state(None, time).unwrap().iter().map(|s| s.spent.to_string()).collect();
    assert_eq!(spent, ["0.1", "60", "1", "1.000000000001", "0.5"], "finer than 1e-12 is rounded up");
    let error = table.reserve(None, &amounts, &[], time, 1000).unwrap_err();
    assert_eq!((error.code(), error.budget()), ("budget.exceeded", Some("tokens")));
    let later = at("2026-11-02T10:15:00Z");
    assert!(error.to_string().ends_with("again at 2026-11-02T10:15:00.000Z"), "{error}");
    assert_eq!(table.reserve(None, &amounts, &[], later, 1000).unwrap().id, "1");
}

#[test]
fn retrying_is_offered_only_where_it_helps() {
    let time = at("2026-11-02T10:00:00Z");
    let retry = |window: &str, amount: &str| {
        let table = budgets(json!([{"id": "d", "limit": "1", "window": window}]));
        table.record_spend(&usd("0.5"), &[], time).unwrap();
        match table.reserve(None, &usd(amount), &[], time, 1000).unwrap_err() {
            BudgetError::Exceeded { retry_at, .. } => retry_at.map(|at| at.to_string()),
            other => panic!("{other}"),
        }
    };
    assert_eq!(retry("iso_week", "1").as_deref(), Some("2026-11-09T00:00:00.000Z"));
    assert_eq!(retry("month", "1.5"), None);
    assert_eq!(retry("total", "1"), None);
}

#[test]
fn an_unknown_price_is_never_zero() {
    let time = at("2026-11-02T10:00:00Z");
    let none = Amounts::default();
    let table = budgets(
        json!([{"id": "a", "limit": "1", "on_unpriced": "allow"}, {"id": "s", "limit": "1", "hard": false}]),
    );
    let state = |table: &Budgets| {
        let s = &table.state(Some("a"), time).unwrap()[0];
        (s.spent.to_string(), s.reserved.to_string(), s.unpriced)
    };
    let hold = table.reserve(None, &none, &[], time, 1000).unwrap();
    assert_eq!(state(&table), ("0".into(), "0".into(), 1));
    table.settle(&hold.id, &usd("0.25"), time).unwrap();
    assert_eq!(state(&table), ("0.25".into(), "0".into(), 0), "a price that became known is charged");
    table.record_spend(&none, &[], time).unwrap();
    assert_eq!(state(&table), ("0.25".into(), "0".into(), 1));
    let hold = table.reserve(None, &usd("0.5"), &[], time, 1000).unwrap();
    table.settle(&hold.id, &none, time).unwrap();
    assert_eq!(state(&table), ("0.75".into(), "0".into(), 1), "without a price the hold is charged");
}

#[test]
fn releasing_repeats_and_what_was_spent_is_still_charged() {
    let time = at("2026-11-02T10:00:00Z");
    let table = budgets(json!([{"id": "d", "limit": "1"}]));
    let hold = table.reserve(Some("x"), &usd("1"), &[], time, 1000).unwrap();
    assert_eq!(table.reserve(Some("x"), &usd("0"), &[], time, 1000).unwrap_err().path(), "reservation_id");
    table.release(&hold.id, time).unwrap();
    table.release(&hold.id, time).unwrap();
    assert_eq!(table.state(None, time).unwrap()[0].remaining.to_string(), "1");
    let settled = table.settle("x", &usd("0.5"), time).unwrap();
    assert_eq!((settled.late, settled.released.to_string()), (true, "0".to_owned()));
    assert_eq!(table.release("x", time).unwrap_err().code(), "budget.already_settled");
    assert_eq!(table.settle("y", &usd("0"), time).unwrap_err().code(), "budget.unknown_reservation");
    assert_eq!(table.settle("x", &usd("-1"), time).unwrap_err().code(), "budget.invalid");
    assert_eq!(table.state(None, time).unwrap()[0].spent.to_string(), "0.5");
}

#[test]
fn looking_ahead_frees_nothing() {
    let table = budgets(json!([{"id": "d", "limit": "1", "window": "total"}]));
    let now = at("2026-11-02T10:00:00Z");
    table.reserve(None, &usd("1"), &[], now, 60_000).unwrap();
    let reserved = |text: &str| table.state(Some("d"), at(text)).unwrap()[0].reserved.to_string();
    assert_eq!(
        (reserved("2026-11-02T10:01:00Z"), reserved("2026-11-02T10:00:59Z")),
        ("0".into(), "1".into())
    );
}

#[test]
fn windows_older_than_the_previous_one_are_refused_not_invented() {
    let table = budgets(json!([{"id": "d", "limit": "1", "window": "day"}]));
    for day in ["2026-11-01", "2026-11-02", "2026-11-04"] {
        table.record_spend(&usd("0.5"), &[], at(&format!("{day}T10:00:00Z"))).unwrap();
    }
    let spent = |text: &str| table.state(Some("d"), at(text)).map(|s| s[0].spent.to_string());
    assert_eq!(spent("2026-11-04T00:00:00Z").unwrap(), "0.5");
    assert_eq!(spent("2026-11-03T00:00:00Z").unwrap(), "0", "nothing happened on that day");
    assert_eq!(spent("2026-11-02T00:00:00Z").unwrap(), "0.5");
    assert_eq!(spent("2026-11-01T00:00:00Z").unwrap_err().path(), "at");
    let error = table.reserve(None, &usd("0.1"), &[], at("2026-11-01T10:00:00Z"), 1000).unwrap_err();
    assert_eq!((error.code(), error.path()), ("budget.invalid", "at"));
    assert!(table.record_spend(&usd("1"), &[], at("2026-11-01T10:00:00Z")).unwrap().late);
}

#[test]
fn counters_are_told_apart_and_bounded() {
    let day = |n: u64| at(&format!("2026-11-0{n}T10:00:00Z"));
    let table = budgets(json!([{"id": "pu", "limit": "1", "window": "day", "per": ["user", "team"]}]));
    table.record_spend(&usd("0.1"), &[("user", "a,team=b"), ("team", "c")], day(1)).unwrap();
    table.record_spend(&usd("0.2"), &[("user", "a"), ("team", "b,team=c")], day(1)).unwrap();
    let names: Vec<_> = table.state(Some("pu"), day(1)).unwrap().into_iter().map(|s| s.budget).collect();
    assert_eq!(names, [r"pu{user=a,team=b\,team=c}", r"pu{user=a\,team=b,team=c}"]);
    assert_eq!(table.state(Some(&names[0]), day(1)).unwrap()[0].spent.to_string(), "0.2");
    assert_eq!(table.state(Some("pu{user=new,team=x}"), day(1)).unwrap()[0].spent, Quantity::ZERO);
    assert_eq!(table.state(Some("p"), day(1)).unwrap_err().code(), "budget.invalid");
    assert_eq!(table.tags(), ["team", "user"]);

    let table = budgets(json!([{"id": "pu", "limit": "1", "window": "day", "per": ["user"]}]));
    table.table().instances_max = 3;
    for user in ["a", "b", "c"] {
        table.record_spend(&usd("0.1"), &[("user", user)], day(1)).unwrap();
    }
    let error = table.reserve(None, &usd("0.1"), &[("user", "d")], day(1), 1000).unwrap_err();
    assert_eq!((error.code(), error.budget()), ("budget.too_many_instances", Some("pu")));
    assert_eq!(table.record_spend(&usd("0.1"), &[("user", "d")], day(1)).unwrap_err().code(), error.code());
    table.reserve(None, &usd("0.1"), &[("user", "d")], day(2), 1000).unwrap();
    assert_eq!(table.sizes(), (1, 1, 0), "idle counters made room");
}

#[test]
fn a_hold_that_is_freed_untouched_makes_room() {
    let table = budgets(json!([{"id": "pu", "limit": "1", "window": "total", "per": ["user"]}]));
    table.table().instances_max = 1;
    let time = at("2026-11-02T10:00:00Z");
    let hold = table.reserve(None, &usd("0.1"), &[("user", "a")], time, 1000).unwrap();
    assert!(table.reserve(None, &usd("0.1"), &[("user", "b")], time, 1000).is_err());
    table.release(&hold.id, time).unwrap();
    table.reserve(None, &usd("0.1"), &[("user", "b")], time, 1000).unwrap();
}

#[test]
fn closed_reservations_are_remembered_up_to_a_bound() {
    let table = budgets(json!([{"id": "d", "limit": "1", "unit": "requests", "hard": false}]));
    table.table().closed_max = 2;
    let time = at("2026-11-02T10:00:00Z");
    for id in ["a", "b", "c"] {
        table.reserve(Some(id), &usd("0"), &[], time, 1000).unwrap();
        table.settle(id, &usd("0"), time).unwrap();
    }
    assert_eq!(table.settle("a", &usd("0"), time).unwrap_err().code(), "budget.unknown_reservation");
    assert_eq!(table.settle("c", &usd("0"), time).unwrap().unit, Unit::Usd);
    assert_eq!(table.sizes(), (1, 0, 2));
}

#[test]
fn what_cannot_be_a_budget_is_refused_with_its_path() {
    for (value, path) in [
        (json!({"id": " ", "limit": "1"}), "budgets[0].id"),
        (json!({"id": "a{", "limit": "1"}), "budgets[0].id"),
        (json!({"id": "a", "limit": "-1"}), "budgets[0].limit"),
        (json!({"id": "a", "limit": "0.0000000000001"}), "budgets[0].limit"),
        (json!({"id": "a", "limit": "1", "warn_at": ["0"]}), "budgets[0].warn_at"),
        (json!({"id": "a", "limit": "1", "window": "every(0)"}), "budgets[0].window"),
        (json!({"id": "a", "limit": "1", "per": ["u", "u"]}), "budgets[0].per"),
    ] {
        let budget: Budget = serde_json::from_value(value.clone()).unwrap();
        let error = Budgets::new(vec![budget]).unwrap_err();
        assert_eq!((error.code(), error.path()), ("budget.invalid", path), "{value}");
    }
    let twice = vec![Budget::new("a", "1").unwrap(), Budget::new("a", "2").unwrap()];
    assert_eq!(Budgets::new(twice).unwrap_err().path(), "budgets[1].id");
    assert!(serde_json::from_value::<Budget>(json!({"id": "a", "limit": 0.1})).is_err(), "no floats");
    assert!(Budget::window_from_name("weekly").is_err());
}

#[test]
fn a_limit_of_nothing_denies_the_first_step() {
    let time = at("2026-11-02T10:00:00Z");
    let table = budgets(json!([{"id": "z", "limit": "0"}]));
    assert_eq!(
        table.reserve(None, &usd("0.000000000001"), &[], time, 1).unwrap_err().code(),
        "budget.exceeded"
    );
    table.reserve(None, &usd("0"), &[], time, 1).unwrap();
    let events = table.record_spend(&usd("1"), &[], time).unwrap().events;
    assert_eq!(events, ["z:0.8", "z:1"]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test of threads needs threads")]
fn threads_never_overshoot_a_hard_limit() {
    let table = std::sync::Arc::new(budgets(json!([{"id": "d", "limit": "100", "window": "total"}])));
    let time = at("2026-11-02T10:00:00Z");
    let threads: Vec<_> = (0..64)
        .map(|_| {
            let table = std::sync::Arc::clone(&table);
            std::thread::spawn(move || {
                for n in 0..60 {
                    if let Ok(hold) = table.reserve(None, &usd("0.1"), &[], time, 1000) {
                        let state = &table.state(Some("d"), time).unwrap()[0];
                        assert!(state.remaining >= Quantity::ZERO);
                        if n % 3 == 0 {
                            table.release(&hold.id, time).unwrap();
                        } else {
                            table.settle(&hold.id, &usd("0.07"), time).unwrap();
                        }
                    }
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let state = &table.state(Some("d"), time).unwrap()[0];
    assert!(state.remaining >= Quantity::ZERO && state.reserved == Quantity::ZERO);
    assert!(state.spent > "99".parse().unwrap(), "64 threads use the limit up: {}", state.spent);
}

#[derive(Debug, Clone)]
enum Op {
    Reserve { amount: u32, user: u8, ttl: u64 },
    Settle { which: usize, percent: u32 },
    Release { which: usize },
    Wait { ms: i64 },
    Restart,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0_u32..600, 0_u8..3, 1_u64..200_000).prop_map(|(amount, user, ttl)| Op::Reserve { amount, user, ttl }),
        3 => (any::<prop::sample::Index>(), 0_u32..=100).prop_map(|(i, percent)| Op::Settle { which: i.index(1 << 20), percent }),
        1 => any::<prop::sample::Index>().prop_map(|i| Op::Release { which: i.index(1 << 20) }),
        1 => (0_i64..60_000).prop_map(|ms| Op::Wait { ms }),
        1 => Just(Op::Restart),
    ]
}

proptest! {
    #[test]
    fn upper_bounds_settled_in_time_never_pass_a_hard_limit(ops in prop::collection::vec(op(), 1..80)) {
        let mut table = budgets(json!([
            {"id": "all", "limit": "0.000000001", "window": "hour"},
            {"id": "user", "limit": "0.0000000007", "window": "every(60)", "per": ["user"]},
        ]));
        let mut now = at("2026-11-02T10:58:00Z");
        let mut open: Vec<(String, u32, Timestamp)> = Vec::new();
        for op in ops {
            match op {
                Op::Reserve { amount, user, ttl } => {
                    let amounts = Amounts::usd(Picodollars::new(i128::from(amount)));
                    if let Ok(hold) = table.reserve(None, &amounts, &[("user", &user.to_string())], now, ttl) {
                        open.push((hold.id, amount, hold.expires));
                    }
                }
                Op::Settle { which, percent } if !open.is_empty() => {
                    let (id, amount, _) = open.swap_remove(which % open.len());
                    let spent = Picodollars::new(i128::from(amount * percent / 100));
                    table.settle(&id, &Amounts::usd(spent), now).unwrap();
                }
                Op::Release { which } if !open.is_empty() => {
                    let (id, ..) = open.swap_remove(which % open.len());
                    table.release(&id, now).unwrap();
                }
                Op::Wait { ms } => now = now.saturating_add_ms(ms),
                Op::Restart => {
                    let text = table.to_json().unwrap();
                    table = Budgets::from_json(&text).unwrap();
                }
                _ => {}
            }
            // A hold that ran out is no upper bound any more.
            open.retain(|(.., expires)| *expires > now);
            for state in table.state(None, now).unwrap() {
                prop_assert!(state.remaining >= Quantity::ZERO && state.reserved >= Quantity::ZERO, "{:?}", state);
                prop_assert_eq!(state.remaining.steps(), state.limit.steps() - state.spent.steps() - state.reserved.steps());
            }
        }
        for (id, ..) in open {
            table.release(&id, now).unwrap();
        }
        for state in table.state(None, now).unwrap() {
            prop_assert_eq!(state.reserved, Quantity::ZERO, "every hold is freed in the end");
        }
    }
}
