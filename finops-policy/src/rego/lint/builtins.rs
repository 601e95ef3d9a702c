//! Calls of built-in functions: which are refused, which must be bounded by literals.

use super::{index::Index, syntax, walk::Call};
use regorus::unstable::{BUILTINS, Expr};

/// Functions that reach outside the evaluation: the network, the host, the clock, randomness, its own source.
const FORBIDDEN: [&str; 8] = [
    "http.send",
    "net.lookup_ip_addr",
    "opa.runtime",
    "rand.intn",
    "rego.parse_module",
    "time.now_ns",
    "trace",
    "uuid.rfc4122",
];

/// Elements of a range: regorus 0.14.1 builds the whole list before anything can stop it.
const MAX_RANGE: u64 = 10_000;
/// Bits of a shift: the result is a number of that length.
const MAX_SHIFT: i64 = 64;
/// Width and precision of a format: the result is text of that length.
const MAX_WIDTH: u32 = 100;

/// A call that is refused: its code and what to do.
pub struct Refused {
    pub code: &'static str,
    pub message: String,
}

pub fn is_forbidden(name: &str) -> bool {
    FORBIDDEN.contains(&name)
}

/// The message for a forbidden function.
pub fn forbidden(name: &str) -> Refused {
    let instead = match name {
        "time.now_ns" => "give the time in the input",
        "trace" => "use `print` in a test",
        "rego.parse_module" => "lint policies outside of policies",
        _ => "give what it would fetch in the input or in the data",
    };
    Refused { code: "lint.builtin_forbidden", message: format!("`{name}` may not be called here; {instead}") }
}

/// Whether the engine knows `name`; `print` is part of its interpreter.
pub fn is_known(name: &str) -> bool {
    name == "print" || BUILTINS.contains_key(name)
}

/// Why a call is refused.
pub fn check(index: &Index<'_>, call: &Call<'_>) -> Option<Refused> {
    let name = call.name.as_str();
    if is_forbidden(name) {
        return Some(forbidden(name));
    }
    if !is_rule(index, call) && !is_known(name) {
        let name = finops_core::error::shorten(name);
        let message = format!(
            "`{name}` is neither a rule nor a built-in function of this engine; define it or call another"
        );
        return Some(Refused { code: "lint.builtin_unknown", message });
    }
    let message = unbounded(name, &call.params)?;
    Some(Refused { code: "lint.unbounded_builtin", message })
}

/// Whether a call leads to a rule.
pub fn is_rule(index: &Index<'_>, call: &Call<'_>) -> bool {
    matches!(&call.target, Some(super::index::Target::Data(steps, true)) if index.rule_named(steps).is_some())
}

fn unbounded(name: &str, params: &[&Expr]) -> Option<String> {
    let param = |at: usize| params.get(at).copied();
    match name {
        "numbers.range" | "numbers.range_step" => {
            let ends = (param(0).and_then(syntax::integer), param(1).and_then(syntax::integer));
            let near = matches!(ends, (Some(from), Some(to)) if from.abs_diff(to) <= MAX_RANGE);
            (!near).then(|| format!("give both ends of `{name}` as literals at most {MAX_RANGE} apart"))
        }
        "strings.count" => {
            let needle = param(1).and_then(syntax::string).is_some_and(|needle| !needle.is_empty());
            (!needle).then(|| "give what `strings.count` looks for as a literal that is not empty".to_owned())
        }
        "bits.lsh" => {
            let bits = param(1).and_then(syntax::integer).is_some_and(|bits| (0..=MAX_SHIFT).contains(&bits));
            (!bits).then(|| format!("give the bits of `bits.lsh` as a literal from 0 to {MAX_SHIFT}"))
        }
        "sprintf" => match param(0).and_then(syntax::string) {
            None => Some("give the format of `sprintf` as a literal".to_owned()),
            Some(format) if !is_narrow(&format) => Some(format!(
                "give width and precision in the format of `sprintf` as numbers up to {MAX_WIDTH}, not as `*`"
            )),
            Some(_) => None,
        },
        _ => None,
    }
}

/// Whether every width and precision of a format is a number up to 100.
fn is_narrow(format: &str) -> bool {
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            continue;
        }
        let mut number = 0u32;
        for c in rest.by_ref() {
            match c {
                '*' => return false,
                '0'..='9' => {
                    number = number.saturating_mul(10).saturating_add(c.to_digit(10).unwrap_or(0));
                    if number > MAX_WIDTH {
                        return false;
                    }
                }
                // Flags, the dot before the precision, the index of an argument.
                '+' | '-' | '#' | ' ' | '.' | '[' | ']' => number = 0,
                _ => break,
            }
        }
    }
    true
}
