//! A scripted peer that keeps to nothing: one clear line, and everything else goes on.

mod support;

use std::sync::Arc;

use bytes::Bytes;
use support::{App, UNLIMITED, Wires, ends, noise, tree};
use visavis_conversation::protocol::binary::BinaryMessage;
use visavis_conversation::protocol::files::{FileMessage, Offer, Why};
use visavis_conversation::protocol::ids::{FileHash, SessionId};
use visavis_conversation::protocol::text::TextMessage;
use visavis_conversation::protocol::{Hello, MAX_NUMBER};
use visavis_conversation::{
    Availability, Command, LineState, Problem, Transfer, TransferId, TransferProblem,
    TransferState, View,
};
use visavis_transport::{ChannelEvent, DataMessage};

/// The other side, message by message.
struct Peer {
    wires: Wires,
}

impl Peer {
    /// Opens both channels and says nothing.
    async fn silent(app: &App) -> Self {
        let (wires, ends) = ends(UNLIMITED);
        app.handle.attach(ends).expect("attached");
        for wire in [&wires.text, &wires.files] {
            wire.to_app.send(ChannelEvent::Open).await.expect("opened");
        }
        Self { wires }
    }

    /// Opens both channels and greets, as it should.
    async fn new(app: &App) -> Self {
        let peer = Self::silent(app).await;
        let hello = Hello::ours(SessionId(1));
        peer.text(&TextMessage::Hello(hello.clone()).encode()).await;
        peer.file(&FileMessage::Hello(hello)).await;
        peer
    }

    async fn text(&self, message: &str) {
        let event = ChannelEvent::Message(DataMessage::Text(message.to_owned()));
        self.wires.text.to_app.send(event).await.expect("sent");
    }

    async fn raw(&self, message: DataMessage) {
        self.wires.files.to_app.send(ChannelEvent::Message(message)).await.expect("sent");
    }

    async fn file(&self, message: &FileMessage) {
        self.raw(DataMessage::Text(message.encode())).await;
    }

    async fn offer(&self, id: TransferId, size: u64, files: Option<u32>) {
        let offer = Offer { id, name: "x.txt".into(), size, files, executable: false };
        self.file(&FileMessage::Offer(offer)).await;
    }

    async fn begin(&self, id: TransferId, file: u32, path: &str, size: u64) {
        self.file(&FileMessage::File { id, file, path: path.into(), size }).await;
    }

    async fn chunk(&self, id: TransferId, file: u32, offset: u64, data: &[u8]) {
        let data = Bytes::copy_from_slice(data);
        let chunk = BinaryMessage::Chunk { id, file, offset, data };
        self.raw(DataMessage::Binary(chunk.encode())).await;
    }

    async fn end(&self, id: TransferId, file: u32, data: &[u8]) {
        let hash = FileHash(*blake3::hash(data).as_bytes());
        self.file(&FileMessage::End { id, file, hash }).await;
    }

    /// The next message of the app's on the files channel.
    async fn said(&mut self) -> FileMessage {
        loop {
            match self.wires.files.from_app.recv().await.expect("a message") {
                DataMessage::Text(text) => {
                    return FileMessage::decode(&text).expect("a message").expect("known");
                }
                DataMessage::Binary(_) => {}
            }
        }
    }

    async fn until(&mut self, message: &FileMessage) {
        while self.said().await != *message {}
    }

    /// Offers, and waits until the person has accepted.
    async fn accepted(&mut self, app: &mut App, id: TransferId, size: u64, files: Option<u32>) {
        self.offer(id, size, files).await;
        find(app, id, |one| one.state == TransferState::Offered).await;
        app.ask(Command::Accept(id));
        self.until(&FileMessage::Accept { id, file: 0, offset: 0 }).await;
    }

    /// Everything else still works: a whole transfer, and a text.
    async fn others_go_on(&mut self, app: &mut App) {
        let (id, data) = (TransferId(0xbeef), noise(1, 100_000));
        self.accepted(app, id, 100_000, None).await;
        self.begin(id, 0, "x.txt", 100_000).await;
        for (at, part) in data.chunks(30_000).enumerate() {
            self.chunk(id, 0, at as u64 * 30_000, part).await;
        }
        self.end(id, 0, &data).await;
        self.until(&FileMessage::Done { id }).await;
        let done = find(app, id, |one| one.state.is_over()).await;
        let TransferState::Done(Some(path)) = done.state else { panic!("{:?}", done.state) };
        assert_eq!(std::fs::read(path).expect("read"), data);
        self.texts_go_on(app).await;
    }

    async fn texts_go_on(&mut self, app: &mut App) {
        let text = TextMessage::Text { id: 1_000_000, text: "still here".into() };
        self.text(&text.encode()).await;
        app.until(|view| view.lines.last().is_some_and(|line| &*line.text == "still here")).await;
    }
}

async fn find(app: &mut App, id: TransferId, like: impl Fn(&Transfer) -> bool) -> Transfer {
    let one = |view: &View| view.transfers.iter().find(|one| one.id == id && like(one)).cloned();
    let view: Arc<View> = app.until(|view| one(view).is_some()).await;
    one(&view).expect("it was there")
}

const ID: TransferId = TransferId(7);
const BREACH: TransferState = TransferState::Failed(TransferProblem::Protocol);

async fn fails(app: &mut App, peer: &mut Peer, state: TransferState, why: Why) {
    assert_eq!(find(app, ID, |one| one.state.is_over()).await.state, state);
    peer.until(&FileMessage::Failed { id: ID, why }).await;
}

#[tokio::test]
async fn bytes_that_nobody_asked_for_are_not_written() {
    let mut app = App::new("Alice");
    let mut peer = Peer::new(&app).await;
    for number in 0..1_000 {
        peer.chunk(TransferId(99), number, 0, b"nobody knows this").await;
    }
    peer.offer(ID, 5, None).await;
    peer.begin(ID, 0, "x.txt", 5).await;
    fails(&mut app, &mut peer, BREACH, Why::Protocol).await;
    peer.chunk(ID, 0, 0, b"12345").await;
    assert!(tree(app.folder.path()).is_empty());
    peer.others_go_on(&mut app).await;
    assert_eq!(app.view.borrow().problem, None);
}

#[tokio::test]
async fn more_or_other_bytes_than_announced_end_that_transfer_alone() {
    type Script = &'static [(u32, &'static str, u64, u64, &'static [u8])];
    // File, path, size, offset of a chunk, chunk.
    let scripts: [(Option<u32>, Script); 9] = [
        (None, &[(0, "x", 10, 0, b"12345678901")]),
        (None, &[(0, "x", 11, 0, b"1")]),
        (None, &[(0, "x", 10, 1, b"1")]),
        (None, &[(1, "x", 10, 0, b"1")]),
        (None, &[(0, "x", 10, u64::MAX, b"1")]),
        (Some(2), &[(0, "a", 6, 0, b"123456"), (1, "b", 5, 0, b"12345")]),
        (Some(1), &[(0, "a", 9, 0, b"123456789")]),
        (Some(2), &[(0, "../../etc/passwd", 5, 0, b"12345")]),
        (Some(2), &[(0, "a/./b", 5, 0, b"12345")]),
    ];
    for (files, script) in scripts {
        let mut app = App::new("Alice");
        let mut peer = Peer::new(&app).await;
        peer.accepted(&mut app, ID, 10, files).await;
        for (file, path, size, offset, data) in script {
            peer.begin(ID, *file, path, *size).await;
            peer.chunk(ID, *file, *offset, data).await;
            peer.end(ID, *file, data).await;
        }
        fails(&mut app, &mut peer, BREACH, Why::Protocol).await;
        peer.others_go_on(&mut app).await;
        let folder = app.end().await;
        let left = tree(folder.path());
        assert_eq!(left.len(), 1, "only the other transfer is there: {script:?}");
        assert_eq!(left[0].0, "Downloads/x.txt");
    }
}

#[tokio::test]
async fn a_further_file_than_announced_ends_that_transfer() {
    let mut app = App::new("Alice");
    let mut peer = Peer::new(&app).await;
    peer.offer(TransferId(8), 10, Some(1_000_000)).await;
    peer.accepted(&mut app, ID, 10, Some(1)).await;
    peer.begin(ID, 0, "a", 5).await;
    peer.chunk(ID, 0, 0, b"12345").await;
    peer.end(ID, 0, b"12345").await;
    fails(&mut app, &mut peer, BREACH, Why::Protocol).await;
    let view = app.view.borrow().clone();
    assert_eq!(view.transfers.len(), 1, "a folder of a million files is no offer");
    peer.others_go_on(&mut app).await;
}

#[tokio::test]
async fn what_has_another_hash_is_told_and_not_kept() {
    let mut app = App::new("Alice");
    let mut peer = Peer::new(&app).await;
    peer.accepted(&mut app, ID, 5, None).await;
    peer.begin(ID, 0, "x.txt", 5).await;
    peer.chunk(ID, 0, 0, b"12345").await;
    peer.end(ID, 0, b"54321").await;
    let different = TransferState::Failed(TransferProblem::Different);
    fails(&mut app, &mut peer, different, Why::Different).await;
    peer.others_go_on(&mut app).await;
    let folder = app.end().await;
    assert_eq!(tree(folder.path()).len(), 1);
}

#[tokio::test]
async fn of_ten_thousand_offers_thirty_two_are_shown() {
    let mut app = App::new("Alice");
    let mut peer = Peer::new(&app).await;
    let mut refused = 0;
    for number in 0..10_000_u128 {
        peer.offer(TransferId(1000 + number), 5, None).await;
        while let Ok(message) = peer.wires.files.from_app.try_recv() {
            refused += u32::from(matches!(&message, DataMessage::Text(t) if t.contains("refuse")));
        }
    }
    while refused < 9_968 {
        refused += u32::from(matches!(peer.said().await, FileMessage::Refuse { .. }));
    }
    let view = app.until(|view| view.transfers.len() == 32).await;
    assert!(view.transfers.iter().all(|one| one.state == TransferState::Offered));
    app.ask(Command::Refuse(TransferId(1000)));
    peer.until(&FileMessage::Refuse { id: TransferId(1000) }).await;
    peer.others_go_on(&mut app).await;
}

#[tokio::test]
async fn malformed_control_ends_the_files_with_one_line_and_text_goes_on() {
    let mut app = App::new("Alice");
    let mut peer = Peer::new(&app).await;
    peer.accepted(&mut app, ID, 5, None).await;
    for size in ["-1", "9223372036854775808", "1.5e300", "\"5\"", "null", "[5]"] {
        let offer = format!(r#"{{"type":"offer","id":"{ID}","name":"x","size":{size}}}"#);
        peer.raw(DataMessage::Text(offer)).await;
    }
    for rubbish in ["", "{", "\u{0}", "[[[[", r#"{"type":"accept"}"#, "null", "7", "\"offer\""] {
        peer.raw(DataMessage::Text(rubbish.to_owned())).await;
    }
    peer.raw(DataMessage::Binary(Bytes::from(vec![1; 10 << 20]))).await;
    assert_eq!(app.view.borrow().problem, None, "so much is overlooked");
    peer.raw(DataMessage::Text("[".repeat(10 << 20))).await;
    let view = app.until(|view| view.problem.is_some()).await;
    assert_eq!(view.problem, Some(Problem::Closed));
    app.until(|view| view.availability == Availability::TextOnly).await;
    let interrupted = app.until_transfer(|one| one.state == TransferState::Interrupted).await;
    assert_eq!(interrupted.id, ID, "it can go on over another channel");
    for number in 0..1_000 {
        peer.offer(TransferId(1000 + number), 5, None).await;
    }
    peer.texts_go_on(&mut app).await;
    assert_eq!(app.view.borrow().transfers.len(), 1, "nothing more is read of it");
}

#[tokio::test]
async fn a_text_of_ten_megabytes_is_not_shown() {
    let mut app = App::new("Alice");
    let mut peer = Peer::new(&app).await;
    let text = TextMessage::Text { id: 1, text: "a".repeat(10 << 20) };
    peer.text(&text.encode()).await;
    peer.others_go_on(&mut app).await;
    assert_eq!(app.view.borrow().lines.len(), 1);
}

#[tokio::test]
async fn a_peer_that_never_reads_holds_up_only_what_goes_to_it() {
    let mut app = App::new("Alice");
    let peer = Peer::new(&app).await;
    app.until(|view| view.availability == Availability::Ready).await;
    let path = app.folder.path().join("a.dat");
    std::fs::write(&path, noise(2, 1_000_000)).expect("written");
    for _ in 0..40 {
        app.ask(Command::Offer(vec![path.clone()]));
    }
    for number in 0..200 {
        app.ask(Command::Say(number.to_string()));
        tokio::task::yield_now().await;
    }
    let view = app.until(|view| view.lines.len() == 200 && view.transfers.len() == 40).await;
    assert!(view.lines.iter().all(|line| line.state == LineState::Sending));
    // What it says is still taken, as long as it needs no answer.
    for id in 1..=100_u64 {
        peer.text(&TextMessage::Text { id, text: "flood".into() }.encode()).await;
    }
    app.until(|view| view.lines.len() == 300).await;
    app.handle.finish().expect("asked");
    let over = |view: &View| view.transfers.iter().all(|one| one.state.is_over());
    app.until(over).await;
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_is_closed_in_the_middle_is_told_unless_another_comes() {
    let mut app = App::new("Alice");
    for (number, another) in [Some(true), Some(false), None].into_iter().enumerate() {
        let mut peer = Peer::new(&app).await;
        let id = TransferId(number as u128);
        peer.accepted(&mut app, id, 5, None).await;
        peer.begin(id, 0, "x.txt", 5).await;
        peer.wires.files.to_app.send(ChannelEvent::Closed).await.expect("closed");
        find(&mut app, id, |one| one.state == TransferState::Interrupted).await;
        peer.wires.text.to_app.send(ChannelEvent::Closed).await.expect("closed");
        app.until(|view| view.availability == Availability::Waiting).await;
        match another {
            // The next round attaches it.
            Some(true) => assert_eq!(app.view.borrow().problem, None),
            Some(false) => {
                let view = app.until(|view| view.problem.is_some()).await;
                assert_eq!(view.problem, Some(Problem::Closed));
            }
            // The connection itself is gone.
            None => {
                app.handle.detach().expect("asked");
                tokio::time::sleep(std::time::Duration::from_secs(60)).await;
                assert_eq!(app.view.borrow().problem, None);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_side_that_says_nothing_or_takes_no_channel_has_no_text() {
    let mut app = App::new("Alice");
    let start = tokio::time::Instant::now();
    let _peer = Peer::silent(&app).await;
    app.until(|view| view.availability == Availability::None).await;
    assert_eq!(start.elapsed().as_secs(), 5);
    let peer = Peer::new(&app).await;
    app.until(|view| view.availability == Availability::Ready).await;
    drop(peer);
    app.until(|view| view.availability == Availability::Waiting).await;
    let (wires, ends) = ends(UNLIMITED);
    app.handle.attach(ends).expect("attached");
    for wire in [&wires.text, &wires.files] {
        wire.to_app.send(ChannelEvent::NotAgreed).await.expect("sent");
    }
    app.until(|view| view.availability == Availability::None).await;
    assert_eq!(app.view.borrow().problem, None);
}

#[tokio::test]
async fn a_picture_that_is_a_bomb_is_not_shown_and_costs_nothing() {
    let mut app = App::new("Alice");
    let mut peer = Peer::new(&app).await;
    peer.offer(ID, 5, None).await;
    // A header that claims two thousand million pixels, and one that is cut short.
    let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bomb.extend([0, 0, 0xb0, 0, 0, 0, 0xb0, 0, 8, 6, 0, 0, 0, 0, 0, 0, 0]);
    for png in [bomb, b"\x89PNG\r\n\x1a\n".to_vec(), Vec::new()] {
        let thumbnail = BinaryMessage::Thumbnail { id: ID, png: png.into() };
        peer.raw(DataMessage::Binary(thumbnail.encode())).await;
    }
    peer.others_go_on(&mut app).await;
    assert_eq!(find(&mut app, ID, |_| true).await.thumbnail, None);
}

#[tokio::test]
async fn what_no_disk_holds_is_told_before_a_byte_comes() {
    let mut app = App::new("Alice");
    let mut peer = Peer::new(&app).await;
    peer.offer(ID, MAX_NUMBER, None).await;
    find(&mut app, ID, |one| one.state == TransferState::Offered).await;
    app.ask(Command::Accept(ID));
    let state = find(&mut app, ID, |one| one.state.is_over()).await.state;
    let TransferState::Failed(TransferProblem::NoRoom { needs, free }) = state else {
        panic!("{state:?}")
    };
    assert!(needs == MAX_NUMBER && free > 0 && free < MAX_NUMBER, "{free}");
    peer.until(&FileMessage::Failed { id: ID, why: Why::NoRoom }).await;
    peer.others_go_on(&mut app).await;
}

#[tokio::test]
async fn receipts_and_places_that_cannot_be_end_that_transfer() {
    let mut app = App::new("Alice");
    let mut peer = Peer::new(&app).await;
    let path = app.folder.path().join("a.dat");
    std::fs::write(&path, noise(2, 1_000_000)).expect("written");
    let acts: [fn(TransferId) -> Vec<FileMessage>; 3] = [
        |id| vec![FileMessage::Accept { id, file: 0, offset: 1_000_001 }],
        |id| vec![FileMessage::Accept { id, file: 9, offset: 0 }],
        |id| {
            let accept = FileMessage::Accept { id, file: 0, offset: 0 };
            vec![accept, FileMessage::Taken { id, bytes: 99_000_000 }]
        },
    ];
    for act in acts {
        app.ask(Command::Offer(vec![path.clone()]));
        let FileMessage::Offer(offer) = (loop {
            let said = peer.said().await;
            if matches!(said, FileMessage::Offer(_)) {
                break said;
            }
        }) else {
            panic!("no offer")
        };
        let mut messages = act(offer.id).into_iter();
        peer.file(&messages.next().expect("an accept")).await;
        for message in messages {
            peer.until_file_begins(offer.id).await;
            peer.file(&message).await;
        }
        let over = find(&mut app, offer.id, |one| one.state.is_over()).await;
        assert_eq!(over.state, BREACH);
        peer.until(&FileMessage::Failed { id: offer.id, why: Why::Protocol }).await;
    }
    peer.others_go_on(&mut app).await;
}

impl Peer {
    async fn until_file_begins(&mut self, id: TransferId) {
        while !matches!(self.said().await, FileMessage::File { id: begun, .. } if begun == id) {}
    }
}
