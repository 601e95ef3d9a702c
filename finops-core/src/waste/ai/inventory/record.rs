//! Records of AI workloads.

use super::super::{
    TokenPrices,
    calls::{CallFact, CallSignal},
};
use crate::{
    price::Catalogue,
    time::Timestamp,
    waste::{Ratio, summary::Field},
};
use std::collections::BTreeMap;

/// A GPU of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GpuDevice {
    /// Its id.
    pub uuid: String,
    /// The largest share of a step in which it was active, 0 to 1.
    pub duty_max: Field,
    /// Samples measured.
    pub samples: Field,
    /// Hours measured.
    pub span_hours: Field,
}

/// A container with GPUs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GpuContainer {
    /// Its name, such as `<namespace>/<workload>/<container>`.
    pub container: String,
    /// GPUs that it holds.
    pub gpus: Field,
    /// The largest share of a step in which any of its GPUs was active, 0 to 1.
    pub duty_max: Field,
    /// The mean of that share.
    pub duty_mean: Field,
    /// Its 95th percentile.
    pub duty_p95: Field,
    /// GPU memory used at most, in bytes.
    pub memory_max_bytes: Field,
    /// The same as a share of what the GPU has, 0 to 1.
    pub memory_share_max: Field,
    /// Samples measured.
    pub samples: Field,
    /// Hours measured.
    pub span_hours: Field,
    /// Its GPUs one by one, where known.
    pub devices: Vec<GpuDevice>,
    /// Whether another record has the same name.
    pub repeated: bool,
}

/// An endpoint that serves a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created_at: Field<Timestamp>,
    /// Instances that it keeps.
    pub instances: Field,
    /// The price of an instance an hour.
    pub hourly_price: Field,
    /// Times it was invoked.
    pub invocations: Field,
    /// Hours over which these were counted.
    pub invocations_window_hours: Field,
    /// Whether another record has the same name.
    pub repeated: bool,
}

/// Throughput of a model that is paid by the hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provisioned {
    /// Its name.
    pub name: String,
    /// What an hour costs.
    pub hourly_fee: Field,
    /// What the tokens of the window would have cost on demand.
    pub on_demand_cost: Field,
    /// Until when it cannot be given up.
    pub commitment_end: Field<Timestamp>,
    /// Whether another record has the same name.
    pub repeated: bool,
}

/// The calls of one route to one model in the window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallGroup {
    /// The route.
    pub route: String,
    /// The model.
    pub model: String,
    /// Who serves it; the first party that lists the model where absent.
    pub provider: Option<String>,
    /// Calls.
    pub calls: Field,
    /// What they cost.
    pub cost: Field,
    /// Tokens at the start of the prompt that are equal in every call.
    pub stable_prefix_tokens: Field,
    /// Lifetimes of a cache entry in which there were calls: so often the prefix would be written.
    pub cache_windows: Field,
    /// What caching saved in the window.
    pub saved_by_cache_already: Field,
    /// Seconds that an answer may wait.
    pub can_wait_seconds: Field,
    /// Calls that repeated an earlier one, the first of each not counted.
    pub repeated_calls: Field,
    /// What these cost.
    pub repeated_cost: Field,
    /// Whether an answer may be served again.
    pub cacheable: Field<bool>,
    /// What the same tokens cost at the candidate of the evaluation.
    pub candidate_cost: Field,
    /// 95th percentile of the input tokens of a call.
    pub p95_input_tokens: Field,
    /// Input tokens above the budget of the evaluation, summed over the calls.
    pub input_tokens_over_budget: Field,
    /// Whether another record has the same route and model.
    pub repeated: bool,
}

/// A training run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrainingRun {
    /// Its name.
    pub run: String,
    /// `running`, `succeeded`, `failed` or `aborted`.
    pub status: Field<String>,
    /// What an hour costs.
    pub hourly_cost: Field,
    /// Hours that it ran.
    pub hours: Field,
    /// Hours since its last checkpoint; none was made where absent.
    pub hours_since_checkpoint: Field,
    /// Share of the step time in which its GPUs were inactive, 0 to 1.
    pub stall_share: Field,
    /// Whether another record has the same name.
    pub repeated: bool,
}

/// A comparison of a change with what is now: of a cheaper model or of a smaller budget of input tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// The route.
    pub route: String,
    /// The model that was compared.
    pub candidate: Field<String>,
    /// The budget that was compared.
    pub budget_tokens: Field,
    /// Cases.
    pub n: Field,
    /// The lower bound of (candidate - current).
    pub lower_bound: Field,
    /// What may be lost.
    pub margin: Field,
}

/// A signal of single calls with the route that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutedSignal {
    /// The route; the model of the signal, or `calls`, where none is stated.
    pub route: String,
    /// What all calls of the route cost in the window, where known.
    pub cost: Option<Ratio>,
    /// The signal.
    pub signal: CallSignal,
}

/// A call or a signal that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Where it stands.
    pub path: String,
    /// The type that a signal names.
    pub r#type: Option<String>,
}

/// AI workloads: records in the order of their names.
#[derive(Debug, Clone, Default)]
pub struct AiInventory {
    /// The window over which sums were taken; sums are scaled from it to a month.
    pub window: Option<(Timestamp, Timestamp)>,
    /// The time of the run.
    pub as_of: Timestamp,
    /// Who serves what names no provider of its own.
    pub provider: Option<String>,
    /// The account at the provider.
    pub account_id: Option<String>,
    /// The cluster that the containers with GPUs run in.
    pub cluster: Option<String>,
    /// Tags of all of it, which the guardrails read.
    pub tags: Vec<String>,
    /// Prices that stand before those of the catalogue.
    pub prices: TokenPrices,
    /// The catalogue of token prices; the compiled one by default.
    pub catalogue: Catalogue,
    /// Containers with GPUs.
    pub gpu_containers: Vec<GpuContainer>,
    /// Endpoints.
    pub endpoints: Vec<Endpoint>,
    /// Provisioned throughput.
    pub provisioned: Vec<Provisioned>,
    /// Calls by route and model.
    pub call_groups: Vec<CallGroup>,
    /// Training runs.
    pub training_runs: Vec<TrainingRun>,
    /// Evaluations by route.
    pub evaluations: Vec<Evaluation>,
    /// Single calls; their route is the tag `route`, else their model.
    pub calls: Vec<CallFact>,
    /// Signals of single calls that were found elsewhere.
    pub signals: Vec<RoutedSignal>,
    /// Calls and signals that cannot be read.
    pub unreadable: Vec<Unreadable>,
    /// Members that are not known, by name, with how often each was met.
    pub unknown_keys: BTreeMap<String, u64>,
}
