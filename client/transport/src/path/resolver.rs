//! Names of STUN and TURN servers, resolved beside everything else and remembered between calls.
//!
//! A lookup runs on a thread of its own, because the system's resolver blocks for many seconds when
//! no name server answers, and tokio would wait for it at exit. [`Resolver::lookup`] answers at
//! once from what is known; [`Resolver::changed`] reports when more is.

use std::collections::HashMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use visavis_shared::{IceServer, IceUrl};

use super::destination::is_server;
use super::lock;

/// The most names that are remembered.
const MAX_NAMES: usize = 32;
/// A name is looked up again after this; its old addresses are used until there are new ones.
const STALE_AFTER: Duration = Duration::from_secs(300);

/// Resolves names without ever waiting for them.
#[derive(Debug, Default)]
pub(crate) struct Resolver {
    names: Mutex<HashMap<String, Name>>,
    /// Counts names that became known.
    resolved: watch::Sender<u64>,
    /// Counts lookups that ended, with or without an address.
    ended: watch::Sender<u64>,
}

#[derive(Debug)]
struct Name {
    addresses: Option<Vec<SocketAddr>>,
    begun: Instant,
    running: bool,
}

impl Resolver {
    /// The one of this process.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: LazyLock<Arc<Resolver>> = LazyLock::new(Arc::default);
        Arc::clone(&SHARED)
    }

    /// One that knows the addresses of a name already.
    #[cfg(test)]
    pub(crate) fn knowing(name: &str, addresses: Vec<SocketAddr>) -> Arc<Self> {
        let resolver = Arc::<Self>::default();
        assert!(resolver.note_lookup(name));
        resolver.looked_up(name, Some(addresses));
        resolver
    }

    /// Starts to look up the names in these servers' URLs.
    pub(crate) fn begin(self: &Arc<Self>, servers: &[IceServer]) {
        let urls = servers.iter().flat_map(|server| &server.urls);
        for url in urls.filter_map(|url| url.parse::<IceUrl>().ok()) {
            let name = url.host_and_port();
            if name.parse::<SocketAddr>().is_ok() || !self.note_lookup(&name) {
                continue;
            }
            let resolver = Arc::clone(self);
            let lookup = move || {
                let addresses = name.to_socket_addrs().map(Iterator::collect).ok();
                if addresses.is_none() {
                    tracing::debug!("the name of a STUN or TURN server could not be resolved");
                }
                resolver.looked_up(&name, addresses);
            };
            if std::thread::Builder::new().name("resolver".to_owned()).spawn(lookup).is_err() {
                tracing::warn!(
                    "there is no thread to resolve the name of a STUN or TURN server on"
                );
            }
        }
    }

    /// Whether this name should be looked up now; if so, records the lookup.
    fn note_lookup(&self, name: &str) -> bool {
        let mut names = lock(&self.names);
        let addresses = match names.get(name) {
            Some(known) if known.running => return false,
            Some(known) if known.addresses.is_some() && known.begun.elapsed() < STALE_AFTER => {
                return false;
            }
            Some(known) => known.addresses.clone(),
            None => None,
        };
        if names.len() >= MAX_NAMES {
            names.retain(|_, known| known.running);
        }
        if names.len() >= MAX_NAMES {
            return false;
        }
        names.insert(name.to_owned(), Name { addresses, begun: Instant::now(), running: true });
        true
    }

    fn looked_up(&self, name: &str, addresses: Option<Vec<SocketAddr>>) {
        let mut news = false;
        if let Some(known) = lock(&self.names).get_mut(name) {
            known.running = false;
            news = addresses.is_some() && known.addresses.is_none();
            if addresses.is_some() {
                known.addresses = addresses;
            }
        }
        self.ended.send_modify(|count| *count += 1);
        if news {
            self.resolved.send_modify(|count| *count += 1);
        }
    }

    /// Waits until no lookup runs that began less than `grace` ago.
    pub(crate) async fn settled(&self, grace: Duration) {
        let mut ended = self.ended.subscribe();
        loop {
            let left =
                |name: &Name| grace.checked_sub(name.begun.elapsed()).filter(|_| name.running);
            let longest = lock(&self.names).values().filter_map(left).max();
            let Some(left) = longest else { return };
            let _ = tokio::time::timeout(left, ended.changed()).await;
        }
    }

    /// What is known of `host:port` now, as far as a server may be there.
    pub(crate) fn lookup(&self, host: &str) -> Option<Vec<SocketAddr>> {
        if let Ok(address) = host.parse() {
            return is_server(address, true).then(|| vec![address]);
        }
        let is_this_machine =
            host.rsplit_once(':').is_some_and(|(name, _)| name.eq_ignore_ascii_case("localhost"));
        let mut addresses = lock(&self.names).get(host)?.addresses.clone()?;
        addresses.retain(|address| is_server(*address, is_this_machine));
        (!addresses.is_empty()).then_some(addresses)
    }

    /// Changes whenever a name was resolved for the first time.
    pub(crate) fn changed(&self) -> watch::Receiver<u64> {
        self.resolved.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_no_lookup_and_an_unknown_name_has_no_answer_yet() {
        let resolver = Arc::<Resolver>::default();
        assert_eq!(resolver.lookup("127.0.0.1:3478"), Some(vec![([127, 0, 0, 1], 3478).into()]));
        assert_eq!(resolver.lookup("stun.example.org:3478"), None);
    }

    #[tokio::test]
    async fn a_lookup_is_waited_for_only_so_long_after_it_began() {
        let resolver = Arc::<Resolver>::default();
        resolver.settled(Duration::from_secs(60)).await;
        let started = Instant::now();
        assert!(resolver.note_lookup("slow:1"));
        resolver.settled(Duration::from_millis(30)).await;
        resolver.settled(Duration::from_millis(30)).await;
        assert!(
            started.elapsed() >= Duration::from_millis(30)
                && started.elapsed() < Duration::from_secs(5)
        );
        resolver.looked_up("slow:1", None);
        resolver.settled(Duration::from_secs(60)).await;
    }

    #[test]
    fn a_name_leads_to_no_address_that_only_its_owner_should_reach() {
        let inside: Vec<SocketAddr> = ["127.0.0.1:3478", "169.254.169.254:3478", "[::1]:3478"]
            .map(|address| address.parse().expect("an address"))
            .into();
        let outside = SocketAddr::from(([192, 0, 2, 1], 3478));
        let resolver = Resolver::knowing("a.example:3478", inside.clone());
        assert_eq!(resolver.lookup("a.example:3478"), None);
        let both = [&inside[..], &[outside]].concat();
        let resolver = Resolver::knowing("a.example:3478", both);
        assert_eq!(resolver.lookup("a.example:3478"), Some(vec![outside]));
        assert_eq!(resolver.lookup("127.0.0.1:22"), None);
        assert_eq!(resolver.lookup("169.254.169.254:80"), None);
    }

    #[tokio::test]
    async fn a_name_that_resolves_is_known_afterwards() {
        let resolver = Arc::<Resolver>::default();
        let mut changed = resolver.changed();
        let urls = vec!["stun:localhost:3478".to_owned()];
        resolver.begin(&[IceServer { urls, username: None, credential: None }]);
        changed.changed().await.expect("the resolver lives");
        assert!(
            resolver
                .lookup("localhost:3478")
                .is_some_and(|found| found.iter().all(|a| a.ip().is_loopback()))
        );
    }
}
