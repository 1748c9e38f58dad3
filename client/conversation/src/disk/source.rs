//! Something of the person's that is sent: a file, or the files of a folder one after the other.
//!
//! In: a path, a place in it, requests to read on. Out: pieces. What always holds: links inside a
//! folder, pipes and devices are not followed; a file that is no longer what it was when it was
//! offered is told, and never sent as if nothing had happened.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use visavis_media::frame::RgbaFrame;

use super::reason::unreadable;
use super::system;
use crate::file_name::{MAX_DEPTH, clean_name, is_executable};
use crate::protocol::files::{MAX_FILES, MAX_PATH_BYTES};
use crate::protocol::ids::FileHash;
use crate::thumbnail;
use crate::transfer::{Piece, Prepared};
use crate::view::TransferProblem;

/// How much is read at once.
const READ: usize = 60 * 1024;
/// How much is hashed at once of what has been sent before.
const STEP: u64 = 8 << 20;
/// Pictures that are larger get no thumbnail.
const MAX_PICTURE: u64 = 20 << 20;

/// One file.
struct Entry {
    path: PathBuf,
    /// Where it lies in the folder, or its name.
    shown: String,
    size: u64,
    changed: Option<SystemTime>,
    program: bool,
}

impl Entry {
    fn is_still(&self, metadata: &Metadata) -> bool {
        metadata.is_file()
            && metadata.len() == self.size
            && metadata.modified().ok() == self.changed
    }
}

/// A file that is being read.
struct Reading {
    file: File,
    hasher: blake3::Hasher,
    offset: u64,
    /// The receiver knows that it is this one's turn.
    begun: bool,
}

/// See the module.
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) listing: FileHash,
    entries: Vec<Entry>,
    is_folder: bool,
    generation: u32,
    at: usize,
    open: Option<Reading>,
    /// Up to here the open file has been sent before, and is only hashed.
    sought: Option<u64>,
}

impl Source {
    /// Looks at a file or folder.
    pub(super) fn new(path: &Path) -> Result<(Self, Prepared), TransferProblem> {
        let metadata = fs::metadata(path).map_err(|error| unreadable(&error))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = clean_name(&name.unwrap_or_default());
        let is_folder = metadata.is_dir();
        let entries = if is_folder {
            walk(path)?
        } else if metadata.is_file() {
            // What can't be read is told now, and not in the middle.
            system::open_to_read(path, true).map_err(|error| unreadable(&error))?;
            vec![entry(path.to_owned(), name.clone(), &metadata)]
        } else {
            let what = "it is neither a file nor a folder".to_owned();
            return Err(TransferProblem::Unreadable(what));
        };
        let size = entries.iter().map(|entry| entry.size).sum();
        let files = is_folder.then(|| u32::try_from(entries.len()).unwrap_or(MAX_FILES));
        let prepared = Prepared {
            name,
            size,
            files,
            executable: entries.iter().any(|entry| entry.program || is_executable(&entry.shown)),
            thumbnail: if is_folder { None } else { picture(path, metadata.len()) },
        };
        let listing = listing(&entries);
        let source = Self {
            path: path.to_owned(),
            listing,
            entries,
            is_folder,
            generation: 0,
            at: 0,
            open: None,
            sought: None,
        };
        Ok((source, prepared))
    }

    /// Goes to a place; [`Self::step`] says when it is there.
    pub(super) fn seek(
        &mut self,
        generation: u32,
        file: u32,
        offset: u64,
    ) -> Result<(), TransferProblem> {
        self.generation = generation;
        self.at = file as usize;
        (self.open, self.sought) = (None, Some(offset));
        let fits = match self.entries.get(self.at) {
            Some(entry) => offset <= entry.size,
            None => self.at == self.entries.len() && offset == 0,
        };
        if !fits {
            return Err(TransferProblem::Protocol);
        }
        if offset > 0 {
            self.open()?;
        }
        Ok(())
    }

    /// Hashes on towards the place that is sought. Once it is there: the generation of the seek,
    /// and how many bytes lie before.
    pub(super) fn step(&mut self) -> Result<Option<(u32, u64)>, TransferProblem> {
        let Some(offset) = self.sought else { return Ok(None) };
        if let Some(open) = &mut self.open {
            let mut left = (offset - open.offset).min(STEP);
            let mut buffer = vec![0; READ];
            while left > 0 {
                let most = READ.min(usize::try_from(left).unwrap_or(READ));
                let read = read_some(&mut open.file, &mut buffer[..most]);
                let read = read.map_err(|error| unreadable(&error))?;
                if read == 0 {
                    return Err(TransferProblem::Changed);
                }
                open.hasher.update(&buffer[..read]);
                open.offset += read as u64;
                left -= read as u64;
            }
            if open.offset < offset {
                return Ok(None);
            }
        }
        self.sought = None;
        let before: u64 = self.entries.iter().take(self.at).map(|entry| entry.size).sum();
        Ok(Some((self.generation, before + offset)))
    }

    /// Whether [`Self::step`] has something to do.
    pub(super) fn is_seeking(&self) -> bool {
        self.sought.is_some()
    }

    /// Reads on.
    pub(super) fn read(&mut self) -> Result<Piece, TransferProblem> {
        let Some(entry) = self.entries.get(self.at) else { return Ok(Piece::Last) };
        let file = u32::try_from(self.at).unwrap_or(u32::MAX);
        let (path, size) = (entry.shown.clone(), entry.size);
        if self.open.is_none() {
            self.open()?;
        }
        let Some(open) = &mut self.open else { return Ok(Piece::Last) };
        if !open.begun {
            open.begun = true;
            return Ok(Piece::Begin { file, path, size });
        }
        if open.offset < size {
            let most = READ.min(usize::try_from(size - open.offset).unwrap_or(READ));
            let mut buffer = vec![0; most];
            let read = read_some(&mut open.file, &mut buffer);
            let read = read.map_err(|error| unreadable(&error))?;
            if read == 0 {
                return Err(TransferProblem::Changed);
            }
            buffer.truncate(read);
            open.hasher.update(&buffer);
            let offset = open.offset;
            open.offset += read as u64;
            return Ok(Piece::Data { file, offset, bytes: Bytes::from(buffer) });
        }
        let metadata = open.file.metadata().map_err(|error| unreadable(&error))?;
        let hash = FileHash(*open.hasher.finalize().as_bytes());
        if !self.entries.get(self.at).is_some_and(|entry| entry.is_still(&metadata)) {
            return Err(TransferProblem::Changed);
        }
        self.open = None;
        self.at += 1;
        Ok(Piece::End { file, hash })
    }

    /// The generation of the last seek.
    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    fn open(&mut self) -> Result<(), TransferProblem> {
        let Some(entry) = self.entries.get(self.at) else { return Ok(()) };
        let file = system::open_to_read(&entry.path, !self.is_folder);
        let file = file.map_err(|error| unreadable(&error))?;
        let metadata = file.metadata().map_err(|error| unreadable(&error))?;
        if !entry.is_still(&metadata) {
            return Err(TransferProblem::Changed);
        }
        let hasher = blake3::Hasher::new();
        self.open = Some(Reading { file, hasher, offset: 0, begun: false });
        Ok(())
    }
}

/// Reads until the buffer is full or the file is at its end.
fn read_some(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn entry(path: PathBuf, shown: String, metadata: &Metadata) -> Entry {
    let (size, changed) = (metadata.len(), metadata.modified().ok());
    Entry { path, shown, size, changed, program: system::is_program(metadata) }
}

/// All files of a folder, in the order of their names.
fn walk(root: &Path) -> Result<Vec<Entry>, TransferProblem> {
    let mut entries = Vec::new();
    let mut folders = vec![(root.to_owned(), String::new(), 1)];
    while let Some((folder, inside, depth)) = folders.pop() {
        for item in fs::read_dir(&folder).map_err(|error| unreadable(&error))? {
            let item = item.map_err(|error| unreadable(&error))?;
            let metadata = item.metadata().map_err(|error| unreadable(&error))?;
            let shown = format!("{inside}{}", clean_name(&item.file_name().to_string_lossy()));
            let too_deep = metadata.is_dir() && depth >= MAX_DEPTH;
            if too_deep || shown.len() > MAX_PATH_BYTES {
                let what = "its folders go too deep".to_owned();
                return Err(TransferProblem::Unreadable(what));
            } else if metadata.is_dir() {
                folders.push((item.path(), format!("{shown}/"), depth + 1));
            } else if metadata.is_file() {
                entries.push(entry(item.path(), shown, &metadata));
            }
            if entries.len() + folders.len() > MAX_FILES as usize {
                let what = format!("it has more than {MAX_FILES} files");
                return Err(TransferProblem::Unreadable(what));
            }
        }
    }
    entries.sort_by(|one, other| one.shown.cmp(&other.shown));
    Ok(entries)
}

/// What tells whether something is still what it was: names, sizes and times.
fn listing(entries: &[Entry]) -> FileHash {
    let mut hasher = blake3::Hasher::new();
    for entry in entries {
        let changed = entry.changed.and_then(|changed| changed.duration_since(UNIX_EPOCH).ok());
        hasher.update(&(entry.shown.len() as u64).to_be_bytes());
        hasher.update(entry.shown.as_bytes());
        hasher.update(&entry.size.to_be_bytes());
        hasher.update(&changed.unwrap_or_default().as_nanos().to_be_bytes());
    }
    FileHash(*hasher.finalize().as_bytes())
}

fn picture(path: &Path, size: u64) -> Option<(Bytes, RgbaFrame)> {
    if size > MAX_PICTURE {
        return None;
    }
    let mut file = system::open_to_read(path, true).ok()?.take(MAX_PICTURE);
    let mut start = [0; 4];
    file.read_exact(&mut start).ok()?;
    if start != *b"\x89PNG" && !start.starts_with(&[0xff, 0xd8]) {
        return None;
    }
    let mut bytes = start.to_vec();
    file.read_to_end(&mut bytes).ok()?;
    thumbnail::make(&bytes)
}
