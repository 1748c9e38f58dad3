//! Files that a call leaves behind: whether they can be written is found out before the call, and
//! each is replaced as a whole or not at all.
//!
//! In: paths as a person typed them. Out: open files, or one line that says why there is none. What
//! always holds: [`check`] changes nothing that it finds; a regular file is written beside its
//! place first and renamed into it, so that whoever is killed leaves what was there or what is new;
//! a link stays one; a pipe, a device or a standard output is written to as it is, and opened once.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// What is written to find out whether there is room: a block of most file systems.
const PROBE: [u8; 4096] = [0; 4096];
/// Links that are followed one after the other, as on Linux (path_resolution(7)).
const MOST_LINKS: u32 = 40;

/// Why a file can't be written; one line.
#[derive(Debug, thiserror::Error)]
#[error("{path} can't be written: {fault}", path = path.display())]
pub struct OutputError {
    path: PathBuf,
    #[source]
    fault: OutputFault,
}

#[derive(Debug, thiserror::Error)]
enum OutputFault {
    #[error("it has no name")]
    NoName,
    #[error("it is a folder")]
    Folder,
    #[error("it is a socket")]
    Socket,
    #[error("the folder {} does not exist", .0.display())]
    NoFolder(PathBuf),
    #[error("{} is no folder", .0.display())]
    NotAFolder(PathBuf),
    #[error("nobody takes what is written")]
    Hangs,
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl OutputFault {
    fn of(self, path: &Path) -> OutputError {
        OutputError { path: path.to_path_buf(), fault: self }
    }
}

/// Where output goes.
enum Target {
    /// As it is: a pipe, a device, a standard output.
    Stream,
    /// A regular file that is there, or may be.
    File { place: PathBuf, exists: bool },
}

/// Which file a path names, whatever its spelling; two that are equal are the same file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileIdentity {
    /// The device and the number on it of one that is there (stat(2)).
    Node(u64, u64),
    /// Where one will be that is not there yet.
    Place(PathBuf),
}

/// Which file a path names. `None` for a device such as `/dev/null`, which takes from and gives to
/// any number of programs, and for what can't be looked at.
#[must_use]
pub fn identity(path: &Path) -> Option<FileIdentity> {
    let there = match fs::metadata(path) {
        Ok(there) => there,
        Err(_) => {
            return match target(path).ok()? {
                Target::File { place, .. } => Some(FileIdentity::Place(place)),
                Target::Stream => None,
            };
        }
    };
    node(path, &there)
}

#[cfg(unix)]
fn node(_: &Path, there: &fs::Metadata) -> Option<FileIdentity> {
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
    let kind = there.file_type();
    let is_device = kind.is_char_device() || kind.is_block_device();
    (!is_device).then(|| FileIdentity::Node(there.dev(), there.ino()))
}

#[cfg(not(unix))]
fn node(path: &Path, _: &fs::Metadata) -> Option<FileIdentity> {
    path.canonicalize().ok().map(FileIdentity::Place)
}

/// Whether nobody can go back in what a path names: a pipe, a device or a standard output.
#[must_use]
pub fn is_stream(path: &Path) -> bool {
    matches!(target(path), Ok(Target::Stream))
}

/// Whether a path stands for this program's standard output.
#[must_use]
pub fn is_standard_output(path: &Path) -> bool {
    ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|known| path == Path::new(known))
}

fn is_standard_error(path: &Path) -> bool {
    ["/dev/stderr", "/dev/fd/2", "/proc/self/fd/2"].iter().any(|known| path == Path::new(known))
}

/// Finds out whether a file can be written, and changes nothing: what is there stays, and what is
/// tried beside it is removed.
///
/// # Errors
/// Why not.
pub fn check(path: &Path) -> Result<(), OutputError> {
    let probe = || {
        let Target::File { place, exists } = target(path)? else { return Ok(()) };
        if exists {
            OpenOptions::new().append(true).open(&place)?;
        }
        match Draft::beside(&place).and_then(|(mut file, _removed)| file.write_all(&PROBE)) {
            // It is written in its place then.
            Err(error) if exists && is_refused(&error) => Ok(()),
            tried => Ok(tried?),
        }
    };
    probe().map_err(|fault: OutputFault| fault.of(path))
}

/// Replaces a file by what `write` writes.
///
/// # Errors
/// Why not; what was there is as it was, unless its folder takes no other file.
pub fn replace<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<Result<(), E>, OutputError> {
    let mut output = Output::open(path)?;
    let written = write(&mut output.file);
    if written.is_ok() {
        output.take_place().map_err(|error| OutputFault::Io(error).of(path))?;
    }
    Ok(written)
}

/// An open file that is not at its place yet. Dropped before it is, it leaves nothing behind.
#[derive(Debug)]
pub struct Output {
    file: File,
    draft: Option<Draft>,
}

impl Output {
    /// Opens it: to be read as well, where it is a regular file. Blocks for as long as nobody reads
    /// a pipe.
    ///
    /// # Errors
    /// Why there is none.
    pub fn open(path: &Path) -> Result<Self, OutputError> {
        let open = || match target(path)? {
            Target::Stream => Ok(Self { file: open_stream(path)?, draft: None }),
            Target::File { place, exists } => match Self::open_beside(path) {
                Err(OutputFault::Io(error)) if exists && is_refused(&error) => {
                    let mut options = OpenOptions::new();
                    let file = options.read(true).write(true).truncate(true).open(&place)?;
                    Ok(Self { file, draft: None })
                }
                opened => opened,
            },
        };
        open().map_err(|fault: OutputFault| fault.of(path))
    }

    /// The same beside what is there and never in its place: what is there is still read.
    ///
    /// # Errors
    /// Why there is none.
    pub fn beside(path: &Path) -> Result<Self, OutputError> {
        match Self::open_beside(path) {
            Ok(output) => Ok(output),
            Err(fault) => Err(fault.of(path)),
        }
    }

    fn open_beside(path: &Path) -> Result<Self, OutputFault> {
        let Target::File { place, exists } = target(path)? else {
            return Err(io::Error::from(ErrorKind::NotSeekable).into());
        };
        let (file, draft) = Draft::beside(&place)?;
        if exists && let Ok(before) = fs::metadata(&place) {
            // One that others may not read stays so.
            file.set_permissions(before.permissions())?;
        }
        Ok(Self { file, draft: Some(draft) })
    }

    /// To be written before it takes its place.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Takes the place of what was there, in one step.
    ///
    /// # Errors
    /// What the system says; then what was there stays.
    pub fn take_place(&mut self) -> io::Result<()> {
        if let Some(draft) = &mut self.draft {
            fs::rename(&draft.path, &draft.place)?;
            draft.is_in_place = true;
        }
        self.draft = None;
        Ok(())
    }

    /// The file alone, which has taken its place.
    ///
    /// # Errors
    /// As [`Self::take_place`].
    pub fn into_file(mut self) -> io::Result<File> {
        self.take_place()?;
        Ok(self.file)
    }
}

/// A file of another name in the folder of its place. Dropped before it is there, it is removed.
#[derive(Debug)]
struct Draft {
    path: PathBuf,
    place: PathBuf,
    is_in_place: bool,
}

impl Draft {
    /// Its name is short, so that it fits wherever another one does.
    fn beside(place: &Path) -> io::Result<(File, Self)> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!(".visavis-{}-{number}.part", std::process::id());
            let path = folder_of(place).join(name);
            let mut options = OpenOptions::new();
            match options.read(true).write(true).create_new(true).open(&path) {
                // One that an earlier program of the same number left behind.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                opened => {
                    let place = place.to_path_buf();
                    return Ok((opened?, Self { path, place, is_in_place: false }));
                }
            }
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_in_place {
            // Nothing more can be done about it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether a folder takes no other file, though one in it may be written.
fn is_refused(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

fn target(path: &Path) -> Result<Target, OutputFault> {
    let mut path = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        if path.as_os_str().is_empty() {
            return Err(OutputFault::NoName);
        }
        if is_standard_output(&path) || is_standard_error(&path) {
            return Ok(Target::Stream);
        }
        match fs::metadata(&path) {
            Ok(there) if there.is_dir() => return Err(OutputFault::Folder),
            Ok(there) if there.is_file() => {
                return Ok(Target::File { place: path.canonicalize()?, exists: true });
            }
            Ok(there) if is_socket(&there) => return Err(OutputFault::Socket),
            Ok(_) => return Ok(Target::Stream),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                return Err(OutputFault::NotAFolder(folder_of(&path).to_path_buf()));
            }
            Err(error) => return Err(error.into()),
        }
        // A link to what is not there yet: it is made where the link points.
        if let Ok(points_to) = fs::read_link(&path) {
            path = folder_of(&path).join(points_to);
            continue;
        }
        let Some(name) = path.file_name().filter(|_| !ends_with_separator(&path)) else {
            return Err(OutputFault::Folder);
        };
        let folder = folder_of(&path);
        return match fs::metadata(folder) {
            Ok(there) if there.is_dir() => {
                Ok(Target::File { place: folder.canonicalize()?.join(name), exists: false })
            }
            Ok(_) => Err(OutputFault::NotAFolder(folder.to_path_buf())),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(OutputFault::NoFolder(folder.to_path_buf()))
            }
            Err(error) => Err(error.into()),
        };
    }
    Err(io::Error::from(ErrorKind::InvalidInput).into())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn ends_with_separator(path: &Path) -> bool {
    path.as_os_str().to_string_lossy().ends_with(std::path::is_separator)
}

#[cfg(unix)]
fn is_socket(there: &fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_socket(&there.file_type())
}

#[cfg(not(unix))]
fn is_socket(_: &fs::Metadata) -> bool {
    false
}

fn open_stream(path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        // The same open file, so that what is printed and what is written follow each other.
        if is_standard_output(path) {
            return Ok(io::stdout().as_fd().try_clone_to_owned()?.into());
        }
        if is_standard_error(path) {
            return Ok(io::stderr().as_fd().try_clone_to_owned()?.into());
        }
    }
    OpenOptions::new().write(true).open(path)
}

/// Runs `work`, which writes to `path`, on a thread of its own, and gives its result unless that
/// takes longer than `limit`: then it goes on by itself, which is an error here.
///
/// # Errors
/// That nobody takes what is written.
pub fn within<T: Send + 'static>(
    path: &Path,
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, OutputError> {
    let (done, result) = sync_channel(1);
    let thread = std::thread::Builder::new().name("output-file".to_owned()).spawn(move || {
        // Whoever asked may have stopped waiting.
        let _ = done.send(work());
    });
    thread.map_err(|error| OutputFault::Io(error).of(path))?;
    result.recv_timeout(limit).map_err(|_| OutputFault::Hangs.of(path))
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
