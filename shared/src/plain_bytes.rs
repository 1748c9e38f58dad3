//! The bytes of a JSON string that stand for themselves (RFC 8259 §7), sixteen at once.

use wide::u8x16;

/// How many bytes from the first on are neither a quote, a backslash nor a control character.
pub(crate) fn plain_bytes(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let special = special_bytes(*block);
        if special != 0 {
            return at + special.trailing_zeros() as usize;
        }
        at += block.len();
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len())
}

fn is_special(byte: u8) -> bool {
    byte <= LAST_CONTROL || byte == b'"' || byte == b'\\'
}

/// The last of the control characters, which no string may hold.
const LAST_CONTROL: u8 = b' ' - 1;

/// A bit for each special one, the lowest for the first byte.
fn special_bytes(block: [u8; 16]) -> u32 {
    let block = u8x16::new(block);
    let are_controls = block.min(u8x16::splat(LAST_CONTROL)).simd_eq(block);
    let special = block.simd_eq(u8x16::splat(b'"')) | block.simd_eq(u8x16::splat(b'\\')) | are_controls;
    special.to_bitmask()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place_is_judged() {
        for place in 0..40 {
            for byte in 0..=u8::MAX {
                let mut bytes = [b'x'; 40];
                bytes[place] = byte;
                let expected = if matches!(byte, 0..b' ' | b'"' | b'\\') { place } else { bytes.len() };
                assert_eq!(plain_bytes(&bytes), expected, "{byte} at {place}");
            }
        }
    }

    #[test]
    fn the_first_of_several_counts() {
        assert_eq!(plain_bytes(b"0123456789 \xc4\x99 \"\\ and more than one block\n"), 14);
        assert_eq!(plain_bytes(b""), 0);
    }
}
