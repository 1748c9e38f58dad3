//! Whose name is whose: the one form that a name has, what it looks like, and what a device signs
//! to prove it.
//!
//! [`name`] turns what people type into names; [`key`] holds the public half of a device's key, its
//! signatures, and the bytes that are signed. Pure: neither signs nor verifies, so that nothing
//! here needs cryptography.

pub mod key;
pub mod name;

pub use key::{EncodingError, PublicKey, Signature, login_statement};
pub use name::{NameError, canonical_name, skeleton};
