//! Files and directories that only their owner can read, where the system knows owners. On Windows
//! the data directory is under the profile, which already keeps others out.

#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::{fs, io};

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
