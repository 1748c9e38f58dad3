//! Two conversations in one process, over channels in memory that can be cut.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use visavis_conversation::{
    Command, Conversation, ConversationConfig, ConversationHandle, Transfer, TransferId,
    TransferState, View,
};
use visavis_media::units::Bitrate;
use visavis_transport::{ChannelEnds, ChannelEvent, DataEnds, DataMessage};

/// As much as there is.
pub(crate) const UNLIMITED: Bitrate = Bitrate::from_kbps(100_000_000);

/// The network's side of one channel.
pub(crate) struct Wire {
    pub(crate) from_app: mpsc::Receiver<DataMessage>,
    pub(crate) to_app: mpsc::Sender<ChannelEvent>,
}

/// The network's side of both.
pub(crate) struct Wires {
    pub(crate) text: Wire,
    pub(crate) files: Wire,
    pub(crate) rate: watch::Sender<Bitrate>,
}

/// What a peer connection gives, and its other side.
pub(crate) fn ends(rate: Bitrate) -> (Wires, DataEnds) {
    let channel = || {
        let (outgoing, from_app) = mpsc::channel(4);
        let (to_app, incoming) = mpsc::channel(16);
        (Wire { from_app, to_app }, ChannelEnds { outgoing, incoming })
    };
    let (text_wire, text) = channel();
    let (files_wire, files) = channel();
    let (rate, file_rate) = watch::channel(rate);
    (Wires { text: text_wire, files: files_wire, rate }, DataEnds { text, files, file_rate })
}

async fn pump(mut from: mpsc::Receiver<DataMessage>, to: mpsc::Sender<ChannelEvent>) {
    while let Some(message) = from.recv().await {
        if to.send(ChannelEvent::Message(message)).await.is_err() {
            return;
        }
    }
}

/// A connection between two apps, until it is dropped.
pub(crate) struct Connection {
    pumps: Vec<tokio::task::JoinHandle<()>>,
    pub(crate) rates: [watch::Sender<Bitrate>; 2],
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.pumps.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// Connects two apps.
pub(crate) async fn connect(one: &App, other: &App, rate: Bitrate) -> Connection {
    let (one_wires, one_ends) = ends(rate);
    let (other_wires, other_ends) = ends(rate);
    one.handle.attach(one_ends).expect("attached");
    other.handle.attach(other_ends).expect("attached");
    let mut pumps = Vec::new();
    for (one, other) in [(one_wires.text, other_wires.text), (one_wires.files, other_wires.files)] {
        for wire in [&one, &other] {
            wire.to_app.send(ChannelEvent::Open).await.expect("opened");
        }
        pumps.push(tokio::spawn(pump(one.from_app, other.to_app)));
        pumps.push(tokio::spawn(pump(other.from_app, one.to_app)));
    }
    Connection { pumps, rates: [one_wires.rate, other_wires.rate] }
}

/// One person's app, with folders of its own.
pub(crate) struct App {
    pub(crate) handle: ConversationHandle,
    pub(crate) view: watch::Receiver<Arc<View>>,
    pub(crate) folder: TempDir,
}

impl App {
    pub(crate) fn new(name: &str) -> Self {
        Self::with(name, tempfile::tempdir().expect("a folder"), true)
    }

    /// One whose folders are those of an earlier run.
    pub(crate) fn with(name: &str, folder: TempDir, remembers: bool) -> Self {
        let config = ConversationConfig {
            peer: "meet.example other".to_owned(),
            downloads: folder.path().join("Downloads"),
            state: remembers.then(|| folder.path().join("state")),
            our_name: name.to_owned(),
            their_name: "Other".to_owned(),
        };
        let (handle, view) = Conversation::start(config).expect("started");
        Self { handle, view, folder }
    }

    pub(crate) fn downloads(&self) -> PathBuf {
        self.folder.path().join("Downloads")
    }

    pub(crate) fn ask(&self, command: Command) {
        self.handle.command(command).expect("asked");
    }

    /// Waits until the view is like this.
    pub(crate) async fn until(&mut self, mut like: impl FnMut(&View) -> bool) -> Arc<View> {
        let view = self.view.wait_for(|view| like(view)).await.expect("a view");
        Arc::clone(&view)
    }

    /// Waits until the only transfer is like this.
    pub(crate) async fn until_transfer(
        &mut self,
        mut like: impl FnMut(&Transfer) -> bool,
    ) -> Transfer {
        let like = |view: &View| view.transfers.first().is_some_and(&mut like);
        self.until(like).await.transfers[0].clone()
    }

    /// Waits for an offer, and accepts it.
    pub(crate) async fn accept(&mut self) -> TransferId {
        let offered = |transfer: &Transfer| transfer.state == TransferState::Offered;
        let id = self.until_transfer(offered).await.id;
        self.ask(Command::Accept(id));
        id
    }

    /// Waits until the only transfer is over.
    pub(crate) async fn over(&mut self) -> TransferState {
        self.until_transfer(|transfer| transfer.state.is_over()).await.state
    }

    /// The program ends as by a kill: nothing is finished.
    pub(crate) async fn end(self) -> TempDir {
        self.handle.closed().await;
        self.folder
    }
}

/// All files below a folder, by their paths, with what is in them.
pub(crate) fn tree(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(one) = folders.pop() {
        for item in std::fs::read_dir(&one).into_iter().flatten() {
            let path = item.expect("an item").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let inside = path.strip_prefix(folder).expect("inside").display().to_string();
                files.push((inside, std::fs::read(&path).expect("read")));
            }
        }
    }
    files.sort();
    files
}

/// Bytes that are nowhere alike.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_be_bytes());
    hasher.finalize_xof().fill(&mut bytes);
    bytes
}
