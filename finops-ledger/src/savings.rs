//! The savings ledger: a fold over events.
