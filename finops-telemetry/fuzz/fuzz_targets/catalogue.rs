#![no_main]
//! Any text is a catalogue or `price.invalid_catalogue`; a catalogue resolves any name without a panic.
use finops_core::price::Catalogue;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Catalogue::from_jsonl(text) {
        Ok(catalogue) => drop(catalogue.resolve(None, text)),
        Err(error) => assert!(error.code().starts_with("price.") || error.code() == "config.invalid"),
    }
    drop(Catalogue::builtin().resolve(None, text));
});
