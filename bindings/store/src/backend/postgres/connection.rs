//! Where the server is, connecting to it, and what an error of the server or the connection means.

use super::Fault;
use crate::StoreError;
use postgres::{Client, Config, Error};
use std::time::Duration;

/// A parsed address.
pub(super) struct Address {
    config: Config,
    /// A file of certificates that are trusted instead of the system's (`sslrootcert`).
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "refused when it is parsed"))]
    roots: Option<String>,
}

impl Address {
    /// Reads an address as libpq writes it. The driver knows neither `sslrootcert` nor the modes `verify-ca` and
    /// `verify-full`; here every certificate is verified in full, so they mean what `require` does.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let refuse = |problem| StoreError::Url { url: crate::url::shown(url), problem };
        let (place, parameters) = url.split_once('?').unwrap_or((url, ""));
        let mut roots = None;
        let mut known = Vec::new();
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("sslrootcert", path)) => {
                    roots = Some(decoded(path).ok_or_else(|| refuse("has a parameter that cannot be read"))?);
                }
                Some(("sslmode", "verify-ca" | "verify-full")) => known.push("sslmode=require"),
                _ => known.push(parameter),
            }
        }
        if roots.is_some() && !cfg!(feature = "tls") {
            return Err(refuse("asks for TLS, which this build does not have: build with the feature `tls`"));
        }
        let mut config: Config = format!("{place}?{}", known.join("&")).parse().map_err(|error: Error| {
            refuse(if error.to_string().contains("unknown option") {
                "has a parameter that is not known"
            } else {
                "cannot be read; write `postgres://user:password@host:5432/database`"
            })
        })?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(10));
        }
        if config.get_application_name().is_none() {
            config.application_name("finops");
        }
        Ok(Self { config, roots })
    }

    #[cfg(feature = "tls")]
    pub(super) fn connect(&self) -> Result<Client, StoreError> {
        use postgres::config::Host;
        // A socket in the file system has no name that a certificate could confirm, and needs none.
        let is_local = |host: &Host| !matches!(host, Host::Tcp(_));
        let client = if self.config.get_hosts().iter().all(is_local) {
            self.config.connect(postgres::NoTls)
        } else {
            let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
            let tls = rustls::ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map_err(|error| StoreError::Unavailable { problem: error.to_string() })?
                .with_root_certificates(self.trusted()?)
                .with_no_client_auth();
            self.config.connect(tokio_postgres_rustls::MakeRustlsConnect::new(tls))
        };
        client.map_err(|error| StoreError::Unavailable { problem: problem(&error) })
    }

    #[cfg(not(feature = "tls"))]
    pub(super) fn connect(&self) -> Result<Client, StoreError> {
        let client = self.config.connect(postgres::NoTls);
        client.map_err(|error| StoreError::Unavailable { problem: problem(&error) })
    }

    /// The certificates of the address, else those of the system.
    #[cfg(feature = "tls")]
    fn trusted(&self) -> Result<rustls::RootCertStore, StoreError> {
        use rustls::pki_types::{CertificateDer, pem::PemObject as _};
        let mut roots = rustls::RootCertStore::empty();
        let Some(path) = &self.roots else {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            return Ok(roots);
        };
        let refuse = |problem: String| StoreError::Io { path: path.clone(), problem };
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| refuse(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| refuse(error.to_string()))?;
            roots.add(certificate).map_err(|error| refuse(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(refuse("holds no certificate; `sslrootcert` names a file in PEM".to_owned()));
        }
        Ok(roots)
    }
}

/// The text behind `%XX`; `None` if it is none.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_that_the_driver_does_not_know_are_read() {
        assert_eq!(decoded("%2Fetc%2Fa%20b.pem").as_deref(), Some("/etc/a b.pem"));
        assert_eq!((decoded("a%2"), decoded("%zz"), decoded("%ff")), (None, None, None));
        let code = |url: &str| Address::parse(url).err().map(|error| error.code());
        for url in [
            "postgres://u@h/d",
            "postgres://u@h/d?sslmode=verify-full&connect_timeout=3",
            "postgres://u@h/d?",
        ] {
            assert_eq!(code(url), None, "{url}");
        }
        for url in ["postgres://u@h/d?sslmode=maybe", "postgres://u@h/d?colour=red"] {
            assert_eq!(code(url), Some("store.url"), "{url}");
        }
        let with_roots = code("postgres://u@h/d?sslrootcert=%2Fca.pem");
        assert_eq!(with_roots, if cfg!(feature = "tls") { None } else { Some("store.url") });
    }
}
