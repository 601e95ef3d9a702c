//! Waste: signals of calls to models, detectors of clusters and AI workloads, right-sizing and the portfolio.

pub mod ai;
mod amount;
mod assessment;
mod confidence;
mod config;
mod detector;
mod evidence;
mod float;
mod judged;
pub mod kubernetes;
mod largest;
mod others;
pub mod portfolio;
mod ratio;
mod realize;
mod reason;
pub mod rightsizing;
mod risk;
pub mod simulation;
mod subject;
pub mod summary;
mod walk;
pub mod wire;

pub use amount::Amount;
pub use assessment::{
    Assessment, ChangeKind, Claim, ClaimKind, Component, Details, Estimate, Fact, OpportunityType, Outcome,
    Value,
};
pub use confidence::{Class, Confidence, Coverage, Measured};
pub use config::{
    DetectionConfig, LimitPolicy, NodeSizing, NodeSupply, PriceOverrides, Rates, Setting, SettingDefault,
};
pub use detector::{
    Context, DetectionReport, Detector, Failure, Inventory, assess, assess_briefly, detect, run,
};
pub use evidence::Evidence;
use evidence::{Frame, READINGS, Reading};
pub use others::Others;
pub use ratio::Ratio;
pub use realize::{Claimant, PortfolioSummary, Realized, realize};
pub use reason::Reason;
pub use risk::{Risk, RiskFactor};
pub use subject::{Subject, SubjectKind};
pub use walk::Walk;

/// Every detector. Those of one form of inventory judge nothing in another.
#[must_use]
pub fn detectors() -> Vec<&'static dyn Detector> {
    [summary::DETECTORS, kubernetes::DETECTORS, ai::DETECTORS].concat()
}
