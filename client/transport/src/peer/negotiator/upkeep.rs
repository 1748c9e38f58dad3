//! Whether the connection stands, and what is done about the network path while it does.
//!
//! In, ten times a second: what the path layer has received, and now and then this machine's
//! addresses. Out: `PathDegraded`, `PathRecovered`, new sockets in place of those whose address is
//! gone, new allocations at relays; and what each end says of its microphone and camera.

use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use webrtc::media_stream::track_local::TrackLocal;

use super::Negotiator;
use super::event::Input;
use crate::PeerEvent;
use crate::clock;
use crate::path::interfaces;
use crate::path::path_watch::{Degradation, Observation, PathChange};

/// When nothing has come for this long, although ICE is connected, media does not flow.
const MEDIA_SILENCE: Duration = Duration::from_secs(3);
/// How often the addresses of this machine are looked up: not every system notifies of a change.
const LOOK_UP_ADDRESSES: Duration = Duration::from_secs(1);

impl Negotiator {
    /// The connection is encrypted, for the first time or still.
    pub(super) fn secured(&self) {
        if self.socket_layer.secured() {
            let (rtt, lossy) = (self.socket_layer.round_trip(), self.socket_layer.has_seen_loss());
            self.media_path.state().set_up(rtt, lossy, clock::now());
        }
    }

    /// Tells the other of our microphone and camera, ahead of the next sender report.
    pub(super) async fn send_status(&self) {
        let status = *self.media_path.statuses.ours.borrow();
        let track = self.connection.audio.as_ref().or(self.connection.video.as_ref());
        let connected = self.out.permission.borrow().connected;
        if let (Some(status), Some(track), true) = (status, track, connected) {
            let packet = Box::new(status.packet(track.ssrc));
            if track.track.write_rtcp(vec![packet]).await.is_err() {
                tracing::trace!("the next sender report says how microphone and camera are");
            }
        }
    }

    /// Passes on what the other says of theirs.
    pub(super) fn pass_status(&self) {
        // Only what is new: another connection of the call may have heard of a change before.
        let Some(theirs) = self.media_path.state().their_status.take() else { return };
        self.media_path
            .statuses
            .theirs
            .send_if_modified(|told| told.replace(theirs) != Some(theirs));
    }

    pub(super) async fn look_after_path(&mut self) {
        if !self.negotiation.is_running() {
            return;
        }
        let now = clock::now();
        self.watch_for_silence(now).await;
        // In this order: a socket whose address is gone is known by another after the look-up.
        let liveness = self.socket_layer.liveness();
        let addresses = self.look_up_addresses(now).await;
        let relay_broke = self.socket_layer.relay_broke();
        if relay_broke {
            self.handle(Input::AllocationsLost).await;
        }
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let news = self.path.observe(Observation {
            now,
            wall,
            liveness,
            addresses: addresses.as_deref(),
            relay_broke,
        });
        match news {
            Some(PathChange::Degraded(why)) => {
                tracing::debug!(?why, "the network path is degraded");
                if why == Degradation::Slept {
                    self.addresses_looked_up = None;
                }
                self.emit(PeerEvent::PathDegraded).await;
            }
            Some(PathChange::Recovered) => {
                self.handle(Input::PathWorks).await;
                // Video frames were lost, so a key frame is what the other can begin with soonest.
                self.out.permission.send_modify(|permission| permission.connections += 1);
                self.emit(PeerEvent::PathRecovered).await;
            }
            None => {}
        }
    }

    /// The addresses of this machine, now and then. Sockets whose address is gone get another.
    async fn look_up_addresses(&mut self, now: Instant) -> Option<Vec<IpAddr>> {
        if self
            .addresses_looked_up
            .is_some_and(|at| now.saturating_duration_since(at) < LOOK_UP_ADDRESSES)
        {
            return None;
        }
        self.addresses_looked_up = Some(now);
        let addresses = interfaces::addresses()?;
        if self.socket_layer.readdress(&addresses) {
            self.handle(Input::AllocationsLost).await;
        }
        Some(addresses)
    }

    /// ICE can be connected while no media comes.
    async fn watch_for_silence(&mut self, now: Instant) {
        if !self.negotiation.has_pair() {
            return;
        }
        // Without any media so far there is nothing to miss.
        let Some(last) = self.media_path.state().last_received else { return };
        // Whoever holds the call sends nothing.
        let silent = self.exchange.expects_media() && now.duration_since(last) >= MEDIA_SILENCE;
        self.handle(Input::MediaSilent(silent)).await;
    }
}
