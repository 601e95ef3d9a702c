//! Counts with their paths, and the arithmetic that makes inclusive counts disjoint.

use super::{Lookup, Usage, UsageError};
use crate::cost::{Assumption, Assumptions};
use std::borrow::Cow;

/// Where the counts of one usage stand in the body.
#[derive(Clone, Copy)]
pub(super) enum Base {
    /// At the top.
    Root,
    /// Below this path.
    At(&'static str),
    /// In one element of a list, and below it.
    Item(&'static str, usize, &'static str),
}

/// A count and its path below the base.
#[derive(Clone, Copy, Default)]
pub(super) struct Count {
    pub value: u64,
    pub path: &'static str,
}

impl Base {
    pub fn path(self, below: &str) -> String {
        let (base, dot) = match self {
            Self::Root => (String::new(), ""),
            Self::At(base) => (base.to_owned(), "."),
            Self::Item(list, index, "") => (format!("{list}[{index}]"), "."),
            Self::Item(list, index, inner) => (format!("{list}[{index}].{inner}"), "."),
        };
        format!("{base}{dot}{below}")
    }

    /// The count `key` of `of`, which stands at `path` below the base.
    pub fn count_at<L: Lookup>(
        self,
        of: &L,
        key: &str,
        path: &'static str,
    ) -> Result<Option<Count>, UsageError> {
        let Some(found) = of.get(key) else { return Ok(None) };
        match found.as_u64() {
            Some(value) => Ok(Some(Count { value, path })),
            None => Err(UsageError::not_a_count(self.path(path), found.describe())),
        }
    }

    /// The count at `path`, whose last name is a member of `of`.
    pub fn count<L: Lookup>(self, of: &L, path: &'static str) -> Result<Option<Count>, UsageError> {
        // Byte by byte: paths are short, and a search for long texts would take longer to set up.
        let dot = path.bytes().rposition(|byte| byte == b'.');
        let key = dot.and_then(|dot| path.get(dot.saturating_add(1)..)).unwrap_or(path);
        self.count_at(of, key, path)
    }

    /// As [`Base::count`], of a container that may be absent; an absent count is 0.
    pub fn or_zero<L: Lookup>(self, of: Option<&L>, path: &'static str) -> Result<Count, UsageError> {
        match of {
            Some(of) => Ok(self.count(of, path)?.unwrap_or(Count { value: 0, path })),
            None => Ok(Count { value: 0, path }),
        }
    }

    /// The count `key` of the element `index` of the list at `path`; an absent count is 0.
    pub fn in_list<L: Lookup>(
        self,
        element: &L,
        path: &'static str,
        index: usize,
        key: &str,
    ) -> Result<Count, UsageError> {
        let Some(found) = element.get(key) else { return Ok(Count { value: 0, path }) };
        let error =
            || UsageError::not_a_count(self.path(&format!("{path}[{index}].{key}")), found.describe());
        Ok(Count { value: found.as_u64().ok_or_else(error)?, path })
    }

    /// As [`Base::count`]; an absent count is `usage.missing`.
    pub fn required<L: Lookup>(self, of: &L, path: &'static str) -> Result<Count, UsageError> {
        self.count(of, path)?.ok_or_else(|| UsageError::Missing { path: self.path(path) })
    }

    /// What is left of `left` without `part`, which `whole` should contain.
    pub fn take(self, left: u64, part: Count, whole: Count) -> Result<u64, UsageError> {
        left.checked_sub(part.value).ok_or_else(|| {
            UsageError::negative_remainder(self.path(part.path), part.value, self.path(whole.path), left)
        })
    }

    /// The sum of `count` and `more`.
    pub fn add(self, count: u64, more: Count) -> Result<u64, UsageError> {
        count.checked_add(more.value).ok_or_else(|| {
            UsageError::not_a_count(self.path(more.path), format!("too large: {}", more.value))
        })
    }
}

/// A prompt count that includes its cached and written tokens, and what is known of its parts.
#[derive(Default)]
pub(super) struct Prompt {
    pub total: Count,
    pub audio: Count,
    pub image: Count,
    pub video: Count,
    /// `None`: the split alone says how much was cached.
    pub cached: Option<Count>,
    pub cached_audio: Count,
    pub cached_image: Count,
    pub cached_video: Count,
    pub written_5m: Count,
    pub written_1h: Count,
}

impl Prompt {
    /// The buckets of the input side. Cached audio leaves the audio; a cached count without a split leaves text
    /// first, then audio, image and video; text is what remains.
    pub fn disjoint(&self, base: Base) -> Result<Usage, UsageError> {
        let mut text = self.total.value;
        for part in [self.audio, self.image, self.video] {
            text = base.take(text, part, self.total)?;
        }
        let mut left = [text, self.audio.value, self.image.value, self.video.value];
        let mut read = [0, self.cached_audio.value, self.cached_image.value, self.cached_video.value];
        let mut rest = self.cached.map_or(0, |cached| cached.value);
        let split = [self.cached_audio, self.cached_image, self.cached_video];
        for ((left, part), whole) in
            left.iter_mut().skip(1).zip(split).zip([self.audio, self.image, self.video])
        {
            *left = base.take(*left, part, whole)?;
            if let Some(cached) = self.cached {
                rest = base.take(rest, part, cached)?;
            }
        }
        for (left, read) in left.iter_mut().zip(&mut read) {
            let drawn = rest.min(*left);
            *left = left.saturating_sub(drawn);
            *read = read.saturating_add(drawn);
            rest = rest.saturating_sub(drawn);
        }
        if rest > 0 {
            let cached = self.cached.unwrap_or_default();
            return Err(exceeds(base, cached, self.total));
        }
        for written in [self.written_5m, self.written_1h] {
            let mut rest = written.value;
            for left in &mut left {
                let drawn = rest.min(*left);
                *left = left.saturating_sub(drawn);
                rest = rest.saturating_sub(drawn);
            }
            if rest > 0 {
                return Err(exceeds(base, written, self.total));
            }
        }
        let [input, input_audio, input_image, input_video] = left;
        let [cache_read, cache_read_audio, cache_read_image, cache_read_video] = read;
        Ok(Usage {
            input,
            input_audio,
            input_image,
            input_video,
            cache_read,
            cache_read_audio,
            cache_read_image,
            cache_read_video,
            cache_write_5m: self.written_5m.value,
            cache_write_1h: self.written_1h.value,
            ..Usage::default()
        })
    }
}

fn exceeds(base: Base, part: Count, whole: Count) -> UsageError {
    UsageError::negative_remainder(base.path(part.path), part.value, base.path(whole.path), whole.value)
}

/// A completion count and what is known of its parts.
#[derive(Default)]
pub(super) struct Completion {
    pub total: Count,
    pub audio: Count,
    pub image: Count,
    pub video: Count,
    pub reasoning: Count,
    /// Whether the reasoning is outside `total` and joins it.
    pub reasoning_joins: bool,
}

impl Completion {
    /// Fills the buckets of the output side.
    pub fn fill(&self, usage: &mut Usage, base: Base) -> Result<(), UsageError> {
        let mut text = self.total.value;
        for part in [self.audio, self.image, self.video] {
            text = base.take(text, part, self.total)?;
        }
        usage.output = if self.reasoning_joins { base.add(text, self.reasoning)? } else { text };
        usage.output_audio = self.audio.value;
        usage.output_image = self.image.value;
        usage.output_video = self.video.value;
        usage.reasoning = self.reasoning.value;
        Ok(())
    }
}

/// Whether reasoning joins the completion: a stated total decides, else the family's rule does.
pub(super) fn reasoning_joins(
    (prompt, completion, reasoning): (u64, u64, u64),
    total: Option<Count>,
    family_joins: bool,
    assumptions: &mut Assumptions,
) -> bool {
    let Some(total) = total else { return family_joins };
    let without = prompt.saturating_add(completion);
    if without == total.value {
        // With no reasoning both readings agree.
        false
    } else if without.saturating_add(reasoning) == total.value {
        true
    } else {
        assumptions.insert(Assumption::total_mismatch);
        family_joins
    }
}

/// The text `key` of `of`; `None` when absent or blank.
pub(super) fn text<L: Lookup>(of: &L, key: &str) -> Option<String> {
    of.get(key)?.as_str().filter(|text| !text.trim_ascii().is_empty()).map(Cow::into_owned)
}

/// Whether `of` is the text `expected`.
pub(super) fn is<L: Lookup>(of: Option<&L>, expected: &str) -> bool {
    of.is_some_and(|of| of.as_str().is_some_and(|text| text == expected))
}

/// The elements of a list; nothing when it is no list.
pub(super) fn items<L: Lookup>(list: Option<L>) -> impl Iterator<Item = L> {
    let len = list.as_ref().and_then(Lookup::len).unwrap_or(0);
    (0..len).filter_map(move |index| list.as_ref()?.item(index))
}
