//! Whose name is whose: the one form that a name has, what it looks like, and what a device signs
//! to prove it.
//!
//! [`name`] turns what people type into names; [`key`] holds the public half of a device's key, its
//! signatures, and the bytes that are signed to log in; [`call`] the bytes that are signed in a
//! call, with the certificates of [`fingerprint`]. Pure: neither signs nor verifies, so that
//! nothing here needs cryptography.

pub mod call;
pub mod fingerprint;
pub mod key;
pub mod name;

pub use call::{
    CallStatement, Commitment, Nonce, Party, Promise, commitment_bytes, safety_code_bytes,
};
pub use fingerprint::{Fingerprint, FingerprintError, fingerprints};
pub use key::{EncodingError, PublicKey, Signature, login_statement};
pub use name::{NameError, canonical_name, skeleton};
