//! Connecting, and what an error of the server or the connection means.

use super::Fault;
use crate::StoreError;
use postgres::{Client, Config, Error};

/// What the server says, without the statement and its values.
fn problem(error: &Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{} ({})", db.message(), db.code().code()),
        None => {
            let cause =
                std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
            format!("{error}{cause}")
        }
    }
}

/// Is the connection gone, whatever became of the transaction? Class 08 and the shutdowns of class 57.
fn is_lost(error: &Error) -> bool {
    let code = error.code().map(postgres::error::SqlState::code);
    error.is_closed()
        || code.is_none()
        || code.is_some_and(|code| code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P03"))
}

pub(super) fn refused(error: &Error) -> StoreError {
    if is_lost(error) {
        StoreError::Unavailable { problem: problem(error) }
    } else {
        StoreError::Database { problem: problem(error) }
    }
}

pub(super) fn fault(error: &Error) -> Fault {
    let code = error.code().map(postgres::error::SqlState::code).unwrap_or_default();
    if is_lost(error) {
        Fault::Lost(refused(error))
    } else if code.starts_with("58") || code.starts_with("XX") {
        // The server's own disk or data: what it holds is not known.
        Fault::Poison(refused(error))
    } else {
        Fault::Refused(refused(error))
    }
}

#[cfg(feature = "tls")]
pub(super) fn connect(config: &Config) -> Result<Client, StoreError> {
    let mut roots = rustls::RootCertStore::empty();
    let (_added, _ignored) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Unavailable { problem: error.to_string() })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = config.connect(tokio_postgres_rustls::MakeRustlsConnect::new(tls));
    client.map_err(|error| StoreError::Unavailable { problem: problem(&error) })
}

#[cfg(not(feature = "tls"))]
pub(super) fn connect(config: &Config) -> Result<Client, StoreError> {
    let client = config.connect(postgres::NoTls);
    client.map_err(|error| StoreError::Unavailable { problem: problem(&error) })
}
