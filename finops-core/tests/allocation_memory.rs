//! A snapshot and its allocation stay within their memory, names shared (allocation.md 7): bytes a pod, a row and a sample
//! do not grow with their number, so that what holds here holds for a million pods.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/clusters.rs"]
mod clusters;
#[path = "support/documents.rs"]
mod documents;

use clusters::{Shape, cluster};
use finops_core::{
    allocation::{AllocationConfig, Idle, allocate},
    inventory::{KubernetesOptions, Metric, PrometheusOptions, read_kubernetes, read_prometheus},
    price::PriceBook,
    time::Timestamp,
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

fn count(bytes: isize) {
    LIVE.with(|live| {
        live.set(live.get() + bytes);
        PEAK.with(|peak| peak.set(peak.get().max(live.get())));
    });
}

// SAFETY: every call is handed to the system's allocator unchanged; the counters are plain thread-local cells.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        CALLS.with(|calls| calls.set(calls.get() + 1));
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: `pointer` came from `alloc` above, so from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn the_peak_is_at_most_260_bytes_a_row_or_380_with_its_use() {
    for (usage, most) in [(false, 260), (true, 380)] {
        let inventory = cluster(1, Shape { nodes: 501, pods: 10_000, hours: 24, varied: false, usage });
        let config = AllocationConfig { idle: Idle::Share, ..AllocationConfig::default() };
        LIVE.set(0);
        PEAK.set(0);
        let set = allocate(&inventory, &PriceBook::empty(), &config).unwrap();
        let rows = set.rows().count();
        let (each, kept) =
            (usize::try_from(PEAK.get()).unwrap() / rows, usize::try_from(LIVE.get()).unwrap() / rows);
        println!("{usage}: {each} at the peak, {kept} are kept");
        assert!(rows > 10_000 && each <= most, "{each} bytes a row at the peak, with use: {usage}");
    }
}

/// What `read` makes, and the bytes that it keeps and that it held at its peak.
fn measured<T>(read: impl FnOnce() -> T) -> (T, usize, usize) {
    LIVE.set(0);
    PEAK.set(0);
    CALLS.set(0);
    let value = read();
    (value, usize::try_from(LIVE.get()).unwrap(), usize::try_from(PEAK.get()).unwrap())
}

#[test]
fn a_snapshot_keeps_at_most_400_bytes_a_pod() {
    let pods = usize::try_from(documents::PODS).unwrap();
    let list = documents::pod_list(documents::PODS);
    let options = KubernetesOptions::new("synthetic", Timestamp::from_ms(documents::AS_OF * 1000).unwrap());
    let (read, kept, peak) = measured(|| read_kubernetes(&[list.as_bytes()], &options).unwrap());
    assert_eq!((read.value.pods.as_ref().map(Vec::len), read.diagnostics.len()), (Some(pods), 0));
    let (kept, peak) = (kept / pods, peak / pods);
    assert!(kept <= 400 && peak <= 1_000, "{kept} bytes a pod are kept, {peak} are held while reading");
}

#[test]
fn a_sample_takes_at_most_24_bytes_and_no_allocation() {
    const SERIES: usize = 20;
    const SAMPLES: usize = 4_000;
    let answer = documents::matrix(SERIES.try_into().unwrap(), SAMPLES.try_into().unwrap());
    let options = PrometheusOptions::new(75);
    let (read, kept, peak) =
        measured(|| read_prometheus(Metric::CpuUsage, answer.as_bytes(), &options).unwrap());
    assert_eq!(read.value.iter().map(|series| series.samples().len()).sum::<usize>(), SERIES * SAMPLES);
    let (kept, peak) = (kept / (SERIES * SAMPLES), peak / (SERIES * SAMPLES));
    assert!(kept <= 24 && peak <= 24, "{kept} bytes a sample are kept, {peak} are held while reading");
    // A few for each series, and the growth of one buffer.
    assert!(CALLS.get() <= 20 * SERIES + 100, "{} allocations", CALLS.get());
}
