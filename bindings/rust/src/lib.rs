#![forbid(unsafe_code)]
//! FinOps-as-code inside your process: exact metering of cost, energy and carbon.
//!
//! ```
//! use finops::{InferenceCall, MonitorConfig, MonitorOptions, ResourceMonitor, Timestamp, Usage};
//!
//! let config = MonitorConfig::new(MonitorOptions::default(), |name| std::env::var(name).ok())?;
//! let monitor = ResourceMonitor::<()>::new(config)?;
//! let at: Timestamp = "2026-11-01T12:00:00Z".parse()?; // time is an argument
//! let record = monitor.log_inference(&InferenceCall::new("gpt-4o", Usage::new(1_000, 500), at), None)?;
//! assert_eq!(record.unit_cost().map(|usd| usd.to_string()).as_deref(), Some("0.0075"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | you want to | look at |
//! |---|---|
//! | meter calls and training runs | [`ResourceMonitor`], [`InferenceCall`], [`TrainingCall`] |
//! | read what a provider reported | [`extract`], [`extract_json`], [`StreamMeter`], [`Usage`] |
//! | price without a monitor | [`Catalogue`], [`CostPolicy`], [`cost`] |
//! | stop a call before it is paid | [`Budgets`], [`Reservation`] |
//! | ask whether a deployment or a change is allowed | [`policy`] |
//! | energy and carbon of anything | [`carbon`] |
//! | joules of this machine | [`meter`] |
//! | signs of waste among calls | [`signals`] |
//! | find waste in a cluster, guard and propose the change | [`Engine`], [`engine`], [`waste`] |
//! | whose cost a cluster's is | [`Cluster`], [`allocate`], [`allocation`], [`inventory`] |
//! | keep, compare and sum findings | [`finding`] |
//! | prove what happened and what it saved | [`ledger`] |
//! | exact money | [`Money`], [`Picodollars`], [`money::display`](core::money::display) |
//!
//! The crate is the four pure crates under one name, and the adapters that read the world. It starts no thread, opens no
//! socket and reads no file unless you call [`meter`], give [`policy`] a path or an OPA, let [`ledger`] read its secrets or
//! open a store, or use the feature `fetch`. A store has a writer of its own.

pub use finops_core as core;
pub use finops_telemetry as telemetry;

pub mod clock;
pub mod cluster;
pub mod engine;
#[cfg(feature = "fetch")]
pub mod fetch;
pub mod ledger;
pub mod meter;
pub mod policy;

pub use cluster::Cluster;
pub use engine::{Engine, EngineError, EngineOptions};
pub use finops_core::{
    allocation::{self, AllocationConfig, AllocationReport, AllocationSet, allocate},
    carbon, change,
    cost::{self, Charge, Cost, CostPolicy, Hosting, ModelPrice, OnUnknown, PriceSource, Status},
    error::ConfigError,
    finding,
    inventory::{self, ClusterInventory},
    money::{Currency, Money, Picodollars, Rate},
    price::{self, Catalogue},
    time::{DurationNs, Timestamp, Window},
    usage::{Extracted, Usage, extract, extract_json},
    waste,
    waste::ai::calls::signals,
};
pub use finops_telemetry::{
    Error,
    budget::{Budget, BudgetError, Budgets, Reservation, Settlement},
    exposition,
    monitor::{InferenceCall, MonitorConfig, MonitorOptions, ResourceMonitor, TrainingCall},
    otel,
    record::{InferenceRecord, Record, TrainingRecord},
    rollup::{Rollup, SummaryRow},
    sketch::Sketch,
    stream::{StreamError, StreamMeter},
};

/// The README's Rust block, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}

/// The Rust blocks of the book, compiled and run.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../../../docs/metering.md")]
    mod metering {}
    #[doc = include_str!("../../../docs/prices.md")]
    mod prices {}
    #[doc = include_str!("../../../docs/carbon.md")]
    mod carbon {}
    #[doc = include_str!("../../../docs/budgets.md")]
    mod budgets {}
    #[cfg(feature = "rego")]
    #[doc = include_str!("../../../docs/policy.md")]
    mod policy {}
    #[doc = include_str!("../../../docs/ledger.md")]
    mod ledger {}
    #[doc = include_str!("../../../docs/waste.md")]
    mod waste {}
}
