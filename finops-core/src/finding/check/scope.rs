//! Where a finding lies, in canonical form.

use super::{
    super::{
        declared::provider,
        parts::Scope,
        problem::{Notes, count},
    },
    HELP_NEEDED,
};

pub(super) fn check(scope: &mut Scope, notes: &mut Notes) {
    if notes.required(&mut scope.cloud, "/scope/cloud", 32) {
        scope.cloud.make_ascii_lowercase();
        if let Some(name) = provider(&scope.cloud) {
            name.clone_into(&mut scope.cloud);
            count(&mut notes.counts.aliases);
        }
    }
    notes.word(&mut scope.provider_partition, "/scope/provider_partition", 32);
    notes.optional_id(&mut scope.organization_id, "/scope/organization_id", 128);
    notes.optional_id(&mut scope.billing_account_id, "/scope/billing_account_id", 128);
    if let Some(account) = &mut scope.billing_account_id {
        pad(account, scope.cloud == "aws", "/scope/billing_account_id", notes);
    }
    if notes.id(&mut scope.account_id, "/scope/account_id", 128) {
        if scope.account_id.is_empty() {
            notes.problem("finding.missing_field", "/scope/account_id", "", HELP_NEEDED);
        } else {
            pad(&mut scope.account_id, scope.cloud == "aws", "/scope/account_id", notes);
        }
    }
    notes.word(&mut scope.region, "/scope/region", 64);
    if matches!(scope.region.as_deref(), Some("global" | "aws-global")) {
        scope.region = None;
        count(&mut notes.counts.aliases);
    }
    notes.word(&mut scope.availability_zone, "/scope/availability_zone", 64);
    notes.required(&mut scope.service, "/scope/service", 128);
    notes.word(&mut scope.resource_type, "/scope/resource_type", 64);
    if let Some(kind) = scope.resource_type.as_mut().filter(|kind| kind.contains(['-', ' '])) {
        *kind = kind.replace(['-', ' '], "_");
    }
    notes.optional_id(&mut scope.resource_id, "/scope/resource_id", 2048);
    notes.optional_id(&mut scope.resource_arn, "/scope/resource_arn", 2048);
}

/// The accounts of AWS have 12 digits; a spreadsheet loses the zeros at the front.
fn pad(account: &mut String, aws: bool, path: &'static str, notes: &mut Notes) {
    if !aws || notes.failed(path) {
        return;
    }
    let digits = account.bytes().all(|byte| byte.is_ascii_digit());
    if digits && account.len() < 12 {
        let zeros = 12_usize.saturating_sub(account.len());
        account.insert_str(0, "000000000000".get(..zeros).unwrap_or_default());
        count(&mut notes.counts.account_padded);
    } else if !digits || account.len() != 12 {
        notes.problem("finding.bad_account", path, account, "give the 12 digits of the account as text");
    }
}
