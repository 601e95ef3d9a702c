//! Whatever was assumed about energy and carbon, as a bit set that serialises as a list of codes.

macro_rules! assumptions {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// One thing that was assumed about energy or carbon. The wire form is the name itself.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(non_camel_case_types, reason = "the wire names, stated once")]
        pub enum Assumption { $($(#[$doc])* $name,)+ }

        impl Assumption {
            /// Every assumption, in the order in which lists show them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// The assumption of that code.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $(stringify!($name) => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

assumptions! {
    /// No factor is configured: 0.5 Wh per 1,000 tokens.
    flat_energy_default,
    /// No intensity and no region is configured: 400 g/kWh.
    flat_intensity_default,
    /// No training power is configured: 0.25 kW a GPU.
    flat_training_default,
    /// Method `auto` found no parameters of the model: the flat factor is used.
    model_parameters_unknown,
    /// The zone is not known: the world's average is used.
    unknown_zone,
    /// A country stands for its part: the finer zone has no row of that basis.
    coarser_zone,
    /// No PUE is known of this cloud or region: the default of clouds is used.
    pue_default_cloud,
    /// No PUE is known of this data centre: the default of own data centres is used.
    pue_default_on_prem,
    /// A PUE is configured but the factor already holds it.
    pue_not_applied,
    /// The batch size is not known: 8 to 256 around 64.
    batch_prior,
    /// The request's latency is not known: it is modelled.
    latency_unknown,
    /// Layers and width of the model are not known: attention over long contexts is left out.
    no_context_term,
    /// Tokens that are not text are counted as text.
    modality_as_text,
    /// An energy factor of 0 was declared.
    zero_energy_declared,
    /// An intensity of 0 was declared.
    zero_intensity_declared,
    /// The instant lies outside the intensity series: the configured scalar is used.
    series_out_of_range,
    /// The intensity service did not answer: the annual table is used.
    feed_unavailable,
    /// Idle energy of the fleet is shared over its requests.
    idle_shared,
    /// A dropped counter interval is filled with modelled energy.
    counter_gap_filled,
    /// Samples lie so far apart that the counter may have wrapped unseen.
    counter_undersampled,
    /// A multi-instance GPU has no meter per instance: energy is shared by compute slices.
    mig_share,
}

/// A set of [`Assumption`]s.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Assumptions(u32);

impl Assumptions {
    /// Nothing was assumed.
    pub const NONE: Self = Self(0);

    /// Adds `assumption`.
    pub const fn insert(&mut self, assumption: Assumption) {
        self.0 |= Self::bit(assumption);
    }

    /// This set and `assumption`.
    #[must_use]
    pub const fn with(self, assumption: Assumption) -> Self {
        Self(self.0 | Self::bit(assumption))
    }

    /// This set, and `assumption` if `condition` holds.
    #[must_use]
    pub const fn with_if(self, condition: bool, assumption: Assumption) -> Self {
        if condition { self.with(assumption) } else { self }
    }

    /// Both sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `assumption` is in the set.
    #[must_use]
    pub const fn contains(self, assumption: Assumption) -> bool {
        self.0 & Self::bit(assumption) != 0
    }

    /// Whether nothing was assumed.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The assumptions, in the order of [`Assumption::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Assumption> {
        Assumption::ALL.iter().copied().filter(move |a| self.contains(*a))
    }

    const fn bit(assumption: Assumption) -> u32 {
        const { assert!(Assumption::ALL.len() <= 32, "one bit an assumption") };
        1 << assumption as u32
    }
}

impl FromIterator<Assumption> for Assumptions {
    fn from_iter<I: IntoIterator<Item = Assumption>>(iter: I) -> Self {
        iter.into_iter().fold(Self::NONE, Self::with)
    }
}

impl serde::Serialize for Assumptions {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Assumption::code))
    }
}

impl<'de> serde::Deserialize<'de> for Assumptions {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let codes = <Vec<String>>::deserialize(deserializer)?;
        let known = |code: &String| {
            Assumption::from_code(code)
                .ok_or_else(|| serde::de::Error::custom(format!("unknown assumption `{code}`")))
        };
        codes.iter().map(known).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_a_list_of_codes_on_the_wire() {
        let set: Assumptions = Assumption::ALL.iter().copied().collect();
        let json = serde_json::to_string(&set).unwrap();
        assert_eq!(serde_json::from_str::<Assumptions>(&json).unwrap(), set);
        assert_eq!(
            serde_json::to_string(&Assumptions::NONE.with(Assumption::batch_prior)).unwrap(),
            r#"["batch_prior"]"#
        );
        assert!(serde_json::from_str::<Assumptions>(r#"["guess"]"#).is_err());
    }
}
