//! The frozen cost before a change.
