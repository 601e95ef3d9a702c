//! The options of a gate as JSON: what Python, Node and the command line are given.

use super::{PolicyGateOptions, Remote, opa_defaults};
use finops_policy::{
    Json, PolicyError,
    decision::{Gate, GateOptions, Schema},
    error::ConfigError,
    gate::GateConfig,
    rego::{BundleOptions, EngineOption, LoadOptions},
};
use std::sync::Arc;

/// Every option, in the order of the documentation.
const NAMES: [&str; 17] = [
    "config",
    "schema",
    "default_policy",
    "data",
    "engine",
    "entry",
    "run_tests",
    "exemptions",
    "masks",
    "quorum",
    "max_age_s",
    "candidate",
    "expected_sha256",
    "skip_verify",
    "opa_url",
    "policy_path",
    "opa_timeout_ms",
];

fn refuse(name: &str, value: &Json, help: &'static str) -> PolicyError {
    let problem = format!("`{}` is not accepted", finops_core::error::shorten(&value.to_text()));
    ConfigError::new(format!("/{name}"), problem, help).into()
}

/// The members of an object of options. Null is absent.
struct Members<'a>(&'a Json);

impl<'a> Members<'a> {
    fn get(&self, name: &str) -> Option<&'a Json> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str, help: &'static str) -> Result<Option<&'a str>, PolicyError> {
        let read = |value: &'a Json| value.as_str().ok_or_else(|| refuse(name, value, help));
        self.get(name).map(read).transpose()
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, PolicyError> {
        let read = |value: &Json| value.as_bool().ok_or_else(|| refuse(name, value, "give true or false"));
        self.get(name).map(read).transpose()
    }

    fn count(&self, name: &str, help: &'static str) -> Result<Option<u64>, PolicyError> {
        let read = |value: &Json| {
            let count = value.as_number().and_then(finops_policy::json::Number::as_u64);
            count.filter(|count| *count > 0).ok_or_else(|| refuse(name, value, help))
        };
        self.get(name).map(read).transpose()
    }

    fn list(&self, name: &str) -> Result<Vec<Json>, PolicyError> {
        let read = |value: &Json| {
            value.as_array().map(<[Json]>::to_vec).ok_or_else(|| refuse(name, value, "give a list"))
        };
        self.get(name).map_or_else(|| Ok(Vec::new()), read)
    }
}

impl PolicyGateOptions {
    /// Reads options; what is left out or null keeps its default. The policies themselves are [`PolicyGateOptions::source`].
    ///
    /// `config`, `schema` (`finops`, `none`), `default_policy` (on with schema `finops`), `data`, `engine` (`auto`, `rvm`,
    /// `interpreter`), `entry`, `run_tests`, `exemptions`, `masks`, `quorum` {rule: people}, `max_age_s`, `candidate` (a
    /// configuration that answers beside), `expected_sha256`, `skip_verify`, `opa_url`, `policy_path`, `opa_timeout_ms`.
    ///
    /// # Errors
    /// `policy.config` with the pointer of the option.
    pub fn from_json(options: &Json) -> Result<Self, PolicyError> {
        let Some(members) = options.as_object() else {
            return Err(refuse("", options, "give an object of options"));
        };
        if let Some(name) = members.keys().find(|name| !NAMES.contains(name)) {
            let problem = format!("`{}` is not a known option", finops_core::error::shorten(name));
            return Err(ConfigError::new(format!("/{name}"), problem, "leave it out").into());
        }
        let members = Members(options);
        let schema = match members.text("schema", "give finops or none")? {
            None | Some("finops") => Schema::Finops,
            Some("none") => Schema::None,
            Some(_) => {
                return Err(refuse(
                    "schema",
                    options.get("schema").unwrap_or(options),
                    "give finops or none",
                ));
            }
        };
        let empty = Json::object::<&str>([]);
        let mut gate = GateOptions {
            config: GateConfig::from_json(members.get("config").unwrap_or(&empty))?,
            schema,
            default_policy: members.flag("default_policy")?.unwrap_or(schema == Schema::Finops),
            exemptions: members.list("exemptions")?,
            masks: members.list("masks")?,
            max_age_s: members.count("max_age_s", "give whole seconds of at least 1")?,
            load: load(&members)?,
            ..GateOptions::default()
        };
        if let Some(quorum) = members.get("quorum") {
            gate.approval_options = gate.approval_options.with_quorum(quorum, "/quorum")?;
        }
        if let Some(candidate) = members.get("candidate") {
            let config = GateConfig::from_json(candidate)?;
            gate.candidate = Some(Arc::new(Gate::new(GateOptions { config, ..GateOptions::default() })?));
        }
        let bundle = BundleOptions {
            expected_sha256: members.text("expected_sha256", "give the SHA-256 in hex")?.map(str::to_owned),
            skip_verify: members.flag("skip_verify")?.unwrap_or_default(),
        };
        let remote = match members.text("opa_url", "give a URL with http:// or https://")? {
            None => None,
            Some(url) => Some(Remote {
                url: url.to_owned(),
                path: members
                    .text("policy_path", "give the path after /v1/data/")?
                    .unwrap_or(opa_defaults::PATH)
                    .to_owned(),
                timeout_ms: members
                    .count("opa_timeout_ms", "give whole milliseconds of at least 1")?
                    .unwrap_or(opa_defaults::TIMEOUT_MS),
                fallback: false,
            }),
        };
        Ok(Self { gate, source: None, data: members.get("data").cloned(), bundle, remote })
    }
}

fn load(members: &Members<'_>) -> Result<LoadOptions, PolicyError> {
    let mut load = LoadOptions::default();
    let help = "give auto, rvm or interpreter";
    if let Some(name) = members.text("engine", help)? {
        load.engine = EngineOption::of(name).ok_or_else(|| refuse("engine", &Json::from(name), help))?;
    }
    if let Some(entry) = members.text("entry", "give the package that decides, such as finops")? {
        entry.clone_into(&mut load.entry);
    }
    load.run_tests = members.flag("run_tests")?.unwrap_or(load.run_tests);
    Ok(load)
}
