//! One file a provider whose bodies are neither among the shared vectors nor among the recorded responses.

use super::*;

#[test]
fn every_fixture_is_read_as_it_says() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/usage/extract/fixtures");
    let mut count = 0_usize;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let fixture: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(
            fixture["source"].as_str().is_some_and(|url| url.starts_with("https://")),
            "{name}: no source"
        );
        let found =
            both(&fixture["body"], fixture["provider"].as_str()).unwrap_or_else(|e| panic!("{name}: {e}"));
        for (key, expected) in fixture["expected"].as_object().unwrap() {
            let actual = match key.as_str() {
                "usage" => serde_json::to_value(found.usage).unwrap(),
                "provider" => json!(found.provider),
                "model" => json!(found.model),
                "request_id" => json!(found.request_id),
                "finish" => json!(found.finish),
                "service_tier" => json!(found.service_tier),
                "search_context" => json!(found.search_context),
                "reported_cost_usd" => json!(found.reported_cost.map(|cost| cost.to_string())),
                "assumptions" => json!(found.assumptions),
                other => panic!("{name}: unknown expectation {other}"),
            };
            assert_eq!(&actual, expected, "{name}: {key}");
        }
        count += 1;
    }
    assert!(count >= 5, "{count} fixtures");
}
