#![expect(clippy::arithmetic_side_effects, reason = "values are within range by construction")]
use super::*;
use crate::{
    inventory::ClusterInventory,
    json::{Json, Limits, read},
};
use proptest::prelude::*;

const INVENTORY: &str = r#"{"cluster": "c", "as_of": "2026-11-02T00:00:00Z",
    "pods": [
        {"namespace": "n", "name": "a", "node": "x", "owner": {"kind": "Deployment", "name": "w"}, "containers": [
            {"name": "c", "requests": {"cpu": "1"}, "limits": {"cpu": "2"}, "running": [["2026-11-01T22:00:00Z", null]]}]},
        {"namespace": "n", "name": "b", "node": "x", "owner": {"kind": "Deployment", "name": "w"}, "containers": [
            {"name": "c", "requests": {"cpu": "1"}}]}],
    "services": [{"namespace": "n", "name": "s", "ready_endpoints": ["b"]}],
    "usage": [
        {"subject": {"namespace": "n", "pod": "a", "container": "c"}, "metric": "cpu_usage", "step_seconds": 3600,
         "samples": [["2026-11-01T23:00:00Z", "0.5"], ["2026-11-02T00:00:00Z", "0.7"]]},
        {"subject": {"namespace": "n", "pod": "b", "container": "c"}, "metric": "cpu_usage", "step_seconds": 3600,
         "samples": [["2026-11-02T00:00:00Z", "0.4"]]},
        {"subject": {"namespace": "n", "pod": "b"}, "metric": "cpu_usage", "step_seconds": 3600,
         "samples": [["2026-11-02T00:00:00Z", "9"]]}]}"#;

fn all() -> Vec<(String, Json)> {
    let json = read(INVENTORY.as_bytes(), &Limits::default()).unwrap();
    let inventory = ClusterInventory::from_json(&json).unwrap().value;
    let found = baselines(&inventory);
    found.iter().map(|baseline| (baseline.subject.to_json().to_text(), baseline.to_json())).collect()
}

#[test]
fn every_level_has_a_baseline() {
    let found = all();
    let subjects: Vec<&str> = found.iter().map(|(subject, _)| subject.as_str()).collect();
    assert_eq!(
        subjects,
        [
            r#"{"namespace":"n","pod":"a","container":"c"}"#,
            r#"{"namespace":"n","pod":"b"}"#,
            r#"{"namespace":"n","pod":"b","container":"c"}"#,
            r#"{"namespace":"n","workload":"Deployment/w"}"#,
            r#"{"service":"n/s"}"#,
            r#"{"namespace":"n"}"#,
            r#"{"node":"x"}"#,
        ]
    );
    let text = |at: usize, name: &str| found[at].1.get(name).unwrap().to_text();
    // The pod's own series is not added to that of its container.
    for at in [3, 5, 6] {
        assert_eq!(
            (text(at, "max"), text(at, "max_at")),
            (r#""1.1""#.into(), r#""2026-11-02T00:00:00Z""#.into())
        );
        assert_eq!((text(at, "request"), text(at, "limit")), (r#""2""#.into(), "null".into()));
    }
    assert_eq!(found[3].1.pointer("/per_pod/max").unwrap().to_text(), r#""0.7""#);
    assert_eq!((text(4, "max"), text(4, "per_pod")), (r#""0.4""#.into(), "null".into()));
    assert_eq!(
        (text(0, "mean_of_request"), text(0, "mean_of_limit")),
        (r#""0.6""#.into(), r#""0.3""#.into())
    );
    assert_eq!((text(0, "coverage"), text(2, "coverage")), (r#""1""#.into(), "null".into()));
    // 2026-11-01 was a Sunday: the last two hours of the week.
    let profile = found[0].1.get("profile").and_then(Json::as_array).unwrap();
    assert_eq!(profile.len(), HOURS_OF_WEEK);
    assert_eq!((profile[166].to_text(), profile[167].to_text()), (r#""0.5""#.into(), r#""0.7""#.into()));
    assert!(profile[..166].iter().all(Json::is_null));
}

proptest! {
    #[test]
    fn quantiles_are_those_of_the_sorted_values(mut values in proptest::collection::vec(0_i128..1000, 1..200), percent in 1_u32..=100) {
        let found = nearest_rank(&mut values, percent).unwrap();
        values.sort_unstable();
        let rank = (values.len() * percent as usize).div_ceil(100);
        prop_assert_eq!(found, values[rank - 1]);
    }

    #[test]
    fn the_order_of_values_is_nothing(mut values in proptest::collection::vec((0_i64..100_000, 0_i128..1000), 1..50)) {
        let found = (Statistics::of(&values), profile(&values, 60));
        values.reverse();
        prop_assert_eq!(found, (Statistics::of(&values), profile(&values, 60)));
    }
}
