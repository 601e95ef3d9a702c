//! A report is the same for any order of its inputs, adds up, and is safe and readable as a page.
#![expect(clippy::arithmetic_side_effects, clippy::string_slice, reason = "a test fails by panicking")]

use super::*;
use crate::{
    number::Exact,
    savings::{By, Draft, Entry, SavingsLedger},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "a|b",
    "\u{202e}evil",
    "\" onload=\"x",
    "x' style='x",
    "]]>&amp;",
    "line\nbreak",
    "שלום",
];

/// A portfolio of `n` items, some with proof, with hostile names among them.
fn story(n: usize) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let exact = |text: &str| Exact::parse(text).unwrap();
    for i in 0..n {
        let at = format!("2026-{:02}-{:02}T08:00:00.000000Z", 1 + i % 3, 1 + i % 28);
        let by = By { actor: "svc:detector", at: &at };
        let name = HOSTILE[i % HOSTILE.len()];
        let id = format!("item-{i:04}{}", if i < HOSTILE.len() { name } else { "" }).replace('\n', "");
        let mut add = |kind: &str, data: Value| {
            let seq = u64::try_from(entries.len()).unwrap();
            let draft = Draft { kind: format!("opportunity.{kind}"), data };
            entries.push(Entry::new(seq, &format!("e{seq}"), &by, draft));
        };
        let estimate = Exact::from_int(i64::try_from(i).unwrap() * 7 + 3).times(&exact("0.013"));
        let item = json!({
            "id": id, "type": (["idle_nodes", "orphan_volumes", "over_requested_cpu"][i % 3]),
            "resource": format!("r-{i}"), "team": if i % 4 == 0 { "" } else { name },
            "cluster": format!("{name}-{}", i % 70), "estimated_monthly_savings": estimate.to_string(),
        });
        add("detected", json!({"opportunity": item}));
        if i % 5 == 1 {
            add("approved", json!({"opportunity": id}));
            add("implemented", json!({"opportunity": id}));
            let (claimed, verdict) =
                if i % 10 == 1 { ("12.345", "verified") } else { ("-3.21", "regressed") };
            let row = json!({
                "resource": format!("r-{i}"), "method": "B", "effect": "eliminate", "period_start": "2026-01-06",
                "period_end": "2026-02-05", "currency": "USD", "price_basis": "effective",
                "adjusted_baseline": "100", "actual": exact("100").minus(&exact(claimed)).to_string(),
                "total": claimed, "claimed": claimed, "cash_reduction": claimed, "avoided_growth": "0",
            });
            add(verdict, json!({"opportunity": id, "verification": row}));
        }
    }
    entries
}

fn inputs() -> ReportInputs {
    ReportInputs::from_json(&json!({
        "origin": "org/finops", "root": "ab", "anchored_up_to": 3, "latest_billing_day": "2026-02-26",
        "forecast": {"part": "110", "whole": "100", "source": "forecast"},
        "figures": [{"name": "spend", "value": "1234.5", "unit": "USD", "source": "bill"}, {"name": "carbon", "reason": "no <data>"}],
    }))
    .unwrap()
}

fn report(n: usize) -> Report {
    let (ledger, refused) = SavingsLedger::replay(None, &story(n)).unwrap();
    assert!(refused.is_empty(), "{refused:?}");
    Report::build(&ledger, &inputs(), "2026-02").unwrap()
}

/// The elements of a page in order, with their attributes; fails when they do not nest.
fn elements(html: &str) -> Vec<(String, String)> {
    const VOID: &[&str] = &["!doctype", "meta"];
    let (mut all, mut open, mut rest) = (Vec::new(), Vec::new(), html);
    while let Some(start) = rest.find('<') {
        let end = rest[start..].find('>').unwrap() + start;
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "nesting");
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let empty = attributes.ends_with('/') || VOID.contains(&name);
        if !empty {
            open.push(name.to_owned());
        }
        all.push((name.to_owned(), attributes.to_owned()));
    }
    assert!(open.is_empty(), "{open:?}");
    all
}

#[test]
fn the_page_has_the_structure_that_wcag_asks_for() {
    let html = report(120).to_html();
    let elements = elements(&html);
    let count = |name: &str| elements.iter().filter(|(n, _)| n == name).count();
    assert_eq!((count("h1"), count("main"), count("title") - count("svg")), (1, 1, 1));
    assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"));
    assert!(html.contains("<a class=\"skip\" href=\"#main\">") && html.contains("id=\"main\""));
    let mut level = 0;
    for (name, _) in &elements {
        if let Some(next) = name.strip_prefix('h').and_then(|n| n.parse::<u32>().ok()) {
            assert!(next <= level + 1, "heading {next} after {level}");
            level = next;
        }
    }
    assert!(count("table") > 5);
    assert_eq!(count("table"), count("caption"));
    assert!(elements.iter().filter(|(n, _)| n == "th").all(|(_, a)| a.contains("scope=")));
    // Landmarks of one name cannot be told apart by who hears them: sections are named by their headings, tables by labels.
    let labels = html.split(" aria-label=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let headings = html.split("<h2 id=\"").skip(1).filter_map(|rest| rest.split(['>', '<']).nth(1));
    let mut names: Vec<&str> = labels.chain(headings).collect();
    names.sort_unstable();
    assert!(names.len() > 15 && names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    let charts: Vec<_> = elements.iter().filter(|(n, _)| n == "svg").collect();
    assert!(charts.len() >= 4);
    assert!(charts.iter().all(|(_, a)| a.contains("role=\"img\"") && a.contains("aria-labelledby=")));
    assert_eq!((count("desc"), charts.len()), (charts.len(), count("figure")));
    let ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let unique: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "ids are unique");
    for target in html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(unique.contains(target), "{target}");
    }
}

#[test]
fn the_page_runs_nothing_and_loads_nothing() {
    let html = report(120).to_html();
    let elements = elements(&html);
    for (name, attributes) in &elements {
        assert!(!["script", "link", "iframe", "img", "object", "form"].contains(&name.as_str()), "{name}");
        assert!(!attributes.contains(" style=") && !attributes.contains(" on"), "{name} {attributes}");
        assert!(!attributes.contains("src=") || name == "meta");
    }
    assert!(!html.contains("http:") && !html.contains("https:") && !html.contains("url("));
    let style = html.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).unwrap().0;
    let hash = crate::event::base64::encode(&Sha256::digest(style));
    let policy = format!("content=\"default-src 'none'; style-src 'sha256-{hash}'; img-src data:\"");
    assert_eq!(html.matches(&policy).count(), 1);
}

#[test]
fn hostile_names_are_inert() {
    let report = report(40);
    let (html, markdown) = (report.to_html(), report.to_markdown());
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!html.contains("<script") && !html.contains("\" onload"));
    assert!(html.contains("<bdi>\u{202e}evil"));
    assert!(markdown.contains("a\\|b") && markdown.contains("\\<script\\>"));
    let mut columns = None;
    for line in markdown.lines() {
        let bars = line.replace("\\|", "").matches('|').count();
        match columns {
            Some(expected) if bars > 0 => assert_eq!(bars, expected, "{line}"),
            _ => {}
        }
        columns = (bars > 0).then_some(bars);
    }
}

#[test]
fn a_thousand_findings_make_a_small_page() {
    let html = report(1000).to_html();
    assert!(html.len() <= 150_000, "{}", html.len());
    assert!(html.contains("other ("), "clusters beyond 50 are one row");
}

/// Relative luminance and contrast as in WCAG 2.2.
fn contrast(a: &str, b: &str) -> f64 {
    let luminance = |hex: &str| {
        let channel = |i: usize| {
            let c = f64::from(u8::from_str_radix(&hex[i..i + 2], 16).unwrap()) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_and_bars_stand_out_in_light_and_dark() {
    let css = include_str!("report.css");
    let themes: Vec<&str> = css.split("--page:").skip(1).collect();
    assert_eq!(themes.len(), 2);
    for theme in themes {
        let theme = format!("--page:{}", theme.split('}').next().unwrap());
        let colour = |name: &str| {
            let value = theme.split_once(&format!("--{name}: ")).unwrap().1;
            value[..7].to_owned()
        };
        for ground in ["page", "panel"] {
            for ink in ["text", "quiet", "link"] {
                assert!(contrast(&colour(ink), &colour(ground)) >= 4.5, "{ink} on {ground}");
            }
        }
        assert!(contrast(&colour("bar"), &colour("page")) >= 3.0);
    }
}

#[test]
fn the_json_is_canonical_and_its_digest_is_recorded() {
    let report = report(60);
    let json = report.to_json().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), report.to_value());
    let issued = report.issued().unwrap();
    let digest = crate::event::hex::encode(&Sha256::digest(&json));
    assert_eq!(issued.data["sha256"], Value::from(digest));
    assert_eq!((issued.kind.as_str(), &issued.data["kind"]), ("report.issued", &json!("monthly")));
    assert_eq!(
        report.to_value()["kpis"]["allocation"],
        json!({"value": null, "reason": "not given", "source": ""})
    );
    assert_eq!(report.to_value()["kpis"]["forecast_variance"]["value"], json!("0.1"));
    let codes: Vec<&str> = report.recommendations.iter().map(|r| r.code).collect();
    assert!(codes.ends_with(&["anchor_log", "billing_late"]), "{codes:?}");
}

#[test]
fn an_empty_ledger_says_unknown_with_its_reason() {
    let report = Report::build(&SavingsLedger::new(None), &ReportInputs::default(), "2026-W12").unwrap();
    let html = report.to_html();
    elements(&html);
    assert!(html.contains("<em>unknown</em> (no verified item has an estimate)"));
    assert!(report.to_markdown().contains("unknown (no items yet)"));
    assert!(report.recommendations.is_empty());
}

#[test]
fn another_currency_that_counts_nothing_does_not_spoil_the_report() {
    let mut entries = story(3);
    let by = By { actor: "svc:detector", at: "2026-01-01T08:00:00.000000Z" };
    let item = json!({"id": "eur", "type": "idle_nodes", "status": "rejected", "currency": "EUR", "resource": "e",
        "estimated_monthly_savings": "5"});
    let draft = SavingsLedger::new(None).add_opportunity(&item, &by).unwrap();
    entries.push(Entry::new(99, "eur", &by, draft));
    let (ledger, _) = SavingsLedger::replay(None, &entries).unwrap();
    let report = Report::build(&ledger, &ReportInputs::default(), "2026-02").unwrap();
    assert_eq!(report.currency.as_deref(), Some("USD"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn breakdowns_equal_totals_in_any_order(n in 0_usize..60, seed in any::<u64>(), week in 1_u32..14) {
        let mut entries = story(n);
        let label = format!("2026-W{week:02}");
        let build = |entries: &[Entry]| {
            let (ledger, _) = SavingsLedger::replay(None, entries).unwrap();
            Report::build(&ledger, &inputs(), &label).unwrap()
        };
        let report = build(&entries);
        for groups in [&report.by_team, &report.by_type, &report.by_cluster] {
            let sum = |of: fn(&Group) -> &Exact| groups.iter().map(of).sum::<Exact>();
            prop_assert_eq!(sum(|g| &g.estimated_monthly), report.totals.estimated_monthly.clone());
            prop_assert_eq!(sum(|g| &g.booked.realized), report.totals.booked.realized.clone());
            prop_assert_eq!(sum(|g| &g.booked.cash_reduction), report.totals.booked.cash_reduction.clone());
            prop_assert_eq!(sum(|g| &g.booked.avoided_growth), report.totals.booked.avoided_growth.clone());
        }
        entries.sort_by_key(|entry| entry.seq.wrapping_mul(seed | 1).rotate_left(23));
        let again = build(&entries);
        prop_assert_eq!(again.to_json().unwrap(), report.to_json().unwrap());
        prop_assert_eq!(again.to_html(), report.to_html());
        prop_assert_eq!(again.to_markdown(), report.to_markdown());
    }
}
