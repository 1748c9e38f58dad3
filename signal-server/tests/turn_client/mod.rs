//! A client of a relay that somebody else wrote (the `turn` crate), with what a login gives it.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]
#![allow(dead_code, reason = "each test file uses its part")]

use std::any::Any;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac};
use serde_json::Value;
use sha1::Sha1;
use tokio::net::UdpSocket;
use tokio::time::timeout;
use turn::client::{Client, ClientConfig};
use visavis_signal_server::{Config, RelayConfig};
use webrtc_util::Conn;

use crate::common::{self, LONG};

pub(crate) const SECRET: &str = "what only the relay and the server know";

/// How long one try may take where the network may lose a datagram.
const TRY: Duration = Duration::from_millis(500);

/// A server that relays to loopback for tests.
pub(crate) fn relaying(change: impl FnOnce(&mut RelayConfig)) -> Config {
    let mut relay = RelayConfig {
        addresses: vec!["127.0.0.1".parse().unwrap()],
        ports: "20000-60000".parse().unwrap(),
        allowed_peers: vec!["127.0.0.0/8".parse().unwrap()],
        secret: Some(SECRET.parse().unwrap()),
        ..RelayConfig::default()
    };
    change(&mut relay);
    Config { relay, ..Config::for_tests() }
}

/// What a login gives for a relay.
#[derive(Debug, Clone)]
pub(crate) struct Offered {
    pub(crate) address: SocketAddr,
    pub(crate) username: String,
    pub(crate) password: String,
}

impl Offered {
    /// Logs in, and takes what is offered for the relay.
    pub(crate) async fn to(url: &str, name: &str) -> Self {
        let mut client = common::Client::connect(url).await;
        client.say(&format!(r#"{{"type":"login","username":"{name}"}}"#)).await;
        let reply: Value = serde_json::from_str(&client.hear().await).unwrap();
        let servers = reply["iceServers"].as_array().unwrap();
        let relay =
            servers.iter().find(|server| server["credential"].is_string()).expect("a relay");
        let turn = relay["urls"][0].as_str().unwrap();
        let address = turn
            .strip_prefix("turn:")
            .and_then(|rest| rest.strip_suffix("?transport=udp"))
            .unwrap();
        Self {
            address: address.parse().unwrap(),
            username: relay["username"].as_str().unwrap().to_owned(),
            password: relay["credential"].as_str().unwrap().to_owned(),
        }
    }

    /// What who knows the secret can make.
    pub(crate) fn made_with(secret: &str, username: &str, address: SocketAddr) -> Self {
        let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(username.as_bytes());
        let password = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        Self { address, username: username.to_owned(), password }
    }

    /// Gets an address at the relay.
    pub(crate) async fn allocate(&self) -> Result<Relayed, turn::Error> {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let tap = Arc::new(Tap { socket, sent: Mutex::default() });
        let client = Client::new(ClientConfig {
            stun_serv_addr: String::new(),
            turn_serv_addr: self.address.to_string(),
            username: self.username.clone(),
            password: self.password.clone(),
            realm: String::new(),
            software: String::new(),
            rto_in_ms: 0,
            conn: tap.clone(),
            vnet: None,
        })
        .await?;
        client.listen().await?;
        let conn =
            timeout(LONG, client.allocate()).await.expect("an answer to an Allocate request")?;
        Ok(Relayed { conn: Box::new(conn), client, tap })
    }
}

/// An address at a relay.
pub(crate) struct Relayed {
    pub(crate) conn: Box<dyn Conn + Send + Sync>,
    client: Client,
    pub(crate) tap: Arc<Tap>,
}

impl Relayed {
    pub(crate) fn address(&self) -> SocketAddr {
        self.conn.local_addr().unwrap()
    }

    /// Gives the address back.
    pub(crate) async fn close(self) {
        self.conn.close().await.unwrap();
        self.client.close().await.unwrap();
    }

    /// Says something to a peer and hears something else from it.
    pub(crate) async fn talk_with(&self, peer: &UdpSocket, word: &str, back: &str) {
        let peer_address = peer.local_addr().unwrap();
        let mut buffer = [0; 2048];
        let heard = until(async || {
            self.conn.send_to(word.as_bytes(), peer_address).await.unwrap();
            let heard = timeout(TRY, peer.recv_from(&mut buffer)).await.ok()?;
            let (length, from) = heard.unwrap();
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            // What was sent again in an earlier talk.
            (text == word).then_some((text, from))
        })
        .await;
        assert_eq!(heard, (word.to_owned(), self.address()));
        let heard = until(async || {
            peer.send_to(back.as_bytes(), self.address()).await.unwrap();
            let heard = timeout(TRY, self.conn.recv_from(&mut buffer)).await.ok()?;
            let (length, from) = heard.unwrap();
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            (text == back).then_some((text, from))
        })
        .await;
        assert_eq!(heard, (back.to_owned(), peer_address));
    }
}

/// Tries until something comes of it.
async fn until<T>(mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let all = async {
        loop {
            if let Some(result) = attempt().await {
                return result;
            }
        }
    };
    timeout(LONG, all).await.expect("it to get through")
}

/// A socket that keeps what was sent.
pub(crate) struct Tap {
    pub(crate) socket: Arc<UdpSocket>,
    sent: Mutex<Vec<Vec<u8>>>,
}

impl Tap {
    pub(crate) fn sent(&self) -> Vec<Vec<u8>> {
        self.sent.lock().unwrap().clone()
    }
}

#[async_trait]
impl Conn for Tap {
    async fn connect(&self, address: SocketAddr) -> webrtc_util::Result<()> {
        Ok(self.socket.connect(address).await?)
    }

    async fn recv(&self, buffer: &mut [u8]) -> webrtc_util::Result<usize> {
        Ok(self.socket.recv(buffer).await?)
    }

    async fn recv_from(&self, buffer: &mut [u8]) -> webrtc_util::Result<(usize, SocketAddr)> {
        Ok(self.socket.recv_from(buffer).await?)
    }

    async fn send(&self, buffer: &[u8]) -> webrtc_util::Result<usize> {
        Ok(self.socket.send(buffer).await?)
    }

    async fn send_to(&self, buffer: &[u8], target: SocketAddr) -> webrtc_util::Result<usize> {
        self.sent.lock().unwrap().push(buffer.to_vec());
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
