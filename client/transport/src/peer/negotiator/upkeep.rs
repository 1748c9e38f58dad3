//! Whether the connection stands, and what is done about the way while it does.

use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use webrtc::peer_connection::RTCPeerConnectionState;

use super::{Ice, Negotiator};
use crate::PeerEvent;
use crate::clock;
use crate::path::interfaces;
use crate::path::path_watch::{Degradation, Observation, PathChange};

/// When nothing has come for this long, although ICE is content, media does not flow.
const MEDIA_SILENCE: Duration = Duration::from_secs(3);
/// How often the addresses of this machine are looked up: there is no word of a change on every
/// system.
const LOOK_UP_ADDRESSES: Duration = Duration::from_secs(1);

impl Negotiator {
    pub(super) async fn state(&mut self, state: RTCPeerConnectionState) {
        match state {
            RTCPeerConnectionState::Connected => {
                let anew = self.ice != Ice::Connected || !self.told_connected;
                self.ice = Ice::Connected;
                self.restarted = false;
                self.secured();
                self.restart_ends();
                self.connected(anew).await;
            }
            RTCPeerConnectionState::Disconnected => {
                self.ice = Ice::Disconnected;
                self.disconnected().await;
            }
            RTCPeerConnectionState::Failed => {
                self.ice = Ice::Failed;
                self.restart_ends();
                self.out.permission.send_modify(|permission| permission.connected = false);
                self.told_connected = false;
                let why = "No way to the other was found that lets calls through";
                self.tell(PeerEvent::Failed(why.to_owned())).await;
            }
            _ => {}
        }
    }

    /// The connection is encrypted, for the first time or still.
    fn secured(&self) {
        if self.socket_layer.secured() {
            let (rtt, lossy) = (self.socket_layer.round_trip(), self.socket_layer.has_seen_loss());
            self.link.state().set_up(rtt, lossy, clock::now());
        }
    }

    async fn connected(&mut self, anew: bool) {
        if anew {
            self.negotiated().await;
        }
        self.out.permission.send_modify(|permission| {
            permission.connected = true;
            permission.connections += u32::from(anew);
        });
        if !std::mem::replace(&mut self.told_connected, true) {
            self.tell(PeerEvent::Connected).await;
        }
    }

    async fn disconnected(&mut self) {
        if std::mem::replace(&mut self.told_connected, false) {
            self.tell(PeerEvent::Disconnected).await;
        }
    }

    pub(super) async fn look_after_path(&mut self) {
        if !matches!(self.ice, Ice::Connected | Ice::Disconnected) {
            return;
        }
        let now = clock::now();
        self.watch_for_silence(now).await;
        // In this order: a socket whose address is gone is known by another after the look-up.
        let signs = self.socket_layer.liveness();
        let addresses = self.look_up_addresses(now);
        let relay_broke = self.socket_layer.relay_broke();
        if relay_broke {
            self.renew_relays();
        }
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let news = self.path.observe(Observation {
            now,
            wall,
            signs,
            addresses: addresses.as_deref(),
            relay_broke,
        });
        if let Some(PathChange::Degraded(suspicion)) = news {
            tracing::debug!(?suspicion, "the way to the other is suspect");
            if suspicion == Degradation::Slept {
                self.addresses_looked_up = None;
            }
        }
        match news {
            Some(PathChange::Degraded(_)) => self.tell(PeerEvent::PathDegraded).await,
            Some(PathChange::Recovered) => {
                self.restarted = false;
                // Pictures went missing, so a whole one is what the other can begin with soonest.
                self.out.permission.send_modify(|permission| permission.connections += 1);
                self.tell(PeerEvent::PathRecovered).await;
            }
            None => {}
        }
    }

    /// The addresses of this machine, now and then. Sockets whose address is gone get another.
    fn look_up_addresses(&mut self, now: Instant) -> Option<Vec<IpAddr>> {
        if self
            .addresses_looked_up
            .is_some_and(|at| now.saturating_duration_since(at) < LOOK_UP_ADDRESSES)
        {
            return None;
        }
        self.addresses_looked_up = Some(now);
        let addresses = interfaces::addresses()?;
        if self.socket_layer.readdress(&addresses) {
            self.renew_relays();
        }
        Some(addresses)
    }

    /// What was allocated at the relays is gone.
    pub(super) fn renew_relays(&mut self) {
        self.socket_layer.relays.renew();
        self.relays_renewed = true;
    }

    /// ICE can be content while nothing comes through.
    async fn watch_for_silence(&mut self, now: Instant) {
        if self.ice != Ice::Connected {
            return;
        }
        // Without any media so far there is nothing to miss.
        let Some(last) = self.link.state().last_received else { return };
        let silent = now.duration_since(last) >= MEDIA_SILENCE;
        match (silent, self.told_connected) {
            (true, true) => self.disconnected().await,
            (false, false) => self.connected(false).await,
            _ => {}
        }
    }
}
