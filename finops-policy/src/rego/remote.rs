//! The answer of a remote OPA, or its failure, as a decision. Pure: the client that asks is in the bindings.

use super::contract::{self, SetAnswer};
use crate::{Json, decision::Outcome, json};

/// Longest body that is read, in bytes: the result limit of section 8 of the policy specification.
pub const MAX_BODY_BYTES: usize = 1_048_576;

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The connection was refused.
    Refused,
    /// The connection was reset.
    Reset,
    /// The name did not resolve.
    Dns,
    /// No trusted connection.
    Tls,
    /// The circuit breaker is open.
    BreakerOpen,
    /// No answer in time.
    Timeout,
    /// The body did not arrive in time.
    StalledBody,
}

impl Failure {
    /// What [`Failure::of`] takes.
    pub const HELP: &'static str =
        "give one of refused, reset, dns, tls, breaker_open, timeout, stalled_body";

    /// A failure by its name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "refused" => Self::Refused,
            "reset" => Self::Reset,
            "dns" => Self::Dns,
            "tls" => Self::Tls,
            "breaker_open" => Self::BreakerOpen,
            "timeout" => Self::Timeout,
            "stalled_body" => Self::StalledBody,
            _ => return None,
        })
    }

    /// The cause in words, and the code.
    const fn said(self) -> (&'static str, &'static str) {
        match self {
            Self::Refused => ("opa.unavailable", "connection refused"),
            Self::Reset => ("opa.unavailable", "connection reset"),
            Self::Dns => ("opa.unavailable", "the name does not resolve"),
            Self::Tls => ("opa.unavailable", "no trusted connection"),
            Self::BreakerOpen => ("opa.unavailable", "the circuit breaker is open"),
            Self::Timeout => ("opa.timeout", "no answer in time"),
            Self::StalledBody => ("opa.timeout", "the body stalled"),
        }
    }
}

/// The denial for a failure.
#[must_use]
pub fn failed(failure: Failure) -> SetAnswer {
    let (code, cause) = failure.said();
    unavailable(code, cause)
}

/// The decision of an answer with this HTTP status and body; the content type does not count.
///
/// ```
/// use finops_policy::{decision::Outcome, rego::remote};
/// let answer = remote::answered(200, br#"{"result": {"allow": true, "deny": []}}"#);
/// assert_eq!(answer.decision, Outcome::Allow);
/// assert_eq!(remote::answered(204, b"").code, Some("opa.status"));
/// ```
#[must_use]
pub fn answered(status: u16, body: &[u8]) -> SetAnswer {
    if status != 200 {
        return unavailable("opa.status", &format!("status {status}"));
    }
    let limits = json::Limits { bytes: MAX_BODY_BYTES, ..json::Limits::default() };
    let body = match json::read(body, &limits) {
        Ok(body) => body,
        Err(error) => return unavailable("opa.result", &error.to_string()),
    };
    let Json::Object(members) = &body else {
        return unavailable("opa.result", &format!("the body is no object but {}", body.type_name()));
    };
    match members.get("result") {
        None => unavailable("opa.undefined", "no result"),
        Some(Json::Object(result)) if !result.contains_key("allow") => {
            unavailable("opa.undefined", "the result has no `allow`")
        }
        Some(result) => {
            let answer = contract::decide(result, true);
            match (answer.code, &answer.detail) {
                (Some("policy.result"), detail) => {
                    unavailable("opa.result", detail.as_deref().unwrap_or_default())
                }
                _ => answer,
            }
        }
    }
}

/// `opa` for a clear answer, also a denial, and `fail_closed` for any other.
#[must_use]
pub fn decision_source(answer: &SetAnswer) -> &'static str {
    match answer.code {
        None | Some("policy.not_allowed") => "opa",
        Some(_) => "fail_closed",
    }
}

fn unavailable(code: &'static str, cause: &str) -> SetAnswer {
    let detail = format!("policy service unavailable: {cause}");
    SetAnswer { decision: Outcome::Deny, code: Some(code), detail: Some(detail), violations: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_a_clear_answer_is_a_code() {
        let long = format!(r#"{{"result":{{"allow":true,"x":"{}"}}}}"#, "x".repeat(MAX_BODY_BYTES));
        for (status, body, code) in [
            (200, r#"{"result":{"allow":true}}"#, None),
            (201, r#"{"result":{"allow":true}}"#, Some("opa.status")),
            (302, "", Some("opa.status")),
            (200, long.as_str(), Some("opa.result")),
            (200, r#"{"result":{"allow":NaN}}"#, Some("opa.result")),
            (200, r#"{"result":{"allow":true},"result":{"allow":true}}"#, Some("opa.result")),
            (200, r#"{"result":null}"#, Some("opa.result")),
            (200, r#"{"result":{"allow":null}}"#, Some("opa.result")),
            (200, r#"{"result":{"allow":false}}"#, Some("policy.not_allowed")),
        ] {
            let answer = answered(status, body.as_bytes());
            assert_eq!(answer.code, code, "{status}");
            assert_eq!(answer.decision == Outcome::Allow, code.is_none());
            let clear = matches!(code, None | Some("policy.not_allowed"));
            assert_eq!(decision_source(&answer), if clear { "opa" } else { "fail_closed" });
            let unavailable = |detail: &String| detail.starts_with("policy service unavailable: ");
            assert_eq!(answer.detail.as_ref().is_some_and(unavailable), !clear);
        }
    }

    #[test]
    fn failures_by_name() {
        for name in ["refused", "reset", "dns", "tls", "breaker_open"] {
            assert_eq!(Failure::of(name).map(|failure| failed(failure).code), Some(Some("opa.unavailable")));
        }
        for name in ["timeout", "stalled_body"] {
            assert_eq!(Failure::of(name).map(|failure| failed(failure).code), Some(Some("opa.timeout")));
        }
        assert_eq!(Failure::of("other"), None);
    }
}
