use std::sync::OnceLock;

use proptest::prelude::*;

use super::*;

/// The cheapest that is read, so that a test can open many.
const CHEAP: Cost = Cost { memory: LEAST_MEMORY, passes: 1 };

fn phrase_of(text: &str) -> Passphrase {
    Passphrase::new(text)
}

/// Always the same, and made once, because that is what takes long.
fn export() -> Vec<u8> {
    static EXPORT: OnceLock<Vec<u8>> = OnceLock::new();
    let make = || {
        let key = DeviceKey::from_seed([7; 32]);
        seal_with(&key, &phrase_of("correct horse"), CHEAP, &[1; 16], &[2; 24]).expect("sealed")
    };
    EXPORT.get_or_init(make).clone()
}

/// The same bytes with a check sum that fits, as somebody makes them on purpose.
fn summed(mut bytes: Vec<u8>) -> Vec<u8> {
    let before = bytes.len() - SUM_BYTES;
    let sum: [u8; 32] = Sha256::digest(&bytes[..before]).into();
    bytes[before..].copy_from_slice(&sum[..SUM_BYTES]);
    bytes
}

fn opened(bytes: &[u8]) -> Result<DeviceKey, ExportError> {
    open(bytes, &phrase_of("correct horse"))
}

#[test]
fn what_is_sealed_opens_with_its_passphrase_and_with_no_other() {
    let key = DeviceKey::from_seed([7; 32]);
    let sealed = seal(&key, &phrase_of("correct horse")).expect("sealed");
    assert_eq!(sealed.len(), EXPORT_BYTES);
    assert!(opened(&sealed) == Ok(key.clone()));
    for other in ["correct hors", "Correct horse", "correct horse ", ""] {
        assert!(open(&sealed, &phrase_of(other)) == Err(ExportError::WrongPassphrase), "{other}");
    }
    let again = seal(&key, &phrase_of("correct horse")).expect("sealed");
    assert_ne!(again, sealed, "salt and nonce are fresh");
    assert!(seal(&key, &phrase_of("short")) == Err(ExportError::TooShort));
}

#[test]
fn the_bytes_hold_neither_the_key_nor_whose_it_is() {
    let key = DeviceKey::from_seed([7; 32]);
    let bytes = export();
    let public = key.login_key("wss://calls.example:443").public();
    let account = key.account();
    for secret in [&key.seed[..], &public.0, account.as_bytes()] {
        assert!(!bytes.windows(secret.len()).any(|part| part == secret));
    }
}

#[test]
fn a_flipped_bit_at_any_place_is_damage_and_opens_nothing() {
    let bytes = export();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(opened(&flipped) == Err(ExportError::Damaged), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn what_somebody_changed_on_purpose_opens_nothing_either() {
    let bytes = export();
    for at in MAGIC.len()..bytes.len() - SUM_BYTES {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let error = opened(&summed(changed)).expect_err("it is not what was sealed");
        let in_cost = at < MAGIC.len() + 8;
        let expected = [ExportError::WrongPassphrase, ExportError::TooCostly];
        assert!(expected.contains(&error) && (in_cost || error == expected[0]), "byte {at}");
    }
}

#[test]
fn truncated_and_longer_files_and_other_files_are_told_apart() {
    let bytes = export();
    for length in 0..bytes.len() {
        let expected = match length {
            0..13 => ExportError::NotAnExport,
            13..16 => ExportError::Newer,
            _ => ExportError::Damaged,
        };
        assert!(opened(&bytes[..length]) == Err(expected), "{length}");
    }
    let longer = [bytes.as_slice(), b"\n"].concat();
    assert!(opened(&longer) == Err(ExportError::Damaged));
    assert!(opened(b"-----BEGIN PRIVATE KEY-----") == Err(ExportError::NotAnExport));
    let mut newer = bytes.clone();
    newer[ANY_VERSION.len()] = b'2';
    assert!(opened(&summed(newer)) == Err(ExportError::Newer));
}

#[test]
fn a_file_can_not_ask_for_more_than_opening_may_take_or_for_no_protection() {
    let with = |memory: u32, passes: u32| {
        let mut bytes = export();
        bytes[16..20].copy_from_slice(&memory.to_be_bytes());
        bytes[20..24].copy_from_slice(&passes.to_be_bytes());
        opened(&summed(bytes))
    };
    for (memory, passes) in [
        (MOST_MEMORY + 1, 1),
        (u32::MAX, 1),
        (LEAST_MEMORY - 1, 1),
        (0, 1),
        (LEAST_MEMORY, 0),
        (LEAST_MEMORY, MOST_PASSES + 1),
        (LEAST_MEMORY, u32::MAX),
        (u32::MAX, u32::MAX),
    ] {
        assert!(with(memory, passes) == Err(ExportError::TooCostly), "{memory} {passes}");
    }
    assert!(with(LEAST_MEMORY, MOST_PASSES) == Err(ExportError::WrongPassphrase));
}

/// Computed by another implementation of Argon2id and XChaCha20-Poly1305.
#[test]
fn an_export_of_today_opens_also_tomorrow() {
    let bytes = export();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, include_str!("vector.txt").trim_end());
}

#[test]
fn no_error_is_more_than_a_line() {
    use ExportError as E;
    for error in [E::TooShort, E::NotAnExport, E::Newer, E::Damaged, E::TooCostly, E::NoMemory] {
        assert!(!error.to_string().contains('\n') && error.to_string().len() < 100);
        assert!(error.words().id().is_some());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: fuzz_cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_bytes_come_opening_them_ends_and_opens_nothing(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        begins in any::<bool>(),
    ) {
        let bytes = if begins { [MAGIC.as_slice(), &bytes].concat() } else { bytes };
        prop_assert!(opened(&bytes).is_err());
    }

    #[test]
    fn whatever_is_changed_in_an_export_opens_nothing(
        changes in prop::collection::vec((0..EXPORT_BYTES, 1u8..), 1..6),
        fits in any::<bool>(),
    ) {
        let mut bytes = export();
        for (at, change) in changes {
            bytes[at] ^= change;
        }
        if bytes != export() {
            let bytes = if fits { summed(bytes) } else { bytes };
            prop_assert!(bytes == export() || opened(&bytes).is_err());
        }
    }
}

/// A few, or many when `VISAVIS_FUZZ_SECONDS` asks for more.
fn fuzz_cases() -> u32 {
    let seconds =
        std::env::var("VISAVIS_FUZZ_SECONDS").ok().and_then(|text| text.parse::<u32>().ok());
    seconds.map_or(64, |seconds| seconds.saturating_mul(100))
}
