//! What rows are grouped and chosen by.

use crate::{
    error::{Fault, shorten},
    json::Json,
};
use std::{cmp::Ordering, fmt, str::FromStr};

/// What stands for a missing value.
pub(super) const UNALLOCATED: &str = "__unallocated__";

/// One dimension of an allocation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The cluster.
    Cluster,
    /// The node.
    Node,
    /// The pool of the node.
    NodePool,
    /// The instance type of the node.
    InstanceType,
    /// The zone of the node.
    Zone,
    /// The namespace.
    Namespace,
    /// The kind of what controls the pod, for example `Deployment`.
    ControllerKind,
    /// The name of what controls the pod.
    Controller,
    /// The pod.
    Pod,
    /// The container.
    Container,
    /// The services in front of the pod; a pod of several is apportioned evenly over them.
    Service,
    /// A label of the pod, else of its namespace.
    Label(String),
    /// An annotation of the pod, else of its namespace.
    Annotation(String),
    /// The team by the label fallbacks, then the namespace map.
    Team,
    /// The environment, likewise.
    Environment,
    /// The product, likewise.
    Product,
}

impl Key {
    const PLAIN: [(&'static str, Self); 14] = [
        ("cluster", Self::Cluster),
        ("node", Self::Node),
        ("node_pool", Self::NodePool),
        ("instance_type", Self::InstanceType),
        ("zone", Self::Zone),
        ("namespace", Self::Namespace),
        ("controller_kind", Self::ControllerKind),
        ("controller", Self::Controller),
        ("pod", Self::Pod),
        ("container", Self::Container),
        ("service", Self::Service),
        ("team", Self::Team),
        ("environment", Self::Environment),
        ("product", Self::Product),
    ];

    /// Reads a list of keys, or one.
    ///
    /// # Errors
    /// `allocation.unknown_key` with the path of the key.
    pub fn list(json: &Json) -> Result<Vec<Self>, Fault> {
        let one = |json: &Json| {
            let refuse = || unknown(&json.to_text());
            json.as_str().ok_or_else(refuse)?.parse::<Self>()
        };
        match json {
            Json::Array(keys) => {
                let at = |(index, key)| one(key).map_err(|fault| fault.below(&format!("[{index}]")));
                keys.iter().enumerate().map(at).collect()
            }
            other => Ok(vec![one(other)?]),
        }
    }

    /// Whether it is a property of nodes.
    pub(super) const fn is_of_nodes(&self) -> bool {
        matches!(self, Self::Node | Self::NodePool | Self::InstanceType | Self::Zone)
    }
}

impl FromStr for Key {
    type Err = Fault;

    /// Reads the wire form: `namespace`, `label:app`.
    fn from_str(text: &str) -> Result<Self, Fault> {
        if let Some((_, key)) = Self::PLAIN.iter().find(|(name, _)| *name == text) {
            return Ok(key.clone());
        }
        match text.split_once(':') {
            Some(("label", name)) if !name.is_empty() => Ok(Self::Label(name.to_owned())),
            Some(("annotation", name)) if !name.is_empty() => Ok(Self::Annotation(name.to_owned())),
            _ => Err(unknown(text)),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label(name) => write!(f, "label:{name}"),
            Self::Annotation(name) => write!(f, "annotation:{name}"),
            plain => {
                f.write_str(Self::PLAIN.iter().find(|(_, key)| key == plain).map_or("", |(name, _)| name))
            }
        }
    }
}

fn unknown(text: &str) -> Fault {
    const HELP: &str = "give cluster, node, node_pool, instance_type, zone, namespace, controller_kind, controller, pod, \
container, service, team, environment, product, `label:NAME` or `annotation:NAME`";
    Fault::new("allocation.unknown_key", "", format!("`{}` is no key", shorten(text)), HELP)
}

/// Which rows a report shows: those with one of the values in every key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Keys with the values that pass.
    pub keys: Vec<(Key, Vec<String>)>,
}

impl Filter {
    /// Rows with one of `values` in `key`.
    #[must_use]
    pub fn of(key: Key, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { keys: vec![(key, values.into_iter().map(Into::into).collect())] }
    }

    /// Reads `{key: [value, ...]}`.
    ///
    /// # Errors
    /// `allocation.invalid_filter`; `allocation.unknown_key`.
    pub fn from_json(json: &Json) -> Result<Self, Fault> {
        const HELP: &str = "write it like `{\"namespace\": [\"web\", \"db\"]}`";
        let refuse = |path: &str, problem| Fault::new("allocation.invalid_filter", path, problem, HELP);
        let Some(members) = json.as_object() else {
            return Err(refuse("", format!("a filter is an object, not a {}", json.type_name())));
        };
        let mut keys = Vec::with_capacity(members.len());
        for (name, values) in members.iter() {
            let key = name.parse::<Key>().map_err(|fault| fault.below(name))?;
            let values = match values {
                Json::String(one) => vec![one.clone()],
                Json::Array(all) => {
                    let texts: Option<Vec<String>> =
                        all.iter().map(|v| v.as_str().map(str::to_owned)).collect();
                    texts.ok_or_else(|| refuse(name, "the values of a key are texts".to_owned()))?
                }
                other => {
                    return Err(refuse(
                        name,
                        format!("values are a list of texts, not a {}", other.type_name()),
                    ));
                }
            };
            keys.push((key, values));
        }
        Ok(Self { keys })
    }

    /// The wire form.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::object(
            self.keys
                .iter()
                .map(|(key, values)| (key.to_string(), Json::array(values.iter().map(String::as_str)))),
        )
    }
}

/// The order of names in keys: as UTF-8 bytes, those that start with `__` after all others.
#[must_use]
pub fn canonical(one: &str, other: &str) -> Ordering {
    let special = |name: &str| name.starts_with("__");
    (special(one), one).cmp(&(special(other), other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_print_as_they_are_read() {
        for text in [
            "cluster",
            "node_pool",
            "controller_kind",
            "label:app.kubernetes.io/name",
            "annotation:a:b",
            "team",
        ] {
            assert_eq!(text.parse::<Key>().unwrap().to_string(), text);
        }
        for text in ["", "Namespace", "label:", "label", "annotation:", "user"] {
            assert_eq!(text.parse::<Key>().unwrap_err().code(), "allocation.unknown_key", "{text}");
        }
    }

    #[test]
    fn special_names_sort_last() {
        let mut names = ["__pod__", "b", "", "__idle__", "_x", "~"];
        names.sort_by(|a, b| canonical(a, b));
        assert_eq!(names, ["", "_x", "b", "~", "__idle__", "__pod__"]);
    }
}
