//! What was going on, for when the program is started again: a small file for each transfer.
//!
//! In: accepted transfers, and where they are. Out: those of the last day with the same peer. What
//! always holds: a file is written beside its place and then moved there; it is readable only for
//! its owner, names no peer in clear text, and is gone after a day; their number is bounded.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{sink, system};
use crate::protocol::ids::FileHash;
use crate::transfer::Remembered;
use crate::view::TransferId;

/// After so long nothing is gone on with.
pub(super) const KEPT: Duration = Duration::from_secs(24 * 3600);
/// So many transfers are remembered, of all peers.
const MAX_ENTRIES: usize = 512;
/// A file that is longer is none of these.
const MAX_BYTES: u64 = 64 * 1024;
const ENDING: &str = "transfer";
const DRAFT: &str = "draft";
const FORMAT: u32 = 1;

/// What is there of something that comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Received {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) files: Option<u32>,
    /// The file or folder that is not whole yet.
    pub(super) part: PathBuf,
    /// The file that comes, and the bytes of those before it.
    pub(super) file: u32,
    pub(super) complete: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Outgoing { path: PathBuf, listing: FileHash },
    Incoming(Received),
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    format: u32,
    /// The hash of the peer.
    peer: FileHash,
    /// Seconds since the Unix epoch.
    at: u64,
    what: What,
}

/// See the module.
pub(super) struct Journal {
    folder: Option<PathBuf>,
    peer: FileHash,
    entries: usize,
}

impl Journal {
    /// That of this folder and this peer, with what it knows. Old entries and what they stand for
    /// are removed.
    pub(super) fn open(
        folder: Option<&Path>,
        peer: &str,
        now: SystemTime,
    ) -> (Self, Vec<Remembered>, Vec<(TransferId, Received)>) {
        let peer = FileHash(*blake3::hash(peer.as_bytes()).as_bytes());
        let mut journal = Self { folder: folder.map(Path::to_owned), peer, entries: 0 };
        let (mut known, mut received) = (Vec::new(), Vec::new());
        for item in folder.and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten() {
            let Ok(item) = item else { continue };
            let path = item.path();
            let ending = path.extension().and_then(|ending| ending.to_str());
            if ending == Some(DRAFT) {
                // A program that was cut short left it.
                let _ = fs::remove_file(&path);
            }
            if ending != Some(ENDING) {
                continue;
            }
            let id = path.file_stem().and_then(|stem| stem.to_str());
            match (id.and_then(TransferId::from_hex), read(&path)) {
                (Some(id), Some(entry)) if is_young(entry.at, now) => {
                    journal.entries += 1;
                    if entry.peer == peer && known.len() < MAX_ENTRIES {
                        known.push(entry.what.remembered(id));
                        if let What::Incoming(what) = entry.what {
                            received.push((id, what));
                        }
                    }
                }
                (_, entry) => {
                    if let Some(Entry { what: What::Incoming(what), .. }) = entry {
                        remove_part(&what);
                    }
                    // The next start tries again.
                    let _ = fs::remove_file(&path);
                }
            }
        }
        (journal, known, received)
    }

    /// Remembers something of ours.
    pub(super) fn outgoing(&mut self, id: TransferId, path: &Path, listing: FileHash) {
        self.write(id, What::Outgoing { path: path.to_owned(), listing });
    }

    /// Remembers something of theirs, and how far it is.
    pub(super) fn incoming(&mut self, id: TransferId, received: Received) {
        self.write(id, What::Incoming(received));
    }

    /// Remembers something no longer.
    pub(super) fn forget(&mut self, id: TransferId) {
        if self.path(id).is_some_and(|path| fs::remove_file(path).is_ok()) {
            self.entries = self.entries.saturating_sub(1);
        }
    }

    /// Whether anything is remembered at all.
    pub(super) fn is_kept(&self) -> bool {
        self.folder.is_some()
    }

    fn path(&self, id: TransferId) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{id}.{ENDING}")))
    }

    /// A journal that can't be written costs no transfer: only going on after a restart.
    fn write(&mut self, id: TransferId, what: What) {
        let (Some(folder), Some(path)) = (self.folder.clone(), self.path(id)) else { return };
        let is_new = !path.exists();
        if is_new && self.entries >= MAX_ENTRIES {
            return;
        }
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let entry = Entry { format: FORMAT, peer: self.peer, at, what };
        let Ok(text) = serde_json::to_vec(&entry) else { return };
        if replace(&folder, &path, &text).is_ok() && is_new {
            self.entries += 1;
        }
    }
}

impl What {
    fn remembered(&self, id: TransferId) -> Remembered {
        match self {
            Self::Outgoing { path, listing } => {
                Remembered::Outgoing { id, path: path.clone(), listing: *listing }
            }
            Self::Incoming(received) => {
                Remembered::Incoming { id, size: received.size, files: received.files }
            }
        }
    }
}

fn is_young(at: u64, now: SystemTime) -> bool {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    now.abs_diff(at) <= KEPT.as_secs()
}

fn read(path: &Path) -> Option<Entry> {
    let file = system::open_to_go_on(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut text).ok()?;
    let entry: Entry = serde_json::from_slice(&text).ok()?;
    (text.len() as u64 <= MAX_BYTES && entry.format == FORMAT).then_some(entry)
}

/// Removes what is there of something that is too old; only what has the name of such a thing.
fn remove_part(received: &Received) {
    let is_link = fs::symlink_metadata(&received.part).is_ok_and(|found| found.is_symlink());
    if sink::is_part(&received.part) && !is_link {
        sink::remove(&received.part, received.files.is_some());
    }
}

fn replace(folder: &Path, path: &Path, text: &[u8]) -> io::Result<()> {
    system::create_private_folder(folder)?;
    let draft = path.with_extension(DRAFT);
    system::create_private(&draft)?.write_all(text)?;
    fs::rename(draft, path)
}
