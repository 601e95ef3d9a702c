//! What a sink remembers between writes. The thread or timer lives in the binding; the decisions live here.

/// One batch on its way to a sink: written, retried once before anything newer, then given up and counted.
///
/// ```
/// use finops_telemetry::monitor::SinkState;
/// let mut sink = SinkState::new();
/// let batch = sink.next(|| vec![1, 2]).unwrap();
/// assert_eq!(sink.failed(batch), 0); // kept for its retry
/// let again = sink.next(|| vec![3]).unwrap();
/// assert_eq!(again, [1, 2]);
/// assert_eq!(sink.failed(again), 2); // given up: two records are dropped
/// assert_eq!(sink.next(|| vec![3]).unwrap(), [3]);
/// ```
#[derive(Debug, Clone)]
pub struct SinkState<T> {
    pending: Option<Vec<T>>,
    retrying: bool,
}

impl<T> Default for SinkState<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> SinkState<T> {
    /// A sink that has written nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { pending: None, retrying: false }
    }

    /// The batch to write now: the failed one, else what `drain` takes from the monitor; `None` when that is empty.
    pub fn next(&mut self, drain: impl FnOnce() -> Vec<T>) -> Option<Vec<T>> {
        if let Some(batch) = self.pending.take() {
            self.retrying = true;
            return Some(batch);
        }
        self.retrying = false;
        Some(drain()).filter(|batch| !batch.is_empty())
    }

    /// Takes note that the batch from [`SinkState::next`] was written.
    pub const fn written(&mut self) {
        self.retrying = false;
    }

    /// Takes note that `batch` was not written. It is kept for one retry; after that it is given up.
    ///
    /// Returns how many records were given up: when not 0, the monitor counts one sink error and that many dropped
    /// records ([`ResourceMonitor::sink_failed`](super::ResourceMonitor::sink_failed)).
    pub fn failed(&mut self, batch: Vec<T>) -> usize {
        if self.retrying {
            self.retrying = false;
            batch.len()
        } else {
            self.pending = Some(batch);
            0
        }
    }

    /// Whether a failed batch waits for its retry.
    #[must_use]
    pub const fn has_pending(&self) -> bool {
        self.pending.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_that_succeeds_loses_nothing() {
        let mut sink = SinkState::new();
        let batch = sink.next(|| vec!['a']).unwrap();
        assert_eq!(sink.failed(batch), 0);
        assert!(sink.has_pending());
        assert_eq!(sink.next(|| panic!("the failed batch goes first")).unwrap(), ['a']);
        sink.written();
        let later = sink.next(|| vec!['b']).unwrap();
        assert_eq!(sink.failed(later), 0, "a new batch has its own retry");
    }

    #[test]
    fn nothing_to_write_is_no_batch() {
        assert!(SinkState::<u8>::new().next(Vec::new).is_none());
    }
}
