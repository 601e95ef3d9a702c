//! Requests to carry out: what to send where, with secrets that do not show.

use super::{Feed, electricity_maps, uk_carbon_intensity, watttime};
use crate::{carbon::CarbonError, error::ConfigError, time::Timestamp};
use std::fmt;

/// Seconds after which a request is given up.
pub const TIMEOUT_S: u32 = 10;

/// A password, key or token. It shows as `…`; [`Secret::reveal`] is the one way to its text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, to be sent and not to be shown.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A request for a binding to carry out, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`.
    pub method: &'static str,
    /// Where to. It holds no secret.
    pub url: String,
    /// Names and values of the headers.
    pub headers: Vec<(&'static str, Secret)>,
    /// Seconds after which to give up.
    pub timeout_s: u32,
}

/// What a feed may need to be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Electricity Maps: the zone.
    pub zone: Option<String>,
    /// `WattTime`: the region.
    pub region: Option<String>,
    /// `WattTime`: `co2_moer` (when absent) or `co2_aoer`.
    pub signal_type: Option<String>,
    /// Electricity Maps and `WattTime`: the token.
    pub token: Option<Secret>,
    /// `WattTime` login: the name.
    pub username: Option<String>,
    /// `WattTime` login: the password.
    pub password: Option<Secret>,
    /// GB Carbon Intensity: the first instant, with `to`.
    pub from: Option<Timestamp>,
    /// GB Carbon Intensity: the last instant, with `from`.
    pub to: Option<Timestamp>,
    /// GB Carbon Intensity: the outward part of a postcode.
    pub postcode: Option<String>,
}

/// The request that asks `feed` for what `parameters` say.
///
/// # Errors
/// `config.invalid` naming the parameter that is missing or of no use.
pub fn request(feed: Feed, parameters: Parameters) -> Result<HttpRequest, CarbonError> {
    let Parameters { zone, region, signal_type, token, username, password, from, to, postcode } = parameters;
    let need = |name: &str, value: Option<String>| value.ok_or_else(|| missing(name));
    let secret = |name: &str, value: Option<Secret>| value.ok_or_else(|| missing(name));
    let maps = |what: &str, zone, token| {
        electricity_maps::request(what, &need("zone", zone)?, secret("token", token)?)
    };
    match feed {
        Feed::ElectricityMapsLatest => maps("latest", zone, token),
        Feed::ElectricityMapsForecast => maps("forecast", zone, token),
        Feed::ElectricityMapsHistory => maps("history", zone, token),
        Feed::WattTimeLogin => watttime::login(&need("username", username)?, &secret("password", password)?),
        Feed::WattTimeForecast => {
            let signal_type = signal_type.as_deref().unwrap_or("co2_moer");
            watttime::request(&need("region", region)?, signal_type, &secret("token", token)?)
        }
        Feed::UkIntensity => match (from, to) {
            (None, None) => uk_carbon_intensity::request(None),
            (Some(from), Some(to)) => uk_carbon_intensity::request(Some((from, to))),
            (Some(_), None) => Err(missing("to")),
            (None, Some(_)) => Err(missing("from")),
        },
        Feed::UkRegional => uk_carbon_intensity::request_regional(postcode.as_deref()),
        Feed::GsfRegions => {
            let help = "download it and pass its text to the parser";
            Err(ConfigError::new("feed", feed, "a file that the user supplies", help).into())
        }
    }
}

fn missing(name: &str) -> CarbonError {
    ConfigError::new(name, "", "missing", "give a value").into()
}

/// A `GET` of `url`; each header has its name, the parameter it comes from, and its value.
pub(super) fn get(
    url: String,
    headers: Vec<(&'static str, &str, Secret)>,
) -> Result<HttpRequest, CarbonError> {
    let carried = |(name, parameter, value): (&'static str, &str, Secret)| {
        let printable = value.reveal().bytes().all(|b| (b' '..=b'~').contains(&b));
        if printable && !value.reveal().trim().is_empty() {
            Ok((name, value))
        } else {
            // The value is secret even when it is wrong.
            let help = "give printable ASCII without line breaks";
            Err(CarbonError::from(ConfigError::new(parameter, "…", "no header can carry it", help)))
        }
    };
    let headers = headers.into_iter().map(carried).collect::<Result<_, _>>()?;
    Ok(HttpRequest { method: "GET", url, headers, timeout_s: TIMEOUT_S })
}

/// `base` with path segments and a query, both escaped.
pub(super) fn url(base: &str, segments: &[&str], query: &[(&str, &str)]) -> Result<String, CarbonError> {
    let mut url = base.to_owned();
    for (at, segment) in segments.iter().enumerate() {
        // An empty segment or one of dots would name another place.
        if segment.trim().is_empty() || segment.trim().bytes().all(|b| b == b'.') {
            return Err(ConfigError::new("url", segment, "not a place to ask for", "give its name").into());
        }
        if at > 0 {
            url.push('/');
        }
        escape(segment.trim(), &mut url);
    }
    for (at, (name, value)) in query.iter().enumerate() {
        if value.trim().is_empty() {
            return Err(missing(name));
        }
        url.push(if at == 0 { '?' } else { '&' });
        url.push_str(name);
        url.push('=');
        escape(value.trim(), &mut url);
    }
    Ok(url)
}

/// Percent-encoding of everything but the unreserved characters of RFC 3986 and the colon of times.
fn escape(text: &str, url: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':') {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
}

pub(super) fn bearer(token: &Secret) -> Result<Secret, CarbonError> {
    if token.reveal().trim().is_empty() {
        return Err(missing("token"));
    }
    Ok(Secret::new(format!("Bearer {}", token.reveal())))
}

/// RFC 7617.
pub(super) fn basic(username: &str, password: &Secret) -> Result<Secret, CarbonError> {
    if username.is_empty() || username.contains(':') {
        return Err(ConfigError::new(
            "username",
            username,
            "blank or with a colon",
            "give the name you registered",
        )
        .into());
    }
    if password.reveal().is_empty() {
        return Err(missing("password"));
    }
    let pair = format!("{username}:{}", password.reveal());
    Ok(Secret::new(format!("Basic {}", base64(pair.as_bytes()))))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let index = usize::try_from(bits >> shift & 63).unwrap_or_default();
            let digit = ALPHABET.get(index).copied().unwrap_or(b'=');
            out.push(if at <= group.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(feed: Feed, change: impl FnOnce(&mut Parameters)) -> Result<HttpRequest, CarbonError> {
        let mut parameters = Parameters::default();
        change(&mut parameters);
        request(feed, parameters)
    }

    #[test]
    fn every_feed_is_asked_at_its_documented_place() {
        let at = |text: &str| Some(text.parse().unwrap());
        let asked = [
            ask(Feed::ElectricityMapsForecast, |p| {
                (p.zone, p.token) = (Some("US-CAL-CISO".into()), Some(Secret::new("k")))
            }),
            ask(Feed::WattTimeForecast, |p| {
                (p.region, p.token) = (Some("PJM DC&x=1".into()), Some(Secret::new("k")))
            }),
            ask(Feed::WattTimeLogin, |p| {
                (p.username, p.password) = (Some("ada".into()), Some(Secret::new("pässword")))
            }),
            ask(Feed::UkIntensity, |_| ()),
            ask(Feed::UkIntensity, |p| {
                (p.from, p.to) = (at("2026-01-20T12:00:30Z"), at("2026-01-21T12:00:00Z"))
            }),
            ask(Feed::UkRegional, |p| p.postcode = Some("RG10".into())),
        ]
        .map(Result::unwrap);
        let urls: Vec<&str> = asked.iter().map(|request| request.url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "https://api.electricitymaps.com/v3/carbon-intensity/forecast?zone=US-CAL-CISO",
                "https://api.watttime.org/v3/forecast?region=PJM%20DC%26x%3D1&signal_type=co2_moer",
                "https://api.watttime.org/login",
                "https://api.carbonintensity.org.uk/intensity",
                "https://api.carbonintensity.org.uk/intensity/2026-01-20T12:00Z/2026-01-21T12:00Z",
                "https://api.carbonintensity.org.uk/regional/postcode/RG10",
            ]
        );
        assert_eq!(asked[0].headers, [("auth-token", Secret::new("k"))]);
        assert_eq!(asked[1].headers, [("Authorization", Secret::new("Bearer k"))]);
        assert_eq!(asked[2].headers, [("Authorization", Secret::new("Basic YWRhOnDDpHNzd29yZA=="))]);
        assert!(asked.iter().all(|request| request.method == "GET" && request.timeout_s == 10));
    }

    #[test]
    fn secrets_show_neither_in_requests_nor_in_errors() {
        let secret = || Some(Secret::new("hunter2\nhunter2"));
        let fine = ask(Feed::ElectricityMapsLatest, |p| {
            (p.zone, p.token) = (Some("DE".into()), Some(Secret::new("hunter2")))
        });
        assert!(!format!("{:?}", fine.unwrap()).contains("hunter2"));
        let bad = ask(Feed::ElectricityMapsLatest, |p| (p.zone, p.token) = (Some("DE".into()), secret()))
            .unwrap_err();
        assert_eq!((bad.code(), bad.path()), ("config.invalid", "token"));
        assert!(!format!("{bad} {bad:?}").contains("hunter2"));
        let parameters = Parameters { token: secret(), password: secret(), ..Parameters::default() };
        assert!(!format!("{parameters:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let name = |feed, change: fn(&mut Parameters)| ask(feed, change).unwrap_err().path().to_owned();
        assert_eq!(name(Feed::ElectricityMapsLatest, |_| ()), "zone");
        assert_eq!(name(Feed::ElectricityMapsLatest, |p| p.zone = Some("DE".into())), "token");
        assert_eq!(name(Feed::WattTimeForecast, |p| p.token = Some(Secret::new("t"))), "region");
        assert_eq!(name(Feed::UkIntensity, |p| p.to = Some(Timestamp::MAX)), "from");
        assert_eq!(name(Feed::UkRegional, |p| p.postcode = Some("..".into())), "url");
        assert_eq!(name(Feed::GsfRegions, |_| ()), "feed");
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
