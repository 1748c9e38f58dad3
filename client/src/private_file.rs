//! Files and directories that only their owner can read, where the system knows owners.

use std::path::Path;
use std::{fs, io};

/// Opens a file to be written from its beginning.
///
/// # Errors
/// The system's.
#[cfg(unix)]
pub(crate) fn create(path: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    let file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    // A draft that a crash left behind keeps its old mode on opening.
    keep_private(&file)?;
    Ok(file)
}

/// Opens a file that must not be there yet.
///
/// # Errors
/// The system's; [`io::ErrorKind::AlreadyExists`] when it is there.
#[cfg(unix)]
pub(crate) fn create_new(path: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Makes a directory and those above it that are missing.
///
/// # Errors
/// The system's.
#[cfg(unix)]
pub(crate) fn create_dir(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Takes away what others may do with a file, where they may do anything.
///
/// # Errors
/// The system's.
#[cfg(unix)]
pub(crate) fn keep_private(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if file.metadata()?.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

/// Waits until the names in a directory are on the disk.
///
/// # Errors
/// The system's.
#[cfg(unix)]
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    fs::File::open(path)?.sync_all()
}

// On Windows the data directory is under the profile, which already keeps others out, and
// directories can't be synced.
#[cfg(not(unix))]
pub(crate) fn create(path: &Path) -> io::Result<fs::File> {
    fs::File::create(path)
}

#[cfg(not(unix))]
pub(crate) fn create_new(path: &Path) -> io::Result<fs::File> {
    fs::File::create_new(path)
}

#[cfg(not(unix))]
pub(crate) fn create_dir(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(not(unix))]
pub(crate) fn keep_private(_: &fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn sync_dir(_: &Path) -> io::Result<()> {
    Ok(())
}
