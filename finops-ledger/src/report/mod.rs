//! Weekly and monthly reports: one model; JSON, Markdown and a single HTML file from it.

mod advice;
mod document;
mod html;
mod inputs;
mod json;
mod kpi;
mod markdown;
mod model;
mod period;
mod svg;

pub use advice::Recommendation;
pub use html::escape_html;
pub use inputs::{CostRow, Figure, Pair, ReportInputs};
pub use kpi::{Kpi, effective_savings_rate, ratio};
pub use markdown::escape_markdown;
pub use model::{Amounts, Group, Regression, Report, Top, Totals};
pub use period::{Cadence, Period};
pub use svg::{SCALE, bar_lengths};

pub(crate) use inputs::cost_rows;

/// A report that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A label that names no week or month.
    #[error("`{label}` is no period; write a week such as `2026-W12` or a month such as `2026-03`")]
    Period {
        /// The label.
        label: String,
    },
}

impl ReportError {
    /// `ledger.report.period`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "ledger.report.period"
    }

    /// The argument at fault.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        "/label"
    }
}

#[cfg(test)]
mod tests;
