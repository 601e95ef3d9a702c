//! Proposed changes: `branch_name`, `guardrail_input`, `hcl_edit`, `yaml_edit`.

use super::{Handler, read};
use crate::{
    change::{self, BlastRadius, GuardrailInput, hcl, yaml},
    error::{Fault, shorten},
    json::Json,
    waste::{ChangeKind, OpportunityType},
};

pub(super) const KINDS: &[(&str, Handler)] = &[
    ("branch_name", branch_name),
    ("guardrail_input", guardrail_input),
    ("hcl_edit", hcl_edit),
    ("yaml_edit", yaml_edit),
];

/// `{slug, name, as_of, fingerprint}` to the branch.
fn branch_name(input: &Json) -> Result<Json, Fault> {
    let text = |name| read::text(input, name);
    let branch =
        change::branch(text("slug")?, text("name")?, read::instant(input, "as_of")?, text("fingerprint")?)?;
    Ok(branch.into())
}

/// `{text, target: {kind, name, namespace, container}, set: [{path: value}]}` to the new text: a number where the
/// interface asks for one, text for quantities.
fn yaml_edit(input: &Json) -> Result<Json, Fault> {
    let target = read::member(input, "target")?;
    let named = |name| target.get(name).and_then(Json::as_str);
    let target = yaml::Target {
        kind: read::text(target, "kind").map_err(|fault| fault.below("target"))?,
        name: read::text(target, "name").map_err(|fault| fault.below("target"))?,
        namespace: named("namespace"),
        container: named("container"),
    };
    let sets = read::each(input, "set", |members| {
        let object = members.as_object().ok_or_else(|| wrong("set", members))?;
        object.iter().map(|(path, value)| one_set(path, value)).collect::<Result<Vec<_>, _>>()
    })?;
    let (text, _) = yaml::edit(read::text(input, "text")?, &target, &sets.concat())?;
    Ok(Json::object([("text", text.into())]))
}

fn wrong(path: &str, value: &Json) -> Fault {
    let problem = format!("`{}` is no value to set", shorten(&value.to_text()));
    Fault::new("waste.invalid_record", path, problem, "give a path with text or a whole number")
}

fn one_set(path: &str, value: &Json) -> Result<yaml::Set, Fault> {
    match value {
        Json::String(text) => Ok(yaml::Set::quantity(path, text.as_str())),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Ok(yaml::Set::number(path, number)),
            None => Err(wrong(path, value)),
        },
        _ => Err(wrong(path, value)),
    }
}

/// `{text, target: address, set: {path: HCL text}}`, or `remove: true`, to the new text.
fn hcl_edit(input: &Json) -> Result<Json, Fault> {
    let files = [("main.tf", read::text(input, "text")?)];
    let sources = hcl::Sources::read(&files);
    let finder = hcl::Finder::Address(read::text(input, "target")?);
    if read::flag(input, "remove")? {
        return Ok(Json::object([("text", hcl::remove(&sources, finder)?.text.into())]));
    }
    let object = read::member(input, "set")?;
    let mut sets = Vec::new();
    for (path, value) in object.as_object().ok_or_else(|| wrong("set", object))?.iter() {
        sets.push((path, value.as_str().ok_or_else(|| wrong(path, value))?));
    }
    let changed = hcl::set(&sources, finder, &sets)?;
    let text = changed.into_iter().next().map_or(Json::Null, |changed| changed.text.into());
    Ok(Json::object([("text", text)]))
}

/// The members of a finding and its subject to what the guardrails decide on.
fn guardrail_input(input: &Json) -> Result<Json, Fault> {
    let word = read::text(input, "type")?;
    let opportunity = OpportunityType::from_code(word).ok_or_else(|| {
        let problem = format!("`{}` is no type of finding", shorten(word));
        Fault::new("waste.invalid_record", "type", problem, "give a type such as over_requested_cpu")
    })?;
    let text = |name| input.get(name).and_then(Json::as_str).map(str::to_owned);
    let tags = |name| read::each(input, name, |tag| Ok(tag.as_str().unwrap_or_default().to_owned()));
    let known = |name: &str| input.get(name).is_some_and(|value| !value.is_null());
    let amount = |name| if known(name) { read::amount(input, name).map(Some) } else { Ok(None) };
    let decimal = |name| if known(name) { read::ratio(input, name).map(Some) } else { Ok(None) };
    let kind = opportunity.change();
    let replicas = read::optional_scaled(input, "replicas", 0)?;
    let nodes_removed = read::optional_scaled(input, "nodes_removed", 0)?;
    let blast_radius = kind.map(|kind: ChangeKind| BlastRadius::of(kind, replicas, nodes_removed));
    let record = GuardrailInput {
        change_id: text("change_id"),
        kind,
        opportunity,
        cluster: text("cluster"),
        namespace: text("namespace"),
        workload: text("workload"),
        team: text("team"),
        environment: text("environment"),
        tags: [tags("cluster_tags")?, tags("subject_tags")?].concat(),
        saving: amount("saving")?,
        cost: amount("cost")?,
        confidence: decimal("confidence")?.map(|value| value.to_string()),
        risk: decimal("risk")?.map(|value| value.to_string()),
        has_snapshot: input.get("has_snapshot").and_then(Json::as_bool),
        only_min_replicas: read::flag(input, "only_min_replicas")?,
        removes_claim: read::flag(input, "removes_claim")?,
        blast_radius: blast_radius.unwrap_or_default(),
        files: read::optional_scaled(input, "files", 0)?,
        sources_verified: input.get("sources_verified").and_then(Json::as_bool),
        requested_at: if known("requested_at") { Some(read::instant(input, "requested_at")?) } else { None },
    };
    Ok(record.json())
}
