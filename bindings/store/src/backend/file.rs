//! A file of records, one a line, with its checkpoints in `<name>.notes/<size>`. One writer, held by `<name>.lock`.
//!
//! A batch is one write and one fsync. A write of several lines is not atomic: after a crash the first of them may be
//! there; they verify, and their retry answers that they exist.

use super::{Backend, Change, Commit, Committed, Fault, Scanned, StoredNote, disk::Disk, unsupported};
use crate::{
    StoreError,
    table::{Row, Table},
};
use finops_ledger::event::{
    checkpoint::SignedCheckpoint, envelope::EventView, log::Known, merkle::leaf_hash, record::Record,
};
use rustc_hash::FxHashMap;
use std::{
    collections::BTreeMap,
    io::{self, BufRead as _, Read as _},
    path::{Path, PathBuf},
};

pub(crate) struct Records<D: Disk> {
    disk: D,
    path: PathBuf,
    origin_known: bool,
    file: D::File,
    /// The writer's; released with it.
    _lock: Option<D::Lock>,
    /// Where each line begins.
    offsets: Vec<u64>,
    /// Where the last whole line ends.
    end: u64,
    torn: Vec<u8>,
    ids: FxHashMap<String, u64>,
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl<D: Disk> Records<D> {
    /// Opens a file, or makes an empty one unless it is only read.
    pub(crate) fn open(path: &Path, read_only: bool, mut disk: D) -> Result<Self, StoreError> {
        let io = |error: io::Error| StoreError::io(path, &error);
        let mut lock = None;
        if !read_only {
            lock = disk.lock(&beside(path, ".lock")).map_err(io)?;
            if lock.is_none() {
                return Err(StoreError::Locked { path: path.display().to_string() });
            }
        }
        let is_new = !disk.exists(path).map_err(io)?;
        let file = disk.open(path, !read_only).map_err(io)?;
        let mut records = Self {
            disk,
            path: path.to_owned(),
            origin_known: !is_new,
            file,
            _lock: lock,
            offsets: Vec::new(),
            end: 0,
            torn: Vec::new(),
            ids: FxHashMap::default(),
        };
        records.index().map_err(io)?;
        Ok(records)
    }

    /// Finds the lines and the ids.
    fn index(&mut self) -> io::Result<()> {
        let mut reader = self.disk.reader(&self.path, 0)?;
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(());
            }
            if line.last() != Some(&b'\n') {
                self.torn = line;
                return Ok(());
            }
            line.pop();
            let seq = u64::try_from(self.offsets.len()).unwrap_or(u64::MAX);
            if let Some(view) =
                Record::parse_line(&line).and_then(|record| EventView::parse(record.event).ok())
            {
                self.ids.entry(view.id.to_owned()).or_insert(seq);
            }
            self.offsets.push(self.end);
            self.end = self.end.saturating_add(u64::try_from(read).unwrap_or_default());
        }
    }

    fn count(&self) -> u64 {
        u64::try_from(self.offsets.len()).unwrap_or(u64::MAX)
    }

    fn notes_dir(&self) -> PathBuf {
        beside(&self.path, ".notes")
    }

    fn append(&mut self, commit: &Commit<'_>) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(commit.records.len().saturating_mul(512));
        let mut starts = Vec::with_capacity(commit.records.len());
        for sealed in commit.records {
            starts.push(self.end.saturating_add(u64::try_from(bytes.len()).unwrap_or_default()));
            sealed.record().write_line(&mut bytes);
        }
        if !bytes.is_empty() {
            self.disk.write(&mut self.file, &bytes)?;
            self.disk.sync(&self.file)?;
            self.offsets.extend(starts);
            self.end = self.end.saturating_add(u64::try_from(bytes.len()).unwrap_or_default());
            for sealed in commit.records {
                self.ids.insert(sealed.event.id().to_owned(), sealed.seq);
            }
        }
        commit.note.map_or(Ok(()), |note| self.write_note(note))
    }

    /// A note is whole or not there: it is written beside its place and moved.
    fn write_note(&mut self, note: &StoredNote) -> io::Result<()> {
        let folder = self.notes_dir();
        let place = folder.join(note.size.to_string());
        if self.disk.exists(&place)? {
            return Ok(());
        }
        self.disk.create_dir(&folder)?;
        self.disk.sync_dir(parent(&folder))?;
        self.put_note(&place, note)
    }

    fn put_note(&mut self, place: &Path, note: &StoredNote) -> io::Result<()> {
        let folder = self.notes_dir();
        let draft = folder.join(".draft");
        if self.disk.exists(&draft)? {
            self.disk.remove(&draft)?;
        }
        let mut file = self.disk.create(&draft)?;
        self.disk.write(&mut file, note.note.as_bytes())?;
        self.disk.sync(&file)?;
        self.disk.rename(&draft, place)?;
        self.disk.sync_dir(&folder)
    }

    fn line(&mut self, seq: u64) -> io::Result<Vec<u8>> {
        let place = usize::try_from(seq).unwrap_or(usize::MAX);
        let start = self.offsets.get(place).copied().unwrap_or(self.end);
        let next = self.offsets.get(place.saturating_add(1)).copied().unwrap_or(self.end);
        let length = usize::try_from(next.saturating_sub(start).saturating_sub(1)).unwrap_or_default();
        let mut line = vec![0; length];
        self.disk.reader(&self.path, start)?.read_exact(&mut line)?;
        Ok(line)
    }

    /// Writes once more what is in the file since its last checkpoint, and that checkpoint.
    ///
    /// The writer before this one may have died before its fsync, or its fsync failed, after which a kernel holds the
    /// pages for clean and the next fsync answers that all is well. What is read here may therefore be gone after a
    /// power cut, although a retry would be told that it exists. A checkpoint follows the fsync of its records, so what
    /// it covers is durable. Bytes that are durable are replaced by themselves.
    fn write_again(&mut self) -> io::Result<()> {
        let newest = self.read_notes()?.pop();
        let covered = newest.as_ref().map_or(0, |note| note.size);
        let from = usize::try_from(covered).ok().and_then(|size| self.offsets.get(size)).copied();
        if let Some(from) = from {
            let length = usize::try_from(self.end.saturating_sub(from)).unwrap_or_default();
            let mut bytes = vec![0; length];
            self.disk.reader(&self.path, from)?.read_exact(&mut bytes)?;
            self.disk.overwrite(&self.path, from, &bytes)?;
        }
        if let Some(note) = newest {
            let place = self.notes_dir().join(note.size.to_string());
            self.put_note(&place, &note)?;
        }
        self.disk.sync_dir(parent(&self.path))
    }

    fn read_notes(&mut self) -> io::Result<Vec<StoredNote>> {
        let folder = self.notes_dir();
        let names = match self.disk.list(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            names => names?,
        };
        let mut notes = Vec::new();
        for name in names {
            let Some(size) = name.parse().ok().filter(|size: &u64| size.to_string() == name) else {
                continue;
            };
            let mut note = Vec::new();
            self.disk.reader(&folder.join(&name), 0)?.read_to_end(&mut note)?;
            // What is no UTF-8 stays unreadable and fails as a checkpoint.
            notes.push(StoredNote { size, note: String::from_utf8_lossy(&note).into_owned(), head: None });
        }
        notes.sort_by_key(|note| note.size);
        Ok(notes)
    }
}

impl<D: Disk> Backend for Records<D> {
    fn name(&self) -> &'static str {
        "file"
    }

    fn has_tables(&self) -> bool {
        false
    }

    fn size(&mut self) -> Result<Option<u64>, StoreError> {
        Ok(Some(self.count()).filter(|size| *size > 0 || self.origin_known))
    }

    fn create(&mut self) -> Result<(), StoreError> {
        self.origin_known = true;
        Ok(())
    }

    fn scan(
        &mut self,
        from: u64,
        limit: u64,
        sink: &mut dyn FnMut(Scanned<'_>) -> bool,
    ) -> Result<(), StoreError> {
        let io = |error: io::Error| StoreError::io(&self.path, &error);
        let Some(start) = usize::try_from(from).ok().and_then(|from| self.offsets.get(from)) else {
            return Ok(());
        };
        let mut reader = self.disk.reader(&self.path, *start).map_err(io)?;
        let mut line = Vec::new();
        let last = self.count().min(from.saturating_add(limit));
        for _ in from..last {
            line.clear();
            reader.read_until(b'\n', &mut line).map_err(io)?;
            line.pop();
            if !sink(Scanned { record: Record::parse_line(&line), columns: None }) {
                break;
            }
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<(), StoreError> {
        self.write_again().map_err(|error| StoreError::io(&self.path, &error))
    }

    fn torn_tail(&self) -> &[u8] {
        &self.torn
    }

    fn cut_torn_tail(&mut self) -> Result<Option<PathBuf>, StoreError> {
        if self.torn.is_empty() {
            return Ok(None);
        }
        let size = self.count();
        // A second tear at the same size keeps the first.
        let places = std::iter::once(String::new()).chain((2_u32..).map(|n| format!("-{n}")));
        let places = places.map(|n| beside(&self.path, &format!(".torn-{size}{n}")));
        let cut = || {
            let mut place = PathBuf::new();
            for free in places {
                if !self.disk.exists(&free)? {
                    place = free;
                    break;
                }
            }
            let mut aside = self.disk.create(&place)?;
            self.disk.write(&mut aside, &self.torn)?;
            self.disk.sync(&aside)?;
            self.disk.sync_dir(parent(&self.path))?;
            // Only now is the tail safe elsewhere.
            self.disk.cut(&self.file, self.end)?;
            self.disk.sync(&self.file)?;
            Ok(place)
        };
        let place = cut().map_err(|error: io::Error| StoreError::io(&self.path, &error))?;
        self.torn.clear();
        Ok(Some(place))
    }

    fn find(&mut self, ids: &[&str]) -> Result<BTreeMap<String, Known>, StoreError> {
        let mut found = BTreeMap::new();
        for id in ids {
            let Some(seq) = self.ids.get(*id).copied() else { continue };
            let line = self.line(seq).map_err(|error| StoreError::io(&self.path, &error))?;
            if let Some(record) = Record::parse_line(&line) {
                found.insert((*id).to_owned(), Known { seq, leaf: leaf_hash(record.event) });
            }
        }
        Ok(found)
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<Committed, Fault> {
        if commit.expected != self.count() {
            return Ok(Committed::Lost);
        }
        if commit.changes.iter().any(|change| !matches!(change, Change::Applied { .. })) {
            return Err(Fault::Refused(unsupported("file", "hold tables")));
        }
        match self.append(commit) {
            Ok(()) => Ok(Committed::Done),
            Err(error) => Err(Fault::Poison(StoreError::io(&self.path, &error))),
        }
    }

    fn notes(&mut self) -> Result<Vec<StoredNote>, StoreError> {
        self.read_notes().map_err(|error| StoreError::io(&self.notes_dir(), &error))
    }

    fn last_note(&mut self) -> Result<Option<StoredNote>, StoreError> {
        let notes = self.notes()?;
        Ok(notes.into_iter().rfind(|note| SignedCheckpoint::parse(note.note.as_bytes()).is_ok()))
    }

    fn applied(&mut self) -> Result<BTreeMap<String, u64>, StoreError> {
        Ok(BTreeMap::new())
    }

    fn rows(&mut self, _table: Table, _batch_id: Option<&str>) -> Result<Vec<Row>, StoreError> {
        Err(unsupported("file", "hold tables"))
    }

    fn kept(&mut self, _event_id: &str, _field: &str) -> Result<Option<(Vec<u8>, String)>, StoreError> {
        Err(unsupported("file", "keep redactable values"))
    }
}

#[cfg(test)]
pub(crate) mod tests;
