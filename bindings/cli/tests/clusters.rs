//! Waste, allocation, changes and findings as a shell sees them. `data/` holds what `kubectl get -o json` prints and a summary.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]
#![expect(clippy::arithmetic_side_effects, reason = "a test's numbers are small")]

#[path = "support/folder.rs"]
mod folder;
mod support;

use folder::Folder;
use serde_json::{Value, json};
use std::{fs, path::Path};
use support::run;

const AT: [&str; 4] = ["--cluster", "prod", "--as-of", "2026-11-20"];
/// 2026-11-20T00:00:00Z.
const NOW: u32 = 1_795_132_800;

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name).display().to_string()
}

fn text(name: &str) -> String {
    fs::read_to_string(data(name)).expect("a file of the tests")
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect(text)
}

/// Two weeks of hours of the container `web`: `value` of the hour.
fn usage(value: impl Fn(u32) -> String) -> String {
    let samples: Vec<Value> = (1..=336).map(|hour| json!([NOW - (336 - hour) * 3600, value(hour)])).collect();
    let labels = json!({"namespace": "shop", "pod": "web-7c5ddbdf54-abcde", "container": "web"});
    json!({"status": "success", "data": {"resultType": "matrix", "result": [{"metric": labels, "values": samples}]}})
        .to_string()
}

/// The cluster with its usage: the arguments that read it.
fn cluster(folder: &Folder) -> Vec<String> {
    let cpu = folder.put("cpu.json", &usage(|hour| format!("0.{:02}", 5 + hour % 7)));
    let memory = folder.put("memory.json", &usage(|hour| (400_000_000 + hour % 24 * 1_000_000).to_string()));
    let words = [
        &data("cluster.json"),
        "--prometheus",
        &format!("cpu_usage={cpu}"),
        "--prometheus",
        &format!("memory_working_set={memory}"),
        "--step",
        "1h",
    ];
    words.iter().copied().chain(AT).map(str::to_owned).collect()
}

fn call(command: &[&str], more: &[String]) -> (i32, String, String) {
    let arguments: Vec<&str> = command.iter().copied().chain(more.iter().map(String::as_str)).collect();
    run(&arguments, "")
}

#[test]
fn waste_of_a_summary_is_a_table_with_what_could_not_be_judged() {
    let (status, out, err) = run(&["waste", "detect", &data("summary.json")], "");
    assert_eq!((status, out.as_str()), (0, text("detect.txt").as_str()));
    assert_eq!(err, "rejected[waste.invalid_record]: finance-cluster: workloads.shop[0].cpu_request\n");
    let (_, again, _) = run(&["waste", "detect", "-"], &text("summary.json"));
    assert_eq!(again, out, "the same from standard input");
    let (status, _, _) = run(&["waste", "detect", &data("summary.json"), "--fail-on-findings"], "");
    assert_eq!(status, 1);
    let clean =
        r#"{"cluster": "c", "workloads": {"n": [{"name": "a", "cpu_request": 1, "cpu_usage": 0.9}]}}"#;
    let (status, out, _) =
        run(&["waste", "detect", "-", "--fail-on-findings", "--as-of", "2026-11-20"], clean);
    assert_eq!(status, 0, "{out}");
    assert!(out.starts_with("0 findings, 0 undetermined, 1 ok"), "{out}");
}

#[test]
fn waste_of_a_cluster_names_what_was_left_out() {
    let folder = Folder::new("detect");
    let (status, out, err) = call(&["waste", "detect", "--fail-on-findings"], &cluster(&folder));
    assert_eq!(status, 1, "{err}");
    assert!(
        out.starts_with("2 findings, ") && out.contains("cpu from 1 to") || out.contains("127m"),
        "{out}"
    );
    assert!(
        err.contains("remark[quantity.invalid]: ")
            && err.contains(
                "cluster.json: items[5].spec.containers[0].resources.requests.cpu: `1.5.0` is no quantity"
            ),
        "{err}"
    );
    assert!(err.contains("remark: 1 of kind Lease were not read\n"), "{err}");
    let (_, wire, _) = call(&["waste", "detect", "--format", "json"], &cluster(&folder));
    let report = parsed(&wire);
    assert_eq!(report["as_of"], "2026-11-20T00:00:00.000Z");
    assert_eq!(report["opportunities"].as_array().map(Vec::len), Some(2));
    assert_eq!(report["opportunities"][0]["after_state"]["requests"]["cpu"], "127m");
    assert_eq!(report["diagnostics"][0]["code"], "quantity.invalid");
    // The parts of a list may be files of their own, in any order.
    let items = parsed(&text("cluster.json"))["items"].as_array().expect("items").clone();
    let (first, last) = items.split_at(4);
    let part = |items: &[Value]| json!({"kind": "List", "apiVersion": "v1", "items": items}).to_string();
    let files = [folder.put("a.json", &part(last)), folder.put("b.json", &part(first))];
    let mut words = cluster(&folder);
    words.splice(0..1, files);
    let (_, split, _) = call(&["waste", "detect", "--format", "json"], &words);
    assert_eq!(parsed(&split)["opportunities"], report["opportunities"]);
}

#[test]
fn what_cannot_be_read_ends_with_its_own_status() {
    let folder = Folder::new("unreadable");
    let cut = text("cluster.json");
    let cut = folder.put("cut.json", cut.get(..300).expect("long"));
    let (status, out, err) = run(&["waste", "detect", &cut], "");
    assert_eq!((status, out.as_str()), (65, ""));
    assert!(err.starts_with("finops: inventory.invalid_json: EOF") && err.contains("cut.json"), "{err}");
    for (input, code) in [
        ("", "inventory.invalid_json"),
        ("[]", "inventory.not_an_object"),
        ("{}", "inventory.invalid_object"),
        (r#"{"status": "success", "data": {"result": []}}"#, "inventory.invalid_object"),
        (r#"{"workloads": 7}"#, "waste.invalid_record"),
    ] {
        let (status, _, err) = run(&["waste", "detect", "-"], input);
        assert!(status == 65 && err.contains(code) && err.contains("  at: stdin"), "{input}: {err}");
        assert_eq!(run(&["waste", "baseline", "-"], input).0, 65, "{input}");
    }
    let (status, _, err) = run(&["waste", "detect", &folder.path("absent.json")], "");
    assert!(status == 66 && err.contains("absent.json"), "{err}");
    let summary = data("summary.json");
    let config = folder.put("config.json", r#"{"detection": {"detectors": {"k8s.nope": {}}}}"#);
    let (status, _, err) = run(&["waste", "detect", &summary, "--config", &config], "");
    assert!(status == 78 && err.contains("config.json"), "{err}");
    let answer = folder.put("answer.json", r#"{"status": "error", "errorType": "bad_data", "error": "no"}"#);
    let (status, _, err) =
        run(&["waste", "detect", &data("cluster.json"), "--prometheus", &format!("cpu_usage={answer}")], "");
    assert!(status == 65 && err.contains("prometheus.error_response"), "{err}");
    let (status, _, err) = run(&["waste", "detect", &summary, "--prometheus", &format!("cpu={answer}")], "");
    assert!(status == 65 && err.contains("config.invalid"), "{err}");
    for arguments in [
        &["waste", "detect"][..],
        &["waste", "detect", &summary, "--colour"],
        &["waste", "detect", &summary, "--format", "sarif"],
        &["waste", "detect", &summary, "--as-of", "yesterday"],
        &["waste", "detect", &summary, "--step", "0"],
        &["waste", "detect", &summary, "--window", "2026-11-20/2026-11-19"],
        &["waste", "detect", &summary, "--prometheus", "cpu_usage"],
        &["waste", "detect", "-", "-"],
        &["waste", "rightsize", &summary, "--strategy", "guess"],
        &["allocate", &summary, "--by", "user"],
        &["allocate", &summary, "--filter", "namespace"],
        &["allocate", &summary, "--idle", "separate"],
    ] {
        let (status, _, err) = run(arguments, "");
        assert_eq!(status, 2, "{arguments:?}: {err}");
    }
}

#[test]
fn a_workload_that_stands_twice_is_not_judged_twice() {
    let twice = r#"{"cluster": "c", "workloads": {"n": [{"name": "a", "cpu_request": 4, "cpu_usage": 0.2},
        {"name": "a", "cpu_request": 4, "cpu_usage": 0.3}]}}"#;
    let (status, out, err) = run(&["waste", "detect", "-", "--as-of", "2026-11-20"], twice);
    assert_eq!(status, 0);
    assert!(out.starts_with("0 findings, 2 undetermined"), "{out}");
    assert!(err.contains("rejected[waste.invalid_record]: c: "), "{err}");
}

#[test]
fn baseline_shows_every_workload() {
    let folder = Folder::new("baseline");
    let (status, out, _) = call(&["waste", "baseline", &data("summary.json")], &cluster(&folder));
    assert_eq!((status, out.as_str()), (0, text("baseline.txt").as_str()));
    let (_, wire, _) = call(&["waste", "baseline", "--format", "json"], &cluster(&folder));
    let shown = parsed(&wire);
    let web = &shown["clusters"][0]["workloads"][1];
    assert_eq!(
        (&web["name"], &web["cpu"]["request"], &web["cpu"]["limit"]),
        (&json!("web"), &json!("1"), &Value::Null)
    );
    assert!(shown["clusters"][0]["baselines"].as_array().is_some_and(|all| all.len() > 4), "{wire}");
}

#[test]
fn every_strategy_recommends_and_is_tested() {
    let folder = Folder::new("rightsize");
    for strategy in ["default", "exact", "krr-simple", "krr-simple-limit", "vpa"] {
        let words = ["waste", "rightsize", "--strategy", strategy, "--backtest", "--format", "json"];
        let (status, out, err) = call(&words, &cluster(&folder));
        assert_eq!(status, 0, "{err}");
        let shown = parsed(&out);
        let containers = shown["containers"].as_array().expect("containers");
        let web = containers.iter().find(|one| one["container"] == "web").expect("web");
        assert!(web["recommendation"]["cpu"]["request"].is_string(), "{strategy}: {web}");
        assert!(
            web["backtest"]["cpu"]["folds"].as_array().is_some_and(|folds| !folds.is_empty()),
            "{strategy}"
        );
    }
    let (status, out, _) = call(&["waste", "rightsize", "--backtest"], &cluster(&folder));
    assert_eq!(status, 0);
    assert_eq!(out, text("rightsize.txt"));
    let (status, _, err) = run(&["waste", "rightsize", &data("summary.json")], "");
    assert!(status == 65 && err.contains("inventory.invalid_object"), "{err}");
}

#[test]
fn an_allocation_adds_up_in_every_format() {
    let folder = Folder::new("allocate");
    let day = ["--window", "2026-11-19/2026-11-20", "--by", "label:team,namespace"];
    let shown = |more: &[&str]| {
        let words: Vec<&str> = ["allocate"].iter().chain(&day).chain(more).copied().collect();
        let (status, out, err) = call(&words, &cluster(&folder));
        assert_eq!(status, 0, "{err}");
        out
    };
    assert_eq!(shown(&[]), text("allocate.txt"));
    assert_eq!(shown(&["--format", "md"]), text("allocate.md"));
    let csv = shown(&["--format", "csv", "--places", "4"]);
    assert!(csv.starts_with("label:team,namespace,cpu,") && csv.ends_with(",2.3040\r\n"), "{csv}");
    let report = parsed(&shown(&["--format", "json"]));
    // m5.large in us-east-1: 0.096 USD an hour, 24 hours.
    assert_eq!((&report["totals"]["assets"], &report["difference"]), (&json!("2.304"), &json!("0")));
    let shared = parsed(&shown(&["--format", "json", "--idle", "share", "--idle-scope", "cluster"]));
    assert_eq!((&shared["total"], &shared["idle"]), (&json!("2.304"), &json!("share")));
    let system = shown(&["--idle", "share", "--shared", "tools=ops"]);
    let web = system.lines().find(|line| line.starts_with("web ")).expect("a row");
    assert!(web.ends_with(" 2.30"), "all of it, what the tools cost too: {system}");
    let one = parsed(&shown(&["--format", "json", "--filter", "namespace=ops"]));
    assert_eq!(one["rows"].as_array().map(Vec::len), Some(1));
    let (status, _, err) = run(&["allocate", &data("summary.json")], "");
    assert!(status == 65 && err.contains("inventory.invalid_object"), "{err}");
    let config = folder.put("settings.json", r#"{"idel": "share"}"#);
    let (status, _, err) = call(&["allocate", "--config", &config], &cluster(&folder));
    assert!(status == 78 && err.contains("idel"), "{err}");
}

const MANIFEST: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      containers:
        - name: web
          resources:
            requests:
              cpu: \"1\" # from 2024
              memory: 4Gi
            limits:
              memory: 4Gi
";

#[test]
fn findings_become_patches_and_the_repository_stays() {
    let folder = Folder::new("propose");
    let (_, report, _) = call(&["waste", "detect", "--format", "json"], &cluster(&folder));
    let report = folder.put("report.json", &report);
    let manifest = folder.put("repo/k8s/web.yaml", MANIFEST);
    let repo = folder.path("repo");
    let (status, patch, err) = run(&["propose", &report, "--repo", &repo], "");
    assert_eq!(status, 0, "{err}");
    assert!(patch.contains("+              cpu: \"127m\" # from 2024\n"), "{patch}");
    assert!(
        err.starts_with("ready finops/cpu-rightsize-web-20261120-") && err.contains("needs an approval"),
        "{err}"
    );
    let out = folder.path("patches");
    let (status, told, _) = run(&["propose", &report, "--repo", &repo, "--out", &out], "");
    assert_eq!(status, 0);
    let written: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    let file = written.iter().find(|line| line.ends_with("change.patch")).expect("a patch");
    assert_eq!(fs::read_to_string(file).expect("the patch"), patch);
    assert_eq!(fs::read_to_string(&manifest).expect("the manifest"), MANIFEST, "nothing is touched");
    let ids = parsed(&fs::read_to_string(&report).expect("the report"));
    let id = ids["opportunities"][1]["finding_id"].as_str().expect("an id").to_owned();
    let (status, wire, _) = run(&["propose", &report, &id, "--repo", &repo, "--format", "json"], "");
    assert_eq!(status, 0);
    let changes = parsed(&wire);
    assert_eq!(changes["changes"][0]["finding_ids"], json!([id]));
    let config = folder.put("strict.json", r#"{"guardrails": {"min_confidence": "0.99"}}"#);
    let (status, patch, err) = run(&["propose", &report, "--repo", &repo, "--config", &config], "");
    assert_eq!((status, patch.as_str()), (3, ""));
    assert!(err.starts_with("denied ") && err.contains("below threshold 0.99"), "{err}");
    let (status, _, err) = run(&["propose", &report, "nonesuch", "--repo", &repo], "");
    assert!(status == 65 && err.contains("waste.invalid_record"), "{err}");
    assert_eq!(run(&["propose", &report, "--repo", &folder.path("nowhere")], "").0, 66);
    assert_eq!(run(&["propose", "-"], "{}").0, 65);
    // Without a file that holds the object a patch is drafted; two files with it are refused.
    let other = folder.put("two/a.yaml", MANIFEST);
    fs::copy(&other, folder.path("two/b.yaml")).expect("a copy");
    let (status, _, err) = run(&["propose", &report, "--repo", &folder.path("two")], "");
    assert!(status == 1 && err.contains("change.ambiguous"), "{err}");
}

#[test]
fn the_findings_of_a_run_are_valid_records() {
    let (_, lines, _) = run(&["waste", "detect", &data("summary.json"), "--format", "jsonl"], "");
    assert_eq!(lines.lines().count(), 5);
    let (status, out, err) = run(&["findings", "validate", "-"], &lines);
    assert_eq!((status, out.as_str(), err.as_str()), (0, "5 accepted, 0 rejected\n", ""));
    let (_, canonical, _) = run(&["findings", "validate", "-", "--format", "jsonl"], &lines);
    let (_, again, _) = run(&["findings", "validate", "-", "--format", "jsonl"], &canonical);
    assert_eq!((canonical.lines().count(), &again), (5, &canonical));
    let (_, report, _) = run(&["waste", "detect", &data("summary.json"), "--format", "json"], "");
    let (status, whole, _) = run(&["findings", "validate", "-", "--format", "json"], &report);
    assert_eq!((status, parsed(&whole)["accepted"].as_u64()), (0, Some(5)));
    let bad = format!("{lines}\n{{\"check_id\": 5}}\n{{\"half\n");
    let (status, out, err) = run(&["findings", "validate", "-"], &bad);
    assert_eq!((status, out.as_str()), (65, "5 accepted, 2 rejected\n"));
    assert!(err.contains("rejected[finding.wrong_type]: stdin:7: /check_id `5`"), "{err}");
    assert!(err.contains("rejected[finding.bad_json]: stdin:8: "), "{err}");
    for (input, code) in
        [("", "finding.bad_json"), ("7", "finding.wrong_type"), ("{\"a\":", "finding.bad_json")]
    {
        let (status, _, err) = run(&["findings", "validate", "-"], input);
        assert!(status == 65 && err.contains(code), "{input}: {err}");
    }
    assert_eq!(run(&["findings", "validate", "absent.jsonl"], "").0, 66);
    assert_eq!(run(&["findings", "validate"], "").0, 2);
}

#[test]
fn queries_are_a_script_within_what_prometheus_answers() {
    let (status, out, _) = run(&["kubernetes", "queries", "--window", "7d", "--step", "5m"], "");
    assert_eq!(status, 0);
    assert!(
        out.starts_with("#!/bin/sh\n") && out.contains("rate(container_cpu_usage_seconds_total"),
        "{out}"
    );
    assert!(out.contains("from=$((end - 604800))") && out.contains("to=$((from + 3299700))"), "{out}");
    let (_, wire, _) = run(&["kubernetes", "queries", "--format", "json"], "");
    let shown = parsed(&wire);
    assert_eq!(shown["queries"][0]["metric"], "cpu_usage");
    assert_eq!(shown["queries"][0]["window_seconds"], 1_209_600);
    assert!(
        shown["resources"].as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "pods")),
        "{wire}"
    );
    assert_eq!(run(&["kubernetes", "queries", "--step", "never"], "").0, 2);
}

/// Commands of the book, by page: lines of its shell blocks.
fn commands(page: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let book = fs::read_to_string(path).expect("a page of the book");
    book.split("```sh\n")
        .skip(1)
        .filter_map(|block| block.split("```").next())
        .flat_map(|block| block.lines().filter(|line| line.starts_with("finops ")).map(str::to_owned))
        .collect()
}

#[cfg(unix)]
#[test]
fn the_commands_of_the_book_do_what_they_say() {
    let folder = Folder::new("book");
    cluster(&folder);
    for name in ["cluster.json", "summary.json"] {
        folder.put(name, &text(name));
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_finops")).parent().expect("a folder").display().to_string();
    let path = format!("{binary}:{}", std::env::var("PATH").unwrap_or_default());
    let mut ran = 0;
    for line in ["waste.md", "allocation.md", "findings.md"].into_iter().flat_map(commands) {
        let done = std::process::Command::new("sh")
            .args(["-c", &line])
            .current_dir(&folder.0)
            .env("PATH", &path)
            .output()
            .expect("a shell");
        let comment = line.split_once('#').map_or("", |(_, comment)| comment.trim());
        let wanted = if comment == "exit 1" { 1 } else { 0 };
        assert_eq!(done.status.code(), Some(wanted), "{line}\n{}", String::from_utf8_lossy(&done.stderr));
        ran += 1;
    }
    assert!(ran >= 14, "{ran} commands");
    assert!(
        fs::read_dir(folder.path("patches")).is_ok_and(|patches| patches.count() == 2),
        "changes of summary.json"
    );
}
