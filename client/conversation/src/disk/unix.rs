//! What Linux and macOS do for files: free room, moving without writing over, opening without
//! waiting.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with, statvfs};
use rustix::io::Errno;

/// How many bytes the person can still write to the disk of this folder.
pub(super) fn free(folder: &Path) -> io::Result<u64> {
    let figures = statvfs(folder)?;
    Ok(figures.f_bavail.saturating_mul(figures.f_frsize))
}

/// Moves something to a name that is not there yet; the kind of the error is
/// [`io::ErrorKind::AlreadyExists`] if it is.
pub(super) fn rename_new(from: &Path, to: &Path, is_folder: bool) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => in_two_steps(from, to, is_folder),
        moved => Ok(moved?),
    }
}

/// For file systems that can't do it in one step: a second name, or a placeholder that is ours.
pub(super) fn in_two_steps(from: &Path, to: &Path, is_folder: bool) -> io::Result<()> {
    if is_folder {
        std::fs::create_dir(to)?;
    } else {
        match std::fs::hard_link(from, to) {
            Ok(()) => return std::fs::remove_file(from),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
            Err(_) => {
                OpenOptions::new().write(true).create_new(true).open(to)?;
            }
        }
    }
    std::fs::rename(from, to)
}

/// Opens a file to be read; a pipe does not make it wait. Of a folder's no link is followed.
pub(super) fn open_to_read(path: &Path, follow: bool) -> io::Result<File> {
    let flags = if follow { OFlags::NONBLOCK } else { OFlags::NONBLOCK | OFlags::NOFOLLOW };
    OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)
}

/// Opens what is there of a file to write on; no link is followed.
pub(super) fn open_to_go_on(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW;
    OpenOptions::new().read(true).write(true).custom_flags(flags.bits() as i32).open(path)
}

/// Writes a file that only its owner can read; what was there is replaced.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Makes a folder that only its owner can read, and those above it that are missing.
pub(super) fn create_private_folder(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Whether the person's own file is a program.
pub(super) fn is_program(metadata: &std::fs::Metadata) -> bool {
    metadata.permissions().mode() & 0o111 != 0
}

/// Says of a file that it came from elsewhere, so that the system warns before it is opened.
pub(super) fn mark_as_foreign(path: &Path) {
    #[cfg(target_os = "macos")]
    {
        let mark = b"0081;00000000;Visavis;";
        // A file system without such marks takes none; the file is as good without.
        let _ = rustix::fs::setxattr(
            path,
            "com.apple.quarantine",
            mark,
            rustix::fs::XattrFlags::empty(),
        );
    }
    #[cfg(not(target_os = "macos"))]
    let _ = path;
}
