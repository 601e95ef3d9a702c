//! How the engine works.

use super::EngineError;
use finops_core::{
    change::{ChangeConfig, HelmValue},
    error::{Fault, shorten},
    json::{Json, Object},
    price::PriceBook,
    waste::{DetectionConfig, detectors},
};
use finops_policy::guardrail::GuardrailConfig;

/// How an engine works; the defaults are the established ones.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// The detectors' constants.
    pub detection: DetectionConfig,
    /// The limits on automated change.
    pub guardrails: GuardrailConfig,
    /// How changes are written.
    pub change: ChangeConfig,
    /// Prices of cloud resources.
    pub prices: PriceBook,
    /// The environment of everything that is looked at, for example `production`.
    pub environment: Option<String>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            detection: DetectionConfig::default(),
            guardrails: GuardrailConfig::default(),
            change: ChangeConfig::default(),
            prices: PriceBook::builtin(),
            environment: None,
        }
    }
}

/// The names of the options.
const KEYS: [&str; 6] = ["region", "detection", "guardrails", "change", "prices", "environment"];
/// The names within `change`.
const CHANGE_KEYS: [&str; 4] = ["helm", "overlay", "terraform_ids", "labels"];

fn invalid(path: &str, problem: impl Into<String>, help: &'static str) -> Fault {
    Fault::new("waste.invalid_config", path, problem, help)
}

fn text(value: &Json, path: &str) -> Result<Option<String>, Fault> {
    match value {
        Json::Null => Ok(None),
        Json::String(text) => Ok(Some(text.clone())),
        other => Err(invalid(path, format!("a {} is no text", other.type_name()), "give text")),
    }
}

fn members<'a>(value: &'a Json, path: &str, known: &[&str]) -> Result<Option<&'a Object>, Fault> {
    if value.is_null() {
        return Ok(None);
    }
    let object = value.as_object().ok_or_else(|| {
        invalid(path, format!("a {} is no object of options", value.type_name()), "give an object")
    })?;
    match object.keys().find(|key| !known.is_empty() && !known.contains(key)) {
        None => Ok(Some(object)),
        Some(key) => {
            let problem = format!("`{}` is no known option", shorten(key));
            Err(invalid(path, problem, "see the table of options"))
        }
    }
}

impl EngineOptions {
    /// Reads `{region, detection, guardrails, change: {helm, overlay, terraform_ids, labels}, prices, environment}`; every
    /// member may be left out.
    ///
    /// # Errors
    /// `waste.invalid_config`, `waste.unknown_detector`, `guardrail.*`, the codes of price books.
    pub fn from_json(value: &Json) -> Result<Self, EngineError> {
        let mut options = Self::default();
        let Some(object) = members(value, "", &KEYS)? else { return Ok(options) };
        for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            match name {
                "detection" => {
                    let region = options.detection.region.clone();
                    options.detection = DetectionConfig::from_json(value, &detectors())
                        .map_err(|fault| fault.below("detection"))?;
                    if value.get("region").is_none() {
                        options.detection.region = region;
                    }
                }
                "guardrails" => options.guardrails = GuardrailConfig::from_json(value)?,
                "change" => options.change = change(value)?,
                "prices" => {
                    options.prices = PriceBook::from_json(value).map_err(|fault| fault.below("prices"))?;
                }
                "environment" => options.environment = text(value, "environment")?,
                _ => {}
            }
        }
        if let Some(region) = object.get("region").map(|region| text(region, "region")).transpose()?.flatten()
        {
            options.detection.region = region;
        }
        Ok(options)
    }
}

fn change(value: &Json) -> Result<ChangeConfig, Fault> {
    let mut config = ChangeConfig::default();
    let Some(object) = members(value, "change", &CHANGE_KEYS)? else { return Ok(config) };
    if let Some(overlay) = object.get("overlay") {
        config.overlay = text(overlay, "change.overlay")?;
    }
    if let Some(ids) = object.get("terraform_ids") {
        for (address, id) in members(ids, "change.terraform_ids", &[])?.into_iter().flat_map(Object::iter) {
            let id = text(id, "change.terraform_ids")?.unwrap_or_default();
            config.terraform_ids.insert(address.to_owned(), id);
        }
    }
    for label in object.get("labels").and_then(Json::as_array).unwrap_or_default() {
        config.labels.extend(text(label, "change.labels")?);
    }
    for (index, value) in object.get("helm").and_then(Json::as_array).unwrap_or_default().iter().enumerate() {
        let path = format!("change.helm[{index}]");
        members(value, &path, &["file", "path", "kind", "namespace", "name", "container", "resource"])?;
        let optional = |name: &str| {
            text(value.get(name).unwrap_or(&Json::Null), &format!("{path}.{name}"))
                .map(|text| text.filter(|text| !text.is_empty()))
        };
        let required = |name: &str| {
            let problem = format!("`{name}` is missing");
            optional(name)?.ok_or_else(|| invalid(&path, problem, "give file, path, kind, name and resource"))
        };
        let resource = required("resource")?;
        if !HelmValue::RESOURCES.contains(&resource.as_str()) {
            let problem = format!("a value stands for no `{}`", shorten(&resource));
            let help = "give cpu, memory, cpu_limit, memory_limit, replicas or min_replicas";
            return Err(invalid(&format!("{path}.resource"), problem, help));
        }
        config.helm.push(HelmValue {
            file: required("file")?,
            path: required("path")?,
            kind: required("kind")?,
            namespace: optional("namespace")?,
            name: required("name")?,
            container: optional("container")?,
            resource,
        });
    }
    Ok(config)
}
