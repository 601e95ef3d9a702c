//! The record as bytes: the members of every object sorted, as RFC 8785 wants them.

mod ordered;

use super::{
    canonical::{push_integer, push_optional, push_string, utf16_order},
    check::{push_members, push_tree},
    identity::push_hex,
    map::Map,
    money::Attos,
    parts::{Claim, Estimated, Lifecycle, Lineage, Link, Reason, Scope, Severity, Share, Source},
    record::Finding,
};
use crate::{
    json::{Json, Limits, read},
    time::Timestamp,
};

/// What becomes of the members that are added after the run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Added {
    /// Left out: canonical bytes.
    None,
    /// Written, without the time of ingestion: what a content hash covers.
    Hashed,
    /// Written.
    All,
}

impl Finding {
    /// Appends the canonical bytes: RFC 8785 of the record without `ingested_ts`, `actual` and `lifecycle`.
    pub fn write_canonical(&self, out: &mut Vec<u8>) {
        self.write(out, Added::None);
    }

    /// Appends the whole record as RFC 8785 writes it: a line of JSON Lines, without the line feed.
    pub fn write_line(&self, out: &mut Vec<u8>) {
        self.write(out, Added::All);
    }

    /// As [`write_line`](Self::write_line) with `ingested_ts` null: what the content hash of a table covers.
    pub(super) fn write_hashed(&self, out: &mut Vec<u8>) {
        self.write(out, Added::Hashed);
    }

    /// The whole record, its members in the order of the specification.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut bytes = Vec::new();
        self.write_line(&mut bytes);
        let limits = Limits { bytes: usize::MAX, depth: usize::MAX };
        ordered::ordered(read(&bytes, &limits).unwrap_or(Json::Null))
    }

    fn write(&self, out: &mut Vec<u8>, added: Added) {
        let (run, draft) = (&*self.run, &self.draft);
        out.push(b'{');
        if added != Added::None {
            out.extend_from_slice(b"\"actual\":");
            match &draft.actual {
                Some(actual) => push_members(out, &actual.0),
                None => out.extend_from_slice(b"null"),
            }
            out.push(b',');
        }
        text(out, b"\"advice\":", draft.advice.as_deref());
        text(out, b",\"category\":", draft.category.as_deref());
        text(out, b",\"check_id\":", Some(&draft.check_id));
        text(out, b",\"check_name\":", draft.check_name.as_deref());
        list(out, b",\"claims\":", &draft.claims, claim);
        share(out, b",\"confidence\":", draft.confidence);
        map(out, b",\"dimensions\":", &draft.dimensions, |out, value| push_string(out, value));
        text(out, b",\"engine_name\":", run.engine_name.as_deref());
        text(out, b",\"engine_version\":", run.engine_version.as_deref());
        estimated(out, &draft.estimated);
        out.extend_from_slice(b",\"evidence\":");
        push_tree(out, draft.evidence.as_ref().unwrap_or(&Json::Null));
        out.extend_from_slice(b",\"finding_id\":\"");
        push_hex(out, &self.finding_id);
        out.extend_from_slice(b"\",\"fingerprint\":\"");
        push_hex(out, self.fingerprint.bytes());
        out.push(b'"');
        list(out, b",\"frameworks\":", &draft.frameworks, |out, text| push_string(out, text));
        flag(out, b",\"governance\":", self.governance());
        if added != Added::None {
            let at = self.ingested_ts.filter(|_| added == Added::All);
            time(out, b",\"ingested_ts\":", at);
        }
        map(out, b",\"issue_key\":", &draft.issue_key, |out, value| push_optional(out, value.as_deref()));
        map(out, b",\"labels\":", &draft.labels, |out, value| push_string(out, value));
        if added != Added::None {
            object(out, b",\"lifecycle\":", draft.lifecycle.as_ref(), lifecycle);
        }
        object(out, b",\"lineage\":", draft.lineage.as_ref(), lineage);
        list(out, b",\"links\":", &draft.links, link);
        text(out, b",\"message\":", draft.message.as_deref());
        text(out, b",\"metadata_json\":", draft.metadata_json.as_deref());
        map(out, b",\"metrics\":", &draft.metrics, |out, value| amount(out, b"", Some(*value)));
        integer(out, b",\"priority\":", u64::from(self.priority));
        object(out, b",\"reason\":", draft.reason.as_ref(), reason);
        text(out, b",\"remediation\":", draft.remediation.as_deref());
        share(out, b",\"risk\":", draft.risk);
        text(out, b",\"rulepack_version\":", run.rulepack_version.as_deref());
        text(out, b",\"run_id\":", Some(&run.run_id));
        time(out, b",\"run_ts\":", Some(run.run_ts));
        scope(out, &draft.scope);
        severity(out, self.severity);
        source(out, &draft.source);
        text(out, b",\"status\":", Some(draft.status.name()));
        text(out, b",\"sub_category\":", draft.sub_category.as_deref());
        map(out, b",\"tags\":", &draft.tags, |out, value| push_string(out, value));
        text(out, b",\"tenant_id\":", Some(&run.tenant_id));
        text(out, b",\"title\":", draft.title.as_deref());
        text(out, b",\"workspace_id\":", Some(&run.workspace_id));
        out.push(b'}');
    }

    /// A number of bytes that the texts of the record have; at most six times as many are written for them, and the
    /// rest of a record is small.
    pub(super) fn weight(&self) -> usize {
        let draft = &self.draft;
        let of = |text: &Option<String>| text.as_deref().map_or(0, str::len);
        let texts = [
            &draft.title,
            &draft.message,
            &draft.advice,
            &draft.remediation,
            &draft.metadata_json,
            &draft.estimated.notes,
            &draft.scope.resource_id,
            &draft.scope.resource_arn,
        ];
        let maps = [&draft.tags, &draft.labels, &draft.dimensions];
        let entry = |(name, value): (&str, &String)| name.len().saturating_add(value.len());
        let evidence = draft.evidence.as_ref().map_or(0, |value| {
            let mut bytes = Vec::new();
            push_tree(&mut bytes, value);
            bytes.len()
        });
        // Each of these has limits of its own: what they hold at most.
        let lists = [
            (draft.claims.len(), 2_800),
            (draft.links.len(), 2_300),
            (draft.frameworks.len(), 70),
            (draft.issue_key.len(), 600),
            (draft.metrics.len(), 300),
            (draft.lineage.as_ref().map_or(0, |lineage| lineage.inputs.as_ref().map_or(0, Vec::len)), 600),
            (draft.lineage.as_ref().map_or(0, |l| l.source_fingerprints.as_ref().map_or(0, Vec::len)), 70),
        ];
        let all = texts.into_iter().map(of);
        let all = all.chain(maps.into_iter().flat_map(Map::iter).map(entry));
        let all = all.chain(lists.into_iter().map(|(count, each)| count.saturating_mul(each)));
        all.fold(evidence.saturating_add(3_000), usize::saturating_add)
    }
}

fn text(out: &mut Vec<u8>, name: &[u8], value: Option<&str>) {
    out.extend_from_slice(name);
    push_optional(out, value);
}

fn flag(out: &mut Vec<u8>, name: &[u8], value: bool) {
    out.extend_from_slice(name);
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

fn integer(out: &mut Vec<u8>, name: &[u8], value: u64) {
    out.extend_from_slice(name);
    push_integer(out, value);
}

fn amount(out: &mut Vec<u8>, name: &[u8], value: Option<Attos>) {
    out.extend_from_slice(name);
    match value {
        Some(value) => {
            out.push(b'"');
            value.write(out);
            out.push(b'"');
        }
        None => out.extend_from_slice(b"null"),
    }
}

fn share(out: &mut Vec<u8>, name: &[u8], value: Option<Share>) {
    out.extend_from_slice(name);
    match value {
        Some(value) => {
            let parts = value.ten_thousandths();
            out.extend_from_slice(if parts == 10_000 { b"\"1." } else { b"\"0." });
            digits(out, i64::from(parts % 10_000), 1_000);
            out.push(b'"');
        }
        None => out.extend_from_slice(b"null"),
    }
}

/// The decimal digits of `value`, the first one worth `unit`.
fn digits(out: &mut Vec<u8>, value: i64, mut unit: i64) {
    while unit > 0 {
        let digit = value.checked_div(unit).unwrap_or_default().rem_euclid(10);
        out.push(b'0'.wrapping_add(u8::try_from(digit).unwrap_or_default()));
        unit /= 10;
    }
}

fn time(out: &mut Vec<u8>, name: &[u8], at: Option<Timestamp>) {
    out.extend_from_slice(name);
    let Some(at) = at else {
        out.extend_from_slice(b"null");
        return;
    };
    let civil = at.civil();
    let of_day = |unit: i64| civil.ms.checked_div(unit).unwrap_or_default();
    let parts = [
        (civil.year, 1000, b'-'),
        (civil.month, 10, b'-'),
        (civil.day, 10, b'T'),
        (of_day(3_600_000), 10, b':'),
        (of_day(60_000).rem_euclid(60), 10, b':'),
        (of_day(1000).rem_euclid(60), 10, b'.'),
        (civil.ms.rem_euclid(1000), 100, b'Z'),
    ];
    out.push(b'"');
    for (value, unit, after) in parts {
        digits(out, value, unit);
        out.push(after);
    }
    out.push(b'"');
}

fn list<T>(out: &mut Vec<u8>, name: &[u8], values: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    out.extend_from_slice(name);
    out.push(b'[');
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, value);
    }
    out.push(b']');
}

fn map<V>(out: &mut Vec<u8>, name: &[u8], values: &Map<V>, write: impl Fn(&mut Vec<u8>, &V)) {
    out.extend_from_slice(name);
    out.push(b'{');
    let mut first = true;
    let mut entry = |(name, value): (&str, &V)| {
        if !first {
            out.push(b',');
        }
        first = false;
        push_string(out, name);
        out.push(b':');
        write(out, value);
    };
    if values.keys().all(|name| name.bytes().all(|byte| byte < 0xee)) {
        values.iter().for_each(&mut entry);
    } else {
        let mut sorted: Vec<_> = values.iter().collect();
        sorted.sort_unstable_by(|(one, _), (other, _)| utf16_order(one, other));
        sorted.into_iter().for_each(&mut entry);
    }
    out.push(b'}');
}

fn object<T>(out: &mut Vec<u8>, name: &[u8], value: Option<&T>, write: impl Fn(&mut Vec<u8>, &T)) {
    out.extend_from_slice(name);
    match value {
        Some(value) => write(out, value),
        None => out.extend_from_slice(b"null"),
    }
}

fn claim(out: &mut Vec<u8>, claim: &Claim) {
    amount(out, b"{\"amount\":", claim.amount);
    amount(out, b",\"base\":", claim.base);
    text(out, b",\"component\":", Some(&claim.component));
    text(out, b",\"exclusive\":", claim.exclusive.as_deref());
    text(out, b",\"kind\":", Some(claim.kind.name()));
    text(out, b",\"resource\":", Some(&claim.resource));
    out.push(b'}');
}

fn estimated(out: &mut Vec<u8>, estimated: &Estimated) {
    flag(out, b",\"estimated\":{\"additive\":", estimated.additive);
    out.extend_from_slice(b",\"confidence\":");
    match estimated.confidence {
        Some(percent) => push_integer(out, u64::from(percent)),
        None => out.extend_from_slice(b"null"),
    }
    amount(out, b",\"cost_increase_monthly\":", estimated.cost_increase_monthly);
    text(out, b",\"currency\":", estimated.currency.as_ref().map(crate::money::Currency::code));
    amount(out, b",\"monthly_cost\":", estimated.monthly_cost);
    amount(out, b",\"monthly_savings\":", estimated.monthly_savings);
    text(out, b",\"notes\":", estimated.notes.as_deref());
    amount(out, b",\"one_time_savings\":", estimated.one_time_savings);
    amount(out, b",\"realizable_monthly\":", estimated.realizable_monthly);
    text(out, b",\"realizable_reason\":", estimated.realizable_reason.as_deref());
    text(out, b",\"reason\":", estimated.reason.as_deref());
    out.push(b'}');
}

fn lifecycle(out: &mut Vec<u8>, lifecycle: &Lifecycle) {
    time(out, b"{\"first_seen_ts\":", lifecycle.first_seen_ts);
    time(out, b",\"last_seen_ts\":", lifecycle.last_seen_ts);
    time(out, b",\"opened_ts\":", lifecycle.opened_ts);
    integer(out, b",\"reopened_count\":", u64::from(lifecycle.reopened_count));
    text(out, b",\"resolved_reason\":", lifecycle.resolved_reason.as_deref());
    time(out, b",\"resolved_ts\":", lifecycle.resolved_ts);
    time(out, b",\"snooze_until_ts\":", lifecycle.snooze_until_ts);
    text(out, b",\"status\":", Some(lifecycle.status.name()));
    out.push(b'}');
}

/// Only the members that are set.
fn lineage(out: &mut Vec<u8>, lineage: &Lineage) {
    out.push(b'{');
    let mut comma = {
        let mut first = true;
        move |out: &mut Vec<u8>| {
            if !first {
                out.push(b',');
            }
            first = false;
        }
    };
    if let Some(depth) = lineage.depth {
        comma(out);
        integer(out, b"\"depth\":", depth);
    }
    if let Some(inputs) = &lineage.inputs {
        comma(out);
        list(out, b"\"inputs\":", inputs, |out, input| {
            text(out, b"{\"name\":", Some(&input.name));
            text(out, b",\"sha256\":", Some(&input.sha256));
            out.push(b'}');
        });
    }
    let before: [(&[u8], _); 4] = [
        (b"\"pricing_date\":", &lineage.pricing_date),
        (b"\"pricing_source\":", &lineage.pricing_source),
        (b"\"pricing_version\":", &lineage.pricing_version),
        (b"\"rule_version\":", &lineage.rule_version),
    ];
    for (name, value) in before {
        if let Some(value) = value {
            comma(out);
            text(out, name, Some(value));
        }
    }
    if let Some(sources) = &lineage.source_fingerprints {
        comma(out);
        list(out, b"\"source_fingerprints\":", sources, |out, text| push_string(out, text));
    }
    if let Some(digest) = &lineage.sources_digest {
        comma(out);
        text(out, b"\"sources_digest\":", Some(digest));
    }
    if let Some(total) = lineage.sources_total {
        comma(out);
        integer(out, b"\"sources_total\":", total);
    }
    out.push(b'}');
}

fn link(out: &mut Vec<u8>, link: &Link) {
    text(out, b"{\"label\":", link.label.as_deref());
    text(out, b",\"url\":", Some(&link.url));
    out.push(b'}');
}

fn reason(out: &mut Vec<u8>, reason: &Reason) {
    text(out, b"{\"code\":", Some(&reason.code));
    text(out, b",\"text\":", reason.text.as_deref());
    out.push(b'}');
}

fn scope(out: &mut Vec<u8>, scope: &Scope) {
    text(out, b",\"scope\":{\"account_id\":", Some(&scope.account_id));
    text(out, b",\"availability_zone\":", scope.availability_zone.as_deref());
    text(out, b",\"billing_account_id\":", scope.billing_account_id.as_deref());
    text(out, b",\"cloud\":", Some(&scope.cloud));
    text(out, b",\"organization_id\":", scope.organization_id.as_deref());
    text(out, b",\"provider_partition\":", scope.provider_partition.as_deref());
    text(out, b",\"region\":", scope.region.as_deref());
    text(out, b",\"resource_arn\":", scope.resource_arn.as_deref());
    text(out, b",\"resource_id\":", scope.resource_id.as_deref());
    text(out, b",\"resource_type\":", scope.resource_type.as_deref());
    text(out, b",\"service\":", Some(&scope.service));
    out.push(b'}');
}

fn severity(out: &mut Vec<u8>, severity: Severity) {
    text(out, b",\"severity\":{\"basis\":", Some(severity.basis.name()));
    text(out, b",\"level\":", Some(severity.level.name()));
    integer(out, b",\"score\":", u64::from(severity.score));
    out.push(b'}');
}

fn source(out: &mut Vec<u8>, source: &Source) {
    text(out, b",\"source\":{\"external_id\":", source.external_id.as_deref());
    // Every record is written as version 2.
    integer(out, b",\"schema_version\":", 2);
    text(out, b",\"source_ref\":", source.source_ref.as_deref());
    text(out, b",\"source_type\":", Some(source.source_type.name()));
    out.push(b'}');
}
