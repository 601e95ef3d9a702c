//! What to look at, from files: objects of Kubernetes, inventories, summaries, and answers of Prometheus beside them.

use super::{EngineError, Given};
use finops_core::{
    error::{Fault, shorten},
    inventory::{
        ClusterInventory, Diagnostic, Interval, KubernetesOptions, Metric, Outline, PrometheusOptions,
        outline, read_kubernetes, read_prometheus,
    },
    time::Timestamp,
};
use std::{collections::BTreeMap, sync::Arc};

/// A file: its name, for messages, and its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it holds.
    pub bytes: &'a [u8],
}

/// A time that an inventory describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// From a start to an end.
    Between(Interval),
    /// So many seconds before the inventory was read.
    Last(u32),
}

impl Span {
    fn at(self, as_of: Timestamp) -> Option<Interval> {
        match self {
            Self::Between(interval) => Some(interval),
            Self::Last(seconds) => {
                let start = as_of.ms().checked_sub(i64::from(seconds).checked_mul(1000)?)?;
                Some(Interval { start: Timestamp::from_ms(start)?, end: as_of })
            }
        }
    }
}

/// How files are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentOptions {
    /// The name of the cluster of Kubernetes objects; `unknown` unless given.
    pub cluster: Option<String>,
    /// When they were read: the time of the run. That of the inventory unless given, else now.
    pub as_of: Option<Timestamp>,
    /// The time that full inventories describe, in place of their own.
    pub window: Option<Span>,
    /// The step of the queries of usage in seconds.
    pub step_seconds: u32,
}

/// A remark on a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// The name of the file.
    pub document: String,
    /// What there is to say.
    pub diagnostic: Diagnostic,
}

/// What was read from files.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    /// The inventories: that of all Kubernetes objects first, then the others in their order.
    pub given: Vec<Given>,
    /// What was left out, dropped or assumed, in the order of the files.
    pub remarks: Vec<Remark>,
    /// Objects of Kubernetes that nobody reads, by kind.
    pub ignored: BTreeMap<String, u64>,
}

/// What a file is.
enum Form {
    Kubernetes,
    Inventory,
}

/// The same fault within a file.
fn within(name: &str, fault: &Fault) -> Fault {
    let path = if fault.path().is_empty() { name.to_owned() } else { format!("{name}: {}", fault.path()) };
    Fault::new(fault.code(), path, fault.problem(), fault.help())
}

fn unknown(problem: &str, help: &'static str) -> Fault {
    Fault::new("inventory.invalid_object", "", problem, help)
}

fn form(seen: &Outline) -> Result<Form, Fault> {
    let object = seen.has("metadata") && (seen.has("spec") || seen.has("status"));
    if seen.kind.is_some() || seen.has("apiVersion") || seen.has("items") || object {
        return Ok(Form::Kubernetes);
    }
    if seen.has("data") && seen.has("status") {
        return Err(unknown(
            "is an answer of Prometheus",
            "say what it measures: `--prometheus cpu_usage=FILE`",
        ));
    }
    if seen.has("opportunities") && seen.has("assessments") {
        return Err(unknown("is the report of a run", "give the inventory that it was made of"));
    }
    Ok(Form::Inventory)
}

/// Windows writes it; no JSON has it.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

impl Documents {
    /// Reads files, each of which is what `kubectl get -o json` prints, an inventory of a cluster or of AI workloads in its
    /// wire form, or a summary. All objects of Kubernetes are of one cluster. `usage` are answers of Prometheus by the name of their metric; several of
    /// one metric are parts of one answer.
    ///
    /// # Errors
    /// `inventory.*`, `quantity.*`, `waste.invalid_record` and `prometheus.*` for a file as a whole, `config.invalid` for a
    /// metric that is none; the path begins with the file.
    pub fn read(
        files: &[Document<'_>],
        usage: &[(&str, Document<'_>)],
        options: &DocumentOptions,
    ) -> Result<Self, EngineError> {
        let now = options.as_of.unwrap_or_else(crate::clock::now);
        let mut found = Self::default();
        let mut objects: Vec<Document<'_>> = Vec::new();
        for file in files {
            let file = Document { bytes: without_mark(file.bytes), ..*file };
            let seen = outline(file.bytes).and_then(|seen| form(&seen).map(|form| (seen, form)));
            match seen.map_err(|fault| within(file.name, &fault))? {
                (_, Form::Kubernetes) => objects.push(file),
                (seen, Form::Inventory) => found.inventory(file, &seen, options.as_of, now)?,
            }
        }
        if !objects.is_empty() {
            found.kubernetes(&objects, options.cluster.as_deref().unwrap_or("unknown"), now)?;
        }
        for (metric, file) in usage {
            found.usage(metric, *file, options.step_seconds)?;
        }
        if let Some(window) = options.window {
            for given in &mut found.given {
                if let Given::Cluster(cluster) = given {
                    let cluster = Arc::make_mut(cluster);
                    cluster.window = window.at(cluster.as_of).or(cluster.window);
                }
            }
        }
        Ok(found)
    }

    /// The time of a run over all inventories: that of the latest.
    #[must_use]
    pub fn as_of(&self) -> Option<Timestamp> {
        self.given.iter().map(Given::as_of).max()
    }

    /// The one full inventory.
    ///
    /// # Errors
    /// `inventory.invalid_object` where there is none, or several.
    pub fn cluster(&self) -> Result<&ClusterInventory, EngineError> {
        let mut clusters = self.given.iter().map(|given| match given {
            Given::Cluster(cluster) => Some(&**cluster),
            _ => None,
        });
        match (clusters.next(), clusters.next()) {
            (Some(Some(cluster)), None) => Ok(cluster),
            (None | Some(None), None) => {
                let help = "give what `kubectl get pods,nodes -A -o json` prints, or an inventory";
                Err(unknown("holds no pods that a cost could be divided over", help).into())
            }
            _ => Err(unknown("holds several inventories", "give the files of one cluster").into()),
        }
    }

    fn remark(&mut self, name: &str, diagnostics: Vec<Diagnostic>) {
        let remark = |diagnostic| Remark { document: name.to_owned(), diagnostic };
        self.remarks.extend(diagnostics.into_iter().map(remark));
    }

    fn inventory(
        &mut self,
        file: Document<'_>,
        seen: &Outline,
        stated: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), EngineError> {
        let value = super::wire::parse(file.bytes)?;
        // The time of the run is the one given, else that of the file or of its window, else now.
        let own = seen.has("as_of") || seen.has("window");
        let at = if stated.is_some() || !own { Some(now) } else { None };
        let (given, diagnostics) = Given::read(&value, at).map_err(|fault| within(file.name, &fault))?;
        let known = |name: &String| given.unknown_keys().all(|(key, _)| key != name);
        if !seen.names.iter().any(known) {
            let help = "give what `kubectl get -o json` prints, an inventory or a summary";
            return Err(within(file.name, &unknown("has no member of an inventory", help)).into());
        }
        self.remark(file.name, diagnostics);
        self.given.push(given);
        Ok(())
    }

    fn kubernetes(
        &mut self,
        files: &[Document<'_>],
        cluster: &str,
        as_of: Timestamp,
    ) -> Result<(), EngineError> {
        let texts: Vec<&[u8]> = files.iter().map(|file| file.bytes).collect();
        let read = read_kubernetes(&texts, &KubernetesOptions::new(cluster, as_of)).map_err(|fault| {
            let place = |(index, file): (usize, &Document<'_>)| {
                let path = fault.path().strip_prefix(&format!("documents[{index}]"))?;
                let path = path.strip_prefix('.').unwrap_or(path);
                let fault = Fault::new(fault.code(), path, fault.problem(), fault.help());
                Some(within(file.name, &fault))
            };
            files.iter().enumerate().find_map(place).unwrap_or(fault.clone())
        })?;
        for diagnostic in read.diagnostics {
            let file = diagnostic.document.and_then(|index| files.get(index));
            let name = file.map_or("", |file| file.name).to_owned();
            self.remarks
                .push(Remark { document: name, diagnostic: Diagnostic { document: None, ..diagnostic } });
        }
        self.ignored = read.ignored;
        self.given.insert(0, Given::Cluster(Arc::new(read.value)));
        Ok(())
    }

    /// Adds an answer to the inventory of the Kubernetes objects, else to the only full one.
    fn usage(&mut self, metric: &str, file: Document<'_>, step_seconds: u32) -> Result<(), EngineError> {
        let role = Metric::from_name(metric).ok_or_else(|| {
            let help = "`finops kubernetes queries` lists the metrics";
            Fault::new("config.invalid", "metric", format!("`{}` is no metric", shorten(metric)), help)
        })?;
        let options = PrometheusOptions::new(step_seconds);
        let read = read_prometheus(role, without_mark(file.bytes), &options);
        let mut read = read.map_err(|fault| within(file.name, &fault))?;
        let mut clusters = self.given.iter_mut().filter_map(|given| match given {
            Given::Cluster(cluster) => Some(Arc::make_mut(cluster)),
            _ => None,
        });
        let Some(cluster) = clusters.next() else {
            let help = "give the objects of the cluster too: `kubectl get pods,nodes -A -o json`";
            return Err(within(file.name, &unknown("belongs to no inventory", help)).into());
        };
        cluster.add_usage(std::mem::take(&mut read.value));
        self.remark(file.name, read.diagnostics);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[&str]) -> Result<Documents, EngineError> {
        let named: Vec<String> = (0..files.len()).map(|index| format!("{index}.json")).collect();
        let files: Vec<_> =
            named.iter().zip(files).map(|(name, text)| Document { name, bytes: text.as_bytes() }).collect();
        let at = "2026-11-20T00:00:00Z".parse().unwrap();
        Documents::read(&files, &[], &DocumentOptions { as_of: Some(at), ..DocumentOptions::default() })
    }

    const POD: &str = r#"{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p", "namespace": "n"},
        "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "1.5.0"}}}]}}"#;

    #[test]
    fn every_form_is_told_from_the_others() {
        let lease = r#"{"kind": "Lease", "apiVersion": "coordination.k8s.io/v1", "metadata": {"name": "l"}}"#;
        let found = read(&[
            r#"{"workloads": {"n": [{"name": "a"}]}}"#,
            POD,
            r#"{"cluster": "c", "as_of": "2026-11-21T00:00:00Z", "pods": [], "colour": 1}"#,
            lease,
        ])
        .unwrap();
        let forms: Vec<bool> = found.given.iter().map(|given| matches!(given, Given::Cluster(_))).collect();
        assert_eq!(forms, [true, false, true], "Kubernetes first, then the order of the files");
        assert_eq!(found.as_of().map(|at| at.to_string()).as_deref(), Some("2026-11-21T00:00:00.000Z"));
        let told: Vec<_> = found
            .remarks
            .iter()
            .map(|told| (told.document.as_str(), told.diagnostic.code, told.diagnostic.path.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("2.json", "inventory.unknown_field", Some("colour")),
                ("1.json", "quantity.invalid", Some("spec.containers[0].resources.requests.cpu")),
            ]
        );
        assert_eq!(found.ignored["Lease"], 1);
        assert!(found.cluster().is_err());
    }

    #[test]
    fn what_is_no_inventory_is_refused_by_its_file() {
        for (text, code) in [
            ("", "inventory.invalid_json"),
            (r#"{"kind": "List", "items": ["#, "inventory.invalid_json"),
            ("[]", "inventory.not_an_object"),
            ("{}", "inventory.invalid_object"),
            (r#"{"name": "finops", "version": "1"}"#, "inventory.invalid_object"),
            (r#"{"status": "success", "data": {}}"#, "inventory.invalid_object"),
            (r#"{"opportunities": [], "assessments": []}"#, "inventory.invalid_object"),
            (r#"{"workloads": 1}"#, "waste.invalid_record"),
        ] {
            let error = read(&[POD, text]).unwrap_err();
            assert_eq!((error.code(), error.path().split(':').next()), (code, Some("1.json")), "{text}");
        }
    }

    #[test]
    fn parts_of_an_answer_are_put_together() {
        let answer = |at: u32| {
            format!(
                r#"{{"status": "success", "data": {{"resultType": "matrix", "result": [
                    {{"metric": {{"namespace": "n", "pod": "p", "container": "c"}}, "values": [[{at}, "0.25"]]}}]}}}}"#
            )
        };
        let (one, two) = (answer(60), answer(120));
        let usage = [
            ("cpu_usage", Document { name: "a", bytes: one.as_bytes() }),
            ("cpu_usage", Document { name: "b", bytes: two.as_bytes() }),
        ];
        let options = DocumentOptions { step_seconds: 60, ..DocumentOptions::default() };
        let found =
            Documents::read(&[Document { name: "p", bytes: POD.as_bytes() }], &usage, &options).unwrap();
        let series = found.cluster().unwrap().usage.as_deref().unwrap();
        assert_eq!((series.len(), series[0].samples().len()), (1, 2));
        let data = Document { name: "d", bytes: br#"{"workloads": {}}"# };
        let error = Documents::read(&[data], &usage, &options).unwrap_err();
        assert_eq!((error.code(), error.path()), ("inventory.invalid_object", "a"));
        let other = [("cpu", Document { name: "a", bytes: b"{}" })];
        assert_eq!(Documents::read(&[data], &other, &options).unwrap_err().code(), "config.invalid");
    }
}
