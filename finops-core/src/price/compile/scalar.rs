//! Scalars of the catalogue, in the one form that it allows each.

/// Femtodollars in one US dollar a million uses, and a use: 15 decimals less 6, and 15.
const MTOK_DECIMALS: usize = 9;
const USE_DECIMALS: usize = 15;

/// USD per million tokens, exactly, in femtodollars a token.
pub fn usd_per_mtok(text: &str) -> Option<i64> {
    scaled(text, MTOK_DECIMALS)
}

/// USD per use, exactly, in femtodollars.
pub fn usd_per_use(text: &str) -> Option<i64> {
    scaled(text, USE_DECIMALS)
}

/// `text` as a plain decimal times `10^decimals`; `None` when that is no whole number below 2^63.
fn scaled(text: &str, decimals: usize) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let plain = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit());
    let canonical_whole = whole == "0" || !whole.starts_with('0');
    let canonical_fraction = !text.contains('.') || (!fraction.is_empty() && !fraction.ends_with('0'));
    if whole.is_empty()
        || !plain(whole)
        || !plain(fraction)
        || !canonical_whole
        || !canonical_fraction
        || fraction.len() > decimals
    {
        return None;
    }
    let padding = decimals.checked_sub(fraction.len())?;
    format!("{whole}{fraction}{}", "0".repeat(padding)).parse().ok()
}

/// Days since 1970 of `YYYY-MM-DD`, from 1970 to 2099.
pub fn day(text: &str) -> Option<u16> {
    let bytes: &[u8; 10] = text.as_bytes().try_into().ok()?;
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *bytes else { return None };
    let year = two(y0, y1)?.checked_mul(100)?.checked_add(two(y2, y3)?)?;
    let (month, day) = (two(m0, m1)?, two(d0, d1)?);
    if !(1970..=2099).contains(&year)
        || !(1..=12).contains(&month)
        || day < 1
        || day > month_days(year, month)
    {
        return None;
    }
    let years = (1970..year).map(|y| if leap(y) { 366 } else { 365 });
    let months = (1..month).map(|m| month_days(year, m));
    let days = years.chain(months).fold(day.checked_sub(1)?, u32::saturating_add);
    u16::try_from(days).ok()
}

/// `YYYY-MM-DD` of the days since 1970.
pub fn day_text(days: u16) -> String {
    let mut rest = u32::from(days);
    let mut year = 1970_u32;
    loop {
        let length = if leap(year) { 366 } else { 365 };
        match rest.checked_sub(length) {
            None => break,
            Some(less) => rest = less,
        }
        year = year.saturating_add(1);
    }
    let mut month = 1_u32;
    while let Some(less) = rest.checked_sub(month_days(year, month)) {
        rest = less;
        month = month.saturating_add(1);
    }
    format!("{year:04}-{month:02}-{:02}", rest.saturating_add(1))
}

/// Seconds since 1970 of `YYYY-MM-DDTHH:MM:SSZ`, after 1970-01-01 and before 2100.
pub fn instant(text: &str) -> Option<u32> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let &[h0, h1, b':', m0, m1, b':', s0, s1] = time.as_bytes() else { return None };
    let (hour, minute, second) = (two(h0, h1)?, two(m0, m1)?, two(s0, s1)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let of_day = hour.checked_mul(3600)?.checked_add(minute.checked_mul(60)?)?.checked_add(second)?;
    let seconds = u32::from(day(date)?).checked_mul(86_400)?.checked_add(of_day)?;
    (seconds > 0).then_some(seconds)
}

/// The text that [`instant`] reads.
pub fn instant_text(seconds: u32) -> String {
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (hour, minute, second) =
        (of_day.div_euclid(3600), of_day.div_euclid(60).rem_euclid(60), of_day.rem_euclid(60));
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", day_text(u16::try_from(days).unwrap_or(u16::MAX)))
}

/// Minutes since midnight of `HH:MM`; `24:00` is the end of the day.
pub fn minute_of_day(text: &str) -> Option<u16> {
    let &[h0, h1, b':', m0, m1] = text.as_bytes() else { return None };
    let (hour, minute) = (two(h0, h1)?, two(m0, m1)?);
    let minutes = hour.checked_mul(60)?.checked_add(minute)?;
    (minute < 60 && minutes <= 1440).then_some(u16::try_from(minutes).ok()?)
}

/// The text that [`minute_of_day`] reads.
pub fn minute_text(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes.div_euclid(60), minutes.rem_euclid(60))
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    let digit = |b: u8| b.is_ascii_digit().then(|| u32::from(b.wrapping_sub(b'0')));
    digit(tens)?.checked_mul(10)?.checked_add(digit(ones)?)
}

const fn leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn month_days(year: u32, month: u32) -> u32 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::decimal;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    #[test]
    fn reads_one_form_only() {
        assert_eq!(usd_per_mtok("0.15"), Some(150_000_000));
        assert_eq!(usd_per_use("0.01"), Some(10_000_000_000_000));
        for text in ["", "-1", "1.", ".5", "0.50", "00.5", "1e3", "0.0000000001", "99999999999"] {
            assert_eq!(usd_per_mtok(text), None, "{text}");
        }
        assert_eq!(instant("1970-01-02T00:00:01Z"), Some(86_401));
        assert_eq!(instant("2025-08-07T00:00:00Z"), Some(1_754_524_800));
        for text in [
            "2025-02-29T00:00:00Z",
            "2025-08-07T24:00:00Z",
            "2025-08-07",
            "2025-08-07T00:00:00.5Z",
            "1970-01-01T00:00:00Z",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
        assert_eq!(
            (minute_of_day("16:30"), minute_of_day("24:00"), minute_of_day("24:01")),
            (Some(990), Some(1440), None)
        );
    }

    proptest! {
        #[test]
        fn scalars_round_trip(seconds in 1_u32..4_102_444_800, rate in 0..i64::MAX, minute in 0_u16..1441) {
            prop_assert_eq!(instant(&instant_text(seconds)), Some(seconds));
            let (per_mtok, per_use) = (Decimal::new(rate, 9), Decimal::new(rate, 15));
            prop_assert_eq!(usd_per_mtok(&decimal::text(per_mtok)), Some(rate));
            prop_assert_eq!(usd_per_use(&decimal::text(per_use)), Some(rate));
            prop_assert_eq!(minute_of_day(&minute_text(minute)), Some(minute));
        }
    }
}
