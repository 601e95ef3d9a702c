//! Reads what the HTTP API of Prometheus answers to a query.

mod merge;
mod query;
mod subject;
#[cfg(test)]
mod tests;

pub use query::{Query, queries};

use super::{
    Diagnostic, Metric, Read, Sample, UsageData, UsageSeries, UsageSubject,
    decimal::{Irregular, scaled},
    name::Names,
    tree::{Bad, Source, Tree},
    wire,
};
use crate::error::{Fault, shorten};
use jiter::Peek;
use std::collections::BTreeMap;
use subject::Labels;

/// Which labels name a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelMapping {
    /// Namespace.
    pub namespace: String,
    /// Pod.
    pub pod: String,
    /// Container.
    pub container: String,
    /// Node.
    pub node: String,
    /// Volume claim.
    pub claim: String,
    /// Device, for example a GPU.
    pub device: String,
    /// Autoscaler.
    pub autoscaler: String,
    /// Level of a log.
    pub level: String,
}

impl Default for LabelMapping {
    /// The labels of cAdvisor, kube-state-metrics, kubelet and dcgm-exporter.
    fn default() -> Self {
        let label = str::to_owned;
        Self {
            namespace: label("namespace"),
            pod: label("pod"),
            container: label("container"),
            node: label("node"),
            claim: label("persistentvolumeclaim"),
            device: label("UUID"),
            autoscaler: label("horizontalpodautoscaler"),
            level: label("level"),
        }
    }
}

/// What a reading of an answer needs besides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrometheusOptions {
    /// The step of the query in seconds: what a sample describes.
    pub step_seconds: u32,
    /// The labels of a subject.
    pub mapping: LabelMapping,
    /// The largest document in bytes.
    pub max_bytes: usize,
    /// The deepest nesting; at most 128.
    pub max_depth: usize,
}

impl PrometheusOptions {
    /// An answer to a query with this step, with the usual labels.
    #[must_use]
    pub fn new(step_seconds: u32) -> Self {
        Self {
            step_seconds: step_seconds.max(1),
            mapping: LabelMapping::default(),
            max_bytes: 1 << 30,
            max_depth: crate::json::MAX_DEPTH,
        }
    }
}

/// Reads the series of an answer; numbers are read from their digits and rounded half-even to the unit of the metric.
///
/// ```
/// use finops_core::inventory::{Metric, PrometheusOptions, Sample, read_prometheus};
/// let answer = br#"{"status": "success", "data": {"resultType": "matrix", "result": [
///     {"metric": {"namespace": "n", "pod": "p", "container": "c"}, "values": [[1767225660, "0.25"]]}]}}"#;
/// let read = read_prometheus(Metric::CpuUsage, answer, &PrometheusOptions::new(60))?;
/// assert_eq!(read.value[0].samples(), [Sample { at: 1_767_225_660, value: 250_000_000 }]);
/// # Ok::<(), finops_core::error::Fault>(())
/// ```
///
/// # Errors
/// `prometheus.error_response` for an answer that is an error, `prometheus.unsupported_result_type` for anything but
/// matrix and vector, `inventory.invalid_json`, `inventory.not_an_object`, `inventory.too_large`.
pub fn read_prometheus(
    metric: Metric,
    document: &[u8],
    options: &PrometheusOptions,
) -> Result<Read<Vec<UsageSeries>>, Fault> {
    if document.len() > options.max_bytes {
        let problem = format!("is larger than {} bytes", options.max_bytes);
        return Err(Fault::new(
            "inventory.too_large",
            "",
            problem,
            "ask for a shorter window or a longer step",
        ));
    }
    let depth = options.max_depth.min(crate::json::MAX_DEPTH);
    let mut source = Source::new(document, depth, &[]);
    let mut answer = Answer::new(metric, &options.mapping);
    let fault = |bad: Bad| wire::invalid_json(&bad);
    let peek = source.peek().map_err(fault)?;
    if peek != Peek::Object {
        let what = source.tree(peek).map_err(fault)?.what();
        source.finish().map_err(fault)?;
        let problem = format!("is {what}, not an object");
        return Err(Fault::new(
            "inventory.not_an_object",
            "",
            problem,
            "give the whole answer of the HTTP API",
        ));
    }
    source.object(|source, name| answer.member(source, name)).map_err(fault)?;
    source.finish().map_err(fault)?;
    answer.end(options.step_seconds.max(1))
}

/// An answer while it is read.
struct Answer<'m> {
    mapping: &'m LabelMapping,
    metric: Metric,
    scale: i64,
    names: Names,
    status: Option<String>,
    error_type: Option<String>,
    error: Option<String>,
    result_type: Option<String>,
    remarks: Vec<(&'static str, String)>,
    /// A native histogram or another form that is not read.
    unsupported: Option<&'static str>,
    series: BTreeMap<UsageSubject, Vec<Sample>>,
    /// The samples of the series that is read now: one buffer for all.
    samples: Vec<Sample>,
    invalid: u64,
    nobody: u64,
    duplicates: u64,
    unsorted: u64,
}

impl<'m> Answer<'m> {
    fn new(metric: Metric, mapping: &'m LabelMapping) -> Self {
        Self {
            mapping,
            metric,
            scale: wire::places(metric).into(),
            names: Names::default(),
            status: None,
            error_type: None,
            error: None,
            result_type: None,
            remarks: Vec::new(),
            unsupported: None,
            series: BTreeMap::new(),
            samples: Vec::new(),
            invalid: 0,
            nobody: 0,
            duplicates: 0,
            unsorted: 0,
        }
    }

    fn member(&mut self, source: &mut Source<'_>, name: &str) -> Result<(), Bad> {
        let peek = source.peek()?;
        if name == "data" && peek == Peek::Object {
            return source.object(|source, name| self.data(source, name));
        }
        let value = source.tree(peek)?;
        let text = value.as_str().map(str::to_owned);
        match name {
            "status" => self.status = text,
            "errorType" => self.error_type = text,
            "error" => self.error = text,
            "warnings" | "infos" => {
                let code = if name == "warnings" { "prometheus.warning" } else { "prometheus.info" };
                let texts = value.as_array().unwrap_or_default().iter().filter_map(Tree::as_str);
                self.remarks.extend(texts.map(|text| (code, shorten(text))));
            }
            _ => {}
        }
        Ok(())
    }

    fn data(&mut self, source: &mut Source<'_>, name: &str) -> Result<(), Bad> {
        let peek = source.peek()?;
        match (name, peek) {
            ("result", Peek::Array) => source.array(|source, peek| match peek {
                Peek::Object => self.read_series(source),
                // A scalar or a string is a pair; the type of the result names it.
                _ => source.skip(peek),
            }),
            _ => {
                let value = source.tree(peek)?;
                if name == "resultType" {
                    self.result_type = value.as_str().map(str::to_owned);
                }
                Ok(())
            }
        }
    }

    fn read_series(&mut self, source: &mut Source<'_>) -> Result<(), Bad> {
        self.samples.clear();
        let mut labels = Labels::default();
        let invalid = self.invalid;
        source.object(|source, name| {
            let peek = source.peek()?;
            match (name, peek) {
                ("metric", Peek::Object) => source.object(|source, name| {
                    let peek = source.peek()?;
                    match labels.place(self.mapping, name) {
                        Some(place) if peek == Peek::String => {
                            *place = Some(self.names.name(source.text()?));
                            Ok(())
                        }
                        _ => source.skip(peek),
                    }
                }),
                ("values", Peek::Array) => source.array(|source, peek| self.pair(source, peek)),
                ("value", _) => self.pair(source, peek),
                _ => {
                    if name == "histogram" || name == "histograms" {
                        self.unsupported = Some("native histogram");
                    }
                    source.skip(peek)
                }
            }
        })?;
        let Some(subject) = labels.subject(self.metric) else {
            let found = u64::try_from(self.samples.len()).unwrap_or(u64::MAX);
            self.nobody =
                self.nobody.saturating_add(found).saturating_add(self.invalid.saturating_sub(invalid));
            self.invalid = invalid;
            return Ok(());
        };
        if !self.samples.is_sorted_by(|one, next| one.at < next.at) {
            self.unsorted = self.unsorted.saturating_add(1);
            // Of two samples of one time the last counts.
            self.samples.reverse();
            self.samples.sort_by_key(|sample| sample.at);
            self.samples.dedup_by_key(|sample| sample.at);
        }
        match self.series.entry(subject) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(self.samples.clone());
            }
            std::collections::btree_map::Entry::Occupied(mut place) => {
                self.duplicates = self.duplicates.saturating_add(1);
                let merged = merge::maximum(place.get(), &self.samples);
                place.insert(merged);
            }
        }
        Ok(())
    }

    /// `[time, "value"]`.
    fn pair(&mut self, source: &mut Source<'_>, peek: Peek) -> Result<(), Bad> {
        if peek != Peek::Array {
            self.invalid = self.invalid.saturating_add(1);
            return source.skip(peek);
        }
        let (mut at, mut value, mut place) = (None, Err(Irregular::Invalid), 0_u8);
        source.array(|source, peek| {
            place = place.saturating_add(1);
            match (place, peek) {
                (1, peek) if peek.is_num() => at = seconds(source.number(peek)?.as_bytes()),
                (2, Peek::String) => value = gauge(source.text()?.as_bytes(), self.scale),
                (2, peek) if peek.is_num() => value = gauge(source.number(peek)?.as_bytes(), self.scale),
                _ => {
                    place = place.max(3);
                    source.skip(peek)?;
                }
            }
            Ok(())
        })?;
        match (at, value, place) {
            (Some(at), Ok(value), 2) => self.samples.push(Sample { at, value }),
            // Not a number: nothing was measured.
            (Some(_), Err(Irregular::NotANumber), 2) => {}
            _ => self.invalid = self.invalid.saturating_add(1),
        }
        Ok(())
    }

    fn end(self, step_seconds: u32) -> Result<Read<Vec<UsageSeries>>, Fault> {
        if self.status.as_deref() == Some("error") {
            let kind = self.error_type.as_deref().unwrap_or("unknown");
            let error = self.error.as_deref().unwrap_or("no message");
            let problem = format!("Prometheus answered `{}`: `{}`", shorten(kind), shorten(error));
            return Err(Fault::new("prometheus.error_response", "errorType", problem, "correct the query"));
        }
        let kind = self.result_type.as_deref().unwrap_or("none");
        if !matches!(kind, "matrix" | "vector") || self.unsupported.is_some() {
            let problem = format!("the result is of type `{}`", shorten(self.unsupported.unwrap_or(kind)));
            let help = "ask for a range or an instant of series of numbers";
            return Err(Fault::new("prometheus.unsupported_result_type", "data.resultType", problem, help));
        }
        let counted = |code, count: u64, message: &str| {
            (count > 0).then(|| Diagnostic::new(code, message).times(count))
        };
        let mut diagnostics: Vec<Diagnostic> = [
            counted(
                "prometheus.duplicate_series",
                self.duplicates,
                "series of one subject: the maximum at each time",
            ),
            counted(
                "prometheus.invalid_sample",
                self.invalid,
                "samples that are infinite, negative or no number",
            ),
            counted(
                "prometheus.invalid_sample",
                self.nobody,
                "samples of series whose labels name no subject",
            ),
            counted(
                "prometheus.unsorted",
                self.unsorted,
                "series whose times were not in order or stood twice",
            ),
        ]
        .into_iter()
        .flatten()
        .collect();
        diagnostics.extend(self.remarks.into_iter().map(|(code, text)| Diagnostic::new(code, text)));
        diagnostics.sort();
        let metric = self.metric;
        let series = self.series.into_iter().map(|(subject, samples)| UsageSeries {
            subject,
            metric,
            data: UsageData::Samples { step_seconds, samples },
        });
        Ok(Read { value: series.collect(), diagnostics, ignored: BTreeMap::new() })
    }
}

/// A value that cannot be below 0.
fn gauge(text: &[u8], scale: i64) -> Result<i64, Irregular> {
    if let [b'-', rest @ ..] = text
        && rest.iter().take_while(|byte| !matches!(byte, b'e' | b'E')).any(|byte| matches!(byte, b'1'..=b'9'))
    {
        return Err(Irregular::Invalid);
    }
    scaled(text, scale)
}

/// Whole seconds of a time, rounded down.
fn seconds(text: &[u8]) -> Option<i64> {
    let mut whole = 0_i64;
    for (place, byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' if place < 18 => {
                // Below 10^18.
                whole = whole.wrapping_mul(10).wrapping_add(i64::from(byte.wrapping_sub(b'0')));
            }
            b'.' if !text.iter().any(|byte| matches!(byte, b'e' | b'E')) => return in_range(whole),
            _ => return in_range(scaled(text, 9).ok()?.div_euclid(1_000_000_000)),
        }
    }
    in_range(whole)
}

/// Years 1 to 9999.
fn in_range(seconds: i64) -> Option<i64> {
    crate::time::Timestamp::from_ms(seconds.checked_mul(1000)?).map(|_| seconds)
}
