//! `ResourceMonitor`: meters every inference and training run.

mod ids;
mod settings;
mod sink;
mod tags;

pub use ids::MAX_IDS;
pub use settings::{Setting, Settings, Source, number, number_f64};
pub use sink::SinkState;
pub use tags::{DEFAULT_ALIASES, DEFAULT_TAGS, TagSchema, Tags, number_text};
