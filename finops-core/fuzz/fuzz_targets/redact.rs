#![no_main]
//! Any value loses its secrets in one go: looked at again there are none.
use finops_core::{
    finding::redact_json,
    json::{Json, Limits, read},
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = Json::from(String::from_utf8_lossy(data).into_owned());
    for mut value in [Some(text), read(data, &Limits::default()).ok()].into_iter().flatten() {
        redact_json(&mut value, &mut 0);
        let once = value.clone();
        let mut found = 0;
        redact_json(&mut value, &mut found);
        assert_eq!((found, value), (0, once));
    }
});
