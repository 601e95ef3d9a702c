//! A real server, made for the test and stopped after it.

use super::Folder;
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU32, Ordering},
    },
};

pub struct Server {
    bin: PathBuf,
    data: PathBuf,
    socket: PathBuf,
    folder: Folder,
    /// More settings, as flags of the server.
    settings: String,
}

/// The newest installed server.
fn find() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some((path.file_name()?.to_str()?.parse().ok()?, path.join("bin")))
        })
        .filter(|(version, bin)| *version >= 15 && bin.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().map(|(_, bin)| bin)
}

/// `PostgreSQL` refuses to run as root.
#[cfg(unix)]
fn unprivileged(command: &mut Command) {
    use std::os::unix::{fs::MetadataExt as _, process::CommandExt as _};
    if std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0) {
        command.uid(65_534).gid(65_534);
    }
}

/// Makes a file the server's, which alone may read it.
#[cfg(all(unix, feature = "tls"))]
pub fn entrust(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    give(path);
}

#[cfg(unix)]
fn give(path: &Path) {
    use std::os::unix::fs::MetadataExt as _;
    if std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0) {
        std::os::unix::fs::chown(path, Some(65_534), Some(65_534)).unwrap();
    }
}

#[cfg(not(unix))]
fn unprivileged(_command: &mut Command) {}

#[cfg(not(unix))]
fn give(_path: &Path) {}

impl Server {
    /// The server of this test binary, started for the first test that asks; `None`, loudly, where there is none.
    pub fn get() -> Option<Arc<Self>> {
        static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = server.upgrade() {
            return Some(running);
        }
        let started = Arc::new(Self::own()?);
        *server = Arc::downgrade(&started);
        Some(started)
    }

    /// A server that no other test uses.
    pub fn own() -> Option<Self> {
        Self::with(|_| String::new())
    }

    /// A server that no other test uses, with settings; whoever writes them may put files into its folder.
    #[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
    pub fn with(settings: impl FnOnce(&Path) -> String) -> Option<Self> {
        let Some(bin) = find() else {
            let reason = "no initdb of PostgreSQL 15 or later under /usr/lib/postgresql";
            assert!(std::env::var_os("FINOPS_REQUIRE_POSTGRES").is_none(), "{reason}");
            eprintln!("SKIPPED: {reason}; install the package `postgresql` to run the tests of PostgreSQL");
            return None;
        };
        Some(Self::start(bin, settings))
    }

    fn start(bin: PathBuf, settings: impl FnOnce(&Path) -> String) -> Self {
        let folder = Folder::new("postgres");
        give(folder.path());
        let (data, socket) = (folder.path().join("data"), folder.path().to_owned());
        let settings = settings(folder.path());
        let server = Self { bin, data, socket, folder, settings };
        let data = server.data.as_os_str();
        let flags: [&OsStr; 7] = [
            "-D".as_ref(),
            data,
            "-U".as_ref(),
            "postgres".as_ref(),
            "--auth=trust".as_ref(),
            "--encoding=UTF8".as_ref(),
            "--no-sync".as_ref(),
        ];
        server.command("initdb", &flags);
        server.up();
        server
    }

    fn command(&self, name: &str, arguments: &[&OsStr]) -> Output {
        let mut command = Command::new(self.bin.join(name));
        command.args(arguments).current_dir(self.folder.path()).env_remove("LC_ALL");
        unprivileged(&mut command);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said} {}", String::from_utf8_lossy(&output.stdout));
        output
    }

    fn up(&self) {
        let socket = self.socket.display();
        let listens = if self.settings.contains("listen_addresses") { "" } else { "-c listen_addresses=''" };
        let settings = &self.settings;
        let options =
            format!("{listens} -c unix_socket_directories='{socket}' -c max_connections=50 {settings}");
        let log = self.folder.path().join("log");
        let flags: [&OsStr; 8] = [
            "-D".as_ref(),
            self.data.as_os_str(),
            "-w".as_ref(),
            "-l".as_ref(),
            log.as_os_str(),
            "-o".as_ref(),
            options.as_ref(),
            "start".as_ref(),
        ];
        // Its output goes to the log: an inherited pipe would stay open as long as the server runs.
        self.command("pg_ctl", &flags);
    }

    fn down(&self, how: &str) {
        let flags: [&OsStr; 6] = [
            "-D".as_ref(),
            self.data.as_os_str(),
            "-w".as_ref(),
            "-m".as_ref(),
            how.as_ref(),
            "stop".as_ref(),
        ];
        self.command("pg_ctl", &flags);
    }

    /// Kills the server without a checkpoint and starts it again.
    pub fn crash(&self) {
        self.down("immediate");
        self.up();
    }

    pub fn url(&self, database: &str) -> String {
        let socket = self.socket.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{socket}/{database}")
    }

    pub fn client(&self, database: &str) -> postgres::Client {
        self.client_on(5432, database)
    }

    /// A client through the socket of a server on another port.
    pub fn client_on(&self, port: u16, database: &str) -> postgres::Client {
        let socket = self.socket.display().to_string().replace('/', "%2F");
        let url = format!("postgres://postgres@{socket}:{port}/{database}");
        postgres::Client::connect(&url, postgres::NoTls).unwrap()
    }

    /// A new, empty database.
    pub fn database(&self) -> String {
        self.database_on(5432)
    }

    /// A new, empty database of a server on another port.
    pub fn database_on(&self, port: u16) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.client_on(port, "postgres").batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        name
    }

    /// The socket of the server.
    pub fn socket(&self) -> PathBuf {
        self.socket.join(".s.PGSQL.5432")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.down("immediate");
    }
}
