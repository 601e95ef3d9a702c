//! Kustomize: a base under several overlays is not edited; the overlay that the configuration names gets a patch.

use super::{
    ChangeConfig, FileChange, diff,
    kubernetes::{patch_container, patch_head, version_of},
    name::part,
    sources::{Source, Sources},
    yaml::{self, ObjectRef, Set},
};
use crate::error::{Fault, shorten};

/// Names of the file that makes a folder a kustomization.
const FILES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn is_kustomization(path: &str) -> bool {
    FILES.contains(&path.rsplit('/').next().unwrap_or(path))
}

/// A relative path seen from a folder, without `.` and `..`.
fn join(from: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The paths of the patches that a kustomization lists; none for any other file.
pub(super) fn patches(source: &Source<'_>) -> Vec<String> {
    if !is_kustomization(source.path) {
        return Vec::new();
    }
    let listed = yaml::list(source.text, &["patches", "patchesStrategicMerge"]);
    listed.iter().map(|entry| join(folder(source.path), entry)).collect()
}

/// The overlay that gets a patch for an object of this file; `None` where the file itself may be edited.
pub(super) fn overlay(
    path: &str,
    sources: &Sources<'_>,
    config: &ChangeConfig,
) -> Result<Option<String>, Fault> {
    let base = folder(path);
    let listed = |kustomization: &str, wanted: &str| {
        let text = sources.get(kustomization).map_or("", |source| source.text);
        let entries = yaml::list(text, &["resources", "bases", "components"]);
        entries.iter().any(|entry| join(folder(kustomization), entry) == wanted)
    };
    let kustomizations: Vec<&str> =
        sources.iter().map(|source| source.path).filter(|path| is_kustomization(path)).collect();
    let in_base = kustomizations.iter().any(|file| folder(file) == base && listed(file, path));
    if !in_base {
        return Ok(None);
    }
    let overlays: Vec<&str> = kustomizations
        .iter()
        .filter(|file| folder(file) != base && listed(file, base))
        .map(|file| folder(file))
        .collect();
    if overlays.len() < 2 {
        return Ok(None);
    }
    match &config.overlay {
        Some(named) if overlays.contains(&named.trim_end_matches('/')) => {
            Ok(Some(named.trim_end_matches('/').to_owned()))
        }
        _ => {
            let problem = format!(
                "the base `{}` serves {} overlays: {}",
                shorten(base),
                overlays.len(),
                shorten(&overlays.join(", "))
            );
            Err(Fault::new(
                "change.ambiguous",
                path,
                problem,
                "name the overlay that is meant in the configuration",
            ))
        }
    }
}

/// Writes or extends the patch of an object in an overlay, and lists it there; adds to what was `made`.
pub(super) fn patch(
    overlay: &str,
    object: &ObjectRef,
    container: Option<&str>,
    (sets, gone): (&[Set], &[String]),
    sources: &Sources<'_>,
    made: &mut Vec<FileChange>,
) -> Result<(), Fault> {
    if sets.iter().flat_map(|set| &set.path).any(|key| key.parse::<usize>().is_ok()) {
        let problem = "a patch replaces a list as a whole: one item of it cannot be set";
        return Err(Fault::new("change.type_mismatch", overlay, problem, "write this patch by hand"));
    }
    let file = format!("finops-{}-{}.yaml", part(&object.kind), part(&object.name));
    let path = format!("{overlay}/{file}");
    let target = yaml::Target {
        kind: &object.kind,
        name: &object.name,
        namespace: object.namespace.as_deref(),
        container,
    };
    let old = sources.get(&path).map(|source| source.text);
    let start = match old {
        Some(text) => text.to_owned(),
        None => {
            // The frame alone: what is set follows.
            let mut text =
                patch_head(version_of(object), &object.kind, &object.name, object.namespace.as_deref());
            if let Some(container) = container {
                let _indentation = patch_container(&mut text, &object.kind, container);
            }
            text
        }
    };
    // In a strategic-merge patch nothing stands for what goes.
    let mut sets = sets.to_vec();
    for path in gone {
        if yaml::get(&start, &target, path)?.is_some() {
            let problem = "the patch of the overlay sets the limit that goes";
            return Err(Fault::new(
                "change.type_mismatch",
                path.clone(),
                problem,
                "write this patch by hand",
            ));
        }
        sets.push(Set::null(path));
    }
    let (text, edits) = yaml::edit(&start, &target, &sets)?;
    made.push(diff::file(&path, old, Some(&text), if old.is_some() { edits } else { Vec::new() }));
    let kustomization =
        FILES.iter().map(|name| format!("{overlay}/{name}")).find_map(|path| sources.get(&path));
    let kustomization = kustomization.ok_or_else(|| {
        let problem = format!("`{}` has no kustomization", shorten(overlay));
        Fault::new("change.not_found", "config.overlay", problem, "name a folder with one")
    })?;
    // The patch of another object of this change may be listed already.
    let known = made.iter().position(|file| file.path == kustomization.path);
    let before = known.map(|at| made.swap_remove(at)).and_then(|file| file.content);
    let now = before.as_deref().unwrap_or(kustomization.text);
    let listed = yaml::list(now, &["patches", "patchesStrategicMerge"]).contains(&file);
    let text =
        if listed { now.to_owned() } else { yaml::append(now, "patches", &format!("path: {file}"))?.0 };
    if text != kustomization.text {
        let edit = yaml::difference(kustomization.text, &text, "patches".to_owned());
        made.push(diff::file(kustomization.path, Some(kustomization.text), Some(&text), vec![edit]));
    }
    Ok(())
}
