//! The compiled list, searched in place.

use super::CloudPrice;
use crate::{
    money::Currency,
    price::cloud::{HEADER, MAGIC, ROW, SOURCE_STRINGS},
    time::Timestamp,
};
use rust_decimal::Decimal;
use std::cmp::Ordering;

static BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/cloud.bin"));

/// The sections of a table.
pub(super) struct Table {
    skus: usize,
    regions: usize,
    ends: &'static [u8],
    firsts: &'static [u8],
    rows: &'static [u8],
    verified: &'static [u8],
    text: &'static [u8],
}

impl Table {
    /// The compiled list; `None` only for a table that another version wrote.
    pub(super) fn builtin() -> Option<Self> {
        let counts = BYTES.strip_prefix(&MAGIC)?;
        let (skus, regions) = (u32_at(counts, 0)?, u32_at(counts, 1)?);
        let (sources, rows) = (u32_at(counts, 2)?, u32_at(counts, 3)?);
        let strings = skus.checked_add(regions)?.checked_add(sources.checked_mul(SOURCE_STRINGS)?)?;
        let (_, rest) = BYTES.split_at_checked(HEADER)?;
        let (ends, rest) = rest.split_at_checked(strings.checked_mul(4)?)?;
        let (firsts, rest) = rest.split_at_checked(skus.checked_add(1)?.checked_mul(4)?)?;
        let (rows, rest) = rest.split_at_checked(rows.checked_mul(ROW)?)?;
        let (verified, text) = rest.split_at_checked(sources)?;
        Some(Self { skus, regions, ends, firsts, rows, verified, text })
    }

    pub(super) fn find(&self, sku: &str, region: &str) -> Option<CloudPrice> {
        let sku_index = self.search(0, self.skus, sku)?;
        let region_index = self.search(self.skus, self.regions, region)?;
        let first = u32_at(self.firsts, sku_index)?;
        let last = u32_at(self.firsts, sku_index.checked_add(1)?)?;
        let rows = self.rows.get(first.checked_mul(ROW)?..last.checked_mul(ROW)?)?;
        let row = rows
            .chunks_exact(ROW)
            .find(|row| row.first().map(|index| usize::from(*index)) == Some(region_index))?;
        let [_, source, digits, _, price @ ..] = row else { return None };
        let mantissa = u32::from_le_bytes(price.try_into().ok()?);
        let amount = Decimal::try_from_i128_with_scale(mantissa.into(), (*digits).into()).ok()?;
        let source = usize::from(*source);
        let strings =
            self.skus.checked_add(self.regions)?.checked_add(source.checked_mul(SOURCE_STRINGS)?)?;
        let string = |offset: usize| self.string(strings.checked_add(offset)?);
        Some(CloudPrice {
            unit: unit(sku).to_owned(),
            sku: sku.to_owned(),
            region: region.to_owned(),
            amount,
            currency: string(1)?.parse::<Currency>().ok()?,
            from: format!("{}T00:00:00Z", string(2)?).parse::<Timestamp>().ok()?,
            to: None,
            verified: self.verified.get(source) == Some(&1),
            source: string(0)?.to_owned(),
            title: string(3)?.to_owned(),
        })
    }

    /// Where `text` stands among the sorted `count` strings from `first`, counted from there.
    fn search(&self, first: usize, count: usize, text: &str) -> Option<usize> {
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low.midpoint(high);
            match self.string(first.checked_add(middle)?)?.cmp(text) {
                Ordering::Less => low = middle.checked_add(1)?,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    fn string(&self, index: usize) -> Option<&'static str> {
        let start = match index.checked_sub(1) {
            Some(before) => u32_at(self.ends, before)?,
            None => 0,
        };
        std::str::from_utf8(self.text.get(start..u32_at(self.ends, index)?)?).ok()
    }
}

fn u32_at(bytes: &[u8], index: usize) -> Option<usize> {
    let start = index.checked_mul(4)?;
    let word = bytes.get(start..start.checked_add(4)?)?;
    usize::try_from(u32::from_le_bytes(word.try_into().ok()?)).ok()
}

/// The unit that the sku implies: aws.md 4.1 and data/prices/SOURCES.md.
fn unit(sku: &str) -> &'static str {
    const NODES: [&str; 3] = ["ec2.instance.", "elasticache.", "opensearch."];
    let ends = |tail: &str| sku.ends_with(tail);
    let starts = |head: &str| sku.starts_with(head);
    if NODES.into_iter().any(starts) || ends(".hour") {
        "Hrs"
    } else if ends(".iops") {
        "IOPS-Mo"
    } else if ends(".throughput") || ends(".provisioned") || sku.contains(".throughput.") {
        "MiBps-Mo"
    } else if starts("lambda.") {
        "GB-Second"
    } else if ends("nat.gb") {
        "GB"
    } else if starts("rds.extended_support.") {
        "vCPU-Hrs"
    } else if starts("cloudwatch.") || starts("secretsmanager.") || starts("kms.") {
        "Mo"
    } else {
        "GB-Mo"
    }
}
