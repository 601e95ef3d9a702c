//! Usage: one disjoint shape for every kind of token, and constructors that refuse what does not add up.
//!
//! Buckets never overlap: `input` excludes cached, written and audio tokens; `output` includes reasoning, and
//! `reasoning` is a subset of it that is never added. Counting cached tokens twice is the commonest bug of this field.

pub mod body;
mod error;
pub mod extract;
mod text;

pub use error::UsageError;
pub use extract::{Extracted, Lookup, Part, extract, extract_json};
pub use text::TextUsage;

macro_rules! buckets {
    ($($(#[$doc:meta])* $name:ident: $group:ident,)+) => {
        /// Tokens in buckets that never overlap, and counters of what is not tokenised.
        ///
        /// The wire form leaves out zeros; an unknown field is refused.
        ///
        /// ```
        /// use finops_core::usage::Usage;
        /// let usage = Usage::inclusive(10_000, 500, 8_000, 0)?;
        /// assert_eq!((usage.input, usage.cache_read, usage.prompt_tokens()), (2_000, 8_000, 10_000));
        /// assert_eq!(Usage::inclusive(100, 1, 200, 0).unwrap_err().code(), "usage.negative_remainder");
        /// # Ok::<(), finops_core::usage::UsageError>(())
        /// ```
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Usage {
            $($(#[$doc])* #[serde(skip_serializing_if = "is_zero")] pub $name: u64,)+
        }

        /// A bucket or counter by name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(non_camel_case_types, reason = "the wire names, stated once")]
        pub enum Bucket { $($(#[$doc])* $name,)+ }

        impl Bucket {
            /// Every bucket and counter, in the order of the wire form.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The wire name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// The side of the bill it belongs to.
            #[must_use]
            pub const fn side(self) -> Side {
                match self { $(Self::$name => Side::$group,)+ }
            }

            /// The bucket of that wire name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $(stringify!($name) => Some(Self::$name),)+ _ => None }
            }
        }

        impl Usage {
            /// The count in `bucket`.
            #[must_use]
            pub const fn get(&self, bucket: Bucket) -> u64 {
                match bucket { $(Bucket::$name => self.$name,)+ }
            }

            /// The counter of `bucket`, to be set.
            pub const fn get_mut(&mut self, bucket: Bucket) -> &mut u64 {
                match bucket { $(Bucket::$name => &mut self.$name,)+ }
            }
        }
    };
}

buckets! {
    /// Uncached text and tool prompt.
    input: Input,
    /// Uncached audio of the prompt.
    input_audio: Input,
    /// Uncached images of the prompt.
    input_image: Input,
    /// Uncached video of the prompt.
    input_video: Input,
    /// Text read from the provider's prompt cache.
    cache_read: Input,
    /// Audio read from the cache.
    cache_read_audio: Input,
    /// Images read from the cache.
    cache_read_image: Input,
    /// Video read from the cache.
    cache_read_video: Input,
    /// Written to the cache with the provider's default lifetime.
    cache_write_5m: Input,
    /// Written to the cache for an hour.
    cache_write_1h: Input,
    /// Text produced, reasoning included.
    output: Output,
    /// Audio produced.
    output_audio: Output,
    /// Images produced.
    output_image: Output,
    /// Video produced.
    output_video: Output,
    /// The part of `output` that was reasoning: a subset, never added.
    reasoning: Subset,
    /// Searches of the web.
    web_search: Unit,
    /// Searches of files.
    file_search: Unit,
    /// Runs of code.
    code_execution: Unit,
    /// Requests that cost a fee of their own.
    request: Unit,
    /// Documents or searches ranked.
    rerank: Unit,
    /// Seconds of audio.
    audio_second: Unit,
    /// Characters of text.
    character: Unit,
    /// Pages of a document.
    page: Unit,
    /// Images.
    image: Unit,
}

/// The side of a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The prompt: input, cache reads and cache writes.
    Input,
    /// The completion.
    Output,
    /// Counted inside another bucket; costs nothing of its own.
    Subset,
    /// Units that are counted, not tokenised: priced per use.
    Unit,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Usage {
    /// Disjoint `input` and `output` tokens; fill further buckets with struct update syntax.
    #[must_use]
    pub fn new(input: u64, output: u64) -> Self {
        Self { input, output, ..Self::default() }
    }

    /// From counts whose prompt includes what was read from and written to the cache, as OpenAI reports them.
    ///
    /// # Errors
    /// `usage.negative_remainder` when the parts exceed the prompt; nothing is clamped.
    pub fn inclusive(
        prompt: u64,
        completion: u64,
        cached: u64,
        cache_written: u64,
    ) -> Result<Self, UsageError> {
        let uncached = prompt
            .checked_sub(cached)
            .ok_or_else(|| UsageError::negative_remainder("cached", cached, "prompt", prompt))?;
        let input = uncached.checked_sub(cache_written).ok_or_else(|| {
            UsageError::negative_remainder("cache_written", cache_written, "prompt", prompt)
        })?;
        Ok(Self { cache_read: cached, cache_write_5m: cache_written, ..Self::new(input, completion) })
    }

    /// All prompt tokens: input, cache reads and cache writes. Held at `u64::MAX`.
    #[must_use]
    #[inline]
    pub fn prompt_tokens(&self) -> u64 {
        let text = [self.input, self.cache_read, self.cache_write_5m, self.cache_write_1h];
        let audio = [self.input_audio, self.cache_read_audio];
        let seen = [self.input_image, self.input_video, self.cache_read_image, self.cache_read_video];
        text.into_iter().chain(audio).chain(seen).fold(0, u64::saturating_add)
    }

    /// All completion tokens, reasoning included. Held at `u64::MAX`.
    #[must_use]
    #[inline]
    pub fn completion_tokens(&self) -> u64 {
        let counts = [self.output, self.output_audio, self.output_image, self.output_video];
        counts.into_iter().fold(0, u64::saturating_add)
    }

    /// Prompt and completion. Held at `u64::MAX`.
    #[must_use]
    pub fn total_tokens(&self) -> u64 {
        self.prompt_tokens().saturating_add(self.completion_tokens())
    }

    /// The sum, bucket by bucket.
    ///
    /// # Errors
    /// `usage.not_a_count` when a bucket overflows.
    pub fn checked_add(&self, other: &Self) -> Result<Self, UsageError> {
        let mut sum = *self;
        let overflow = |name: &str| UsageError::not_a_count(name, "more than 2^64 - 1");
        for bucket in Bucket::ALL {
            let total = self.get(*bucket).checked_add(other.get(*bucket));
            *sum.get_mut(*bucket) = total.ok_or_else(|| overflow(bucket.name()))?;
        }
        Ok(sum)
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the sums of counts below 2^40 do not overflow")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_wire_form_leaves_out_zeros_and_refuses_the_unknown() {
        let usage = Usage { cache_read: 8, web_search: 2, ..Usage::new(2, 1) };
        let json = serde_json::to_string(&usage).unwrap();
        assert_eq!(json, r#"{"input":2,"cache_read":8,"output":1,"web_search":2}"#);
        assert_eq!(serde_json::from_str::<Usage>(&json).unwrap(), usage);
        assert!(serde_json::from_str::<Usage>(r#"{"inputs":1}"#).is_err());
        assert!(serde_json::from_str::<Usage>(r#"{"input":-1}"#).is_err());
    }

    #[test]
    fn every_bucket_counts_on_its_side() {
        for bucket in Bucket::ALL {
            let mut usage = Usage::default();
            *usage.get_mut(*bucket) = 7;
            let on = |side| if bucket.side() == side { 7 } else { 0 };
            let sides = (usage.prompt_tokens(), usage.completion_tokens());
            assert_eq!(sides, (on(Side::Input), on(Side::Output)), "{}", bucket.name());
            *usage.get_mut(*bucket) = u64::MAX;
            usage.input = usage.input.max(1);
            assert!(usage.total_tokens() >= 1);
        }
    }

    #[test]
    fn reasoning_is_never_added() {
        let usage = Usage { reasoning: 11, ..Usage::new(5, 10) };
        assert_eq!((usage.completion_tokens(), usage.total_tokens()), (10, 15));
    }

    proptest! {
        #[test]
        fn inclusive_counts_become_disjoint_and_total_again(a in 0_u64..1 << 40, b in 0_u64..1 << 40, c in 0_u64..1 << 40, out in 0_u64..1 << 40) {
            let usage = Usage::inclusive(a + b + c, out, a, b).unwrap();
            prop_assert_eq!((usage.input, usage.cache_read, usage.cache_write_5m), (c, a, b));
            prop_assert_eq!(usage.prompt_tokens(), a + b + c);
            prop_assert!(Usage::inclusive(a, out, a + 1, b).is_err());
        }
    }
}
