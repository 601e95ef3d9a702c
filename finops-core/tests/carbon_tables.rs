//! The data behind energy and carbon: complete, sourced, and what the shared vectors list.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test reads the data files and compares their numbers exactly"
)]

use finops_core::carbon::{Basis, Period, gpu, hardware, pue, zone};
use serde_json::Value;
use std::collections::BTreeSet;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/carbon");

fn rows(name: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(format!("{DATA}/{name}")).unwrap();
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/vectors/carbon.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_zone_resolves_to_a_sourced_positive_row() {
    let attribution = std::fs::read_to_string(format!("{DATA}/ATTRIBUTION.md")).unwrap();
    let mut count = 0;
    for name in zone::zones() {
        let found = zone::intensity(&name).unwrap();
        let Period::Year(year) = found.period else { panic!("{name} has no year") };
        assert!((2021..=2025).contains(&year), "{name} {year}");
        assert!(found.g_per_kwh.low > 0.0 && found.g_per_kwh.high > found.g_per_kwh.low, "{name}");
        assert!(!found.source.licence.is_empty() && found.source.url.starts_with("https://"), "{name}");
        assert!(attribution.contains(&format!("## {}\n", found.source.id)), "{name}: {}", found.source.id);
        assert!(found.data.to_string().starts_with(found.source.id.as_ref()), "{name}: {}", found.data);
        let pue = pue::lookup(&name).unwrap();
        assert!((1.0..=2.0).contains(&pue.value.central), "{name}");
        let dataset = pue.data.to_string();
        let dataset = dataset.split(':').next().unwrap();
        assert!(
            dataset.starts_with("default/") || attribution.contains(&format!("## {dataset}\n")),
            "{dataset}"
        );
        count += 1;
    }
    assert_eq!(count, 1 + 211 + 51 + 39 + 76 + 45);
}

#[test]
fn every_region_has_a_lifecycle_row_and_44_have_googles() {
    let mut google = 0;
    for name in zone::zones().filter(|name| name.contains(':')) {
        let lifecycle = zone::resolve(&name, Some(Basis::Lifecycle), zone::OnUnknown::Error).unwrap();
        assert_eq!(lifecycle.intensity.basis, Basis::Lifecycle, "{name}");
        google += usize::from(zone::intensity(&name).unwrap().source.id == "google-regions/2024");
    }
    assert_eq!(google, 44);
}

#[test]
fn every_dataset_is_attributed_and_every_row_has_a_source() {
    let attribution = std::fs::read_to_string(format!("{DATA}/ATTRIBUTION.md")).unwrap();
    let sources = std::fs::read_to_string(format!("{DATA}/sources.toml")).unwrap();
    let ids: BTreeSet<&str> =
        sources.lines().filter_map(|line| line.strip_prefix("id = \"")?.strip_suffix('"')).collect();
    assert_eq!(ids.len(), 16);
    for id in &ids {
        assert!(attribution.contains(&format!("## {id}/")), "{id}");
    }
    for (file, columns) in [
        ("curated/cloud_regions.csv", &[7_usize][..]),
        ("curated/pue.csv", &[4]),
        ("curated/gpus.csv", &[3]),
        ("curated/cpus.csv", &[3]),
        ("curated/models.csv", &[3]),
        ("derived/countries.csv", &[4]),
        ("derived/us_states.csv", &[4]),
    ] {
        for row in rows(file) {
            for column in columns {
                assert!(ids.contains(row[*column].as_str()), "{file}: {row:?}");
            }
        }
    }
    for row in rows("curated/cloud_regions.csv") {
        assert_eq!(row[3].is_empty() && row[4].is_empty(), row[8].is_empty(), "{row:?}");
        assert_eq!(row[5].is_empty(), row[9].is_empty(), "{row:?}");
    }
}

#[test]
fn the_curated_rows_are_those_of_the_vectors() {
    let tables = &vectors()["tables"];
    let texts = |row: &Value| -> Vec<String> {
        row.as_array().unwrap().iter().map(|cell| cell.as_str().unwrap_or_default().to_owned()).collect()
    };
    let listed = |table: &str| -> BTreeSet<Vec<String>> {
        tables[table]["rows"].as_array().unwrap().iter().map(texts).collect()
    };
    let curated = |file: &str, columns: usize| -> BTreeSet<Vec<String>> {
        rows(file).into_iter().map(|row| row.into_iter().take(columns).collect()).collect()
    };
    assert_eq!(curated("curated/cloud_regions.csv", 7), listed("cloud_regions"));
    assert_eq!(curated("curated/models.csv", 3), listed("models"));
    let without_source = |rows: BTreeSet<Vec<String>>| -> BTreeSet<Vec<String>> {
        rows.into_iter().map(|row| row.into_iter().take(3).collect()).collect()
    };
    assert_eq!(curated("curated/gpus.csv", 3), without_source(listed("gpus")));
    for row in listed("gpus") {
        assert_eq!(gpu::lookup(&row[0]).unwrap().max_w, row[2].parse::<f64>().unwrap());
    }
    for (product, name) in tables["gpus"]["nvml_names"].as_object().unwrap() {
        assert_eq!(gpu::lookup(product).unwrap().name, name, "{product}");
    }
    for row in listed("vcpus") {
        assert_eq!(hardware::vcpu_power(&row[0]).unwrap().min_w, row[1].parse::<f64>().unwrap());
    }
    for (provider, watts) in tables["vcpus"]["provider_defaults"].as_object().unwrap() {
        assert_eq!(
            hardware::vcpu_power(provider).unwrap().max_w,
            watts[1].as_str().unwrap().parse::<f64>().unwrap()
        );
    }
}
