//! Who is at the other end of a call: signatures over descriptions, and the safety code.
//!
//! [`exchange`] is one call's, from offer to opened commitment: descriptions with their identities
//! go in, identities to send and a [`SafetyCode`] come out. Pure: keys and random bytes are
//! arguments, and there is no time in it. [`standing`] says whether a key is the one that a name
//! had before, which the book of people keeps.

pub mod exchange;
pub mod safety_code;
pub mod standing;

pub use exchange::{Callee, Caller, Names, Other, TrustError};
pub use safety_code::SafetyCode;
pub use standing::{CallTrust, CodeState, KeyChange, Known, Standing};
