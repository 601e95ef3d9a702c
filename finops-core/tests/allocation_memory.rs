//! An allocation stays within its memory: 400 bytes a row at the peak, names shared (allocation.md 7).
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/clusters.rs"]
mod clusters;

use clusters::{Shape, cluster};
use finops_core::{
    allocation::{AllocationConfig, Idle, allocate},
    price::PriceBook,
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
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
fn the_peak_is_at_most_400_bytes_a_row() {
    for usage in [false, true] {
        let inventory = cluster(1, Shape { nodes: 501, pods: 10_000, hours: 24, varied: false, usage });
        let config = AllocationConfig { idle: Idle::Share, ..AllocationConfig::default() };
        LIVE.set(0);
        PEAK.set(0);
        let set = allocate(&inventory, &PriceBook::empty(), &config).unwrap();
        let rows = set.rows().count();
        let each = usize::try_from(PEAK.get()).unwrap() / rows;
        assert!(rows > 10_000 && each <= 400, "{each} bytes a row at the peak, with use: {usage}");
    }
}
