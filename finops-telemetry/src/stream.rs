//! Usage from streamed responses, idempotent.
