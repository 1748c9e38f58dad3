//! Data channels at the sockets: whether they are used, and at what pace what they send leaves.
//!
//! In: the rate that files may have, and datagrams of the library's. Out: those that wait, when it
//! is their time. [`data_pacer`](super::data_pacer) decides.

use std::net::UdpSocket;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use socket2::SockRef;
use tokio::sync::Notify;
use tokio::time::sleep_until;
use visavis_media::units::Bitrate;

use super::SocketLayer;
use super::data_limit::is_application_data;
use super::data_pacer::{DataPacer, Pace};
use super::data_probe::DataProbe;
use super::layered_socket::Route;
use super::packet::carried;
use crate::clock;
use crate::path::lock;

/// What leaves may be so much faster than what files are told: text and what SCTP repeats leave
/// besides.
const BESIDES: f64 = 1.15;

/// What is kept of what comes until it is read, in bytes; the system may allow less.
const RECEIVE_BUFFER: usize = 2 * 1024 * 1024;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct DataPacing {
    /// `None` where no data channels are used.
    pacer: Mutex<Option<DataPacer<Route>>>,
    probe: Mutex<DataProbe<Route>>,
    /// Something waits, or the rate has changed.
    changed: Notify,
}

impl SocketLayer {
    /// Data channels are used from now on, and files have this rate.
    pub(crate) fn use_data(&self, rate: Bitrate) {
        lock(&self.bounds).data.is_used(true);
        *lock(&self.data.pacer) = Some(DataPacer::new(rate.scaled(BESIDES)));
    }

    /// Has the system keep more of what comes by a socket until it is read, where data channels are
    /// used: a second of their bursts comes to more than is usual.
    pub(super) fn make_room(&self, socket: &UdpSocket) {
        if lock(&self.data.pacer).is_some()
            && let Err(error) = SockRef::from(socket).set_recv_buffer_size(RECEIVE_BUFFER)
        {
            tracing::debug!("a socket keeps its usual buffer: {error}");
        }
    }

    /// Hardly anything of data channels reaches the library from now on.
    pub(crate) fn distrust_data(&self) {
        lock(&self.bounds).data.is_used(false);
    }

    /// Sets the rate of files. Returns how many bytes of data channels have left so far.
    pub(crate) fn pace_data(&self, rate: Bitrate) -> u64 {
        let left = {
            let mut pacer = lock(&self.data.pacer);
            let Some(pacer) = pacer.as_mut() else { return 0 };
            pacer.set_rate(rate.scaled(BESIDES));
            pacer.left
        };
        self.data.changed.notify_one();
        left
    }

    /// How much longer ICE's checks take than at their quickest: what the queues add; `None` before
    /// the first was answered.
    pub(crate) fn queued(&self) -> Option<Duration> {
        lock(&self.state).round_trip.queued()
    }

    /// Whether what the library sends has to wait, or is lost.
    pub(super) fn holds_back(
        &self,
        datagram: &[u8],
        route: impl FnOnce() -> Route,
        now: Instant,
    ) -> bool {
        let mut pacer = lock(&self.data.pacer);
        let Some(pacer) = pacer.as_mut() else { return false };
        if !carried(datagram).is_some_and(is_application_data) {
            return false;
        }
        let route = route();
        let pace = pacer.offer(datagram, || route.clone(), now);
        match pace {
            Pace::Now => self.probe_after(route, datagram, now),
            Pace::Later => self.data.changed.notify_one(),
            Pace::Lost => {}
        }
        pace != Pace::Now
    }

    /// Notes a datagram of data channels that leaves.
    fn probe_after(&self, route: Route, datagram: &[u8], now: Instant) {
        let mut probe = lock(&self.data.probe);
        let is_first = probe.next_deadline().is_none();
        probe.left(route, datagram, now);
        if is_first {
            self.data.changed.notify_one();
        }
    }

    /// Notes a datagram that has come, where it is of data channels.
    pub(super) fn note_data(&self, datagram: &[u8]) {
        if carried(datagram).is_some_and(is_application_data) {
            lock(&self.data.probe).came();
        }
    }

    /// When something is to be sent that the library does not send now.
    fn data_due(&self) -> Option<Instant> {
        let paced = lock(&self.data.pacer).as_ref().and_then(DataPacer::next_deadline);
        paced.into_iter().chain(lock(&self.data.probe).next_deadline()).min()
    }

    /// Sends what waits, for as long as it runs.
    pub(crate) async fn send_data(self: Arc<Self>) {
        loop {
            let due = self.data_due();
            let until = async {
                match due {
                    Some(due) => sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.data.changed.notified() => continue,
                () = until => {}
            }
            loop {
                let next = lock(&self.data.pacer).as_mut().and_then(|one| one.poll(clock::now()));
                let Some((route, datagram)) = next else { break };
                self.probe_after(route.clone(), &datagram, clock::now());
                route.send(&datagram).await;
            }
            let again = lock(&self.data.probe).poll(clock::now());
            for (route, datagram) in again {
                route.send(&datagram).await;
            }
        }
    }
}
