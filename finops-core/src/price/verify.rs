use super::{
    Catalogue,
    compile::document::{Document, Line, Price, When},
    diff::{ChangeKind, diff},
};
use std::collections::{BTreeMap, BTreeSet};

/// Decimals of USD per million tokens, and per use, that whole picodollars hold.
const MTOK_DECIMALS: usize = 6;
const USE_DECIMALS: usize = 12;

/// Something wrong with a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Finding {
    /// The line, from 1; 0 when no single line is at fault.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

/// Checks a catalogue text: the schema of every line, order, exactness, overlaps, gaps, the sources and licences of
/// rows, and, against `history`, that no row of the past was changed or lost.
///
/// ```
/// use finops_core::price::verify;
/// assert_eq!(verify("{}\n", None).first().map(|finding| finding.line), Some(1));
/// ```
#[must_use]
pub fn verify(text: &str, history: Option<&Catalogue>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut document = Document::default();
    if !text.is_empty() && !text.ends_with('\n') {
        report(&mut findings, text.lines().count(), "no line feed at the end");
    }
    let mut previous = "";
    for (index, line) in text.split_terminator('\n').enumerate() {
        let number = index.saturating_add(1);
        if line < previous {
            report(&mut findings, number, "out of order: lines are sorted");
        }
        previous = line;
        match Document::parse(line) {
            Err(problem) => report(&mut findings, number, problem.text),
            Ok(parsed) => {
                let canonical = parsed.text();
                if canonical.trim_end() != line {
                    report(
                        &mut findings,
                        number,
                        "not in the canonical form: keys sorted, no spaces, no empty options",
                    );
                }
                if let Some(parsed) = parsed.first() {
                    document.push(number, parsed);
                }
            }
        }
    }
    rates(&document, &mut findings);
    intervals(&document, &mut findings);
    provenance(&document, &mut findings);
    coverage(&document, &mut findings);
    match Catalogue::from_jsonl(text) {
        Ok(new) => history.into_iter().for_each(|old| unchanged(old, &new, &mut findings)),
        Err(super::PriceError::InvalidCatalogue { line, problem }) => report(&mut findings, line, problem),
        Err(other) => report(&mut findings, 0, other.to_string()),
    }
    findings.sort();
    findings.dedup();
    findings
}

fn report(findings: &mut Vec<Finding>, line: usize, problem: impl Into<String>) {
    findings.push(Finding { line, problem: problem.into() });
}

/// Rates are whole picodollars.
fn rates(document: &Document, findings: &mut Vec<Finding>) {
    for (line, price) in &document.prices {
        for (rates, decimals) in [(&price.usd_per_mtok, MTOK_DECIMALS), (&price.usd_per_use, USE_DECIMALS)] {
            for (column, usd) in rates {
                if usd.split_once('.').is_some_and(|(_, fraction)| fraction.len() > decimals) {
                    report(findings, *line, format!("rate `{usd}` of `{column}` is not whole picodollars"));
                }
            }
        }
    }
}

/// One condition has one price at a time. The standard price has no holes; a tier or a threshold may be suspended.
fn intervals(document: &Document, findings: &mut Vec<Finding>) {
    let mut by_condition: BTreeMap<_, Vec<&(usize, Price)>> = BTreeMap::new();
    for entry in &document.prices {
        let (_, price) = entry;
        by_condition.entry((&price.provider, &price.model, &price.when, price.over)).or_default().push(entry);
    }
    for rows in by_condition.values_mut() {
        rows.sort_by(|(_, a), (_, b)| a.from.cmp(&b.from));
        for pair in rows.array_windows::<2>() {
            let [(_, earlier), (line, later)] = pair;
            let from = later.from.as_deref().unwrap_or("");
            match earlier.to.as_deref() {
                None => report(findings, *line, overlap(earlier)),
                Some(to) if to > from => report(findings, *line, overlap(earlier)),
                Some(to) if to < from && earlier.over.is_none() && earlier.when == When::default() => {
                    report(findings, *line, format!("a gap: no price from {to} to {from}"));
                }
                Some(_) => {}
            }
        }
    }
}

fn overlap(earlier: &Price) -> String {
    let from = earlier.from.as_deref().unwrap_or("the beginning");
    format!("overlaps the price of the same condition from {from}")
}

/// Every row cites sources that are listed with a licence.
fn provenance(document: &Document, findings: &mut Vec<Finding>) {
    let known: BTreeSet<&str> = document.sources.iter().map(|(_, source)| source.id.as_str()).collect();
    for (line, source) in &document.sources {
        for (key, value) in [("url", &source.url), ("origin", &source.origin), ("licence", &source.licence)] {
            if value.trim().is_empty() {
                report(findings, *line, format!("source `{}` has no {key}", source.id));
            }
        }
    }
    for (line, price) in &document.prices {
        if price.src.is_empty() {
            report(findings, *line, "a price without a source");
        }
        for id in price.src.iter().filter(|id| !known.contains(id.as_str())) {
            report(findings, *line, format!("no source `{id}` in the catalogue"));
        }
    }
}

/// Every offering has a price, and every period a schedule.
fn coverage(document: &Document, findings: &mut Vec<Finding>) {
    let priced: BTreeSet<(&str, &str)> =
        document.prices.iter().map(|(_, price)| (price.provider.as_str(), price.model.as_str())).collect();
    for (line, offering) in &document.offerings {
        if !priced.contains(&(offering.provider.as_str(), offering.model.as_str())) {
            report(findings, *line, format!("`{}` of `{}` has no price", offering.model, offering.provider));
        }
    }
    for (line, price) in &document.prices {
        let Some(period) = &price.when.period else { continue };
        let scheduled = document.schedules.iter().any(|(_, schedule)| {
            schedule.provider == price.provider
                && schedule.models.contains(&price.model)
                && schedule.period == *period
        });
        if !scheduled {
            report(findings, *line, format!("no schedule says when `{period}` is"));
        }
    }
}

/// Rows may be added and closed; what was published stays.
fn unchanged(old: &Catalogue, new: &Catalogue, findings: &mut Vec<Finding>) {
    for change in diff(old, new) {
        if matches!(change.kind, ChangeKind::Changed | ChangeKind::Removed) {
            let row = change.old.map(|row| Line::Price(row.price).text()).unwrap_or_default();
            report(findings, 0, format!("the past was {}: {row}", change.kind.name()));
        }
    }
}
