//! One client: connects, upgrades, logs in; then says and hears bytes.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::Error;
use crate::wire::{self, FrameReader};

/// Nothing but a server in trouble takes longer to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// An address has 28,000 ports for connections to one other.
const PER_ADDRESS: usize = 20_000;

/// How the server wants to be spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Speech {
    /// Dialect 1, after a `hello`.
    Visavis,
    /// Dialect 2, without.
    Classic,
}

impl Speech {
    fn login(self, name: &str) -> String {
        match self {
            Self::Visavis => format!(r#"{{"type":"login","username":"{name}"}}"#),
            Self::Classic => format!(r#"{{"type":"login","name":"{name}"}}"#),
        }
    }

    /// An offer of so many bytes in all, with a session description in it that looks like one.
    pub(crate) fn offer(self, to: &str, bytes: usize) -> String {
        let whom = match self {
            Self::Visavis => format!(r#""otherUsername":"{to}","call":"c1""#),
            Self::Classic => format!(r#""name":"{to}""#),
        };
        let (head, tail) =
            (format!(r#"{{"type":"offer",{whom},"offer":{{"type":"offer","sdp":""#), r#""}}"#);
        let line = r"a=rtpmap:96 H264/90000\r\n";
        let room = bytes.saturating_sub(head.len() + tail.len());
        let mut sdp = line.repeat(room / line.len());
        sdp.push_str(&"x".repeat(room % line.len()));
        head + &sdp + tail
    }
}

/// Makes clients of one server.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    address: SocketAddr,
    speech: Speech,
    tls: Option<Arc<ClientConfig>>,
}

impl Connector {
    /// With a certificate to trust, over TLS.
    pub(crate) fn new(
        address: SocketAddr,
        speech: Speech,
        ca: Option<&Path>,
    ) -> Result<Self, Error> {
        let tls = ca.map(trusting).transpose()?;
        Ok(Self { address, speech, tls })
    }

    pub(crate) fn speech(&self) -> Speech {
        self.speech
    }

    /// A TCP connection. `index` counts them where there are many, so that each finds an address
    /// with a free port.
    pub(crate) fn tcp(&self, index: usize) -> Result<TcpStream, Error> {
        let what = || format!("connecting to {}", self.address);
        let socket = tcp_socket(self.address, index).map_err(Error::io(what()))?;
        socket.set_nodelay(true).map_err(Error::io(what()))?;
        Ok(socket)
    }

    /// A connection after the upgrade, that nobody has logged in on.
    pub(crate) fn upgraded(&self, index: usize) -> Result<Client, Error> {
        let tcp = self.tcp(index)?;
        tcp.set_read_timeout(Some(PATIENCE)).map_err(Error::io("a read timeout"))?;
        tcp.set_write_timeout(Some(PATIENCE)).map_err(Error::io("a write timeout"))?;
        let stream = match &self.tls {
            None => Stream::Plain(tcp),
            Some(config) => {
                let name = ServerName::IpAddress(self.address.ip().into());
                let session = ClientConnection::new(Arc::clone(config), name)
                    .map_err(|error| Error::Server(format!("TLS: {error}")))?;
                Stream::Tls(Box::new(StreamOwned::new(session, tcp)))
            }
        };
        let mut client = Client { stream, frames: FrameReader::default() };
        client.upgrade(self.address)?;
        if self.speech == Speech::Visavis {
            client.expect(r#""type":"hello""#)?;
        }
        Ok(client)
    }

    /// A connection that somebody is logged in on.
    pub(crate) fn logged_in(&self, name: &str, index: usize) -> Result<Client, Error> {
        let mut client = self.upgraded(index)?;
        client.send(&wire::frame(wire::TEXT, self.speech.login(name).as_bytes()))?;
        client.expect(r#""success":true"#)?;
        client.frames.shrink();
        Ok(client)
    }
}

fn trusting(ca: &Path) -> Result<Arc<ClientConfig>, Error> {
    let unusable = |why: String| Error::Server(format!("{}: {why}", ca.display()));
    let mut roots = RootCertStore::empty();
    for certificate in
        CertificateDer::pem_file_iter(ca).map_err(|error| unusable(error.to_string()))?
    {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Connects; on Linux, where the loopback interface has many addresses, from another one when the
/// first is used up.
fn tcp_socket(to: SocketAddr, index: usize) -> io::Result<TcpStream> {
    let last = u8::try_from(1 + index / PER_ADDRESS).unwrap_or(u8::MAX);
    if last == 1 || !cfg!(target_os = "linux") || !to.ip().is_loopback() || to.is_ipv6() {
        return TcpStream::connect(to);
    }
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let stream = runtime.block_on(socket.connect(to))?.into_std()?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// What bytes go over.
enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &stream.sock,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(buffer),
            Self::Tls(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// A connection to the server.
pub(crate) struct Client {
    stream: Stream,
    frames: FrameReader,
}

impl Client {
    fn upgrade(&mut self, host: SocketAddr) -> Result<(), Error> {
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        self.send(request.as_bytes())?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0; 1];
            self.stream
                .read_exact(&mut byte)
                .map_err(Error::io("reading the answer to the upgrade"))?;
            head.push(byte[0]);
        }
        if head.starts_with(b"HTTP/1.1 101 ") {
            return Ok(());
        }
        let head = String::from_utf8_lossy(&head);
        Err(Error::Server(format!("no upgrade: {}", head.lines().next().unwrap_or_default())))
    }

    /// Reads until a text holds these words.
    fn expect(&mut self, words: &str) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        let mut buffer = [0; 4096];
        loop {
            while let Some((opcode, payload)) = self.frames.take() {
                let text = String::from_utf8_lossy(payload);
                if text.contains(words) {
                    return Ok(());
                }
                if opcode == wire::CLOSE || text.contains(r#""success":false"#) {
                    return Err(Error::Server(format!(
                        "{words} expected, but the server said: {text}"
                    )));
                }
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => {
                    return Err(Error::Server(format!("{words} expected, but the server closed")));
                }
                Ok(bytes) => self.frames.put(&buffer[..bytes]),
                Err(error) => return Err(Error::Io(format!("waiting for {words}"), error)),
            }
            if Instant::now() > deadline {
                return Err(Error::Server(format!(
                    "{words} did not come within {} s",
                    PATIENCE.as_secs()
                )));
            }
        }
    }

    /// From now on, reading does not wait.
    pub(crate) fn do_not_wait(&self) -> Result<(), Error> {
        self.stream.tcp().set_nonblocking(true).map_err(Error::io("a socket that does not wait"))
    }

    /// Says it all, and waits until there is room.
    pub(crate) fn send(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        let gone = "writing to the server";
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(0) => return Err(Error::Io(gone.into(), ErrorKind::WriteZero.into())),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::hint::spin_loop(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::Io(gone.into(), error)),
            }
        }
        Ok(())
    }

    /// Says as much as there is room for; how much that was.
    pub(crate) fn send_some(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        match self.stream.write(bytes) {
            Ok(written) => Ok(written),
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                Ok(0)
            }
            Err(error) => Err(Error::Io("writing to the server".into(), error)),
        }
    }

    /// Hears what has come, answers pings, and shows `heard` every text. Needs
    /// [`Client::do_not_wait`].
    pub(crate) fn receive(
        &mut self,
        buffer: &mut [u8],
        mut heard: impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        let bytes = match self.stream.read(buffer) {
            Ok(0) => return Err(Error::Server("the server closed a connection".into())),
            Ok(bytes) => bytes,
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                return Ok(());
            }
            Err(error) => return Err(Error::Io("reading from the server".into(), error)),
        };
        self.frames.put(&buffer[..bytes]);
        let mut pong = None;
        while let Some((opcode, payload)) = self.frames.take() {
            match opcode {
                wire::PING => pong = Some(wire::frame(wire::PONG, payload)),
                wire::CLOSE => return Err(Error::Server("the server closed a connection".into())),
                _ => heard(payload),
            }
        }
        pong.map_or(Ok(()), |pong| self.send(&pong))
    }

    /// Whether the server has not closed it, without reading what it sent. Needs
    /// [`Client::do_not_wait`].
    pub(crate) fn is_open(&self) -> bool {
        let tcp = self.stream.tcp();
        if !matches!(tcp.take_error(), Ok(None)) {
            return false;
        }
        match tcp.peek(&mut [0; 1]) {
            Ok(bytes) => bytes > 0,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }
}
