#![no_main]
//! Any archive is a bundle or a typed error: once the bytes as they are, once packed with gzip to reach the archive inside.
use finops_policy::rego::{Bundle, BundleOptions};
use std::io::Write;

fn check(archive: &[u8]) {
    let options = BundleOptions { skip_verify: true, ..BundleOptions::default() };
    if let Err(error) = Bundle::from_bytes(archive, &options) {
        let code = error.code();
        assert!(
            code.starts_with("bundle.") || ["policy.parse", "lint.entry_missing"].contains(&code),
            "{code}"
        );
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    check(data);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    if packed.write_all(data).is_ok()
        && let Ok(archive) = packed.finish()
    {
        check(&archive);
    }
});
