//! One call from its acceptance to its first video frames, and an ICE restart in its course.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::mpsc;
use tokio::time::sleep_until;
use visavis_link::{Conditions, Side};
use visavis_media::frame::{EncodedAudio, EncodedVideo};
use visavis_media::h264_profile::H264Profile;
use visavis_media::units::Bitrate;
use visavis_shared::DescriptionKind;
use visavis_transport::{
    Consent, MediaEnds, MediaPorts, Peer, PeerCommand, PeerConfig, PeerEvent, VideoControl,
};

use crate::memory_network::MemoryNetwork;

/// For so long the caller waits for the call to be accepted.
const RINGS_FOR: Duration = Duration::from_secs(1);
/// A call that does not connect within this has failed, as the app gives it no longer.
const CONNECT_WITHIN: Duration = Duration::from_secs(15);
/// And video is waited for as long again.
const VIDEO_WITHIN: Duration = Duration::from_secs(15);
/// The camera's interval.
const FRAME: Duration = Duration::from_micros(33_333);
/// Opus's.
const AUDIO: Duration = Duration::from_millis(20);
const AUDIO_SAMPLES: u32 = 960;
/// Key frames are encoded no closer together than this.
const KEY_FRAME_INTERVAL: Duration = Duration::from_millis(300);
/// What a first key frame takes (320x180), and what follows it.
const KEY_FRAME_BYTES: usize = 6_000;
const FRAME_BYTES: usize = 1_500;
const AUDIO_BYTES: usize = 80;
/// The restart begins this long after the video, and is watched for so long.
const RESTART_AFTER: Duration = Duration::from_secs(3);
const RESTART_WATCHED: Duration = Duration::from_secs(6);

/// A network that calls are set up over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scenario {
    /// The network path of the media, in either direction.
    pub conditions: Conditions,
    /// How long a signaling message takes from one app to the other. It is never lost: TCP repeats
    /// it.
    pub signaling: Duration,
    /// How much longer a candidate takes.
    pub candidates_late: Duration,
    /// Whether ICE is restarted once video flows.
    pub restart: bool,
}

impl Scenario {
    /// A call over this network, with a signaling server next door.
    #[must_use]
    pub const fn over(conditions: Conditions) -> Self {
        Self {
            conditions,
            signaling: Duration::ZERO,
            candidates_late: Duration::ZERO,
            restart: false,
        }
    }
}

/// What became of a call. Times are counted from its acceptance; the caller's come first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetUp {
    /// When each end was connected; `None` when it never was.
    pub connected: [Option<Duration>; 2],
    /// When each end had received its first whole video frame.
    pub first_frame: [Option<Duration>; 2],
    /// The longest time without audio from the other, from the restart on; `None` where there was
    /// none.
    pub restart_silence: [Option<Duration>; 2],
    /// What an end reported as its failure.
    pub failure: Option<String>,
}

impl SetUp {
    /// When both saw each other; `None` when one never did.
    #[must_use]
    pub fn both_see(&self) -> Option<Duration> {
        Some(self.first_frame[0]?.max(self.first_frame[1]?))
    }

    /// Whether both were connected within the time that a call gives itself.
    #[must_use]
    pub fn connects(&self) -> bool {
        self.connected
            .iter()
            .all(|connected| connected.is_some_and(|after| after <= CONNECT_WITHIN))
    }
}

/// Sets a call up, on a clock of its own. The same seed loses the same packets.
///
/// # Panics
/// When there is no runtime or socket to be had.
#[must_use]
pub fn simulate(scenario: Scenario, seed: u64) -> SetUp {
    in_virtual_time(run(scenario, seed))
}

/// Runs on a clock that never waits.
pub(crate) fn in_virtual_time<T>(future: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    match runtime {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => panic!("no runtime: {error}"),
    }
}

pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// One end: its peer, and the encoder that feeds it.
pub(crate) struct End {
    pub(crate) peer: Peer,
    pub(crate) events: mpsc::Receiver<PeerEvent>,
    pub(crate) media: MediaEnds,
    camera_at: Instant,
    audio_at: Instant,
    key_frame_wanted: bool,
    last_key_frame: Option<Instant>,
    connected: bool,
    last_audio: Option<Instant>,
}

impl End {
    pub(crate) fn open(network: &Arc<MemoryNetwork>, side: Side, rng: &mut StdRng) -> Self {
        // Before the call is accepted nobody takes what comes.
        let (ports, media) = MediaPorts::pair(1024);
        let (events_in, events) = mpsc::channel(256);
        let config = PeerConfig {
            ice_servers: Vec::new(),
            relay_only: false,
            relay_roots: Vec::new(),
            bind: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            max_bitrate: Bitrate::from_kbps(2500),
            send_video: true,
            send_audio: true,
            network: Some(network.host(side)),
        };
        let peer = Peer::open(&Consent::of_the_person(), config, ports, events_in);
        Self {
            peer,
            events,
            media,
            camera_at: now() + FRAME.mul_f64(rng.random()),
            audio_at: now() + AUDIO.mul_f64(rng.random()),
            key_frame_wanted: true,
            last_key_frame: None,
            connected: false,
            last_audio: None,
        }
    }

    /// Media flows from now on, beginning with the latest frame of the camera.
    fn connect(&mut self) {
        if !std::mem::replace(&mut self.connected, true) {
            self.camera_at = now();
        }
    }

    pub(crate) fn next_capture(&self) -> Instant {
        self.camera_at.min(self.audio_at)
    }

    /// What camera and microphone have taken by now is encoded, once there is a connection.
    pub(crate) fn capture(&mut self, now: Instant) {
        for target in self.media.video_control.try_iter() {
            self.key_frame_wanted |= matches!(target, VideoControl::KeyFrame(_));
        }
        while self.audio_at <= now {
            let data = Bytes::from_static(&[0x55; AUDIO_BYTES]);
            // A queue that is full drops it, as the app does.
            let _ = self.media.audio_out.try_send(EncodedAudio {
                data,
                samples: AUDIO_SAMPLES,
                captured_at: self.audio_at,
            });
            self.audio_at += AUDIO;
        }
        while self.camera_at <= now {
            let rested = self
                .last_key_frame
                .is_none_or(|last| now.duration_since(last) >= KEY_FRAME_INTERVAL);
            let key = self.key_frame_wanted && rested;
            if self.connected {
                let data = access_unit(key);
                let _ = self.media.video_out.try_send(EncodedVideo {
                    data,
                    key,
                    profile: H264Profile::ConstrainedBaseline,
                    captured_at: self.camera_at,
                });
                if key {
                    (self.key_frame_wanted, self.last_key_frame) = (false, Some(now));
                }
            }
            self.camera_at += FRAME;
        }
    }

    /// The longest silence that ends now.
    fn listen(&mut self, now: Instant) -> Option<Duration> {
        let came = self.media.audio_in.try_iter().count() > 0;
        let silence = self.last_audio.map(|last| now.duration_since(last));
        if came {
            self.last_audio = Some(now);
        }
        silence
    }

    pub(crate) fn command(&self, command: PeerCommand) {
        // A peer that has failed reports it in an event.
        let _ = self.peer.command(command);
    }
}

/// Parameter sets and an IDR slice, or one slice of another frame. Each slice is a frame's first
/// and names the first parameter set.
fn access_unit(key: bool) -> Bytes {
    let mut unit = Vec::new();
    let mut nal = |head: &[u8], length: usize| {
        unit.extend([0, 0, 0, 1]);
        unit.extend(head);
        unit.extend(std::iter::repeat_n(0x5a, length));
    };
    if key {
        nal(&[0x67, 0x42, 0xc0, 0x1f, 0x81], 8);
        nal(&[0x68, 0xc1], 3);
        nal(&[0x65, 0xe1], KEY_FRAME_BYTES);
    } else {
        nal(&[0x41, 0xe1], FRAME_BYTES);
    }
    unit.into()
}

/// A signaling message on its way to an end.
pub(crate) struct Message {
    pub(crate) arrives: Instant,
    pub(crate) to: usize,
    pub(crate) command: PeerCommand,
}

async fn run(scenario: Scenario, seed: u64) -> SetUp {
    let mut rng = StdRng::seed_from_u64(seed);
    let network = MemoryNetwork::start(scenario.conditions, seed);
    let caller = End::open(&network, Side::A, &mut rng);
    caller.command(PeerCommand::CreateOffer { ice_restart: false });
    let mut call =
        Call { scenario, ends: vec![caller], under_way: Vec::new(), outcome: SetUp::default() };
    let accepted = now() + RINGS_FOR;
    call.until(accepted, None, |_| false).await;
    call.ends.push(End::open(&network, Side::B, &mut rng));
    call.until(accepted + CONNECT_WITHIN + VIDEO_WITHIN, Some(accepted), |outcome| {
        outcome.both_see().is_some() || outcome.failure.is_some()
    })
    .await;
    if scenario.restart && call.outcome.both_see().is_some() {
        call.until(now() + RESTART_AFTER, Some(accepted), |_| false).await;
        call.outcome.restart_silence = [Some(Duration::ZERO); 2];
        call.ends[0].command(PeerCommand::CreateOffer { ice_restart: true });
        call.until(now() + RESTART_WATCHED, Some(accepted), |_| false).await;
        let restarts = call.ends[0].peer.statistics().borrow().ice_restarts;
        assert_eq!(restarts, 1, "ICE was restarted");
    }
    call.ends.iter().for_each(|end| end.peer.close());
    call.outcome
}

/// A call under way.
struct Call {
    scenario: Scenario,
    ends: Vec<End>,
    under_way: Vec<Message>,
    outcome: SetUp,
}

impl Call {
    /// Runs up to a moment, or until enough has happened.
    async fn until(
        &mut self,
        end: Instant,
        accepted: Option<Instant>,
        enough: impl Fn(&SetUp) -> bool,
    ) {
        while now() < end && !enough(&self.outcome) {
            let captures = self.ends.iter().map(End::next_capture);
            let arrivals = self.under_way.iter().filter(|message| message.to < self.ends.len());
            let next = arrivals
                .map(|message| message.arrives)
                .chain(captures)
                .chain([end])
                .min()
                .unwrap_or(end);
            let (first, second) = self.ends.split_at_mut(1);
            let second = second.first_mut();
            let event = tokio::select! {
                biased;
                Some(event) = first[0].events.recv() => Some((0, event)),
                Some(event) = next_event(second) => Some((1, event)),
                () = sleep_until(next.into()) => None,
            };
            if let Some((from, event)) = event {
                self.event(from, event, accepted);
            }
            let now = now();
            self.deliver(now);
            for (index, end) in self.ends.iter_mut().enumerate() {
                end.capture(now);
                let silence = end.listen(now);
                if let Some(longest) = &mut self.outcome.restart_silence[index] {
                    *longest = (*longest).max(silence.unwrap_or_default());
                }
                if let Some(accepted) = accepted
                    && end.media.video_in.try_iter().count() > 0
                {
                    self.outcome.first_frame[index].get_or_insert(now.duration_since(accepted));
                }
            }
        }
    }

    fn event(&mut self, from: usize, event: PeerEvent, accepted: Option<Instant>) {
        let mut arrives = now() + self.scenario.signaling;
        let command = match event {
            PeerEvent::LocalDescription(description) => match description.kind {
                DescriptionKind::Offer => PeerCommand::AcceptOffer(description),
                _ => PeerCommand::AcceptAnswer(description),
            },
            PeerEvent::LocalCandidate(candidate) => {
                arrives += self.scenario.candidates_late;
                PeerCommand::AddCandidate(candidate)
            }
            PeerEvent::Connected => {
                self.ends[from].connect();
                let after = accepted.map(|accepted| now().duration_since(accepted));
                self.outcome.connected[from] = self.outcome.connected[from].or(after);
                return;
            }
            PeerEvent::Failed(why) => {
                self.outcome.failure.get_or_insert(why);
                return;
            }
            PeerEvent::Disconnected
            | PeerEvent::PathDegraded
            | PeerEvent::PathRecovered
            | PeerEvent::NoOffer
            | PeerEvent::OfferRefused => return,
        };
        self.under_way.push(Message { arrives, to: 1 - from, command });
    }

    fn deliver(&mut self, now: Instant) {
        let ends = self.ends.len();
        let arrived =
            self.under_way.extract_if(.., |message| message.arrives <= now && message.to < ends);
        for message in arrived {
            self.ends[message.to].command(message.command);
        }
    }
}

pub(crate) async fn next_event(end: Option<&mut End>) -> Option<PeerEvent> {
    match end {
        Some(end) => end.events.recv().await,
        None => std::future::pending().await,
    }
}
