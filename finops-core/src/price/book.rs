//! Prices of cloud resources: instances, volumes, load balancers, requests; by sku and region, dated, with their source.

mod read;
mod table;

use crate::{
    error::{Fault, shorten},
    json::Json,
    money::Currency,
    time::Timestamp,
};
use rust_decimal::Decimal;
use table::Table;

/// How the capacity of an instance is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Purchase {
    /// On demand: the list price.
    #[default]
    OnDemand,
    /// Spot: a market price, which no list states.
    Spot,
}

/// One price of a cloud resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudPrice {
    /// The thing that is sold, for example `ec2.ebs.gp3` or `ec2.instance.m5.large.linux`.
    pub sku: String,
    /// Where, for example `us-east-1`.
    pub region: String,
    /// What the amount is for: `Hrs`, `GB-Mo`; empty where the sku says it.
    pub unit: String,
    /// The price of one unit.
    pub amount: Decimal,
    /// Its currency.
    pub currency: Currency,
    /// From when the price is known.
    pub from: Timestamp,
    /// The instant from which it no longer holds.
    pub to: Option<Timestamp>,
    /// Whether it was read at its source.
    pub verified: bool,
    /// The id of the source.
    pub source: String,
    /// The source for people; empty for a price of the user.
    pub title: String,
}

/// Prices of cloud resources: the compiled list of AWS, with the user's rows laid over it.
///
/// ```
/// use finops_core::price::{PriceBook, Purchase};
/// let book = PriceBook::builtin();
/// let hour = book.instance("us-east-1", "m5.xlarge", Purchase::OnDemand, "linux", None)?;
/// assert_eq!(hour.amount.to_string(), "0.192");
/// assert_eq!(book.volume("us-east-1", "gp3", None)?.amount.to_string(), "0.08");
/// let unknown = book.instance("us-east-1", "m99.large", Purchase::OnDemand, "linux", None);
/// assert_eq!(unknown.unwrap_err().code(), "price.unknown_instance");
/// # Ok::<(), finops_core::error::Fault>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct PriceBook {
    builtin: bool,
    /// By sku, region and first instant.
    overlay: Vec<CloudPrice>,
}

impl PriceBook {
    /// The compiled list: on-demand prices of AWS. Nothing is read or allocated.
    #[must_use]
    pub const fn builtin() -> Self {
        Self { builtin: true, overlay: Vec::new() }
    }

    /// A book without prices.
    #[must_use]
    pub const fn empty() -> Self {
        Self { builtin: false, overlay: Vec::new() }
    }

    /// This book with `rows` laid over it. For a sku and region of `rows` no price of the compiled list counts.
    #[must_use]
    pub fn with(mut self, rows: impl IntoIterator<Item = CloudPrice>) -> Self {
        self.overlay.extend(rows);
        // Stable: of two rows for one instant the later one counts.
        self.overlay.sort_by(|a, b| (&a.sku, &a.region, a.from).cmp(&(&b.sku, &b.region, b.from)));
        self
    }

    /// The compiled list below rows of the wire form: a list of
    /// `{sku, region, usd (or price and currency), unit, from, to, verified, src}`.
    ///
    /// # Errors
    /// `price.invalid_catalogue` with the path of the row.
    pub fn from_json(rows: &Json) -> Result<Self, Fault> {
        Ok(Self::builtin().with(read::rows(rows)?))
    }

    /// The price of `sku` in `region` at an instant, or the latest one; exact names, no neighbour region.
    #[must_use]
    pub fn find(&self, sku: &str, region: &str, at: Option<Timestamp>) -> Option<CloudPrice> {
        let start =
            self.overlay.partition_point(|row| (row.sku.as_str(), row.region.as_str()) < (sku, region));
        let own = self.overlay.get(start..).unwrap_or_default();
        let mut own = own.iter().take_while(|row| row.sku == sku && row.region == region).peekable();
        if own.peek().is_some() {
            let holds =
                |row: &&CloudPrice| at.is_none_or(|at| row.from <= at && row.to.is_none_or(|to| at < to));
            return own.filter(holds).last().cloned();
        }
        let row = if self.builtin { Table::builtin()?.find(sku, region) } else { None };
        row.filter(|row| at.is_none_or(|at| row.from <= at))
    }

    /// As [`PriceBook::find`].
    ///
    /// # Errors
    /// `price.unknown_sku`.
    pub fn price(&self, sku: &str, region: &str, at: Option<Timestamp>) -> Result<CloudPrice, Fault> {
        self.find(sku, region, at).ok_or_else(|| {
            let problem = format!("no price of `{}` in `{}`", shorten(sku), shorten(region));
            Fault::new(
                "price.unknown_sku",
                "sku",
                problem,
                "lay a row over the list: `finops aws prices FILE`",
            )
        })
    }

    /// The price of an hour of an instance; `system` is `linux`, `windows`, `rhel` or `suse`.
    ///
    /// # Errors
    /// `price.unknown_instance`, for every spot instance that the user's rows do not price as
    /// `ec2.instance.<type>.<system>.spot`.
    pub fn instance(
        &self,
        region: &str,
        instance_type: &str,
        purchase: Purchase,
        system: &str,
        at: Option<Timestamp>,
    ) -> Result<CloudPrice, Fault> {
        let spot = match purchase {
            Purchase::OnDemand => "",
            Purchase::Spot => ".spot",
        };
        self.find(&format!("ec2.instance.{instance_type}.{system}{spot}"), region, at).ok_or_else(|| {
            let bought = if spot.is_empty() { "on demand" } else { "spot" };
            let problem =
                format!("no {bought} price of `{}` in `{}`", shorten(instance_type), shorten(region));
            Fault::new("price.unknown_instance", "instance_type", problem, "give the price with the node")
        })
    }

    /// The price of a GB-month of a volume type of EBS: `gp3`, `gp2`, `io1`, `io2`, `st1`, `sc1`, `standard`.
    ///
    /// # Errors
    /// `price.unknown_volume_type`.
    pub fn volume(
        &self,
        region: &str,
        volume_type: &str,
        at: Option<Timestamp>,
    ) -> Result<CloudPrice, Fault> {
        // `gp3.iops` and `snapshot` are rows of their own, not types of volumes.
        let known = matches!(volume_type, "gp3" | "gp2" | "io1" | "io2" | "st1" | "sc1" | "standard");
        let row = if known { self.find(&format!("ec2.ebs.{volume_type}"), region, at) } else { None };
        row.ok_or_else(|| {
            let problem =
                format!("no price of volume type `{}` in `{}`", shorten(volume_type), shorten(region));
            Fault::new("price.unknown_volume_type", "type", problem, "give the price with the volume")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, read};

    fn json(text: &str) -> Json {
        read(text.as_bytes(), &Limits::default()).unwrap()
    }

    #[test]
    fn every_compiled_row_is_found_as_its_source_states_it() {
        let book = PriceBook::builtin();
        let mut rows = 0;
        for line in include_str!("../../data/prices/cloud.csv").lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let found = book.find(fields[0], fields[1], None).unwrap();
            assert_eq!(found.amount.to_string(), fields[2], "{line}");
            assert_eq!(
                (found.sku.as_str(), found.region.as_str(), found.source.as_str()),
                (fields[0], fields[1], fields[3])
            );
            assert!(!found.title.is_empty() && found.amount > Decimal::ZERO);
            rows += 1;
        }
        assert!(rows > 11_000);
    }

    #[test]
    fn names_match_exactly_and_currencies_are_kept() {
        let book = PriceBook::builtin();
        assert_eq!(book.find("ec2.ebs.gp3", "us-east-2", None), None);
        assert_eq!(book.find("ec2.ebs.gp", "us-east-1", None), None);
        assert_eq!(PriceBook::empty().find("ec2.ebs.gp3", "us-east-1", None), None);
        let beijing = book.instance("cn-north-1", "c5d.12xlarge", Purchase::OnDemand, "linux", None).unwrap();
        assert_eq!((beijing.currency.code(), beijing.unit.as_str()), ("CNY", "Hrs"));
        assert_eq!(book.price("kms.key", "eu-west-1", None).unwrap_err().code(), "price.unknown_sku");
        assert_eq!(
            book.volume("us-east-1", "gp3.iops", None).unwrap_err().code(),
            "price.unknown_volume_type"
        );
        let spot = book.instance("us-east-1", "m5.large", Purchase::Spot, "linux", None);
        assert_eq!(spot.unwrap_err().code(), "price.unknown_instance");
    }

    #[test]
    fn a_price_is_not_known_before_its_day() {
        let book = PriceBook::builtin();
        let at = |day| Some(Timestamp::from_date(2026, 8, day).unwrap());
        assert_eq!(book.find("ec2.ebs.gp3", "us-east-1", at(20)), None);
        assert!(book.find("ec2.ebs.gp3", "us-east-1", at(21)).is_some());
    }

    #[test]
    fn the_users_rows_lie_over_the_list() {
        let rows = json(
            r#"[{"kind": "cloud", "provider": "aws", "sku": "ec2.ebs.gp3", "region": "us-east-1", "unit": "GB-Mo",
                "usd": "0.07", "from": "2026-01-01", "to": "2026-06-01", "verified": true, "src": ["own"]},
               {"sku": "ec2.ebs.gp3", "region": "us-east-1", "price": 0.09, "from": "2026-06-01"}]"#,
        );
        let book = PriceBook::from_json(&rows).unwrap();
        let price = |month| {
            let at = Timestamp::from_date(2026, month, 15);
            book.volume("us-east-1", "gp3", at).map(|row| row.amount.to_string())
        };
        assert_eq!(price(3).unwrap(), "0.07");
        assert_eq!(price(6).unwrap(), "0.09");
        assert_eq!(book.volume("us-east-1", "gp2", None).unwrap().amount.to_string(), "0.1");
        let before = Timestamp::from_date(2025, 12, 31);
        assert_eq!(book.volume("us-east-1", "gp3", before).unwrap_err().code(), "price.unknown_volume_type");
    }

    #[test]
    fn a_row_that_is_none_is_refused_with_its_place() {
        for (text, path) in [
            (r#"[{"sku": "a", "region": "b"}]"#, "[0].usd"),
            (r#"[{"sku": "a", "region": "b", "usd": "-1"}]"#, "[0].usd"),
            (r#"[{"sku": "a", "usd": "1"}]"#, "[0].region"),
            (r#"[{"sku": "a", "region": "b", "usd": "1", "from": "soon"}]"#, "[0].from"),
            (r#"[{"sku": "a", "region": "b", "price": "1", "currency": "XXX"}]"#, "[0].currency"),
            (r#"{"sku": "a"}"#, ""),
        ] {
            let fault = PriceBook::from_json(&json(text)).unwrap_err();
            assert_eq!((fault.code(), fault.path()), ("price.invalid_catalogue", path), "{text}");
        }
    }
}
