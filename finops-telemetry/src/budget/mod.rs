//! Budgets: reserve, settle, release; never overshoots.
