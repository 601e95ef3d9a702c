//! From the names that people and providers write to an offering: exactly, or by one of a few anchored forms.

use super::{
    Catalogue, Name, PriceError,
    compile::layout::NONE,
    error::Near,
    table::{NameEntry, Table},
};
use crate::{
    cost::{Assumption, Assumptions, Status},
    time::Timestamp,
};

/// How a name was matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// The provider's own name.
    Exact,
    /// Another listed name of the same thing.
    Alias,
    /// A listed name, in ASCII lower case.
    CaseInsensitive,
    /// `openai/gpt-4o`, `models/...`, `publishers/google/models/...`.
    ProviderPrefix,
    /// `ft:<base>:<org>:<suffix>:<id>` of a listed `ft:<base>`.
    FineTuned,
    /// An unlisted dated snapshot: the base price, estimated.
    DateSuffix,
}

impl Match {
    /// The wire name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Alias => "alias",
            Self::CaseInsensitive => "case_insensitive",
            Self::ProviderPrefix => "provider_prefix",
            Self::FineTuned => "fine_tuned",
            Self::DateSuffix => "date_suffix",
        }
    }
}

/// An offering that was found by name.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Resolved {
    /// Who sells it.
    pub provider: Name,
    /// The provider's name for it.
    pub model: Name,
    /// How it was matched.
    #[serde(rename = "match")]
    pub matched: Match,
    /// `estimated` for an unlisted snapshot, else `priced`.
    pub status: Status,
    /// `same_price_hosts`, `date_suffix`, `case_insensitive`, `fine_tuned`.
    pub assumptions: Assumptions,
}

/// An offering by index, and how it was found: what the hot path carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    pub offering: u16,
    pub matched: Match,
    pub assumptions: Assumptions,
    /// Whether an unlisted date was cut off, also behind a provider prefix.
    pub snapshot: bool,
}

/// Why nothing was found; [`explain`] makes the error of it, which takes longer than to find that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Miss {
    UnknownProvider,
    UnknownModel,
    Ambiguous(u16),
}

/// Names of providers beside the catalogue's own: section 4.3 of the metering specification.
const PROVIDER_ALIASES: [(&str, &str); 5] = [
    ("x-ai", "xai"),
    ("amazon-bedrock", "bedrock"),
    ("aws", "bedrock"),
    ("gemini", "google"),
    ("vertex_ai", "vertex"),
];

/// Providers whose machines are the caller's own.
const SELF_HOSTED: [&str; 4] = ["llamacpp", "ollama", "tgi", "vllm"];

/// The provider's own spelling of an alias, in any case; other names stay.
#[must_use]
pub(crate) fn provider_alias(name: &str) -> &str {
    let name = name.trim_ascii();
    PROVIDER_ALIASES.iter().find(|(alias, _)| name.eq_ignore_ascii_case(alias)).map_or(name, |(_, own)| own)
}

/// Whether two names mean the same provider.
#[must_use]
pub(crate) fn same_provider(a: &str, b: &str) -> bool {
    a == b || provider_alias(a).eq_ignore_ascii_case(provider_alias(b))
}

/// Whether `provider` runs on the caller's own machines.
#[must_use]
#[inline]
pub(crate) fn is_self_hosted(provider: &str) -> bool {
    let name = provider.trim_ascii();
    SELF_HOSTED.iter().any(|own| name.eq_ignore_ascii_case(own))
}

/// Finds what is sold as `model`.
#[inline]
pub(crate) fn find(table: &Table, provider: Option<&str>, model: &str) -> Result<Hit, Miss> {
    let model = model.trim_ascii();
    // The common case first: a listed name, and the provider as the catalogue writes it.
    if let Some((name, true)) = table.lookup(model.as_bytes()).next() {
        if let Some(provider) = provider {
            let own = table
                .candidates(name)
                .find(|c| table.text_bytes(table.provider(c.provider)) == provider.as_bytes());
            if let Some(candidate) = own {
                return Ok(listed(candidate.offering, candidate.alias));
            }
        } else if !model.as_bytes().contains(&b'/') {
            return by_default(table, &name, true);
        }
    }
    find_slowly(table, provider, model)
}

const fn listed(offering: u16, alias: bool) -> Hit {
    let matched = if alias { Match::Alias } else { Match::Exact };
    Hit { offering, matched, assumptions: Assumptions::NONE, snapshot: false }
}

fn find_slowly(table: &Table, provider: Option<&str>, model: &str) -> Result<Hit, Miss> {
    match provider.map(str::trim_ascii).filter(|name| !name.is_empty()) {
        Some(provider) => {
            let own = provider_alias(provider).to_ascii_lowercase();
            let seller = table.provider_index(&own).ok_or(Miss::UnknownProvider)?;
            let listed = direct(table, Some(seller), model)?;
            listed
                .map_or_else(|| prefixed(table, Some(seller), model), |hit| Ok(Some(hit)))?
                .map_or_else(|| derived(table, Some(seller), model), |hit| Ok(Some(hit)))?
                .ok_or(Miss::UnknownModel)
        }
        None => prefixed(table, None, model)?
            .map_or_else(|| direct(table, None, model), |hit| Ok(Some(hit)))?
            .map_or_else(|| derived(table, None, model), |hit| Ok(Some(hit)))?
            .ok_or(Miss::UnknownModel),
    }
}

/// Steps 1 to 3: a listed name, exactly or in lower case.
fn direct(table: &Table, seller: Option<u8>, model: &str) -> Result<Option<Hit>, Miss> {
    let mut other_case = None;
    let mut ambiguous = None;
    for (name, exact) in table.lookup(model.as_bytes()) {
        let found = match seller {
            Some(seller) => {
                let own = table.candidates(name).find(|c| c.provider == seller);
                Ok(own.map(|c| listed(c.offering, c.alias)))
            }
            None => by_default(table, &name, exact).map(Some),
        };
        match found {
            Ok(Some(hit)) if exact => return Ok(Some(hit)),
            Ok(Some(hit)) => match other_case {
                Some(Hit { offering, .. }) if offering != hit.offering => ambiguous = Some(name.text),
                _ => other_case = Some(hit),
            },
            Ok(None) => {}
            Err(miss) if exact => return Err(miss),
            Err(_) => ambiguous = Some(name.text),
        }
    }
    match (ambiguous, other_case) {
        (Some(name), _) => Err(Miss::Ambiguous(name)),
        (None, Some(hit)) => Ok(Some(Hit {
            matched: Match::CaseInsensitive,
            assumptions: hit.assumptions.with(Assumption::case_insensitive),
            ..hit
        })),
        (None, None) => Ok(None),
    }
}

/// The offering that a name alone means.
fn by_default(table: &Table, name: &NameEntry, exact: bool) -> Result<Hit, Miss> {
    if name.default == NONE {
        return Err(Miss::Ambiguous(name.text));
    }
    let alias = exact && table.candidates(*name).any(|c| c.offering == name.default && c.alias);
    let mut hit = listed(name.default, alias);
    if name.several {
        hit.assumptions.insert(Assumption::same_price_hosts);
    }
    Ok(hit)
}

/// Step 4: a name behind its provider.
fn prefixed(table: &Table, seller: Option<u8>, model: &str) -> Result<Option<Hit>, Miss> {
    let Some((prefix, rest)) = model.split_once('/') else { return Ok(None) };
    let is = |name: &str| prefix.eq_ignore_ascii_case(name);
    let (owner, rest) = if is("models") {
        (google(table, seller, "google"), rest)
    } else if is("publishers") {
        let Some((_, rest)) = rest.split_once("/models/") else { return Ok(None) };
        (google(table, seller, "vertex"), rest)
    } else {
        (table.provider_index(&provider_alias(prefix).to_ascii_lowercase()), rest)
    };
    let Some(owner) = owner.filter(|owner| seller.is_none_or(|given| given == *owner)) else {
        return Ok(None);
    };
    let found = match direct(table, Some(owner), rest)? {
        Some(hit) => Some(Hit { matched: Match::ProviderPrefix, ..hit }),
        None => derived(table, Some(owner), rest)?,
    };
    Ok(found)
}

/// Google's two platforms share their resource names: the given one of them, else `other`.
fn google(table: &Table, seller: Option<u8>, other: &str) -> Option<u8> {
    let platforms = [table.provider_index("google"), table.provider_index("vertex")];
    seller.filter(|given| platforms.contains(&Some(*given))).or_else(|| table.provider_index(other))
}

/// Steps 5 and 6: fine-tuned models and dated snapshots of a listed one.
fn derived(table: &Table, seller: Option<u8>, model: &str) -> Result<Option<Hit>, Miss> {
    if let Some(base) = fine_tuned_base(model)
        && let Some(hit) = direct(table, seller, base)?
    {
        let assumptions = hit.assumptions.with(Assumption::fine_tuned);
        return Ok(Some(Hit { matched: Match::FineTuned, assumptions, ..hit }));
    }
    let Some(base) = without_date(model) else { return Ok(None) };
    Ok(direct(table, seller, base)?.map(|hit| Hit {
        matched: Match::DateSuffix,
        assumptions: hit.assumptions.with(Assumption::date_suffix),
        snapshot: true,
        ..hit
    }))
}

/// `ft:<base>` of `ft:<base>:<org>:<suffix>:<id>`.
fn fine_tuned_base(model: &str) -> Option<&str> {
    let rest = model.get(..3).filter(|p| p.eq_ignore_ascii_case("ft:")).and_then(|_| model.get(3..))?;
    let base = rest.split(':').next().filter(|base| !base.is_empty())?;
    let end = base.len().checked_add(3)?;
    if end < model.len() { model.get(..end) } else { None }
}

/// The name before `-YYYY-MM-DD`, `-YYYYMMDD` or `@YYYYMMDD`, a real date of 2022 to 2099.
fn without_date(model: &str) -> Option<&str> {
    let cut = |length: usize| model.split_at_checked(model.len().checked_sub(length)?);
    if let Some((base, suffix)) = cut(11)
        && let [b'-', y @ .., b'-', m0, m1, b'-', d0, d1] = suffix.as_bytes()
        && is_date(y, &[*m0, *m1], &[*d0, *d1])
        && !base.is_empty()
    {
        return Some(base);
    }
    let (base, suffix) = cut(9)?;
    let (b'-' | b'@', [y0, y1, y2, y3, m0, m1, d0, d1]) =
        (suffix.as_bytes().first()?, suffix.as_bytes().get(1..)?)
    else {
        return None;
    };
    (is_date(&[*y0, *y1, *y2, *y3], &[*m0, *m1], &[*d0, *d1]) && !base.is_empty()).then_some(base)
}

fn is_date(year: &[u8], month: &[u8], day: &[u8]) -> bool {
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_i64, |n, b| {
            let digit = b.is_ascii_digit().then(|| i64::from(b.wrapping_sub(b'0')))?;
            n.checked_mul(10)?.checked_add(digit)
        })
    };
    let (Some(year), Some(month), Some(day)) = (number(year), number(month), number(day)) else {
        return false;
    };
    (2022..=2099).contains(&year) && Timestamp::from_date(year, month, day).is_some()
}

/// The error of a miss, with up to three near names as help.
#[must_use]
pub(crate) fn explain(catalogue: &Catalogue, miss: Miss, provider: Option<&str>, model: &str) -> PriceError {
    let table = catalogue.table();
    match miss {
        Miss::UnknownProvider => {
            PriceError::UnknownProvider { provider: crate::error::shorten(provider.unwrap_or_default()) }
        }
        Miss::UnknownModel => PriceError::UnknownModel {
            provider: provider.map(str::to_owned),
            model: crate::error::shorten(model),
            near: Near(near_names(table, provider, model.trim_ascii())),
        },
        Miss::Ambiguous(name) => {
            let name = table.text(name);
            let sellers = table.lookup(name.as_bytes()).flat_map(|(name, _)| table.candidates(name));
            let mut hosts: Vec<String> =
                sellers.map(|c| table.text(table.provider(c.provider)).to_owned()).collect();
            hosts.sort_unstable();
            hosts.dedup();
            PriceError::AmbiguousModel { model: crate::error::shorten(model), hosts }
        }
    }
}

/// Names at an edit distance of at most a third of the name, nearest first, then by name. Help only: never priced.
fn near_names(table: &Table, provider: Option<&str>, model: &str) -> Vec<String> {
    let seller = provider.and_then(|p| table.provider_index(&provider_alias(p).to_ascii_lowercase()));
    let wanted: Vec<char> = model.chars().take(80).map(|c| c.to_ascii_lowercase()).collect();
    let limit = wanted.len().div_euclid(3).max(1);
    let mut near: Vec<(usize, &str)> = table
        .names()
        .filter(|name| seller.is_none_or(|seller| table.candidates(*name).any(|c| c.provider == seller)))
        .filter_map(|name| {
            let text = table.text(name.text);
            let distance = edit_distance(&wanted, text, limit)?;
            Some((distance, text))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

/// Levenshtein distance, when it is at most `limit`.
fn edit_distance(wanted: &[char], name: &str, limit: usize) -> Option<usize> {
    let length = name.chars().count();
    if length.abs_diff(wanted.len()) > limit {
        return None;
    }
    let mut row: Vec<usize> = (0..=wanted.len()).collect();
    for (i, c) in name.chars().enumerate() {
        let c = c.to_ascii_lowercase();
        let mut diagonal = i;
        let mut left = i.saturating_add(1);
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, w) in row.iter_mut().skip(1).zip(wanted) {
            let substituted = diagonal.saturating_add(usize::from(*w != c));
            let here = substituted.min(left.saturating_add(1)).min(cell.saturating_add(1));
            diagonal = std::mem::replace(cell, here);
            left = here;
        }
    }
    row.last().copied().filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_cut_once_and_must_be_real() {
        for (name, base) in [
            ("a-2031-02-03", Some("a")),
            ("a-20310203", Some("a")),
            ("a@20310203", Some("a")),
            ("a-2031-02-03-2031-02-03", Some("a-2031-02-03")),
            ("a-2031-02-30", None),
            ("a-2021-02-03", None),
            ("a-2100-01-01", None),
            ("a@2031-02-03", None),
            ("a2031-02-03", None),
            ("-2031-02-03", None),
            ("é20310203", None),
            ("", None),
        ] {
            assert_eq!(without_date(name), base, "{name}");
        }
    }

    #[test]
    fn fine_tuned_names_have_a_base_and_an_owner() {
        assert_eq!(fine_tuned_base("ft:gpt-4o-2024-08-06:org::abc123"), Some("ft:gpt-4o-2024-08-06"));
        for name in ["ft:gpt-4o", "ft:", "ft::org", "gpt-4o", "é"] {
            assert_eq!(fine_tuned_base(name), None, "{name}");
        }
    }

    #[test]
    fn near_names_are_near() {
        let chars: Vec<char> = "kitten".chars().collect();
        assert_eq!(edit_distance(&chars, "sitting", 3), Some(3));
        assert_eq!(edit_distance(&chars, "sitting", 2), None);
        assert_eq!(edit_distance(&chars, "kitten", 0), Some(0));
    }
}
