//! A draft into canonical form, in place: trimmed, folded, cleaned, redacted, cut and checked.

mod scope;
mod tree;

pub(super) use tree::{DEPTH_MAX, depth, push_members, push_tree, read_code};

use super::{
    canonical::{clean, cut, has_control, trim},
    declared::{issue_key_names, renamed},
    map::Map,
    money::Attos,
    parts::{Lifecycle, LifecycleStatus, Link, Reason, Share, Status},
    problem::{Notes, count},
    record::FindingDraft,
    redact::{redact_entry, redact_in_place},
};
use crate::{json::pointer_of, money::Currency};
use std::borrow::Cow;

type Path = Cow<'static, str>;

const HELP_TEXT: &str = "leave out control characters";
const HELP_SHORT: &str = "shorten it";
const HELP_NEEDED: &str = "give it";
const HELP_FEWER: &str = "give fewer";

impl Notes {
    /// An id or a word: trimmed; control characters and over-long texts are refused. Whether it stands.
    fn id(&mut self, text: &mut String, path: impl Into<Path>, limit: usize) -> bool {
        let path = path.into();
        trim(text);
        if has_control(text) {
            self.problem("finding.bad_text", path, text, HELP_TEXT);
        } else if text.len() > limit {
            self.problem("finding.too_long", path, text, HELP_SHORT);
        } else {
            return true;
        }
        false
    }

    /// The same for what may be absent: an empty text is absent.
    fn optional_id(&mut self, text: &mut Option<String>, path: impl Into<Path>, limit: usize) {
        if let Some(inner) = text {
            self.id(inner, path, limit);
        }
        text.take_if(|inner| inner.is_empty());
    }

    /// The same for a word without capitals.
    fn word(&mut self, text: &mut Option<String>, path: impl Into<Path>, limit: usize) {
        self.optional_id(text, path, limit);
        if let Some(inner) = text {
            inner.make_ascii_lowercase();
        }
    }

    /// The same for what must be there.
    fn required(&mut self, text: &mut String, path: impl Into<Path>, limit: usize) -> bool {
        let path = path.into();
        if !self.id(text, path.clone(), limit) {
            return false;
        }
        if text.is_empty() {
            self.problem("finding.missing_field", path, "", HELP_NEEDED);
        }
        !text.is_empty()
    }

    /// A required id of a grammar.
    pub(super) fn grammar(
        &mut self,
        text: &mut String,
        path: impl Into<Path>,
        limit: usize,
        fits: impl Fn(&str) -> bool,
        help: &'static str,
    ) {
        let path = path.into();
        if self.required(text, path.clone(), limit) && !fits(text) {
            self.problem("finding.bad_id", path, text, help);
        }
    }

    /// An optional word of the run, such as the engine's name.
    pub(super) fn run_word(&mut self, text: &mut Option<String>, path: &'static str) {
        self.optional_id(text, path, 64);
    }

    /// Text for people: cleaned, trimmed, redacted where asked, cut.
    fn human(&mut self, text: &mut Option<String>, path: &'static str, limit: usize, redact: bool) {
        let Some(inner) = text else { return };
        if let Some(cleaned) = clean(inner) {
            *inner = cleaned;
            self.warn("finding.cleaned", path);
        }
        trim(inner);
        if redact {
            redact_in_place(inner, &mut self.counts.redactions);
        }
        let mut short = false;
        while cut(inner, limit) {
            short = true;
            if !redact {
                break;
            }
            // The cut may end a word where a secret ends: it must not come back as one.
            redact_in_place(inner, &mut self.counts.redactions);
        }
        if short {
            self.warn("finding.truncated", path);
        }
        text.take_if(|inner| inner.is_empty());
    }

    /// Tags, labels, dimensions: exact, but for what nobody sees and secrets.
    fn entries(&mut self, map: &mut Map<String>, member: &'static str, most: usize, limit: usize) {
        if map.len() > most {
            self.problem("finding.too_many", format!("/{member}"), "", HELP_FEWER);
            return;
        }
        for (name, value) in map.iter_mut() {
            self.entry_name(name, member, 256);
            if let Some(cleaned) = clean(value) {
                *value = cleaned;
                self.warn("finding.cleaned", pointer_of([member, name]));
            }
            redact_entry(name, value, &mut self.counts.redactions);
            if value.len() > limit {
                self.problem("finding.too_long", pointer_of([member, name]), value, HELP_SHORT);
            }
        }
    }

    fn entry_name(&mut self, name: &str, member: &str, limit: usize) {
        if has_control(name) {
            self.problem("finding.bad_text", pointer_of([member, name]), name, HELP_TEXT);
        } else if name.is_empty() {
            self.problem("finding.bad_id", pointer_of([member, name]), name, "give every entry a name");
        } else if name.len() > limit {
            self.problem("finding.too_long", pointer_of([member, name]), name, HELP_SHORT);
        }
    }

    /// An amount that cannot be below 0.
    fn positive(&mut self, amount: Option<Attos>, path: impl Into<Path>) {
        if let Some(amount) = amount.filter(|amount| amount.is_negative()) {
            let help = "give 0 or more; a cost increase has its own member";
            self.problem("finding.negative", path, &amount.to_string(), help);
        }
    }

    /// The value of an issue key; an empty text stays one.
    pub(super) fn issue_value(&mut self, value: &mut Option<String>, path: impl Into<Path>) {
        if let Some(inner) = value {
            self.id(inner, path, 512);
        }
    }

    /// The name of an issue key: its grammar, and whether the check declares it.
    pub(super) fn issue_name(&mut self, check_id: &str, name: &str, path: impl Into<Path>) -> bool {
        let path = path.into();
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
            self.problem("finding.bad_id", path, name, "write 1 to 64 letters, digits and `_`");
        } else if issue_key_names(check_id).is_some_and(|names| !names.contains(&name)) {
            let help = "give only the names that the check declares; a measured value is none";
            self.problem("finding.unknown_issue_key", path, name, help);
        } else {
            return true;
        }
        false
    }
}

/// `[a-z0-9][a-z0-9._-]*`.
pub(super) fn is_check_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.bytes().next().is_some_and(plain) && text.bytes().all(|byte| plain(byte) || b"._-".contains(&byte))
}

/// `[A-Za-z0-9][A-Za-z0-9._-]*` without `..`.
pub(super) fn is_workspace(text: &str) -> bool {
    text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        && !text.contains("..")
}

/// The check's id in canonical form.
pub(super) fn check_id(text: &mut String, notes: &mut Notes) {
    text.make_ascii_lowercase();
    notes.grammar(
        text,
        "/check_id",
        128,
        is_check_id,
        "write a dotted id such as `aws.ec2.ebs.unattached.volume`",
    );
    if let Some(name) = renamed(text) {
        name.clone_into(text);
        count(&mut notes.counts.aliases);
    }
}

/// Brings a draft into canonical form and notes what is wrong with it.
pub(super) fn canonicalise(draft: &mut FindingDraft, default_currency: Option<Currency>, notes: &mut Notes) {
    scope::check(&mut draft.scope, notes);
    check_id(&mut draft.check_id, notes);
    texts(draft, notes);
    issue_key(draft, notes);
    frameworks(&mut draft.frameworks, notes);
    links(&mut draft.links, notes);
    money(draft, default_currency, notes);
    claims(draft, notes);
    if let Some(lifecycle) = &mut draft.lifecycle {
        check_lifecycle(lifecycle, draft.status, notes);
    }
    notes.entries(&mut draft.tags, "tags", 256, 1024);
    notes.entries(&mut draft.labels, "labels", 256, 1024);
    notes.entries(&mut draft.dimensions, "dimensions", 64, 2048);
    if draft.metrics.len() > 64 {
        notes.problem("finding.too_many", "/metrics", "", HELP_FEWER);
    }
    for name in draft.metrics.keys() {
        notes.entry_name(name, "metrics", 256);
    }
    tree::evidence(draft, notes);
    tree::metadata(draft, notes);
    tree::actual(draft, notes);
    notes.optional_id(&mut draft.source.source_ref, "/source/source_ref", 512);
    notes.optional_id(&mut draft.source.external_id, "/source/external_id", 128);
    tree::lineage(draft, notes);
}

fn texts(draft: &mut FindingDraft, notes: &mut Notes) {
    notes.word(&mut draft.category, "/category", 64);
    notes.word(&mut draft.sub_category, "/sub_category", 64);
    notes.human(&mut draft.check_name, "/check_name", 256, false);
    notes.human(&mut draft.title, "/title", 512, true);
    notes.human(&mut draft.message, "/message", 8192, true);
    notes.human(&mut draft.advice, "/advice", 8192, true);
    notes.human(&mut draft.remediation, "/remediation", 8192, true);
    if let Some(Reason { code, text }) = &mut draft.reason {
        notes.required(code, "/reason/code", 64);
        notes.human(text, "/reason/text", 512, false);
    }
    if draft.priority > 1000 {
        let given = draft.priority.to_string();
        notes.problem("finding.out_of_range", "/priority", &given, "give 0 to 1000");
    }
    if let Some(severity) = &draft.severity {
        let (low, high) = severity.level.band();
        if !(low..=high).contains(&severity.score) {
            let (score, help) =
                (severity.score.to_string(), "give the level of the score, or leave the score out");
            let code = if severity.score > 1000 { "finding.out_of_range" } else { "finding.inconsistent" };
            notes.problem(code, "/severity/score", &score, help);
        }
    }
}

fn issue_key(draft: &mut FindingDraft, notes: &mut Notes) {
    if draft.issue_key.len() > 16 {
        notes.problem("finding.too_many", "/issue_key", "", HELP_FEWER);
        return;
    }
    for (name, value) in draft.issue_key.iter_mut() {
        let path = pointer_of(["issue_key", name]);
        if notes.issue_name(&draft.check_id, name, path.clone()) {
            notes.issue_value(value, path);
        }
    }
}

fn frameworks(frameworks: &mut Vec<String>, notes: &mut Notes) {
    for (index, text) in frameworks.iter_mut().enumerate() {
        notes.id(text, format!("/frameworks/{index}"), 64);
    }
    frameworks.retain(|text| !text.is_empty());
    frameworks.sort_unstable();
    frameworks.dedup();
    if frameworks.len() > 16 {
        notes.problem("finding.too_many", "/frameworks", "", HELP_FEWER);
    }
}

fn links(links: &mut [Link], notes: &mut Notes) {
    if links.len() > 16 {
        notes.problem("finding.too_many", "/links", "", HELP_FEWER);
        return;
    }
    for (index, Link { label, url }) in links.iter_mut().enumerate() {
        if let Some(inner) = label {
            if let Some(cleaned) = clean(inner) {
                *inner = cleaned;
                notes.warn("finding.cleaned", format!("/links/{index}/label"));
            }
            trim(inner);
            if cut(inner, 128) {
                notes.warn("finding.truncated", format!("/links/{index}/label"));
            }
        }
        label.take_if(|inner| inner.is_empty());
        trim(url);
        let path = format!("/links/{index}/url");
        if url.is_empty() {
            notes.problem("finding.missing_field", path, "", HELP_NEEDED);
        } else if !is_url(url) {
            notes.problem(
                "finding.bad_url",
                path,
                url,
                "give an http or https address with a host, in ASCII",
            );
        } else {
            redact_in_place(url, &mut notes.counts.redactions);
            if url.len() > 2048 {
                notes.problem("finding.too_long", path, url, HELP_SHORT);
            }
        }
    }
}

/// `http` or `https`, printable ASCII, with a host.
fn is_url(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default();
    let known = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    known && !name.is_empty() && url.bytes().all(|byte| byte.is_ascii_graphic())
}

fn money(draft: &mut FindingDraft, default_currency: Option<Currency>, notes: &mut Notes) {
    let estimated = &mut draft.estimated;
    let amounts = [
        (estimated.monthly_savings, "/estimated/monthly_savings"),
        (estimated.monthly_cost, "/estimated/monthly_cost"),
        (estimated.one_time_savings, "/estimated/one_time_savings"),
        (estimated.realizable_monthly, "/estimated/realizable_monthly"),
        (estimated.cost_increase_monthly, "/estimated/cost_increase_monthly"),
    ];
    for (amount, path) in amounts {
        notes.positive(amount, path);
    }
    if estimated.currency.is_none() && amounts.iter().any(|(amount, _)| amount.is_some()) {
        estimated.currency = default_currency;
        if default_currency.is_none() {
            let help = "name the currency of the amounts, such as `USD`";
            notes.problem("finding.missing_currency", "/estimated/currency", "", help);
        }
    }
    notes.optional_id(&mut estimated.realizable_reason, "/estimated/realizable_reason", 512);
    notes.optional_id(&mut estimated.reason, "/estimated/reason", 512);
    notes.human(&mut estimated.notes, "/estimated/notes", 2048, true);
    if let Some(percent) = estimated.confidence.filter(|percent| *percent > 100) {
        notes.problem("finding.out_of_range", "/estimated/confidence", &percent.to_string(), "give 0 to 100");
        return;
    }
    match (draft.confidence, estimated.confidence) {
        (Some(share), Some(percent)) if share.percent() != percent => {
            let help = "give the whole hundredths of `confidence`, or leave it out";
            notes.problem("finding.inconsistent", "/estimated/confidence", &percent.to_string(), help);
        }
        (Some(share), _) => estimated.confidence = Some(share.percent()),
        (None, Some(percent)) => draft.confidence = Share::from_percent(percent),
        (None, None) => {}
    }
}

fn claims(draft: &mut FindingDraft, notes: &mut Notes) {
    if draft.claims.len() > 64 {
        notes.problem("finding.too_many", "/claims", "", HELP_FEWER);
        return;
    }
    for (index, claim) in draft.claims.iter_mut().enumerate() {
        let at = |member: &str| format!("/claims/{index}/{member}");
        notes.required(&mut claim.resource, at("resource"), 2048);
        notes.required(&mut claim.component, at("component"), 64);
        notes.optional_id(&mut claim.exclusive, at("exclusive"), 512);
        notes.positive(claim.base, at("base"));
        notes.positive(claim.amount, at("amount"));
    }
}

fn check_lifecycle(lifecycle: &mut Lifecycle, status: Status, notes: &mut Notes) {
    notes.optional_id(&mut lifecycle.resolved_reason, "/lifecycle/resolved_reason", 64);
    let active = matches!(lifecycle.status, LifecycleStatus::Open | LifecycleStatus::Acknowledged);
    if status == Status::Pass && active {
        let help = "a check that passes has no open issue; leave the lifecycle out or say `resolved`";
        notes.problem("finding.inconsistent", "/lifecycle/status", lifecycle.status.name(), help);
    }
    if lifecycle.status == LifecycleStatus::Snoozed && lifecycle.snooze_until_ts.is_none() {
        let help = "say until when the issue is hidden";
        notes.problem("finding.inconsistent", "/lifecycle/snooze_until_ts", "", help);
    }
}
