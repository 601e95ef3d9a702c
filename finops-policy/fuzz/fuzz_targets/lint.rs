#![no_main]
//! Any text is a set with findings: the lint ends, and the order of the modules does not matter to it.
use finops_policy::{
    Json,
    json::{Limits, read},
    rego::{
        Module,
        lint::{lint, module_from_bytes},
    },
};

const DATA: &[u8] = br#"{"cfg": {"max": 5, "list": [1, {"a": null}]}}"#;
const LIBRARY: &str = "package lib\n\nok(x) if x == data.cfg.max\n\nlist := [v | some v in data.cfg.list]\n";

libfuzzer_sys::fuzz_target!(|source: &[u8]| {
    let data: Json = read(DATA, &Limits::default()).unwrap_or(Json::Null);
    let module = match module_from_bytes("a.rego", source) {
        Ok(module) => module,
        Err(finding) => {
            assert_eq!(finding.code, "policy.parse");
            return;
        }
    };
    let library = Module::new("lib.rego", LIBRARY);
    let report = lint(&[module.clone(), library.clone()], &data, "finops");
    assert!(report.errors.is_sorted() && report.warnings.is_sorted());
    assert_eq!(report, lint(&[library, module], &data, "finops"));
});
