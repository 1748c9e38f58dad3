//! Files and directories that only their owner can read, where the system knows owners. On Windows
//! the data directory is under the profile, which already keeps others out.

use std::io::{Read as _, Write as _};
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// So many files that were set aside are kept; the last of them gives way.
const MOST_ASIDE: u32 = 20;
/// How the name of a file ends that is not in its place yet.
const DRAFT: &str = ".draft";

fn writing() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    options.mode(0o600);
    options
}

/// Opens a file to be written from its beginning.
pub(crate) fn create(path: &Path) -> io::Result<fs::File> {
    let file = writing().create(true).truncate(true).open(path)?;
    // A draft that a crash left behind keeps its old mode on opening.
    keep_private(&file)?;
    Ok(file)
}

/// Opens a file that must not be there yet.
pub(crate) fn create_new(path: &Path) -> io::Result<fs::File> {
    writing().create_new(true).open(path)
}

/// Makes a directory and those above it that are missing.
pub(crate) fn create_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    builder.mode(0o700);
    builder.recursive(true).create(path)
}

/// Takes away what others may do with a file, where they may do anything.
#[cfg_attr(not(unix), expect(unused_variables, reason = "there are no modes"))]
pub(crate) fn keep_private(file: &fs::File) -> io::Result<()> {
    #[cfg(unix)]
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// Waits until the names in a directory are on the disk; Windows can't.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(path)?.sync_all() } else { Ok(()) }
}

/// Reads a whole file. One of more than `limit` bytes is an error of the kind
/// [`io::ErrorKind::FileTooLarge`].
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        // Opening a pipe could wait for ever.
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// Puts a file in its place, with those above it that are missing: written beside it, then renamed,
/// so that a reader sees the old one or the new one. After an error the old one is as it was.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        create_dir(folder)?;
    }
    // The process id keeps two running programs from writing into each other's draft.
    let draft = beside(path, &format!("{}{DRAFT}", std::process::id()));
    let written = create(&draft)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        // Nothing more can be done about a draft that can't be removed: the failure above is
        // what counts.
        let _ = fs::remove_file(&draft);
        return written;
    }
    folder.map_or(Ok(()), sync_dir)
}

/// Removes the drafts that programs which were cut short have left beside a file.
pub(crate) fn remove_drafts(path: &Path) {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
    let begins = format!("{}.", name.to_string_lossy());
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let other = entry.file_name();
        let other = other.to_string_lossy();
        if other.starts_with(&begins) && other.ends_with(DRAFT) {
            // The next start tries again.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Moves a file that can't be read out of the way, under a name that was free.
pub(crate) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let free = (1..MOST_ASIDE)
        .map(|number| aside(path, number))
        .find(|aside| !aside.exists())
        .unwrap_or_else(|| aside(path, MOST_ASIDE));
    fs::rename(path, &free)?;
    Ok(free)
}

/// Removes what [`set_aside`] left.
pub(crate) fn remove_aside(path: &Path) -> io::Result<()> {
    (1..=MOST_ASIDE).try_for_each(|number| remove(&aside(path, number)))
}

/// Removes a file that need not be there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn aside(path: &Path, number: u32) -> PathBuf {
    beside(path, &format!("damaged-{number}"))
}

/// Another file whose name begins alike.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}
