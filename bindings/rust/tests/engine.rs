//! The money loop in Rust: detect, guard, propose, record; git and pull requests.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use finops::{
    Engine, EngineError, EngineOptions,
    change::{SourceFile, Status},
    core::json::{Json, Limits, read},
    engine::{SourceLimits, git, read_sources, write_change},
    ledger::SavingsLedger,
    policy::decision::Outcome,
};
use std::{fs, path::PathBuf, process::Command};

const README: &str = r#"{"cluster": "finance-cluster", "workloads": {"finance": [
    {"name": "payment-service", "cpu_request": 2.0, "cpu_usage": 0.5, "memory_request_gb": 4.0, "memory_usage_gb": 1.0,
     "team": "payments"}]}}"#;
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: payment-service\n  namespace: finance\nspec:\n  \
    template:\n    spec:\n      containers:\n        - name: app\n          resources:\n            requests:\n              \
    cpu: \"2\" # peak of 2024\n              memory: 4Gi\n";
/// Within the change window of the guardrails.
const NIGHT: &str = "2026-11-20T03:00:00Z";

fn json(text: &str) -> Json {
    read(text.as_bytes(), &Limits::default()).unwrap()
}

fn request(data: &str, as_of: &str) -> Json {
    Json::object([("inventories", Json::Array(vec![json(data)])), ("as_of", as_of.into())])
}

fn engine(options: &str) -> Engine {
    Engine::new(EngineOptions::from_json(&json(options)).unwrap())
}

fn text<'a>(value: &'a Json, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Json::as_str).unwrap_or_else(|| panic!("{pointer} of {value}"))
}

fn opportunities(report: &Json) -> &[Json] {
    report.get("opportunities").and_then(Json::as_array).unwrap()
}

/// What `propose_json` takes.
fn all(report: &Json) -> Json {
    Json::object([("opportunities", report.get("opportunities").unwrap().clone())])
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("finops-engine-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_guide_runs_as_it_is_printed() {
    let (engine, ledger) = (Engine::default(), SavingsLedger::new(None));
    let report = engine.run_json(&request(README, NIGHT), Some(&ledger)).unwrap();
    let found = opportunities(&report);
    let shown: Vec<_> = found
        .iter()
        .map(|o| {
            (
                text(o, "/type"),
                text(o, "/estimated_monthly_savings"),
                text(o, "/confidence"),
                text(o, "/team"),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("over_requested_cpu", "91.25", "0.65", "payments"),
            ("over_requested_memory", "18.25", "0.65", "payments")
        ]
    );
    assert!(text(&found[0], "/id").starts_with("opp_") && text(&found[0], "/status") == "detected");
    assert_eq!(ledger.read(|fold| fold.total_estimated(false, None)).unwrap().unwrap().to_string(), "109.5");
    assert_eq!(text(&report, "/portfolio/granted_monthly"), "109.500000000");
    assert_eq!(text(&report, "/portfolio/realizable_reason"), "node_supply_unknown");
    assert_eq!(text(&report, "/findings/0/scope/resource_id"), "workload/finance/payment-service");
    assert_eq!(text(&report, "/findings/0/sub_category"), "over_requested_cpu");
    // 0.65 is below the least confidence of 0.7: denied, and so without a change.
    assert_eq!(text(&found[0], "/guardrail/action"), "deny");
    assert_eq!(engine.propose_json(&all(&report), &[]).unwrap(), Json::Array(vec![]));
    // The same run again changes no byte and records nothing twice.
    let again = Engine::default().run_json(&request(README, NIGHT), Some(&ledger)).unwrap();
    assert_eq!(again.to_text(), report.to_text());
    assert_eq!(ledger.read(|fold| fold.opportunities().count()).unwrap(), 2);
}

#[test]
fn allowed_findings_are_proposed_together_and_edit_their_source() {
    let engine = engine(r#"{"guardrails": {"min_confidence": "0.6"}}"#);
    let report = engine.run_json(&request(README, NIGHT), None).unwrap();
    assert_eq!(text(&report, "/opportunities/0/guardrail/action"), "allow");
    let sources = [SourceFile { path: "k8s/pay.yaml".to_owned(), bytes: DEPLOYMENT.as_bytes().to_vec() }];
    let changes = engine.propose_json(&all(&report), &sources).unwrap();
    assert_eq!(changes.as_array().unwrap().len(), 1);
    assert_eq!(text(&changes, "/0/status"), "ready");
    assert_eq!(text(&changes, "/0/title"), "Cost Optimization: Right-size CPU for payment-service");
    assert!(text(&changes, "/0/branch_name").starts_with("finops/cpu-rightsize-payment-service-20261120-"));
    assert_eq!(text(&changes, "/0/estimated_savings"), "109.5");
    let new = text(&changes, "/0/changes/0/content");
    assert!(new.contains("cpu: \"750m\" # peak of 2024") && new.contains("memory: 1536Mi"), "{new}");
    assert_eq!(changes.pointer("/0/requires_approval"), Some(&Json::Bool(false)));
    // Without a source a patch is drafted.
    let drafted = engine.propose_json(&all(&report), &[]).unwrap();
    assert_eq!(text(&drafted, "/0/status"), "draft");
    // Outside the window somebody must approve, and the change says so.
    let report = engine.run_json(&request(README, "2026-11-20T12:00:00Z"), None).unwrap();
    let changes = engine.propose_json(&all(&report), &sources).unwrap();
    assert_eq!(changes.pointer("/0/requires_approval"), Some(&Json::Bool(true)));
}

#[test]
fn the_changes_of_a_day_add_up() {
    let data = r#"{"workloads": {"a": [
        {"name": "w1", "cpu_request": 8, "cpu_usage": 1}, {"name": "w2", "cpu_request": 8, "cpu_usage": 1},
        {"name": "w3", "cpu_request": 8, "cpu_usage": 1}]}}"#;
    let engine = Engine::default();
    let actions = |report: &Json| -> Vec<String> {
        opportunities(report).iter().map(|o| text(o, "/guardrail/action").to_owned()).collect()
    };
    // 6.5 cores are $474.50 each; the third one passes $1000 a day.
    let report = engine.run_json(&request(data, NIGHT), None).unwrap();
    assert_eq!(actions(&report), ["allow", "allow", "require_approval"]);
    assert_eq!(text(&report, "/opportunities/2/guardrail/policy_name"), "max_daily_change");
    // Run again, nothing was changed in between, so the answer is the same.
    assert_eq!(engine.run_json(&request(data, NIGHT), None).unwrap().to_text(), report.to_text());
    // Once two are proposed, another cluster's finding of the day is over the limit.
    let two = Json::object([("opportunities", Json::Array(opportunities(&report)[..2].to_vec()))]);
    assert_eq!(engine.propose_json(&two, &[]).unwrap().as_array().unwrap().len(), 2);
    let other = r#"{"cluster": "b", "workloads": {"a": [{"name": "w9", "cpu_request": 8, "cpu_usage": 1}]}}"#;
    assert_eq!(actions(&engine.run_json(&request(other, NIGHT), None).unwrap()), ["require_approval"]);
}

#[test]
fn bad_records_and_failing_detectors_stop_nobody() {
    let data = r#"{"workloads": {"a": [
        {"name": "bool", "cpu_request": true, "cpu_usage": 0.1}, {"name": "negative", "cpu_request": -2, "cpu_usage": 0.1},
        {"name": "text", "cpu_request": "lots", "cpu_usage": 0.1}, {"name": "nan", "cpu_request": "NaN", "cpu_usage": 0.1},
        {"name": "good", "cpu_request": "8", "cpu_usage": "1"}, "no record"]}}"#;
    let mut input = request(data, NIGHT);
    let Json::Object(members) = &mut input else { panic!() };
    members.insert(
        "reported",
        json(r#"[{"detector": "Mine", "error": "ValueError: no"},
            {"detector": "Other", "opportunities": [{"type": "idle_cache", "workload": "redis", "namespace": "a",
                "estimated_monthly_savings": 40, "confidence": 0.9, "risk_score": 0.1}, {"workload": "no type"}, 5]}]"#),
    );
    let report = Engine::default().run_json(&input, Some(&SavingsLedger::new(None))).unwrap();
    let names: Vec<_> = opportunities(&report).iter().map(|o| text(o, "/workload")).collect();
    assert_eq!(names, ["good", "redis"]);
    assert_eq!(text(&report, "/opportunities/1/detector"), "custom.other");
    assert_eq!(text(&report, "/opportunities/1/status"), "detected");
    let failures: Vec<_> =
        report.get("failures").and_then(Json::as_array).unwrap().iter().map(|f| text(f, "/code")).collect();
    assert_eq!(failures, ["waste.detector_failed", "waste.invalid_record", "waste.invalid_record"]);
    let undetermined = report.get("assessments").and_then(Json::as_array).unwrap().iter().filter(|a| {
        a.get("reason").and_then(Json::as_str) == Some("waste.invalid_record")
            && text(a, "/detector") == "k8s.cpu_over_request"
    });
    // Four numbers, and what is no record at all.
    assert_eq!(undetermined.count(), 5);
    assert_eq!(report.get("not_recorded"), Some(&Json::Array(vec![])));
}

#[test]
fn wrong_shapes_are_refused_with_their_place() {
    let refused = |data: &str| match Engine::default().run_json(&request(data, NIGHT), None) {
        Err(EngineError::Input(fault)) => (fault.code(), fault.path().to_owned()),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused("[]"), ("waste.invalid_record", String::new()));
    assert_eq!(refused(r#"{"tags": 5}"#), ("waste.invalid_record", "tags".to_owned()));
    assert_eq!(
        EngineOptions::from_json(&json(r#"{"regoin": "x"}"#)).unwrap_err().code(),
        "waste.invalid_config"
    );
    assert_eq!(
        EngineOptions::from_json(&json(r#"{"guardrails": {"min_confidence": 7}}"#)).unwrap_err().code(),
        "guardrail.value"
    );
}

fn run_git(folder: &Folder, words: &[&str]) -> String {
    let output = Command::new("git").arg("-C").arg(&folder.0).args(words).output().unwrap();
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn repository(name: &str) -> Folder {
    let folder = Folder::new(name);
    run_git(&folder, &["init", "-q", "-b", "main"]);
    fs::create_dir_all(folder.0.join("k8s")).unwrap();
    fs::write(folder.0.join("k8s/pay.yaml"), DEPLOYMENT).unwrap();
    fs::write(folder.0.join("notes.txt"), "mine\n").unwrap();
    run_git(&folder, &["add", "."]);
    run_git(&folder, &["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "first"]);
    folder
}

/// A change on the sources of a repository.
fn changed(folder: &Folder) -> Json {
    let engine = engine(r#"{"guardrails": {"min_confidence": "0.6"}}"#);
    let report = engine.run_json(&request(README, NIGHT), None).unwrap();
    let sources = read_sources(&folder.0, SourceLimits::default()).unwrap();
    assert_eq!(sources.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["k8s/pay.yaml"]);
    let changes = engine.propose_json(&all(&report), &sources).unwrap();
    changes.as_array().unwrap()[0].clone()
}

#[test]
fn a_change_becomes_a_branch_and_the_working_tree_stays() {
    let folder = repository("branch");
    // Edits of the user elsewhere, staged and not, stay as they are.
    fs::write(folder.0.join("notes.txt"), "mine, edited\n").unwrap();
    fs::write(folder.0.join("new.txt"), "staged\n").unwrap();
    run_git(&folder, &["add", "new.txt"]);
    let change = changed(&folder);
    let before = run_git(&folder, &["status", "--porcelain"]);
    let commit = git::commit(&change, &folder.0, "").unwrap();
    assert!(commit.created);
    assert_eq!(run_git(&folder, &["status", "--porcelain"]), before);
    assert_eq!(fs::read_to_string(folder.0.join("k8s/pay.yaml")).unwrap(), DEPLOYMENT);
    let branch = text(&change, "/branch_name");
    assert_eq!(run_git(&folder, &["diff", "--name-only", "main", branch]).trim(), "k8s/pay.yaml");
    assert_eq!(
        run_git(&folder, &["show", &format!("{branch}:k8s/pay.yaml")]),
        text(&change, "/changes/0/content")
    );
    assert_eq!(
        run_git(&folder, &["log", "-1", "--format=%s|%ad", "--date=iso-strict", branch]).trim(),
        "Cost Optimization: Right-size CPU for payment-service|2026-11-20T03:00:00+00:00"
            .replace("+00:00", "Z")
            .as_str()
    );
    assert_eq!(commit.publish[1][..4], ["gh", "pr", "create", "--head"].map(str::to_owned));
    // Once more: the branch is there already.
    let again = git::commit(&change, &folder.0, "").unwrap();
    assert_eq!((again.created, again.commit), (false, commit.commit));
    assert!(
        fs::read_dir(folder.0.join(".git")).unwrap().all(|e| !e
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with("finops-index"))
    );
    // The patch applies as git reads it.
    let out = Folder::new("branch-out");
    let written = write_change(&change, &out.0).unwrap();
    assert_eq!(written.len(), 4);
    run_git(&folder, &["apply", "--check", &written[1]]);
}

#[test]
fn an_edited_file_is_refused() {
    let folder = repository("dirty");
    let change = changed(&folder);
    let refused = |change: &Json| git::commit(change, &folder.0, "").unwrap_err().code().to_owned();
    fs::write(folder.0.join("k8s/pay.yaml"), DEPLOYMENT.replace("4Gi", "8Gi")).unwrap();
    assert_eq!(refused(&change), "change.source_changed");
    // Proposed on what is not committed.
    assert_eq!(refused(&changed(&folder)), "change.source_changed");
    // A path out of the repository, and into git's own folder.
    for path in ["../x.yaml", "/x.yaml", ".git/config", "k8s/../../x", "k8s/.GIT/hooks"] {
        let mut bad = change.clone();
        *bad.pointer_mut("/changes/0/path").unwrap() = Json::from(path);
        assert_eq!(refused(&bad), "change.invalid_name", "{path}");
        assert_eq!(write_change(&bad, &folder.0.join("out")).unwrap_err().code(), "change.invalid_name");
    }
    assert_eq!(run_git(&folder, &["branch", "--list"]).trim(), "* main");
    assert_eq!(
        git::commit(&change, &std::env::temp_dir().join("finops-no-such-folder"), "").unwrap_err().code(),
        "engine.git"
    );
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let (folder, secret) = (Folder::new("links"), Folder::new("links-outside"));
    fs::write(secret.0.join("secret.yaml"), "a: 1\n").unwrap();
    fs::write(folder.0.join("own.yaml"), "a: 1\n").unwrap();
    std::os::unix::fs::symlink(&secret.0, folder.0.join("there")).unwrap();
    std::os::unix::fs::symlink(secret.0.join("secret.yaml"), folder.0.join("link.yaml")).unwrap();
    let names: Vec<_> =
        read_sources(&folder.0, SourceLimits::default()).unwrap().into_iter().map(|f| f.path).collect();
    assert_eq!(names, ["own.yaml"]);
    let written = folder.0.join("patches/finops-cpu");
    fs::create_dir_all(written.join("files")).unwrap();
    for name in ["files/own.yaml", "pull_request.md", "change.patch", "rollback.patch"] {
        fs::write(written.join(name), "a: 1\n").unwrap();
    }
    let again = read_sources(&folder.0, SourceLimits::default()).unwrap();
    assert_eq!(again.len(), 1, "a change that was written is no source");
    let none = SourceLimits { files: 0, ..SourceLimits::default() };
    assert_eq!(read_sources(&folder.0, none).unwrap_err().code(), "change.too_large");
    assert_eq!(read_sources(&folder.0.join("nowhere"), none).unwrap_err().code(), "engine.file");
}

#[test]
fn an_opportunity_that_comes_back_from_elsewhere_is_proposed() {
    let opportunity = r#"{"type": "over_requested_cpu", "cluster": "c", "namespace": "finance", "workload": "payment-service",
        "estimated_monthly_savings": "91.25", "confidence": "0.9", "risk_score": "0.1",
        "before_state": {"cpu_request": 2.0}, "after_state": {"cpu_request": 0.75}}"#;
    let input =
        Json::object([("opportunities", Json::Array(vec![json(opportunity)])), ("as_of", NIGHT.into())]);
    let sources = [SourceFile { path: "pay.yaml".to_owned(), bytes: DEPLOYMENT.as_bytes().to_vec() }];
    let engine = Engine::default();
    let changes = engine.propose_json(&input, &sources).unwrap();
    assert_eq!(text(&changes, "/0/status"), "ready");
    assert!(text(&changes, "/0/changes/0/content").contains("cpu: \"750m\""));
    let pack = engine.evidence_json(&json(opportunity), &sources).unwrap();
    assert_eq!(text(&pack, "/change/title"), "Cost Optimization: Right-size CPU for payment-service");
    assert_eq!(
        engine.propose_json(&json(r#"{"opportunities": [5]}"#), &[]).unwrap_err().path(),
        "opportunities[0]"
    );
}

#[test]
fn the_api_in_rust_says_the_same() {
    let engine = engine(r#"{"guardrails": {"min_confidence": "0.6"}}"#);
    let data =
        finops::waste::summary::ClusterData::from_json(&json(README), Some(NIGHT.parse().unwrap())).unwrap();
    let run = engine.detect(&[finops::engine::Given::from(data)], None).unwrap();
    assert!(run.found.iter().all(|found| found.guardrail.action() == Outcome::Allow));
    let changes = engine.propose(&run, &[]);
    assert_eq!((changes.len(), changes[0].proposal.status), (1, Status::Draft));
}

#[cfg(feature = "pull-request")]
mod pull_request {
    use super::*;
    use finops::engine::pull_request::{GitHub, open};
    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread,
        time::Duration,
    };

    /// A service that answers one request with `status` and `body`, and says what it was sent.
    fn fake(status: &'static str, body: &'static str) -> (String, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut buffer = [0_u8; 4096];
            loop {
                let read = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..read]);
                let said = String::from_utf8_lossy(&request).into_owned();
                let wanted = said.split_once("\r\n\r\n").map(|(head, body)| {
                    let length = head.lines().find_map(|line| {
                        line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned)
                    });
                    (length.map_or(0, |length| length.trim().parse().unwrap()), body.len())
                });
                if wanted.is_some_and(|(length, have): (usize, usize)| have >= length) || read == 0 {
                    break;
                }
            }
            write!(stream, "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).unwrap();
            String::from_utf8_lossy(&request).into_owned()
        });
        (url, server)
    }

    fn github(api_url: String) -> GitHub {
        GitHub {
            token: "t0ken".to_owned(),
            repository: "acme/infra".to_owned(),
            base: "main".to_owned(),
            api_url,
            timeout: Duration::from_secs(5),
        }
    }

    fn change() -> Json {
        json(
            r#"{"title": "T", "branch_name": "finops/x", "description": "B", "status": "ready", "requires_approval": false}"#,
        )
    }

    #[test]
    fn one_call_opens_it() {
        let (url, server) = fake("201 Created", r#"{"number": 7, "html_url": "https://example.com/pull/7"}"#);
        let opened = open(&change(), &github(url)).unwrap();
        assert_eq!((opened.number, opened.url.as_str()), (7, "https://example.com/pull/7"));
        let request = server.join().unwrap();
        assert!(request.starts_with("POST /repos/acme/infra/pulls HTTP/1.1"), "{request}");
        assert!(request.to_ascii_lowercase().contains("authorization: bearer t0ken"));
        assert!(
            request.ends_with(r#"{"title":"T","head":"finops/x","base":"main","body":"B","draft":false}"#),
            "{request}"
        );
    }

    #[test]
    fn refusals_are_told_without_the_token() {
        let (url, server) = fake(
            "422 Unprocessable Entity",
            r#"{"message": "Validation Failed", "errors": [{"message": "No commits"}]}"#,
        );
        let error = open(&change(), &github(url)).unwrap_err();
        assert_eq!(error.code(), "engine.pull_request");
        assert!(error.to_string().contains("422: Validation Failed; No commits"), "{error}");
        server.join().unwrap();
        for at in [
            github("http://api.example.com".to_owned()),
            GitHub { repository: "acme".to_owned(), ..github(String::new()) },
            GitHub { repository: "a/../b".to_owned(), ..github(String::new()) },
            GitHub { token: " ".to_owned(), ..github("https://x".to_owned()) },
        ] {
            let error = open(&change(), &at).unwrap_err().to_string();
            assert!(!error.contains("t0ken"), "{error}");
            assert!(!format!("{at:?}").contains("t0ken"));
        }
    }
}

/// A cluster of two nodes of which one would do, whose only workload requests ten times what it uses.
fn cluster(more: &str) -> String {
    let node = |name: &str| {
        format!(
            r#"{{"name": "{name}", "cost": {{"hourly": "0.5"}}, "capacity": {{"cpu": "4", "memory": "16Gi", "pods": "50"}},
                "allocatable": {{"cpu": "4", "memory": "16Gi", "pods": "50"}}}}"#
        )
    };
    let container = r#"{"name": "app", "type": "app", "requests": {"cpu": "2"}}"#;
    let pod = |name: &str, node: &str| {
        format!(
            r#"{{"namespace": "shop", "name": "{name}", "node": "{node}", "phase": "Running",
                "owner": {{"kind": "Deployment", "name": "web"}}, "containers": [{container}]}}"#
        )
    };
    let usage = r#"{"subject": {"namespace": "shop", "workload": "Deployment/web", "container": "app"}, "metric": "cpu_usage",
        "summary": {"mean": "0.1", "p95": "0.2", "max": "0.3", "samples": 4032,
            "start": "2026-11-06T00:00:00Z", "end": "2026-11-20T00:00:00Z"}}"#;
    format!(
        r#"{{"cluster": "prod", "as_of": "2026-11-20T00:00:00Z", "nodes": [{}, {}], "pods": [{}, {}], "usage": [{usage}],
            "workloads": [{{"namespace": "shop", "kind": "Deployment", "name": "web", "replicas": 2,
                "containers": [{container}]}}{more}]}}"#,
        node("n1"),
        node("n2"),
        pod("web-1", "n1"),
        pod("web-2", "n2"),
    )
}

const RATES: &str = r#"{"detection": {"rates": {"cpu_core_hour": "0.04", "memory_gib_hour": "0.005"}},
    "guardrails": {"min_confidence": "0", "max_risk_score": "1"}}"#;

fn of_detector<'a>(report: &'a Json, detector: &str) -> &'a Json {
    opportunities(report).iter().find(|one| text(one, "/detector") == detector).unwrap()
}

#[test]
fn groups_that_cannot_shrink_are_known() {
    let report = engine(RATES).run_json(&request(&cluster(""), NIGHT), None).unwrap();
    assert_eq!(text(&report, "/portfolio/node_supply/prod"), "fixed");
    let cpu = of_detector(&report, "k8s.cpu_over_request");
    let gross = text(cpu, "/estimate/gross_monthly");
    assert_eq!(text(cpu, "/estimate/granted_monthly"), gross);
    // A known number, not an unknown one: what the simulation frees beyond today's.
    let realizable = text(cpu, "/estimate/realizable_monthly");
    assert!(text(&report, "/portfolio/realizable_monthly").starts_with(realizable), "{report}");
    assert_eq!(report.pointer("/portfolio/realizable_reason"), Some(&Json::Null));
    // With the Cluster Autoscaler in it all of it is had.
    let scaler = r#", {"namespace": "infra", "kind": "Deployment", "name": "cluster-autoscaler"}"#;
    let report = engine(RATES).run_json(&request(&cluster(scaler), NIGHT), None).unwrap();
    assert_eq!(text(&report, "/portfolio/node_supply/prod"), "elastic");
    let cpu = of_detector(&report, "k8s.cpu_over_request");
    assert_eq!(text(cpu, "/estimate/realizable_monthly"), gross);
}

#[test]
fn findings_of_a_full_inventory_edit_their_manifest() {
    let manifest = DEPLOYMENT.replace("payment-service", "web").replace("finance", "shop");
    let sources = [SourceFile { path: "web.yaml".to_owned(), bytes: manifest.clone().into_bytes() }];
    let engine = engine(RATES);
    let report = engine.run_json(&request(&cluster(""), NIGHT), None).unwrap();
    let one = Json::object([(
        "opportunities",
        Json::Array(vec![of_detector(&report, "k8s.cpu_over_request").clone()]),
    )]);
    let changes = engine.propose_json(&one, &sources).unwrap();
    assert_eq!(text(&changes, "/0/status"), "ready", "{changes}");
    assert_eq!(text(&changes, "/0/changes/0/content"), manifest.replace("\"2\"", "\"230m\""));
    // Another engine, which has not run, reads the same from the opportunity.
    let elsewhere = Engine::new(EngineOptions::from_json(&json(RATES)).unwrap());
    let again = elsewhere.propose_json(&one, &sources).unwrap();
    assert_eq!(text(&again, "/0/changes/0/content"), text(&changes, "/0/changes/0/content"));
}

const AI: &str = r#"{"window": {"start": "2026-11-13T00:00:00Z", "end": "2026-11-20T00:00:00Z"}, "account_id": "ml-prod",
    "cluster": "gpu-1", "tags": ["ml"], "provider": "bedrock", "colour": 1,
    "provisioned": [{"name": "pt", "hourly_fee": "40", "on_demand_cost": "3000"}],
    "endpoints": [{"name": "ep", "created_at": "2026-01-01T00:00:00Z", "instances": 2, "hourly_price": "1.5",
        "invocations": 0, "invocations_window_hours": 336}],
    "gpu_containers": [{"container": "ml/trainer/app", "gpus": 1, "duty_max": "0.01", "samples": 1440, "span_hours": 24}],
    "call_groups": [{"route": "/chat", "model": "gpt-5", "provider": "openai", "calls": 1000, "cost": "70",
        "can_wait_seconds": 86400}],
    "training_runs": [{"run": "r1", "status": "failed", "hourly_cost": "30", "hours": "10", "hours_since_checkpoint": "2"},
        {"run": "r2", "status": "failed", "hourly_cost": -1, "hours": "10"}]}"#;

#[test]
fn ai_workloads_are_findings_of_their_provider() {
    let (engine, ledger) = (engine(RATES), SavingsLedger::new(None));
    let report = engine.run_json(&request(AI, NIGHT), Some(&ledger)).unwrap();
    let scope = |check: &str| {
        let all = report.get("findings").and_then(Json::as_array).unwrap();
        let found =
            all.iter().find(|one| text(one, "/check_id") == check).unwrap_or_else(|| panic!("{check}"));
        ["cloud", "account_id", "service", "resource_type", "resource_id"]
            .map(|name| text(found, &format!("/scope/{name}")).to_owned())
    };
    assert_eq!(scope("ai.batch"), ["openai", "ml-prod", "llm", "route", "/chat"]);
    assert_eq!(scope("ai.provisioned_below_break_even"), ["bedrock", "ml-prod", "llm", "throughput", "pt"]);
    assert_eq!(scope("ai.endpoint_idle"), ["bedrock", "ml-prod", "llm", "endpoint", "ep"]);
    assert_eq!(scope("ai.failed_training"), ["bedrock", "ml-prod", "llm", "training_run", "r1"]);
    let gpu = ["kubernetes", "gpu-1", "kubernetes", "gpu_container", "gpu_container/ml/trainer/app"];
    assert_eq!(scope("ai.gpu_idle"), gpu);
    let fee = of_detector(&report, "ai.provisioned_below_break_even");
    // $40 an hour for 730 hours, less $3000 a week.
    assert_eq!(text(fee, "/estimated_monthly_savings"), "16164.285714286");
    assert_eq!((text(fee, "/type"), text(fee, "/effect")), ("llm_spend", "rate"));
    assert_eq!(
        (text(fee, "/namespace"), text(fee, "/cluster"), text(fee, "/provider")),
        ("llm", "ml-prod", "bedrock")
    );
    assert_eq!(
        text(fee, "/recommendation"),
        "Give up the provisioned throughput of `pt`: billing from provisioned to on_demand."
    );
    assert_eq!(text(fee, "/guardrail_input/tags/0"), "ml");
    assert_eq!(text(fee, "/estimate/realizable_monthly"), text(fee, "/estimate/granted_monthly"));
    assert_eq!(report.pointer("/unknown_keys/colour").and_then(Json::as_number).unwrap().text(), "1");
    // A bad record is undetermined, and the others go on.
    let assessments = report.get("assessments").and_then(Json::as_array).unwrap();
    let bad = assessments
        .iter()
        .find(|one| text(one, "/subject") == "r2" && text(one, "/detector") == "ai.failed_training");
    assert_eq!(text(bad.unwrap(), "/outcome"), "undetermined");
    assert_eq!(report.get("failures"), Some(&Json::Array(vec![])));
    // Findings of AI workloads propose no change of a file; they are recorded like all others.
    assert_eq!(engine.propose_json(&all(&report), &[]).unwrap(), Json::Array(vec![]));
    let known =
        opportunities(&report).iter().filter(|one| one.get("estimated_monthly_savings") != Some(&Json::Null));
    assert_eq!(ledger.read(|fold| fold.opportunities().count()).unwrap(), known.count());
    let pack = engine.evidence_json(fee, &[]).unwrap();
    assert_eq!(text(&pack, "/finding/scope/service"), "llm");
    // Elsewhere the pack of an opportunity that comes back names the same place.
    let elsewhere = Engine::default().evidence_json(fee, &[]).unwrap();
    assert_eq!(text(&elsewhere, "/finding/scope/resource_type"), "throughput");
}

#[test]
fn inventories_of_all_forms_are_judged_in_one_run() {
    let forms = Json::Array(vec![json(README), json(&cluster("")), json(AI)]);
    let input = Json::object([("inventories", forms), ("as_of", NIGHT.into())]);
    let report = engine(RATES).run_json(&input, None).unwrap();
    let clusters: std::collections::BTreeSet<&str> =
        opportunities(&report).iter().map(|one| text(one, "/cluster")).collect();
    assert_eq!(clusters.into_iter().collect::<Vec<_>>(), ["finance-cluster", "gpu-1", "ml-prod", "prod"]);
    assert_eq!(text(&report, "/portfolio/realizable_reason"), "node_supply_unknown");
    assert_eq!(text(&report, "/portfolio/node_supply/finance-cluster"), "unknown");
}
