//! Names of STUN and TURN servers, resolved beside everything else.
//!
//! A lookup runs on a thread of its own, because the system's resolver blocks for many seconds when no name server
//! answers and tokio would wait for it at exit. [`Resolver::lookup`] answers at once from what is known; who needs more
//! waits for [`Resolver::changed`].

use std::collections::HashMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use visavis_shared::IceServer;

/// The most names that are looked up.
const MAX_NAMES: usize = 16;

/// Resolves names without ever waiting for them.
#[derive(Debug)]
pub(crate) struct Resolver {
    /// `None` while a lookup runs.
    known: Mutex<HashMap<String, Option<Vec<SocketAddr>>>>,
    resolved: watch::Sender<u64>,
}

impl Resolver {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { known: Mutex::default(), resolved: watch::Sender::new(0) })
    }

    /// Begins to look up the names in these URLs.
    pub(crate) fn begin(self: &Arc<Self>, servers: &[IceServer]) {
        for name in servers.iter().flat_map(|server| &server.urls).filter_map(|url| host_and_port(url)) {
            if name.parse::<SocketAddr>().is_ok() {
                continue;
            }
            let mut known = self.known();
            if known.len() >= MAX_NAMES || known.contains_key(&name) {
                continue;
            }
            known.insert(name.clone(), None);
            drop(known);
            let resolver = Arc::clone(self);
            let thread =
                std::thread::Builder::new().name("resolver".to_owned()).spawn(move || match name.to_socket_addrs() {
                    Ok(addresses) => {
                        resolver.known().insert(name, Some(addresses.collect()));
                        resolver.resolved.send_modify(|count| *count += 1);
                    }
                    Err(_) => tracing::debug!("a STUN or TURN server's name could not be resolved"),
                });
            if thread.is_err() {
                tracing::warn!("no thread to resolve a STUN or TURN server's name on");
            }
        }
    }

    /// What is known of `host:port` now.
    pub(crate) fn lookup(&self, host: &str) -> Option<Vec<SocketAddr>> {
        if let Ok(address) = host.parse() {
            return Some(vec![address]);
        }
        self.known().get(host).cloned().flatten()
    }

    /// Changes whenever a name was resolved.
    pub(crate) fn changed(&self) -> watch::Receiver<u64> {
        self.resolved.subscribe()
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Option<Vec<SocketAddr>>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The `host:port` of a `stun:` or `turn:` URL (RFC 7064, RFC 7065), as the library asks for it.
fn host_and_port(url: &str) -> Option<String> {
    let url = url.split('?').next()?;
    let (scheme, host) = url.split_once(':')?;
    let default_port = match scheme {
        "stun" | "turn" => 3478,
        _ => return None,
    };
    let has_port = match host.rfind(']') {
        Some(bracket) => host.get(bracket..).is_some_and(|rest| rest.contains(':')),
        None => host.contains(':'),
    };
    Some(if has_port { host.to_owned() } else { format!("{host}:{default_port}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_host_and_a_port() {
        assert_eq!(host_and_port("stun:stun.example.org").as_deref(), Some("stun.example.org:3478"));
        assert_eq!(host_and_port("turn:example.org:5349?transport=udp").as_deref(), Some("example.org:5349"));
        assert_eq!(host_and_port("stun:[2001:db8::1]").as_deref(), Some("[2001:db8::1]:3478"));
        assert_eq!(host_and_port("stun:[2001:db8::1]:99").as_deref(), Some("[2001:db8::1]:99"));
        assert_eq!(host_and_port("turns:example.org"), None);
        assert_eq!(host_and_port("nonsense"), None);
    }

    #[test]
    fn an_address_needs_no_lookup_and_an_unknown_name_has_no_answer_yet() {
        let resolver = Resolver::new();
        assert_eq!(resolver.lookup("127.0.0.1:3478"), Some(vec![([127, 0, 0, 1], 3478).into()]));
        assert_eq!(resolver.lookup("stun.example.org:3478"), None);
    }

    #[tokio::test]
    async fn a_name_that_resolves_is_known_afterwards() {
        let resolver = Resolver::new();
        let mut changed = resolver.changed();
        let urls = vec!["stun:localhost:3478".to_owned()];
        resolver.begin(&[IceServer { urls, username: None, credential: None }]);
        changed.changed().await.expect("the resolver lives");
        assert!(resolver.lookup("localhost:3478").is_some_and(|found| found.iter().all(|a| a.ip().is_loopback())));
    }
}
