//! How one sample is stored, and what it is worth.
//!
//! In: bytes, little-endian. Out: numbers from −1 to 1; what is no number is 0, and what is beyond
//! full scale is full scale. Bits of a container that a sample leaves unused are its low ones
//! (`WAVEFORMATEXTENSIBLE`, `wValidBitsPerSample`), so a container is read whole.

/// How a sample is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Without a sign; 128 is silence.
    Unsigned8,
    /// With a sign, in 2 to 8 bytes.
    Signed(usize),
    /// IEEE 754, 4 bytes.
    Float32,
    /// IEEE 754, 8 bytes.
    Float64,
    /// ITU-T G.711.
    MuLaw,
    /// ITU-T G.711.
    ALaw,
}

impl Encoding {
    /// How many bytes a sample takes.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Unsigned8 | Self::MuLaw | Self::ALaw => 1,
            Self::Signed(bytes) => bytes,
            Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }

    /// Appends the samples in `bytes`; a rest that is no whole sample is left out.
    pub(super) fn decode(self, bytes: &[u8], samples: &mut Vec<f32>) {
        samples.extend(bytes.chunks_exact(self.bytes()).map(|sample| {
            let value = self.value(sample);
            if value.is_nan() { 0.0 } else { value.clamp(-1.0, 1.0) }
        }));
    }

    fn value(self, sample: &[u8]) -> f32 {
        let first = sample.first().copied().unwrap_or_default();
        match self {
            Self::Unsigned8 => (f32::from(first) - 128.0) / 128.0,
            Self::Signed(_) => {
                // The bytes become the highest of 64 bits.
                let mut wide = [0; 8];
                for (to, from) in wide.iter_mut().rev().zip(sample.iter().rev()) {
                    *to = *from;
                }
                (i64::from_le_bytes(wide) as f64 / -(i64::MIN as f64)) as f32
            }
            Self::Float32 => f32::from_le_bytes(sample.try_into().unwrap_or_default()),
            Self::Float64 => f64::from_le_bytes(sample.try_into().unwrap_or_default()) as f32,
            Self::MuLaw => f32::from(mu_law(first)) / 32_768.0,
            Self::ALaw => f32::from(a_law(first)) / 32_768.0,
        }
    }
}

/// µ-law as 16 bits (G.711 table 2): a sign, 3 bits of exponent, 4 of mantissa, all inverted.
fn mu_law(byte: u8) -> i16 {
    const BIAS: i16 = 0x84;
    let byte = !byte;
    let magnitude = ((i16::from(byte & 0x0F) << 3) + BIAS) << ((byte >> 4) & 0x07);
    if byte & 0x80 == 0 { magnitude - BIAS } else { BIAS - magnitude }
}

/// A-law as 16 bits (G.711 table 1): a sign, 3 bits of exponent, 4 of mantissa, every other bit
/// inverted.
fn a_law(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let (exponent, mantissa) = ((byte >> 4) & 0x07, i16::from(byte & 0x0F) << 4);
    let magnitude = match exponent {
        0 => mantissa + 8,
        _ => (mantissa + 0x108) << (exponent - 1),
    };
    if byte & 0x80 == 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(encoding: Encoding, bytes: &[u8]) -> Vec<f32> {
        let mut samples = Vec::new();
        encoding.decode(bytes, &mut samples);
        samples
    }

    #[test]
    fn full_scale_silence_and_half_are_the_same_in_every_width() {
        assert_eq!(decoded(Encoding::Unsigned8, &[0, 128, 192]), [-1.0, 0.0, 0.5]);
        assert_eq!(decoded(Encoding::Signed(2), &[0, 0x80, 0, 0, 0, 0x40]), [-1.0, 0.0, 0.5]);
        assert_eq!(
            decoded(Encoding::Signed(3), &[0, 0, 0x80, 0, 0, 0, 0, 0, 0x40]),
            [-1.0, 0.0, 0.5]
        );
        assert_eq!(decoded(Encoding::Signed(4), &[0, 0, 0, 0x80, 0, 0, 0, 0x40]), [-1.0, 0.5]);
        assert_eq!(decoded(Encoding::Signed(8), &[0, 0, 0, 0, 0, 0, 0, 0x40]), [0.5]);
        assert_eq!(decoded(Encoding::Float32, &0.5_f32.to_le_bytes()), [0.5]);
        assert_eq!(decoded(Encoding::Float64, &(-0.5_f64).to_le_bytes()), [-0.5]);
    }

    /// The values of ITU-T G.711, tables 1 and 2, as 16 bits.
    #[test]
    fn the_two_laws_of_g_711_are_read_by_its_tables() {
        assert_eq!([0x00, 0x7F, 0x80, 0xFF, 0xBF].map(mu_law), [-32_124, 0, 32_124, 0, 1_980]);
        assert_eq!([0x2A, 0xAA, 0xD5, 0x55].map(a_law), [-32_256, 32_256, 8, -8]);
        for byte in 0..0x80 {
            assert_eq!(mu_law(byte), -mu_law(byte | 0x80));
            assert_eq!(a_law(byte), -a_law(byte | 0x80));
        }
    }

    #[test]
    fn what_is_no_number_is_silence_and_nothing_is_beyond_full_scale() {
        let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 7.0, -1.5, 1e-40];
        let bytes: Vec<u8> = odd.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        assert_eq!(decoded(Encoding::Float32, &bytes), [0.0, 1.0, -1.0, 1.0, -1.0, 1e-40]);
        let huge = [f64::MAX, f64::NAN].iter().flat_map(|sample| sample.to_le_bytes());
        assert_eq!(decoded(Encoding::Float64, &huge.collect::<Vec<_>>()), [1.0, 0.0]);
    }

    #[test]
    fn a_rest_that_is_no_whole_sample_is_left_out() {
        assert_eq!(decoded(Encoding::Signed(3), &[0, 0, 0x40, 1, 2]), [0.5]);
    }
}
