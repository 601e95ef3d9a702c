//! How much harm a change does if it is wrong.

use super::Ratio;

macro_rules! factors {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $thousandths:literal, $text:literal;)*) => {
        /// What makes a change riskier.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RiskFactor {
            $(#[doc = concat!("`", $code, "`: ", $text, ".")] $name,)*
        }

        impl RiskFactor {
            /// Every factor, in the order of the specification.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What it says to a person.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What it adds to the risk (specification, section 4).
            #[must_use]
            pub const fn weight(self) -> Ratio {
                match self { $(Self::$name => Ratio::thousandths($thousandths),)* }
            }
        }
    };
}

factors! {
    StatefulSet = "stateful_set", 100, "it is a stateful set";
    SingleReplica = "single_replica", 100, "it has one replica";
    NoDisruptionBudget = "no_disruption_budget", 50, "several replicas without a disruption budget";
    HpaOnResource = "hpa_on_resource", 100, "an autoscaler scales on the same resource";
    Production = "production", 100, "a tag or label says production or critical";
    MemoryLimitEqualsRequest = "memory_limit_equals_request", 100, "less memory with a limit equal to the request";
    OomOrThrottle = "oom_or_throttle", 100, "it was killed for lack of memory or throttled in the window";
    DataWithoutSnapshot = "data_without_snapshot", 200, "data is deleted without a snapshot";
}

impl RiskFactor {
    /// The factor with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|factor| factor.code() == code)
    }
}

/// Risk and what it was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risk {
    /// The detector's base.
    pub base: Ratio,
    /// What was added, once each.
    pub factors: Vec<RiskFactor>,
    /// What could not be known and so adds nothing.
    pub not_known: Vec<RiskFactor>,
}

impl Risk {
    /// A base without factors.
    #[must_use]
    pub const fn base(base: Ratio) -> Self {
        Self { base, factors: Vec::new(), not_known: Vec::new() }
    }

    /// Adds a factor that holds (`Some(true)`), leaves one out that does not, or lists one that is not known (`None`).
    pub fn consider(&mut self, factor: RiskFactor, holds: Option<bool>) {
        let list = match holds {
            Some(true) => &mut self.factors,
            Some(false) => return,
            None => &mut self.not_known,
        };
        if !list.contains(&factor) {
            list.push(factor);
        }
    }

    /// The base and all factors, 1 at most.
    #[must_use]
    pub fn value(&self) -> Ratio {
        let sum = self.factors.iter().fold(self.base.clone(), |sum, factor| sum.plus(&factor.weight()));
        sum.min(Ratio::ONE)
    }

    /// The value with four places, rounded down, such as `0.2000`.
    #[must_use]
    pub fn text(&self) -> String {
        super::assessment::four_places(&self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_add_up_to_one_at_most() {
        let mut risk = Risk::base(Ratio::thousandths(400));
        risk.consider(RiskFactor::Production, Some(true));
        risk.consider(RiskFactor::Production, Some(true));
        risk.consider(RiskFactor::SingleReplica, Some(false));
        risk.consider(RiskFactor::StatefulSet, None);
        assert_eq!(
            (risk.text().as_str(), risk.not_known.as_slice()),
            ("0.5000", &[RiskFactor::StatefulSet][..])
        );
        for factor in RiskFactor::ALL {
            risk.consider(*factor, Some(true));
            assert_eq!(RiskFactor::from_code(factor.code()), Some(*factor));
        }
        assert_eq!(risk.text(), "1.0000");
    }
}
