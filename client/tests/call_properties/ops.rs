//! Everything that can happen to two clients, and schedules of it.

use std::time::Duration;

use proptest::prelude::*;
use visavis_shared::{CloseReason, DeclineReason, ErrorCode};

use crate::world::Who;

/// What a peer connection may report at any moment, fitting or not.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Report {
    Connected,
    Disconnected,
    Failed,
    Candidate,
    /// A description that nobody asked for.
    Offer,
    Answer,
}

/// A signal that somebody makes up.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Forged {
    Offer,
    GarbledOffer,
    Ringing,
    Answer,
    GarbledAnswer,
    Candidate,
    GarbledCandidate,
    Decline(DeclineReason),
    Close,
    GivesUp(CloseReason),
    Gone,
}

/// Whose signal it pretends to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Guise {
    /// Somebody else's, of a call of theirs.
    Stranger,
    /// Somebody else's who guessed the id of the call.
    StrangerInThisCall,
    /// Somebody else's, without an id.
    StrangerWithoutCall,
    /// The other's, of another call.
    OtherCall,
    /// The other's, of this call.
    Genuine,
    /// Our own.
    Ourselves,
}

/// Everything that can happen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Op {
    Place(Who),
    /// Accepts whoever rings.
    Accept(Who),
    /// Accepts somebody who rang once and whom another has followed.
    AcceptTooLate(Who),
    Decline(Who),
    HangUp(Who),
    /// A script stops waiting, if the call is being connected.
    GiveUp(Who),
    Dismiss(Who),
    /// Delivers one of the letters under way.
    Deliver(u8),
    /// Delivers one and leaves it under way.
    Repeat(u8),
    /// Loses one.
    Lose(u8),
    /// Delivers one of all that were ever sent.
    Stale(u8),
    /// Delivers everything, and every peer connection does what it owes.
    Settle,
    /// The peer connection makes the next description that it owes.
    Describe(Who),
    Candidate(Who),
    Report(Who, Report),
    /// A peer connection that is closed reports all the same.
    LateReport(Who, Report),
    Forge(Who, Guise, Forged),
    Refuse(Who, ErrorCode, &'static str, bool),
    Down(Who),
    Up(Who),
    Wait(Duration),
    /// The same, but whoever should keep the deadlines sleeps through it.
    Sleep(Duration),
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![Just(Who::Alice), Just(Who::Bob)]
}

fn report() -> impl Strategy<Value = Report> {
    prop_oneof![
        4 => Just(Report::Connected),
        2 => Just(Report::Disconnected),
        1 => Just(Report::Failed),
        1 => Just(Report::Candidate),
        1 => Just(Report::Offer),
        1 => Just(Report::Answer),
    ]
}

fn forged() -> impl Strategy<Value = Forged> {
    let decline = prop::sample::select(vec![
        DeclineReason::Declined,
        DeclineReason::Busy,
        DeclineReason::Timeout,
        DeclineReason::Failed,
    ]);
    prop_oneof![
        3 => Just(Forged::Offer),
        1 => Just(Forged::GarbledOffer),
        1 => Just(Forged::Ringing),
        2 => Just(Forged::Answer),
        1 => Just(Forged::GarbledAnswer),
        1 => Just(Forged::Candidate),
        1 => Just(Forged::GarbledCandidate),
        1 => decline.prop_map(Forged::Decline),
        1 => Just(Forged::Close),
        1 => prop::sample::select(vec![CloseReason::Failed, CloseReason::Timeout]).prop_map(Forged::GivesUp),
        1 => Just(Forged::Gone),
    ]
}

fn guise() -> impl Strategy<Value = Guise> {
    prop::sample::select(vec![
        Guise::Stranger,
        Guise::StrangerInThisCall,
        Guise::StrangerWithoutCall,
        Guise::OtherCall,
        Guise::Genuine,
        Guise::Ourselves,
    ])
}

fn refusal() -> impl Strategy<Value = (ErrorCode, &'static str)> {
    let code = prop::sample::select(vec![
        ErrorCode::UnknownUser,
        ErrorCode::RateLimited,
        ErrorCode::InvalidJson,
    ]);
    (code, prop::sample::select(vec!["offer", "answer", "candidate", "ringing", "watch", ""]))
}

fn time() -> impl Strategy<Value = Duration> {
    prop_oneof![0_u64..3_000, 3_000_u64..60_000].prop_map(Duration::from_millis)
}

/// Anything that can happen.
pub(crate) fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => who().prop_map(Op::Place),
        4 => who().prop_map(Op::Accept),
        1 => who().prop_map(Op::AcceptTooLate),
        1 => who().prop_map(Op::Decline),
        1 => who().prop_map(Op::HangUp),
        1 => who().prop_map(Op::GiveUp),
        1 => who().prop_map(Op::Dismiss),
        10 => any::<u8>().prop_map(Op::Deliver),
        2 => any::<u8>().prop_map(Op::Repeat),
        2 => any::<u8>().prop_map(Op::Lose),
        1 => any::<u8>().prop_map(Op::Stale),
        3 => Just(Op::Settle),
        5 => who().prop_map(Op::Describe),
        2 => who().prop_map(Op::Candidate),
        5 => (who(), report()).prop_map(|(who, report)| Op::Report(who, report)),
        1 => (who(), report()).prop_map(|(who, report)| Op::LateReport(who, report)),
        4 => (who(), guise(), forged()).prop_map(|(who, guise, forged)| Op::Forge(who, guise, forged)),
        1 => (who(), refusal(), any::<bool>())
            .prop_map(|(who, (code, about), with_call)| Op::Refuse(who, code, about, with_call)),
        2 => who().prop_map(Op::Down),
        3 => who().prop_map(Op::Up),
        3 => time().prop_map(Op::Wait),
        1 => time().prop_map(Op::Sleep),
    ]
}
