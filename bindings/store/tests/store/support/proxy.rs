//! A proxy before a server that breaks the connection at a chosen message of the client.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Which message the connection breaks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The Nth that waits for an answer, over all connections.
    Message(u64),
    /// The Nth `COMMIT`.
    Commit(u64),
}

/// What the server sees of that message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Nothing.
    Before,
    /// All of it; its answer is lost.
    After,
    /// All of it, when the client has long been back.
    Late,
}

#[derive(Debug, Default)]
struct State {
    trouble: Option<(At, Cut)>,
    messages: u64,
    commits: u64,
    /// What the connection was cut at.
    met: Option<String>,
    /// Messages since then.
    since: u64,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    moved: Condvar,
    over: AtomicBool,
}

pub struct Proxy {
    shared: Arc<Shared>,
    pub port: u16,
}

impl Proxy {
    pub fn before(server: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (shared, port) = (Arc::<Shared>::default(), listener.local_addr().unwrap().port());
        let of_listener = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if of_listener.over.load(Ordering::Acquire) {
                    return;
                }
                let Ok(server) = UnixStream::connect(&server) else { continue };
                let shared = Arc::clone(&of_listener);
                std::thread::spawn(move || carry(&shared, client, server));
            }
        });
        Self { shared, port }
    }

    /// Counts anew, with trouble at a message.
    pub fn meet(&self, trouble: Option<(At, Cut)>) {
        *self.shared.state.lock().unwrap() = State { trouble, ..State::default() };
    }

    /// What the connection was cut at, if it was.
    pub fn met(&self) -> Option<String> {
        self.shared.state.lock().unwrap().met.clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
        // The listener wakes and ends.
        let _woken = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// The next message of a client: its first has no type.
fn message(from: &mut impl Read, is_first: bool) -> io::Result<Vec<u8>> {
    let head = if is_first { 0 } else { 1 };
    let mut bytes = vec![0; head + 4];
    from.read_exact(&mut bytes)?;
    let length = u32::from_be_bytes(bytes[head..].try_into().unwrap());
    let start = bytes.len();
    bytes.resize(head + usize::try_from(length).unwrap(), 0);
    from.read_exact(&mut bytes[start..])?;
    Ok(bytes)
}

fn carry(shared: &Shared, mut client: TcpStream, server: UnixStream) {
    let (mut answers, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let mute = Arc::new(AtomicBool::new(false));
    let muted = Arc::clone(&mute);
    let back = std::thread::spawn(move || {
        let mut bytes = [0; 1 << 14];
        while let Ok(count @ 1..) = answers.read(&mut bytes) {
            if muted.load(Ordering::Acquire) {
                // The client is gone. What the server says now is that it is ready again, or that it ends.
                if bytes[..count].ends_with(b"Z\0\0\0\x05I") || bytes[..count].ends_with(b"Z\0\0\0\x05T") {
                    break;
                }
            } else if to_client.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _gone = (to_client.shutdown(Shutdown::Both), answers.shutdown(Shutdown::Both));
    });
    let _ended = forward(shared, &mut client, &server, &mute);
    if !mute.load(Ordering::Acquire) {
        let _gone = server.shutdown(Shutdown::Both);
    }
    let _gone = (client.shutdown(Shutdown::Both), back.join());
}

fn forward(
    shared: &Shared,
    client: &mut TcpStream,
    mut server: &UnixStream,
    mute: &AtomicBool,
) -> io::Result<()> {
    let mut is_first = true;
    loop {
        // As many as the client sends before it waits for an answer.
        let mut group = Vec::new();
        let mut is_commit = false;
        loop {
            let next = message(client, is_first)?;
            let kind = if is_first { 0 } else { next[0] };
            is_commit |= kind == b'Q' && next[5..].starts_with(b"COMMIT");
            is_first = false;
            group.extend(next);
            if matches!(kind, 0 | b'S' | b'Q' | b'H' | b'X') {
                break;
            }
        }
        let cut = {
            let mut state = shared.state.lock().unwrap();
            state.messages += 1;
            state.commits += u64::from(is_commit);
            let here = match state.trouble {
                Some((At::Message(at), cut)) if at == state.messages => Some(cut),
                Some((At::Commit(at), cut)) if is_commit && at == state.commits => Some(cut),
                _ => None,
            };
            if state.met.is_some() {
                state.since += 1;
                shared.moved.notify_all();
            } else if here.is_some() {
                let text = |byte: &u8| if byte.is_ascii_graphic() { char::from(*byte) } else { ' ' };
                state.met = Some(group.iter().take(60).map(text).collect());
            }
            here
        };
        match cut {
            None => server.write_all(&group)?,
            Some(Cut::Before) => return Ok(()),
            Some(how) => {
                mute.store(true, Ordering::Release);
                if how == Cut::Late {
                    client.shutdown(Shutdown::Both)?;
                    let state = shared.state.lock().unwrap();
                    // Unless the client waits for what this connection holds, let it come first.
                    let wait = Duration::from_millis(100);
                    let _came =
                        shared.moved.wait_timeout_while(state, wait, |state| state.since < 8).unwrap();
                }
                return server.write_all(&group);
            }
        }
    }
}
