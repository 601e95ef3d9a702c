#![no_main]
//! Any text is a record or a typed error; a record's wire form reads back as itself.
use finops_telemetry::record::InferenceRecord;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok((record, metadata)) = InferenceRecord::from_json(text) {
        let wire = record.to_json(metadata.as_ref());
        let (again, _) = InferenceRecord::from_json(&wire).expect("our own wire form");
        assert_eq!(again.to_json(metadata.as_ref()), wire);
    }
});
