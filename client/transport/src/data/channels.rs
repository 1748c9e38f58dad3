//! Which of the library's data channels is the text's and which the files'.
//!
//! Who brings the section of data channels into the call by an offer opens both in-band (DCEP, RFC
//! 8832), each by its label; the other takes the first of each label. In: what was agreed, and
//! channels of ours and theirs. Out: each [`Channel`] learns of its own. What always holds: a
//! channel that is none of the two is closed; who opens more than [`MAX_FOREIGN`] such is not
//! listened to any more (ADR 39), and the call goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{mpsc, watch};
use webrtc::data_channel::DataChannel;
use webrtc::peer_connection::PeerConnection;

use super::channel::{Change, Channel, Pace};
use super::{DataPorts, Opener};
use crate::path::socket::SocketLayer;

/// What the channels are called, those of text and files.
const LABELS: [&str; 2] = ["visavis-text", "visavis-files"];
/// The most channels that a peer may open besides.
const MAX_FOREIGN: usize = 16;
/// What waits to be looked at: no more channels come before the first is looked at (ADR 39).
const INPUTS: usize = 8192;

/// Something that concerns data channels.
enum Input {
    /// We have opened both, for the case that they are agreed.
    Ours([Arc<dyn DataChannel>; 2]),
    /// The other has opened one.
    Theirs(Arc<dyn DataChannel>),
    /// A negotiation is over: who opens, where channels are agreed, and whether there is a
    /// connection.
    Agreed(Option<Opener>, bool),
}

/// Where the negotiating task and the library say what concerns data channels.
#[derive(Clone)]
pub(crate) struct Inlet {
    inputs: mpsc::Sender<Input>,
    /// How many channels the other has opened.
    opened: Arc<AtomicUsize>,
    /// Whether the other is listened to.
    trust: watch::Sender<bool>,
    socket_layer: Arc<SocketLayer>,
}

impl Inlet {
    /// Opens our channels, which makes the library's next offer have a section for them.
    pub(crate) async fn open(&self, pc: &dyn PeerConnection) {
        let (text, files) = (
            pc.create_data_channel(LABELS[0], None).await,
            pc.create_data_channel(LABELS[1], None).await,
        );
        match (text, files) {
            (Ok(text), Ok(files)) => {
                let _ = self.inputs.send(Input::Ours([text, files])).await;
            }
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!("no data channel could be opened: {error}");
            }
        }
    }

    /// A negotiation is over. `by` is who opens them, where data channels are agreed.
    pub(crate) async fn agreed(&self, by: Option<Opener>, is_connected: bool) {
        let _ = self.inputs.send(Input::Agreed(by, is_connected)).await;
    }

    /// The other has opened a channel. Never waits: it is called in the library's driver.
    pub(crate) fn opened(&self, channel: Arc<dyn DataChannel>) {
        let opened = self.opened.fetch_add(1, Ordering::Relaxed);
        if opened >= MAX_FOREIGN + LABELS.len() && self.trust.send_replace(false) {
            tracing::warn!("the other opens data channels without end and gets none any more");
            self.socket_layer.distrust_data();
        }
        let _ = self.inputs.try_send(Input::Theirs(channel));
    }
}

/// The data channels of a connection; [`Self::run`] is their task.
pub(crate) struct DataChannels {
    inputs: mpsc::Receiver<Input>,
    router: Router,
    channels: [Channel; 2],
}

struct Router {
    changes: [mpsc::Sender<Change>; 2],
    opener: Option<Opener>,
    /// Ours, until it is known who opens.
    ours: Option<[Arc<dyn DataChannel>; 2]>,
    taken: [bool; 2],
}

impl DataChannels {
    /// The channels behind these ports, and where to say what concerns them.
    pub(crate) fn new(ports: DataPorts, socket_layer: Arc<SocketLayer>) -> (Inlet, Self) {
        socket_layer.use_data(*ports.file_rate.borrow());
        let (sender, inputs) = mpsc::channel(INPUTS);
        let trust = watch::Sender::new(true);
        let inlet = Inlet { inputs: sender, opened: Arc::default(), trust, socket_layer };
        let pace = Pace { rate: ports.file_rate, socket_layer: Arc::clone(&inlet.socket_layer) };
        let ((text_changes, text), (files_changes, files)) = (
            Channel::new(ports.text, None, inlet.trust.subscribe()),
            Channel::new(ports.files, Some(pace), inlet.trust.subscribe()),
        );
        let router = Router {
            changes: [text_changes, files_changes],
            opener: None,
            ours: None,
            taken: [false; 2],
        };
        (inlet, Self { inputs, router, channels: [text, files] })
    }

    /// Runs until it is dropped.
    pub(crate) async fn run(self) {
        let Self { inputs, router, channels: [text, files] } = self;
        tokio::join!(router.run(inputs), text.run(), files.run());
    }
}

impl Router {
    async fn run(mut self, mut inputs: mpsc::Receiver<Input>) {
        while let Some(input) = inputs.recv().await {
            match input {
                Input::Ours(channels) => self.ours = Some(channels),
                Input::Theirs(channel) => self.theirs(channel).await,
                Input::Agreed(by, is_connected) => self.agreed(by, is_connected).await,
            }
        }
    }

    async fn agreed(&mut self, by: Option<Opener>, is_connected: bool) {
        self.opener = self.opener.or(by);
        match (by, self.ours.take()) {
            (Some(Opener::Us), Some(ours)) => {
                for (which, channel) in ours.into_iter().enumerate() {
                    self.take(which, channel).await;
                }
            }
            (_, ours) => {
                for channel in ours.into_iter().flatten() {
                    // It has not been in use: nobody hears of it.
                    let _ = channel.close().await;
                }
            }
        }
        for changes in &self.changes {
            let change = match by {
                Some(_) if is_connected => Change::Expected,
                Some(_) => continue,
                None => Change::NotAgreed,
            };
            let _ = changes.send(change).await;
        }
    }

    async fn take(&mut self, which: usize, channel: Arc<dyn DataChannel>) {
        self.taken[which] = true;
        let _ = self.changes[which].send(Change::Opened(channel)).await;
    }

    async fn theirs(&mut self, channel: Arc<dyn DataChannel>) {
        let label = channel.label().await.unwrap_or_default();
        let which = LABELS.iter().position(|known| *known == label);
        let is_free = |which: &usize| self.opener == Some(Opener::Them) && !self.taken[*which];
        // What may be lost or overtaken is not what was agreed.
        let is_ordered = channel.ordered().await.unwrap_or_default();
        if let Some(which) = which.filter(is_free).filter(|_| is_ordered) {
            self.take(which, channel).await;
            return;
        }
        let _ = channel.close().await;
    }
}
