//! `ResourceMonitor`: meters every inference and training run.

mod call;
mod ids;
mod settings;
mod sink;
mod tags;

pub use call::{
    Given, InferenceCall, Outcome, Trace, TrainingCall, count, count_f64, duration_ms, duration_ms_exact,
    hours, hours_exact,
};
pub use ids::MAX_IDS;
pub use settings::{Setting, Settings, Source, number, number_f64};
pub use sink::SinkState;
pub use tags::{DEFAULT_ALIASES, DEFAULT_TAGS, TagSchema, Tags, number_text};

/// One of the five common words for why a call ended; `None` for any other.
pub(crate) fn finish(word: &str) -> Option<&'static str> {
    ["stop", "length", "tool_calls", "content_filter", "error"].into_iter().find(|known| *known == word)
}
