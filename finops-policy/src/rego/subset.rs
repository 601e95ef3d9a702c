//! The subset of Rego on which the virtual machine of regorus answers as its interpreter and as OPA do; outside of it
//! it swallows errors of types, conflicts and undefined arguments.

use super::lint::{
    Finding,
    index::{Definition, Index, Literal as Step, RuleInfo, Target},
    place, proof,
    syntax::{self, Inside, Kind, Path},
    walk::{self, Scope},
};
use regorus::unstable::{AssignOp, Expr, Literal, LiteralStmt, Query, Span};
use std::collections::BTreeSet;

/// Why each definition of a rule that is no test is outside the subset, sorted; empty if all are inside.
pub fn reasons(index: &Index<'_>) -> Vec<Finding> {
    let mut reasons = Vec::new();
    for rule in index.rules.iter().filter(|rule| !rule.is_test()) {
        for definition in &rule.definitions {
            if let Err((span, reason)) = check(index, rule, definition) {
                let file = index.modules.get(definition.module).map_or("", |module| module.name.as_str());
                let name = finops_core::error::shorten(&rule.dotted());
                let message = format!("`{name}` runs on the interpreter: {reason}");
                reasons.push(place(file, span, "lint.subset", message));
            }
        }
    }
    reasons.sort();
    reasons
}

type Verdict<'a> = Result<(), (&'a Span, &'static str)>;

/// What the statements so far prove about types, by canonical reference.
#[derive(Default, Clone)]
struct Types {
    strings: BTreeSet<String>,
    collections: BTreeSet<String>,
}

impl Types {
    fn learn(&mut self, statement: &LiteralStmt) {
        let Literal::Expr { expr, .. } = &statement.literal else { return };
        let Expr::Call { fcn, params, .. } = expr.as_ref() else { return };
        let Some(path) = params.first().and_then(|param| syntax::path(param)) else { return };
        match syntax::call_name(fcn).as_deref() {
            Some("is_string") => drop(self.strings.insert(path.canonical().concat())),
            Some("is_array" | "is_object" | "is_set") => {
                self.collections.insert(path.canonical().concat());
            }
            _ => {}
        }
    }
}

struct Check<'i, 'a> {
    index: &'i Index<'a>,
    module: usize,
    scope: Scope<'a>,
}

fn check<'a>(index: &Index<'a>, rule: &RuleInfo<'a>, definition: &Definition<'a>) -> Verdict<'a> {
    let head = &definition.head;
    let span = head.refr.span();
    if !syntax::is_plain(head.refr) {
        return Err((span, "its head is more than a name"));
    }
    if super::lint::is_conflict(rule) {
        return Err((span, "several definitions give it different values"));
    }
    if let Some(with) = walk::uses(index, definition).with.first() {
        return Err((with, "`with`"));
    }
    let bodies: Vec<&Query> = head.bodies.iter().map(|body| body.query.as_ref()).collect();
    if let Some(body) = head.bodies.iter().find(|body| body.is_else) {
        return Err((&body.span, "`else`"));
    }
    if let [_, second, ..] = head.bodies {
        return Err((&second.span, "a second body; write a second rule"));
    }
    let mut check = Check { index, module: definition.module, scope: Scope::default() };
    if let Kind::Function(params) = &head.kind {
        check.params(params, head.value, &bodies, span)?;
    }
    let mut types = Types::default();
    let names = bodies.first().map(|body| syntax::declared(body)).unwrap_or_default();
    for body in &bodies {
        check.query(body, &mut types)?;
    }
    check.scope.enter(names);
    match head.kind {
        Kind::Default(true) => Err((span, "a default of a function")),
        Kind::Set(Some(key)) => check.term(key, &types),
        Kind::Set(None) => Err((span, "its head is more than a name")),
        Kind::Default(false) | Kind::Complete => {
            head.value.map_or(Ok(()), |value| check.value(value, &types))
        }
        Kind::Function(_) => Ok(()),
    }
}

impl<'a> Check<'_, 'a> {
    fn params(
        &mut self,
        params: &[&'a Expr],
        value: Option<&'a Expr>,
        bodies: &[&'a Query],
        span: &'a Span,
    ) -> Verdict<'a> {
        if let Some(value) = value {
            return Err((value.span(), "a function with a value"));
        }
        let mut names = Vec::new();
        for param in params {
            let Expr::Var { span, .. } = param else {
                return Err((param.span(), "a parameter that is no plain name"));
            };
            if span.text() == "_" || names.contains(&span.text()) {
                return Err((span, "a parameter without a name of its own"));
            }
            if !bodies.iter().all(|body| mentions(body, span.text())) {
                return Err((span, "a parameter that its body does not use"));
            }
            names.push(span.text());
        }
        if bodies.is_empty() {
            return Err((span, "a function without a body"));
        }
        self.declare(names, span)
    }

    /// Enters names that nothing around uses: engines differ in what a hidden name means.
    fn declare(&mut self, names: Vec<&'a str>, span: &'a Span) -> Verdict<'a> {
        let mut seen = BTreeSet::new();
        for name in &names {
            if *name == "_" {
                return Err((span, "`_`; give it a name"));
            }
            let rule =
                self.index.target(self.module, &Path { root: name, steps: Vec::new(), span }, &|_| false);
            if self.scope.has(name) || rule.is_some() || !seen.insert(*name) {
                return Err((span, "a variable that hides another name"));
            }
        }
        self.scope.enter(names);
        Ok(())
    }

    fn query(&mut self, query: &'a Query, types: &mut Types) -> Verdict<'a> {
        self.declare(syntax::declared(query), &query.span)?;
        for statement in &query.stmts {
            self.statement(statement, types)?;
            types.learn(statement);
        }
        self.scope.leave();
        Ok(())
    }

    fn statement(&mut self, statement: &'a LiteralStmt, types: &Types) -> Verdict<'a> {
        match &statement.literal {
            Literal::SomeVars { span, .. } => Err((span, "`some` without `in`")),
            Literal::SomeIn { key, value, collection, .. } => {
                for name in key.iter().chain([value]) {
                    if !matches!(name.as_ref(), Expr::Var { .. }) {
                        return Err((name.span(), "a pattern in `some`"));
                    }
                }
                self.collection(collection, types)
            }
            Literal::Every { key, value, domain, query, span } => {
                self.collection(domain, types)?;
                let mut names = vec![value.text()];
                names.extend(key.as_ref().map(Span::text));
                self.declare(names, span)?;
                self.query(query, &mut types.clone())?;
                self.scope.leave();
                Ok(())
            }
            Literal::NotExpr { expr, .. } => match expr.as_ref() {
                Expr::Call { fcn, params, .. } if self.calls_rule(fcn) => self.simple(params),
                other => match syntax::path(other) {
                    Some(path) => self.statement_reference(path, other, types),
                    None => Err((other.span(), "`not` over more than a rule or a reference")),
                },
            },
            Literal::Expr { expr, .. } => self.positive(expr, types),
        }
    }

    fn positive(&mut self, expr: &'a Expr, types: &Types) -> Verdict<'a> {
        match expr {
            Expr::Bool { .. } => Ok(()),
            Expr::BoolExpr { lhs, rhs, .. } => {
                self.term(lhs, types)?;
                self.term(rhs, types)
            }
            Expr::Membership { key: None, value, collection, .. } => {
                self.term(value, types)?;
                self.collection(collection, types)
            }
            Expr::Call { fcn, params, .. } if self.calls_rule(fcn) => self.simple(params),
            Expr::Call { fcn, params, span, .. } => {
                match (syntax::call_name(fcn).as_deref(), params.as_slice()) {
                    (Some(name), [param]) if proof::is_type_test(name) => self.term(param, types),
                    _ => Err((span, "a call of this function")),
                }
            }
            Expr::AssignExpr { op: AssignOp::ColEq, lhs, rhs, span, .. } => match lhs.as_ref() {
                Expr::Var { .. } if syntax::is_scalar(rhs) => Ok(()),
                _ => Err((span, "an assignment of more than a literal")),
            },
            other => match syntax::path(other) {
                Some(path) => self.statement_reference(path, other, types),
                None => Err((other.span(), "a statement of this kind")),
            },
        }
    }

    /// A rule or a reference as a statement; a variable is none.
    fn statement_reference(&self, path: Path<'a>, expr: &'a Expr, types: &Types) -> Verdict<'a> {
        if path.steps.is_empty() && self.target(&path) == Some(Target::Local) {
            return Err((expr.span(), "a variable as a statement"));
        }
        self.reference(path, types)
    }

    /// Scalars and variables of the rule.
    fn simple(&self, params: &'a [regorus::unstable::Ref<Expr>]) -> Verdict<'a> {
        for param in params {
            let is_variable = matches!(param.as_ref(), Expr::Var { span, .. } if self.scope.has(span.text()));
            if !syntax::is_scalar(param) && !is_variable {
                return Err((param.span(), "an argument that is neither a literal nor a variable"));
            }
        }
        Ok(())
    }

    fn term(&self, expr: &'a Expr, types: &Types) -> Verdict<'a> {
        if syntax::is_scalar(expr) {
            return Ok(());
        }
        if let Some(path) = syntax::path(expr) {
            return self.reference(path, types);
        }
        match expr {
            Expr::Array { .. } | Expr::Set { .. } | Expr::Object { .. } => self.parts(expr, types),
            Expr::ArrayCompr { .. } => self.comprehension(expr, types),
            Expr::Call { fcn, params, span, .. } if !self.calls_rule(fcn) => {
                let path = match params.as_slice() {
                    [param] => syntax::path(param),
                    _ => None,
                };
                match (syntax::call_name(fcn).as_deref(), path) {
                    (Some("count"), Some(path)) if self.is_rule(&path) => Ok(()),
                    (Some("count"), _) => Err((span, "`count` of more than a rule")),
                    (Some("trim_space" | "lower" | "upper"), Some(path)) => {
                        if types.strings.contains(&path.canonical().concat()) {
                            self.reference(path, types)
                        } else {
                            Err((span, "a text function without `is_string` of its argument before"))
                        }
                    }
                    _ => Err((span, "a call of this function")),
                }
            }
            other => Err((other.span(), "a term of this kind")),
        }
    }

    fn parts(&self, expr: &'a Expr, types: &Types) -> Verdict<'a> {
        for part in syntax::inside(expr) {
            if let Inside::Expr(inner) = part {
                self.term(inner, types)?;
            }
        }
        Ok(())
    }

    /// `[v | some v in X]`
    fn comprehension(&self, expr: &'a Expr, types: &Types) -> Verdict<'a> {
        let refused = Err((expr.span(), "a comprehension other than `[v | some v in x]`"));
        let Expr::ArrayCompr { term, query, .. } = expr else { return refused };
        let [LiteralStmt { literal: Literal::SomeIn { key: None, value, collection, .. }, .. }] =
            query.stmts.as_slice()
        else {
            return refused;
        };
        match (term.as_ref(), value.as_ref()) {
            (Expr::Var { span: name, .. }, Expr::Var { span: bound, .. })
                if name.text() == bound.text() && name.text() != "_" && !self.scope.has(name.text()) =>
            {
                self.collection(collection, types)
            }
            _ => refused,
        }
    }

    /// What may be iterated or searched.
    fn collection(&self, expr: &'a Expr, types: &Types) -> Verdict<'a> {
        if matches!(expr, Expr::Array { .. } | Expr::Set { .. } | Expr::Object { .. }) {
            return self.parts(expr, types);
        }
        let refused = Err((
            expr.span(),
            "a collection that is neither written out, data, a rule nor proven by `is_array`, `is_object`, `is_set` before",
        ));
        let Some(path) = syntax::path(expr) else { return refused };
        let data = match self.target(&path) {
            Some(Target::Data(steps, true)) => self.index.in_data(&self.index.resolved(&steps)),
            _ => None,
        };
        let is_collection = matches!(data, Some(crate::Json::Array(_) | crate::Json::Object(_)));
        let proven = types.collections.contains(&path.canonical().concat());
        if self.is_rule(&path) || is_collection || proven { self.reference(path, types) } else { refused }
    }

    /// What a complete rule may be.
    fn value(&self, expr: &'a Expr, types: &Types) -> Verdict<'a> {
        if syntax::is_scalar(expr) {
            return Ok(());
        }
        match expr {
            Expr::Object { fields, .. } => {
                for (_, key, value) in fields {
                    self.value(key, types)?;
                    self.value(value, types)?;
                }
                Ok(())
            }
            Expr::ArrayCompr { .. } => self.comprehension(expr, types),
            other => match syntax::path(other) {
                Some(path) if self.is_rule(&path) => Ok(()),
                Some(path)
                    if matches!(self.target(&path), Some(Target::Data(_, true))) && path.root == "data" =>
                {
                    self.reference(path, types)
                }
                _ => Err((other.span(), "a value that is no literal, data or rule")),
            },
        }
    }

    /// A variable, a rule, or a reference with terms as indices.
    fn reference(&self, path: Path<'a>, types: &Types) -> Verdict<'a> {
        let span = path.span;
        match self.target(&path) {
            Some(Target::Local) => {}
            Some(Target::Input(_)) if path.root == "input" => {}
            Some(Target::Data(steps, _)) => {
                let steps = self.index.resolved(&steps);
                if self.index.rule_at(&steps).is_none() && self.index.holds_rules(&steps) {
                    return Err((span, "a package as a value"));
                }
            }
            Some(Target::Input(_)) => return Err((span, "an import of the input")),
            None => return Err((span, "a variable that no statement declares")),
        }
        for step in path.steps {
            if let syntax::Step::Term(term) = step {
                self.term(term, types)?;
            }
        }
        Ok(())
    }

    fn target(&self, path: &Path<'a>) -> Option<Target> {
        self.index.target(self.module, path, &|name| self.scope.has(name))
    }

    /// Whether `path` names a rule, without steps into it.
    fn is_rule(&self, path: &Path<'a>) -> bool {
        matches!(self.target(path), Some(Target::Data(steps, true)) if self.named(&steps))
    }

    fn named(&self, steps: &[Step]) -> bool {
        self.index.rule_named(steps).is_some()
    }

    fn calls_rule(&self, fcn: &'a Expr) -> bool {
        syntax::path(fcn).is_some_and(|path| self.is_rule(&path))
    }
}

/// Whether a variable stands anywhere in a query.
fn mentions(query: &Query, name: &str) -> bool {
    query.stmts.iter().any(|statement| match &statement.literal {
        Literal::SomeVars { .. } => false,
        Literal::SomeIn { collection, .. } => holds(collection, name),
        Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => holds(expr, name),
        Literal::Every { domain, query, .. } => holds(domain, name) || mentions(query, name),
    })
}

fn holds(expr: &Expr, name: &str) -> bool {
    syntax::path(expr).is_some_and(|path| path.root == name)
        || syntax::inside(expr).into_iter().any(|part| match part {
            Inside::Expr(inner) => holds(inner, name),
            Inside::Comprehension { terms, query } => {
                terms.into_iter().any(|term| holds(term, name)) || mentions(query, name)
            }
        })
}
