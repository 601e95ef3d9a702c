//! What the fold refuses, and laws that hold for any history.
#![expect(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use super::*;
use crate::{
    number::apportion,
    overlap::Net,
    verification::{Verdict, Verification},
};
use proptest::prelude::*;
use serde_json::json;

const BY: By<'static> = By { actor: "user:u_1", at: "2026-01-05T12:00:00.000000Z" };

struct Story {
    ledger: SavingsLedger,
    entries: Vec<Entry>,
}

impl Story {
    fn new() -> Self {
        Self { ledger: SavingsLedger::new(None), entries: Vec::new() }
    }

    fn add(&mut self, draft: Result<Draft, LedgerError>) -> Result<(), LedgerError> {
        let seq = u64::try_from(self.entries.len()).unwrap();
        let entry = Entry::new(seq, &format!("e{seq}"), &BY, draft?);
        self.ledger.apply(&entry)?;
        self.entries.push(entry);
        Ok(())
    }

    fn detect(&mut self, id: &str, change: Value) -> Result<(), LedgerError> {
        let mut item = json!({"id": id, "type": "idle_nodes", "resource": id, "estimated_monthly_savings": "10",
            "confidence": "0.9", "risk_score": "0.1"});
        for (key, value) in change.as_object().unwrap() {
            item[key] = value.clone();
        }
        self.add(self.ledger.add_opportunity(&item, &BY))
    }

    fn implement(&mut self, id: &str) {
        self.add(self.ledger.approve(id, Map::new(), &BY)).unwrap();
        self.add(self.ledger.implement(id, Map::new(), &BY)).unwrap();
    }

    fn verify(&mut self, id: &str, row: &Verification, verdict: Verdict) -> Result<(), LedgerError> {
        self.add(self.ledger.verify(id, row, verdict, &BY))
    }
}

use serde_json::Map;

fn row(change: Value) -> Verification {
    let mut row = json!({"resource": "r", "method": "B", "effect": "eliminate", "period_start": "2026-01-06",
        "period_end": "2026-02-05", "currency": "USD", "price_basis": "effective", "adjusted_baseline": "100",
        "actual": "40", "non_routine": "0", "total": "60", "claimed": "60", "cash_reduction": "60", "avoided_growth": "0"});
    for (key, value) in change.as_object().unwrap() {
        row[key] = value.clone();
    }
    Verification::from_json(&row, "").unwrap()
}

fn claims(amount: &str) -> Verification {
    row(json!({"claimed": amount, "cash_reduction": amount}))
}

#[test]
fn rows_are_refused_in_the_order_of_the_specification() {
    let mut story = Story::new();
    for id in ["a", "b"] {
        story.detect(id, json!({})).unwrap();
        story.implement(id);
    }
    story.verify("a", &claims("40"), Verdict::Verified).unwrap();
    let mut code =
        |id: &str, change: Value| story.verify(id, &row(change), Verdict::Verified).unwrap_err().code();
    assert_eq!(code("b", json!({"total": "61", "currency": "EUR"})), "ledger.savings.identity");
    assert_eq!(code("b", json!({"usage_effect": "60"})), "ledger.savings.identity");
    assert_eq!(code("b", json!({"effect": "rate"})), "ledger.savings.identity");
    assert_eq!(code("b", json!({"cash_reduction": "59"})), "ledger.savings.identity");
    assert_eq!(
        code("b", json!({"currency": "EUR", "period_end": "2026-02-06"})),
        "ledger.savings.mixed_currency"
    );
    assert_eq!(code("a", json!({"period_end": "2026-02-06"})), "ledger.savings.period_overlap");
    assert_eq!(code("a", json!({"actual": "30", "total": "70"})), "ledger.savings.double_count");
    assert_eq!(code("b", json!({"actual": "30", "total": "70"})), "ledger.savings.facts_differ");
    assert_eq!(code("b", json!({})), "ledger.savings.double_count");
    let negative = json!({"claimed": "-1", "cash_reduction": "-1"});
    assert_eq!(code("b", negative), "ledger.savings.double_count");
    story.verify("b", &claims("20"), Verdict::Verified).unwrap();
    assert_eq!(story.ledger.total_realized(None).unwrap().to_string(), "60");
}

#[test]
fn shared_facts_are_corrected_one_row_after_another() {
    let mut story = Story::new();
    for id in ["a", "b"] {
        story.detect(id, json!({})).unwrap();
        story.implement(id);
    }
    story.verify("a", &claims("40"), Verdict::Verified).unwrap();
    story.verify("b", &claims("20"), Verdict::Verified).unwrap();
    let of = |ledger: &SavingsLedger, id: &str| {
        ledger.rows().iter().find(|row| row.opportunity == id).map(|row| row.event_id.clone()).unwrap()
    };
    let (a, b) = (of(&story.ledger, "a"), of(&story.ledger, "b"));
    let new = |claimed: &str| {
        row(json!({"actual": "70", "total": "30", "claimed": claimed, "cash_reduction": claimed}))
    };
    let early = story.ledger.correct(&a, "late bill", &new("20"), &BY).unwrap_err();
    assert_eq!(early.code(), "ledger.savings.facts_differ");
    story.add(story.ledger.correct(&a, "late bill", &new("0"), &BY)).unwrap();
    story.add(story.ledger.correct(&b, "late bill", &new("10"), &BY)).unwrap();
    story.add(story.ledger.correct(&a, "late bill", &new("20"), &BY)).unwrap();
    assert_eq!(story.ledger.total_realized(None).unwrap().to_string(), "30");
    let booked: Exact = story.ledger.bookings().iter().map(|booking| &booking.claimed).sum();
    assert_eq!(booked.to_string(), "30");
}

#[test]
fn a_refused_event_changes_nothing() {
    let mut story = Story::new();
    story.detect("a", json!({})).unwrap();
    let before = format!("{:?}", story.ledger);
    for (kind, data, code) in [
        ("opportunity.started", json!({"opportunity": "a"}), "ledger.opportunity.transition"),
        ("opportunity.rejected", json!({"opportunity": "a"}), "ledger.event.data"),
        ("opportunity.approved", json!({}), "ledger.event.data"),
        ("opportunity.approved", json!([]), "ledger.event.data"),
        ("opportunity.invented", json!({}), "ledger.replay.unknown_kind"),
        ("fx.recorded", json!({"from": "EUR", "to": "USD", "rate": "0"}), "ledger.event.data"),
        ("baseline.frozen", json!({"baseline": {}}), "ledger.baseline.field"),
    ] {
        let draft = Draft { kind: kind.to_owned(), data };
        let error = story.ledger.apply(&Entry::new(9, "x", &BY, draft)).unwrap_err();
        assert_eq!(error.code(), code, "{kind}");
        assert!(error.path().starts_with('/'), "{kind}");
    }
    assert_eq!(format!("{:?}", story.ledger), before);
    let free = Draft { kind: "acme.note".to_owned(), data: json!({}) };
    assert_eq!(story.ledger.apply(&Entry::new(9, "x", &BY, free)), Ok(()));
}

#[test]
fn a_finding_is_refreshed_once_a_day_and_reborn_after_it_is_closed() {
    let mut story = Story::new();
    let finding = |estimate: &str| {
        json!({"type": "idle_nodes", "resource": "i-1", "estimated_monthly_savings": estimate, "confidence": "1",
            "risk_score": "0"})
    };
    story.add(story.ledger.observe(&finding("10"), &BY).map(Option::unwrap)).unwrap();
    assert_eq!(story.ledger.observe(&finding("11"), &BY), Ok(None));
    let tomorrow = By { at: "2026-01-06T00:00:00.000000Z", ..BY };
    let draft = story.ledger.observe(&finding("11"), &tomorrow).unwrap().unwrap();
    assert_eq!(draft.kind, "opportunity.refreshed");
    story.ledger.apply(&Entry::new(1, "r", &tomorrow, draft)).unwrap();
    let id = story.ledger.opportunities().next().unwrap().id.clone();
    assert_eq!(story.ledger.total_estimated(false, None).unwrap().to_string(), "11");
    let reject = story.ledger.reject(&id, "no", &BY).unwrap();
    story.ledger.apply(&Entry::new(2, "x", &BY, reject)).unwrap();
    let again = story.ledger.observe(&finding("12"), &tomorrow).unwrap().unwrap();
    story.ledger.apply(&Entry::new(3, "y", &tomorrow, again)).unwrap();
    let second = story.ledger.opportunities().find(|o| o.id != id).unwrap();
    assert_eq!((second.generation, second.status), (2, Status::Detected));
}

#[test]
fn a_finding_without_confidence_and_risk_is_refreshed_too() {
    let mut story = Story::new();
    let finding = |estimate: &str| json!({"type": "idle_nodes", "resource": "i-1", "estimated_monthly_savings": estimate});
    story.add(story.ledger.observe(&finding("10"), &BY).map(Option::unwrap)).unwrap();
    let tomorrow = By { at: "2026-01-06T00:00:00.000000Z", ..BY };
    let draft = story.ledger.observe(&finding("11"), &tomorrow).unwrap().unwrap();
    assert_eq!(draft.data["confidence"], Value::Null);
    story.ledger.apply(&Entry::new(1, "r", &tomorrow, draft)).unwrap();
    let item = story.ledger.opportunities().next().unwrap();
    assert_eq!((&item.confidence, &item.risk_score), (&None, &None));
    assert_eq!(item.estimated_monthly_savings.to_string(), "11");
}

#[test]
fn currencies_meet_only_by_a_dated_rate() {
    let mut story = Story::new();
    story.detect("a", json!({})).unwrap();
    story.detect("b", json!({"currency": "EUR"})).unwrap();
    let mixed = story.ledger.total_estimated(false, None).unwrap_err();
    assert_eq!(mixed.code(), "ledger.savings.mixed_currency");
    let rate = json!({"from": "EUR", "to": "USD", "rate": "1.1", "date": "2026-01-02", "source": "ECB"});
    story.add(story.ledger.draft("fx.recorded", rate, &BY)).unwrap();
    let sum = |to| story.ledger.total_estimated(true, Some(Conversion { table: story.ledger.fx(), to }));
    assert_eq!(sum("USD").unwrap().to_string(), "21");
    assert_eq!(sum("EUR").unwrap_err().code(), "ledger.savings.mixed_currency");
}

#[test]
fn a_chain_of_pools_is_refused_when_it_would_form() {
    let mut story = Story::new();
    story.detect("pool-a", json!({"books_on": "pool-b"})).unwrap();
    let error = story.detect("pod", json!({"books_on": "pool-a"})).unwrap_err();
    assert_eq!(error.code(), "ledger.overlap.chain");
    story.detect("pod", json!({"books_on": "pool-c"})).unwrap();
    assert_eq!(story.detect("pool-c", json!({"books_on": "x"})).unwrap_err().code(), "ledger.overlap.chain");
    assert!(story.detect("pool-c", json!({})).is_ok());
}

#[test]
fn an_import_is_no_way_round_a_second_person() {
    let mut ledger = SavingsLedger::new(Exact::parse("5"));
    let item =
        json!({"id": "a", "type": "idle_nodes", "status": "approved", "estimated_monthly_savings": "5"});
    let draft = ledger.add_opportunity(&item, &BY).unwrap();
    ledger.apply(&Entry::new(0, "e", &BY, draft)).unwrap();
    assert_eq!(ledger.implement("a", Map::new(), &BY).unwrap_err().code(), "ledger.opportunity.four_eyes");
    assert!(ledger.implement("a", Map::new(), &By { actor: "bot:ci", ..BY }).is_ok());
}

#[test]
fn verification_is_due_each_month_until_a_year_has_passed() {
    let mut story = Story::new();
    story.detect("a", json!({"expires_at": "2026-01-31T00:00:00.000000Z"})).unwrap();
    let due = |story: &Story, day: &str| {
        let now = format!("{day}T00:00:00Z").parse().unwrap();
        story.ledger.due(now).iter().map(|(id, due)| ((*id).to_owned(), *due)).collect::<Vec<_>>()
    };
    let of = |due| vec![("a".to_owned(), due)];
    assert_eq!(due(&story, "2026-01-30"), []);
    assert_eq!(due(&story, "2026-01-31"), of(Due::Expire));
    story.implement("a");
    assert_eq!(due(&story, "2026-02-06"), []);
    assert_eq!(due(&story, "2026-02-07"), of(Due::Verify));
    story.verify("a", &claims("60"), Verdict::Verified).unwrap();
    assert_eq!(due(&story, "2026-03-06"), []);
    assert_eq!(due(&story, "2026-03-07"), of(Due::Verify));
    assert_eq!(due(&story, "2027-01-05"), of(Due::Close));
    story.add(story.ledger.close("a", &BY)).unwrap();
    assert_eq!(due(&story, "2027-01-05"), []);
}

#[test]
fn a_drifted_saving_is_seen_after_two_poor_months() {
    let mut story = Story::new();
    story.detect("a", json!({})).unwrap();
    story.implement("a");
    for (month, claimed, drifted) in [(1, "60", false), (2, "29.9", false), (3, "29.9", true)] {
        let period = json!({"period_start": format!("2026-{month:02}-01"), "period_end": format!("2026-{month:02}-28"),
            "claimed": claimed, "cash_reduction": claimed});
        let mut period = row(period);
        period.period_end = period.period_start.plus_days(27).unwrap();
        story.verify("a", &period, Verdict::Verified).unwrap();
        assert_eq!(story.ledger.has_drifted("a"), drifted, "{month}");
    }
}

/// A history of up to 8 items on 3 resources, with whatever steps the ledger accepts.
fn history() -> impl Strategy<Value = Vec<(usize, usize, i64)>> {
    proptest::collection::vec((0_usize..8, 0_usize..9, -4000_i64..9000), 0..60)
}

fn tell(steps: &[(usize, usize, i64)]) -> Story {
    let mut story = Story::new();
    for (n, (item, step, amount)) in steps.iter().enumerate() {
        let id = format!("i{item}");
        let cents = |n: i64| Exact::from_int(n).times(&Exact::parse("0.01").unwrap()).to_string();
        let month = 1 + n % 9;
        // Refusals are part of the history: what matters is that they change nothing.
        let _refused = match step {
            0..=2 => story.detect(
                &id,
                json!({"resource": format!("r{}", item % 3), "effect": Value::Null,
                "type": if item % 2 == 0 { "over_requested_cpu" } else { "idle_nodes" },
                "team": if item % 3 == 0 { "" } else { "core" },
                "estimated_monthly_savings": cents(amount.abs())}),
            ),
            3 => story.add(story.ledger.approve(&id, Map::new(), &BY)),
            4 => story.add(story.ledger.implement(&id, Map::new(), &BY)),
            5 => story.add(story.ledger.reject(&id, "no", &BY)),
            6 => story.add(story.ledger.roll_back(&id, "no", &BY)),
            _ => {
                let verdict = if *amount < 0 { Verdict::Regressed } else { Verdict::Verified };
                story.verify(
                    &id,
                    &row(json!({"resource": id, "adjusted_baseline": "90", "total": cents(*amount),
                        "actual": cents(9000 - amount), "claimed": cents(*amount),
                        "cash_reduction": cents(amount - 7), "avoided_growth": "0.07",
                        "period_start": format!("2026-{month:02}-01"), "period_end": format!("2026-{month:02}-28")})),
                    verdict,
                )
            }
        };
    }
    story
}

#[test]
fn histories_reach_proof_and_loss() {
    let each = |step: usize, amount: i64| (0..8).map(move |item| (item, step, amount));
    let steps: Vec<_> =
        each(0, 500).chain(each(3, 0)).chain(each(4, 0)).chain(each(7, 800)).chain(each(8, -300)).collect();
    let ledger = tell(&steps).ledger;
    assert_eq!(ledger.opportunities().count(), 6, "two share a fingerprint with an open item");
    let verdicts = |verdict| ledger.rows().iter().filter(|row| row.verdict == verdict).count();
    assert_eq!((verdicts(Verdict::Verified), verdicts(Verdict::Regressed)), (6, 6));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn sums_agree_and_a_retelling_is_equal(steps in history(), seed in any::<u64>()) {
        let story = tell(&steps);
        let ledger = &story.ledger;
        let total = ledger.total_realized(None).unwrap();
        for keys in [ledger.savings_by_team(None), ledger.savings_by_type(None), ledger.savings_by_cluster(None)] {
            prop_assert_eq!(keys.unwrap().values().sum::<Exact>(), total.clone());
        }
        let every: Exact = ledger.opportunities().map(|o| ledger.realized_savings(&o.id)).sum();
        let booked: Exact = ledger.bookings().iter().map(|booking| &booking.claimed).sum();
        prop_assert_eq!(every, booked);
        let nets: BTreeMap<String, Net> = ledger.nets().unwrap();
        prop_assert_eq!(nets.values().map(|n| &n.net).sum::<Exact>(), ledger.total_estimated(false, None).unwrap());
        prop_assert!(ledger.total_estimated(false, None).unwrap() <= ledger.total_estimated(true, None).unwrap());
        // Any order of telling: the seq is what counts.
        let mut shuffled = story.entries.clone();
        shuffled.sort_by_key(|entry| (entry.seq.wrapping_mul(seed | 1)).rotate_left(17));
        let (again, refused) = SavingsLedger::replay(None, &shuffled).unwrap();
        prop_assert_eq!(refused, vec![]);
        prop_assert_eq!(format!("{again:?}"), format!("{ledger:?}"));
    }

    #[test]
    fn shared_claims_add_up_and_are_accepted(weights in proptest::collection::vec(1_i64..500, 1..6), cents in -9000_i64..9000) {
        let mut story = Story::new();
        let total = Exact::from_int(cents).times(&Exact::parse("0.01").unwrap());
        let weights: Vec<Exact> = weights.into_iter().map(Exact::from_int).collect();
        let shares = apportion(&weights, &total, 12).unwrap();
        for (i, share) in shares.iter().enumerate() {
            let id = format!("i{i}");
            story.detect(&id, json!({})).unwrap();
            story.implement(&id);
            let actual = Exact::from_int(100).minus(&total).to_string();
            let claim = row(json!({"actual": actual, "total": total.to_string(), "claimed": share.to_string(),
                "cash_reduction": share.to_string()}));
            let verdict = if share.is_negative() { Verdict::Regressed } else { Verdict::Verified };
            prop_assert_eq!(story.verify(&id, &claim, verdict), Ok(()));
        }
        let every: Exact = story.ledger.opportunities().map(|o| story.ledger.realized_savings(&o.id)).sum();
        prop_assert_eq!(every, total);
    }
}
