//! What a document is, at a glance: nothing of it is kept.

use super::{
    tree::{Bad, Source},
    wire,
};
use crate::error::Fault;
use jiter::Peek;
use std::collections::BTreeSet;

/// The members of a document's object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// The text of `kind`, which objects and lists of Kubernetes have.
    pub kind: Option<String>,
    /// The names of all members.
    pub names: BTreeSet<String>,
}

impl Outline {
    /// Whether the document has a member of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

/// Reads over a document and tells the names of its members.
///
/// ```
/// use finops_core::inventory::outline;
/// let seen = outline(br#"{"apiVersion": "v1", "items": [], "kind": "List"}"#)?;
/// assert_eq!((seen.kind.as_deref(), seen.has("items")), (Some("List"), true));
/// # Ok::<(), finops_core::error::Fault>(())
/// ```
///
/// # Errors
/// `inventory.invalid_json`, and `inventory.not_an_object` for a document that is no object.
pub fn outline(text: &[u8]) -> Result<Outline, Fault> {
    let fault = |bad: Bad| wire::invalid_json(&bad);
    let mut source = Source::new(text, crate::json::MAX_DEPTH, &[]);
    let peek = source.peek().map_err(fault)?;
    if peek != Peek::Object {
        // The whole of it is checked first: what is no JSON is that before all else.
        let what = source.tree(peek).map_err(fault)?.what();
        source.finish().map_err(fault)?;
        let help = "give what `kubectl get -o json` prints, an inventory or a summary";
        return Err(Fault::new("inventory.not_an_object", "", format!("is {what}, not an object"), help));
    }
    let mut seen = Outline::default();
    let mut members = |source: &mut Source<'_>| {
        source.object(|source, name| {
            seen.names.insert(name.to_owned());
            match source.peek()? {
                Peek::String if name == "kind" => seen.kind = Some(source.text()?.to_owned()),
                peek => source.skip(peek)?,
            }
            Ok(())
        })?;
        source.finish()
    };
    members(&mut source).map_err(fault)?;
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_object_is_refused() {
        for (text, code) in [
            ("", "inventory.invalid_json"),
            ("{\"kind\": \"Pod\"", "inventory.invalid_json"),
            ("{} {}", "inventory.invalid_json"),
            ("[1, }", "inventory.invalid_json"),
            ("[]", "inventory.not_an_object"),
            ("1", "inventory.not_an_object"),
        ] {
            assert_eq!(outline(text.as_bytes()).unwrap_err().code(), code, "{text}");
        }
        assert_eq!(outline(b"{\"kind\": 1}").unwrap().kind, None);
    }
}
