//! Where things stand in the compiled table. All integers are little-endian.
//!
//! A header of [`MAGIC`] and one (offset, length) pair of `u32` a section, then the sections.

/// First bytes of a table; the digit is the version of the layout.
pub const MAGIC: [u8; 8] = *b"FOPRICE1";

/// The sections, in the order of the header.
#[derive(Debug, Clone, Copy)]
pub enum Section {
    /// Text of all strings.
    Text,
    /// `u32` ends of the strings in [`Section::Text`], in order; a string is named by its index (`u16`).
    Ends,
    /// `u16` string of each provider, sorted by name.
    Providers,
    /// [`OFFERING`] bytes each, sorted by provider and model.
    Offerings,
    /// [`ROW`] bytes each, by offering, condition, `over` and `from`.
    Rows,
    /// [`CONDITION`] bytes each: five `u16` strings. The first one is empty.
    Conditions,
    /// Rate sets: a `u32` mask of columns, then an `i64` of femtodollars a set bit.
    Rates,
    /// Lists of `u16` sources, each after its `u16` length.
    SourceLists,
    /// [`SOURCE`] bytes each: five `u16` strings.
    Sources,
    /// [`SCHEDULE`] bytes each.
    Schedules,
    /// `u16` schedules of the offerings, in runs.
    ScheduleRefs,
    /// Pairs of `u16` minutes of the day.
    Windows,
    /// [`CALENDAR`] bytes each.
    Calendars,
    /// `u16` days since 1970.
    Days,
    /// [`NAME`] bytes each: every name of an offering, sorted.
    Names,
    /// [`CANDIDATE`] bytes each: who sells under a name, by provider.
    Candidates,
    /// `u32` slots of the hash table over the names.
    Slots,
    /// Two `u16` strings: the id of the catalogue and its date.
    Identity,
}

/// How many sections there are.
pub const SECTIONS: usize = Section::Identity as usize + 1;
/// Bytes of the header.
pub const HEADER: usize = MAGIC.len() + SECTIONS * 8;

/// `provider: u8, flags: u8, model: u16, first row: u32, rows: u16, first schedule: u16, schedules: u16, cache
/// minimum: u16` (0 is none).
pub const OFFERING: usize = 16;
/// Flag of an offering: sold by who made it.
pub const FIRST_PARTY: u8 = 1;
/// Flag of an offering: no longer sold.
pub const RETIRED: u8 = 2;

/// `from: u32, to: u32, over: u32` (0 is none), `rates: u32` (byte offset), `sources: u16` (offset in `u16`s),
/// `condition: u16, flags: u8`, three zero bytes.
pub const ROW: usize = 24;
/// Flag of a row: confirmed by two sources or an official one.
pub const VERIFIED: u8 = 1;
/// The two bits of a row's flags with its [`BASES`] index.
pub const BASIS_SHIFT: u8 = 1;
/// What the first instant of a row stands on.
pub const BASES: [Option<&str>; 4] = [None, Some("announced"), Some("documented"), Some("first_observed")];

/// Five strings: service tier, region, speed, period, search context.
pub const CONDITION: usize = 10;
/// Five strings: id, url, origin, licence, retrieved.
pub const SOURCE: usize = 10;
/// `from: u32, to: u32, period: u16, offset in minutes: i16, calendar: u16, first window: u16, windows: u8, weekdays:
/// u8` (bit 0 is Monday)`, decided by start: u8`, one zero byte.
pub const SCHEDULE: usize = 20;
/// `id: u16, source: u16, covers through: u16` (days)`, first day: u16, days: u16`.
pub const CALENDAR: usize = 10;
/// `name: u16, candidates: u16, first candidate: u32, default offering: u16, several hosts: u16`.
pub const NAME: usize = 12;
/// `offering: u16, provider: u8, flags: u8`.
pub const CANDIDATE: usize = 4;
/// Flag of a candidate: the name is an alias of the offering.
pub const ALIAS: u8 = 1;
/// No string, no calendar, no default offering.
pub const NONE: u16 = u16::MAX;

/// The columns of a rate set: bit numbers are those of the usage buckets; reasoning (14) is inside the output.
pub const COLUMNS: [&str; 24] = [
    "input",
    "input_audio",
    "input_image",
    "input_video",
    "cache_read",
    "cache_read_audio",
    "cache_read_image",
    "cache_read_video",
    "cache_write_5m",
    "cache_write_1h",
    "output",
    "output_audio",
    "output_image",
    "output_video",
    "reasoning",
    "web_search",
    "file_search",
    "code_execution",
    "request",
    "rerank",
    "audio_second",
    "character",
    "page",
    "image",
];
/// Columns from here on are priced per use.
pub const FIRST_UNIT: usize = 15;

/// Providers that are known before anyone lists a model of theirs: section 4.3 of the metering specification.
pub const PROVIDERS: [&str; 24] = [
    "anthropic",
    "azure",
    "bedrock",
    "cerebras",
    "cohere",
    "deepseek",
    "fireworks",
    "google",
    "groq",
    "llamacpp",
    "minimax",
    "mistral",
    "moonshotai",
    "ollama",
    "openai",
    "openrouter",
    "perplexity",
    "tgi",
    "together",
    "vertex",
    "vllm",
    "voyageai",
    "xai",
    "zai",
];

/// The first slot to probe for a hash in a table of `slots` (a power of two), and the tag in its upper half.
#[expect(clippy::cast_possible_truncation, reason = "only the bits that are kept matter")]
pub const fn slot_of(hash: u64, slots: usize) -> (usize, u32) {
    ((hash as usize) & slots.saturating_sub(1), ((hash >> 48) as u32) << 16)
}

/// The slot after `slot`.
pub const fn next_slot(slot: usize, slots: usize) -> usize {
    slot.saturating_add(1) & slots.saturating_sub(1)
}
