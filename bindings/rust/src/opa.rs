//! A remote Open Policy Agent: one question over HTTP, answered or failed within its time.
//!
//! Redirects are not followed, an answer over 1 MiB is none, and after five failures in a row nothing is asked for two
//! seconds. What an answer means is decided by the result contract of `finops_policy`: every fault denies.

use std::{
    io,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Where OPA listens when nothing else is said.
pub const URL_DEFAULT: &str = "http://localhost:8181";
/// The path after `/v1/data/` when nothing else is said.
pub const PATH_DEFAULT: &str = "finops";
/// The whole exchange.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_millis(500);
/// The connection, which is part of the exchange.
pub const CONNECT_TIMEOUT: Duration = Duration::from_millis(100);
/// A larger answer is no decision.
pub const ANSWER_MAX_BYTES: u64 = 1 << 20;

/// Failures in a row after which nothing is asked for [`BREAKER_OPEN_FOR`].
const BREAKER_FAILURES: u32 = 5;
/// How long nothing is asked; then one question probes.
const BREAKER_OPEN_FOR: Duration = Duration::from_secs(2);

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// An HTTP answer, whatever its status.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The body, at most [`ANSWER_MAX_BYTES`].
        body: Vec<u8>,
    },
    /// No answer.
    Failed(Failure),
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nobody listens there.
    Refused,
    /// The connection broke.
    Reset,
    /// The host has no address.
    Dns,
    /// No secure connection.
    Tls,
    /// Nothing came in time.
    Timeout,
    /// The body did not end in time.
    StalledBody,
    /// More than [`ANSWER_MAX_BYTES`].
    TooLarge,
    /// Nothing was asked, because the last questions failed.
    BreakerOpen,
}

impl Failure {
    /// The name, as `finops_policy` and the vectors use it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::StalledBody => "stalled_body",
            Self::TooLarge => "too_large",
            Self::BreakerOpen => "breaker_open",
        }
    }
}

#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    open_until: Option<Instant>,
}

/// A client of one OPA; it may be shared between threads.
#[derive(Debug)]
pub struct OpaClient {
    agent: ureq::Agent,
    url: String,
    breaker: Mutex<Breaker>,
}

impl OpaClient {
    /// A client of `{url}/v1/data/{path}`.
    #[must_use]
    pub fn new(url: &str, path: &str, timeout: Duration) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(timeout))
            .timeout_connect(Some(CONNECT_TIMEOUT.min(timeout)))
            .build()
            .new_agent();
        let url = format!("{}/v1/data/{}", url.trim_end_matches('/'), path.trim_matches('/'));
        Self { agent, url, breaker: Mutex::default() }
    }

    /// The address that is asked.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Asks with the text of a JSON document as `input`.
    pub fn ask(&self, input: &str) -> Reply {
        if !self.admits(Instant::now()) {
            return Reply::Failed(Failure::BreakerOpen);
        }
        let body = format!("{{\"input\":{input}}}");
        let mut reply = self.exchange(&body);
        // Nothing was asked yet when a connection could not be made: asking again asks once.
        if reply == Reply::Failed(Failure::Refused) {
            reply = self.exchange(&body);
        }
        self.learn(&reply, Instant::now());
        reply
    }

    fn exchange(&self, body: &str) -> Reply {
        let request = self.agent.post(&self.url).header("content-type", "application/json");
        let mut response = match request.send(body) {
            Ok(response) => response,
            Err(error) => return Reply::Failed(failure(&error)),
        };
        let status = response.status().as_u16();
        // The body of an error is not read: its status decides.
        if status != 200 {
            return Reply::Answered { status, body: Vec::new() };
        }
        match response.body_mut().with_config().limit(ANSWER_MAX_BYTES).read_to_vec() {
            Ok(body) => Reply::Answered { status, body },
            Err(error) => Reply::Failed(match failure(&error) {
                Failure::Timeout => Failure::StalledBody,
                other => other,
            }),
        }
    }

    /// Whether a question may be asked now. While the breaker is open, the first question after its time probes and the
    /// others still wait.
    fn admits(&self, now: Instant) -> bool {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        match breaker.open_until {
            Some(until) if now < until => false,
            Some(_) => {
                breaker.open_until = now.checked_add(BREAKER_OPEN_FOR);
                true
            }
            None => true,
        }
    }

    fn learn(&self, reply: &Reply, now: Instant) {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        let works = matches!(reply, Reply::Answered { status: 0..=499, .. });
        breaker.failures = if works { 0 } else { breaker.failures.saturating_add(1) };
        breaker.open_until =
            if breaker.failures >= BREAKER_FAILURES { now.checked_add(BREAKER_OPEN_FOR) } else { None };
    }
}

fn failure(error: &ureq::Error) -> Failure {
    match error {
        ureq::Error::Timeout(_) => Failure::Timeout,
        ureq::Error::HostNotFound => Failure::Dns,
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => Failure::Tls,
        ureq::Error::BodyExceedsLimit(_) => Failure::TooLarge,
        ureq::Error::ConnectionFailed => Failure::Refused,
        ureq::Error::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => Failure::Refused,
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Failure::Timeout,
            _ => Failure::Reset,
        },
        _ => Failure::Reset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
        sync::mpsc,
        thread,
    };

    /// A server that answers each connection by `answer` and tells what it was asked.
    fn server(answer: impl Fn(TcpStream) + Send + 'static) -> (String, mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (asked, questions) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut text = Vec::new();
                let mut buffer = [0; 4096];
                while !text.ends_with(b"}") {
                    match stream.read(&mut buffer) {
                        Ok(0) | Err(_) => break,
                        Ok(n) => text.extend_from_slice(buffer.get(..n).unwrap_or_default()),
                    }
                }
                let _ = asked.send(String::from_utf8_lossy(&text).into_owned());
                answer(stream);
            }
        });
        (url, questions)
    }

    fn says(text: &'static str) -> impl Fn(TcpStream) + Send + 'static {
        move |mut stream| {
            let _ = stream.write_all(text.as_bytes());
        }
    }

    const PATIENT: Duration = Duration::from_secs(20);

    #[test]
    fn the_question_goes_to_the_path_and_the_answer_comes_back() {
        let (url, questions) = server(says(
            "HTTP/1.1 200 OK\r\ncontent-length: 25\r\nconnection: close\r\n\r\n{\"result\":{\"allow\":true}}",
        ));
        let client = OpaClient::new(&format!("{url}/"), "/finops/gate", PATIENT);
        let body = b"{\"result\":{\"allow\":true}}".to_vec();
        assert_eq!(client.ask("{\"a\":0.30}"), Reply::Answered { status: 200, body });
        let asked = questions.recv().expect("asked");
        assert!(asked.starts_with("POST /v1/data/finops/gate HTTP/1.1"), "{asked}");
        assert!(asked.ends_with("{\"input\":{\"a\":0.30}}"), "{asked}");
    }

    #[test]
    fn a_redirect_is_an_answer_of_its_own_and_is_not_followed() {
        let (url, questions) = server(says(
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        ));
        let client = OpaClient::new(&url, PATH_DEFAULT, PATIENT);
        assert_eq!(client.ask("{}"), Reply::Answered { status: 307, body: Vec::new() });
        assert_eq!(questions.try_iter().count(), 1);
    }

    #[test]
    fn nobody_listening_is_refused_and_an_unknown_host_has_no_address() {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
        let client = OpaClient::new(&format!("http://{free}"), PATH_DEFAULT, PATIENT);
        assert_eq!(client.ask("{}"), Reply::Failed(Failure::Refused));
        let client = OpaClient::new("http://opa.invalid", PATH_DEFAULT, PATIENT);
        assert!(matches!(client.ask("{}"), Reply::Failed(Failure::Dns | Failure::Reset | Failure::Timeout)));
    }

    #[test]
    fn a_broken_connection_a_large_answer_and_a_stalled_one_are_told_apart() {
        let (url, _questions) = server(drop);
        assert_eq!(OpaClient::new(&url, PATH_DEFAULT, PATIENT).ask("{}"), Reply::Failed(Failure::Reset));

        let (url, _questions) = server(|mut stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n");
            let _ = stream.write_all(&vec![b' '; 2_000_000]);
        });
        assert_eq!(OpaClient::new(&url, PATH_DEFAULT, PATIENT).ask("{}"), Reply::Failed(Failure::TooLarge));

        // The server holds its streams, so that neither of these ends by itself.
        let held = Mutex::new(Vec::new());
        let (url, _questions) = server(move |mut stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{");
            held.lock().expect("held").push(stream);
        });
        let hasty = Duration::from_millis(300);
        assert_eq!(OpaClient::new(&url, PATH_DEFAULT, hasty).ask("{}"), Reply::Failed(Failure::StalledBody));
        let held = Mutex::new(Vec::new());
        let (url, _questions) = server(move |stream| held.lock().expect("held").push(stream));
        assert_eq!(OpaClient::new(&url, PATH_DEFAULT, hasty).ask("{}"), Reply::Failed(Failure::Timeout));
    }

    #[test]
    fn five_failures_open_the_breaker_and_one_probe_goes_through_later() {
        let client = OpaClient::new(URL_DEFAULT, PATH_DEFAULT, PATIENT);
        let start = Instant::now();
        let failed = Reply::Failed(Failure::Refused);
        for _ in 0..BREAKER_FAILURES {
            assert!(client.admits(start));
            client.learn(&failed, start);
        }
        assert!(!client.admits(start));
        assert_eq!(client.ask("{}"), Reply::Failed(Failure::BreakerOpen));
        let later = start.checked_add(BREAKER_OPEN_FOR).expect("a later instant");
        assert!(client.admits(later), "one probe");
        assert!(!client.admits(later), "the others wait for it");
        client.learn(&Reply::Answered { status: 200, body: Vec::new() }, later);
        assert!(client.admits(later));
    }
}
