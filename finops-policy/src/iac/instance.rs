//! Where instance types stand in a resource, and which of them are not wanted.

use super::{IacConfig, list, pattern};
use crate::Json;

/// One step from a resource's attributes to an instance type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The member with this name.
    Member(&'static str),
    /// Each element of a list: nested blocks are lists in a plan.
    Each,
}

use Step::{Each, Member};

/// Attributes that hold instance types, by resource type. Source: the providers' schemas in the Terraform registry
/// (hashicorp/aws, hashicorp/google, hashicorp/azurerm), as listed in the specification.
const PLACES: &[(&[&str], &[Step])] = &[
    (
        &[
            "aws_instance",
            "aws_launch_template",
            "aws_launch_configuration",
            "aws_spot_instance_request",
            "aws_sagemaker_notebook_instance",
        ],
        &[Member("instance_type")],
    ),
    (&["aws_db_instance", "aws_rds_cluster_instance"], &[Member("instance_class")]),
    (&["aws_eks_node_group"], &[Member("instance_types"), Each]),
    (
        &["aws_elasticache_cluster", "aws_elasticache_replication_group", "aws_redshift_cluster"],
        &[Member("node_type")],
    ),
    (&["aws_opensearch_domain"], &[Member("cluster_config"), Each, Member("instance_type")]),
    (
        &["aws_sagemaker_endpoint_configuration"],
        &[Member("production_variants"), Each, Member("instance_type")],
    ),
    (&["aws_msk_cluster"], &[Member("broker_node_group_info"), Each, Member("instance_type")]),
    (&["google_compute_instance", "google_compute_instance_template"], &[Member("machine_type")]),
    (&["google_container_node_pool"], &[Member("node_config"), Each, Member("machine_type")]),
    (&["azurerm_linux_virtual_machine", "azurerm_windows_virtual_machine"], &[Member("size")]),
    (&["azurerm_kubernetes_cluster"], &[Member("default_node_pool"), Each, Member("vm_size")]),
    (&["azurerm_kubernetes_cluster_node_pool"], &[Member("vm_size")]),
];

/// The instance types of one resource.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Types<'a> {
    /// The names, as written.
    pub names: Vec<&'a str>,
    /// One is known only after apply.
    pub unknown: bool,
}

/// The instance types of a resource of type `kind` from its planned attributes and those known only after apply.
pub(super) fn of_resource<'a>(kind: &str, after: &'a Json, after_unknown: Option<&Json>) -> Types<'a> {
    let mut found = Types::default();
    for (kinds, steps) in PLACES {
        if kinds.contains(&kind) {
            walk(Some(after), after_unknown, steps, &mut found);
        }
    }
    found
}

fn walk<'a>(known: Option<&'a Json>, unknown: Option<&Json>, steps: &[Step], found: &mut Types<'a>) {
    if unknown == Some(&Json::Bool(true)) {
        found.unknown = true;
        return;
    }
    match steps.split_first() {
        None => found.names.extend(known.and_then(Json::as_str)),
        Some((Member(name), rest)) => {
            walk(known.and_then(|v| v.get(name)), unknown.and_then(|v| v.get(name)), rest, found);
        }
        Some((Each, rest)) => {
            let (known, unknown) = (list(known), list(unknown));
            for n in 0..known.len().max(unknown.len()) {
                walk(known.get(n), unknown.get(n), rest, found);
            }
        }
    }
}

/// Why the instance type `name` is not wanted; `None` when it is fine.
pub(super) fn forbidden(name: &str, config: &IacConfig) -> Option<String> {
    let base = base(name);
    if let Some(family) = family(base).filter(|f| config.forbidden_families.iter().any(|listed| listed == f))
    {
        return Some(format!("the family {family} is forbidden"));
    }
    let hit =
        config.forbidden_types.iter().find(|p| pattern::matches(p, name) || pattern::matches(p, base))?;
    Some(format!("types like {hit} are forbidden"))
}

/// The type without the service's prefix and suffix: `db.m3.large` and `m3.large.search` are `m3.large`.
fn base(name: &str) -> &str {
    let start = ["db.", "cache.", "ml.", "kafka."].iter().find_map(|p| name.strip_prefix(p)).unwrap_or(name);
    [".search", ".elasticsearch"].iter().find_map(|s| start.strip_suffix(s)).unwrap_or(start)
}

/// What stands before the first dot; a name without one has no family in AWS's sense.
fn family(base: &str) -> Option<&str> {
    base.split_once('.').map(|(family, _)| family)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        crate::json::read(text.as_bytes(), &crate::json::Limits::default()).unwrap()
    }

    #[test]
    fn every_place_yields_its_type() {
        for (kinds, steps) in PLACES {
            for kind in *kinds {
                let wrap = |leaf: Json| {
                    steps.iter().rev().fold(leaf, |inner, step| match step {
                        Member(name) => Json::object([(*name, inner)]),
                        Each => Json::Array(vec![inner]),
                    })
                };
                let known = wrap(Json::String("m3.large".to_owned()));
                let types = of_resource(kind, &known, Some(&json("{}")));
                assert_eq!((types.names, types.unknown), (vec!["m3.large"], false), "{kind}");
                let types_unknown = json("{}");
                let types = of_resource(kind, &types_unknown, Some(&wrap(Json::Bool(true))));
                assert_eq!((types.names, types.unknown), (vec![], true), "{kind}");
            }
        }
        assert_eq!(
            of_resource("aws_s3_bucket", &json(r#"{"instance_type":"m1.small"}"#), None),
            Types::default()
        );
    }

    #[test]
    fn prefix_and_suffix_come_off_and_families_are_whole() {
        let config = IacConfig::default();
        for name in [
            "m3.large",
            "db.m1.small",
            "cache.r3.large",
            "ml.c3.x",
            "kafka.m2.x",
            "t1.small.search",
            "i2.x.elasticsearch",
        ] {
            assert!(forbidden(name, &config).is_some(), "{name}");
        }
        for name in [
            "m30.large",
            "m3d.large",
            "c3-standard-4",
            "m3-megamem-64",
            "m3",
            "m7g.large",
            "x.m3.large",
            "search",
        ] {
            assert_eq!(forbidden(name, &config), None, "{name}");
        }
    }
}
