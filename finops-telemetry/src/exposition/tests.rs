use super::*;
use crate::{
    budget::{Amounts, Budget},
    rollup::{Costs, Measures, RollupConfig, RollupKey},
};
use finops_core::{money::Rate, time::DurationNs, usage::Usage};

fn at() -> Timestamp {
    "2026-11-02T10:00:00Z".parse().unwrap()
}

fn one(tags: &[&str], values: &[Option<&str>]) -> Rollup {
    let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    let mut rollup = Rollup::new(RollupConfig { tags, ..RollupConfig::default() }).unwrap();
    let usage = Usage { reasoning: 2, web_search: 1, ..Usage::new(30, 4) };
    let input = Rate::from_usd_per_mtok("0.15".parse().unwrap()).unwrap().times(30).unwrap();
    let measures = Measures {
        cost: Some(Costs { total: input, input, ..Costs::default() }),
        duration: Some(DurationNs::new(20_000_001)),
        energy_joules: Some(54.0),
        carbon_kg: Some(6e-6),
        ..Measures::new(&usage)
    };
    let key = RollupKey {
        provider: Some("openai"),
        model: "gpt-4o-mini",
        resolved: true,
        status: "priced",
        tags: values,
    };
    rollup.record(&key, &measures).unwrap();
    rollup
}

#[test]
fn the_vectors_pass() {
    let cases = crate::testing::vectors("exposition");
    assert_eq!(cases.len(), 1);
    for case in &cases {
        assert_eq!(case["kind"], "text");
        let call = &case["calls"][0];
        assert_eq!((&call["model"], &call["input_tokens"]), (&"gpt-4o-mini".into(), &30.into()));
        let rollup = one(&["team"], &[call["metadata"]["team"].as_str()]);
        let text = openmetrics(&Exposition::new(&rollup), at()).unwrap();
        for line in case["expected_lines"].as_array().unwrap() {
            assert!(text.lines().any(|l| line == l), "{line} in {text}");
        }
    }
}

#[test]
fn the_whole_text_is_as_the_format_demands() {
    let budgets = Budgets::new(vec![Budget::new("team", "2.5").unwrap()]).unwrap();
    budgets.record_spend(&Amounts::usd("0.5".parse().unwrap()), &[], at()).unwrap();
    let rollup = one(&["team", "le"], &[None, Some("x")]);
    let exposition = Exposition {
        rollup: &rollup,
        records_dropped: 3,
        sink_errors: 12,
        budgets: Some(&budgets),
        catalogue: Some(("cat-1", "2026-11-21")),
    };
    let text = openmetrics(&exposition, at()).unwrap();
    let labels = r#"le_="x",model="gpt-4o-mini",provider="openai",status="priced"#;
    for line in [
        r#"finops_budget_limit{budget="team",unit="usd"} 2.5"#.to_owned(),
        r#"finops_budget_spent{budget="team",unit="usd"} 0.5"#.to_owned(),
        r#"finops_catalogue_info{generated="2026-11-21",id="cat-1"} 1"#.to_owned(),
        format!(r#"finops_carbon_grams_total{{{labels}"}} 0.006"#),
        format!(r#"finops_energy_joules_total{{{labels}"}} 54"#),
        format!(r#"finops_cost_component_usd_total{{component="input",{labels}"}} 0.0000045"#),
        format!(r#"finops_tokens_total{{kind="output",{labels}"}} 4"#),
        format!(r#"finops_request_duration_seconds_bucket{{le="0.02",{labels}"}} 0"#),
        format!(r#"finops_request_duration_seconds_bucket{{le="0.04",{labels}"}} 1"#),
        format!(r#"finops_request_duration_seconds_bucket{{le="+Inf",{labels}"}} 1"#),
        format!(r#"finops_request_duration_seconds_sum{{{labels}"}} 0.020000001"#),
        format!(r#"finops_request_duration_seconds_count{{{labels}"}} 1"#),
        "finops_records_dropped_total 3".to_owned(),
        "finops_sink_errors_total 12".to_owned(),
    ] {
        assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
    }
    assert!(!text.contains("kind=\"reasoning\""), "a subset would be counted twice in a sum");
    let families: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    assert!(families.is_sorted(), "{families:?}");
    assert_eq!(families.len(), 14);
    assert!(text.ends_with("\n# EOF\n"));
}

#[test]
fn an_unknown_amount_has_no_sample() {
    let mut rollup = Rollup::new(RollupConfig::default()).unwrap();
    let usage = Usage::new(1, 0);
    let key = RollupKey { provider: None, model: "x", resolved: false, status: "unpriced", tags: &[] };
    rollup.record(&key, &Measures::new(&usage)).unwrap();
    let text = openmetrics(&Exposition::new(&rollup), at()).unwrap();
    assert!(text.contains("finops_requests_total{model=\"x\",status=\"unpriced\"} 1\n"), "{text}");
    for name in
        ["finops_cost_usd_total", "finops_energy_joules_total", "finops_carbon_grams_total", "_bucket"]
    {
        assert!(!text.contains(name), "{name}");
    }
}

#[test]
fn groups_that_look_alike_are_one_sample() {
    let mut rollup = Rollup::new(RollupConfig { tags: Vec::new(), ..RollupConfig::default() }).unwrap();
    let usage = Usage::new(1, 0);
    for resolved in [true, false] {
        let key = RollupKey { provider: None, model: "x", resolved, status: "priced", tags: &[] };
        rollup.record(&key, &Measures::new(&usage)).unwrap();
    }
    assert_eq!(rollup.len(), 2);
    let text = openmetrics(&Exposition::new(&rollup), at()).unwrap();
    assert!(text.contains("finops_requests_total{model=\"x\",status=\"priced\"} 2\n"), "{text}");
}

#[test]
fn every_tag_has_a_label_name_of_its_own() {
    let rollup =
        one(&["a-b", "a_b", "9x", "__y", "kind"], &[Some("1"), Some("2"), Some("3"), Some("4"), Some("5")]);
    let text = openmetrics(&Exposition::new(&rollup), at()).unwrap();
    for label in ["a_b=\"1\"", "a_b_=\"2\"", "tag_9x=\"3\"", "tag___y=\"4\"", "kind_=\"5\""] {
        assert!(text.contains(label), "{label} in\n{text}");
    }
}
