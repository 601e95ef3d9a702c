//! The files of an archive, bounded before they are kept.

use std::io::{ErrorKind, Read};

use super::{BundleError, File};

/// Longest archive, in bytes: section 10 of the policy specification, as the next two.
const MAX_ARCHIVE_BYTES: usize = 10 * 1_048_576;
/// Longest archive once unpacked, in bytes.
const MAX_UNPACKED_BYTES: usize = 64 * 1_048_576;
/// Most entries, directories counted.
const MAX_ENTRIES: usize = 10_000;

fn too_large(message: String) -> BundleError {
    BundleError::new("bundle.too_large", "", message)
}

fn format(message: impl Into<String>) -> BundleError {
    BundleError::new("bundle.format", "", message)
}

/// The regular files of a tar in gzip, their paths normalized.
pub(super) fn files(tar_gz: &[u8]) -> Result<Vec<File>, BundleError> {
    if tar_gz.len() > MAX_ARCHIVE_BYTES {
        return Err(too_large(format!("the archive exceeds {MAX_ARCHIVE_BYTES} bytes; split it")));
    }
    let unpacked = unpack(tar_gz)?;
    let mut archive = tar::Archive::new(unpacked.as_slice());
    let broken = |e: std::io::Error| format(format!("not a tar archive in gzip: {e}"));
    let mut found = Vec::new();
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        if found.len() >= MAX_ENTRIES {
            return Err(too_large(format!("the archive has more than {MAX_ENTRIES} entries; split it")));
        }
        let kind = entry.header().entry_type();
        let path = entry.path_bytes().into_owned();
        let mut bytes = Vec::new();
        if kind.is_file() {
            entry.read_to_end(&mut bytes).map_err(broken)?;
            if u64::try_from(bytes.len()) != Ok(entry.size()) {
                return Err(format("the archive is cut short"));
            }
        }
        found.push((path, kind, bytes));
    }
    if found.is_empty() {
        return Err(format("the archive is empty; give a tar archive in gzip"));
    }
    // Every path before every type: the first code in the order of checking counts.
    let mut paths = Vec::with_capacity(found.len());
    for (path, _, _) in &found {
        paths.push(normalized(path)?);
    }
    let mut files = Vec::new();
    for (path, (_, kind, bytes)) in paths.into_iter().zip(found) {
        if kind.is_dir() || kind.is_pax_global_extensions() {
            continue;
        }
        if !kind.is_file() {
            let message = format!("`{path}` is no file; links and devices are not accepted");
            return Err(BundleError::new("bundle.entry_type", path, message));
        }
        files.push(File { path, bytes });
    }
    Ok(files)
}

/// Files that were listed by the caller, their paths normalized.
pub(super) fn listed(listed: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Vec<File>, BundleError> {
    let mut files = Vec::new();
    let mut total = 0_usize;
    for (path, bytes) in listed {
        total = total.saturating_add(bytes.len());
        if total > MAX_UNPACKED_BYTES {
            return Err(too_large(format!("the files exceed {MAX_UNPACKED_BYTES} bytes; split them")));
        }
        if files.len() >= MAX_ENTRIES {
            return Err(too_large(format!("there are more than {MAX_ENTRIES} files; split them")));
        }
        files.push(File { path: normalized(path.as_bytes())?, bytes });
    }
    Ok(files)
}

fn unpack(tar_gz: &[u8]) -> Result<Vec<u8>, BundleError> {
    let limit = u64::try_from(MAX_UNPACKED_BYTES).unwrap_or(u64::MAX);
    let mut unpacked = Vec::new();
    // One byte more than allowed tells a bomb from an archive that just fits.
    let mut reader = flate2::read::MultiGzDecoder::new(tar_gz).take(limit.saturating_add(1));
    reader.read_to_end(&mut unpacked).map_err(|e| match e.kind() {
        ErrorKind::UnexpectedEof => format("the archive is cut short"),
        _ => format(format!("not a gzip archive: {e}")),
    })?;
    if unpacked.len() > MAX_UNPACKED_BYTES {
        let message = format!("the archive exceeds {MAX_UNPACKED_BYTES} bytes unpacked; split it");
        return Err(too_large(message));
    }
    Ok(unpacked)
}

/// A path without leading `/` and `./` and without empty segments; never out of the bundle.
fn normalized(path: &[u8]) -> Result<String, BundleError> {
    let shown = finops_core::error::shorten(&String::from_utf8_lossy(path)).to_string();
    let refuse = |problem: &str| {
        Err(BundleError::new("bundle.path", shown.as_str(), format!("path `{shown}` {problem}")))
    };
    let Ok(text) = std::str::from_utf8(path) else { return refuse("is not UTF-8") };
    if text.contains('\\') {
        return refuse("has a backslash; separate with `/`");
    }
    let segments: Vec<&str> = text.split('/').filter(|segment| !matches!(*segment, "" | ".")).collect();
    if segments.contains(&"..") {
        return refuse("leaves the bundle; remove `..`");
    }
    Ok(segments.join("/"))
}
