//! Data channels between two peers: what one says on a channel is what the other hears on it.

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::mpsc;
use tokio::time::timeout;
use visavis_transport::{
    ChannelEnds, ChannelEvent, Consent, DataEnds, DataMessage, DataPorts, MediaPorts, Peer,
    PeerConfig,
};

use crate::support::{End, PATIENCE, config, connect};

/// A peer with data channels.
async fn open(config: PeerConfig) -> (End, DataEnds) {
    let (data, ends) = DataPorts::pair();
    let (ports, media) = MediaPorts::pair(1024);
    let (events_in, events) = mpsc::channel(256);
    let peer = Peer::open(&Consent::of_the_person(), config, ports.with_data(data), events_in);
    let opened = timeout(PATIENCE, peer.statistics().changed()).await;
    assert!(matches!(opened, Ok(Ok(()))), "the peer opens");
    let end = End {
        peer,
        events,
        video_out: media.video_out,
        audio_out: media.audio_out,
        video_in: media.video_in,
        audio_in: media.audio_in,
        control: media.video_control,
        audio_control: media.audio_control,
    };
    (end, ends)
}

async fn next(channel: &mut ChannelEnds) -> ChannelEvent {
    let event = timeout(PATIENCE, channel.incoming.recv()).await.expect("something in time");
    event.expect("the peer lives")
}

async fn is_open(ends: &mut DataEnds) {
    assert_eq!(next(&mut ends.text).await, ChannelEvent::Open);
    assert_eq!(next(&mut ends.files).await, ChannelEvent::Open);
}

fn text(words: &str) -> DataMessage {
    DataMessage::Text(words.to_owned())
}

fn random_bytes(seed: u64, length: usize) -> Bytes {
    let mut bytes = vec![0; length];
    StdRng::seed_from_u64(seed).fill(bytes.as_mut_slice());
    bytes.into()
}

async fn say(channel: &ChannelEnds, message: DataMessage) {
    let said = timeout(PATIENCE, channel.outgoing.send(message)).await;
    assert!(matches!(said, Ok(Ok(()))), "it is taken");
}

async fn is_heard(channel: &mut ChannelEnds, message: DataMessage) {
    assert_eq!(next(channel).await, ChannelEvent::Message(message));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_either_says_on_a_channel_is_heard_on_it_in_order() {
    let ((mut a, mut a_data), (mut b, mut b_data)) = (open(config()).await, open(config()).await);
    // What is said before it is open waits.
    say(&a_data.text, text("early")).await;
    connect(&mut a, &mut b).await;
    is_open(&mut a_data).await;
    is_open(&mut b_data).await;
    is_heard(&mut b_data.text, text("early")).await;
    for _ in 0..2 {
        for n in 0..20u64 {
            let (words, file) =
                (text(&format!("{n} – ¿qué tal?")), random_bytes(n, 3_449 * n as usize));
            say(&a_data.text, words.clone()).await;
            say(&a_data.files, DataMessage::Binary(file.clone())).await;
            is_heard(&mut b_data.text, words).await;
            is_heard(&mut b_data.files, DataMessage::Binary(file)).await;
        }
        std::mem::swap(&mut a_data, &mut b_data);
    }
}

/// Two that are connected with open channels.
async fn connected() -> ((End, DataEnds), (End, DataEnds)) {
    let ((mut a, mut a_data), (mut b, mut b_data)) = (open(config()).await, open(config()).await);
    connect(&mut a, &mut b).await;
    is_open(&mut a_data).await;
    is_open(&mut b_data).await;
    ((a, a_data), (b, b_data))
}

/// Sends so many bytes of files in messages of this length, each other than the one before.
async fn send_file(outgoing: mpsc::Sender<DataMessage>, total: usize, length: usize) {
    let mut rng = StdRng::seed_from_u64(5);
    for _ in 0..total / length {
        let mut bytes = vec![0; length];
        rng.fill(bytes.as_mut_slice());
        outgoing.send(DataMessage::Binary(bytes.into())).await.expect("it is taken");
    }
}

async fn receive_file(files: &mut ChannelEnds, total: usize, length: usize) {
    let mut rng = StdRng::seed_from_u64(5);
    for n in 0..total / length {
        let mut bytes = vec![0; length];
        rng.fill(bytes.as_mut_slice());
        match next(files).await {
            ChannelEvent::Message(DataMessage::Binary(came)) => {
                assert!(came == bytes, "message {n} is the one that was sent")
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_megabytes_arrive_as_they_were_sent() {
    let ((_a, a_data), (_b, mut b_data)) = connected().await;
    for length in [16 * 1024, 64 * 1024] {
        const TOTAL: usize = 100 * 1024 * 1024;
        let begun = std::time::Instant::now();
        let sending = tokio::spawn(send_file(a_data.files.outgoing.clone(), TOTAL, length));
        receive_file(&mut b_data.files, TOTAL, length).await;
        sending.await.expect("all is sent");
        let took = begun.elapsed();
        println!(
            "{length}: 100 MiB in {took:?}: {:.0} Mbit/s",
            TOTAL as f64 * 8e-6 / took.as_secs_f64()
        );
    }
}
