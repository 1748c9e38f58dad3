//! What lies between a connection's sockets and the system: nothing, or a network of a test.

use std::fmt::Debug;
use std::io;
use std::net::UdpSocket;
use std::sync::Arc;

pub use webrtc::runtime::{AsyncUdpSocket, RecvMeta, Transmit};

/// A network in the place of the system's. Calls over one that lives in memory run in virtual time.
pub trait Network: Debug + Send + Sync {
    /// Attaches a socket that is bound to an address: what is sent and received by it goes through
    /// this network.
    ///
    /// # Errors
    /// When it can't be attached.
    fn attach(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>>;
}
