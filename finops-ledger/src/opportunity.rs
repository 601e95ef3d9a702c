//! Opportunities: identity, fields and lifecycle.
