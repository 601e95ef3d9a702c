#![no_main]
//! Any bytes, cut anywhere, are usage or a `stream.*` or `usage.*` error; where they are cut changes nothing.
use finops_telemetry::stream::StreamMeter;

fn meter(data: &[u8], size: usize) -> Option<finops_core::usage::Usage> {
    let mut meter = StreamMeter::new(None, Some("m"), None);
    for piece in data.chunks(size) {
        meter.push_bytes(piece).ok()?;
    }
    meter.finish().ok().map(|extracted| extracted.usage)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    assert_eq!(meter(data, 7), meter(data, 4096));
});
