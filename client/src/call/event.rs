//! What goes into the call machine and what comes out of it.
//!
//! Both are generic over a consent `C` that the machine knows nothing of: it gets one with each
//! intent that asks for a call and gives it out again with whatever that call opens. As it can't
//! make one, no message of a server or a peer leads to an output that opens something.

use std::sync::Arc;
use std::time::{Duration, Instant};

use visavis_shared::identity::Nonce;
use visavis_shared::{CallId, CallSignal, CandidateInit, ErrorCode, SessionDescription, Username};

use super::authentication::CallNonces;
use crate::device_key::LoginKey;
use crate::trust::{KeyChange, Known};
use crate::words::Phrase;

/// Tells one peer connection from the next, so that a late event of an old one changes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u64);

/// Everything that can happen to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input<C> {
    /// The person calls somebody.
    Call {
        /// Whom, spelled as the server spells it: it is compared with who messages are from.
        peer: Username,
        /// A fresh id.
        call: CallId,
        /// Fresh random bytes.
        nonces: CallNonces,
        /// What is kept of them.
        known: Known,
        /// That they want it.
        consent: C,
    },
    /// The person takes the call that rings.
    Accept {
        /// Whose call they have seen ring. If it is somebody else's by now, nothing happens.
        from: Username,
        /// Fresh random bytes.
        nonce: Nonce,
        /// That they want it.
        consent: C,
    },
    /// The person declines the call that rings.
    Decline,
    /// The person cancels or closes. A call that rings is declined.
    HangUp,
    /// A script waits no longer for a call that is being connected: it has failed, and nobody
    /// cancelled it. Any other call is hung up.
    GiveUp,
    /// The person has read how the call ended.
    Dismiss,
    /// A signal of the other person's client, relayed by the server.
    Signal {
        /// Whose client sent it.
        from: Username,
        /// Which call; `None` from peers on older dialects.
        call: Option<CallId>,
        /// What it sent.
        signal: CallSignal,
        /// What is kept of them.
        known: Known,
    },
    /// What is kept of somebody has changed, because the person wants it.
    Known {
        /// Of whom.
        of: Username,
        /// What is kept of them now.
        known: Known,
    },
    /// The server refused something we sent.
    SignalRefused {
        /// Why it refused.
        code: ErrorCode,
        /// The `type` of what was refused.
        in_reply_to: Option<String>,
        /// The call it was for, where the server said so.
        call: Option<CallId>,
    },
    /// We are logged in, for the first time or again.
    SignalingUp {
        /// Under this name (it decides glare).
        username: Username,
        /// What this name signs with; `None` for a guest.
        key: Option<Arc<LoginKey>>,
    },
    /// The server can't be reached.
    SignalingDown,
    /// A peer connection reports.
    Peer {
        /// The one that reports.
        peer: PeerId,
        /// What it reports.
        event: PeerInput,
    },
    /// The moment that [`super::Call::poll_timeout`] named has come.
    Timeout,
}

/// What a peer connection reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerInput {
    /// The description that was asked for.
    LocalDescription(SessionDescription),
    /// One of our addresses.
    LocalCandidate(CandidateInit),
    /// Media flows.
    Connected,
    /// Nothing comes through for now (ICE disconnected, or media silence).
    Disconnected,
    /// Media may still flow, but another network path should be looked for.
    PathDegraded,
    /// The path that was degraded works.
    PathRecovered,
    /// It can't make the offer that was requested last.
    NoOffer,
    /// It can't take their offer and does not answer it.
    OfferRefused,
    /// It can't go on, and why in words for a person.
    Failed(Phrase),
}

/// Everything that a call can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output<C> {
    /// Send this to the other person through the server.
    Send {
        /// Who gets it.
        to: Username,
        /// Which call.
        call: Option<CallId>,
        /// What they get.
        signal: CallSignal,
    },
    /// Open a peer connection, by the consent to this call.
    OpenPeer(PeerId, Arc<C>),
    /// Have it make an offer.
    CreateOffer {
        /// The one that offers.
        peer: PeerId,
        /// Whether the offer restarts ICE.
        ice_restart: bool,
    },
    /// Have it answer this offer.
    AcceptOffer(PeerId, SessionDescription),
    /// Give it the answer to its offer.
    AcceptAnswer(PeerId, SessionDescription),
    /// Give it one of the other's addresses.
    AddCandidate(PeerId, CandidateInit),
    /// Close it at once.
    ClosePeer(PeerId),
    /// Open camera, microphone and speaker for the call, by the consent to it.
    StartMedia(Arc<C>),
    /// Close them at once.
    StopMedia,
    /// Tell the person that a call of theirs was refused: it is not signed by who it is from.
    Refused {
        /// From whom it claims to be.
        from: Username,
    },
}

/// Where the call is, as a person would put it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CallPhase {
    /// No call.
    #[default]
    Idle,
    /// We call them; `ringing` once their client has sent that it rings.
    Calling {
        /// Who is called.
        peer: Username,
        /// Whether it rings over there.
        ringing: bool,
        /// Since when.
        since: Instant,
    },
    /// They call us.
    Ringing {
        /// Who calls.
        peer: Username,
        /// Since when.
        since: Instant,
    },
    /// It was taken; a network path for media is being found.
    Connecting {
        /// With whom.
        peer: Username,
        /// Since when.
        since: Instant,
    },
    /// Media flows.
    InCall {
        /// With whom.
        peer: Username,
        /// Since the first connection.
        since: Instant,
    },
    /// Media stopped flowing; it is being mended.
    Reconnecting {
        /// With whom.
        peer: Username,
        /// In the call since.
        since: Instant,
        /// Without media since.
        lost_at: Instant,
    },
    /// The call is over.
    Ended {
        /// With whom it was.
        peer: Username,
        /// Why it ended.
        reason: EndReason,
        /// How long media flowed; `None` when it never did.
        talked: Option<Duration>,
    },
}

impl CallPhase {
    /// Whether there is no call: none, or one that is over.
    #[must_use]
    pub fn is_between_calls(&self) -> bool {
        matches!(self, Self::Idle | Self::Ended { .. })
    }
}

/// Why a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndReason {
    /// We closed or cancelled it.
    HungUp,
    /// We declined it.
    DeclinedByUs,
    /// They closed it, or cancelled while it rang here.
    ClosedByPeer,
    /// They declined it.
    Declined,
    /// They are in another call.
    Busy,
    /// Nobody answered within the ring deadline, there or here.
    NoAnswer,
    /// Nobody is online under that name.
    Unknown,
    /// The server would not pass it on; why, in words.
    Refused(Phrase),
    /// Their connection to the server was lost before the call stood, and did not come back.
    PeerLost,
    /// Ours was.
    ServerLost,
    /// No network path for media was found within the connect deadline, or setting it up failed;
    /// why, in words.
    ConnectFailed(Phrase),
    /// Media stopped and did not come back within the reconnect deadline.
    MediaLost,
    /// Their key is not the one of earlier calls, or they have none any more. Nothing of the call
    /// has started; the person decides.
    KeyChanged(KeyChange),
    /// What came from them can't be theirs, or was changed on its way; what, in words.
    Untrusted(Phrase),
}
