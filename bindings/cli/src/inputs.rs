//! What commands on clusters read: files of Kubernetes, Prometheus and inventories; times and durations as people write them.

use crate::{
    Failure,
    output::{BAD_CONFIG, BAD_DATA, IO, USAGE, bytes_of, name},
    table::plain,
};
use finops::{
    EngineError, EngineOptions, Timestamp,
    core::error::Fault,
    engine::{Document, DocumentOptions, Documents, Span, wire},
    inventory::{Diagnostic, Interval},
    policy::Json,
};

/// Lines of remarks that are shown; JSON has all.
const SHOWN: usize = 20;

/// The files of a command.
#[derive(clap::Args)]
pub(crate) struct Inputs {
    /// What `kubectl get -o json` prints, an inventory or a summary of a cluster; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// The answer of Prometheus to the query of a metric, such as `cpu_usage=cpu.json`; may be given often
    #[arg(long, value_name = "METRIC=FILE", value_parser = pair)]
    prometheus: Vec<(String, String)>,
    /// The step of those queries, such as `75s` or `5m`
    #[arg(long, value_name = "DURATION", default_value = "75s", value_parser = duration)]
    step: u32,
    /// The name of the cluster of Kubernetes objects [default: unknown]
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// When they were read, as RFC 3339 or a date (UTC); that of the inventory unless given, else now
    #[arg(long, value_name = "TIME", value_parser = instant)]
    as_of: Option<Timestamp>,
    /// The time that the files describe: `START/END`, or a duration before they were read, such as `7d`
    #[arg(long, value_name = "TIME", value_parser = span)]
    window: Option<Span>,
}

impl Inputs {
    pub(crate) const fn has_window(&self) -> bool {
        self.window.is_some()
    }

    /// Reads the files; what there is to remark on goes to standard error.
    pub(crate) fn read(&self) -> Result<Documents, Failure> {
        let of_usage = self.prometheus.iter().map(|(_, file)| file);
        let paths: Vec<&String> = self.files.iter().chain(of_usage).collect();
        if paths.iter().filter(|path| **path == "-").count() > 1 {
            return Err(Failure::with_status("standard input can be read once; name files", USAGE));
        }
        let bytes = paths.iter().map(|path| bytes_of(path)).collect::<Result<Vec<_>, _>>()?;
        let mut read = paths.iter().zip(&bytes).map(|(path, bytes)| Document { name: name(path), bytes });
        let files: Vec<_> = read.by_ref().take(self.files.len()).collect();
        let usage: Vec<_> = self.prometheus.iter().map(|(metric, _)| metric.as_str()).zip(read).collect();
        let options = DocumentOptions {
            cluster: self.cluster.clone(),
            as_of: self.as_of,
            window: self.window,
            step_seconds: self.step,
        };
        let found = Documents::read(&files, &usage, &options).map_err(failed)?;
        let lines = found.remarks.iter().map(|remark| told(&remark.document, &remark.diagnostic));
        say(lines);
        for (kind, count) in &found.ignored {
            eprintln!("remark: {count} of kind {} were not read", plain(kind));
        }
        Ok(found)
    }
}

/// A remark as one line.
pub(crate) fn told(document: &str, remark: &Diagnostic) -> String {
    let mut line = format!("remark[{}]:", remark.code);
    let resource = remark.resource.as_ref().map(|name| name.as_str());
    for part in [Some(document), remark.path.as_deref(), remark.subject.as_deref(), resource] {
        if let Some(part) = part.filter(|part| !part.is_empty()) {
            line.push_str(&format!(" {}:", plain(part)));
        }
    }
    line.push_str(&format!(" {}", plain(&remark.message)));
    if let Some(count) = remark.count {
        line.push_str(&format!(" ({count} times)"));
    }
    line
}

/// Prints lines to standard error, so many that the last ones can be read.
pub(crate) fn say(lines: impl IntoIterator<Item = String>) {
    let mut lines = lines.into_iter();
    for line in lines.by_ref().take(SHOWN) {
        eprintln!("{line}");
    }
    let more = lines.count();
    if more > 0 {
        eprintln!("... and {more} more; `--format json` has all");
    }
}

/// Remarks in the wire form, with their files.
pub(crate) fn remarks(found: &Documents) -> Json {
    Json::array(found.remarks.iter().map(|remark| {
        let mut shown = remark.diagnostic.to_json();
        if let Json::Object(members) = &mut shown
            && !remark.document.is_empty()
        {
            members.insert("document", remark.document.as_str());
        }
        shown
    }))
}

/// A refused input, with where and what to do.
pub(crate) fn refused(fault: &Fault) -> Failure {
    Failure::with_status(format!("{}: {}", fault.code(), plain(fault.problem())), BAD_DATA)
        .note("at", plain(fault.path()))
        .note("help", fault.help())
}

/// Why the engine stopped.
pub(crate) fn failed(error: EngineError) -> Failure {
    match error {
        EngineError::Input(fault) => refused(&fault),
        EngineError::Guardrail(error) => {
            Failure::with_status(format!("{}: {error}", error.code()), BAD_CONFIG).note("at", error.path())
        }
        EngineError::Ledger(error) => crate::ledger::failed(error),
        error @ EngineError::File { .. } => Failure::with_status(format!("{}: {error}", error.code()), IO),
        error => Failure::with_status(format!("{}: {error}", error.code()), 1),
    }
}

/// The JSON of a file; `at` is the file where it is none.
pub(crate) fn json(path: &str) -> Result<Json, Failure> {
    wire::parse(&bytes_of(path)?).map_err(|error| failed(error).note("file", name(path)))
}

/// How the engine works.
#[derive(clap::Args)]
pub(crate) struct Settings {
    /// The configuration of the engine as JSON: region, detection, guardrails, change, prices, environment
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    /// The region of prices where the input names none
    #[arg(long)]
    region: Option<String>,
}

impl Settings {
    pub(crate) fn options(&self) -> Result<EngineOptions, Failure> {
        let mut value = match &self.config {
            Some(path) => json(path).map_err(|failure| failure.status_if(BAD_DATA, BAD_CONFIG))?,
            None => Json::object::<&str>([]),
        };
        if let (Json::Object(members), Some(region)) = (&mut value, &self.region) {
            members.insert("region", region.as_str());
        }
        let refuse = |error| {
            let failure = failed(error).status(BAD_CONFIG);
            match &self.config {
                Some(path) => failure.note("file", name(path)),
                None => failure,
            }
        };
        EngineOptions::from_json(&value).map_err(refuse)
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((metric, file)) if !metric.is_empty() && !file.is_empty() => {
            Ok((metric.to_owned(), file.to_owned()))
        }
        _ => Err("write METRIC=FILE, such as `cpu_usage=cpu.json`".to_owned()),
    }
}

/// An instant, or the midnight of a date in UTC.
pub(crate) fn instant(text: &str) -> Result<Timestamp, String> {
    let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    text.parse().map_err(|_| "write it like `2026-11-20T00:00:00Z` or `2026-11-20`".to_owned())
}

/// Whole seconds: `75`, `75s`, `5m`, `1h`, `14d`, `2w`.
pub(crate) fn duration(text: &str) -> Result<u32, String> {
    let units = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800)];
    let unit = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds)));
    let (count, seconds) = unit.unwrap_or((text, 1));
    let seconds = count.parse::<u32>().ok().and_then(|count| count.checked_mul(seconds));
    seconds
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| "write it like `75s`, `5m`, `1h` or `14d`".to_owned())
}

pub(crate) fn span(text: &str) -> Result<Span, String> {
    let Some((start, end)) = text.split_once('/') else {
        return duration(text)
            .map(Span::Last)
            .map_err(|_| "write `2026-11-13/2026-11-20`, or a duration such as `7d`".to_owned());
    };
    let (start, end) = (instant(start)?, instant(end)?);
    if end <= start {
        return Err("the end is not after the start".to_owned());
    }
    Ok(Span::Between(Interval { start, end }))
}
