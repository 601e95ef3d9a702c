//! OpenTelemetry GenAI attributes of a record.
//!
//! Inside, `input_tokens` excludes what the cache gave; outside it includes it, as the convention demands
//! (<https://github.com/open-telemetry/semantic-conventions/issues/3163>). The conventions are still in development:
//! their names stand in one table.

use crate::record::{Field, InferenceRecord};
use finops_core::{cost::PriceSource, money::Picodollars};
use std::borrow::Cow;

/// The names, from <https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/>; the cost from
/// <https://github.com/open-telemetry/semantic-conventions-genai/pull/443>.
mod names {
    pub const PROVIDER: &str = "gen_ai.provider.name";
    pub const MODEL: &str = "gen_ai.response.model";
    pub const INPUT: &str = "gen_ai.usage.input_tokens";
    pub const OUTPUT: &str = "gen_ai.usage.output_tokens";
    pub const CACHE_READ: &str = "gen_ai.usage.cache_read.input_tokens";
    pub const CACHE_WRITE: &str = "gen_ai.usage.cache_write.input_tokens";
    pub const REASONING: &str = "gen_ai.usage.reasoning.output_tokens";
    pub const COST: &str = "gen_ai.usage.cost.amount";
    pub const CURRENCY: &str = "gen_ai.usage.cost.currency";
    pub const SOURCE: &str = "gen_ai.usage.cost.source";
    /// Older spellings that tools in use still read.
    pub const ALIAS_COST: &str = "gen_ai.usage.cost";
    pub const ALIAS_OPERATION_COST: &str = "operation.cost";
    pub const ALIAS_CACHE_CREATION: &str = "gen_ai.usage.cache_creation.input_tokens";
}

/// The attributes of `record`, in a fixed order; with `aliases` also the older spellings.
///
/// What is not known is left out; so are cache and reasoning counts of 0.
#[must_use]
pub fn attributes(record: &InferenceRecord, aliases: bool) -> Vec<(&'static str, Field<'_>)> {
    let usage = record.usage();
    let sum = |counts: [u64; 4]| counts.into_iter().fold(0_u64, u64::saturating_add);
    let read =
        sum([usage.cache_read, usage.cache_read_audio, usage.cache_read_image, usage.cache_read_video]);
    let written = sum([usage.cache_write_5m, usage.cache_write_1h, 0, 0]);
    let cost = record.unit_cost().map(Picodollars::to_f64);
    let mut out = Vec::with_capacity(13);
    if let Some(provider) = record.provider() {
        out.push((names::PROVIDER, Field::Text(Cow::Borrowed(provider))));
    }
    out.push((names::MODEL, Field::Text(Cow::Borrowed(record.model()))));
    out.push((names::INPUT, Field::Count(usage.prompt_tokens())));
    out.push((names::OUTPUT, Field::Count(usage.completion_tokens())));
    for (name, count) in
        [(names::CACHE_READ, read), (names::CACHE_WRITE, written), (names::REASONING, usage.reasoning)]
    {
        if count > 0 {
            out.push((name, Field::Count(count)));
        }
    }
    if let Some(cost) = cost {
        let source = match record.price_source() {
            Some(PriceSource::Provider) => "provider",
            _ => "local",
        };
        out.push((names::COST, Field::Number(cost)));
        out.push((names::CURRENCY, Field::Text(Cow::Borrowed("USD"))));
        out.push((names::SOURCE, Field::Text(Cow::Borrowed(source))));
    }
    if aliases {
        if let Some(cost) = cost {
            out.push((names::ALIAS_COST, Field::Number(cost)));
            out.push((names::ALIAS_OPERATION_COST, Field::Number(cost)));
        }
        if written > 0 {
            out.push((names::ALIAS_CACHE_CREATION, Field::Count(written)));
        }
    }
    out
}
