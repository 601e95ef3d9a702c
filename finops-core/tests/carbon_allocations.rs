//! The hot paths of energy and carbon allocate nothing.

use finops_core::carbon::{CarbonConfig, CarbonModel, EnergyMethod, ModelHandle, Timing, TokenCounts};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is handed to the system's allocator unchanged; the counter is a plain thread-local cell.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get().saturating_add(1)));
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `alloc` above, so from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get).saturating_sub(before)
}

#[test]
fn flat_and_parameter_methods_allocate_nothing() {
    let tokens = TokenCounts { cache_read: 90_000, ..TokenCounts::new(12_000, 800) };
    for region in [None, Some("aws:us-east-1".to_owned())] {
        let config =
            CarbonConfig { region, energy_method: Some(EnergyMethod::Auto), ..CarbonConfig::default() };
        let model = CarbonModel::new(config).unwrap();
        let open = model.model("meta-llama/Llama-3.1-70B-Instruct");
        assert!(open.params.is_some());
        for handle in [ModelHandle::UNKNOWN, open] {
            let used = allocations(|| {
                let impact = model.inference(handle, &tokens, Timing::default()).unwrap();
                assert!(impact.carbon_kg > 0.0);
            });
            assert_eq!(used, 0, "{:?} in {:?}", handle.params, model.config().region);
        }
        assert_eq!(allocations(|| assert!(model.flat(1_000_000_007).carbon_kg > 0.0)), 0);
    }
    assert!(allocations(|| drop(std::hint::black_box(vec![1_u8]))) > 0, "the counter counts");
}
