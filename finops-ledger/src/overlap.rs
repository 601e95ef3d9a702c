//! Netting: no dollar is counted twice.
