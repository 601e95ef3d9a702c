//! What the readers of records share: names, problems and remarks.

use super::{
    Diagnostic, Labels, Name, Owner, Quantity, Resources, decimal,
    name::{Names, Pool},
    record::{Scheduling, VolumeUse},
    tree::{At, Tree},
};
use crate::{
    error::{Fault, shorten},
    money,
    time::Timestamp,
};
use rust_decimal::Decimal;
use std::{collections::BTreeMap, sync::Arc};

/// The state of one reading.
#[derive(Debug, Default)]
pub(super) struct Cx {
    names: Names,
    labels: Pool<Box<[(Name, Name)]>>,
    resources: Pool<Box<[(Name, Quantity)]>>,
    owners: Pool<Owner>,
    scheduling: Pool<Scheduling>,
    volumes: Pool<[VolumeUse]>,
    references: Pool<[Name]>,
    /// Members that nobody reads, by the pattern of their place.
    unknown: BTreeMap<String, u64>,
}

/// `inventory.invalid_object` at `at`.
pub(super) fn invalid(at: &At<'_>, problem: impl Into<String>, help: &'static str) -> Fault {
    Fault::new("inventory.invalid_object", at.to_string(), problem, help)
}

fn wrong(at: &At<'_>, tree: &Tree<'_>, wanted: &'static str) -> Fault {
    let help = match wanted {
        "an object" => "give an object",
        "a list" => "give a list",
        "a string" => "give a string",
        "a boolean" => "give true or false",
        _ => "give a number, or a string of its digits",
    };
    invalid(at, format!("is {}, not {wanted}", tree.what()), help)
}

/// `inventory.invalid_object` for a record without the member `name`.
pub(super) fn missing(at: &At<'_>, name: &'static str) -> Fault {
    invalid(at, format!("has no `{name}`"), "add it")
}

impl Cx {
    /// Calls `each` at every member that is not null; a member for which it returns false is counted as unknown.
    pub(super) fn members<'j>(
        &mut self,
        tree: &Tree<'j>,
        at: &At<'_>,
        mut each: impl FnMut(&mut Self, &str, &Tree<'j>, &At<'_>) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        let Tree::Object(members) = tree else { return Err(wrong(at, tree, "an object")) };
        for (name, value) in members {
            let at = at.name(name);
            if *value != Tree::Null && !each(self, name, value, &at)? {
                self.unknown(&at);
            }
        }
        Ok(())
    }

    /// Counts a member that nobody reads.
    pub(super) fn unknown(&mut self, at: &At<'_>) {
        let count = self.unknown.entry(at.pattern()).or_default();
        *count = count.saturating_add(1);
    }

    /// One remark for each unknown member, by its place.
    pub(super) fn take_unknown(&mut self) -> Vec<Diagnostic> {
        let unknown = std::mem::take(&mut self.unknown).into_iter();
        unknown
            .map(|(path, count)| Diagnostic {
                path: Some(path),
                count: Some(count),
                ..Diagnostic::new("inventory.unknown_field", "this member is not read; check its spelling")
            })
            .collect()
    }

    pub(super) fn list<'j, T>(
        &mut self,
        tree: &Tree<'j>,
        at: &At<'_>,
        mut each: impl FnMut(&mut Self, &Tree<'j>, &At<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let Tree::Array(values) = tree else { return Err(wrong(at, tree, "a list")) };
        values.iter().enumerate().map(|(index, value)| each(self, value, &at.index(index))).collect()
    }

    pub(super) fn text<'t>(tree: &'t Tree<'_>, at: &At<'_>) -> Result<&'t str, Fault> {
        tree.as_str().ok_or_else(|| wrong(at, tree, "a string"))
    }

    /// A name that many records share.
    pub(super) fn name(&mut self, tree: &Tree<'_>, at: &At<'_>) -> Result<Name, Fault> {
        Self::text(tree, at).map(|text| self.names.name(text))
    }

    /// The shared name of `text`.
    pub(super) fn share(&mut self, text: &str) -> Name {
        self.names.name(text)
    }

    pub(super) fn names(&mut self, tree: &Tree<'_>, at: &At<'_>) -> Result<Vec<Name>, Fault> {
        self.list(tree, at, Self::name)
    }

    pub(super) fn owner(&mut self, owner: Owner) -> Arc<Owner> {
        self.owners.share_owned(Arc::new(owner))
    }

    pub(super) fn scheduling(&mut self, scheduling: Scheduling) -> Arc<Scheduling> {
        self.scheduling.share_owned(Arc::new(scheduling))
    }

    pub(super) fn volumes(&mut self, mut volumes: Vec<VolumeUse>) -> Arc<[VolumeUse]> {
        volumes.sort();
        volumes.dedup();
        self.volumes.share_owned(volumes.into())
    }

    pub(super) fn references(&mut self, names: Vec<Name>) -> Arc<[Name]> {
        self.references.share_owned(names.into())
    }

    pub(super) fn flag(tree: &Tree<'_>, at: &At<'_>) -> Result<bool, Fault> {
        match tree {
            Tree::Bool(value) => Ok(*value),
            _ => Err(wrong(at, tree, "a boolean")),
        }
    }

    /// A whole number from 0, as digits or as a string of digits.
    pub(super) fn count<N: std::str::FromStr>(tree: &Tree<'_>, at: &At<'_>) -> Result<N, Fault> {
        let text = digits(tree, at)?;
        text.parse().map_err(|_| {
            let problem = format!("`{}` is no whole number in range", shorten(text));
            invalid(at, problem, "give a whole number from 0")
        })
    }

    /// An exact decimal number.
    pub(super) fn decimal(tree: &Tree<'_>, at: &At<'_>) -> Result<Decimal, Fault> {
        let text = digits(tree, at)?;
        money::decimal::parse(text).ok_or_else(|| {
            let problem = format!("`{}` is no decimal number of at most 28 digits", shorten(text));
            invalid(at, problem, "give a plain decimal such as `0.096`")
        })
    }

    /// An exact decimal number from 0: prices, shares, hours.
    pub(super) fn amount(tree: &Tree<'_>, at: &At<'_>) -> Result<Decimal, Fault> {
        let value = Self::decimal(tree, at)?;
        if value.is_sign_negative() && !value.is_zero() {
            return Err(invalid(at, format!("`{value}` is below 0"), "give 0 or more"));
        }
        Ok(value)
    }

    /// An instant: RFC 3339, a date (its UTC midnight), or Unix seconds.
    pub(super) fn time(tree: &Tree<'_>, at: &At<'_>) -> Result<Timestamp, Fault> {
        let text = digits(tree, at)?;
        instant(tree, text).ok_or_else(|| {
            let problem = format!("`{}` is no instant", shorten(text));
            invalid(at, problem, "give RFC 3339 with `Z` or an offset, like `2026-11-01T12:00:00Z`")
        })
    }

    /// A quantity from 0.
    pub(super) fn quantity(tree: &Tree<'_>, at: &At<'_>) -> Result<Quantity, Fault> {
        let below = |fault: Fault| fault.below(&at.to_string());
        match tree {
            Tree::String(text) => Quantity::parse_unsigned(text).map_err(below),
            Tree::Number(text) => Quantity::parse_unsigned(text).map_err(below),
            _ => Err(Fault::new(
                "quantity.invalid",
                at.to_string(),
                format!("is {}, not a quantity", tree.what()),
                "write it as Kubernetes does, like `500m` or `1.5Gi`",
            )),
        }
    }

    pub(super) fn resources(&mut self, tree: &Tree<'_>, at: &At<'_>) -> Result<Resources, Fault> {
        let mut pairs = Vec::new();
        self.members(tree, at, |cx, name, value, at| {
            pairs.push((cx.names.name(name), Self::quantity(value, at)?));
            Ok(true)
        })?;
        Ok(self.share_resources(Resources::new(pairs)))
    }

    pub(super) fn share_resources(&mut self, resources: Resources) -> Resources {
        Resources(self.resources.share_owned(resources.0))
    }

    pub(super) fn labels(&mut self, tree: &Tree<'_>, at: &At<'_>) -> Result<Labels, Fault> {
        self.labels_but(tree, at, |_| false)
    }

    /// The labels whose names are not `left_out`.
    pub(super) fn labels_but(
        &mut self,
        tree: &Tree<'_>,
        at: &At<'_>,
        left_out: impl Fn(&str) -> bool,
    ) -> Result<Labels, Fault> {
        let mut pairs = Vec::new();
        self.members(tree, at, |cx, name, value, at| {
            if !left_out(name) {
                pairs.push((cx.names.name(name), cx.name(value, at)?));
            }
            Ok(true)
        })?;
        Ok(Labels(self.labels.share_owned(Labels::new(pairs).0)))
    }

    /// A decimal in 1e-9 of `per`: 100 for percent.
    pub(super) fn nano(tree: &Tree<'_>, at: &At<'_>, per: i128) -> Result<i128, Fault> {
        let value = Self::amount(tree, at)?;
        let places = if per == 100 { 7 } else { 9 };
        decimal::scaled_decimal(value, places)
            .ok_or_else(|| invalid(at, format!("`{value}` is too large"), "give a smaller number"))
    }
}

/// The digits of a number or the text of a string.
fn digits<'t>(tree: &'t Tree<'_>, at: &At<'_>) -> Result<&'t str, Fault> {
    match tree {
        Tree::Number(text) => Ok(text),
        Tree::String(text) => Ok(text),
        _ => Err(wrong(at, tree, "a number")),
    }
}

fn instant(tree: &Tree<'_>, text: &str) -> Option<Timestamp> {
    if matches!(tree, Tree::Number(_)) {
        let ms = decimal::scaled(text.as_bytes(), 3).ok()?;
        return Timestamp::from_ms(ms);
    }
    if text.len() == 10 {
        return format!("{text}T00:00:00Z").parse().ok();
    }
    text.parse().ok()
}
