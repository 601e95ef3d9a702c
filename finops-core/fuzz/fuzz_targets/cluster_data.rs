#![no_main]
//! Any JSON is a summary or a `waste.*` error; what is read is judged, becomes an inventory that reads back, and is divided.
use finops_core::{
    allocation::{AllocationConfig, allocate},
    inventory::ClusterInventory,
    json::{Limits, read},
    price::PriceBook,
    time::Timestamp,
    waste::{DetectionConfig, Inventory, detect, summary::ClusterData},
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(json) = read(data, &Limits::default()) else { return };
    let _is_summary = ClusterData::is_summary(&json);
    match ClusterData::from_json(&json, Some(Timestamp::default())) {
        Ok(found) => {
            let prices = PriceBook::builtin();
            let report = detect(Inventory::Summary(&found), &prices, &DetectionConfig::default());
            assert!(report.findings.iter().all(|finding| !finding.detector.is_empty()));
            let inventory = found.to_inventory().value;
            let again = ClusterInventory::from_json(&inventory.to_json());
            assert_eq!(again.map(|again| again.value.to_json()), Ok(inventory.to_json()));
            match allocate(&inventory, &prices, &AllocationConfig::default()) {
                Ok(set) => assert_eq!(set.totals.difference(), 0),
                Err(fault) => assert!(fault.code().starts_with("allocation."), "{fault}"),
            }
        }
        Err(fault) => assert!(fault.code().starts_with("waste."), "{fault}"),
    }
});
