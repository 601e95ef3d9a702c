//! Opportunities that come back: those of a report, and what can be proposed for them.

use super::{Change, Engine, EngineError, Found};
use finops_core::{
    change::SourceFile,
    error::{Fault, shorten},
    json::Json,
    time::Timestamp,
};

/// Opportunities of a report, and the time of its run where it says one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opportunities {
    /// In the order of the report.
    pub list: Vec<Json>,
    /// The time of the run.
    pub as_of: Option<Timestamp>,
}

/// The shortest part of an id that names a finding.
const SHORTEST: usize = 4;
const HELP: &str = "give the answer of `finops waste detect --format json`";

fn refused(path: &str, problem: impl Into<String>, help: &'static str) -> Fault {
    Fault::new("waste.invalid_record", path, problem, help)
}

impl Opportunities {
    /// Reads the report of a run, a list of opportunities, or one.
    ///
    /// # Errors
    /// `waste.invalid_record` for anything else.
    pub fn from_json(value: &Json) -> Result<Self, Fault> {
        let at =
            |value: &Json, name: &str| value.get(name).and_then(Json::as_str).and_then(|at| at.parse().ok());
        let list = match value {
            Json::Array(list) => list.clone(),
            Json::Object(members) => match members.get("opportunities") {
                Some(Json::Array(list)) => list.clone(),
                Some(other) => {
                    return Err(refused(
                        "opportunities",
                        format!("is a {}, not a list", other.type_name()),
                        HELP,
                    ));
                }
                None if members.get("type").is_some() => vec![value.clone()],
                None => return Err(refused("", "holds no opportunities", HELP)),
            },
            other => return Err(refused("", format!("is a {}, not a report", other.type_name()), HELP)),
        };
        let as_of = at(value, "as_of").or_else(|| list.iter().find_map(|one| at(one, "detected_at")));
        Ok(Self { list, as_of })
    }

    /// Only those with one of these ids: a finding's, an opportunity's, a fingerprint, or the beginning of one.
    ///
    /// # Errors
    /// `waste.invalid_record` for an id of none, or of several.
    pub fn only(mut self, ids: &[String]) -> Result<Self, Fault> {
        if ids.is_empty() {
            return Ok(self);
        }
        let mut kept = vec![false; self.list.len()];
        for id in ids {
            let named = |one: &Json| {
                let member =
                    |name: &&str| one.get(name).and_then(Json::as_str).is_some_and(|of| of.starts_with(id));
                id.len() >= SHORTEST && ["finding_id", "id", "fingerprint"].iter().any(member)
            };
            let places: Vec<usize> =
                self.list.iter().enumerate().filter(|(_, one)| named(one)).map(|(place, _)| place).collect();
            let shown = shorten(id);
            match places.as_slice() {
                [one] => kept.get_mut(*one).into_iter().for_each(|kept| *kept = true),
                [] => {
                    let help = "give an id of the report, or at least its first 4 characters";
                    return Err(refused("opportunities", format!("`{shown}` is no finding of it"), help));
                }
                several => {
                    let problem = format!("`{shown}` is the beginning of {} ids", several.len());
                    return Err(refused("opportunities", problem, "give more of the id"));
                }
            }
        }
        let mut kept = kept.into_iter();
        self.list.retain(|_| kept.next().unwrap_or(false));
        Ok(self)
    }
}

impl Engine {
    /// Proposes changes for opportunities, and answers beside them those that get none: the guardrails deny them, or there
    /// is no change for what was found.
    ///
    /// # Errors
    /// `waste.invalid_record` with the place of an opportunity that cannot be read, `finding.*`.
    pub fn propose_for(
        &self,
        opportunities: &[Json],
        as_of: Timestamp,
        sources: &[SourceFile],
    ) -> Result<(Vec<Change>, Vec<Found>), EngineError> {
        let found = self.all_found(opportunities, as_of)?;
        let all: Vec<&Found> = found.iter().collect();
        let changes = self.propose_some(&all, as_of, sources);
        let answered = |one: &Found| {
            let id = one.finding.finding_id();
            changes.iter().any(|change| change.proposal.finding_ids.contains(&id))
        };
        let withheld = found.iter().filter(|one| !answered(one)).cloned().collect();
        Ok((changes, withheld))
    }

    /// Reads opportunities, each finding once; a fault names its place.
    pub(super) fn all_found(
        &self,
        opportunities: &[Json],
        as_of: Timestamp,
    ) -> Result<Vec<Found>, EngineError> {
        let mut found: Vec<Found> = Vec::with_capacity(opportunities.len());
        for (index, opportunity) in opportunities.iter().enumerate() {
            let one = self.found(opportunity, as_of).map_err(|error| match error {
                EngineError::Input(fault) => fault.below(&format!("opportunities[{index}]")).into(),
                other => other,
            })?;
            if found.iter().all(|known| known.finding.fingerprint() != one.finding.fingerprint()) {
                found.push(one);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{EngineOptions, Given},
        *,
    };
    use finops_core::waste::summary::ClusterData;
    use finops_policy::guardrail::GuardrailConfig;

    fn json(text: &str) -> Json {
        super::super::wire::parse(text.as_bytes()).unwrap()
    }

    fn report() -> Json {
        let data = json(
            r#"{"cluster": "c", "tags": ["a"], "workloads": {"n": [
                {"name": "web", "cpu_request": 4, "cpu_usage": 0.4, "memory_request_gb": 8, "memory_usage_gb": 4},
                {"name": "api", "cpu_request": 8, "cpu_usage": 2.2}]},
                "hpa_configs": [{"namespace": "n", "workload": "web", "scale_up_delay": 600}]}"#,
        );
        let at = "2026-11-20T03:00:00Z".parse().unwrap();
        let given = Given::from(ClusterData::from_json(&data, Some(at)).unwrap());
        Engine::default().detect(&[given], None).unwrap().to_json()
    }

    #[test]
    fn a_report_comes_back_with_its_ids() {
        let all = Opportunities::from_json(&report()).unwrap();
        assert_eq!((all.list.len(), all.as_of), (3, "2026-11-20T03:00:00Z".parse().ok()));
        let engine = Engine::default();
        let (changes, withheld) = engine.propose_for(&all.list, all.as_of.unwrap(), &[]).unwrap();
        let ids = |of: &[String]| of.to_vec();
        let mut seen: Vec<String> =
            changes.iter().flat_map(|change| ids(&change.proposal.finding_ids)).collect();
        seen.extend(withheld.iter().map(|found| found.finding.finding_id()));
        seen.sort();
        let mut known: Vec<String> = all
            .list
            .iter()
            .map(|one| one.get("finding_id").and_then(Json::as_str).unwrap_or_default().to_owned())
            .collect();
        known.sort();
        assert_eq!(seen, known, "a finding is the same when it comes back");
        assert!(!withheld.is_empty(), "0.65 is below what the guardrails accept");
        let detectors: Vec<&str> = withheld.iter().map(|found| found.detector.as_str()).collect();
        assert!(detectors.iter().all(|id| id.starts_with("k8s.")), "{detectors:?}");
        let guardrails = GuardrailConfig::from_json(&json(r#"{"min_confidence": "0.5"}"#)).unwrap();
        let loose = Engine::new(EngineOptions { guardrails, ..EngineOptions::default() });
        let (more, _) = loose.propose_for(&all.list, all.as_of.unwrap(), &[]).unwrap();
        assert!(more.len() > changes.len());
    }

    #[test]
    fn findings_are_chosen_by_the_beginning_of_an_id() {
        let all = Opportunities::from_json(&report()).unwrap();
        let id = |place: usize| all.list[place].get("finding_id").and_then(Json::as_str).unwrap().to_owned();
        let one = all.clone().only(&[id(1).chars().take(12).collect()]).unwrap();
        assert_eq!(one.list, [all.list[1].clone()]);
        let two = all.clone().only(&[id(2), id(0)]).unwrap();
        assert_eq!(two.list, [all.list[0].clone(), all.list[2].clone()], "in the order of the report");
        let short: String = id(0).chars().take(3).collect();
        for bad in ["zzzz", "", &short] {
            assert_eq!(
                all.clone().only(&[bad.to_owned()]).unwrap_err().code(),
                "waste.invalid_record",
                "{bad}"
            );
        }
        for bad in ["1", "{}", r#"{"opportunities": 1}"#] {
            assert_eq!(
                Opportunities::from_json(&json(bad)).unwrap_err().code(),
                "waste.invalid_record",
                "{bad}"
            );
        }
    }
}
