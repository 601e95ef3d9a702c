//! Kinds `terraform`, `kubernetes`, `infracost`.

use super::Handler;
use crate::{
    Json, PolicyError,
    iac::{self, IacConfig},
};

pub(super) const KINDS: &[(&str, Handler)] =
    &[("terraform", terraform), ("kubernetes", kubernetes), ("infracost", infracost)];

/// `{plan, config?}` to `{decision, violations}`.
fn terraform(input: &Json) -> Result<Json, PolicyError> {
    let plan = input.get("plan").unwrap_or(&Json::Null);
    Ok(iac::terraform(plan, &config(input)?).to_json())
}

/// `{documents, config?}` to `{decision, violations}`; a single document needs no list.
fn kubernetes(input: &Json) -> Result<Json, PolicyError> {
    let documents = match input.get("documents") {
        None => &[],
        Some(Json::Array(documents)) => documents.as_slice(),
        Some(single) => std::slice::from_ref(single),
    };
    Ok(iac::kubernetes(documents, &config(input)?).to_json())
}

/// `{document, config?}` to `{decision, violations}`.
fn infracost(input: &Json) -> Result<Json, PolicyError> {
    let report = input.get("document").unwrap_or(&Json::Null);
    Ok(iac::infracost(report, &config(input)?).to_json())
}

fn config(input: &Json) -> Result<IacConfig, PolicyError> {
    match input.get("config") {
        None | Some(Json::Null) => Ok(IacConfig::default()),
        Some(overrides) => Ok(IacConfig::from_json(overrides)?),
    }
}
