//! Identity: fingerprints, ids, and many generated findings at once.

use super::{
    Handler,
    input::{self, required},
};
use crate::{
    error::Fault,
    finding::{
        identity::{Fingerprint, Identity, finding_id, write_id},
        map::Map,
        parts::{Scope, Status},
        problem::Problem,
        record::{Finding, FindingDraft},
    },
    json::Json,
};
use sha2::{Digest, Sha256};

pub(super) const KINDS: &[(&str, Handler)] = &[
    ("fingerprint", fingerprint),
    ("finding_id", id),
    ("seed_fingerprint", seed_fingerprint),
    ("digest", digest),
];

/// The finding with the identity of `input`; what is in no identity may be left out.
fn finding(input: &Json) -> Result<Result<Finding, Vec<Problem>>, Fault> {
    let Json::Object(members) = input else {
        return Err(input::wrong("", input, "give an object"));
    };
    let mut record = members.clone();
    for (name, value) in [("run_id", "run"), ("run_ts", "1970-01-01T00:00:00Z"), ("status", "unknown")] {
        if record.get(name).is_none_or(Json::is_null) {
            record.insert(name, value);
        }
    }
    let mut validator = input::validator(&Json::Null)?;
    Ok(validator.record(&Json::Object(record)).map(|checked| checked.finding))
}

fn errors(problems: &[Problem]) -> Json {
    Json::object([("errors", Json::array(problems.iter().map(Problem::to_json)))])
}

fn fingerprint(input: &Json) -> Result<Json, Fault> {
    let finding = match finding(input)? {
        Ok(finding) => finding,
        Err(problems) => return Ok(errors(&problems)),
    };
    let mut text = Vec::new();
    Identity::from(&finding).write(&mut text);
    Ok(Json::object([
        ("json", Json::from(String::from_utf8_lossy(&text).into_owned())),
        ("bytes", Json::from(text.len())),
        ("fingerprint", Json::from(finding.fingerprint().to_string())),
    ]))
}

fn seed_fingerprint(input: &Json) -> Result<Json, Fault> {
    Ok(match finding(input)? {
        Ok(finding) => {
            let seed = Identity::from(&finding).seed_fingerprint();
            Json::object([("fingerprint", Json::from(seed.to_string()))])
        }
        Err(problems) => errors(&problems),
    })
}

fn id(input: &Json) -> Result<Json, Fault> {
    let given = required(input, "fingerprint")?;
    let fingerprint = Fingerprint::from_hex(given).ok_or_else(|| {
        let problem = format!("`{}` is no fingerprint", crate::error::shorten(given));
        Fault::new("finding.bad_id", "fingerprint", problem, "give 64 hexadecimal digits")
    })?;
    let mode = match input.get("mode") {
        None | Some(Json::Null) => crate::finding::IdMode::Stable,
        Some(Json::String(text)) => input::mode("mode", text)?,
        Some(other) => return Err(input::wrong("mode", other, "give a text")),
    };
    let run_id = input::text(input, "run_id")?.unwrap_or_default().trim();
    let run_ts = input::time("run_ts", input::text(input, "run_ts")?.unwrap_or("1970-01-01T00:00:00Z"))?;
    let mut text = Vec::new();
    write_id(&mut text, &fingerprint, mode, run_id, run_ts);
    Ok(Json::object([
        ("json", Json::from(String::from_utf8_lossy(&text).into_owned())),
        ("finding_id", Json::from(finding_id(&fingerprint, mode, run_id, run_ts))),
    ]))
}

/// The generated finding `i` of the digest vectors.
#[expect(clippy::arithmetic_side_effects, reason = "i stays below a million, its products below 2^40")]
fn generated(i: u64, draft: &mut FindingDraft) -> &'static str {
    const CHECKS: [&str; 5] = [
        "aws.ec2.ebs.unattached.volume",
        "aws.logs.log.groups.retention.missing",
        "k8s.cpu_over_request",
        "custom.check",
        "aws.nat.x",
    ];
    let region = match i / 3 % 3 {
        0 => None,
        1 => Some("eu-west-1"),
        _ => Some("us-east-1"),
    };
    draft.scope.account_id = format!("{:012}", i * 7919 % 50);
    draft.scope.region = region.map(str::to_owned);
    draft.scope.resource_id = Some(format!("res-{}", i * 104_729 % 1_000_003));
    let check = usize::try_from(i % 5).ok().and_then(|at| CHECKS.get(at)).copied().unwrap_or_default();
    draft.check_id = check.to_owned();
    draft.issue_key = match i % 4 {
        0 => Map::new(),
        signal => [("signal".to_owned(), Some(signal.to_string()))].into(),
    };
    if (i / 7).is_multiple_of(2) { "prod" } else { "dev" }
}

/// Findings that are generated here: many identities, one hash.
fn digest(input: &Json) -> Result<Json, Fault> {
    let n = input::integer(input, "n", 1_000_000)?.ok_or_else(|| input::missing("n"))?;
    let mut draft = FindingDraft::new("", Status::Fail, Scope::new("aws", "", "AmazonEC2"));
    draft.scope.resource_type = Some("r".to_owned());
    let mut buffer = Vec::new();
    let mut fingerprints: Vec<Fingerprint> = (0..n)
        .map(|i| {
            let workspace_id = generated(i, &mut draft);
            Identity { tenant_id: "acme", workspace_id, draft: &draft }.fingerprint(&mut buffer)
        })
        .collect();
    fingerprints.sort_unstable();
    let mut hasher = Sha256::new();
    for (index, fingerprint) in fingerprints.iter().enumerate() {
        if index > 0 {
            hasher.update(b"\n");
        }
        hasher.update(fingerprint.to_string());
    }
    fingerprints.dedup();
    Ok(Json::object([
        ("distinct", Json::from(fingerprints.len())),
        ("digest", Json::from(crate::finding::identity::hex(&<[u8; 32]>::from(hasher.finalize())))),
    ]))
}
