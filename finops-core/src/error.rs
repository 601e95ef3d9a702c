//! Errors: one enum a topic, each variant with a stable dotted code, the path of the offending field and what to do.
//!
//! Messages are lower case without a full stop, user input stands in backticks, and no Rust type name appears.
//! Bindings map [`Error::code`] to their own exceptions; the code is the contract, the message is for people.

use crate::{carbon::CarbonError, money::MoneyError, price::PriceError, usage::UsageError};

/// A configuration value that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is `{value}`: {problem}; {help}")]
pub struct ConfigError {
    /// The setting: an environment variable or an argument, as the user wrote it.
    pub name: String,
    /// The refused value, shortened to 80 characters.
    pub value: String,
    /// What is wrong with it.
    pub problem: &'static str,
    /// What to do about it.
    pub help: &'static str,
}

impl ConfigError {
    /// Refuses `value` of the setting `name`.
    pub fn new(
        name: impl Into<String>,
        value: impl std::fmt::Display,
        problem: &'static str,
        help: &'static str,
    ) -> Self {
        Self { name: name.into(), value: shorten(&value.to_string()), problem, help }
    }

    /// `config.invalid`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "config.invalid"
    }
}

/// A refused input: a stable code, the path of the offending field, what is wrong and what to do.
///
/// Inventories, allocations, findings, waste and changes have many codes of one shape; the code tells them apart.
///
/// ```
/// use finops_core::error::Fault;
/// let fault = Fault::new("quantity.invalid", "items[0].spec.cpu", "`1.5.0Gi` is no quantity", "write it like `1536Mi`");
/// assert_eq!((fault.code(), fault.path()), ("quantity.invalid", "items[0].spec.cpu"));
/// assert_eq!(fault.to_string(), "`items[0].spec.cpu`: `1.5.0Gi` is no quantity; write it like `1536Mi`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("`{path}`: {problem}; {help}")]
pub struct Fault {
    code: &'static str,
    path: String,
    problem: String,
    help: &'static str,
}

impl Fault {
    /// Refuses what stands at `path`; user input in `problem` stands in backticks and is shortened by the caller.
    pub fn new(
        code: &'static str,
        path: impl Into<String>,
        problem: impl Into<String>,
        help: &'static str,
    ) -> Self {
        Self { code, path: path.into(), problem: problem.into(), help }
    }

    /// The stable dotted code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// Where the fault lies: a path into the input; empty for the input as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong, without the way out.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What to do.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        self.help
    }

    /// The same fault below `parent`: `parent.path`, or `parent` where the fault has no path of its own.
    #[must_use]
    pub fn below(mut self, parent: &str) -> Self {
        let dot =
            if self.path.is_empty() || self.path.starts_with('[') || parent.is_empty() { "" } else { "." };
        self.path = format!("{parent}{dot}{}", self.path);
        self
    }
}

/// Any error of this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Money: overflow, two currencies, text that is no amount.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Prices: names and conditions without a row.
    #[error(transparent)]
    Price(#[from] PriceError),
    /// Usage: counts, durations and response bodies.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// Configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Energy and carbon.
    #[error(transparent)]
    Carbon(#[from] CarbonError),
    /// Inventories, allocation, findings, waste and changes.
    #[error(transparent)]
    Input(#[from] Fault),
}

impl Error {
    /// The stable dotted code, for example `price.unknown_model`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Money(e) => e.code(),
            Self::Price(e) => e.code(),
            Self::Usage(e) => e.code(),
            Self::Config(e) => e.code(),
            Self::Carbon(e) => e.code(),
            Self::Input(e) => e.code(),
        }
    }

    /// Where the fault lies: a path into the input or the name of an argument; empty for the input as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Money(e) => e.path(),
            Self::Price(e) => e.path(),
            Self::Usage(e) => e.path(),
            Self::Config(e) => &e.name,
            Self::Carbon(e) => e.path(),
            Self::Input(e) => e.path(),
        }
    }
}

/// `text` cut to 80 characters, so that a hostile value cannot flood a log.
#[must_use]
pub fn shorten(text: &str) -> String {
    match text.char_indices().nth(80) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_cut_at_a_character() {
        assert_eq!(shorten("short"), "short");
        let cut = shorten(&"é".repeat(100));
        assert_eq!(cut.chars().count(), 81);
        assert!(cut.ends_with('…'));
    }

    #[test]
    fn an_error_names_its_code_path_and_way_out() {
        let error = Error::from(ConfigError::new("pue", "NaN", "not a number", "give a number from 1 to 10"));
        assert_eq!((error.code(), error.path()), ("config.invalid", "pue"));
        assert_eq!(error.to_string(), "`pue` is `NaN`: not a number; give a number from 1 to 10");
    }
}
