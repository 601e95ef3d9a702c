//! Whatever was assumed, as a bit set that serialises as a list of codes.

macro_rules! assumptions {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// One thing that was assumed about usage or price. The wire form is the name itself.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(non_camel_case_types, reason = "the wire names, stated once")]
        pub enum Assumption { $($(#[doc = $doc])+ $name,)+ }

        impl Assumption {
            /// Every assumption, in the order in which lists show them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// One sentence for people.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
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
    /// The parts of a body do not add up to its usage; usage alone counts.
    breakdown_mismatch,
    /// The stated total fits neither with nor without reasoning.
    total_mismatch,
    /// Version 5 of the Vercel AI SDK: its counts follow the provider's own convention for cached tokens.
    v5_cache_convention,
    /// The stream broke off: what had been reported by then is kept.
    stream_incomplete,
    /// The name is an unlisted dated snapshot: the base model's price is used.
    date_suffix,
    /// Several hosts sell the model at equal rates.
    same_price_hosts,
    /// The provider's default region was taken.
    region_default,
    /// The body says `auto`: the standard tier is taken.
    tier_unknown_auto,
    /// No row for the service tier: the standard row is used.
    tier_at_standard,
    /// No row for the region: the default region's row is used.
    region_at_default,
    /// No row for the speed: the standard row is used.
    speed_at_default,
    /// The instant lies before the first row: the first row is used.
    before_first_interval,
    /// The instant lies after the last row's end: the last row is used.
    after_last_interval,
    /// No rate for cache reads: the input rate is used.
    cache_read_at_input_rate,
    /// No rate for cache writes: the input rate is used.
    cache_write_at_input_rate,
    /// No rate for one-hour cache writes: the default lifetime's rate is used.
    cache_write_1h_at_5m_rate,
    /// No rate for audio: the text rate is used.
    audio_at_text_rate,
    /// No rate for images: the text rate of that direction is used.
    image_at_text_rate,
    /// No rate for video: the text rate of that direction is used.
    video_at_text_rate,
    /// No rate for a used bucket or unit: its item has no amount.
    unit_without_rate,
    /// One source alone states the price.
    unverified_price,
    /// Prepaid capacity at its list price.
    provisioned_at_list,
    /// The instant lies after the last day that the holiday calendar covers.
    holidays_unknown,
    /// Only the output rate was configured: the input rate is the default.
    input_rate_default,
    /// Only the input rate was configured: the output rate is the default.
    output_rate_default,
    /// No price is known: the flat default rates are used.
    flat_rates_default,
    /// Compute at the default hourly rate: none was set.
    compute_rate_default,
    /// Compute is due but the duration is not known.
    duration_unknown,
    /// The name matched in ASCII lower case only.
    case_insensitive,
    /// A fine-tuned model at its family's listed price.
    fine_tuned,
}

/// A set of [`Assumption`]s.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Assumptions(u64);

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

    /// Whether the sets share an assumption.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
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

    const fn bit(assumption: Assumption) -> u64 {
        const { assert!(Assumption::ALL.len() <= 64, "one bit an assumption") };
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
