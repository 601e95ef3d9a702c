//! The record for people and programs: its members in the order of the specification.

use crate::json::{Json, Object};

/// The members of the record and of its fixed objects in the order of the specification, section 2.
const MEMBERS: [&str; 41] = [
    "tenant_id",
    "workspace_id",
    "finding_id",
    "fingerprint",
    "run_id",
    "run_ts",
    "ingested_ts",
    "engine_name",
    "engine_version",
    "rulepack_version",
    "scope",
    "check_id",
    "check_name",
    "category",
    "sub_category",
    "frameworks",
    "issue_key",
    "status",
    "reason",
    "severity",
    "priority",
    "title",
    "message",
    "advice",
    "remediation",
    "links",
    "estimated",
    "confidence",
    "risk",
    "governance",
    "claims",
    "actual",
    "lifecycle",
    "tags",
    "labels",
    "dimensions",
    "metrics",
    "evidence",
    "metadata_json",
    "source",
    "lineage",
];
const PARTS: [(&str, &[&str]); 5] = [
    (
        "scope",
        &[
            "cloud",
            "provider_partition",
            "organization_id",
            "billing_account_id",
            "account_id",
            "region",
            "availability_zone",
            "service",
            "resource_type",
            "resource_id",
            "resource_arn",
        ],
    ),
    ("severity", &["level", "score", "basis"]),
    (
        "estimated",
        &[
            "currency",
            "monthly_savings",
            "monthly_cost",
            "one_time_savings",
            "realizable_monthly",
            "realizable_reason",
            "cost_increase_monthly",
            "confidence",
            "additive",
            "reason",
            "notes",
        ],
    ),
    (
        "lifecycle",
        &[
            "status",
            "first_seen_ts",
            "last_seen_ts",
            "opened_ts",
            "resolved_ts",
            "resolved_reason",
            "snooze_until_ts",
            "reopened_count",
        ],
    ),
    ("source", &["source_type", "source_ref", "schema_version", "external_id"]),
];

/// The members of a record in that order.
pub(super) fn ordered(record: Json) -> Json {
    let Json::Object(mut members) = record else { return record };
    for (name, order) in PARTS {
        if let Some(Json::Object(part)) = members.get_mut(name) {
            *part = sorted(std::mem::take(part), order);
        }
    }
    Json::Object(sorted(members, &MEMBERS))
}

fn sorted(members: Object, order: &[&str]) -> Object {
    let mut members: Vec<_> = members.into_iter().collect();
    members.sort_by_key(|(name, _)| order.iter().position(|known| known == name));
    Object::from_unique(members)
}
