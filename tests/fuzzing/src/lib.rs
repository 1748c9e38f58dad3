//! Changes to texts and bytes, for tests that throw rubbish at a parser.
//!
//! In: what a parser reads, and pieces that it may stumble over. Out: the same with something cut
//! out and something put in, at a few places. The seed is the test's, so that a failure repeats;
//! `VISAVIS_FUZZ_SECONDS` asks for as many more cases as that long allows.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// Ways to change something: where, how much of it goes, and what comes.
pub type Changes = Vec<(usize, usize, String)>;

/// A few changes. Beside these pieces nothing comes, or any character, or what JSON parsers
/// stumble over.
pub fn changes(pieces: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = Changes> {
    let piece = prop_oneof![
        2 => pieces,
        1 => Just(String::new()),
        1 => Just("null".to_owned()),
        1 => Just("[[[[[[[[".to_owned()),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec((any::<usize>(), 0..8usize, piece), 0..5)
}

/// A text after changes, counted in characters.
#[must_use]
pub fn changed(text: &str, changes: &[(usize, usize, String)]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for (at, gone, piece) in changes {
        let at = at % (characters.len() + 1);
        let end = (at + gone).min(characters.len());
        characters.splice(at..end, piece.chars());
    }
    characters.into_iter().collect()
}

/// Bytes after changes.
#[must_use]
pub fn changed_bytes(bytes: &[u8], changes: &[(usize, usize, String)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, gone, piece) in changes {
        let at = at % (bytes.len() + 1);
        let end = (at + gone).min(bytes.len());
        bytes.splice(at..end, piece.bytes());
    }
    bytes
}

/// Runs `cases`, or as many as the environment asks for at `cases_a_second`.
#[must_use]
pub fn runner(cases: u32, cases_a_second: u32, seed: u8) -> TestRunner {
    let seconds = std::env::var("VISAVIS_FUZZ_SECONDS").ok();
    let seconds = seconds.and_then(|text| text.parse::<u32>().ok());
    let cases = seconds.map_or(cases, |seconds| seconds.saturating_mul(cases_a_second));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]))
}
