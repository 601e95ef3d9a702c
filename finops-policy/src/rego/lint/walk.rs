//! What every rule uses: its references and calls, each with what it leads to.

use super::{
    index::{Definition, Index, Target},
    syntax::{self, Inside, Path},
};
use regorus::unstable::{Expr, Literal, LiteralStmt, Query, Span};

/// A reference inside a rule.
pub struct Use<'a> {
    pub path: Path<'a>,
    pub target: Option<Target>,
    /// It stands where `with` puts another value, or in a statement where `with` replaces data.
    pub replaced: bool,
    /// It stands where `with` names a value: a function given as a substitute is used like a call.
    pub substitute: bool,
}

/// A call inside a rule.
pub struct Call<'a> {
    /// Dotted, as written.
    pub name: String,
    pub params: Vec<&'a Expr>,
    pub span: &'a Span,
    /// What the name leads to if a rule or an import declares it.
    pub target: Option<Target>,
}

/// What one definition uses, in the order of its text.
#[derive(Default)]
pub struct Uses<'a> {
    pub references: Vec<Use<'a>>,
    pub calls: Vec<Call<'a>>,
    /// Outermost `+ - * / %`.
    pub arithmetic: Vec<&'a Expr>,
    pub with: Vec<&'a Span>,
}

/// The local names around an expression, the outermost first.
#[derive(Default, Clone)]
pub struct Scope<'a>(Vec<Vec<&'a str>>);

impl<'a> Scope<'a> {
    /// The names of the parameters of a function.
    pub fn of(definition: &Definition<'a>) -> Self {
        let mut names = Vec::new();
        if let syntax::Kind::Function(params) = &definition.head.kind {
            for param in params {
                syntax::variables(param, &mut names);
            }
        }
        Self(vec![names])
    }

    pub fn enter(&mut self, names: Vec<&'a str>) {
        self.0.push(names);
    }

    pub fn leave(&mut self) {
        self.0.pop();
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|names| names.contains(&name))
    }
}

struct Walker<'i, 'a> {
    index: &'i Index<'a>,
    module: usize,
    scope: Scope<'a>,
    uses: Uses<'a>,
    in_arithmetic: bool,
    replaced: bool,
    substitute: bool,
}

/// What `definition` uses.
pub fn uses<'a>(index: &Index<'a>, definition: &Definition<'a>) -> Uses<'a> {
    let mut walker = Walker {
        index,
        module: definition.module,
        scope: Scope::of(definition),
        uses: Uses::default(),
        in_arithmetic: false,
        replaced: false,
        substitute: false,
    };
    let head = &definition.head;
    if let syntax::Kind::Function(params) = &head.kind {
        // A pattern such as `[a, b]` binds; only references inside it are uses.
        params.iter().for_each(|param| walker.expr(param));
    }
    let heads = |walker: &mut Walker<'_, 'a>| {
        if let Some(path) = syntax::path(head.refr) {
            for step in path.steps {
                if let syntax::Step::Term(index) = step {
                    walker.expr(index);
                }
            }
        }
        if let syntax::Kind::Set(Some(key)) = head.kind {
            walker.expr(key);
        }
        if let Some(value) = head.value {
            walker.expr(value);
        }
    };
    let bodies = head.bodies;
    match bodies.first() {
        // The names of the body reach the head.
        Some(first) => {
            walker.scope.enter(syntax::declared(&first.query));
            heads(&mut walker);
            walker.scope.leave();
        }
        None => heads(&mut walker),
    }
    for body in bodies {
        walker.scope.enter(syntax::declared(&body.query));
        if let Some(assign) = &body.assign {
            walker.expr(&assign.value);
        }
        walker.scope.leave();
        walker.query(&body.query);
    }
    walker.uses
}

impl<'a> Walker<'_, 'a> {
    fn query(&mut self, query: &'a Query) {
        self.scope.enter(syntax::declared(query));
        for statement in &query.stmts {
            self.statement(statement);
        }
        self.scope.leave();
    }

    fn statement(&mut self, statement: &'a LiteralStmt) {
        let before = (self.replaced, self.substitute);
        for with in &statement.with_mods {
            self.uses.with.push(&with.span);
            (self.replaced, self.substitute) = (true, false);
            self.expr(&with.refr);
            (self.replaced, self.substitute) = (before.0, true);
            self.expr(&with.r#as);
        }
        let data = |with: &regorus::unstable::WithModifier| {
            syntax::path(&with.refr).is_some_and(|path| path.root != "input")
        };
        (self.replaced, self.substitute) = (before.0 || statement.with_mods.iter().any(data), before.1);
        match &statement.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn { key, value, collection, .. } => {
                if let Some(key) = key {
                    self.expr(key);
                }
                self.expr(value);
                self.expr(collection);
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => self.expr(expr),
            Literal::Every { key, value, domain, query, .. } => {
                self.expr(domain);
                let mut names = vec![value.text()];
                names.extend(key.as_ref().map(Span::text));
                self.scope.enter(names);
                self.query(query);
                self.scope.leave();
            }
        }
        (self.replaced, self.substitute) = before;
    }

    fn expr(&mut self, expr: &'a Expr) {
        if let Some(path) = syntax::path(expr) {
            let target = self.target(&path);
            let (replaced, substitute) = (self.replaced, self.substitute);
            self.uses.references.push(Use { path, target, replaced, substitute });
        }
        if let Expr::Call { span, fcn, params, .. } = expr {
            if let (Some(name), Some(path)) = (syntax::call_name(fcn), syntax::path(fcn)) {
                let target = self.target(&path);
                let params = params.iter().map(AsRef::as_ref).collect();
                self.uses.calls.push(Call { name, params, span, target });
            } else {
                self.expr(fcn);
            }
        }
        let before = self.in_arithmetic;
        if matches!(expr, Expr::ArithExpr { .. }) {
            if !before {
                self.uses.arithmetic.push(expr);
            }
            self.in_arithmetic = true;
        }
        for part in syntax::inside(expr) {
            match part {
                Inside::Expr(inner) => self.expr(inner),
                Inside::Comprehension { terms, query } => {
                    self.scope.enter(syntax::declared(query));
                    terms.into_iter().for_each(|term| self.expr(term));
                    self.scope.leave();
                    self.query(query);
                }
            }
        }
        self.in_arithmetic = before;
    }

    fn target(&self, path: &Path<'a>) -> Option<Target> {
        self.index.target(self.module, path, &|name| self.scope.has(name))
    }
}
