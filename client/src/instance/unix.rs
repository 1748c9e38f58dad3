//! The endpoint on Linux and macOS: a Unix socket in the user's runtime folder, or in the data
//! folder where there is none.
//!
//! What always holds: the socket is its owner's alone (0600), and each side hangs up when the
//! other is another user's.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

/// The longest path that every system takes for a socket (`sun_path` is 104 bytes on macOS).
const MOST_PATH_BYTES: usize = 100;

/// Where the endpoint of a profile is.
pub(super) struct Place(pub(super) PathBuf);

impl Place {
    /// `None` where the system has no place for it.
    pub(super) fn of(folder: &Path, key: &str) -> Option<Self> {
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let runtime = runtime.filter(|runtime| is_our_own(runtime));
        let path = match runtime {
            Some(runtime) => runtime.join(format!("visavis-{key}.sock")),
            None => folder.join("window.sock"),
        };
        (path.as_os_str().len() <= MOST_PATH_BYTES).then_some(Self(path))
    }
}

/// Whether a folder is there, and nobody else's (XDG Base Directory Specification).
fn is_our_own(folder: &Path) -> bool {
    let user = own_user().ok();
    folder.is_absolute()
        && fs::metadata(folder).is_ok_and(|folder| folder.is_dir() && user == Some(folder.uid()))
}

/// The user that this program runs as.
fn own_user() -> io::Result<u32> {
    let (ours, _other) = std::os::unix::net::UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    Ok(UnixStream::from_std(ours)?.peer_cred()?.uid())
}

/// Hangs up on another user.
fn of_our_own(stream: UnixStream) -> io::Result<UnixStream> {
    if stream.peer_cred()?.uid() == own_user()? {
        Ok(stream)
    } else {
        Err(io::Error::new(io::ErrorKind::PermissionDenied, "another user is at the other end"))
    }
}

/// Listens; the socket goes with it.
pub(super) struct Listener {
    socket: UnixListener,
    path: PathBuf,
}

impl Listener {
    /// Only for who has the lock: what lies in its place is a dead program's.
    pub(super) fn bind(Place(path): &Place) -> io::Result<Self> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let socket = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        Ok(Self { socket, path: path.clone() })
    }

    pub(super) async fn accept(&mut self) -> io::Result<UnixStream> {
        of_our_own(self.socket.accept().await?.0)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // What is left behind is removed by the next.
        let _ = fs::remove_file(&self.path);
    }
}

pub(super) async fn connect(Place(path): &Place) -> io::Result<UnixStream> {
    of_our_own(UnixStream::connect(path).await?)
}
