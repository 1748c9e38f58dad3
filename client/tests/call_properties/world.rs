//! Two clients, a server between them that can't be relied on, and everything else that can happen.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};
use visavis_client::call::{self, CallNonces, CallPhase, PeerId, PeerInput};
use visavis_client::trust::Known;
use visavis_client::words::phrase;
use visavis_shared::identity::Nonce;
use visavis_shared::{
    CallId, CallSignal, CandidateInit, CloseReason, DescriptionKind, ErrorCode, Payload,
    SessionDescription, Username,
};

use crate::ledger::{Ledger, Step};
use crate::ops::{Forged, Guise, Op, Report};

/// A person's consent to a call, numbered so that one is told from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Consent(u64);

pub(crate) type Call = call::Call<Consent>;
pub(crate) type Input = call::Input<Consent>;
pub(crate) type Output = call::Output<Consent>;

/// What a step or a property comes to.
pub(crate) type Outcome = Result<(), TestCaseError>;

/// Nothing is signed here, so nothing depends on them.
const NONCES: CallNonces = CallNonces { offer: Nonce([1; 32]), answer: Nonce([2; 32]) };

/// One of the two clients. Alice has the smaller name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Alice,
    Bob,
}

impl Who {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Alice => Self::Bob,
            Self::Bob => Self::Alice,
        }
    }

    pub(crate) fn name(self) -> Username {
        name(match self {
            Self::Alice => "alice",
            Self::Bob => "bob",
        })
    }
}

fn name(text: &str) -> Username {
    Username::parse(text).expect("a name")
}

/// Whether the server passes call ids on; it has none to pass on from older clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Letters {
    WithCallIds,
    WithoutCallIds,
}

#[derive(Debug, Clone)]
struct Letter {
    from: Who,
    to: Who,
    call: Option<CallId>,
    signal: CallSignal,
}

/// A simulated peer connection.
struct Peer {
    id: PeerId,
    owes: VecDeque<DescriptionKind>,
    candidates_made: Vec<String>,
    candidates_known: Vec<String>,
}

struct Client {
    call: Call,
    ledger: Ledger,
    peer: Option<Peer>,
    closed: Vec<PeerId>,
    online: bool,
    sent: Vec<Output>,
}

/// How far a schedule got.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    pub(crate) rang: bool,
    pub(crate) stood: bool,
    pub(crate) broke: bool,
}

pub(crate) struct World {
    now: Instant,
    letters: Letters,
    clients: [Client; 2],
    under_way: Vec<Letter>,
    ever_sent: Vec<Letter>,
    calls: u32,
    consents: u64,
    texts: u32,
    seen: Seen,
    /// Every phase that either came into, in order.
    phases: Vec<(Who, CallPhase)>,
}

fn description(kind: DescriptionKind, sdp: String) -> SessionDescription {
    SessionDescription { kind, sdp }
}

fn candidate(text: String) -> CandidateInit {
    CandidateInit { candidate: text, sdp_mid: None, sdp_mline_index: None, username_fragment: None }
}

fn json<T: serde::Serialize>(value: &T) -> Payload {
    Payload::of(value).expect("JSON")
}

impl World {
    pub(crate) fn new(letters: Letters) -> Self {
        let now = Instant::now();
        let clients = [Who::Alice, Who::Bob].map(|who| {
            let mut call = Call::default();
            call.handle_input(Input::SignalingUp { username: who.name(), key: None }, now);
            let ledger = Ledger::new(who.name());
            Client { call, ledger, peer: None, closed: Vec::new(), online: true, sent: Vec::new() }
        });
        Self {
            now,
            letters,
            clients,
            under_way: Vec::new(),
            ever_sent: Vec::new(),
            calls: 0,
            consents: 0,
            texts: 0,
            seen: Seen::default(),
            phases: Vec::new(),
        }
    }

    fn client(&mut self, who: Who) -> &mut Client {
        &mut self.clients[who as usize]
    }

    pub(crate) fn phase(&self, who: Who) -> CallPhase {
        self.clients[who as usize].call.phase()
    }

    /// Every phase that either came into, in order.
    pub(crate) fn phases(&self) -> &[(Who, CallPhase)] {
        &self.phases
    }

    pub(crate) fn call_id(&self, who: Who) -> Option<CallId> {
        self.clients[who as usize].call.call_id().cloned()
    }

    /// How many of its outputs were such.
    pub(crate) fn count(&self, who: Who, such: impl Fn(&Output) -> bool) -> usize {
        self.clients[who as usize].sent.iter().filter(|output| such(output)).count()
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen
    }

    /// How many candidates of either client the other's peer connection has never been given.
    pub(crate) fn missing_candidates(&self) -> usize {
        let missing = |who: Who| {
            let known =
                self.clients[who.other() as usize].peer.as_ref().map(|peer| &peer.candidates_known);
            let made =
                self.clients[who as usize].peer.iter().flat_map(|peer| &peer.candidates_made);
            made.filter(|text| !known.is_some_and(|known| known.contains(text))).count()
        };
        missing(Who::Alice) + missing(Who::Bob)
    }

    fn text(&mut self, what: &str) -> String {
        self.texts += 1;
        format!("{what}{}", self.texts)
    }

    fn fresh_consent(&mut self) -> Consent {
        self.consents += 1;
        Consent(self.consents)
    }

    fn fresh_call(&mut self) -> CallId {
        self.calls += 1;
        CallId::parse(&format!("c{}", self.calls)).expect("an id")
    }

    /// One input to one client: checked, and its outputs carried out.
    fn feed(&mut self, who: Who, input: Input) -> Outcome {
        let now = self.now;
        let client = self.client(who);
        let before = client.call.clone();
        client.call.handle_input(input.clone(), now);
        let outputs: Vec<Output> = std::iter::from_fn(|| client.call.poll_output()).collect();
        client.ledger.check(&Step {
            before: &before,
            after: &client.call,
            input: &input,
            outputs: &outputs,
            now,
        })?;
        client.sent.extend(outputs.iter().cloned());
        let phase = client.call.phase();
        if phase != before.phase() {
            self.phases.push((who, phase));
        }
        let client = self.client(who);
        let online = client.online;
        for output in outputs {
            self.carry_out(who, online, output);
        }
        for client in &self.clients {
            match client.call.phase() {
                CallPhase::Ringing { .. } | CallPhase::Calling { ringing: true, .. } => {
                    self.seen.rang = true
                }
                CallPhase::InCall { .. } => self.seen.stood = true,
                CallPhase::Reconnecting { .. } => self.seen.broke = true,
                _ => {}
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, who: Who, online: bool, output: Output) {
        let with_ids = self.letters == Letters::WithCallIds;
        let client = &mut self.clients[who as usize];
        match output {
            Output::Send { to, call, signal } => {
                if online && to == who.other().name() {
                    let letter = Letter {
                        from: who,
                        to: who.other(),
                        call: call.filter(|_| with_ids),
                        signal,
                    };
                    self.ever_sent.push(letter.clone());
                    self.under_way.push(letter);
                }
            }
            Output::OpenPeer(id, _) => client.open(id),
            Output::AcceptOffer(..) => {
                client.peer.iter_mut().for_each(|p| p.owes.push_back(DescriptionKind::Answer))
            }
            Output::CreateOffer { .. } => {
                client.peer.iter_mut().for_each(|p| p.owes.push_back(DescriptionKind::Offer))
            }
            Output::AddCandidate(_, candidate) => {
                client
                    .peer
                    .iter_mut()
                    .for_each(|p| p.candidates_known.push(candidate.candidate.clone()));
            }
            Output::ClosePeer(id) => {
                client.peer = None;
                client.closed.push(id);
            }
            Output::AcceptAnswer(..)
            | Output::StartMedia(_)
            | Output::StopMedia
            | Output::Refused { .. } => {}
        }
    }

    fn deliver(&mut self, letter: Letter) -> Outcome {
        let Letter { from, to, call, signal } = letter;
        if !self.client(to).online {
            // Nobody is online under that name.
            if self.client(from).online {
                let in_reply_to = Some(signal.type_name().to_owned());
                return self.feed(
                    from,
                    Input::SignalRefused { code: ErrorCode::UnknownUser, in_reply_to, call },
                );
            }
            return Ok(());
        }
        self.feed(to, Input::Signal { from: from.name(), call, signal, known: Known::default() })
    }

    fn pick(letters: usize, n: u8) -> Option<usize> {
        usize::from(n).checked_rem(letters)
    }

    /// Lets one thing happen.
    pub(crate) fn run(&mut self, op: Op) -> Outcome {
        match op {
            Op::Place(who) => {
                let call = self.fresh_call();
                let consent = self.fresh_consent();
                let (peer, known) = (who.other().name(), Known::default());
                self.feed(who, Input::Call { peer, call, nonces: NONCES, known, consent })
            }
            Op::Accept(who) => {
                let from = match self.phase(who) {
                    CallPhase::Ringing { peer, .. } => peer,
                    _ => who.other().name(),
                };
                let consent = self.fresh_consent();
                self.feed(who, Input::Accept { from, nonce: NONCES.answer, consent })
            }
            Op::AcceptTooLate(who) => {
                let consent = self.fresh_consent();
                self.feed(who, Input::Accept { from: name("dave"), nonce: NONCES.answer, consent })
            }
            Op::Decline(who) => self.feed(who, Input::Decline),
            Op::HangUp(who) => self.feed(who, Input::HangUp),
            Op::GiveUp(who) if matches!(self.phase(who), CallPhase::Connecting { .. }) => {
                self.feed(who, Input::GiveUp)
            }
            Op::GiveUp(_) => Ok(()),
            Op::Dismiss(who) => self.feed(who, Input::Dismiss),
            Op::Deliver(n) => match Self::pick(self.under_way.len(), n) {
                Some(index) => {
                    let letter = self.under_way.remove(index);
                    self.deliver(letter)
                }
                None => Ok(()),
            },
            Op::Repeat(n) => match Self::pick(self.under_way.len(), n) {
                Some(index) => self.deliver(self.under_way[index].clone()),
                None => Ok(()),
            },
            Op::Lose(n) => {
                if let Some(index) = Self::pick(self.under_way.len(), n) {
                    self.under_way.remove(index);
                }
                Ok(())
            }
            Op::Stale(n) => match Self::pick(self.ever_sent.len(), n) {
                Some(index) => self.deliver(self.ever_sent[index].clone()),
                None => Ok(()),
            },
            Op::Settle => self.settle(),
            Op::Describe(who) => self.describe(who).map(|_| ()),
            Op::Candidate(who) => {
                let text = self.text("candidate ");
                let Some(peer) = &mut self.client(who).peer else { return Ok(()) };
                let id = peer.id;
                peer.candidates_made.push(text.clone());
                self.feed(
                    who,
                    Input::Peer { peer: id, event: PeerInput::LocalCandidate(candidate(text)) },
                )
            }
            Op::Report(who, report) => match &self.client(who).peer {
                Some(peer) => {
                    let id = peer.id;
                    self.report(who, id, report)
                }
                None => Ok(()),
            },
            Op::LateReport(who, report) => match self.client(who).closed.last().copied() {
                Some(id) => self.report(who, id, report),
                None => Ok(()),
            },
            Op::Forge(who, guise, forged) => self.forge(who, guise, forged),
            Op::Refuse(who, code, about, with_call) => {
                let call = self.call_id(who).filter(|_| with_call);
                let in_reply_to = (!about.is_empty()).then(|| about.to_owned());
                self.feed(who, Input::SignalRefused { code, in_reply_to, call })
            }
            Op::Down(who) => self.go_down(who),
            Op::Up(who) => {
                if self.client(who).online {
                    return Ok(());
                }
                self.client(who).online = true;
                self.feed(who, Input::SignalingUp { username: who.name(), key: None })
            }
            Op::Wait(time) => self.wait(time),
            Op::Sleep(time) => {
                self.now += time;
                for who in [Who::Alice, Who::Bob] {
                    self.feed(who, Input::Timeout)?;
                }
                Ok(())
            }
        }
    }

    fn go_down(&mut self, who: Who) -> Outcome {
        if !self.client(who).online {
            return Ok(());
        }
        self.client(who).online = false;
        self.under_way.retain(|letter| letter.to != who);
        self.feed(who, Input::SignalingDown)?;
        // The server notifies whoever they were in a call with.
        let call = self.call_id(who).filter(|_| self.letters == Letters::WithCallIds);
        let in_call = !matches!(self.phase(who), CallPhase::Idle | CallPhase::Ended { .. });
        if in_call && self.client(who.other()).online {
            let signal = CallSignal::Close(Some(CloseReason::Disconnected));
            self.under_way.push(Letter { from: who, to: who.other(), call, signal });
        }
        Ok(())
    }

    fn describe(&mut self, who: Who) -> Result<bool, TestCaseError> {
        let text = self.text("sdp ");
        let Some(peer) = &mut self.client(who).peer else { return Ok(false) };
        let Some(kind) = peer.owes.pop_front() else { return Ok(false) };
        let id = peer.id;
        self.feed(
            who,
            Input::Peer { peer: id, event: PeerInput::LocalDescription(description(kind, text)) },
        )?;
        Ok(true)
    }

    fn report(&mut self, who: Who, peer: PeerId, report: Report) -> Outcome {
        let event = match report {
            Report::Connected => PeerInput::Connected,
            Report::Disconnected => PeerInput::Disconnected,
            Report::Failed => PeerInput::Failed(phrase!("call-not-set-up")),
            Report::Candidate => PeerInput::LocalCandidate(candidate(self.text("candidate "))),
            Report::Offer => {
                PeerInput::LocalDescription(description(DescriptionKind::Offer, self.text("sdp ")))
            }
            Report::Answer => {
                PeerInput::LocalDescription(description(DescriptionKind::Answer, self.text("sdp ")))
            }
        };
        self.feed(who, Input::Peer { peer, event })
    }

    fn forge(&mut self, who: Who, guise: Guise, forged: Forged) -> Outcome {
        let (carol, other) = (name("carol"), who.other().name());
        let this_call = self.call_id(who);
        let (from, call) = match guise {
            Guise::Stranger => (carol, Some(self.fresh_call())),
            Guise::StrangerInThisCall => (carol, this_call),
            Guise::StrangerWithoutCall => (carol, None),
            Guise::OtherCall => (other, Some(self.fresh_call())),
            Guise::Genuine => (other, this_call),
            Guise::Ourselves => (who.name(), this_call),
        };
        let signal = match forged {
            Forged::Offer => {
                CallSignal::Offer(json(&description(DescriptionKind::Offer, self.text("forged "))))
            }
            Forged::GarbledOffer => {
                CallSignal::Offer(json(&description(DescriptionKind::Answer, String::new())))
            }
            Forged::Ringing => CallSignal::Ringing(None),
            Forged::Answer => CallSignal::Answer(json(&description(
                DescriptionKind::Answer,
                self.text("forged "),
            ))),
            Forged::GarbledAnswer => CallSignal::Answer(json(&[1, 2])),
            Forged::Candidate => CallSignal::Candidate(json(&candidate(self.text("forged ")))),
            Forged::GarbledCandidate => CallSignal::Candidate(json(&"?")),
            Forged::Decline(reason) => CallSignal::Decline(reason),
            Forged::Close => CallSignal::Close(None),
            Forged::GivesUp(reason) => CallSignal::Close(Some(reason)),
            Forged::Gone => CallSignal::Close(Some(CloseReason::Disconnected)),
        };
        self.feed(who, Input::Signal { from, call, signal, known: Known::default() })
    }

    /// Delivers everything in order while the peer connections do what they owe, until all is
    /// quiet.
    pub(crate) fn settle(&mut self) -> Outcome {
        for _ in 0..500 {
            let described = self.describe(Who::Alice)? | self.describe(Who::Bob)?;
            if !self.under_way.is_empty() {
                let letter = self.under_way.remove(0);
                self.deliver(letter)?;
            } else if !described {
                return Ok(());
            }
        }
        Err(TestCaseError::fail("the two never stop talking"))
    }

    /// A call from placing it to media.
    pub(crate) fn connect(&mut self, caller: Who) -> Outcome {
        self.run(Op::Place(caller))?;
        self.settle()?;
        self.run(Op::Accept(caller.other()))?;
        self.settle()?;
        self.media_connects()
    }

    pub(crate) fn media_connects(&mut self) -> Outcome {
        self.run(Op::Report(Who::Alice, Report::Connected))?;
        self.run(Op::Report(Who::Bob, Report::Connected))
    }

    pub(crate) fn media_breaks(&mut self) -> Outcome {
        self.run(Op::Report(Who::Alice, Report::Disconnected))?;
        self.run(Op::Report(Who::Bob, Report::Disconnected))
    }

    /// How long media has been gone.
    pub(crate) fn broken_for(&self, who: Who) -> Duration {
        match self.phase(who) {
            CallPhase::Reconnecting { lost_at, .. } => self.now.saturating_duration_since(lost_at),
            _ => Duration::ZERO,
        }
    }

    /// Lets time pass; deadlines are kept to the moment.
    pub(crate) fn wait(&mut self, time: Duration) -> Outcome {
        let until = self.now + time;
        let both = [Who::Alice, Who::Bob];
        let due = |world: &Self, who: Who| {
            world.clients[who as usize].call.poll_timeout().map(|at| (at, who as usize))
        };
        while let Some((at, index)) =
            both.iter().filter_map(|who| due(self, *who)).min().filter(|(at, _)| *at <= until)
        {
            self.now = self.now.max(at);
            self.feed(both[index], Input::Timeout)?;
        }
        self.now = until;
        Ok(())
    }

    /// Nothing happens any more but the clock: whatever state they are in, both leave it.
    pub(crate) fn leave_alone(&mut self) -> Outcome {
        for who in [Who::Alice, Who::Bob] {
            // Media flows until something stops it.
            if matches!(self.phase(who), CallPhase::InCall { .. }) {
                self.run(Op::Report(who, Report::Disconnected))?;
            }
            let start = self.now;
            let mut steps = 0;
            while let Some(at) = self.client(who).call.poll_timeout() {
                self.now = self.now.max(at);
                self.feed(who, Input::Timeout)?;
                steps += 1;
                prop_assert!(steps <= 20, "{who:?} keeps waiting");
            }
            let phase = self.phase(who);
            prop_assert_eq!(&phase, &CallPhase::Idle, "{:?} is stuck", who);
            prop_assert!(
                self.now - start <= Duration::from_secs(45 + 60),
                "{who:?} took {:?}",
                self.now - start
            );
            self.client(who).ledger.check_all_closed()?;
        }
        Ok(())
    }
}

impl Client {
    fn open(&mut self, id: PeerId) {
        self.peer = Some(Peer {
            id,
            owes: VecDeque::new(),
            candidates_made: Vec::new(),
            candidates_known: Vec::new(),
        });
    }
}
