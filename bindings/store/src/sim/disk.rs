//! A disk in memory that forgets what was not synced, tears writes, and fails.
//!
//! Every file has a content that programs see and one that survives a power cut, with the changes between them in order.
//! A failed sync drops those changes, as Linux does: programs still see them, the next sync succeeds, and they are lost.

use super::{
    chance::{Bug, Fate, Fates, fault, gone},
    world::Place,
};
use crate::{
    StoreError,
    backend::{Backend, disk::Disk, file::Records},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, BufRead, Cursor},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

#[derive(Debug, Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Cut(usize),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => {
                let end = at + bytes.len();
                content.resize(content.len().max(end), 0);
                content[*at..end].copy_from_slice(bytes);
            }
            Self::Cut(length) => content.truncate(*length),
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Inode {
    seen: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
    is_folder: bool,
}

impl Inode {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.pending.push(change);
    }

    fn sync(&mut self) {
        for change in self.pending.drain(..) {
            change.apply(&mut self.durable);
        }
    }
}

/// A change of the names in a folder.
#[derive(Debug, Clone)]
enum Naming {
    Made(PathBuf, usize),
    Moved(PathBuf, PathBuf),
    Removed(PathBuf),
}

impl Naming {
    fn folder(&self) -> &Path {
        let (Self::Made(path, _) | Self::Moved(path, _) | Self::Removed(path)) = self;
        path.parent().unwrap()
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Made(path, inode) => {
                names.insert(path.clone(), *inode);
            }
            Self::Moved(from, to) => {
                if let Some(inode) = names.remove(from) {
                    names.insert(to.clone(), inode);
                }
            }
            Self::Removed(path) => {
                names.remove(path);
            }
        }
    }
}

/// What a machine keeps on its disk.
#[derive(Debug, Clone, Default)]
struct Content {
    inodes: Vec<Inode>,
    seen: BTreeMap<PathBuf, usize>,
    durable: BTreeMap<PathBuf, usize>,
    pending: Vec<Naming>,
}

impl Content {
    fn name(&mut self, naming: Naming) {
        naming.apply(&mut self.seen);
        self.pending.push(naming);
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        self.seen.get(path).copied().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn make(&mut self, path: &Path, is_folder: bool) -> usize {
        self.inodes.push(Inode { is_folder, ..Inode::default() });
        let inode = self.inodes.len() - 1;
        self.name(Naming::Made(path.to_owned(), inode));
        inode
    }
}

#[derive(Debug)]
struct Machine {
    fates: Fates,
    content: Content,
    locks: BTreeSet<PathBuf>,
}

type Shared = Arc<Mutex<Machine>>;

/// One process's view of the disk.
pub(super) struct SimDisk {
    machine: Shared,
    process: usize,
}

pub(super) struct Held {
    machine: Shared,
    path: PathBuf,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.machine.lock().unwrap().locks.remove(&self.path);
    }
}

impl SimDisk {
    fn next(&self) -> io::Result<(MutexGuard<'_, Machine>, Fate)> {
        let mut machine = self.machine.lock().unwrap();
        let fate = machine.fates.next(self.process)?;
        Ok((machine, fate))
    }

    /// An operation that changes nothing.
    fn look<T>(&self, look: impl FnOnce(&Machine) -> io::Result<T>) -> io::Result<T> {
        match self.next()? {
            (machine, Fate::Works) => look(&machine),
            (_, Fate::Fails) => Err(fault()),
            (_, Fate::Dies) => Err(gone()),
        }
    }

    /// A change of names is made or not; one that fails is not.
    fn rename_with<T>(&self, change: impl FnOnce(&mut Content) -> io::Result<T>) -> io::Result<T> {
        let (mut machine, fate) = self.next()?;
        match fate {
            Fate::Works => change(&mut machine.content),
            Fate::Fails => Err(fault()),
            Fate::Dies => {
                if machine.fates.rng.chance(500) {
                    change(&mut machine.content)?;
                }
                Err(gone())
            }
        }
    }
}

impl Machine {
    fn sync(&mut self, inode: usize, fate: Fate) -> io::Result<()> {
        let Self { fates, content, .. } = self;
        let file = &mut content.inodes[inode];
        let lies = fates.bug == Some(Bug::AnswerBeforeSync);
        match fate {
            Fate::Works if lies => Ok(()),
            Fate::Works => {
                file.sync();
                Ok(())
            }
            Fate::Fails => {
                // Some pages were written; the others are held for clean and never will be.
                let kept = fates.rng.below(file.pending.len() + 1);
                file.pending.truncate(kept);
                file.sync();
                if fates.bug == Some(Bug::RetriedSync) { Ok(()) } else { Err(fault()) }
            }
            Fate::Dies => {
                if fates.rng.chance(500) {
                    file.sync();
                }
                Err(gone())
            }
        }
    }

    /// Writes all of it, or the beginning of it if the operation fails.
    fn write(&mut self, inode: usize, at: usize, bytes: &[u8], fate: Fate) -> io::Result<()> {
        let length = if fate == Fate::Works { bytes.len() } else { self.fates.rng.below(bytes.len() + 1) };
        let bytes = bytes[..length].to_vec();
        self.content.inodes[inode].change(Change::Write { at, bytes });
        match fate {
            Fate::Works => Ok(()),
            Fate::Fails => Err(fault()),
            Fate::Dies => Err(gone()),
        }
    }

    /// What was not synced survives up to some point; the write at that point may be torn, or a file may be as long as
    /// it was to be and end in zeros.
    fn power_loss(&mut self) {
        let Self { fates: Fates { rng, .. }, content, locks } = self;
        for file in &mut content.inodes {
            let kept = rng.below(file.pending.len() + 1);
            let next = file.pending.get(kept).cloned();
            file.pending.truncate(kept);
            file.sync();
            if let Some(Change::Write { at, mut bytes }) = next {
                let length = rng.below(bytes.len() + 1);
                if rng.chance(300) {
                    // Only room that the file did not have is zero: a sector that is written over is old or new.
                    let had = file.durable.len().saturating_sub(at).min(bytes.len());
                    bytes[length.max(had)..].fill(0);
                } else {
                    bytes.truncate(length);
                }
                Change::Write { at, bytes }.apply(&mut file.durable);
            }
            file.seen.clone_from(&file.durable);
        }
        let mut ended = BTreeSet::new();
        for naming in content.pending.drain(..) {
            // Names in one folder become durable in order.
            if !ended.contains(naming.folder()) {
                if rng.chance(500) {
                    naming.apply(&mut content.durable);
                } else {
                    ended.insert(naming.folder().to_owned());
                }
            }
        }
        let folders: BTreeSet<PathBuf> = content
            .durable
            .iter()
            .filter(|(_, inode)| content.inodes[**inode].is_folder)
            .map(|(path, _)| path.clone())
            .chain([PathBuf::from("/")])
            .collect();
        content.durable.retain(|path, _| folders.contains(path.parent().unwrap()));
        content.seen.clone_from(&content.durable);
        locks.clear();
    }
}

impl Disk for SimDisk {
    type File = usize;
    type Lock = Held;

    fn lock(&mut self, path: &Path) -> io::Result<Option<Held>> {
        let (mut machine, fate) = self.next()?;
        if fate != Fate::Works {
            return Err(fault());
        }
        let free = machine.locks.insert(path.to_owned());
        Ok(free.then(|| Held { machine: Arc::clone(&self.machine), path: path.to_owned() }))
    }

    fn exists(&mut self, path: &Path) -> io::Result<bool> {
        self.look(|machine| Ok(machine.content.find(path).is_ok()))
    }

    fn open(&mut self, path: &Path, writable: bool) -> io::Result<usize> {
        self.rename_with(|content| match content.find(path) {
            Err(_) if writable => Ok(content.make(path, false)),
            found => found,
        })
    }

    fn reader(&mut self, path: &Path, from: u64) -> io::Result<Box<dyn BufRead>> {
        self.look(|machine| {
            let content = &machine.content.inodes[machine.content.find(path)?].seen;
            let from = usize::try_from(from).unwrap().min(content.len());
            Ok(Box::new(Cursor::new(content[from..].to_vec())) as Box<dyn BufRead>)
        })
    }

    fn list(&mut self, path: &Path) -> io::Result<Vec<String>> {
        self.look(|machine| {
            machine.content.find(path)?;
            let names = machine.content.seen.keys().filter(|name| name.parent() == Some(path));
            Ok(names.map(|name| name.file_name().unwrap().to_string_lossy().into_owned()).collect())
        })
    }

    fn write(&mut self, file: &mut usize, bytes: &[u8]) -> io::Result<()> {
        let (mut machine, fate) = self.next()?;
        let end = machine.content.inodes[*file].seen.len();
        machine.write(*file, end, bytes, fate)
    }

    fn overwrite(&mut self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        let (mut machine, fate) = self.next()?;
        if machine.fates.bug == Some(Bug::Unsettled) {
            return Ok(());
        }
        let inode = machine.content.find(path)?;
        machine.write(inode, usize::try_from(at).unwrap(), bytes, fate)?;
        let fate = machine.fates.next(self.process)?;
        machine.sync(inode, fate)
    }

    fn sync(&mut self, file: &usize) -> io::Result<()> {
        let (mut machine, fate) = self.next()?;
        machine.sync(*file, fate)
    }

    fn cut(&mut self, file: &usize, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).unwrap();
        self.rename_with(|content| {
            content.inodes[*file].change(Change::Cut(length));
            Ok(())
        })
    }

    fn create(&mut self, path: &Path) -> io::Result<usize> {
        self.rename_with(|content| match content.find(path) {
            Ok(_) => Err(io::Error::from(io::ErrorKind::AlreadyExists)),
            Err(_) => Ok(content.make(path, false)),
        })
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.rename_with(|content| {
            content.name(Naming::Moved(from.to_owned(), to.to_owned()));
            Ok(())
        })
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.rename_with(|content| {
            content.find(path)?;
            content.name(Naming::Removed(path.to_owned()));
            Ok(())
        })
    }

    fn create_dir(&mut self, path: &Path) -> io::Result<()> {
        self.rename_with(|content| {
            if content.find(path).is_err() {
                content.make(path, true);
            }
            Ok(())
        })
    }

    fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        self.rename_with(|content| {
            let Content { pending, durable, .. } = content;
            pending.retain(|naming| {
                let here = naming.folder() == path;
                if here {
                    naming.apply(durable);
                }
                !here
            });
            Ok(())
        })
    }
}

/// A log in a file of that disk.
pub(super) struct FilePlace {
    machine: Shared,
    kept: Option<Content>,
}

impl FilePlace {
    const LOG: &'static str = "/ledger.log";

    pub(super) fn new(fates: Fates) -> Self {
        let machine = Machine { fates, content: Content::default(), locks: BTreeSet::new() };
        Self { machine: Arc::new(Mutex::new(machine)), kept: None }
    }
}

impl Place for FilePlace {
    fn has_tables(&self) -> bool {
        false
    }

    fn fates<T>(&self, look: impl FnOnce(&mut Fates) -> T) -> T {
        look(&mut self.machine.lock().unwrap().fates)
    }

    fn connect(&self, process: usize) -> Result<Box<dyn Backend>, StoreError> {
        let disk = SimDisk { machine: Arc::clone(&self.machine), process };
        Ok(Box::new(Records::open(Path::new(Self::LOG), false, disk)?))
    }

    fn power_loss(&mut self) {
        let mut machine = self.machine.lock().unwrap();
        machine.fates.kill_all();
        machine.power_loss();
    }

    fn keep(&mut self) {
        self.kept = Some(self.machine.lock().unwrap().content.clone());
    }

    fn restore(&mut self) {
        let mut machine = self.machine.lock().unwrap();
        machine.content = self.kept.take().unwrap();
        machine.locks.clear();
    }

    fn flip_a_bit(&mut self) -> Option<String> {
        let mut machine = self.machine.lock().unwrap();
        let Machine { fates: Fates { rng, .. }, content, .. } = &mut *machine;
        // A draft or a torn tail is nothing that anybody reads.
        let is_read = |path: &Path| path == Path::new(Self::LOG) || path.starts_with("/ledger.log.notes");
        let files: Vec<(PathBuf, usize)> = content
            .seen
            .iter()
            .filter(|(path, _)| is_read(path) && !path.ends_with(".draft"))
            .map(|(path, inode)| (path.clone(), *inode))
            .filter(|(_, inode)| !content.inodes[*inode].seen.is_empty())
            .collect();
        let (path, inode) = files.get(rng.below(files.len()))?;
        let file = &mut content.inodes[*inode];
        let (byte, bit) = (rng.below(file.seen.len()), rng.below(8));
        file.seen[byte] ^= 1 << bit;
        Some(format!("bit {bit} of byte {byte} of {}", path.display()))
    }

    fn drop_projections(&mut self) {}
}
