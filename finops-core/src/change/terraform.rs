//! Changes of Terraform: the size of a node group, a volume that goes.

use super::{
    ChangeConfig, SourceFile, diff,
    hcl::{self, Finder},
    intent::{Intent, fact, whole},
    kubernetes::Made,
    name::part,
    stated,
};
use crate::{
    error::Fault,
    waste::{Assessment, Value},
};

/// The attribute that names a node group.
const NAME: &str = "node_group_name";

/// Writes the intents of a node group or a volume.
pub(super) fn make(
    intents: &[Intent],
    assessment: &Assessment,
    files: &[SourceFile],
    config: &ChangeConfig,
) -> Result<Made, Fault> {
    let texts: Vec<(&str, &str)> = files
        .iter()
        .filter_map(|file| Some((file.path.as_str(), std::str::from_utf8(&file.bytes).ok()?)))
        .collect();
    let sources = hcl::Sources::read(&texts);
    let mut made = Made::default();
    for intent in intents {
        match intent {
            Intent::NodeCount(count) => node_group(*count, assessment, &sources, config, &texts, &mut made)?,
            Intent::DeleteVolume => volume(assessment, &sources, config, &texts, &mut made)?,
            _ => {}
        }
    }
    made.files.retain(|file| file.old_digest != file.new_digest);
    if made.files.is_empty() && made.draft.is_none() { Err(stated::nothing_to_do()) } else { Ok(made) }
}

fn text_of<'a>(files: &[(&'a str, &'a str)], path: &str) -> Option<&'a str> {
    files.iter().find(|(known, _)| *known == path).map(|(_, text)| *text)
}

fn node_group(
    count: i64,
    assessment: &Assessment,
    sources: &hcl::Sources<'_>,
    config: &ChangeConfig,
    texts: &[(&str, &str)],
    made: &mut Made,
) -> Result<(), Fault> {
    let name = assessment.subject.name();
    let stated = fact(assessment.evidence.more(), "autoscaler") == Some(&Value::Flag(true));
    let resource_type = "aws_eks_node_group";
    let mapped = hcl::Sources::address_of(&config.terraform_ids, name);
    let by_label = format!("{resource_type}.{name}");
    // A label is a name only where the group has no other.
    let label = Finder::Address(&by_label);
    let is_named = sources.text(label, NAME).is_some_and(|own| own != name);
    let finders = [
        mapped.map(Finder::Address),
        Some(Finder::Attribute { resource_type, name: NAME, value: name }),
        Some(label).filter(|_| !is_named),
    ];
    let found = finders.into_iter().flatten().find(|finder| sources.exists(*finder));
    let Some(finder) = found else {
        unread(sources, name)?;
        let problem = format!("node group `{}` is in no source", crate::error::shorten(name));
        made.draft = Some(Fault::new("change.not_found", "sources", problem, "give the Terraform files"));
        let what = if stated { "least" } else { "desired" };
        made.notes
            .push(format!("Set the {what} size of node group `{name}` to {count} where it is defined."));
        return Ok(());
    };
    if stated || hcl::is_autoscaled(sources, finder) {
        return least_size(count, name, sources, finder, texts, made);
    }
    judge(count, assessment, sources, finder, made)?;
    let size = count.to_string();
    let mut sets = vec![("scaling_config.desired_size", size.as_str())];
    let least = sources.number(finder, "scaling_config.min_size");
    if least.is_some_and(|least| least > count) {
        sets.push(("scaling_config.min_size", size.as_str()));
    }
    let changed = match hcl::set(sources, finder, &sets) {
        // Terraform may hold the desired size elsewhere: the least size alone then says what is meant.
        Err(fault) if fault.code() == "change.not_literal" && sets.len() > 1 => {
            made.draft = Some(fault);
            hcl::set(sources, finder, sets.get(1..).unwrap_or_default())?
        }
        other => other?,
    };
    for file in changed {
        made.files.push(diff::file(&file.path, text_of(texts, &file.path), Some(&file.text), file.edits));
    }
    Ok(())
}

/// What a file in another format holds cannot be edited.
fn unread(sources: &hcl::Sources<'_>, name: &str) -> Result<(), Fault> {
    if !sources.unread_mentions(name) {
        return Ok(());
    }
    let problem = format!("`{}` is in a file that is no HCL", crate::error::shorten(name));
    Err(Fault::new("change.unsupported_format", "sources", problem, "edit this file by hand"))
}

/// Holds the desired size against the nodes that the finding saw.
fn judge(
    count: i64,
    assessment: &Assessment,
    sources: &hcl::Sources<'_>,
    finder: Finder<'_>,
    made: &mut Made,
) -> Result<(), Fault> {
    const DESIRED: &str = "scaling_config.desired_size";
    let Some(stated) = sources.number(finder, DESIRED) else { return Ok(()) };
    let place = (sources.path(finder).unwrap_or_default(), DESIRED);
    let text = stated.to_string();
    let before = whole(&assessment.before, "node_count");
    let draft = stated::count(place, Some(&text), None, count, true)?;
    made.draft = made.draft.take().or(draft).or_else(|| stated::seen(place, stated, before));
    Ok(())
}

/// The least size of a group alone: its autoscaler owns the number of nodes, and goes as low as it may.
fn least_size(
    count: i64,
    name: &str,
    sources: &hcl::Sources<'_>,
    finder: Finder<'_>,
    texts: &[(&str, &str)],
    made: &mut Made,
) -> Result<(), Fault> {
    const LEAST: &str = "scaling_config.min_size";
    made.notes.push(format!(
        "An autoscaler owns the size of node group `{name}`: it may go down to {count} nodes, and does as its pods allow."
    ));
    if sources.number(finder, LEAST).is_some_and(|least| least <= count) {
        let problem = format!("the least size of the group is no more than {count} already");
        let help =
            "see what keeps its autoscaler from removing nodes: pods that may not move, its thresholds";
        made.draft = Some(Fault::new("change.not_literal", LEAST, problem, help));
        return Ok(());
    }
    let size = count.to_string();
    let changed = hcl::set(sources, finder, &[(LEAST, size.as_str())])?;
    if hcl::ignores(sources, finder, "scaling_config.desired_size") {
        let problem = "Terraform ignores changes of the desired size: an autoscaler owns it";
        let help = "see that the autoscaler scales the group down once its least size allows it";
        made.draft = Some(Fault::new("change.not_literal", "scaling_config.desired_size", problem, help));
    }
    for file in changed {
        made.files.push(diff::file(&file.path, text_of(texts, &file.path), Some(&file.text), file.edits));
    }
    Ok(())
}

fn volume(
    assessment: &Assessment,
    sources: &hcl::Sources<'_>,
    config: &ChangeConfig,
    texts: &[(&str, &str)],
    made: &mut Made,
) -> Result<(), Fault> {
    // A volume of a cluster has a name there and an id at its provider, by which Terraform knows it.
    let measured = assessment.evidence.measured();
    let id = match fact(&measured, "volume_id") {
        Some(Value::Text(id)) => id.as_str(),
        _ => assessment.subject.name(),
    };
    let mapped = hcl::Sources::address_of(&config.terraform_ids, id);
    let tag = Finder::NameTag { resource_type: "aws_ebs_volume", value: id };
    let finder = mapped.map(Finder::Address).into_iter().chain([tag]).find(|finder| sources.exists(*finder));
    let has_snapshot = [&*measured, assessment.evidence.more(), &assessment.before]
        .into_iter()
        .any(|facts| fact(facts, "has_snapshot") == Some(&Value::Flag(true)));
    if let Some(finder) = finder {
        let removed = hcl::remove(sources, finder)?;
        made.files.push(diff::file(
            &removed.path,
            text_of(texts, &removed.path),
            Some(&removed.text),
            removed.edits,
        ));
    } else {
        unread(sources, id)?;
        let problem = format!("volume `{}` is in no source", crate::error::shorten(id));
        made.draft = Some(Fault::new(
            "change.not_found",
            "sources",
            problem,
            "give the Terraform files and the map of ids",
        ));
        made.notes.push(format!(
            "Delete the volume when the snapshot is complete: `aws ec2 delete-volume --volume-id {}`",
            plain_id(id)
        ));
    }
    if !has_snapshot {
        if made.draft.is_none() {
            let problem = "no snapshot of the data is known";
            made.draft = Some(Fault::new(
                "change.data_loss",
                "has_snapshot",
                problem,
                "apply the snapshot first, then remove the volume",
            ));
        }
        let label = part(id).replace('-', "_");
        let path = format!("finops/snapshots/{}.tf", part(id));
        let text = format!(
            "# Before the volume goes: the data stays in this snapshot.\nresource \"aws_ebs_snapshot\" \"finops_{label}\" {{\n  volume_id   = \"{}\"\n  description = \"Before deletion, proposed by finops\"\n}}\n",
            plain_id(id)
        );
        made.files.push(diff::file(&path, None, Some(&text), Vec::new()));
        made.notes.push(format!("Apply `{path}` first and wait for the snapshot to complete."));
    }
    Ok(())
}

/// An id as it may stand in HCL and in a shell: letters, digits and dashes.
fn plain_id(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
}
