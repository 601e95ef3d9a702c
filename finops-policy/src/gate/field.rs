//! The fields of the input schema and their ranges.

use super::Exact;

/// A field that the default policy knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    UnitCost,
    TotalSpend,
    BudgetCap,
    TestPassRate,
    CarbonIntensity,
    PromotionRequest,
    SecurityScan,
    Region,
    CostTags,
}

/// A range of numbers, both ends included.
#[derive(Debug)]
pub(crate) struct Range {
    pub(crate) min: Exact,
    pub(crate) max: Exact,
    /// The same as doubles.
    pub(crate) doubles: (f64, f64),
}

impl Range {
    pub(crate) fn contains(&self, value: &Exact) -> bool {
        self.min <= *value && *value <= self.max
    }
}

// The accepted ranges (policy specification, section 3): amounts in USD, a rate as a fraction, grams of CO2 equivalent per
// kilowatt-hour.
static UNIT_COST: Range =
    Range { min: Exact::ZERO, max: Exact::power_of_ten(false, 12), doubles: (0.0, 1e12) };
static TOTAL_SPEND: Range =
    Range { min: Exact::power_of_ten(true, 15), max: Exact::power_of_ten(false, 15), doubles: (-1e15, 1e15) };
static BUDGET_CAP: Range =
    Range { min: Exact::ZERO, max: Exact::power_of_ten(false, 15), doubles: (0.0, 1e15) };
static TEST_PASS_RATE: Range =
    Range { min: Exact::ZERO, max: Exact::power_of_ten(false, 0), doubles: (0.0, 1e0) };
static CARBON_INTENSITY: Range =
    Range { min: Exact::ZERO, max: Exact::power_of_ten(false, 5), doubles: (0.0, 1e5) };

impl Field {
    /// In the order in which findings are reported.
    pub(crate) const ALL: [Self; 9] = [
        Self::UnitCost,
        Self::TotalSpend,
        Self::BudgetCap,
        Self::TestPassRate,
        Self::CarbonIntensity,
        Self::PromotionRequest,
        Self::SecurityScan,
        Self::Region,
        Self::CostTags,
    ];

    /// Those that hold a number.
    pub(crate) const NUMBERS: [Self; 5] =
        [Self::UnitCost, Self::TotalSpend, Self::BudgetCap, Self::TestPassRate, Self::CarbonIntensity];

    /// The name as a pointer.
    pub(crate) const fn pointer(self) -> &'static str {
        match self {
            Self::UnitCost => "/unit_cost_usd",
            Self::TotalSpend => "/total_spend_usd",
            Self::BudgetCap => "/budget_cap_usd",
            Self::TestPassRate => "/test_pass_rate",
            Self::CarbonIntensity => "/carbon_intensity_g_per_kwh",
            Self::PromotionRequest => "/promotion_request",
            Self::SecurityScan => "/security_scan_passed",
            Self::Region => "/deployment_region",
            Self::CostTags => "/cost_tags",
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self.pointer().split_at_checked(1) {
            Some((_, name)) => name,
            None => "",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "unit_cost_usd" => Self::UnitCost,
            "total_spend_usd" => Self::TotalSpend,
            "budget_cap_usd" => Self::BudgetCap,
            "test_pass_rate" => Self::TestPassRate,
            "carbon_intensity_g_per_kwh" => Self::CarbonIntensity,
            "promotion_request" => Self::PromotionRequest,
            "security_scan_passed" => Self::SecurityScan,
            "deployment_region" => Self::Region,
            "cost_tags" => Self::CostTags,
            _ => return None,
        })
    }

    /// What a value of the wrong type is told.
    pub(crate) const fn expected(self) -> &'static str {
        match self {
            Self::UnitCost
            | Self::TotalSpend
            | Self::BudgetCap
            | Self::TestPassRate
            | Self::CarbonIntensity => "a number",
            Self::PromotionRequest | Self::SecurityScan => "a boolean",
            Self::Region => "a string",
            Self::CostTags => "an object",
        }
    }

    /// The accepted range of a number.
    pub(crate) const fn range(self) -> Option<&'static Range> {
        match self {
            Self::UnitCost => Some(&UNIT_COST),
            Self::TotalSpend => Some(&TOTAL_SPEND),
            Self::BudgetCap => Some(&BUDGET_CAP),
            Self::TestPassRate => Some(&TEST_PASS_RATE),
            Self::CarbonIntensity => Some(&CARBON_INTENSITY),
            Self::PromotionRequest | Self::SecurityScan | Self::Region | Self::CostTags => None,
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// Whether the schema has a numeric field of this name.
pub(crate) fn is_number(name: &str) -> bool {
    Field::named(name).is_some_and(|field| Field::NUMBERS.contains(&field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_places_agree() {
        for (index, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(Field::named(field.name()), Some(field));
            assert_eq!(field.index(), index);
            assert_eq!(is_number(field.name()), field.expected() == "a number");
        }
    }
}
