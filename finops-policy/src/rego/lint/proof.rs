//! What a body proves to be defined, and where a rule silently depends on what is not: `not` over the input, and
//! references in the head of a partial rule.

use super::{
    index::{Definition, Index, Target},
    syntax::{self, Inside, Kind, Path},
    walk::Scope,
};
use regorus::unstable::{AssignOp, BoolOp, Expr, Literal, LiteralStmt, Query, Span};
use std::collections::BTreeSet;

/// References that are defined if the statements read so far hold, in canonical form.
#[derive(Default, Clone)]
pub struct Proofs(BTreeSet<String>);

impl Proofs {
    /// What a statement proves: a plain reference, `is_*` of it, a comparison or `in` with it.
    pub fn learn(&mut self, statement: &LiteralStmt) {
        // Under `with` the statement holds of another input.
        if !statement.with_mods.is_empty() {
            return;
        }
        let Literal::Expr { expr, .. } = &statement.literal else { return };
        match expr.as_ref() {
            Expr::Call { fcn, params, .. }
                if syntax::call_name(fcn).is_some_and(|name| is_type_test(&name)) =>
            {
                params.iter().for_each(|param| self.add(param));
            }
            Expr::BoolExpr { lhs, rhs, .. } => {
                self.add(lhs);
                self.add(rhs);
            }
            Expr::Membership { key, value, collection, .. } => {
                key.iter().for_each(|key| self.add(key));
                self.add(value);
                self.add(collection);
            }
            other => self.add(other),
        }
    }

    /// The collection of `some .. in` is defined if the body goes on.
    fn learn_collection(&mut self, statement: &LiteralStmt) {
        if let (Literal::SomeIn { collection, .. }, true) =
            (&statement.literal, statement.with_mods.is_empty())
        {
            self.add(collection);
        }
    }

    /// A defined reference has defined beginnings and indices.
    fn add(&mut self, expr: &Expr) {
        let Some(path) = syntax::path(expr) else { return };
        for step in &path.steps {
            if let syntax::Step::Term(index) = step {
                self.add(index);
            }
        }
        let mut beginning = String::new();
        for part in path.canonical() {
            beginning.push_str(&part);
            self.0.insert(beginning.clone());
        }
    }

    pub fn has(&self, path: &Path<'_>) -> bool {
        self.0.contains(&path.canonical().concat())
    }
}

/// `is_number` and its like.
pub fn is_type_test(name: &str) -> bool {
    matches!(name, "is_array" | "is_boolean" | "is_null" | "is_number" | "is_object" | "is_set" | "is_string")
}

/// The input references under `not` that nothing before proves, with their place.
pub fn negated<'a>(index: &Index<'a>, definition: &Definition<'a>) -> Vec<(String, &'a Span)> {
    let mut search =
        Negated { index, module: definition.module, scope: Scope::of(definition), found: Vec::new() };
    let head = &definition.head;
    let mut terms: Vec<&Expr> = head.value.into_iter().collect();
    if let Kind::Set(Some(key)) = head.kind {
        terms.push(key);
    }
    for term in terms {
        search.nested(term, &Proofs::default());
    }
    for body in head.bodies {
        if let Some(assign) = &body.assign {
            search.nested(&assign.value, &Proofs::default());
        }
        search.query(&body.query, Proofs::default());
    }
    search.found
}

struct Negated<'i, 'a> {
    index: &'i Index<'a>,
    module: usize,
    scope: Scope<'a>,
    found: Vec<(String, &'a Span)>,
}

impl<'a> Negated<'_, 'a> {
    fn query(&mut self, query: &'a Query, mut proofs: Proofs) {
        self.scope.enter(syntax::declared(query));
        for statement in &query.stmts {
            match &statement.literal {
                Literal::NotExpr { expr, .. } => {
                    self.under_not(expr, &proofs);
                    self.nested(expr, &proofs);
                }
                Literal::Expr { expr, .. } => self.nested(expr, &proofs),
                Literal::SomeIn { collection, .. } => self.nested(collection, &proofs),
                Literal::Every { key, value, domain, query, .. } => {
                    self.nested(domain, &proofs);
                    let mut names = vec![value.text()];
                    names.extend(key.as_ref().map(Span::text));
                    self.scope.enter(names);
                    self.query(query, proofs.clone());
                    self.scope.leave();
                }
                Literal::SomeVars { .. } => {}
            }
            proofs.learn(statement);
        }
        self.scope.leave();
    }

    /// The comprehensions inside `expr`.
    fn nested(&mut self, expr: &'a Expr, proofs: &Proofs) {
        for part in syntax::inside(expr) {
            match part {
                Inside::Expr(inner) => self.nested(inner, proofs),
                Inside::Comprehension { terms, query } => {
                    terms.into_iter().for_each(|term| self.nested(term, proofs));
                    self.query(query, proofs.clone());
                }
            }
        }
    }

    fn under_not(&mut self, expr: &'a Expr, proofs: &Proofs) {
        match expr {
            plain if syntax::path(plain).is_some() => {}
            // `not input.x == 1` reads as meant: true also without x.
            Expr::BoolExpr { op: BoolOp::Eq, lhs, rhs, .. }
            | Expr::AssignExpr { op: AssignOp::Eq | AssignOp::ColEq, lhs, rhs, .. } => {
                for side in [lhs, rhs] {
                    match syntax::path(side) {
                        Some(_) => self.inner(side, proofs),
                        None => self.unproven(side, proofs),
                    }
                }
            }
            other => self.unproven(other, proofs),
        }
    }

    fn unproven(&mut self, expr: &'a Expr, proofs: &Proofs) {
        if let Some(path) = syntax::path(expr) {
            let target = self.index.target(self.module, &path, &|name| self.scope.has(name));
            if matches!(&target, Some(Target::Input(steps)) if !steps.is_empty() || !path.steps.is_empty())
                && !proofs.has(&path)
            {
                self.found.push((path.span.text().to_owned(), path.span));
            }
        }
        self.inner(expr, proofs);
    }

    /// A comprehension over what is undefined is empty, not undefined: what is inside it does not count.
    fn inner(&mut self, expr: &'a Expr, proofs: &Proofs) {
        for part in syntax::inside(expr) {
            if let Inside::Expr(inner) = part {
                self.unproven(inner, proofs);
            }
        }
    }
}

/// The references in the head of a partial set or object that the body does not prove, with their place.
pub fn in_head<'a>(index: &Index<'a>, definition: &Definition<'a>) -> Vec<(String, &'a Span)> {
    let head = &definition.head;
    let path = syntax::path(head.refr);
    let steps = path.map(|path| path.steps).unwrap_or_default();
    let mut terms: Vec<&Expr> = steps
        .into_iter()
        .filter_map(|step| match step {
            syntax::Step::Term(term) => Some(term),
            _ => None,
        })
        .collect();
    match head.kind {
        Kind::Set(key) => terms.extend(key),
        // `p[k] := v`
        Kind::Complete if matches!(head.refr, Expr::RefBrack { .. }) => terms.extend(head.value),
        _ => return Vec::new(),
    }
    let mut found = Vec::new();
    let mut check = |proofs: &Proofs, scope: &Scope<'a>| {
        let mut stack: Vec<&'a Expr> = terms.clone();
        while let Some(expr) = stack.pop() {
            if let Some(path) = syntax::path(expr)
                && !path.steps.is_empty()
                && !proofs.has(&path)
                && !is_data(index, definition.module, &path, scope)
            {
                found.push((path.span.text().to_owned(), path.span));
            }
            stack.extend(syntax::inside(expr).into_iter().filter_map(|part| match part {
                Inside::Expr(inner) => Some(inner),
                Inside::Comprehension { .. } => None,
            }));
        }
    };
    if head.bodies.is_empty() {
        check(&Proofs::default(), &Scope::default());
    }
    for body in head.bodies {
        let mut proofs = Proofs::default();
        for statement in &body.query.stmts {
            proofs.learn(statement);
            proofs.learn_collection(statement);
        }
        let mut scope = Scope::default();
        scope.enter(syntax::declared(&body.query));
        check(&proofs, &scope);
    }
    found
}

/// Literal steps below `data`: `lint.data_missing` answers for them.
fn is_data(index: &Index<'_>, module: usize, path: &Path<'_>, scope: &Scope<'_>) -> bool {
    match index.target(module, path, &|name| scope.has(name)) {
        Some(Target::Data(steps, true)) => {
            path.root == "data"
                || index.is_import(module, path.root)
                || index.rule_at(&index.resolved(&steps)).is_none()
        }
        _ => false,
    }
}
