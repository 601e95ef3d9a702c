//! Laws of the detectors: order does not matter, missing data is never waste, one failure stops nothing else.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use finops_core::{
    error::Fault,
    inventory::ClusterInventory,
    json::{Json, Limits, Object, read},
    price::PriceBook,
    waste::{
        self, Amount, Assessment, Context, DetectionConfig, DetectionReport, Detector, Inventory, Outcome,
        Reason, detect, detectors, run, summary::ClusterData, wire,
    },
};
use proptest::prelude::*;

fn json(text: &str) -> Json {
    read(text.as_bytes(), &Limits::default()).unwrap()
}

fn config(text: &str) -> DetectionConfig {
    DetectionConfig::from_json(&json(text), &detectors()).unwrap()
}

fn rates() -> DetectionConfig {
    config(
        r#"{"rates": {"cpu_core_hour": "0.04", "memory_gib_hour": "0.005"}, "required_labels": ["team"],
            "log_ingest_per_gb": "0.5"}"#,
    )
}

fn cluster_report(inventory: &Json, config: &DetectionConfig) -> DetectionReport {
    let inventory = ClusterInventory::from_json(inventory).unwrap().value;
    detect(Inventory::Cluster(&inventory), &PriceBook::builtin(), config)
}

fn summary_report(data: &Json) -> DetectionReport {
    let data = ClusterData::from_json(data, Some("2026-11-20T00:00:00Z".parse().unwrap())).unwrap();
    detect(Inventory::Summary(&data), &PriceBook::builtin(), &DetectionConfig::default())
}

/// A small cluster with a bit of everything, in the order in which its parts were drawn.
#[derive(Debug, Clone)]
struct Cluster(Vec<(&'static str, Vec<Json>)>);

impl Cluster {
    fn inventory(&self) -> Json {
        let mut out: Object = [
            ("cluster", Json::from("c")),
            ("as_of", "2026-11-20T00:00:00Z".into()),
            ("tags", Json::array(["blue"])),
        ]
        .into_iter()
        .collect();
        for (name, records) in &self.0 {
            out.insert(*name, Json::array(records.iter().cloned()));
        }
        out.into()
    }
}

type Draw = (usize, usize, u32, u32, u32, u32, usize, bool);

/// The records of one workload from its draw.
fn records(index: usize, draw: &Draw) -> Vec<(&'static str, Json)> {
    let (kind, namespace, replicas, cpu, memory, used, node, flag) = *draw;
    let kind = ["Deployment", "StatefulSet", "DaemonSet", "CronJob"].get(kind).unwrap();
    let namespace = ["a", "b", "pr-1", "kube-system"].get(namespace).unwrap();
    let window = r#""samples": 400, "start": "2026-11-06T00:00:00Z", "end": "2026-11-20T00:00:00Z""#;
    let subject =
        format!(r#"{{"namespace": "{namespace}", "workload": "{kind}/w{index}", "container": "app"}}"#);
    let summary = |metric: &str, value: &str| {
        let text = format!(
            r#"{{"subject": {subject}, "metric": "{metric}",
                "summary": {{"mean": "{value}", "p95": "{value}", "max": "{value}", {window}}}}}"#
        );
        ("usage", json(&text))
    };
    let environment = if flag { "production" } else { "dev" };
    let container = format!(
        r#"{{"name": "app", "requests": {{"cpu": "{cpu}m", "memory": "{memory}Mi"}}, "limits": {{}}}}"#
    );
    let workload = format!(
        r#"{{"kind": "{kind}", "namespace": "{namespace}", "name": "w{index}", "replicas": {replicas},
            "created_at": "2026-01-01T00:00:00Z", "labels": {{"environment": "{environment}"}},
            "annotations": {{"janitor/ttl": "{}"}}, "containers": [{container}]}}"#,
        if flag { "forever" } else { "7d" }
    );
    let pod = format!(
        r#"{{"namespace": "{namespace}", "name": "w{index}-0", "node": "n{}", "phase": "Running",
            "owner": {{"kind": "{kind}", "name": "w{index}"}}, "containers": [{container}],
            "volumes": [{{"claim": "data{index}"}}]}}"#,
        node % 3
    );
    let volume = format!(
        r#"{{"claim": {{"namespace": "{namespace}", "name": "{}{index}"}}, "pv": "pv{index}", "phase": "Bound",
            "size": "{memory}Gi", "type": "gp3", "created_at": "2026-10-01T00:00:00Z"}}"#,
        if flag { "data" } else { "spare" }
    );
    let service = format!(
        r#"{{"namespace": "{namespace}", "name": "s{index}", "type": "LoadBalancer", "selector": {{"app": "x"}},
            "ready_endpoints": [], "created_at": "2026-10-01T00:00:00Z", "cost": {{"hourly": "0.0225"}}}}"#
    );
    let object = format!(
        r#"{{"kind": "ConfigMap", "namespace": "{namespace}", "name": "m{index}", "keys": [], "bytes": 1,
            "created_at": "2026-09-01T00:00:00Z"}}"#
    );
    vec![
        ("workloads", json(&workload)),
        ("pods", json(&pod)),
        ("volumes", json(&volume)),
        ("services", json(&service)),
        ("config_objects", json(&object)),
        summary("cpu_usage", &format!("{}.{:03}", used / 1000, used % 1000)),
        summary("memory_working_set", &(u64::from(used) * 500_000).to_string()),
        summary("network_receive", &(used % 90).to_string()),
        summary("network_transmit", "1"),
    ]
}

const COLLECTIONS: [&str; 7] =
    ["workloads", "pods", "volumes", "services", "config_objects", "usage", "nodes"];

fn cluster() -> impl Strategy<Value = Cluster> {
    let draw = (
        0_usize..4,
        0_usize..4,
        0_u32..4,
        10_u32..4000,
        64_u32..9000,
        0_u32..2000,
        0_usize..3,
        any::<bool>(),
    );
    prop::collection::vec(draw, 1..6).prop_map(|draws: Vec<Draw>| {
        let mut collections: Vec<(&'static str, Vec<Json>)> =
            COLLECTIONS.iter().map(|name| (*name, Vec::new())).collect();
        let nodes = (0..3).map(|node| {
            let text = format!(
                r#"{{"name": "n{node}", "capacity": {{"cpu": "8", "memory": "32Gi"}}, "node_pool": "p",
                    "created_at": "2026-10-01T00:00:00Z", "cost": {{"hourly": "0.384"}}}}"#
            );
            ("nodes", json(&text))
        });
        let all = draws.iter().enumerate().flat_map(|(index, draw)| records(index, draw)).chain(nodes);
        for (name, record) in all {
            let collection = collections.iter_mut().find(|(known, _)| *known == name).unwrap();
            collection.1.push(record);
        }
        Cluster(collections)
    })
}

fn shuffled() -> impl Strategy<Value = (Cluster, Cluster)> {
    cluster().prop_flat_map(|cluster| {
        let parts: Vec<_> = cluster
            .0
            .iter()
            .map(|(name, records)| (Just(*name), Just(records.clone()).prop_shuffle()))
            .collect();
        (Just(cluster), parts.prop_map(Cluster))
    })
}

/// Detectors that judge by a metric: without it they know nothing.
const BY_METRIC: [&str; 9] = [
    "k8s.cpu_over_request",
    "k8s.memory_over_request",
    "k8s.cpu_under_request",
    "k8s.idle_workload",
    "k8s.oversized_volume",
    "k8s.offhours_idle",
    "k8s.hpa_min_replicas",
    "k8s.storage_class",
    "k8s.unbounded_growth",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_shuffled_inventory_gives_identical_bytes((cluster, shuffled) in shuffled()) {
        let text = |cluster: &Cluster| wire::report(&cluster_report(&cluster.inventory(), &rates())).to_text();
        prop_assert_eq!(text(&cluster), text(&shuffled));
    }

    #[test]
    fn missing_metrics_are_never_a_finding(mut cluster in cluster()) {
        cluster.0.retain(|(name, _)| *name != "usage");
        let report = cluster_report(&cluster.inventory(), &rates());
        prop_assert!(report.findings.iter().all(|finding| !BY_METRIC.contains(&finding.detector)));
        prop_assert!(report.others.iter().any(|other| other.outcome == Outcome::Undetermined) || report.others.iter().all(
            |other| other.outcome != Outcome::Ok || !BY_METRIC.contains(&other.detector)));
    }

    #[test]
    fn findings_are_complete_and_the_portfolio_never_promises_more(cluster in cluster()) {
        let report = cluster_report(&cluster.inventory(), &rates());
        prop_assert!(report.failures.is_empty());
        for finding in &report.findings {
            let confidence = finding.confidence.as_ref().unwrap().value();
            prop_assert!(confidence >= waste::Ratio::ZERO && confidence <= waste::Ratio::ONE);
            let risk = finding.risk.as_ref().unwrap().value();
            prop_assert!(risk >= waste::Ratio::ZERO && risk <= waste::Ratio::ONE);
            let estimate = finding.estimate.as_ref().unwrap();
            prop_assert!(estimate.gross_monthly.is_some() != estimate.gross_reason.is_some(), "{}", finding.detector);
            for claim in &estimate.claims {
                prop_assert!(claim.amount <= claim.base && claim.amount >= Amount::ZERO, "{}", finding.detector);
            }
            let realizable = estimate.realizable_monthly.unwrap_or_default();
            prop_assert!(realizable <= estimate.granted_monthly.unwrap_or_default(), "{}", finding.detector);
        }
        prop_assert!(report.portfolio.total <= report.portfolio.cost_of_resources);
        prop_assert!(report.portfolio.realizable.unwrap_or_default() <= report.portfolio.total);
        let mut seen = std::collections::BTreeSet::new();
        for assessment in report.findings.iter().chain(&report.others) {
            let once = seen.insert((assessment.detector, assessment.subject.clone()));
            prop_assert!(once, "{} {}", assessment.detector, assessment.subject);
            prop_assert!(assessment.outcome == Outcome::Finding || assessment.reason.is_some_and(
                |reason| reason.outcome() == Some(assessment.outcome)), "{} {:?}", assessment.detector, assessment.reason);
        }
    }

    #[test]
    fn a_bad_record_leaves_the_others_as_they_are(
        bad in prop::sample::select(&["true", "-1", "\"two\"", "{}", "[]", "\"NaN\"", "1e999", "-0.5"]),
        usage in 0_u32..500,
    ) {
        let good = format!(r#"{{"name": "good", "cpu_request": 2.0, "cpu_usage": 0.{usage:03}}}"#);
        let of = |list: &str| summary_report(&json(&format!(r#"{{"workloads": {{"a": [{list}]}}}}"#)));
        let alone = of(&good);
        let both = of(&format!(r#"{{"name": "bad", "cpu_request": {bad}, "cpu_usage": 0.1}}, {good}"#));
        let kept = |report: &DetectionReport| -> Vec<Assessment> {
            report.findings.iter().chain(&report.others).filter(|one| one.subject.name() == "good").cloned().collect()
        };
        prop_assert_eq!(kept(&alone), kept(&both));
        let verdict = both.others.iter().find(|one| one.subject.name() == "bad" && one.detector == "k8s.cpu_over_request");
        let verdict = verdict.unwrap();
        prop_assert_eq!(verdict.reason, Some(Reason::InvalidRecord));
        prop_assert_eq!(verdict.detail.as_deref(), Some("workloads.a[0].cpu_request"));
    }
}

struct Panics;
struct Fails;

impl Detector for Panics {
    fn id(&self) -> &'static str {
        "test.panics"
    }

    fn assess(&self, _: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        std::panic::resume_unwind(Box::new("the detector gave up"))
    }
}

impl Detector for Fails {
    fn id(&self) -> &'static str {
        "test.fails"
    }

    fn assess(&self, _: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        Err(Fault::new("waste.detector_failed", "", "nothing works", "repair it"))
    }
}

#[test]
fn a_failing_detector_stops_no_other() {
    let data = json(r#"{"workloads": {"a": [{"name": "w", "cpu_request": 2.0, "cpu_usage": 0.1}]}}"#);
    let data = ClusterData::from_json(&data, Some("2026-11-20T00:00:00Z".parse().unwrap())).unwrap();
    let (prices, config) = (PriceBook::builtin(), DetectionConfig::default());
    let mut all: Vec<&'static dyn Detector> = vec![&Panics, &Fails];
    all.extend(detectors());
    let report = run(&all, &Context::new(Inventory::Summary(&data), &prices, &config));
    assert_eq!(report.findings.len(), 1);
    let failures: Vec<_> =
        report.failures.iter().map(|one| (one.detector.as_str(), one.code.as_str())).collect();
    assert_eq!(failures, [("test.fails", "waste.detector_failed"), ("test.panics", "waste.detector_failed")]);
    assert_eq!(report.failures[1].message, "the detector gave up");
}

#[test]
fn requests_of_a_summary_are_granted_but_whether_nodes_shrink_is_not_known() {
    let report = summary_report(&json(
        r#"{"workloads": {"finance": [{"name": "payment-service", "cpu_request": 2.0, "cpu_usage": 0.5,
            "memory_request_gb": 4.0, "memory_usage_gb": 1.0}]}}"#,
    ));
    assert_eq!(report.portfolio.total, Amount::parse("109.5").unwrap());
    assert_eq!(report.portfolio.realizable_reason, Some(Reason::NodeSupplyUnknown));
    let estimate = report.findings[0].estimate.as_ref().unwrap();
    assert_eq!(estimate.granted_monthly, Amount::parse("91.25"));
    assert_eq!(estimate.realizable_reason, Some(Reason::NodeSupplyUnknown));
}

#[test]
fn every_constant_is_configurable_and_read_back() {
    let all = detectors();
    for text in [
        r#"{"detectors": {"k8s.cpu_over_request": {"usage_threshold": "0.5", "reduction_threshold": 0.8}}}"#,
        r#"{"disabled": ["k8s.empty_node"], "limit_policy": "double_request", "node_sizing": "formula"}"#,
        r#"{"limit_policy": 1.5, "rates": {"gpu_hour": "2.5"}, "prices": {"hourly": {"m5.large": 0.1}}}"#,
        r#"{"detectors": {"k8s.node_consolidation": {"profile": "dev"}}, "node_supply": "fixed"}"#,
    ] {
        let config = config(text);
        assert_eq!(DetectionConfig::from_json(&config.to_json(), &all).unwrap(), config, "{text}");
    }
    for (text, code, path) in [
        (r#"{"rate": {}}"#, "waste.invalid_config", "rate"),
        (r#"{"rates": {"cpu": 1}}"#, "waste.invalid_config", "rates.cpu"),
        (r#"{"month_hours": "many"}"#, "waste.invalid_config", "month_hours"),
        (r#"{"month_hours": -1}"#, "waste.invalid_config", "month_hours"),
        (r#"{"limit_policy": 0.5}"#, "waste.invalid_config", "limit_policy"),
        (r#"{"disabled": ["k8s.nothing"]}"#, "waste.unknown_detector", "disabled"),
        (r#"{"detectors": {"k8s.nothing": {}}}"#, "waste.unknown_detector", "detectors.k8s.nothing"),
        (
            r#"{"detectors": {"k8s.empty_node": {"age": 1}}}"#,
            "waste.invalid_config",
            "detectors.k8s.empty_node.age",
        ),
        (
            r#"{"detectors": {"k8s.node_consolidation": {"profile": "big"}}}"#,
            "waste.invalid_config",
            "detectors.k8s.node_consolidation.profile",
        ),
    ] {
        let fault = DetectionConfig::from_json(&json(text), &all).unwrap_err();
        assert_eq!((fault.code(), fault.path()), (code, path), "{text}");
    }
}

#[test]
fn settings_name_themselves_once_and_have_readable_defaults() {
    use finops_core::waste::{Ratio, SettingDefault};
    for detector in detectors() {
        let mut keys: Vec<&str> = detector.settings().iter().map(|setting| setting.key).collect();
        keys.sort_unstable();
        let count = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), count, "{}", detector.id());
        for setting in detector.settings() {
            match setting.default {
                SettingDefault::Number(text) => assert!(Ratio::parse(text).is_some(), "{}", setting.key),
                SettingDefault::Word(word, allowed) => assert!(allowed.contains(&word), "{}", setting.key),
            }
        }
    }
}
