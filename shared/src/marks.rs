//! Marks the bytes of a JSON string (RFC 8259 §7) that matter to whoever looks for its end, in
//! sixteen at once.

use wide::u8x16;

/// So many bytes are looked at at once.
pub(crate) const BLOCK_BYTES: usize = 16;

/// The last of the control characters, which no string may hold.
const LAST_CONTROL: u8 = b' ' - 1;

/// Where what stands in a block: of each number the lowest bit is for the first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marks {
    /// What ends a string, or may not stand in one: quotes and control characters.
    pub(crate) ends: u32,
    /// What makes something else of the next byte.
    pub(crate) backslashes: u32,
    /// The letters that stand for the end of a line behind a backslash.
    pub(crate) line_letters: u32,
}

impl Marks {
    /// Looks at the first [`BLOCK_BYTES`] bytes, or at all if they are fewer.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let block = u8x16::new(bytes.first_chunk().copied().unwrap_or_else(|| padded(bytes)));
        let are = |byte| block.simd_eq(u8x16::splat(byte));
        let are_controls = block.min(u8x16::splat(LAST_CONTROL)).simd_eq(block);
        Self {
            ends: (are(b'"') | are_controls).to_bitmask(),
            backslashes: are(b'\\').to_bitmask(),
            line_letters: (are(b'r') | are(b'n')).to_bitmask(),
        }
    }
}

fn padded(bytes: &[u8]) -> [u8; BLOCK_BYTES] {
    let mut block = [b' '; BLOCK_BYTES];
    block.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place_is_judged() {
        for bytes in 1..=2 * BLOCK_BYTES {
            for (place, byte) in
                (0..bytes).flat_map(|place| (0..=u8::MAX).map(move |byte| (place, byte)))
            {
                let mut text = vec![b'x'; bytes];
                text[place] = byte;
                let mark = |is_marked: bool| u32::from(is_marked && place < BLOCK_BYTES) << place;
                let expected = Marks {
                    ends: mark(matches!(byte, 0..b' ' | b'"')),
                    backslashes: mark(byte == b'\\'),
                    line_letters: mark(matches!(byte, b'r' | b'n')),
                };
                assert_eq!(Marks::of(&text), expected, "{byte} at {place} of {bytes}");
            }
        }
    }

    #[test]
    fn all_of_several_are_marked() {
        let expected =
            Marks { ends: 0b100_0001, backslashes: 0b1100, line_letters: 0b100_1100_0000_0000 };
        assert_eq!(Marks::of(b"\" \\\\\xc4\x99\n789rn and more than one block\""), expected);
        assert_eq!(Marks::of(b""), Marks { ends: 0, backslashes: 0, line_letters: 0 });
    }
}
