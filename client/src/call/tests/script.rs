//! A script of inputs, and what each is to lead to, in words.
//!
//! Outputs read `media on`, `media off`, `1: open, 1: offer`, `1: close`, `bob/c1: offer o1`;
//! phases read `idle`, `calling bob`, `ended HungUp after 5s`. The call id after a name is left out
//! where none is sent.

use std::time::{Duration, Instant};

use visavis_shared::identity::Nonce;
use visavis_shared::{
    CallId, CallSignal, CandidateInit, CloseReason, DeclineReason, DescriptionKind, ErrorCode,
    Payload, SessionDescription, Username,
};

use crate::call::{Call, CallNonces, CallPhase, Output, PeerId, PeerInput};
use crate::trust::Known;

/// Nothing is signed in a script, so nothing depends on them.
const NONCES: CallNonces = CallNonces { offer: Nonce([1; 32]), answer: Nonce([2; 32]) };

fn name(text: &str) -> Username {
    Username::parse(text).expect("a name")
}

fn id(text: &str) -> Option<CallId> {
    (!text.is_empty()).then(|| CallId::parse(text).expect("a call id"))
}

fn description(kind: DescriptionKind, sdp: &str) -> SessionDescription {
    SessionDescription { kind, sdp: sdp.to_owned() }
}

fn address(text: &str) -> CandidateInit {
    CandidateInit {
        candidate: text.to_owned(),
        sdp_mid: None,
        sdp_mline_index: None,
        username_fragment: None,
    }
}

fn payload<T: serde::Serialize>(value: &T) -> Payload {
    Payload::of(value).expect("JSON")
}

/// Here consent is what a test takes for it.
pub(super) type Input = crate::call::Input<()>;

pub(super) fn place(peer: &str, call: &str) -> Input {
    let (peer, call, known) = (name(peer), id(call).expect("an id"), Known::default());
    Input::Call { peer, call, nonces: NONCES, known, consent: () }
}

pub(super) fn accept(from: &str) -> Input {
    Input::Accept { from: name(from), nonce: NONCES.answer, consent: () }
}

/// `who` is `name/call` or, from an older client, `name`.
fn signal(who: &str, signal: CallSignal) -> Input {
    let (from, call) = who.split_once('/').unwrap_or((who, ""));
    Input::Signal { from: name(from), call: id(call), signal, known: Known::default() }
}

pub(super) fn offer(who: &str, sdp: &str) -> Input {
    signal(who, CallSignal::Offer(payload(&description(DescriptionKind::Offer, sdp))))
}

pub(super) fn garbled_offer(who: &str) -> Input {
    signal(who, CallSignal::Offer(payload(&["no description"])))
}

pub(super) fn answer(who: &str, sdp: &str) -> Input {
    signal(who, CallSignal::Answer(payload(&description(DescriptionKind::Answer, sdp))))
}

pub(super) fn garbled_answer(who: &str) -> Input {
    signal(who, CallSignal::Answer(payload(&17)))
}

pub(super) fn candidate(who: &str, text: &str) -> Input {
    signal(who, CallSignal::Candidate(payload(&address(text))))
}

pub(super) fn ringing(who: &str) -> Input {
    signal(who, CallSignal::Ringing(None))
}

pub(super) fn declines(who: &str, reason: DeclineReason) -> Input {
    signal(who, CallSignal::Decline(reason))
}

pub(super) fn closes(who: &str) -> Input {
    signal(who, CallSignal::Close(None))
}

/// Their client gave up.
pub(super) fn gives_up(who: &str, reason: CloseReason) -> Input {
    signal(who, CallSignal::Close(Some(reason)))
}

pub(super) fn disconnected(who: &str) -> Input {
    signal(who, CallSignal::Close(Some(CloseReason::Disconnected)))
}

pub(super) fn refused(code: ErrorCode, in_reply_to: &str, call: &str) -> Input {
    let in_reply_to = (!in_reply_to.is_empty()).then(|| in_reply_to.to_owned());
    Input::SignalRefused { code, in_reply_to, call: id(call) }
}

pub(super) fn up(username: &str) -> Input {
    Input::SignalingUp { username: name(username), key: None }
}

fn reports(peer: u64, event: PeerInput) -> Input {
    Input::Peer { peer: PeerId(peer), event }
}

pub(super) fn made_offer(peer: u64, sdp: &str) -> Input {
    reports(peer, PeerInput::LocalDescription(description(DescriptionKind::Offer, sdp)))
}

pub(super) fn made_answer(peer: u64, sdp: &str) -> Input {
    reports(peer, PeerInput::LocalDescription(description(DescriptionKind::Answer, sdp)))
}

pub(super) fn found(peer: u64, text: &str) -> Input {
    reports(peer, PeerInput::LocalCandidate(address(text)))
}

pub(super) fn connected(peer: u64) -> Input {
    reports(peer, PeerInput::Connected)
}

pub(super) fn lost(peer: u64) -> Input {
    reports(peer, PeerInput::Disconnected)
}

pub(super) fn degraded(peer: u64) -> Input {
    reports(peer, PeerInput::PathDegraded)
}

pub(super) fn recovered(peer: u64) -> Input {
    reports(peer, PeerInput::PathRecovered)
}

pub(super) fn no_offer(peer: u64) -> Input {
    reports(peer, PeerInput::NoOffer)
}

pub(super) fn refused_offer(peer: u64) -> Input {
    reports(peer, PeerInput::OfferRefused)
}

pub(super) fn failed(peer: u64, words: &str) -> Input {
    reports(peer, PeerInput::Failed(words.into()))
}

fn signal_in_words(signal: &CallSignal) -> String {
    match signal {
        CallSignal::Offer(payload) | CallSignal::Answer(payload) => {
            let description: SessionDescription = payload.read().expect("a description");
            assert_eq!(
                signal.type_name(),
                format!("{:?}", description.kind).to_lowercase(),
                "a description travels in its own message"
            );
            format!("{} {}", signal.type_name(), description.sdp)
        }
        CallSignal::Candidate(payload) => {
            format!("candidate {}", payload.read::<CandidateInit>().expect("a candidate").candidate)
        }
        CallSignal::Decline(reason) => format!("decline {reason:?}").to_lowercase(),
        CallSignal::Close(Some(reason)) => format!("close {}", reason.as_str()),
        CallSignal::Ringing(_) | CallSignal::Opening(_) | CallSignal::Close(None) => {
            signal.type_name().to_owned()
        }
    }
}

fn output_in_words(output: &Output<()>) -> String {
    match output {
        Output::Send { to, call, signal } => {
            let call = call.as_ref().map(|call| format!("/{call}")).unwrap_or_default();
            format!("{to}{call}: {}", signal_in_words(signal))
        }
        Output::AcceptOffer(peer, offer) => format!("{}: accept offer {}", peer.0, offer.sdp),
        Output::AcceptAnswer(peer, answer) => format!("{}: accept answer {}", peer.0, answer.sdp),
        Output::AddCandidate(peer, candidate) => format!("{}: add {}", peer.0, candidate.candidate),
        Output::OpenPeer(peer, _) => format!("{}: open", peer.0),
        Output::CreateOffer { peer, ice_restart: false } => format!("{}: offer", peer.0),
        Output::CreateOffer { peer, ice_restart: true } => format!("{}: restart", peer.0),
        Output::ClosePeer(peer) => format!("{}: close", peer.0),
        Output::StartMedia(_) => "media on".to_owned(),
        Output::StopMedia => "media off".to_owned(),
        Output::Refused { from } => format!("refused {from}"),
    }
}

fn phase_in_words(phase: &CallPhase) -> String {
    match phase {
        CallPhase::Idle => "idle".to_owned(),
        CallPhase::Calling { peer, ringing: false, .. } => format!("calling {peer}"),
        CallPhase::Calling { peer, ringing: true, .. } => format!("calling {peer}, it rings"),
        CallPhase::Ringing { peer, .. } => format!("{peer} calls"),
        CallPhase::Connecting { peer, .. } => format!("connecting with {peer}"),
        CallPhase::InCall { peer, .. } => format!("in call with {peer}"),
        CallPhase::Reconnecting { peer, .. } => format!("reconnecting with {peer}"),
        CallPhase::Ended { reason, talked: None, .. } => format!("ended {reason:?}"),
        CallPhase::Ended { reason, talked: Some(talked), .. } => {
            format!("ended {reason:?} after {}s", talked.as_secs())
        }
    }
}

/// One step of a script.
pub(super) enum Step {
    /// Something happens.
    On(Input),
    /// So many milliseconds pass; deadlines are kept to the moment.
    Wait(u64),
}

impl From<Input> for Step {
    fn from(input: Input) -> Self {
        Self::On(input)
    }
}

/// Milliseconds that pass.
impl From<u64> for Step {
    fn from(millis: u64) -> Self {
        Self::Wait(millis)
    }
}

fn drain(call: &mut Call<()>, words: &mut Vec<String>) {
    words.extend(std::iter::from_fn(|| call.poll_output()).map(|output| output_in_words(&output)));
}

/// Runs the script of a client that is logged in as `us`: after each step exactly these outputs, in
/// order and joined by `, `, and this phase.
pub(super) fn check_steps<const N: usize>(us: &str, script: [(Step, &str, &str); N]) {
    let mut call = Call::default();
    let mut now = Instant::now();
    call.handle_input(up(us), now);
    assert_eq!(call.poll_output(), None, "logging in sends nothing");
    for (number, (step, outputs, phase)) in script.into_iter().enumerate() {
        let mut words = Vec::new();
        match step {
            Step::On(input) => {
                call.handle_input(input, now);
                drain(&mut call, &mut words);
            }
            Step::Wait(millis) => {
                let until = now + Duration::from_millis(millis);
                while let Some(at) = call.poll_timeout().filter(|at| *at <= until) {
                    call.handle_input(Input::Timeout, at);
                    drain(&mut call, &mut words);
                }
                now = until;
            }
        }
        assert_eq!(words.join(", "), outputs, "what step {number} leads to");
        assert_eq!(phase_in_words(&call.phase()), phase, "the phase after step {number}");
    }
}

/// Shortens a script: `(what happens, "outputs", "phase")`.
macro_rules! check {
    ($us:expr, $(($step:expr, $outputs:expr, $phase:expr)),+ $(,)?) => {
        crate::call::tests::script::check_steps($us, [$((crate::call::tests::script::Step::from($step), $outputs, $phase)),+])
    };
}
pub(super) use check;
