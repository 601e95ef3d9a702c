//! TLS to a real server, with certificates made for the test.

use crate::support::{Folder, options, postgres::Server, postgres::entrust, ring, thing};
use finops_store::{Store, StoreError};
use std::{net::TcpListener, path::Path, process::Command};

/// Runs `openssl`; false where there is none.
fn openssl(folder: &Path, arguments: &str) -> bool {
    let Ok(output) = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output() else {
        return false;
    };
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    true
}

const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";

/// An authority, a certificate of it for `localhost`, one that signed itself, and an authority that signed nothing.
fn certificates(folder: &Path) -> bool {
    let authority = |name: &str| {
        let what = format!("-keyout {name}.key -out {name}.pem -subj /CN={name}");
        format!("req -x509 {KEY} {what} -addext basicConstraints=critical,CA:TRUE")
    };
    let names = "-addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE";
    openssl(folder, &authority("ca"))
        && openssl(folder, &authority("other"))
        && openssl(
            folder,
            &format!(
                "req -x509 {KEY} -CA ca.pem -CAkey ca.key -keyout server.key -out server.crt -subj /CN=localhost {names}"
            ),
        )
        && openssl(
            folder,
            &format!("req -x509 {KEY} -keyout self.key -out self.crt -subj /CN=localhost {names}"),
        )
}

/// A server that speaks TLS with a certificate, and its port.
fn server(folder: &Folder, certificate: &str) -> Option<(Server, u16)> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Server::with(|home| {
        for suffix in ["crt", "key"] {
            let name = format!("{certificate}.{suffix}");
            std::fs::copy(folder.path().join(&name), home.join(&name)).unwrap();
            entrust(&home.join(&name));
        }
        let file = |suffix: &str| home.join(format!("{certificate}.{suffix}")).display().to_string();
        format!(
            "-c listen_addresses=localhost -p {port} -c ssl=on -c ssl_cert_file={} -c ssl_key_file={}",
            file("crt"),
            file("key")
        )
    })?;
    Some((server, port))
}

#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn prepare() -> Option<Folder> {
    let folder = Folder::new("certificates");
    if certificates(folder.path()) {
        return Some(folder);
    }
    eprintln!("SKIPPED: no `openssl` on this machine to make certificates with");
    None
}

fn open(url: &str) -> Result<(), StoreError> {
    let store = Store::open(url, &ring(), options())?;
    store.append(thing(1))?;
    store.close()
}

fn refusal(url: &str) -> (&'static str, String) {
    let error = open(url).unwrap_err();
    (error.code(), error.to_string())
}

#[test]
fn a_certificate_is_accepted_with_its_authority_and_refused_without() {
    let Some(folder) = prepare() else { return };
    let Some((server, port)) = server(&folder, "server") else { return };
    let database = server.database_on(port);
    let roots = |name: &str| format!("sslrootcert={}", folder.path().join(name).display());
    let url = |host: &str, rest: &str| format!("postgres://postgres@{host}:{port}/{database}?{rest}");
    for mode in ["sslmode=require", "sslmode=verify-full", "sslmode=verify-ca", "sslmode=prefer"] {
        assert_eq!(open(&url("localhost", &format!("{mode}&{}", roots("ca.pem")))), Ok(()), "{mode}");
    }
    // It is TLS indeed.
    let store = Store::open(&url("localhost", &roots("ca.pem")), &ring(), options()).unwrap();
    let sql = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'finops'";
    assert_eq!(
        server.client_on(port, "postgres").query_one(sql, &[]).unwrap().get::<_, Option<bool>>(0),
        Some(true)
    );
    assert_eq!(store.size(), 5);
    drop(store);
    // Neither the system's certificates nor another authority vouch for it, and nothing falls back to plain text.
    for rest in ["sslmode=require".to_owned(), "sslmode=prefer".to_owned(), String::new(), roots("other.pem")]
    {
        let (code, message) = refusal(&url("localhost", &rest));
        assert_eq!(code, "store.unavailable", "{rest}: {message}");
        assert!(message.contains("certificate"), "{rest}: {message}");
    }
    // The certificate is of `localhost`, not of its address.
    let (code, message) = refusal(&url("127.0.0.1", &roots("ca.pem")));
    assert_eq!((code, message.contains("certificate")), ("store.unavailable", true), "{message}");
    for name in ["absent.pem", "ca.key"] {
        let (code, message) = refusal(&url("localhost", &roots(name)));
        assert_eq!((code, message.contains(name)), ("store.io", true), "{message}");
    }
}

#[test]
fn a_certificate_that_signed_itself_is_accepted_when_it_is_given() {
    let Some(folder) = prepare() else { return };
    let Some((server, port)) = server(&folder, "self") else { return };
    let database = server.database_on(port);
    let url = format!("postgres://postgres@localhost:{port}/{database}?sslmode=verify-full");
    let given = format!("{url}&sslrootcert={}", folder.path().join("self.crt").display());
    assert_eq!(open(&given), Ok(()));
    assert_eq!(refusal(&url).0, "store.unavailable");
}
