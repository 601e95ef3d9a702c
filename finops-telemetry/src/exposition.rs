//! OpenMetrics text.
