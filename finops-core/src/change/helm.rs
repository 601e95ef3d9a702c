//! Changes of a chart's values, where the configuration says which value stands for what; a template is never edited.

use super::{
    ChangeConfig, HelmValue, diff,
    intent::{Intent, Limit},
    kubernetes::{Made, on_step},
    sources::{Source, Sources},
    stated,
    yaml::{self, Set},
};
use crate::{
    error::{Fault, shorten},
    waste::{
        Subject,
        rightsizing::{Resource, round},
    },
};

/// What becomes of the values of one file.
#[derive(Default)]
struct Values {
    sets: Vec<Set>,
    gone: Vec<String>,
}

/// The values that stand for one subject.
struct Map<'a> {
    config: &'a ChangeConfig,
    subject: &'a Subject,
}

impl<'a> Map<'a> {
    /// The value that stands for a resource of the subject.
    fn value(&self, resource: &str) -> Result<Option<&'a HelmValue>, Fault> {
        let subject = self.subject;
        let same = |mapped: &Option<String>, own: Option<&str>| {
            mapped.as_deref().is_none_or(|mapped| own.is_none_or(|own| own == mapped))
        };
        let fits = |value: &&HelmValue| {
            value.resource == resource
                && value.name == subject.name()
                && subject.object_kind().is_none_or(|kind| kind == value.kind)
                && same(&value.namespace, subject.namespace())
                && same(&value.container, subject.container_name())
        };
        let mut mapped = self.config.helm.iter().filter(fits);
        let value = mapped.next();
        if mapped.next().is_some() {
            let problem = format!("two values stand for {resource} of `{}`", shorten(subject.name()));
            return Err(Fault::new("change.ambiguous", "config.helm", problem, "map each resource once"));
        }
        Ok(value)
    }
}

fn source<'s>(sources: &'s Sources<'_>, file: &str) -> Result<&'s Source<'s>, Fault> {
    sources.get(file).ok_or_else(|| {
        let problem = format!("`{}` is not among the sources", shorten(file));
        Fault::new("change.not_found", "config.helm", problem, "give the values file")
    })
}

/// Whether the file holds the defaults of its chart: there a key that is gone is gone, while in values that are laid over
/// them `null` takes the default away (Helm, "Deleting a default key").
fn holds_defaults(sources: &Sources<'_>, file: &str) -> bool {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let chart = if folder.is_empty() { "Chart.yaml".to_owned() } else { format!("{folder}/Chart.yaml") };
    let is_chart = |path: &str| path.rsplit('/').next() == Some("Chart.yaml");
    let known = sources.iter().any(|source| is_chart(source.path));
    name == "values.yaml" && (sources.get(&chart).is_some() || !known)
}

/// Writes the values, where every intent is mapped to one; all values of one file are set at once: they may share the keys
/// that are missing.
pub(super) fn make(
    intents: &[Intent],
    subject: &Subject,
    sources: &Sources<'_>,
    config: &ChangeConfig,
) -> Result<Option<Made>, Fault> {
    let map = Map { config, subject };
    let mut values = Vec::with_capacity(intents.len());
    for intent in intents {
        let resource = match intent {
            Intent::Request { resource, .. } => resource.name(),
            Intent::MinReplicas(_) => "min_replicas",
            Intent::NoReplicas => "replicas",
            _ => return Ok(None),
        };
        let Some(value) = map.value(resource)? else { return Ok(None) };
        values.push((intent, value));
    }
    let mut made = Made::default();
    let mut by_file: Vec<(&str, Values)> = Vec::new();
    for (intent, value) in values {
        let HelmValue { file, path, .. } = value;
        let old = yaml::get_path(source(sources, file)?.text, path)?;
        let place = (file.as_str(), path.as_str());
        let (set, judged) = match intent {
            Intent::Request { resource, before, value, .. } => {
                let value = on_step(*resource, *value);
                let text = round::manifest(*resource, value, old.as_deref());
                let judged = stated::request(place, *resource, old.as_deref(), *before, value);
                (Set::quantity(path, text), judged)
            }
            Intent::MinReplicas(count) => {
                (Set::number(path, *count), stated::count(place, old.as_deref(), None, *count, true))
            }
            _ => (Set::number(path, 0), stated::count(place, old.as_deref(), None, 0, true)),
        };
        made.draft = made.draft.take().or(judged?);
        of_file(&mut by_file, file).sets.push(set);
        if let Intent::Request { resource, limit, .. } = intent {
            set_limit(&map, *resource, limit, sources, &mut by_file, &mut made)?;
        }
    }
    for (file, Values { sets, gone }) in by_file {
        let text = source(sources, file)?.text;
        let (new, edits) = yaml::edit_path_and_unset(text, &sets, &gone)?;
        made.files.push(diff::file(file, Some(text), Some(&new), edits));
    }
    Ok(Some(made))
}

fn of_file<'v, 'a>(by_file: &'v mut Vec<(&'a str, Values)>, file: &'a str) -> &'v mut Values {
    let at = by_file.iter().position(|(known, _)| *known == file).unwrap_or(by_file.len());
    if at == by_file.len() {
        by_file.push((file, Values::default()));
    }
    #[expect(clippy::indexing_slicing, reason = "`at` was found, or is the place of what was pushed")]
    &mut by_file[at].1
}

/// What becomes of the limit; without a value that stands for it, it stays and the change says so.
fn set_limit<'a>(
    map: &Map<'a>,
    resource: Resource,
    limit: &Limit,
    sources: &Sources<'_>,
    by_file: &mut Vec<(&'a str, Values)>,
    made: &mut Made,
) -> Result<(), Fault> {
    if *limit == Limit::Keep {
        return Ok(());
    }
    let Some(HelmValue { file, path, .. }) = map.value(&format!("{}_limit", resource.name()))? else {
        made.notes.push(format!(
            "No value of the chart is mapped to the {} limit, which stays as it is.",
            resource.name()
        ));
        return Ok(());
    };
    let old = yaml::get_path(source(sources, file)?.text, path)?;
    // A limit is what it is: only what is no quantity is refused.
    stated::request((file, path), resource, old.as_deref(), None, 0)?;
    match limit {
        Limit::Set(value) => {
            let text = round::manifest(resource, on_step(resource, *value), old.as_deref());
            of_file(by_file, file).sets.push(Set::quantity(path, text));
        }
        _ if holds_defaults(sources, file) => of_file(by_file, file).gone.push(path.clone()),
        _ => {
            made.notes.push(format!(
                "`{}` is laid over the values of a chart: `null` takes the limit away.",
                shorten(file)
            ));
            of_file(by_file, file).sets.push(Set::null(path));
        }
    }
    Ok(())
}
