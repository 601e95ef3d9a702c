//! What makes two findings the same issue.

use super::{
    canonical::{push_folded, push_optional, push_string},
    record::{Finding, FindingDraft, IdMode},
};
use crate::time::Timestamp;
use sha2::{Digest, Sha256};
use std::fmt;

/// The SHA-256 of the members of an identity: the same for one issue in every run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The 32 bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The fingerprint of 64 hexadecimal digits in small letters; `None` for any other text.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let half = |byte: &u8| match byte {
            b'0'..=b'9' => Some(byte.wrapping_sub(b'0')),
            b'a'..=b'f' => Some(byte.wrapping_sub(b'W')),
            _ => None,
        };
        let mut bytes = [0_u8; 32];
        if text.len() != 64 {
            return None;
        }
        for (slot, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let (high, low) = (half(pair.first()?)?, half(pair.get(1)?)?);
            *slot = high << 4 | low;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// Hexadecimal digits in small letters.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len().saturating_mul(2));
    push_hex(&mut out, bytes);
    String::from_utf8(out).unwrap_or_default()
}

/// Appends hexadecimal digits in small letters.
pub(super) fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            out.push(DIGITS.get(usize::from(half)).copied().unwrap_or_default());
        }
    }
}

/// The resource that an id or ARN names, as a bill names it: `vol-1` for the ARN of an EC2 resource, the bucket for the
/// ARN of an S3 bucket, else the text itself.
///
/// ```
/// use finops_core::finding::rkey;
/// assert_eq!(rkey("arn:aws:ec2:eu-west-1:014498620306:volume/vol-1"), "vol-1");
/// assert_eq!(rkey("arn:aws:s3:::my-bucket"), "my-bucket");
/// assert_eq!(rkey("arn:aws:s3:::my-bucket/key"), "arn:aws:s3:::my-bucket/key");
/// ```
#[must_use]
pub fn rkey(id: &str) -> &str {
    let Some(rest) = id.strip_prefix("arn:") else { return id };
    let mut parts = rest.splitn(5, ':').skip(1);
    let (service, region, account, tail) = (parts.next(), parts.next(), parts.next(), parts.next());
    let short = match (service, region, account, tail) {
        (Some("ec2"), Some(_), Some(_), Some(tail)) => tail.split_once('/').map(|(_, name)| name),
        (Some("s3"), Some(""), Some(""), Some(bucket)) if !bucket.contains('/') => Some(bucket),
        _ => None,
    };
    short.filter(|name| !name.is_empty()).unwrap_or(id)
}

/// The members of an identity, in canonical form (trimmed, folded where the record is).
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    /// Whose finding.
    pub tenant_id: &'a str,
    /// The worklist.
    pub workspace_id: &'a str,
    /// What the check said.
    pub draft: &'a FindingDraft,
}

impl<'a> From<&'a Finding> for Identity<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self { tenant_id: finding.tenant_id(), workspace_id: finding.workspace_id(), draft: finding.draft() }
    }
}

impl Identity<'_> {
    /// Appends the hashed text: a JSON array of strings and nulls, as RFC 8785 writes it.
    pub fn write(&self, out: &mut Vec<u8>) {
        let scope = &self.draft.scope;
        out.extend_from_slice(b"[\"finops.finding/1\",");
        push_string(out, self.tenant_id);
        out.push(b',');
        push_string(out, self.workspace_id);
        out.push(b',');
        push_string(out, &scope.cloud);
        out.push(b',');
        push_folded(out, &scope.account_id);
        out.push(b',');
        push_optional(out, scope.region.as_deref());
        out.push(b',');
        push_folded(out, &scope.service);
        out.push(b',');
        push_optional(out, scope.resource_type.as_deref());
        out.push(b',');
        push_optional(out, scope.resource());
        out.push(b',');
        push_string(out, &self.draft.check_id);
        for (name, value) in self.draft.issue_key.iter() {
            out.push(b',');
            push_string(out, name);
            out.push(b',');
            push_optional(out, value.as_deref());
        }
        out.push(b']');
    }

    /// The fingerprint; `buffer` is emptied first and may be used again.
    #[must_use]
    pub fn fingerprint(&self, buffer: &mut Vec<u8>) -> Fingerprint {
        buffer.clear();
        self.write(buffer);
        Fingerprint(Sha256::digest(buffer.as_slice()).into())
    }

    /// The fingerprint that schema version 1 would have had, for lifecycle states of that time.
    #[must_use]
    pub fn seed_fingerprint(&self) -> Fingerprint {
        let scope = &self.draft.scope;
        let (check, tenant) = (self.draft.check_id.as_str(), self.tenant_id);
        let mut out = Vec::new();
        out.extend_from_slice(b"{\"check_id\":");
        push_string(&mut out, check);
        out.extend_from_slice(b",\"issue\":{");
        for (index, (name, value)) in self.draft.issue_key.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            push_string(&mut out, name);
            out.push(b':');
            push_string(&mut out, value.as_deref().unwrap_or_default());
        }
        out.extend_from_slice(b"},\"scope\":{");
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let members = [
            ("account_id", scope.account_id.to_ascii_lowercase()),
            ("billing_account_id", text(&scope.billing_account_id).to_ascii_lowercase()),
            ("cloud", scope.cloud.clone()),
            ("region", text(&scope.region)),
            ("resource_arn", text(&scope.resource_arn)),
            ("resource_id", text(&scope.resource_id)),
            ("resource_type", text(&scope.resource_type)),
            ("service", scope.service.to_ascii_lowercase()),
        ];
        for (index, (name, value)) in members.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            push_string(&mut out, name);
            out.push(b':');
            push_string(&mut out, value);
        }
        out.extend_from_slice(b"},\"tenant_id\":");
        push_string(&mut out, tenant);
        out.push(b'}');
        Fingerprint(Sha256::digest(&out).into())
    }
}

/// The text whose hash is a finding's id: fingerprint, mode and salt.
pub(super) fn write_id(
    out: &mut Vec<u8>,
    fingerprint: &Fingerprint,
    mode: IdMode,
    run_id: &str,
    run_ts: Timestamp,
) {
    out.extend_from_slice(b"[\"finops.finding_id/1\",\"");
    push_hex(out, &fingerprint.0);
    out.extend_from_slice(b"\",\"");
    out.extend_from_slice(mode.name().as_bytes());
    out.extend_from_slice(b"\",");
    match mode {
        IdMode::Stable => out.extend_from_slice(b"null"),
        IdMode::PerRun => push_string(out, run_id),
        IdMode::PerDay => {
            let text = run_ts.to_string();
            push_string(out, text.get(..10).unwrap_or_default());
        }
    }
    out.push(b']');
}

/// The first 16 bytes of the hash of [`write_id`]; `buffer` is emptied first.
pub(super) fn id_bytes(
    buffer: &mut Vec<u8>,
    fingerprint: &Fingerprint,
    mode: IdMode,
    run_id: &str,
    run_ts: Timestamp,
) -> [u8; 16] {
    buffer.clear();
    write_id(buffer, fingerprint, mode, run_id, run_ts);
    let hash: [u8; 32] = Sha256::digest(buffer.as_slice()).into();
    let mut id = [0_u8; 16];
    for (slot, byte) in id.iter_mut().zip(hash) {
        *slot = byte;
    }
    id
}

/// The id of the finding with `fingerprint` in the run: 32 hexadecimal digits.
///
/// ```
/// use finops_core::finding::{Fingerprint, IdMode, finding_id};
/// let fingerprint = Fingerprint::from_hex("0f6f09c0963286d49d6e00a4b916e07cced653319b4dab4b91578c25c092a3d6").unwrap();
/// let id = finding_id(&fingerprint, IdMode::Stable, "run-0042", "2026-11-21T00:00:00Z".parse()?);
/// assert_eq!(id, "b70b9f6a215a9038b654e6bfe4be3ebe");
/// # Ok::<(), finops_core::usage::UsageError>(())
/// ```
#[must_use]
pub fn finding_id(fingerprint: &Fingerprint, mode: IdMode, run_id: &str, run_ts: Timestamp) -> String {
    hex(&id_bytes(&mut Vec::new(), fingerprint, mode, run_id, run_ts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_of_ec2_and_buckets_are_shortened() {
        for (id, key) in [
            ("arn:aws-us-gov:ec2:us-gov-west-1:014498620306:volume/vol-9", "vol-9"),
            ("arn:aws:ec2:eu-west-1:014498620306:volume/", "arn:aws:ec2:eu-west-1:014498620306:volume/"),
            ("arn:aws:ec2:eu-west-1", "arn:aws:ec2:eu-west-1"),
            ("arn:aws:s3:::b1", "b1"),
            ("arn:aws:s3:::", "arn:aws:s3:::"),
            ("arn:aws:rds:eu-west-1:1:db:x", "arn:aws:rds:eu-west-1:1:db:x"),
            ("vol-1", "vol-1"),
        ] {
            assert_eq!(rkey(id), key);
        }
    }

    #[test]
    fn a_fingerprint_reads_back() {
        let fingerprint = Fingerprint(Sha256::digest(b"x").into());
        assert_eq!(Fingerprint::from_hex(&fingerprint.to_string()), Some(fingerprint));
        let upper = fingerprint.to_string().to_uppercase();
        assert_eq!((Fingerprint::from_hex(&upper), Fingerprint::from_hex("é")), (None, None));
    }
}
