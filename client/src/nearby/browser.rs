//! A resolver of multicast DNS, and the thread that reads what it finds into the list.
//!
//! The resolver (`mdns-sd`) has a thread and sockets of its own, and ends when nobody looks any
//! more, with all that it remembers. What it finds waits in a bounded queue; when more comes than
//! is read, it closes the queue, and looking begins anew with a resolver that remembers nothing.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use mdns_sd::{Error, ResolvedService, ServiceDaemon, ServiceEvent};
use tokio::sync::watch;
use visavis_shared::nearby::SERVICE_TYPE;

use super::list::{LocalNetwork, NearbyList, NearbyRow, PAUSE, Service};
use crate::transport::path::interfaces;

/// How long after a resolver has failed or was flooded another one is tried.
const TRY_AGAIN: Duration = Duration::from_secs(2);
/// How long a new resolver may take to find again what was known.
const FIND_AGAIN: Duration = Duration::from_secs(2);
/// How often it is looked which networks this computer is on.
const LOOK_AT_NETWORKS: Duration = Duration::from_secs(3);
/// So many events are read before it is looked whether rows are due.
const AT_ONCE: usize = 256;

/// Looks for servers nearby until it is dropped.
#[derive(Debug)]
pub struct Browser {
    rows: watch::Receiver<Vec<NearbyRow>>,
    /// Nothing is sent; the thread ends when it is gone.
    _looks: SyncSender<()>,
}

impl Browser {
    /// Begins to look, on the thread `nearby`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start() -> io::Result<Self> {
        let (rows_in, rows) = watch::channel(Vec::new());
        let (looks, ended) = sync_channel(0);
        std::thread::Builder::new().name("nearby".into()).spawn(move || {
            let mut looking = Looking {
                rows: rows_in,
                list: NearbyList::default(),
                networks: Vec::new(),
                networks_at: None,
            };
            while !looking.until_it_fails(&ended) && !has_ended(&ended, TRY_AGAIN) {}
        })?;
        Ok(Self { rows, _looks: looks })
    }

    /// The rows, as soon as they are others than those that were given last.
    pub async fn changed(&mut self) -> Vec<NearbyRow> {
        if self.rows.changed().await.is_err() {
            // The thread has ended: what was found stays.
            std::future::pending::<()>().await;
        }
        self.rows.borrow_and_update().clone()
    }
}

/// Waits that long. Returns whether nobody looks any more.
fn has_ended(ended: &Receiver<()>, wait: Duration) -> bool {
    ended.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected)
}

/// Everything that the thread owns.
struct Looking {
    rows: watch::Sender<Vec<NearbyRow>>,
    list: NearbyList,
    networks: Vec<LocalNetwork>,
    networks_at: Option<Instant>,
}

impl Looking {
    /// Looks with one resolver. Returns whether nobody looks any more; otherwise it has failed.
    fn until_it_fails(&mut self, ended: &Receiver<()>) -> bool {
        let daemon = match ServiceDaemon::new() {
            Ok(daemon) => daemon,
            Err(error) => {
                tracing::info!("the local network can't be asked for servers: {error}");
                return false;
            }
        };
        let done = self.with(&daemon, ended);
        // Its queue may be full for a moment; a resolver that stays would go on asking.
        while daemon.shutdown().is_err_and(|error| matches!(error, Error::Again)) {
            std::thread::yield_now();
        }
        done
    }

    fn with(&mut self, daemon: &ServiceDaemon, ended: &Receiver<()>) -> bool {
        let events = match daemon.browse(SERVICE_TYPE) {
            Ok(events) => events,
            Err(error) => {
                tracing::info!("the local network can't be asked for servers: {error}");
                return false;
            }
        };
        self.list.clear();
        let given_from = Instant::now() + FIND_AGAIN;
        // Where nothing was known, nothing has to be found again.
        let gives = |now: Instant, shows: bool| !shows || now >= given_from;
        loop {
            let mut next = events.recv_timeout(PAUSE).map_err(|_| events.is_disconnected());
            for _ in 0..AT_ONCE {
                match next {
                    Ok(event) => self.note(event),
                    Err(true) => {
                        tracing::info!("more is announced on the local network than can be read");
                        return false;
                    }
                    Err(false) => break,
                }
                next = events.try_recv().map_err(|_| events.is_disconnected());
            }
            if has_ended(ended, Duration::ZERO) {
                return true;
            }
            let now = Instant::now();
            if gives(now, !self.rows.borrow().is_empty())
                && let Some(rows) = self.list.take(now)
            {
                self.rows.send_replace(rows);
            }
        }
    }

    fn note(&mut self, event: ServiceEvent) {
        match event {
            ServiceEvent::ServiceResolved(found) => {
                self.look_at_networks();
                self.list.found(&service(&found), &self.networks);
            }
            ServiceEvent::ServiceRemoved(_, full_name) => self.list.gone(&full_name),
            _ => {}
        }
    }

    fn look_at_networks(&mut self) {
        let now = Instant::now();
        let known = self.networks_at.is_some_and(|at| now - at < LOOK_AT_NETWORKS);
        if !known {
            let networks = interfaces::networks().unwrap_or_default();
            self.networks =
                networks.into_iter().map(|(ip, mask)| LocalNetwork { ip, mask }).collect();
            self.networks_at = Some(now);
        }
    }
}

fn service(found: &ResolvedService) -> Service<'_> {
    let addresses = found.addresses.iter().map(|address| {
        let scope = match address {
            mdns_sd::ScopedIp::V6(address) => Some(address.scope_id().index),
            _ => None,
        };
        (address.to_ip_addr(), scope)
    });
    let strings = found.txt_properties.iter().map(|string| (string.key(), string.val()));
    Service {
        full_name: &found.fullname,
        port: found.port,
        addresses: addresses.collect(),
        strings: strings.collect(),
    }
}
