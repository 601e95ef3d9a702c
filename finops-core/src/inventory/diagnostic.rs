//! What a reading remarks on without failing.

use super::Name;
use crate::{error::Fault, json::Json};
use std::collections::BTreeMap;

/// A remark of a reader or a computation: something was skipped, dropped, counted or assumed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Diagnostic {
    /// The stable dotted code, for example `inventory.unknown_field`.
    pub code: &'static str,
    /// The document of the input, from 0, where there were several.
    pub document: Option<usize>,
    /// The place of the object in its document's list, from 0.
    pub index: Option<usize>,
    /// Where in the input; `[]` stands for every element.
    pub path: Option<String>,
    /// Whom it concerns: a node, or `namespace/pod/container`.
    pub subject: Option<String>,
    /// The resource it concerns, for example `cpu`.
    pub resource: Option<Name>,
    /// How often it happened.
    pub count: Option<u64>,
    /// For people.
    pub message: String,
}

impl Diagnostic {
    /// A remark with a code and a message alone.
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), ..Self::default() }
    }

    /// The remark that an object was left out because of `fault`.
    #[must_use]
    pub fn of(fault: &Fault) -> Self {
        let message = format!("{}; {}", fault.problem(), fault.help());
        Self { path: Some(fault.path().to_owned()), ..Self::new(fault.code(), message) }
    }

    /// The same remark with a count.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// The same remark about `subject`.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// The wire form: members that are not known are left out.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut members = vec![("code".to_owned(), Json::from(self.code))];
        let mut put = |name: &str, value: Option<Json>| {
            members.extend(value.map(|value| (name.to_owned(), value)));
        };
        put("document", self.document.map(Json::from));
        put("index", self.index.map(Json::from));
        put("path", self.path.as_deref().map(Json::from));
        put("subject", self.subject.as_deref().map(Json::from));
        put("resource", self.resource.as_deref().map(Json::from));
        put("count", self.count.map(Json::from));
        put("message", Some(Json::from(self.message.as_str())));
        Json::Object(crate::json::Object::from_unique(members))
    }
}

/// What was read and what there is to say about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Read<T> {
    /// What was read.
    pub value: T,
    /// Remarks, in a stable order.
    pub diagnostics: Vec<Diagnostic>,
    /// How many objects of kinds that are not read there were, by kind.
    pub ignored: BTreeMap<String, u64>,
}

impl<T> Read<T> {
    /// The same reading of another form.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Read<U> {
        Read { value: change(self.value), diagnostics: self.diagnostics, ignored: self.ignored }
    }
}
