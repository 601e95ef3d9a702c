#![no_main]
//! Any bytes are one JSON value or an `input.*` error; a value reads back as itself.
use finops_policy::json::{Limits, read};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    match read(data, &limits) {
        Ok(value) => {
            let text = value.to_text();
            let again = read(text.as_bytes(), &Limits { bytes: usize::MAX, ..limits });
            assert_eq!(again.as_ref(), Ok(&value), "{text}");
        }
        Err(error) => assert!(error.code().starts_with("input.")),
    }
});
