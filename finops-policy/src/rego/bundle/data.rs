//! The base document of a bundle: every `data.json`, merged.

use super::{super::source::SetRules, BundleError, File, manifest::Manifest};
use crate::{
    Json,
    json::{self, Object},
};

/// The documents at the paths of their directories; objects merge, nothing else meets.
pub(super) fn merged(
    documents: &[&File],
    manifest: &Manifest,
    rules: &SetRules,
) -> Result<Json, BundleError> {
    let mut read = Vec::with_capacity(documents.len());
    for file in documents {
        let limits = json::Limits { bytes: file.bytes.len(), ..json::Limits::default() };
        let refuse = |message: String| BundleError::new("bundle.data", file.path.as_str(), message);
        let document = json::read(&file.bytes, &limits);
        read.push((file, document.map_err(|e| refuse(e.to_string()))));
    }
    // What does not parse has no paths: it is refused after the roots of the others.
    for (file, document) in &read {
        if let Ok(document @ Json::Object(_)) = document {
            manifest.check_data(&file.path, &mut directory(file), document)?;
        }
    }
    let mut data = Object::default();
    let mut documents = Vec::with_capacity(read.len());
    for (file, document) in read {
        match document? {
            Json::Object(document) => documents.push((file, document)),
            other => {
                let message = format!("the data must be an object, got {}", other.type_name());
                return Err(BundleError::new("bundle.data", file.path.as_str(), message));
            }
        }
    }
    for (file, document) in documents {
        let nested = directory(file)
            .into_iter()
            .rev()
            .fold(Json::Object(document), |inner, segment| Json::object([(segment, inner)]));
        let Json::Object(nested) = nested else { continue };
        if let Err(path) = merge(&mut data, nested) {
            let message = format!("data at `{path}` is set twice; leave one out");
            return Err(BundleError::new("bundle.data_conflict", file.path.as_str(), message));
        }
    }
    let data = Json::Object(data);
    if let Some(rule) = rules.over(&data) {
        let message = format!("data at `{rule}` hides a rule of that name; rename one");
        return Err(BundleError::new("bundle.data_conflict", "", message));
    }
    Ok(data)
}

fn directory(file: &File) -> Vec<String> {
    let mut segments: Vec<String> = file.path.split('/').map(str::to_owned).collect();
    segments.pop();
    segments
}

/// Merges `from` into `into`; the path of the first value that meets another one.
fn merge(into: &mut Object, from: Object) -> Result<(), String> {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (None, value) => {
                into.insert(key, value);
            }
            (Some(Json::Object(existing)), Json::Object(value)) => {
                merge(existing, value).map_err(|path| format!("{key}/{path}"))?;
            }
            (Some(_), _) => return Err(key),
        }
    }
    Ok(())
}
