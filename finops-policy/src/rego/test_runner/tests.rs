use super::*;
use crate::rego::{LoadOptions, PolicySet};

const POLICY: &str = "package finops\n\ndefault allow := false\n\nallow if count(deny) == 0\n\n\
                      deny contains \"too dear\" if input.cost > 5\n\n\
                      deny contains \"too slow\" if {\n\tinput.slow == true\n}\n";

fn run_all(modules: &[(&str, &str)], coverage: bool) -> TestReport {
    let modules: Vec<Module> = modules.iter().map(|(name, text)| Module::new(*name, *text)).collect();
    run(&modules, &Json::object::<&str>([]), &TestOptions { coverage, ..TestOptions::default() }).unwrap()
}

#[test]
fn tests_run_in_the_order_of_modules_and_source() {
    let tests = "package finops_test\n\nimport data.finops\n\ntest_b if finops.allow with input as {\"cost\": 1}\n\n\
                 test_a if finops.allow with input as {\"cost\": 9}\n\ntest_b if false\n\n\
                 test_f(x) if x\n\ntodo_test_c if nothing_yet\n\ntest_e if 1 + \"a\" == 2\n\ntest_last := true\n\n\
                 nothing_yet if input.x\n";
    let report = run_all(
        &[("z.rego", tests), ("a.rego", "package finops\n\ntest_z := 5\n"), ("p.rego", POLICY)],
        false,
    );
    let found: Vec<(&str, &str)> =
        report.results.iter().map(|r| (r.name.as_str(), r.status.as_str())).collect();
    let expected = [
        ("test_b", "pass"),
        ("test_a", "fail"),
        ("todo_test_c", "skip"),
        ("test_e", "error"),
        ("test_last", "pass"),
        ("test_z", "fail"),
    ];
    assert_eq!(found, expected);
    assert!(!report.success() && report.refuses());
    assert_eq!(report.first_failure().unwrap().name, "test_a");
    assert_eq!(report.results[5].message.as_deref(), Some("the test is 5, not true"));
    assert_eq!((report.results[0].file.as_str(), report.results[0].line), ("z.rego", Some(5)));
}

#[test]
fn a_fault_in_one_test_does_not_reach_the_next() {
    let text = "package p\n\nboom if count(input.n) == 0\n\ntest_one if boom with input as {\"n\": 5}\n\n\
                test_two if boom with input as {\"n\": []}\n\ntest_panic if strings.count(\"a\", \"\") > 0\n\ntest_three if boom with input as {\"n\": []}\n";
    let report = run_all(&[("p.rego", text)], true);
    let found: Vec<&str> = report.results.iter().map(|r| r.status.as_str()).collect();
    assert_eq!(found, ["error", "pass", "error", "pass"]);
}

#[test]
fn coverage_names_the_lines_that_no_test_reached() {
    let tests = "package finops_test\n\nimport data.finops\n\ntest_cheap if finops.allow with input as {\"cost\": 1}\n";
    let report =
        run_all(&[("p.rego", POLICY), ("t.rego", tests), ("u.rego", "package other\n\nx := 1\n")], true);
    let coverage = report.coverage.unwrap();
    let files: Vec<&str> = coverage.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(files, ["p.rego", "t.rego", "u.rego"]);
    let policy = &coverage.files[0];
    assert_eq!((policy.covered.as_slice(), policy.not_covered.as_slice()), (&[3, 5, 7, 10][..], &[9][..]));
    assert_eq!((coverage.files[2].covered.len(), coverage.files[2].not_covered.as_slice()), (0, &[3][..]));
    assert!(coverage.reaches(50) && !coverage.reaches(100), "{coverage:?}");
    let dear = "test_dear if not finops.allow with input as {\"cost\": 9, \"slow\": true}\n";
    let more =
        run_all(&[("p.rego", POLICY), ("t.rego", &format!("{tests}\n{dear}"))], true).coverage.unwrap();
    assert!(more.reaches(100), "{more:?}");
}

#[test]
fn nothing_to_run_is_no_success() {
    let report = run_all(&[("p.rego", POLICY)], false);
    assert!(!report.success() && !report.refuses() && report.coverage.is_none());
}

#[test]
fn what_does_not_parse_is_an_error() {
    let data = Json::object::<&str>([]);
    let error = run(&[Module::new("p.rego", "nope")], &data, &TestOptions::default()).unwrap_err();
    assert_eq!(error.code, "policy.parse");
}

fn table_of(text: &str) -> Result<TestReport, crate::error::ConfigError> {
    let modules = [Module::new("p.rego", POLICY)];
    let options = LoadOptions { limits: Limits::patient(), ..LoadOptions::default() };
    let (set, _) = PolicySet::load(&modules, &Json::object::<&str>([]), &options).unwrap();
    let table = crate::json::read(text.as_bytes(), &crate::json::Limits::default()).unwrap();
    table::run(&set, &table, "cases.json")
}

#[test]
fn a_table_compares_what_it_lists() {
    let text = r#"{"cases":[
        {"name":"dear","input":{"cost":6},"expect":{"decision":"deny","rules":["rego.deny"],"messages":["too dear"],"code":null}},
        {"name":"cheap","input":{"cost":5},"expect":{"decision":"deny"}}]}"#;
    let report = table_of(text).unwrap();
    assert_eq!(report.results[0].status, TestStatus::Pass);
    assert_eq!(report.results[1].status, TestStatus::Fail);
    assert_eq!(report.results[1].message.as_deref(), Some(r#"decision is "allow", not "deny""#));
}

#[test]
fn a_table_that_is_none_is_refused_with_its_place() {
    for (text, path) in [
        ("5", ""),
        (r#"{"cases":{}}"#, "/cases"),
        (r#"[{"input":{},"expect":{}}]"#, "/0/name"),
        (r#"[{"name":"a","expect":{}}]"#, "/0/input"),
        (r#"[{"name":"a","input":{}}]"#, "/0/expect"),
        (r#"[{"name":"a","input":{},"expect":{}}]"#, "/0/expect"),
        (r#"{"cases":[{"name":"a","input":{},"expect":{"desicion":"deny"}}]}"#, "/cases/0/expect/desicion"),
    ] {
        assert_eq!(table_of(text).unwrap_err().path, path, "{text}");
    }
}
