#![no_main]
//! Any line is a record or a list of codes and places; a record reads back as itself, with nothing left to change.
use finops_core::finding::{RunContext, Validator};

libfuzzer_sys::fuzz_target!(|line: &[u8]| {
    let at = "2026-11-21T08:00:00Z".parse().unwrap_or_default();
    let context = RunContext {
        default_currency: Some("USD".to_owned()),
        ..RunContext::new("acme", "prod", "run-0042", at)
    };
    let Ok(mut validator) = Validator::new(&context) else { return };
    match validator.line(line) {
        Ok(checked) => {
            let mut once = Vec::new();
            checked.finding.write_line(&mut once);
            let again = validator.line(&once).map(|again| {
                let mut twice = Vec::new();
                again.finding.write_line(&mut twice);
                (twice, again.warnings)
            });
            assert_eq!(again, Ok((once, Vec::new())));
        }
        Err(problems) => {
            assert!(!problems.is_empty() && problems.len() <= 20);
            assert!(problems.iter().all(|problem| problem.code.starts_with("finding.")));
        }
    }
});
