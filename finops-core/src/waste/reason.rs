//! Why an assessment came out as it did, and why an amount is missing: one enum, each with a stable code and a text.

use super::Outcome;
use std::fmt;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $outcome:expr, $text:literal;)*) => {
        /// Why an assessment has its outcome, or why an amount is unknown.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $(#[doc = concat!("`", $code, "`: ", $text, ".")] $name,)*
        }

        impl Reason {
            /// Every reason, in the order of their groups.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What it says to a person: one clause, no full stop.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The outcome it explains; `None` for the reasons of a missing amount.
            #[must_use]
            pub const fn outcome(self) -> Option<Outcome> {
                match self { $(Self::$name => $outcome,)* }
            }
        }
    };
}

const INAPPLICABLE: Option<Outcome> = Some(Outcome::Inapplicable);
const UNDETERMINED: Option<Outcome> = Some(Outcome::Undetermined);
const OK: Option<Outcome> = Some(Outcome::Ok);
const FINDING: Option<Outcome> = Some(Outcome::Finding);

reasons! {
    NoRequest = "no_request", INAPPLICABLE, "nothing of this resource is requested";
    ExcludedNamespace = "excluded_namespace", INAPPLICABLE, "the namespace is excluded by configuration";
    IgnoredByOwner = "ignored_by_owner", INAPPLICABLE, "an annotation of the owner asks to be left alone";
    WrongKind = "wrong_kind", INAPPLICABLE, "objects of this kind are not judged by this detector";
    Standby = "standby", INAPPLICABLE, "the owner marks it as a standby";
    WrongEnvironment = "wrong_environment", INAPPLICABLE, "its environment is not one that this detector judges";
    TooFewNodes = "too_few_nodes", INAPPLICABLE, "there are fewer than two nodes";
    MinimumIsOne = "minimum_is_one", INAPPLICABLE, "the smallest number of replicas is one already";
    TooYoung = "too_young", INAPPLICABLE, "it is younger than the window of the detector";
    NotALoadBalancer = "not_a_load_balancer", INAPPLICABLE, "it is no load balancer";
    NoExpiry = "no_expiry", INAPPLICABLE, "it has no expiry";
    NoLabelsRequired = "no_labels_required", INAPPLICABLE, "the configuration requires no labels";
    NotScaledToZero = "not_scaled_to_zero", INAPPLICABLE, "it runs replicas";
    NoPerformanceTier = "no_performance_tier", INAPPLICABLE, "its volume type has no paid performance";
    NoPods = "no_pods", INAPPLICABLE, "it has no pods";
    NoGpu = "no_gpu", INAPPLICABLE, "it has no GPU";
    WhollyIdle = "wholly_idle", INAPPLICABLE, "all of its GPUs are idle, which `ai.gpu_idle` reports";
    SeveralGpus = "several_gpus", INAPPLICABLE, "it holds more than one GPU";
    InCommitmentTerm = "in_commitment_term", INAPPLICABLE, "it is bound by a commitment that has not ended";
    PrefixBelowMinimum = "prefix_below_minimum", INAPPLICABLE, "the stable prefix is too short to be cached";
    NotCacheable = "not_cacheable", INAPPLICABLE, "its answers are not marked cacheable";
    StillRunning = "still_running", INAPPLICABLE, "it is still running";
    SystemObject = "system_object", INAPPLICABLE, "the system or its configuration owns it";
    ManagedByVpa = "managed_by_vpa", INAPPLICABLE, "a vertical pod autoscaler sets its requests";
    Injected = "injected", INAPPLICABLE, "a webhook injects the container; its template does not hold it";

    InvalidRecord = "waste.invalid_record", UNDETERMINED, "the record holds a number that is none";
    NoUsage = "no_usage", UNDETERMINED, "its usage is not known";
    NotEnoughSamples = "not_enough_samples", UNDETERMINED, "too few samples or too short a span were measured";
    NoAge = "no_age", UNDETERMINED, "its age is not known";
    NoScaleUpDelay = "no_scale_up_delay", UNDETERMINED, "its scale-up delay is not known";
    NoPodData = "no_pod_data", UNDETERMINED, "pods were not part of the inventory";
    NoWorkloadData = "no_workload_data", UNDETERMINED, "workloads were not part of the inventory";
    NoNodeData = "no_node_data", UNDETERMINED, "the capacity of the node is not known";
    NoServiceData = "no_service_data", UNDETERMINED, "services or volumes were not part of the inventory";
    NoEndpointData = "no_endpoint_data", UNDETERMINED, "its endpoints are not known";
    NoNetworkData = "no_network_data", UNDETERMINED, "its network traffic is not known";
    NoLogData = "no_log_data", UNDETERMINED, "its log volume is not known";
    NoPerformanceData = "no_performance_data", UNDETERMINED, "its operations and throughput are not known";
    NoGpuData = "no_gpu_data", UNDETERMINED, "the duty of its GPUs is not known";
    NoInvocationData = "no_invocation_data", UNDETERMINED, "its invocations are not known";
    NoPriceData = "no_price_data", UNDETERMINED, "a price that decides it is not known";
    NoDeadline = "no_deadline", UNDETERMINED, "how long an answer may wait is not known";
    NoEvaluation = "no_evaluation", UNDETERMINED, "no evaluation has compared the change";
    EvaluationTooSmall = "evaluation_too_small", UNDETERMINED, "the evaluation has too few cases";
    InvalidAnnotation = "invalid_annotation", UNDETERMINED, "an annotation cannot be read";
    UnstableDemand = "unstable_demand", UNDETERMINED, "its demand grows faster than a margin can cover";
    HistoryTooShort = "history_too_short", UNDETERMINED, "its history is too short for a backtest";
    HpaDetected = "hpa_detected", UNDETERMINED, "an autoscaler scales on this resource";

    UtilizationAtOrAboveThreshold = "utilization_at_or_above_threshold", OK, "it is used enough";
    BelowMinimumSaving = "below_minimum_saving", OK, "the saving is too small";
    NoReduction = "no_reduction", OK, "what it needs is no less than what it has";
    NoChange = "no_change", OK, "request and target together cannot be lowered";
    OtherResourceBusy = "other_resource_busy", OK, "another resource of the same nodes is busy";
    ScaleUpDelayWithinLimit = "scale_up_delay_within_limit", OK, "it scales up soon enough";
    InUse = "in_use", OK, "it is in use";
    WithinLimits = "within_limits", OK, "its usage stays within its request and limit";
    RequestsSet = "requests_set", OK, "its requests are set";
    LabelsSet = "labels_set", OK, "its required labels are set";
    SizeFits = "size_fits", OK, "its size fits what it holds";
    HasEndpoints = "has_endpoints", OK, "it has ready endpoints";
    Referenced = "referenced", OK, "something refers to it";
    HasPods = "has_pods", OK, "pods of workloads run on it";
    Balanced = "balanced", OK, "its resources are requested evenly enough";
    Effective = "effective", OK, "it can scale as it is configured";
    Active = "active", OK, "it is active";
    SomePodsRun = "some_pods_run", OK, "some of its pods run";
    NotExpired = "not_expired", OK, "its expiry has not passed";
    NothingLeft = "nothing_left", OK, "nothing that costs money is left of it";
    Quiet = "quiet", OK, "its logs are within their limits";
    Consolidating = "consolidating", OK, "its policy consolidates, or consolidation would remove no node";
    NotRemovable = "not_removable", OK, "its pods would not fit elsewhere, or it is busy";
    NotShareable = "not_shareable", OK, "it is too busy to share";
    Invoked = "invoked", OK, "it is invoked";
    AboveBreakEven = "above_break_even", OK, "it is cheaper than paying on demand";
    NoSaving = "no_saving", OK, "the change would save nothing";
    AnswerNeededSooner = "answer_needed_sooner", OK, "the answer is needed sooner";
    NoRepeats = "no_repeats", OK, "no request was repeated";
    CandidateNotGoodEnough = "candidate_not_good_enough", OK, "the candidate is not shown to be good enough";
    WithinBudget = "within_budget", OK, "its inputs are within the budget";
    Succeeded = "succeeded", OK, "it succeeded";
    FewStalls = "few_stalls", OK, "it seldom stalls";
    GrowthBounded = "growth_bounded", OK, "it does not grow steadily towards its size";

    NotMounted = "not_mounted", FINDING, "no pod mounts it and no template names it";
    ScaledToZero = "scaled_to_zero", FINDING, "its workload is scaled to zero";
    UsageAboveRequest = "usage_above_request", FINDING, "it uses more than it requests";
    Throttled = "throttled", FINDING, "its limit throttles it";
    OomKilled = "oom_killed", FINDING, "it was killed for lack of memory";
    NearLimit = "near_limit", FINDING, "its usage is close to its limit";
    MinEqualsMax = "min_equals_max", FINDING, "its smallest and largest numbers of replicas are equal";
    AtMaximum = "at_maximum", FINDING, "it is nearly always at its largest number of replicas";
    TargetResourceWithoutRequest = "target_resource_without_request", FINDING,
        "it scales on a resource that its target does not request";
    TargetNotFound = "target_not_found", FINDING, "its target does not exist";
    SlowScaleUp = "slow_scale_up", FINDING, "it waits long before it scales up";
    DebugShare = "debug_share", FINDING, "much of its log is for debugging";
    Volume = "volume", FINDING, "it logs more than the limit a replica";
    MemoryHeld = "memory_held", FINDING, "it holds GPU memory but does not use the GPU";
    TtlPassed = "ttl_passed", FINDING, "the time to live that its owner gave has passed";
    TemporaryNamespace = "temporary_namespace", FINDING, "a temporary namespace is older than it should be";
    FinishedJob = "finished_job", FINDING, "a finished job is kept without a time to live";
    BackendsMissing = "backends_missing", FINDING, "none of the services behind it exists";

    NoPrice = "no_price", None, "no price is known";
    NoBatchPrice = "no_batch_price", None, "no price for batches is known";
    NoPodCost = "no_pod_cost", None, "the cost of a pod is not known";
    CostsMore = "costs_more", None, "the change costs more instead of saving";
    NoAllocation = "no_allocation", None, "the allocated cost of the workload is not known";
    AmountTooLarge = "amount_too_large", None, "the amount is beyond what an amount can hold";
    UnknownInstance = "price.unknown_instance", None, "no price of the instance type is known";
    UnknownVolumeType = "price.unknown_volume_type", None, "no price of the volume type is known";
    NodeSupplyUnknown = "node_supply_unknown", None, "whether nodes shrink with the requests is not known";
}

impl Reason {
    /// The reason with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart_and_texts_are_clauses() {
        for (index, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(Reason::from_code(reason.code()), Some(*reason));
            assert!(!reason.text().ends_with('.') && !reason.text().is_empty(), "{reason}");
            assert_eq!(Reason::ALL.iter().position(|other| other == reason), Some(index));
        }
        assert_eq!(Reason::from_code("unheard_of"), None);
    }
}
