//! Where a set of policies comes from: modules in memory, an archive, or a folder that is read like one.

use finops_policy::{
    Json,
    rego::{Bundle, BundleOptions, Module, RegoError},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Files deeper than this below a folder are not policies of it: a link that goes round in circles ends here.
const DEPTH_MAX: usize = 32;
/// No more is read of a folder than of an archive.
const BYTES_MAX: u64 = 64 << 20;

/// Where a set comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// Modules in memory.
    Modules(Vec<Module>),
    /// The bytes of a bundle: tar in gzip.
    Archive(Vec<u8>),
    /// A bundle's archive, a single `.rego` file, or a folder that is read as a bundle.
    Path(PathBuf),
}

/// A source that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file system refused.
    #[error("`{path}` cannot be read: {error}")]
    Io {
        /// What was read.
        path: String,
        /// Why it failed.
        error: io::Error,
    },
    /// More than a bundle may hold.
    #[error("`{path}` holds more than 64 MiB; name the folder of the policies alone")]
    TooLarge {
        /// The folder.
        path: String,
    },
    /// What was read is no bundle.
    #[error(transparent)]
    Rego(#[from] RegoError),
}

impl SourceError {
    /// `policy.source`, `bundle.too_large`, or the code of the bundle's fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "policy.source",
            Self::TooLarge { .. } => "bundle.too_large",
            Self::Rego(error) => error.code(),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Io { path, .. } | Self::TooLarge { path } => path,
            Self::Rego(error) => error.path(),
        }
    }

    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |error| Self::Io { path, error }
    }
}

/// What a source holds.
pub(super) enum Read {
    /// Modules and their data, without a manifest.
    Modules(Vec<Module>, Json),
    /// A bundle under its own revision.
    Bundle(Bundle),
}

impl Source {
    /// Reads it as a bundle, without loading it.
    ///
    /// # Errors
    /// `policy.source`, `bundle.*`, `policy.parse`, `lint.entry_missing`.
    pub fn bundle(&self, options: &BundleOptions) -> Result<Bundle, SourceError> {
        match self {
            Self::Modules(modules) => {
                let files =
                    modules.iter().map(|module| (module.name.clone(), module.text.clone().into_bytes()));
                Ok(Bundle::from_files(files, options).map_err(RegoError::from)?)
            }
            Self::Archive(bytes) => Ok(Bundle::from_bytes(bytes, options).map_err(RegoError::from)?),
            Self::Path(path) => at(path, options),
        }
    }

    /// Reads it; `data`, if given, takes the place of the bundle's own.
    ///
    /// # Errors
    /// `policy.source`, `bundle.*`, `policy.parse`, `lint.entry_missing`.
    pub(super) fn read(&self, data: Option<&Json>, options: &BundleOptions) -> Result<Read, SourceError> {
        if let Self::Modules(modules) = self {
            let data = data.cloned().unwrap_or_else(|| Json::object::<&str>([]));
            return Ok(Read::Modules(modules.clone(), data));
        }
        let bundle = self.bundle(options)?;
        Ok(match data {
            Some(data) => Read::Modules(bundle.modules, data.clone()),
            None => Read::Bundle(bundle),
        })
    }
}

fn at(path: &Path, options: &BundleOptions) -> Result<Bundle, SourceError> {
    if path.is_dir() {
        let (mut files, mut bytes) = (Vec::new(), 0);
        walk(path, path, 0, &mut files, &mut bytes)?;
        return Ok(Bundle::from_files(files, options).map_err(RegoError::from)?);
    }
    let bytes = fs::read(path).map_err(SourceError::io(path))?;
    if path.extension().is_some_and(|extension| extension == "rego") {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(Bundle::from_files([(name, bytes)], options).map_err(RegoError::from)?);
    }
    Ok(Bundle::from_bytes(&bytes, options).map_err(RegoError::from)?)
}

fn walk(
    root: &Path,
    folder: &Path,
    depth: usize,
    files: &mut Vec<(String, Vec<u8>)>,
    bytes: &mut u64,
) -> Result<(), SourceError> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    for entry in entries.map_err(SourceError::io(folder))? {
        let path = entry.path();
        let meta = fs::metadata(&path).map_err(SourceError::io(&path))?;
        if meta.is_dir() {
            if depth < DEPTH_MAX {
                walk(root, &path, depth.saturating_add(1), files, bytes)?;
            }
            continue;
        }
        *bytes = bytes.saturating_add(meta.len());
        if *bytes > BYTES_MAX {
            return Err(SourceError::TooLarge { path: root.display().to_string() });
        }
        let name = path.strip_prefix(root).unwrap_or(&path).components();
        let name = name.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        files.push((name, fs::read(&path).map_err(SourceError::io(&path))?));
    }
    Ok(())
}
