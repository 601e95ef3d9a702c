//! What a container has today, and the strategies that may be asked about it.

use super::Resource;

/// How a recommendation is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strategy {
    /// What robusta's KRR answers by default.
    Simple,
    /// What KRR's `simple_limit` answers: percentiles of the pooled CPU samples as request and limit.
    SimpleLimit,
    /// What the Vertical Pod Autoscaler's recommender answers.
    Vpa,
    /// Raw samples, tested on their own history.
    #[default]
    Exact,
}

impl Strategy {
    /// Every strategy, by name.
    pub const ALL: [Self; 4] = [Self::Exact, Self::Simple, Self::SimpleLimit, Self::Vpa];

    /// Its name, for example `simple_limit`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::SimpleLimit => "simple_limit",
            Self::Vpa => "vpa",
            Self::Exact => "exact",
        }
    }

    /// The strategy of this name.
    ///
    /// ```
    /// use finops_core::waste::rightsizing::Strategy;
    /// assert_eq!(Strategy::from_code("vpa"), Some(Strategy::Vpa));
    /// assert_eq!(Strategy::from_code("guess"), None);
    /// ```
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.code() == code)
    }
}

/// What a container has today: nanocores and bytes; what is not known or not set is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Current {
    /// Requested CPU.
    pub cpu_request: Option<u64>,
    /// Limit of CPU.
    pub cpu_limit: Option<u64>,
    /// Requested memory.
    pub memory_request: Option<u64>,
    /// Limit of memory.
    pub memory_limit: Option<u64>,
    /// Target of a horizontal autoscaler on CPU, in percent of the request.
    pub cpu_target: Option<u32>,
    /// The same on memory.
    pub memory_target: Option<u32>,
    /// The least request that a `LimitRange` of the namespace allows of CPU.
    pub cpu_least: Option<u64>,
    /// The same of memory.
    pub memory_least: Option<u64>,
    /// The memory limit at which the container was killed, in bytes.
    pub oom_limit: Option<u64>,
    /// When it was killed for want of memory, in Unix seconds.
    pub oom_kills: Vec<i64>,
    /// Containers of the pod; `None` counts as one.
    pub containers: Option<u64>,
    /// Whether a vertical autoscaler sets the requests.
    pub managed_by_vpa: bool,
    /// Whether a webhook injects the container.
    pub injected: bool,
}

impl Current {
    /// The request of a resource.
    #[must_use]
    pub const fn request(&self, resource: Resource) -> Option<u64> {
        match resource {
            Resource::Cpu => self.cpu_request,
            Resource::Memory => self.memory_request,
        }
    }

    /// The limit of a resource.
    #[must_use]
    pub const fn limit(&self, resource: Resource) -> Option<u64> {
        match resource {
            Resource::Cpu => self.cpu_limit,
            Resource::Memory => self.memory_limit,
        }
    }

    pub(super) const fn target(&self, resource: Resource) -> Option<u32> {
        match resource {
            Resource::Cpu => self.cpu_target,
            Resource::Memory => self.memory_target,
        }
    }

    pub(super) const fn least(&self, resource: Resource) -> Option<u64> {
        match resource {
            Resource::Cpu => self.cpu_least,
            Resource::Memory => self.memory_least,
        }
    }
}
