//! One data channel: messages in and out, from when it opens until it is closed for good.
//!
//! In: what becomes of it ([`Change`]), messages of the owner's, the library's events. Out:
//! [`ChannelEvent`]s and messages to the library. What always holds: what the owner does not take
//! waits in the library, which closes its receive window; what the network does not take waits with
//! the owner.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use rtc::shared::error::{Error, Result as LibraryResult};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};
use visavis_media::units::Bitrate;
use webrtc::data_channel::{DataChannel, DataChannelEvent, RTCDataChannelMessage};

use super::{ChannelEvent, ChannelPort, DataMessage, MAX_MESSAGE_BYTES};
use crate::path::socket::SocketLayer;

/// The most bytes of one channel that the library has and the other has not acknowledged. What its
/// receive window takes is no more.
pub(crate) const MAX_OUTSTANDING: usize = 1024 * 1024;
/// How long the other may take to open a channel, or to say that it takes ours.
const OPENS_WITHIN: Duration = Duration::from_secs(10);
/// So much of a channel whose rate is limited may be outstanding in any case,
const LEAST_OUTSTANDING: usize = 16 * 1024;
/// and so much more than the rate gets acknowledged in a round trip: a message of another channel
/// waits no longer than this.
const AHEAD: Duration = Duration::from_millis(150);
/// The round trip that is assumed as long as it is not known.
const USUAL_ROUND_TRIP: Duration = Duration::from_millis(100);
/// How often it is looked whether there is room again, at most and at least.
const LOOK_AGAIN: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(50));
/// What becomes of a channel is told one after the other.
const CHANGES: usize = 4;

/// What becomes of a channel.
pub(super) enum Change {
    /// There is none in this call so far.
    NotAgreed,
    /// It is agreed and there is a connection, so it opens soon.
    Expected,
    /// This is it.
    Opened(Arc<dyn DataChannel>),
}

/// What a channel may use.
pub(super) struct Pace {
    pub(super) rate: watch::Sender<Bitrate>,
    pub(super) socket_layer: Arc<SocketLayer>,
}

impl Pace {
    /// Waits until a message may be handed to the library: not much more is outstanding than the
    /// rate gets through in a round trip, so that what another channel says does not stand behind.
    async fn has_room(
        &self,
        channel: &dyn DataChannel,
        message: &DataMessage,
    ) -> LibraryResult<()> {
        let length = message.len();
        loop {
            let outstanding = channel.outstanding_bytes().await?;
            let rate = *self.rate.borrow();
            let ahead = self.socket_layer.round_trip().unwrap_or(USUAL_ROUND_TRIP) + AHEAD;
            let most = usize::try_from(rate.bytes_in(ahead)).unwrap_or(MAX_OUTSTANDING);
            let most = most.clamp(LEAST_OUTSTANDING, MAX_OUTSTANDING);
            if outstanding == 0 || outstanding + length <= most {
                return Ok(());
            }
            let (soonest, latest) = LOOK_AGAIN;
            sleep((rate.time_for(length) / 2).clamp(soonest, latest)).await;
        }
    }
}

/// See the module.
pub(super) struct Channel {
    port: ChannelPort,
    changes: mpsc::Receiver<Change>,
    pace: Option<Pace>,
    /// Whether the other is listened to.
    trust: watch::Receiver<bool>,
    /// When the owner is told that nothing came of it.
    overdue: Option<Instant>,
    /// They have been told.
    is_told: bool,
}

impl Channel {
    /// The channel behind a port, and where to say what becomes of it.
    pub(super) fn new(
        port: ChannelPort,
        pace: Option<Pace>,
        trust: watch::Receiver<bool>,
    ) -> (mpsc::Sender<Change>, Self) {
        let (sender, changes) = mpsc::channel(CHANGES);
        (sender, Self { port, changes, pace, trust, overdue: None, is_told: false })
    }

    /// Runs until it is closed for good.
    pub(super) async fn run(mut self) {
        let mut trust = self.trust.clone();
        tokio::select! {
            () = self.lives() => {}
            _ = trust.wait_for(|is_trusted| !is_trusted) => {}
        }
        self.tell(ChannelEvent::Closed).await;
    }

    async fn lives(&mut self) {
        let Some(channel) = self.comes().await else { return };
        if self.opens(channel.as_ref()).await {
            self.serve(channel.as_ref()).await;
        }
        // Whatever ended it: where it is closed already, this says so and no more.
        let _ = channel.close().await;
    }

    /// Whoever reads no events has no use for this one either.
    async fn tell(&self, event: ChannelEvent) {
        let _ = self.port.incoming.send(event).await;
    }

    /// Waits for the channel.
    async fn comes(&mut self) -> Option<Arc<dyn DataChannel>> {
        loop {
            tokio::select! {
                change = self.changes.recv() => match change? {
                    Change::Opened(channel) => return Some(channel),
                    other => self.note(other).await,
                },
                () = at(self.overdue) => self.give_up().await,
            }
        }
    }

    /// Waits until it is open. Whether it is.
    async fn opens(&mut self, channel: &dyn DataChannel) -> bool {
        loop {
            tokio::select! {
                event = channel.poll() => match event {
                    Some(DataChannelEvent::OnOpen) => {
                        self.tell(ChannelEvent::Open).await;
                        return true;
                    }
                    Some(DataChannelEvent::OnClose) | None => return false,
                    Some(_) => {}
                },
                Some(change) = self.changes.recv() => self.note(change).await,
                () = at(self.overdue) => self.give_up().await,
            }
        }
    }

    async fn note(&mut self, change: Change) {
        match change {
            Change::Expected => {
                self.overdue.get_or_insert_with(|| Instant::now() + OPENS_WITHIN);
            }
            Change::NotAgreed => self.give_up().await,
            // There is one already.
            Change::Opened(_) => {}
        }
    }

    async fn give_up(&mut self) {
        self.overdue = None;
        if !std::mem::replace(&mut self.is_told, true) {
            self.tell(ChannelEvent::NotAgreed).await;
        }
    }

    async fn serve(&mut self, channel: &dyn DataChannel) {
        let Self { port: ChannelPort { outgoing, incoming }, changes, pace, .. } = self;
        let nothing_more = async { while changes.recv().await.is_some() {} };
        tokio::select! {
            () = receive(channel, incoming) => {}
            () = send(channel, outgoing, pace.as_ref()) => {}
            // The connection is at its end.
            () = nothing_more => {}
        }
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Passes messages on to the owner, until the channel is closed or the owner gone.
async fn receive(channel: &dyn DataChannel, incoming: &mpsc::Sender<ChannelEvent>) {
    while let Some(event) = channel.poll().await {
        match event {
            DataChannelEvent::OnMessage(message) => {
                let Some(message) = read(message) else {
                    tracing::debug!("a message that can't be read or is too long was left out");
                    continue;
                };
                if incoming.send(ChannelEvent::Message(message)).await.is_err() {
                    return;
                }
            }
            DataChannelEvent::OnClose => return,
            _ => {}
        }
    }
}

/// A message of the library's: text is UTF-8 (RFC 8831 §6.6).
fn read(message: RTCDataChannelMessage) -> Option<DataMessage> {
    if message.data.len() > MAX_MESSAGE_BYTES {
        return None;
    }
    if message.is_string {
        String::from_utf8(message.data.to_vec()).ok().map(DataMessage::Text)
    } else {
        Some(DataMessage::Binary(message.data.freeze()))
    }
}

/// Passes the owner's messages on to the library, until either is gone.
async fn send(
    channel: &dyn DataChannel,
    outgoing: &mut mpsc::Receiver<DataMessage>,
    pace: Option<&Pace>,
) {
    while let Some(message) = outgoing.recv().await {
        if let Some(pace) = pace
            && pace.has_room(channel, &message).await.is_err()
        {
            return;
        }
        let sent = match message {
            DataMessage::Text(text) => channel.send_text(&text).await,
            DataMessage::Binary(bytes) => channel.send(BytesMut::from(bytes)).await,
        };
        match sent {
            Ok(()) => {}
            Err(Error::ErrOutboundPacketTooLarge) => {
                tracing::debug!("a message was longer than the other takes and was left out");
            }
            Err(_) => return,
        }
    }
    // The library forgets what it has not sent when it closes a channel.
    while channel.outstanding_bytes().await.is_ok_and(|bytes| bytes > 0) {
        sleep(LOOK_AGAIN.1).await;
    }
}
