//! The gate as a pipeline sees it: what it prints, and its exit status.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "support/folder.rs"]
mod folder;
mod support;

use folder::Folder;
use serde_json::{Value, json};
use support::run;

const ALLOWED: &str = r#"{"unit_cost_usd": 0.12, "cost_tags": {"team": "search", "environment": "staging"}}"#;
const DENIED: &str =
    r#"{"unit_cost_usd": 0.60, "cost_tags": {"team": "search"}, "deployment_region": "us-east-1"}"#;
const AT: [&str; 2] = ["--at", "2026-11-02T12:00:00Z"];

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect(text)
}

#[test]
fn allows_and_denies_with_every_reason() {
    let (status, out, err) = run(&["gate", "check"], ALLOWED);
    assert_eq!((status, out.as_str(), err.as_str()), (0, "allow\n", ""));
    let (status, out, _) = run(&["gate", "check", "-"], DENIED);
    assert_eq!(status, 3);
    assert_eq!(
        out,
        "deny\n  deny budget.unit_cost: Unit cost 0.6 USD exceeds budget cap of 0.5 USD\n  \
         deny tags.required: cost_tags missing required 'environment' field\n  \
         deny carbon.region: Region 'us-east-1' is not carbon-efficient; greener regions: us-west-2, eu-north-1, \
         ca-central-1\n"
    );
}

#[test]
fn every_format_says_the_same() {
    let shown = |format: &str| {
        let (status, out, err) = run(&["gate", "check", "--format", format], DENIED);
        assert_eq!(status, 3, "{err}");
        out
    };
    let decision = parsed(&shown("json"));
    assert_eq!(
        (&decision["decision"], decision["violations"].as_array().map(Vec::len)),
        (&json!("deny"), Some(3))
    );
    let junit = shown("junit");
    assert!(junit.contains("failures=\"3\"") && junit.contains("budget.unit_cost"), "{junit}");
    let sarif = parsed(&shown("sarif"));
    assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(3));
    let github = shown("github");
    assert_eq!(github.lines().filter(|line| line.starts_with("::error file=stdin")).count(), 3, "{github}");
}

#[test]
fn bad_data_a_missing_file_and_a_bad_configuration_have_their_own_status() {
    for (text, rule) in
        [("{", "input.json"), ("[]", "input.not_object"), (r#"{"a":1,"a":2}"#, "input.duplicate_key")]
    {
        let (status, out, _) = run(&["gate", "check"], text);
        assert!(status == 65 && out.starts_with("deny\n") && out.contains(rule), "{status} {out}");
    }
    let folder = Folder::new("bad_data");
    let (status, _, err) = run(&["gate", "check", &folder.path("absent.json")], "");
    assert!(status == 66 && err.contains("absent.json"), "{err}");
    let config = folder.put("config.json", r#"{"unit_cost_usd": {"deny_below": "1"}}"#);
    let (status, _, err) = run(&["gate", "check", "--config", &config], ALLOWED);
    assert!(status == 78 && err.contains("policy.config"), "{err}");
    let approvals = folder.put("approvals.json", "{}");
    let (status, _, err) = run(&["gate", "check", "--approvals", &approvals], ALLOWED);
    assert!(status == 65 && err.contains("give a list"), "{err}");
    let broken = folder.put("set/broken.rego", "package finops\n\ndeny contains \"x\" if data.nope\n");
    let (status, _, err) = run(&["gate", "check", "--bundle", &broken], ALLOWED);
    assert!(status == 65 && err.contains("lint.data_missing"), "{err}");
    assert_eq!(run(&["gate", "check", "--format", "yaml"], ALLOWED).0, 2);
}

#[test]
fn an_approval_lifts_what_asks_for_one_and_nothing_else() {
    let folder = Folder::new("approvals");
    let config = folder.put("config.json", r#"{"actions": {"carbon.region": "require_approval"}}"#);
    let input = r#"{"cost_tags": {"team": "a", "environment": "b"}, "deployment_region": "us-east-1"}"#;
    let base = ["gate", "check", "--config", &config, "--requester", "dev@example.com", AT[0], AT[1]];
    let (status, out, _) = run(&base, input);
    assert_eq!(status, 3);
    assert!(out.starts_with("require_approval\n") && out.contains("missing carbon.region: 1 more"), "{out}");
    let (_, out, _) = run(&[&base[..], &["--format", "json"]].concat(), input);
    let asked = parsed(&out);
    let approval = |approver: &str| {
        json!([{"id": "A-1", "approver": approver, "input_digest": asked["input_digest"],
            "policy_revision": asked["policy_revision"], "rules": ["carbon.region"],
            "approved_at": "2026-11-02T11:00:00Z", "expires_at": "2026-11-02T13:00:00Z"}])
    };
    let given = folder.put("given.json", &approval("boss@example.com").to_string());
    let (status, out, _) = run(&[&base[..], &["--approvals", &given]].concat(), input);
    assert_eq!((status, out.lines().next()), (0, Some("allow")), "{out}");
    let own = folder.put("own.json", &approval("Dev@example.com ").to_string());
    let (status, out, _) = run(&[&base[..], &["--approvals", &own]].concat(), input);
    assert!(status == 3 && out.contains("approval.self_approval"), "{out}");
}

#[test]
fn an_exemption_is_shown_and_ends() {
    let folder = Folder::new("exemptions");
    let exemptions = folder.put(
        "exemptions.json",
        r#"[{"id": "EX-1", "rule": "carbon.region", "selector": {"/deployment_region": "us-east-1"}, "reason": "data residency",
            "owner": "search", "approved_by": "cfo@example.com", "created": "2026-10-20T00:00:00Z", "expires": "2026-12-01T00:00:00Z"}]"#,
    );
    let input = r#"{"cost_tags": {"team": "a", "environment": "b"}, "deployment_region": "us-east-1"}"#;
    let (status, out, _) = run(&["gate", "check", "--exemptions", &exemptions, AT[0], AT[1]], input);
    assert_eq!((status, out.as_str()), (0, "allow\n  exempted carbon.region by `EX-1`\n"));
    let (status, out, _) =
        run(&["gate", "check", "--exemptions", &exemptions, "--at", "2026-12-01T00:00:00Z"], input);
    assert!(status == 3 && out.contains("exemption.expired"), "{out}");
}

#[test]
fn an_opa_that_does_not_answer_denies() {
    // Nothing listens on the discard port.
    let (status, out, _) = run(&["gate", "check", "--opa", "http://127.0.0.1:9"], ALLOWED);
    assert!(status == 3 && out.contains("opa.unavailable"), "{out}");
}

const SET: &str = "package finops\n\ndefault allow := false\n\nallow if count(deny) == 0\n\n\
    deny contains {\"rule\": \"gpu.limit\", \"message\": \"too many GPUs\"} if {\n\tis_number(input.gpus)\n\tinput.gpus > data.limits.gpus\n}\n";
const TESTS: &str = "package finops_test\n\nimport data.finops\n\n\
    test_eight if count(finops.deny) == 0 with input as {\"gpus\": 8}\n\n\
    test_nine if count(finops.deny) == 1 with input as {\"gpus\": 9}\n";

fn set(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.put("set/gpu.rego", SET);
    folder.put("set/gpu_test.rego", TESTS);
    folder.put("set/limits/data.json", r#"{"gpus": 8}"#);
    folder
}

#[test]
fn a_set_of_policies_decides_beside_the_default_policy() {
    let folder = set("beside");
    let input = r#"{"gpus": 16, "cost_tags": {"team": "a"}}"#;
    let (status, out, err) = run(&["gate", "check", "--bundle", &folder.path("set")], input);
    assert_eq!(status, 3, "{err}");
    for part in ["deny gpu.limit: too many GPUs", "deny tags.required"] {
        assert!(out.contains(part), "{out}");
    }
    let path = folder.put("input.json", input);
    let set = folder.path("set");
    let explain = |paths: &[&str]| run(&[&["policy", "explain"], paths].concat(), "");
    let (input, set) = (path.as_str(), set.as_str());
    let (status, out, _) = explain(&[input, "--bundle", set]);
    assert_eq!(status, 0);
    for order in [["--bundle", set, input].as_slice(), &[input, set], &[set, input]] {
        assert_eq!(explain(order).1, out, "{order:?}");
    }
    for wrong in [[set].as_slice(), &[input, input], &[set, set], &[input, set, "--bundle", set]] {
        let (status, _, err) = explain(wrong);
        assert!(status == 2 && err.contains("policies once"), "{wrong:?}: {status} {err}");
    }
    for part in ["deny gpu.limit", "gpu.rego ran lines", "not_evaluated budget.total_spend: input_absent"] {
        assert!(out.contains(part), "{part} is not in\n{out}");
    }
}

#[test]
fn tests_pass_fail_and_cover() {
    let folder = set("tests");
    let path = folder.path("set");
    let (status, out, _) = run(&["policy", "test", &path, "--coverage", "50"], "");
    assert_eq!(status, 0, "{out}");
    assert!(out.contains("pass finops_test.test_nine\n") && out.contains("2 passed, 0 failed"), "{out}");
    folder.put(
        "set/more.rego",
        "package finops\n\nwarn contains \"x\" if {\n\tinput.never\n\tinput.reached\n}\n",
    );
    let (status, out, _) = run(&["policy", "test", &path, "--coverage", "100", "--format", "junit"], "");
    assert!(status == 1 && out.contains("lines are covered"), "line 5 is not reached: {out}");
    let (status, out, _) = run(&["policy", "test", &path, "--coverage", "100"], "");
    assert!(status == 1 && out.contains("  more.rego: not "), "{out}");
    folder.put("set/limits/data.json", r#"{"gpus": 16}"#);
    let (status, out, _) = run(&["policy", "test", &path], "");
    assert!(status == 1 && out.contains("fail finops_test.test_nine"), "{out}");
    let (status, out, _) = run(&["policy", "test", &path, "--format", "json"], "");
    assert_eq!((status, &parsed(&out)["failed"]), (1, &json!(1)));
    let (status, out, _) = run(&["policy", "bundle", &path], "");
    assert_eq!((status, &parsed(&out)["code"]), (1, &json!("policy.tests_failed")));
    assert_eq!(run(&["policy", "test", &folder.path("absent")], "").0, 66);
}

#[test]
fn lint_finds_what_keeps_a_set_from_loading() {
    let folder = set("lint");
    let path = folder.path("set");
    let (status, out, _) = run(&["policy", "lint", &path], "");
    assert_eq!((status, out.as_str()), (0, "0 errors, 0 warnings; engine rvm\n"));
    folder.put("set/circle.rego", "package finops\n\na if b\n\nb if a\n");
    let (status, out, _) = run(&["policy", "lint", &path], "");
    assert!(status == 1 && out.contains("error: circle.rego:3:1: lint.recursion"), "{out}");
    let (status, out, _) = run(&["policy", "lint", &path, "--format", "sarif"], "");
    assert_eq!((status, &parsed(&out)["runs"][0]["results"][0]["ruleId"]), (1, &json!("lint.recursion")));
    folder.put("set/circle.rego", "package finops\n\na if {\n");
    let (status, out, _) = run(&["policy", "lint", &path, "--format", "github"], "");
    assert!(status == 1 && out.contains("policy.parse"), "{out}");
}

#[test]
fn a_bundle_says_what_it_is() {
    let folder = set("bundle");
    folder.put("set/.manifest", r#"{"revision": "2026-11-02"}"#);
    folder.put("set/README.txt", "not loaded");
    let (status, out, _) = run(&["policy", "bundle", &folder.path("set")], "");
    let bundle = parsed(&out);
    assert_eq!((status, &bundle["ok"], &bundle["revision"]), (0, &json!(true), &json!("2026-11-02")));
    assert_eq!((&bundle["load"]["engine"], &bundle["load"]["tests"]["passed"]), (&json!("rvm"), &json!(2)));
    assert_eq!(bundle["bundle_warnings"][0], json!({"code": "bundle.ignored_file", "path": "README.txt"}));
    folder.put("set/data.yaml", "a: 1\n");
    let (status, out, _) = run(&["policy", "bundle", &folder.path("set")], "");
    assert_eq!((status, &parsed(&out)["code"]), (1, &json!("bundle.yaml")));
}

const POD: &str = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"team": "a", "environment": "b"}},
    "spec": {"containers": []}}"#;

#[test]
fn judges_infrastructure_as_code() {
    let plan = |tags: &str| {
        format!(
            r#"{{"format_version": "1.2", "resource_changes": [{{"address": "aws_instance.a", "type": "aws_instance",
            "change": {{"actions": ["create"], "after": {{"instance_type": "m7g.large", "tags": {tags}}}}}}}]}}"#
        )
    };
    let good = plan(r#"{"team": "a", "environment": "b"}"#);
    let (status, out, _) = run(&["policy", "iac", "terraform", "-", "--format", "junit"], &good);
    assert!(status == 0 && out.contains("failures=\"0\"") && out.contains("tests=\"1\""), "{out}");
    let (status, out, _) = run(&["policy", "iac", "terraform", "-"], &plan(r#"{"team": "a"}"#));
    assert!(status == 3 && out.starts_with("deny\n  deny iac.tags.required aws_instance.a: "), "{out}");
    let report = r#"{"version": "0.2", "currency": "USD", "diffTotalMonthlyCost": "750.10", "totalMonthlyCost": "900", "projects": []}"#;
    let (status, out, _) = run(&["policy", "iac", "infracost", "-", "--format", "json"], report);
    assert_eq!((status, &parsed(&out)["violations"][0]["rule"]), (3, &json!("iac.cost.delta")), "{out}");
    let folder = Folder::new("iac");
    let config = folder.put("iac.json", r#"{"cost": {"max_monthly_delta_usd": "1000"}}"#);
    assert_eq!(run(&["policy", "iac", "infracost", "-", "--config", &config], report).0, 0);
    let config = folder.put("bad.json", r#"{"costs": {}}"#);
    assert_eq!(run(&["policy", "iac", "infracost", "-", "--config", &config], report).0, 78);
}

#[test]
fn reads_kubernetes_documents_in_every_form() {
    let untagged = POD.replace(r#""team": "a", "#, "");
    for (text, status) in [
        (POD.to_owned(), 0),
        (format!("[{POD}, {POD}]"), 0),
        (format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{POD}]}}"#), 0),
        (format!("{POD}\n{POD}\n"), 0),
        (format!("{POD}\n{untagged}"), 3),
        (String::new(), 3),
        ("kind: Pod\n".to_owned(), 65),
        (r#"{"kind": "Pod", "kind": "Pod"}"#.to_owned(), 65),
    ] {
        let (found, out, err) = run(&["policy", "iac", "kubernetes", "-"], &text);
        assert_eq!(found, status, "{text}\n{out}{err}");
    }
}
