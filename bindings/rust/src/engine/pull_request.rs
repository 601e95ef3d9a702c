//! Opening a pull request: one call of GitHub's API, made only where a token is given.

use super::EngineError;
use finops_core::{
    error::shorten,
    json::{Json, Limits, read},
};
use std::time::Duration;

/// Where pull requests are opened.
#[derive(Clone)]
pub struct GitHub {
    /// The token; it is sent to the API and nowhere else.
    pub token: String,
    /// `owner/name`.
    pub repository: String,
    /// The branch that takes the change.
    pub base: String,
    /// The API; `https://api.github.com` but for servers of one's own.
    pub api_url: String,
    /// The whole exchange.
    pub timeout: Duration,
}

impl std::fmt::Debug for GitHub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitHub")
            .field("repository", &self.repository)
            .field("base", &self.base)
            .field("api_url", &self.api_url)
            .finish_non_exhaustive()
    }
}

/// The API of the public service.
pub const API_URL: &str = "https://api.github.com";
/// An answer longer than this is none.
const ANSWER_MAX: u64 = 4 << 20;
/// The version of the API (docs.github.com, REST API versions).
const API_VERSION: &str = "2022-11-28";

/// A pull request that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Its number.
    pub number: u64,
    /// Its page.
    pub url: String,
}

fn refused(status: Option<u16>, problem: impl Into<String>) -> EngineError {
    EngineError::PullRequest { status, problem: problem.into() }
}

fn is_repository(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !matches!(part, "." | "..")
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    text.split_once('/').is_some_and(|(owner, name)| part(owner) && part(name))
}

/// Opens a pull request for a change in its wire form; its branch must be on the service already.
///
/// # Errors
/// `engine.pull_request` for a repository or URL that is none, and for what the service refuses.
pub fn open(change: &Json, at: &GitHub) -> Result<Opened, EngineError> {
    if !is_repository(&at.repository) {
        let name = shorten(&at.repository);
        return Err(refused(None, format!("`{name}` is no repository; write it like `owner/name`")));
    }
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    if !at.api_url.starts_with("https://") && !local.iter().any(|start| at.api_url.starts_with(start)) {
        return Err(refused(None, "the API must be reached over https, because it is sent a token"));
    }
    if at.token.trim().is_empty() || at.token.chars().any(char::is_control) {
        return Err(refused(None, "there is no token; give one that may open pull requests"));
    }
    let text = |name: &str| Json::from(change.get(name).and_then(Json::as_str).unwrap_or_default());
    let draft = change.get("status").and_then(Json::as_str) == Some("draft")
        || change.get("requires_approval").and_then(Json::as_bool) == Some(true);
    let body = Json::object([
        ("title", text("title")),
        ("head", text("branch_name")),
        ("base", at.base.as_str().into()),
        ("body", text("description")),
        ("draft", draft.into()),
    ]);
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(at.timeout))
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(concat!("finops/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let url = format!("{}/repos/{}/pulls", at.api_url.trim_end_matches('/'), at.repository);
    let answer = agent
        .post(&url)
        .header("Authorization", format!("Bearer {}", at.token.trim()))
        .header("Accept", "application/vnd.github+json")
        .header("X-GitHub-Api-Version", API_VERSION)
        .header("Content-Type", "application/json")
        .send(body.to_text());
    let mut answer = answer.map_err(|error| refused(None, shorten(&error.to_string())))?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(ANSWER_MAX).read_to_vec();
    let body = body.map_err(|error| refused(Some(status), shorten(&error.to_string())))?;
    let said = read(&body, &Limits::default()).unwrap_or(Json::Null);
    let number = said.get("number").and_then(Json::as_number).and_then(finops_core::json::Number::as_u64);
    let url = said.get("html_url").and_then(Json::as_str);
    match (status, number, url) {
        (200..=299, Some(number), Some(url)) => Ok(Opened { number, url: url.to_owned() }),
        (200..=299, ..) => Err(refused(Some(status), "the answer names no pull request")),
        _ => {
            let message = said.get("message").and_then(Json::as_str).unwrap_or("no reason is given");
            let details = said.get("errors").and_then(Json::as_array).unwrap_or_default().iter();
            let details = details.filter_map(|error| error.get("message").and_then(Json::as_str));
            let parts: Vec<String> = [message].into_iter().chain(details).map(shorten).collect();
            Err(refused(Some(status), format!("the service answers {status}: {}", parts.join("; "))))
        }
    }
}
