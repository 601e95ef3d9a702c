use std::time::Duration;

use super::*;
use crate::decision::Outcome;

const PLAIN: &str = "package finops\n\ndefault allow := false\n\nallow if count(deny) == 0\n\n\
                     deny contains \"too dear\" if input.cost > data.cfg.max\n";

fn data() -> Json {
    Json::object([("cfg", Json::object([("max", Json::from(5))]))])
}

fn cost(cost: i64) -> Json {
    Json::object([("cost", Json::from(cost))])
}

fn load(text: &str, options: &LoadOptions) -> Result<(PolicySet, LoadReport), RegoError> {
    PolicySet::load(&[Module::new("p.rego", text)], &data(), options)
}

fn options(engine: EngineOption) -> LoadOptions {
    LoadOptions { engine, limits: Limits::patient(), ..LoadOptions::default() }
}

#[test]
fn both_engines_decide_alike() {
    for engine in [EngineOption::Auto, EngineOption::Rvm, EngineOption::Interpreter] {
        let (set, report) = load(PLAIN, &options(engine)).unwrap();
        assert_eq!(report.engine == Engine::Interpreter, engine == EngineOption::Interpreter);
        assert_eq!(set.decide(&cost(6)).decision, Outcome::Deny);
        assert_eq!(set.decide(&cost(6)).violations[0].message, "too dear");
        assert_eq!(set.decide(&cost(5)).decision, Outcome::Allow);
    }
}

#[test]
fn a_set_is_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    let (set, _) = load(PLAIN, &options(EngineOption::Auto)).unwrap();
    shared(&set);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for n in 0..50 {
                    let expected = if n > 5 { Outcome::Deny } else { Outcome::Allow };
                    assert_eq!(set.decide(&cost(n)).decision, expected);
                }
            });
        }
    });
}

#[test]
fn the_machine_off_its_subset_is_refused() {
    let text = format!("{PLAIN}\ndeny contains \"y\" if input.a + 1 > 5\n");
    let error = load(&text, &options(EngineOption::Rvm)).unwrap_err();
    assert_eq!((error.code(), error.path()), ("policy.engine", "p.rego"));
    assert_eq!(load(&text, &options(EngineOption::Auto)).unwrap().1.engine, Engine::Interpreter);
}

#[test]
fn a_failing_test_refuses_the_load() {
    let text = format!("{PLAIN}\ntest_dear if allow with input as {{\"cost\": 6}}\n");
    let error = load(&text, &options(EngineOption::Auto)).unwrap_err();
    assert_eq!((error.code(), error.path()), ("policy.tests_failed", "p.rego"));
    let unasked = LoadOptions { run_tests: false, ..options(EngineOption::Auto) };
    assert!(load(&text, &unasked).unwrap().1.tests.is_none());
    let good = format!("{PLAIN}\ntest_dear if not allow with input as {{\"cost\": 6}}\n");
    assert!(load(&good, &options(EngineOption::Auto)).unwrap().1.tests.unwrap().success());
}

#[test]
fn what_does_not_load_says_every_code() {
    let error = load(
        "package finops\n\ndeny contains 1 if input.x > data.nope\n\np if p\n",
        &options(EngineOption::Auto),
    );
    assert_eq!(error.unwrap_err().codes(), ["lint.data_missing", "lint.recursion"]);
    let wide = Json::object([("x", Json::Number(crate::json::Number::new("1e400").unwrap()))]);
    let error = PolicySet::load(
        &[Module::new("p.rego", "package finops\ndeny contains 1 if input.x\n")],
        &wide,
        &LoadOptions::default(),
    );
    assert_eq!(error.unwrap_err().code(), "policy.eval");
    let hidden = Json::object([("finops", Json::object([("deny", Json::from(1))]))]);
    let error = PolicySet::load(
        &[Module::new("p.rego", "package finops\ndeny contains 1 if input.x\n")],
        &hidden,
        &LoadOptions::default(),
    );
    assert_eq!(error.unwrap_err().code(), "policy.compile");
}

#[test]
fn a_fault_denies_with_its_code() {
    let text = "package finops\n\ndeny contains \"x\" if count([1 | some a in input.v; some b in input.v; a + b > 0]) > 1\n";
    let input = Json::object([("v", Json::array((0..300).map(Json::from)))]);
    let limits = Limits { wall: Duration::ZERO, ..Limits::default() };
    let (set, _) = load(text, &LoadOptions { limits, ..LoadOptions::default() }).unwrap();
    assert_eq!(set.decide(&input).code, Some("policy.timeout"));

    let huge = Json::object([("cost", Json::Number(crate::json::Number::new("1e400").unwrap()))]);
    let (set, _) = load(PLAIN, &options(EngineOption::Auto)).unwrap();
    let answer = set.decide(&huge);
    assert_eq!((answer.decision, answer.code), (Outcome::Deny, Some("policy.eval")));

    let text = "package finops\n\ndeny contains v if some v in input.v\n";
    let (set, _) = load(text, &options(EngineOption::Auto)).unwrap();
    let long = Json::object([("v", Json::array(["x".repeat(1_048_577)]))]);
    assert_eq!(set.decide(&long).code, Some("policy.result"));
}

#[test]
fn a_comprehension_of_100_000_elements_is_an_answer_or_a_code() {
    let text = "package finops\n\ndeny contains \"x\" if count([v | some v in input.v]) > 99999\n";
    let input = Json::object([("v", Json::array(0..100_000))]);
    for engine in [EngineOption::Auto, EngineOption::Interpreter] {
        let (set, _) = load(text, &LoadOptions { engine, ..LoadOptions::default() }).unwrap();
        let answer = set.decide(&input);
        assert_eq!(answer.decision, Outcome::Deny);
        assert!(matches!(answer.code, None | Some("policy.timeout")), "{:?}", answer.code);
    }
}

#[test]
fn the_data_api_reads_rules_packages_and_documents() {
    let (set, _) = load(PLAIN, &options(EngineOption::Auto)).unwrap();
    let read = |path: &[&str]| set.read(path, Some(&cost(6)), Schema::None);
    assert_eq!(read(&["finops", "allow"]), Evaluated::Value(Json::from(false)));
    assert_eq!(read(&["cfg", "max"]), Evaluated::Value(Json::from(5)));
    let package = Json::object([("allow", Json::from(false)), ("deny", Json::array(["too dear"]))]);
    assert_eq!(read(&["finops"]), Evaluated::Value(package.clone()));
    assert_eq!(
        read(&[]),
        Evaluated::Value(Json::object([("cfg", data().get("cfg").unwrap().clone()), ("finops", package)]))
    );
    for missing in [
        &["nope"][..],
        &["finops", "nope"],
        &["cfg", "a b\"c"],
        &["finops_entries"],
        &["finops_entries", "answer"],
    ] {
        assert_eq!(read(missing), Evaluated::Undefined, "{missing:?}");
    }
    assert_eq!(set.read(&["finops", "deny"], None, Schema::None), Evaluated::Value(Json::Array(Vec::new())));
}

#[test]
fn the_gathered_entries_never_meet_a_package_of_the_set() {
    let text = format!("{PLAIN}\ndeny contains \"y\" if input.finops_entries\n");
    let (set, _) = load(&text, &options(EngineOption::Auto)).unwrap();
    assert_eq!(set.read(&["finops_entries_"], None, Schema::None), Evaluated::Undefined);
    assert_eq!(set.decide(&cost(6)).decision, Outcome::Deny);
}

#[test]
fn the_digest_is_that_of_a_bundle_of_the_same_files() {
    let files = [
        ("p.rego".to_owned(), PLAIN.as_bytes().to_vec()),
        ("data.json".to_owned(), data().to_text().into_bytes()),
    ];
    let bundle = Bundle::from_files(files, &bundle::BundleOptions::default()).unwrap();
    let (set, _) = PolicySet::load_bundle(&bundle, &options(EngineOption::Auto)).unwrap();
    let (plain, _) = load(PLAIN, &options(EngineOption::Auto)).unwrap();
    assert_eq!(set.digest(), plain.digest());
    assert_eq!(set.revision(), bundle.revision);
}

#[test]
fn the_order_of_modules_is_irrelevant() {
    let a = Module::new("a.rego", "package finops\n\ndeny contains \"a\" if input.x\n");
    let b = Module::new(
        "b.rego",
        "package finops\n\ndeny contains \"b\" if input.x\n\nwarn contains \"w\" if input.x\n",
    );
    let input = Json::object([("x", Json::from(1))]);
    let one = PolicySet::load(&[a.clone(), b.clone()], &data(), &options(EngineOption::Auto)).unwrap().0;
    let other = PolicySet::load(&[b, a], &data(), &options(EngineOption::Auto)).unwrap().0;
    assert_eq!(one.decide(&input), other.decide(&input));
    assert_eq!(one.digest(), other.digest());
}
