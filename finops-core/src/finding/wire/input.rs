//! Members of an input, and the findings in it.

use crate::{
    error::Fault,
    finding::{
        problem::Problem,
        read::instant,
        record::{Finding, IdMode, RunContext},
        validate::Validator,
    },
    json::Json,
    time::Timestamp,
};

/// The text of the member `name`; null and empty are none.
pub(super) fn text<'j>(input: &'j Json, name: &str) -> Result<Option<&'j str>, Fault> {
    match input.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(other) => Err(wrong(name, other, "give a text")),
    }
}

pub(super) fn required<'j>(input: &'j Json, name: &str) -> Result<&'j str, Fault> {
    text(input, name)?.ok_or_else(|| missing(name))
}

/// The truth value of the member `name`; absent is false.
pub(super) fn flag(input: &Json, name: &str) -> Result<bool, Fault> {
    match input.get(name) {
        None | Some(Json::Null) => Ok(false),
        Some(Json::Bool(value)) => Ok(*value),
        Some(other) => Err(wrong(name, other, "give true or false")),
    }
}

/// The whole number of the member `name` from 0 to `most`.
pub(super) fn integer(input: &Json, name: &str, most: u64) -> Result<Option<u64>, Fault> {
    match input.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Number(number)) => match number.as_u64().filter(|value| *value <= most) {
            Some(value) => Ok(Some(value)),
            None => {
                let problem =
                    format!("`{}` is no whole number from 0 to {most}", crate::error::shorten(number.text()));
                Err(Fault::new("finding.out_of_range", name, problem, "give a whole number within the range"))
            }
        },
        Some(other) => Err(wrong(name, other, "give a whole number")),
    }
}

pub(super) fn list<'j>(input: &'j Json, name: &str) -> Result<Option<&'j [Json]>, Fault> {
    match input.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Array(values)) => Ok(Some(values)),
        Some(other) => Err(wrong(name, other, "give a list")),
    }
}

pub(super) fn time(path: &str, text: &str) -> Result<Timestamp, Fault> {
    instant(text.trim()).ok_or_else(|| {
        let problem = format!("`{}` is no time", crate::error::shorten(text));
        Fault::new("finding.bad_time", path, problem, "write a time like `2026-11-21T08:00:00Z`")
    })
}

pub(super) fn wrong(name: &str, value: &Json, help: &'static str) -> Fault {
    let problem = format!("`{}` is of the wrong type", crate::error::shorten(&value.to_text()));
    Fault::new("finding.wrong_type", name, problem, help)
}

pub(super) fn missing(name: &str) -> Fault {
    Fault::new("finding.missing_field", name, "it is missing", "give it")
}

pub(super) fn unknown(name: &str, value: &str, help: &'static str) -> Fault {
    let problem = format!("`{}` is not known", crate::error::shorten(value));
    Fault::new("finding.unknown_value", name, problem, help)
}

pub(super) fn mode(name: &str, text: &str) -> Result<IdMode, Fault> {
    IdMode::of(text).ok_or_else(|| unknown(name, text, "give `stable`, `per_run` or `per_day`"))
}

/// The context of a run in the member `context` of `options`.
fn context(options: &Json) -> Result<RunContext, Fault> {
    let none = Json::object::<&str>([]);
    let given = match options.get("context") {
        None | Some(Json::Null) => &none,
        Some(context @ Json::Object(_)) => context,
        Some(other) => return Err(wrong("context", other, "give an object")),
    };
    let own = |name: &str| Ok::<_, Fault>(text(given, name)?.map(str::to_owned));
    let run_ts = match text(given, "run_ts")? {
        Some(text) => Some(time("context.run_ts", text)?),
        None => None,
    };
    let finding_id_mode = match text(given, "finding_id_mode")? {
        Some(text) => mode("context.finding_id_mode", text)?,
        None => IdMode::Stable,
    };
    Ok(RunContext {
        tenant_id: own("tenant_id")?.unwrap_or_default(),
        workspace_id: own("workspace_id")?.unwrap_or_default(),
        run_id: own("run_id")?.unwrap_or_default(),
        run_ts,
        engine_name: own("engine_name")?,
        engine_version: own("engine_version")?,
        rulepack_version: own("rulepack_version")?,
        default_currency: own("default_currency")?,
        finding_id_mode,
    })
}

/// The validator that the member `options` of an input asks for: `{context, unknown}`, `reject` or `drop`.
///
/// # Errors
/// `finding.wrong_type`, `finding.unknown_value`, `finding.bad_time`, with paths below `options`.
pub fn validator(input: &Json) -> Result<Validator, Fault> {
    let none = Json::object::<&str>([]);
    let options = match input.get("options") {
        None | Some(Json::Null) => &none,
        Some(options @ Json::Object(_)) => options,
        Some(other) => return Err(wrong("options", other, "give an object")),
    };
    let validator = Validator::new(&context(options).map_err(|fault| fault.below("options"))?)?;
    match text(options, "unknown")? {
        None | Some("reject") => Ok(validator),
        Some("drop") => Ok(validator.drop_unknown()),
        Some(other) => Err(unknown("options.unknown", other, "give `reject` or `drop`")),
    }
}

/// The first of several problems as a fault.
pub(super) fn fault(problems: Vec<Problem>, parent: &str) -> Fault {
    match problems.into_iter().next() {
        None => missing(parent),
        Some(Problem { path, code, value, help }) => {
            Fault::new(code, format!("{parent}{path}"), format!("`{value}` is refused"), help)
        }
    }
}

/// The findings of the member `records`: all must stand.
pub(super) fn findings(input: &Json) -> Result<Vec<Finding>, Fault> {
    let mut validator = validator(input)?;
    let records = list(input, "records")?.ok_or_else(|| missing("records"))?;
    let taken = records.iter().enumerate().map(|(index, record)| {
        let checked = validator.record(record);
        checked
            .map(|checked| checked.finding)
            .map_err(|problems| fault(problems, &format!("records/{index}")))
    });
    taken.collect()
}
