#![no_main]
//! Any bytes are objects, remarks or an `inventory.*` error; an inventory reads back from its wire form.
use finops_core::{
    inventory::{ClusterInventory, KubernetesOptions, read_kubernetes},
    time::Timestamp,
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    match read_kubernetes(&[data], &KubernetesOptions::new("c", Timestamp::default())) {
        Ok(found) => {
            let again = ClusterInventory::from_json(&found.value.to_json());
            assert_eq!(again.map(|again| again.value.to_json()), Ok(found.value.to_json()));
        }
        Err(fault) => assert!(fault.code().starts_with("inventory."), "{fault}"),
    }
});
