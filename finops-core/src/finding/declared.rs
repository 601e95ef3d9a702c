//! What the checks of this engine declare: the names of their issue keys.

/// The issue-key names that `check_id` declares; `None` for a check of another family, which may use any.
///
/// ```
/// use finops_core::finding::issue_key_names;
/// assert_eq!(issue_key_names("aws.lambda.functions.missing.permission"), Some(&["operation"][..]));
/// assert_eq!(issue_key_names("aws.ec2.ebs.unattached.volume"), Some(&[][..]));
/// assert_eq!(issue_key_names("custom.check"), None);
/// ```
#[must_use]
pub fn issue_key_names(check_id: &str) -> Option<&'static [&'static str]> {
    if !["aws.", "k8s.", "ai."].into_iter().any(|family| check_id.starts_with(family)) {
        return None;
    }
    let access = [".access.error", ".missing.permission", ".cloudwatch.error"];
    if access.into_iter().any(|end| check_id.ends_with(end)) {
        return Some(&["operation"]);
    }
    Some(match check_id {
        "aws.backup.vaults.no.lifecycle" => &["rule"],
        "aws.backup.vaults.access.policy.misconfig" => &["rule", "sid"],
        "aws.ec2.instances.security.admin.ports.open.world" => &["port"],
        "k8s.hpa_ineffective"
        | "k8s.cpu_under_request"
        | "k8s.memory_under_request"
        | "k8s.expired_resource" => &["reason"],
        _ if check_id.starts_with("aws.cost.") => &["service", "signal", "period", "method"],
        _ => &[],
    })
}

/// The check that `check_id` of the public system is here.
pub(super) fn renamed(check_id: &str) -> Option<&'static str> {
    (check_id == "aws.s3.bucket.lifecycle.missing").then_some("aws.s3.governance.lifecycle.missing")
}

/// The provider that a folded word of a bill names; `None` where the word stays.
pub(super) fn provider(word: &str) -> Option<&'static str> {
    match word {
        "microsoft" | "microsoft azure" => Some("azure"),
        "google" | "google cloud" => Some("gcp"),
        "oracle" | "oracle cloud" => Some("oci"),
        _ if word.starts_with("amazon web services") => Some("aws"),
        _ => None,
    }
}
