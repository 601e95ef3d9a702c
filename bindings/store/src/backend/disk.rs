//! What a store in files asks of the disk: one trait, so that a test can let any operation fail, or lose what was not
//! synced.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufRead, BufReader, Seek as _, SeekFrom, Write as _},
    path::Path,
};

/// A disk with folders and files.
pub(crate) trait Disk: Send {
    /// An open file, written at its end.
    type File: Send;
    /// Held by one writer, let go when dropped or when its process ends.
    type Lock: Send;

    /// Takes the lock of that name; `None` while another writer holds it.
    fn lock(&mut self, path: &Path) -> io::Result<Option<Self::Lock>>;
    /// Is there a file?
    fn exists(&mut self, path: &Path) -> io::Result<bool>;
    /// Opens a file; one that is `writable` is made if there is none.
    fn open(&mut self, path: &Path, writable: bool) -> io::Result<Self::File>;
    /// Reads a file from a position on.
    fn reader(&mut self, path: &Path, from: u64) -> io::Result<Box<dyn BufRead>>;
    /// The names in a folder.
    fn list(&mut self, path: &Path) -> io::Result<Vec<String>>;
    /// Writes at the end of an open file.
    fn write(&mut self, file: &mut Self::File, bytes: &[u8]) -> io::Result<()>;
    /// Writes over bytes that are there, and waits until they are durable.
    fn overwrite(&mut self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// Waits until the content of a file is durable.
    fn sync(&mut self, file: &Self::File) -> io::Result<()>;
    /// Cuts a file.
    fn cut(&mut self, file: &Self::File, length: u64) -> io::Result<()>;
    /// Makes a file that must not exist.
    fn create(&mut self, path: &Path) -> io::Result<Self::File>;
    /// Puts a file in the place of another.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&mut self, path: &Path) -> io::Result<()>;
    /// Makes a folder, if there is none.
    fn create_dir(&mut self, path: &Path) -> io::Result<()>;
    /// Waits until the names in a folder are durable.
    fn sync_dir(&mut self, path: &Path) -> io::Result<()>;
}

/// The disk as it is.
pub(crate) struct Os;

impl Disk for Os {
    type File = File;
    type Lock = File;

    fn lock(&mut self, path: &Path) -> io::Result<Option<File>> {
        let held = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        match held.try_lock() {
            Ok(()) => Ok(Some(held)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn exists(&mut self, path: &Path) -> io::Result<bool> {
        path.try_exists()
    }

    fn open(&mut self, path: &Path, writable: bool) -> io::Result<File> {
        OpenOptions::new().read(true).append(writable).create(writable).open(path)
    }

    fn reader(&mut self, path: &Path, from: u64) -> io::Result<Box<dyn BufRead>> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(from))?;
        Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
    }

    fn list(&mut self, path: &Path) -> io::Result<Vec<String>> {
        let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
        fs::read_dir(path)?.map(name).collect()
    }

    fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn overwrite(&mut self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        // A handle of its own: one that appends writes at the end wherever it is told to.
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)?;
        file.sync_data()
    }

    fn sync(&mut self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn cut(&mut self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    fn create(&mut self, path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(path)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn create_dir(&mut self, path: &Path) -> io::Result<()> {
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    }

    fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        // Windows opens no folder and keeps its names durable by itself.
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }
}
