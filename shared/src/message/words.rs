//! The small vocabularies of the protocol: each variant is one word on the wire.

use serde::{Deserialize, Serialize};

macro_rules! wire_words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of_variant:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$of_variant])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// The word that stands for it on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }
    };
}

wire_words! {
    /// Why a call was declined.
    DeclineReason {
        /// The person said no.
        Declined = "declined",
        /// The person is in another call.
        Busy = "busy",
        /// Nobody answered in time.
        Timeout = "timeout",
        /// It could not be set up (a description that can't be read, say).
        Failed = "failed",
    }
}

wire_words! {
    /// Why a call was closed, where the message says so. A `close` without a reason is a person's
    /// doing.
    CloseReason {
        /// The server lost the other's connection; the call itself may well go on. Only the server
        /// says so.
        Disconnected = "disconnected",
        /// The call could not be set up.
        Failed = "failed",
        /// The caller's client received no answer in time.
        Timeout = "timeout",
    }
}

wire_words! {
    /// Why a login was refused.
    LoginRefusal {
        /// Somebody else is logged in under that name.
        Taken = "taken",
        /// It can't be a name.
        InvalidName = "invalid-name",
        /// This connection already has a name.
        AlreadyLoggedIn = "already-logged-in",
        /// The name belongs to another key, or guests are not let in.
        NotAllowed = "not-allowed",
        /// There are too many logins.
        RateLimited = "rate-limited",
        /// Who owns the name can't be found out now; later it can.
        Unavailable = "unavailable",
        /// Anything that this version does not know.
        #[serde(other)]
        Other = "other",
    }
}

wire_words! {
    /// Why a message was refused.
    ErrorCode {
        /// Not a JSON object, or one that lacks what its type needs.
        InvalidJson = "invalid-json",
        /// Its `type` is not known.
        UnknownType = "unknown-type",
        /// It needs a login first.
        NotLoggedIn = "not-logged-in",
        /// Nobody is online under that name.
        UnknownUser = "unknown-user",
        /// It may not be done.
        NotAllowed = "not-allowed",
        /// It is larger than the server reads.
        TooLarge = "too-large",
        /// There are too many of them.
        RateLimited = "rate-limited",
        /// The room holds two already.
        RoomFull = "room-full",
        /// A part of the server can't be reached now; later it can.
        Unavailable = "unavailable",
        /// Anything that this version does not know.
        #[serde(other)]
        Other = "other",
    }
}
