//! What can go wrong with an energy meter.

/// A meter that gives no reading. It never gives 0 instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MeterError {
    /// `meter.unavailable`: there is no such meter here.
    #[error("meter `{meter}` is not available: {reason}")]
    Unavailable {
        /// `rapl` or `nvml`.
        meter: &'static str,
        /// Why.
        reason: String,
    },
    /// `meter.permission`: the meter is there but may not be read.
    #[error("`{path}` of meter `{meter}` may not be read; {help}")]
    Permission {
        /// `rapl` or `nvml`.
        meter: &'static str,
        /// The file or device.
        path: String,
        /// How to get the permission.
        help: &'static str,
    },
    /// `meter.bad_reading`: the meter answered with something that is no reading.
    #[error("`{path}` of meter `{meter}` reads `{value}`, not a whole number")]
    BadReading {
        /// `rapl` or `nvml`.
        meter: &'static str,
        /// The file or device.
        path: String,
        /// What it gave, shortened.
        value: String,
    },
}

/// Why a RAPL counter may not be read, and what to do about it.
pub const RAPL_PERMISSION_HELP: &str =
    "since CVE-2020-8694 only root may; grant it with a udev rule for subsystem `powercap` or run as root";

impl MeterError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "meter.unavailable",
            Self::Permission { .. } => "meter.permission",
            Self::BadReading { .. } => "meter.bad_reading",
        }
    }

    /// The file or device at fault; the meter's name when it is the whole meter.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Unavailable { meter, .. } => meter,
            Self::Permission { path, .. } | Self::BadReading { path, .. } => path,
        }
    }

    /// Refuses `value` read from `path`.
    #[must_use]
    pub fn bad_reading(meter: &'static str, path: &str, value: &str) -> Self {
        Self::BadReading { meter, path: path.to_owned(), value: crate::error::shorten(value.trim()) }
    }
}
