//! A remote Open Policy Agent: one question over HTTP, answered or failed within its time.
//!
//! Redirects are not followed, an answer over 1 MiB is none, and after five failures in a row nothing is asked for two
//! seconds. What an answer means is decided by the result contract of `finops_policy`: every fault denies.

use finops_policy::rego::{
    contract::SetAnswer,
    remote::{self, Failure},
};
use std::{
    io::{self, Read},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Where OPA listens when nothing else is said.
pub const URL_DEFAULT: &str = "http://localhost:8181";
/// The path after `/v1/data/` when nothing else is said.
pub const PATH_DEFAULT: &str = "finops";
/// The whole exchange, in milliseconds.
pub const TIMEOUT_DEFAULT_MS: u64 = 500;
/// The connection, which is part of the exchange.
pub const CONNECT_TIMEOUT: Duration = Duration::from_millis(100);
/// One byte more than an answer may have: whoever reads it sees that it is too long.
const ANSWER_READ_BYTES: u64 = (remote::MAX_BODY_BYTES as u64).saturating_add(1);

/// Failures in a row after which nothing is asked for [`BREAKER_OPEN_FOR`].
const BREAKER_FAILURES: u32 = 5;
/// How long nothing is asked; then one question probes.
const BREAKER_OPEN_FOR: Duration = Duration::from_secs(2);

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

    /// Asks with the text of a JSON document as `input`. Every fault is an answer that denies, with its code.
    pub fn ask(&self, input: &str) -> SetAnswer {
        if !self.admits(Instant::now()) {
            return remote::failed(Failure::BreakerOpen);
        }
        let body = format!("{{\"input\":{input}}}");
        let mut reply = self.exchange(&body);
        // Nothing was asked yet when a connection could not be made: asking again asks once.
        if reply == Err(Failure::Refused) {
            reply = self.exchange(&body);
        }
        self.learn(matches!(reply, Ok((0..=499, _))), Instant::now());
        reply.map_or_else(remote::failed, |(status, body)| remote::answered(status, &body))
    }

    fn exchange(&self, body: &str) -> Result<(u16, Vec<u8>), Failure> {
        let request = self.agent.post(&self.url).header("content-type", "application/json");
        let response = request.send(body).map_err(|error| failure(&error))?;
        let status = response.status().as_u16();
        // The body of an error is not read: its status decides.
        if status != 200 {
            return Ok((status, Vec::new()));
        }
        let mut body = Vec::new();
        let mut reader = response.into_body().into_reader().take(ANSWER_READ_BYTES);
        match reader.read_to_end(&mut body) {
            Ok(_) => Ok((status, body)),
            Err(error) => Err(match failure(&ureq::Error::from(error)) {
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

    fn learn(&self, works: bool, now: Instant) {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
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
    use finops_policy::decision::Outcome;
    use std::{
        io::Write,
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

    fn code(url: &str, timeout: Duration) -> Option<&'static str> {
        OpaClient::new(url, PATH_DEFAULT, timeout).ask("{}").code
    }

    #[test]
    fn the_question_goes_to_the_path_and_the_answer_comes_back() {
        let (url, questions) = server(says(
            "HTTP/1.1 200 OK\r\ncontent-length: 25\r\nconnection: close\r\n\r\n{\"result\":{\"allow\":true}}",
        ));
        let client = OpaClient::new(&format!("{url}/"), "/finops/gate", PATIENT);
        let answer = client.ask("{\"a\":0.30}");
        assert_eq!((answer.decision, answer.code), (Outcome::Allow, None));
        let asked = questions.recv().expect("asked");
        assert!(asked.starts_with("POST /v1/data/finops/gate HTTP/1.1"), "{asked}");
        assert!(asked.ends_with("{\"input\":{\"a\":0.30}}"), "{asked}");
    }

    #[test]
    fn a_redirect_is_not_followed() {
        let (url, questions) = server(says(
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        ));
        assert_eq!(code(&url, PATIENT), Some("opa.status"));
        assert_eq!(questions.try_iter().count(), 1);
    }

    #[test]
    fn an_error_an_empty_body_and_an_undefined_decision_deny() {
        for (text, expected) in [
            (
                "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                "opa.status",
            ),
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", "opa.result"),
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}", "opa.undefined"),
        ] {
            let (url, _questions) = server(says(text));
            assert_eq!(code(&url, PATIENT), Some(expected), "{text}");
        }
    }

    #[test]
    fn nobody_listening_and_an_unknown_host_are_unavailable() {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
        assert_eq!(code(&format!("http://{free}"), PATIENT), Some("opa.unavailable"));
        assert_eq!(code("http://opa.invalid", PATIENT), Some("opa.unavailable"));
    }

    #[test]
    fn a_broken_connection_a_large_answer_and_a_stalled_one_are_told_apart() {
        let (url, _questions) = server(drop);
        assert_eq!(code(&url, PATIENT), Some("opa.unavailable"));

        let (url, _questions) = server(|mut stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n");
            let _ = stream.write_all(&vec![b' '; 2_000_000]);
        });
        assert_eq!(code(&url, PATIENT), Some("opa.result"));

        // The server holds its streams, so that neither of these ends by itself.
        let hasty = Duration::from_millis(300);
        let held = Mutex::new(Vec::new());
        let (url, _questions) = server(move |mut stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{");
            held.lock().expect("held").push(stream);
        });
        assert_eq!(code(&url, hasty), Some("opa.timeout"));
        let held = Mutex::new(Vec::new());
        let (url, _questions) = server(move |stream| held.lock().expect("held").push(stream));
        assert_eq!(code(&url, hasty), Some("opa.timeout"));
    }

    #[test]
    fn five_failures_open_the_breaker_and_one_probe_goes_through_later() {
        let client = OpaClient::new(URL_DEFAULT, PATH_DEFAULT, PATIENT);
        let start = Instant::now();
        for _ in 0..BREAKER_FAILURES {
            assert!(client.admits(start));
            client.learn(false, start);
        }
        assert!(!client.admits(start));
        assert_eq!(client.ask("{}").code, Some("opa.unavailable"), "nothing is asked");
        let later = start.checked_add(BREAKER_OPEN_FOR).expect("a later instant");
        assert!(client.admits(later), "one probe");
        assert!(!client.admits(later), "the others wait for it");
        client.learn(true, later);
        assert!(client.admits(later));
    }
}
