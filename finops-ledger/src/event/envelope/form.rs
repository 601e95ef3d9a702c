//! The forms of the fields, by hand instead of by regular expressions: each is checked on every append.

use finops_core::time::Timestamp;

/// `^(?!.*//)[A-Za-z0-9][A-Za-z0-9._~/-]{0,198}[A-Za-z0-9]$`, legal as C2SP origin and key name.
#[must_use]
pub fn is_origin(text: &str) -> bool {
    let bytes = text.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    (2..=200).contains(&bytes.len())
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._~/-".contains(byte))
        && !text.contains("//")
}

/// `^[A-Za-z0-9][A-Za-z0-9._:~-]{0,63}$`.
#[must_use]
pub fn is_event_id(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=64).contains(&bytes.len())
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._:~-".contains(byte))
}

/// `^[a-z]{2,16}:[A-Za-z0-9._~/-]{1,111}$`.
#[must_use]
pub fn is_actor(text: &str) -> bool {
    text.split_once(':').is_some_and(|(sort, name)| {
        (2..=16).contains(&sort.len())
            && sort.bytes().all(|byte| byte.is_ascii_lowercase())
            && (1..=111).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~/-".contains(&byte))
    })
}

/// `^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,3}$` of 3 to 64 characters.
#[must_use]
pub fn is_kind(text: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    (3..=64).contains(&text.len()) && text.split('.').all(word) && (2..=4).contains(&text.split('.').count())
}

/// The microseconds since 1970 of `YYYY-MM-DDTHH:MM:SS.ffffffZ`; `None` for any other text.
#[must_use]
pub fn parse_at(text: &str) -> Option<i64> {
    let bytes: &[u8; 27] = text.as_bytes().try_into().ok()?;
    let (date, time) = bytes.split_first_chunk::<10>()?;
    let [b'T', h0, h1, b':', m0, m1, b':', s0, s1, b'.', fraction @ .., b'Z'] = time else { return None };
    let limited = |digits: &[u8], end: i64| digits_of(digits).filter(|number| *number < end);
    let hours = limited(&[*h0, *h1], 24)?;
    let minutes = limited(&[*m0, *m1], 60)?;
    let seconds = limited(&[*s0, *s1], 60)?;
    let of_day = hours.checked_mul(60)?.checked_add(minutes)?.checked_mul(60)?.checked_add(seconds)?;
    let microseconds = of_day.checked_mul(1_000_000)?.checked_add(digits_of(fraction)?)?;
    parse_date(date)?.ms().checked_mul(1000)?.checked_add(microseconds)
}

/// Midnight UTC of a real date `YYYY-MM-DD` of the years 0001 to 9999.
pub(crate) fn parse_date(text: &[u8]) -> Option<Timestamp> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text else { return None };
    Timestamp::from_date(digits_of(&[*y0, *y1, *y2, *y3])?, digits_of(&[*m0, *m1])?, digits_of(&[*d0, *d1])?)
}

fn digits_of(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |number, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(i64::from(digit))
    })
}
