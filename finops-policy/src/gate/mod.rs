//! The default policy: typed rules over a validated input.
