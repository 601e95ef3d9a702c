//! Who uses what: traversals that start with two given names.

use hcl_edit::{
    expr::{Expression, TraversalOperator},
    structure::{Block, Body},
    visit::{self, Visit},
};

struct Counter<'a> {
    root: &'a str,
    name: &'a str,
    count: usize,
}

impl Visit for Counter<'_> {
    fn visit_expr(&mut self, expression: &Expression) {
        if let Expression::Traversal(traversal) = expression
            && traversal.expr.as_variable().is_some_and(|root| root.as_str() == self.root)
            && let Some(TraversalOperator::GetAttr(name)) =
                traversal.operators.first().map(|first| first.value())
            && name.as_str() == self.name
        {
            self.count = self.count.saturating_add(1);
        }
        visit::visit_expr(self, expression);
    }
}

/// How often `root.name` is used in a body, templates included.
pub(super) fn count(body: &Body, root: &str, name: &str) -> usize {
    let mut counter = Counter { root, name, count: 0 };
    counter.visit_body(body);
    counter.count
}

/// How often `root.name` is used in a block.
pub(super) fn count_in(block: &Block, root: &str, name: &str) -> usize {
    let mut counter = Counter { root, name, count: 0 };
    counter.visit_block(block);
    counter.count
}
