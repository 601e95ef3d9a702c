//! What is in a cluster: one wire form that readers of Kubernetes, Prometheus and the summary form fill.
//!
//! An absent collection is unknown, an empty one is known to be empty.

mod diagnostic;
mod name;
mod quantity;
mod record;
mod usage;

pub use diagnostic::{Diagnostic, Read};
pub use name::Name;
pub use quantity::{Format, Quantity};
pub use record::*;
pub use usage::{Metric, Sample, Unit, UsageData, UsageSeries, UsageSubject, UsageSummary};
