//! A peer connection from outside: commands in, events and statistics out, media through its ports.
//!
//! [`Peer`] is a handle. Behind it stand a negotiating, a sending and a receiving task, one that
//! repeats lost DTLS flights, and the library's driver. A [`supervisor`] opens them, owns them and
//! watches them: when the peer is closed or dropped they all end at once, whatever the network
//! does, and when one of them panics (the library on something hostile, say) that is a
//! [`PeerEvent::Failed`] and the end of them all, not the program's end or that of one direction.
//! With a peer that does not bundle there are two of them, which [`transports`] makes one of.

pub(crate) mod api;
pub(crate) mod certificate_check;
pub(crate) mod connection;
mod ice_servers;
mod identity;
pub(crate) mod interceptors;
mod local_candidates;
mod negotiator;
mod place;
pub(crate) mod ports;
mod remote_candidates;
mod runtime;
pub(crate) mod sdp;
mod statistics;
mod supervisor;
mod transports;
pub(crate) mod video_agreement;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::consent::Consent;
use super::{
    MediaPorts, MediaStatus, PeerCommand, PeerConfig, PeerEvent, PeerStats, TransportError,
};
use crate::feedback::media_path::Statuses;
use crate::path::resolver::Resolver;
use crate::peer::connection::has_relay;
use crate::peer::transports::Transports;

/// The most commands that wait; a burst of candidates is the most that ever comes at once.
const COMMAND_QUEUE: usize = 256;
/// How long the name of a relay is waited for when nothing but relays may be used.
const RELAY_NAME_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the library may take to close before it is dropped.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(80);

/// A peer connection. Dropping it closes it.
#[derive(Debug)]
pub struct Peer {
    commands: mpsc::Sender<PeerCommand>,
    closing: watch::Sender<bool>,
    statistics: watch::Receiver<PeerStats>,
    statuses: Arc<Statuses>,
}

impl Peer {
    /// Begins to open a peer connection, for a call that the person has consented to, and returns
    /// at once. Commands that come while it opens wait; nothing leaves for the network before the
    /// first. That it could not be opened (no socket can be bound, say) is a
    /// [`PeerEvent::Failed`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn open(
        _consent: &Consent,
        config: PeerConfig,
        ports: MediaPorts,
        events: mpsc::Sender<PeerEvent>,
    ) -> Self {
        let (commands, command_queue) = mpsc::channel(COMMAND_QUEUE);
        let (closing, mut close_wanted) = watch::channel(false);
        let (renewed, statistics) = watch::channel(PeerStats::default());
        let statuses = Arc::clone(&ports.statuses);
        tokio::spawn(async move {
            let opened = tokio::select! {
                biased;
                _ = close_wanted.wait_for(|close| *close) => return,
                opened = Transports::open(config, ports, events.clone()) => opened,
            };
            match opened {
                Ok(mut transports) => {
                    let failure = tokio::select! {
                        biased;
                        _ = close_wanted.wait_for(|close| *close) => None,
                        failure = transports.run(command_queue, &renewed) => failure,
                    };
                    transports.close(failure, &events, &renewed).await;
                }
                Err(error) => fail(&events, error.to_string()).await,
            }
        });
        Self { commands, closing, statistics, statuses }
    }

    /// Gives a command. They are carried out in order.
    ///
    /// # Errors
    /// When the peer is closed, or more commands wait than any call has.
    pub fn command(&self, command: PeerCommand) -> Result<(), TransportError> {
        self.commands.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => TransportError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => TransportError::Closed,
        })
    }

    /// Gives commands from elsewhere (the decoder requests key frames), as long as this handle is
    /// there.
    #[must_use]
    pub fn weak_commands(&self) -> mpsc::WeakSender<PeerCommand> {
        self.commands.downgrade()
    }

    /// Tells the other whether they can hear and see us, from now on and until it changes.
    pub fn set_media_status(&self, ours: MediaStatus) {
        self.statuses.ours.send_if_modified(|told| told.replace(ours) != Some(ours));
    }

    /// What the other says of their microphone and camera; `None` as long as they say nothing, as
    /// browsers and older apps don't. It changes ten times a second at most.
    #[must_use]
    pub fn their_media_status(&self) -> watch::Receiver<Option<MediaStatus>> {
        self.statuses.theirs.subscribe()
    }

    /// Its statistics, renewed every second and once more when it closes. They end when everything
    /// has ended and the sockets are given back.
    #[must_use]
    pub fn statistics(&self) -> watch::Receiver<PeerStats> {
        self.statistics.clone()
    }

    /// Closes: from now on nothing is sent or delivered. Does not wait; see [`Self::closed`].
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Waits until everything has ended and the sockets are given back. Returns the last
    /// statistics.
    pub async fn closed(&self) -> PeerStats {
        let mut statistics = self.statistics();
        while statistics.changed().await.is_ok() {}
        statistics.borrow().clone()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.close();
    }
}

/// Reports that the connection is over. Whoever reads no events has no use for this one either.
async fn fail(events: &mpsc::Sender<PeerEvent>, why: String) {
    let _ = events.send_timeout(PeerEvent::Failed(why), CLOSE_TIMEOUT).await;
}

/// Waits until the name of a relay is known.
async fn wait_for_relay(config: &PeerConfig, resolver: &Resolver) -> Result<(), TransportError> {
    let mut changed = resolver.changed();
    let known = changed.wait_for(|_| has_relay(config, resolver));
    match timeout(RELAY_NAME_TIMEOUT, known).await {
        Ok(Ok(_)) => Ok(()),
        _ => Err(TransportError::NoRelay),
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Instant;

    use bytes::Bytes;
    use visavis_media::frame::EncodedVideo;
    use visavis_media::h264_profile::H264Profile;
    use visavis_media::units::Bitrate;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn config() -> PeerConfig {
        PeerConfig {
            ice_servers: Vec::new(),
            relay_only: false,
            relay_roots: Vec::new(),
            bind: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            max_bitrate: Bitrate::from_kbps(2500),
            send_video: true,
            send_audio: true,
            network: None,
        }
    }

    /// Panics in the task that drops it.
    struct Bomb;

    impl AsRef<[u8]> for Bomb {
        fn as_ref(&self) -> &[u8] {
            &[]
        }
    }

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("on purpose")
        }
    }

    #[tokio::test]
    async fn a_panic_in_the_sending_task_fails_the_connection_and_closes_both_directions() {
        let (ports, ends) = MediaPorts::pair(1);
        let (events_in, mut events) = mpsc::channel(8);
        let peer = Peer::open(&Consent::of_the_person(), config(), ports, events_in);
        let video = EncodedVideo {
            data: Bytes::from_owner(Bomb),
            key: true,
            profile: H264Profile::default(),
            captured_at: Instant::now(),
        };
        ends.video_out.send(video).await.expect("the sending task runs");
        let event = timeout(PATIENCE, events.recv()).await.expect("it is reported");
        assert!(matches!(event, Some(PeerEvent::Failed(_))), "{event:?}");
        timeout(PATIENCE, peer.closed()).await.expect("everything ends");
        assert!(ends.video_out.is_closed() && ends.audio_out.is_closed());
        assert!(ends.video_in.recv().is_err() && ends.audio_in.recv().is_err());
        assert!(matches!(peer.command(PeerCommand::RequestKeyFrame), Err(TransportError::Closed)));
    }

    #[tokio::test]
    async fn commands_that_come_while_it_opens_are_carried_out_in_order_when_it_is_open() {
        let (ports, _ends) = MediaPorts::pair(1);
        let (events_in, mut events) = mpsc::channel(8);
        let peer = Peer::open(&Consent::of_the_person(), config(), ports, events_in);
        peer.command(PeerCommand::CreateOffer { ice_restart: false }).expect("it is taken");
        let event = timeout(PATIENCE, events.recv()).await.expect("it is answered");
        assert!(matches!(event, Some(PeerEvent::LocalDescription(_))), "{event:?}");
        // The statistics are there before anybody waited for them.
        timeout(PATIENCE, peer.statistics().changed()).await.expect("in time").expect("statistics");
        peer.close();
        timeout(PATIENCE, peer.closed()).await.expect("everything ends");
    }
}
