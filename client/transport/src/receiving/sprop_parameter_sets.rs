//! The parameter sets that a description carries (RFC 6184 §8.1, `sprop-parameter-sets`).
//!
//! Text goes in, NAL units come out. What always holds: what can't be read is left out, alone, and
//! no more than [`MAX_SETS`] come out. Pure.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

use super::parameter_sets::{MAX_SET_BYTES, is_parameter_set};

/// The most that are taken of a description.
const MAX_SETS: usize = 16;

/// With or without its padding, which some leave out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The parameter sets of the formats in packetization mode 1, in order.
#[must_use]
pub(crate) fn described_parameter_sets(sdp: &str) -> Vec<Bytes> {
    let formats = sdp.lines().filter_map(|line| line.trim().strip_prefix("a=fmtp:"));
    let values = formats.filter_map(|format| {
        let (_, parameters) = format.trim_start().split_once(char::is_whitespace)?;
        let value = |name: &str| {
            let mut all = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
            let found = all.find(|(key, _)| key.trim().eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.trim().trim_matches('"'))
        };
        (value("packetization-mode") == Some("1")).then(|| value("sprop-parameter-sets"))?
    });
    let sets = values.flat_map(|value| value.split(','));
    sets.filter_map(|set| {
        let set = set.trim();
        // Four characters stand for three bytes.
        let decoded = BASE64.decode(set).ok().filter(|_| set.len() <= 2 * MAX_SET_BYTES)?;
        is_parameter_set(&decoded).then(|| Bytes::from(decoded))
    })
    .take(MAX_SETS)
    .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SPS: &[u8] = &[
        0x67, 0x42, 0xc0, 0x0a, 0xda, 0x11, 0xec, 0x04, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00,
        0x00, 0x07, 0x83, 0xc4, 0x89, 0xa8,
    ];
    const PPS: &[u8] = &[0x68, 0xce, 0x0f, 0xc8];

    fn sets(fmtp: &str) -> Vec<Bytes> {
        described_parameter_sets(&format!("v=0\r\nm=video 9 X 96\r\na=fmtp:96 {fmtp}\r\n"))
    }

    #[test]
    fn both_sets_are_read_wherever_they_stand_and_with_or_without_padding() {
        let text = "Z0LACtoR7ARAAAADAEAAAAeDxImo,aM4PyA==";
        for fmtp in [
            format!("packetization-mode=1;sprop-parameter-sets={text}"),
            format!(
                "profile-level-id=42c00a; sprop-parameter-sets = {text} ; packetization-mode=1"
            ),
            format!("packetization-mode=1;SPROP-parameter-sets=\"{text}\"").replace("==", ""),
        ] {
            assert_eq!(sets(&fmtp), [SPS, PPS], "{fmtp}");
        }
    }

    #[test]
    fn what_is_no_parameter_set_is_left_out_alone() {
        let with =
            |value: &str| sets(&format!("packetization-mode=1;sprop-parameter-sets={value}"));
        assert_eq!(with("%%%,aM4PyA==,,ZYiE,aA=="), [PPS]);
        assert_eq!(with(&"aM4PyA==,".repeat(100)).len(), MAX_SETS);
        assert_eq!(with(&"A".repeat(100_000)), [] as [Bytes; 0]);
        assert_eq!(sets("packetization-mode=0;sprop-parameter-sets=aM4PyA=="), [] as [Bytes; 0]);
        assert_eq!(described_parameter_sets(""), [] as [Bytes; 0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_the_text_is_reading_ends(text in "\\PC{0,80}", value in "[A-Za-z0-9+/=,]{0,80}") {
            let _ = described_parameter_sets(&text);
            let _ = sets(&format!("packetization-mode=1;sprop-parameter-sets={value}"));
        }
    }
}
