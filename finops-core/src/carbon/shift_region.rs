//! Where to run: the carbon of moving work from one region to another, on both signals. Method `shift-region/1`.

use super::{Boundary, CarbonError, Range, pue, range::names};

/// kWh to move a gigabyte between regions: Cloud Carbon Footprint,
/// <https://www.cloudcarbonfootprint.org/docs/methodology/#networking>.
pub const NETWORK_KWH_PER_GB: f64 = 0.001;

/// The least saving that counts, as a fraction of the carbon at home.
pub const MIN_SAVING_FRACTION: f64 = 0.1;

/// One of the two regions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShiftRegion {
    /// Power usage effectiveness.
    pub pue: Range,
    /// Average intensity in g/kWh.
    pub average: Option<Range>,
    /// Marginal intensity in g/kWh.
    pub marginal: Option<Range>,
}

/// Carbon of the move on one signal, in grams.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignalShift {
    /// Carbon where the work is now.
    pub from_g: f64,
    /// Carbon where it could go, without the transfer.
    pub to_g: f64,
    /// Carbon of moving its data, at the mean intensity of both.
    pub transfer_g: f64,
    /// `from_g` less `to_g` less `transfer_g`; negative when the move harms.
    pub saving_g: f64,
    /// The least and the greatest saving over the ranges of the inputs.
    pub saving_ends_g: (f64, f64),
    /// Whether the saving reaches the threshold.
    pub counts: bool,
}

names! {
    /// On which signals the move saves enough.
    Verdict {
        /// On both.
        Both = "both",
        /// On the average signal only: cleaner on paper, not at the margin.
        AverageOnly = "average_only",
        /// On the marginal signal only.
        MarginalOnly = "marginal_only",
        /// On neither.
        Neither = "neither",
        /// The marginal signal of a side is not known.
        MarginalUnknown = "marginal_unknown",
    }
}

/// What moving work between two regions does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegionShift {
    /// On the average signal; `None` when a side's is not known.
    pub average: Option<SignalShift>,
    /// On the marginal signal; `None` when a side's is not known.
    pub marginal: Option<SignalShift>,
    /// Whether both savings have the same sign; `None` when a signal is missing.
    pub agree: Option<bool>,
    /// The verdict.
    pub verdict: Verdict,
}

/// Compares running `it_energy_kwh` in region `from` with moving it and `transfer_gb` of data to region `to`.
///
/// On each signal that both know: energy × PUE × intensity on either side, less [`NETWORK_KWH_PER_GB`] × data × the mean
/// intensity. A signal counts when its saving reaches `min_saving_fraction` of the carbon at home. Both signals belong
/// side by side: a region cleaner on average is often dirtier at the margin.
///
/// # Errors
/// `carbon.bad_pue` outside 1 to 10; `carbon.bad_number` for a negative or non-finite number.
pub fn region_shift(
    it_energy_kwh: Range,
    from: &ShiftRegion,
    to: &ShiftRegion,
    transfer_gb: f64,
    min_saving_fraction: f64,
) -> Result<RegionShift, CarbonError> {
    pue::check("from.pue", from.pue)?;
    pue::check("to.pue", to.pue)?;
    let transfer_gb = crate::units::check("transfer_gb", transfer_gb)?;
    let least = crate::units::check("min_saving_fraction", min_saving_fraction)?;
    let on = |signal: fn(&ShiftRegion) -> Option<Range>| {
        let (here, there) = signal(from).zip(signal(to))?;
        // What a kilowatt hour of the machines emits on either side.
        let from = pue::to_facility(here, Boundary::It, from.pue);
        let to = pue::to_facility(there, Boundary::It, to.pue);
        Some(signal_shift(it_energy_kwh, from, to, transfer_gb, (here, there), least))
    };
    let (average, marginal) = (on(|region| region.average), on(|region| region.marginal));
    let counts = |shift: Option<SignalShift>| shift.is_some_and(|shift| shift.counts);
    let sign = |saving: f64| saving.partial_cmp(&0.0);
    Ok(RegionShift {
        average,
        marginal,
        agree: average.zip(marginal).map(|(a, m)| sign(a.saving_g) == sign(m.saving_g)),
        verdict: match (counts(average), counts(marginal)) {
            _ if marginal.is_none() => Verdict::MarginalUnknown,
            (true, true) => Verdict::Both,
            (true, false) => Verdict::AverageOnly,
            (false, true) => Verdict::MarginalOnly,
            (false, false) => Verdict::Neither,
        },
    })
}

fn signal_shift(
    energy: Range,
    from: Range,
    to: Range,
    transfer_gb: f64,
    intensities: (Range, Range),
    least: f64,
) -> SignalShift {
    let (from_g, to_g) = (energy.central * from.central, energy.central * to.central);
    let transfer = intensities.0.sum(intensities.1).scaled(transfer_gb * NETWORK_KWH_PER_GB / 2.0);
    let saving_g = from_g - to_g - transfer.central;
    // A difference may be negative: then the greater energy makes it the lower end.
    let difference = from.difference(to);
    let low = (difference.low * energy.low).min(difference.low * energy.high) - transfer.high;
    let high = (difference.high * energy.low).max(difference.high * energy.high) - transfer.low;
    SignalShift {
        from_g,
        to_g,
        transfer_g: transfer.central,
        saving_g,
        saving_ends_g: (low.min(saving_g), high.max(saving_g)),
        counts: saving_g >= least * from_g,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn region(pue: f64, average: Option<f64>, marginal: Option<f64>) -> ShiftRegion {
        ShiftRegion {
            pue: Range::point(pue),
            average: average.map(Range::point),
            marginal: marginal.map(Range::point),
        }
    }

    #[test]
    fn a_cleaner_average_can_hide_a_dirtier_margin() {
        let (virginia, stockholm) =
            (region(1.15, Some(396.25), Some(557.17)), region(1.1, Some(24.71), Some(791.26)));
        let shift = region_shift(Range::point(100.0), &virginia, &stockholm, 0.0, 0.1).unwrap();
        assert_eq!((shift.verdict, shift.agree), (Verdict::AverageOnly, Some(false)));
        let back = region_shift(Range::point(100.0), &stockholm, &virginia, 0.0, 0.1).unwrap();
        assert_eq!(back.verdict, Verdict::MarginalOnly);
        let unknown = region(1.15, None, Some(500.0));
        let shift = region_shift(Range::point(1.0), &virginia, &unknown, 0.0, 0.1).unwrap();
        assert_eq!((shift.average, shift.agree, shift.verdict), (None, None, Verdict::MarginalOnly));
    }

    #[test]
    fn impossible_inputs_are_refused() {
        let good = region(1.1, Some(1.0), None);
        let refuse = |from: &ShiftRegion, gb, least| {
            let error = region_shift(Range::point(1.0), from, &good, gb, least).unwrap_err();
            (error.code(), error.path().to_owned())
        };
        assert_eq!(refuse(&region(0.9, None, None), 0.0, 0.1), ("carbon.bad_pue", "from.pue".to_owned()));
        assert_eq!(refuse(&good, -1.0, 0.1), ("carbon.bad_number", "transfer_gb".to_owned()));
        assert_eq!(refuse(&good, 0.0, f64::NAN).1, "min_saving_fraction");
    }

    proptest! {
        #[test]
        fn the_saving_lies_between_its_ends(
            energy in (0.0_f64..10.0, 0.0_f64..10.0), here in (0.0_f64..500.0, 0.0_f64..500.0),
            there in (0.0_f64..500.0, 0.0_f64..500.0), gb in 0.0_f64..100.0, at in (0.0_f64..1.0, 0.0_f64..1.0, 0.0_f64..1.0)
        ) {
            let range = |(low, more): (f64, f64)| Range::ends(low, low + more).unwrap();
            let (energy, here, there) = (range(energy), range(here), range(there));
            let side = |i| ShiftRegion { pue: Range::point(1.2), average: Some(i), marginal: None };
            let shift = region_shift(energy, &side(here), &side(there), gb, 0.1).unwrap().average.unwrap();
            let within = |r: Range, t: f64| r.low + t * (r.high - r.low);
            let (e, a, b) = (within(energy, at.0), within(here, at.1), within(there, at.2));
            let saving = e * 1.2 * (a - b) - gb * 0.001 * (a + b) / 2.0;
            let (low, high) = shift.saving_ends_g;
            prop_assert!(low - 1e-6 <= saving && saving <= high + 1e-6, "{low} {saving} {high}");
            prop_assert!(low <= shift.saving_g && shift.saving_g <= high);
        }
    }
}
