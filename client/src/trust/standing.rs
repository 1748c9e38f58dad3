//! Whether the key at the other end is the one that the name had before. Pure.
//!
//! In: what is kept of a name, and what a call's description says. Out: a [`Standing`]. What always
//! holds: where a key is kept, another one or none is [`Standing::Changed`] and nothing else,
//! unless the person has allowed just that.

use visavis_shared::{PublicKey, Username};

use super::{Other, SafetyCode};

/// What is kept of a name on this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known {
    /// The key that the name had in earlier calls.
    pub key: Option<PublicKey>,
    /// Whether a safety code was compared aloud under this key.
    pub confirmed: bool,
    /// Whether the person has allowed one call without a key, although there is one.
    pub unsigned_allowed: bool,
}

/// What the other's key comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// They sign nothing and never did: a page, or an app from before.
    Unsigned,
    /// The first call under this key.
    New(PublicKey),
    /// The key of earlier calls.
    Same {
        /// That key.
        key: PublicKey,
        /// Whether a safety code was compared aloud under it.
        confirmed: bool,
    },
    /// Another key than in earlier calls, or none where there was one. Nothing of the call starts.
    Changed {
        /// The key of earlier calls.
        before: PublicKey,
        /// The one of this call.
        now: Option<PublicKey>,
    },
}

impl Standing {
    /// Judges what a description says by what is kept of its sender.
    #[must_use]
    pub fn of(known: Known, other: Other) -> Self {
        match (known.key, other) {
            (None, Other::Unsigned) => Self::Unsigned,
            (None, Other::Signed(key)) => Self::New(key),
            (Some(kept), Other::Signed(key)) if kept == key => {
                Self::Same { key, confirmed: known.confirmed }
            }
            (Some(_), Other::Unsigned) if known.unsigned_allowed => Self::Unsigned,
            (Some(before), Other::Signed(now)) => Self::Changed { before, now: Some(now) },
            (Some(before), Other::Unsigned) => Self::Changed { before, now: None },
        }
    }

    /// The key of this call.
    #[must_use]
    pub fn key(&self) -> Option<PublicKey> {
        match *self {
            Self::Unsigned => None,
            Self::New(key) | Self::Same { key, .. } => Some(key),
            Self::Changed { now, .. } => now,
        }
    }

    /// Whether nothing of the call may start.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        matches!(self, Self::Changed { .. })
    }
}

/// Another key than in earlier calls, for the person to decide about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    /// Whose.
    pub peer: Username,
    /// The key of the call that did not start; `None` when it had none.
    pub now: Option<PublicKey>,
}

/// Where the safety code of a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CodeState {
    /// There is none: not both have signed.
    #[default]
    None,
    /// It comes in a moment.
    Awaited,
    /// Here it is.
    Here(SafetyCode),
    /// The caller has not opened their commitment in time: the call goes on as not verified.
    Withheld,
}

/// Who is at the other end of the call that rings or stands, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallTrust {
    /// What their key comes to.
    pub standing: Standing,
    /// The safety code.
    pub code: CodeState,
    /// Whether they say that they sign from a web page, which is as honest as its server.
    pub page: bool,
}

impl CallTrust {
    /// Whether nothing says who is there: it has to be in plain sight.
    #[must_use]
    pub fn is_not_verified(&self) -> bool {
        self.page || self.standing == Standing::Unsigned || self.code == CodeState::Withheld
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: PublicKey = PublicKey([1; 32]);
    const TWO: PublicKey = PublicKey([2; 32]);

    #[test]
    fn where_a_key_is_kept_another_or_none_is_a_change() {
        let kept = Known { key: Some(ONE), confirmed: true, unsigned_allowed: false };
        let of = |known, other| Standing::of(known, other);
        assert_eq!(of(kept, Other::Signed(ONE)), Standing::Same { key: ONE, confirmed: true });
        assert_eq!(of(kept, Other::Signed(TWO)), Standing::Changed { before: ONE, now: Some(TWO) });
        assert_eq!(of(kept, Other::Unsigned), Standing::Changed { before: ONE, now: None });
        let allowed = Known { unsigned_allowed: true, ..kept };
        assert_eq!(of(allowed, Other::Unsigned), Standing::Unsigned);
        assert_eq!(
            of(allowed, Other::Signed(TWO)),
            Standing::Changed { before: ONE, now: Some(TWO) },
            "a call without a key was allowed, not another key"
        );
    }

    #[test]
    fn where_none_is_kept_a_key_is_new_and_none_is_not_verified() {
        let nothing = Known::default();
        assert_eq!(Standing::of(nothing, Other::Signed(ONE)), Standing::New(ONE));
        assert_eq!(Standing::of(nothing, Other::Unsigned), Standing::Unsigned);
    }
}
