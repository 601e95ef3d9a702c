//! The hot path: numbers cross in one array that never moves, and the call that logs has no argument.

use crate::{
    error,
    monitor::{self, Monitor},
};
use finops::{
    Error, Timestamp,
    carbon::{CarbonConfig, CarbonModel, ModelHandle, Timing, TokenCounts},
    core::usage::{TextUsage, UsageError},
    telemetry::monitor::{PlainCall, Tags, count_f64, duration_ms},
};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::{
    cell::{Cell, RefCell},
    sync::Arc,
};

/// Numbers in the array. `bindings/node/ts/monitor.ts` has the same list of places.
const LEN: usize = 64;
/// The monitor's number and 1; 0 when no call lies in the array.
const IN_HANDLE: usize = 0;
const IN_MODEL: usize = 1;
const IN_INPUT: usize = 2;
const IN_OUTPUT: usize = 3;
/// Milliseconds; negative when not known.
const IN_DURATION: usize = 4;
/// Milliseconds since 1970.
const IN_AT: usize = 5;
const IN_SLOT: usize = 6;
/// One place a tag: the number of its value and 1; 0 when the call has none.
const IN_TAGS: usize = 8;
const TAGS_MAX: usize = 16;
/// All tokens of an estimate and 1; 0 when none lies in the array.
const IN_TOKENS: usize = 24;
/// Dollars as the nearest f64; NaN when not known.
const OUT_INPUT_COST: usize = 32;
const OUT_OUTPUT_COST: usize = 33;
const OUT_COMPUTE_COST: usize = 34;
const OUT_UNIT_COST: usize = 35;
const OUT_JOULES: usize = 36;
const OUT_KG: usize = 37;
const OUT_VERSION: usize = 38;
/// Milliseconds as the record keeps them, in whole nanoseconds; NaN when not known.
const OUT_DURATION: usize = 39;
/// Grams of CO2e per kilowatt-hour; NaN when it is that of the version.
const OUT_INTENSITY: usize = 40;
/// The ends of an estimate whose central values are [`OUT_JOULES`] and [`OUT_KG`].
const OUT_JOULES_LOW: usize = 41;
const OUT_JOULES_HIGH: usize = 42;
const OUT_GRAMS_LOW: usize = 43;
const OUT_GRAMS: usize = 44;
const OUT_GRAMS_HIGH: usize = 45;

/// Answers of [`log`].
const DONE: u32 = 0;
const REFUSED: u32 = 1;
const NO_ARRAY: u32 = 2;

type Array = [Cell<f64>; LEN];

thread_local! {
    /// One array a module: test runners load the module several times in a thread.
    static ARRAYS: RefCell<Vec<&'static Array>> = const { RefCell::new(Vec::new()) };
    static LAST_ERROR: RefCell<String> = const { RefCell::new(String::new()) };
    /// Nobody configured anything: the flat method with its defaults.
    static FLAT: Option<CarbonModel> = CarbonModel::new(CarbonConfig::default()).ok();
}

/// The array that is asked at `place`, if any.
fn waiting(place: usize) -> Option<&'static Array> {
    ARRAYS.with(|arrays| {
        arrays.borrow().iter().copied().find(|array| array.get(place).is_some_and(|n| n.get() != 0.0))
    })
}

/// A new array for this module. It is never freed: JavaScript may hold it for as long as it likes.
#[napi(catch_unwind)]
pub fn exchange() -> Float64Array {
    let array: &'static Array = Box::leak(Box::new([const { Cell::new(0.0) }; LEN]));
    ARRAYS.with(|arrays| arrays.borrow_mut().push(array));
    let data = array.as_ptr().cast::<f64>().cast_mut();
    // SAFETY: `data` points to LEN cells of f64, which have the layout of f64 and allow changes from elsewhere, live as
    // long as the process, and are given to JavaScript once. Rust and JavaScript touch them on this thread only.
    unsafe { Float64Array::with_external_data(data, LEN, |_, _| {}) }
}

/// Logs the call that lies in an array: 0, or 1 when it is refused ([`last_error`] says why), or 2 when none lies there.
#[napi(catch_unwind)]
pub fn log() -> u32 {
    let Some(array) = waiting(IN_HANDLE) else { return NO_ARRAY };
    let handle = array[IN_HANDLE].replace(0.0);
    let logged = place(handle)
        .and_then(|place| place.checked_sub(1))
        .and_then(|handle| monitor::with_monitor(handle, |monitor| log_from(monitor, array)));
    match logged {
        Some(Ok(())) => DONE,
        Some(Err(error)) => {
            LAST_ERROR.with(|last| *last.borrow_mut() = error::told(&error));
            REFUSED
        }
        None => NO_ARRAY,
    }
}

/// Estimates the energy and carbon of the tokens that lie in an array, where nothing is configured: 0, or 2 when none lie
/// there or they are no count.
#[napi(catch_unwind)]
pub fn flat() -> u32 {
    let Some(array) = waiting(IN_TOKENS) else { return NO_ARRAY };
    let tokens = place(array[IN_TOKENS].replace(0.0)).and_then(|tokens| tokens.checked_sub(1));
    let tokens =
        tokens.and_then(|tokens| u64::try_from(tokens).ok()).map(|tokens| TokenCounts::new(tokens, 0));
    let impact = tokens.and_then(|tokens| {
        FLAT.with(|model| model.as_ref()?.inference(ModelHandle::UNKNOWN, &tokens, Timing::default()).ok())
    });
    let Some(impact) = impact else { return NO_ARRAY };
    let (energy, carbon) = (impact.energy.range(), impact.operational.range());
    array[OUT_JOULES_LOW].set(energy.low);
    array[OUT_JOULES].set(energy.central);
    array[OUT_JOULES_HIGH].set(energy.high);
    array[OUT_GRAMS_LOW].set(carbon.low);
    array[OUT_GRAMS].set(carbon.central);
    array[OUT_GRAMS_HIGH].set(carbon.high);
    array[OUT_KG].set(impact.carbon_kg);
    DONE
}

/// Why the last [`log`] was refused, as JSON.
#[napi(catch_unwind)]
pub fn last_error() -> String {
    LAST_ERROR.with(|last| last.borrow().clone())
}

fn log_from(monitor: &Monitor, array: &Array) -> std::result::Result<(), Error> {
    let name = |place: usize| monitor.names.get(place);
    let model = place(array[IN_MODEL].get()).and_then(name);
    let model = model.ok_or_else(|| UsageError::MissingModel { path: "model".to_owned() })?;
    let usage = TextUsage::new(
        count_f64("input_tokens", array[IN_INPUT].get())?,
        count_f64("output_tokens", array[IN_OUTPUT].get())?,
    );
    let ms = array[IN_DURATION].get();
    let duration = if ms < 0.0 { None } else { Some(duration_ms("duration_ms", ms)?) };
    let tags = array.iter().skip(IN_TAGS).take(monitor.tags.min(TAGS_MAX));
    let tags = tags.map(|tag| place(tag.get())?.checked_sub(1).and_then(name).map(Arc::clone));
    let tags = Tags::from_shared(tags);
    let call =
        PlainCall { duration, tags: &tags, ..PlainCall::new(model, usage, instant(array[IN_AT].get())?) };
    let record = monitor.engine.log_plain(&call, whole(array[IN_SLOT].get()).map(Arc::new))?;
    let usd = |amount: Option<finops::Picodollars>| amount.map_or(f64::NAN, finops::Picodollars::to_f64);
    array[OUT_INPUT_COST].set(usd(record.input_cost()));
    array[OUT_OUTPUT_COST].set(usd(record.output_cost()));
    array[OUT_COMPUTE_COST].set(usd(record.compute_cost()));
    array[OUT_UNIT_COST].set(usd(record.unit_cost()));
    array[OUT_JOULES].set(record.energy_joules());
    array[OUT_KG].set(record.carbon_kg());
    array[OUT_VERSION].set(f64::from(monitor.version));
    array[OUT_INTENSITY].set(if monitor.own_intensity { record.carbon_intensity() } else { f64::NAN });
    array[OUT_DURATION].set(record.duration_ms().unwrap_or(f64::NAN));
    Ok(())
}

/// A whole number below 2^53; `None` for any other.
fn whole(value: f64) -> Option<u64> {
    count_f64("slot", value).ok()
}

fn place(value: f64) -> Option<usize> {
    usize::try_from(whole(value)?).ok()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds are range-checked after the cast, which saturates"
)]
fn instant(ms: f64) -> std::result::Result<Timestamp, Error> {
    let refused = || UsageError::NaiveTime {
        path: "clock".to_owned(),
        value: ms.to_string(),
        problem: "no instant; let `clock` give milliseconds since 1970",
    };
    Ok(Some(ms)
        .filter(|ms| ms.is_finite())
        .and_then(|ms| Timestamp::from_ms(ms as i64))
        .ok_or_else(refused)?)
}
