//! How much stack the interpreter takes for a rule: it recurses into every expression, query and loop and has no limit of
//! its own. The virtual machine takes less.
//!
//! The figures are upper bounds of what was measured in chains of 20 and 60 rules with regorus 0.14.1 in the test profile
//! (measured value in brackets); `set::stack_tests` holds them against a thread of 512 KiB.

use super::syntax::{Head, Inside, Kind, Step, call_name, inside, path};
use regorus::unstable::{Expr, Literal, Query};

pub const KIB: usize = 1_024;
/// What a chain of rules may take of the 512 KiB that a decision is promised to fit: 24 KiB are what the engine takes
/// before the first rule (measured), as many are for nested values.
pub const MAX: usize = 464 * KIB;
/// A rule of one expression without its query (4.1 KiB with it).
const RULE: usize = 3_584;
/// One level of an expression (0.7 KiB).
const LEVEL: usize = 768;
/// A call (1.85 KiB).
const CALL: usize = 2_304;
/// The statements of a body.
const QUERY: usize = 512;
/// A comprehension besides its level and its query (2.2 KiB with them).
const COMPREHENSION: usize = 1_280;
/// `every` besides its query (1.75 KiB with it).
const EVERY: usize = 1_536;
/// A statement that loops: what follows it runs inside (1.44 KiB).
const LOOP: usize = 1_792;

/// The bytes of stack below one definition, without the rules that it reads.
pub fn of(head: &Head<'_>) -> usize {
    let key = match &head.kind {
        Kind::Set(key) => *key,
        _ => None,
    };
    let terms = || key.into_iter().chain(head.value);
    let bodies = head.bodies.iter().map(|body| {
        let value = body.assign.as_ref().map(|assign| assign.value.as_ref());
        of_query(&body.query, terms().chain(value))
    });
    bodies.chain(terms().map(of_expr)).max().unwrap_or_default().saturating_add(RULE)
}

fn of_expr(expr: &Expr) -> usize {
    let own = if matches!(expr, Expr::Call { .. }) { CALL } else { LEVEL };
    let parts = inside(expr).into_iter().map(|part| match part {
        Inside::Expr(inner) => of_expr(inner),
        Inside::Comprehension { terms, query } => of_query(query, terms).saturating_add(COMPREHENSION),
    });
    parts.max().unwrap_or_default().saturating_add(own)
}

/// A query, and what is evaluated when all its statements hold.
fn of_query<'a>(query: &'a Query, terms: impl IntoIterator<Item = &'a Expr>) -> usize {
    let mut around: usize = 0;
    let mut most: usize = 0;
    for statement in &query.stmts {
        let (own, loops) = match &statement.literal {
            Literal::SomeVars { .. } => (0, 0),
            Literal::SomeIn { collection, .. } => (of_expr(collection), loops(collection).saturating_add(1)),
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => (of_expr(expr), loops(expr)),
            Literal::Every { domain, query, .. } => {
                (of_expr(domain).max(of_query(query, []).saturating_add(EVERY)), loops(domain))
            }
        };
        let replaced = statement.with_mods.iter().map(|modifier| of_expr(&modifier.r#as)).max();
        around = around.saturating_add(loops.saturating_mul(LOOP));
        most = most.max(around.saturating_add(own.max(replaced.unwrap_or_default())));
    }
    let terms = terms.into_iter().map(|term| loops(term).saturating_mul(LOOP).saturating_add(of_expr(term)));
    most.max(around.saturating_add(terms.max().unwrap_or_default())).saturating_add(QUERY)
}

/// How many loops an expression may open: an index that is no literal may run over all of them, and so does `walk`.
fn loops(expr: &Expr) -> usize {
    let own = match expr {
        Expr::Call { fcn, .. } => usize::from(call_name(fcn).as_deref() == Some("walk")),
        Expr::RefDot { .. } | Expr::RefBrack { .. } => path(expr)
            .map_or(1, |path| path.steps.iter().filter(|step| matches!(step, Step::Term(_))).count()),
        _ => 0,
    };
    let inner = inside(expr).into_iter().map(|part| match part {
        Inside::Expr(inner) => loops(inner),
        Inside::Comprehension { .. } => 0,
    });
    inner.fold(own, usize::saturating_add)
}
