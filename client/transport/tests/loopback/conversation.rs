//! Two peers that send each other media across a network to which things happen.
//!
//! In: network events, each with its moment. Out: an account of what each side sent and received.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::time::sleep;
use visavis_link::{Conditions, Emulator, Side, Timeline};
use visavis_media::frame::EncodedAudio;
use visavis_shared::DescriptionKind;
use visavis_transport::{PeerCommand, PeerEvent, VideoControl};

use crate::support::{End, access_unit, frame};

/// How often a video frame is sent.
const FRAME: Duration = Duration::from_millis(33);
/// How often audio is sent.
const AUDIO: Duration = Duration::from_millis(20);
/// How long what was sent may be under way before the next look.
const LOOK: Duration = Duration::from_millis(4);

/// What happens to the network, or to the path through it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NetworkEvent {
    /// One side gets another address.
    Move(Side),
    /// Nothing gets through any more.
    Close,
    /// And it does again.
    Open,
    /// What the two send each other through the server gets stuck.
    ServerGone,
    /// And is delivered.
    ServerBack,
    /// One side restarts ICE.
    Restart(Side),
}

/// What one side sent and received, and when.
#[derive(Debug, Default)]
pub(crate) struct Account {
    sent: HashMap<Bytes, Duration>,
    /// Video frames that came, by when.
    pub(crate) frames: Vec<(Duration, Bytes)>,
    /// Audio that came, by when.
    pub(crate) audio: Vec<(Duration, Bytes)>,
    /// The peer's events.
    pub(crate) events: Vec<(Duration, PeerEvent)>,
    frames_sent: usize,
    audio_sent: usize,
}

impl Account {
    /// How often an event came.
    pub(crate) fn count(&self, event: &PeerEvent) -> usize {
        self.events.iter().filter(|(_, emitted)| emitted == event).count()
    }
}

/// The longest time between two of these from a moment on.
pub(crate) fn longest_gap(of: &[(Duration, Bytes)], from: Duration, to: Duration) -> Duration {
    let times = of.iter().map(|(at, _)| *at).filter(|at| (from..=to).contains(at));
    let times: Vec<Duration> =
        std::iter::once(from).chain(times).chain(std::iter::once(to)).collect();
    times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
}

/// When the first of these came from a moment on.
pub(crate) fn first_after(of: &[(Duration, Bytes)], from: Duration) -> Option<Duration> {
    of.iter().map(|(at, _)| *at).find(|at| *at > from)
}

/// Two that send each other media.
pub(crate) struct Conversation {
    ends: [End; 2],
    network: Option<Emulator>,
    start: Instant,
    /// What each of the two sent and received.
    pub(crate) accounts: [Account; 2],
    rng: StdRng,
    open: Conditions,
    /// How long a message takes through the server.
    server_delay: Duration,
    server_gone: bool,
    /// What is under way through the server, to whom, and when it arrives.
    messages: Vec<(Duration, usize, PeerEvent)>,
    /// The first of the two has offered and waits for the answer: until then its offer stands
    /// against the other's, as it does between their calls.
    offer_stands: bool,
    /// Whether a degraded path makes the first of the two restart ICE, as their calls would.
    mends: bool,
}

const fn index(side: Side) -> usize {
    match side {
        Side::A => 0,
        Side::B => 1,
    }
}

impl Conversation {
    pub(crate) fn new((a, b): (End, End), network: Option<Emulator>, open: Conditions) -> Self {
        Self {
            ends: [a, b],
            network,
            start: Instant::now(),
            accounts: [Account::default(), Account::default()],
            rng: StdRng::seed_from_u64(5),
            open,
            server_delay: Duration::from_millis(20),
            server_gone: false,
            messages: Vec::new(),
            offer_stands: false,
            mends: true,
        }
    }

    /// Nobody does anything about a degraded path.
    pub(crate) fn without_mending(mut self) -> Self {
        self.mends = false;
        self
    }

    /// Both send for so long, while these things happen in this order.
    pub(crate) async fn run(&mut self, length: Duration, events: &[(Duration, NetworkEvent)]) {
        self.start = Instant::now();
        let mut events = events.iter().peekable();
        let (mut next_frame, mut next_audio) = (Duration::ZERO, Duration::ZERO);
        loop {
            let now = self.start.elapsed();
            if now >= length {
                return;
            }
            while let Some((_, event)) = events.next_if(|(at, _)| *at <= now) {
                self.apply(*event).await;
            }
            if now >= next_frame {
                next_frame += FRAME;
                (0..2).for_each(|side| self.send_frame(side, now));
            }
            if now >= next_audio {
                next_audio += AUDIO;
                (0..2).for_each(|side| self.send_audio(side, now));
            }
            self.listen();
            self.deliver_messages();
            sleep(LOOK).await;
        }
    }

    async fn apply(&mut self, event: NetworkEvent) {
        match event {
            NetworkEvent::Move(side) => self.network().move_address(side).await,
            NetworkEvent::Close => self.network().set(Timeline::steady(self.open.closed())).await,
            NetworkEvent::Open => self.network().set(Timeline::steady(self.open)).await,
            NetworkEvent::ServerGone => self.server_gone = true,
            NetworkEvent::ServerBack => self.server_gone = false,
            NetworkEvent::Restart(side) => {
                self.ends[index(side)].command(PeerCommand::CreateOffer { ice_restart: true })
            }
        }
    }

    fn network(&self) -> &Emulator {
        self.network.as_ref().expect("a network to which things happen")
    }

    fn send_frame(&mut self, side: usize, now: Duration) {
        let (end, account) = (&self.ends[side], &mut self.accounts[side]);
        let requested = end.control.try_iter().fold(false, |requested, target| {
            requested | matches!(target, VideoControl::KeyFrame(_))
        });
        let key = account.frames_sent == 0 || requested;
        let data = access_unit(&mut self.rng, key, if key { 8_000 } else { 2_000 });
        // What does not fit is dropped, as the encoder does.
        if end.video_out.try_send(frame(data.clone(), key)).is_ok() {
            account.frames_sent += 1;
            account.sent.insert(data, now);
        }
    }

    fn send_audio(&mut self, side: usize, now: Duration) {
        let (end, account) = (&self.ends[side], &mut self.accounts[side]);
        let data = Bytes::from(format!("audio {} of {side}", account.audio_sent));
        account.audio_sent += 1;
        let captured_at = self.start + now;
        if end
            .audio_out
            .try_send(EncodedAudio { data: data.clone(), samples: 960, captured_at })
            .is_ok()
        {
            account.sent.insert(data, now);
        }
    }

    fn listen(&mut self) {
        let now = self.start.elapsed();
        for side in 0..2 {
            while let Ok(frame) = self.ends[side].video_in.try_recv() {
                assert!(
                    self.accounts[1 - side].sent.contains_key(&frame.data),
                    "a frame that nobody sent"
                );
                self.accounts[side].frames.push((now, frame.data));
            }
            while let Ok(audio) = self.ends[side].audio_in.try_recv() {
                assert!(
                    self.accounts[1 - side].sent.contains_key(&audio.payload),
                    "audio that nobody sent"
                );
                self.accounts[side].audio.push((now, audio.payload));
            }
            while let Ok(event) = self.ends[side].events.try_recv() {
                if event == PeerEvent::PathDegraded && self.mends && side == 0 {
                    self.ends[0].command(PeerCommand::CreateOffer { ice_restart: true });
                }
                if let PeerEvent::LocalDescription(description) = &event
                    && side == 0
                {
                    self.offer_stands = description.kind == DescriptionKind::Offer;
                }
                match event {
                    PeerEvent::LocalDescription(_) | PeerEvent::LocalCandidate(_) => {
                        self.messages.push((now + self.server_delay, 1 - side, event));
                    }
                    event => {
                        println!("{now:?} {side}: {event:?}");
                        self.accounts[side].events.push((now, event));
                    }
                }
            }
        }
    }

    fn deliver_messages(&mut self) {
        let now = self.start.elapsed();
        if self.server_gone {
            return;
        }
        for (at, to, event) in std::mem::take(&mut self.messages) {
            if at > now {
                self.messages.push((at, to, event));
                continue;
            }
            let from = if to == 0 { Side::B } else { Side::A };
            let command = match event {
                PeerEvent::LocalDescription(mut description) => {
                    let is_offer = description.kind == DescriptionKind::Offer;
                    if to == 0 && self.offer_stands && is_offer {
                        continue;
                    }
                    self.offer_stands &= to != 0;
                    println!("{now:?}: {:?} arrives at {to}", description.kind);
                    let lines = description.sdp.lines().map(|line| {
                        let mut line = line.to_owned();
                        if let Some(network) = &self.network
                            && line.starts_with("a=candidate:")
                        {
                            network.step_between(from, &mut line);
                        }
                        line + "\r\n"
                    });
                    description.sdp = lines.collect();
                    match description.kind {
                        DescriptionKind::Offer => PeerCommand::AcceptOffer(description),
                        _ => PeerCommand::AcceptAnswer(description),
                    }
                }
                PeerEvent::LocalCandidate(mut candidate) => {
                    if let Some(network) = &self.network {
                        network.step_between(from, &mut candidate.candidate);
                    }
                    PeerCommand::AddCandidate(candidate)
                }
                other => panic!("{other:?} is no message"),
            };
            self.ends[to].command(command);
        }
    }

    /// What one side sent from a moment on and up to another, that did not come.
    pub(crate) fn missing(&self, of: usize, from: Duration, to: Duration) -> (usize, usize) {
        let theirs = &self.accounts[1 - of];
        let sent = self.accounts[of].sent.iter().filter(|(_, at)| (from..to).contains(*at));
        let missing: Vec<&Bytes> = sent
            .map(|(data, _)| data)
            .filter(|data| {
                !theirs.frames.iter().chain(&theirs.audio).any(|(_, came)| came == *data)
            })
            .collect();
        let mut times: Vec<Duration> =
            missing.iter().filter_map(|data| self.accounts[of].sent.get(*data)).copied().collect();
        times.sort_unstable();
        println!("what {of} sent at {times:?} did not come");
        let audio = missing.iter().filter(|data| data.starts_with(b"audio")).count();
        (missing.len() - audio, audio)
    }
}
