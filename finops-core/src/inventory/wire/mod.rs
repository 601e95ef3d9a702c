//! The wire form: JSON in snake_case, read strictly and written canonically.

mod cluster;
mod pod;
#[cfg(test)]
mod tests;
mod usage;
mod workload;
mod write;
mod write_records;

pub(super) use cluster::pool_budget;
pub(super) use pod::expression;
pub(super) use usage::{places, time_text};
pub(super) use write::subject;

use super::{
    ClusterInventory, Diagnostic, Read,
    canonical::canonicalize,
    cx::Cx,
    tree::{At, Bad, Source, Tree},
};
use crate::{error::Fault, json::Json};

impl ClusterInventory {
    /// Reads the wire form. Members that nobody reads are remarked and counted.
    ///
    /// ```
    /// use finops_core::{inventory::ClusterInventory, json::{Limits, read}};
    /// let text = br#"{"cluster": "c1", "as_of": "2026-11-02T00:00:00Z", "pods": [], "pod": 1}"#;
    /// let inventory = ClusterInventory::from_json(&read(text, &Limits::default()).unwrap())?;
    /// assert_eq!(inventory.value.pods.as_deref(), Some(&[][..]));
    /// assert_eq!((inventory.value.nodes, inventory.diagnostics.len()), (None, 1));
    /// # Ok::<(), finops_core::error::Fault>(())
    /// ```
    ///
    /// # Errors
    /// `inventory.invalid_object` and `quantity.*`, with the path of what is wrong.
    pub fn from_json(json: &Json) -> Result<Read<Self>, Fault> {
        from_tree(&Tree::from(json))
    }

    /// Reads the wire form from its text, which need not be held as JSON.
    ///
    /// # Errors
    /// `inventory.invalid_json`, and those of [`Self::from_json`].
    pub fn from_text(text: &[u8]) -> Result<Read<Self>, Fault> {
        let mut source = Source::new(text, crate::json::MAX_DEPTH, &[]);
        let mut tree = || {
            let peek = source.peek()?;
            let tree = source.tree(peek)?;
            source.finish().map(|()| tree)
        };
        let tree = tree().map_err(|bad| invalid_json(&bad))?;
        from_tree(&tree)
    }

    /// The canonical wire form: records sorted, members that are not known left out.
    ///
    /// Records that were changed by hand are sorted again by [`Self::canonicalize`].
    #[must_use]
    pub fn to_json(&self) -> Json {
        write::inventory(self)
    }

    /// Sorts every collection by the identity of its records and drops records that stand twice; returns how many.
    pub fn canonicalize(&mut self) -> u64 {
        canonicalize(self)
    }
}

fn from_tree(tree: &Tree<'_>) -> Result<Read<ClusterInventory>, Fault> {
    let mut cx = Cx::default();
    let mut value = cluster::inventory(&mut cx, tree, &At::ROOT)?;
    let mut diagnostics = cx.take_unknown();
    diagnostics.extend(ahead(&value));
    diagnostics.extend(super::canonical::remark(value.canonicalize()));
    diagnostics.sort();
    Ok(Read { value, diagnostics, ignored: std::collections::BTreeMap::new() })
}

/// Remarks on pods that start after the time of the inventory, by their place in the input.
fn ahead(inventory: &ClusterInventory) -> Vec<Diagnostic> {
    let as_of = inventory.as_of;
    let pods = inventory.pods.iter().flatten().enumerate();
    let late = pods.filter_map(|(index, pod)| {
        let start = pod.start.filter(|start| *start > as_of)?;
        let message =
            format!("`{start}` lies after `{as_of}`, the time of the inventory; correct one of them");
        let remark = Diagnostic::new("inventory.clock_skew", message);
        let remark = remark.about(format!("{}/{}", pod.namespace, pod.name));
        Some(Diagnostic { path: Some(format!("pods[{index}].start")), ..remark })
    });
    late.collect()
}

/// The fault of bytes that are no document.
pub(super) fn invalid_json(bad: &Bad) -> Fault {
    match bad {
        Bad::Syntax { offset, problem } => Fault::new(
            "inventory.invalid_json",
            "",
            format!("{problem} at byte {offset}"),
            "give one JSON value, as `kubectl get -o json` prints it",
        ),
        Bad::Deep => {
            Fault::new("inventory.too_large", "", "is nested too deep", "flatten it, or raise the limit")
        }
    }
}
