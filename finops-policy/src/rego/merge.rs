//! Modules as the interpreter of regorus reads them right.
//!
//! regorus 0.14.1 evaluates a package that is named as a whole (`import data.lib`, then `lib.rule`) module by module and
//! takes it for done after the first one, so that a rule of a later module finds nothing where another rule of that
//! module should be; and so for a package inside another one. It also keeps imports by package, not by module. Modules of
//! one package are therefore joined, and inner packages go before outer ones.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Module as Ast, Span};

use super::{Module, engine::EvalError, source::constant_path};

/// Where the lines of joined modules come from: by the name of the joined one its pieces, each with its first line and
/// its own name.
#[derive(Debug, Default)]
pub(crate) struct Origins(BTreeMap<String, Vec<(u32, String)>>);

impl Origins {
    /// The module and the line of a line.
    pub(crate) fn of<'a>(&'a self, file: &'a str, line: u32) -> (&'a str, u32) {
        let pieces = self.0.get(file).map_or(&[][..], Vec::as_slice);
        let piece = pieces.iter().rev().find(|(first, _)| *first <= line);
        piece.map_or((file, line), |(first, name)| (name, line.saturating_sub(*first).saturating_add(1)))
    }
}

/// The modules to evaluate in place of `parsed`; none if they may stay as they are.
pub(crate) fn joined(parsed: &[&Ast]) -> Result<Option<(Vec<Module>, Origins)>, EvalError> {
    let mut groups: BTreeMap<Vec<String>, Vec<&Ast>> = BTreeMap::new();
    let packages: Vec<Vec<String>> =
        parsed.iter().map(|module| constant_path(&module.package.refr)).collect();
    for (module, package) in parsed.iter().zip(&packages) {
        groups.entry(package.clone()).or_default().push(module);
    }
    let in_order = packages.windows(2).all(|pair| matches!(pair, [a, b] if a.len() >= b.len()));
    if in_order && groups.len() == parsed.len() {
        return Ok(None);
    }
    let mut groups: Vec<(Vec<String>, Vec<&Ast>)> = groups.into_iter().collect();
    groups.sort_by_key(|(package, _)| std::cmp::Reverse(package.len()));
    let mut origins = Origins::default();
    let mut modules = Vec::with_capacity(groups.len());
    for (package, group) in groups {
        match group.as_slice() {
            [one] => {
                let source = &one.package.span.source;
                modules.push(Module::new(source.file().as_str(), source.contents().as_str()));
            }
            _ => modules.push(join(&package.join("."), group, &mut origins)?),
        }
    }
    Ok(Some((modules, origins)))
}

fn join(package: &str, mut group: Vec<&Ast>, origins: &mut Origins) -> Result<Module, EvalError> {
    let source = |module: &Ast| module.package.span.source.clone();
    group.sort_by_key(|module| (source(module).file().clone(), source(module).contents().clone()));
    check_imports(package, &group)?;
    let Some(first) = group.first() else { return Err(EvalError::eval("a package without a module")) };
    let mut header = BTreeSet::new();
    for import in group.iter().flat_map(|module| &module.imports) {
        // `rego.v1` and `future.keywords` are what the language is.
        if constant_path(&import.refr).first().is_some_and(|root| root == "data" || root == "input") {
            header.insert(one_line(&import.span));
        }
    }
    let mut text = one_line(&first.package.span);
    text.push('\n');
    for import in header {
        text.push_str(&import);
        text.push('\n');
    }
    let name = format!("package {package}");
    let mut pieces = Vec::with_capacity(group.len());
    for module in &group {
        let source = source(module);
        let contents = source.contents();
        let start = module.policy.iter().map(|rule| rule.span().start).min();
        let start = start.and_then(|start| usize::try_from(start).ok()).unwrap_or(contents.len());
        let (before, rules) = contents.split_at_checked(start).unwrap_or((contents, ""));
        let lines = text.bytes().filter(|byte| *byte == b'\n').count();
        let first = u32::try_from(lines).unwrap_or(u32::MAX).saturating_add(1);
        pieces.push((first, source.file().clone()));
        // What stands before the rules becomes blank; columns stay where they are.
        text.extend(before.chars().map(|c| if c == '\n' || c == '\t' { c } else { ' ' }));
        text.push_str(rules);
        text.push('\n');
    }
    origins.0.insert(name.clone(), pieces);
    Ok(Module::new(name, text))
}

fn one_line(span: &Span) -> String {
    span.text().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Refuses a package whose modules mean different things by one name: regorus would mix them up, joined or not.
fn check_imports(package: &str, group: &[&Ast]) -> Result<(), EvalError> {
    let imports = |module: &Ast| -> BTreeMap<String, Vec<String>> {
        let one = |import: &regorus::unstable::Import| {
            let path = constant_path(&import.refr);
            let alias = import.r#as.as_ref().map(|alias| alias.text().to_owned());
            let name = alias.or_else(|| path.last().cloned())?;
            matches!(path.first().map(String::as_str), Some("data" | "input")).then_some((name, path))
        };
        module.imports.iter().filter_map(one).collect()
    };
    for module in group {
        for (name, path) in imports(module) {
            for other in group {
                let clash = match imports(other).get(&name) {
                    Some(there) => *there != path,
                    None => words(other.package.span.source.contents()).contains(name.as_str()),
                };
                if clash {
                    let (here, there) = (module.package.span.source.file(), other.package.span.source.file());
                    let message = format!(
                        "`{here}` imports `{name}`, which means something else in `{there}` of the same package \
                         `{package}`; rename one or import it in both"
                    );
                    return Err(EvalError::new("policy.compile", message));
                }
            }
        }
    }
    Ok(())
}

/// The names that stand alone in a source, outside comments and texts, and not behind a dot.
fn words(text: &str) -> BTreeSet<&str> {
    let mut words = BTreeSet::new();
    let mut rest = text;
    let mut after_dot = false;
    while let Some(c) = rest.chars().next() {
        let end = match c {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '`' => rest
                .char_indices()
                .skip(1)
                .find(|(_, c)| *c == '`')
                .map_or(rest.len(), |(at, _)| at.saturating_add(1)),
            '"' => string_end(rest),
            c if c.is_ascii_alphanumeric() || c == '_' => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                if let (false, Some(word)) = (after_dot, rest.get(..end)) {
                    words.insert(word);
                }
                end
            }
            c => c.len_utf8(),
        };
        after_dot = c == '.';
        rest = rest.get(end..).unwrap_or_default();
    }
    words
}

fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at.saturating_add(1),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Json,
        rego::{Engine, Evaluated, evaluate},
    };

    fn answer(modules: &[(&str, &str)], query: &str, engine: Engine) -> Evaluated {
        let modules: Vec<Module> = modules.iter().map(|(name, text)| Module::new(*name, *text)).collect();
        let input = Json::object([("cost", Json::from(6))]);
        evaluate(&modules, &Json::object::<&str>([]), query, Some(&input), engine)
    }

    const USE: (&str, &str) = ("u.rego", "package u\n\nimport data.lib\n\nx if lib.allow\n");
    const ONE: (&str, &str) = ("a.rego", "# first\npackage lib\n\nother := 5\n");
    const TWO: (&str, &str) = (
        "b.rego",
        "package lib\n\nimport rego.v1\n\ndefault allow := false\n\nallow if count(deny) == 1\n\ndeny contains \"x\" if input.cost > other\n",
    );

    #[test]
    fn a_package_of_several_modules_is_whole_in_any_order() {
        for order in [
            [USE, ONE, TWO],
            [USE, TWO, ONE],
            [ONE, USE, TWO],
            [TWO, ONE, USE],
            [ONE, TWO, USE],
            [TWO, USE, ONE],
        ] {
            for engine in [Engine::Rvm, Engine::Interpreter] {
                assert_eq!(
                    answer(&order, "data.u.x", engine),
                    Evaluated::Value(Json::from(true)),
                    "{order:?}"
                );
            }
        }
    }

    #[test]
    fn a_package_inside_another_is_whole_in_any_order() {
        let outer = ("o.rego", "package lib\n\nother := 5\n");
        let inner = (
            "i.rego",
            "package lib.sub\n\nallow if count(deny) == 1\n\ndeny contains \"x\" if input.cost > 5\n",
        );
        let using = ("u.rego", "package u\n\nimport data.lib\n\nx if lib.sub.allow\n");
        for order in
            [[using, outer, inner], [using, inner, outer], [outer, inner, using], [inner, using, outer]]
        {
            for engine in [Engine::Rvm, Engine::Interpreter] {
                assert_eq!(
                    answer(&order, "data.u.x", engine),
                    Evaluated::Value(Json::from(true)),
                    "{order:?}"
                );
            }
        }
    }

    #[test]
    fn one_name_for_two_imports_is_refused() {
        let lib = ("l.rego", "package a\n\nx := 1\n");
        let importing = ("i.rego", "package p\n\nimport data.a\n\ny := a.x\n");
        for (other, refused) in [
            ("package p\n\nimport data.b as a\n\nz := a.x\n", true),
            ("package p\n\nz := 1 if input[a]\n", true),
            ("package p\n\nimport data.a\n\nz := a.x\n", false),
            ("package p\n\n# a\nz := \"a \\\" a\" if input.a == `a`\n", false),
        ] {
            let found = answer(&[lib, importing, ("o.rego", other)], "data.p.y", Engine::Interpreter);
            let code = if let Evaluated::Error(error) = &found { Some(error.code) } else { None };
            assert_eq!(code == Some("policy.compile"), refused, "{other} {found:?}");
        }
    }
}
