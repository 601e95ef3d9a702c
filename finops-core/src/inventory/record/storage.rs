//! Volumes: a claim and its PV are one record.

use super::super::{Name, Quantity};
use crate::time::Timestamp;
use rust_decimal::Decimal;

/// A claim by its namespace and name.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimName {
    /// Namespace.
    pub namespace: Name,
    /// Name.
    pub name: Name,
}

/// A claim, the PV it is bound to, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volume {
    /// The claim; `None` for a PV without one.
    pub claim: Option<ClaimName>,
    /// The PV; `None` for a claim that waits for one.
    pub pv: Option<Name>,
    /// The phase of the PV, else of the claim: `Available`, `Bound`, `Released`, `Failed`, `Pending`, `Lost`; or the
    /// status of the summary form.
    pub phase: Option<Name>,
    /// Since when.
    pub phase_changed_at: Option<Timestamp>,
    /// Storage class.
    pub storage_class: Option<Name>,
    /// Identity at the provider.
    pub volume_id: Option<Name>,
    /// Type at the provider, for example `gp3`.
    pub r#type: Option<Name>,
    /// What it has.
    pub size: Option<Quantity>,
    /// What the claim asked for.
    pub requested: Option<Quantity>,
    /// Access modes.
    pub access_modes: Option<Vec<Name>>,
    /// `Delete`, `Retain` or `Recycle`.
    pub reclaim_policy: Option<Name>,
    /// Whether it is attached to a node.
    pub attached: Option<bool>,
    /// Whether there is a snapshot of it.
    pub has_snapshot: Option<bool>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// How old it is, where only that is known.
    pub age_days: Option<Decimal>,
    /// What it costs.
    pub cost: Option<VolumeCost>,
}

/// The price of a volume, in the inventory's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VolumeCost {
    /// A GiB for a month.
    GibMonth(Decimal),
    /// The volume for a month.
    Monthly(Decimal),
    /// The volume for an hour.
    Hourly(Decimal),
    /// The inventory's window.
    Total(Decimal),
}

/// A claim that a StatefulSet makes for each replica.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimTemplate {
    /// Name; the claims are `name-workload-ordinal`.
    pub name: Name,
    /// Storage class.
    pub storage_class: Option<Name>,
    /// What it asks for.
    pub requested: Option<Quantity>,
}
