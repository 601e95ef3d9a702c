//! Loading a set into a gate: linted, compiled and tested before it decides anything.

use super::{Fault, Gate, Schema, UsedEngine, state::Evaluate};
use crate::{
    Json, PolicyError, gate,
    json::Object,
    rego::{
        Bundle, BundleOptions, Engine, LoadReport, Module, PolicySet, RegoError, builtin,
        contract::SetAnswer, value,
    },
};
use finops_core::time::Timestamp;
use std::sync::Arc;

impl Gate {
    /// Loads a set from its modules and base document; `at` is when. What is in force stays so until this succeeds.
    ///
    /// Under the schema `finops` the set finds the gate's configuration at `data.finops_config.gate`, unless its own data
    /// has one.
    ///
    /// # Errors
    /// Those of [`PolicySet::load`]; the last good set keeps deciding and [`Gate::status`] shows the error.
    pub fn reload(
        &self,
        modules: &[Module],
        data: &Json,
        at: Option<Timestamp>,
    ) -> Result<LoadReport, PolicyError> {
        let data = self.data_for(modules, data);
        self.put(PolicySet::load(modules, &data, &self.load), at)
    }

    /// Loads a bundle, under its revision and digest.
    ///
    /// # Errors
    /// Those of [`PolicySet::load_bundle`]; the last good set keeps deciding.
    pub fn reload_bundle(&self, bundle: &Bundle, at: Option<Timestamp>) -> Result<LoadReport, PolicyError> {
        let data = self.data_for(&bundle.modules, &bundle.data);
        let bundle = Bundle { data, ..bundle.clone() };
        self.put(PolicySet::load_bundle(&bundle, &self.load), at)
    }

    /// Loads the archive of a bundle.
    ///
    /// # Errors
    /// `bundle.*` and those of [`PolicySet::load_bundle`]; the last good set keeps deciding.
    pub fn reload_archive(
        &self,
        tar_gz: &[u8],
        options: &BundleOptions,
        at: Option<Timestamp>,
    ) -> Result<LoadReport, PolicyError> {
        match Bundle::from_bytes(tar_gz, options) {
            Ok(bundle) => self.reload_bundle(&bundle, at),
            Err(error) => self.put(Err(error.into()), at),
        }
    }

    /// The policies that are loaded with their base document; without any, the default policy as Rego.
    #[must_use]
    pub fn sources(&self) -> (Vec<Module>, Json) {
        let loaded = self.slot.state().sources();
        loaded.unwrap_or_else(|| (builtin::modules(), builtin::data(&self.config)))
    }

    /// Remembers that policies could not even be read: what is in force stays, and a gate that needs a set and has none
    /// denies with this fault.
    pub fn refuse_load(&self, fault: &Fault) {
        self.slot.refuse(fault);
    }

    fn put(
        &self,
        loaded: Result<(PolicySet, LoadReport), RegoError>,
        at: Option<Timestamp>,
    ) -> Result<LoadReport, PolicyError> {
        match loaded {
            Ok((set, report)) => {
                self.slot.accept(Arc::new(Held { set, schema: self.schema }), at);
                Ok(report)
            }
            Err(error) => {
                self.slot.refuse(&Fault::new(error.code(), error.to_string()));
                Err(error.into())
            }
        }
    }

    /// The base document that a set is loaded with: its data, and under the schema `finops` this gate's configuration at
    /// `data.finops_config.gate`, where the set leaves room for it.
    #[must_use]
    pub fn data_for(&self, modules: &[Module], data: &Json) -> Json {
        let mut data = data.clone();
        let taken = modules.iter().any(|module| module.text.contains("package finops_config"));
        if self.schema == Schema::None || taken {
            return data;
        }
        let config = gate::rego_data(&self.config);
        let config = config.pointer("/finops_config/gate").cloned().unwrap_or(Json::Null);
        if let Json::Object(members) = &mut data {
            if !members.contains_key("finops_config") {
                members.insert("finops_config", Object::new());
            }
            if let Some(Json::Object(own)) = members.get_mut("finops_config")
                && !own.contains_key("gate")
            {
                own.insert("gate", config);
            }
        }
        data
    }
}

/// A set and what the members of its input mean.
struct Held {
    set: PolicySet,
    schema: Schema,
}

impl Held {
    const fn rounding(&self) -> value::Schema {
        match self.schema {
            Schema::Finops => value::Schema::Finops,
            Schema::None => value::Schema::None,
        }
    }
}

impl Evaluate for Held {
    fn evaluate(&self, input: &Json) -> SetAnswer {
        self.set.decide_as(input, self.rounding())
    }

    fn engine(&self) -> UsedEngine {
        match self.set.engine() {
            Engine::Rvm => UsedEngine::Rvm,
            Engine::Interpreter => UsedEngine::Interpreter,
        }
    }

    fn revision(&self) -> &str {
        self.set.revision()
    }

    fn digest(&self) -> &str {
        self.set.digest()
    }

    fn covered_lines(&self, input: &Json) -> Vec<(String, Vec<u32>)> {
        let coverage = self.set.coverage(input, self.rounding()).unwrap_or_default();
        coverage.files.into_iter().map(|file| (file.path, file.covered)).collect()
    }

    fn sources(&self) -> Option<(&[Module], &Json)> {
        Some((self.set.modules(), self.set.data()))
    }
}
