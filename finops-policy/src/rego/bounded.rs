//! Built-in functions whose results can be many times as long as what they are given: a policy that feeds each result to the
//! next call would ask for more memory than there is before any clock is looked at. Each of them has a budget an evaluation.
//!
//! regorus looks its extensions up before its own functions, so that an extension of the same name stands in front of one.

use super::engine::EvalError;
use regorus::{
    Engine, Value,
    unstable::{BUILTINS, BuiltinFcn, Expr, Ref, Rule, RuleHead, Span},
};
use std::sync::LazyLock;

/// What all results of one of these functions may take in one evaluation, in bytes: 64 inputs of the longest kind.
pub(crate) const RESULTS_BYTES: usize = 64 << 20;

/// What one value of the engine takes beside its text, in bytes: the value, and the counts of a shared one.
const VALUE_BYTES: usize = 48;

/// Bytes that a result may take at most, given the arguments; it may stop counting above the second number.
type Bound = fn(&[Value], usize) -> usize;

const BOUNDED: [(&str, Bound); 12] = [
    ("array.concat", lists),
    ("concat", concat),
    ("graph.reachable_paths", paths),
    ("indexof_n", pieces),
    ("json.marshal", |args, most| text_of(args, most)),
    ("json.unmarshal", pieces),
    ("regex.find_n", |args, _| values(args.get(1))),
    ("regex.replace", regex_replace),
    ("regex.split", |args, _| values(args.get(1))),
    ("replace", replace),
    ("split", split),
    ("strings.replace_n", replace_n),
];

/// A call in a source, which the functions of regorus name in their errors and an extension is not told.
type Place = (Span, Vec<Ref<Expr>>);

/// The functions, each with its budget: parsed once, copied into every engine.
static FUNCTIONS: LazyLock<Vec<Function>> = LazyLock::new(|| {
    let all = BOUNDED.into_iter().chain([("sprintf", sprintf as Bound)]);
    let known = all.filter_map(|(name, bound)| {
        let function = BUILTINS.get(name).copied()?;
        Some(Function { name, function, bound, place: place(function.1)? })
    });
    known.collect()
});

struct Function {
    name: &'static str,
    function: BuiltinFcn,
    bound: Bound,
    place: Place,
}

/// Puts a budget in front of each of these functions.
pub(crate) fn register(engine: &mut Engine) -> Result<(), EvalError> {
    for function in FUNCTIONS.iter() {
        let added =
            engine.add_extension(function.name.to_owned(), function.function.1, Box::new(budgeted(function)));
        added.map_err(|error| EvalError::new("policy.compile", error.to_string()))?;
    }
    Ok(())
}

/// A copy of an engine has a copy of what is left: each evaluation begins with a budget of its own.
fn budgeted(
    Function { name, function: (function, _), bound, place: (span, params) }: &'static Function,
) -> impl FnMut(Vec<Value>) -> anyhow::Result<Value> + Clone + Send + Sync {
    let mut left = RESULTS_BYTES;
    move |args| {
        let Some(rest) = left.checked_sub(bound(&args, left)) else {
            anyhow::bail!(
                "the results of `{name}` may exceed {RESULTS_BYTES} bytes; shorten what it is given"
            );
        };
        left = rest;
        function(span, params, &args, true)
    }
}

fn place(arguments: u8) -> Option<Place> {
    let params = vec!["1"; arguments.into()].join(", ");
    let mut engine = Engine::new();
    engine.add_policy("built-in function".to_owned(), format!("package p\ncalled := f({params})\n")).ok()?;
    engine.get_modules().iter().flat_map(|module| module.policy.clone()).find_map(|rule| {
        match rule.as_ref() {
            Rule::Spec { head: RuleHead::Compr { assign: Some(assign), .. }, .. } => {
                match assign.value.as_ref() {
                    Expr::Call { span, params, .. } => Some((span.clone(), params.clone())),
                    _ => None,
                }
            }
            _ => None,
        }
    })
}

fn string(args: &[Value], at: usize) -> &str {
    match args.get(at) {
        Some(Value::String(text)) => text,
        _ => "",
    }
}

/// The length of `text` with escapes: what is not ASCII may become `\u` and four digits for every two bytes.
fn escaped(text: &str) -> usize {
    text.bytes().fold(2, |sum: usize, byte| {
        sum.saturating_add(match byte {
            b'"' | b'\\' => 2,
            b' '..=b'~' => 1,
            0x80.. => 3,
            _ => 6,
        })
    })
}

/// The length of values as text, at least; counting stops above `most`, so that shared parts are not walked for ever.
fn text_of<'a>(values: impl IntoIterator<Item = &'a Value>, most: usize) -> usize {
    let (mut length, mut left) = (0_usize, values.into_iter().collect::<Vec<_>>());
    while let Some(value) = left.pop() {
        length = length.saturating_add(match value {
            Value::String(text) => escaped(text),
            Value::Number(number) => number.format_decimal().len(),
            Value::Array(items) => {
                left.extend(items.iter());
                2
            }
            Value::Set(items) => {
                left.extend(items.iter());
                2
            }
            Value::Object(members) => {
                left.extend(members.iter().flat_map(|(key, value)| [key, value]));
                2
            }
            _ => 11,
        });
        length = length.saturating_add(2);
        if length > most {
            break;
        }
    }
    length
}

fn concat(args: &[Value], _: usize) -> usize {
    let delimiter = string(args, 0).len();
    let add = |sum: usize, item: &Value| match item {
        Value::String(text) => sum.saturating_add(text.len()).saturating_add(delimiter),
        _ => sum,
    };
    match args.get(1) {
        Some(Value::Array(items)) => items.iter().fold(0, add),
        Some(Value::Set(items)) => items.iter().fold(0, add),
        _ => 0,
    }
}

fn sprintf(args: &[Value], most: usize) -> usize {
    let format = string(args, 0);
    let verbs = format.matches('%').count();
    // Widths and precisions are at most 100: the lint sees to it.
    let own = format.len().saturating_add(verbs.saturating_mul(100));
    // An index in a format may name an argument again.
    let times = if format.contains('[') { verbs } else { 1 };
    own.saturating_add(text_of(args.get(1), most).saturating_mul(times))
}

fn replaced(length: usize, old: &str, new: usize) -> usize {
    let times = length.checked_div(old.len()).unwrap_or(length).saturating_add(1);
    length.saturating_add(times.saturating_mul(new))
}

fn replace(args: &[Value], _: usize) -> usize {
    let (text, old, new) = (string(args, 0), string(args, 1), string(args, 2));
    let times = if old.is_empty() { text.len().saturating_add(1) } else { text.matches(old).count() };
    text.len().saturating_add(times.saturating_mul(new.len()))
}

fn replace_n(args: &[Value], _: usize) -> usize {
    let Some(Value::Object(patterns)) = args.first() else { return 0 };
    patterns.iter().fold(string(args, 1).len(), |length, pattern| match pattern {
        (Value::String(old), Value::String(new)) => replaced(length, old, new.len()),
        _ => length,
    })
}

fn regex_replace(args: &[Value], _: usize) -> usize {
    let (text, value) = (string(args, 0).len(), string(args, 2));
    // Of each reference to a group, all matches together are no longer than the text.
    let groups = value.matches('$').count().saturating_add(1);
    text.saturating_add(1).saturating_mul(value.len()).saturating_add(text.saturating_mul(groups))
}

fn lists(args: &[Value], _: usize) -> usize {
    let count = |value: &Value| if let Value::Array(items) = value { items.len() } else { 0 };
    args.iter().map(count).fold(0, usize::saturating_add).saturating_mul(VALUE_BYTES)
}

/// As many values as a text has bytes.
fn values(text: Option<&Value>) -> usize {
    let Some(Value::String(text)) = text else { return 0 };
    text.len().saturating_add(1).saturating_mul(VALUE_BYTES.saturating_add(1))
}

fn pieces(args: &[Value], _: usize) -> usize {
    values(args.first())
}

fn split(args: &[Value], _: usize) -> usize {
    let (text, delimiter) = (string(args, 0), string(args, 1));
    let count = if delimiter.is_empty() { text.len() } else { text.matches(delimiter).count() };
    text.len().saturating_add(count.saturating_add(2).saturating_mul(VALUE_BYTES))
}

/// A path takes one edge of each node that it passes: there are at most as many as the product of their numbers.
fn paths(args: &[Value], _: usize) -> usize {
    let Some(Value::Object(graph)) = args.first() else { return 0 };
    let edges = |value: &Value| match value {
        Value::Array(edges) => edges.len(),
        Value::Set(edges) => edges.len(),
        _ => 0,
    };
    let starts = args.get(1).map_or(0, edges).max(1);
    let paths = graph.iter().fold(starts, |product, (_, value)| product.saturating_mul(edges(value).max(1)));
    paths.saturating_mul(graph.len().saturating_add(1)).saturating_mul(VALUE_BYTES)
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]
mod tests {
    use super::*;
    use crate::{
        Json,
        rego::{Engine as Kind, Evaluated, Module, evaluate},
    };
    use proptest::prelude::*;

    fn answer(body: &str) -> Evaluated {
        let text = format!("package p\n{body}\n");
        evaluate(
            &[Module::new("p.rego", text)],
            &Json::object::<&str>([]),
            "data.p.x",
            None,
            Kind::Interpreter,
        )
    }

    #[test]
    fn every_function_is_known_to_the_engine() {
        for (name, _) in BOUNDED {
            assert!(BUILTINS.contains_key(name), "{name}");
        }
        assert_eq!(FUNCTIONS.len(), BOUNDED.len() + 1);
        assert!(register(&mut Engine::new()).is_ok());
    }

    #[test]
    fn a_function_behind_its_budget_answers_as_before() {
        for (call, expected) in [
            (r#"concat("-", ["a", "b"])"#, r#""a-b""#),
            (r#"concat(",", {"b", "a"})"#, r#""a,b""#),
            (r#"sprintf("%s %d %v", ["a", 1, [true]])"#, r#""a 1 [true]""#),
            (r#"json.marshal({"a": [1, "é"]})"#, r#""{\"a\":[1,\"é\"]}""#),
            (r#"json.unmarshal("[1]")"#, "[1]"),
            (r#"replace("aXa", "a", "bb")"#, r#""bbXbb""#),
            (r#"strings.replace_n({"a": "b", "c": "d"}, "ac")"#, r#""bd""#),
            (r#"regex.replace("abc", "b", "x")"#, r#""axc""#),
            (r#"regex.split("[,;]", "a,b;c")"#, r#"["a","b","c"]"#),
            (r#"regex.find_n("[ab]", "xaxb", -1)"#, r#"["a","b"]"#),
            (r#"split("a,b", ",")"#, r#"["a","b"]"#),
            (r#"array.concat([1], [2])"#, "[1,2]"),
            (r#"indexof_n("aXa", "a")"#, "[0,2]"),
            (r#"graph.reachable_paths({"a": ["b"], "b": []}, ["a"])"#, r#"[["a","b"]]"#),
        ] {
            match answer(&format!("x := {call}")) {
                Evaluated::Value(value) => assert_eq!(value.to_text(), expected, "{call}"),
                other => panic!("{call}: {other:?}"),
            }
        }
        for (call, why) in [(r#"concat("-", 1)"#, "expects"), (r#"json.unmarshal("{")"#, "")] {
            let Evaluated::Error(error) = answer(&format!("x := {call}")) else {
                panic!("{call} is no error")
            };
            assert!(error.code == "policy.eval" && error.message.contains(why), "{call}: {error}");
        }
        assert_eq!(answer("x := concat(\"-\", [data.p.y])\ny := 1 if false"), Evaluated::Undefined);
    }

    /// Calls that make of `x` something longer.
    const GROWING: [&str; 8] = [
        r#"concat("", [$x, $x])"#,
        r#"sprintf("%s%s", [$x, $x])"#,
        r#"json.marshal([$x, $x])"#,
        r#"replace($x, "", $x)"#,
        r#"replace($x, "a", "aaa")"#,
        r#"strings.replace_n({"a": "aa", "aa": "aaaa"}, $x)"#,
        r#"regex.replace($x, "a", "$0$0a")"#,
        r#"concat($x, split($x, ""))"#,
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        /// Whatever is chained, an evaluation ends with a fault long before memory does.
        #[test]
        fn a_chain_of_growing_calls_is_refused(calls in prop::collection::vec(0_usize..GROWING.len(), 40)) {
            let mut body = String::from("x := x40 if {\n\tx0 := \"aaaa\"\n");
            for (step, call) in (0_usize..).zip(&calls) {
                let call = GROWING[*call].replace("$x", &format!("x{step}"));
                body.push_str(&format!("\tx{} := {call}\n", step + 1));
            }
            body.push('}');
            let Evaluated::Error(error) = answer(&body) else { panic!("no fault: {body}") };
            prop_assert!(
                error.code == "policy.timeout" || error.message.contains("may exceed 67108864 bytes"), "{}: {}", error.code, error
            );
        }
    }

    #[test]
    fn paths_and_lists_are_counted_before_they_are_made() {
        let nodes: Vec<String> =
            (0..40).map(|n| format!("\"n{n}\": [\"n{}\", \"m{}\"]", n + 1, n + 1)).collect();
        let more: Vec<String> =
            (1..40).map(|n| format!("\"m{n}\": [\"n{}\", \"m{}\"]", n + 1, n + 1)).collect();
        let graph =
            format!("x := graph.reachable_paths({{{}, {}}}, [\"n0\"])", nodes.join(", "), more.join(",\n"));
        let graph = graph.replace("\"], ", "\"],\n");
        let Evaluated::Error(error) = answer(&graph) else { panic!("no fault") };
        assert!(error.message.contains("`graph.reachable_paths` may exceed"), "{error}");
        let lists: String = (0..40).map(|n| format!("\tx{} := array.concat(x{n}, x{n})\n", n + 1)).collect();
        let Evaluated::Error(error) = answer(&format!("x := count(x40) if {{\n\tx0 := [1]\n{lists}}}"))
        else {
            panic!("no fault")
        };
        assert!(error.message.contains("`array.concat` may exceed"), "{error}");
    }
}
