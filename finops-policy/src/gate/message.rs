//! The sentences for people (policy specification, section 3).

use super::{field::Field, field::Range};
use crate::json::ReadError;

fn say(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}

pub(super) fn refused(error: &ReadError) -> String {
    match error {
        ReadError::TooLarge { limit } => format!("Policy input exceeds {limit} bytes"),
        ReadError::TooDeep { limit } => format!("Policy input is nested deeper than {limit}"),
        ReadError::Syntax { problem, line, column } => {
            format!("Policy input is not JSON: {problem} at line {line} column {column}")
        }
        ReadError::DuplicateKey { key } => ["Duplicate key '", key, "'"].concat(),
    }
}

pub(super) fn not_object(found: &str) -> String {
    ["Policy input must be a JSON object, got ", found].concat()
}

pub(super) fn unknown_field(name: &str) -> String {
    ["Unknown field '", name, "'"].concat()
}

pub(super) fn required(name: &str) -> String {
    [name, " is required"].concat()
}

pub(super) fn null(field: Field) -> String {
    [field.name(), " is null: unknown never passes"].concat()
}

pub(super) fn not_finite(name: &str, found: &str) -> String {
    [name, " must be a finite number, got ", found].concat()
}

pub(super) fn wrong_type(name: &str, expected: &str, found: &str) -> String {
    [name, " must be ", expected, ", got ", found].concat()
}

pub(super) fn range(field: Field, range: &Range, found: &str) -> String {
    let (min, max) = (range.min.normal_form(), range.max.normal_form());
    [field.name(), " must be between ", &min, " and ", &max, ", got ", found].concat()
}

pub(super) fn unit_cost(actual: &str, limit: &str, out: &mut String) {
    say(out, &["Unit cost ", actual, " USD exceeds budget cap of ", limit, " USD"]);
}

pub(super) fn unit_cost_warn(actual: &str, deny_above: &str, out: &mut String) {
    say(out, &["Warning: Unit cost ", actual, " USD is approaching budget cap of ", deny_above, " USD"]);
}

pub(super) fn total_spend(actual: &str, cap: &str, out: &mut String) {
    say(out, &["Total spend ", actual, " USD exceeds budget cap ", cap, " USD"]);
}

pub(super) const TAGS_MISSING: &str = "Deployment missing required cost_tags";

pub(super) const TAGS_EMPTY: &str = "cost_tags cannot be empty";

pub(super) fn tag_required(tag: &str, out: &mut String) {
    say(out, &["cost_tags missing required '", tag, "' field"]);
}

pub(super) fn pass_rate(actual: &str, limit: &str, out: &mut String) {
    say(out, &["Cannot promote: test pass rate ", actual, "% is below required ", limit, "%"]);
}

pub(super) fn cannot_promote(field: Field, why: &str, out: &mut String) {
    say(out, &["Cannot promote: ", field.name(), why]);
}

pub(super) const SCAN_FAILED: &str = "Cannot promote: security scan failed";

pub(super) fn carbon_intensity(actual: &str, limit: &str, out: &mut String) {
    say(out, &["Carbon intensity ", actual, " g/kWh exceeds limit of ", limit, " g/kWh"]);
}

pub(super) fn carbon_intensity_warn(actual: &str, deny_above: &str, out: &mut String) {
    say(out, &["Warning: Carbon intensity ", actual, " g/kWh is high (limit ", deny_above, " g/kWh)"]);
}

pub(super) fn region(found: &str, regions: &str, out: &mut String) {
    say(out, &["Region '", found, "' is not carbon-efficient; greener regions: ", regions]);
}
