//! A passphrase as somebody typed it, and how hard it is to guess.
//!
//! Pure. In: a text. Out: a [`Passphrase`], which shows itself in no log, and its [`Strength`].
//! What always holds: two ways to type the same letters are one passphrase (Unicode NFC).

use unicode_normalization::UnicodeNormalization as _;

/// The fewest characters of a passphrase that seals a key.
pub const FEWEST_CHARS: usize = 8;
/// The most characters that are read.
pub const MOST_CHARS: usize = 1024;
/// Below so many bits a passphrase is weak.
const FAIR_BITS: f64 = 45.0;
/// From so many bits on it is strong.
const STRONG_BITS: f64 = 70.0;

/// A kind of characters.
type Kind = fn(char) -> bool;

/// What seals an export.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(String);

/// Keeps it out of logs.
impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase")
    }
}

/// How hard a passphrase is to guess for somebody who has the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Too short to seal anything.
    TooShort,
    /// Somebody who has the file may find it.
    Weak,
    /// It takes long to find.
    Fair,
    /// Nobody finds it.
    Strong,
}

impl Passphrase {
    /// What was typed, in one form.
    #[must_use]
    pub fn new(typed: &str) -> Self {
        Self(typed.nfc().take(MOST_CHARS).collect())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// How hard it is to guess, from its length and its kinds of characters. What repeats or counts
    /// on from the character before adds little.
    #[must_use]
    pub fn strength(&self) -> Strength {
        if self.0.chars().count() < FEWEST_CHARS {
            return Strength::TooShort;
        }
        let kinds: [(Kind, f64); 5] = [
            (|c| c.is_ascii_lowercase(), 26.0),
            (|c| c.is_ascii_uppercase(), 26.0),
            (|c| c.is_ascii_digit(), 10.0),
            (|c| c.is_ascii() && !c.is_ascii_alphanumeric(), 33.0),
            (|c| !c.is_ascii(), 100.0),
        ];
        let pool: f64 =
            kinds.iter().filter(|(kind, _)| self.0.contains(*kind)).map(|(_, size)| size).sum();
        let mut before = None;
        let mut bits = 0.0;
        for c in self.0.chars() {
            let goes_on =
                before.is_some_and(|before: char| (u32::from(c)).abs_diff(u32::from(before)) <= 1);
            bits += if goes_on { 1.0 } else { pool.log2() };
            before = Some(c);
        }
        match bits {
            bits if bits < FAIR_BITS => Strength::Weak,
            bits if bits < STRONG_BITS => Strength::Fair,
            _ => Strength::Strong,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_and_the_more_kinds_of_characters_the_stronger() {
        for (text, strength) in [
            ("", Strength::TooShort),
            ("seven77", Strength::TooShort),
            ("ééééééé", Strength::TooShort),
            ("password", Strength::Weak),
            ("aaaaaaaaaaaaaaaaaaaa", Strength::Weak),
            ("12345678901234567890", Strength::Weak),
            ("tR7!kq2#", Strength::Fair),
            ("correct horse battery", Strength::Strong),
        ] {
            assert_eq!(Passphrase::new(text).strength(), strength, "{text}");
        }
    }

    #[test]
    fn two_ways_to_type_a_letter_are_one_passphrase_and_no_log_shows_it() {
        let one = Passphrase::new("caf\u{e9} au lait");
        assert_eq!(one, Passphrase::new("cafe\u{301} au lait"));
        assert_ne!(one, Passphrase::new("cafe au lait"));
        assert_eq!(format!("{one:?}"), "Passphrase");
    }
}
