//! The kinds `confidence` and `risk`.

use super::Handler;
use crate::{
    error::{Fault, shorten},
    json::Json,
    waste::{Class, Confidence, Coverage, Measured, Ratio, Risk, RiskFactor},
};

pub(super) const KINDS: &[(&str, Handler)] = &[("confidence", confidence), ("risk", risk)];

fn refused(path: &str, problem: impl Into<String>, help: &'static str) -> Fault {
    Fault::new("waste.invalid_record", path, problem, help)
}

/// A number of at least 0; `None` where absent or null.
pub(super) fn number(input: &Json, name: &str) -> Result<Option<Ratio>, Fault> {
    let text = match input.get(name) {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::Number(number)) => Some(number.text()),
        Some(Json::String(text)) => Some(text.as_str()),
        Some(_) => None,
    };
    let number = text.and_then(Ratio::parse).filter(|number| !number.is_negative());
    number.map(Some).ok_or_else(|| {
        let found = input.get(name).map(Json::to_text).unwrap_or_default();
        let problem = format!("`{}` is no number of at least 0", shorten(&found));
        refused(name, problem, "give a number or decimal text like `0.3`")
    })
}

/// A count of whole pieces.
fn count(input: &Json, name: &str) -> Result<Option<u64>, Fault> {
    number(input, name)?
        .map(|number| {
            let whole = number.floor().filter(|whole| Ratio::from(*whole) == number);
            whole.and_then(|whole| u64::try_from(whole).ok()).ok_or_else(|| {
                refused(name, format!("{number} is no count"), "give a whole number of at least 0")
            })
        })
        .transpose()
}

fn text<'a>(input: &'a Json, name: &str) -> Result<&'a str, Fault> {
    let found = input.get(name).and_then(Json::as_str);
    found.ok_or_else(|| refused(name, "a text is missing", "give text in quotes"))
}

/// `cls` F, E or M; `observed` and `threshold` (`side` `below`, the default, or `above`); hours, samples, folds, misses.
fn confidence(input: &Json) -> Result<Json, Fault> {
    let class = text(input, "cls")?;
    let class = Class::from_code(class).ok_or_else(|| {
        let problem = format!("`{}` is no class of evidence", shorten(class));
        refused("cls", problem, "give `F`, `E` or `M`")
    })?;
    let base = match (count(input, "folds")?, class) {
        (Some(folds), _) => Confidence::backtested(folds, count(input, "misses")?.unwrap_or(0)),
        (None, Class::Fact) => Confidence::fact(),
        (None, Class::Estimate) => Confidence::estimate(),
        (None, Class::Metric) => match (number(input, "observed")?, number(input, "threshold")?) {
            (Some(observed), Some(threshold)) => {
                let above = input.get("side").and_then(Json::as_str) == Some("above");
                let measured = if above { Measured::Above } else { Measured::Below };
                Confidence::metric(&[measured(observed, threshold)])
            }
            _ => Confidence::metric(&[]),
        },
    };
    let hours = |name| {
        let seconds = number(input, name)?.map(|hours| hours.times(&Ratio::from(3600)));
        Ok::<_, Fault>(seconds.and_then(|seconds| u64::try_from(seconds.floor()?).ok()))
    };
    let span = hours("span_hours")?.zip(hours("required_span_hours")?);
    let samples = count(input, "samples")?.zip(count(input, "required_samples")?);
    let confidence = base.covered(&Coverage { span_seconds: span, samples });
    let places = |value: &Ratio| Json::from(crate::waste::assessment::four_places(value));
    Ok(Json::object([
        ("base", places(&confidence.base)),
        ("coverage", places(&confidence.coverage)),
        ("confidence", confidence.text().into()),
    ]))
}

/// `base` and the codes of `factors`.
fn risk(input: &Json) -> Result<Json, Fault> {
    let base = number(input, "base")?;
    let mut risk = Risk::base(base.ok_or_else(|| refused("base", "the base is missing", "give it"))?);
    for (index, factor) in
        input.get("factors").and_then(Json::as_array).unwrap_or_default().iter().enumerate()
    {
        let code = factor.as_str().unwrap_or_default();
        let factor = RiskFactor::from_code(code).ok_or_else(|| {
            let problem = format!("`{}` is no factor of risk", shorten(code));
            refused(&format!("factors[{index}]"), problem, "give a code like `single_replica`")
        })?;
        risk.consider(factor, Some(true));
    }
    Ok(risk.text().into())
}
