//! What a file states beside what the finding saw: a change is worth what it says only where the two are the same.

use crate::{
    error::{Fault, shorten},
    inventory::Quantity,
    waste::{Ratio, rightsizing::Resource},
};

/// How far a file may be from what the finding saw, in percent of that: a smaller difference is worth no finding
/// (specification of waste, section 5).
const NEAR: u64 = 10;

/// Marks of values that a tool fills in later: Helm and Jinja, shells and Flux, Kubernetes and make.
const FILLED: [&str; 5] = ["{{", "{%", "${", "$(", "<%"];

const HELP: &str = "see whether the file was applied and what overrides it, then take a new inventory";

fn differs(path: &str, problem: String) -> Fault {
    Fault::new("change.source_differs", path, problem, HELP)
}

/// A change that would write what stands there already.
pub(super) fn nothing_to_do() -> Fault {
    differs("sources", "the sources state this already".to_owned())
}

/// Refuses a value that is no value yet.
fn written_out(path: &str, text: &str) -> Result<(), Fault> {
    if !FILLED.iter().any(|mark| text.contains(mark)) {
        return Ok(());
    }
    let problem = format!("`{}` is filled in by a tool", shorten(text));
    Err(Fault::new("change.template", path, problem, "change the value where it comes from"))
}

/// Nanocores or bytes, rounded up; `None` for what is no quantity.
fn amount(resource: Resource, text: &str) -> Option<u64> {
    let nano = Quantity::parse_unsigned(text).ok()?.nano();
    let whole = match resource {
        Resource::Cpu => Some(nano),
        Resource::Memory => Ratio::nanos(nano).ceil(),
    };
    u64::try_from(whole?).ok()
}

/// Judges a request as a file states it: nothing to say, or why the change is a draft only.
///
/// # Errors
/// `change.template`, `change.type_mismatch` for no quantity, `change.source_differs` where the file states less than what
/// is proposed, or more where the finding raises.
pub(super) fn request(
    (file, path): (&str, &str),
    resource: Resource,
    stated: Option<&str>,
    before: Option<u64>,
    value: u64,
) -> Result<Option<Fault>, Fault> {
    let Some(text) = stated else { return Ok(None) };
    written_out(path, text)?;
    let shown = shorten(text);
    let Some(stated) = amount(resource, text) else {
        let problem = format!("`{shown}` is no quantity");
        return Err(Fault::new("change.type_mismatch", path, problem, "correct the present value first"));
    };
    let Some(before) = before else { return Ok(None) };
    let (beyond, more) = if value < before { (stated < value, "less") } else { (stated > value, "more") };
    if beyond {
        let problem = format!("`{}` states `{shown}`, which is {more} than what is proposed", shorten(file));
        return Err(differs(path, problem));
    }
    if is_near(stated, before) {
        return Ok(None);
    }
    let saw = super::kubernetes::quantity(resource, before);
    let problem =
        format!("`{}` states `{shown}` where the finding saw `{saw}`, of which its saving is", shorten(file));
    Ok(Some(differs(path, problem)))
}

/// Judges a whole number as a file states it, or as it is where nothing is stated; `lowers` says which way the finding goes.
///
/// # Errors
/// As [`request`].
pub(super) fn count(
    (file, path): (&str, &str),
    stated: Option<&str>,
    absent: Option<i64>,
    value: i64,
    lowers: bool,
) -> Result<Option<Fault>, Fault> {
    let number = match stated {
        Some(text) => {
            written_out(path, text)?;
            text.parse().ok()
        }
        None => absent,
    };
    // What is no number is refused where it is edited.
    let Some(number) = number else { return Ok(None) };
    let beyond = if lowers { number < value } else { number > value };
    if !beyond && (stated.is_some() || number != value) {
        return Ok(None);
    }
    let shown =
        stated.map_or_else(|| format!("nothing, which is {number}"), |text| format!("`{}`", shorten(text)));
    let problem = format!("`{}` states {shown}, where {value} is proposed", shorten(file));
    Err(differs(path, problem))
}

/// Why a change is a draft only: a file states another number than the finding saw.
pub(super) fn seen((file, path): (&str, &str), stated: i64, before: Option<i64>) -> Option<Fault> {
    let before = before.and_then(|before| u64::try_from(before).ok())?;
    let number = u64::try_from(stated).ok()?;
    (!is_near(number, before)).then(|| {
        let file = shorten(file);
        differs(
            path,
            format!("`{file}` states {stated} where the finding saw {before}, of which its saving is"),
        )
    })
}

fn is_near(stated: u64, before: u64) -> bool {
    let near = u128::from(before).saturating_mul(u128::from(NEAR)).div_euclid(100);
    u128::from(stated.abs_diff(before)) <= near
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: (&str, &str) = ("a.yaml", "resources.requests.cpu");
    const CORE: u64 = 1_000_000_000;

    fn code(stated: &str, before: u64, value: u64) -> Result<Option<String>, String> {
        let of = |fault: Fault| fault.code().to_owned();
        request(AT, Resource::Cpu, Some(stated), Some(before), value).map(|draft| draft.map(of)).map_err(of)
    }

    #[test]
    fn a_request_that_is_another_than_the_finding_saw_is_told() {
        let differs = || "change.source_differs".to_owned();
        assert_eq!(code("2", 2 * CORE, CORE), Ok(None));
        assert_eq!(code("2000m", 2 * CORE, CORE), Ok(None));
        assert_eq!(code("2.2", 2 * CORE, CORE), Ok(None), "a tenth more");
        assert_eq!(code("2201m", 2 * CORE, CORE), Ok(Some(differs())));
        assert_eq!(code("1", 2 * CORE, CORE), Ok(Some(differs())), "it is so already");
        assert_eq!(code("999m", 2 * CORE, CORE), Err(differs()), "it would be raised");
        assert_eq!(code("3", CORE, 2 * CORE), Err(differs()), "it would be lowered where the finding raises");
        assert_eq!(code("1", CORE, 2 * CORE), Ok(None));
        assert_eq!(code("1.5.0", 2 * CORE, CORE), Err("change.type_mismatch".to_owned()));
        for filled in ["{{ .Values.cpu }}", "${CPU}", "$(CPU)", "{% cpu %}", "${CPU:-2}"] {
            assert_eq!(code(filled, 2 * CORE, CORE), Err("change.template".to_owned()), "{filled}");
        }
        assert_eq!(request(AT, Resource::Cpu, None, Some(CORE), 1), Ok(None));
        assert_eq!(request(AT, Resource::Memory, Some("1G"), Some(1_000_000_000), 1), Ok(None));
    }

    #[test]
    fn a_count_is_held_against_what_stands_there_or_its_default() {
        let ok = |stated, absent, value, lowers| count(AT, stated, absent, value, lowers).is_ok();
        assert!(ok(Some("8"), Some(1), 2, true));
        assert!(!ok(Some("1"), Some(1), 2, true));
        assert!(!ok(None, Some(1), 2, true), "one replica is the default");
        assert!(ok(None, None, 60, true));
        assert!(ok(Some("50"), None, 75, false));
        assert!(!ok(Some("80"), None, 75, false));
        assert!(ok(Some("many"), None, 75, false), "the edit refuses it");
    }
}
