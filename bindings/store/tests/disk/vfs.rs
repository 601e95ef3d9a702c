//! A file system for SQLite that lets the Nth operation fail, kills the process at it, and knows what would survive a
//! power cut. It hands everything on to the real one and keeps, beside it, what was synced.
//!
//! A failed sync drops what it should have written, as Linux does: it can still be read, the next sync succeeds, and it is
//! lost. Nothing is really synced: what is durable is kept in memory, and the tests are fast.

use rusqlite::ffi;
use std::{
    collections::BTreeMap,
    ffi::{CStr, c_char, c_int, c_void},
    path::{Path, PathBuf},
    ptr,
    sync::{
        Mutex, MutexGuard, Once, PoisonError,
        atomic::{AtomicPtr, Ordering},
    },
};

/// What happens at the Nth operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It fails, once.
    Fails,
    /// The process dies within it.
    Dies,
}

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

#[derive(Debug, Default)]
struct Image {
    durable: Vec<u8>,
    pending: Vec<Change>,
}

/// The disk below every connection of this process.
#[derive(Debug, Default)]
pub struct World {
    images: BTreeMap<PathBuf, Image>,
    operations: u64,
    trouble: Option<(u64, Trouble)>,
    /// Files opened before this generation are of a process that is dead.
    generation: u64,
    dead: bool,
    /// What failed, and whether that was a sync.
    pub failed: Option<&'static str>,
}

static WORLD: Mutex<Option<World>> = Mutex::new(None);
static REAL: AtomicPtr<ffi::sqlite3_vfs> = AtomicPtr::new(ptr::null_mut());

fn world() -> MutexGuard<'static, Option<World>> {
    WORLD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does something with the world.
pub fn with<T>(act: impl FnOnce(&mut World) -> T) -> T {
    act(world().get_or_insert_default())
}

impl World {
    /// Starts counting operations again, with trouble at one of them.
    pub fn meet(&mut self, trouble: Option<(u64, Trouble)>) {
        self.operations = 0;
        self.trouble = trouble;
        self.failed = None;
        self.dead = false;
        self.generation += 1;
    }

    /// Everything there is becomes durable.
    pub fn forget(&mut self) {
        self.images.clear();
    }

    /// Writes what a power cut would leave behind into a folder, under the same names. Of what was not synced survives
    /// what `chance` chooses: how many of so many changes, in order, and how much of the next one.
    pub fn power_loss(&self, to: &Path, mut chance: impl FnMut(usize) -> usize) {
        for (path, image) in &self.images {
            let mut content = image.durable.clone();
            let kept = chance(image.pending.len() + 1);
            image.pending.iter().take(kept).for_each(|change| change.apply(&mut content));
            if let Some(Change::Write { at, bytes }) = image.pending.get(kept) {
                let bytes = bytes[..chance(bytes.len() + 1)].to_vec();
                Change::Write { at: *at, bytes }.apply(&mut content);
            }
            std::fs::write(to.join(path.file_name().unwrap()), content).unwrap();
        }
    }

    /// What becomes of an operation: `Ok(None)`, it works.
    fn next(&mut self, generation: u64, name: &'static str) -> Result<Option<Trouble>, ()> {
        if generation < self.generation || self.dead {
            return Err(());
        }
        self.operations += 1;
        match self.trouble {
            Some((at, trouble)) if at == self.operations => {
                self.failed = Some(name);
                self.dead = trouble == Trouble::Dies;
                Ok(Some(trouble))
            }
            _ => Ok(None),
        }
    }

    fn image(&mut self, path: &Path) -> &mut Image {
        self.images.entry(path.to_owned()).or_insert_with(|| {
            // What was there before the world began is durable.
            Image { durable: std::fs::read(path).unwrap_or_default(), pending: Vec::new() }
        })
    }

    fn change(&mut self, path: &Path, change: Change) {
        self.image(path).pending.push(change);
    }
}

/// An open file: this, and behind it that of the real file system.
#[repr(C)]
struct Shim {
    base: ffi::sqlite3_file,
    generation: u64,
    /// Owned; null for temporary files, which nobody misses.
    path: *mut PathBuf,
}

fn real(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: SQLite allocates `szOsFile` bytes for each file, which is the size of both, one behind the other.
    unsafe { file.cast::<Shim>().add(1).cast() }
}

/// Calls a method of the real file; an error if it has none.
macro_rules! real {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        let file = real($file);
        // SAFETY: the real file was opened by the real file system, and the arguments are those that SQLite gave for it.
        unsafe { (*(*file).pMethods).$method.map_or(ffi::SQLITE_ERROR, |call| call(file $(, $argument)*)) }
    }};
}

/// What is to happen to an operation on a file. Temporary files are left alone.
fn fate(file: *mut ffi::sqlite3_file, name: &'static str) -> Result<(Option<Trouble>, Option<PathBuf>), ()> {
    // SAFETY: the file was opened by `open` below and is not closed.
    let (generation, path) =
        unsafe { ((*file.cast::<Shim>()).generation, (*file.cast::<Shim>()).path.as_ref()) };
    match path {
        Some(path) => with(|world| world.next(generation, name)).map(|trouble| (trouble, Some(path.clone()))),
        None => Ok((None, None)),
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let closed = real!(file, xClose);
    // SAFETY: made by `Box::into_raw` in `open`, and closed once.
    unsafe {
        let shim = file.cast::<Shim>();
        if !(*shim).path.is_null() {
            drop(Box::from_raw((*shim).path));
        }
    }
    closed
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, to: *mut c_void, count: c_int, at: i64) -> c_int {
    match fate(file, "read") {
        Ok((None, _)) => real!(file, xRead, to, count, at),
        _ => ffi::SQLITE_IOERR_READ,
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    count: c_int,
    at: i64,
) -> c_int {
    let Ok((trouble, path)) = fate(file, "write") else { return ffi::SQLITE_IOERR_WRITE };
    // A write that fails leaves half of its bytes behind.
    let count = if trouble.is_some() { count / 2 } else { count };
    if let Some(path) = path {
        let (length, start) =
            (usize::try_from(count).unwrap_or_default(), usize::try_from(at).unwrap_or_default());
        // SAFETY: SQLite gives at least `count` bytes.
        let bytes = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), length) }.to_vec();
        with(|world| world.change(&path, Change::Write { at: start, bytes }));
    }
    let written = if count > 0 { real!(file, xWrite, from, count, at) } else { ffi::SQLITE_OK };
    if trouble.is_some() { ffi::SQLITE_IOERR_WRITE } else { written }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    match fate(file, "truncate") {
        Ok((None, path)) => {
            let length = usize::try_from(size).unwrap_or_default();
            if let Some(path) = path {
                with(|world| world.change(&path, Change::Cut(length)));
            }
            real!(file, xTruncate, size)
        }
        _ => ffi::SQLITE_IOERR_TRUNCATE,
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    let Ok((trouble, path)) = fate(file, "sync") else { return ffi::SQLITE_IOERR_FSYNC };
    if let Some(path) = path {
        with(|world| {
            let image = world.image(&path);
            match trouble {
                None => image.pending.drain(..).for_each(|change| change.apply(&mut image.durable)),
                Some(Trouble::Fails) => image.pending.clear(),
                Some(Trouble::Dies) => {}
            }
        });
    }
    if trouble.is_some() { ffi::SQLITE_IOERR_FSYNC } else { ffi::SQLITE_OK }
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    match fate(file, "size") {
        Ok((None, _)) => real!(file, xFileSize, size),
        _ => ffi::SQLITE_IOERR_FSTAT,
    }
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, how: c_int) -> c_int {
    match fate(file, "lock") {
        Ok((None, _)) => real!(file, xLock, how),
        _ => ffi::SQLITE_IOERR_LOCK,
    }
}

// What lets go works for the dead, too: the kernel does it for them.
unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, how: c_int) -> c_int {
    real!(file, xUnlock, how)
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, answer: *mut c_int) -> c_int {
    real!(file, xCheckReservedLock, answer)
}

unsafe extern "C" fn file_control(file: *mut ffi::sqlite3_file, what: c_int, argument: *mut c_void) -> c_int {
    real!(file, xFileControl, what, argument)
}

unsafe extern "C" fn sector_size(file: *mut ffi::sqlite3_file) -> c_int {
    real!(file, xSectorSize)
}

unsafe extern "C" fn characteristics(file: *mut ffi::sqlite3_file) -> c_int {
    real!(file, xDeviceCharacteristics)
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    to: *mut *mut c_void,
) -> c_int {
    match fate(file, "shm_map") {
        Ok((None, _)) => real!(file, xShmMap, page, size, extend, to),
        _ => ffi::SQLITE_IOERR_SHMMAP,
    }
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    offset: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    real!(file, xShmLock, offset, count, flags)
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    let file = real(file);
    // SAFETY: as in `real!`.
    unsafe {
        if let Some(call) = (*(*file).pMethods).xShmBarrier {
            call(file);
        }
    }
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    real!(file, xShmUnmap, delete)
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// The path behind a name that SQLite gives; `None` for a temporary file.
fn path_of(name: *const c_char) -> Option<PathBuf> {
    // SAFETY: a name is a C string or null.
    let name = unsafe { (!name.is_null()).then(|| CStr::from_ptr(name)) }?;
    Some(PathBuf::from(name.to_string_lossy().into_owned()))
}

unsafe extern "C" fn open(
    _vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let path = path_of(name);
    // SAFETY: SQLite gives room for a file of ours; without methods it is not closed when this fails.
    unsafe { (*file).pMethods = ptr::null() };
    let generation = with(|world| world.generation);
    if path.is_some() && with(|world| world.next(generation, "open")) != Ok(None) {
        return ffi::SQLITE_CANTOPEN;
    }
    if let Some(path) = &path {
        with(|world| {
            world.image(path);
        });
    }
    let vfs = REAL.load(Ordering::Acquire);
    // SAFETY: the real file system outlives the process, and its part of the file lies behind ours.
    let opened =
        unsafe { (*vfs).xOpen.map_or(ffi::SQLITE_ERROR, |call| call(vfs, name, real(file), flags, out)) };
    if opened == ffi::SQLITE_OK {
        let path = path.map_or(ptr::null_mut(), |path| Box::into_raw(Box::new(path)));
        // SAFETY: the room is for a `Shim`, aligned by SQLite's allocator.
        unsafe {
            file.cast::<Shim>().write(Shim {
                base: ffi::sqlite3_file { pMethods: &raw const METHODS },
                generation,
                path,
            });
        }
    }
    opened
}

unsafe extern "C" fn delete(_vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    let Some(path) = path_of(name) else { return ffi::SQLITE_IOERR_DELETE };
    let gone = with(|world| {
        // The dead delete nothing; who lives is of this generation.
        let generation = world.generation;
        let fate = world.next(generation, "delete");
        if fate == Ok(None) {
            world.images.remove(&path);
        }
        fate
    });
    if gone != Ok(None) {
        return ffi::SQLITE_IOERR_DELETE;
    }
    let vfs = REAL.load(Ordering::Acquire);
    // SAFETY: as above.
    unsafe { (*vfs).xDelete.map_or(ffi::SQLITE_ERROR, |call| call(vfs, name, sync)) }
}

/// Puts this file system under every connection that is opened from now on.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: SQLite initialises itself, and keeps the default file system for ever; the copy is never freed. Methods
        // that are not replaced need nothing of the structure but its limits and its data, which are copied.
        unsafe {
            assert_eq!(ffi::sqlite3_initialize(), ffi::SQLITE_OK);
            let vfs = ffi::sqlite3_vfs_find(ptr::null());
            REAL.store(vfs, Ordering::Release);
            let mut shim = ptr::read(vfs);
            shim.szOsFile += c_int::try_from(size_of::<Shim>()).unwrap();
            shim.zName = c"finops-faulty".as_ptr();
            shim.pNext = ptr::null_mut();
            shim.xOpen = Some(open);
            shim.xDelete = Some(delete);
            assert_eq!(ffi::sqlite3_vfs_register(Box::into_raw(Box::new(shim)), 1), ffi::SQLITE_OK);
        }
    });
}
