//! The embedded STUN server, and what logins are told about it.
//!
//! It answers Binding requests (RFC 8489) over UDP and nothing else: the TURN part of the `turn` crate stays out of
//! reach behind [`BindingRequests`], because it would remember a nonce for everyone who asks. Clients are given the
//! address of this machine by which they reached it, which works in a home network as well as on a public address.

use std::any::Any;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::UdpSocket;
use tokio::sync::oneshot;
use tokio::time::timeout;
use turn::auth::AuthHandler;
use turn::relay::RelayAddressGenerator;
use turn::server::Server as TurnServer;
use turn::server::config::{ConnConfig, ServerConfig};
use visavis_shared::IceServer;
use webrtc_util::Conn;

/// How long the server may take to let its port go.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// A STUN server at work.
pub(crate) struct StunServer {
    address: SocketAddr,
    server: TurnServer,
    closed: oneshot::Receiver<()>,
}

impl StunServer {
    /// Binds the address and begins to answer.
    pub(crate) async fn start(address: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(address).await?;
        let address = socket.local_addr()?;
        let (open, closed) = oneshot::channel();
        let config = ServerConfig {
            conn_configs: vec![ConnConfig {
                conn: Arc::new(BindingRequests { socket, _open: open }),
                relay_addr_generator: Box::new(NoRelay),
            }],
            realm: "visavis".to_owned(),
            auth_handler: Arc::new(NoRelay),
            channel_bind_timeout: Duration::ZERO,
            alloc_close_notify: None,
        };
        let server = TurnServer::new(config).await.map_err(io::Error::other)?;
        Ok(Self { address, server, closed })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it. Its port is free afterwards.
    pub(crate) async fn close(self) {
        let close = async {
            // Fails only when it is closed already.
            let _ = self.server.close().await;
            let _ = self.closed.await;
        };
        if timeout(CLOSE_PATIENCE, close).await.is_err() {
            tracing::warn!("the STUN server did not close in time");
        }
    }
}

/// What logins are offered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IceOffer {
    stun: Option<SocketAddr>,
}

impl IceOffer {
    pub(crate) fn new(stun: Option<SocketAddr>) -> Self {
        Self { stun }
    }

    /// The servers for a client that reached this machine by the address `reached`.
    pub(crate) fn servers_for(&self, reached: IpAddr) -> Vec<IceServer> {
        let reached = reached.to_canonical();
        let Some(stun) = self.stun else { return Vec::new() };
        let host = match stun.ip().to_canonical() {
            bound if !bound.is_unspecified() => bound,
            // The wildcard of IPv4 hears no IPv6; that of IPv6 hears IPv4 too on most systems.
            IpAddr::V4(_) if reached.is_ipv6() => return Vec::new(),
            _ => reached,
        };
        let url = format!("stun:{}", SocketAddr::new(host, stun.port()));
        vec![IceServer { urls: vec![url], username: None, credential: None }]
    }
}

/// A UDP socket that lets only Binding requests through.
struct BindingRequests {
    socket: UdpSocket,
    /// Dropped with the socket, to tell that the port is free.
    _open: oneshot::Sender<()>,
}

/// Whether a datagram is a STUN Binding request (RFC 8489 §5): its type and the magic cookie.
fn is_binding_request(datagram: &[u8]) -> bool {
    datagram.len() >= 20 && datagram.starts_with(&[0x00, 0x01]) && datagram.get(4..8) == Some(&[0x21, 0x12, 0xa4, 0x42])
}

#[async_trait]
impl Conn for BindingRequests {
    async fn connect(&self, address: SocketAddr) -> webrtc_util::Result<()> {
        Ok(self.socket.connect(address).await?)
    }

    async fn recv(&self, buffer: &mut [u8]) -> webrtc_util::Result<usize> {
        self.recv_from(buffer).await.map(|(bytes, _)| bytes)
    }

    async fn recv_from(&self, buffer: &mut [u8]) -> webrtc_util::Result<(usize, SocketAddr)> {
        loop {
            match self.socket.recv_from(buffer).await {
                Ok((bytes, from)) if buffer.get(..bytes).is_some_and(is_binding_request) => return Ok((bytes, from)),
                Ok(_) => {}
                // Windows tells here that an earlier answer could not be delivered. An error that comes back would end
                // the server, so none does; the pause keeps one that lasts from spinning.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    async fn send(&self, buffer: &[u8]) -> webrtc_util::Result<usize> {
        Ok(self.socket.send(buffer).await?)
    }

    async fn send_to(&self, buffer: &[u8], target: SocketAddr) -> webrtc_util::Result<usize> {
        Ok(self.socket.send_to(buffer, target).await?)
    }

    fn local_addr(&self) -> webrtc_util::Result<SocketAddr> {
        Ok(self.socket.local_addr()?)
    }

    fn remote_addr(&self) -> Option<SocketAddr> {
        None
    }

    async fn close(&self) -> webrtc_util::Result<()> {
        Ok(())
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }
}

/// Nobody is relayed.
struct NoRelay;

#[async_trait]
impl RelayAddressGenerator for NoRelay {
    fn validate(&self) -> Result<(), turn::Error> {
        Ok(())
    }

    async fn allocate_conn(
        &self,
        _use_ipv4: bool,
        _requested_port: u16,
    ) -> Result<(Arc<dyn Conn + Send + Sync>, SocketAddr), turn::Error> {
        Err(turn::Error::ErrRelayAddressGeneratorUnset)
    }
}

impl AuthHandler for NoRelay {
    fn auth_handle(&self, _username: &str, _realm: &str, _from: SocketAddr) -> Result<Vec<u8>, turn::Error> {
        Err(turn::Error::ErrNoSuchUser)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(stun: &str, reached: &str) -> Option<String> {
        let offer = IceOffer::new(Some(stun.parse().unwrap()));
        offer.servers_for(reached.parse().unwrap()).first().map(|server| server.urls.concat())
    }

    #[test]
    fn clients_are_given_the_address_by_which_they_came() {
        assert_eq!(offered("0.0.0.0:3478", "192.168.1.7").as_deref(), Some("stun:192.168.1.7:3478"));
        assert_eq!(offered("0.0.0.0:3478", "::ffff:192.168.1.7").as_deref(), Some("stun:192.168.1.7:3478"));
        assert_eq!(offered("[::]:3478", "2001:db8::1").as_deref(), Some("stun:[2001:db8::1]:3478"));
        assert_eq!(offered("[::]:3478", "192.168.1.7").as_deref(), Some("stun:192.168.1.7:3478"));
    }

    #[test]
    fn a_stun_server_on_one_address_is_offered_there() {
        assert_eq!(offered("127.0.0.1:4000", "192.168.1.7").as_deref(), Some("stun:127.0.0.1:4000"));
    }

    #[test]
    fn what_could_not_answer_is_not_offered() {
        assert_eq!(offered("0.0.0.0:3478", "2001:db8::1"), None);
        assert_eq!(IceOffer::new(None).servers_for(IpAddr::from([127, 0, 0, 1])), []);
    }

    #[test]
    fn only_binding_requests_are_let_through() {
        let mut request = [0_u8; 20];
        request[..8].copy_from_slice(&[0x00, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42]);
        assert!(is_binding_request(&request));
        assert!(!is_binding_request(&request[..19]));
        request[1] = 0x03;
        assert!(!is_binding_request(&request), "an Allocate request");
        assert!(!is_binding_request(b"rubbish"));
    }
}
