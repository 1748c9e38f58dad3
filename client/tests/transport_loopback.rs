//! Two peers over real UDP on 127.0.0.1: what one sends is what the other gets.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use visavis_client::media::frame::{EncodedAudio, EncodedVideo, ReceivedAudio, ReceivedVideo};
use visavis_client::media::units::Bitrate;
use visavis_client::transport::{MediaPorts, Peer, PeerCommand, PeerConfig, PeerEvent, VideoControl};
use visavis_shared::{CandidateInit, DescriptionKind, SessionDescription};

const PATIENCE: Duration = Duration::from_secs(15);

fn config() -> PeerConfig {
    PeerConfig {
        ice_servers: Vec::new(),
        relay_only: false,
        bind: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
        max_bitrate: Bitrate::from_kbps(2500),
        send_video: true,
        send_audio: true,
    }
}

/// A peer with the other ends of its ports.
struct End {
    peer: Peer,
    events: mpsc::Receiver<PeerEvent>,
    video_out: mpsc::Sender<EncodedVideo>,
    audio_out: mpsc::Sender<EncodedAudio>,
    video_in: Receiver<ReceivedVideo>,
    audio_in: Receiver<ReceivedAudio>,
    control: Receiver<VideoControl>,
}

impl End {
    async fn open(config: PeerConfig) -> Self {
        Self::open_with_video_queue(config, 64).await
    }

    async fn open_with_video_queue(config: PeerConfig, video_queue: usize) -> Self {
        let (video_out, video_out_rx) = mpsc::channel(8);
        let (audio_out, audio_out_rx) = mpsc::channel(32);
        let (video_in_tx, video_in) = sync_channel(video_queue);
        let (audio_in_tx, audio_in): (SyncSender<ReceivedAudio>, _) = sync_channel(256);
        let (control_tx, control) = sync_channel(8);
        let (events_tx, events) = mpsc::channel(256);
        let ports = MediaPorts {
            video_out: video_out_rx,
            audio_out: audio_out_rx,
            video_in: video_in_tx,
            audio_in: audio_in_tx,
            video_control: control_tx,
        };
        let peer = Peer::open(config, ports, events_tx).await.expect("a peer opens");
        Self { peer, events, video_out, audio_out, video_in, audio_in, control }
    }

    fn command(&self, command: PeerCommand) {
        self.peer.command(command).expect("the peer takes commands");
    }

    async fn event(&mut self) -> PeerEvent {
        timeout(PATIENCE, self.events.recv()).await.expect("an event comes in time").expect("the peer lives")
    }

    async fn description(&mut self) -> SessionDescription {
        loop {
            if let PeerEvent::LocalDescription(description) = self.event().await {
                return description;
            }
        }
    }

    /// Waits until the encoder is asked for a key frame.
    async fn key_frame_wish(&self) -> bool {
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until {
            match self.control.try_recv() {
                Ok(VideoControl::KeyFrame) => return true,
                Ok(VideoControl::Target(_)) => {}
                Err(_) => sleep(Duration::from_millis(5)).await,
            }
        }
        false
    }
}

/// Passes descriptions and addresses between the two, changed as a test likes, until both are connected.
async fn connect_through(a: &mut End, b: &mut End, mut change: impl FnMut(bool, &mut CandidateInit)) -> Duration {
    let start = Instant::now();
    a.command(PeerCommand::CreateOffer { ice_restart: false });
    let (mut a_up, mut b_up) = (false, false);
    let until = start + PATIENCE;
    while !(a_up && b_up) {
        assert!(Instant::now() < until, "not connected in time");
        tokio::select! {
            Some(event) = a.events.recv() => a_up |= pass(event, true, b, &mut change),
            Some(event) = b.events.recv() => b_up |= pass(event, false, a, &mut change),
            () = sleep(Duration::from_millis(100)) => {}
        }
    }
    start.elapsed()
}

/// Hands an event of one end to the other. Says whether it was `Connected`.
fn pass(event: PeerEvent, from_a: bool, to: &End, change: &mut impl FnMut(bool, &mut CandidateInit)) -> bool {
    match event {
        PeerEvent::LocalDescription(description) => to.command(match description.kind {
            DescriptionKind::Offer => PeerCommand::AcceptOffer(description),
            _ => PeerCommand::AcceptAnswer(description),
        }),
        PeerEvent::LocalCandidate(mut candidate) => {
            assert!(candidate.sdp_mid.as_deref().is_some_and(|mid| !mid.is_empty()), "a candidate names its section");
            change(from_a, &mut candidate);
            to.command(PeerCommand::AddCandidate(candidate));
        }
        PeerEvent::Connected => return true,
        PeerEvent::Disconnected => {}
        PeerEvent::Failed(why) => panic!("failed: {why}"),
    }
    false
}

async fn connect(a: &mut End, b: &mut End) -> Duration {
    connect_through(a, b, |_, _| {}).await
}

async fn connected_pair() -> (End, End) {
    let (mut a, mut b) = (End::open(config()).await, End::open(config()).await);
    let took = connect(&mut a, &mut b).await;
    println!("connected in {took:?}");
    (a, b)
}

/// An access unit that looks like an encoder's: parameter sets before an IDR slice, or one slice of another picture.
fn access_unit(rng: &mut StdRng, key: bool, bytes: usize) -> Bytes {
    let mut unit = Vec::with_capacity(bytes + 40);
    let mut nal = |header: u8, len: usize, rng: &mut StdRng| {
        unit.extend([0, 0, 0, 1, header]);
        unit.extend((0..len).map(|_| rng.random_range(1..=255u8)));
    };
    if key {
        nal(0x67, 12, rng);
        nal(0x68, 4, rng);
    }
    nal(if key { 0x65 } else { 0x41 }, bytes, rng);
    unit.into()
}

fn picture(data: Bytes, key: bool) -> EncodedVideo {
    EncodedVideo { data, key, captured_at: Instant::now() }
}

/// Sends pictures 33 ms apart, a key frame first and whenever one is wished for.
async fn send_pictures(end: &End, seed: u64, count: usize, bytes: usize) -> Vec<(Bytes, bool)> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut sent = Vec::new();
    for index in 0..count {
        let wished = end.control.try_iter().fold(false, |wished, wish| wished | (wish == VideoControl::KeyFrame));
        let key = index == 0 || wished;
        let data = access_unit(&mut rng, key, if key { 4 * bytes } else { bytes });
        end.video_out.send(picture(data.clone(), key)).await.expect("the peer takes pictures");
        sent.push((data, key));
        sleep(Duration::from_millis(33)).await;
    }
    sent
}

fn received(end: &End) -> Vec<(Bytes, bool)> {
    end.video_in.try_iter().map(|picture| (picture.data, picture.key)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_and_sound_arrive_as_they_were_sent_and_in_order() {
    let (a, b) = connected_pair().await;
    assert!(a.key_frame_wish().await, "a connection begins with a key frame");
    let sound = async {
        let mut sent = Vec::new();
        let start = Instant::now();
        for n in 0..100u32 {
            let data = Bytes::from(format!("packet {n}"));
            let captured_at = start + n * Duration::from_millis(10);
            let packet = EncodedAudio { data: data.clone(), samples: 480, captured_at };
            a.audio_out.send(packet).await.expect("the peer takes sound");
            sent.push(data);
            sleep(Duration::from_millis(10)).await;
        }
        sent
    };
    let (pictures, sound) = tokio::join!(send_pictures(&a, 1, 30, 9_000), sound);
    sleep(Duration::from_millis(300)).await;
    assert_eq!(received(&b), pictures);
    let heard: Vec<ReceivedAudio> = b.audio_in.try_iter().collect();
    assert_eq!(heard.iter().map(|packet| packet.payload.clone()).collect::<Vec<_>>(), sound);
    assert!(heard.windows(2).all(|pair| pair[1].rtp_time.wrapping_sub(pair[0].rtp_time) == 480));
    assert!(heard.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)));
    let stats = a.peer.stats().await;
    assert_eq!((stats.audio_packets_sent, stats.retransmitted), (100, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_for_a_key_frame_reaches_the_encoder_of_the_other() {
    let (a, b) = connected_pair().await;
    assert!(a.key_frame_wish().await);
    send_pictures(&a, 2, 5, 2_000).await;
    b.command(PeerCommand::RequestKeyFrame);
    assert!(a.key_frame_wish().await);
    assert!(a.peer.stats().await.plis_received >= 1);
    assert!(b.peer.stats().await.plis_sent >= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_come_before_the_description_are_kept() {
    let (mut a, mut b) = (End::open(config()).await, End::open(config()).await);
    a.command(PeerCommand::CreateOffer { ice_restart: false });
    let offer = a.description().await;
    // The first of a's addresses overtakes its offer.
    loop {
        if let PeerEvent::LocalCandidate(candidate) = a.event().await {
            b.command(PeerCommand::AddCandidate(candidate));
            break;
        }
    }
    sleep(Duration::from_millis(50)).await;
    b.command(PeerCommand::AcceptOffer(offer));
    let answer = b.description().await;
    // None of b's addresses is passed on: it has to reach a with what it was given.
    a.command(PeerCommand::AcceptAnswer(answer));
    for end in [&mut a, &mut b] {
        while end.event().await != PeerEvent::Connected {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_name_the_way_and_how_it_is_protected() {
    let (a, b) = connected_pair().await;
    tokio::join!(send_pictures(&a, 3, 60, 2_000), send_pictures(&b, 4, 60, 2_000));
    let stats = a.peer.stats().await;
    println!("{stats:?}");
    assert_eq!(stats.local_candidate.as_deref(), Some("host"));
    assert!(stats.remote_candidate.is_some());
    assert_eq!(stats.protocol.as_deref(), Some("udp"));
    assert!(stats.rtt_ms.is_some_and(|rtt| rtt < 100.0));
    assert!(stats.srtp.is_some() && stats.dtls.is_some());
    assert!(stats.video_bytes_sent > 100_000);
}
