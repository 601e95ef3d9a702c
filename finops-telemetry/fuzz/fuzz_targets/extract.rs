#![no_main]
//! Any bytes are usage or a `usage.*` error, and text and parsed JSON agree.
use finops_core::usage::{extract, extract_json};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let from_text = extract_json(data, None);
    if let Err(error) = &from_text {
        assert!(error.code().starts_with("usage."));
    }
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(data) {
        let from_value = extract(&value, None);
        assert_eq!(from_text.map(|e| e.usage).ok(), from_value.map(|e| e.usage).ok());
    }
});
