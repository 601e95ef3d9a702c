//! Claims, volumes and storage classes.

use super::{
    super::{
        ClaimName, Name, Volume,
        cx::Cx,
        tree::{At, Tree},
    },
    object::{Meta, Result, deep, name, opt},
};

/// Where the provider's identity of a volume stands, by volume plugin.
const VOLUME_IDS: &[&str] = &[
    "spec.csi.volumeHandle",
    "spec.awsElasticBlockStore.volumeID",
    "spec.gcePersistentDisk.pdName",
    "spec.azureDisk.diskURI",
];

fn modes(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Option<Vec<Name>>> {
    let modes = deep(tree, at, "spec.accessModes", |v, at| cx.names(v, at))?;
    Ok(modes.map(|mut modes| {
        modes.sort();
        modes
    }))
}

pub(super) fn claim(cx: &mut Cx, meta: &Meta, tree: &Tree<'_>, at: &At<'_>) -> Result<Volume> {
    Ok(Volume {
        claim: Some(ClaimName { namespace: meta.namespace.clone(), name: meta.name.clone() }),
        pv: name(cx, tree, "spec.volumeName"),
        phase: name(cx, tree, "status.phase"),
        storage_class: name(cx, tree, "spec.storageClassName"),
        size: deep(tree, at, "status.capacity.storage", Cx::quantity)?,
        requested: deep(tree, at, "spec.resources.requests.storage", Cx::quantity)?,
        access_modes: modes(cx, tree, at)?,
        created_at: meta.created_at,
        ..Volume::default()
    })
}

/// A volume and the claim that it says it is bound to.
pub(super) fn volume(
    cx: &mut Cx,
    meta: &Meta,
    tree: &Tree<'_>,
    at: &At<'_>,
) -> Result<(Option<ClaimName>, Volume)> {
    let volume = Volume {
        pv: Some(meta.name.clone()),
        phase: name(cx, tree, "status.phase"),
        phase_changed_at: deep(tree, at, "status.lastPhaseTransitionTime", Cx::time)?,
        storage_class: name(cx, tree, "spec.storageClassName"),
        volume_id: VOLUME_IDS.iter().find_map(|path| name(cx, tree, path)),
        size: deep(tree, at, "spec.capacity.storage", Cx::quantity)?,
        access_modes: modes(cx, tree, at)?,
        reclaim_policy: name(cx, tree, "spec.persistentVolumeReclaimPolicy"),
        created_at: meta.created_at,
        ..Volume::default()
    };
    let spec = tree.get("spec").unwrap_or(&Tree::Null);
    let reference = opt(spec, at, "claimRef", |claim, _| {
        let names = name(cx, claim, "namespace").zip(name(cx, claim, "name"));
        Ok(names.map(|(namespace, name)| ClaimName { namespace, name }))
    })?;
    Ok((reference.flatten(), volume))
}

/// A storage class and the type of volume that it makes.
pub(super) fn class(cx: &mut Cx, meta: &Meta, tree: &Tree<'_>) -> (Name, Option<Name>) {
    (meta.name.clone(), name(cx, tree, "parameters.type"))
}
