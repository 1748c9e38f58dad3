//! The channels of the peer connection that there is now.

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::watch;
use visavis_media::units::Bitrate;
use visavis_transport::{ChannelEnds, ChannelEvent, DataEnds, DataMessage};

/// One channel, or none.
#[derive(Debug, Default)]
pub(super) struct Channel {
    ends: Option<ChannelEnds>,
    /// Something waits for room.
    full: bool,
}

impl Channel {
    pub(super) fn new(ends: ChannelEnds) -> Self {
        Self { ends: Some(ends), full: false }
    }

    /// Gives the channel what there is, as long as it has room.
    pub(super) fn fill(&mut self, mut next: impl FnMut() -> Option<DataMessage>) {
        self.full = false;
        let Some(ends) = &self.ends else { return };
        loop {
            match ends.outgoing.try_reserve() {
                Ok(room) => match next() {
                    Some(message) => room.send(message),
                    None => return,
                },
                Err(TrySendError::Full(())) => {
                    self.full = true;
                    return;
                }
                // What comes from the channel says the same.
                Err(TrySendError::Closed(())) => return,
            }
        }
    }

    /// The next thing that happens, where anything is taken: `Some(None)` when the channel is
    /// gone. `None` when there is room for what waits for it.
    pub(super) async fn next_or_room(&mut self, takes: bool) -> Option<Option<ChannelEvent>> {
        let Some(ChannelEnds { outgoing, incoming }) = &mut self.ends else {
            return std::future::pending().await;
        };
        tokio::select! {
            event = incoming.recv(), if takes => Some(event),
            // Whoever has dropped the other end is seen by what comes from it.
            Ok(_) = outgoing.reserve(), if self.full => None,
            else => std::future::pending().await,
        }
    }

    /// What has happened already.
    pub(super) fn at_once(&mut self) -> Option<ChannelEvent> {
        self.ends.as_mut()?.incoming.try_recv().ok()
    }

    /// Whether something waits for room.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    pub(super) fn drop_ends(&mut self) {
        *self = Self::default();
    }
}

/// Both channels, and how much files may use.
#[derive(Debug, Default)]
pub(super) struct Ends {
    pub(super) text: Channel,
    pub(super) files: Channel,
    rate: Option<watch::Receiver<Bitrate>>,
}

impl Ends {
    pub(super) fn new(ends: DataEnds) -> Self {
        let DataEnds { text, files, file_rate } = ends;
        Self { text: Channel::new(text), files: Channel::new(files), rate: Some(file_rate) }
    }

    /// How much files may use now; nothing without a connection.
    pub(super) fn rate(&self) -> Bitrate {
        self.rate.as_ref().map_or(Bitrate::from_bps(0), |rate| *rate.borrow())
    }
}

/// Waits until files may use more or less.
pub(super) async fn rate_changed(rate: &mut Option<watch::Receiver<Bitrate>>) {
    let ended = match rate {
        Some(rate) => rate.changed().await.is_err(),
        None => true,
    };
    if ended {
        std::future::pending::<()>().await;
    }
}

impl Ends {
    /// The parts, to wait for all at once.
    pub(super) fn parts(
        &mut self,
    ) -> (&mut Channel, &mut Channel, &mut Option<watch::Receiver<Bitrate>>) {
        (&mut self.text, &mut self.files, &mut self.rate)
    }
}
