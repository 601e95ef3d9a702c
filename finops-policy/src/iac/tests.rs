//! Each rule fires and does not fire.

use super::{IacConfig, infracost, kubernetes, terraform};
use crate::{
    Json,
    decision::Outcome,
    json::{Limits, read},
};

fn json(text: &str) -> Json {
    read(text.as_bytes(), &Limits::default()).unwrap()
}

fn config(text: &str) -> IacConfig {
    IacConfig::from_json(&json(text)).unwrap()
}

/// Findings as `action rule resource subject`.
fn shown(answer: &super::IacAnswer) -> Vec<String> {
    let worst = answer.violations.first().map(|v| super::action_name(v.action));
    assert_eq!(answer.decision == Outcome::Deny, worst == Some("deny"));
    assert_eq!(answer.decision == Outcome::RequireApproval, worst == Some("require_approval"));
    let each = answer.violations.iter().map(|v| {
        assert!(!v.message.is_empty());
        let (resource, subject) = (v.resource.as_deref().unwrap_or("-"), v.subject.as_deref().unwrap_or("-"));
        format!("{} {} {resource} {subject}", super::action_name(v.action), v.rule)
    });
    each.collect()
}

/// A plan with the change of one resource of type `kind`.
fn planned(kind: &str, after: &str, unknown: &str, overrides: &str) -> Vec<String> {
    let entry = format!(
        r#"{{"address":"x.a","mode":"managed","type":"{kind}","change":{{"actions":["create"],"after":{after},"after_unknown":{unknown}}}}}"#
    );
    let plan = format!(r#"{{"format_version":"1.2","resource_changes":[{entry}]}}"#);
    shown(&terraform(&json(&plan), &config(overrides)))
}

fn plan(text: &str) -> Vec<String> {
    shown(&terraform(&json(text), &IacConfig::default()))
}

const NONE: [&str; 0] = [];

#[test]
fn a_document_that_is_no_plan_stands_alone() {
    for text in [
        "null",
        "[]",
        r#"{"format_version":1.2,"resource_changes":[]}"#,
        r#"{"format_version":"1.2"}"#,
        r#"{"format_version":"1.2","resource_changes":null,"planned_values":{}}"#,
        r#"{"format_version":"1.2","resource_changes":{}}"#,
    ] {
        assert_eq!(plan(text), ["deny iac.not_a_plan - -"], "{text}");
    }
    assert_eq!(plan(r#"{"format_version":"1.2","planned_values":{}}"#), NONE);
    assert_eq!(plan(r#"{"format_version":"0.1","resource_changes":[]}"#), NONE);
    assert_eq!(
        plan(r#"{"format_version":"10.0","errored":true,"resource_changes":[1]}"#),
        ["deny iac.format_version - 10.0"]
    );
}

#[test]
fn errored_and_incomplete_plans() {
    assert_eq!(
        plan(r#"{"format_version":"1.2","errored":true,"complete":false,"resource_changes":[]}"#),
        ["deny iac.plan_errored - -", "warn iac.plan_incomplete - -",]
    );
    assert_eq!(
        plan(r#"{"format_version":"1.2","errored":false,"complete":true,"resource_changes":[]}"#),
        NONE
    );
}

#[test]
fn changes_that_say_nothing_are_invalid_unless_passive() {
    let text = r#"{"format_version":"1.2","resource_changes":[
        5,
        {"address":"a.b"},
        {"change":{"actions":["update"],"after":"x"}},
        {"address":"a.data","mode":"data"},
        {"address":"a.gone","change":{"actions":["forget"],"after":null}},
        {"address":"a.read","change":{"actions":["read"]}},
        {"address":"a.both","change":{"actions":["no-op","delete"]}}
    ]}"#;
    assert_eq!(
        plan(text),
        [
            "deny iac.change_invalid #0 -",
            "deny iac.change_invalid #2 -",
            "deny iac.change_invalid a.b -",
            "deny iac.change_invalid a.both -",
        ]
    );
}

#[test]
fn tags_are_required_where_a_resource_can_have_them() {
    let both = ["deny iac.tags.required x.a environment", "deny iac.tags.required x.a team"];
    assert_eq!(planned("t", r#"{"tags":{"team":" ","environment":5}}"#, "{}", "{}"), both);
    assert_eq!(planned("t", "{}", r#"{"tags":{}}"#, "{}"), both);
    assert_eq!(planned("t", r#"{"name":"x"}"#, "{}", "{}"), NONE);
    assert_eq!(planned("t", r#"{"tags":null}"#, "{}", r#"{"exempt_types":["?"]}"#), NONE);
    assert_eq!(planned("t", r#"{"tags":{"team":"a"},"labels":{"environment":"b"}}"#, "{}", "{}"), NONE);
    let list = r#"{"tag":[{"key":"team","value":"a"},{"key":"environment","value":""}]}"#;
    assert_eq!(
        planned("aws_autoscaling_group", list, "{}", "{}"),
        ["deny iac.tags.required x.a environment"]
    );
}

#[test]
fn tags_known_only_after_apply() {
    let map = |overrides| planned("t", r#"{"tags":{"team":"a"}}"#, r#"{"tags_all":true}"#, overrides);
    assert_eq!(map("{}"), ["deny iac.tags.unknown x.a environment"]);
    assert_eq!(
        map(r#"{"unknown_tags":"require_approval"}"#),
        ["require_approval iac.tags.unknown x.a environment"]
    );
    assert_eq!(map(r#"{"unknown_tags":"off"}"#), NONE);
    let value =
        |overrides| planned("t", r#"{"tags":{"team":"a"}}"#, r#"{"tags":{"environment":true}}"#, overrides);
    assert_eq!(value("{}"), ["warn iac.tags.unknown x.a environment"]);
    assert_eq!(value(r#"{"unknown_tags":"off"}"#), NONE);
    let known = r#"{"tag":[{"key":"team"},{"value":"b"}]}"#;
    assert_eq!(
        planned("t", known, r#"{"tag":[{"value":true},{"key":true}]}"#, "{}"),
        ["deny iac.tags.unknown x.a environment", "warn iac.tags.unknown x.a team",]
    );
    assert_eq!(
        planned("t", r#"{"tag":[]}"#, r#"{"tag":true}"#, r#"{"required_tags":["a"]}"#),
        ["deny iac.tags.unknown x.a a"]
    );
}

#[test]
fn instance_types_of_a_plan() {
    let typed = |after: &str, unknown: &str, overrides: &str| {
        planned("aws_eks_node_group", after, unknown, overrides)
    };
    assert_eq!(
        typed(r#"{"instance_types":["m7g.large","m1.small","m1.small"]}"#, "{}", "{}"),
        ["deny iac.instance.forbidden x.a m1.small"]
    );
    assert_eq!(typed(r#"{"instance_types":["m7g.large"]}"#, "{}", "{}"), NONE);
    let open = r#"{"instance_types":[false,true]}"#;
    assert_eq!(typed(r#"{"instance_types":["m7g.large"]}"#, open, "{}"), ["warn iac.instance.unknown x.a -"]);
    assert_eq!(typed("{}", r#"{"instance_types":true}"#, r#"{"unknown_instance":"off"}"#), NONE);
}

fn manifests(documents: &str, overrides: &str) -> Vec<String> {
    shown(&kubernetes(json(documents).as_array().unwrap(), &config(overrides)))
}

const LABELS: &str = r#"{"labels":{"team":"a","environment":"b"}}"#;

/// A pod with good labels and the members of `spec`.
fn pod(spec: &str, overrides: &str) -> Vec<String> {
    let document = format!(r#"[{{"kind":"Pod","apiVersion":"v1","metadata":{LABELS},"spec":{spec}}}]"#);
    manifests(&document, overrides)
}

#[test]
fn manifests_that_are_none() {
    assert_eq!(manifests("[]", "{}"), ["deny iac.empty - -"]);
    assert_eq!(
        manifests(r#"[null,{"kind":"List","apiVersion":"v1","items":[null]}]"#, "{}"),
        ["deny iac.empty - -"]
    );
    let mixed = r#"[null,{"kind":"PodList","apiVersion":"v1","items":[{"kind":"Role","apiVersion":"r"},{"kind":5}]},"x",{"kind":"Pod"}]"#;
    assert_eq!(
        manifests(mixed, "{}"),
        [
            "deny iac.manifest_invalid #1 -",
            "deny iac.manifest_invalid #2 -",
            "deny iac.manifest_invalid #3 -",
        ]
    );
}

#[test]
fn labels_are_those_of_the_pods() {
    let template = format!(r#"{{"template":{{"metadata":{LABELS}}}}}"#);
    for kind in ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"] {
        let with =
            format!(r#"[{{"kind":"{kind}","apiVersion":"v1","metadata":{{"name":"n"}},"spec":{template}}}]"#);
        assert_eq!(manifests(&with, "{}"), NONE, "{kind}");
        let without = format!(r#"[{{"kind":"{kind}","apiVersion":"v1","metadata":{LABELS}}}]"#);
        assert_eq!(manifests(&without, "{}").len(), 2, "{kind}");
    }
    let cron = |spec: &str| {
        format!(
            r#"[{{"kind":"CronJob","apiVersion":"v1","metadata":{{"name":"n","namespace":"s"}},"spec":{spec}}}]"#
        )
    };
    assert_eq!(manifests(&cron(&format!(r#"{{"jobTemplate":{{"spec":{template}}}}}"#)), "{}"), NONE);
    assert_eq!(
        manifests(&cron(&template), r#"{"required_tags":["team"]}"#),
        ["deny iac.tags.required CronJob/s/n team"]
    );
    let balancer =
        |kind: &str| format!(r#"[{{"kind":"Service","apiVersion":"v1","spec":{{"type":"{kind}"}}}}]"#);
    assert_eq!(
        manifests(&balancer("LoadBalancer"), r#"{"required_tags":["team"]}"#),
        ["deny iac.tags.required Service/default/ team"]
    );
    assert_eq!(manifests(&balancer("NodePort"), "{}"), NONE);
    let claim = r#"[{"kind":"PersistentVolumeClaim","apiVersion":"v1","metadata":{"generateName":"d-"}}]"#;
    assert_eq!(
        manifests(claim, r#"{"required_tags":["team"]}"#),
        ["deny iac.tags.required PersistentVolumeClaim/default/d- team"]
    );
    assert_eq!(manifests(claim, r#"{"exempt_types":["*Claim"]}"#), NONE);
}

#[test]
fn pods_that_insist_on_an_instance_type() {
    let select =
        |label: &str, name: &str| pod(&format!(r#"{{"nodeSelector":{{"{label}":"{name}"}}}}"#), "{}");
    let found = ["deny iac.instance.forbidden Pod/default/ r3.large"];
    assert_eq!(select("node.kubernetes.io/instance-type", "r3.large"), found);
    assert_eq!(select("beta.kubernetes.io/instance-type", "r3.large"), found);
    assert_eq!(select("kubernetes.io/arch", "r3.large"), NONE);
    assert_eq!(select("node.kubernetes.io/instance-type", "r7g.large"), NONE);
    let affinity = |when: &str, operator: &str| {
        let rule = format!(
            r#"{{"key":"node.kubernetes.io/instance-type","operator":"{operator}","values":["m7g.x","r3.large"]}}"#
        );
        pod(
            &format!(
                r#"{{"affinity":{{"nodeAffinity":{{"{when}":{{"nodeSelectorTerms":[{{"matchExpressions":[{rule}]}}]}}}}}}}}"#
            ),
            "{}",
        )
    };
    assert_eq!(affinity("requiredDuringSchedulingIgnoredDuringExecution", "In"), found);
    assert_eq!(affinity("requiredDuringSchedulingIgnoredDuringExecution", "NotIn"), NONE);
    assert_eq!(affinity("preferredDuringSchedulingIgnoredDuringExecution", "In"), NONE);
}

#[test]
fn containers_without_requests() {
    let spec = r#"{"containers":[{"name":"a","resources":{"limits":{"cpu":1,"memory":null}}}],
        "initContainers":[{"name":"i","resources":{"requests":{"cpu":"","memory":"1Gi"}}}]}"#;
    assert_eq!(
        pod(spec, "{}"),
        ["warn iac.requests.missing Pod/default/ a/memory", "warn iac.requests.missing Pod/default/ i/cpu",]
    );
    assert_eq!(
        pod(spec, r#"{"missing_requests":"deny","required_requests":["cpu"]}"#),
        ["deny iac.requests.missing Pod/default/ i/cpu"]
    );
    assert_eq!(pod(spec, r#"{"missing_requests":"off"}"#), NONE);
}

fn report(members: &str, cost: &str) -> Vec<String> {
    let text = format!(r#"{{"version":"0.2","currency":"USD","projects":[]{members}}}"#);
    shown(&infracost(&json(&text), &config(&format!(r#"{{"cost":{cost}}}"#))))
}

#[test]
fn reports_that_are_none() {
    for text in [
        "null",
        "[]",
        r#"{"projects":[]}"#,
        r#"{"version":"0.2","projects":{}}"#,
        r#"{"version":2,"projects":[]}"#,
    ] {
        assert_eq!(
            shown(&infracost(&json(text), &IacConfig::default())),
            ["deny iac.not_infracost - -"],
            "{text}"
        );
    }
    let old = infracost(&json(r#"{"version":"1","projects":[]}"#), &IacConfig::default());
    assert_eq!(shown(&old), ["deny iac.format_version - 1"]);
}

#[test]
fn costs_are_compared_exactly_and_never_guessed() {
    assert_eq!(report(r#","diffTotalMonthlyCost":"500""#, "{}"), NONE);
    assert_eq!(
        report(r#","diffTotalMonthlyCost":500.00000000000000000001"#, "{}"),
        ["deny iac.cost.delta - 500.00000000000000000001"]
    );
    assert_eq!(
        report(
            r#","totalMonthlyCost":"0.3","pastTotalMonthlyCost":"-0.1""#,
            r#"{"max_monthly_delta_usd":"0.4"}"#
        ),
        NONE
    );
    assert_eq!(
        report(r#","totalMonthlyCost":600.5,"pastTotalMonthlyCost":"100""#, "{}"),
        ["deny iac.cost.delta - 500.5"]
    );
    assert_eq!(
        report(r#","totalMonthlyCost":600,"pastTotalMonthlyCost":-0"#, "{}"),
        ["deny iac.cost.delta - 600"]
    );
    let warned = r#"{"warn_monthly_delta_usd":"100","max_monthly_delta_usd":null}"#;
    assert_eq!(report(r#","diffTotalMonthlyCost":9999"#, warned), ["warn iac.cost.delta - 9999"]);
    assert_eq!(report(r#","diffTotalMonthlyCost":100"#, warned), NONE);
    for unknown in [
        "",
        r#","diffTotalMonthlyCost":"1e2""#,
        r#","diffTotalMonthlyCost":true"#,
        r#","diffTotalMonthlyCost":1e-1000"#,
    ] {
        assert_eq!(report(unknown, "{}"), ["deny iac.cost.unknown - -"], "{unknown}");
    }
    let limited = r#"{"max_monthly_total_usd":"1000"}"#;
    assert_eq!(report(r#","diffTotalMonthlyCost":0"#, limited), ["deny iac.cost.unknown - -"]);
    assert_eq!(report(r#","diffTotalMonthlyCost":0,"totalMonthlyCost":1000"#, limited), NONE);
    assert_eq!(
        report(r#","diffTotalMonthlyCost":0,"totalMonthlyCost":1e4"#, limited),
        ["deny iac.cost.total - 10000"]
    );
}

#[test]
fn another_currency_and_resources_without_a_price() {
    let zero = r#","diffTotalMonthlyCost":0"#;
    assert_eq!(report(zero, r#"{"currency":"EUR"}"#), ["deny iac.cost.currency - USD"]);
    let unsupported = |count: &str, cost: &str| {
        report(&format!(r#"{zero},"summary":{{"totalUnsupportedResources":{count}}}"#), cost)
    };
    assert_eq!(unsupported("2", "{}"), ["warn iac.cost.unpriced - 2"]);
    assert_eq!(unsupported("0", "{}"), NONE);
    assert_eq!(unsupported("null", "{}"), NONE);
    assert_eq!(unsupported("2", r#"{"unpriced":"off"}"#), NONE);
}
