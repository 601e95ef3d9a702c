//! Prices from the bill instead of the list.

use super::{
    config::interval,
    direct::{set_pools, split_pools},
    node::seconds,
    row::{Row, RowKind, index},
    set::{AllocationSet, Asset, AssetKind},
};
use crate::{
    error::{Fault, shorten},
    inventory::{Diagnostic, Interval},
    json::Json,
    money::{Apportioner, Nanos, decimal, overflow},
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// What a bill charges for one asset in one period: the effective cost, which the caller chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetCharge {
    /// What the provider calls the asset: `spec.providerID` of a node, a volume id, or an instance id.
    pub provider_id: String,
    /// The time that is charged.
    pub period: Interval,
    /// The amount for the whole period, in the currency of the set.
    pub amount: Decimal,
}

impl AssetCharge {
    /// Reads a list of `{provider_id or resource_id, period, amount}`.
    ///
    /// # Errors
    /// `config.invalid` with the path of the member; `allocation.window_empty`.
    pub fn list(json: &Json) -> Result<Vec<Self>, Fault> {
        const HELP: &str =
            "write charges like `{\"provider_id\": \"i-1\", \"period\": [start, end], \"amount\": \"3.11\"}`";
        let refuse = |path: String, problem: String| Fault::new("config.invalid", path, problem, HELP);
        let list =
            json.as_array().ok_or_else(|| refuse(String::new(), "a bill is a list of charges".to_owned()))?;
        let mut out = Vec::with_capacity(list.len());
        for (position, charge) in list.iter().enumerate() {
            let at = |name: &str| format!("[{position}].{name}");
            let id = ["provider_id", "resource_id"].iter().find_map(|name| charge.get(name)?.as_str());
            let id =
                id.ok_or_else(|| refuse(at("provider_id"), "a charge needs what it is for".to_owned()))?;
            let amount = charge.get("amount").and_then(|amount| match amount {
                Json::String(text) => decimal::parse(text),
                Json::Number(number) => decimal::parse(number.text()),
                _ => None,
            });
            let amount =
                amount.ok_or_else(|| refuse(at("amount"), "a charge needs its amount".to_owned()))?;
            let period = interval(charge.get("period").unwrap_or(&Json::Null), &at("period"))?;
            out.push(Self { provider_id: id.to_owned(), period, amount });
        }
        Ok(out)
    }
}

impl AllocationSet {
    /// The same set with the prices of a bill: pools, volumes and balancers are divided again by what was charged. Each
    /// row keeps its total by list price. An asset without a charge keeps its price; a charge without an asset is a row
    /// `__unmatched__`. A charge whose period reaches beyond the window counts by the seconds inside.
    ///
    /// # Errors
    /// `allocation.not_reconcilable` for a set of several windows; `allocation.overflow`.
    pub fn reconcile(&self, bill: &[AssetCharge]) -> Result<Self, Fault> {
        if self.accumulated {
            let problem = "a set of several windows has no one bill";
            return Err(Fault::new(
                "allocation.not_reconcilable",
                "",
                problem,
                "reconcile each window, then accumulate",
            ));
        }
        let mut set = self.clone();
        set.assets.retain(|asset| asset.kind != AssetKind::Unmatched);
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (position, asset) in self.assets.iter().enumerate() {
            if let Some(id) = asset.provider_id.as_deref() {
                places.insert(id, position);
                // A bill names an instance by the last part of its provider id.
                places.entry(id.rsplit('/').next().unwrap_or(id)).or_insert(position);
            }
        }
        let mut charged: BTreeMap<usize, i128> = BTreeMap::new();
        let mut unmatched = 0_i128;
        for (position, charge) in bill.iter().enumerate() {
            let amount =
                within(charge, self.window).map_err(|fault| fault.below(&format!("bill[{position}]")))?;
            let sum = match places.get(charge.provider_id.as_str()) {
                Some(place) => charged.entry(*place).or_insert(0),
                None => {
                    if amount != 0 {
                        let message = "a charge of the bill matches no asset";
                        let remark = Diagnostic::new("allocation.unmatched_charge", message);
                        set.diagnostics.push(remark.about(shorten(&charge.provider_id)));
                    }
                    &mut unmatched
                }
            };
            *sum = sum.checked_add(amount).ok_or_else(overflow)?;
        }
        let mut assets = std::mem::take(&mut set.assets);
        let mut uncharged = 0_u64;
        for (position, asset) in assets.iter_mut().enumerate() {
            let Some(amount) = charged.get(&position) else {
                if asset.provider_id.is_some() && asset.cost.is_some() {
                    uncharged = uncharged.saturating_add(1);
                }
                continue;
            };
            // An asset without a list price has no rows that wait for one.
            let Some(list) = asset.cost else {
                unmatched = unmatched.checked_add(*amount).ok_or_else(overflow)?;
                continue;
            };
            let cost = super::row::nanos(*amount)?;
            asset.list = asset.list.or(Some(list));
            asset.cost = Some(cost);
            asset.source = "bill".to_owned();
            set.charge_node(asset, list, cost)?;
        }
        set.assets = assets;
        if uncharged > 0 {
            let message = "assets have no charge in the bill and keep their list price";
            set.diagnostics.push(Diagnostic::new("allocation.uncharged_assets", message).times(uncharged));
        }
        if unmatched != 0
            && let Some(row) = set.rows.iter().position(|row| row.kind == RowKind::Unmatched)
        {
            let cost = super::row::nanos(unmatched)?;
            let mut asset =
                Asset::plain(AssetKind::Unmatched, "__unmatched__".to_owned(), Some(cost), "bill");
            asset.users.push((index(row)?, 1));
            set.assets.push(asset);
        }
        set.reconciled = true;
        set.rows.iter_mut().for_each(Row::keep_list);
        set.unprice();
        set.price_rows()?;
        set.waterfall()?;
        set.diagnostics.sort_unstable();
        Ok(set)
    }

    /// Divides a node by what was charged: as by its price, or as by its own rates.
    fn charge_node(&self, asset: &mut Asset, list: Nanos, cost: Nanos) -> Result<(), Fault> {
        let Some(node) = asset.node.as_mut() else { return Ok(()) };
        if list.is_zero() || !node.own_rates {
            return split_pools(&self.config, node, cost);
        }
        let weights = node.pools.map(|pool| u128::from(pool.cost.get().max(0).unsigned_abs()));
        let mut parts = [0; 3];
        Apportioner::default().split(cost.get().into(), &weights, &mut parts)?;
        set_pools(&mut node.pools, &parts)
    }
}

/// The part of a charge that lies in the window, rounded once.
fn within(charge: &AssetCharge, window: (i64, i64)) -> Result<i128, Fault> {
    let (start, end) = (seconds(charge.period.start), seconds(charge.period.end));
    let inside = end.min(window.1).saturating_sub(start.max(window.0)).max(0).unsigned_abs();
    let whole = end.saturating_sub(start).max(0).unsigned_abs();
    if inside == 0 || whole == 0 {
        return Ok(0);
    }
    Ok(Nanos::of(charge.amount, inside.into(), whole.into())?.get().into())
}
