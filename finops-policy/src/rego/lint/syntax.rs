//! Rego as the lint reads it: references as paths, calls by name, and the children of an expression.

use regorus::unstable::{Expr, Literal, Query, Rule, RuleBody, RuleHead, Span};

/// One step of a reference.
#[derive(Debug, Clone)]
pub enum Step<'a> {
    /// A field or a string in brackets.
    Key(String),
    /// A number in brackets, as written.
    Number(&'a str),
    /// Anything else in brackets.
    Term(&'a Expr),
}

/// A variable with its steps, such as `input.tags[i].name`.
#[derive(Debug, Clone)]
pub struct Path<'a> {
    pub root: &'a str,
    pub steps: Vec<Step<'a>>,
    pub span: &'a Span,
}

impl Path<'_> {
    /// Equal for references that are the same in one scope.
    pub fn canonical(&self) -> Vec<String> {
        let mut parts = vec![self.root.to_owned()];
        parts.extend(self.steps.iter().map(|step| match step {
            Step::Key(key) => format!(".{key}"),
            Step::Number(digits) => format!("[{digits}]"),
            Step::Term(expr) => match path(expr) {
                Some(inner) => format!("[{}]", inner.canonical().join("")),
                None => format!("[{}]", expr.span().text()),
            },
        }));
        parts
    }
}

/// The reference that `expr` is: a variable, or one with steps.
pub fn path(expr: &Expr) -> Option<Path<'_>> {
    let span = expr.span();
    let mut steps = Vec::new();
    let mut at = expr;
    loop {
        match at {
            Expr::Var { span: root, .. } => {
                steps.reverse();
                return Some(Path { root: root.text(), steps, span });
            }
            Expr::RefDot { refr, field, .. } => {
                steps.push(Step::Key(field.0.text().to_owned()));
                at = refr;
            }
            Expr::RefBrack { refr, index, .. } => {
                steps.push(match index.as_ref() {
                    Expr::String { value, .. } | Expr::RawString { value, .. } => {
                        Step::Key(value.as_string().map(|text| text.as_ref().to_owned()).unwrap_or_default())
                    }
                    Expr::Number { span, .. } => Step::Number(span.text()),
                    _ => Step::Term(index),
                });
                at = refr;
            }
            _ => return None,
        }
    }
}

/// The dotted name of what a call calls: `count`, `time.now_ns`, `lib.rule`.
pub fn call_name(fcn: &Expr) -> Option<String> {
    let path = path(fcn)?;
    let mut name = path.root.to_owned();
    for step in &path.steps {
        let Step::Key(key) = step else { return None };
        name.push('.');
        name.push_str(key);
    }
    Some(name)
}

/// The text of a literal string.
pub fn string(expr: &Expr) -> Option<String> {
    match expr {
        Expr::String { value, .. } | Expr::RawString { value, .. } => {
            value.as_string().ok().map(|text| text.as_ref().to_owned())
        }
        _ => None,
    }
}

/// The value of a literal whole number that fits.
pub fn integer(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Number { span, .. } => span.text().parse().ok(),
        _ => None,
    }
}

pub const fn is_scalar(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. }
    )
}

/// What stands inside an expression: a comprehension holds terms that its own body declares.
pub enum Inside<'a> {
    Expr(&'a Expr),
    Comprehension { terms: Vec<&'a Expr>, query: &'a Query },
}

/// What stands directly inside `expr`; the root of a reference is not, its indices are.
pub fn inside(expr: &Expr) -> Vec<Inside<'_>> {
    match expr {
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().map(|item| Inside::Expr(item)).collect()
        }
        Expr::Object { fields, .. } => {
            fields.iter().flat_map(|(_, key, value)| [Inside::Expr(key), Inside::Expr(value)]).collect()
        }
        Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
            vec![Inside::Comprehension { terms: vec![term], query }]
        }
        Expr::ObjectCompr { key, value, query, .. } => {
            vec![Inside::Comprehension { terms: vec![key, value], query }]
        }
        Expr::Call { params, .. } => params.iter().map(|param| Inside::Expr(param)).collect(),
        Expr::UnaryExpr { expr, .. } => vec![Inside::Expr(expr)],
        Expr::RefDot { refr, .. } => match path(expr) {
            Some(path) => indices(path),
            None => vec![Inside::Expr(refr)],
        },
        Expr::RefBrack { refr, index, .. } => match path(expr) {
            Some(path) => indices(path),
            None => vec![Inside::Expr(refr), Inside::Expr(index)],
        },
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => vec![Inside::Expr(lhs), Inside::Expr(rhs)],
        Expr::Membership { key, value, collection, .. } => {
            let key = key.iter().map(|key| Inside::Expr(key));
            key.chain([Inside::Expr(value), Inside::Expr(collection)]).collect()
        }
        _ => Vec::new(),
    }
}

fn indices(path: Path<'_>) -> Vec<Inside<'_>> {
    let terms = path.steps.into_iter().filter_map(|step| match step {
        Step::Term(expr) => Some(Inside::Expr(expr)),
        _ => None,
    });
    terms.collect()
}

/// A rule without its syntax: one definition of a name.
pub struct Head<'a> {
    /// The reference that the rule defines.
    pub refr: &'a Expr,
    pub kind: Kind<'a>,
    /// The value after `:=`; `None` is `true`.
    pub value: Option<&'a Expr>,
    pub bodies: &'a [RuleBody],
}

/// What a definition defines.
pub enum Kind<'a> {
    /// `default p := v`, or of a function with these parameters.
    Default(bool),
    /// `p := v`, also `p[k] := v`.
    Complete,
    /// `p contains v`.
    Set(Option<&'a Expr>),
    Function(Vec<&'a Expr>),
}

/// The head of a rule.
pub fn head(rule: &Rule) -> Head<'_> {
    match rule {
        Rule::Default { refr, args, value, .. } => {
            Head { refr, kind: Kind::Default(!args.is_empty()), value: Some(value), bodies: &[] }
        }
        Rule::Spec { head, bodies, .. } => match head {
            RuleHead::Compr { refr, assign, .. } => {
                Head { refr, kind: Kind::Complete, value: assign.as_ref().map(|a| a.value.as_ref()), bodies }
            }
            RuleHead::Set { refr, key, .. } => {
                Head { refr, kind: Kind::Set(key.as_deref()), value: None, bodies }
            }
            RuleHead::Func { refr, args, assign, .. } => Head {
                refr,
                kind: Kind::Function(args.iter().map(|arg| arg.as_ref()).collect()),
                value: assign.as_ref().map(|a| a.value.as_ref()),
                bodies,
            },
        },
    }
}

/// Whether the reference that a rule defines is a plain name.
pub const fn is_plain(refr: &Expr) -> bool {
    matches!(refr, Expr::Var { .. })
}

/// The names that a query declares for itself and what is inside it.
pub fn declared(query: &Query) -> Vec<&str> {
    let mut names = Vec::new();
    for statement in &query.stmts {
        match &statement.literal {
            Literal::SomeVars { vars, .. } => names.extend(vars.iter().map(Span::text)),
            Literal::SomeIn { key, value, .. } => {
                if let Some(key) = key {
                    variables(key, &mut names);
                }
                variables(value, &mut names);
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => {
                if let Expr::AssignExpr { op: regorus::unstable::AssignOp::ColEq, lhs, .. } = expr.as_ref() {
                    variables(lhs, &mut names);
                }
            }
            Literal::Every { .. } => {}
        }
    }
    names
}

/// The variables of a pattern.
pub fn variables<'a>(pattern: &'a Expr, names: &mut Vec<&'a str>) {
    match pattern {
        Expr::Var { span, .. } => names.push(span.text()),
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            for item in items {
                variables(item, names);
            }
        }
        Expr::Object { fields, .. } => {
            for (_, _, value) in fields {
                variables(value, names);
            }
        }
        _ => {}
    }
}
