//! Group commit: many requests, one transaction. Each request is all or nothing, and its refusal fails no other.

use super::{Engine, Plan, appended};
use crate::{
    Appended, StoreError,
    backend::{Change, Committed},
};
use finops_ledger::{
    event::{
        envelope::{Encoded, EventView},
        log::{Known, LogWriter, Outcome, Sealed},
    },
    savings::Entry,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::PoisonError,
};

/// Who is told what became of a request.
pub(crate) enum Reply {
    /// Someone waits.
    To(Box<dyn FnOnce(Result<Vec<Appended>, StoreError>) + Send>),
    /// Nobody: a refusal is kept for `flush`.
    Nobody,
}

/// Changes of tables that go with the events of a request, once their positions are known.
pub(crate) type Extra = Box<dyn Fn(&[u64]) -> Vec<Change> + Send>;

/// Events to append together.
pub(crate) struct Request {
    pub(crate) events: Vec<Encoded>,
    pub(crate) extra: Option<Extra>,
    /// Sign a checkpoint with it.
    pub(crate) note: bool,
}

/// A request and who waits for it.
pub(crate) struct Pending {
    pub(crate) request: Request,
    pub(crate) reply: Reply,
}

type Answer = Result<Vec<Appended>, StoreError>;

impl Engine {
    /// Appends the requests of a batch and answers each after the commit.
    pub(crate) fn process(&mut self, batch: Vec<Pending>) {
        let (requests, replies): (Vec<Request>, Vec<Reply>) =
            batch.into_iter().map(|pending| (pending.request, pending.reply)).unzip();
        for (answer, reply) in self.append(&requests).into_iter().zip(replies) {
            match reply {
                Reply::To(callback) => callback(answer),
                Reply::Nobody => {
                    if let Err(error) = answer {
                        self.refused_nowait = self.refused_nowait.saturating_add(1);
                        self.first_nowait.get_or_insert(error);
                    }
                }
            }
        }
    }

    /// What became of each request.
    pub(crate) fn append(&mut self, requests: &[Request]) -> Vec<Answer> {
        let all = |error: StoreError| requests.iter().map(|_| Err(error.clone())).collect();
        if let Err(error) = self.writable() {
            return all(error);
        }
        let mut offered = BTreeSet::new();
        let done = self.retry(|engine| engine.try_append(requests, &mut offered));
        match done {
            Ok(answers) => answers,
            // A single bad row must not fail its neighbours: each request gets a transaction of its own.
            Err(StoreError::Database { .. }) if requests.len() > 1 => {
                requests.iter().flat_map(|request| self.append(std::slice::from_ref(request))).collect()
            }
            Err(error) => all(error),
        }
    }

    fn try_append(
        &mut self,
        requests: &[Request],
        offered: &mut BTreeSet<String>,
    ) -> Result<(Committed, Vec<Answer>), StoreError> {
        let ids: Vec<&str> =
            requests.iter().flat_map(|request| request.events.iter().map(Encoded::id)).collect();
        let mut known = match self.backend.find(&ids) {
            Err(StoreError::Unavailable { .. }) => {
                self.backend.reconnect()?;
                return Ok((Committed::Lost, Vec::new()));
            }
            found => found?,
        };
        if known.values().any(|known| known.seq >= self.head.size()) {
            return Ok((Committed::Lost, Vec::new()));
        }
        let mut writer = self.writable()?.clone();
        let mut answers = Vec::with_capacity(requests.len());
        let mut sealed: Vec<Sealed> = Vec::with_capacity(ids.len());
        let (mut changes, mut note) = (Vec::new(), false);
        for request in requests {
            let answer = self.decide(request, &mut writer, &known, offered);
            answers.push(answer.map(|(appended, new)| {
                if !new.is_empty() {
                    note |= request.note;
                    let seqs: Vec<u64> = appended.iter().map(|appended| appended.seq).collect();
                    changes.extend(request.extra.iter().flat_map(|extra| extra(&seqs)));
                }
                for sealed in &new {
                    known.insert(
                        sealed.event.id().to_owned(),
                        Known { seq: sealed.seq, leaf: *sealed.event.leaf() },
                    );
                }
                sealed.extend(new);
                appended
            }));
        }
        if sealed.is_empty() {
            return Ok((Committed::Done, answers));
        }
        let kept = self.keep(&sealed, &mut changes);
        // From here on an id may be in the log although nobody was told.
        offered.extend(sealed.iter().map(|sealed| sealed.event.id().to_owned()));
        let records: Vec<&Sealed> = sealed.iter().collect();
        let committed = self.commit(Plan { writer, sealed: &records, changes, note })?;
        if committed == Committed::Done {
            let mut commitments = self.shared.commitments.lock().unwrap_or_else(PoisonError::into_inner);
            kept.iter().for_each(|commit| {
                commitments.remove(commit);
            });
        }
        Ok((committed, answers))
    }

    /// Seals the events of a request in `writer`, or refuses all of them and leaves it as it is.
    fn decide(
        &mut self,
        request: &Request,
        writer: &mut LogWriter,
        known: &BTreeMap<String, Known>,
        offered: &BTreeSet<String>,
    ) -> Result<(Vec<Appended>, Vec<Sealed>), StoreError> {
        let mut trial = writer.clone();
        let outcomes = trial.seal(request.events.clone(), |id| known.get(id).copied())?;
        let mark = self.projector.mark();
        let mut new = Vec::with_capacity(outcomes.len());
        let mut answer = Vec::with_capacity(outcomes.len());
        for (outcome, event) in outcomes.into_iter().zip(&request.events) {
            match outcome {
                // Offered before the connection was lost: it is this request's own record.
                Outcome::Exists { seq } => {
                    answer.push(appended(seq, event.id(), !offered.contains(event.id())))
                }
                Outcome::Sealed(sealed) => {
                    answer.push(appended(sealed.seq, sealed.event.id(), false));
                    if let Err(error) = self.stage(&sealed) {
                        self.projector.back_to(mark);
                        return Err(error);
                    }
                    new.push(sealed);
                }
            }
        }
        *writer = trial;
        Ok((answer, new))
    }

    fn stage(&mut self, sealed: &Sealed) -> Result<(), StoreError> {
        if !crate::projection::Projector::reads(sealed.event.kind()) {
            return Ok(());
        }
        if let Ok(view) = EventView::parse(sealed.event.bytes()) {
            self.projector.stage(Entry::of_record(sealed.seq, &view))?;
        }
        Ok(())
    }

    /// Stores salt and value of every commitment that was made here and stands in an event; answers which.
    fn keep(&self, sealed: &[Sealed], changes: &mut Vec<Change>) -> Vec<String> {
        let commitments = self.shared.commitments.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = Vec::new();
        if commitments.is_empty() || !self.backend.has_tables() {
            return kept;
        }
        for sealed in sealed {
            let Ok(view) = EventView::parse(sealed.event.bytes()) else { continue };
            for (field, commit) in committed_members(&view.data(), "/data") {
                if let Some((salt, value)) = commitments.get(&commit) {
                    let (event_id, value) = (view.id.to_owned(), value.clone());
                    changes.push(Change::Keep { event_id, field, salt: *salt, value });
                    kept.push(commit);
                }
            }
        }
        kept
    }

    /// The refusals that nobody waited for, since the last time.
    pub(crate) fn refusals(&mut self) -> Result<(), StoreError> {
        let refused = std::mem::take(&mut self.refused_nowait);
        match self.first_nowait.take() {
            Some(first) => Err(StoreError::Nowait { refused, first: Box::new(first) }),
            None => Ok(()),
        }
    }
}

/// JSON pointer and commitment of each `{"$commit": ...}`.
fn committed_members(value: &serde_json::Value, path: &str) -> Vec<(String, String)> {
    use serde_json::Value;
    match value {
        Value::Object(members) => match members.get("$commit") {
            Some(Value::String(commit)) => vec![(path.to_owned(), commit.clone())],
            _ => members
                .iter()
                .flat_map(|(key, value)| {
                    let key = key.replace('~', "~0").replace('/', "~1");
                    committed_members(value, &format!("{path}/{key}"))
                })
                .collect(),
        },
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(index, value)| committed_members(value, &format!("{path}/{index}")))
            .collect(),
        _ => Vec::new(),
    }
}
