//! What regorus itself says about a set: that it parses, that it compiles.

use super::{
    Finding,
    index::{Index, Parsed, RuleInfo},
    limits, syntax,
};
use crate::rego::{Module, engine::guarded};
use regorus::{
    Source,
    unstable::{Parser, Span},
};

/// Line and column in characters, both from 1, of the byte `at`.
pub fn place(text: &str, at: usize) -> (u32, u32) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.bytes().filter(|byte| *byte == b'\n').count().saturating_add(1);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

/// A finding where `span` starts.
pub fn finding(file: &str, span: &Span, code: &'static str, message: impl Into<String>) -> Finding {
    let text = span.source.contents();
    let mut start = usize::try_from(span.start).unwrap_or(usize::MAX);
    // The span of a literal string starts after its quote.
    if start > 0
        && text.as_bytes().get(start.saturating_sub(1)).is_some_and(|byte| matches!(byte, b'"' | b'`'))
    {
        start = start.saturating_sub(1);
    }
    // Columns only need the line, which regorus counts.
    let line_start =
        text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at.saturating_add(1));
    let column = text.get(line_start..start).map_or(0, |before| before.chars().count()).saturating_add(1);
    let column = u32::try_from(column).unwrap_or(u32::MAX);
    Finding { code, file: file.to_owned(), line: span.line, column, message: message.into() }
}

/// Parses every module, or says of each why not.
pub fn parse<'m>(modules: impl IntoIterator<Item = &'m Module>) -> Result<Vec<Parsed>, Vec<Finding>> {
    let (mut parsed, mut errors) = (Vec::new(), Vec::new());
    for module in modules {
        match parse_one(module) {
            Ok(module) => parsed.push(module),
            Err(error) => errors.push(error),
        }
    }
    errors.sort();
    if errors.is_empty() { Ok(parsed) } else { Err(errors) }
}

/// Parses one module as Rego v1.
pub fn parse_one(module: &Module) -> Result<Parsed, Finding> {
    let refused = |line, column, message| Finding {
        code: "policy.parse",
        file: module.name.clone(),
        line,
        column,
        message,
    };
    limits::check(&module.text).map_err(|refusal| refused(refusal.line, refusal.column, refusal.message))?;
    let failed = |error: &str| {
        let (line, column) = reported_place(error, &module.name).unwrap_or((1, 1));
        refused(line, column, format!("this is not Rego v1: {}", reported_message(error)))
    };
    let tree = guarded(|| {
        let read = |module: &Module| {
            let source = Source::from_contents(module.name.clone(), module.text.clone())?;
            let mut parser = Parser::new(&source)?;
            parser.enable_rego_v1()?;
            parser.parse()
        };
        // A type of error that this crate does not name.
        Ok(read(module).map_err(|error| error.to_string()))
    });
    let tree = tree.map_err(|panic| failed(&panic.message))?.map_err(|error| failed(&error))?;
    if tree.target.is_some() {
        let message = "`__target__` is no Rego v1; remove it".to_owned();
        return Err(refused(1, 1, message));
    }
    Ok(Parsed::new(&module.name, tree))
}

/// The place that regorus reports: `--> <file>:<line>:<column>`, or at the start of the message.
fn reported_place(error: &str, file: &str) -> Option<(u32, u32)> {
    let start = error.find(&format!("{file}:"))?;
    let rest = error.get(start.checked_add(file.len())?.checked_add(1)?..)?;
    let mut numbers = rest.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// What regorus says, without the excerpt of the source.
fn reported_message(error: &str) -> String {
    let after = error.rfind("error: ").and_then(|at| error.get(at.saturating_add("error: ".len())..));
    let line = after.unwrap_or(error).trim().lines().next().unwrap_or_default();
    finops_core::error::shorten(line)
}

/// Lets regorus analyse and schedule all rules: an unsafe variable, a rule that collides with another.
pub fn compile(modules: &[&Module], index: &Index<'_>) -> Option<Finding> {
    let failed = |error: &str| {
        let place = modules.iter().find_map(|module| Some((module, reported_place(error, &module.name)?)));
        let (file, (line, column)) =
            place.map_or((String::new(), (0, 0)), |(module, place)| (module.name.clone(), place));
        let message = format!("the set does not compile: {}", reported_message(error));
        Finding { code: "policy.compile", file, line, column, message }
    };
    // Any rule does: all are analysed. A function or a rule under a longer head is no entry of its own.
    let is_plain = |rule: &&RuleInfo<'_>| {
        rule.definitions.iter().all(|definition| {
            syntax::is_plain(definition.head.refr)
                && !matches!(definition.head.kind, syntax::Kind::Function(_))
        })
    };
    let entry = index.rules.iter().filter(|rule| !rule.is_test()).find(is_plain)?;
    let mut path = "data".to_owned();
    for step in &entry.path {
        path.push_str(&format!("[{}]", crate::Json::from(step.as_str()).to_text()));
    }
    let compiled = guarded(|| {
        let compile = || {
            let mut engine = regorus::Engine::new();
            for module in modules {
                engine.add_policy(module.name.clone(), module.text.clone())?;
            }
            engine.compile_with_entrypoint(&path.as_str().into())
        };
        Ok(compile().map_err(|error| error.to_string()))
    });
    match compiled {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(failed(&error)),
        Err(panic) => Some(failed(&panic.message)),
    }
}
