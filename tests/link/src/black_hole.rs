//! An address that takes no connection and refuses none, as behind a firewall that drops packets.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

/// How long a connection takes at most as long as the queue has room: both ends are on this
/// machine.
const CONNECTED_WITHIN: Duration = Duration::from_millis(100);

/// A listener on 127.0.0.1 that accepts nothing and whose queue is full, so that Linux drops the
/// packets of whoever connects.
#[derive(Debug)]
pub struct BlackHole {
    listener: TcpListener,
    /// What fills the queue.
    _queued: Vec<TcpStream>,
}

impl BlackHole {
    /// Opens one and fills its queue.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn open() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let listener = socket.listen(0)?;
        let address = listener.local_addr()?;
        let mut queued = Vec::new();
        while let Ok(stream) = timeout(CONNECTED_WITHIN, TcpStream::connect(address)).await {
            queued.push(stream?);
        }
        Ok(Self { listener, _queued: queued })
    }

    /// Where it is.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
