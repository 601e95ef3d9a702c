//! Reads a pod list of 50 MB and an answer of Prometheus of 1,000 series, for `benches/allocation/reading.py`: writes both
//! documents into the folder that it is given, and prints the least CPU time of five readings of each.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark writes what it measures, and one that cannot be set up has to stop"
)]

#[path = "../../finops-core/tests/support/documents.rs"]
mod documents;

use cpu_time::ThreadTime;
use finops_core::{
    inventory::{KubernetesOptions, Metric, PrometheusOptions, read_kubernetes, read_prometheus},
    time::Timestamp,
};
use std::{fs, hint::black_box, path::Path};

const ROUNDS: usize = 5;
/// 2026-11-21T00:00:00Z.
const AS_OF_MS: i64 = 1_795_219_200_000;

fn main() {
    let folder = std::env::args().nth(1).unwrap();
    let folder = Path::new(&folder);
    let list = documents::pod_list(documents::PODS);
    let answer = documents::matrix(1000, 16_128);
    fs::write(folder.join("pods.json"), &list).unwrap();
    fs::write(folder.join("answer.json"), &answer).unwrap();
    let options = KubernetesOptions::new("synthetic", Timestamp::from_ms(AS_OF_MS).unwrap());
    show("pods.json", || drop(read_kubernetes(&[black_box(list.as_bytes())], &options).unwrap()));
    let options = PrometheusOptions::new(75);
    show("answer.json", || {
        drop(read_prometheus(Metric::CpuUsage, black_box(answer.as_bytes()), &options).unwrap());
    });
}

fn show(name: &str, mut read: impl FnMut()) {
    let time = |_| {
        let start = ThreadTime::now();
        read();
        start.elapsed().as_nanos()
    };
    let least = (0..ROUNDS).map(time).min().unwrap();
    println!("{name} {least}");
}
