//! Records that stand twice.

use super::Record;
use crate::{error::shorten, inventory::Diagnostic};
use std::collections::BTreeMap;

/// The records that were read, by collection, namespace and name.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<(&'static str, String, String), String>);

impl Seen {
    /// The remark on a record whose name was there before.
    pub(super) fn again(
        &mut self,
        collection: &'static str,
        namespace: &str,
        record: &Record<'_>,
    ) -> Option<Diagnostic> {
        let key = (collection, namespace.to_owned(), record.name.clone());
        let Some(first) = self.0.get(&key) else {
            self.0.insert(key, record.path.clone());
            return None;
        };
        let message = format!(
            "stands at `{first}` already: equal records are read once; of unequal ones no detector judges any, and the first in order is allocated"
        );
        let subject =
            if namespace.is_empty() { record.name.clone() } else { format!("{namespace}/{}", record.name) };
        let remark = Diagnostic::new("inventory.duplicate", message).about(shorten(&subject));
        Some(Diagnostic { path: Some(record.path.clone()), ..remark })
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        json::{Limits, read},
        waste::summary::ClusterData,
    };

    #[test]
    fn what_stands_twice_is_named_with_its_path() {
        let json = read(
            br#"{"as_of": "2026-11-20T00:00:00Z", "workloads": {
                "a": [{"name": "web", "cpu_request": 1}, {"name": "web", "cpu_request": 1}, {"name": "db", "cpu_request": 1},
                    {"name": "db", "cpu_request": 2}], "b": [{"name": "web"}]},
                "volumes": [{"volume_id": "v"}, {"volume_id": "v"}]}"#,
            &Limits::default(),
        )
        .unwrap();
        let data = ClusterData::from_json(&json, None).unwrap();
        let told: Vec<_> =
            data.diagnostics.iter().map(|d| (d.code, d.path.as_deref(), d.subject.as_deref())).collect();
        let twice = |path, subject| ("inventory.duplicate", Some(path), Some(subject));
        assert_eq!(
            told,
            [twice("volumes[1]", "v"), twice("workloads.a[1]", "a/web"), twice("workloads.a[3]", "a/db")]
        );
        let kept: Vec<_> = data.workloads.iter().map(|w| (w.name(), w.is_repeated())).collect();
        assert_eq!(kept, [("db", true), ("web", false), ("web", false)]);
    }
}
