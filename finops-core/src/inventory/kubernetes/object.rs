//! What every object has, and how its members are looked up.

use super::super::{
    Labels, Name, Owner,
    cx::{Cx, invalid, missing},
    tree::{At, Tree},
};
use crate::{error::Fault, time::Timestamp};

pub(super) type Result<T> = std::result::Result<T, Fault>;

/// Reads the member `name`, if there is one.
pub(super) fn opt<'t, 'j, T>(
    tree: &'t Tree<'j>,
    at: &At<'_>,
    name: &str,
    read: impl FnOnce(&'t Tree<'j>, &At<'_>) -> Result<T>,
) -> Result<Option<T>> {
    tree.get(name).map(|value| read(value, &at.name(name))).transpose()
}

/// Reads what lies at `path`, names joined by points, if it is there.
pub(super) fn deep<'t, 'j, T>(
    tree: &'t Tree<'j>,
    at: &At<'_>,
    path: &str,
    read: impl FnOnce(&'t Tree<'j>, &At<'_>) -> Result<T>,
) -> Result<Option<T>> {
    find(tree, path).map(|value| read(value, &at.name(path))).transpose()
}

/// What lies at `path`, names joined by points.
pub(super) fn find<'t, 'j>(tree: &'t Tree<'j>, path: &str) -> Option<&'t Tree<'j>> {
    path.split('.').try_fold(tree, |tree, name| tree.get(name))
}

/// The values of the list `name`; none where it is absent.
pub(super) fn items<'t, 'j>(tree: &'t Tree<'j>, name: &str) -> &'t [Tree<'j>] {
    tree.get(name).and_then(Tree::as_array).unwrap_or_default()
}

/// The text at `path`, if it is there and not empty.
pub(super) fn text<'t>(tree: &'t Tree<'_>, path: &str) -> Option<&'t str> {
    find(tree, path)?.as_str().filter(|text| !text.is_empty())
}

/// The name at `path`.
pub(super) fn name(cx: &mut Cx, tree: &Tree<'_>, path: &str) -> Option<Name> {
    text(tree, path).map(|text| cx.share(text))
}

/// `metadata` of an object.
#[derive(Debug, Default)]
pub(super) struct Meta {
    pub(super) name: Name,
    pub(super) namespace: Name,
    pub(super) uid: Option<String>,
    pub(super) version: Option<u64>,
    pub(super) labels: Option<Labels>,
    pub(super) annotations: Option<Labels>,
    pub(super) owner: Option<Owner>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) deleted_at: Option<Timestamp>,
}

/// Tools keep copies of whole objects in annotations; those of a Secret hold its values.
fn copies_object(name: &str) -> bool {
    name.ends_with("last-applied-configuration")
        || name.ends_with("/original")
        || name.ends_with("/applied")
        || name.ends_with("/last-applied")
}

impl Meta {
    pub(super) fn read(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Self> {
        let Tree::Object(_) = tree else {
            return Err(invalid(at, format!("is {}, not an object", tree.what()), "give an object"));
        };
        let meta = tree.get("metadata").ok_or_else(|| missing(at, "metadata"))?;
        let at = at.name("metadata");
        let mut m = Self::default();
        let mut name = None;
        let Tree::Object(members) = meta else {
            return Err(invalid(&at, format!("is {}, not an object", meta.what()), "give an object"));
        };
        for (key, v) in members.iter().filter(|(_, v)| *v != Tree::Null) {
            let at = at.name(key);
            match &**key {
                "name" => name = Some(cx.name(v, &at)?),
                "namespace" => m.namespace = cx.name(v, &at)?,
                "uid" => m.uid = v.as_str().map(str::to_owned),
                "resourceVersion" => m.version = v.as_str().and_then(|text| text.parse().ok()),
                "labels" => m.labels = Some(cx.labels(v, &at)?),
                "annotations" => m.annotations = Some(cx.labels_but(v, &at, copies_object)?),
                "ownerReferences" => m.owner = controller(cx, v, &at)?,
                "creationTimestamp" => m.created_at = Some(Cx::time(v, &at)?),
                "deletionTimestamp" => m.deleted_at = Some(Cx::time(v, &at)?),
                _ => {}
            }
        }
        m.name = name.filter(|name| !name.is_empty()).ok_or_else(|| missing(&at, "name"))?;
        Ok(m)
    }
}

fn controller(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Option<Owner>> {
    for (index, reference) in tree.as_array().unwrap_or_default().iter().enumerate() {
        if reference.get("controller") == Some(&Tree::Bool(true)) {
            let at = at.index(index);
            let kind = reference.get("kind").ok_or_else(|| missing(&at, "kind"))?;
            let name = reference.get("name").ok_or_else(|| missing(&at, "name"))?;
            let kind = cx.name(kind, &at.name("kind"))?;
            return Ok(Some(Owner { kind, name: cx.name(name, &at.name("name"))? }));
        }
    }
    Ok(None)
}
