//! Changes of Kubernetes objects: in a manifest, in a chart's values, in an overlay, or as a patch for somebody to place.

use super::{
    ChangeConfig, FileChange, Status, diff, helm,
    intent::{Intent, Limit},
    kustomize,
    name::part,
    sources::{Place, Sources},
    splice, stated,
    yaml::{self, ObjectRef, Set, Target},
};
use crate::{
    error::{Fault, shorten},
    waste::{
        Subject, SubjectKind,
        rightsizing::{Resource, round},
    },
};

/// Kinds that run pods from a template.
const WORKLOADS: [&str; 7] =
    ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"];

/// What was made of the intents.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub files: Vec<FileChange>,
    /// What a reader must know: assumptions, steps left to a person.
    pub notes: Vec<String>,
    /// Why it is a draft only.
    pub draft: Option<Fault>,
}

impl Made {
    pub(super) const fn status(&self) -> Status {
        if self.draft.is_some() { Status::Draft } else { Status::Ready }
    }

    /// Without the files that say what is meant already; refused where none is left.
    fn says_something(mut self) -> Result<Self, Fault> {
        self.files.retain(|file| file.old_digest != file.new_digest);
        if self.files.is_empty() { Err(stated::nothing_to_do()) } else { Ok(self) }
    }
}

/// The object that carries an intent.
enum Carrier {
    Workload,
    Autoscaler,
    NodePool,
    Object,
}

const fn carrier(intent: &Intent) -> Carrier {
    match intent {
        Intent::Request { .. } | Intent::NoReplicas => Carrier::Workload,
        Intent::HpaTarget(_) | Intent::MinReplicas(_) | Intent::ScaleUpDelay(_) => Carrier::Autoscaler,
        Intent::Consolidate => Carrier::NodePool,
        _ => Carrier::Object,
    }
}

/// Writes the intents of one subject.
pub(super) fn make(
    intents: &[Intent],
    subject: &Subject,
    cluster: &str,
    sources: &Sources<'_>,
    config: &ChangeConfig,
) -> Result<Made, Fault> {
    if let Some(made) = helm::make(intents, subject, sources, config)? {
        return made.says_something();
    }
    let mut made = Made::default();
    let mut by_target: Vec<(Place<'_>, Vec<&Intent>)> = Vec::new();
    for intent in intents {
        let found = find(intent, subject, sources);
        match found {
            Ok(place) => {
                match by_target.iter_mut().find(|(known, _)| std::ptr::eq(known.object, place.object)) {
                    Some((_, list)) => list.push(intent),
                    None => by_target.push((place, vec![intent])),
                }
            }
            Err(fault)
                if fault.code() == "change.not_found" && matches!(carrier(intent), Carrier::Workload) =>
            {
                made.draft = Some(fault);
            }
            Err(fault) => return Err(fault),
        }
    }
    if made.draft.is_some() {
        return patch_file(intents, subject, cluster, made);
    }
    for (place, intents) in by_target {
        write(&intents, subject, &place, sources, config, &mut made)?;
    }
    made.files.sort_by(|one, other| one.path.cmp(&other.path));
    made.says_something()
}

fn find<'s>(intent: &Intent, subject: &Subject, sources: &'s Sources<'_>) -> Result<Place<'s>, Fault> {
    let name = subject.name();
    let here = |object: &ObjectRef| {
        object.namespace.is_none()
            || subject.namespace().is_none()
            || object.namespace.as_deref() == subject.namespace()
    };
    match carrier(intent) {
        Carrier::Workload => sources.object(name, |object| {
            let kind = match subject.object_kind() {
                Some(kind) => object.kind == kind,
                None => WORKLOADS.contains(&object.kind.as_str()),
            };
            kind && object.name == name && here(object)
        }),
        Carrier::Autoscaler => sources.object(name, |object| {
            // That of a workload is known by what it scales; its own name may be any.
            let scales = match &object.scales {
                Some((kind, target)) => target == name && subject.object_kind().is_none_or(|own| own == kind),
                None => object.name == name,
            };
            let itself = subject.kind() == SubjectKind::Autoscaler && object.name == name;
            object.kind == "HorizontalPodAutoscaler" && (scales || itself) && here(object)
        }),
        Carrier::NodePool => {
            let named = sources.object(name, |object| object.kind == "NodePool" && object.name == name);
            match named {
                // A type of instances names no pool: the only one is meant.
                Err(_) if subject.kind() != SubjectKind::NodePool => {
                    sources.object("NodePool", |object| object.kind == "NodePool")
                }
                named => named,
            }
        }
        Carrier::Object => {
            let kind = match subject.kind() {
                SubjectKind::Claim => Some("PersistentVolumeClaim"),
                SubjectKind::Service => Some("Service"),
                SubjectKind::Ingress => Some("Ingress"),
                SubjectKind::Namespace => Some("Namespace"),
                _ => subject.object_kind(),
            };
            sources.object(name, |object| {
                kind.is_none_or(|kind| object.kind == kind) && object.name == name && here(object)
            })
        }
    }
}

/// The container that a request is of: the subject's, the only one, or the one that is named like the workload.
fn container<'a>(subject: &'a Subject, object: &'a ObjectRef) -> Result<&'a str, Fault> {
    if let Some(name) = subject.container_name() {
        return Ok(name);
    }
    match object.containers.as_slice() {
        [only] => Ok(only),
        many => {
            many.iter().find(|name| name.as_str() == subject.name()).map(String::as_str).ok_or_else(|| {
                let problem = format!("`{}` has {} containers", shorten(subject.name()), many.len());
                Fault::new("change.ambiguous", "container", problem, "name the container in the inventory")
            })
        }
    }
}

fn write(
    intents: &[&Intent],
    subject: &Subject,
    place: &Place<'_>,
    sources: &Sources<'_>,
    config: &ChangeConfig,
    made: &mut Made,
) -> Result<(), Fault> {
    let (source, object) = (place.source, place.object);
    let target = |container| Target {
        kind: &object.kind,
        name: &object.name,
        // An object that names no namespace is the one of the subject's, should others of its name be in the file.
        namespace: object.namespace.as_deref().or(subject.namespace()),
        container,
    };
    if intents.iter().any(|intent| matches!(intent, Intent::DeleteObject)) {
        let file = match yaml::remove(source.text, &target(None))? {
            yaml::Removed::File => diff::file(source.path, Some(source.text), None, Vec::new()),
            yaml::Removed::Text(text, edit) => {
                diff::file(source.path, Some(source.text), Some(&text), vec![edit])
            }
        };
        if object.kind == "PersistentVolumeClaim" {
            let problem = "a claim goes with its data";
            made.draft = Some(Fault::new("change.data_loss", source.path, problem, "take a snapshot first"));
            made.notes.push("Take a snapshot of the volume before this is merged.".to_owned());
        }
        made.files.push(file);
        return Ok(());
    }
    let own = intents.iter().any(|intent| matches!(intent, Intent::Request { .. }));
    let name = if own { Some(container(subject, object)?) } else { None };
    let target = target(name);
    let (mut sets, mut judged) = (Vec::new(), Vec::new());
    for intent in intents {
        sets.extend(sets_of(intent, (source.path, source.text), &target, &mut judged)?);
    }
    let gone: Vec<String> = intents.iter().filter_map(|intent| removed_limit(intent)).collect();
    if let Some(overlay) = kustomize::overlay(source.path, sources, config)? {
        kustomize::patch(&overlay, object, name, (&sets, &gone), sources, &mut made.files)?;
        made.notes.push(format!("The base `{}` serves several overlays and is not edited.", source.path));
        return Ok(());
    }
    for draft in judged {
        made.draft = made.draft.take().or(draft?);
    }
    let (mut text, mut edits) = yaml::edit_and_unset(source.text, &target, &sets, &gone)?;
    // An autoscaler may stand in the file of its workload: both are edited.
    if let Some(at) = made.files.iter().position(|file| file.path == source.path) {
        let before = made.files.swap_remove(at);
        let text_before = before.content.as_deref().unwrap_or_default();
        let (both, _) = yaml::edit_and_unset(text_before, &target, &sets, &gone)?;
        edits.extend(before.edits);
        text = splice(source.text, &mut edits)?;
        if text != both {
            return Err(yaml::failed("two edits of the file meet"));
        }
    }
    made.files.push(diff::file(source.path, Some(source.text), Some(&text), edits));
    Ok(())
}

/// Whether a file states what the finding saw: why the change is a draft only, or why it is refused.
type Judged = Result<Option<Fault>, Fault>;

/// The paths that an intent sets, in the manner of what stands there, which is `judged`.
fn sets_of(
    intent: &Intent,
    (file, text): (&str, &str),
    target: &Target<'_>,
    judged: &mut Vec<Judged>,
) -> Result<Vec<Set>, Fault> {
    let mut number = |path: &str, value, absent, lowers| -> Result<Vec<Set>, Fault> {
        let old = yaml::get(text, target, path)?;
        judged.push(stated::count((file, path), old.as_deref(), absent, value, lowers));
        Ok(vec![Set::number(path, value)])
    };
    Ok(match intent {
        Intent::Request { resource, before, value, limit } => {
            let name = resource.name();
            let quantity = |path: &str, value: u64| -> Result<(Set, Option<String>), Fault> {
                let old = yaml::get(text, target, path)?;
                Ok((Set::quantity(path, round::manifest(*resource, value, old.as_deref())), old))
            };
            let (path, value) = (format!("resources.requests.{name}"), on_step(*resource, *value));
            let (set, old) = quantity(&path, value)?;
            judged.push(stated::request((file, &path), *resource, old.as_deref(), *before, value));
            let mut sets = vec![set];
            if let Limit::Set(limit) = limit {
                sets.push(quantity(&format!("resources.limits.{name}"), on_step(*resource, *limit))?.0);
            }
            sets
        }
        // An autoscaler that states no least number has 1, one that states no delay waits for nothing.
        Intent::MinReplicas(count) => number("spec.minReplicas", *count, Some(1), true)?,
        Intent::ScaleUpDelay(seconds) => {
            number("spec.behavior.scaleUp.stabilizationWindowSeconds", *seconds, Some(0), true)?
        }
        Intent::NoReplicas => number("spec.replicas", 0, None, true)?,
        Intent::Consolidate => {
            vec![Set::quantity("spec.disruption.consolidationPolicy", "WhenEmptyOrUnderutilized")]
        }
        Intent::HpaTarget(percent) => number(&hpa_target_path(text, target)?, *percent, None, false)?,
        Intent::NodeCount(_) | Intent::DeleteVolume | Intent::DeleteObject => Vec::new(),
    })
}

/// The path of the limit that an intent removes.
fn removed_limit(intent: &Intent) -> Option<String> {
    match intent {
        Intent::Request { resource, limit: Limit::Remove, .. } => {
            Some(format!("resources.limits.{}", resource.name()))
        }
        _ => None,
    }
}

/// Where an autoscaler states its CPU target: in its list of metrics (`autoscaling/v2`), else in the one field of
/// `autoscaling/v1`.
fn hpa_target_path(text: &str, target: &Target<'_>) -> Result<String, Fault> {
    for index in 0_usize.. {
        let metric = format!("spec.metrics.{index}");
        match yaml::get(text, target, &format!("{metric}.type"))? {
            None => break,
            Some(_) => {
                if yaml::get(text, target, &format!("{metric}.resource.name"))?.as_deref() == Some("cpu") {
                    return Ok(format!("{metric}.resource.target.averageUtilization"));
                }
            }
        }
    }
    Ok("spec.targetCPUUtilizationPercentage".to_owned())
}

/// An amount as a manifest would state it.
pub(super) fn quantity(resource: Resource, amount: u64) -> String {
    round::manifest(resource, amount, None)
}

/// Manifests state whole millicores and mebibytes, rounded up.
pub(super) fn on_step(resource: Resource, value: u64) -> u64 {
    value.div_ceil(resource.step()).saturating_mul(resource.step())
}

/// A strategic-merge patch for a workload that is in no source.
fn patch_file(intents: &[Intent], subject: &Subject, cluster: &str, mut made: Made) -> Result<Made, Fault> {
    let kind = subject.object_kind().unwrap_or("Deployment");
    if subject.object_kind().is_none() {
        made.notes.push("The kind of the workload is not known; Deployment is assumed.".to_owned());
    }
    let name = subject.name();
    let container = subject.container_name().unwrap_or(name);
    if subject.container_name().is_none() {
        made.notes.push(
            "The container's name is not known; the workload's is assumed. The API server refuses a patch that adds a container without an image."
                .to_owned(),
        );
    }
    let mut requests = Vec::new();
    let mut limits = Vec::new();
    let mut replicas = None;
    for intent in intents {
        match intent {
            Intent::Request { resource, value, limit, .. } => {
                let text = |value| round::manifest(*resource, on_step(*resource, value), None);
                requests.push((resource.name(), text(*value)));
                match limit {
                    Limit::Set(limit) => limits.push((resource.name(), text(*limit))),
                    // In a strategic-merge patch nothing stands for what goes.
                    Limit::Remove => limits.push((resource.name(), "null".to_owned())),
                    Limit::Keep => {}
                }
            }
            Intent::NoReplicas => replicas = Some(0),
            _ => {}
        }
    }
    let version = api_version(kind);
    let mut text = patch_head(version, kind, name, subject.namespace());
    if let Some(replicas) = replicas {
        text.push_str(&format!("  replicas: {replicas}\n"));
    }
    if !(requests.is_empty() && limits.is_empty()) {
        let pad = patch_container(&mut text, kind, container);
        text.push_str(&format!("{pad}resources:\n"));
        for (label, amounts) in [("requests", requests), ("limits", limits)] {
            if !amounts.is_empty() {
                text.push_str(&format!("{pad}  {label}:\n"));
            }
            for (resource, amount) in amounts {
                text.push_str(&format!("{pad}    {resource}: {amount}\n"));
            }
        }
    }
    let namespace = subject.namespace().unwrap_or("default");
    let path =
        format!("finops/patches/{}/{}/{}-{}.yaml", part(cluster), part(namespace), part(kind), part(name));
    made.files.push(diff::file(&path, None, Some(&text), Vec::new()));
    made.notes.push(format!("No source holds this workload. Apply `{path}` with your own tooling."));
    Ok(made)
}

/// The version of a kind that is in no source.
fn api_version(kind: &str) -> &'static str {
    match kind {
        "Job" | "CronJob" => "batch/v1",
        "Pod" | "ReplicationController" => "v1",
        "HorizontalPodAutoscaler" => "autoscaling/v2",
        _ => "apps/v1",
    }
}

/// The first lines of a strategic-merge patch, to `spec:`.
pub(super) fn patch_head(version: &str, kind: &str, name: &str, namespace: Option<&str>) -> String {
    let namespace =
        namespace.map(|namespace| format!("  namespace: {}\n", yaml::word(namespace))).unwrap_or_default();
    format!(
        "apiVersion: {}\nkind: {}\nmetadata:\n  name: {}\n{namespace}spec:\n",
        yaml::word(version),
        yaml::word(kind),
        yaml::word(name)
    )
}

/// The lines from `spec:` to a container's name; the indentation of what follows.
pub(super) fn patch_container(out: &mut String, kind: &str, container: &str) -> String {
    let (indent, way): (usize, &[&str]) = match kind {
        "Pod" => (2, &[]),
        "CronJob" => (10, &["  jobTemplate:", "    spec:", "      template:", "        spec:"]),
        _ => (6, &["  template:", "    spec:"]),
    };
    way.iter().for_each(|line| out.push_str(&format!("{line}\n")));
    let pad = " ".repeat(indent);
    out.push_str(&format!("{pad}containers:\n{pad}  - name: {}\n", yaml::word(container)));
    format!("{pad}    ")
}

/// The version that a patch of an object names: the object's own.
pub(super) fn version_of(object: &ObjectRef) -> &str {
    object.api_version.as_deref().unwrap_or_else(|| api_version(&object.kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::SourceFile;

    const PAIR: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  template:\n    spec:\n      containers:\n        - name: app\n          resources: {}\n---\napiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: web, namespace: shop}\nspec:\n  minReplicas: 5\n  targetCPUUtilizationPercentage: 50\n";

    fn made(intents: &[Intent], files: &[(&str, &str)], config: &ChangeConfig) -> Result<Made, Fault> {
        let file = |(path, text): &(&str, &str)| SourceFile {
            path: (*path).to_owned(),
            bytes: text.as_bytes().to_vec(),
        };
        let files: Vec<SourceFile> = files.iter().map(file).collect();
        let subject = Subject::workload("shop", "Deployment", "web");
        make(intents, &subject, "c", &Sources::read(&files), config)
    }

    fn request(resource: Resource, value: u64) -> Intent {
        Intent::Request { resource, before: None, value, limit: Limit::Keep }
    }

    #[test]
    fn a_workload_and_its_autoscaler_in_one_file_are_both_edited() {
        let intents = [request(Resource::Cpu, 750_000_000), Intent::HpaTarget(75)];
        let made = made(&intents, &[("web.yaml", PAIR)], &ChangeConfig::default()).unwrap();
        let expected = PAIR.replace("{}", "{requests: {cpu: 750m}}").replace("50\n", "75\n");
        assert_eq!(made.files.len(), 1);
        let file = made.files.first().unwrap();
        assert_eq!(file.content.as_deref(), Some(expected.as_str()));
        assert_eq!(file.edits.len(), 2);
    }

    #[test]
    fn an_overlay_lists_the_patches_of_both() {
        let intents = [request(Resource::Cpu, 750_000_000), Intent::HpaTarget(75)];
        let files = [
            ("base/kustomization.yaml", "resources: [web.yaml]\n"),
            ("base/web.yaml", PAIR),
            ("dev/kustomization.yaml", "resources: [../base]\n"),
            ("prod/kustomization.yaml", "resources: [../base]\n"),
        ];
        let config = ChangeConfig { overlay: Some("prod".to_owned()), ..ChangeConfig::default() };
        let made = made(&intents, &files, &config).unwrap();
        let texts: Vec<(&str, &str)> =
            made.files.iter().map(|file| (file.path.as_str(), file.content.as_deref().unwrap())).collect();
        let autoscaler = "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  targetCPUUtilizationPercentage: 75\n";
        let workload = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  template:\n    spec:\n      containers:\n        - name: app\n          resources:\n            requests:\n              cpu: 750m\n";
        let list = "resources: [../base]\npatches:\n- path: finops-deployment-web.yaml\n- path: finops-horizontalpodautoscaler-web.yaml\n";
        assert_eq!(
            texts,
            [
                ("prod/finops-deployment-web.yaml", workload),
                ("prod/finops-horizontalpodautoscaler-web.yaml", autoscaler),
                ("prod/kustomization.yaml", list)
            ]
        );
    }

    #[test]
    fn the_object_without_a_namespace_is_told_from_that_of_another() {
        let one = "kind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n";
        let other = "---\nkind: Deployment\nmetadata: {name: web, namespace: bank}\nspec: {replicas: 3}\n";
        let text = format!("{one}{other}");
        let made = made(&[Intent::NoReplicas], &[("web.yaml", &text)], &ChangeConfig::default()).unwrap();
        let expected = format!("{}{other}", one.replace('3', "0"));
        assert_eq!(made.files.first().unwrap().content.as_deref(), Some(expected.as_str()));
    }

    #[test]
    fn names_that_others_read_as_numbers_or_words_are_quoted() {
        for name in ["1e3", "0x1f", "12", "true", "No", "null", "2026-01-01", "~", "y"] {
            assert_eq!(
                patch_head("v1", "Pod", name, None).lines().nth(3),
                Some(format!("  name: \"{name}\"").as_str())
            );
        }
        assert_eq!(patch_head("v1", "Pod", "web-1", None).lines().nth(3), Some("  name: web-1"));
    }
}
