//! The connection to the X server, in which nothing waits for ever.
//!
//! In: requests. Out: replies, or an error once the server is gone, has not answered in
//! [`PATIENCE`], or nobody wants the answer any more. All that x11rb does on the socket goes
//! through [`PatientStream`].

use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use visavis_media::stop_signal::StopSignal;
use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::errors::{ConnectError, ConnectionError, ReplyError, ReplyOrIdError};
use x11rb::protocol::composite::ConnectionExt as _;
use x11rb::protocol::damage::ConnectionExt as _;
use x11rb::protocol::randr::ConnectionExt as _;
use x11rb::protocol::shm::ConnectionExt as _;
use x11rb::protocol::xfixes::ConnectionExt as _;
use x11rb::protocol::xproto::Window;
use x11rb::protocol::{composite, damage, randr, shm, xfixes};
use x11rb::reexports::x11rb_protocol::parse_display::{ConnectAddress, parse_display};
use x11rb::reexports::x11rb_protocol::xauth::{Family, get_auth};
use x11rb::rust_connection::{DefaultStream, PollMode, RustConnection, Stream};
use x11rb::utils::RawFdContainer;

use crate::desktop::ScreenError;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often somebody who waits looks whether they still should.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What the server did not do.
#[derive(Debug, thiserror::Error)]
pub(super) enum X11Error {
    /// It is gone or does not answer; why.
    #[error("{0}")]
    Lost(String),
    /// It refused a request, mostly as what it was about is gone.
    #[error("the display does not give it away")]
    Refused,
    /// It said something that can't be so, or has a form of pixels that is not known.
    #[error("the display's pixels can't be read: {0}")]
    Odd(String),
}

impl From<ConnectionError> for X11Error {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::UnsupportedExtension
            | ConnectionError::MaximumRequestLengthExceeded
            | ConnectionError::InsufficientMemory => Self::Refused,
            ConnectionError::IoError(error) if error.kind() == io::ErrorKind::TimedOut => {
                Self::Lost("the display does not answer".to_owned())
            }
            _ => Self::Lost("the display is gone".to_owned()),
        }
    }
}

impl From<ReplyError> for X11Error {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::ConnectionError(error) => error.into(),
            ReplyError::X11Error(_) => Self::Refused,
        }
    }
}

impl From<ReplyOrIdError> for X11Error {
    fn from(error: ReplyOrIdError) -> Self {
        match error {
            ReplyOrIdError::ConnectionError(error) => error.into(),
            ReplyOrIdError::X11Error(_) | ReplyOrIdError::IdsExhausted => Self::Refused,
        }
    }
}

impl From<X11Error> for ScreenError {
    fn from(error: X11Error) -> Self {
        match error {
            X11Error::Refused => Self::Gone,
            other => Self::Display(other.to_string()),
        }
    }
}

/// A socket on which nobody waits longer than [`PATIENCE`], nor once the signal is set.
pub(super) struct PatientStream {
    inner: DefaultStream,
    stop: StopSignal,
    /// The server did not answer once: nothing is waited for any more.
    given_up: AtomicBool,
}

impl PatientStream {
    /// Waits until the socket is ready or the time is over. Says which.
    fn wait(&self, flags: PollFlags, until: Instant) -> io::Result<bool> {
        loop {
            if self.stop.is_set() {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            let left = until.saturating_duration_since(Instant::now());
            let slice = Timespec::try_from(left.min(LOOK_EVERY)).map_err(io::Error::other)?;
            match poll(&mut [PollFd::new(&self.inner, flags)], Some(&slice)) {
                Ok(0) if left.is_zero() => return Ok(false),
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return Ok(true),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Stream for PatientStream {
    fn poll(&self, mode: PollMode) -> io::Result<()> {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, mode.readable());
        flags.set(PollFlags::OUT, mode.writable());
        let given_up = self.given_up.load(Ordering::Relaxed);
        if !given_up && self.wait(flags, Instant::now() + PATIENCE)? {
            return Ok(());
        }
        self.given_up.store(true, Ordering::Relaxed);
        Err(io::ErrorKind::TimedOut.into())
    }

    fn read(&self, buf: &mut [u8], fds: &mut Vec<RawFdContainer>) -> io::Result<usize> {
        self.inner.read(buf, fds)
    }

    fn write(&self, buf: &[u8], fds: &mut Vec<RawFdContainer>) -> io::Result<usize> {
        self.inner.write(buf, fds)
    }
}

/// As [`DefaultStream::connect`], with an end to the wait for another machine.
fn reach(address: &ConnectAddress<'_>) -> io::Result<(DefaultStream, (Family, Vec<u8>))> {
    let ConnectAddress::Hostname(host, port) = address else {
        return DefaultStream::connect(address);
    };
    let mut refused = io::Error::from(io::ErrorKind::NotFound);
    for address in (*host, *port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return DefaultStream::from_tcp_stream(stream),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// Which extensions the server has, in a version that is new enough.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extensions {
    /// RandR 1.5: monitors.
    pub(super) randr: bool,
    /// Composite 0.2: pixels of a window that is covered.
    pub(super) composite: bool,
    /// Damage: what changes.
    pub(super) damage: bool,
    /// XFixes 2: the pointer's picture.
    pub(super) xfixes: bool,
    /// MIT-SHM 1.2: shared memory by file descriptor.
    pub(super) shm: bool,
}

/// A connection to one display.
pub(super) struct Connection {
    /// What requests go to.
    pub(super) x: RustConnection<PatientStream>,
    /// The root of the display's screen.
    pub(super) root: Window,
    /// What the server has.
    pub(super) has: Extensions,
}

impl Connection {
    /// Connects to a display by its name. Everything on this connection ends early once `stop` is
    /// set.
    pub(super) fn open(display: &str, stop: StopSignal) -> Result<Self, X11Error> {
        let parsed = parse_display(Some(display))
            .map_err(|_| X11Error::Lost(format!("\"{display}\" names no display")))?;
        let screen = usize::from(parsed.screen);
        let mut connected = None;
        for address in parsed.connect_instruction() {
            let local = matches!(address, ConnectAddress::Socket(_));
            if let Ok((stream, peer)) = reach(&address) {
                connected = Some((stream, peer, local));
                break;
            }
        }
        let (stream, (family, address), local) =
            connected.ok_or_else(|| X11Error::Lost("the display can't be reached".to_owned()))?;
        // Without authorization it is the server that refuses.
        let (name, data) =
            get_auth(family, &address, parsed.display).ok().flatten().unwrap_or_default();
        let stream = PatientStream { inner: stream, stop, given_up: AtomicBool::new(false) };
        let x = RustConnection::connect_to_stream_with_auth_info(stream, screen, name, data)
            .map_err(|error| match error {
                ConnectError::IoError(error) => ConnectionError::IoError(error).into(),
                _ => X11Error::Lost("the display refused the connection".to_owned()),
            })?;
        let root = x.setup().roots.get(screen).map(|screen| screen.root);
        let root = root.ok_or_else(|| X11Error::Lost("the display has no screen".to_owned()))?;
        let mut this = Self { x, root, has: Extensions::default() };
        this.has = this.extensions(local)?;
        Ok(this)
    }

    fn extensions(&self, local: bool) -> Result<Extensions, X11Error> {
        let x = &self.x;
        let there = |name| x.extension_information(name).map(|info| info.is_some());
        let xfixes = there(xfixes::X11_EXTENSION_NAME)?
            && x.xfixes_query_version(5, 0)?.reply()?.major_version >= 2;
        let randr = there(randr::X11_EXTENSION_NAME)? && {
            let version = x.randr_query_version(1, 5)?.reply()?;
            (version.major_version, version.minor_version) >= (1, 5)
        };
        let composite = there(composite::X11_EXTENSION_NAME)? && {
            let version = x.composite_query_version(0, 4)?.reply()?;
            (version.major_version, version.minor_version) >= (0, 2)
        };
        let damage = there(damage::X11_EXTENSION_NAME)?
            && x.damage_query_version(1, 1)?.reply()?.major_version >= 1;
        let shm = local && there(shm::X11_EXTENSION_NAME)? && {
            let version = x.shm_query_version()?.reply()?;
            (version.major_version, version.minor_version) >= (1, 2)
        };
        Ok(Extensions { randr, composite, damage, xfixes, shm })
    }

    /// Waits until something comes from the server, until a moment at most.
    pub(super) fn wait_until(&self, until: Instant) -> Result<(), X11Error> {
        let waited = self.x.stream().wait(PollFlags::IN, until);
        waited.map(|_| ()).map_err(|error| ConnectionError::IoError(error).into())
    }
}
