//! The queues between a peer connection and who speaks over its data channels.
//!
//! There are two channels, reliable and ordered (RFC 8831): one for text and one for files. What
//! always holds: every queue is bounded, and none drops anything: who sends waits while the network
//! takes no more, and what is not taken here holds the other up (the receiver window of SCTP).
//! [`channels`] says which of the library's channels is which of these, [`channel`] serves one.

mod channel;
mod channels;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use visavis_media::units::Bitrate;

pub(crate) use channel::MAX_OUTSTANDING;
pub(crate) use channels::{DataChannels, Inlet};

/// What one side hands to a channel at once: 64 KiB is the most that any peer takes (RFC 8841
/// §6.1).
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// Messages that wait to be sent, of each channel.
const OUTGOING: usize = 4;
/// Messages that wait to be taken, of each channel.
const INCOMING: usize = 16;
/// What files may use until the network path is known.
const FIRST_FILE_RATE: Bitrate = Bitrate::from_kbps(100);

/// One message of a data channel.
#[derive(Clone, PartialEq, Eq)]
pub enum DataMessage {
    /// UTF-8.
    Text(String),
    /// Bytes.
    Binary(Bytes),
}

/// What happens on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelEvent {
    /// It is open in both directions.
    Open,
    /// A message has come.
    Message(DataMessage),
    /// It is closed for good.
    Closed,
    /// The other has agreed to no data channels; they may in a later negotiation.
    NotAgreed,
}

/// Who opens both channels: whose offer brought their section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opener {
    Us,
    Them,
}

/// One end of a channel.
#[derive(Debug)]
pub struct ChannelEnds {
    /// What is to be sent. Before [`ChannelEvent::Open`] it waits.
    pub outgoing: mpsc::Sender<DataMessage>,
    /// What happens.
    pub incoming: mpsc::Receiver<ChannelEvent>,
}

/// Where the data channels of one peer connection come from and go to.
#[derive(Debug)]
pub struct DataEnds {
    /// Text.
    pub text: ChannelEnds,
    /// Files.
    pub files: ChannelEnds,
    /// How much files may use now without harm to the call. Whoever sends them keeps to it.
    pub file_rate: watch::Receiver<Bitrate>,
}

/// The peer connection's side of a channel.
#[derive(Debug)]
pub(crate) struct ChannelPort {
    pub(crate) outgoing: mpsc::Receiver<DataMessage>,
    pub(crate) incoming: mpsc::Sender<ChannelEvent>,
}

/// The peer connection's side of [`DataEnds`].
#[derive(Debug)]
pub struct DataPorts {
    pub(crate) text: ChannelPort,
    pub(crate) files: ChannelPort,
    pub(crate) file_rate: watch::Sender<Bitrate>,
}

impl DataPorts {
    /// Both sides.
    #[must_use]
    pub fn pair() -> (Self, DataEnds) {
        let channel = || {
            let (outgoing, to_send) = mpsc::channel(OUTGOING);
            let (events, incoming) = mpsc::channel(INCOMING);
            let port = ChannelPort { outgoing: to_send, incoming: events };
            (port, ChannelEnds { outgoing, incoming })
        };
        let (text_port, text) = channel();
        let (files_port, files) = channel();
        let (rate_in, file_rate) = watch::channel(FIRST_FILE_RATE);
        let ports = Self { text: text_port, files: files_port, file_rate: rate_in };
        (ports, DataEnds { text, files, file_rate })
    }
}

impl DataMessage {
    /// How many bytes it has.
    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

impl std::fmt::Debug for DataMessage {
    /// Only how long it is: what people say never reaches a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Binary(bytes) => write!(f, "Binary({} bytes)", bytes.len()),
        }
    }
}
