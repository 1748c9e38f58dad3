//! Two peers and what lies between them.

use std::net::SocketAddr;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use visavis_link::{Conditions, Emulator, Side, Timeline};
use visavis_media::frame::{EncodedAudio, EncodedVideo, ReceivedAudio, ReceivedVideo};
use visavis_media::h264_profile::H264Profile;
use visavis_media::units::Bitrate;
use visavis_shared::{CandidateInit, DescriptionKind, SessionDescription};
use visavis_transport::{
    AudioControl, Consent, MediaPorts, MediaStatus, Peer, PeerCommand, PeerConfig, PeerEvent,
    PeerStats, VideoControl,
};

pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) fn config() -> PeerConfig {
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

/// A peer with the other ends of its ports.
pub(crate) struct End {
    pub(crate) peer: Peer,
    pub(crate) events: mpsc::Receiver<PeerEvent>,
    pub(crate) video_out: mpsc::Sender<EncodedVideo>,
    pub(crate) audio_out: mpsc::Sender<EncodedAudio>,
    pub(crate) video_in: Receiver<ReceivedVideo>,
    pub(crate) audio_in: Receiver<ReceivedAudio>,
    pub(crate) control: Receiver<VideoControl>,
    pub(crate) audio_control: Receiver<AudioControl>,
}

impl End {
    pub(crate) async fn open(config: PeerConfig) -> Self {
        Self::open_with_video_queue(config, 1024).await
    }

    pub(crate) async fn open_with_video_queue(config: PeerConfig, video_queue: usize) -> Self {
        let (ports, ends) = MediaPorts::pair(video_queue);
        let (events_in, events) = mpsc::channel(256);
        let peer = Peer::open(&Consent::of_the_person(), config, ports, events_in);
        let opened = timeout(PATIENCE, peer.statistics().changed()).await;
        assert!(matches!(opened, Ok(Ok(()))), "the peer opens");
        Self {
            peer,
            events,
            video_out: ends.video_out,
            audio_out: ends.audio_out,
            video_in: ends.video_in,
            audio_in: ends.audio_in,
            control: ends.video_control,
            audio_control: ends.audio_control,
        }
    }

    /// The statistics, of a moment after this call.
    pub(crate) async fn stats(&self) -> PeerStats {
        let mut statistics = self.peer.statistics();
        statistics.mark_unchanged();
        let renewed = timeout(PATIENCE, statistics.changed()).await;
        assert!(matches!(renewed, Ok(Ok(()))), "the statistics are renewed");
        statistics.borrow().clone()
    }

    pub(crate) fn command(&self, command: PeerCommand) {
        self.peer.command(command).expect("the peer takes commands");
    }

    pub(crate) async fn event(&mut self) -> PeerEvent {
        timeout(PATIENCE, self.events.recv())
            .await
            .expect("an event comes in time")
            .expect("the peer lives")
    }

    pub(crate) async fn description(&mut self) -> SessionDescription {
        loop {
            if let PeerEvent::LocalDescription(description) = self.event().await {
                return description;
            }
        }
    }

    /// Waits until the other has said so of their microphone and camera.
    pub(crate) async fn is_told(&self, expected: MediaStatus) {
        let mut told = self.peer.their_media_status();
        let waited = timeout(PATIENCE, told.wait_for(|status| *status == Some(expected))).await;
        assert!(matches!(waited, Ok(Ok(_))), "{expected:?}");
    }

    /// Waits until the encoder is asked for a key frame.
    pub(crate) async fn key_frame_request(&self) -> bool {
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until {
            match self.control.try_recv() {
                Ok(VideoControl::KeyFrame(_)) => return true,
                Ok(_) => {}
                Err(_) => sleep(Duration::from_millis(5)).await,
            }
        }
        false
    }
}

/// Passes descriptions and addresses between the two, changed as a test likes, until both are
/// connected.
pub(crate) async fn connect_through(
    a: &mut End,
    b: &mut End,
    mut change: impl FnMut(bool, &mut CandidateInit),
) -> Duration {
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
pub(crate) fn pass(
    event: PeerEvent,
    from_a: bool,
    to: &End,
    change: &mut impl FnMut(bool, &mut CandidateInit),
) -> bool {
    match event {
        PeerEvent::LocalDescription(description) => to.command(match description.kind {
            DescriptionKind::Offer => PeerCommand::AcceptOffer(description),
            _ => PeerCommand::AcceptAnswer(description),
        }),
        PeerEvent::LocalCandidate(mut candidate) => {
            assert!(
                candidate.sdp_mid.as_deref().is_some_and(|mid| !mid.is_empty()),
                "a candidate names its section"
            );
            change(from_a, &mut candidate);
            to.command(PeerCommand::AddCandidate(candidate));
        }
        PeerEvent::Connected => return true,
        PeerEvent::Disconnected
        | PeerEvent::PathDegraded
        | PeerEvent::PathRecovered
        | PeerEvent::NoOffer
        | PeerEvent::OfferRefused => {}
        PeerEvent::Failed(why) => panic!("failed: {why}"),
    }
    false
}

pub(crate) async fn connect(a: &mut End, b: &mut End) -> Duration {
    connect_through(a, b, |_, _| {}).await
}

/// A network with the same conditions for ever.
pub(crate) async fn emulator(conditions: Conditions) -> Emulator {
    Emulator::start(Timeline::steady(conditions), 21).await.expect("free ports")
}

pub(crate) async fn pair_across(network: &Emulator) -> (End, End) {
    let (mut a, mut b) = (End::open(config()).await, End::open(config()).await);
    connect_through(&mut a, &mut b, |from_a, candidate| {
        network.step_between(if from_a { Side::A } else { Side::B }, &mut candidate.candidate);
    })
    .await;
    (a, b)
}

pub(crate) async fn connected_pair() -> (End, End) {
    let (mut a, mut b) = (End::open(config()).await, End::open(config()).await);
    connect(&mut a, &mut b).await;
    (a, b)
}

/// An access unit that looks like an encoder's: parameter sets before an IDR slice, or one slice of
/// another frame. What names a parameter set, names the first of its kind.
pub(crate) fn access_unit(rng: &mut StdRng, key: bool, bytes: usize) -> Bytes {
    let mut unit = Vec::with_capacity(bytes + 40);
    let mut nal = |head: &[u8], len: usize, rng: &mut StdRng| {
        unit.extend([0, 0, 0, 1]);
        unit.extend(head);
        unit.extend((0..len).map(|_| rng.random_range(1..=255u8)));
    };
    if key {
        nal(&[0x67, 0x42, 0xc0, 0x1f, 0x81], 8, rng);
        nal(&[0x68, 0xc1], 3, rng);
    }
    nal(&[if key { 0x65 } else { 0x41 }, 0xe1], bytes, rng);
    unit.into()
}

pub(crate) fn status(microphone_muted: bool, camera_off: bool) -> MediaStatus {
    MediaStatus { microphone_muted, camera_off, screen: false }
}

pub(crate) fn frame(data: Bytes, key: bool) -> EncodedVideo {
    EncodedVideo {
        data,
        key,
        profile: H264Profile::ConstrainedBaseline,
        captured_at: Instant::now(),
    }
}

/// Sends frames 33 ms apart, a key frame first and whenever one is requested.
pub(crate) async fn send_frames(
    end: &End,
    seed: u64,
    count: usize,
    bytes: usize,
) -> Vec<(Bytes, bool)> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut sent = Vec::new();
    for index in 0..count {
        let requested = end.control.try_iter().fold(false, |requested, target| {
            requested | matches!(target, VideoControl::KeyFrame(_))
        });
        let key = index == 0 || requested;
        let data = access_unit(&mut rng, key, if key { 4 * bytes } else { bytes });
        end.video_out.send(frame(data.clone(), key)).await.expect("the peer takes frames");
        sent.push((data, key));
        sleep(Duration::from_millis(33)).await;
    }
    sent
}

/// What is received until nothing more comes for half a second: what was sent waits for its turn
/// where the machine is busy, as its network seems slow then.
pub(crate) async fn received_all(end: &End) -> Vec<(Bytes, bool)> {
    const SILENCE: Duration = Duration::from_millis(500);
    let begun = Instant::now();
    let (mut all, mut last) = (Vec::new(), begun);
    while last.elapsed() < SILENCE && begun.elapsed() < PATIENCE {
        sleep(Duration::from_millis(20)).await;
        let came = received(end);
        if !came.is_empty() {
            last = Instant::now();
        }
        all.extend(came);
    }
    all
}

pub(crate) fn received(end: &End) -> Vec<(Bytes, bool)> {
    end.video_in.try_iter().map(|frame| (frame.data, frame.key)).collect()
}
