//! Workloads that are read one by one: by whoever holds them in another form than JSON.

use super::{
    read::{ClusterData, Record, WORKLOAD_KEYS},
    workloads::NewWorkload,
};
use crate::{error::shorten, json::Json};

impl ClusterData {
    /// Adds the workload at a place of the list of `namespace`, as [`ClusterData::from_json`] reads it. Every key that is not
    /// known is counted.
    pub fn add_workload(&mut self, namespace: &str, index: usize, value: &Json) {
        let record = Record::of(value, format!("workloads.{}[{index}]", shorten(namespace)), "name");
        self.count_unknown(record.members, WORKLOAD_KEYS);
        self.workloads.push(NewWorkload::read(namespace, &record));
    }

    /// Brings workloads that were added into the order of their names; `false` where two have the same one, which
    /// [`ClusterData::from_json`] has remarks on.
    ///
    /// ```
    /// use finops_core::waste::summary::{ClusterData, NewWorkload};
    /// let named = |name| NewWorkload { namespace: "a", name, ..NewWorkload::default() };
    /// let mut data = ClusterData::default();
    /// data.workloads.push(named("web"));
    /// data.workloads.push(named("db"));
    /// assert!(data.sort_workloads());
    /// assert_eq!(data.workloads.iter().next().map(|first| first.name()), Some("db"));
    /// data.workloads.push(named("db"));
    /// assert!(!data.sort_workloads());
    /// ```
    #[must_use]
    pub fn sort_workloads(&mut self) -> bool {
        self.workloads.sort()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, read};

    #[test]
    fn records_one_by_one_are_those_of_the_whole() {
        let rows = [
            "{\"name\": \"web\", \"cpu_request\": -1, \"colour\": 1}",
            "{\"cpu_request\": 1}",
            "5",
            "{\"name\": \"db\"}",
        ];
        let json = |text: &str| read(text.as_bytes(), &Limits::default()).unwrap();
        let whole = json(&format!("{{\"workloads\": {{\"a\": [{}]}}}}", rows.join(",")));
        let whole = ClusterData::from_json(&whole, Some(crate::time::Timestamp::default())).unwrap();
        let mut data = ClusterData { cluster: "unknown".to_owned(), ..ClusterData::default() };
        for (place, row) in rows.iter().enumerate() {
            data.add_workload("a", place, &json(row));
        }
        assert!(data.sort_workloads());
        assert_eq!(data, whole);
    }
}
