//! Allocations as columns: exact costs as decimals with nine digits behind the point, times in UTC, null for what is unknown.

use crate::arrow::{PyArrowTable, failed};
use arrow_array::{
    ArrayRef,
    builder::{
        BooleanBuilder, Decimal128Builder, ListBuilder, MapBuilder, StringBuilder,
        TimestampMillisecondBuilder, UInt64Builder,
    },
};
use finops::{
    AllocationReport, AllocationSet,
    allocation::{Column, Row, RowKind, RowStatus, UsageBasis},
    core::exact::Exact,
};
use pyo3::prelude::*;
use std::sync::Arc;

/// Decimal digits of a column, and how many of them stand behind the point.
const DIGITS: u8 = 38;
/// Costs, core-seconds and device-seconds: nano-units.
const NANO: i8 = 9;
/// Efficiencies.
const RATIO: i8 = 6;
/// Byte-seconds.
const WHOLE: i8 = 0;

type Columns<'a> = Vec<(&'a str, ArrayRef)>;

fn decimals(scale: i8) -> PyResult<Decimal128Builder> {
    Decimal128Builder::new().with_precision_and_scale(DIGITS, scale).map_err(failed)
}

/// The integer of a fixed number of digits behind the point.
fn steps(number: &Exact, places: u32) -> Option<i128> {
    number.display(places).replace('.', "").parse().ok()
}

/// A count that a decimal of 38 digits holds.
fn wide(count: u128) -> Option<i128> {
    i128::try_from(count).ok().filter(|count| *count < 10_i128.pow(38))
}

fn named<'a>(
    columns: &mut Columns<'a>,
    names: impl IntoIterator<Item = &'a str>,
    builders: Vec<Decimal128Builder>,
) {
    columns.extend(
        names.into_iter().zip(builders).map(|(name, mut builder)| (name, Arc::new(builder.finish()) as _)),
    );
}

fn kind(row: &Row) -> &'static str {
    match row.kind {
        RowKind::Container => "container",
        RowKind::Pod => "pod",
        RowKind::Unmounted => "unmounted",
        RowKind::Idle => "idle",
        RowKind::OverAllocated => "over_allocated",
        RowKind::Shared => "shared",
        RowKind::Unmatched => "unmatched",
        RowKind::External => "external",
    }
}

/// Where a row belongs: its key, what it is, who owns it, when it was there.
#[derive(Default)]
struct Places {
    key: [StringBuilder; 5],
    kind: StringBuilder,
    status: StringBuilder,
    owner: [StringBuilder; 2],
}

impl Places {
    fn add(&mut self, set: &AllocationSet, row: &Row) {
        for (builder, part) in self.key.iter_mut().zip(set.key(row)) {
            builder.append_value(part);
        }
        self.kind.append_value(kind(row));
        self.status.append_value(row.status.as_str());
        let owner = set.owner(row);
        let [owner_kind, owner_name] = &mut self.owner;
        owner_kind.append_option(owner.map(|(kind, _)| kind));
        owner_name.append_option(owner.map(|(_, name)| name));
    }

    fn finish(self) -> Columns<'static> {
        let names = ["cluster", "node", "namespace", "pod", "container"];
        let text = |mut builder: StringBuilder| Arc::new(builder.finish()) as ArrayRef;
        let mut columns: Columns<'static> = names.into_iter().zip(self.key.map(text)).collect();
        columns.extend([("kind", text(self.kind)), ("status", text(self.status))]);
        columns.extend(["controller_kind", "controller"].into_iter().zip(self.owner.map(text)));
        columns
    }
}

/// What a row asked for, used and claims, over time.
struct Amounts {
    cpu: [Decimal128Builder; 3],
    memory: [Decimal128Builder; 3],
    devices: Decimal128Builder,
    basis: [StringBuilder; 2],
    seconds: [UInt64Builder; 3],
}

impl Amounts {
    fn new() -> PyResult<Self> {
        Ok(Self {
            cpu: [decimals(NANO)?, decimals(NANO)?, decimals(NANO)?],
            memory: [decimals(WHOLE)?, decimals(WHOLE)?, decimals(WHOLE)?],
            devices: decimals(NANO)?,
            basis: Default::default(),
            seconds: Default::default(),
        })
    }

    fn add(&mut self, set: &AllocationSet, row: &Row) {
        let ordinary = row.kind.is_ordinary();
        let known = row.basis.map(|basis| ordinary && basis != UsageBasis::None);
        let amounts = [(row.requested(), [ordinary; 2]), (row.used(), known), (row.claimed(), [ordinary; 2])];
        for ((cpu, memory), (amounts, [is_cpu, is_memory])) in
            self.cpu.iter_mut().zip(&mut self.memory).zip(amounts)
        {
            cpu.append_option(if is_cpu { wide(amounts.cpu) } else { None });
            memory.append_option(if is_memory { wide(amounts.memory) } else { None });
        }
        let devices = || set.device_seconds(row).map_or(Some(0), |devices| steps(&devices, 9));
        self.devices.append_option(if ordinary { devices() } else { None });
        let container = row.kind == RowKind::Container;
        for (builder, basis) in self.basis.iter_mut().zip(row.basis) {
            builder.append_option(container.then(|| basis.as_str()));
        }
        let [cpu, memory] = row.known_seconds();
        for (builder, seconds) in self.seconds.iter_mut().zip([row.seconds, cpu, memory]) {
            builder.append_option(container.then(|| u64::from(seconds)));
        }
    }

    fn finish(self) -> Columns<'static> {
        let mut columns = Vec::new();
        let names = ["requested_cpu_core_seconds", "used_cpu_core_seconds", "claimed_cpu_core_seconds"];
        named(&mut columns, names, self.cpu.into());
        let names =
            ["requested_memory_byte_seconds", "used_memory_byte_seconds", "claimed_memory_byte_seconds"];
        named(&mut columns, names, self.memory.into());
        named(&mut columns, ["gpu_device_seconds"], vec![self.devices]);
        for (name, mut builder) in ["usage_basis_cpu", "usage_basis_memory"].into_iter().zip(self.basis) {
            columns.push((name, Arc::new(builder.finish())));
        }
        let names = ["running_seconds", "known_cpu_seconds", "known_memory_seconds"];
        for (name, mut builder) in names.into_iter().zip(self.seconds) {
            columns.push((name, Arc::new(builder.finish())));
        }
        columns
    }
}

const COSTS: [&str; 11] = [
    "cpu_cost",
    "memory_cost",
    "gpu_cost",
    "volume_cost",
    "load_balancer_cost",
    "network_cost",
    "external_cost",
    "idle_cost",
    "shared_cost",
    "shared_idle_cost",
    "total_cost",
];

/// The rows of a set; a cost that is unknown is null.
pub(crate) fn set(set: &AllocationSet) -> PyResult<PyArrowTable> {
    let (mut places, mut amounts) = (Places::default(), Amounts::new()?);
    let utc = || TimestampMillisecondBuilder::new().with_timezone("UTC");
    let (mut start, mut end) = (utc(), utc());
    let mut services = ListBuilder::new(StringBuilder::new());
    let mut labels = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    let mut costs = COSTS.iter().map(|_| decimals(NANO)).collect::<PyResult<Vec<_>>>()?;
    let mut list = decimals(NANO)?;
    for row in set.rows() {
        places.add(set, row);
        amounts.add(set, row);
        let there = row.kind.is_ordinary() && row.end > row.start;
        let at = |second: u32| set.window.0.checked_add(second.into())?.checked_mul(1000);
        start.append_option(if there { at(row.start) } else { None });
        end.append_option(if there { at(row.end) } else { None });
        for service in set.services(row) {
            services.values().append_value(service.as_str());
        }
        services.append(true);
        if row.kind.is_ordinary() {
            for (name, value) in set.labels(row) {
                labels.keys().append_value(name);
                labels.values().append_value(value);
            }
        }
        labels.append(true).map_err(failed)?;
        let priced = row.status != RowStatus::Unpriced;
        let attributed = row.attributed();
        let attributed = [attributed.idle, attributed.shared, attributed.shared_idle];
        let direct = Column::ALL.iter().map(|column| row.column(*column));
        let amounts = direct.chain(attributed).chain([row.total]);
        for (builder, amount) in costs.iter_mut().zip(amounts) {
            builder.append_option(priced.then(|| i128::from(amount.get())));
        }
        list.append_option((priced && set.reconciled).then(|| i128::from(row.list().get())));
    }
    let mut columns = places.finish();
    columns.extend([
        ("services", Arc::new(services.finish()) as ArrayRef),
        ("labels", Arc::new(labels.finish())),
        ("start", Arc::new(start.finish())),
        ("end", Arc::new(end.finish())),
    ]);
    columns.extend(amounts.finish());
    named(&mut columns, COSTS, costs);
    columns.push(("list_total_cost", Arc::new(list.finish())));
    PyArrowTable::new(columns)
}

/// The rows of a report: its keys, counts, costs and efficiencies.
pub(crate) fn report(report: &AllocationReport) -> PyResult<PyArrowTable> {
    let names: Vec<String> = report.by.iter().map(ToString::to_string).collect();
    let mut keys: Vec<StringBuilder> = names.iter().map(|_| StringBuilder::new()).collect();
    let (mut rows, mut unpriced) = (UInt64Builder::new(), UInt64Builder::new());
    let mut costs = COSTS.iter().map(|_| decimals(NANO)).collect::<PyResult<Vec<_>>>()?;
    let mut ratios = vec![decimals(RATIO)?, decimals(RATIO)?, decimals(RATIO)?];
    let mut no_request = BooleanBuilder::new();
    for row in &report.rows {
        for (builder, value) in keys.iter_mut().zip(&row.values) {
            builder.append_value(value);
        }
        rows.append_value(row.rows);
        unpriced.append_value(row.unpriced_rows);
        let amounts = row.cost.into_iter().chain([row.idle, row.shared, row.shared_idle, row.total]);
        for (builder, amount) in costs.iter_mut().zip(amounts) {
            builder.append_value(amount);
        }
        let found = [&row.efficiency.cpu, &row.efficiency.memory, &row.efficiency.total];
        for (builder, ratio) in ratios.iter_mut().zip(found) {
            builder.append_option(ratio.as_ref().and_then(|ratio| steps(ratio, 6)));
        }
        no_request.append_value(row.efficiency.no_request);
    }
    let mut columns: Columns<'_> = Vec::new();
    for (name, mut builder) in names.iter().zip(keys) {
        columns.push((name, Arc::new(builder.finish())));
    }
    columns.push(("rows", Arc::new(rows.finish())));
    columns.push(("unpriced_rows", Arc::new(unpriced.finish())));
    named(&mut columns, COSTS, costs);
    named(&mut columns, ["cpu_efficiency", "memory_efficiency", "total_efficiency"], ratios);
    columns.push(("no_request", Arc::new(no_request.finish())));
    PyArrowTable::new(columns)
}
