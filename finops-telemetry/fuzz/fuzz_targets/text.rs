#![no_main]
//! Amounts and instants: what reads back prints the same.
use finops_core::{money::decimal, time::Timestamp};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Some(amount) = decimal::parse(text) {
        assert_eq!(decimal::parse(&decimal::text(amount)), Some(amount));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        assert_eq!(at.to_string().parse::<Timestamp>().ok(), Some(at));
    }
});
