//! Carrying out the requests of intensity services: one request a call, no retry, answers kept for 300 s.

use finops_core::carbon::{
    Assumption, Assumptions, CarbonError, Intensity,
    feed::{self, Feed, HttpRequest, Parameters, Parsed, Secret, Select},
    zone,
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long an answer is good: the services publish every 5 to 60 minutes.
pub const CACHE_FOR: Duration = Duration::from_secs(300);

/// An answer larger than this is no intensity.
const BODY_MAX_BYTES: u64 = 16 << 20;
/// No more answers are kept at once.
const ANSWERS_MAX: usize = 256;

/// Sends requests.
pub trait Transport: Send + Sync {
    /// Sends `request` once; its secrets must not reach the error.
    ///
    /// # Errors
    /// A short reason why there is no answer.
    fn send(&self, request: &HttpRequest) -> Result<Response, String>;
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Sends requests with `ureq`, without following redirects: they would carry a key elsewhere.
#[derive(Debug, Clone)]
pub struct Ureq(ureq::Agent);

impl Default for Ureq {
    fn default() -> Self {
        Self(ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().new_agent())
    }
}

impl Transport for Ureq {
    fn send(&self, request: &HttpRequest) -> Result<Response, String> {
        let timeout = Duration::from_secs(u64::from(request.timeout_s));
        let mut call = self.0.get(&request.url).config().timeout_global(Some(timeout)).build();
        for (name, value) in &request.headers {
            call = call.header(*name, value.reveal());
        }
        let mut response = call.call().map_err(reason)?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(BODY_MAX_BYTES).read_to_vec().map_err(reason)?;
        Ok(Response { status, body })
    }
}

/// A reason in fixed words: an error's own could repeat what was sent.
#[expect(clippy::needless_pass_by_value, reason = "maps an error")]
fn reason(error: ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "no answer in time",
        ureq::Error::HostNotFound => "the host is not found",
        ureq::Error::BodyExceedsLimit(_) => "the answer is too large",
        ureq::Error::Io(_) | ureq::Error::ConnectionFailed => "the connection failed",
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "no secure connection",
        _ => "no usable answer",
    }
    .to_owned()
}

/// One intensity and what was assumed for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetched {
    /// The intensity.
    pub intensity: Intensity,
    /// `feed_unavailable` when the annual table stands in for the service.
    pub assumptions: Assumptions,
}

/// Asks intensity services and keeps their answers.
pub struct Fetcher {
    transport: Box<dyn Transport>,
    now: Box<dyn Fn() -> Instant + Send + Sync>,
    answers: Mutex<BTreeMap<String, Answer>>,
}

impl std::fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetcher").finish_non_exhaustive()
    }
}

struct Answer {
    /// An answer to one key is not for another.
    headers: Vec<(&'static str, Secret)>,
    at: Instant,
    body: Vec<u8>,
}

impl Default for Fetcher {
    fn default() -> Self {
        Self::with(Ureq::default(), Instant::now)
    }
}

impl Fetcher {
    /// Sends through `transport` and takes the time from `now`.
    pub fn with(
        transport: impl Transport + 'static,
        now: impl Fn() -> Instant + Send + Sync + 'static,
    ) -> Self {
        Self { transport: Box::new(transport), now: Box::new(now), answers: Mutex::default() }
    }

    /// The body that answers `request`: one request, or an answer younger than [`CACHE_FOR`] to the same one.
    ///
    /// # Errors
    /// `carbon.feed_refused` when there is no answer or its status is no success.
    pub fn fetch(&self, request: &HttpRequest) -> Result<Vec<u8>, CarbonError> {
        let now = (self.now)();
        if let Some(body) = self.kept(request, now) {
            return Ok(body);
        }
        let refused =
            |path: &str, message: String| CarbonError::FeedRefused { path: path.to_owned(), message };
        let response = self.transport.send(request).map_err(|reason| refused("transport", reason))?;
        if !(200..300).contains(&response.status) {
            return Err(
                explain(&response).unwrap_or_else(|| refused("status", format!("HTTP {}", response.status)))
            );
        }
        self.keep(request, now, &response.body);
        Ok(response.body)
    }

    /// Asks `feed` and reads its answer.
    ///
    /// # Errors
    /// Those of [`feed::request`], [`Fetcher::fetch`] and [`feed::parse`].
    pub fn ask(&self, feed: Feed, parameters: Parameters, select: &Select) -> Result<Parsed, CarbonError> {
        feed::parse(feed, &self.fetch(&feed::request(feed, parameters)?)?, select)
    }

    /// Asks `feed` for one intensity. With `fallback`, a zone of the annual table, that zone's row stands in when the
    /// service gives none, marked `feed_unavailable`.
    ///
    /// # Errors
    /// As [`Fetcher::ask`] without a fallback; `carbon.feed_shape` when the feed gives something else than one intensity;
    /// `carbon.unknown_zone` for an unknown fallback, whether it is needed or not.
    pub fn intensity(
        &self,
        feed: Feed,
        parameters: Parameters,
        select: &Select,
        fallback: Option<&str>,
    ) -> Result<Fetched, CarbonError> {
        let table = fallback.map(zone::intensity).transpose()?;
        let answer = self.ask(feed, parameters, select).and_then(|parsed| match parsed {
            Parsed::Intensity(intensity) => {
                Ok(Fetched { intensity: *intensity, assumptions: Assumptions::NONE })
            }
            _ => Err(CarbonError::feed_shape(
                "body",
                "not one intensity; ask another feed or another selection",
            )),
        });
        match (answer, table) {
            // A wrong argument is the caller's to mend: only what the service did is covered up.
            (Err(error), Some(intensity)) if error.code().starts_with("carbon.feed_") => {
                Ok(Fetched { intensity, assumptions: Assumptions::NONE.with(Assumption::feed_unavailable) })
            }
            (answer, _) => answer,
        }
    }

    fn kept(&self, request: &HttpRequest, now: Instant) -> Option<Vec<u8>> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = answers.get(&request.url)?;
        let fresh = now.saturating_duration_since(answer.at) < CACHE_FOR;
        (fresh && answer.headers == request.headers).then(|| answer.body.clone())
    }

    fn keep(&self, request: &HttpRequest, at: Instant, body: &[u8]) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|_, answer| at.saturating_duration_since(answer.at) < CACHE_FOR);
        if answers.len() < ANSWERS_MAX {
            let answer = Answer { headers: request.headers.clone(), at, body: body.to_vec() };
            answers.insert(request.url.clone(), answer);
        }
    }
}

/// What the service itself says about a refusal, where it does.
fn explain(response: &Response) -> Option<CarbonError> {
    // Any feed will do: an answer that is an error is found before its shape matters.
    let error = feed::parse(Feed::ElectricityMapsLatest, &response.body, &Select::default()).err()?;
    matches!(error, CarbonError::FeedRefused { .. }).then_some(error)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the values tested are exact")]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };

    const UK: &str = r#"{"data":[{"from":"2026-01-20T12:00Z","to":"2026-01-20T12:30Z","intensity":{"forecast":266,"actual":263}}]}"#;

    struct Scripted {
        answer: Result<Response, String>,
        sent: Arc<AtomicU64>,
    }

    impl Transport for Scripted {
        fn send(&self, _: &HttpRequest) -> Result<Response, String> {
            self.sent.fetch_add(1, Ordering::SeqCst);
            self.answer.clone()
        }
    }

    /// A fetcher whose every answer is the same, the count of requests sent, and its clock in seconds.
    fn scripted(answer: Result<(u16, &str), &str>) -> (Fetcher, Arc<AtomicU64>, Arc<AtomicU64>) {
        let (sent, clock) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let answer = answer.map(|(status, body)| Response { status, body: body.as_bytes().to_vec() });
        let transport = Scripted { answer: answer.map_err(str::to_owned), sent: Arc::clone(&sent) };
        let (start, seconds) = (Instant::now(), Arc::clone(&clock));
        let now = move || start.checked_add(Duration::from_secs(seconds.load(Ordering::SeqCst))).unwrap();
        (Fetcher::with(transport, now), sent, clock)
    }

    fn ask(fetcher: &Fetcher, fallback: Option<&str>) -> Result<Fetched, CarbonError> {
        fetcher.intensity(Feed::UkIntensity, Parameters::default(), &Select::default(), fallback)
    }

    #[test]
    fn an_answer_is_kept_for_five_minutes() {
        let (fetcher, sent, clock) = scripted(Ok((200, UK)));
        for (second, requests) in [(0, 1), (299, 1), (300, 2), (599, 2), (600, 3)] {
            clock.store(second, Ordering::SeqCst);
            assert_eq!(ask(&fetcher, None).unwrap().intensity.g_per_kwh.central, 263.0);
            assert_eq!(sent.load(Ordering::SeqCst), requests, "{second}");
        }
    }

    #[test]
    fn an_answer_to_one_key_is_not_given_to_another() {
        let (fetcher, sent, _) = scripted(Ok((200, "{}")));
        let request = |token: &str| {
            let (zone, token) = (Some("DE".to_owned()), Some(Secret::new(token)));
            feed::request(Feed::ElectricityMapsLatest, Parameters { zone, token, ..Parameters::default() })
                .unwrap()
        };
        for (token, requests) in [("a", 1), ("a", 1), ("b", 2)] {
            fetcher.fetch(&request(token)).unwrap();
            assert_eq!(sent.load(Ordering::SeqCst), requests);
        }
    }

    #[test]
    fn the_table_stands_in_and_says_so() {
        for answer in
            [Err("no answer in time"), Ok((503, "")), Ok((200, "{}")), Ok((401, r#"{"error":"no key"}"#))]
        {
            let (fetcher, sent, _) = scripted(answer);
            let fetched = ask(&fetcher, Some("GB")).unwrap();
            assert_eq!(fetched.intensity.g_per_kwh.central, 217.41);
            assert!(fetched.assumptions.contains(Assumption::feed_unavailable));
            assert_eq!(sent.load(Ordering::SeqCst), 1, "one request, no retry");
            assert!(ask(&fetcher, None).unwrap_err().code().starts_with("carbon.feed_"));
        }
        let (fetcher, _, _) = scripted(Ok((200, UK)));
        assert!(ask(&fetcher, Some("GB")).unwrap().assumptions.is_empty());
        assert_eq!(ask(&fetcher, Some("Atlantis")).unwrap_err().code(), "carbon.unknown_zone");
    }

    #[test]
    fn refusals_are_not_kept_and_wrong_arguments_not_covered_up() {
        let (fetcher, sent, _) = scripted(Ok((404, r#"{"error":{"message":"no such place"}}"#)));
        for requests in [1, 2] {
            assert_eq!(ask(&fetcher, None).unwrap_err().to_string(), "the feed refused: no such place");
            assert_eq!(sent.load(Ordering::SeqCst), requests);
        }
        let without = fetcher.intensity(
            Feed::ElectricityMapsLatest,
            Parameters::default(),
            &Select::default(),
            Some("DE"),
        );
        assert_eq!(without.unwrap_err().code(), "config.invalid");
    }
}
