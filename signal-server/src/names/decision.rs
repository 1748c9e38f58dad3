//! Who may use a name: the rules, without the database.
//!
//! Pure: what stands in the book about a name goes in, with what somebody wants; what they may
//! comes out.

use clap::ValueEnum;
use visavis_shared::{PublicKey, Username};

/// What is known about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody owns it, nor one that looks like it.
    Free,
    /// It belongs to this key.
    Owned(PublicKey),
    /// Nobody owns it, but somebody owns this one, which looks the same.
    LooksLike(Username),
}

/// What came of somebody's wish to own a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It was free, and is theirs from now on.
    Granted,
    /// It was theirs before.
    AlreadyYours,
    /// It belongs to another key.
    OwnedByAnother,
    /// It looks the same as this name, which is owned.
    LooksLike(Username),
}

/// Whether people without a key are let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Guests {
    /// They may use any name that nobody owns.
    #[default]
    Allow,
    /// Everyone needs a key, and so an app that makes one.
    Deny,
}

/// Why somebody may not log in under a name. The text is for them. It never says which name it
/// looks like: that would tell who exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The name is another key's.
    #[error(
        "This name belongs to somebody else. Choose another one, or log in on the device that claimed it."
    )]
    OwnedByAnother,
    /// The name is somebody's, and no key was shown.
    #[error(
        "This name belongs to somebody. Log in with the app that claimed it, or choose another one."
    )]
    KeyNeeded,
    /// The name could be taken for somebody else's.
    #[error(
        "This name looks the same as one that belongs to somebody. Choose one that can't be mistaken for it."
    )]
    LooksLikeAnother,
    /// Guests are not let in.
    #[error(
        "This server lets nobody in as a guest. Log in with the Visavis app, which has a key of its own."
    )]
    NoGuests,
}

impl Claim {
    /// Whether the claimant may log in under the name.
    pub fn outcome(&self) -> Result<(), Refusal> {
        match self {
            Self::Granted | Self::AlreadyYours => Ok(()),
            Self::OwnedByAnother => Err(Refusal::OwnedByAnother),
            Self::LooksLike(_) => Err(Refusal::LooksLikeAnother),
        }
    }
}

/// What comes of a wish to own a name, by somebody who holds this key.
#[must_use]
pub fn claim(standing: &Standing, key: &PublicKey) -> Claim {
    match standing {
        Standing::Free => Claim::Granted,
        Standing::Owned(owner) if owner == key => Claim::AlreadyYours,
        Standing::Owned(_) => Claim::OwnedByAnother,
        Standing::LooksLike(other) => Claim::LooksLike(other.clone()),
    }
}

/// Whether somebody without a key may use a name.
pub fn guest(standing: &Standing, guests: Guests) -> Result<(), Refusal> {
    match (guests, standing) {
        (Guests::Deny, _) => Err(Refusal::NoGuests),
        (Guests::Allow, Standing::Free) => Ok(()),
        (Guests::Allow, Standing::Owned(_)) => Err(Refusal::KeyNeeded),
        (Guests::Allow, Standing::LooksLike(_)) => Err(Refusal::LooksLikeAnother),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICES: PublicKey = PublicKey([1; 32]);
    const MALLORYS: PublicKey = PublicKey([2; 32]);

    fn lookalike() -> Username {
        Username::parse("alice1").unwrap()
    }

    #[test]
    fn the_first_key_owns_a_name_and_keeps_it() {
        assert_eq!(claim(&Standing::Free, &ALICES), Claim::Granted);
        assert_eq!(claim(&Standing::Owned(ALICES), &ALICES), Claim::AlreadyYours);
        assert_eq!(claim(&Standing::Owned(ALICES), &MALLORYS), Claim::OwnedByAnother);
        assert_eq!(
            claim(&Standing::LooksLike(lookalike()), &MALLORYS),
            Claim::LooksLike(lookalike())
        );
    }

    #[test]
    fn guests_use_what_nobody_owns_and_nothing_where_they_are_denied() {
        let (owned, looks) = (Standing::Owned(ALICES), Standing::LooksLike(lookalike()));
        assert_eq!(guest(&Standing::Free, Guests::Allow), Ok(()));
        assert_eq!(guest(&owned, Guests::Allow), Err(Refusal::KeyNeeded));
        assert_eq!(guest(&looks, Guests::Allow), Err(Refusal::LooksLikeAnother));
        for standing in [Standing::Free, owned, looks] {
            assert_eq!(guest(&standing, Guests::Deny), Err(Refusal::NoGuests));
        }
    }

    #[test]
    fn a_refusal_tells_what_to_do_and_not_who_exists() {
        assert_eq!(Claim::Granted.outcome(), Ok(()));
        assert_eq!(Claim::AlreadyYours.outcome(), Ok(()));
        assert_eq!(Claim::OwnedByAnother.outcome(), Err(Refusal::OwnedByAnother));
        let words = Claim::LooksLike(lookalike()).outcome().unwrap_err().to_string();
        assert!(words.contains("Choose one") && !words.contains("alice"), "{words}");
    }
}
