//! Exact sums and sketches by any set of tags.
