//! Work that another thread does while JavaScript goes on.

use super::{
    Answer, Held, keep, member, optional_count, optional_text, parse, refused, refused_member, text,
};
use finops::ledger::{EventLog, EventLogError, LogOptions, Secrets, number::Exact};
use napi::{Env, Task, bindgen_prelude::AsyncTask};
use serde_json::Value;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// Runs `work`; a panic becomes an error.
fn guarded<T>(work: impl FnOnce() -> Result<T, EventLogError>) -> napi::Result<T> {
    // What a log or a ledger holds is changed whole or not at all, so nothing half changed can be seen afterwards.
    let done = catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|_| Err(refused_member("", "report this: the engine panicked"))).map_err(refused)
}

/// A piece of work that answers with text.
pub struct Working(Option<Box<dyn FnOnce() -> Answer + Send>>);

impl Working {
    pub(super) fn task(work: impl FnOnce() -> Answer + Send + 'static) -> AsyncTask<Self> {
        AsyncTask::new(Self(Some(Box::new(work))))
    }
}

impl Task for Working {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<String> {
        let work = self.0.take();
        guarded(|| work.map_or_else(|| Ok(String::new()), |work| work()))
    }

    fn resolve(&mut self, _: Env, answer: String) -> napi::Result<String> {
        Ok(answer)
    }
}

/// What a log is opened with.
pub struct Opening {
    pub(super) json: String,
    pub(super) secret: Option<String>,
    pub(super) previous: Vec<String>,
    pub(super) seed: Option<String>,
}

impl Opening {
    pub(super) fn open(&self) -> Result<EventLog, EventLogError> {
        let given = parse(&self.json)?;
        let secrets = match &self.secret {
            Some(secret) => Secrets::new(secret)?,
            None => {
                let environment = member(&given, "environment");
                let variable = |name: &str| environment?.get(name).and_then(Value::as_str).map(str::to_owned);
                Secrets::from_env(variable)?
            }
        };
        let mut secrets = secrets.with_previous(self.previous.iter().map(String::as_str))?;
        if let Some(seed) = &self.seed {
            secrets = secrets.with_seed(seed)?;
        }
        let heartbeat_s = optional_count(&given, "heartbeat_s")?;
        let read_only = member(&given, "read_only").and_then(Value::as_bool).unwrap_or_default();
        let above = optional_text(&given, "four_eyes_above")?.map(|text| {
            Exact::parse(text).ok_or_else(|| refused_member("fourEyesAbove", "is no amount; give a decimal"))
        });
        let four_eyes_above = above.transpose()?;
        let options = LogOptions { heartbeat_s, read_only, four_eyes_above, ..LogOptions::default() };
        let origin = text(&given, "origin")?;
        match optional_text(&given, "store")? {
            None => EventLog::in_memory(origin, secrets, options),
            Some(url) => EventLog::open(url, origin, secrets, options),
        }
    }
}

impl Task for Opening {
    type Output = EventLog;
    type JsValue = u32;

    fn compute(&mut self) -> napi::Result<EventLog> {
        guarded(|| self.open())
    }

    fn resolve(&mut self, _: Env, log: EventLog) -> napi::Result<u32> {
        Ok(keep(Held::Log(Arc::new(log))))
    }
}
