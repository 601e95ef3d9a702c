//! Whole allocations: from inventories, from rows, aggregated and reconciled.

use super::{
    Handler,
    arithmetic::{list, member, money, refuse},
};
use crate::{
    allocation::{
        AllocationConfig, AllocationSet, Asset, AssetCharge, AssetKind, Capacity, ExternalCharge, Filter,
        Key, NodeAsset, Pool, Row, RowKind, RowStatus, Totals,
        accumulate::{Draft, assemble},
        allocate,
        config::Idle,
        external::labels,
        json::{attributed, costs},
        row::{Amounts, Column, text},
        set::{NamespaceFacts, NodeFacts, PodFacts},
    },
    error::Fault,
    inventory::{ClusterInventory, Name},
    json::{Json, Object},
    money::{Currency, Nanos},
    price::PriceBook,
    waste::summary::ClusterData,
};
use std::{collections::BTreeMap, sync::Arc};

pub(super) const KINDS: &[(&str, Handler)] = &[
    ("allocate", rows_of_set),
    ("allocation_set", whole_set),
    ("allocation_report", report),
    ("waterfall", waterfall),
    ("aggregate", aggregate),
    ("reconcile", reconcile),
];

/// `{inventory, config, prices}`; remarks of the reading come before those of the allocation.
fn set(input: &Json) -> Result<AllocationSet, Fault> {
    let config = AllocationConfig::from_json(input.get("config").unwrap_or(&Json::Null));
    let config = config.map_err(|fault| fault.below("config"))?;
    let prices = match input.get("prices").filter(|rows| !rows.is_null()) {
        Some(rows) => PriceBook::from_json(rows).map_err(|fault| fault.below("prices"))?,
        None => PriceBook::builtin(),
    };
    let inventory = member(input, "inventory")?;
    let read = if ClusterData::is_summary(inventory) {
        ClusterData::from_json(inventory, None).map(|data| data.to_inventory())
    } else {
        ClusterInventory::from_json(inventory)
    };
    let read = read.map_err(|fault| fault.below("inventory"))?;
    let mut set = allocate(&read.value, &prices, &config)?;
    set.diagnostics.splice(0..0, read.diagnostics);
    Ok(set)
}

/// Key, cost, total and what is attributed, without zeros.
fn row(set: &AllocationSet, row: &Row) -> Json {
    let mut out = Object::new();
    out.insert("key", Json::array(set.key(row)));
    if row.status == RowStatus::Unpriced {
        out.insert("status", row.status.as_str());
        out.insert("total", Json::Null);
        return Json::Object(out);
    }
    out.insert("cost", costs(&row.cost()));
    out.insert("total", row.total.to_string());
    if let Some(attributed) = attributed(row) {
        out.insert("attributed", attributed);
    }
    if row.status != RowStatus::Priced {
        out.insert("status", row.status.as_str());
    }
    Json::Object(out)
}

fn rows_of_set(input: &Json) -> Result<Json, Fault> {
    let set = set(input)?;
    Ok(Json::object([
        ("rows", Json::Array(set.rows().map(|found| row(&set, found)).collect())),
        ("assets_total", Json::from(text(set.totals.assets))),
        ("difference", Json::from(text(set.totals.difference()))),
        (
            "diagnostics",
            Json::Array(set.diagnostics.iter().map(crate::inventory::Diagnostic::to_json).collect()),
        ),
    ]))
}

fn whole_set(input: &Json) -> Result<Json, Fault> {
    Ok(reconciled(input, set(input)?)?.to_json())
}

/// The set by the bill and with what stands outside the cluster, where those are given.
fn reconciled(input: &Json, mut set: AllocationSet) -> Result<AllocationSet, Fault> {
    if let Some(bill) = input.get("bill").filter(|bill| !bill.is_null()) {
        set = set.reconcile(&AssetCharge::list(bill).map_err(|fault| fault.below("bill"))?)?;
    }
    if let Some(external) = input.get("external").filter(|external| !external.is_null()) {
        set = set.with_external(&ExternalCharge::list(external).map_err(|fault| fault.below("external"))?)?;
    }
    Ok(set)
}

fn report(input: &Json) -> Result<Json, Fault> {
    let by = Key::list(member(input, "by")?).map_err(|fault| fault.below("by"))?;
    let filter = input.get("filter").filter(|filter| !filter.is_null());
    let filter = filter.map(Filter::from_json).transpose().map_err(|fault| fault.below("filter"))?;
    let report = reconciled(input, set(input)?)?.aggregate(&by, filter.as_ref())?;
    let places =
        input.get("places").and_then(Json::as_number).and_then(crate::json::Number::as_u64).unwrap_or(2);
    let places = u32::try_from(places).unwrap_or(u32::MAX);
    match input.get("format").and_then(Json::as_str) {
        None | Some("json") => Ok(report.to_json()),
        Some("csv") => Ok(Json::from(report.to_csv(places))),
        Some("md") => Ok(Json::from(report.to_markdown(places))),
        Some(other) => Err(refuse("format", format!("`{}` is no format", crate::error::shorten(other)))),
    }
}

/// A set of rows that are given with their costs.
fn given(config: AllocationConfig, drafts: Vec<Draft>, cluster: Name) -> Result<AllocationSet, Fault> {
    let (tables, rows) = assemble(cluster, drafts)?;
    Ok(AllocationSet {
        window: (0, 0),
        currency: Currency::USD,
        config,
        tables,
        rows,
        assets: Vec::new(),
        totals: Totals::default(),
        diagnostics: Vec::new(),
        network_reason: None,
        reconciled: false,
        accumulated: false,
    })
}

fn texts<const N: usize>(json: &Json, path: &str) -> Result<[Name; N], Fault> {
    let parts = json.as_array().unwrap_or_default().iter().map(|part| part.as_str().map(Name::from));
    let parts: Option<Vec<Name>> = parts.collect();
    parts.and_then(|parts| parts.try_into().ok()).ok_or_else(|| refuse(path, format!("a key has {N} texts")))
}

/// The assets of a set that was given by its rows: nodes with their idle time, and one for all other costs.
fn waterfall(input: &Json) -> Result<Json, Fault> {
    let config = ["shared", "idle"].into_iter().filter_map(|name| Some((name, input.get(name)?.clone())));
    let config = AllocationConfig::from_json(&Json::object(config))?;
    let keep = config.idle == Idle::Keep;
    let mut drafts = Vec::new();
    let mut cluster = Name::default();
    for (position, json) in list(input, "rows")?.iter().enumerate() {
        let path = format!("rows[{position}]");
        let [first, node, namespace, pod, container] = texts(member(json, "key")?, &path)?;
        cluster = first;
        let mut row = Row::new(RowKind::Container, 0, 0);
        for (position, column) in Column::ALL.iter().enumerate() {
            if json.get("cost").is_some_and(|cost| cost.get(column.as_str()).is_some()) {
                let cost =
                    money(member(json, "cost")?, column.as_str()).map_err(|fault| fault.below(&path))?;
                row.add(position, cost.get().into())?;
            }
        }
        // Without claims the cost of a resource says how much of it a row has.
        let [cpu, memory, gpu, ..] = row.cost().map(|cost| cost.get().max(0).unsigned_abs());
        let claimed = Amounts { cpu: cpu.into(), memory: memory.into() };
        row.set_amounts(Amounts::default(), Amounts::default(), claimed);
        row.set_gpu(gpu);
        drafts.push(Draft {
            node: NodeFacts { name: node, ..NodeFacts::default() },
            namespace: NamespaceFacts { name: namespace, ..NamespaceFacts::default() },
            pod: Some(PodFacts { name: pod, ..PodFacts::default() }),
            container: Some(container),
            row,
        });
    }
    let mut idle: BTreeMap<String, [Nanos; 3]> = BTreeMap::new();
    for (position, json) in list(input, "node_idle")?.iter().enumerate() {
        let path = format!("node_idle[{position}]");
        let text = |name: &str| member(json, name).map(|text| text.as_str().unwrap_or_default().to_owned());
        let resource = text("resource").map_err(|fault| fault.below(&path))?;
        let column = crate::allocation::direct::RESOURCES.iter().position(|name| *name == resource);
        let pools = idle.entry(text("node").map_err(|fault| fault.below(&path))?).or_default();
        let pool = column.and_then(|column| pools.get_mut(column));
        let pool = pool
            .ok_or_else(|| refuse(&path, format!("`{}` is no resource", crate::error::shorten(&resource))))?;
        *pool = money(json, "amount").map_err(|fault| fault.below(&path))?;
    }
    for (name, pools) in &idle {
        let mut row = Row::new(RowKind::Idle, 0, 0);
        for (column, amount) in pools.iter().enumerate() {
            row.add(column, amount.get().into())?;
        }
        let node = NodeFacts { name: Name::from(name.as_str()), ..NodeFacts::default() };
        drafts.push(Draft { node, namespace: NamespaceFacts::default(), pod: None, container: None, row });
    }
    if config.shared.iter().any(|shared| shared.is_amount()) {
        let row = Row::new(RowKind::Shared, 0, 0);
        let node = NodeFacts::default();
        drafts.push(Draft { node, namespace: NamespaceFacts::default(), pod: None, container: None, row });
    }
    let mut set = given(config, drafts, cluster)?;
    set.assets = assets_of(&set, &idle)?;
    set.assets.extend(crate::allocation::collect::shared_assets(&set.config, (0, 0))?);
    set.share_idle_of_nodes()?;
    set.waterfall()?;
    let mut out = Object::new();
    out.insert("assets_total", text(set.totals.assets));
    let wanted = list(input, "filter")?;
    if !wanted.is_empty() {
        let filter = Filter::of(Key::Namespace, wanted.iter().filter_map(Json::as_str));
        let report = set.aggregate(&[Key::Namespace], Some(&filter))?;
        let rows = report.rows.iter().map(|row| {
            let mut members = vec![("total", Json::from(text(row.total)))];
            if keep {
                members.push(("idle", Json::from(text(row.idle.saturating_add(row.shared_idle)))));
            }
            (row.name(), Json::object(members))
        });
        out.insert("filtered", Json::object(rows));
    }
    let all = set.aggregate(&[Key::Namespace], None)?;
    let ordinary = all.rows.iter().filter(|row| !row.name().starts_with("__"));
    let rows = ordinary.map(|row| {
        let idle = text(row.idle.saturating_add(row.shared_idle));
        (
            row.name(),
            Json::object([("total", Json::from(text(row.total))), ("attributed_idle", Json::from(idle))]),
        )
    });
    out.insert("all", Json::object(rows));
    out.insert("idle_row", text(set.totals.idle));
    Ok(Json::Object(out))
}

/// One asset a node, which costs what its rows cost.
fn assets_of(set: &AllocationSet, idle: &BTreeMap<String, [Nanos; 3]>) -> Result<Vec<Asset>, Fault> {
    let mut assets = Vec::new();
    let mut start = 0;
    for group in set.rows.chunk_by(|a, b| a.node == b.node) {
        let cost = crate::allocation::row::nanos(group.iter().map(Row::direct).sum())?;
        let claims = group.iter().take_while(|row| row.kind.is_ordinary()).count();
        let name = group.first().map_or("", |row| set.key(row)[1]).to_owned();
        let mut pools = [Pool::default(); 3];
        for (column, pool) in pools.iter_mut().enumerate() {
            pool.idle = idle.get(&name).and_then(|pools| pools.get(column)).copied().unwrap_or_default();
            pool.claimed = group.iter().map(|row| row.claim(column)).sum();
        }
        let mut asset = Asset::plain(AssetKind::Node, name, Some(cost), "given");
        asset.node = Some(Box::new(NodeAsset {
            node: group.first().map_or(0, |row| row.node),
            rows: (start, start.saturating_add(claims)),
            active: (0, 0),
            capacity: Capacity::default(),
            allocatable: [None; 2],
            gpu_scale: 1,
            own_rates: false,
            pools,
        }));
        start = start.saturating_add(group.len());
        assets.push(asset);
    }
    Ok(assets)
}

/// `{rows: [{pod, namespace, labels, namespace_labels, services, total}], by, filter, config}`: totals by name.
fn aggregate(input: &Json) -> Result<Json, Fault> {
    let config = AllocationConfig::from_json(input.get("config").unwrap_or(&Json::Null));
    let config = config.map_err(|fault| fault.below("config"))?;
    let by = Key::list(member(input, "by")?).map_err(|fault| fault.below("by"))?;
    let filter = input.get("filter").filter(|filter| !filter.is_null());
    let filter = filter.map(Filter::from_json).transpose().map_err(|fault| fault.below("filter"))?;
    let mut drafts = Vec::new();
    for (position, json) in list(input, "rows")?.iter().enumerate() {
        let path = format!("rows[{position}]");
        let name = |name: &str| json.get(name).and_then(Json::as_str).map(Name::from);
        let mut row = Row::new(RowKind::Container, 0, 0);
        let total = money(json, "total").map_err(|fault| fault.below(&path))?;
        row.add(Column::External as usize, total.get().into())?;
        row.total = total;
        let namespace_labels = labels(json.get("namespace_labels"));
        // Rows without a namespace are told apart by what their namespace says.
        let namespace = name("namespace").unwrap_or_else(|| match namespace_labels {
            Some(_) => Name::from(path.as_str()),
            None => Name::default(),
        });
        let mut services: Vec<Name> = json
            .get("services")
            .and_then(Json::as_array)
            .unwrap_or_default()
            .iter()
            .filter_map(Json::as_str)
            .map(Name::from)
            .collect();
        services.sort_by(|a, b| crate::allocation::canonical(a, b));
        services.dedup();
        let services: Option<Arc<Box<[Name]>>> = (!services.is_empty()).then(|| Arc::new(services.into()));
        drafts.push(Draft {
            node: NodeFacts { name: name("node").unwrap_or_default(), ..NodeFacts::default() },
            namespace: NamespaceFacts { name: namespace, labels: namespace_labels, annotations: None },
            pod: Some(PodFacts {
                name: name("pod").unwrap_or_default(),
                labels: labels(json.get("labels")),
                services,
                ..PodFacts::default()
            }),
            container: Some(name("container").unwrap_or_default()),
            row,
        });
    }
    let report = given(config, drafts, Name::default())?.aggregate(&by, filter.as_ref())?;
    Ok(Json::object(report.rows.iter().map(|row| (row.name(), Json::from(text(row.total))))))
}

fn reconcile(input: &Json) -> Result<Json, Fault> {
    let list = set(input)?;
    let bill = AssetCharge::list(member(input, "bill")?).map_err(|fault| fault.below("bill"))?;
    let set = list.reconcile(&bill)?;
    let mut sums: Vec<(String, [i128; 2])> = Vec::new();
    for row in set.rows() {
        let [_, _, namespace, pod, _] = set.key(row);
        let name = format!("{namespace}/{pod}");
        let amounts = [row.list().get().into(), row.total.get().into()];
        match sums.last_mut().filter(|(last, _)| *last == name) {
            Some((_, sums)) => {
                for (sum, amount) in sums.iter_mut().zip(amounts) {
                    *sum = i128::saturating_add(*sum, amount);
                }
            }
            None => sums.push((name, amounts)),
        }
    }
    let rows = sums.into_iter().map(|(name, [list, reconciled])| {
        (name, Json::object([("list", Json::from(text(list))), ("reconciled", Json::from(text(reconciled)))]))
    });
    Ok(Json::object([
        ("list_total", Json::from(text(list.totals.assets))),
        ("reconciled_total", Json::from(text(set.totals.assets))),
        ("rows", Json::object(rows)),
    ]))
}
