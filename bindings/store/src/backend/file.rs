//! A file of records, one a line, with its checkpoints in `<name>.notes/<size>`. One writer, held by `<name>.lock`.
//!
//! A batch is one write and one fsync. A write of several lines is not atomic: after a crash the first of them may be
//! there; they verify, and their retry answers that they exist.

use super::{Backend, Change, Commit, Committed, Fault, Scanned, StoredNote, unsupported};
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
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

/// Every operation that changes the disk: what a test can let fail.
pub(crate) trait Disk: Send {
    /// Writes at the end of an open file.
    fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }
    /// Waits until the content of a file is durable.
    fn sync(&mut self, file: &File) -> io::Result<()> {
        file.sync_data()
    }
    /// Cuts a file.
    fn cut(&mut self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }
    /// Makes a file that must not exist.
    fn create(&mut self, path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(path)
    }
    /// Puts a file in the place of another.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }
    /// Makes a folder and those above it.
    fn create_dir(&mut self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }
    /// Waits until the names in a folder are durable.
    fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        // Windows opens no folder and keeps its names durable by itself.
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }
}

/// The disk as it is.
pub(crate) struct Os;

impl Disk for Os {}

pub(crate) struct Records<D> {
    disk: D,
    path: PathBuf,
    origin_known: bool,
    file: File,
    /// The writer's; released with it.
    _lock: Option<File>,
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

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl<D: Disk> Records<D> {
    /// Opens a file, or makes an empty one unless it is only read.
    pub(crate) fn open(path: &Path, read_only: bool, mut disk: D) -> Result<Self, StoreError> {
        let io = |error: io::Error| StoreError::io(path, &error);
        let mut lock = None;
        if !read_only {
            let held = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(beside(path, ".lock"))
                .map_err(io)?;
            match held.try_lock() {
                Ok(()) => lock = Some(held),
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::Locked { path: path.display().to_string() });
                }
                Err(TryLockError::Error(error)) => return Err(io(error)),
            }
        }
        let is_new = !path.exists();
        let file =
            OpenOptions::new().read(true).append(!read_only).create(!read_only).open(path).map_err(io)?;
        if is_new {
            disk.sync_dir(folder(path)).map_err(io)?;
        }
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
        let mut reader = BufReader::new(File::open(&self.path)?);
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
        let (place, draft) = (folder.join(note.size.to_string()), folder.join(".draft"));
        if place.exists() {
            return Ok(());
        }
        self.disk.create_dir(&folder)?;
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = self.disk.create(&draft)?;
        self.disk.write(&mut file, note.note.as_bytes())?;
        self.disk.sync(&file)?;
        self.disk.rename(&draft, &place)?;
        self.disk.sync_dir(&folder)
    }

    fn line(&self, seq: u64) -> io::Result<Vec<u8>> {
        let place = usize::try_from(seq).unwrap_or(usize::MAX);
        let start = self.offsets.get(place).copied().unwrap_or(self.end);
        let next = self.offsets.get(place.saturating_add(1)).copied().unwrap_or(self.end);
        let length = usize::try_from(next.saturating_sub(start).saturating_sub(1)).unwrap_or_default();
        let mut line = vec![0; length];
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut line)?;
        Ok(line)
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
        let mut file = File::open(&self.path).map_err(io)?;
        file.seek(SeekFrom::Start(*start)).map_err(io)?;
        let mut reader = BufReader::with_capacity(1 << 16, file);
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
        let place = places.into_iter().find(|place| !place.exists()).unwrap_or_default();
        let mut cut = || {
            let mut aside = self.disk.create(&place)?;
            self.disk.write(&mut aside, &self.torn)?;
            self.disk.sync(&aside)?;
            self.disk.sync_dir(folder(&self.path))?;
            // Only now is the tail safe elsewhere.
            self.disk.cut(&self.file, self.end)?;
            self.disk.sync(&self.file)
        };
        cut().map_err(|error: io::Error| StoreError::io(&self.path, &error))?;
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
        let folder = self.notes_dir();
        let io = |error: io::Error| StoreError::io(&folder, &error);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io(error)),
        };
        let mut notes = Vec::new();
        for entry in entries {
            let entry = entry.map_err(io)?;
            let Some(size) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let note = fs::read(entry.path()).map_err(io)?;
            // What is no UTF-8 stays unreadable and fails as a checkpoint.
            notes.push(StoredNote { size, note: String::from_utf8_lossy(&note).into_owned(), head: None });
        }
        notes.sort_by_key(|note| note.size);
        Ok(notes)
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
