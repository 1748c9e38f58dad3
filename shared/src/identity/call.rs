//! What a device signs in an offer or an answer, so that nobody on the way can change between whom
//! a call is.
//!
//! Pure: bytes are put together here and read nowhere; signing and verifying are for those who have
//! the cryptography. Every field stands behind its length (four bytes, the highest first), so no
//! two different statements are the same bytes. `docs/protocol.md` gives the layout for programs in
//! other languages, with examples.

use std::fmt;
use std::str::FromStr;

use super::fingerprint::Fingerprint;
use super::key::{EncodingError, PublicKey, base64_text, decode, encode};
use crate::ids::{CallId, Username};

/// What every statement of a call begins with, so that a signature for a call is one for nothing
/// else.
const CALL_DOMAIN: &[u8] = b"visavis call v1";
/// What the bytes of a commitment begin with.
const COMMITMENT_DOMAIN: &[u8] = b"visavis commitment v1";
/// What the bytes of a safety code begin with.
const CODE_DOMAIN: &[u8] = b"visavis safety code v1";

/// Random bytes of one call: of the caller they are committed to before the callee's are known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nonce(pub [u8; 32]);

base64_text!(Nonce);

/// Whoever knew a nonce too early could choose another to match, so it stays out of logs.
impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(32 bytes)")
    }
}

/// What a caller gives instead of the nonce, until the callee has given theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commitment(pub [u8; 32]);

base64_text!(Commitment);

/// What is signed beside who calls whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// In an offer: the caller's commitment to a nonce.
    Offer(Commitment),
    /// While it rings: the commitment of the offer that rings. The callee has no certificate yet.
    Ringing(Commitment),
    /// In an answer: the callee's nonce, and the commitment of the offer that is answered.
    Answer(Nonce, Commitment),
}

/// What a device says of a call when it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallStatement<'a> {
    /// The call.
    pub call: &'a CallId,
    /// Who signs, as the server names them.
    pub from: &'a Username,
    /// For whom it is.
    pub to: &'a Username,
    /// Of the description, from [`super::fingerprints`].
    pub fingerprints: &'a [Fingerprint],
    /// The role, and what goes with it.
    pub promise: Promise,
}

impl CallStatement<'_> {
    /// The bytes that are signed.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut fields = Fields::new(CALL_DOMAIN);
        fields.add(match self.promise {
            Promise::Offer(_) => b"offer",
            Promise::Ringing(_) => b"ringing",
            Promise::Answer(..) => b"answer",
        });
        fields.add(self.call.as_str().as_bytes());
        fields.add(self.from.as_str().as_bytes());
        fields.add(self.to.as_str().as_bytes());
        match self.promise {
            Promise::Offer(commitment) | Promise::Ringing(commitment) => fields.add(&commitment.0),
            Promise::Answer(nonce, commitment) => {
                fields.add(&nonce.0);
                fields.add(&commitment.0);
            }
        }
        fields.add_all(self.fingerprints);
        fields.bytes
    }
}

/// One of the two in a call, as the other knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party<'a> {
    /// The device's key.
    pub key: PublicKey,
    /// The nonce of this call.
    pub nonce: Nonce,
    /// Of their description.
    pub fingerprints: &'a [Fingerprint],
}

/// The bytes that a commitment to a nonce is the SHA-256 of.
#[must_use]
pub fn commitment_bytes(nonce: &Nonce) -> Vec<u8> {
    let mut fields = Fields::new(COMMITMENT_DOMAIN);
    fields.add(&nonce.0);
    fields.bytes
}

/// The bytes that the safety code of a call is made of. Both sides know them, in this order.
#[must_use]
pub fn safety_code_bytes(call: &CallId, caller: &Party<'_>, callee: &Party<'_>) -> Vec<u8> {
    let mut fields = Fields::new(CODE_DOMAIN);
    fields.add(call.as_str().as_bytes());
    for party in [caller, callee] {
        fields.add(&party.key.0);
        fields.add(&party.nonce.0);
        fields.add_all(party.fingerprints);
    }
    fields.bytes
}

/// Fields one after the other, each behind its length.
struct Fields {
    bytes: Vec<u8>,
}

impl Fields {
    fn new(domain: &[u8]) -> Self {
        let mut fields = Self { bytes: Vec::with_capacity(512) };
        fields.add(domain);
        fields
    }

    fn add(&mut self, field: &[u8]) {
        self.add_length(field.len());
        self.bytes.extend_from_slice(field);
    }

    /// Their number, and each.
    fn add_all(&mut self, fingerprints: &[Fingerprint]) {
        self.add_length(fingerprints.len());
        for fingerprint in fingerprints {
            self.add(fingerprint.as_str().as_bytes());
        }
    }

    /// A message has at most 64 KiB, so every length fits.
    fn add_length(&mut self, length: usize) {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&length.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Username {
        Username::parse(text).expect("a name")
    }

    fn call(text: &str) -> CallId {
        CallId::parse(text).expect("a call")
    }

    fn some_fingerprints(values: &[u8]) -> Vec<Fingerprint> {
        let read = |value: &u8| Fingerprint::read(&format!("sha-256 {value:02X}")).expect("read");
        values.iter().map(read).collect()
    }

    #[test]
    fn the_bytes_are_those_of_the_description_of_the_protocol() {
        let fingerprints = some_fingerprints(&[0x0a, 0xbc]);
        let (call, alice, bob) = (call("c1"), name("alice"), name("bob"));
        let statement = CallStatement {
            call: &call,
            from: &alice,
            to: &bob,
            fingerprints: &fingerprints,
            promise: Promise::Offer(Commitment([7; 32])),
        };
        let mut expected = Vec::new();
        expected.extend_from_slice(b"\0\0\0\x0fvisavis call v1\0\0\0\x05offer\0\0\0\x02c1");
        expected.extend_from_slice(b"\0\0\0\x05alice\0\0\0\x03bob\0\0\0\x20");
        expected.extend_from_slice(&[7; 32]);
        expected.extend_from_slice(b"\0\0\0\x02\0\0\0\x0asha-256 0A\0\0\0\x0asha-256 BC");
        assert_eq!(statement.bytes(), expected);
    }

    /// In which role somebody signs, with the nonce that an answer has.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Role {
        Offer,
        Ringing,
        Answer([u8; 32]),
    }

    /// Everything that a statement holds, as values that can be compared.
    type Parts = (String, String, String, Vec<u8>, Role, [u8; 32]);

    fn parts() -> impl Strategy<Value = Parts> {
        // Few letters and bytes, so that fields can be shifted into each other.
        let text = "[ab]{1,4}";
        let nonce = prop_oneof![Just([0; 32]), Just([1; 32]), any::<[u8; 32]>()];
        let answer = nonce.clone().prop_map(Role::Answer);
        let role = prop_oneof![Just(Role::Offer), Just(Role::Ringing), answer];
        (text, text, text, prop::collection::vec(0u8..3, 0..4), role, nonce)
    }

    fn bytes((id, from, to, values, role, commitment): &Parts) -> Vec<u8> {
        let commitment = Commitment(*commitment);
        CallStatement {
            call: &call(id),
            from: &name(from),
            to: &name(to),
            fingerprints: &some_fingerprints(values),
            promise: match *role {
                Role::Offer => Promise::Offer(commitment),
                Role::Ringing => Promise::Ringing(commitment),
                Role::Answer(nonce) => Promise::Answer(Nonce(nonce), commitment),
            },
        }
        .bytes()
    }

    /// One thing of a statement is another.
    fn with_one_change(parts: &Parts, change: usize, other: &Parts) -> Parts {
        let mut changed = parts.clone();
        match change {
            0 => changed.0.clone_from(&other.0),
            1 => changed.1.clone_from(&other.1),
            2 => changed.2.clone_from(&other.2),
            3 => changed.3.clone_from(&other.3),
            4 => changed.4 = other.4,
            _ => changed.5 = other.5,
        }
        changed
    }

    proptest! {
        #[test]
        fn no_two_different_statements_are_the_same_bytes(one in parts(), two in parts()) {
            prop_assert_eq!(one == two, bytes(&one) == bytes(&two));
        }

        /// Two statements by chance differ in much; these in one thing at most.
        #[test]
        fn whatever_one_thing_differs_the_bytes_do(
            one in parts(), two in parts(), change in 0usize..6,
        ) {
            let changed = with_one_change(&one, change, &two);
            prop_assert_eq!(one == changed, bytes(&one) == bytes(&changed));
        }

        #[test]
        fn no_statement_is_a_commitment_or_a_code(one in parts(), nonce in any::<[u8; 32]>()) {
            let party = Party { key: PublicKey(nonce), nonce: Nonce(nonce), fingerprints: &[] };
            let code = safety_code_bytes(&call(&one.0), &party, &party);
            prop_assert_ne!(&bytes(&one), &code);
            prop_assert_ne!(bytes(&one), commitment_bytes(&Nonce(nonce)));
        }
    }
}
