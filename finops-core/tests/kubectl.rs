//! Quantities against `kubectl`, where it is installed: both read a text as the same amount and print it alike.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test runs a program and fails by panicking"
)]

use finops_core::{
    inventory::Quantity,
    json::{Json, Limits, read},
};
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// What `kubectl` makes of pods that request these amounts; `None` where it refuses one.
fn kubectl(amounts: &[String]) -> Option<Vec<String>> {
    let pods = amounts.iter().enumerate().map(|(n, amount)| {
        let requests = Json::object([("memory", Json::from(amount))]);
        let container = Json::object([
            ("name", Json::from("c")),
            ("image", "i".into()),
            ("resources", Json::object([("requests", requests)])),
        ]);
        Json::object([
            ("apiVersion", Json::from("v1")),
            ("kind", "Pod".into()),
            ("metadata", Json::object([("name", Json::from(format!("q{n}")))])),
            ("spec", Json::object([("containers", Json::array([container]))])),
        ])
    });
    let list = Json::object([
        ("apiVersion", Json::from("v1")),
        ("kind", "List".into()),
        ("items", Json::array(pods)),
    ]);
    let arguments = ["set", "resources", "-f", "-", "--local", "-o", "json", "--limits=cpu=1"];
    let mut child = Command::new("kubectl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(list.to_text().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    if !output.status.success() {
        return None;
    }
    // One document follows the other, each begun by a brace at the start of a line.
    let text = String::from_utf8(output.stdout).unwrap();
    let documents = text.split("\n}\n").filter(|part| !part.trim().is_empty());
    let amount = |part: &str| {
        let pod = read(format!("{part}}}").as_bytes(), &Limits::default()).unwrap();
        let found = pod.pointer("/spec/containers/0/resources/requests/memory").unwrap();
        found.as_str().unwrap().to_owned()
    };
    Some(documents.map(amount).collect())
}

fn is_installed() -> bool {
    let mut asked = Command::new("kubectl");
    asked.args(["version", "--client"]).stdout(Stdio::null()).stderr(Stdio::null());
    let found = asked.status().is_ok_and(|status| status.success());
    if !found {
        eprintln!("NO KUBECTL ON THIS MACHINE: quantities are compared with the vectors alone");
    }
    found
}

/// Every suffix with whole numbers, fractions, signs of precision and exponents.
fn amounts() -> Vec<String> {
    let numbers = [
        "0",
        "1",
        "7",
        "12",
        "100",
        "999",
        "1000",
        "1024",
        "1536",
        "4096",
        "0.5",
        ".25",
        "3.",
        "1.5",
        "0.001",
        "123456.789",
        "0012",
        "+5",
    ];
    let suffixes =
        ["", "n", "u", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti", "e0", "e3", "E3", "e-3", "e6", "e+2"];
    let mut all: Vec<String> = Vec::new();
    for number in numbers {
        all.extend(suffixes.iter().map(|suffix| format!("{number}{suffix}")));
    }
    all.extend(
        ["0.9n", "1.1n", "1P", "2Pi", "1E", "1Ei", "0.1Ki", "1.0000000001", "9223372036"].map(str::to_owned),
    );
    all
}

#[test]
fn quantities_print_as_kubectl_prints_them() {
    if !is_installed() {
        return;
    }
    let amounts = amounts();
    let theirs = kubectl(&amounts).unwrap();
    assert_eq!(theirs.len(), amounts.len());
    let ours: Vec<String> =
        amounts.iter().map(|amount| amount.parse::<Quantity>().unwrap().to_string()).collect();
    let differ: Vec<_> = (0..amounts.len())
        // Some short texts come back as they were written.
        .filter(|n| ours[*n] != theirs[*n] && amounts[*n] != theirs[*n])
        .map(|n| format!("{}: ours {}, kubectl's {}", amounts[n], ours[n], theirs[n]))
        .collect();
    assert_eq!(differ, Vec::<String>::new());
    let changed = (0..amounts.len()).filter(|n| amounts[*n] != theirs[*n]).count();
    assert!(changed > 100, "{changed}");
}

#[test]
fn what_kubectl_refuses_is_refused() {
    if !is_installed() {
        return;
    }
    for text in ["1K", "1mi", "1e", "1e3Ki", "1 Gi", "", "--1", "0x10", "1.2.3"] {
        assert!(text.parse::<Quantity>().is_err(), "{text}");
        assert_eq!(kubectl(&[text.to_owned()]), None, "{text}");
    }
}
