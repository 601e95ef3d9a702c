//! Inventories that speak of the same things: what two of one cluster found is counted once.

use super::{Given, run::Draft};
use finops_core::{
    error::shorten,
    time::Timestamp,
    waste::{Failure, SubjectKind},
};
use std::collections::{BTreeMap, BTreeSet};

/// How much an inventory has to say of a cluster: the full form more than the summary, then the later one.
fn weight(given: &[Given], draft: &Draft) -> Option<(bool, Timestamp)> {
    let one = given.get(draft.given?)?;
    Some((matches!(one, Given::Cluster(_)), one.as_of()))
}

/// The finding in its place, whichever inventory it is of.
type Key = (String, Option<String>, String, String);

fn key(draft: &Draft) -> Key {
    let place = &draft.place;
    let subject = draft.assessment.subject.id().to_owned();
    (place.account.clone(), place.provider.clone(), draft.check_id.clone(), subject)
}

/// The workload or autoscaler that a finding is on: the two forms of inventory name it differently.
fn named(draft: &Draft) -> Option<(String, String, String)> {
    let subject = &draft.assessment.subject;
    if !matches!(subject.kind(), SubjectKind::Workload | SubjectKind::Autoscaler) {
        return None;
    }
    Some((draft.place.account.clone(), subject.namespace()?.to_owned(), subject.name().to_owned()))
}

/// Keeps each finding once, and of a workload those of the full inventory where a summary speaks of it as well; one failure
/// for each detector says what was left out. `drafts` are in order, so which of two equal ones stays is no matter of chance.
pub(super) fn once(drafts: &mut Vec<Draft>, given: &[Given]) -> Vec<Failure> {
    if given.len() < 2 {
        return Vec::new();
    }
    let mut best: BTreeMap<Key, (Option<(bool, Timestamp)>, usize)> = BTreeMap::new();
    for (index, draft) in drafts.iter().enumerate().filter(|(_, draft)| draft.said.is_none()) {
        let own = (weight(given, draft), index);
        best.entry(key(draft))
            .and_modify(|known| {
                if own.0 > known.0 {
                    *known = own;
                }
            })
            .or_insert(own);
    }
    let full: BTreeSet<_> = drafts
        .iter()
        .filter(|draft| weight(given, draft).is_some_and(|(is_full, _)| is_full))
        .filter_map(named)
        .collect();
    let mut dropped: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut index = 0_usize;
    drafts.retain(|draft| {
        let at = index;
        index = index.saturating_add(1);
        if draft.said.is_some() {
            return true;
        }
        let is_best = best.get(&key(draft)).is_some_and(|(_, kept)| *kept == at);
        let is_full = weight(given, draft).is_some_and(|(is_full, _)| is_full);
        let stays = is_best && (is_full || named(draft).is_none_or(|named| !full.contains(&named)));
        if !stays {
            let shown = format!(
                "`{}` of `{}`",
                shorten(draft.assessment.subject.text()),
                shorten(&draft.place.account)
            );
            let (count, _) = dropped.entry(draft.check_id.clone()).or_insert((0, shown));
            *count = count.saturating_add(1);
        }
        stays
    });
    dropped.into_iter().map(failure).collect()
}

fn failure((detector, (count, shown)): (String, (usize, String))) -> Failure {
    let what = match count {
        1 => format!("{shown} is in several inventories"),
        many => format!("{many} subjects, {shown} among them, are in several inventories"),
    };
    let message =
        format!("{what}: counted once, of the full and then of the latest one; give each cluster once");
    Failure { detector, code: "waste.given_twice".to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::super::{Engine, Given};
    use finops_core::waste::summary::ClusterData;

    const PAY: &str = r#"{"cluster": "c", "workloads": {"finance": [{"name": "pay", "cpu_request": 4, "cpu_usage": 0.1}]}}"#;

    fn summary(text: &str, at: &str) -> Given {
        let json = super::super::wire::parse(text.as_bytes()).unwrap();
        ClusterData::from_json(&json, Some(at.parse().unwrap())).unwrap().into()
    }

    /// A workload of 4 cores, of which 0.1 are used.
    fn full(kind: &str) -> Given {
        let text = format!(
            r#"{{"cluster": "c", "as_of": "2026-11-20T00:00:00Z",
                "workloads": [{{"kind": "{kind}", "namespace": "finance", "name": "pay", "replicas": 1, "created_at": "2026-01-01T00:00:00Z",
                    "containers": [{{"name": "app", "type": "app", "requests": {{"cpu": "4"}}, "limits": {{}}}}], "labels": {{}}}}],
                "nodes": [{{"name": "n", "capacity": {{"cpu": "8", "memory": "16Gi"}}, "allocatable": {{"cpu": "8", "memory": "16Gi"}},
                    "cost": {{"hourly": "0.4"}}}}],
                "usage": [{{"subject": {{"namespace": "finance", "workload": "{kind}/pay", "container": "app"}}, "metric": "cpu_usage",
                    "summary": {{"mean": "0.1", "p95": "0.1", "max": "0.1", "samples": 1344,
                        "start": "2026-11-06T00:00:00Z", "end": "2026-11-20T00:00:00Z"}}}}]}}"#
        );
        let json = super::super::wire::parse(text.as_bytes()).unwrap();
        Given::from_json(&json, None).unwrap()
    }

    fn cpu(given: &[Given]) -> (Vec<String>, Vec<String>) {
        let run = Engine::default().detect(given, "2026-11-20T03:00:00Z".parse().ok()).unwrap();
        let found = run.found.iter().filter(|found| found.detector == "k8s.cpu_over_request");
        let ids = found.map(|found| found.assessment.subject.id().to_owned()).collect();
        (ids, run.failures.into_iter().map(|failure| failure.code).collect())
    }

    #[test]
    fn one_cluster_given_twice_is_counted_once() {
        let (early, late) = (summary(PAY, "2026-11-19T00:00:00Z"), summary(PAY, "2026-11-20T00:00:00Z"));
        let expected = (vec!["workload/finance/pay".to_owned()], vec!["waste.given_twice".to_owned()]);
        assert_eq!(cpu(&[early.clone(), late.clone()]), expected);
        assert_eq!(cpu(&[late, early.clone()]), expected);
        let other = summary(&PAY.replace("\"c\"", "\"d\""), "2026-11-20T00:00:00Z");
        let (ids, failures) = cpu(&[early, other]);
        assert_eq!((ids.len(), failures.len()), (2, 0), "two clusters are two");
    }

    #[test]
    fn of_a_workload_in_both_forms_the_full_one_counts() {
        for given in [
            [summary(PAY, "2026-11-21T00:00:00Z"), full("Deployment")],
            [full("Deployment"), summary(PAY, "2026-11-21T00:00:00Z")],
        ] {
            let (ids, failures) = cpu(&given);
            assert_eq!(ids, ["workload/finance/Deployment/pay/app"]);
            assert_eq!(failures, ["waste.given_twice"]);
        }
    }
}
