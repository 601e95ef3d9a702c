//! Numbered SQL, embedded with its SHA-256. An applied file never changes; a schema from the future is left alone.

use crate::StoreError;
use finops_ledger::event::hex;
use sha2::{Digest as _, Sha256};

/// One file of SQL, applied in one transaction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

impl Migration {
    pub(crate) fn sha256(&self) -> String {
        hex::encode(&Sha256::digest(self.sql.as_bytes()))
    }
}

macro_rules! migrations {
    ($dialect:literal: $($version:literal $name:literal),*) => {
        &[$(Migration {
            version: $version,
            name: $name,
            sql: include_str!(concat!("../migrations/", $dialect, "/", $name, ".sql")),
        }),*]
    };
}

pub(crate) const SQLITE: &[Migration] =
    migrations!("sqlite": 1 "0001_log", 2 "0002_projections", 3 "0003_bulk");

#[cfg(feature = "postgres")]
pub(crate) const POSTGRES: &[Migration] =
    migrations!("postgres": 1 "0001_log", 2 "0002_projections", 3 "0003_bulk", 4 "0004_roles");

/// The tables that follow from the log, in the order in which they are made.
pub(crate) const DERIVED: [&str; 5] =
    ["projection_state", "cost_baselines", "opportunities", "savings_verifications", "deployments"];

/// The migrations by which [`DERIVED`] tables are made again where someone dropped one: all of them, and the rights to them.
pub(crate) fn derived(known: &'static [Migration]) -> impl Iterator<Item = &'static Migration> {
    known.iter().filter(|migration| matches!(migration.name, "0002_projections" | "0004_roles"))
}

/// Those of `known` that are not among `applied` (version and SHA-256, by version).
///
/// # Errors
/// `store.migration_changed`, `store.schema_newer`.
pub(crate) fn pending<'a>(
    known: &'a [Migration],
    applied: &[(i64, String, String)],
) -> Result<Vec<&'a Migration>, StoreError> {
    let newest = known.iter().map(|migration| migration.version).max().unwrap_or_default();
    if let Some((found, ..)) = applied.iter().find(|(version, ..)| *version > newest) {
        return Err(StoreError::SchemaNewer { found: *found, known: newest });
    }
    let mut pending = Vec::new();
    for migration in known {
        match applied.iter().find(|(version, ..)| *version == migration.version) {
            None => pending.push(migration),
            Some((_, _, sha256)) if *sha256 == migration.sha256() => {}
            Some((version, name, _)) => {
                return Err(StoreError::MigrationChanged { version: *version, name: name.clone() });
            }
        }
    }
    Ok(pending)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Migration = Migration { version: 1, name: "a", sql: "A" };
    const TWO: Migration = Migration { version: 2, name: "b", sql: "B" };

    fn applied(migration: &Migration) -> (i64, String, String) {
        (migration.version, migration.name.to_owned(), migration.sha256())
    }

    #[test]
    fn only_what_is_missing_is_applied() {
        let versions = |applied: &[_]| {
            pending(&[ONE, TWO], applied).map(|list| list.iter().map(|m| m.version).collect::<Vec<_>>())
        };
        assert_eq!(versions(&[]), Ok(vec![1, 2]));
        assert_eq!(versions(&[applied(&ONE)]), Ok(vec![2]));
        assert_eq!(versions(&[applied(&ONE), applied(&TWO)]), Ok(vec![]));
        let edited = Migration { sql: "A ", ..ONE };
        assert_eq!(versions(&[applied(&edited)]).unwrap_err().code(), "store.migration_changed");
        let later = Migration { version: 3, ..ONE };
        assert_eq!(versions(&[applied(&later)]).unwrap_err().code(), "store.schema_newer");
    }

    #[test]
    fn both_dialects_have_the_columns_that_are_written() {
        #[cfg(feature = "postgres")]
        let dialects = [SQLITE, POSTGRES];
        #[cfg(not(feature = "postgres"))]
        let dialects = [SQLITE];
        for dialect in dialects {
            assert!(dialect.iter().zip(1..).all(|(migration, version)| migration.version == version));
            let sql: String = dialect.iter().map(|migration| migration.sql).collect();
            for table in crate::Table::PROJECTIONS.into_iter().chain(crate::Table::BULK) {
                let body = sql.split(&format!("CREATE TABLE {} (", table.name())).nth(1).unwrap();
                let body = body.split("\n)").next().unwrap();
                for column in table.columns() {
                    assert!(
                        body.contains(&format!("\n    {} ", column.name)),
                        "{} {}",
                        table.name(),
                        column.name
                    );
                }
            }
        }
    }
}
