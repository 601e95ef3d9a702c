//! Detectors of a full inventory that the vectors leave out: their outcomes, and thresholds with one unit either side.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/compare.rs"]
mod compare;

use compare::{Members, differences};
use finops_core::{
    json::{Json, Limits, read},
    time::Timestamp,
    waste::wire,
};

const NOW: &str = "2026-11-20T00:00:00Z";
const RATES: &str = r#""rates": {"cpu_core_hour": "0.04", "memory_gib_hour": "0.005"}"#;

fn json(text: &str) -> Json {
    read(text.as_bytes(), &Limits::default()).unwrap()
}

/// The assessments of a detector are these, as far as they are listed.
fn holds(detector: &str, inventory: &str, config: &str, expected: &str) {
    let input = format!(
        r#"{{"detector": "{detector}", "inventory": {{"cluster": "c", "as_of": "{NOW}", {inventory}}},
            "config": {{{config}}}}}"#
    );
    let found = wire::call("detector", &json(&input)).unwrap();
    let differences = differences(&json(expected), &found, Members::Listed);
    assert!(differences.is_empty(), "{detector}: {}\n{found}", differences.join("\n"));
}

/// An hourly series before now: `value(hours ago)`, the newest last.
fn series(subject: &str, metric: &str, hours: i64, value: impl Fn(i64) -> String) -> String {
    let now: Timestamp = NOW.parse().unwrap();
    let samples: Vec<String> = (0..hours)
        .rev()
        .map(|ago| {
            format!(r#"["{}", "{}"]"#, now.saturating_add_ms(ago.saturating_mul(-3_600_000)), value(ago))
        })
        .collect();
    format!(
        r#"{{"subject": {subject}, "metric": "{metric}", "step_seconds": 3600, "samples": [{}]}}"#,
        samples.join(",")
    )
}

fn workload(more: &str) -> String {
    format!(
        r#"{{"kind": "Deployment", "namespace": "n", "name": "web", "created_at": "2026-01-01T00:00:00Z",
            "containers": [{{"name": "app", "requests": {{"cpu": "1", "memory": "1Gi"}}}}], {more}}}"#
    )
}

fn pod(name: &str, more: &str) -> String {
    format!(
        r#"{{"namespace": "n", "name": "{name}", "phase": "Running", "owner": {{"kind": "Deployment", "name": "web"}},
            "containers": [{{"name": "app", "requests": {{"cpu": "1", "memory": "1Gi"}}}}], {more}}}"#
    )
}

#[test]
fn nights_and_weekends_of_a_test_environment_are_idle() {
    // Busy on each day from 08:00 to 18:00: 14 of 24 hours are idle, 98 of 168. A sample at t describes the hour before.
    let busy = |ago: i64| ((24 - ago % 24) % 24 + 23) % 24;
    let hours = |from, to| {
        move |ago: i64| if (from..to).contains(&busy(ago)) { "0.8".to_owned() } else { "0.04".to_owned() }
    };
    let subject = r#"{"namespace": "n", "pod": "web-1", "container": "app"}"#;
    let inventory = |environment: &str, usage: String| {
        let workload = workload(&format!(r#""replicas": 1, "labels": {{"environment": "{environment}"}}"#));
        format!(
            r#""workloads": [{workload}], "pods": [{}], "usage": [{usage}]"#,
            pod("web-1", r#""labels": {}"#)
        )
    };
    let usage = || series(subject, "cpu_usage", 336, hours(8, 18));
    holds(
        "k8s.offhours_idle",
        &inventory("staging", usage()),
        RATES,
        // (0.04 + 0.005) * 730 * 98 / 168
        r#"[{"subject": "workload/n/Deployment/web", "outcome": "finding", "type": "misconfigured_autoscaling",
            "gross_monthly": "19.162500000", "after": {"idle_hours_a_week": 98,
            "idle_hours_utc": "Mon-Sun 00:00-08:00, 18:00-24:00", "replicas_while_idle": 0}}]"#,
    );
    let outcome = |environment: &str, usage: String, outcome: &str, reason: &str| {
        let expected = format!(r#"[{{"outcome": "{outcome}", "reason": "{reason}"}}]"#);
        holds("k8s.offhours_idle", &inventory(environment, usage), RATES, &expected);
    };
    outcome("production", usage(), "inapplicable", "wrong_environment");
    outcome("dev", String::new(), "undetermined", "no_usage");
    outcome("dev", series(subject, "cpu_usage", 167, hours(8, 18)), "undetermined", "not_enough_samples");
    // Five idle hours a day are 35 a week, six are 42.
    outcome("dev", series(subject, "cpu_usage", 336, hours(5, 24)), "ok", "active");
    holds(
        "k8s.offhours_idle",
        &inventory("dev", series(subject, "cpu_usage", 336, hours(6, 24))),
        RATES,
        r#"[{"outcome": "finding", "after": {"idle_hours_a_week": 42}}]"#,
    );
}

#[test]
fn the_least_number_of_replicas_follows_the_use_of_all_pods() {
    let pods = [pod("web-1", r#""labels": {}"#), pod("web-2", r#""labels": {}"#)].join(",");
    let usage = |value: &str| {
        ["web-1", "web-2"]
            .map(|name| {
                let subject = format!(r#"{{"namespace": "n", "pod": "{name}", "container": "app"}}"#);
                series(&subject, "cpu_usage", 336, |_| value.to_owned())
            })
            .join(",")
    };
    let inventory = |min: u32, budgets: &str, usage: String| {
        format!(
            r#""workloads": [{}], "pods": [{pods}], "usage": [{usage}], "budgets": [{budgets}],
            "autoscalers": [{{"kind": "HorizontalPodAutoscaler", "namespace": "n", "name": "web", "min": {min}, "max": 10,
                "target": {{"kind": "Deployment", "name": "web"}},
                "metrics": [{{"resource": "cpu", "target_utilization": 50}}]}}]"#,
            workload(r#""replicas": 8"#)
        )
    };
    let detector = "k8s.hpa_min_replicas";
    // 2 * 0.75 / (1 * 0.5) = 3 replicas; (8 - 3) * 0.045 * 730
    holds(
        detector,
        &inventory(8, "", usage("0.75")),
        RATES,
        r#"[{"subject": "autoscaler/n/web", "outcome": "finding", "gross_monthly": "164.250000000",
            "before": {"min_replicas": 8}, "after": {"min_replicas": 3}}]"#,
    );
    holds(detector, &inventory(8, "", usage("0.751")), RATES, r#"[{"after": {"min_replicas": 4}}]"#);
    let budget = r#"{"namespace": "n", "name": "web", "selector": {}, "disruptions_allowed": 1}"#;
    holds(detector, &inventory(8, budget, usage("0.1")), RATES, r#"[{"after": {"min_replicas": 2}}]"#);
    holds(detector, &inventory(8, "", usage("0.1")), RATES, r#"[{"after": {"min_replicas": 1}}]"#);
    holds(
        detector,
        &inventory(3, "", usage("0.75")),
        RATES,
        r#"[{"outcome": "ok", "reason": "no_reduction"}]"#,
    );
    holds(detector, &inventory(1, "", usage("0.75")), RATES, r#"[{"outcome": "inapplicable"}]"#);
    holds(
        detector,
        &inventory(8, "", String::new()),
        RATES,
        r#"[{"outcome": "undetermined", "reason": "no_usage"}]"#,
    );
}

#[test]
fn nodes_whose_pods_fit_elsewhere_are_consolidated_by_pool() {
    let node = |name: &str, more: &str| {
        format!(
            r#"{{"name": "{name}", "capacity": {{"cpu": "4", "memory": "16Gi"}}, "node_pool": "p",
                "created_at": "2026-10-01T00:00:00Z", "cost": {{"hourly": "0.192"}}, {more}}}"#
        )
    };
    let inventory = |labels: &str, more: &str| {
        let labels = format!(r#""labels": {labels}"#);
        format!(
            r#""nodes": [{}, {}], "pods": [{}, {}]"#,
            node("a", &labels),
            node("b", &labels),
            pod("web-1", &format!(r#""node": "a", {more}"#)),
            pod("web-2", r#""node": "b", "labels": {}"#)
        )
    };
    let detector = "k8s.node_consolidation";
    holds(
        detector,
        &inventory("{}", r#""labels": {}"#),
        RATES,
        r#"[{"subject": "node_pool/p", "type": "idle_nodes", "outcome": "finding", "gross_monthly": "140.16",
            "confidence": "0.5", "risk": "0.3", "removed": ["a"], "after": {"node_count": 1}}]"#,
    );
    holds(
        detector,
        &inventory(r#"{"karpenter.sh/nodepool": "p"}"#, r#""labels": {}"#),
        RATES,
        r#"[{"type": "karpenter_consolidation", "risk": "0.4"}]"#,
    );
    let blocked = r#""annotations": {"karpenter.sh/do-not-disrupt": "true"}"#;
    holds(detector, &inventory("{}", blocked), RATES, r#"[{"outcome": "finding", "removed": ["b"]}]"#);
    // 1.9 of 4 cores make a candidate, but both pods would fill a node beyond 65 %.
    let full = inventory("{}", r#""labels": {}"#).replace(r#""cpu": "1""#, r#""cpu": "1900m""#);
    holds(detector, &full, RATES, r#"[{"outcome": "ok", "reason": "not_removable"}]"#);
    holds(
        detector,
        &format!(r#""nodes": [{}]"#, node("a", r#""labels": {}"#)),
        RATES,
        r#"[{"outcome": "undetermined", "reason": "no_pod_data"}]"#,
    );
}

#[test]
fn volumes_of_a_dear_class_that_need_no_speed_change_their_class() {
    let volume = |kind: &str| {
        format!(
            r#""volumes": [{{"claim": {{"namespace": "n", "name": "data"}}, "pv": "pv", "phase": "Bound", "size": "100Gi",
                "type": "{kind}", "created_at": "2026-10-01T00:00:00Z"}}]"#
        )
    };
    let usage = |iops: &str, throughput: &str| {
        let one = |metric: &str, value: &str| {
            format!(
                r#"{{"subject": {{"claim": "n/data"}}, "metric": "{metric}", "summary": {{"p99": "{value}", "samples": 336,
                    "start": "2026-11-06T00:00:00Z", "end": "{NOW}"}}}}"#
            )
        };
        format!(r#""usage": [{}, {}]"#, one("volume_iops", iops), one("volume_throughput", throughput))
    };
    let detector = "k8s.storage_class";
    let of = |kind: &str, iops: &str, throughput: &str, expected: &str| {
        holds(detector, &format!("{}, {}", volume(kind), usage(iops, throughput)), "", expected);
    };
    // 100 * (0.125 - 0.08)
    of(
        "io1",
        "3000",
        "131072000",
        r#"[{"subject": "claim/n/data", "outcome": "finding", "gross_monthly": "4.500000000",
            "confidence": "0.65", "risk": "0.2", "after": {"type": "gp3"}}]"#,
    );
    of("io1", "3001", "1", r#"[{"outcome": "ok", "reason": "utilization_at_or_above_threshold"}]"#);
    of("io1", "1", "131072001", r#"[{"outcome": "ok"}]"#);
    of("gp3", "1", "1", r#"[{"outcome": "inapplicable", "reason": "no_performance_tier"}]"#);
    holds(detector, &volume("io2"), "", r#"[{"outcome": "undetermined", "reason": "no_performance_data"}]"#);
}

#[test]
fn a_volume_that_grows_every_day_fills_up() {
    let inventory = |size: &str, days: i64, daily: i64| {
        let usage = series(r#"{"claim": "n/data"}"#, "volume_used", 24 * days, |ago| {
            ((1 << 30) * 100 - (ago / 24) * daily).to_string()
        });
        format!(
            r#""volumes": [{{"claim": {{"namespace": "n", "name": "data"}}, "pv": "pv", "phase": "Bound", "size": "{size}",
                "type": "gp3", "created_at": "2026-01-01T00:00:00Z"}}], "usage": [{usage}]"#
        )
    };
    let detector = "k8s.unbounded_growth";
    let gib = 1_i64 << 30;
    // One GiB a day: 190 GiB are full in 90 days, 191 GiB are not.
    holds(
        detector,
        &inventory("190Gi", 30, gib),
        "",
        r#"[{"subject": "claim/n/data", "outcome": "finding", "governance": true, "gross_monthly": "0",
            "cost_of_twelve_months": "182.4"}]"#,
    );
    holds(detector, &inventory("191Gi", 30, gib), "", r#"[{"outcome": "ok", "reason": "growth_bounded"}]"#);
    holds(detector, &inventory("190Gi", 30, -gib), "", r#"[{"outcome": "ok"}]"#);
    holds(
        detector,
        &inventory("190Gi", 13, gib),
        "",
        r#"[{"outcome": "undetermined", "reason": "not_enough_samples"}]"#,
    );
}

#[test]
fn what_is_left_of_workloads_at_zero_replicas_is_counted() {
    let inventory = |replicas: u32, usage: &str| {
        let more = format!(
            r#""replicas": {replicas}, "volumes": [{{"claim": "data"}}], "pod_labels": {{"app": "web"}}"#
        );
        format!(
            r#""workloads": [{}], {usage} "volumes": [{{"claim": {{"namespace": "n", "name": "data"}}, "pv": "pv",
                "phase": "Bound", "size": "100Gi", "cost": {{"gib_month": "0.08"}}}}],
            "services": [{{"namespace": "n", "name": "lb", "type": "LoadBalancer", "selector": {{"app": "web"}},
                "cost": {{"hourly": "0.0225"}}}}]"#,
            workload(&more)
        )
    };
    let detector = "k8s.scaled_to_zero_leftovers";
    holds(
        detector,
        &inventory(0, r#""usage": [],"#),
        "",
        r#"[{"outcome": "finding", "reason": "scaled_to_zero", "gross_monthly": "24.425", "risk": "0.4",
            "leftovers": ["claim/n/data", "service/n/lb"]}]"#,
    );
    holds(
        detector,
        &inventory(1, r#""usage": [],"#),
        "",
        r#"[{"outcome": "inapplicable", "reason": "not_scaled_to_zero"}]"#,
    );
    holds(detector, &inventory(0, ""), "", r#"[{"outcome": "undetermined", "reason": "no_usage"}]"#);
}

#[test]
fn temporary_namespaces_and_finished_jobs_expire() {
    let namespaces = r#""namespaces": [{"name": "pr-1", "created_at": "2026-11-05T23:59:59Z"},
        {"name": "pr-2", "created_at": "2026-11-06T00:00:00Z"}, {"name": "prod", "created_at": "2026-01-01T00:00:00Z"}]"#;
    holds(
        "k8s.expired_resource",
        namespaces,
        "",
        r#"[{"subject": "namespace/pr-1", "outcome": "finding", "reason": "temporary_namespace", "risk": "0.15"},
            {"subject": "namespace/pr-2", "outcome": "ok", "reason": "not_expired"},
            {"subject": "namespace/prod", "outcome": "inapplicable", "reason": "no_expiry"}]"#,
    );
    let job = |done: &str, more: &str| {
        format!(
            r#""workloads": [{{"kind": "Job", "namespace": "n", "name": "j", "completed_at": "{done}"{more}}}]"#
        )
    };
    let detector = "k8s.expired_resource";
    holds(
        detector,
        &job("2026-11-12T23:59:59Z", ""),
        "",
        r#"[{"outcome": "finding", "reason": "finished_job", "governance": true}]"#,
    );
    holds(detector, &job("2026-11-13T00:00:00Z", ""), "", r#"[{"outcome": "inapplicable"}]"#);
    holds(
        detector,
        &job("2026-11-01T00:00:00Z", r#", "ttl_seconds_after_finished": 1"#),
        "",
        r#"[{"outcome": "inapplicable"}]"#,
    );
}

#[test]
fn an_ingress_without_backends_and_a_service_without_pods_are_found() {
    let inventory = r#""pods": [], "workloads": [], "services": [{"namespace": "n", "name": "s", "type": "ClusterIP",
            "selector": {"app": "gone"}, "created_at": "2026-09-01T00:00:00Z"}],
        "ingresses": [
            {"namespace": "n", "name": "dead", "backends": ["gone"], "created_at": "2026-09-01T00:00:00Z",
             "cost": {"hourly": "0.0225"}},
            {"namespace": "n", "name": "live", "backends": ["gone", "s"], "created_at": "2026-09-01T00:00:00Z"}]"#;
    holds(
        "k8s.load_balancer_without_endpoints",
        inventory,
        "",
        r#"[{"subject": "ingress/n/dead", "outcome": "finding", "reason": "backends_missing", "gross_monthly": "16.425"},
            {"subject": "ingress/n/live", "outcome": "ok", "reason": "has_endpoints"},
            {"subject": "service/n/s", "outcome": "inapplicable", "reason": "not_a_load_balancer"}]"#,
    );
    holds(
        "k8s.orphan_config",
        inventory,
        "",
        r#"[{"subject": "service/n/s", "outcome": "finding", "governance": true, "confidence": "0.65"}]"#,
    );
}

#[test]
fn required_labels_are_asked_for_only_where_they_are_configured() {
    let inventory = format!(r#""workloads": [{}]"#, workload(r#""replicas": 1, "labels": {"team": "a"}"#));
    holds("k8s.missing_labels", &inventory, "", "[]");
    holds(
        "k8s.missing_labels",
        &inventory,
        r#""required_labels": ["team", "product"]"#,
        r#"[{"outcome": "finding", "governance": true, "missing": ["product"]}]"#,
    );
    holds(
        "k8s.missing_labels",
        &inventory,
        r#""required_labels": ["team"]"#,
        r#"[{"outcome": "ok", "reason": "labels_set"}]"#,
    );
}

#[test]
fn an_autoscaler_on_the_same_resource_changes_with_the_request() {
    let usage = format!(
        r#"{{"subject": {{"namespace": "n", "workload": "Deployment/web", "container": "app"}}, "metric": "cpu_usage",
            "summary": {{"p95": "0.2", "max": "0.2", "samples": 400, "start": "2026-11-06T00:00:00Z", "end": "{NOW}"}}}}"#
    );
    let inventory = |mode: &str| {
        format!(
            r#""workloads": [{}], "usage": [{usage}], "autoscalers": [{mode}]"#,
            workload(r#""replicas": 8, "labels": {}"#)
        )
    };
    let hpa = |target: u32| {
        format!(
            r#"{{"kind": "HorizontalPodAutoscaler", "namespace": "n", "name": "web", "min": 2, "max": 9,
                "target": {{"kind": "Deployment", "name": "web"}},
                "metrics": [{{"resource": "cpu", "target_utilization": {target}}}]}}"#
        )
    };
    let detector = "k8s.cpu_over_request";
    // 230m at 15 % of a core would be 66 % of the new request.
    holds(
        detector,
        &inventory(&hpa(15)),
        RATES,
        r#"[{"outcome": "finding", "after": {"requests": {"cpu": "230m"}, "target_utilization": 66}, "risk": "0.3"}]"#,
    );
    holds(detector, &inventory(&hpa(95)), RATES, r#"[{"outcome": "ok", "reason": "no_change"}]"#);
    let vpa = r#"{"kind": "VerticalPodAutoscaler", "namespace": "n", "name": "web", "mode": "Auto",
        "target": {"kind": "Deployment", "name": "web"}}"#;
    holds(detector, &inventory(vpa), RATES, r#"[{"outcome": "inapplicable", "reason": "managed_by_vpa"}]"#);
}

#[test]
fn raw_samples_are_tested_on_their_own_history() {
    let subject = r#"{"namespace": "n", "pod": "web-1", "container": "app"}"#;
    let inventory = |usage: String| {
        format!(
            r#""workloads": [{}], "pods": [{}], "usage": [{usage}]"#,
            workload(r#""replicas": 4, "labels": {}"#),
            pod("web-1", r#""labels": {}"#)
        )
    };
    let detector = "k8s.cpu_over_request";
    // Fourteen equal days are seven folds without a miss: 8/9.
    holds(
        detector,
        &inventory(series(subject, "cpu_usage", 336, |_| "0.2".to_owned())),
        RATES,
        r#"[{"outcome": "finding", "confidence": "0.8888", "after": {"requests": {"cpu": "230m"}},
            "confidence_inputs": {"folds": 7, "misses": 0}}]"#,
    );
    let growing =
        series(subject, "cpu_usage", 336, |ago| format!("0.{:03}", (1 << (14 - ago / 24).min(9)).min(999)));
    holds(
        detector,
        &inventory(growing),
        RATES,
        r#"[{"outcome": "undetermined", "reason": "unstable_demand"}]"#,
    );
}
