//! What goes into [`super::negotiation`] and what comes out.

use visavis_shared::{DescriptionKind, SessionDescription};

use crate::PeerEvent;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Input {
    /// The owner wants an offer.
    CreateOffer { ice_restart: bool },
    /// The other offers; the error says why it is refused unread.
    RemoteOffer(Result<String, String>),
    /// The other answers; likewise.
    RemoteAnswer(Result<Answer, String>),
    /// The library made what [`Action::CreateOffer`] or [`Action::CreateAnswer`] asked for.
    Created(String),
    /// The library took a description, and restarted ICE for it or not.
    Accepted { restarted: bool },
    /// The library refused what it was given last, after it had restarted ICE or not.
    Refused { why: String, restarted: bool },
    /// ICE and DTLS stand.
    Connected,
    /// ICE gets no answers.
    Disconnected,
    /// ICE or DTLS gave up.
    Failed,
    /// The other has shown another certificate than its description states.
    WrongCertificate,
    /// Whether nothing has come for a while although ICE is connected.
    MediaSilent(bool),
    /// The network path works again after it was degraded.
    PathWorks,
    /// What was allocated at the relays is gone.
    AllocationsLost,
    /// The name of a server became known.
    ServerResolved,
    /// The library gathers again.
    GatheringAgain,
    /// The library has gathered.
    Gathered,
}

/// An answer of the other's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Answer {
    pub(super) sdp: String,
    /// Another one follows.
    pub(super) provisional: bool,
    /// It has other ICE credentials than the other had so far.
    pub(super) restarts: bool,
}

impl Answer {
    pub(super) fn kind(&self) -> DescriptionKind {
        if self.provisional { DescriptionKind::Pranswer } else { DescriptionKind::Answer }
    }
}

/// What to do. Those that the library can refuse are answered by an [`Input`] before any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Tell the library which servers there are, once their names had time to be resolved.
    Configure,
    /// Tell the library of servers that became known late. With `gather` it is to ask them now.
    ConfigureLate { gather: bool },
    /// Make an offer: [`Input::Created`] or [`Input::Refused`].
    CreateOffer { ice_restart: bool },
    /// Make an answer to the other's offer: [`Input::Created`] or [`Input::Refused`].
    CreateAnswer,
    /// Give the library a description of ours: [`Input::Accepted`] or [`Input::Refused`].
    SetLocal(SessionDescription),
    /// Give the library one of the other's: [`Input::Accepted`] or [`Input::Refused`].
    SetRemote(SessionDescription),
    /// Take our offer back, if the library has it.
    RollBackLocal,
    /// Take the other's offer back, if the library has it.
    RollBackRemote,
    /// Make the library apply the credentials that it holds for a restart.
    ApplyCredentials,
    /// A description of the other's stands: candidates may be added, and a restart begins to count
    /// them anew.
    RemoteDescribed { restarted: bool },
    /// Note what may be sent, and as what.
    Negotiated,
    /// The other may restart ICE before its answer is here, and report late for it.
    ExpectRestart,
    /// The library looks for a pair: the network path buffers what it would drop.
    BeginRestart,
    /// It has one or has given up.
    EndRestart,
    /// Count an ICE restart that was offered.
    CountRestart,
    /// Give allocations at the relays up.
    RenewRelays,
    /// Note that the connection is encrypted.
    Secured,
    /// Media may be sent or not; `begins` if the other has missed media so far.
    Permit { connected: bool, begins: bool },
    /// Give the owner an event.
    Emit(PeerEvent),
    /// Log a refusal that does no harm.
    Warn(String),
}
