//! Policies in Rego: engine, sets, result contract, lint, bundles, unit tests.
