//! The tables beside the log: their columns, in the order in which rows cross.

use finops_core::error::shorten;
use finops_ledger::{date::Date, event::envelope::parse_at, number::Exact};
use serde_json::Value;

use crate::StoreError;

/// What a column holds. Every cell crosses as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    /// `numeric(38,12)`.
    Money,
    /// `numeric(38,18)`.
    Rate,
    Day,
    /// UTC with six fraction digits.
    Time,
    Json,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

/// A row: a text or null for each column.
pub(crate) type Row = Vec<Option<String>>;

/// A table that the store writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Frozen baselines.
    CostBaselines,
    /// Opportunities in their present state.
    Opportunities,
    /// Rows of proof as corrected.
    SavingsVerifications,
    /// Deployments, for DORA metrics.
    Deployments,
    /// Allocated cost a day.
    CostAllocation,
    /// Business metrics, the denominators of unit costs.
    BizKpis,
    /// DORA metrics as computed elsewhere.
    DoraMetrics,
    /// Which batches of bulk rows the log attests.
    AttestedBatches,
    /// Issued reports.
    SavingsReports,
}

macro_rules! columns {
    ($($name:literal $kind:ident),* $(,)?) => { &[$(Column { name: $name, kind: Kind::$kind }),*] };
}

impl Table {
    /// The tables that are rebuilt from the log.
    pub const PROJECTIONS: [Self; 4] =
        [Self::CostBaselines, Self::Opportunities, Self::SavingsVerifications, Self::Deployments];

    /// The tables of bulk rows.
    pub const BULK: [Self; 3] = [Self::CostAllocation, Self::BizKpis, Self::DoraMetrics];

    /// The name in SQL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CostBaselines => "cost_baselines",
            Self::Opportunities => "opportunities",
            Self::SavingsVerifications => "savings_verifications",
            Self::Deployments => "deployments",
            Self::CostAllocation => "cost_allocation",
            Self::BizKpis => "biz_kpis",
            Self::DoraMetrics => "dora_metrics",
            Self::AttestedBatches => "attested_batches",
            Self::SavingsReports => "savings_reports",
        }
    }

    /// The table of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let rest = [Self::AttestedBatches, Self::SavingsReports];
        Self::PROJECTIONS.into_iter().chain(Self::BULK).chain(rest).find(|table| table.name() == name)
    }

    /// Does each row belong to one log, as a column `log_id` says?
    pub(crate) const fn has_log(self) -> bool {
        !matches!(self, Self::CostAllocation | Self::BizKpis | Self::DoraMetrics)
    }

    /// How many of the first columns are the key.
    pub(crate) const fn keys(self) -> usize {
        match self {
            Self::CostAllocation => 7,
            Self::BizKpis => 3,
            Self::DoraMetrics => 4,
            _ => 1,
        }
    }

    /// The columns but `log_id`, the key first.
    pub(crate) const fn columns(self) -> &'static [Column] {
        match self {
            Self::CostBaselines => columns![
                "id" Text, "workload_id" Text, "namespace" Text, "cluster" Text, "team" Text, "resource" Text, "cost" Money,
                "monthly_cost" Money, "cpu_cost" Money, "memory_cost" Money, "storage_cost" Money, "network_cost" Money,
                "period_start" Time, "period_end" Time, "currency" Text, "price_basis" Text, "fixed_share" Rate,
                "driver_name" Text, "driver_quantity" Rate, "unit_price" Rate, "daily" Json, "source" Text,
                "source_sha256" Text, "seq" Integer,
            ],
            Self::Opportunities => columns![
                "id" Text, "type" Text, "status" Text, "detected_at" Time, "cluster" Text, "namespace" Text,
                "workload" Text, "team" Text, "resource" Text, "component" Text, "effect" Text,
                "estimated_monthly_savings" Money, "currency" Text, "price_basis" Text, "confidence" Rate,
                "risk_score" Rate, "realized_savings" Money, "fingerprint" Text, "generation" Integer, "books_on" Text,
                "measure_rank" Integer, "pr_url" Text, "pr_number" Integer, "implemented_at" Time, "verified_at" Time,
                "expires_at" Time, "rollback_reason" Text, "superseded_by" Text, "finding_id" Text, "detector" Text,
                "environment" Text, "baseline_id" Text, "evidence" Json, "before_state" Json, "after_state" Json,
                "seq" Integer,
            ],
            Self::SavingsVerifications => columns![
                "event_id" Text, "opportunity_id" Text, "resource" Text, "method" Text, "effect" Text, "period_start" Day,
                "period_end" Day, "currency" Text, "price_basis" Text, "adjusted_baseline" Money, "actual" Money,
                "non_routine" Money, "total" Money, "usage_effect" Money, "rate_effect" Money, "claimed" Money,
                "cash_reduction" Money, "avoided_growth" Money, "ci90_low" Money, "ci90_high" Money, "verdict" Text,
                "corrected_by" Text, "seq" Integer,
            ],
            Self::Deployments => columns![
                "deployment_id" Text, "at" Time, "service" Text, "team" Text, "environment" Text, "commit_sha" Text,
                "committed_at" Time, "outcome" Text, "restored_at" Time, "seq" Integer,
            ],
            Self::CostAllocation => columns![
                "day" Day, "scope" Text, "team" Text, "cluster" Text, "namespace" Text, "workload" Text, "currency" Text,
                "cost" Money, "cpu_cost" Money, "memory_cost" Money, "storage_cost" Money, "network_cost" Money,
                "method" Text, "batch_id" Text,
            ],
            Self::BizKpis => columns![
                "name" Text, "ts" Time, "dims" Text, "value" Rate, "unit" Text, "currency" Text, "source" Text,
                "batch_id" Text,
            ],
            Self::DoraMetrics => columns![
                "period" Text, "team" Text, "service" Text, "metric" Text, "value" Rate, "unit" Text, "batch_id" Text,
            ],
            Self::AttestedBatches => columns![
                "batch_id" Text, "table_name" Text, "rows" Integer, "sha256" Text, "seq" Integer,
            ],
            Self::SavingsReports => columns![
                "report_id" Text, "kind" Text, "label" Text, "period" Text, "origin" Text, "as_of_size" Integer,
                "as_of_root" Text, "body" Text, "body_sha256" Text,
            ],
        }
    }

    /// The row whose cells are the members of `value` by the names of the columns.
    pub(crate) fn row(self, value: &Value) -> Row {
        let cell = |column: &Column| match value.get(column.name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(other) => Some(other.to_string()),
        };
        self.columns().iter().map(cell).collect()
    }

    /// The row as an object: integers as numbers, JSON as it is, everything else as text, unknown as null.
    pub(crate) fn object(self, row: &Row) -> Value {
        let cell = |(column, text): (&Column, &Option<String>)| {
            let value = match (text, column.kind) {
                (None, _) => Value::Null,
                (Some(text), Kind::Integer | Kind::Json) => {
                    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
                }
                (Some(text), _) => Value::String(text.clone()),
            };
            (column.name.to_owned(), value)
        };
        Value::Object(self.columns().iter().zip(row).map(cell).collect())
    }

    /// Reads a bulk row, whose members are columns of the table, and writes what is stored of it.
    pub(crate) fn bulk_row(self, index: usize, value: &Value, batch_id: &str) -> Result<Row, StoreError> {
        let refuse = |name: &str, problem: &str| {
            let path = if name.is_empty() { format!("/{index}") } else { format!("/{index}/{name}") };
            Err(StoreError::Row { path, problem: problem.to_owned() })
        };
        let Some(members) = value.as_object() else { return refuse("", "must be an object") };
        let given =
            |name: &str| name != "batch_id" && self.columns().iter().any(|column| column.name == name);
        if let Some(name) = members.keys().find(|name| !given(name)) {
            let problem = format!("is no column of `{}`", self.name());
            return refuse(&shorten(name).replace('~', "~0").replace('/', "~1"), &problem);
        }
        let mut row = Row::with_capacity(self.columns().len());
        for (place, column) in self.columns().iter().enumerate() {
            let text = match members.get(column.name) {
                _ if column.name == "batch_id" => Some(batch_id),
                None | Some(Value::Null) => None,
                Some(Value::String(text)) => Some(text.as_str()),
                Some(_) => return refuse(column.name, "must be a text; decimals and times are texts too"),
            };
            let required = place < self.keys() || matches!(column.name, "cost" | "value");
            match text {
                None if required => return refuse(column.name, "is missing"),
                None => {}
                Some(text) => {
                    if let Some(problem) = column.refuses(text) {
                        return refuse(column.name, problem);
                    }
                }
            }
            row.push(text.map(str::to_owned));
        }
        Ok(row)
    }
}

impl Column {
    /// Why the column does not take the text.
    fn refuses(&self, text: &str) -> Option<&'static str> {
        let decimal = |digits: u32| Exact::parse(text).filter(|number| fits(text, number, digits)).is_none();
        match self.kind {
            Kind::Money if decimal(12) => {
                Some("must be a decimal in normal form with at most 26 and 12 digits")
            }
            Kind::Rate if decimal(18) => {
                Some("must be a decimal in normal form with at most 20 and 18 digits")
            }
            Kind::Day if Date::parse(text).is_none() => Some("must be a day, for example `2026-03-14`"),
            Kind::Time if parse_at(text).is_none() => {
                Some("must be UTC with six fraction digits, as `2026-03-14T09:26:53.589793Z`")
            }
            Kind::Text if text.contains('\0') => Some("holds the character U+0000; remove it"),
            Kind::Text if self.name == "currency" && !is_currency(text) => {
                Some("must be an ISO 4217 code, for example `USD`")
            }
            _ => None,
        }
    }
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Does `numeric(38,digits)` hold the number?
fn fits(text: &str, number: &Exact, digits: u32) -> bool {
    let whole = text.trim_start_matches('-').split('.').next().unwrap_or_default();
    let whole_max = usize::try_from(38_u32.saturating_sub(digits)).unwrap_or_default();
    number.scale() <= digits && whole.len() <= whole_max
}
