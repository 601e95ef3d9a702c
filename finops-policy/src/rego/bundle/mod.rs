//! Bundles: policies and data in one archive, checked before anything in it is used. Section 10 of the policy
//! specification.

mod archive;
mod data;
mod manifest;

use std::fmt::Write as _;

use super::{Module, source::SetRules};
use crate::{Json, gate::canonical::sha256};
use manifest::Manifest;

/// How a bundle is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BundleOptions {
    /// SHA-256 of the whole archive in hex, with or without `sha256:`.
    pub expected_sha256: Option<String>,
    /// Load a signed bundle without checking its signatures.
    pub skip_verify: bool,
}

/// Why a bundle is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BundleError {
    code: &'static str,
    path: String,
    message: String,
}

impl BundleError {
    pub(super) fn new(code: &'static str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, path: path.into(), message: message.into() }
    }

    /// `bundle.*`, `policy.parse` or `lint.entry_missing`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The file in the bundle; empty for the bundle as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// Something in a bundle that is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleWarning {
    /// `bundle.ignored_file` or `bundle.unverified`.
    pub code: &'static str,
    /// The file.
    pub path: String,
}

/// The content of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The policies, sorted by path.
    pub modules: Vec<Module>,
    /// The base document: every `data.json` at the path of its directory.
    pub data: Json,
    /// The manifest's revision, or the digest without one.
    pub revision: String,
    /// `sha256:` and the SHA-256 of the loaded files, as `sha256sum` prints them, sorted by path.
    pub digest: String,
    /// What was left out, in order of path.
    pub warnings: Vec<BundleWarning>,
}

/// One file of a bundle: its normalized path and its bytes.
pub(super) struct File {
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
}

impl File {
    pub(super) fn name(&self) -> &str {
        self.path.rsplit_once('/').map_or(self.path.as_str(), |(_, name)| name)
    }
}

impl Bundle {
    /// Reads an archive, tar in gzip.
    ///
    /// # Errors
    /// In the order of checking: `bundle.digest`, `bundle.too_large` (10 MiB, 64 MiB unpacked, 10,000 entries),
    /// `bundle.format`, then those of [`Bundle::from_files`].
    pub fn from_bytes(tar_gz: &[u8], options: &BundleOptions) -> Result<Self, BundleError> {
        if let Some(expected) = &options.expected_sha256 {
            let wanted = expected.strip_prefix("sha256:").unwrap_or(expected);
            let found = sha256(tar_gz);
            if !found.eq_ignore_ascii_case(wanted) {
                let wanted = finops_core::error::shorten(wanted);
                let message = format!("the archive has SHA-256 `{found}`, expected `{wanted}`");
                return Err(BundleError::new("bundle.digest", "", message));
            }
        }
        Self::checked(archive::files(tar_gz)?, options)
    }

    /// Reads the files of a directory, paths relative to it: the same checks but those of the archive.
    ///
    /// # Errors
    /// `bundle.too_large`, `bundle.path`, `bundle.duplicate`, `bundle.delta`, `bundle.yaml`, `bundle.unverified`,
    /// `bundle.manifest`, `bundle.rego_version`, `bundle.roots_overlap`, `bundle.roots`, `bundle.data`,
    /// `bundle.data_conflict`, `policy.parse` and `lint.entry_missing`.
    pub fn from_files(
        files: impl IntoIterator<Item = (String, Vec<u8>)>,
        options: &BundleOptions,
    ) -> Result<Self, BundleError> {
        Self::checked(archive::listed(files)?, options)
    }

    fn checked(mut files: Vec<File>, options: &BundleOptions) -> Result<Self, BundleError> {
        files.sort_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));
        if let Some(twice) = files.windows(2).find(|pair| matches!(pair, [a, b] if a.path == b.path)) {
            let path = twice.first().map_or_else(String::new, |file| file.path.clone());
            let message = format!("`{path}` is in the bundle twice; leave one out");
            return Err(BundleError::new("bundle.duplicate", path, message));
        }
        let refused = |name: &str| files.iter().find(|file| file.name() == name);
        if let Some(file) = files.iter().find(|file| file.path == "patch.json") {
            let message = "a delta bundle is not accepted; give a whole one";
            return Err(BundleError::new("bundle.delta", file.path.as_str(), message));
        }
        if let Some(file) = refused("data.yaml").or_else(|| refused("data.yml")) {
            let message = "data in YAML is not accepted; write `data.json`";
            return Err(BundleError::new("bundle.yaml", file.path.as_str(), message));
        }
        let mut warnings = Vec::new();
        if let Some(file) = files.iter().find(|file| file.path == ".signatures.json") {
            if options.skip_verify {
                warnings.push(BundleWarning { code: "bundle.unverified", path: file.path.clone() });
            } else if options.expected_sha256.is_none() {
                let message = "signatures are not checked; give `expected_sha256` or set `skip_verify`";
                return Err(BundleError::new("bundle.unverified", file.path.as_str(), message));
            }
        }
        let manifest = match files.iter().find(|file| file.path == ".manifest") {
            Some(file) => Manifest::read(&file.bytes)?,
            None => Manifest::default(),
        };
        manifest.check_overlap()?;
        Self::assembled(&files, &manifest, warnings)
    }

    fn assembled(
        files: &[File],
        manifest: &Manifest,
        mut warnings: Vec<BundleWarning>,
    ) -> Result<Self, BundleError> {
        let mut listing = String::new();
        let (mut modules, mut documents) = (Vec::new(), Vec::new());
        let mut not_text = None;
        for file in files {
            let is_rego = file.name().strip_suffix(".rego").is_some();
            let is_data = file.name() == "data.json";
            if !is_rego && !is_data && file.path != ".manifest" {
                if file.path != ".signatures.json" {
                    warnings.push(BundleWarning { code: "bundle.ignored_file", path: file.path.clone() });
                }
                continue;
            }
            // Writing to a string cannot fail.
            let _ = writeln!(listing, "{}  {}", sha256(&file.bytes), file.path);
            if is_data {
                documents.push(file);
            } else if is_rego {
                match std::str::from_utf8(&file.bytes) {
                    Ok(text) => modules.push(Module::new(file.path.as_str(), text)),
                    Err(_) => not_text = not_text.or(Some(file)),
                }
            }
        }
        let (rules, parse_error) = SetRules::of_parsable(&modules);
        manifest.check_packages(&rules)?;
        let data = data::merged(&documents, manifest, &rules)?;
        if let Some(file) = not_text {
            let message = "the policy is not UTF-8; save it as UTF-8";
            return Err(BundleError::new("policy.parse", file.path.as_str(), message));
        }
        if let Some((path, message)) = parse_error {
            return Err(BundleError::new("policy.parse", path, message));
        }
        if modules.is_empty() {
            let message = "the bundle has no policy; add a `.rego` file";
            return Err(BundleError::new("lint.entry_missing", "", message));
        }
        let digest = format!("sha256:{}", sha256(listing.as_bytes()));
        let revision = match &manifest.revision {
            Some(revision) if !revision.is_empty() => revision.clone(),
            _ => digest.clone(),
        };
        Ok(Self { modules, data, revision, digest, warnings })
    }
}

/// The digest of a set that came without a bundle: that of a bundle of its modules and its data as compact JSON with
/// sorted keys, without a manifest.
pub(super) fn digest_of(modules: &[Module], data: &Json) -> String {
    let mut lines: Vec<(&str, String)> =
        modules.iter().map(|module| (module.name.as_str(), sha256(module.text.as_bytes()))).collect();
    if data.as_object().is_some_and(|members| members.iter().len() > 0) {
        lines.push(("data.json", sha256(data.to_sorted_text().as_bytes())));
    }
    lines.sort_unstable();
    let listing: String = lines.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect();
    format!("sha256:{}", sha256(listing.as_bytes()))
}

#[cfg(test)]
mod tests;
