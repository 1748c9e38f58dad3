//! Reads the bits of an H.264 NAL unit (H.264 §7.2, §7.4.1 and §9.1).
//!
//! In: the bytes behind a NAL unit's first, with their emulation prevention. Out: fixed-length and
//! Exp-Golomb values, or nothing where the bytes end. What always holds: no value is longer than
//! 32 bits, and reading ends with the bytes. Pure.

/// Reads one NAL unit from its second byte on.
#[derive(Debug)]
pub struct BitReader {
    bytes: Vec<u8>,
    at: usize,
}

impl BitReader {
    /// A reader of what follows a NAL unit's first byte, which takes emulation prevention out. Of
    /// a long one it takes no more than `at_most` bytes.
    #[must_use]
    pub fn of_nal_body(body: &[u8], at_most: usize) -> Self {
        let body = body.get(..at_most).unwrap_or(body);
        Self { bytes: without_emulation_prevention(body), at: 0 }
    }

    /// So many bits, at most 32, as a number.
    pub fn bits(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    /// One bit.
    pub fn flag(&mut self) -> Option<bool> {
        Some(self.bits(1)? == 1)
    }

    /// An unsigned Exp-Golomb value, `ue(v)`; none of more than 31 bits.
    pub fn unsigned(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1_u32 << zeros) - 1 + self.bits(zeros)?)
    }

    /// A signed Exp-Golomb value, `se(v)` (§9.1.1).
    pub fn signed(&mut self) -> Option<i32> {
        let code = self.unsigned()?;
        let size = i32::try_from(code / 2 + code % 2).ok()?;
        Some(if code % 2 == 1 { size } else { -size })
    }
}

/// Takes the 3 out of every 0, 0, 3 (§7.4.1).
fn without_emulation_prevention(body: &[u8]) -> Vec<u8> {
    let mut zeros = 0;
    let mut rbsp = Vec::with_capacity(body.len());
    for byte in body {
        if zeros >= 2 && *byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        rbsp.push(*byte);
    }
    rbsp
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_values_are_those_of_the_standards_table() {
        // 1, 010, 011, 00100, 00101, 00110: 0 to 5, and as signed ones 0, 1, −1, 2, −2, 3.
        let body = [0b1010_0110, 0b0100_0010, 0b1001_1000];
        let mut unsigned = BitReader::of_nal_body(&body, 8);
        let mut signed = BitReader::of_nal_body(&body, 8);
        for expected in 0..6 {
            assert_eq!(unsigned.unsigned(), Some(expected));
        }
        for expected in [0, 1, -1, 2, -2, 3] {
            assert_eq!(signed.signed(), Some(expected));
        }
    }

    #[test]
    fn a_value_of_more_than_31_zeros_and_one_that_is_cut_are_none() {
        assert_eq!(BitReader::of_nal_body(&[0, 0, 0, 0, 0, 0xff], 8).unsigned(), None);
        assert_eq!(BitReader::of_nal_body(&[0b0001_0000], 8).unsigned(), Some(7));
        assert_eq!(BitReader::of_nal_body(&[0b0000_0001], 8).unsigned(), None);
        assert_eq!(BitReader::of_nal_body(&[], 8).flag(), None);
    }

    #[test]
    fn emulation_prevention_is_no_part_of_a_value() {
        let mut reader = BitReader::of_nal_body(&[0, 0, 3, 1, 0xff], 4);
        assert_eq!((reader.bits(24), reader.bits(1)), (Some(1), None));
    }
}
