//! What may change while a monitor runs, and how monitors meet.

use super::{ResourceMonitor, Setting, Source, config::assign, routes::Routes};
use crate::{Error, rollup::Rollup};
use finops_core::{
    carbon::{CarbonModel, Grid},
    cost::ModelPrice,
    error::ConfigError,
};
use rust_decimal::Decimal;

/// Names the form of [`ResourceMonitor::snapshot`].
const SNAPSHOT: &str = "finops.monitor/1";

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Snapshot {
    schema: String,
    dropped: u64,
    sink_errors: u64,
    /// The text of [`Rollup::snapshot`].
    rollup: String,
}

impl<P> ResourceMonitor<P> {
    /// The exact value of a number, as it is now.
    #[must_use]
    pub fn setting(&self, setting: Setting) -> Decimal {
        self.lock().settings.value(setting)
    }

    /// Where the number `name` came from; `None` when there is no such number.
    #[must_use]
    pub fn source_of(&self, name: &str) -> Option<Source> {
        Some(self.lock().settings.source(Setting::from_name(name)?))
    }

    /// Assigns a number. Later calls use it; records keep what they were made with. A cost becomes explicit.
    ///
    /// # Errors
    /// `config.invalid`, `price.too_precise`; then nothing changes.
    pub fn set(&self, setting: Setting, value: Decimal) -> Result<(), Error> {
        let mut state = self.lock();
        let state = &mut *state;
        if let Some(carbon) = assign(&mut state.settings, &mut state.policy, &state.carbon, setting, value)? {
            state.set_carbon(carbon);
        }
        state.routes = Routes::default();
        Ok(())
    }

    /// Takes the intensity of a feed or table for later calls.
    ///
    /// # Errors
    /// `config.invalid`, `carbon.bad_number`; then nothing changes.
    pub fn set_grid(&self, grid: Grid) -> Result<(), Error> {
        let mut state = self.lock();
        let carbon = state.carbon.with_grid(grid)?;
        state.settings.assign(Setting::CarbonIntensityGPerKwh, carbon.grid_g_per_kwh_exact())?;
        state.set_carbon(carbon);
        Ok(())
    }

    /// Sets the user's price of a model for later calls.
    ///
    /// # Errors
    /// `config.invalid` for a blank model or a negative rate; then nothing changes.
    pub fn set_price(&self, price: ModelPrice) -> Result<(), Error> {
        let mut state = self.lock();
        state.routes = Routes::default();
        Ok(state.policy.set_price(price)?)
    }

    /// The energy and carbon model, as it is now.
    #[must_use]
    pub fn carbon(&self) -> CarbonModel {
        self.lock().carbon.clone()
    }

    /// Adds the roll-up of `other`; its records stay there. The order of merges changes nothing.
    ///
    /// # Errors
    /// `config.invalid` when the monitors keep other tags, `money.overflow`, `carbon.total_overflow`.
    pub fn merge<Q>(&self, other: &ResourceMonitor<Q>) -> Result<(), Error> {
        // A copy, so that two monitors that merge each other never wait for each other.
        let rollup = other.rollup();
        self.merge_rollup(&rollup)
    }

    /// Adds a roll-up.
    ///
    /// # Errors
    /// As [`ResourceMonitor::merge`].
    pub fn merge_rollup(&self, rollup: &Rollup) -> Result<(), Error> {
        let mut state = self.lock();
        state.routes = Routes::default();
        Ok(state.rollup.merge(rollup)?)
    }

    /// Roll-ups and counters as text, for [`ResourceMonitor::restore`]. Records are not in it: drain them.
    ///
    /// # Errors
    /// `config.invalid` when a total cannot be written.
    pub fn snapshot(&self) -> Result<String, Error> {
        let state = self.lock();
        let (rollup, dropped, sink_errors) = (state.rollup.clone(), state.ring.dropped(), state.sink_errors);
        drop(state);
        let unwritable = |error: serde_json::Error| {
            ConfigError::new("snapshot", error, "a total that JSON cannot hold", "reset the monitor")
        };
        let snapshot =
            Snapshot { schema: SNAPSHOT.to_owned(), dropped, sink_errors, rollup: rollup.snapshot()? };
        Ok(serde_json::to_string(&snapshot).map_err(unwritable)?)
    }

    /// Takes roll-ups and counters from a snapshot in place of its own; records and configuration stay.
    ///
    /// # Errors
    /// `config.invalid` for a text that is no snapshot, or one of a monitor with other tags; then nothing changes.
    pub fn restore(&self, text: &str) -> Result<(), Error> {
        let snapshot: Snapshot = serde_json::from_str(text).map_err(|error| {
            ConfigError::new("snapshot", error, "not a snapshot of a monitor", "pass what `snapshot` gave")
        })?;
        if snapshot.schema != SNAPSHOT {
            let help = "pass what `snapshot` of this version gave";
            return Err(ConfigError::new("schema", &snapshot.schema, "another version", help).into());
        }
        let restored = Rollup::restore(&snapshot.rollup)?;
        let mut state = self.lock();
        // Through a merge, so that this monitor's tags and bounds hold.
        let mut rollup = Rollup::new(state.rollup.config().clone())?;
        rollup.merge(&restored)?;
        state.rollup = rollup;
        state.routes = Routes::default();
        let before = state.ring.dropped();
        state.ring.add_dropped(snapshot.dropped.saturating_sub(before));
        state.sink_errors = snapshot.sink_errors;
        Ok(())
    }

    /// Counts a batch of `records` that a sink gave up: one sink error, and that many dropped records.
    pub fn sink_failed(&self, records: usize) {
        let mut state = self.lock();
        state.sink_errors = state.sink_errors.saturating_add(1);
        state.ring.add_dropped(u64::try_from(records).unwrap_or(u64::MAX));
    }
}
