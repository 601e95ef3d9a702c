//! `finops cost`: what a call costs, with every line and assumption.

use crate::{Answer, Failure, json, metering::instant, read};
use finops::{Catalogue, Cost, OnUnknown, Status, Usage, cost::Call};

/// What a call costs.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The model; leave it out to read a provider's response body from standard input
    model: Option<String>,
    /// Uncached prompt tokens
    #[arg(long, default_value_t = 0)]
    input: u64,
    /// Produced tokens, reasoning included
    #[arg(long, default_value_t = 0)]
    output: u64,
    /// Tokens read from the prompt cache
    #[arg(long, default_value_t = 0)]
    cache_read: u64,
    /// Tokens written to the cache with the default lifetime
    #[arg(long, default_value_t = 0)]
    cache_write: u64,
    /// Tokens written to the cache for an hour
    #[arg(long, default_value_t = 0)]
    cache_write_1h: u64,
    /// Who serves it
    #[arg(long)]
    provider: Option<String>,
    /// `standard`, `batch`, `flex`, `priority`, …
    #[arg(long)]
    service_tier: Option<String>,
    /// The serving region
    #[arg(long)]
    region: Option<String>,
    /// When, as RFC 3339 with a zone; now unless given
    #[arg(long)]
    at: Option<String>,
    /// Print the wire form
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let at = instant(arguments.at.as_deref())?;
    let catalogue = Catalogue::builtin();
    let cost = match &arguments.model {
        Some(model) => {
            let usage = Usage {
                cache_read: arguments.cache_read,
                cache_write_5m: arguments.cache_write,
                cache_write_1h: arguments.cache_write_1h,
                ..Usage::new(arguments.input, arguments.output)
            };
            let call = Call {
                provider: arguments.provider.as_deref(),
                service_tier: arguments.service_tier.as_deref(),
                region: arguments.region.as_deref(),
                ..Call::new(model, &usage, at)
            };
            finops::core::cost::cost(&catalogue, &call, OnUnknown::Null)?
        }
        None => of_body(arguments, &catalogue, at)?,
    };
    let mut text = ended(if arguments.json { json(&cost) } else { cost.explain() });
    if cost.status == Status::Unpriced && !arguments.json {
        let reason =
            catalogue.resolve(arguments.provider.as_deref(), arguments.model.as_deref().unwrap_or_default());
        if let Err(error) = reason {
            text.push_str(&format!("{}: {error}\n", error.code()));
        }
    }
    Ok(Answer::new(text, cost.status != Status::Unpriced))
}

fn of_body(arguments: &Arguments, catalogue: &Catalogue, at: finops::Timestamp) -> Result<Cost, Failure> {
    let found = finops::core::usage::extract_json(read("-")?, arguments.provider.as_deref())?;
    let call = Call {
        provider: arguments.provider.as_deref().or(found.provider.as_deref()),
        parts: &found.parts,
        duration: found.duration,
        service_tier: found.service_tier.as_deref().or(arguments.service_tier.as_deref()),
        region: found.region.as_deref().or(arguments.region.as_deref()),
        speed: found.speed.as_deref(),
        search_context: found.search_context.as_deref(),
        reported_cost: found.reported_cost,
        assumptions: found.assumptions,
        ..Call::new(found.model_or(None)?, &found.usage, at)
    };
    Ok(finops::core::cost::cost(catalogue, &call, OnUnknown::Null)?)
}

fn ended(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
