//! A mergeable quantile sketch in integers.
