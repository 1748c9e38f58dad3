//! Which display the window opens on: Wayland's where one answers, else X11's.
//!
//! winit decides by what the environment names, tries that and nothing else; an environment that
//! outlived its session (`tmux`, `sudo`, a service) names what is gone. So both are asked first, as
//! any of their clients would ask: `wl_display.sync` (the Wayland protocol, appendix A) and the
//! connection setup of the X Window System Protocol (section 8). What always holds: nobody is
//! waited for longer than [`ANSWER_WITHIN`]; what can't be asked is taken to answer.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// A display server that takes longer to answer is taken to be gone.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// The port of display 0 (X(7)).
const FIRST_PORT: u16 = 6000;
/// Byte order, then version 11.0, and no authorisation: any server answers, if only to refuse.
const X11_SETUP: [u8; 12] = [b'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// The kind of display server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backend {
    Wayland,
    X11,
}

/// Why there is no display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoDisplay {
    #[error("there is no display: neither WAYLAND_DISPLAY nor DISPLAY is set")]
    Unnamed,
    #[error("nothing answers at the display that {0} names")]
    Silent(&'static str),
}

/// What became of asking a display server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// The environment names none.
    Unnamed,
    /// It names one that does not answer.
    Silent,
    Answers,
}

/// Where to find an X server.
#[derive(Debug, Clone, PartialEq, Eq)]
enum X11Place {
    Local(u16),
    Remote(String, u16),
    /// A form that is left to winit.
    Other,
}

/// Which display server to use. Those that the environment names are asked once.
pub(super) fn choose() -> Result<Backend, NoDisplay> {
    static CHOICE: OnceLock<Result<Backend, NoDisplay>> = OnceLock::new();
    *CHOICE.get_or_init(ask_those_named)
}

fn ask_those_named() -> Result<Backend, NoDisplay> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let wayland = match (set("WAYLAND_SOCKET"), set("WAYLAND_DISPLAY")) {
        // An open connection, which is for winit alone.
        (Some(_), _) => Found::Answers,
        (None, Some(name)) => {
            found(wayland_socket(&name, set("XDG_RUNTIME_DIR")), |path| asks_wayland(&path))
        }
        (None, None) => Found::Unnamed,
    };
    let x11 = || match set("DISPLAY") {
        Some(name) => found(Some(x11_place(&name.to_string_lossy())), |place| asks_x11(&place)),
        None => Found::Unnamed,
    };
    decide(wayland, x11)
}

/// Starts the program again without `WAYLAND_DISPLAY` where that leads nowhere. What paints asks it
/// as well (EGL takes its platform from the environment), and would wait for an answer for ever.
pub(super) fn forget_dead_wayland() {
    let named = std::env::var_os("WAYLAND_DISPLAY").is_some_and(|name| !name.is_empty());
    if !named || choose() != Ok(Backend::X11) {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let arguments = std::env::args_os().skip(1);
    // It comes back only with an error; then the window is tried as it is.
    let error = Command::new(program).args(arguments).env_remove("WAYLAND_DISPLAY").exec();
    tracing::debug!(%error, "the program could not be started again without WAYLAND_DISPLAY");
}

fn decide(wayland: Found, x11: impl FnOnce() -> Found) -> Result<Backend, NoDisplay> {
    if wayland == Found::Answers {
        return Ok(Backend::Wayland);
    }
    match (wayland, x11()) {
        (Found::Silent, Found::Answers) => {
            tracing::debug!("nothing answers at WAYLAND_DISPLAY; the window opens on X11");
            Ok(Backend::X11)
        }
        (_, Found::Answers) => Ok(Backend::X11),
        (Found::Silent, Found::Silent) => Err(NoDisplay::Silent("WAYLAND_DISPLAY or DISPLAY")),
        (Found::Silent, _) => Err(NoDisplay::Silent("WAYLAND_DISPLAY")),
        (_, Found::Silent) => Err(NoDisplay::Silent("DISPLAY")),
        (_, Found::Unnamed) => Err(NoDisplay::Unnamed),
    }
}

/// Asks on a thread of its own: already connecting may hang.
fn found<P: Send + 'static>(
    place: Option<P>,
    ask: impl FnOnce(P) -> io::Result<()> + Send + 'static,
) -> Found {
    let Some(place) = place else { return Found::Silent };
    let (answer_in, answer) = sync_channel(1);
    let asking = std::thread::Builder::new().name("display".into()).spawn(move || {
        // Whoever asked may have stopped waiting.
        let _ = answer_in.send(ask(place));
    });
    match (asking, answer.recv_timeout(ANSWER_WITHIN)) {
        (Err(_), _) | (_, Ok(Ok(()))) => Found::Answers,
        _ => Found::Silent,
    }
}

/// The first byte of an answer.
fn ask(mut connection: impl Read + Write, question: &[u8]) -> io::Result<()> {
    connection.write_all(question)?;
    connection.read_exact(&mut [0])
}

/// Where libwayland looks for a display of this name.
fn wayland_socket(name: &OsStr, runtime_folder: Option<OsString>) -> Option<PathBuf> {
    let name = Path::new(name);
    if name.is_absolute() {
        Some(name.to_path_buf())
    } else {
        Some(Path::new(&runtime_folder?).join(name))
    }
}

fn asks_wayland(socket: &Path) -> io::Result<()> {
    // To object 1, the display: 12 bytes, operation 0, sync; the callback is object 2.
    let words: [u32; 3] = [1, 12 << 16, 2];
    ask(UnixStream::connect(socket)?, words.map(u32::to_ne_bytes).as_flattened())
}

/// Reads `HOST:NUMBER.SCREEN` (X(7), "Display names").
fn x11_place(name: &str) -> X11Place {
    let place = || {
        let (host, number) = name.rsplit_once(':')?;
        let number = number.split('.').next()?.parse::<u16>().ok()?;
        let (protocol, host) = host.split_once('/').unwrap_or(("", host));
        match (protocol, host) {
            ("" | "unix", "" | "unix") => Some(X11Place::Local(number)),
            ("" | "tcp" | "inet" | "inet6", host) if !host.is_empty() && !host.ends_with(':') => {
                let host = host.trim_start_matches('[').trim_end_matches(']');
                Some(X11Place::Remote(host.to_owned(), FIRST_PORT.checked_add(number)?))
            }
            _ => None,
        }
    };
    place().unwrap_or(X11Place::Other)
}

fn asks_x11(place: &X11Place) -> io::Result<()> {
    match place {
        X11Place::Local(number) => {
            let path = format!("/tmp/.X11-unix/X{number}");
            let hidden = SocketAddr::from_abstract_name(&path);
            let connection = hidden
                .and_then(|address| UnixStream::connect_addr(&address))
                .or_else(|_| UnixStream::connect(&path))?;
            ask(connection, &X11_SETUP)
        }
        X11Place::Remote(host, port) => {
            let mut last = io::Error::from(io::ErrorKind::NotFound);
            for address in (host.as_str(), *port).to_socket_addrs()? {
                match TcpStream::connect_timeout(&address, ANSWER_WITHIN) {
                    Ok(connection) => return ask(connection, &X11_SETUP),
                    Err(error) => last = error,
                }
            }
            Err(last)
        }
        X11Place::Other => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn wayland_comes_first_where_it_answers_and_each_stands_in_for_the_other() {
        use Found::{Answers, Silent, Unnamed};
        let both = NoDisplay::Silent("WAYLAND_DISPLAY or DISPLAY");
        for (wayland, x11, wanted) in [
            (Answers, Answers, Ok(Backend::Wayland)),
            (Answers, Silent, Ok(Backend::Wayland)),
            (Answers, Unnamed, Ok(Backend::Wayland)),
            (Silent, Answers, Ok(Backend::X11)),
            (Unnamed, Answers, Ok(Backend::X11)),
            (Silent, Silent, Err(both)),
            (Silent, Unnamed, Err(NoDisplay::Silent("WAYLAND_DISPLAY"))),
            (Unnamed, Silent, Err(NoDisplay::Silent("DISPLAY"))),
            (Unnamed, Unnamed, Err(NoDisplay::Unnamed)),
        ] {
            assert_eq!(decide(wayland, || x11), wanted, "{wayland:?}, {x11:?}");
        }
    }

    #[test]
    fn displays_are_found_as_their_clients_find_them() {
        let remote = |host: &str, port| X11Place::Remote(host.to_owned(), port);
        for (name, place) in [
            (":0", X11Place::Local(0)),
            (":12.1", X11Place::Local(12)),
            ("unix:3", X11Place::Local(3)),
            ("localhost:10.0", remote("localhost", 6010)),
            ("tcp/192.0.2.7:1", remote("192.0.2.7", 6001)),
            ("[::1]:0", remote("::1", 6000)),
            ("node::0", X11Place::Other),
            ("/private/tmp/x", X11Place::Other),
            ("", X11Place::Other),
            (":65000", X11Place::Local(65_000)),
            ("far:65000", X11Place::Other),
        ] {
            assert_eq!(x11_place(name), place, "{name}");
        }
        let runtime = Some(OsString::from("/run/user/7"));
        let socket = |name: &str, runtime| wayland_socket(OsStr::new(name), runtime);
        assert_eq!(socket("wayland-1", runtime.clone()), Some("/run/user/7/wayland-1".into()));
        assert_eq!(socket("/tmp/w", runtime), Some("/tmp/w".into()));
        assert_eq!(socket("wayland-1", None), None);
    }

    #[test]
    fn only_a_server_that_answers_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("wayland-7");
        let asks = || found(Some(path.clone()), |path| asks_wayland(&path));
        assert_eq!(asks(), Found::Silent, "there is no socket");
        let listener = UnixListener::bind(&path).expect("a socket");
        let answering = std::thread::Builder::new().spawn(move || {
            let (mut client, _) = listener.accept().expect("it comes");
            let mut question = [0; 12];
            client.read_exact(&mut question).expect("it asks");
            client.write_all(&[2]).expect("it listens");
            // The next one is accepted and gets no answer, and then nobody listens.
            let (client, _) = listener.accept().expect("it comes");
            (question, client)
        });
        assert_eq!(asks(), Found::Answers);
        assert_eq!(asks(), Found::Silent, "it does not answer");
        let (question, _client) = answering.expect("a thread").join().expect("no panic");
        assert_eq!(question[..4], 1_u32.to_ne_bytes());
        assert_eq!(asks(), Found::Silent, "nobody listens any more");
    }
}
