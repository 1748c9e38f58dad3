//! The file itself: how it gets into its place, and whether it is still the one that is there.
//!
//! It is put in its place when it is complete, so that one that is empty is never a beginning.

use std::fs;
use std::io;
#[cfg(unix)]
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use super::error::NameStoreError;

/// Which file it is, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId(u64, u64);

/// The file in a place, if there is one.
pub(super) fn id(path: &Path) -> io::Result<Option<FileId>> {
    match fs::metadata(path) {
        #[cfg(unix)]
        Ok(file) => Ok(Some(FileId(file.dev(), file.ino()))),
        // Where a file that is open can't be taken away, it is the same.
        #[cfg(not(unix))]
        Ok(_) => Ok(Some(FileId(0, 0))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a file that is there holds nothing.
pub(super) fn is_empty(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.len() == 0)
}

/// The log beside a file, where what was written last may be.
pub(super) fn log_of(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

/// Removes the log beside a file, and what says where to find what in it.
pub(super) fn remove_log(path: &Path) -> io::Result<()> {
    for file in [log_of(path), beside(path, "-shm")] {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Another file whose name begins alike.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn has_log(path: &Path) -> bool {
    fs::metadata(log_of(path)).is_ok_and(|log| log.len() > 0)
}

/// A name for a file that is not in its place yet.
pub(super) fn aside(path: &Path) -> PathBuf {
    beside(path, &format!(".new-{:016x}", rand::random::<u64>()))
}

/// Whether there is a file, which may be ours. One that is missing while its log is there was lost.
pub(super) fn is_there(path: &Path) -> Result<bool, NameStoreError> {
    match fs::metadata(path) {
        Ok(file) if !file.is_file() => Err(NameStoreError::NoFile(path.to_owned())),
        Ok(file) if file.len() == 0 => Err(NameStoreError::Empty(path.to_owned())),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if has_log(path) {
                Err(NameStoreError::Missing(path.to_owned()))
            } else {
                Ok(false)
            }
        }
        Err(source) => Err(NameStoreError::NoPlace { path: path.to_owned(), source }),
    }
}

/// Makes a file aside, has it filled, and puts it in its place if there is still none there. Makes
/// the folder, too.
pub(super) fn put_in_place(
    path: &Path,
    fill: impl FnOnce(&Path) -> Result<(), NameStoreError>,
) -> Result<(), NameStoreError> {
    let no_place = |source| NameStoreError::NoPlace { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        make_folder(folder)
            .map_err(|source| NameStoreError::NoPlace { path: folder.to_owned(), source })?;
    }
    let aside = aside(path);
    make_file(&aside).map_err(no_place)?;
    let on_disk = || fs::File::open(&aside).and_then(|file| file.sync_all()).map_err(no_place);
    let placed =
        fill(&aside).and_then(|()| on_disk()).and_then(|()| match fs::hard_link(&aside, path) {
            // Somebody else was faster, and theirs is complete too.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            // Not every file system has links.
            Err(_) if !path.exists() => fs::rename(&aside, path).map_err(no_place),
            linked => linked.map_err(no_place),
        });
    // Only the name beside the one that counts; after a renaming there is none.
    let _ = fs::remove_file(&aside);
    placed?;
    #[cfg(unix)]
    if let Some(folder) = folder {
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(no_place)?;
    }
    Ok(())
}

/// Whether a file was not cut within a page, the rest of which SQLite takes for zeros. While there
/// is a log beside it, the last page may still be on its way from there.
pub(super) fn has_whole_pages(path: &Path, page: u64) -> bool {
    has_log(path) || fs::metadata(path).map_or(true, |file| file.len().is_multiple_of(page))
}

/// Makes a folder that only its owner can read, where the system knows owners. On Windows the data
/// folder is under a profile, which keeps others out.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    builder.mode(0o700);
    builder.recursive(true).create(folder)
}

/// Makes a file like [`make_folder`].
fn make_file(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    options.mode(0o600);
    options.write(true).create_new(true).open(path).map(drop)
}

/// Lets only the owner read a file that came from a backup. Whoever does not own it can't, and
/// need not. It is not opened for that: closing it would take away the locks that another
/// connection of this process has on it.
#[cfg_attr(not(unix), expect(unused_variables, reason = "a profile keeps others out"))]
pub(super) fn keep_private(path: &Path) {
    #[cfg(unix)]
    if fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0) {
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
    }
}
