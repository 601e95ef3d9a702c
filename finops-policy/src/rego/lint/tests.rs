//! Each code fires and does not fire; hostile sources are findings, never a crash.

use super::{LintReport, lint, module_from_bytes};
use crate::{
    Json,
    json::{Limits, read},
    rego::{Engine, Module},
};

const BEFORE: &str = "package finops\n\ndefault allow := false\n\nallow if count(deny) == 0\n\n";
const AFTER: &str = "\n\ntest_ok if not allow with input as {}\n";

fn set(rules: &str) -> Vec<Module> {
    vec![Module::new("finops.rego", format!("{BEFORE}{rules}{AFTER}"))]
}

fn report(rules: &str, data: &str) -> LintReport {
    let data = read(data.as_bytes(), &Limits::default()).expect("the data is JSON");
    lint(&set(rules), &data, "finops")
}

fn of(modules: &[&str]) -> LintReport {
    let modules: Vec<Module> =
        modules.iter().zip(0..).map(|(text, n)| Module::new(format!("{n}.rego"), *text)).collect();
    lint(&modules, &Json::object::<String>([]), "finops")
}

/// `(rules, data, errors, warnings)`: the pairs of a code are the row that fires it and rows that come close.
const ROWS: &[(&str, &str, &[&str], &[&str])] = &[
    // recursion: in a comprehension, under `with`, through a package as a whole, by a local name of the same spelling
    ("deny contains \"x\" if count([d | some d in deny]) > 0", "{}", &["lint.recursion"], &[]),
    ("deny contains \"x\" if true with input as data.finops.deny", "{}", &["lint.recursion"], &[]),
    ("deny contains \"x\" if count(data.finops) > 0", "{}", &["lint.recursion"], &[]),
    ("deny contains \"x\" if count(data) > 0", "{}", &["lint.recursion"], &[]),
    ("f(x) if g(x)\n\ng(x) if f(x)\n\ndeny contains \"x\" if f(1)", "{}", &["lint.recursion"], &[]),
    ("p if f(1)\n\nf(p) if p == 1\n\ndeny contains \"x\" if p", "{}", &[], &[]),
    ("a.b := 1\n\na.c := a.b\n\ndeny contains \"x\" if a.c == 2", "{}", &[], &[]),
    // built-in functions
    (
        "deny contains \"x\" if json.is_valid(\"1\") with json.is_valid as http.send",
        "{}",
        &["lint.builtin_forbidden"],
        &[],
    ),
    ("deny contains \"x\" if trace(\"a\")", "{}", &["lint.builtin_forbidden"], &[]),
    ("deny contains \"x\" if rand.intn(\"a\", 5) == 1", "{}", &["lint.builtin_forbidden"], &[]),
    ("deny contains \"x\" if opa.runtime() == {}", "{}", &["lint.builtin_forbidden"], &[]),
    ("deny contains \"x\" if rego.parse_module(\"a\", \"b\") == {}", "{}", &["lint.builtin_forbidden"], &[]),
    ("deny contains \"x\" if io.jwt.decode(\"a\") == []", "{}", &["lint.builtin_unknown"], &[]),
    ("deny contains \"x\" if nope(1)", "{}", &["lint.builtin_unknown"], &[]),
    ("deny contains \"x\" if data.finops.nope(1)", "{}", &["lint.builtin_unknown"], &[]),
    ("deny contains \"x\" if time.parse_rfc3339_ns(\"2026-01-01T00:00:00Z\") == 1", "{}", &[], &[]),
    ("yes(x) if x == 1\n\ndeny contains \"x\" if data.finops.yes(1)", "{}", &[], &[]),
    ("deny contains \"x\" if count(numbers.range(0, 10000)) == 1", "{}", &[], &[]),
    ("deny contains \"x\" if count(numbers.range(0, 10001)) == 1", "{}", &["lint.unbounded_builtin"], &[]),
    (
        "deny contains \"x\" if count(numbers.range(-9223372036854775808, 9223372036854775807)) == 1",
        "{}",
        &["lint.unbounded_builtin"],
        &[],
    ),
    (
        "deny contains \"x\" if count(numbers.range_step(0, 10001, 5)) == 1",
        "{}",
        &["lint.unbounded_builtin"],
        &[],
    ),
    ("deny contains \"x\" if strings.count(\"abc\", \"\") == 1", "{}", &["lint.unbounded_builtin"], &[]),
    ("deny contains \"x\" if strings.count(\"abc\", `b`) == 1", "{}", &[], &[]),
    ("deny contains \"x\" if bits.lsh(1, 64) == 1", "{}", &[], &[]),
    ("deny contains \"x\" if bits.lsh(1, 65) == 1", "{}", &["lint.unbounded_builtin"], &[]),
    ("deny contains \"x\" if bits.lsh(1, -1) == 1", "{}", &["lint.unbounded_builtin"], &[]),
    ("deny contains sprintf(\"%100d %-5s %+.2f %%200\", [1, 2, 3]) if true", "{}", &[], &[]),
    ("deny contains sprintf(\"%101d\", [1]) if true", "{}", &["lint.unbounded_builtin"], &[]),
    ("deny contains sprintf(\"%.101f\", [1]) if true", "{}", &["lint.unbounded_builtin"], &[]),
    ("deny contains sprintf(\"%*d\", [5, 1]) if true", "{}", &["lint.unbounded_builtin"], &[]),
    // data
    ("deny contains \"x\" if data.cfg[\"max\"] > 1", "{\"cfg\": {\"max\": 1}}", &[], &[]),
    ("deny contains \"x\" if data.cfg.list[1] > 1", "{\"cfg\": {\"list\": [1, 2]}}", &[], &[]),
    (
        "deny contains \"x\" if data.cfg.list[2] > 1",
        "{\"cfg\": {\"list\": [1, 2]}}",
        &["lint.data_missing"],
        &[],
    ),
    ("deny contains \"x\" if data.cfg.max.eur > 1", "{\"cfg\": {\"max\": 1}}", &["lint.data_missing"], &[]),
    ("deny contains \"x\" if data.cfg[input.env].max > 1", "{\"cfg\": {}}", &[], &[]),
    (
        "cfg := data.cfg\n\nlimits := cfg.limits\n\ndeny contains \"x\" if limits.max > 1",
        "{\"cfg\": {\"limits\": {}}}",
        &["lint.data_missing"],
        &[],
    ),
    ("deny contains \"x\" if data.finops.nope == 1", "{}", &["lint.data_missing"], &[]),
    ("test_more if data.mock.x == 1\n\ndeny contains \"x\" if input.a == 1", "{}", &[], &[]),
    // not over the input
    ("ok if not is_string(input.r)\n\ndeny contains \"x\" if not ok", "{}", &["lint.negated_input"], &[]),
    ("ok if not input.r == \"a\"\n\ndeny contains \"x\" if not ok", "{}", &[], &[]),
    ("ok if not count(input.r) == 1\n\ndeny contains \"x\" if not ok", "{}", &["lint.negated_input"], &[]),
    ("ok if not input.r != \"a\"\n\ndeny contains \"x\" if not ok", "{}", &["lint.negated_input"], &[]),
    ("ok if {\n\tinput.r\n\tnot input.r != \"a\"\n}\n\ndeny contains \"x\" if not ok", "{}", &[], &[]),
    (
        "ok if {\n\tinput.r.s in [1]\n\tnot startswith(input.r, \"a\")\n}\n\ndeny contains \"x\" if not ok",
        "{}",
        &[],
        &[],
    ),
    (
        "ok if {\n\tnot startswith(input.r, \"a\")\n\tinput.r == \"b\"\n}\n\ndeny contains \"x\" if not ok",
        "{}",
        &["lint.negated_input"],
        &[],
    ),
    (
        "ok if every x in [1] {\n\tnot input.r > x\n}\n\ndeny contains \"x\" if not ok",
        "{}",
        &["lint.negated_input"],
        &[],
    ),
    (
        "ok if count([x | some x in [1]; not input.r > x]) > 0\n\ndeny contains \"x\" if not ok",
        "{}",
        &["lint.negated_input"],
        &[],
    ),
    (
        "deny_more contains \"x\" if not input.r > 1\n\ndeny contains \"x\" if input.a == 1",
        "{}",
        &[],
        &["lint.negated_input"],
    ),
    ("test_more if not input.r > 1\n\ndeny contains \"x\" if input.a == 1", "{}", &[], &[]),
    // the head
    ("deny contains input.a", "{}", &["lint.head_undefined"], &[]),
    ("deny contains input.a if is_string(input.a)", "{}", &[], &[]),
    ("deny contains data.cfg.text if input.a == 1", "{\"cfg\": {\"text\": \"t\"}}", &[], &[]),
    ("cfg := data.cfg\n\ndeny contains cfg.text if input.a == 1", "{\"cfg\": {\"text\": \"t\"}}", &[], &[]),
    (
        "texts := {\"a\": input.a}\n\ndeny contains texts.a if input.a == 1",
        "{}",
        &["lint.head_undefined"],
        &[],
    ),
    ("deny contains x if some x in input.list", "{}", &[], &[]),
    ("deny contains input.list if some x in input.list", "{}", &[], &[]),
    (
        "p[input.a] := 1 if input.b == 1\n\ndeny contains \"x\" if count(p) == 1",
        "{}",
        &["lint.head_undefined"],
        &[],
    ),
    (
        "p[x] := input.a if some x in [1]\n\ndeny contains \"x\" if count(p) == 1",
        "{}",
        &["lint.head_undefined"],
        &[],
    ),
    ("deny contains {\"n\": count([x.a | some x in input.list])} if input.b == 1", "{}", &[], &[]),
    // compile
    ("deny contains \"x\" if y == 1", "{}", &["policy.compile"], &[]),
    ("deny contains {\"x\": input.map[input.a]} if input.map[input.a]", "{}", &[], &[]),
    // names
    (
        "denys contains \"x\" if input.a == 1\n\ndeny contains \"x\" if input.b == 1",
        "{}",
        &[],
        &["lint.entry_typo", "lint.unused_rule"],
    ),
    ("exception contains \"x\" if input.a == 1\n\ndeny contains \"x\" if input.b == 1", "{}", &[], &[]),
    ("deny_tags contains \"x\" if input.a == 1\n\ndeny contains \"x\" if input.b == 1", "{}", &[], &[]),
    ("deny contains \"x\" if input.total_spent_usd > 1", "{}", &[], &["lint.input_typo"]),
    ("deny contains \"x\" if input.total_spend_usd > 1", "{}", &[], &[]),
    ("deny contains \"x\" if input.anything_else > 1", "{}", &[], &[]),
    (
        "lim := 5 if input.a == 1\n\nlim := 6 if input.b == 1\n\ndeny contains \"x\" if lim == 5",
        "{}",
        &[],
        &["lint.conflict"],
    ),
    ("lim := true if input.a == 1\n\nlim if input.b == 1\n\ndeny contains \"x\" if lim", "{}", &[], &[]),
    ("deny contains \"x\" if product([input.price, 2]) > 1", "{}", &[], &["lint.float_money"]),
    ("deny contains \"x\" if count(input.price) % 2 == 1", "{}", &[], &["lint.float_money"]),
    ("deny contains \"x\" if sum(input.pods) > 1", "{}", &[], &[]),
];

#[test]
fn every_code_fires_where_it_should_and_only_there() {
    let mut wrong = Vec::new();
    for (rules, data, errors, warnings) in ROWS {
        let report = report(rules, data);
        if report.error_codes() != *errors || report.warning_codes() != *warnings {
            wrong.push(format!("{rules}\n{:?}\n{:?}", report.errors, report.warnings));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Inside the subset, and one step outside of it.
const ENGINES: &[(&str, Engine)] = &[
    ("deny contains \"x\" if {\n\tis_string(input.a)\n\ttrim_space(input.a) == \"b\"\n}", Engine::Rvm),
    ("deny contains \"x\" if trim_space(input.a) == \"b\"", Engine::Interpreter),
    (
        "deny contains \"x\" if {\n\ttrim_space(input.a) == \"b\"\n\tis_string(input.a)\n}",
        Engine::Interpreter,
    ),
    ("deny contains lower(input.a) if is_string(input.a)", Engine::Rvm),
    ("deny contains \"x\" if {\n\tis_object(input.a)\n\tsome k, v in input.a\n\tv == k\n}", Engine::Rvm),
    ("deny contains \"x\" if {\n\tsome v in input.a\n\tv == 1\n}", Engine::Interpreter),
    ("deny contains v if some v in {1, 2}", Engine::Rvm),
    ("deny contains v if some v in [input.a, {\"b\": 1}]", Engine::Rvm),
    ("deny contains \"x\" if {\n\tx := 5\n\tinput.a == x\n}", Engine::Rvm),
    ("deny contains \"x\" if {\n\tx := [5]\n\tinput.a == x\n}", Engine::Interpreter),
    ("big(x) if x > 5\n\ndeny contains v if {\n\tsome v in {1, 9}\n\tbig(v)\n}", Engine::Rvm),
    ("big(x) if x > 5\n\ndeny contains \"x\" if big(input.a)", Engine::Interpreter),
    ("big(x) if input.a > 5\n\ndeny contains \"x\" if big(1)", Engine::Interpreter),
    ("big(x, x) if x > 5\n\ndeny contains \"x\" if big(1, 1)", Engine::Interpreter),
    ("big(5) if true\n\ndeny contains \"x\" if big(5)", Engine::Interpreter),
    ("big(x) := x if x > 5\n\ndeny contains \"x\" if big(6) == 6", Engine::Interpreter),
    ("default big(_) := false\n\nbig(x) if x > 5\n\ndeny contains \"x\" if big(6)", Engine::Interpreter),
    ("list := [v | some v in {1, 2}]\n\ndeny contains \"x\" if input.a in list", Engine::Rvm),
    ("list := {v | some v in {1, 2}}\n\ndeny contains \"x\" if input.a in list", Engine::Interpreter),
    ("deny contains \"x\" if input.a + 1 == 2", Engine::Interpreter),
    ("deny contains \"x\" if not input.a == 2", Engine::Interpreter),
    ("deny contains \"x\" if input.a[input.b] == 2", Engine::Rvm),
    ("deny contains \"x\" if input.a[_] == 2", Engine::Interpreter),
    ("ok := 1 if input.a == 1 else := 2\n\ndeny contains \"x\" if ok == 2", Engine::Interpreter),
    ("deny contains \"x\" if print(1)", Engine::Interpreter),
    ("deny contains \"x\" if walk({}, [\"a\", 1])", Engine::Interpreter),
    ("p[x] := 1 if some x in [1]\n\ndeny contains \"x\" if count(p) == 1", Engine::Interpreter),
    (
        "obj := {\"a\": 1, \"b\": {\"c\": lim}}\n\nlim := 2\n\ndeny contains \"x\" if obj.a == lim",
        Engine::Rvm,
    ),
    ("deny contains \"x\" if 1, 2 in [2]", Engine::Interpreter),
    ("deny contains \"x\" if \"a\", 2 in {\"a\": 2}", Engine::Interpreter),
    ("deny contains \"x\" if input == {}", Engine::Rvm),
];

#[test]
fn the_virtual_machine_takes_the_subset_and_nothing_else() {
    let mut wrong = Vec::new();
    for (rules, engine) in ENGINES {
        let report = report(rules, "{}");
        if !report.errors.iter().all(|error| error.code == "lint.head_undefined")
            || report.engine.engine != *engine
        {
            wrong.push(format!("{rules}\n{:?}\n{:?}", report.errors, report.engine.reasons));
        }
        assert_eq!(report.engine.reasons.is_empty(), *engine == Engine::Rvm, "{rules}");
        assert!(report.engine.reasons.iter().all(|reason| reason.line > 1 && reason.message.contains(": ")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn findings_name_their_place_and_do_not_depend_on_the_order_of_modules() {
    let finops =
        "package finops\n\nimport data.lib\n\ndefault allow := false\n\n\tallow if lib.ok(crypto.x(1))\n";
    let lib = "package lib\n\nok(x) if x == input.cost_tag\n\nstray := 1\n";
    let (one, other) = (of(&[finops, lib]), {
        let modules = [Module::new("1.rego", lib), Module::new("0.rego", finops)];
        lint(&modules, &Json::object::<String>([]), "data.finops")
    });
    assert_eq!(one, other);
    let places = |findings: &[super::Finding]| -> Vec<String> {
        findings.iter().map(|f| format!("{}:{}:{} {}", f.file, f.line, f.column, f.code)).collect()
    };
    assert_eq!(places(&one.errors), ["0.rego:7:18 lint.builtin_unknown"]);
    assert_eq!(
        places(&one.warnings),
        ["0.rego:1:1 lint.no_tests", "1.rego:3:15 lint.input_typo", "1.rego:5:1 lint.unused_rule"]
    );
}

#[test]
fn entries_and_their_defaults_are_asked_for() {
    let codes = |report: &LintReport| (report.error_codes(), report.warning_codes());
    let tested = "\n\ntest_a if true\n";
    assert_eq!(codes(&of(&[])), (vec!["lint.entry_missing"], vec![]));
    let allow = of(&[&format!("package finops\n\nallow if input.a == 1{tested}")]);
    assert_eq!(codes(&allow), (vec![], vec!["lint.default_allow_missing"]));
    let function_first = of(&[
        "package a\n\nf(x) if x == 1\n\np.q := 1 if f(1)\n",
        &format!("package finops\n\nviolation contains 1 if data.a.p.q == 1{tested}"),
    ]);
    assert_eq!(codes(&function_first), (vec![], vec![]));
    let violation = of(&[&format!("package finops\n\nviolation contains 1 if input.a == 1{tested}")]);
    assert_eq!(codes(&violation), (vec![], vec![]));
    let elsewhere = of(&[&format!("package other\n\nviolation contains 1 if input.a == 1{tested}")]);
    assert_eq!(codes(&elsewhere), (vec!["lint.entry_missing"], vec!["lint.unused_rule"]));
}

#[test]
fn what_is_not_rego_v1_is_reported_alone() {
    let deep = |open: &str, close: &str, n: usize| {
        format!("package finops\n\nallow if {{\n\tx := {}1{}\n}}\n", open.repeat(n), close.repeat(n))
    };
    let lines = |line: &str, n: usize| format!("package finops\n\nallow if x == 1\n{}", line.repeat(n));
    let hostile = [
        String::new(),
        "package finops\n\nx := $\"a\"\n".to_owned(),
        "package finops\n\ndeny[x] { x := 1 }\n".to_owned(),
        "package finops\n\n__target__ := \"x\"\n\nallow := true\n".to_owned(),
        "package finops\n\nallow := true\n\0\ndeny contains \"hidden\"\n".to_owned(),
        "package finops # \0\n\nallow := true\n".to_owned(),
        "package finops\n\nallow if input.x == 0e999999999\n".to_owned(),
        "package finops\n\nallow if input.x == \"abc\n".to_owned(),
        "package finops\n\nallow if input.x == `abc\n".to_owned(),
        format!("package finops\n\n# {}\nallow := true\n", "x".repeat(1_100)),
        lines("# a line\n", 20_001),
        lines(&format!("#{}\n", "x".repeat(1_000)), 1_100),
        deep("[", "]", 500),
        deep("{", "}", 500),
        deep("{\"a\":\n", "}", 18_000),
        deep("(", ")", 400),
        deep("f(", ")", 300),
        deep("[x | ", "]", 100),
        deep("([", "])", 200),
        deep("set(\n", ")", 19_000),
        deep("-\n", "", 19_000),
        deep("a[\n", "]", 19_000),
        deep("1 +\n", "", 19_000),
        deep("1 in\n", "", 19_000),
        deep("1 ==\n", "", 19_000),
        deep("a.b.c.d.e.f.g.h.", "i", 100),
        deep("every x in y {\n", "\n}", 9_000),
        deep("a | ", "b", 240),
        deep("[[[[[[[[[[[[", "]]]]]]]]]]]]", 1)
            .replace("\n\tx", &"\n\tx := [[[[[[[[[[[[1]]]]]]]]]]]]".repeat(1_000)),
        "package finops\n\nallow if {".to_owned(),
    ];
    for text in &hostile {
        let report = of(&[text, "package lib\n\nstray := 1\n"]);
        assert_eq!(report.error_codes(), ["policy.parse"], "{}", text.chars().take(200).collect::<String>());
        assert!(report.warnings.is_empty());
    }
    let error = module_from_bytes("a.rego", b"package a\n\nx := \"\xff\"\n").expect_err("no UTF-8");
    assert_eq!((error.code, error.line, error.column), ("policy.parse", 3, 7));
    assert_eq!(
        module_from_bytes("a.rego", b"package a\n").map(|module| module.text).as_deref(),
        Ok("package a\n")
    );
}

#[test]
fn what_is_long_but_flat_is_read() {
    let statements = "\tinput.a == 1\n".repeat(3_000);
    let list = (0..2_000).map(|n| format!("\t{n},\n")).collect::<String>();
    let sum = ["1"; 100].join(" + ");
    let rules = format!(
        "deny contains \"x\" if {{\n{statements}}}\n\nlist := [\n{list}]\n\ndeny contains \"y\" if input.n == {sum}\n\n\
         deny contains \"z\" if input.n in list\n\ndeny contains \"w\" if [[[[1, [2]]]]] == [{{\"a\": {{\"b\": [1]}}}}]"
    );
    assert_eq!(report(&rules, "{}").errors, []);
}

#[test]
fn long_chains_and_wide_graphs_end() {
    let chain = |n: usize| {
        let rules = (0..n).map(|i| format!("r{i} if r{}\n\n", i + 1)).collect::<String>();
        format!("{rules}r{n} if input.a == 1\n\ndeny contains \"x\" if r0")
    };
    // With `test_ok`, `allow` and `deny` above them.
    assert_eq!(report(&chain(60), "{}").error_codes(), [""; 0]);
    assert_eq!(report(&chain(61), "{}").error_codes(), ["lint.depth"]);
    assert_eq!(report(&chain(9_000), "{}").error_codes(), ["lint.depth"]);
    let sums = |n: usize| {
        let rules =
            (0..50).map(|i| format!("r{i} := r{} {}\n\n", i + 1, "+ 1 ".repeat(n))).collect::<String>();
        format!("{rules}r50 := 1\n\ndeny contains \"x\" if r0 == input.a")
    };
    assert_eq!(report(&sums(5), "{}").error_codes(), [""; 0]);
    assert_eq!(report(&sums(10), "{}").error_codes(), ["lint.depth"]);
    let circle = format!("{}\n\nr5000 if r0", chain(9_000).replace("r9000 if input.a == 1", "r9000 if r1"));
    assert_eq!(report(&circle, "{}").error_codes(), ["lint.recursion"]);
    let wide = (0..2_000).map(|i| format!("r{i} if count(data.lib) == {i}\n\n")).collect::<String>();
    let lib = (0..2_000).map(|i| format!("s{i} := {i}\n\n")).collect::<String>();
    let report =
        of(&[&format!("{BEFORE}deny contains \"x\" if r1\n\n{wide}"), &format!("package lib\n\n{lib}")]);
    assert_eq!(report.error_codes(), [""; 0]);
}
