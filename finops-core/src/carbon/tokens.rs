//! Token counts as energy sees them.

use crate::usage::Usage;

/// Disjoint token counts: `input` is uncached, `output` includes reasoning.
///
/// ```
/// use finops_core::{carbon::TokenCounts, usage::Usage};
/// let usage = Usage { cache_read: 90_000, cache_write_1h: 4000, reasoning: 300, ..Usage::new(12_000, 800) };
/// let tokens = TokenCounts::from(&usage);
/// assert_eq!((tokens.cache_write, tokens.output, tokens.total()), (4000, 800, 106_800));
/// assert!(!tokens.modality_as_text);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize)]
pub struct TokenCounts {
    /// Uncached prompt tokens of every modality.
    pub input: u64,
    /// Tokens read from the prompt cache.
    pub cache_read: u64,
    /// Tokens written to the prompt cache, of every lifetime.
    pub cache_write: u64,
    /// Tokens produced, reasoning included.
    pub output: u64,
    /// Whether tokens of audio, images or video are among them.
    pub modality_as_text: bool,
}

impl TokenCounts {
    /// Text tokens without a cache.
    #[must_use]
    pub const fn new(input: u64, output: u64) -> Self {
        Self { input, cache_read: 0, cache_write: 0, output, modality_as_text: false }
    }

    /// All tokens. Held at `u64::MAX`.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write)
            .saturating_add(self.output)
    }
}

impl From<&Usage> for TokenCounts {
    fn from(usage: &Usage) -> Self {
        let add = |counts: [u64; 4]| counts.into_iter().fold(0_u64, u64::saturating_add);
        let other_input = add([usage.input_audio, usage.input_image, usage.input_video, 0]);
        let other_read = add([usage.cache_read_audio, usage.cache_read_image, usage.cache_read_video, 0]);
        let other_output = add([usage.output_audio, usage.output_image, usage.output_video, 0]);
        Self {
            input: usage.input.saturating_add(other_input),
            cache_read: usage.cache_read.saturating_add(other_read),
            cache_write: usage.cache_write_5m.saturating_add(usage.cache_write_1h),
            output: usage.output.saturating_add(other_output),
            modality_as_text: other_input > 0 || other_read > 0 || other_output > 0,
        }
    }
}
