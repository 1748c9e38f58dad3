//! What the signatures of one call say about who is at its other end, from the offer to the opened
//! commitment (ADR 32).
//!
//! In: descriptions and signals of the call, as the machine takes them, and what is kept of the
//! other's name. Out: identities to send, a verdict, and [`CallTrust`] for the person. What always
//! holds: without a key of our own nothing is signed and nothing is verified; of a name whose key
//! is kept, nothing goes on before that key has signed this call.

use std::sync::Arc;

use visavis_shared::identity::{Fingerprint, Nonce, fingerprints};
use visavis_shared::message::{CallIdentity, IdentityMember};
use visavis_shared::{DescriptionKind, Payload, SessionDescription, Username};

use super::event::EndReason;
use super::party::Party;
use crate::device_key::LoginKey;
use crate::trust::exchange::Answered;
use crate::trust::{
    CallTrust, Callee, Caller, CodeState, KeyChange, Known, Names, Other, Standing, TrustError,
};
use crate::words::{Phrase, phrase};

/// Fresh random bytes for one call: for the offer, and for the answer in its place when both call
/// each other at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallNonces {
    /// Committed to in the offer.
    pub offer: Nonce,
    /// Given in an answer.
    pub answer: Nonce,
}

/// Whose turn it is to sign, and what was signed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Role {
    /// Nothing is signed.
    #[default]
    Unsigned,
    /// We call, and the offer is not made yet.
    Offering { key: Arc<LoginKey>, names: Names, nonce: Nonce },
    /// We call, and the offer is signed.
    Caller(Caller),
    /// We are called by somebody who signs.
    Callee { key: Arc<LoginKey>, callee: Callee, nonce: Option<Nonce> },
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Authentication {
    role: Role,
    /// Whether we have a key: whoever can't sign can't ask for signatures.
    verifies: bool,
    known: Known,
    standing: Option<Standing>,
    code: CodeState,
    /// Whether they say that they are a web page.
    page: bool,
    /// Ours, once the answer came signed.
    opening: Option<Nonce>,
    /// The certificates of the other's first description.
    certificates: Option<Vec<Fingerprint>>,
}

/// What the other has sent can't go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is not theirs, or was changed on its way.
    Untrusted(TrustError),
    /// It is signed with another key than the one that is kept, or with none.
    KeyChanged(Standing),
}

impl From<TrustError> for Refusal {
    fn from(error: TrustError) -> Self {
        Self::Untrusted(error)
    }
}

impl Refusal {
    /// How a call with `peer` ends for it.
    pub(super) fn end(self, peer: &Username) -> EndReason {
        match self {
            Self::Untrusted(error) => EndReason::Untrusted(words(error)),
            Self::KeyChanged(standing) => {
                EndReason::KeyChanged(KeyChange { peer: peer.clone(), now: standing.key() })
            }
        }
    }
}

fn words(error: TrustError) -> Phrase {
    match error {
        TrustError::Unreadable => phrase!("untrusted-unreadable"),
        TrustError::WrongSignature | TrustError::Certificates(_) => phrase!("untrusted-signature"),
        TrustError::WrongOpening => phrase!("untrusted-opening"),
        TrustError::OtherCertificates => phrase!("untrusted-certificate"),
    }
}

/// Whether whoever signs says that they are a web page.
fn is_page(member: IdentityMember) -> bool {
    matches!(member, IdentityMember::Present(identity) if identity.page)
}

fn names(us: Option<&Username>, party: &Party) -> Option<Names> {
    Some(Names { call: party.call.clone()?, own: us?.clone(), other: party.name.clone() })
}

impl Authentication {
    /// We call somebody.
    pub(super) fn to_call(
        key: Option<&Arc<LoginKey>>,
        us: Option<&Username>,
        party: &Party,
        known: Known,
        nonce: Nonce,
    ) -> Self {
        let signs = key.cloned().zip(names(us, party));
        let role =
            signs.map_or(Role::Unsigned, |(key, names)| Role::Offering { key, names, nonce });
        let verifies = key.is_some();
        let known = if verifies { known } else { Known::default() };
        Self { role, verifies, known, ..Self::default() }
    }

    /// Somebody calls us.
    pub(super) fn called(
        key: Option<&Arc<LoginKey>>,
        us: Option<&Username>,
        party: &Party,
        known: Known,
        (payload, offer): (&Payload, &SessionDescription),
    ) -> Result<Self, TrustError> {
        let certificates = fingerprints(&offer.sdp).ok();
        let Some(key) = key else {
            let standing = Some(Standing::Unsigned);
            return Ok(Self { standing, certificates, ..Self::default() });
        };
        let member = IdentityMember::of(payload);
        // A signature is for a call with an id: without one there is none, whatever stands there.
        let callee = match names(us, party) {
            Some(names) => Callee::offered(names, &offer.sdp, member)?,
            None => None,
        };
        let other = callee.as_ref().map_or(Other::Unsigned, |callee| Other::Signed(callee.other()));
        let standing = Some(Standing::of(known, other));
        let (role, code) = match callee {
            Some(callee) => {
                (Role::Callee { key: Arc::clone(key), callee, nonce: None }, CodeState::Awaited)
            }
            None => (Role::Unsigned, CodeState::None),
        };
        Ok(Self {
            role,
            verifies: true,
            known,
            standing,
            code,
            certificates,
            page: is_page(member),
            opening: None,
        })
    }

    /// Our answer, when it is made, gives this.
    pub(super) fn answer_with(&mut self, ours: Nonce) {
        if let Role::Callee { nonce, .. } = &mut self.role {
            *nonce = Some(ours);
        }
    }

    /// What is kept of the other has changed.
    pub(super) fn learn(&mut self, known: Known) {
        if self.verifies {
            self.known = known;
            self.standing = self.standing.map(|standing| {
                Standing::of(known, standing.key().map_or(Other::Unsigned, Other::Signed))
            });
        }
    }

    /// What goes along with `ringing`.
    pub(super) fn ringing(&self) -> Option<Payload> {
        let Role::Callee { key, callee, .. } = &self.role else { return None };
        Payload::of(&callee.ringing(key)).ok()
    }

    /// What goes along with a description of ours; the first of a call is signed.
    pub(super) fn sign(
        &mut self,
        description: &SessionDescription,
    ) -> Result<Option<CallIdentity>, TrustError> {
        match (&mut self.role, description.kind) {
            (Role::Offering { key, names, nonce }, DescriptionKind::Offer) => {
                let (caller, identity) =
                    Caller::offer(key, names.clone(), *nonce, &description.sdp)?;
                self.role = Role::Caller(caller);
                Ok(Some(identity))
            }
            (Role::Callee { key, callee, nonce }, DescriptionKind::Answer) => {
                let Some(nonce) = nonce.take() else { return Ok(None) };
                callee.answer(key, nonce, &description.sdp).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Whether the other has to sign before anything of the call starts.
    pub(super) fn waits_for_key(&self) -> bool {
        self.known.key.is_some() && self.standing.is_none()
    }

    /// Why nothing of the call may start, as it is.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.standing.filter(Standing::is_changed).map(Refusal::KeyChanged)
    }

    /// What was kept of the other when this was judged.
    pub(super) fn known(&self) -> Known {
        self.known
    }

    /// Whether another offer of this call is signed with the same key, or signed as little.
    pub(super) fn is_of_the_same(&self, other: &Self) -> bool {
        let key = |authentication: &Self| authentication.standing.and_then(|s| s.key());
        key(self) == key(other)
    }

    fn judge(&mut self, other: Other) -> Result<(), Refusal> {
        self.standing = Some(Standing::of(self.known, other));
        self.refusal().map_or(Ok(()), Err)
    }

    /// It rings there.
    pub(super) fn rang(&mut self, identity: Option<&Payload>) -> Result<(), Refusal> {
        let Role::Caller(caller) = &self.role else { return Ok(()) };
        match caller.rang(IdentityMember::alone(identity))? {
            // The answer may still say.
            Other::Unsigned => Ok(()),
            signed => self.judge(signed),
        }
    }

    /// The first answer has come.
    pub(super) fn answered(
        &mut self,
        payload: &Payload,
        answer: &SessionDescription,
    ) -> Result<(), Refusal> {
        self.certificates = fingerprints(&answer.sdp).ok();
        let Role::Caller(caller) = &self.role else { return self.judge(Other::Unsigned) };
        let member = IdentityMember::of(payload);
        let answered = caller.answered(&answer.sdp, member)?;
        self.page = is_page(member);
        match answered {
            Answered::Unsigned => self.judge(Other::Unsigned),
            Answered::Signed { key, opening, code } => {
                self.judge(Other::Signed(key))?;
                self.code = CodeState::Here(code);
                self.opening = Some(opening);
                Ok(())
            }
        }
    }

    /// What opens our commitment, for whoever has signed the answer.
    pub(super) fn opening(&self) -> Option<Nonce> {
        self.opening
    }

    /// The caller opens their commitment.
    pub(super) fn opened(&mut self, nonce: Nonce) -> Result<(), Refusal> {
        let Role::Callee { callee, .. } = &self.role else { return Ok(()) };
        if let Some(code) = callee.opened(nonce)? {
            self.code = CodeState::Here(code);
        }
        Ok(())
    }

    /// Whether the caller has still to open their commitment.
    pub(super) fn awaits_opening(&self) -> bool {
        self.code == CodeState::Awaited
    }

    /// The caller has had time enough.
    pub(super) fn opening_is_late(&mut self) {
        if self.awaits_opening() {
            self.code = CodeState::Withheld;
        }
    }

    /// A further description of theirs: whether it states the certificates of the first.
    pub(super) fn described_again(&self, sdp: &str) -> Result<(), Refusal> {
        let same = match &self.certificates {
            Some(before) => fingerprints(sdp).as_ref() == Ok(before),
            // What could not be read then was refused by the peer connection, or it verifies alone.
            None => true,
        };
        if same { Ok(()) } else { Err(TrustError::OtherCertificates.into()) }
    }

    /// For the person.
    pub(super) fn trust(&self) -> Option<CallTrust> {
        self.standing.map(|standing| CallTrust { standing, code: self.code, page: self.page })
    }
}
