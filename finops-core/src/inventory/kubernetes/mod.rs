//! Reads what `kubectl get -o json` and the API print.

mod clock;
mod collect;
mod config;
mod finish;
mod node;
mod object;
mod pod;
mod resources;
mod scaling;
mod service;
mod storage;
mod template;
#[cfg(test)]
mod tests;
mod workload;

pub use resources::{RESOURCES, Resource};

use super::{
    ClusterInventory, Diagnostic, Read,
    tree::{At, Bad, Source, Tree},
};
use crate::{
    error::{Fault, shorten},
    time::Timestamp,
};
use collect::Collected;
use jiter::Peek;
use std::ops::Range;

/// What a reading of Kubernetes objects needs besides them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubernetesOptions {
    /// Name of the cluster.
    pub cluster: String,
    /// When the objects were read: the end of what still runs.
    pub as_of: Timestamp,
    /// The largest document in bytes.
    pub max_bytes: usize,
    /// The deepest nesting; at most 128.
    pub max_depth: usize,
}

impl KubernetesOptions {
    /// The objects of `cluster` at `as_of`, in documents of at most 1 GiB.
    #[must_use]
    pub fn new(cluster: impl Into<String>, as_of: Timestamp) -> Self {
        Self { cluster: cluster.into(), as_of, max_bytes: 1 << 30, max_depth: crate::json::MAX_DEPTH }
    }
}

/// Members that no record needs and that are large: they are read over when they hold an object or a list.
const DROPPED: &[&str] = &[
    "managedFields",
    "securityContext",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
    "volumeMounts",
    "volumeDevices",
    "command",
    "args",
    "images",
    "nodeInfo",
    "dnsConfig",
    "podIPs",
    "hostIPs",
];

/// Reads objects of Kubernetes: lists as `kubectl` prints them, typed lists of the API, single objects.
///
/// A bad object is left out with a remark; values of Secrets and ConfigMaps are never kept.
///
/// ```
/// use finops_core::inventory::{KubernetesOptions, read_kubernetes};
/// let pods = br#"{"kind": "PodList", "apiVersion": "v1", "items": [
///     {"metadata": {"namespace": "shop", "name": "web-0"}, "spec": {"containers": [{"name": "web"}]}}]}"#;
/// let read = read_kubernetes(&[pods], &KubernetesOptions::new("prod", "2026-11-20T00:00:00Z".parse()?))?;
/// assert_eq!(read.value.pods.map(|pods| pods.len()), Some(1));
/// assert_eq!(read.value.nodes, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// `inventory.invalid_json`, `inventory.not_an_object` and `inventory.too_large` for a document as a whole; its place is
/// the path, `documents[0]`.
pub fn read_kubernetes(
    documents: &[&[u8]],
    options: &KubernetesOptions,
) -> Result<Read<ClusterInventory>, Fault> {
    let mut collected = Collected { as_of: Some(options.as_of), ..Collected::default() };
    for (index, document) in documents.iter().enumerate() {
        let place = format!("documents[{index}]");
        read_document(&mut collected, index, document, options).map_err(|fault| fault.below(&place))?;
    }
    Ok(collected.finish(options))
}

fn read_document(
    collected: &mut Collected,
    document: usize,
    text: &[u8],
    options: &KubernetesOptions,
) -> Result<(), Fault> {
    if text.len() > options.max_bytes {
        let problem = format!("is larger than {} bytes", options.max_bytes);
        return Err(Fault::new("inventory.too_large", "", problem, "split it into several documents"));
    }
    let depth = options.max_depth.min(crate::json::MAX_DEPTH);
    let fault = |bad: Bad| super::wire::invalid_json(&bad);
    let mut source = Source::new(text, depth, DROPPED);
    let peek = source.peek().map_err(fault)?;
    if peek != Peek::Object {
        // The whole of it is checked first: what is no JSON is that before all else.
        let what = source.tree(peek).map_err(fault)?.what();
        source.finish().map_err(fault)?;
        let problem = format!("is {what}, not an object");
        return Err(Fault::new(
            "inventory.not_an_object",
            "",
            problem,
            "give an object or a List of objects",
        ));
    }
    let mut list = List {
        collected,
        document,
        kind: None,
        api_version: None,
        waiting: Vec::new(),
        has_items: false,
        members: Vec::new(),
    };
    source.object(|source, name| list.member(source, name)).map_err(fault)?;
    source.finish().map_err(fault)?;
    list.end(text, depth).map_err(fault)
}

/// A document that may be a list: its items are read as they come, those that need the list's kind at its end.
struct List<'c, 'j> {
    collected: &'c mut Collected,
    document: usize,
    kind: Option<String>,
    api_version: Option<String>,
    /// Items without a kind that came before the list's own, by their bytes.
    waiting: Vec<(usize, Range<usize>)>,
    /// Whether there is a list of items: each of them is judged by itself.
    has_items: bool,
    /// The members of a document that is no list.
    members: Vec<(std::borrow::Cow<'j, str>, Tree<'j>)>,
}

impl<'j> List<'_, 'j> {
    fn member(&mut self, source: &mut Source<'j>, name: &str) -> Result<(), Bad> {
        let peek = source.peek()?;
        if name == "items" && peek == Peek::Array {
            let mut index = 0_usize;
            self.has_items = true;
            self.collected.list_seen(self.kind.as_deref());
            return source.array(|source, peek| {
                let start = source.offset();
                let tree = source.tree(peek)?;
                self.item(index, &tree, start..source.offset());
                index = index.saturating_add(1);
                Ok(())
            });
        }
        let value = source.tree(peek)?;
        match (name, value.as_str()) {
            ("kind", Some(kind)) => self.kind = Some(kind.to_owned()),
            ("apiVersion", Some(version)) => self.api_version = Some(version.to_owned()),
            _ => {}
        }
        self.members.push((std::borrow::Cow::Owned(name.to_owned()), value));
        Ok(())
    }

    fn item(&mut self, index: usize, tree: &Tree<'_>, bytes: Range<usize>) {
        let own = tree.get("kind").and_then(Tree::as_str);
        let of_list = self.kind.as_deref().and_then(item_kind);
        let version = tree.get("apiVersion").and_then(Tree::as_str).or(self.api_version.as_deref());
        match own.or(of_list) {
            Some(kind) if is_list(kind, tree) => {
                let items = At::ROOT.name("items");
                self.collected.list(kind, version, tree, &items.index(index), (self.document, Some(index)));
            }
            Some(kind) => {
                let items = At::ROOT.name("items");
                let kind = kind.to_owned();
                let version = version.map(str::to_owned);
                self.collected.object(
                    &kind,
                    version.as_deref(),
                    tree,
                    &items.index(index),
                    (self.document, Some(index)),
                );
            }
            None if self.kind.is_none() => self.waiting.push((index, bytes)),
            None => self.no_kind(index),
        }
    }

    fn no_kind(&mut self, index: usize) {
        self.collected.remark(&no_kind(&format!("items[{index}]")), (self.document, Some(index)));
    }

    fn end(mut self, text: &'j [u8], depth: usize) -> Result<(), Bad> {
        let kind = self.kind.clone().unwrap_or_default();
        let is_list = kind.ends_with("List");
        if is_list {
            self.collected.list_seen(Some(&kind));
        }
        for (index, bytes) in std::mem::take(&mut self.waiting) {
            if !is_list {
                self.no_kind(index);
                continue;
            }
            let mut source = Source::new(text.get(bytes).unwrap_or_default(), depth, DROPPED);
            let peek = source.peek()?;
            let tree = source.tree(peek)?;
            self.item(index, &tree, 0..0);
        }
        if is_list {
            return Ok(());
        }
        let is_empty = self.members.is_empty();
        let tree = Tree::Object(std::mem::take(&mut self.members));
        if kind.is_empty() {
            if !self.has_items && !is_empty {
                self.collected.remark(&no_kind(""), (self.document, None));
            }
            return Ok(());
        }
        let version = self.api_version.clone();
        self.collected.object(&kind, version.as_deref(), &tree, &At::ROOT, (self.document, None));
        Ok(())
    }
}

/// What nobody can tell the kind of.
fn no_kind(path: &str) -> Fault {
    let help = "give objects as `kubectl get -o json` prints them";
    Fault::new("inventory.invalid_object", path, "has no `kind`", help)
}

/// Whether an item is a list itself, as `jq -s` or a shell makes one of several answers of `kubectl`.
fn is_list(kind: &str, tree: &Tree<'_>) -> bool {
    kind.ends_with("List") && tree.get("items").is_some()
}

/// `Pod` for the list `PodList`.
fn item_kind(list: &str) -> Option<&str> {
    list.strip_suffix("List").filter(|kind| !kind.is_empty())
}

/// The remark that an object was left out.
fn remark(fault: &Fault, (document, index): (usize, Option<usize>)) -> Diagnostic {
    Diagnostic { document: Some(document), index, ..Diagnostic::of(fault) }
}

/// A kind for `ignored`, shortened.
fn ignored(kind: &str) -> String {
    shorten(kind)
}
