//! Runs one peer connection as a task: what it is told goes in, what it reports comes out under its
//! [`PeerId`].
//!
//! Dropping the [`RunningPeer`]'s command sender (which [`RunningPeer::close`] does) closes the
//! connection at once, also while it is still being set up; its last figures come back when it is
//! gone.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use crate::call::event::PeerId;
use crate::session::driver::Consent;
use crate::transport::{MediaPorts, Peer, PeerCommand, PeerConfig, PeerEvent, PeerStats};

/// Commands that wait; a burst of candidates is the most that ever comes at once.
const COMMAND_QUEUE: usize = 256;
/// Reports that wait.
const EVENT_QUEUE: usize = 64;
/// How often the figures are renewed while the connection runs.
const STATS_EVERY: Duration = Duration::from_secs(1);

/// A peer connection that runs.
pub(super) struct RunningPeer {
    commands: mpsc::Sender<PeerCommand>,
    stats: watch::Receiver<PeerStats>,
    last_stats: oneshot::Receiver<PeerStats>,
}

/// Something that a peer connection reports.
pub(super) type TaggedEvent = (PeerId, PeerEvent);

impl RunningPeer {
    /// Sets one up by the person's consent; whether that works is reported as an event.
    pub(super) fn spawn(
        id: PeerId,
        consent: Arc<Consent>,
        config: PeerConfig,
        ports: MediaPorts,
        events: mpsc::Sender<TaggedEvent>,
    ) -> Self {
        let (commands, command_queue) = mpsc::channel(COMMAND_QUEUE);
        let (stats_out, stats) = watch::channel(PeerStats::default());
        let (last_stats_out, last_stats) = oneshot::channel();
        tokio::spawn(async move {
            let last = run(id, &consent, config, ports, command_queue, &events, &stats_out).await;
            // Nobody waits for the figures of a connection that was abandoned for another.
            let _ = last_stats_out.send(last);
        });
        Self { commands, stats, last_stats }
    }

    /// A way to tell it something from elsewhere (the decoder asks for key frames through it).
    pub(super) fn downgraded_commands(&self) -> mpsc::WeakSender<PeerCommand> {
        self.commands.downgrade()
    }

    /// Tells it something. A queue that is full belongs to a connection that hangs, which the
    /// deadlines end.
    pub(super) fn command(&self, command: PeerCommand) {
        if self.commands.try_send(command).is_err() {
            tracing::warn!("a peer connection does not take commands");
        }
    }

    /// Its figures when there are new ones.
    pub(super) async fn new_stats(&mut self) -> PeerStats {
        match self.stats.changed().await {
            Ok(()) => self.stats.borrow_and_update().clone(),
            // It is gone, which is told as an event.
            Err(_) => std::future::pending().await,
        }
    }

    /// Closes it; the figures arrive when that is done.
    pub(super) fn close(self) -> oneshot::Receiver<PeerStats> {
        self.last_stats
    }
}

async fn run(
    id: PeerId,
    consent: &Consent,
    config: PeerConfig,
    ports: MediaPorts,
    mut commands: mpsc::Receiver<PeerCommand>,
    events: &mpsc::Sender<TaggedEvent>,
    stats: &watch::Sender<PeerStats>,
) -> PeerStats {
    let (event_in, mut event_queue) = mpsc::channel(EVENT_QUEUE);
    let mut early = Vec::new();
    let opening = Peer::open(consent.to_the_network(), config, ports, event_in);
    tokio::pin!(opening);
    let peer = loop {
        tokio::select! {
            opened = &mut opening => match opened {
                Ok(peer) => break peer,
                Err(error) => {
                    let _ = events.send((id, PeerEvent::Failed(error.to_string()))).await;
                    return PeerStats::default();
                }
            },
            command = commands.recv() => match command {
                Some(command) => early.push(command),
                None => return PeerStats::default(),
            },
        }
    };
    let mut waiting = early.into_iter();
    let mut refused = waiting.find_map(|command| peer.command(command).err());
    let mut tick = tokio::time::interval(STATS_EVERY);
    loop {
        if let Some(error) = refused.take()
            && events.send((id, PeerEvent::Failed(error.to_string()))).await.is_err()
        {
            break;
        }
        tokio::select! {
            command = commands.recv() => match command {
                Some(command) => refused = peer.command(command).err(),
                None => break,
            },
            Some(event) = event_queue.recv() => {
                if events.send((id, event)).await.is_err() {
                    break;
                }
            }
            _ = tick.tick() => {
                stats.send_replace(peer.stats().await);
            }
        }
    }
    let last = peer.stats().await;
    peer.close();
    peer.closed().await;
    last
}
