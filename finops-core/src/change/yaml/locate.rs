//! Finding an object, and a container in it, among the documents of a file.

use super::tree::{File, Node, Value};
use crate::error::{Fault, shorten};

/// Which object is meant, and which container of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// Kind, for example `Deployment`.
    pub kind: &'a str,
    /// Name.
    pub name: &'a str,
    /// Namespace; an object without one matches where it is the only one of its name.
    pub namespace: Option<&'a str>,
    /// The container that paths start from; without one they start from the object.
    pub container: Option<&'a str>,
}

/// A step from one value to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// An object in a file, with the way to it.
pub(super) struct Found<'a> {
    pub node: &'a Node<'a>,
    /// The document, then the steps in it.
    pub path: Vec<Step<'a>>,
    /// Every value from the document down to the object.
    pub way: Vec<&'a Node<'a>>,
}

/// An object of a file, as far as a search needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRef {
    /// Group and version, for example `apps/v1`.
    pub api_version: Option<String>,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace, where it is written.
    pub namespace: Option<String>,
    /// Containers of its pod template; init containers are none of them.
    pub containers: Vec<String>,
    /// What an autoscaler scales: kind and name.
    pub scales: Option<(String, String)>,
}

/// The objects of a YAML text.
///
/// # Errors
/// `change.unsupported_format` for what is no YAML, `change.template` for a template.
pub fn objects(text: &str) -> Result<Vec<ObjectRef>, Fault> {
    let file = super::edit::read(text)?;
    let mut out = Vec::new();
    for document in &file.documents {
        let list = document.text("kind").is_some_and(|kind| kind.ends_with("List"));
        let items = document.get("items").filter(|_| list).map_or(&[][..], Node::items);
        out.extend([document].into_iter().chain(items).filter_map(object_ref));
    }
    Ok(out)
}

fn object_ref(node: &Node<'_>) -> Option<ObjectRef> {
    let metadata = node.get("metadata")?;
    let kind = node.text("kind")?;
    let template = pod_spec(kind).iter().try_fold(node, |node, key| node.get(key));
    let containers = template.and_then(|template| template.get("containers")).map_or(&[][..], Node::items);
    let target = node.get("spec").and_then(|spec| spec.get("scaleTargetRef"));
    let scales =
        target.and_then(|target| Some((target.text("kind")?.to_owned(), target.text("name")?.to_owned())));
    Some(ObjectRef {
        api_version: node.text("apiVersion").map(str::to_owned),
        kind: kind.to_owned(),
        name: metadata.text("name")?.to_owned(),
        namespace: metadata.text("namespace").filter(|text| !text.is_empty()).map(str::to_owned),
        containers: containers.iter().filter_map(|item| item.text("name").map(str::to_owned)).collect(),
        scales,
    })
}

fn matches<'a>(file: &'a File<'a>, target: &Target<'_>) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for (index, document) in file.documents.iter().enumerate() {
        let start = vec![Step::Index(index)];
        if is_target(document, target) {
            found.push(Found { node: document, path: start.clone(), way: vec![document] });
        }
        // `kind: List` holds objects in `items`.
        let items = document
            .get("items")
            .filter(|_| document.text("kind").is_some_and(|kind| kind.ends_with("List")));
        for (at, item) in items.map_or(&[][..], Node::items).iter().enumerate() {
            if is_target(item, target) {
                let path = [start.as_slice(), &[Step::Key("items"), Step::Index(at)]].concat();
                let way = vec![document].into_iter().chain(items).chain([item]).collect();
                found.push(Found { node: item, path, way });
            }
        }
    }
    found
}

fn is_target(node: &Node<'_>, target: &Target<'_>) -> bool {
    let metadata = node.get("metadata");
    let named = |key| metadata.and_then(|metadata| metadata.text(key));
    let namespace = named("namespace").filter(|namespace| !namespace.is_empty());
    node.text("kind") == Some(target.kind)
        && named("name") == Some(target.name)
        && (namespace.is_none() || target.namespace.is_none() || namespace == target.namespace)
}

/// Refuses a mapping that names several objects: a key of its identity stands there twice.
fn one_identity(node: &Node<'_>) -> Result<(), Fault> {
    only(node, "kind")?;
    let Some(metadata) = only(node, "metadata")? else { return Ok(()) };
    only(metadata, "name")?;
    only(metadata, "namespace").map(|_| ())
}

/// The one object that is meant.
pub(super) fn object<'a>(file: &'a File<'a>, target: &Target<'_>) -> Result<Found<'a>, Fault> {
    for document in &file.documents {
        one_identity(document)?;
        document.get("items").map_or(&[][..], Node::items).iter().try_for_each(one_identity)?;
    }
    let mut found = matches(file, target);
    // Of several, those that name the namespace are meant; one that names none may be any of them.
    if found.len() > 1 && target.namespace.is_some() {
        let exact = |found: &Found<'_>| {
            let metadata = found.node.get("metadata");
            metadata.and_then(|metadata| metadata.text("namespace")) == target.namespace
        };
        if found.iter().filter(|found| exact(found)).count() == 1 {
            found.retain(exact);
        }
    }
    let what = format!("{} `{}`", shorten(target.kind), shorten(target.name));
    match found.len() {
        0 => Err(Fault::new(
            "change.not_found",
            "target",
            format!("{what} is in no document"),
            "name an object of the sources",
        )),
        1 => found
            .pop()
            .ok_or_else(|| Fault::new("change.not_found", "target", what, "name an object of the sources")),
        count => {
            let problem = format!("{what} is in {count} documents");
            Err(Fault::new("change.ambiguous", "target", problem, "give the namespace, or fewer sources"))
        }
    }
}

/// Where the pod template of a kind has its containers.
fn pod_spec(kind: &str) -> &'static [&'static str] {
    match kind {
        "Pod" => &["spec"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => &["spec", "template", "spec"],
    }
}

/// The container that is meant, with the way to it.
pub(super) fn container<'a>(object: Found<'a>, kind: &str, name: &str) -> Result<Found<'a>, Fault> {
    let Found { mut node, mut path, mut way } = object;
    let missing = |what: &str| {
        let problem = format!("{what} is not in the object");
        Fault::new("change.not_found", "target.container", problem, "name a container of the pod template")
    };
    for key in pod_spec(kind) {
        node = only(node, key)?.ok_or_else(|| missing(&format!("`{key}`")))?;
        way.push(node);
        path.push(Step::Key(key));
    }
    let mut found = Vec::new();
    for list in ["containers", "initContainers"] {
        let Some(items) = only(node, list)? else { continue };
        for (index, item) in items.items().iter().enumerate() {
            if item.text("name") == Some(name) {
                found.push((list, items, index, item));
            }
        }
    }
    let [(list, items, index, item)] = found.as_slice() else {
        if found.is_empty() {
            return Err(missing(&format!("container `{}`", shorten(name))));
        }
        let problem = format!("container `{}` stands there {} times", shorten(name), found.len());
        return Err(Fault::new("change.ambiguous", "target.container", problem, "make the names unique"));
    };
    way.extend([*items, *item]);
    path.extend([Step::Key(list), Step::Index(*index)]);
    Ok(Found { node: item, path, way })
}

/// The object or container that `target` names.
pub(super) fn place<'a>(file: &'a File<'a>, target: &Target<'_>) -> Result<Found<'a>, Fault> {
    let object = object(file, target)?;
    match target.container {
        None => Ok(object),
        Some(name) => container(object, target.kind, name),
    }
}

/// As [`place`], where nothing on the way is shared with another place.
pub(super) fn found<'a>(file: &'a File<'a>, target: &Target<'_>) -> Result<Found<'a>, Fault> {
    let found = place(file, target)?;
    found.way.iter().try_for_each(|node| unshared(node, "target"))?;
    Ok(found)
}

/// The value of a key that may stand there once.
pub(super) fn only<'a, 't>(node: &'a Node<'t>, key: &str) -> Result<Option<&'a Node<'t>>, Fault> {
    let count = node.entries().iter().filter(|entry| entry.key == key).count();
    if count > 1 {
        let problem = format!("key `{}` stands {count} times in one mapping", shorten(key));
        return Err(Fault::new("change.ambiguous", key, problem, "keep one of them"));
    }
    Ok(node.get(key))
}

/// Refuses a value that other places share: an anchor, an alias, a merge key, a tag.
pub(super) fn unshared(node: &Node<'_>, path: &str) -> Result<(), Fault> {
    let merges = node.entries().iter().any(|entry| entry.key == "<<");
    if node.anchored || merges || node.value == Value::Alias {
        let problem = "an anchor, an alias or a merge key stands on the path";
        return Err(Fault::new(
            "change.aliased",
            path,
            problem,
            "write the value out, so that nothing else changes with it",
        ));
    }
    if node.tagged {
        return Err(Fault::new("change.type_mismatch", path, "the value has a tag", "remove the tag"));
    }
    Ok(())
}
