//! Objects that say of themselves what lies after the time at which they were read: one of the two clocks is wrong.

use super::{
    super::{
        Diagnostic,
        tree::{At, Tree},
    },
    collect::Place,
    object::{find, items, text},
};
use crate::{error::shorten, time::Timestamp};

/// The remark on an object that starts after `as_of`, at the first such time in it.
pub(super) fn ahead(tree: &Tree<'_>, at: &At<'_>, as_of: Timestamp, place: Place) -> Option<Diagnostic> {
    let (path, given) = later(tree, at, as_of)?;
    let message = format!(
        "`{}` lies after `{as_of}`, when the objects were read; correct `as_of`, or the clock of the node",
        shorten(&given)
    );
    let names = [text(tree, "metadata.namespace"), text(tree, "metadata.name")];
    let subject = names.into_iter().flatten().collect::<Vec<_>>().join("/");
    let remark = Diagnostic::new("inventory.clock_skew", message).about(subject);
    Some(Diagnostic { document: Some(place.0), index: place.1, path: Some(path), ..remark })
}

fn later(tree: &Tree<'_>, at: &At<'_>, as_of: Timestamp) -> Option<(String, String)> {
    let after = |tree: Option<&Tree<'_>>| {
        let text = tree.and_then(Tree::as_str)?;
        text.parse::<Timestamp>().is_ok_and(|time| time > as_of).then(|| text.to_owned())
    };
    for path in ["status.startTime", "metadata.creationTimestamp"] {
        if let Some(given) = after(find(tree, path)) {
            return Some((at.name(path).to_string(), given));
        }
    }
    let status = tree.get("status")?;
    let (status_at, path) = (at.name("status"), "state.running.startedAt");
    let statuses = status_at.name("containerStatuses");
    let mut all = items(status, "containerStatuses").iter().enumerate();
    all.find_map(|(index, container)| {
        let given = after(find(container, path))?;
        Some((statuses.index(index).name(path).to_string(), given))
    })
}
