//! Whole records: one, many, their order, and what is taken out of them.

use super::{Handler, input};
use crate::{
    error::Fault,
    finding::{
        batch::{Rejection, Validated},
        intake::Intake,
        order::{content_hash, order as places},
        problem::{Counts, Problem, Warning},
        redact::redact_json,
        validate::Checked,
    },
    json::Json,
};
use sha2::{Digest, Sha256};

pub(super) const KINDS: &[(&str, Handler)] =
    &[("record", record), ("validate", validate), ("redact", redact), ("order", order)];

fn counts(counts: &Counts) -> Json {
    Json::object(counts.iter().map(|(name, count)| (name, Json::from(count))))
}

fn warning(warning: &Warning) -> Vec<(&'static str, Json)> {
    vec![("code", Json::from(warning.code)), ("path", Json::from(&warning.path))]
}

/// One record: the whole of it, the hash of its canonical bytes, and what was changed.
fn record(input: &Json) -> Result<Json, Fault> {
    let mut validator = input::validator(input)?;
    let record = input.get("record").ok_or_else(|| input::missing("record"))?;
    let checked = validator.record(record);
    let counts = counts(&validator.counts());
    Ok(match checked {
        Ok(Checked { finding, warnings }) => {
            let mut bytes = Vec::new();
            finding.write_canonical(&mut bytes);
            let hash = crate::finding::identity::hex(&<[u8; 32]>::from(Sha256::digest(&bytes)));
            let warnings = warnings.iter().map(|one| Json::object(warning(one)));
            Json::object([
                ("record", finding.to_json()),
                ("canonical_sha256", Json::from(hash)),
                ("warnings", Json::array(warnings)),
                ("counts", counts),
            ])
        }
        Err(problems) => {
            let errors = Json::array(problems.iter().map(Problem::to_json));
            Json::object([("errors", errors), ("counts", counts)])
        }
    })
}

/// Records or lines: the places of those that stand, and of those that do not. With the option `findings` the records
/// themselves come along, in total order; with `strict` the first bad record is an error.
fn validate(input: &Json) -> Result<Json, Fault> {
    let empty = Json::object::<&str>([]);
    let options = input.get("options").filter(|options| !options.is_null()).unwrap_or(&empty);
    let (strict, whole) = (input::flag(options, "strict")?, input::flag(options, "findings")?);
    let mut intake = Intake::new(input::validator(input)?, strict);
    match (input.get("lines"), input::list(input, "records")?) {
        (Some(Json::String(text)), _) => intake.piece(text.as_bytes())?,
        (Some(Json::Array(lines)), _) => {
            for line in lines {
                let line = line.as_str().ok_or_else(|| input::wrong("lines", line, "give texts"))?;
                intake.piece(format!("{line}\n").as_bytes())?;
            }
        }
        (None | Some(Json::Null), Some(records)) => {
            records.iter().try_for_each(|record| intake.record(record))?;
        }
        (Some(other), _) => return Err(input::wrong("lines", other, "give a text or a list of texts")),
        (None, None) => return Err(input::missing("records")),
    }
    let validated = intake.finish()?;
    let mut result = vec![("accepted", Json::array(validated.accepted.iter().map(|(index, _)| *index)))];
    result.extend(outcome(&validated));
    if whole {
        let records = validated.accepted.iter().map(|(_, finding)| finding.to_json());
        result.push(("findings", Json::array(records)));
    }
    Ok(Json::object(result))
}

/// What there is to say besides the records that stand: `rejected`, `rejected_count`, `warnings`, `counts`.
pub fn outcome(validated: &Validated) -> [(&'static str, Json); 4] {
    let warnings = validated.warnings.iter().map(|(index, one)| {
        let members = [("index", Json::from(*index))].into_iter().chain(warning(one));
        Json::object(members)
    });
    [
        ("rejected", Json::array(validated.rejected.iter().map(Rejection::to_json))),
        ("rejected_count", Json::from(validated.rejected_count)),
        ("warnings", Json::array(warnings)),
        ("counts", counts(&validated.counts)),
    ]
}

fn redact(input: &Json) -> Result<Json, Fault> {
    let mut value = input.get("value").cloned().ok_or_else(|| input::missing("value"))?;
    let mut redactions = 0;
    redact_json(&mut value, &mut redactions);
    Ok(Json::object([("value", value), ("redactions", Json::from(redactions))]))
}

fn order(input: &Json) -> Result<Json, Fault> {
    let findings = input::findings(input)?;
    Ok(Json::object([
        ("order", Json::array(places(&findings))),
        ("content_hash", Json::from(content_hash(&findings))),
    ]))
}
