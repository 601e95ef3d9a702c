//! The reserved kinds of events and the data of each: what every reader of a log can rely on.

use super::{
    canonical::is_decimal,
    envelope::{EventError, is_event_id, is_origin, parse_at, parse_date},
    hex,
    keys::Kid,
};
use finops_core::error::shorten;
use serde_json::{Map, Value};

/// The shortest idle time after which a log writes a heartbeat, in seconds.
pub const HEARTBEAT_MIN: u64 = 60;
/// The longest idle time after which a log writes a heartbeat, in seconds: a day.
pub const HEARTBEAT_MAX: u64 = 86_400;

/// First words that belong to this ledger; kinds of any other namespace are free.
const NAMESPACES: &[&str] = &[
    "log",
    "key",
    "redaction",
    "baseline",
    "opportunity",
    "savings",
    "adjustment",
    "fx",
    "policy",
    "deployment",
    "batch",
    "report",
];

/// The form of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Count,
    Heartbeat,
    Epoch,
    Kid,
    Sha256,
    Origin,
    EventId,
    Pointer,
    Object,
    Decimal,
    /// A decimal, or null: known to be unknown.
    DecimalOrNull,
    Currency,
    Date,
    Instant,
    Outcome,
}

impl Form {
    const fn expected(self) -> &'static str {
        match self {
            Self::Text => "expected a text that is not empty",
            Self::Count => "expected a whole number of at least 0",
            Self::Heartbeat => "expected seconds from 60 to 86400",
            Self::Epoch => "expected a whole number of at least 1",
            Self::Kid => "expected a key id of 16 lower-case hexadecimal digits",
            Self::Sha256 => "expected 64 lower-case hexadecimal digits",
            Self::Origin => "expected the origin of a log, for example `acme.example/finops/prod`",
            Self::EventId => "expected the id of an event",
            Self::Pointer => "expected a JSON pointer, for example `/data/customer`",
            Self::Object => "expected an object",
            Self::Decimal => "expected a decimal string in normal form, for example `12.5`",
            Self::DecimalOrNull => "expected a decimal string in normal form, for example `0.5`, or null",
            Self::Currency => "expected three upper-case letters, for example `USD`",
            Self::Date => "expected a date, for example `2026-03-14`",
            Self::Instant => "expected a UTC time, for example `2026-03-14T09:26:53.589793Z`",
            Self::Outcome => "expected `success` or `failure`",
        }
    }

    fn fits(self, value: &Value) -> bool {
        let text = |fits: fn(&str) -> bool| value.as_str().is_some_and(fits);
        match self {
            Self::Text => text(|text| !text.is_empty()),
            Self::Count => value.is_u64(),
            Self::Heartbeat => value.as_u64().is_some_and(|s| (HEARTBEAT_MIN..=HEARTBEAT_MAX).contains(&s)),
            Self::Epoch => value.as_u64().is_some_and(|epoch| epoch > 0),
            Self::Kid => text(|text| Kid::parse(text).is_some()),
            Self::Sha256 => text(|text| hex::decode_array::<32>(text).is_some()),
            Self::Origin => text(is_origin),
            Self::EventId => text(is_event_id),
            Self::Pointer => text(is_pointer),
            Self::Object => value.is_object(),
            Self::Decimal => text(is_decimal),
            Self::DecimalOrNull => value.is_null() || text(is_decimal),
            Self::Currency => {
                text(|text| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()))
            }
            Self::Date => text(|text| parse_date(text.as_bytes()).is_some()),
            Self::Instant => text(|text| parse_at(text).is_some()),
            Self::Outcome => text(|text| matches!(text, "success" | "failure")),
        }
    }
}

/// The members of a kind's data: name, form, required.
type Members = &'static [(&'static str, Form, bool)];

const ITEM: (&str, Form, bool) = ("opportunity", Form::Text, true);
const REASON: (&str, Form, bool) = ("reason", Form::Text, true);
const NOTE: (&str, Form, bool) = ("note", Form::Text, false);
const VERIFIED: Members = &[ITEM, ("verification", Form::Object, true)];
const REASONED: Members = &[ITEM, REASON];

/// Section 3 of the specification, row by row.
const KINDS: &[(&str, Members)] = &[
    ("log.created", &[("kid", Form::Kid, true), ("heartbeat_s", Form::Heartbeat, false)]),
    ("log.heartbeat", &[]),
    ("log.anchored", &[("size", Form::Count, true), ("root", Form::Sha256, true), ("to", Form::Text, true)]),
    (
        "log.rolled_up",
        &[("origin", Form::Origin, true), ("size", Form::Count, true), ("root", Form::Sha256, true)],
    ),
    ("key.rotated", &[("from", Form::Kid, true), ("to", Form::Kid, true)]),
    ("key.ratcheted", &[("kid", Form::Kid, true), ("epoch", Form::Epoch, true)]),
    ("redaction.performed", &[("of", Form::EventId, true), ("field", Form::Pointer, true), REASON]),
    ("baseline.frozen", &[("baseline", Form::Object, true)]),
    ("opportunity.detected", &[("opportunity", Form::Object, true)]),
    ("opportunity.imported", &[("opportunity", Form::Object, true)]),
    (
        "opportunity.refreshed",
        &[
            ITEM,
            ("estimated_monthly_savings", Form::Decimal, true),
            ("confidence", Form::DecimalOrNull, true),
            ("risk_score", Form::DecimalOrNull, true),
        ],
    ),
    (
        "opportunity.proposed",
        &[
            ITEM,
            ("pr_url", Form::Text, false),
            ("pr_number", Form::Count, false),
            ("change", Form::Text, false),
            NOTE,
        ],
    ),
    (
        "opportunity.approved",
        &[
            ITEM,
            ("decision_id", Form::Text, false),
            ("policy_digest", Form::Text, false),
            ("baseline_id", Form::Text, false),
            NOTE,
        ],
    ),
    ("opportunity.started", &[ITEM]),
    ("opportunity.closed", &[ITEM]),
    ("opportunity.implemented", &[ITEM, ("commit", Form::Text, false), ("after_state", Form::Object, false)]),
    ("opportunity.verified", VERIFIED),
    ("opportunity.inconclusive", VERIFIED),
    // One of the two: see `check`.
    ("opportunity.regressed", &[ITEM, ("verification", Form::Object, false), ("reason", Form::Text, false)]),
    ("opportunity.failed", REASONED),
    ("opportunity.rejected", REASONED),
    ("opportunity.rolled_back", REASONED),
    ("opportunity.expired", &[ITEM, ("reason", Form::Text, false)]),
    ("opportunity.superseded", &[ITEM, ("by", Form::Text, true)]),
    ("savings.corrected", &[("of", Form::EventId, true), REASON, ("verification", Form::Object, true)]),
    (
        "adjustment.recorded",
        &[
            ("resource", Form::Text, true),
            ("period_start", Form::Date, true),
            ("period_end", Form::Date, true),
            ("amount", Form::Decimal, true),
            ("currency", Form::Currency, true),
            REASON,
        ],
    ),
    (
        "fx.recorded",
        &[
            ("from", Form::Currency, true),
            ("to", Form::Currency, true),
            ("rate", Form::Decimal, true),
            ("date", Form::Date, true),
            ("source", Form::Text, true),
        ],
    ),
    (
        "policy.decided",
        &[
            ("decision_id", Form::Text, true),
            ("outcome", Form::Text, true),
            ("policy_digest", Form::Text, true),
            ("input_digest", Form::Text, true),
        ],
    ),
    (
        "deployment.recorded",
        &[
            ("deployment_id", Form::Text, true),
            ("environment", Form::Text, true),
            ("outcome", Form::Outcome, true),
            ("service", Form::Text, false),
            ("team", Form::Text, false),
            ("commit", Form::Text, false),
            ("committed_at", Form::Instant, false),
            ("restored_at", Form::Instant, false),
        ],
    ),
    (
        "batch.recorded",
        &[
            ("batch_id", Form::Text, true),
            ("table", Form::Text, true),
            ("rows", Form::Count, true),
            ("sha256", Form::Sha256, true),
        ],
    ),
    (
        "report.issued",
        &[
            ("kind", Form::Text, true),
            ("period", Form::Text, true),
            ("size", Form::Count, true),
            ("sha256", Form::Sha256, true),
        ],
    ),
];

/// Is this one of the kinds whose data is fixed?
#[must_use]
pub fn is_known(kind: &str) -> bool {
    KINDS.iter().any(|(name, _)| *name == kind)
}

/// Does the kind belong to this ledger, known or not?
#[must_use]
pub fn is_reserved(kind: &str) -> bool {
    kind.split_once('.').is_some_and(|(namespace, _)| NAMESPACES.contains(&namespace))
}

/// Stops a replay at a kind of this ledger that this version does not know; free kinds pass.
///
/// # Errors
/// `ledger.replay.unknown_kind`.
pub fn check_replay(kind: &str) -> Result<(), EventError> {
    if is_reserved(kind) && !is_known(kind) {
        return Err(EventError::ReplayUnknownKind { kind: shorten(kind) });
    }
    Ok(())
}

/// Checks the data of an event of a reserved kind before it is appended; free kinds pass.
///
/// An optional member may also be null, which says that it is not known.
///
/// # Errors
/// `ledger.event.unknown_kind`; `ledger.event.data` with the JSON pointer of the member: unknown members first, then
/// missing and ill-formed ones in the order of the specification.
pub fn check(kind: &str, data: &Map<String, Value>) -> Result<(), EventError> {
    let Some((_, members)) = KINDS.iter().find(|(name, _)| *name == kind) else {
        return if is_reserved(kind) { Err(EventError::unknown_kind(kind)) } else { Ok(()) };
    };
    let mut unknown: Vec<_> =
        data.keys().filter(|key| members.iter().all(|(name, _, _)| name != key)).collect();
    unknown.sort_unstable();
    if let Some(key) = unknown.first() {
        return Err(EventError::data(key, "is not a member of this kind's data"));
    }
    for (name, form, required) in *members {
        match data.get(*name) {
            None if *required => return Err(EventError::data(name, "is missing")),
            // Auditors read the heartbeat: there null is bad, see `verify`.
            Some(Value::Null) if !*required && *form != Form::Heartbeat => {}
            Some(value) if !form.fits(value) => return Err(EventError::data(name, form.expected())),
            _ => {}
        }
    }
    let given = |name: &str| data.get(name).is_some_and(|value| !value.is_null());
    if kind == "opportunity.regressed" && given("verification") == given("reason") {
        return Err(EventError::data("verification", "expected either this or `reason`"));
    }
    Ok(())
}

/// A JSON pointer to a member (RFC 6901): empty tokens are legal, `~` stands only before 0 or 1.
fn is_pointer(text: &str) -> bool {
    let escaped = |token: &str| token.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    text.strip_prefix('/').is_some_and(|tokens| tokens.split('/').all(escaped))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn code(kind: &str, data: &Value) -> String {
        match check(kind, data.as_object().unwrap()) {
            Ok(()) => "ok".to_owned(),
            Err(error) => format!("{} {}", error.code(), error.path()),
        }
    }

    #[test]
    fn every_known_kind_is_reserved_and_well_formed() {
        for (kind, members) in KINDS {
            assert!(is_reserved(kind) && super::super::envelope::is_kind(kind), "{kind}");
            let mut names: Vec<_> = members.iter().map(|(name, ..)| name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), members.len(), "{kind}");
        }
        for namespace in NAMESPACES {
            assert!(KINDS.iter().any(|(kind, _)| kind.starts_with(&format!("{namespace}."))), "{namespace}");
        }
    }

    #[test]
    fn the_first_fault_is_named() {
        assert_eq!(code("acme.thing", &json!({"x": 1})), "ok");
        assert_eq!(code("log.renamed", &json!({})), "ledger.event.unknown_kind /kind");
        assert_eq!(check_replay("log.renamed").unwrap_err().code(), "ledger.replay.unknown_kind");
        assert!(check_replay("log.heartbeat").is_ok() && check_replay("acme.thing").is_ok());
        assert_eq!(code("log.heartbeat", &json!({"x": 1})), "ledger.event.data /data/x");
        assert_eq!(
            code("opportunity.failed", &json!({"opportunity": "o"})),
            "ledger.event.data /data/reason"
        );
        let created = |heartbeat: Value| json!({"kid": "eca50ae34c3bb776", "heartbeat_s": heartbeat});
        for (heartbeat, result) in [
            (json!(60), "ok"),
            (json!(86400), "ok"),
            (json!(59), "ledger.event.data /data/heartbeat_s"),
            (json!(86401), "ledger.event.data /data/heartbeat_s"),
            (json!(null), "ledger.event.data /data/heartbeat_s"),
            (json!("60"), "ledger.event.data /data/heartbeat_s"),
        ] {
            assert_eq!(code("log.created", &created(heartbeat)), result);
        }
        let regressed = |more: Value| {
            let mut data = json!({"opportunity": "o"});
            data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            code("opportunity.regressed", &data)
        };
        assert_eq!(regressed(json!({"reason": "r"})), "ok");
        assert_eq!(regressed(json!({"verification": {}, "reason": null})), "ok");
        assert_eq!(regressed(json!({})), "ledger.event.data /data/verification");
        assert_eq!(
            regressed(json!({"verification": {}, "reason": "r"})),
            "ledger.event.data /data/verification"
        );
        let refreshed = |confidence: Value| json!({"opportunity": "o", "estimated_monthly_savings": "1", "confidence": confidence, "risk_score": null});
        assert_eq!(code("opportunity.refreshed", &refreshed(json!(null))), "ok");
        assert_eq!(code("opportunity.refreshed", &refreshed(json!(1))), "ledger.event.data /data/confidence");
        let fx = |rate: &str| json!({"from": "USD", "to": "EUR", "rate": rate, "date": "2026-02-28", "source": "ecb"});
        assert_eq!(code("fx.recorded", &fx("0.9")), "ok");
        assert_eq!(code("fx.recorded", &fx("0.90")), "ledger.event.data /data/rate");
        let redaction = |field: &str| json!({"of": "e", "field": field, "reason": "r"});
        for (field, fits) in
            [("/data/a~1b", true), ("/", true), ("data", false), ("/a~2", false), ("/~", false)]
        {
            assert_eq!(code("redaction.performed", &redaction(field)) == "ok", fits, "{field}");
        }
    }
}
