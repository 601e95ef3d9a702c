//! A row answers as the document that it stands for.

use super::{
    rules::decide_row,
    sample::{input, json},
    *,
};
use crate::{
    decision::{Action, Outcome, Violation},
    json::Json,
};
use proptest::prelude::*;

/// Every finding of an answer, in order.
type Told = (Outcome, Vec<(String, Action, String)>);

fn of_answer(answer: &Answer) -> Told {
    let all = answer.violations.iter().chain(&answer.warnings);
    let told = all.map(|violation| {
        let Violation { rule, action, message, .. } = violation;
        (rule.to_string(), *action, message.clone())
    });
    (answer.outcome(), told.collect())
}

fn of_row(row: &Row<'_>, config: &GateConfig, findings: &mut Findings) -> Option<Told> {
    let mut told = Vec::new();
    let outcome = decide_row(row, config, findings, |rule, action, message| {
        told.push((rule.to_owned(), action, message.to_owned()))
    })?;
    Some((outcome, told))
}

/// A number as a column may hold it: as it was written, as a double, an integer or a decimal, where one is the same number.
fn cell(value: &Json, kind: u8) -> Cell<'_> {
    let Json::Number(number) = value else { return Cell::of(value) };
    let exact = Exact::from_number(number);
    let integer =
        |places: i32| exact.clone().shifted(places).to_i128().and_then(|units| i64::try_from(units).ok());
    match kind {
        0 => number.as_f64().filter(|double| Exact::from_f64(*double) == Some(exact)).map(Cell::Float),
        1 => integer(0).map(Cell::Integer),
        2 => integer(9).map(|units| Cell::Decimal(units, 9)),
        3 => integer(3).map(|units| Cell::Decimal(units, 3)),
        _ => None,
    }
    .unwrap_or(Cell::Number(number))
}

fn row<'a>(doc: &'a Json, kinds: &[u8]) -> Row<'a> {
    let mut row = Row::default();
    for ((name, value), kind) in doc.as_object().unwrap().iter().zip(kinds.iter().cycle()) {
        if let Some(field) = Row::field(name) {
            row.set(field, cell(value, *kind));
        }
    }
    row
}

fn configs() -> impl Strategy<Value = GateConfig> {
    let configs = [
        "{}",
        r#"{"default_budget_cap_usd":"50","unit_cost_usd":{"deny_above":"0.5"},"required_inputs":["unit_cost_usd"]}"#,
        r#"{"actions":{"budget.unit_cost":"require_approval","tags.required":"warn","carbon.region":"off",
            "promotion.security_scan":"require_approval","budget.unit_cost.warn":"deny"},"required_tags":["a","team"]}"#,
        r#"{"actions":{"tags.missing":"warn","carbon.intensity":"off"},"carbon_efficient_regions":[]}"#,
    ];
    prop::sample::select(configs.map(|text| GateConfig::from_json(&json(text)).unwrap()).to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Whatever holds the numbers, and with room that other rows were written in.
    #[test]
    fn a_row_answers_as_its_document(
        docs in prop::collection::vec(input(), 1..4), kinds in prop::collection::vec(0_u8..5, 9), config in configs(),
    ) {
        let mut findings = Findings::default();
        for doc in docs.iter().filter(|doc| doc.as_object().is_some()) {
            let told = of_row(&row(doc, &kinds), &config, &mut findings);
            prop_assert_eq!(told, Some(of_answer(&decide(doc, &config))), "{}", doc.to_text());
        }
    }

    /// Every double beside a limit answers as its shortest decimal.
    #[test]
    fn a_double_answers_as_its_shortest_decimal(
        limit in prop::sample::select(super::sample::LIMITS.to_vec()), steps in -2_i8..=2, other in any::<f64>(),
    ) {
        let near = (0..steps.unsigned_abs()).fold(limit, |at, _| if steps < 0 { at.next_down() } else { at.next_up() });
        for value in [near, other].into_iter().filter(|value| value.is_finite()) {
            for name in known_fields() {
                let number = crate::json::Number::from_f64(value).unwrap();
                let doc = Json::object([(name, Json::Number(number))]);
                let mut row = Row::default();
                row.set(Row::field(name).unwrap(), Cell::Float(value));
                let told = of_row(&row, &GateConfig::default(), &mut Findings::default());
                prop_assert_eq!(told, Some(of_answer(&decide(&doc, &GateConfig::default()))));
            }
        }
    }
}

#[test]
fn a_row_that_says_less_than_its_document_is_not_decided() {
    let mut row = Row::default();
    let field = Row::field("carbon_intensity_g_per_kwh").unwrap();
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        row.set(field, Cell::Float(value));
        assert_eq!(of_row(&row, &GateConfig::default(), &mut Findings::default()), None);
        for name in known_fields() {
            let mut row = Row::default();
            row.set(Row::field(name).unwrap(), Cell::Float(value));
            assert_eq!(of_row(&row, &GateConfig::default(), &mut Findings::default()), None, "{name}");
        }
    }
    row.set(field, Cell::Float(1.0));
    for config in [r#"{"known_only":true}"#, r#"{"required_inputs":["model"]}"#] {
        let config = GateConfig::from_json(&json(config)).unwrap();
        assert_eq!(of_row(&row, &config, &mut Findings::default()), None);
    }
    assert_eq!(Row::field("model"), None);
}
