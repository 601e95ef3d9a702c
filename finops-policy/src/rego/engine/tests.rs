//! Faults: whatever a policy does to the engine, the process lives and the fault has a code.

use super::*;

fn run(body: &str, input: &Json, engine: Engine) -> Evaluated {
    let module = Module::new("p.rego", format!("package p\n{body}\n"));
    evaluate(&[module], &Json::object::<&str>([]), "data.p.x", Some(input), engine)
}

fn code(evaluated: &Evaluated) -> Option<&'static str> {
    match evaluated {
        Evaluated::Error(error) => Some(error.code),
        _ => None,
    }
}

fn prepared(body: &str, engine: Engine) -> Prepared {
    let module = Module::new("p.rego", format!("package p\n{body}\n"));
    Prepared::new(parsed(&[module]).unwrap().engine, Value::new_object(), "data.p.x", engine).unwrap()
}

#[test]
fn recursion_is_refused_before_it_aborts_the_process() {
    for body in ["x if y\ny if x", "f(a) := f(a)\nx := f(1)", "x := {v | v := data.p[_]}"] {
        for engine in [Engine::Rvm, Engine::Interpreter] {
            assert_eq!(code(&run(body, &Json::Null, engine)), Some("lint.recursion"), "{body}");
        }
    }
}

#[test]
fn a_panic_in_the_engine_is_a_code() {
    // `strings.count` of regorus 0.14.1 divides by the length of the needle.
    for engine in [Engine::Rvm, Engine::Interpreter] {
        assert_eq!(code(&run(r#"x := strings.count("abc", "")"#, &Json::Null, engine)), Some("policy.panic"));
        assert_eq!(run("x := 1", &Json::Null, engine), Evaluated::Value(Json::from(1)), "the next one works");
    }
}

#[test]
fn what_does_not_parse_or_compile_has_a_code() {
    for engine in [Engine::Rvm, Engine::Interpreter] {
        assert_eq!(code(&run("this is not rego", &Json::Null, engine)), Some("policy.parse"));
        let unsafe_variable = code(&run("x := y", &Json::Null, engine));
        assert!(matches!(unsafe_variable, Some("policy.compile" | "policy.eval")), "{unsafe_variable:?}");
    }
    let nested = format!("x := {}1{}", "[\n".repeat(2_000), "]\n".repeat(2_000));
    assert_eq!(code(&run(&nested, &Json::Null, Engine::Rvm)), Some("policy.parse"));
    let chained = format!("x := 1{}", " +\n1".repeat(15_000));
    assert_eq!(code(&run(&chained, &Json::Null, Engine::Interpreter)), Some("policy.parse"));
}

#[test]
fn a_long_loop_ends_at_the_clock() {
    let limits = Limits { wall: Duration::ZERO, ..Limits::default() };
    let body = "x := count([1 | some a in input; some b in input; some c in input; a + b == c])";
    let input = value::from_json(&Json::array((0..200).map(Json::from))).unwrap();
    for engine in [Engine::Rvm, Engine::Interpreter] {
        let fault = prepared(body, engine).run(Some(input.clone()), &limits).unwrap_err();
        assert_eq!(fault.code, "policy.timeout", "{fault}");
    }
}

#[test]
fn a_limit_that_is_only_a_text_is_one_too() {
    let limit = |text: &str| interpreter_error(Box::<dyn std::error::Error>::from(text)).code;
    assert_eq!(limit("execution exceeded time limit (elapsed=26ns, limit=25ns)"), "policy.timeout");
    assert_eq!(limit("x: execution exceeded time limit"), "policy.eval");
    let message = |text: &str| interpreter_error(Box::<dyn std::error::Error>::from(text)).message;
    let excerpt =
        "\n--> a.rego:5:1\n  |\n5 | allow := 2\n  | ^\nerror: rule conflicts with rule at a.rego:4:1";
    assert_eq!(message(excerpt), "a.rego:5:1: rule conflicts with rule at a.rego:4:1");
    let slow = timeout(Some(Duration::from_millis(25))).message;
    assert!(slow.starts_with("the evaluation took more than 25 ms; "), "{slow}");
    let typed = regorus::LimitError::TimeLimitExceeded { elapsed: Duration::MAX, limit: Duration::ZERO };
    assert!(typed.to_string().starts_with(TIME_LIMIT), "{typed}");
}

#[test]
fn the_machine_counts_its_instructions() {
    let limits = Limits { wall: Duration::from_secs(60), ..Limits::default() };
    let body = "x := count([1 | some a in input; some b in input; a < b])";
    let many = value::from_json(&Json::array((0..1_000).map(Json::from))).unwrap();
    let fault = prepared(body, Engine::Rvm).run(Some(many), &limits).unwrap_err();
    assert_eq!(fault.code, "policy.instruction_limit", "{fault}");
    let few = value::from_json(&Json::array((0..40).map(Json::from))).unwrap();
    let value = prepared(body, Engine::Rvm).run(Some(few), &limits).unwrap();
    assert_eq!(value, Value::from(780));
}

#[test]
fn a_large_input_gets_as_many_instructions_as_it_needs() {
    let limits = Limits { wall: Duration::from_secs(60), ..Limits::default() };
    let input = value::from_json(&Json::array((0..100_000).map(Json::from))).unwrap();
    for engine in [Engine::Rvm, Engine::Interpreter] {
        let value =
            prepared("x := count([a | some a in input])", engine).run(Some(input.clone()), &limits).unwrap();
        assert_eq!(value, Value::from(100_000));
    }
}

#[test]
fn a_pattern_too_large_to_compile_is_an_error() {
    let body = r#"x := regex.match("(a{1000}){1000}", "a")"#;
    assert_eq!(code(&run(body, &Json::Null, Engine::Interpreter)), Some("policy.eval"));
    // Lax: an error of a builtin is undefined, which is why the subset of the machine has none.
    assert!(!matches!(run(body, &Json::Null, Engine::Rvm), Evaluated::Value(_)));
}

#[test]
fn a_result_that_shares_its_parts_is_cut_off() {
    let mut body = String::from("a0 := \"0123456789\"\n");
    for level in 1..=30 {
        let below = level - 1;
        body.push_str(&format!("a{level} := [a{below}, a{below}]\n"));
    }
    body.push_str("x := a30");
    for engine in [Engine::Rvm, Engine::Interpreter] {
        assert_eq!(code(&run(&body, &Json::Null, engine)), Some("policy.result"));
    }
}

#[test]
fn huge_ranges_and_shifts_end() {
    for body in ["x := count(numbers.range(1, 100000))", "x := bits.lsh(1, 64)", r#"x := sprintf("%d", [1])"#]
    {
        for engine in [Engine::Rvm, Engine::Interpreter] {
            assert!(matches!(run(body, &Json::Null, engine), Evaluated::Value(_)), "{body}");
        }
    }
}

#[test]
fn without_an_input_the_input_is_undefined() {
    let module = [Module::new("p.rego", "package p\nx := input\ny if not input\n")];
    let data = Json::object::<&str>([]);
    for engine in [Engine::Rvm, Engine::Interpreter] {
        assert_eq!(evaluate(&module, &data, "data.p.x", None, engine), Evaluated::Undefined);
        assert_eq!(evaluate(&module, &data, "data.p.y", None, engine), Evaluated::Value(Json::from(true)));
        assert_eq!(
            evaluate(&module, &data, "data.p.x", Some(&Json::Null), engine),
            Evaluated::Value(Json::Null)
        );
    }
}

#[test]
fn a_path_without_a_rule_is_a_fault() {
    let module = [Module::new("p.rego", "package p\nx := 1\n")];
    let data = Json::object::<&str>([]);
    for engine in [Engine::Rvm, Engine::Interpreter] {
        assert_eq!(code(&evaluate(&module, &data, "data.p.nope", None, engine)), Some("policy.compile"));
    }
}
