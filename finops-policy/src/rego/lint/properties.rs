//! Laws: inside the subset both engines agree, and no source makes the lint panic.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of a generator")]

use super::lint;
use crate::{
    Json,
    rego::{Engine, EvalError, Evaluated, Module, evaluate},
};
use proptest::{collection::vec, prelude::*, sample::select};

/// The data that generated policies read.
const DATA: &str = r#"{"cfg": {"regions": ["a", "b"], "max": 5, "flag": null, "by": {"a": 1, "b": [2]}}}"#;

fn json(text: &str) -> Json {
    crate::json::read(text.as_bytes(), &crate::json::Limits::default()).expect("JSON")
}

fn scalar() -> impl Strategy<Value = String> {
    select(vec!["0", "1", "5", "2.5e3", "0.5", "\"a\"", "\"b\"", "\" A \"", "\"\"", "null", "true", "false"])
        .prop_map(str::to_owned)
}

fn input_reference() -> impl Strategy<Value = String> {
    select(vec![
        "input.a",
        "input.b",
        "input.c",
        "input.a.b",
        "input.list",
        "input.list[0]",
        "input.map.a",
        "input.map[\"b\"]",
        "input[\"a\"]",
        "input.list[input.a]",
        "input.map[input.b]",
        "input.map[\"a\"].b",
    ])
    .prop_map(str::to_owned)
}

fn data_reference() -> impl Strategy<Value = String> {
    select(vec![
        "data.cfg.max",
        "data.cfg.flag",
        "data.cfg.by",
        "data.cfg.by.a",
        "data.cfg.regions",
        "limit",
        "names",
        "table",
    ])
    .prop_map(str::to_owned)
}

fn atom() -> impl Strategy<Value = String> {
    prop_oneof![3 => scalar(), 5 => input_reference(), 2 => data_reference()]
}

fn term() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => atom(),
        1 => vec(atom(), 0..3).prop_map(|items| format!("[{}]", items.join(", "))),
        1 => vec(atom(), 1..3).prop_map(|items| format!("{{{}}}", items.join(", "))),
        1 => (scalar(), atom()).prop_map(|(key, value)| format!("{{\"k\": {value}, \"l\": {key}}}")),
        1 => Just("count(names)".to_owned()),
        1 => select(vec!["names", "listed", "data.cfg.regions", "[1, input.a]", "{\"a\", input.b}"])
            .prop_map(|from| format!("[e | some e in {from}]")),
    ]
}

fn collection() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec!["data.cfg.regions", "data.cfg.by", "names", "listed", "table"]).prop_map(str::to_owned),
        vec(atom(), 1..3).prop_map(|items| format!("[{}]", items.join(", "))),
        vec(atom(), 1..3).prop_map(|items| format!("{{{}}}", items.join(", "))),
        atom().prop_map(|value| format!("{{\"a\": {value}, \"b\": 1}}")),
    ]
}

fn comparison(left: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (left, select(vec!["==", "!=", "<", "<=", ">", ">="]), term())
        .prop_map(|(left, operator, right)| format!("{left} {operator} {right}"))
}

/// One statement, or two where the second needs the first.
fn statement() -> impl Strategy<Value = String> {
    let test =
        select(vec!["is_number", "is_string", "is_boolean", "is_null", "is_array", "is_object", "is_set"]);
    let text = select(vec!["trim_space", "lower", "upper"]);
    let proven = select(vec!["is_array", "is_object", "is_set"]);
    prop_oneof![
        6 => comparison(term()),
        2 => (term(), collection()).prop_map(|(value, from)| format!("{value} in {from}")),
        2 => input_reference(),
        2 => select(vec!["helper", "not helper", "big(5)", "not big(5)", "big(\"a\")", "limit", "not limit", "not names"])
            .prop_map(str::to_owned),
        2 => input_reference().prop_map(|reference| format!("not {reference}")),
        2 => (test, term()).prop_map(|(test, value)| format!("{test}({value})")),
        1 => (text, input_reference(), scalar())
            .prop_map(|(f, reference, value)| format!("is_string({reference})\n\t{f}({reference}) == {value}")),
        1 => (proven.clone(), input_reference(), atom())
            .prop_map(|(test, reference, value)| format!("{test}({reference})\n\t{value} in {reference}")),
        1 => (proven.clone(), input_reference(), comparison(Just("x".to_owned()))).prop_map(|(test, reference, then)| {
            format!("{test}({reference})\n\tevery x in {reference} {{ {then} }}")
        }),
        1 => (collection(), comparison(Just("x".to_owned())))
            .prop_map(|(from, then)| format!("every k, x in {from} {{\n\t\tk != 9\n\t\t{then}\n\t}}")),
        1 => Just("true".to_owned()),
        1 => Just("false".to_owned()),
    ]
}

/// What may stand once in a body: it declares names.
fn opening() -> impl Strategy<Value = String> {
    let proven = select(vec!["is_array", "is_object", "is_set"]);
    prop_oneof![
        4 => Just(String::new()),
        2 => (collection(), comparison(Just("v".to_owned())))
            .prop_map(|(from, then)| format!("\tsome v in {from}\n\t{then}\n")),
        1 => (collection(), comparison(Just("v".to_owned())))
            .prop_map(|(from, then)| format!("\tsome n, v in {from}\n\t{then}\n\tn != 7\n\tnot big(v)\n")),
        2 => (proven, input_reference(), comparison(Just("v".to_owned())))
            .prop_map(|(test, reference, then)| format!("\t{test}({reference})\n\tsome v in {reference}\n\t{then}\n")),
        1 => (scalar(), comparison(Just("v".to_owned()))).prop_map(|(value, then)| format!("\tv := {value}\n\t{then}\n")),
    ]
}

fn body() -> impl Strategy<Value = String> {
    (opening(), vec(statement(), 1..4))
        .prop_map(|(opening, statements)| format!("{{\n{opening}\t{}\n}}", statements.join("\n\t")))
}

/// A policy of the subset: helper rules of every kind of head, and entries over them. The helpers do not read each other
/// in a circle: their bodies are generated without rules.
fn policy() -> impl Strategy<Value = String> {
    let flat = || {
        (input_reference(), select(vec!["==", "!=", "<", ">"]), scalar())
            .prop_map(|(left, operator, right)| format!("{left} {operator} {right}"))
    };
    let denial = prop_oneof![
        (scalar(), body()),
        (
            select(vec![
                "{\"rule\": \"r\", \"n\": limit}",
                "data.cfg.by",
                "[limit, count(names)]",
                "table",
                "names"
            ]),
            body()
        )
            .prop_map(|(key, body)| (key.to_owned(), body)),
        // The body proves what the head reads.
        (input_reference(), body()).prop_map(|(key, body)| {
            let body = body.replacen('{', &format!("{{\n\t{key}"), 1);
            (format!("{{\"k\": {key}}}"), body)
        }),
    ];
    let value = prop_oneof![
        scalar(),
        Just("data.cfg.max".to_owned()),
        Just("data.cfg.by".to_owned()),
        Just("{\"a\": 1, \"b\": data.cfg.regions}".to_owned()),
    ];
    (flat(), flat(), value, vec(denial, 1..3), body(), body()).prop_map(
        |(helper, function, value, denials, warned, allowed)| {
            let denials = denials.iter().map(|(key, body)| format!("deny contains {key} if {body}\n\n"));
            format!(
                "package finops\n\ndefault allow := false\n\nallow if {allowed}\n\nhelper if {helper}\n\n\
                 big(p) if {{\n\tp != 1\n\t{function}\n}}\n\nbig(p) if p == \"a\"\n\nlimit := {value}\n\n\
                 table := {{\"a\": limit, \"b\": [v | some v in data.cfg.regions]}}\n\n\
                 names contains \"a\" if {helper}\n\nnames contains 5\n\nlisted := [v | some v in names]\n\n{}\
                 warned := {{\"w\": limit}} if {warned}\n",
                denials.collect::<String>()
            )
        },
    )
}

fn value() -> impl Strategy<Value = Json> {
    let leaf = select(vec![
        "0", "1", "5", "-1", "0.5", "\"a\"", "\"b\"", "\" A \"", "\"\"", "null", "true", "false",
    ])
    .prop_map(json);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Json::Array),
            vec((select(vec!["a", "b", "0"]), inner), 0..3).prop_map(object),
        ]
    })
}

/// The last of equal keys wins.
fn object(members: Vec<(&str, Json)>) -> Json {
    let mut object = crate::json::Object::default();
    for (key, value) in members {
        object.insert(key, value);
    }
    Json::Object(object)
}

fn input() -> impl Strategy<Value = Json> {
    vec((select(vec!["a", "b", "c", "list", "map"]), value()), 0..5).prop_map(object)
}

fn answer(module: &Module, rule: &str, input: &Json, engine: Engine) -> Result<Option<Json>, EvalError> {
    let modules = std::slice::from_ref(module);
    match evaluate(modules, &json(DATA), &format!("data.finops.{rule}"), Some(input), engine) {
        Evaluated::Value(value) => Ok(Some(value)),
        Evaluated::Undefined => Ok(None),
        Evaluated::Error(error) => Err(error),
    }
}

/// A random edit of a source: the text with a piece removed, doubled, moved, or a token put in.
fn edited(text: &str, edits: &[(u16, u16, u8)]) -> String {
    const TOKENS: [&str; 24] = [
        "{", "}", "[", "]", "(", ")", "\"", "`", "|", ":=", "=", " not ", " some ", " every ", " in ",
        " with ", " as ", " else ", " if ", "-", ".", "\n", "input.", "data.",
    ];
    let mut chars: Vec<char> = text.chars().collect();
    for (at, length, kind) in edits {
        let at = usize::from(*at) % chars.len().max(1);
        let end = (at + usize::from(*length) % 40).min(chars.len());
        let piece: Vec<char> = chars.get(at..end).unwrap_or_default().to_vec();
        match kind % 4 {
            0 => drop(chars.drain(at..end)),
            1 => drop(chars.splice(at..at, piece)),
            2 => {
                let to = usize::from(*length) % chars.len().max(1);
                drop(chars.splice(to..to, piece));
            }
            _ => {
                let token = TOKENS.get(usize::from(*kind) / 4 % TOKENS.len()).copied().unwrap_or_default();
                drop(chars.splice(at..at, token.chars()));
            }
        }
    }
    chars.into_iter().collect()
}

const EVERYTHING: &str = "package finops\n\nimport data.lib as l\nimport input.x as y\n\ndefault allow := false\n\n\
    default f(_) := 1\n\nallow if count(deny) == 0 with input as {\"a\": [1, {2}]}\n\nf(x) := y if { y := x.a[_] } else := 2\n\n\
    deny contains sprintf(\"%v\", [m]) if {\n\tsome k, m in input.list\n\tnot l.g(m)\n\tevery a, b in {\"q\": 1} { a != b }\n}\n\n\
    p[x][\"z\"] := {k: v | some k, v in input.o; k in {v, `raw`}} if x := -1 + 2 * 3 - (4 / 5)\n\n\
    a.b.c := [x | x = input.q[i][j]; i != j]\n\ntest_a if not allow\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn inside_the_subset_both_engines_agree(text in policy(), inputs in vec(input(), 4)) {
        let module = Module::new("finops.rego", text);
        let report = lint(std::slice::from_ref(&module), &json(DATA), "finops");
        // What the lint refuses or hands to the interpreter is no matter of both engines.
        prop_assume!(report.errors.iter().all(|error| error.code == "lint.head_undefined"));
        prop_assert_eq!(report.engine.engine, Engine::Rvm, "{:?}", report.engine.reasons);
        prop_assume!(report.loads());
        for input in &inputs {
            for rule in ["deny", "allow", "warned"] {
                let slow = answer(&module, rule, input, Engine::Interpreter);
                let fast = answer(&module, rule, input, Engine::Rvm);
                prop_assert_eq!(&slow, &fast, "{} of {} over {}", rule, &module.text, input.to_text());
            }
        }
    }

    #[test]
    fn no_source_makes_the_lint_panic(edits in vec(any::<(u16, u16, u8)>(), 0..8), other in "\\PC{0,80}") {
        let modules = [
            Module::new("a.rego", edited(EVERYTHING, &edits)),
            Module::new("b.rego", format!("package lib\n\n{}", edited("g(x) if x.a\n\nh := data.cfg[1].z\n", &edits))),
        ];
        let report = lint(&modules, &json(DATA), "finops");
        prop_assert!(report.errors.is_sorted() && report.warnings.is_sorted());
        let [a, b] = modules;
        prop_assert_eq!(&report, &lint(&[b, a.clone()], &json(DATA), "finops"));
        let report = lint(&[Module::new("c.rego", other), a], &json(DATA), "x");
        prop_assert!(!report.errors.is_empty());
    }
}
