//! Every error and warning about a set that parses.

use super::{
    Finding, builtins, compile,
    graph::{Graph, MAX_DEPTH},
    index::{Definition, Index, Literal, RuleInfo, Target},
    names, proof, stack,
    syntax::{self, Inside, Kind},
    walk::{self, Uses},
};
use finops_core::error::shorten;
use regorus::unstable::{Expr, Span};

pub struct Checks<'i, 'a> {
    index: &'i Index<'a>,
    entry: Vec<String>,
    uses: Vec<Vec<Uses<'a>>>,
    graph: Graph,
    pub errors: Vec<Finding>,
    pub warnings: Vec<Finding>,
}

impl<'i, 'a> Checks<'i, 'a> {
    pub fn new(index: &'i Index<'a>, entry: &str) -> Self {
        let entry = entry.strip_prefix("data.").unwrap_or(entry).split('.').map(str::to_owned).collect();
        let of = |rule: &RuleInfo<'a>| rule.definitions.iter().map(|d| walk::uses(index, d)).collect();
        let uses: Vec<Vec<Uses<'a>>> = index.rules.iter().map(of).collect();
        let graph = Graph::new(index, &uses);
        Self { index, entry, uses, graph, errors: Vec::new(), warnings: Vec::new() }
    }

    pub fn run(&mut self) {
        self.entries();
        self.chains();
        self.unused();
        let index = self.index;
        for (number, rule) in index.rules.iter().enumerate() {
            for (place, definition) in rule.definitions.iter().enumerate() {
                if !rule.is_test() {
                    self.proofs(rule, definition);
                }
                self.uses_of(number, place, rule.is_test(), definition.module);
            }
            if is_conflict(rule) {
                let message = "several definitions with different values may disagree and fail; write one with `else`, \
                               or make their conditions exclude each other";
                self.warn(rule, "lint.conflict", message);
            }
        }
    }

    fn at(&self, module: usize, span: &Span, code: &'static str, message: impl Into<String>) -> Finding {
        let file = self.index.modules.get(module).map_or("", |module| module.name.as_str());
        compile::finding(file, span, code, message)
    }

    /// A finding at the first definition of a rule.
    fn at_rule(&self, rule: &RuleInfo<'_>, code: &'static str, message: &str) -> Option<Finding> {
        let first = rule.definitions.first()?;
        let message = format!("`{}`: {message}", shorten(&rule.dotted()));
        Some(self.at(first.module, first.head.refr.span(), code, message))
    }

    fn warn(&mut self, rule: &RuleInfo<'_>, code: &'static str, message: &str) {
        let finding = self.at_rule(rule, code, message);
        self.warnings.extend(finding);
    }

    fn fail(&mut self, rule: &RuleInfo<'_>, code: &'static str, message: &str) {
        let finding = self.at_rule(rule, code, message);
        self.errors.extend(finding);
    }

    fn is_entry_package(&self, rule: &RuleInfo<'_>) -> bool {
        rule.package == self.entry.as_slice()
    }

    /// The entry package decides something; `allow` has a default; there is a test.
    fn entries(&mut self) {
        let index = self.index;
        let of_entry = |name: &str| {
            index.rules.iter().find(|rule| rule.package == self.entry.as_slice() && rule.name == name)
        };
        let allow = of_entry("allow");
        if allow.or_else(|| of_entry("deny")).or_else(|| of_entry("violation")).is_none() {
            let package = shorten(&self.entry.join("."));
            let message =
                format!("none of `allow`, `deny`, `violation` is in package `{package}`; define one there");
            let place =
                index.modules.iter().position(|module| module.package == self.entry).unwrap_or_default();
            if let Some(module) = index.modules.get(place) {
                let finding = self.at(place, &module.tree.package.span, "lint.entry_missing", message);
                self.errors.push(finding);
            }
        }
        if let Some(allow) = allow {
            let default = allow.definitions.iter().find(|d| matches!(d.head.kind, Kind::Default(_)));
            match default.map(|definition| definition.head.value) {
                None => {
                    let message = "it is undefined where no rule allows; add `default allow := false`";
                    self.warn(allow, "lint.default_allow_missing", message);
                }
                Some(Some(Expr::Bool { span, .. })) if span.text() == "true" => {
                    let message = "what no rule names is allowed; write `default allow := false`";
                    self.warn(allow, "lint.default_allow_true", message);
                }
                Some(_) => {}
            }
        }
        if !index.rules.iter().any(|rule| rule.name.starts_with("test_")) {
            let message = "no rule tests this set; add rules named `test_*`".to_owned();
            let place = index
                .modules
                .first()
                .map(|module| self.at(0, &module.tree.package.span, "lint.no_tests", message));
            self.warnings.extend(place);
        }
    }

    /// Cycles, or chains that are too long.
    fn chains(&mut self) {
        let index = self.index;
        let cycles = self.graph.cycles();
        let named = |rules: &[usize]| {
            let names = rules.iter().filter_map(|rule| index.rules.get(*rule)).map(RuleInfo::dotted);
            shorten(&names.take(8).collect::<Vec<_>>().join(", "))
        };
        for cycle in &cycles {
            if let Some(first) = cycle.first().and_then(|rule| index.rules.get(*rule)) {
                let message = format!("these rules need each other: `{}`; break the cycle", named(cycle));
                self.fail(first, "lint.recursion", &message);
            }
        }
        if !cycles.is_empty() {
            return;
        }
        let stack = |rule: usize| {
            let definitions =
                index.rules.get(rule).map(|rule| rule.definitions.as_slice()).unwrap_or_default();
            definitions.iter().map(|definition| stack::of(&definition.head)).max().unwrap_or_default()
        };
        let (chain, rules) = self.graph.heaviest_chain(|_| 1);
        let (nested, bytes) = self.graph.heaviest_chain(stack);
        let (chain, message) = if rules > MAX_DEPTH {
            (chain, format!("it starts a chain of {rules} rules, {MAX_DEPTH} are allowed; join some of them"))
        } else if bytes > stack::MAX {
            let [needed, allowed] = [bytes.div_ceil(stack::KIB), stack::MAX / stack::KIB];
            let allowed = format!("{allowed} are allowed; split them into rules side by side");
            (nested, format!("it starts a chain of rules that needs {needed} KiB of stack, {allowed}"))
        } else {
            return;
        };
        if let Some(first) = chain.first().and_then(|rule| index.rules.get(*rule)) {
            self.fail(first, "lint.depth", &message);
        }
    }

    fn unused(&mut self) {
        let index = self.index;
        for (rule, read) in index.rules.iter().zip(self.graph.read()) {
            let outside = self.is_entry_package(rule) && names::is_read_outside(&rule.name);
            if read || outside || rule.is_test() {
                continue;
            }
            self.warn(rule, "lint.unused_rule", "no rule reads it and it is no entry; remove it or read it");
            if self.is_entry_package(rule)
                && let Some(entry) = names::near(&rule.name, &names::ENTRIES)
            {
                let message = format!("no rule reads it; if the entry `{entry}` is meant, rename it");
                self.warn(rule, "lint.entry_typo", &message);
            }
        }
    }

    fn proofs(&mut self, rule: &RuleInfo<'a>, definition: &Definition<'a>) {
        for (text, span) in proof::negated(self.index, definition) {
            let text = shorten(&text);
            let message = format!(
                "`not` also holds if `{text}` is missing; name it in a statement before, or negate a helper rule"
            );
            let finding = self.at(definition.module, span, "lint.negated_input", message);
            let denies = self.is_entry_package(rule) && names::is_entry(&rule.name) && rule.name != "allow";
            if denies { self.warnings.push(finding) } else { self.errors.push(finding) }
        }
        for (text, span) in proof::in_head(self.index, definition) {
            let text = shorten(&text);
            let message = format!(
                "the element is lost if `{text}` is missing; compare it or test its type in the body"
            );
            let finding = self.at(definition.module, span, "lint.head_undefined", message);
            self.errors.push(finding);
        }
    }

    fn uses_of(&mut self, rule: usize, definition: usize, is_test: bool, module: usize) {
        let Some(uses) = self.uses.get(rule).and_then(|uses| uses.get(definition)) else { return };
        let (mut errors, mut warnings) = (Vec::new(), Vec::new());
        for call in &uses.calls {
            if let Some(refused) = builtins::check(self.index, call) {
                errors.push(self.at(module, call.span, refused.code, refused.message));
            }
            if matches!(call.name.as_str(), "sum" | "product")
                && !builtins::is_rule(self.index, call)
                && call.params.iter().any(|param| holds_money(param))
            {
                warnings.push(self.at(module, call.span, "lint.float_money", FLOAT_MONEY));
            }
        }
        for expr in &uses.arithmetic {
            if holds_money(expr) {
                warnings.push(self.at(module, expr.span(), "lint.float_money", FLOAT_MONEY));
            }
        }
        for used in &uses.references {
            let dotted = used.substitute.then(|| used.path.span.text());
            if let Some(name) = dotted.filter(|name| builtins::is_forbidden(name)) {
                let refused = builtins::forbidden(name);
                errors.push(self.at(module, used.path.span, refused.code, refused.message));
            }
            match &used.target {
                Some(Target::Data(steps, _))
                    if !is_test && !used.replaced && !self.index.leads_somewhere(steps) =>
                {
                    let path: Vec<&str> = steps.iter().map(Literal::text).collect();
                    let path = shorten(&path.join("."));
                    let message = format!(
                        "`data.{path}` is neither in the data nor a rule; add it or correct the path"
                    );
                    errors.push(self.at(module, used.path.span, "lint.data_missing", message));
                }
                Some(Target::Input(steps)) => {
                    if let Some(Literal::Key(field)) = steps.first()
                        && let Some(known) = names::near(field, &names::FIELDS)
                    {
                        let field = shorten(field);
                        let message = format!("`{field}` is no field of the input; `{known}` is");
                        warnings.push(self.at(module, used.path.span, "lint.input_typo", message));
                    }
                }
                _ => {}
            }
        }
        self.errors.extend(errors);
        self.warnings.extend(warnings);
    }
}

const FLOAT_MONEY: &str =
    "amounts are added as binary fractions here (0.1 + 0.2 > 0.3); give the result in the input instead";

/// Several definitions of a complete rule or a function under a plain name, one with a value other than `true`.
pub fn is_conflict(rule: &RuleInfo<'_>) -> bool {
    let complete = |definition: &&Definition<'_>| {
        matches!(definition.head.kind, Kind::Complete | Kind::Function(_))
            && syntax::is_plain(definition.head.refr)
    };
    let definitions: Vec<_> = rule.definitions.iter().filter(complete).collect();
    // `p if { .. } { .. }` is two definitions, `else` is none.
    let bodies = |definition: &&Definition<'_>| {
        definition.head.bodies.iter().filter(|body| !body.is_else).count().max(1)
    };
    let is_true = |value: Option<&Expr>| match value {
        None => true,
        Some(Expr::Bool { span, .. }) => span.text() == "true",
        Some(_) => false,
    };
    let count: usize = definitions.iter().map(bodies).sum();
    count > 1 && definitions.iter().any(|definition| !is_true(definition.head.value))
}

/// Whether a reference to an amount of money stands anywhere in `expr`.
fn holds_money(expr: &Expr) -> bool {
    if let Some(path) = syntax::path(expr) {
        let last = path.steps.iter().rev().find_map(|step| match step {
            syntax::Step::Key(key) => Some(key.as_str()),
            _ => None,
        });
        if names::is_money(last.unwrap_or(path.root)) {
            return true;
        }
    }
    syntax::inside(expr).into_iter().any(|part| match part {
        Inside::Expr(inner) => holds_money(inner),
        Inside::Comprehension { terms, .. } => terms.into_iter().any(holds_money),
    })
}
