//! What Windows does for files: free room, moving without writing over, the mark of the web.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::ffi::OsStrExt as _;
use std::path::Path;

use windows_sys::Win32::Storage::FileSystem::GetDiskFreeSpaceExW;

/// How many bytes the person can still write to the disk of this folder.
#[expect(unsafe_code, reason = "the standard library does not tell the free room")]
pub(super) fn free(folder: &Path) -> io::Result<u64> {
    let path: Vec<u16> = folder.as_os_str().encode_wide().chain([0]).collect();
    let mut free = 0_u64;
    // SAFETY: the path ends with a zero, and `free` outlives the call; the other two are optional.
    let told = unsafe {
        GetDiskFreeSpaceExW(
            path.as_ptr(),
            &raw mut free,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        )
    };
    if told == 0 { Err(io::Error::last_os_error()) } else { Ok(free) }
}

/// Moves something to a name that is not there yet; the kind of the error is
/// [`io::ErrorKind::AlreadyExists`] if it is.
pub(super) fn rename_new(from: &Path, to: &Path, is_folder: bool) -> io::Result<()> {
    if is_folder {
        // A folder takes no other's place.
        if to.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        return std::fs::rename(from, to);
    }
    match std::fs::hard_link(from, to) {
        Ok(()) => std::fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // FAT knows no second names: a placeholder that is ours gives way.
        Err(_) => {
            OpenOptions::new().write(true).create_new(true).open(to)?;
            std::fs::rename(from, to)
        }
    }
}

/// Opens a file to be read.
pub(super) fn open_to_read(path: &Path, _follow: bool) -> io::Result<File> {
    File::open(path)
}

/// Opens what is there of a file to write on.
pub(super) fn open_to_go_on(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// Writes a file in the person's own profile, which keeps others out; what was there is replaced.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).open(path)
}

/// Makes a folder in the person's own profile, and those above it that are missing.
pub(super) fn create_private_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Names say what is a program here.
pub(super) fn is_program(_metadata: &std::fs::Metadata) -> bool {
    false
}

/// Says of a file that it came from elsewhere, so that the system warns before it is opened.
pub(super) fn mark_as_foreign(path: &Path) {
    let mut stream = path.as_os_str().to_owned();
    stream.push(":Zone.Identifier");
    // A file system without streams takes none; the file is as good without.
    let _ = std::fs::write(stream, "[ZoneTransfer]\r\nZoneId=3\r\n");
}
