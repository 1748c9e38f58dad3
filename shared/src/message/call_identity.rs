//! The `identity` of an offer or an answer, as it stands in the description's JSON beside `sdp`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Payload;
use crate::identity::{Commitment, Nonce, PublicKey, Signature};

/// Who signs a call, and with which signature. Texts that are not the one text of their bytes make
/// it unreadable as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Texts", into = "Texts")]
pub struct CallIdentity {
    /// The device's key, which owns the name on this server.
    pub key: PublicKey,
    /// Over the bytes of [`crate::identity::CallStatement`].
    pub signature: Signature,
    /// What goes with the role.
    pub share: Share,
    /// Whether a web page signs, which is as honest as the server that it comes from. It says so by
    /// itself, and nothing vouches for that.
    pub page: bool,
}

/// What each side adds to the safety code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// The caller's, in the offer.
    Commitment(Commitment),
    /// The callee's, in the answer.
    Nonce(Nonce),
}

/// What a description says of its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityMember {
    /// Nothing: a page, or an app from before.
    Absent,
    /// Something that can't be read.
    Unreadable,
    /// An identity.
    Present(CallIdentity),
}

/// The member as it is written.
#[derive(Serialize, Deserialize)]
struct Texts {
    key: String,
    signature: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commitment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    page: bool,
}

/// An identity has exactly one of `commitment` and `nonce`, and each text is base64.
#[derive(Debug, thiserror::Error)]
#[error("the identity can't be read")]
struct Unreadable;

impl TryFrom<Texts> for CallIdentity {
    type Error = Unreadable;

    fn try_from(texts: Texts) -> Result<Self, Unreadable> {
        let share = match (texts.commitment, texts.nonce) {
            (Some(commitment), None) => {
                Share::Commitment(commitment.parse().map_err(|_| Unreadable)?)
            }
            (None, Some(nonce)) => Share::Nonce(nonce.parse().map_err(|_| Unreadable)?),
            _ => return Err(Unreadable),
        };
        Ok(Self {
            key: texts.key.parse().map_err(|_| Unreadable)?,
            signature: texts.signature.parse().map_err(|_| Unreadable)?,
            share,
            page: texts.page,
        })
    }
}

impl From<CallIdentity> for Texts {
    fn from(identity: CallIdentity) -> Self {
        let (commitment, nonce) = match identity.share {
            Share::Commitment(commitment) => (Some(commitment.to_string()), None),
            Share::Nonce(nonce) => (None, Some(nonce.to_string())),
        };
        Self {
            key: identity.key.to_string(),
            signature: identity.signature.to_string(),
            commitment,
            nonce,
            page: identity.page,
        }
    }
}

impl IdentityMember {
    /// Reads the member itself, where it stands alone.
    #[must_use]
    pub fn alone(member: Option<&Payload>) -> Self {
        let Some(member) = member else { return Self::Absent };
        member.read::<CallIdentity>().map_or(Self::Unreadable, Self::Present)
    }

    /// Reads it out of a description.
    #[must_use]
    pub fn of(description: &Payload) -> Self {
        #[derive(Deserialize)]
        struct Description {
            // As text: what is nested too deeply for a value is there all the same.
            #[serde(default)]
            identity: Option<Box<RawValue>>,
        }
        match description.read::<Description>() {
            Ok(Description { identity: Some(identity) }) => {
                serde_json::from_str(identity.get()).map_or(Self::Unreadable, Self::Present)
            }
            Ok(Description { identity: None }) => Self::Absent,
            // An object that has it twice says nothing that can be relied on.
            Err(_) if description.as_str().starts_with('{') => Self::Unreadable,
            Err(_) => Self::Absent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> IdentityMember {
        let raw = serde_json::from_str::<Box<serde_json::value::RawValue>>(json).expect("JSON");
        IdentityMember::of(&Payload::from(&*raw))
    }

    #[test]
    fn an_identity_survives_its_text() {
        for (share, page) in
            [(Share::Commitment(Commitment([3; 32])), false), (Share::Nonce(Nonce([4; 32])), true)]
        {
            let (key, signature) = (PublicKey([1; 32]), Signature([2; 64]));
            let identity = CallIdentity { key, signature, share, page };
            let json = serde_json::to_string(&identity).expect("JSON");
            let description = format!(r#"{{"type":"offer","sdp":"v=0","identity":{json}}}"#);
            assert_eq!(of(&description), IdentityMember::Present(identity));
        }
    }

    #[test]
    fn an_identity_that_stands_alone_is_read_as_strictly() {
        let share = Share::Commitment(Commitment([3; 32]));
        let (key, signature) = (PublicKey([1; 32]), Signature([2; 64]));
        let identity = CallIdentity { key, signature, share, page: false };
        let member = Payload::of(&identity).expect("JSON");
        assert_eq!(IdentityMember::alone(Some(&member)), IdentityMember::Present(identity));
        assert_eq!(IdentityMember::alone(None), IdentityMember::Absent);
        let number = Payload::of(&7).expect("JSON");
        assert_eq!(IdentityMember::alone(Some(&number)), IdentityMember::Unreadable);
    }

    #[test]
    fn none_and_one_that_can_not_be_read_are_told_apart() {
        let key = PublicKey([1; 32]).to_string();
        let signature = Signature([2; 64]).to_string();
        for absent in [r#"{"sdp":"v=0"}"#, r#"{"identity":null}"#, "7", r#""text""#] {
            assert_eq!(of(absent), IdentityMember::Absent, "{absent}");
        }
        let twice = format!(
            r#"{{"identity":null,"identity":{{"key":"{key}","signature":"{signature}"}}}}"#
        );
        assert_eq!(of(&twice), IdentityMember::Unreadable);
        for unreadable in [
            "{}".to_owned(),
            "[]".to_owned(),
            "true".to_owned(),
            "[".repeat(1000) + &"]".repeat(1000),
            format!(r#"{{"key":"{key}","signature":"{signature}"}}"#),
            format!(r#"{{"key":"{key}","signature":"{signature}","nonce":"AAAA"}}"#),
            format!(
                r#"{{"key":"{key}","signature":"{signature}","nonce":"{key}","commitment":"{key}"}}"#
            ),
            format!(r#"{{"key":"{key} ","signature":"{signature}","nonce":"{key}"}}"#),
            format!(
                r#"{{"key":"{}","signature":"{signature}","nonce":"{key}"}}"#,
                "A".repeat(99_999)
            ),
        ] {
            let member = of(&format!(r#"{{"identity":{unreadable}}}"#));
            assert_eq!(member, IdentityMember::Unreadable, "{unreadable:.80}");
        }
    }
}
