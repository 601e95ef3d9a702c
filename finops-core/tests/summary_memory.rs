//! Workloads of a summary stay in a few blocks of memory, and judging those that are fine takes none for each: what
//! `detect_all` costs then does not hang on what the allocator of the process is like (waste.md 13).
#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use finops_core::{
    price::PriceBook,
    waste::{
        Context, DetectionConfig, Inventory, Ratio, assess_briefly, detectors,
        summary::{ClusterData, Field, NewWorkload},
    },
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is handed to the system's allocator unchanged; the counters are plain thread-local cells.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.with(|calls| calls.set(calls.get() + 1));
        LIVE.with(|live| live.set(live.get() + layout.size().cast_signed()));
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.with(|live| live.set(live.get() - layout.size().cast_signed()));
        // SAFETY: `pointer` came from `alloc` above, so from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `work` makes, the pieces of memory that it asked for and the bytes that it keeps.
fn counted<T>(work: impl FnOnce() -> T) -> (T, usize, usize) {
    let (calls, live) = (CALLS.get(), LIVE.get());
    let made = work();
    (made, CALLS.get() - calls, usize::try_from(LIVE.get() - live).unwrap())
}

/// Workloads that are fine, in forty namespaces.
fn cluster(count: usize) -> (ClusterData, usize, usize) {
    let names: Vec<_> =
        (0..count).map(|n| (format!("team-{:02}", n * 40 / count), format!("service-{n:06}"))).collect();
    let number = |thousandths| Field::Known(Ratio::thousandths(thousandths));
    counted(|| {
        let mut data = ClusterData::default();
        data.workloads.reserve(count);
        for (namespace, name) in &names {
            data.workloads.push(NewWorkload {
                namespace,
                name,
                team: Some("payments"),
                cpu_request: number(2_000),
                cpu_usage: number(1_200),
                memory_request: number(4_500),
                memory_usage: number(2_700),
                replicas: number(2_000),
                ..NewWorkload::default()
            });
        }
        assert!(data.sort_workloads());
        data
    })
}

#[test]
fn a_thousand_workloads_are_in_two_blocks_of_150_bytes_each() {
    for count in [1_000, 20_000] {
        let (data, calls, bytes) = cluster(count);
        println!("{count}: {calls} pieces, {} bytes a workload", bytes / count);
        assert_eq!(data.workloads.len(), count);
        assert!(calls == 2 && bytes / count <= 150, "{count}: {calls} pieces, {bytes} bytes");
    }
}

#[test]
fn judging_what_is_fine_takes_no_memory_for_each() {
    let (prices, config) = (PriceBook::empty(), DetectionConfig::default());
    let judged = |count| {
        let (data, ..) = cluster(count);
        let context = Context::new(Inventory::Summary(&data), &prices, &config);
        let (report, calls, _) = counted(|| assess_briefly(&detectors(), &context).0);
        assert!(report.findings.is_empty() && report.others.is_empty() && report.failures.is_empty());
        calls
    };
    let (few, many) = (judged(1_000), judged(20_000));
    println!("{few} pieces for 1,000, {many} for 20,000");
    assert_eq!(few, many);
}
