//! Every kind of computation by its name.

use finops_policy::{Json, PolicyError, wire};

macro_rules! kinds {
    ($($name:ident: $what:literal),+ $(,)?) => {
        $(
            #[doc = $what]
            ///
            /// # Errors
            /// `policy.config` for a member that cannot be read, and the errors of the kind.
            pub fn $name(members: &Json) -> Result<Json, PolicyError> {
                wire::call(stringify!($name), members)
            }
        )+

        #[cfg(test)]
        pub(super) const KINDS: &[&str] = &[$(stringify!($name)),+];
    };
}

kinds! {
    approval: "What approvals lift: `pending`, `denied`, `approvals`, `quorum`.",
    digest: "Canonical form of an input and its SHA-256.",
    exemption: "The default policy with exemptions.",
    gate: "The default policy: `input_json`, `config`.",
    guardrail: "The guardrails: `change_json`, `history_json`, `now`, `config`.",
    infracost: "An Infracost report against the infrastructure gates.",
    kubernetes: "Kubernetes documents against the infrastructure gates.",
    mask: "A decision event as it is logged.",
    number: "A decimal: accepted, normal form, directed rounding.",
    shadow: "An active and a candidate configuration side by side.",
    terraform: "A Terraform plan against the infrastructure gates.",
    update_policy: "One change of a guardrail.",
    window: "Whether an instant lies in the change windows, and when they open next.",
}

#[cfg(feature = "rego")]
pub use of_rego::*;

#[cfg(feature = "rego")]
mod of_rego {
    use super::{Json, PolicyError, wire};

    kinds! {
        bundle: "A bundle archive in base64.",
        lint: "Modules as loaded: errors, warnings, engine.",
        policy_gate: "A policy of one's own in the gate.",
        rego: "One module, one query, one input, in both engines.",
        remote_opa: "The answer of a remote OPA as a decision.",
        result_contract: "The values of the entry rules as a decision.",
        test_runner: "Unit tests in Rego.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_a_function() {
        #[cfg(feature = "rego")]
        let named: Vec<&str> = [super::KINDS, super::of_rego::KINDS].concat();
        #[cfg(not(feature = "rego"))]
        let named: Vec<&str> = super::KINDS.to_vec();
        let mut known: Vec<&str> = wire::kinds().collect();
        let mut named = named;
        known.sort_unstable();
        named.sort_unstable();
        assert_eq!(named, known);
    }
}
