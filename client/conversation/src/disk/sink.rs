//! Something of the other's that comes: a file, or the files of a folder one after the other.
//!
//! In: bytes in order, and the hash at the end of each file. Out: a file or folder in the downloads
//! folder. What always holds: until everything is whole it lies under a name that ends in `.part`;
//! what was there before counts only as far as it was hashed again here.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::journal::Received;
use super::reason::unwritable;
use super::{place, system};
use crate::file_name::with_tail;
use crate::protocol::ids::FileHash;
use crate::view::{TransferId, TransferProblem};

/// How names end that are not the last.
const PART: &str = ".part";
/// How much is hashed at once of what was there before.
const STEP: u64 = 8 << 20;
const READ: usize = 60 * 1024;
/// The disk keeps so much for everything else.
const SPARE: u64 = 1 << 20;
/// So many names are tried for what is not whole yet.
const MOST: u32 = 100;

/// A file that is being written.
struct Writing {
    file: File,
    /// Where it is for now.
    part: PathBuf,
    hasher: blake3::Hasher,
    offset: u64,
    /// Up to here it was there before, and is only hashed.
    before: Option<u64>,
    /// Where it lies in the folder.
    inside: Vec<String>,
}

/// See the module.
pub(super) struct Sink {
    downloads: PathBuf,
    name: String,
    size: u64,
    is_folder: bool,
    /// The file or folder that is not whole yet.
    part: PathBuf,
    /// The file that comes, and the bytes of those before it.
    file: u32,
    complete: u64,
    open: Option<Writing>,
    count: u32,
}

impl Sink {
    /// Makes room for something new.
    pub(super) fn create(
        downloads: &Path,
        id: TransferId,
        name: &str,
        (size, files): (u64, Option<u32>),
        reserved: u64,
    ) -> Result<Self, TransferProblem> {
        let fail = |error: &io::Error| unwritable(error, size, 0);
        fs::create_dir_all(downloads).map_err(|error| fail(&error))?;
        has_room(downloads, size, reserved)?;
        let is_folder = files.is_some();
        let part = create_part(downloads, id, name, is_folder).map_err(|error| fail(&error))?;
        let open = match part.1 {
            Some(file) => Some(Writing::new(file, part.0.clone(), None)),
            None => None,
        };
        Ok(Self {
            downloads: downloads.to_owned(),
            name: name.to_owned(),
            size,
            is_folder,
            part: part.0,
            file: 0,
            complete: 0,
            open,
            count: files.unwrap_or(1),
        })
    }

    /// Goes on with what is there of it; [`Self::step`] says when it has been looked at. `None` if
    /// nothing is there that can be gone on with.
    pub(super) fn reopen(received: &Received) -> Option<Self> {
        let Received { name, size, files, part, file, complete } = received;
        let is_folder = files.is_some();
        let metadata = fs::symlink_metadata(part).ok()?;
        let fits = if is_folder { metadata.is_dir() } else { metadata.is_file() };
        // Where it was accepted to, whatever the downloads folder is now.
        let downloads = part.parent().filter(|_| fits && is_part(part))?;
        let count = files.unwrap_or(1);
        let now = if is_folder { inner_part(part, *file) } else { part.clone() };
        let open = if *file < count && (!is_folder || now.symlink_metadata().is_ok()) {
            let file = system::open_to_go_on(&now).ok()?;
            let metadata = file.metadata().ok().filter(fs::Metadata::is_file)?;
            Some(Writing::new(file, now, Some(metadata.len())))
        } else {
            None
        };
        Some(Self {
            downloads: downloads.to_owned(),
            name: name.clone(),
            size: *size,
            is_folder,
            part: part.clone(),
            file: *file,
            complete: *complete,
            open,
            count,
        })
    }

    /// Whether there is room for what is missing.
    pub(super) fn has_room(&self, reserved: u64) -> Result<(), TransferProblem> {
        let there = self.position().2;
        has_room(&self.downloads, self.size.saturating_sub(there), reserved)
    }

    /// Whether [`Self::step`] has something to do.
    pub(super) fn is_looking(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.before.is_some())
    }

    /// Hashes on through what was there before; whether it is through.
    pub(super) fn step(&mut self) -> Result<bool, TransferProblem> {
        let Some(open) = &mut self.open else { return Ok(true) };
        let Some(before) = open.before else { return Ok(true) };
        let mut left = before.saturating_sub(open.offset).min(STEP);
        let mut buffer = vec![0; READ];
        while left > 0 {
            let most = READ.min(usize::try_from(left).unwrap_or(READ));
            let read = open.file.read(&mut buffer[..most]);
            let read = read.map_err(|error| unwritable(&error, self.size, 0))?;
            if read == 0 {
                break;
            }
            open.hasher.update(&buffer[..read]);
            open.offset += read as u64;
            left -= read as u64;
        }
        if left > 0 || open.offset >= before {
            open.before = None;
        }
        Ok(open.before.is_none())
    }

    /// After the look at what was there, and before more is written: the file goes on at its end.
    pub(super) fn go_on(&mut self) -> Result<(), TransferProblem> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let moved = open
            .file
            .set_len(open.offset)
            .and_then(|()| open.file.seek(SeekFrom::Start(open.offset)));
        moved.map(|_| ()).map_err(|error| unwritable(&error, self.size, 0))
    }

    /// The file that is wanted next, the byte in it, and how many bytes are there altogether.
    pub(super) fn position(&self) -> (u32, u64, u64) {
        let offset = self.open.as_ref().map_or(0, |open| open.offset);
        (self.file, offset, self.complete + offset)
    }

    /// What has to be remembered to go on with it.
    pub(super) fn received(&self) -> Received {
        Received {
            name: self.name.clone(),
            size: self.size,
            files: self.is_folder.then_some(self.count),
            part: self.part.clone(),
            file: self.file,
            complete: self.complete,
        }
    }

    /// A file begins, or goes on.
    pub(super) fn begin(&mut self, file: u32, inside: Vec<String>) -> Result<(), TransferProblem> {
        if file != self.file {
            return Err(TransferProblem::Protocol);
        }
        if self.open.is_none() {
            let part = inner_part(&self.part, file);
            let opened = OpenOptions::new().write(true).create_new(true).open(&part);
            let opened = opened.map_err(|error| self.unwritable(&error))?;
            self.open = Some(Writing::new(opened, part, None));
        }
        if let Some(open) = &mut self.open {
            open.inside = inside;
        }
        Ok(())
    }

    /// Writes on; how many bytes are there then.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<u64, TransferProblem> {
        let Some(open) = &mut self.open else { return Err(TransferProblem::Protocol) };
        if let Err(error) = open.file.write_all(bytes) {
            return Err(self.unwritable(&error));
        }
        open.hasher.update(bytes);
        open.offset += bytes.len() as u64;
        Ok(self.complete + open.offset)
    }

    /// A file is whole, if this is its hash.
    pub(super) fn end_file(&mut self, hash: FileHash) -> Result<(), TransferProblem> {
        let Some(open) = self.open.take() else { return Err(TransferProblem::Protocol) };
        if open.hasher.finalize() != blake3::Hash::from_bytes(hash.0) {
            return Err(TransferProblem::Different);
        }
        drop(open.file);
        system::mark_as_foreign(&open.part);
        if let Some((name, folders)) = open.inside.split_last().filter(|_| self.is_folder) {
            let folder = folders.iter().fold(self.part.clone(), |path, part| path.join(part));
            let placed = fs::create_dir_all(&folder)
                .and_then(|()| place::put(&open.part, &folder, name, false));
            placed.map_err(|error| self.unwritable(&error))?;
        }
        self.file += 1;
        self.complete += open.offset;
        Ok(())
    }

    /// All files are there: gives it its last name.
    pub(super) fn place(&mut self) -> Result<PathBuf, TransferProblem> {
        if self.file != self.count || self.open.is_some() {
            return Err(TransferProblem::Protocol);
        }
        let placed = place::put(&self.part, &self.downloads, &self.name, self.is_folder);
        placed.map_err(|error| self.unwritable(&error))
    }

    /// Removes what is there of it.
    pub(super) fn discard(self) {
        let Self { part, is_folder, open, .. } = self;
        drop(open);
        remove(&part, is_folder);
    }

    fn unwritable(&self, error: &io::Error) -> TransferProblem {
        let needs = self.size.saturating_sub(self.position().2);
        unwritable(error, needs, system::free(&self.downloads).unwrap_or(0))
    }
}

impl Writing {
    fn new(file: File, part: PathBuf, before: Option<u64>) -> Self {
        let hasher = blake3::Hasher::new();
        let before = before.filter(|before| *before > 0);
        Self { file, part, hasher, offset: 0, before, inside: Vec::new() }
    }
}

/// Whether a path has the name of what is not whole.
pub(super) fn is_part(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.ends_with(PART))
}

/// Removes what is not whole; what can't be removed stays, under a name that says what it is.
pub(super) fn remove(part: &Path, is_folder: bool) {
    let _ = if is_folder { fs::remove_dir_all(part) } else { fs::remove_file(part) };
}

/// Where a file of a folder is until it is whole; no clean name begins with a dot.
fn inner_part(folder: &Path, file: u32) -> PathBuf {
    folder.join(format!(".{file}{PART}"))
}

fn has_room(downloads: &Path, needs: u64, reserved: u64) -> Result<(), TransferProblem> {
    // Where the system does not tell, writing does.
    let Ok(free) = system::free(downloads) else { return Ok(()) };
    let free = free.saturating_sub(reserved).saturating_sub(SPARE);
    if needs > free { Err(TransferProblem::NoRoom { needs, free }) } else { Ok(()) }
}

/// A new file or folder for what is not whole yet.
fn create_part(
    downloads: &Path,
    id: TransferId,
    name: &str,
    is_folder: bool,
) -> io::Result<(PathBuf, Option<File>)> {
    let short = id.0 as u32;
    for number in 1..MOST {
        let tail = match number {
            1 => format!(".{short:08x}{PART}"),
            _ => format!(".{short:08x}-{number}{PART}"),
        };
        let path = downloads.join(with_tail(name, &tail));
        let created = if is_folder {
            fs::create_dir(&path).map(|()| None)
        } else {
            OpenOptions::new().read(true).write(true).create_new(true).open(&path).map(Some)
        };
        match created {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return Ok((path, created?)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
