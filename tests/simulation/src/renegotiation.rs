//! A running call whose descriptions are lost, changed on their way, or forged.
//!
//! In: [`Step`]s in order. Out: an [`Account`] of what each of the two received and was notified
//! of. Both act as calls do: who loses the other restarts ICE, and of two offers the first one's
//! stands. It runs in virtual time; the same steps and seed give the same account, but for the
//! library's own random numbers.

use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::time::sleep_until;
use visavis_link::{Conditions, Side};
use visavis_shared::{DescriptionKind, SessionDescription};
use visavis_transport::{PeerCommand, PeerEvent};

use crate::memory_network::MemoryNetwork;
use crate::set_up::{End, Message, in_virtual_time, next_event, now};

/// One way, between the two.
const DELAY: Duration = Duration::from_millis(20);
/// How long a description takes to the other.
const SIGNALING: Duration = Duration::from_millis(20);
/// How long the two may take to connect.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Who is disconnected restarts ICE after so long, as a call does.
const RESTART_GRACE: Duration = Duration::from_secs(2);
/// And again after so long.
const RESTART_RETRY: Duration = Duration::from_secs(5);

/// How a description is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is no description at all.
    Garbage,
    /// Cut off in the middle.
    CutOff,
    /// Other ICE credentials, of the usual form.
    OtherCredentials,
    /// Other ICE credentials, and a fingerprint that nothing can verify.
    OtherCredentialsRefused,
    /// Other ICE credentials of which the password is empty.
    EmptyPassword,
    /// No ICE credentials.
    NoCredentials,
    /// The fingerprint of another certificate.
    OtherFingerprint,
    /// Sections by other names.
    OtherSections,
    /// Sections without names.
    NoMids,
    /// The description as it is.
    Unchanged,
}

impl Change {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Garbage,
        Self::CutOff,
        Self::OtherCredentials,
        Self::OtherCredentialsRefused,
        Self::EmptyPassword,
        Self::NoCredentials,
        Self::OtherFingerprint,
        Self::OtherSections,
        Self::NoMids,
        Self::Unchanged,
    ];

    fn apply(self, sdp: &str) -> String {
        let with_lines = |change: &dyn Fn(&str) -> Option<String>| -> String {
            sdp.lines().filter_map(change).flat_map(|line| [line, "\r\n".to_owned()]).collect()
        };
        let replacing = |attribute: &str, value: &str| {
            with_lines(&|line| {
                let replaced = line.starts_with(attribute);
                Some(if replaced { format!("{attribute}{value}") } else { line.to_owned() })
            })
        };
        let credentials = |user: &str, password: &str| {
            with_lines(&|line| {
                Some(match line.split_once(':') {
                    Some(("a=ice-ufrag", _)) => format!("a=ice-ufrag:{user}"),
                    Some(("a=ice-pwd", _)) => format!("a=ice-pwd:{password}"),
                    _ => line.to_owned(),
                })
            })
        };
        match self {
            Self::Garbage => "hello".to_owned(),
            Self::CutOff => sdp.chars().take(sdp.len() / 2).collect(),
            Self::OtherCredentials => credentials("abcdefgh", &"x".repeat(32)),
            Self::OtherCredentialsRefused => {
                let unverifiable = format!("sha-1 {}", ["AB"; 20].join(":"));
                credentials("abcdefgh", &"x".repeat(32))
                    .lines()
                    .map(|line| match line.strip_prefix("a=fingerprint:") {
                        Some(_) => format!("a=fingerprint:{unverifiable}\r\n"),
                        None => format!("{line}\r\n"),
                    })
                    .collect()
            }
            Self::EmptyPassword => credentials("abcdefgh", ""),
            Self::NoCredentials => {
                with_lines(&|line| (!line.starts_with("a=ice-")).then(|| line.to_owned()))
            }
            Self::OtherFingerprint => {
                replacing("a=fingerprint:", &format!("sha-256 {}", ["AB"; 32].join(":")))
            }
            Self::OtherSections => with_lines(&|line| {
                Some(match line.strip_prefix("a=mid:") {
                    Some(mid) => format!("a=mid:other{mid}"),
                    None => line.to_owned(),
                })
            }),
            Self::NoMids => {
                with_lines(&|line| (!line.starts_with("a=mid:")).then(|| line.to_owned()))
            }
            Self::Unchanged => sdp.to_owned(),
        }
    }
}

/// What is done to the call. Sides are 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A side offers, with or without an ICE restart.
    Offer {
        /// The side that offers.
        side: usize,
        /// See [`PeerCommand::CreateOffer`].
        ice_restart: bool,
    },
    /// A side gets the other's last description once more, changed, as an offer or an answer.
    Forge {
        /// Who gets it.
        to: usize,
        /// As what.
        kind: DescriptionKind,
        /// In what way it is changed.
        change: Change,
    },
    /// A side's next description is changed on its way.
    ChangeNext {
        /// The side whose description is changed.
        from: usize,
        /// In what way.
        change: Change,
    },
    /// A side's next description is lost.
    LoseNext {
        /// The side whose description is lost.
        from: usize,
    },
    /// Nothing is done for so long.
    Wait(Duration),
}

/// What became of a call. Times are counted from its connection.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// When each side received audio.
    pub heard: [Vec<Duration>; 2],
    /// What each side was notified of, candidates and descriptions apart.
    pub events: Vec<(Duration, usize, PeerEvent)>,
    /// When the last step was over.
    pub over: Duration,
}

impl Account {
    /// The longest time without audio at either side between two moments.
    #[must_use]
    pub fn silence(&self, from: Duration, to: Duration) -> Duration {
        let longest = self.heard.iter().map(|heard| {
            let times = heard.iter().copied().filter(|at| (from..=to).contains(at));
            let times: Vec<Duration> = [from].into_iter().chain(times).chain([to]).collect();
            times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
        });
        longest.max().unwrap_or_default()
    }

    /// Whether a side was notified that the connection failed.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.events.iter().any(|(_, _, event)| matches!(event, PeerEvent::Failed(_)))
    }
}

/// Connects two, takes the steps, and lets the call run on for a while. With `mends`, who loses the
/// other restarts ICE.
///
/// # Panics
/// When the two do not connect in the first place.
#[must_use]
pub fn renegotiate(steps: &[Step], run_on: Duration, mends: bool, seed: u64) -> Account {
    in_virtual_time(async {
        let mut rng = StdRng::seed_from_u64(seed);
        let network = MemoryNetwork::start(Conditions::CLEAR.delay(DELAY), seed);
        let ends = [End::open(&network, Side::A, &mut rng), End::open(&network, Side::B, &mut rng)];
        let mut call = Call::new(ends, mends);
        call.ends[0].command(PeerCommand::CreateOffer { ice_restart: false });
        let until = now() + CONNECT_WITHIN;
        while !call.up.iter().all(|up| *up) {
            assert!(now() < until, "not connected in time: {:?}", call.account.events);
            call.run(Duration::from_millis(50)).await;
        }
        (call.start, call.account) = (now(), Account::default());
        for step in steps {
            call.take(*step).await;
        }
        call.account.over = now() - call.start;
        call.run(run_on).await;
        call.ends.iter().for_each(|end| end.peer.close());
        call.account
    })
}

struct Call {
    ends: [End; 2],
    under_way: Vec<Message>,
    start: Instant,
    mends: bool,
    /// Who is connected.
    up: [bool; 2],
    /// When each side restarts ICE next.
    restart_at: [Option<Instant>; 2],
    /// The first has offered and waits for the answer: until then the other's offers don't count.
    offer_stands: bool,
    last_description: [Option<SessionDescription>; 2],
    /// What happens to each side's next description; `None` within is its loss.
    next: [Option<Option<Change>>; 2],
    account: Account,
}

impl Call {
    fn new(ends: [End; 2], mends: bool) -> Self {
        Self {
            ends,
            under_way: Vec::new(),
            start: now(),
            mends,
            up: [false; 2],
            restart_at: [None; 2],
            offer_stands: false,
            last_description: [None, None],
            next: [None; 2],
            account: Account::default(),
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Offer { side, ice_restart } => {
                self.ends[side].command(PeerCommand::CreateOffer { ice_restart });
            }
            Step::Forge { to, kind, change } => {
                let Some(last) = &self.last_description[1 - to] else { return };
                let description = SessionDescription { kind, sdp: change.apply(&last.sdp) };
                self.ends[to].command(match kind {
                    DescriptionKind::Offer => PeerCommand::AcceptOffer(description),
                    _ => PeerCommand::AcceptAnswer(description),
                });
            }
            Step::ChangeNext { from, change } => self.next[from] = Some(Some(change)),
            Step::LoseNext { from } => self.next[from] = Some(None),
            Step::Wait(length) => self.run(length).await,
        }
    }

    async fn run(&mut self, length: Duration) {
        let end = now() + length;
        while now() < end {
            let next = self.under_way.iter().map(|message| message.arrives);
            let next = next
                .chain(self.ends.iter().map(End::next_capture))
                .chain(self.restart_at.into_iter().flatten().filter(|_| self.mends))
                .chain([end])
                .min()
                .unwrap_or(end);
            let [first, second] = &mut self.ends;
            let event = tokio::select! {
                biased;
                Some(event) = next_event(Some(first)) => Some((0, event)),
                Some(event) = next_event(Some(second)) => Some((1, event)),
                () = sleep_until(next.into()) => None,
            };
            if let Some((from, event)) = event {
                self.event(from, event);
            }
            self.tick();
        }
    }

    fn tick(&mut self) {
        let now = now();
        for message in self.under_way.extract_if(.., |message| message.arrives <= now) {
            if let PeerCommand::AcceptOffer(_) = message.command
                && message.to == 0
                && self.offer_stands
            {
                continue;
            }
            if message.to == 0 && matches!(message.command, PeerCommand::AcceptAnswer(_)) {
                self.offer_stands = false;
            }
            self.ends[message.to].command(message.command);
        }
        for (side, end) in self.ends.iter_mut().enumerate() {
            end.capture(now);
            if end.media.audio_in.try_iter().count() > 0 {
                self.account.heard[side].push(now - self.start);
            }
            if self.mends && self.restart_at[side].is_some_and(|at| at <= now) {
                self.restart_at[side] = Some(now + RESTART_RETRY);
                end.command(PeerCommand::CreateOffer { ice_restart: true });
            }
        }
    }

    fn event(&mut self, from: usize, event: PeerEvent) {
        let to = 1 - from;
        let arrives = now() + SIGNALING;
        match event {
            PeerEvent::LocalDescription(description) => {
                self.last_description[from] = Some(description.clone());
                if from == 0 {
                    self.offer_stands = description.kind == DescriptionKind::Offer;
                }
                let sdp = match self.next[from].take() {
                    None => description.sdp,
                    Some(Some(change)) => change.apply(&description.sdp),
                    Some(None) => return,
                };
                let description = SessionDescription { sdp, ..description };
                let command = match description.kind {
                    DescriptionKind::Offer => PeerCommand::AcceptOffer(description),
                    _ => PeerCommand::AcceptAnswer(description),
                };
                self.under_way.push(Message { arrives, to, command });
            }
            PeerEvent::LocalCandidate(candidate) => {
                let command = PeerCommand::AddCandidate(candidate);
                self.under_way.push(Message { arrives, to, command });
            }
            event => {
                let grace = match event {
                    PeerEvent::Disconnected => Some(RESTART_GRACE),
                    PeerEvent::PathDegraded | PeerEvent::Failed(_) => Some(Duration::ZERO),
                    _ => None,
                };
                self.up[from] = match event {
                    PeerEvent::Connected => true,
                    PeerEvent::Disconnected | PeerEvent::Failed(_) => false,
                    _ => self.up[from],
                };
                self.restart_at[from] = match (grace, self.restart_at[from]) {
                    (None, _) => None,
                    (Some(_), Some(at)) => Some(at),
                    (Some(grace), None) => Some(now() + grace),
                };
                self.account.events.push((now() - self.start, from, event));
            }
        }
    }
}
