//! The methods of guardrails.

use super::{refused, refused_member};
use finops::policy::{
    Json,
    guardrail::{Guardrails, Now},
};
use napi::Result;

pub(super) fn call(guardrails: &mut Guardrails, method: &str, arguments: &Json) -> Result<Json> {
    Ok(match method {
        "check" => {
            let change = arguments.get("change").unwrap_or(&Json::Null);
            let history = arguments.get("history").unwrap_or(&Json::Null);
            let now = Now::from_json(arguments.get("now"));
            guardrails.check_opportunity(change, history, now).to_json()
        }
        "update" => {
            let name = arguments.get("name").and_then(Json::as_str).unwrap_or_default();
            let value = arguments.get("value").unwrap_or(&Json::Null);
            guardrails.update_policy(name, value).map_err(refused)?;
            Json::Null
        }
        "config" => guardrails.config().to_json(),
        other => return Err(refused_member("method", other, "give a method of guardrails")),
    })
}
