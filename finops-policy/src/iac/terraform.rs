//! A Terraform plan as `terraform show -json` prints it.
//!
//! Source of the format: developer.hashicorp.com/terraform/internals/json-format.

use super::{
    Findings, IacAction, IacAnswer, IacConfig, instance, is_given, judge_type, list, major, pattern,
};
use crate::{Json, decision::Action};

/// Action lists that create or change nothing.
const PASSIVE: [&str; 4] = ["no-op", "read", "delete", "forget"];

/// Attributes that hold tags, in the providers of AWS, Azure and Google; `tag` is a list of `{key, value}`.
const TAG_MAPS: [&str; 4] = ["tags_all", "tags", "labels", "tag"];

/// Judges a Terraform plan: required tags and instance types of what it would create or change.
///
/// ```
/// use finops_policy::{decision::Outcome, iac, json};
/// let plan = r#"{"format_version": "1.2", "resource_changes": [{"address": "aws_instance.a", "type": "aws_instance",
///   "change": {"actions": ["create"], "after": {"instance_type": "m3.large", "tags": {"team": "ai"}}}}]}"#;
/// let plan = json::read(plan.as_bytes(), &json::Limits::default())?;
/// let answer = iac::terraform(&plan, &iac::IacConfig::default());
/// assert_eq!(answer.decision, Outcome::Deny);
/// let found: Vec<_> = answer.violations.iter().map(|v| (v.rule, v.subject.as_deref())).collect();
/// assert_eq!(found, [("iac.instance.forbidden", Some("m3.large")), ("iac.tags.required", Some("environment"))]);
/// # Ok::<(), finops_policy::json::ReadError>(())
/// ```
#[must_use]
pub fn terraform(plan: &Json, config: &IacConfig) -> IacAnswer {
    let not_a_plan =
        |why: &str| Findings::alone("iac.not_a_plan", None, format!("not a Terraform plan: {why}"));
    if plan.as_object().is_none() {
        return not_a_plan(&format!("a plan is an object, this is {}", plan.type_name()));
    }
    let Some(version) = plan.get("format_version").and_then(Json::as_str) else {
        return not_a_plan("format_version is missing; give the output of `terraform show -json PLANFILE`");
    };
    let changes = match (plan.get("resource_changes"), plan.get("planned_values")) {
        (Some(Json::Array(changes)), _) => changes.as_slice(),
        (None, Some(_)) => &[],
        (None, None) => {
            return not_a_plan("it has neither resource_changes nor planned_values; a state is no plan");
        }
        (Some(other), _) => {
            return not_a_plan(&format!("resource_changes must be an array, got {}", other.type_name()));
        }
    };
    if !["0", "1"].contains(&major(version)) {
        let message = format!("plan format {version} is not known; versions 0 and 1 are");
        return Findings::alone("iac.format_version", Some(version), message);
    }
    let mut found = Findings::default();
    if plan.get("errored") == Some(&Json::Bool(true)) {
        let message = "the plan ended with an error and does not say all that would change".to_owned();
        found.add(Action::Deny, "iac.plan_errored", None, None, message);
    }
    if plan.get("complete") == Some(&Json::Bool(false)) {
        let message = "the plan is incomplete: another plan has to follow".to_owned();
        found.add(Action::Warn, "iac.plan_incomplete", None, None, message);
    }
    for (n, change) in changes.iter().enumerate() {
        judge(&mut found, config, n, change);
    }
    found.into_answer()
}

fn judge(found: &mut Findings, config: &IacConfig, index: usize, entry: &Json) {
    let change = entry.get("change");
    let passive = match change.and_then(|c| c.get("actions")).and_then(Json::as_array) {
        Some([only]) => only.as_str().is_some_and(|action| PASSIVE.contains(&action)),
        _ => false,
    };
    let mode = entry.get("mode").and_then(Json::as_str);
    if passive || mode == Some("data") {
        return;
    }
    let by_index;
    let address = match entry.get("address").and_then(Json::as_str) {
        Some(address) => address,
        None => {
            by_index = format!("#{index}");
            &by_index
        }
    };
    let after = change.and_then(|c| c.get("after")).filter(|after| after.as_object().is_some());
    let Some(after) = after else {
        let message = format!("{address} does not say what it would be after the change");
        found.add(Action::Deny, "iac.change_invalid", Some(address), None, message);
        return;
    };
    let after_unknown = change.and_then(|c| c.get("after_unknown"));
    let kind = entry.get("type").and_then(Json::as_str).unwrap_or_default();
    if !config.exempt_types.iter().any(|p| pattern::matches(p, kind)) {
        judge_tags(found, config, address, after, after_unknown);
    }
    let types = instance::of_resource(kind, after, after_unknown);
    for name in types.names {
        judge_type(found, config, address, name);
    }
    if types.unknown {
        let message = format!("the instance type of {address} is known only after apply");
        found.add(config.unknown_instance, "iac.instance.unknown", Some(address), None, message);
    }
}

fn judge_tags(found: &mut Findings, config: &IacConfig, address: &str, after: &Json, unknown: Option<&Json>) {
    let maps = TAG_MAPS.map(|name| (name, after.get(name), unknown.and_then(|u| u.get(name))));
    if maps.iter().all(|(_, known, unknown)| known.is_none() && unknown.is_none()) {
        return;
    }
    for tag in &config.required_tags {
        let state = maps.iter().map(|(name, known, unknown)| match *name {
            "tag" => in_list(tag, *known, *unknown),
            _ => in_map(tag, *known, *unknown),
        });
        let (rule, action, problem): (_, IacAction, _) = match state.max().unwrap_or(Tag::Missing) {
            Tag::Given => continue,
            Tag::Missing => ("iac.tags.required", Action::Deny.into(), "is missing or blank"),
            Tag::MapUnknown => ("iac.tags.unknown", config.unknown_tags, "is known only after apply"),
            Tag::ValueUnknown => {
                let weaker =
                    if config.unknown_tags == IacAction::Off { IacAction::Off } else { IacAction::Warn };
                ("iac.tags.unknown", weaker, "is set, its value is known only after apply")
            }
        };
        let message = format!("{address}: the required tag '{tag}' {problem}");
        found.add(action, rule, Some(address), Some(tag), message);
    }
}

/// What a plan says of one tag; the best of several maps counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tag {
    Missing,
    MapUnknown,
    ValueUnknown,
    Given,
}

fn is_true(value: Option<&Json>) -> bool {
    value == Some(&Json::Bool(true))
}

fn in_map(tag: &str, known: Option<&Json>, unknown: Option<&Json>) -> Tag {
    if is_given(known.and_then(|map| map.get(tag))) {
        Tag::Given
    } else if is_true(unknown) {
        Tag::MapUnknown
    } else if is_true(unknown.and_then(|map| map.get(tag))) {
        Tag::ValueUnknown
    } else {
        Tag::Missing
    }
}

/// As [`in_map`] over a list of `{key, value}`; the unknown parts stand at the same index of `unknown`.
fn in_list(tag: &str, known: Option<&Json>, unknown: Option<&Json>) -> Tag {
    if is_true(unknown) {
        return Tag::MapUnknown;
    }
    let (known, unknown) = (list(known), list(unknown));
    let each = (0..known.len().max(unknown.len())).map(|n| {
        let (entry, open) = (known.get(n), unknown.get(n));
        let part = |name: &str| open.and_then(|u| u.get(name));
        if is_true(open) || is_true(part("key")) {
            return Tag::MapUnknown;
        }
        if entry.and_then(|e| e.get("key")).and_then(Json::as_str) != Some(tag) {
            Tag::Missing
        } else if is_given(entry.and_then(|e| e.get("value"))) {
            Tag::Given
        } else if is_true(part("value")) {
            Tag::ValueUnknown
        } else {
            Tag::Missing
        }
    });
    each.max().unwrap_or(Tag::Missing)
}
