//! The digest of an input, taken when somebody asks for it.

use super::gate::digest;
use crate::Json;
use std::{
    fmt,
    sync::{Arc, OnceLock},
};

/// `sha256:<hex>` of a canonical input: taken at once, or of a shared document when somebody first asks.
#[derive(Clone)]
pub struct InputDigest {
    text: OnceLock<String>,
    /// What the digest is still to be taken of.
    document: Option<Arc<Json>>,
}

impl InputDigest {
    /// The digest of a document that outlives the decision; taking it costs several times what deciding does.
    #[must_use]
    pub const fn later(document: Arc<Json>) -> Self {
        Self { text: OnceLock::new(), document: Some(document) }
    }

    /// The digest of a document.
    pub(super) fn of(document: &Json) -> Self {
        Self::from(digest(document))
    }

    /// `sha256:<hex>`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.get_or_init(|| self.document.as_deref().map(digest).unwrap_or_default())
    }
}

impl From<String> for InputDigest {
    fn from(text: String) -> Self {
        Self { text: OnceLock::from(text), document: None }
    }
}

impl fmt::Display for InputDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for InputDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl PartialEq for InputDigest {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for InputDigest {}

#[cfg(test)]
mod tests {
    use crate::{
        Json,
        decision::{Context, Gate, GateOptions, Input},
        gate::sample::input,
    };
    use proptest::prelude::*;
    use std::sync::Arc;

    proptest! {
        /// A decision on a shared document is the decision on the document, byte for byte.
        #[test]
        fn a_shared_document_is_decided_as_any_other(doc in input(), approving in any::<bool>()) {
            let gate = Gate::new(GateOptions::default()).unwrap();
            let approvals = [Json::from("none")];
            let approvals: &[Json] = if approving { &approvals } else { &[] };
            let context = Context { approvals, ..Context::default() };
            let plain = gate.decide(&doc, &context);
            let shared = gate.decide(Input::Shared(&Arc::new(doc), &[]), &context);
            prop_assert_eq!(plain.to_json().to_text(), shared.to_json().to_text());
            prop_assert_eq!(plain, shared);
        }
    }
}
