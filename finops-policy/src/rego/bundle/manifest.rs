//! The manifest: revision, language version, and the roots that the bundle owns.

use super::{super::source::SetRules, BundleError};
use crate::{
    Json,
    json::{self, Number},
};

/// What `.manifest` says.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    pub(super) revision: Option<String>,
    /// Paths in `data` as segments; none: everything.
    roots: Option<Vec<Vec<String>>>,
}

fn refuse(code: &'static str, message: impl Into<String>) -> BundleError {
    BundleError::new(code, ".manifest", message)
}

impl Manifest {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, BundleError> {
        let wrong = |message: String| refuse("bundle.manifest", message);
        let limits = json::Limits { bytes: bytes.len(), ..json::Limits::default() };
        let manifest = json::read(bytes, &limits).map_err(|e| wrong(e.to_string()))?;
        let Json::Object(members) = &manifest else {
            return Err(wrong(format!("the manifest must be an object, got {}", manifest.type_name())));
        };
        let revision = match members.get("revision") {
            None => None,
            Some(Json::String(revision)) => Some(revision.clone()),
            Some(other) => {
                return Err(wrong(format!("`revision` must be a string, got {}", other.type_name())));
            }
        };
        let roots = match members.get("roots") {
            None => None,
            Some(Json::Array(roots)) => {
                let roots: Option<Vec<Vec<String>>> =
                    roots.iter().map(|root| Some(segments(root.as_str()?))).collect();
                Some(roots.ok_or_else(|| wrong("`roots` must be a list of strings".to_owned()))?)
            }
            Some(other) => {
                return Err(wrong(format!("`roots` must be a list of strings, got {}", other.type_name())));
            }
        };
        let files = match members.get("file_rego_versions") {
            None => None,
            Some(Json::Object(files)) => Some(files),
            Some(other) => {
                let found = other.type_name();
                return Err(wrong(format!("`file_rego_versions` must be an object, got {found}")));
            }
        };
        let versions =
            members.get("rego_version").into_iter().chain(files.into_iter().flat_map(|f| f.values()));
        for version in versions {
            if version.as_number().and_then(Number::as_i64) != Some(1) {
                let shown = version.to_text();
                let shown = finops_core::error::shorten(&shown);
                let message = format!("Rego version `{shown}` is not accepted; write version 1");
                return Err(refuse("bundle.rego_version", message));
            }
        }
        Ok(Self { revision, roots })
    }

    /// Roots that are equal, or one inside the other.
    pub(super) fn check_overlap(&self) -> Result<(), BundleError> {
        let mut roots: Vec<&[String]> = self.roots.iter().flatten().map(Vec::as_slice).collect();
        // Sorted by segments, an outer root comes right before what it contains.
        roots.sort_unstable();
        for pair in roots.windows(2) {
            if let [outer, inner] = pair
                && inner.starts_with(outer)
            {
                let (outer, inner) = (outer.join("/"), inner.join("/"));
                let message = format!("roots `{outer}` and `{inner}` overlap; keep one");
                return Err(refuse("bundle.roots_overlap", message));
            }
        }
        Ok(())
    }

    /// Every package lies in a root.
    pub(super) fn check_packages(&self, rules: &SetRules) -> Result<(), BundleError> {
        for (file, package) in rules.packages() {
            if !self.owns(package) {
                let message = format!("package `{}` is outside the roots of the bundle", package.join("."));
                return Err(BundleError::new("bundle.roots", file, message));
            }
        }
        Ok(())
    }

    /// Every value of `data`, which stands at `path`, lies in a root.
    pub(super) fn check_data(
        &self,
        file: &str,
        path: &mut Vec<String>,
        data: &Json,
    ) -> Result<(), BundleError> {
        if self.owns(path) {
            return Ok(());
        }
        let leads_to_root = self.roots.iter().flatten().any(|root| root.starts_with(path));
        if let (true, Json::Object(members)) = (leads_to_root, data) {
            for (key, value) in members.iter() {
                path.push(key.to_owned());
                self.check_data(file, path, value)?;
                path.pop();
            }
            return Ok(());
        }
        let message = format!("data at `{}` is outside the roots of the bundle", path.join("/"));
        Err(BundleError::new("bundle.roots", file, message))
    }

    fn owns(&self, path: &[String]) -> bool {
        self.roots.as_ref().is_none_or(|roots| roots.iter().any(|root| path.starts_with(root)))
    }
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
}
