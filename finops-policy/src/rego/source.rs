//! What modules declare: packages, rules, and their paths, read from the parsed sources.

use regorus::unstable::{Expr, Module as Ast, Rule, RuleHead};

use super::{
    Module,
    engine::{self, EvalError},
    lint,
};
use crate::Json;

/// One definition of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declared {
    /// The file.
    pub(crate) file: String,
    /// The line of the head, from 1.
    pub(crate) line: u32,
    /// The package without `data`.
    pub(crate) package: Vec<String>,
    /// The constant part of the head: `a`, `b` of `a.b`, `d` of `d[x]`.
    pub(crate) name: Vec<String>,
    /// Whether it takes arguments.
    pub(crate) function: bool,
}

/// The packages and rules of a set of modules.
#[derive(Debug, Default)]
pub(crate) struct SetRules {
    packages: Vec<(String, Vec<String>)>,
    rules: Vec<Declared>,
}

impl SetRules {
    /// Of an engine that has parsed the modules.
    pub(crate) fn of(parsed: &mut regorus::Engine) -> Self {
        let mut all = Self::default();
        for module in parsed.get_modules() {
            all.add(module);
        }
        all
    }

    /// Of those modules that parse, and of the first that does not its name and why.
    pub(crate) fn of_parsable(modules: &[Module]) -> (Self, Option<(String, String)>) {
        let mut all = Self::default();
        let mut failed = None;
        for module in modules {
            let one = std::slice::from_ref(module);
            let refused = lint::parse_errors(one).first().map(ToString::to_string);
            let parsed = match refused {
                Some(why) => Err(EvalError::new("policy.parse", why)),
                None => engine::guarded(|| engine::parser(one)),
            };
            match parsed {
                Ok(mut engine) => engine.get_modules().iter().for_each(|module| all.add(module)),
                Err(error) if failed.is_none() => failed = Some((module.name.clone(), error.message)),
                Err(_) => {}
            }
        }
        (all, failed)
    }

    fn add(&mut self, module: &Ast) {
        let file = module.package.span.source.file();
        let package = constant_path(&module.package.refr);
        self.packages.push((file.clone(), package.clone()));
        for rule in &module.policy {
            let (refr, function) = match rule.as_ref() {
                Rule::Spec { head: RuleHead::Func { refr, .. }, .. } => (refr, true),
                Rule::Spec { head: RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. }, .. } => {
                    (refr, false)
                }
                Rule::Default { refr, args, .. } => (refr, !args.is_empty()),
            };
            self.rules.push(Declared {
                file: file.clone(),
                line: rule.span().line,
                package: package.clone(),
                name: constant_path(refr),
                function,
            });
        }
    }

    /// Each module's file and package, in order.
    pub(crate) fn packages(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.packages.iter().map(|(file, package)| (file.as_str(), package.as_slice()))
    }

    /// Every definition, in the order of modules and source.
    pub(crate) fn rules(&self) -> &[Declared] {
        &self.rules
    }

    /// The path of the first rule that a value of `data` stands over or at.
    pub(crate) fn over(&self, data: &Json) -> Option<String> {
        self.rules.iter().find_map(|rule| {
            let mut at = data;
            for segment in rule.package.iter().chain(&rule.name) {
                match at {
                    Json::Object(members) => at = members.get(segment)?,
                    _ => break,
                }
            }
            Some(rule.package.iter().chain(&rule.name).map(String::as_str).collect::<Vec<_>>().join("/"))
        })
    }
}

/// The leading constant segments of a reference.
pub(super) fn constant_path(refr: &Expr) -> Vec<String> {
    let mut segments = Vec::new();
    let mut at = refr;
    loop {
        match at {
            Expr::Var { span, .. } => {
                segments.push(Some(span.text().to_owned()));
                break;
            }
            Expr::RefDot { refr, field, .. } => {
                segments.push(Some(field.0.text().to_owned()));
                at = refr;
            }
            Expr::RefBrack { refr, index, .. } => {
                segments.push(match index.as_ref() {
                    Expr::String { value, .. } | Expr::RawString { value, .. } => {
                        value.as_string().ok().map(|text| text.to_string())
                    }
                    _ => None,
                });
                at = refr;
            }
            _ => break,
        }
    }
    segments.into_iter().rev().map_while(|segment| segment).collect()
}

/// The path in `data` of `segments` as Rego reads it: `data.a["b-c"]`.
pub(crate) fn data_path<'a>(segments: impl IntoIterator<Item = &'a str>) -> String {
    let mut path = String::from("data");
    for segment in segments {
        let mut bytes = segment.bytes();
        let plain = bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if plain {
            path.push('.');
            path.push_str(segment);
        } else {
            path.push('[');
            path.push_str(&Json::from(segment).to_text());
            path.push(']');
        }
    }
    path
}
