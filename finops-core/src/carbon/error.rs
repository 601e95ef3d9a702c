/// What can go wrong with energy and carbon.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CarbonError {
    /// `carbon.bad_number`: negative, not finite, or zero where a positive number is needed.
    #[error("`{path}` is {value}; give a finite number of at least 0")]
    BadNumber {
        /// The field or argument.
        path: String,
        /// What stood there.
        value: String,
    },
}

impl CarbonError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadNumber { .. } => "carbon.bad_number",
        }
    }

    /// The field or argument at fault.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::BadNumber { path, .. } => path,
        }
    }
}
