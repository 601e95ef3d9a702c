//! The body of a pull request: what is proposed, on what evidence, at what risk, and how to take it back.

use super::{ChangeProposal, FileChange, Request, Status};
use crate::{
    json::Json,
    waste::{Assessment, Fact, Value, wire},
};
use std::fmt::Write;

/// Characters of untrusted text that are shown.
const TEXT_MAX: usize = 200;

/// Text that Markdown shows as it is: no code, table, tag, mention or second line can come of it.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, c) in text.chars().enumerate() {
        if index == TEXT_MAX {
            out.push('…');
            break;
        }
        match c {
            '`' | '|' | '<' | '>' | '*' | '_' | '[' | ']' | '#' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            // A zero-width space keeps a name from being a mention.
            '@' => out.push_str("@\u{200b}"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn shown(value: &Value) -> String {
    match wire::value(value) {
        Json::Null => "not known".to_owned(),
        Json::String(text) => escaped(&text),
        other => escaped(&other.to_text()),
    }
}

/// Whether a state says that a limit goes.
fn is_removed(name: &str, after: &Value) -> bool {
    name.contains("limit")
        && match after {
            Value::Map(limits) => limits.iter().all(|(_, limit)| *limit == Value::Unknown),
            other => *other == Value::Unknown,
        }
}

fn list(facts: &[Fact]) -> String {
    let items: Vec<String> =
        facts.iter().map(|(name, value)| format!("{} {}", escaped(name), shown(value))).collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

/// A section of the body. Writing to text cannot fail.
macro_rules! line {
    ($out:expr, $($arg:tt)*) => {{ let _infallible = writeln!($out, $($arg)*); }};
}

/// The body of a proposal.
pub(super) fn write(request: &Request<'_>, proposal: &ChangeProposal, notes: &[String]) -> String {
    let mut out = String::new();
    let leading = request.parts.first().map(|part| part.assessment);
    line!(out, "## Cost Optimization Opportunity\n");
    for part in request.parts {
        line!(out, "- **Type**: {}", part.assessment.opportunity);
    }
    if let Some(assessment) = leading {
        line!(out, "- **Workload**: {}", escaped(assessment.subject.name()));
        line!(
            out,
            "- **Namespace**: {}",
            assessment.subject.namespace().map_or_else(|| "none".to_owned(), escaped)
        );
    }
    line!(out, "- **Cluster**: {}", escaped(request.cluster));
    impact(&mut out, request);
    changes(&mut out, request, proposal, notes);
    line!(out, "\n## Evidence\n");
    for part in request.parts {
        evidence(&mut out, part.assessment);
    }
    risk(&mut out, request, proposal);
    verify(&mut out, request);
    line!(out, "\n## Roll back\n");
    roll_back(&mut out, &proposal.files);
    line!(out, "\n## Assumptions\n");
    assumptions(&mut out, request);
    line!(out, "\n---\n");
    for part in request.parts {
        let estimate = part.assessment.estimate.as_ref();
        let source = estimate.and_then(|estimate| estimate.price_source.as_deref()).unwrap_or("no price");
        let date = estimate.and_then(|estimate| estimate.price_date.as_deref()).unwrap_or("without a date");
        line!(
            out,
            "Finding {} · fingerprint {} · price: {}, {}",
            part.finding_id,
            part.fingerprint,
            escaped(source),
            escaped(date)
        );
    }
    out
}

fn impact(out: &mut String, request: &Request<'_>) {
    line!(out, "\n## Impact\n");
    line!(out, "| finding | saving a month at list price | can be had | confidence | risk |");
    line!(out, "|---|---:|---:|---:|---:|");
    for part in request.parts {
        let assessment = part.assessment;
        let estimate = assessment.estimate.as_ref();
        let amount = |amount: Option<crate::waste::Amount>, reason: Option<crate::waste::Reason>| match amount
        {
            Some(amount) => format!("${}", amount.cents()),
            None => format!("not known ({})", reason.map_or("not computed", |reason| reason.code())),
        };
        let gross = amount(assessment.gross(), estimate.and_then(|estimate| estimate.gross_reason));
        let realizable = amount(
            estimate.and_then(|estimate| estimate.realizable_monthly),
            estimate.and_then(|estimate| estimate.realizable_reason),
        );
        let confidence = assessment.confidence.as_ref().map_or_else(|| "not known".to_owned(), |c| c.text());
        let risk = assessment.risk.as_ref().map_or_else(|| "not known".to_owned(), |r| r.text());
        line!(out, "| {} | {gross} | {realizable} | {confidence} | {risk} |", assessment.detector);
    }
}

fn changes(out: &mut String, request: &Request<'_>, proposal: &ChangeProposal, notes: &[String]) {
    line!(out, "\n## Changes\n");
    line!(out, "| setting | before | after |");
    line!(out, "|---|---|---|");
    for part in request.parts {
        let assessment = part.assessment;
        for (name, after) in assessment.after.iter() {
            let before = assessment.before.iter().find(|(known, _)| known == name);
            let before = before.map_or_else(|| "not set".to_owned(), |(_, value)| shown(value));
            let after = if is_removed(name, after) { "none".to_owned() } else { shown(after) };
            line!(out, "| {} | {before} | {after} |", escaped(name));
        }
    }
    line!(out, "");
    for file in &proposal.files {
        line!(out, "- {} {}", file.action.code(), escaped(&file.path));
    }
    for note in notes {
        line!(out, "- {}", escaped_note(note));
    }
    if let (Some(reason), true) = (&proposal.reason, proposal.status != Status::Ready) {
        line!(
            out,
            "- This is a {}: {} ({}).",
            proposal.status.code(),
            escaped(reason.problem()),
            reason.code()
        );
    }
}

/// Our own sentences keep their code marks; names in them were escaped where they were put in.
fn escaped_note(note: &str) -> String {
    note.replace(['\n', '\r', '|', '<', '>'], " ")
}

fn evidence(out: &mut String, assessment: &Assessment) {
    let evidence = &assessment.evidence;
    let window =
        evidence.window().map_or_else(|| "not stated".to_owned(), |(start, end)| format!("{start} to {end}"));
    let count = |value: Option<u64>| value.map_or_else(|| "not known".to_owned(), |count| count.to_string());
    line!(out, "**{}**", assessment.detector);
    line!(out, "- window: {window}");
    line!(
        out,
        "- samples: {} (asked for: {})",
        count(evidence.samples()),
        count(evidence.required_samples())
    );
    line!(out, "- observed: {}", list(&evidence.measured()));
    line!(out, "- thresholds: {}", list(evidence.thresholds()));
    if let Some((folds, misses)) = assessment.confidence.as_ref().and_then(|confidence| confidence.backtest) {
        line!(out, "- back-test: {folds} folds, {misses} missed");
    }
    if !evidence.more().is_empty() {
        line!(out, "- more: {}", list(evidence.more()));
    }
}

fn risk(out: &mut String, request: &Request<'_>, proposal: &ChangeProposal) {
    line!(out, "\n## Risk\n");
    for part in request.parts {
        let Some(risk) = &part.assessment.risk else { continue };
        let factors: Vec<&str> = risk.factors.iter().map(|factor| factor.text()).collect();
        let unknown: Vec<&str> = risk.not_known.iter().map(|factor| factor.text()).collect();
        let or_none = |items: &[&str]| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
        line!(out, "- {}: {} (base and: {})", part.assessment.detector, risk.text(), or_none(&factors));
        line!(out, "- not known: {}", or_none(&unknown));
    }
    let radius = &proposal.guardrail_input.blast_radius;
    let count = |value: Option<u64>| value.map_or_else(|| "not known".to_owned(), |count| count.to_string());
    line!(
        out,
        "- touches: {} namespaces, {} workloads, {} pods, {} nodes",
        count(radius.namespaces),
        count(radius.workloads),
        count(radius.pods),
        count(radius.nodes)
    );
    let words = [
        ("restarts pods", proposal.guardrail_input.restarts_pods()),
        ("deletes data", proposal.guardrail_input.deletes_data()),
        ("can be undone", proposal.guardrail_input.reversible()),
    ];
    for (what, holds) in words {
        line!(out, "- {what}: {}", if holds { "yes" } else { "no" });
    }
}

fn verify(out: &mut String, request: &Request<'_>) {
    line!(out, "\n## Verify\n");
    for part in request.parts {
        line!(out, "- {}", verification(part.assessment));
    }
}

/// A name as it may stand in a query and in a code span: what Kubernetes and AWS allow in names.
fn label(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
        .take(TEXT_MAX)
        .collect()
}

/// What to look at after the change, and what it should show.
pub(super) fn verification(assessment: &Assessment) -> String {
    use crate::waste::ChangeKind as Kind;
    let name = label(assessment.subject.name());
    let namespace = assessment.subject.namespace().map_or_else(|| "default".to_owned(), label);
    match assessment.proposal {
        Some(Kind::CpuRightsize) => format!(
            "`max(rate(container_cpu_usage_seconds_total{{namespace=\"{namespace}\",pod=~\"{name}-.*\"}}[5m]))` stays below the new request, and the throttled share does not grow"
        ),
        Some(Kind::MemoryRightsize) => format!(
            "`max(container_memory_working_set_bytes{{namespace=\"{namespace}\",pod=~\"{name}-.*\"}})` stays below the new request, and no container is OOMKilled"
        ),
        Some(Kind::NodeConsolidation | Kind::KarpenterConsolidation) => {
            "`count(kube_node_info)` falls to the new number, and no pod stays Pending".to_owned()
        }
        Some(Kind::VolumeCleanup) => {
            format!("the volume {name} is gone from the bill, and its snapshot is complete")
        }
        Some(Kind::AutoscalingFix) => format!(
            "`kube_horizontalpodautoscaler_status_current_replicas{{namespace=\"{namespace}\"}}` falls at quiet times, and latency does not grow"
        ),
        Some(Kind::ResourceCleanup) | None => format!("nothing asks for {name} for seven days"),
    }
}

fn roll_back(out: &mut String, files: &[FileChange]) {
    if files.is_empty() {
        line!(out, "No file is changed.");
        return;
    }
    line!(out, "Revert the commit, or apply:\n");
    for file in files {
        // A fence longer than any run of backticks in the diff.
        let longest = file.reverse.split(|c| c != '`').map(str::len).max().unwrap_or_default();
        let fence = "`".repeat(longest.saturating_add(1).max(3));
        line!(out, "{fence}diff\n{}{fence}", with_line_end(&file.reverse));
    }
}

fn with_line_end(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

fn assumptions(out: &mut String, request: &Request<'_>) {
    let mut all: Vec<&str> = Vec::new();
    for part in request.parts {
        all.extend(part.assessment.estimate.iter().flat_map(|estimate| estimate.assumptions.iter().copied()));
    }
    all.sort_unstable();
    all.dedup();
    if all.is_empty() {
        line!(out, "- none");
    }
    for assumption in all {
        line!(out, "- {}", assumption.replace('_', " "));
    }
    line!(out, "- a month has 730 hours");
}
