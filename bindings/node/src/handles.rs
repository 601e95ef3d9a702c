//! Native objects by number. JavaScript runs each environment on one thread, so each thread has its own.

use std::cell::RefCell;

/// Objects by number; numbers are used again.
pub struct Handles<T> {
    slots: RefCell<Vec<Option<T>>>,
    free: RefCell<Vec<u32>>,
}

impl<T> Handles<T> {
    pub const fn new() -> Self {
        Self { slots: RefCell::new(Vec::new()), free: RefCell::new(Vec::new()) }
    }

    /// Keeps `value` and says under which number.
    pub fn insert(&self, value: T) -> u32 {
        let mut slots = self.slots.borrow_mut();
        if let Some(id) = self.free.borrow_mut().pop() {
            if let Some(slot) = slots.get_mut(id as usize) {
                *slot = Some(value);
            }
            return id;
        }
        let id = u32::try_from(slots.len()).unwrap_or(u32::MAX);
        slots.push(Some(value));
        id
    }

    /// Drops what is kept under `id`.
    pub fn remove(&self, id: u32) {
        let gone = self.slots.borrow_mut().get_mut(id as usize).and_then(Option::take);
        if gone.is_some() {
            self.free.borrow_mut().push(id);
        }
    }

    /// Runs `run` with what is kept under `id`; `None` when nothing is.
    pub fn with<R>(&self, id: usize, run: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.slots.borrow_mut().get_mut(id).and_then(Option::as_mut).map(run)
    }
}
