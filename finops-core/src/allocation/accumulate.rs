//! Windows added up: days into a month. And sets put together from rows with their names.

use super::{
    key::canonical,
    node::NodeAsset,
    row::{Amounts, NONE, Row, RowStatus, index, nanos, place},
    set::{AllocationSet, Asset, NamespaceFacts, NodeFacts, PodFacts, Tables},
    tables::{Numbers, find},
};
use crate::{
    error::{Fault, shorten},
    inventory::{Diagnostic, Name},
    money::{Nanos, overflow},
};
use std::{cmp::Ordering, collections::BTreeMap};

/// A row with its names, before there are tables.
pub(super) struct Draft {
    pub(super) node: NodeFacts,
    pub(super) namespace: NamespaceFacts,
    pub(super) pod: Option<PodFacts>,
    pub(super) container: Option<Name>,
    pub(super) row: Row,
}

impl Draft {
    fn compare(&self, other: &Self) -> Ordering {
        let namespace = |draft: &Self| {
            let special = draft.row.kind.special_namespace();
            special.map_or_else(|| draft.namespace.name.clone(), Name::from)
        };
        let pod = |draft: &Self| draft.pod.as_ref().map(|pod| pod.name.clone()).unwrap_or_default();
        canonical(&self.node.name, &other.node.name)
            .then_with(|| canonical(&namespace(self), &namespace(other)))
            // Kinds sort as their names do: containers, the rest of their pod, what nobody mounts.
            .then_with(|| (self.pod.is_none()).cmp(&other.pod.is_none()))
            .then_with(|| canonical(&pod(self), &pod(other)))
            .then_with(|| self.row.kind.cmp(&other.row.kind))
            .then_with(|| {
                let name = |draft: &Self| draft.container.clone().unwrap_or_default();
                canonical(&name(self), &name(other))
            })
    }
}

/// Tables and rows in the order of keys; rows with the same key become one.
pub(super) fn assemble(cluster: Name, mut drafts: Vec<Draft>) -> Result<(Tables, Vec<Row>), Fault> {
    drafts.sort_by(Draft::compare);
    let (mut nodes, mut namespaces, mut containers) =
        (Numbers::default(), Numbers::default(), Numbers::default());
    for draft in &drafts {
        nodes.number(&draft.node.name)?;
        namespaces.number(&draft.namespace.name)?;
        if let Some(container) = &draft.container {
            containers.number(container)?;
        }
    }
    let (nodes, namespaces, containers) = (nodes.sorted()?.0, namespaces.sorted()?.0, containers.sorted()?.0);
    let mut tables = Tables {
        cluster,
        nodes: nodes.into_iter().map(|name| NodeFacts { name, ..NodeFacts::default() }).collect(),
        namespaces: namespaces
            .into_iter()
            .map(|name| NamespaceFacts { name, ..NamespaceFacts::default() })
            .collect(),
        pods: Vec::new(),
        containers,
    };
    let mut rows: Vec<Row> = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let mut row = draft.row;
        row.node = find(&tables.nodes, &draft.node.name, |facts| &facts.name).unwrap_or(NONE);
        row.namespace = find(&tables.namespaces, &draft.namespace.name, |facts| &facts.name).unwrap_or(NONE);
        row.container =
            draft.container.as_ref().and_then(|name| find(&tables.containers, name, |n| n)).unwrap_or(NONE);
        // Of a thing that changed its properties the last ones count.
        if let Some(facts) = tables.nodes.get_mut(place(row.node)) {
            *facts = draft.node;
        }
        if let Some(facts) = tables.namespaces.get_mut(place(row.namespace)) {
            *facts = draft.namespace;
        }
        row.pod = match draft.pod {
            None => NONE,
            Some(pod) => {
                let same_place =
                    rows.last().is_some_and(|last| (last.node, last.namespace) == (row.node, row.namespace));
                let known = tables.pods.last_mut().filter(|last| same_place && last.name == pod.name);
                match known {
                    Some(known) => *known = pod,
                    None => tables.pods.push(pod),
                }
                index(tables.pods.len().saturating_sub(1))?
            }
        };
        let key = |row: &Row| (row.node, row.namespace, row.pod, row.kind, row.container);
        match rows.last_mut().filter(|last| key(last) == key(&row)) {
            Some(last) => merge(last, &row)?,
            None => rows.push(row),
        }
    }
    Ok((tables, rows))
}

fn merge(row: &mut Row, other: &Row) -> Result<(), Fault> {
    let add = |a: Nanos, b: Nanos| a.checked_add(b).ok_or_else(overflow);
    for (column, amount) in other.cost().iter().enumerate() {
        row.add(column, amount.get().into())?;
    }
    let attributed = other.attributed();
    row.add_idle(attributed.idle.get().into())?;
    row.add_shared(attributed.shared.get().into(), attributed.shared_idle.get().into())?;
    let list = add(row.list(), other.list())?;
    row.total = add(row.total, other.total)?;
    row.set_list(list);
    let sum = |a: Amounts, b: Amounts| {
        let cpu = a.cpu.checked_add(b.cpu).ok_or_else(overflow)?;
        let memory = a.memory.checked_add(b.memory).ok_or_else(overflow)?;
        Ok::<_, Fault>(Amounts { cpu, memory })
    };
    let requested = sum(row.requested(), other.requested())?;
    let (used, claimed) = (sum(row.used(), other.used())?, sum(row.claimed(), other.claimed())?);
    row.set_amounts(requested, used, claimed);
    row.set_gpu(row.gpu().checked_add(other.gpu()).ok_or_else(overflow)?);
    row.seconds = row.seconds.saturating_add(other.seconds);
    let ([cpu, memory], [more_cpu, more_memory]) = (row.known_seconds(), other.known_seconds());
    row.set_known_seconds([cpu.saturating_add(more_cpu), memory.saturating_add(more_memory)]);
    for (basis, other) in row.basis.iter_mut().zip(other.basis) {
        *basis = (*basis).max(other);
    }
    row.start = row.start.min(other.start);
    row.end = row.end.max(other.end);
    if row.status != other.status {
        row.status = match (row.status, other.status) {
            (RowStatus::Undistributed, _) | (_, RowStatus::Undistributed) => RowStatus::Undistributed,
            _ => RowStatus::PartlyPriced,
        };
    }
    Ok(())
}

impl AllocationSet {
    /// Adds up the sets of several windows of one cluster: rows with the same key become one, assets with the same name
    /// likewise. Integer sums; the order of the sets changes nothing but which labels of a changed pod are the last.
    ///
    /// # Errors
    /// `config.invalid` for no set, and for sets of several clusters; `allocation.currency_mismatch`;
    /// `allocation.overflow`.
    pub fn accumulate(sets: &[Self]) -> Result<Self, Fault> {
        let mut sets: Vec<&Self> = sets.iter().collect();
        sets.sort_by_key(|set| set.window);
        let Some(first) = sets.first().copied() else {
            return Err(Fault::new("config.invalid", "", "there is no set to add up", "give at least one"));
        };
        let mut drafts = Vec::new();
        let mut assets: BTreeMap<(super::AssetKind, &str), Asset> = BTreeMap::new();
        let mut diagnostics: BTreeMap<Diagnostic, u64> = BTreeMap::new();
        let start = sets.iter().map(|set| set.window.0).min().unwrap_or(first.window.0);
        let end = sets.iter().map(|set| set.window.1).max().unwrap_or(first.window.1);
        for (position, set) in sets.iter().enumerate() {
            let path = format!("[{position}]");
            if set.currency != first.currency {
                let problem = format!("one set is in {}, another in {}", first.currency, set.currency);
                let help = "convert one of them with a dated exchange rate first";
                return Err(Fault::new("allocation.currency_mismatch", path, problem, help));
            }
            if set.tables.cluster != first.tables.cluster {
                let problem = format!("the set is of cluster `{}`", shorten(&set.tables.cluster));
                return Err(Fault::new("config.invalid", path, problem, "add up sets of one cluster"));
            }
            let later = u32::try_from(set.window.0.saturating_sub(start)).unwrap_or(u32::MAX);
            drafts.extend(set.rows().map(|row| {
                let mut draft = set.draft(row);
                draft.row.start = draft.row.start.saturating_add(later);
                draft.row.end = draft.row.end.saturating_add(later);
                draft
            }));
            for asset in &set.assets {
                match assets.get_mut(&(asset.kind, asset.name.as_str())) {
                    Some(sum) => merge_asset(sum, asset)?,
                    None => {
                        assets.insert((asset.kind, &asset.name), detached(asset));
                    }
                }
            }
            for remark in &set.diagnostics {
                let mut remark = remark.clone();
                let count = remark.count.take().unwrap_or(0);
                let sum = diagnostics.entry(remark).or_insert(0);
                *sum = sum.saturating_add(count);
            }
        }
        let (tables, rows) = assemble(first.tables.cluster.clone(), drafts)?;
        let mut sum = Self {
            window: (start, end),
            currency: first.currency,
            config: first.config.clone(),
            tables,
            rows,
            assets: assets.into_values().collect(),
            totals: super::Totals::default(),
            diagnostics: diagnostics
                .into_iter()
                .map(|(remark, count)| if count > 0 { remark.times(count) } else { remark })
                .collect(),
            network_reason: sets.iter().find_map(|set| set.network_reason),
            reconciled: sets.iter().any(|set| set.reconciled),
            accumulated: true,
        };
        sum.place_nodes();
        sum.sum_up();
        Ok(sum)
    }

    /// Points nodes at the tables of the set after those were put together again.
    pub(super) fn place_nodes(&mut self) {
        for asset in &mut self.assets {
            if let Some(node) = asset.node.as_mut() {
                node.node = find(&self.tables.nodes, &asset.name, |facts| &facts.name).unwrap_or(NONE);
            }
        }
    }

    pub(super) fn draft(&self, row: &Row) -> Draft {
        let tables = &self.tables;
        Draft {
            node: tables.nodes.get(place(row.node)).cloned().unwrap_or_default(),
            namespace: tables.namespaces.get(place(row.namespace)).cloned().unwrap_or_default(),
            pod: self.pod(row).cloned(),
            container: tables.containers.get(place(row.container)).cloned(),
            row: row.clone(),
        }
    }
}

/// An asset without its places in the rows of its set.
pub(super) fn detached(asset: &Asset) -> Asset {
    let mut asset = asset.clone();
    asset.users.clear();
    if let Some(node) = asset.node.as_mut() {
        node.rows = (0, 0);
    }
    asset
}

fn merge_asset(sum: &mut Asset, other: &Asset) -> Result<(), Fault> {
    let add = |a: Option<Nanos>, b: Option<Nanos>| -> Result<Option<Nanos>, Fault> {
        match (a, b) {
            (Some(a), Some(b)) => a.checked_add(b).map(Some).ok_or_else(overflow),
            (one, other) => Ok(one.or(other)),
        }
    };
    let lists = (sum.list.or(sum.cost), other.list.or(other.cost));
    if sum.list.is_some() || other.list.is_some() {
        sum.list = add(lists.0, lists.1)?;
    }
    sum.cost = add(sum.cost, other.cost)?;
    if let (Some(node), Some(other)) = (sum.node.as_mut(), other.node.as_ref()) {
        merge_node(node, other)?;
    }
    Ok(())
}

fn merge_node(node: &mut NodeAsset, other: &NodeAsset) -> Result<(), Fault> {
    node.active = (node.active.0.min(other.active.0), node.active.1.max(other.active.1));
    for (pool, other) in node.pools.iter_mut().zip(&other.pools) {
        let add = |a: Nanos, b: Nanos| nanos(i128::from(a.get()).saturating_add(b.get().into()));
        pool.cost = add(pool.cost, other.cost)?;
        pool.idle = add(pool.idle, other.idle)?;
        pool.unschedulable = add(pool.unschedulable, other.unschedulable)?;
        pool.undistributed = add(pool.undistributed, other.undistributed)?;
        pool.capacity = pool.capacity.checked_add(other.capacity).ok_or_else(overflow)?;
        pool.claimed = pool.claimed.checked_add(other.claimed).ok_or_else(overflow)?;
    }
    Ok(())
}
