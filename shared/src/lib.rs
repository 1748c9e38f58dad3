//! The signaling vocabulary of Visavis: the messages of client and server, and how they look
//! on the wire.
//!
//! Nothing here does input or output. [`message`] holds the messages free of any dialect, [`codec`]
//! turns them into JSON text and back, [`dialect`] knows how older browser pages spell them,
//! [`foreign_text`] makes what others write fit to be read, [`identity`] says which names are one
//! and the same and how a device proves that one is its own, [`nearby`] how servers of the local
//! network make themselves known.

#![warn(clippy::expect_used, clippy::panic)]

pub mod codec;
pub mod dialect;
mod error;
mod fields;
pub mod foreign_text;
pub mod ice_url;
pub mod identity;
pub mod ids;
mod json;
pub mod limits;
pub mod message;
pub mod nearby;
pub mod timestamp;

pub use codec::DecodeError;
pub use foreign_text::ForeignText;
pub use ice_url::{IceScheme, IceTransport, IceUrl, IceUrlError, is_this_machine};
pub use identity::{
    EncodingError, NameError, PublicKey, Signature, canonical_name, login_statement, skeleton,
};
pub use ids::{CallId, IdError, RoomId, Username};
pub use message::{
    CallSignal, CandidateInit, ClientMessage, CloseReason, DeclineReason, DescriptionKind,
    ErrorCode, IceServer, Login, LoginRefusal, MissedCall, Payload, ServerMessage,
    SessionDescription,
};
pub use timestamp::{Timestamp, TimestampError};
