//! Identities that somebody makes to be taken for another's: keys and points of small order, second
//! encodings of keys and signatures, signatures over the same fields in another order.

use ed25519_dalek::{Signer as _, SigningKey};
use visavis_client::trust::exchange::{Callee, Names, TrustError, commit};
use visavis_shared::identity::{CallStatement, Nonce, Promise, fingerprints};
use visavis_shared::message::{CallIdentity, IdentityMember, Share};
use visavis_shared::{CallId, PublicKey, Signature, Username};

const OFFER: &str = "v=0\r\na=fingerprint:sha-256 AA:01\r\n";
/// The order of the group (RFC 8032 §5.1), the lowest byte first.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn name(text: &str) -> Username {
    Username::parse(text).expect("a name")
}

fn bobs() -> Names {
    Names { call: CallId::parse("c1").expect("a call"), own: name("bob"), other: name("alice") }
}

fn nonce() -> Nonce {
    Nonce([10; 32])
}

/// What alice's device signs in her offer.
fn statement() -> Vec<u8> {
    let call = CallId::parse("c1").expect("a call");
    let (alice, bob) = (name("alice"), name("bob"));
    let fingerprints = fingerprints(OFFER).expect("read");
    let promise = Promise::Offer(commit(&nonce()));
    CallStatement { call: &call, from: &alice, to: &bob, fingerprints: &fingerprints, promise }
        .bytes()
}

fn alice() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

/// What bob makes of an offer with this key and signature.
fn offered(key: [u8; 32], signature: [u8; 64]) -> Result<(), TrustError> {
    let identity = CallIdentity {
        key: PublicKey(key),
        signature: Signature(signature),
        share: Share::Commitment(commit(&nonce())),
        page: false,
    };
    Callee::offered(bobs(), OFFER, IdentityMember::Present(identity)).map(|callee| {
        assert!(callee.is_some(), "it is signed");
    })
}

fn alices_key() -> [u8; 32] {
    alice().verifying_key().to_bytes()
}

/// The points whose order divides eight, in each way to write them, with and without the sign.
fn small_points() -> Vec<[u8; 32]> {
    let hex = |text: &str| -> [u8; 32] {
        std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hex"))
    };
    let points = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    let both_signs = |text: &str| {
        let point = hex(text);
        let mut negative = point;
        negative[31] |= 0x80;
        [point, negative]
    };
    points.into_iter().flat_map(both_signs).collect()
}

#[test]
fn the_right_signature_is_right() {
    assert_eq!(offered(alices_key(), alice().sign(&statement()).to_bytes()), Ok(()));
}

#[test]
fn a_key_of_small_order_signs_nothing_whatever_point_the_signature_names() {
    for key in small_points() {
        for point in small_points() {
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&point);
            assert_eq!(offered(key, signature), Err(TrustError::WrongSignature), "{key:02x?}");
        }
        let by_alice = alice().sign(&statement()).to_bytes();
        assert_eq!(offered(key, by_alice), Err(TrustError::WrongSignature), "{key:02x?}");
    }
}

#[test]
fn a_point_of_small_order_in_the_place_of_the_random_one_is_refused() {
    let right = alice().sign(&statement()).to_bytes();
    for point in small_points() {
        let mut signature = right;
        signature[..32].copy_from_slice(&point);
        assert_eq!(offered(alices_key(), signature), Err(TrustError::WrongSignature));
    }
}

#[test]
fn a_second_encoding_of_a_signature_is_refused() {
    let mut signature = alice().sign(&statement()).to_bytes();
    // The same number modulo the order, which a lenient verifier takes.
    loop {
        let mut carry = 0;
        for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            (*byte, carry) = (sum as u8, sum >> 8);
        }
        if carry > 0 {
            break;
        }
        assert_eq!(offered(alices_key(), signature), Err(TrustError::WrongSignature));
    }
}

#[test]
fn a_signature_over_the_fields_in_another_order_is_refused() {
    let bytes = statement();
    let mut fields = Vec::new();
    let mut rest = bytes.as_slice();
    // Each stands behind its length; the number of fingerprints stands before them.
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let length = if fields.len() == 6 { 0 } else { length };
        let (field, after) = after.split_at(length);
        fields.push([&rest[..4], field].concat());
        rest = after;
    }
    assert_eq!(fields.concat(), bytes, "eight fields: {}", fields.len());
    assert_eq!(fields.len(), 8);
    for one in 0..fields.len() {
        for other in one + 1..fields.len() {
            let mut fields = fields.clone();
            fields.swap(one, other);
            let signature = alice().sign(&fields.concat()).to_bytes();
            assert_eq!(offered(alices_key(), signature), Err(TrustError::WrongSignature));
        }
        let mut fields = fields.clone();
        fields.remove(one);
        let signature = alice().sign(&fields.concat()).to_bytes();
        assert_eq!(offered(alices_key(), signature), Err(TrustError::WrongSignature));
    }
}
