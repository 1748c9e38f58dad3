//! The call as a sans-IO state machine: no socket, no thread, no clock, no device.
//!
//! [`Call::handle_input`] takes whatever happened and when; [`Call::poll_output`] gives what to do
//! about it, and is to be polled after every input until there is nothing more;
//! [`Call::poll_timeout`] gives when to come back with [`Input::Timeout`] at the latest. Deadlines
//! act only through [`Input::Timeout`].
//!
//! # What happens in which state
//!
//! | | Idle, Ended | Calling | Ringing | Connecting | InCall, Reconnecting |
//! | --- | --- | --- | --- | --- | --- |
//! | `Call` | media on (see "Authentication"), make an offer → Calling | – | – | – | – |
//! | `Accept` | – | – | media on, answer → Connecting; nothing if their key has changed | – | – |
//! | `Decline` | – | – | send `decline` → Ended | – | – |
//! | `HangUp` | – | send `close` → Ended | send `decline` → Ended | send `close` → Ended | send
//! `close` → Ended |
//! | `GiveUp` | – | as `HangUp` | as `HangUp` | send `close` or `decline` failed →
//! Ended(ConnectFailed) | as `HangUp` |
//! | `Dismiss` | → Idle | – | – | – | – |
//! | their `offer` | send `ringing` → Ringing | glare: see below | changed: the new one is kept |
//! AcceptOffer, answer | AcceptOffer, answer |
//! | their offer of another call | → Ringing | glare: see below | rings on, no longer than before,
//! with the new call | send `decline` busy; → Ringing if they had restarted | the same |
//! | somebody else's `offer` | → Ringing | send `decline` busy | send `decline` busy | send
//! `decline` busy | send `decline` busy |
//! | `ringing` | – | noted | – | – | – |
//! | `answer` | – | → Connecting, or Ended(KeyChanged, Untrusted) | – | to an offer of ours only |
//! to an offer of ours only |
//! | `opening` | – | – | – | the safety code, or Ended(Untrusted) | the same |
//! | `candidate` | – | AddCandidate | kept until accepted | AddCandidate | AddCandidate |
//! | `decline` | – | → Ended | → Ended | → Ended | → Ended |
//! | `close` | – | → Ended | → Ended | → Ended | → Ended |
//! | `close` failed, `decline` failed | – | → Ended(ConnectFailed) | → Ended(ConnectFailed) | →
//! Ended(ConnectFailed) | → Ended(ConnectFailed) |
//! | `close` timeout | – | → Ended(NoAnswer) | → Ended | → Ended(ConnectFailed) | → Ended |
//! | `close` disconnected | – | they have 15 s | they have 15 s | they have 15 s | – (the media
//! decides) |
//! | `SignalRefused` | – | the offer: → Ended | – | the answer: → Ended | – |
//! | the same: they are unknown | – | the offer, before it rang: → Ended; else they have 15 s |
//! they have 15 s | they have 15 s | – |
//! | `SignalingDown` | – | the server has 15 s | the server has 15 s | the server has 15 s | – |
//! | `SignalingUp` | last final signals again | offer again | `ringing` again | description again |
//! ICE restart if media is gone or the path degraded |
//! | `Connected` | – | – | – | → InCall | → InCall |
//! | `Disconnected` | – | – | – | – | → Reconnecting, and ICE restart after a grace |
//! | `PathDegraded` | – | – | – | – | ICE restart |
//! | `PathRecovered` | – | – | – | – | no further ICE restart |
//! | `NoOffer`, `OfferRefused` | – | – | – | no description is owed for it | the same |
//! | `Failed` | – | send `close` failed → Ended | – | send `close` or `decline` failed →
//! Ended(ConnectFailed) | → Reconnecting, ICE restart |
//!
//! A dash: nothing changes and nothing is sent. Messages of another person or another call fall in
//! no row but those that name them. What happens when a deadline passes stands at
//! [`deadline::Deadline`].
//!
//! # Authentication
//!
//! With a key of our own, offers, `ringing` and answers are signed, and theirs are verified (ADR
//! 32). An offer with a wrong signature is declined and nobody is asked about it; an answer, a
//! `ringing` or an opening that is wrong ends the call as Untrusted, and so does a further
//! description with other certificates. Whoever has another key than the one that is kept, or none,
//! can't be accepted before the person has allowed it (`Known`), and a call to them ends as
//! KeyChanged, which has no deadline. Where a key is kept, media and our candidates wait until that
//! key has signed `ringing` or the answer.
//!
//! # What always holds
//!
//! - Media runs, and a peer connection exists, from `Call` or `Accept` until the call has ended,
//!   and at no other time; nothing but `ringing` and `decline` leaves before `Accept`. Each is
//!   opened by the consent that came with that input, which the machine can't make and does not
//!   outlive the call.
//! - `Accept` takes the call of whom it names and of nobody who rings in their place.
//! - Leaving a call puts StopMedia and ClosePeer before anything that is sent about it.
//! - Of two people who call each other at once, the offer of the smaller name stands. The other's
//!   person has placed that call as well, so their client drops its own offer and answers.
//! - Either end restarts ICE, whichever notices. If both offer within a call at once, the smaller
//!   name's offer stands likewise.
//! - Whatever is sent twice counts once: an offer received before gets the same answer again, an
//!   answer received before changes nothing; who offers, rings for or answers a call that is over
//!   gets the same final signal again.
//! - What the server could not deliver before the call stands is sent again once both are back.
//! - A call that neither person ends and that never connects ends for both as one that could not be
//!   connected: whoever gives up first sends `failed`, and `close` without a reason is a person's
//!   word alone.
//! - "They had restarted" means that the server lost their connection, and what comes next from
//!   them is another call: their client no longer knows this one.
//! - Every state has a deadline but Idle, InCall, which the peer connection watches over, and
//!   Ended(KeyChanged), which the person has to decide about.

mod authentication;
pub mod deadline;
mod end;
pub mod event;
mod leg;
mod machine;
mod memory;
mod offers;
mod party;
mod set_up;
mod signals;
#[cfg(test)]
mod tests;

pub use authentication::CallNonces;
pub use event::{CallPhase, EndReason, Input, Output, PeerId, PeerInput};
pub use machine::Call;
