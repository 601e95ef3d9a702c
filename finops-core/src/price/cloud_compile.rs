//! From the rows of `cloud.csv` to a table in the layout of [`cloud`](super::cloud). Part of `build.rs` alone.

use super::cloud::MAGIC;
use std::collections::BTreeMap;

/// A price: region, source, digits after the point and the digits.
type Price = (u8, u8, u8, u32);

/// Compiles `cloud.csv` and `cloud_sources.csv`.
///
/// # Errors
/// The first line that cannot be used, and why.
pub fn compile(rows: &str, sources: &str) -> Result<Vec<u8>, String> {
    let sources: Vec<Vec<&str>> = sources.lines().skip(1).map(|line| line.splitn(5, ',').collect()).collect();
    let mut parsed = Vec::new();
    let mut regions = BTreeMap::new();
    for line in rows.lines().skip(1) {
        let mut fields = line.split(',');
        let mut next = || fields.next().ok_or_else(|| format!("too few columns: {line}"));
        let (sku, region, price, source) = (next()?, next()?, next()?, next()?);
        regions.insert(region, 0_u8);
        parsed.push((sku, region, price, source));
    }
    for (index, place) in (0_u8..=u8::MAX).zip(regions.values_mut()) {
        *place = index;
    }
    if regions.len() > usize::from(u8::MAX) || sources.len() > usize::from(u8::MAX) {
        return Err("more regions or sources than a byte names".to_owned());
    }
    let mut skus: BTreeMap<&str, Vec<Price>> = BTreeMap::new();
    for (sku, region, price, source) in parsed {
        let known = sources.iter().position(|row| row.first() == Some(&source));
        let known = known.and_then(|index| u8::try_from(index).ok());
        let known = known.ok_or_else(|| format!("no source `{source}`"))?;
        let (digits, mantissa) = digits(price).ok_or_else(|| format!("no price: `{price}` of {sku}"))?;
        let region = regions.get(region).copied().unwrap_or_default();
        skus.entry(sku).or_default().push((region, known, digits, mantissa));
    }
    write(skus, &regions, &sources)
}

/// Digits after the point and the number without its point.
fn digits(price: &str) -> Option<(u8, u32)> {
    let (whole, fraction) = price.split_once('.').unwrap_or((price, ""));
    Some((u8::try_from(fraction.len()).ok()?, [whole, fraction].concat().parse().ok()?))
}

fn write(
    skus: BTreeMap<&str, Vec<Price>>,
    regions: &BTreeMap<&str, u8>,
    sources: &[Vec<&str>],
) -> Result<Vec<u8>, String> {
    let count = |number: usize| u32::try_from(number).map_err(|_| "too many rows".to_owned());
    let rows: usize = skus.values().map(Vec::len).sum();
    let mut out = MAGIC.to_vec();
    for number in [skus.len(), regions.len(), sources.len(), rows] {
        out.extend(count(number)?.to_le_bytes());
    }
    let mut text = String::new();
    let mut strings: Vec<&str> = skus.keys().chain(regions.keys()).copied().collect();
    let mut verified = Vec::new();
    for source in sources {
        let [id, currency, from, read, title] = source.as_slice() else {
            return Err(format!("a source needs five columns: {source:?}"));
        };
        strings.extend([id, currency, from, title]);
        verified.push(u8::from(*read == "true"));
    }
    for string in strings {
        text.push_str(string);
        out.extend(count(text.len())?.to_le_bytes());
    }
    let mut first = 0_usize;
    for prices in skus.values() {
        out.extend(count(first)?.to_le_bytes());
        first = first.saturating_add(prices.len());
    }
    out.extend(count(first)?.to_le_bytes());
    for (sku, mut prices) in skus {
        prices.sort_unstable();
        if prices.windows(2).any(|pair| matches!(pair, [a, b] if a.0 == b.0)) {
            return Err(format!("two prices of {sku} in one region"));
        }
        for (region, source, digits, mantissa) in prices {
            out.extend([region, source, digits, 0]);
            out.extend(mantissa.to_le_bytes());
        }
    }
    out.extend(verified);
    out.extend(text.as_bytes());
    Ok(out)
}
