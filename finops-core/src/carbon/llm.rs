//! Energy of a language model from its parameters: `ecologits-llm/0.11` and `finops-llm/1`.

use super::{Boundary, CarbonError, Range, TokenCounts, pue::to_facility};
use crate::units::J_PER_KWH;

// EcoLogits 0.11.3, ecologits/impacts/llm.py (https://github.com/mlco2/ecologits): fits to the ML.ENERGY leaderboard.
const GPU_ALPHA: f64 = 1.166_527_317_045_191_4e-6;
const GPU_BETA: f64 = -0.011_205_921_025_579_175;
const GPU_GAMMA: f64 = 4.052_928_146_734_005e-5;
const LATENCY_ALPHA: f64 = 0.000_678_508_809_435_366_3;
const LATENCY_BETA: f64 = 0.000_311_931_031_168_825_9;
const LATENCY_GAMMA: f64 = 0.019_473_717_579_473_387;
/// Memory of a model over that of its weights (same file).
const MEMORY_OVERHEAD: f64 = 1.2;
/// Memory of one GPU in GB: H100 (same file).
const GPU_MEMORY_GB: f64 = 80.0;
/// kW of a server besides its GPUs (same file).
const SERVER_KW: f64 = 1.2;
/// GPUs of a server (same file).
const SERVER_GPUS: f64 = 8.0;
/// Embodied kg CO2e of a server besides its GPUs (same file).
pub(crate) const SERVER_KG: f64 = 5700.0;
/// Life of a server: three years in seconds (same file).
pub(crate) const LIFETIME_S: f64 = 94_608_000.0;
/// Batch size that EcoLogits fixes.
pub const ECOLOGITS_BATCH: f64 = 64.0;

/// Embodied kg CO2e of a GPU: Cloud Carbon Footprint (150), EcoLogits 0.11.3 (273), and an H100 SXM by BoaviztAPI 2.5.0
/// (575.1).
pub const GPU_KG: Range = Range { low: 150.0, central: 273.0, high: 575.1 };
/// The prior of the batch size: EcoLogits fixes 64, Jegham et al. (arXiv 2505.09598) use 4 to 16; the
/// ends are the project's choice.
pub const BATCH_PRIOR: Range = Range { low: 8.0, central: 64.0, high: 256.0 };
/// Dense bf16 peak of an H100 SXM in FLOP/s (NVIDIA's datasheet).
const PEAK_FLOPS: f64 = 989e12;
/// Model FLOPs utilisation of prefill: 38–43 % on H100, arXiv 2407.21783 §3.3, as a proxy.
const PREFILL_MFU: f64 = 0.4;
/// Spread of prefill energy around that: the project's choice.
const PREFILL_SPREAD: Range = Range { low: 1.0 / 3.0, central: 1.0, high: 3.0 };
/// W of an H100 SXM and of its share of the server (1.2 kW over 8 GPUs).
const PREFILL_W: f64 = 700.0 + 150.0;
/// Energy of a cached token read over that of an input token: bundesverband-green-software/landscape #58.
const CACHE_READ: Range = Range { low: 0.0, central: 0.08, high: 0.20 };
/// Energy of a cached token written over that of an input token: the same prefill; at most 490/390 mWh, from
/// Magnus-Gille/claude-code-energy-monitor.
const CACHE_WRITE: Range = Range { low: 1.0, central: 1.0, high: 1.26 };
/// exp(GPU_BETA × B) at the three sizes of the prior; a test compares them with `libm`.
const EXP_8: f64 = 0.914_253_523_295_909_9;
const EXP_64: f64 = 0.488_127_349_229_793_3;
const EXP_256: f64 = 0.056_771_787_105_220_74;

/// Size and shape of a language model.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct ModelParams {
    /// Parameters in billions.
    pub total_b: Range,
    /// Parameters that work on each token, in billions.
    pub active_b: Range,
    /// Layers and width, which the cost of attention over long contexts needs.
    pub shape: Option<Shape>,
}

/// Layers and width of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Shape {
    /// Transformer layers.
    pub layers: u32,
    /// Width of the residual stream.
    pub d_model: u32,
}

impl ModelParams {
    /// Parameters in billions.
    ///
    /// # Errors
    /// `carbon.bad_number` for sizes that are not positive, `carbon.bad_range`, `carbon.active_exceeds_total`.
    pub fn new(total_b: Range, active_b: Range) -> Result<Self, CarbonError> {
        for (path, range) in [("total_b", total_b), ("active_b", active_b)] {
            Range::new(range.low, range.central, range.high).map_err(|error| match error {
                CarbonError::BadRange { value, .. } => CarbonError::bad_range(path, value),
                other => other.under(path),
            })?;
            positive(path, range.low)?;
        }
        if active_b.low > total_b.low || active_b.central > total_b.central || active_b.high > total_b.high {
            return Err(CarbonError::ActiveExceedsTotal {
                path: "active_b".to_owned(),
                active: active_b.to_string(),
                total: total_b.to_string(),
            });
        }
        Ok(Self { total_b, active_b, shape: None })
    }

    /// The same with layers and width.
    ///
    /// # Errors
    /// `carbon.bad_number` for zeros.
    pub fn with_shape(mut self, layers: u32, d_model: u32) -> Result<Self, CarbonError> {
        positive("layers", f64::from(layers))?;
        positive("d_model", f64::from(d_model))?;
        self.shape = Some(Shape { layers, d_model });
        Ok(self)
    }
}

fn positive(path: &str, value: f64) -> Result<f64, CarbonError> {
    if value.is_finite() && value > 0.0 { Ok(value) } else { Err(CarbonError::bad_number(path, value)) }
}

/// How a request was served, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Serving {
    /// Seconds from request to last token.
    pub latency_s: Option<f64>,
    /// Tokens a second.
    pub tokens_per_s: Option<f64>,
    /// Seconds to the first token.
    pub time_to_first_token_s: Option<f64>,
    /// Bits a weight.
    pub bits: f64,
    /// Requests served together.
    pub batch: Option<Range>,
}

impl Default for Serving {
    fn default() -> Self {
        Self { latency_s: None, tokens_per_s: None, time_to_first_token_s: None, bits: 16.0, batch: None }
    }
}

impl Serving {
    /// Checks every number.
    ///
    /// # Errors
    /// `carbon.bad_number` naming the field.
    pub fn check(&self) -> Result<(), CarbonError> {
        positive("bits", self.bits)?;
        if let Some(batch) = self.batch {
            positive("batch", batch.low)?;
            positive("batch", batch.high)?;
        }
        self.tokens_per_s.map(|rate| positive("tokens_per_s", rate)).transpose()?;
        let times = [("latency_s", self.latency_s), ("time_to_first_token_s", self.time_to_first_token_s)];
        for (path, time) in times {
            time.map(|time| crate::units::check(path, time)).transpose()?;
        }
        Ok(())
    }
}

/// Energy and embodied carbon of one request at one end of the range.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct End {
    pub(crate) it_kwh: f64,
    pub(crate) embodied_kg: f64,
}

/// Three ends: energy of the machines and embodied carbon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LlmImpact {
    /// kWh of the machines, before PUE.
    pub it_kwh: Range,
    /// kg CO2e of making them.
    pub embodied_kg: Range,
}

impl LlmImpact {
    fn of(low: End, central: End, high: End) -> Self {
        let range = |f: fn(&End) -> f64| Range { low: f(&low), central: f(&central), high: f(&high) };
        Self { it_kwh: range(|end| end.it_kwh), embodied_kg: range(|end| end.embodied_kg) }
    }
}

#[expect(clippy::float_cmp, reason = "the three sizes of the prior are exact")]
fn exp_batch(batch: f64) -> f64 {
    if batch == 64.0 {
        EXP_64
    } else if batch == 8.0 {
        EXP_8
    } else if batch == 256.0 {
        EXP_256
    } else {
        libm::exp(GPU_BETA * batch)
    }
}

/// GPUs that hold the model: a power of two, at least one.
fn gpus(total_b: f64, bits: f64) -> f64 {
    let needed = libm::ceil(MEMORY_OVERHEAD * total_b * bits / 8.0 / GPU_MEMORY_GB);
    let mut gpus = 1.0;
    // A finite number of parameters ends the loop within 1,024 doublings.
    while gpus < needed {
        gpus *= 2.0;
    }
    gpus
}

/// Seconds to serve `output` tokens: modelled, or as measured where that is less.
fn latency_s(output: f64, active_b: f64, batch: f64, serving: &Serving) -> f64 {
    let per_token = match serving.tokens_per_s {
        Some(rate) => 1.0 / rate,
        None => LATENCY_ALPHA * active_b + LATENCY_BETA * batch + LATENCY_GAMMA,
    };
    let modelled = output * per_token + serving.time_to_first_token_s.unwrap_or(0.0);
    match serving.latency_s {
        Some(measured) if measured < modelled => measured,
        _ => modelled,
    }
}

/// Decoding: `ecologits-llm/0.11` at one end.
fn decode(output: f64, active_b: f64, total_b: f64, batch: f64, gpu_kg: f64, serving: &Serving) -> End {
    let gpu_kwh = output * ((GPU_ALPHA * exp_batch(batch) * active_b + GPU_GAMMA) / 1000.0);
    let latency = latency_s(output, active_b, batch, serving);
    let gpus = gpus(total_b, serving.bits);
    let server_kwh = (latency / 3600.0) * SERVER_KW * (gpus / SERVER_GPUS) * (1.0 / batch);
    End { it_kwh: server_kwh + gpus * gpu_kwh, embodied_kg: embodied_kg(latency, gpus, batch, gpu_kg) }
}

/// Embodied kg CO2e of one request, `embodied-llm/1`: its share of the life of the server and its GPUs.
#[must_use]
pub fn embodied_kg(latency_s: f64, gpus: f64, batch: f64, gpu_kg: f64) -> f64 {
    latency_s * (gpus / SERVER_GPUS * SERVER_KG + gpus * gpu_kg) / (LIFETIME_S * batch)
}

#[expect(clippy::cast_precision_loss, reason = "no request has 2^53 tokens; beyond, the nearest f64 serves")]
fn float(count: u64) -> f64 {
    count as f64
}

/// `ecologits-llm/0.11`: output tokens only, for parity with EcoLogits 0.11.3.
#[must_use]
pub fn ecologits(params: &ModelParams, output: u64, serving: &Serving) -> LlmImpact {
    let batch = serving.batch.unwrap_or(Range::point(ECOLOGITS_BATCH));
    let end = |active, total, batch| decode(float(output), active, total, batch, GPU_KG.central, serving);
    LlmImpact::of(
        end(params.active_b.low, params.total_b.low, batch.high),
        end(params.active_b.central, params.total_b.central, batch.central),
        end(params.active_b.high, params.total_b.high, batch.low),
    )
}

/// `finops-llm/1`: decoding as EcoLogits, with prefill, caches, attention over the context, and a batch prior.
#[must_use]
pub fn finops(params: &ModelParams, tokens: &TokenCounts, serving: &Serving) -> LlmImpact {
    let batch = serving.batch.unwrap_or(BATCH_PRIOR);
    let shape = params.shape;
    let new = float(tokens.input.saturating_add(tokens.cache_write));
    let context_flops = shape.map_or(0.0, |shape| context_flops(new, float(tokens.cache_read), shape));
    let end = |active: f64, total, batch, pick: fn(&Range) -> f64| {
        let n = float(tokens.input)
            + pick(&CACHE_READ) * float(tokens.cache_read)
            + pick(&CACHE_WRITE) * float(tokens.cache_write);
        let flops = n * 2.0 * active * 1e9 + context_flops;
        let prefill_s = flops / (PEAK_FLOPS * PREFILL_MFU) * pick(&PREFILL_SPREAD);
        let gpu_kg = pick(&GPU_KG);
        let decode = decode(float(tokens.output), active, total, batch, gpu_kg, serving);
        End {
            it_kwh: decode.it_kwh + prefill_s * PREFILL_W / J_PER_KWH,
            embodied_kg: decode.embodied_kg + prefill_s * (SERVER_KG / SERVER_GPUS + gpu_kg) / LIFETIME_S,
        }
    };
    LlmImpact::of(
        end(params.active_b.low, params.total_b.low, batch.high, |range| range.low),
        end(params.active_b.central, params.total_b.central, batch.central, |range| range.central),
        end(params.active_b.high, params.total_b.high, batch.low, |range| range.high),
    )
}

/// FLOPs of attention over the context, summed over positions (arXiv 2001.08361, table 1).
fn context_flops(new: f64, cached: f64, shape: Shape) -> f64 {
    2.0 * f64::from(shape.layers) * f64::from(shape.d_model) * (new * cached + new * (new + 1.0) / 2.0)
}

/// kWh of the machines for attention over the context during prefill.
#[must_use]
pub fn prefill_attention_kwh(new: u64, cached: u64, shape: Shape) -> f64 {
    context_flops(float(new), float(cached), shape) / (PEAK_FLOPS * PREFILL_MFU) * PREFILL_W / J_PER_KWH
}

/// Energy of a prefill token over that of an output token by `finops-llm/1`'s central values, before rounding.
#[must_use]
pub fn prefill_decode_ratio(params: &ModelParams, serving: &Serving) -> f64 {
    let prefill = finops(params, &TokenCounts::new(1000, 0), serving).it_kwh.central;
    let decode = finops(params, &TokenCounts::new(0, 1000), serving).it_kwh.central;
    prefill / decode
}

/// kWh at the facility: `it_kwh` times `pue`.
#[must_use]
pub fn facility_kwh(it_kwh: Range, pue: Range) -> Range {
    to_facility(it_kwh, Boundary::It, pue)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the constants are exact")]
mod tests {
    use super::*;

    #[test]
    fn the_constants_of_the_prior_are_those_of_libm() {
        for (batch, constant) in [(8.0, EXP_8), (64.0, EXP_64), (256.0, EXP_256)] {
            assert_eq!(libm::exp(GPU_BETA * batch), constant, "{batch}");
            assert_eq!(exp_batch(batch), constant);
        }
    }

    #[test]
    fn a_model_needs_a_power_of_two_of_gpus() {
        for (total_b, bits, expected) in
            [(8.0, 16.0, 1.0), (70.0, 16.0, 4.0), (405.8, 4.0, 4.0), (1760.0, 16.0, 64.0)]
        {
            assert_eq!(gpus(total_b, bits), expected, "{total_b}");
        }
    }

    #[test]
    fn parameters_are_checked() {
        let code =
            |total, active| ModelParams::new(Range::point(total), Range::point(active)).unwrap_err().code();
        assert_eq!(code(0.0, 0.0), "carbon.bad_number");
        assert_eq!(code(f64::NAN, 1.0), "carbon.bad_number");
        assert_eq!(code(7.0, 8.0), "carbon.active_exceeds_total");
        let params = ModelParams::new(Range::point(8.0), Range::point(8.0)).unwrap();
        assert_eq!(params.with_shape(0, 4096).unwrap_err().path(), "layers");
        let ratio = prefill_decode_ratio(&params, &Serving::default());
        assert!(0.0 < ratio && ratio < 1.0, "a prefill token takes less than an output token: {ratio}");
    }
}
