//! Bar charts as inline SVG: lengths are whole units, so the same numbers draw the same picture everywhere.

use super::{document::Chart, html::escape_html};
use crate::number::Exact;
use std::fmt::Write;

/// Units of the largest bar.
pub const SCALE: i64 = 480;

/// Units for the labels left of the bars.
const LABELS: i64 = 240;
/// Units for the values right of the bars.
const VALUES: i64 = 120;
/// Units of a row.
const ROW: i64 = 26;
/// Characters of a label; the table has it whole.
const LABEL_CHARS: usize = 26;

/// Signed lengths of bars in whole units of a 480-unit scale of the largest magnitude: half-even, at least 1 unless 0;
/// unknown has no bar.
///
/// ```
/// use finops_ledger::{number::Exact, report::bar_lengths};
/// let values = ["100", "-25", "0.1"].map(Exact::parse);
/// assert_eq!(bar_lengths(&values), [Some(480), Some(-120), Some(1)]);
/// ```
#[must_use]
pub fn bar_lengths(values: &[Option<Exact>]) -> Vec<Option<i64>> {
    let largest = values.iter().flatten().map(Exact::abs).max().unwrap_or_default();
    let length = |value: &Exact| -> i64 {
        let whole = value.abs().times(&Exact::from_int(SCALE)).over(&largest).map(|l| l.round(0));
        // Never above 480: the largest magnitude is the scale.
        let units: i64 = whole.and_then(|l| l.to_string().parse().ok()).unwrap_or(0);
        let units = if value.is_zero() { 0 } else { units.max(1) };
        if value.is_negative() { units.saturating_neg() } else { units }
    };
    values.iter().map(|value| value.as_ref().map(length)).collect()
}

fn shortened(label: &str) -> String {
    if label.chars().count() <= LABEL_CHARS {
        return label.to_owned();
    }
    label.chars().take(LABEL_CHARS).chain(std::iter::once('…')).collect()
}

/// The chart as an `svg` element; `id` is unique in the page.
#[expect(clippy::arithmetic_side_effects, reason = "lengths are at most 480 and rows at most 50")]
pub(super) fn svg(chart: &Chart, id: &str) -> String {
    let values: Vec<Option<Exact>> = chart.bars.iter().map(|(_, value, _)| value.clone()).collect();
    let lengths = bar_lengths(&values);
    let left = -lengths.iter().flatten().copied().min().unwrap_or(0).min(0);
    let right = lengths.iter().flatten().copied().max().unwrap_or(0).max(0);
    let zero = LABELS + left;
    let (width, mut y) = (zero + right + VALUES, 4_i64);
    let height = i64::try_from(chart.bars.len()).unwrap_or(0) * ROW + 8;
    let mut out = format!(
        "<svg role=\"img\" aria-labelledby=\"{id}-t {id}-d\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-size=\"13\" fill=\"currentColor\" stroke=\"none\">\
         <title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>",
        escape_html(&chart.title),
        escape_html(&chart.description)
    );
    for ((label, _, shown), length) in chart.bars.iter().zip(lengths) {
        let (text, middle) = (escape_html(&shortened(label)), y + 17);
        // Writing to a String cannot fail.
        let _ = write!(out, "<text text-anchor=\"end\" x=\"{}\" y=\"{middle}\">{text}</text>", LABELS - 10);
        let end = match length {
            None | Some(0) => zero,
            Some(length) => {
                let (x, size) = (zero + length.min(0), length.abs());
                let _ =
                    write!(out, "<rect x=\"{x}\" y=\"{}\" width=\"{size}\" height=\"14\" rx=\"2\"/>", y + 5);
                zero + length.max(0)
            }
        };
        let shown = if length.is_none() { "unknown" } else { shown.as_str() };
        let _ = write!(out, "<text x=\"{}\" y=\"{middle}\">{}</text>", end + 6, escape_html(shown));
        y += ROW;
    }
    let _ = write!(
        out,
        "<line x1=\"{zero}\" y1=\"2\" x2=\"{zero}\" y2=\"{}\" stroke=\"currentColor\"/></svg>",
        height - 2
    );
    out
}
