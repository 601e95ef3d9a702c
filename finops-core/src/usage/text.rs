use super::Usage;

/// Usage of the five buckets that most calls are told in: text, cached or not, and what of the answer was reasoning.
///
/// ```
/// use finops_core::usage::{TextUsage, Usage};
/// let usage = Usage { cache_read: 8, ..Usage::new(2, 1) };
/// let text = usage.as_text().unwrap();
/// assert_eq!((text.total_tokens(), Usage::from(text)), (11, usage));
/// assert_eq!(Usage { web_search: 1, ..usage }.as_text(), None);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TextUsage {
    /// Uncached text and tool prompt.
    pub input: u64,
    /// Text read from the provider's prompt cache.
    pub cache_read: u64,
    /// Written to the cache with the provider's default lifetime.
    pub cache_write_5m: u64,
    /// Text produced, reasoning included.
    pub output: u64,
    /// The part of `output` that was reasoning: a subset, never added.
    pub reasoning: u64,
}

impl TextUsage {
    /// Disjoint `input` and `output` tokens.
    #[must_use]
    pub const fn new(input: u64, output: u64) -> Self {
        Self { input, cache_read: 0, cache_write_5m: 0, output, reasoning: 0 }
    }

    /// All prompt tokens. Held at `u64::MAX`.
    #[must_use]
    #[inline]
    pub const fn prompt_tokens(&self) -> u64 {
        self.input.saturating_add(self.cache_read).saturating_add(self.cache_write_5m)
    }

    /// Prompt and completion. Held at `u64::MAX`.
    #[must_use]
    #[inline]
    pub const fn total_tokens(&self) -> u64 {
        self.prompt_tokens().saturating_add(self.output)
    }
}

impl Usage {
    /// The same counts in five buckets; `None` when another bucket counts something.
    #[must_use]
    #[inline]
    pub const fn as_text(&self) -> Option<TextUsage> {
        let Self {
            input,
            input_audio,
            input_image,
            input_video,
            cache_read,
            cache_read_audio,
            cache_read_image,
            cache_read_video,
            cache_write_5m,
            cache_write_1h,
            output,
            output_audio,
            output_image,
            output_video,
            reasoning,
            web_search,
            file_search,
            code_execution,
            request,
            rerank,
            audio_second,
            character,
            page,
            image,
        } = *self;
        let others = (input_audio | input_image | input_video)
            | (cache_read_audio | cache_read_image | cache_read_video | cache_write_1h)
            | (output_audio | output_image | output_video)
            | (web_search | file_search | code_execution | request | rerank)
            | (audio_second | character | page | image);
        if others == 0 {
            Some(TextUsage { input, cache_read, cache_write_5m, output, reasoning })
        } else {
            None
        }
    }
}

impl From<TextUsage> for Usage {
    fn from(text: TextUsage) -> Self {
        let TextUsage { input, cache_read, cache_write_5m, output, reasoning } = text;
        Self { input, cache_read, cache_write_5m, output, reasoning, ..Self::default() }
    }
}
