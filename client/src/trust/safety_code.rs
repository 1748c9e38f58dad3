//! The four words that both people read aloud to make sure that nobody is between them.
//!
//! The bytes of [`visavis_shared::identity::safety_code_bytes`] go in; four of 1024 words come out,
//! ten bits of their SHA-256 each. What always holds: the same bytes give the same words on every
//! machine and in every language, so the list is part of the protocol and never changes.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// One word in a line, in alphabetical order. No two sound alike.
const WORDS: &str = include_str!("../../../assets/safety_words.txt");
/// How many words a code has.
pub const CODE_WORDS: usize = 4;
/// Each word stands for so many bits.
const WORD_BITS: u32 = 10;

/// The words of a call, to be compared aloud.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SafetyCode([&'static str; CODE_WORDS]);

impl SafetyCode {
    /// The words for these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let [a, b, c, d, e, ..] = <[u8; 32]>::from(Sha256::digest(bytes));
        let bits = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
        Self(std::array::from_fn(|at| {
            let shift = WORD_BITS * (CODE_WORDS - 1 - at) as u32;
            word((bits >> shift) as usize & ((1 << WORD_BITS) - 1))
        }))
    }

    /// The words, in the order in which they are read.
    #[must_use]
    pub fn words(&self) -> [&'static str; CODE_WORDS] {
        self.0
    }
}

/// The list has a word for each number of ten bits.
fn word(number: usize) -> &'static str {
    WORDS.lines().nth(number).unwrap_or_default()
}

impl fmt::Display for SafetyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// Whoever reads a log need not know what the two compared.
impl fmt::Debug for SafetyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SafetyCode(4 words)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_a_word_for_every_ten_bits_and_is_in_order() {
        let words: Vec<&str> = WORDS.lines().collect();
        assert_eq!(words.len(), 1 << WORD_BITS);
        assert!(words.is_sorted_by(|a, b| a < b));
        for word in words {
            assert!((4..=9).contains(&word.len()), "{word}");
            assert!(word.bytes().all(|byte| byte.is_ascii_lowercase()), "{word}");
        }
    }

    #[test]
    fn no_word_begins_another_and_none_is_a_slip_of_another() {
        let words: Vec<&str> = WORDS.lines().collect();
        for (at, one) in words.iter().enumerate() {
            for two in &words[at + 1..] {
                assert!(!two.starts_with(one), "{one} {two}");
                let differ = one.len() != two.len()
                    || one.bytes().zip(two.bytes()).filter(|(a, b)| a != b).count() > 1;
                assert!(differ, "{one} {two}");
            }
        }
    }

    #[test]
    fn the_first_forty_bits_of_the_hash_are_the_words() {
        let hash = Sha256::digest(b"a call");
        let bits: String = hash.iter().take(5).map(|byte| format!("{byte:08b}")).collect();
        let words: Vec<&str> = (0..CODE_WORDS)
            .map(|at| usize::from_str_radix(&bits[at * 10..][..10], 2).expect("bits"))
            .map(|number| WORDS.lines().nth(number).expect("a word"))
            .collect();
        assert_eq!(SafetyCode::of(b"a call").words().as_slice(), words);
        assert_ne!(SafetyCode::of(b"a call"), SafetyCode::of(b"another call"));
    }
}
