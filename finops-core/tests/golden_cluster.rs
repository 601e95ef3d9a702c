//! A cluster as `kubectl` and Prometheus show it, to a report whose bytes are committed: whatever the order of the input,
//! on one thread and on eight. Python and Node compare with the same files.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test reads files and fails by panicking"
)]

use finops_core::{
    allocation::wire,
    inventory::{KubernetesOptions, Metric, PrometheusOptions, read_kubernetes, read_prometheus},
    json::{Json, Limits, read},
};
use std::path::PathBuf;

const KUBERNETES: [&str; 5] = ["nodes.json", "pods.json", "workloads.json", "storage.json", "services.json"];
const METRICS: [&str; 2] = ["cpu_usage", "memory_working_set"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/data/cluster")
}

fn document(name: &str) -> Json {
    read(&std::fs::read(folder().join(name)).unwrap(), &Limits::default()).unwrap()
}

/// A linear congruential generator (Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let bound = u64::try_from(last + 1).unwrap();
            list.swap(last, usize::try_from((self.0 >> 33) % bound).unwrap());
        }
    }

    fn items(&mut self, document: &mut Json, pointer: &str) {
        if let Some(Json::Array(items)) = document.pointer_mut(pointer) {
            self.shuffle(items);
        }
    }
}

/// The report as JSON and CSV, and the whole set; `order` shuffles documents, objects, series and samples.
fn report(order: Option<u64>) -> [String; 3] {
    let question = document("question.json");
    let text = |name: &str| question.get(name).and_then(Json::as_str).unwrap().to_owned();
    let mut documents = KUBERNETES.map(document);
    let mut answers = METRICS.map(|metric| (metric, document(&format!("{metric}.json"))));
    if let Some(seed) = order {
        let mut dice = Dice(seed);
        dice.shuffle(&mut documents);
        documents.iter_mut().for_each(|document| dice.items(document, "/items"));
        dice.shuffle(&mut answers);
        for (_, answer) in &mut answers {
            dice.items(answer, "/data/result");
            (0..40).for_each(|series| dice.items(answer, &format!("/data/result/{series}/values")));
        }
    }
    let texts = documents.each_ref().map(Json::to_text);
    let bytes = texts.each_ref().map(String::as_bytes);
    let options = KubernetesOptions::new(text("cluster"), text("as_of").parse().unwrap());
    let mut inventory = read_kubernetes(&bytes, &options).unwrap().value;
    for (metric, answer) in &answers {
        let metric = Metric::from_name(metric).unwrap();
        let mut read =
            read_prometheus(metric, answer.to_text().as_bytes(), &PrometheusOptions::new(3600)).unwrap();
        inventory.usage.get_or_insert_default().append(&mut read.value);
    }
    inventory.canonicalize();
    let inventory = inventory.to_json();
    let ask = |kind: &str, more: &[(&str, Json)]| {
        let of = |name: &'static str| (name, question.get(name).cloned().unwrap());
        let members = [of("config"), of("prices"), of("by"), ("inventory", inventory.clone())];
        let input = Json::object(members.into_iter().chain(more.iter().cloned()));
        wire::call(kind, &input).unwrap()
    };
    let csv = ask("allocation_report", &[("format", Json::from("csv"))]);
    [
        ask("allocation_report", &[]).to_text(),
        csv.as_str().unwrap().to_owned(),
        ask("allocation_set", &[]).to_text(),
    ]
}

#[test]
fn the_report_is_the_committed_one() {
    let [json, csv, set] = report(None);
    if std::env::var_os("FINOPS_WRITE_GOLDEN").is_some() {
        std::fs::write(folder().join("report.json"), format!("{json}\n")).unwrap();
        std::fs::write(folder().join("report.csv"), &csv).unwrap();
    }
    let committed = |name: &str| std::fs::read_to_string(folder().join(name)).unwrap();
    assert_eq!(json, committed("report.json").trim_end());
    assert_eq!(csv, committed("report.csv"));
    let set = read(set.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(set.get("difference").and_then(Json::as_str), Some("0"));
}

#[test]
fn the_order_of_the_input_changes_no_byte() {
    let first = report(None);
    for seed in [1, 2, 3] {
        assert_eq!(report(Some(seed)), first, "{seed}");
    }
}

#[test]
fn eight_threads_give_what_one_gives() {
    let first = report(None);
    let all: Vec<_> = (0..8).map(|seed| std::thread::spawn(move || report(Some(seed)))).collect();
    assert!(all.into_iter().all(|thread| thread.join().unwrap() == first));
}
