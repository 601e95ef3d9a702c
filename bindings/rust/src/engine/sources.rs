//! The files that a change may edit, read from a folder.

use super::EngineError;
use finops_core::{change::SourceFile, error::Fault};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// How much of a folder is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLimits {
    /// Files.
    pub files: usize,
    /// Bytes of all files together.
    pub bytes: u64,
    /// Folders within folders.
    pub depth: usize,
}

impl Default for SourceLimits {
    /// 20,000 files of 256 MiB together, 32 folders deep: larger than any repository of manifests that was seen.
    fn default() -> Self {
        Self { files: 20_000, bytes: 256 << 20, depth: 32 }
    }
}

/// Folders that hold no sources of one's own.
const SKIPPED: [&str; 4] = ["node_modules", "target", "vendor", "__pycache__"];

fn is_source(name: &str) -> bool {
    let ends = |ending: &str| name.len() > ending.len() && name.ends_with(ending);
    // Values of variables are read to know which defaults count; they are not edited.
    let endings = [".yaml", ".yml", ".tf", ".tf.json", ".tfvars", ".tfvars.json"];
    endings.into_iter().any(ends) || name == "Kustomization"
}

fn unreadable(path: &Path, error: &io::Error) -> EngineError {
    EngineError::File { path: path.display().to_string(), verb: "read", problem: error.to_string() }
}

/// Whether a change was written here: its copies are no sources, or a second run would edit the first one's.
fn is_proposal(folder: &Path) -> bool {
    ["pull_request.md", "change.patch", "rollback.patch"].iter().all(|name| folder.join(name).is_file())
}

/// Reads `*.yaml`, `*.yml`, `Kustomization`, `*.tf`, `*.tfvars` and their JSON under `root`, by path. Hidden folders, those of packages and those that
/// [`Change::write`](super::Change::write) wrote are left out; links are not followed, so nothing outside `root` is read.
///
/// # Errors
/// `engine.file` where `root` or a file cannot be read, `change.too_large` above a limit.
pub fn read_sources(root: &Path, limits: SourceLimits) -> Result<Vec<SourceFile>, EngineError> {
    let mut files = Vec::new();
    let mut left = limits.bytes;
    // Metadata of the root follows a link: the user named it.
    let about = fs::metadata(root).map_err(|error| unreadable(root, &error))?;
    if about.is_file() {
        let name = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let bytes = fs::read(root).map_err(|error| unreadable(root, &error))?;
        return Ok(vec![SourceFile { path: name, bytes }]);
    }
    let mut folders: Vec<(PathBuf, String, usize)> = vec![(root.to_path_buf(), String::new(), 0)];
    while let Some((folder, prefix, depth)) = folders.pop() {
        if is_proposal(&folder) {
            continue;
        }
        let entries = fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&folder, &error))?;
            // Of the entry itself: a link is neither file nor folder.
            let kind = entry.file_type().map_err(|error| unreadable(&entry.path(), &error))?;
            // A path that is no text cannot stand in a proposal.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = format!("{prefix}{name}");
            if kind.is_dir() {
                if name.starts_with('.') || SKIPPED.contains(&name.as_str()) {
                    continue;
                }
                if depth >= limits.depth {
                    return Err(too_large(&path, "folders lie too deep"));
                }
                folders.push((entry.path(), format!("{path}/"), depth.saturating_add(1)));
            } else if kind.is_file() && is_source(&name) {
                let size = entry.metadata().map_err(|error| unreadable(&entry.path(), &error))?.len();
                left = left.checked_sub(size).ok_or_else(|| too_large(&path, "the sources are too large"))?;
                if files.len() >= limits.files {
                    return Err(too_large(&path, "there are too many sources"));
                }
                let bytes = fs::read(entry.path()).map_err(|error| unreadable(&entry.path(), &error))?;
                files.push(SourceFile { path, bytes });
            }
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

fn too_large(path: &str, problem: &str) -> EngineError {
    Fault::new("change.too_large", path, problem, "name a smaller folder").into()
}
