#![forbid(unsafe_code)]
//! FinOps-as-code inside your process: `cargo add finops`.

pub use finops_core as core;
pub use finops_ledger as ledger;
pub use finops_policy as policy;
pub use finops_telemetry as telemetry;

pub use finops_core::carbon;
pub use finops_core::cost::Cost;
pub use finops_core::cost::CostPolicy;
pub use finops_core::cost::ModelPrice;
pub use finops_core::money::Money;
pub use finops_core::money::Picodollars;
pub use finops_core::price::Catalogue;
pub use finops_core::time::Timestamp;
pub use finops_core::usage::Usage;
pub use finops_telemetry::Error;
pub use finops_telemetry::budget::Budget;
pub use finops_telemetry::budget::BudgetError;
pub use finops_telemetry::budget::Budgets;
pub use finops_telemetry::monitor::InferenceCall;
pub use finops_telemetry::monitor::MonitorConfig;
pub use finops_telemetry::monitor::MonitorOptions;
pub use finops_telemetry::monitor::ResourceMonitor;
pub use finops_telemetry::monitor::TrainingCall;
pub use finops_telemetry::record::InferenceRecord;
pub use finops_telemetry::record::TrainingRecord;
pub use finops_telemetry::sketch::Sketch;
pub use finops_telemetry::stream::StreamMeter;
