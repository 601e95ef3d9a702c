//! Python bindings: types are converted and the world is read here; the logic is in `finops`.

use pyo3::prelude::*;

mod allocation;
mod allocation_arrow;
mod arrow;
mod budget;
mod carbon;
mod catalogue;
mod cluster_data;
mod convert;
mod cost;
mod display;
mod engine;
mod error;
mod extracted;
mod findings;
mod frozen;
mod inventory;
mod ledger;
mod lookup;
mod meter;
mod model_price;
mod monitor;
mod otel;
mod policy;
mod record;
mod signals;
mod sketch;
mod stream;
mod stream_meter;
mod summary;
mod usage;

/// The compiled half of `finops`; import from `finops`.
#[pymodule]
mod _finops {
    /// The version of the package.
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "the name that Python uses")]
    pub const __version__: &str = env!("CARGO_PKG_VERSION");
    #[pymodule_export]
    use crate::allocation::{PyAllocationReport, PyAllocationSet};
    #[pymodule_export]
    use crate::arrow::PyArrowTable;
    #[pymodule_export]
    use crate::budget::{PyBudget, PyBudgetState, PyBudgets, PyReservation, PySettlement};
    #[pymodule_export]
    use crate::carbon::{carbon_call, carbon_kinds, estimate_inference, estimate_inference_batch};
    #[pymodule_export]
    use crate::catalogue::{PyCatalogue, PyResolved, cost_of, prices};
    #[pymodule_export]
    use crate::cost::{PyCost, PyLineItem};
    #[pymodule_export]
    use crate::display::{apportion, round_amount};
    #[pymodule_export]
    use crate::engine::{
        PyEngine, PyFound, change_commit, change_open, change_write, topic_call, topic_kinds, topic_value,
    };
    #[pymodule_export]
    use crate::extracted::{PyExtracted, PyPart, extract_response};
    #[pymodule_export]
    use crate::findings::{
        PyFinding, PyFindings, PyIntake, PyRecordStream, findings_canonical, findings_combine,
        findings_content_hash, findings_totals,
    };
    #[pymodule_export]
    use crate::frozen::Frozen;
    #[pymodule_export]
    use crate::inventory::{PyCluster, cluster_queries};
    #[pymodule_export]
    use crate::ledger::{
        PyEventLog, PyReport, PySavingsLedger, PyVerification, ledger_baseline, ledger_call, ledger_groups,
        ledger_opportunity, sign_event, verify_event, verify_log,
    };
    #[pymodule_export]
    use crate::meter::{PyMeter, nvml_meter, rapl_meter};
    #[pymodule_export]
    use crate::model_price::PyModelPrice;
    #[pymodule_export]
    use crate::monitor::{PyBatchResult, PyConfigValue, PyMonitor, PyStats};
    #[pymodule_export]
    use crate::otel::otel_attributes;
    #[pymodule_export]
    use crate::policy::{
        PyDecision, PyGuardrails, PyPolicyCheck, PyPolicyGate, PyTestReport, policy_builtin, policy_call,
        policy_kinds,
    };
    #[pymodule_export]
    use crate::record::{PyInference, PyTraining};
    #[pymodule_export]
    use crate::signals::{PyCallSignal, call_facts, call_signals};
    #[pymodule_export]
    use crate::sketch::PySketch;
    #[pymodule_export]
    use crate::stream::extract_stream;
    #[pymodule_export]
    use crate::stream_meter::PyStreamMeter;
    #[pymodule_export]
    use crate::summary::PySummaryRow;
    #[pymodule_export]
    use crate::usage::PyUsage;
}
