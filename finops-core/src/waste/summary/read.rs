//! Reads the summary form (`cluster_data`) as it is: a bad number stays with its record and its path.

use super::{
    seen::Seen,
    workloads::{NewWorkload, Workloads},
};
use crate::{
    error::{Fault, shorten},
    inventory::Diagnostic,
    json::{Json, Object},
    time::Timestamp,
    waste::Ratio,
};
use std::collections::BTreeMap;

/// A value of a record: absent (also `null`), readable, or refused with the path of what was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Field<T = Ratio> {
    /// Not given.
    #[default]
    Absent,
    /// Given.
    Known(T),
    /// No number of at least 0, or of another type than the field has; the path of the value.
    Bad(String),
}

impl<T> Field<T> {
    /// The value, where it is known.
    #[must_use]
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Bad(_) => None,
        }
    }

    /// The path of a refused value.
    #[must_use]
    pub fn bad(&self) -> Option<&str> {
        match self {
            Self::Bad(path) => Some(path),
            Self::Absent | Self::Known(_) => None,
        }
    }
}

/// A group of equal nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeGroup {
    /// Its name.
    pub name: String,
    /// Nodes.
    pub node_count: Field,
    /// Mean share of the CPU in use, 0 to 1.
    pub cpu: Field,
    /// Mean share of the memory in use, 0 to 1.
    pub memory: Field,
    /// The instance type.
    pub instance_type: Option<String>,
    /// The region; the cluster's where absent.
    pub region: Option<String>,
    /// The price of a node an hour, where known.
    pub hourly_price: Field,
    /// Whether another record has the same name.
    pub repeated: bool,
}

/// A volume.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volume {
    /// Its id.
    pub id: String,
    /// `available`, `in-use` and others of the provider.
    pub status: Field<String>,
    /// Whether a machine has it.
    pub attached: Field<bool>,
    /// Its size in GB.
    pub size: Field,
    /// Its type.
    pub volume_type: Field<String>,
    /// Its age in days.
    pub age_days: Field,
    /// Whether another record has the same id.
    pub repeated: bool,
}

/// A horizontal autoscaler.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Autoscaler {
    /// The namespace.
    pub namespace: String,
    /// The workload that it scales.
    pub workload: String,
    /// The team that owns it.
    pub team: Option<String>,
    /// Replicas at least.
    pub min: Field,
    /// Replicas at most.
    pub max: Field,
    /// Replicas now.
    pub current: Field,
    /// Mean share of the CPU in use, 0 to 1.
    pub cpu: Field,
    /// Seconds that it waits before it scales up.
    pub scale_up_delay: Field,
    /// Whether another record has the same name.
    pub repeated: bool,
}

/// A node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// The instance type.
    pub instance_type: Option<String>,
    /// The region; the cluster's where absent.
    pub region: Option<String>,
    /// Share of the CPU in use, 0 to 1.
    pub cpu: Field,
    /// Share of the memory in use, 0 to 1.
    pub memory: Field,
    /// The price of the node an hour, where known.
    pub hourly_price: Field,
}

/// A cluster in the summary form: records in the order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterData {
    /// Its name; `unknown` where absent.
    pub cluster: String,
    /// Its tags, sorted, once each.
    pub tags: Vec<String>,
    /// Its region.
    pub region: Option<String>,
    /// When it was taken: the time of the run.
    pub as_of: Timestamp,
    /// Workloads by namespace and name.
    pub workloads: Workloads,
    /// Node groups by name.
    pub node_groups: Vec<NodeGroup>,
    /// Volumes by id.
    pub volumes: Vec<Volume>,
    /// Autoscalers by namespace and workload.
    pub autoscalers: Vec<Autoscaler>,
    /// Nodes by instance type and name.
    pub nodes: Vec<Node>,
    /// Keys that are not known, by name, with how often each was met.
    pub unknown_keys: BTreeMap<String, u64>,
    /// Records that stand twice, with their paths: equal ones are read once, of unequal ones no detector judges any.
    pub diagnostics: Vec<Diagnostic>,
}

pub(in crate::waste) fn refused(path: &str, problem: String, help: &'static str) -> Fault {
    Fault::new("waste.invalid_record", path, problem, help)
}

/// One record and where it stands.
pub(in crate::waste) struct Record<'a> {
    pub members: &'a Object,
    pub path: String,
    /// The name, or the record's place where it has none.
    pub name: String,
    pub named: bool,
}

impl<'a> Record<'a> {
    /// A value that is no object, or one without a name, is named by its place.
    pub(super) fn of(value: &'a Json, path: String, name_key: &str) -> Self {
        static EMPTY: Object = Object::new();
        let members = value.as_object().unwrap_or(&EMPTY);
        let name = members.get(name_key).and_then(Json::as_str).filter(|name| !name.is_empty());
        Self { members, named: name.is_some(), name: name.map_or_else(|| path.clone(), str::to_owned), path }
    }

    pub(in crate::waste) fn get(&self, key: &str) -> Option<&'a Json> {
        self.members.get(key).filter(|value| !value.is_null())
    }

    pub(in crate::waste) fn field<T>(&self, key: &str, read: impl Fn(&'a Json) -> Option<T>) -> Field<T> {
        match self.get(key) {
            None => Field::Absent,
            Some(value) => {
                read(value).map_or_else(|| Field::Bad(format!("{}.{key}", self.path)), Field::Known)
            }
        }
    }

    /// A number of at least 0: a JSON number or its text, read by its digits.
    pub(in crate::waste) fn number(&self, key: &str) -> Field {
        self.field(key, |value| {
            let text = match value {
                Json::Number(number) => number.text(),
                Json::String(text) => text,
                _ => return None,
            };
            Ratio::parse(text).filter(|number| !number.is_negative())
        })
    }

    pub(in crate::waste) fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    }
}

/// The records of a list.
pub(in crate::waste) fn records<'a>(
    value: Option<&'a Json>,
    path: &str,
    name_key: &str,
) -> Result<Vec<Record<'a>>, Fault> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Ok(Vec::new());
    };
    let list = value.as_array().ok_or_else(|| {
        let problem = format!("a {} is no list of records", value.type_name());
        refused(path, problem, "give a list of objects")
    })?;
    let read = |(index, value)| Record::of(value, format!("{path}[{index}]"), name_key);
    Ok(list.iter().enumerate().map(read).collect())
}

/// Sorts records by what names them; of equal records one stays, unequal ones of the same name are marked.
pub(in crate::waste) fn settle<T: PartialEq, K: Ord>(
    records: &mut Vec<T>,
    key: impl Fn(&T) -> K,
    repeated: impl Fn(&mut T) -> &mut bool,
) {
    records.sort_by_cached_key(&key);
    let mut kept: Vec<T> = Vec::with_capacity(records.len());
    for record in records.drain(..) {
        let last = kept.last_mut().filter(|last| key(last) == key(&record));
        match last {
            Some(last) if *last == record => {}
            Some(last) => *repeated(last) = true,
            None => kept.push(record),
        }
    }
    *records = kept;
}

const TOP_KEYS: &[&str] =
    &["cluster", "tags", "workloads", "node_groups", "volumes", "hpa_configs", "nodes", "region", "as_of"];
pub(super) const WORKLOAD_KEYS: &[&str] = &[
    "name",
    "cpu_request",
    "cpu_usage",
    "cpu_limit",
    "memory_request_gb",
    "memory_usage_gb",
    "memory_limit_gb",
    "team",
    "replicas",
    "kind",
    "containers",
    "labels",
];
const GROUP_KEYS: &[&str] = &[
    "name",
    "node_count",
    "avg_cpu_utilization",
    "avg_memory_utilization",
    "instance_type",
    "region",
    "hourly_price",
    "labels",
];
const VOLUME_KEYS: &[&str] =
    &["volume_id", "status", "attached", "size_gb", "type", "age_days", "region", "labels"];
const AUTOSCALER_KEYS: &[&str] = &[
    "namespace",
    "workload",
    "min_replicas",
    "max_replicas",
    "current_replicas",
    "avg_cpu_utilization",
    "avg_memory_utilization",
    "scale_up_delay",
    "team",
];
const NODE_KEYS: &[&str] =
    &["name", "instance_type", "cpu_utilization", "memory_utilization", "region", "hourly_price", "labels"];

impl ClusterData {
    /// Reads the dict of the summary form; `as_of` is the time of the run and stands before the dict's own.
    ///
    /// A record with a bad number is kept and its detectors call it undetermined; unknown keys are counted.
    ///
    /// # Errors
    /// `waste.invalid_record` when the input or one of its collections has another shape than the form, or no time of the
    /// run is given.
    ///
    /// ```
    /// use finops_core::{json::{Limits, read}, waste::summary::ClusterData};
    /// let json = read(br#"{"cluster": "c", "workloads": {"a": [{"name": "web", "cpu_request": 0.3}]}}"#, &Limits::default())?;
    /// let data = ClusterData::from_json(&json, Some("2026-11-20T00:00:00Z".parse()?))?;
    /// let web = data.workloads.find("a", "web").ok_or("not there")?;
    /// assert_eq!(web.cpu_request().known().map(ToString::to_string).as_deref(), Some("0.3"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_json(value: &Json, as_of: Option<Timestamp>) -> Result<Self, Fault> {
        let members = value.as_object().ok_or_else(|| {
            let problem = format!("a {} is no summary of a cluster", value.type_name());
            refused("", problem, "give an object with `workloads`, `node_groups`, `volumes`")
        })?;
        let top = Record { members, path: String::new(), name: String::new(), named: true };
        let mut data = Self {
            cluster: top.text("cluster").unwrap_or_else(|| "unknown".to_owned()),
            region: top.text("region"),
            as_of: match (as_of, top.get("as_of")) {
                (Some(as_of), _) => as_of,
                (None, Some(as_of)) => instant(as_of, "as_of")?,
                (None, None) => {
                    let problem = "the time of the run is not given".to_owned();
                    return Err(refused("as_of", problem, "write it like `2026-11-20T00:00:00Z`"));
                }
            },
            ..Self::default()
        };
        data.read_tags(top.get("tags"))?;
        data.count_unknown(members, TOP_KEYS);
        data.read_workloads(top.get("workloads"))?;
        let mut seen = Seen::default();
        for record in records(top.get("node_groups"), "node_groups", "name")? {
            data.count_unknown(record.members, GROUP_KEYS);
            data.diagnostics.extend(seen.again("node_groups", "", &record));
            data.node_groups.push(NodeGroup::read(&record));
        }
        for record in records(top.get("volumes"), "volumes", "volume_id")? {
            data.count_unknown(record.members, VOLUME_KEYS);
            data.diagnostics.extend(seen.again("volumes", "", &record));
            data.volumes.push(Volume::read(&record));
        }
        for record in records(top.get("hpa_configs"), "hpa_configs", "workload")? {
            data.count_unknown(record.members, AUTOSCALER_KEYS);
            let namespace = record.text("namespace").unwrap_or_default();
            data.diagnostics.extend(seen.again("hpa_configs", &namespace, &record));
            data.autoscalers.push(Autoscaler::read(&record));
        }
        for record in records(top.get("nodes"), "nodes", "name")? {
            data.count_unknown(record.members, NODE_KEYS);
            data.nodes.push(Node::read(&record));
        }
        data.diagnostics.sort();
        let name = |namespace: &str, name: &str| (namespace.to_owned(), name.to_owned());
        data.workloads.settle();
        settle(&mut data.node_groups, |group| group.name.clone(), |group| &mut group.repeated);
        settle(&mut data.volumes, |volume| volume.id.clone(), |volume| &mut volume.repeated);
        settle(&mut data.autoscalers, |a| name(&a.namespace, &a.workload), |a| &mut a.repeated);
        data.nodes.sort_by(|a, b| (&a.instance_type, &a.name).cmp(&(&b.instance_type, &b.name)));
        Ok(data)
    }

    pub(super) fn count_unknown(&mut self, members: &Object, known: &[&str]) {
        for key in members.keys().filter(|key| !known.contains(key)) {
            let count = self.unknown_keys.entry(shorten(key)).or_default();
            *count = count.saturating_add(1);
        }
    }

    fn read_tags(&mut self, tags: Option<&Json>) -> Result<(), Fault> {
        let Some(tags) = tags else { return Ok(()) };
        let shape = || {
            refused("tags", "the tags are no list of texts".to_owned(), "give a list like `[\"production\"]`")
        };
        for tag in tags.as_array().ok_or_else(shape)? {
            self.tags.push(tag.as_str().ok_or_else(shape)?.to_owned());
        }
        self.tags.sort();
        self.tags.dedup();
        Ok(())
    }

    fn read_workloads(&mut self, workloads: Option<&Json>) -> Result<(), Fault> {
        let Some(workloads) = workloads else { return Ok(()) };
        let by_namespace = workloads.as_object().ok_or_else(|| {
            let problem = format!("a {} is no table of namespaces", workloads.type_name());
            refused("workloads", problem, "give an object {namespace: [workload, ...]}")
        })?;
        let mut seen = Seen::default();
        for (namespace, list) in by_namespace.iter() {
            for record in records(Some(list), &format!("workloads.{}", shorten(namespace)), "name")? {
                self.count_unknown(record.members, WORKLOAD_KEYS);
                self.diagnostics.extend(seen.again("workloads", namespace, &record));
                self.workloads.push(NewWorkload::read(namespace, &record));
            }
        }
        Ok(())
    }
}

/// An instant of RFC 3339.
pub(in crate::waste) fn instant(value: &Json, path: &str) -> Result<Timestamp, Fault> {
    value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| {
        let problem = format!("`{}` is no instant", shorten(&value.to_text()));
        refused(path, problem, "write it like `2026-11-20T00:00:00Z`")
    })
}

/// A field that names nothing makes a record without a name bad in every number.
pub(in crate::waste) fn named(record: &Record<'_>, field: Field) -> Field {
    if record.named { field } else { Field::Bad(record.path.clone()) }
}

impl<'a> NewWorkload<'a> {
    pub(super) fn read(namespace: &'a str, record: &'a Record<'_>) -> Self {
        let number = |key| named(record, record.number(key));
        Self {
            namespace,
            name: &record.name,
            team: record.get("team").and_then(Json::as_str),
            kind: record.get("kind").and_then(Json::as_str),
            cpu_request: number("cpu_request"),
            cpu_usage: number("cpu_usage"),
            cpu_limit: number("cpu_limit"),
            memory_request: number("memory_request_gb"),
            memory_usage: number("memory_usage_gb"),
            memory_limit: number("memory_limit_gb"),
            replicas: number("replicas"),
            labels: record
                .get("labels")
                .and_then(Json::as_object)
                .into_iter()
                .flat_map(Object::iter)
                .filter_map(|(key, value)| Some((key.to_owned(), value.as_str()?.to_owned())))
                .collect(),
        }
    }
}

impl NodeGroup {
    fn read(record: &Record<'_>) -> Self {
        let number = |key| named(record, record.number(key));
        Self {
            name: record.name.clone(),
            node_count: number("node_count"),
            cpu: number("avg_cpu_utilization"),
            memory: number("avg_memory_utilization"),
            instance_type: record.text("instance_type"),
            region: record.text("region"),
            hourly_price: number("hourly_price"),
            repeated: false,
        }
    }
}

impl Volume {
    fn read(record: &Record<'_>) -> Self {
        let number = |key| named(record, record.number(key));
        let text = |key| record.field(key, |value| value.as_str().map(str::to_owned));
        Self {
            id: record.name.clone(),
            status: text("status"),
            attached: record.field("attached", Json::as_bool),
            size: number("size_gb"),
            volume_type: text("type"),
            age_days: number("age_days"),
            repeated: false,
        }
    }
}

impl Autoscaler {
    fn read(record: &Record<'_>) -> Self {
        let number = |key| named(record, record.number(key));
        Self {
            // Kubernetes' own namespace for objects that name none.
            namespace: record.text("namespace").unwrap_or_else(|| "default".to_owned()),
            workload: record.name.clone(),
            team: record.text("team"),
            min: number("min_replicas"),
            max: number("max_replicas"),
            current: number("current_replicas"),
            cpu: number("avg_cpu_utilization"),
            scale_up_delay: number("scale_up_delay"),
            repeated: false,
        }
    }
}

impl Node {
    fn read(record: &Record<'_>) -> Self {
        let number = |key| named(record, record.number(key));
        Self {
            name: record.name.clone(),
            instance_type: record.text("instance_type"),
            region: record.text("region"),
            cpu: number("cpu_utilization"),
            memory: number("memory_utilization"),
            hourly_price: number("hourly_price"),
        }
    }
}
