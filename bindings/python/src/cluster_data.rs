//! The summary form of a cluster out of a dict: its workloads become the engine's without a JSON value in between.
//!
//! Whatever is not plainly what the form says (another type, an unknown key, a name that stands twice) is read as JSON, by
//! the same code as JSON text: what is known of bad input is known once.

use crate::engine;
use finops::{
    Timestamp,
    core::{
        error::Fault,
        waste::{
            Ratio,
            summary::{ClusterData, Field, NewWorkload, Workloads},
        },
    },
    engine::run_time,
};
use pyo3::{
    prelude::*,
    types::{PyDict, PyFloat, PyInt, PyList, PyString},
};

/// The members of a workload.
#[derive(Clone, Copy)]
enum Key {
    Name,
    Team,
    Kind,
    CpuRequest,
    CpuUsage,
    CpuLimit,
    MemoryRequest,
    MemoryUsage,
    MemoryLimit,
    Replicas,
    Labels,
    /// What containers there are is nobody's concern.
    Containers,
}

impl Key {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "name" => Self::Name,
            "team" => Self::Team,
            "kind" => Self::Kind,
            "cpu_request" => Self::CpuRequest,
            "cpu_usage" => Self::CpuUsage,
            "cpu_limit" => Self::CpuLimit,
            "memory_request_gb" => Self::MemoryRequest,
            "memory_usage_gb" => Self::MemoryUsage,
            "memory_limit_gb" => Self::MemoryLimit,
            "replicas" => Self::Replicas,
            "labels" => Self::Labels,
            "containers" => Self::Containers,
            _ => return None,
        })
    }
}

/// The keys of the record before, at their places: records of one origin share the strings.
#[derive(Default)]
struct Keys<'py>(Vec<(Bound<'py, PyString>, Key)>);

impl<'py> Keys<'py> {
    fn at(&mut self, place: usize, key: &Bound<'py, PyAny>) -> Option<Key> {
        let before = self.0.get_mut(place);
        if let Some((known, meaning)) = &before
            && known.is(key)
        {
            return Some(*meaning);
        }
        let text = key.cast_exact::<PyString>().ok()?;
        let meaning = Key::named(text.to_str().ok()?)?;
        match before {
            Some(slot) => *slot = (text.clone(), meaning),
            None => self.0.push((text.clone(), meaning)),
        }
        Some(meaning)
    }
}

fn text<'a>(value: &'a Bound<'_, PyAny>) -> Option<&'a str> {
    value.cast_exact::<PyString>().ok()?.to_str().ok()
}

/// Text, or nothing; it stays with Python until the record is whole.
fn word<'py>(value: Bound<'py, PyAny>) -> Option<Option<Bound<'py, PyString>>> {
    if value.is_none() {
        return Some(None);
    }
    let value = value.cast_into_exact::<PyString>().ok()?;
    value.to_str().is_ok().then_some(Some(value))
}

/// A number of at least 0, or none given.
fn number(value: &Bound<'_, PyAny>) -> Option<Field> {
    let number = if let Ok(float) = value.cast_exact::<PyFloat>() {
        Ratio::from_f64(float.value())
    } else if let Ok(int) = value.cast_exact::<PyInt>() {
        int.extract::<i64>().ok().map(Ratio::from)
    } else if value.is_none() {
        return Some(Field::Absent);
    } else {
        Ratio::parse(text(value)?)
    };
    number.filter(|number| !number.is_negative()).map(Field::Known)
}

/// Adds what a record says; `None`, and nothing added, where it says something odd.
fn add<'py>(
    workloads: &mut Workloads,
    namespace: &str,
    record: &Bound<'py, PyDict>,
    keys: &mut Keys<'py>,
) -> Option<()> {
    let (mut name, mut team, mut kind) = (None, None, None);
    let mut workload = NewWorkload { namespace, ..NewWorkload::default() };
    for (place, (key, value)) in record.iter().enumerate() {
        let field = match keys.at(place, &key)? {
            Key::Name => {
                name = word(value)?;
                continue;
            }
            Key::Team => {
                team = word(value)?;
                continue;
            }
            Key::Kind => {
                kind = word(value)?;
                continue;
            }
            Key::Labels if value.is_none() => continue,
            Key::Labels => {
                for (label, of) in value.cast_exact::<PyDict>().ok()? {
                    workload.labels.insert(text(&label)?.to_owned(), text(&of)?.to_owned());
                }
                continue;
            }
            Key::Containers => continue,
            Key::CpuRequest => &mut workload.cpu_request,
            Key::CpuUsage => &mut workload.cpu_usage,
            Key::CpuLimit => &mut workload.cpu_limit,
            Key::MemoryRequest => &mut workload.memory_request,
            Key::MemoryUsage => &mut workload.memory_usage,
            Key::MemoryLimit => &mut workload.memory_limit,
            Key::Replicas => &mut workload.replicas,
        };
        *field = number(&value)?;
    }
    workloads.push(NewWorkload {
        name: name.as_ref()?.to_str().ok().filter(|name| !name.is_empty())?,
        team: team.as_ref().and_then(|team| team.to_str().ok()),
        kind: kind.as_ref().and_then(|kind| kind.to_str().ok()),
        ..workload
    });
    Some(())
}

/// Reads a dict of the summary form; `None` for what is to be read as JSON.
pub(crate) fn read(
    value: &Bound<'_, PyAny>,
    as_of: Option<Timestamp>,
    now: Timestamp,
) -> PyResult<Option<Result<ClusterData, Fault>>> {
    let Ok(members) = value.cast_exact::<PyDict>() else { return Ok(None) };
    let Some(workloads) = members.get_item("workloads")? else { return Ok(None) };
    let Ok(workloads) = workloads.cast_exact::<PyDict>() else { return Ok(None) };
    let rest = members.copy()?;
    rest.del_item("workloads")?;
    let rest = engine::value(rest.as_any())?;
    if rest.as_object().is_none() || !ClusterData::is_summary(&rest) {
        return Ok(None);
    }
    let lists = || workloads.iter().map(|(_, list)| list.cast_into_exact::<PyList>().map(|list| list.len()));
    let Ok(count) = lists().sum::<Result<usize, _>>() else { return Ok(None) };
    let mut data = match ClusterData::from_json(&rest, run_time(&rest, as_of, now)) {
        Ok(data) => data,
        Err(fault) => return Ok(Some(Err(fault))),
    };
    data.workloads.reserve(count);
    let mut keys = Keys::default();
    for (namespace, list) in workloads {
        let (Some(namespace), Ok(list)) = (text(&namespace), list.cast_exact::<PyList>()) else {
            return Ok(None);
        };
        for (place, record) in list.iter().enumerate() {
            let added = match record.cast_exact::<PyDict>() {
                Ok(record) => add(&mut data.workloads, namespace, record, &mut keys),
                Err(_) => None,
            };
            if added.is_none() {
                data.add_workload(namespace, place, &engine::value(&record)?);
            }
        }
    }
    Ok(data.sort_workloads().then_some(Ok(data)))
}
