#![no_main]
//! Any bytes are series or a typed error; samples are in the order of time and not below 0.
use finops_core::inventory::{Metric, PrometheusOptions, read_prometheus};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for metric in [Metric::CpuUsage, Metric::VolumeUsed, Metric::GpuDutyPercent, Metric::LogBytes] {
        match read_prometheus(metric, data, &PrometheusOptions::new(60)) {
            Ok(found) => {
                for series in &found.value {
                    assert!(series.samples().is_sorted_by(|one, next| one.at < next.at));
                    assert!(series.samples().iter().all(|sample| sample.value >= 0));
                }
            }
            Err(fault) => {
                let code = fault.code();
                assert!(code.starts_with("prometheus.") || code.starts_with("inventory."), "{fault}");
            }
        }
    }
});
