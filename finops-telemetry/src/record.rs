//! What one metered run cost, used and emitted.
