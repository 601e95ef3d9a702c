//! The rules of all modules by their path, and what a reference leads to.

use super::syntax::{self, Head, Kind, Path, Step};
use crate::Json;
use regorus::unstable::{Expr, Module as Tree, Rule, Span};
use std::collections::{BTreeMap, BTreeSet};

/// A parsed module.
pub struct Parsed {
    pub name: String,
    pub tree: Tree,
    pub package: Vec<String>,
    /// From the name that the module uses to the path that it stands for, `data` or `input` first.
    imports: BTreeMap<String, Vec<Literal>>,
}

/// A literal step of a path below `data` or `input`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Literal {
    Key(String),
    Number(String),
}

impl Literal {
    pub fn text(&self) -> &str {
        match self {
            Self::Key(text) | Self::Number(text) => text,
        }
    }
}

/// What the root of a reference stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A variable of the rule itself.
    Local,
    /// The input; the literal steps up to the first variable.
    Input(Vec<Literal>),
    /// Data or a rule; the literal steps after `data` up to the first variable, and whether there is no variable.
    Data(Vec<Literal>, bool),
}

/// One definition of a rule.
pub struct Definition<'a> {
    pub module: usize,
    pub head: Head<'a>,
}

/// All definitions of one path.
pub struct RuleInfo<'a> {
    /// Package and name, without `data`.
    pub path: Vec<String>,
    /// The name in its package, dotted.
    pub name: String,
    pub package: &'a [String],
    pub definitions: Vec<Definition<'a>>,
}

impl RuleInfo<'_> {
    /// `test_*` and `todo_test_*`.
    pub fn is_test(&self) -> bool {
        self.name.starts_with("test_") || self.name.starts_with("todo_test_")
    }

    pub fn dotted(&self) -> String {
        self.path.join(".")
    }
}

/// The rules of all modules.
pub struct Index<'a> {
    pub modules: &'a [Parsed],
    pub data: &'a Json,
    /// In the order of modules and source.
    pub rules: Vec<RuleInfo<'a>>,
    by_path: BTreeMap<Vec<String>, usize>,
    /// Every path that leads to a rule or a package, with the packages themselves.
    above: BTreeSet<Vec<String>>,
    /// What a rule without body and with one definition stands for: `cfg := data.x`.
    aliases: BTreeMap<usize, Vec<Literal>>,
}

impl Parsed {
    pub fn new(name: &str, tree: Tree) -> Self {
        let package = syntax::path(&tree.package.refr).map(|path| literal(&path).0).unwrap_or_default();
        let package = package.iter().map(|step| step.text().to_owned()).collect();
        let mut imports = BTreeMap::new();
        for import in &tree.imports {
            let Some(path) = syntax::path(&import.refr) else { continue };
            let (steps, _) = literal(&path);
            let last = steps.last().map_or("", Literal::text);
            let alias = import.r#as.as_ref().map_or(last, Span::text).to_owned();
            if matches!(path.root, "data" | "input") {
                imports.insert(alias, steps);
            }
        }
        Self { name: name.to_owned(), tree, package, imports }
    }
}

/// The literal steps, the root first, up to the first variable; and whether there is none.
fn literal(path: &Path<'_>) -> (Vec<Literal>, bool) {
    let mut literals = vec![Literal::Key(path.root.to_owned())];
    for step in &path.steps {
        match step {
            Step::Key(key) => literals.push(Literal::Key(key.clone())),
            Step::Number(digits) => literals.push(Literal::Number((*digits).to_owned())),
            Step::Term(_) => return (literals, false),
        }
    }
    (literals, true)
}

/// The path of a rule inside its package: its name and the literal keys of its head.
fn head_path(refr: &Expr) -> Vec<String> {
    let Some(path) = syntax::path(refr) else { return Vec::new() };
    let keys = literal(&path).0.into_iter().map_while(|step| match step {
        Literal::Key(key) => Some(key),
        Literal::Number(_) => None,
    });
    keys.collect()
}

impl<'a> Index<'a> {
    pub fn new(modules: &'a [Parsed], data: &'a Json) -> Self {
        let mut index = Self {
            modules,
            data,
            rules: Vec::new(),
            by_path: BTreeMap::new(),
            above: BTreeSet::new(),
            aliases: BTreeMap::new(),
        };
        for (number, module) in modules.iter().enumerate() {
            index.above.extend(prefixes(&module.package));
            for rule in &module.tree.policy {
                index.add(number, module, rule);
            }
        }
        for rule in 0..index.rules.len() {
            if let Some(target) = index.alias(rule) {
                index.aliases.insert(rule, target);
            }
        }
        index
    }

    fn add(&mut self, module: usize, parsed: &'a Parsed, rule: &'a Rule) {
        let head = syntax::head(rule);
        let own = head_path(head.refr);
        let path: Vec<String> = parsed.package.iter().cloned().chain(own.iter().cloned()).collect();
        self.above.extend(prefixes(&path));
        let next = self.rules.len();
        let at = *self.by_path.entry(path.clone()).or_insert(next);
        if at == next {
            let name = own.join(".");
            self.rules.push(RuleInfo { path, name, package: &parsed.package, definitions: Vec::new() });
        }
        if let Some(info) = self.rules.get_mut(at) {
            info.definitions.push(Definition { module, head });
        }
    }

    fn alias(&self, rule: usize) -> Option<Vec<Literal>> {
        let [only] = self.rules.get(rule)?.definitions.as_slice() else { return None };
        let (Kind::Complete, Some(value), true) =
            (&only.head.kind, only.head.value, only.head.bodies.is_empty())
        else {
            return None;
        };
        if !syntax::is_plain(only.head.refr) {
            return None;
        }
        match self.target(only.module, &syntax::path(value)?, &|_| false) {
            Some(Target::Data(steps, true)) => Some(steps),
            _ => None,
        }
    }

    /// What the root of `path` leads to in a module; `None` for a name that nothing declares.
    pub fn target(&self, module: usize, path: &Path<'_>, local: &dyn Fn(&str) -> bool) -> Option<Target> {
        if local(path.root) {
            return Some(Target::Local);
        }
        let (mut steps, exact) = literal(path);
        let module = self.modules.get(module)?;
        match path.root {
            "data" | "input" => {}
            root => {
                if let Some(stands_for) = module.imports.get(root) {
                    steps = stands_for.iter().cloned().chain(steps.into_iter().skip(1)).collect();
                } else {
                    let mut full = module.package.clone();
                    full.push(root.to_owned());
                    if !self.above.contains(&full) {
                        return None;
                    }
                    let package = module.package.iter().cloned().map(Literal::Key);
                    let data = std::iter::once(Literal::Key("data".to_owned()));
                    steps = data.chain(package).chain(steps).collect();
                }
            }
        }
        let below = steps.iter().skip(1).cloned().collect();
        match steps.first().map(Literal::text) {
            Some("input") => Some(Target::Input(below)),
            _ => Some(Target::Data(below, exact)),
        }
    }

    /// Whether a module names `root` in an import.
    pub fn is_import(&self, module: usize, root: &str) -> bool {
        self.modules.get(module).is_some_and(|module| module.imports.contains_key(root))
    }

    /// The rule that lies at `steps` or above, and how many steps lead to it.
    pub fn rule_at(&self, steps: &[Literal]) -> Option<(usize, usize)> {
        let mut path = Vec::new();
        for (length, step) in (1usize..).zip(steps) {
            let Literal::Key(key) = step else { return None };
            path.push(key.clone());
            if let Some(rule) = self.by_path.get(&path) {
                return Some((*rule, length));
            }
        }
        None
    }

    /// The rule that `steps` name exactly.
    pub fn rule_named(&self, steps: &[Literal]) -> Option<usize> {
        self.rule_at(steps).filter(|(_, length)| *length == steps.len()).map(|(rule, _)| rule)
    }

    /// Whether rules or packages lie below `steps`.
    pub fn holds_rules(&self, steps: &[Literal]) -> bool {
        let path: Vec<String> = steps.iter().map(|step| step.text().to_owned()).collect();
        path.is_empty() || self.above.contains(&path)
    }

    /// `steps` with every alias rule replaced by what it stands for.
    pub fn resolved(&self, steps: &[Literal]) -> Vec<Literal> {
        let mut steps = steps.to_vec();
        // A chain of aliases is no longer than the rules that `lint.depth` allows.
        for _ in 0..super::graph::MAX_DEPTH {
            let Some((rule, length)) = self.rule_at(&steps) else { break };
            let Some(target) = self.aliases.get(&rule) else { break };
            steps = target.iter().chain(steps.iter().skip(length)).cloned().collect();
        }
        steps
    }

    /// The value in the data at `steps`.
    pub fn in_data(&self, steps: &[Literal]) -> Option<&'a Json> {
        let mut at = self.data;
        for step in steps {
            at = match (at, step) {
                (Json::Array(items), Literal::Number(digits)) => items.get(digits.parse::<usize>().ok()?)?,
                (Json::Object(members), Literal::Key(key)) => members.get(key)?,
                _ => return None,
            };
        }
        Some(at)
    }

    /// Whether a path below `data` leads to a value of the data, to a rule or to a package.
    pub fn leads_somewhere(&self, steps: &[Literal]) -> bool {
        let steps = self.resolved(steps);
        self.rule_at(&steps).is_some() || self.holds_rules(&steps) || self.in_data(&steps).is_some()
    }
}

/// All beginnings of `path`, itself included, without the empty one.
fn prefixes(path: &[String]) -> impl Iterator<Item = Vec<String>> + '_ {
    (1..=path.len()).map(|length| path.iter().take(length).cloned().collect())
}
