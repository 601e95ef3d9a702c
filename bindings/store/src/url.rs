//! Where a store lies: the addresses of SQLite, `PostgreSQL`, a file, and memory.

use crate::StoreError;
use std::path::PathBuf;

/// A parsed address.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Location {
    /// A SQLite database in memory: it ends with the store.
    SqliteMemory,
    /// A SQLite database in a file.
    Sqlite(PathBuf),
    /// The whole address, with its password.
    Postgres(String),
    /// A file of records.
    File(PathBuf),
}

/// The address without a password, for messages.
pub(crate) fn shown(url: &str) -> String {
    let text = match url.split_once("://") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((_, host)) => format!("{scheme}://...@{host}"),
            None => url.to_owned(),
        },
        None => url.to_owned(),
    };
    // Parameters may hold a password too.
    finops_core::error::shorten(text.split('?').next().unwrap_or_default())
}

impl Location {
    /// Reads an address: `sqlite:///path` (absolute with a fourth slash, as in `SQLAlchemy`), `sqlite::memory:`,
    /// `postgres://...`, `file:///path` (absolute), or a plain path, which is SQLite.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let refuse = |problem| Err(StoreError::Url { url: shown(url), problem });
        if url.is_empty() {
            return refuse("is empty; write for example `sqlite:///ledger.db`");
        }
        if matches!(url, "sqlite::memory:" | "sqlite://" | ":memory:") {
            return Ok(Self::SqliteMemory);
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        if let Some(rest) = url.strip_prefix("sqlite:") {
            return match rest.strip_prefix("///") {
                Some("") | None => refuse("names no file; write `sqlite:///ledger.db` or `sqlite::memory:`"),
                Some(path) => Ok(Self::Sqlite(PathBuf::from(path))),
            };
        }
        if let Some(rest) = url.strip_prefix("file:") {
            return match rest.strip_prefix("//") {
                Some(path) if path.len() > 1 && path.starts_with('/') => Ok(Self::File(PathBuf::from(path))),
                _ => refuse("is no absolute path; write `file:///var/lib/finops/ledger.log`"),
            };
        }
        if url.contains("://") {
            return refuse("is no store; use `sqlite:`, `postgres:` or `file:`");
        }
        Ok(Self::Sqlite(PathBuf::from(url)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_sqlalchemy_reads_them() {
        let sqlite = |path: &str| Location::Sqlite(PathBuf::from(path));
        for (url, location) in [
            ("sqlite::memory:", Location::SqliteMemory),
            ("sqlite:///ledger.db", sqlite("ledger.db")),
            ("sqlite:////var/ledger.db", sqlite("/var/ledger.db")),
            ("ledger.db", sqlite("ledger.db")),
            ("file:///var/ledger.log", Location::File(PathBuf::from("/var/ledger.log"))),
            ("postgres://u@h/d", Location::Postgres("postgres://u@h/d".to_owned())),
            ("postgresql://u@h/d", Location::Postgres("postgresql://u@h/d".to_owned())),
        ] {
            assert!(Location::parse(url).is_ok_and(|parsed| parsed == location), "{url}");
        }
        for url in
            ["", "sqlite:", "sqlite:///", "sqlite://x", "file:", "file://x", "file:///", "mysql://u@h/d"]
        {
            assert_eq!(Location::parse(url).err().map(|error| error.code()), Some("store.url"), "{url}");
        }
    }

    #[test]
    fn no_message_shows_a_password() {
        for url in ["mysql://u:hunter2@h/d", "mysql://u:hunt@er2:hunter2@h/d", "mysql://h/d?password=hunter2"]
        {
            assert!(!shown(url).contains("hunter2"), "{}", shown(url));
            assert!(
                !Location::parse(url)
                    .err()
                    .map(|error| format!("{error} {error:?}"))
                    .unwrap()
                    .contains("hunter2")
            );
        }
    }
}
