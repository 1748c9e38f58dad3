//! Two clients with keys, and a server between them that may do whatever it likes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use visavis_shared::identity::Nonce;
use visavis_shared::message::{CallIdentity, IdentityMember};
use visavis_shared::{
    CallId, CallSignal, CandidateInit, DescriptionKind, Payload, PublicKey, SessionDescription,
    Username,
};

use crate::call::{Call, CallNonces, CallPhase, EndReason, Input, Output, PeerId, PeerInput};
use crate::device_key::{DeviceKey, LoginKey};
use crate::trust::{CodeState, Known, Names, SafetyCode, Standing};

pub(super) const ALICE: usize = 0;
pub(super) const BOB: usize = 1;
pub(super) const NAMES: [&str; 2] = ["alice", "bob"];
/// The certificates of alice, of bob, and of somebody between them.
pub(super) const CERTIFICATES: [&str; 3] = ["AA:01", "BB:02", "EE:EE"];

pub(super) fn name(text: &str) -> Username {
    Username::parse(text).expect("a name")
}

pub(super) fn key(who: usize) -> Arc<LoginKey> {
    Arc::new(DeviceKey::from_seed([who as u8 + 1; 32]).login_key("wss://call.example.org"))
}

pub(super) fn public(who: usize) -> PublicKey {
    key(who).public()
}

pub(super) fn nonces(who: usize) -> CallNonces {
    let nonce = |n: usize| Nonce([n as u8; 32]);
    CallNonces { offer: nonce(10 + who), answer: nonce(20 + who) }
}

pub(super) fn knows(who: usize) -> Known {
    Known { key: Some(public(who)), ..Known::default() }
}

pub(super) fn sdp(certificate: &str) -> String {
    format!("v=0\r\na=fingerprint:sha-256 {certificate}\r\n")
}

pub(super) fn names(call: &str, own: &str, other: &str) -> Names {
    Names { call: CallId::parse(call).expect("a call"), own: name(own), other: name(other) }
}

/// A description as it is sent.
pub(super) fn described(
    description: SessionDescription,
    identity: Option<CallIdentity>,
) -> Payload {
    #[derive(serde::Serialize)]
    struct Described {
        #[serde(flatten)]
        description: SessionDescription,
        #[serde(skip_serializing_if = "Option::is_none")]
        identity: Option<CallIdentity>,
    }
    Payload::of(&Described { description, identity }).expect("JSON")
}

pub(super) fn signed(
    kind: DescriptionKind,
    certificate: &str,
    identity: Option<CallIdentity>,
) -> Payload {
    described(SessionDescription { kind, sdp: sdp(certificate) }, identity)
}

pub(super) fn identity_of(payload: &Payload) -> CallIdentity {
    match IdentityMember::of(payload) {
        IdentityMember::Present(identity) => identity,
        other => panic!("signed: {other:?}"),
    }
}

/// Without its identity, as a page would send it.
pub(super) fn stripped(signal: CallSignal) -> CallSignal {
    match signal {
        CallSignal::Offer(_) => {
            CallSignal::Offer(signed(DescriptionKind::Offer, CERTIFICATES[ALICE], None))
        }
        CallSignal::Answer(_) => {
            CallSignal::Answer(signed(DescriptionKind::Answer, CERTIFICATES[BOB], None))
        }
        CallSignal::Ringing(_) => CallSignal::Ringing(None),
        other => other,
    }
}

/// What the server makes of a signal, and who sent it.
pub(super) type Server<'a> = Box<dyn FnMut(usize, CallSignal) -> Option<CallSignal> + 'a>;

pub(super) struct Duo<'a> {
    pub(super) now: Instant,
    pub(super) calls: [Call<()>; 2],
    pub(super) known: [Known; 2],
    pub(super) certificates: [&'static str; 2],
    pub(super) server: Server<'a>,
    /// What each has done, in words.
    pub(super) did: [Vec<String>; 2],
    pub(super) described: usize,
    pub(super) sent: Vec<(usize, Option<CallId>, CallSignal)>,
}

impl<'a> Duo<'a> {
    /// Each knows this of the other.
    pub(super) fn new(known: [Known; 2]) -> Self {
        Self::with_server(known, |_, signal| Some(signal))
    }

    pub(super) fn with_server(
        known: [Known; 2],
        server: impl FnMut(usize, CallSignal) -> Option<CallSignal> + 'a,
    ) -> Self {
        let now = Instant::now();
        let calls = [ALICE, BOB].map(|who| {
            let mut call = Call::default();
            let key = Some(key(who));
            call.handle_input(Input::SignalingUp { username: name(NAMES[who]), key }, now);
            call
        });
        let certificates = [CERTIFICATES[ALICE], CERTIFICATES[BOB]];
        let (did, sent) = (Default::default(), Vec::new());
        let server = Box::new(server);
        Self { now, calls, known, certificates, server, did, described: 0, sent }
    }

    pub(super) fn feed(&mut self, who: usize, input: Input<()>) {
        self.calls[who].handle_input(input, self.now);
        let outputs: Vec<_> = std::iter::from_fn(|| self.calls[who].poll_output()).collect();
        for output in outputs {
            self.carry_out(who, output);
        }
    }

    pub(super) fn report(&mut self, who: usize, peer: PeerId, event: PeerInput) {
        self.feed(who, Input::Peer { peer, event });
    }

    pub(super) fn describe(&mut self, who: usize, peer: PeerId, kind: DescriptionKind) {
        self.described += 1;
        let sdp = format!("{}s={}\r\n", sdp(self.certificates[who]), self.described);
        let description = SessionDescription { kind, sdp };
        self.report(who, peer, PeerInput::LocalDescription(description));
        let candidate = CandidateInit {
            candidate: format!("candidate of {}", NAMES[who]),
            sdp_mid: None,
            sdp_mline_index: None,
            username_fragment: None,
        };
        self.report(who, peer, PeerInput::LocalCandidate(candidate));
    }

    pub(super) fn carry_out(&mut self, who: usize, output: Output<()>) {
        let word = match output {
            Output::Send { call, signal, .. } => {
                let word = format!("sends {}", signal.type_name());
                self.did[who].push(word);
                self.sent.push((who, call.clone(), signal.clone()));
                if let Some(signal) = (self.server)(who, signal) {
                    self.deliver(1 - who, call, signal);
                }
                return;
            }
            Output::CreateOffer { peer, .. } => {
                return self.describe(who, peer, DescriptionKind::Offer);
            }
            Output::AcceptOffer(peer, _) => {
                return self.describe(who, peer, DescriptionKind::Answer);
            }
            Output::AcceptAnswer(..) => "takes the answer",
            Output::StartMedia(_) => "opens devices",
            Output::StopMedia => "closes devices",
            Output::Refused { .. } => "is told of a refusal",
            Output::OpenPeer(..) | Output::AddCandidate(..) | Output::ClosePeer(_) => return,
        };
        self.did[who].push(word.to_owned());
    }

    pub(super) fn deliver(&mut self, to: usize, call: Option<CallId>, signal: CallSignal) {
        let (from, known) = (name(NAMES[1 - to]), self.known[to]);
        self.feed(to, Input::Signal { from, call, signal, known });
    }

    pub(super) fn place(&mut self, call: &str) {
        let (peer, call) = (name("bob"), CallId::parse(call).expect("a call"));
        let (nonces, known) = (nonces(ALICE), self.known[ALICE]);
        self.feed(ALICE, Input::Call { peer, call, nonces, known, consent: () });
    }

    pub(super) fn accept(&mut self) {
        let nonce = nonces(BOB).answer;
        self.feed(BOB, Input::Accept { from: name("alice"), nonce, consent: () });
    }

    pub(super) fn connect(&mut self) {
        for who in [ALICE, BOB] {
            self.report(who, PeerId(1), PeerInput::Connected);
        }
    }

    pub(super) fn wait(&mut self, time: Duration) {
        self.now += time;
        for who in [ALICE, BOB] {
            self.feed(who, Input::Timeout);
        }
    }

    pub(super) fn standing(&self, who: usize) -> Option<Standing> {
        self.calls[who].trust().map(|trust| trust.standing)
    }

    pub(super) fn code(&self, who: usize) -> Option<SafetyCode> {
        match self.calls[who].trust()?.code {
            CodeState::Here(code) => Some(code),
            _ => None,
        }
    }

    pub(super) fn end(&self, who: usize) -> EndReason {
        match self.calls[who].phase() {
            CallPhase::Ended { reason, .. } => reason,
            other => panic!("{} is {other:?}", NAMES[who]),
        }
    }

    pub(super) fn did(&self, who: usize, what: &str) -> bool {
        self.did[who].iter().any(|word| word == what)
    }
}
