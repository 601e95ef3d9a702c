//! The law that a linted set fits a stack of 512 KiB: chains of every shape, as heavy as the lint lets them be.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of a generator")]

use super::*;
use crate::{decision::Outcome, json::Object};

const STACK: usize = 512 * 1_024;

/// A shape of rule that reads the next one through `n` nested parts.
type Shape = (&'static str, fn(usize, &str) -> String);

fn nested(open: &str, n: usize, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(n), close.repeat(n))
}

const SHAPES: [Shape; 16] = [
    ("comprehension over the next", |n, next| format!(":= {}", nested("[true | ", n, next, "]"))),
    ("comprehension of the next", |n, next| format!(":= {}", nested("[", n, next, " | true]"))),
    ("set comprehension", |n, next| format!(":= {}", nested("{x | x := ", n, next, "}"))),
    ("object comprehension", |n, next| format!(":= {}", nested("{x: 1 | x := ", n, next, "}"))),
    ("every", |n, next| format!("if {{\n{}\n}}", nested("every a in [1] {\n", n, next, "\n}"))),
    ("some in", |n, next| format!("if {{\n{}{next}\n}}", lines(n, |i| format!("some x{i} in [1]\n")))),
    ("unbound index", |n, next| {
        format!("if {{\n{}{next}\n}}", lines(n, |i| format!("some i{i}\ninput.list[i{i}] == 1\n")))
    }),
    ("wildcard", |n, next| format!("if {{\n{}{next}\n}}", "input.list[_] == 1\n".repeat(n))),
    ("walk", |n, next| format!("if {{\n{}{next}\n}}", "walk([1], [_, _])\n".repeat(n))),
    ("sum", |n, next| format!(":= count([{next}]){}", " + 1".repeat(n))),
    ("array", |n, next| format!(":= {}", nested("[", n, next, "]"))),
    ("object", |n, next| format!(":= {}", nested("{\"a\": ", n, next, "}"))),
    ("call", |n, next| format!(":= {}", nested("is_number(", n, next, ")"))),
    ("comparison", |n, next| format!("if {}", nested("(", n, &format!("{next} != 77"), " == true)"))),
    ("with", |n, next| {
        let replaced: String = (0..n).map(|i| format!(" with input.w{i} as 1")).collect();
        format!("if {next} != 77{replaced}")
    }),
    ("else", |n, next| {
        format!("if input.absent{}", format!(" else := {next} if {next} != 77").repeat(n + 1))
    }),
];

fn lines(n: usize, line: impl Fn(usize) -> String) -> String {
    (0..n).map(line).collect()
}

/// A chain of `rules` rules below `deny` with `parts` nested parts spread over them.
fn chain(shape: Shape, rules: usize, parts: usize) -> String {
    let mut text = String::from("package finops\n\ndeny contains \"x\" if r1 != 77\n\n");
    for rule in 1..=rules {
        let n = parts / rules + usize::from(rule <= parts % rules);
        text.push_str(&format!("r{rule} {}\n\n", shape.1(n, &format!("r{}", rule + 1))));
    }
    // The last one compares values as deep as an input may be.
    format!("{text}r{} if input.deep == input.deep\n", rules + 1)
}

fn is_too_deep(text: &str) -> bool {
    let report = lint::lint(&[Module::new("p.rego", text)], &Json::object::<&str>([]), "finops");
    report.error_codes().contains(&"lint.depth")
}

fn input() -> Json {
    let mut members = Object::new();
    let deep = (0..62).fold(Json::from(1), |inner, _| Json::Array(vec![inner]));
    members.insert("deep", deep);
    members.insert("list", Json::Array(vec![Json::from(1)]));
    Json::Object(members)
}

/// Loads and decides where the law says that it fits. An overflow would end the process of the test.
fn decide(text: &str, engine: EngineOption) -> (Outcome, Engine) {
    let text = text.to_owned();
    let run = move || {
        let options = LoadOptions { engine, limits: Limits::patient(), ..LoadOptions::default() };
        let modules = [Module::new("p.rego", text)];
        let (set, report) = PolicySet::load(&modules, &Json::object::<&str>([]), &options).unwrap();
        (set.decide(&input()).decision, report.engine)
    };
    std::thread::Builder::new().stack_size(STACK).spawn(run).unwrap().join().unwrap()
}

/// The most parts that the lint accepts.
fn heaviest(shape: Shape, rules: usize, most: usize) -> usize {
    let (mut low, mut high) = (0, most + 1);
    while high - low > 1 {
        let middle = usize::midpoint(low, high);
        if is_too_deep(&chain(shape, rules, middle)) { high = middle } else { low = middle }
    }
    low
}

#[test]
fn a_chain_just_under_the_limit_fits_and_one_just_over_is_refused() {
    for shape in SHAPES {
        let parts = heaviest(shape, 62, 62 * 8);
        assert!(parts > 0, "{}: the plain chain is refused", shape.0);
        let text = chain(shape, 62, parts);
        for engine in [EngineOption::Interpreter, EngineOption::Auto] {
            assert_eq!(decide(&text, engine).0, Outcome::Deny, "{}: {parts} parts", shape.0);
        }
        // `with` and `else` do not nest.
        if !["with", "else"].contains(&shape.0) {
            assert!(is_too_deep(&chain(shape, 62, parts + 1)), "{}: {parts} parts", shape.0);
        }
    }
}

#[test]
fn a_short_chain_of_heavy_rules_fits() {
    for shape in SHAPES {
        let text = chain(shape, 8, heaviest(shape, 8, 8 * 10));
        assert_eq!(decide(&text, EngineOption::Interpreter).0, Outcome::Deny, "{}", shape.0);
    }
}

#[test]
fn the_machine_fits_too() {
    for name in ["every", "some in"] {
        let shape = *SHAPES.iter().find(|shape| shape.0 == name).unwrap();
        let text = chain(shape, 62, 62);
        assert!(!is_too_deep(&text), "{name}");
        assert_eq!(decide(&text, EngineOption::Rvm), (Outcome::Deny, Engine::Rvm), "{name}");
    }
}
