//! The proposed change: a patch that touches no byte it does not mean to touch, or a refusal with its reason.
