//! Arithmetic in GF(2⁸) with the polynomial x⁸+x⁴+x³+x²+1, in which addition is exclusive or.

/// Powers of the generator 2, twice over, so that a sum of two logarithms needs no reduction.
const EXP: [u8; 512] = {
    let mut table = [0; 512];
    let (mut power, mut index) = (1u16, 0);
    while index < 255 {
        table[index] = power as u8;
        table[index + 255] = power as u8;
        power <<= 1;
        if power & 0x100 != 0 {
            power ^= 0x11d;
        }
        index += 1;
    }
    table
};
const LOG: [u8; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 255 {
        table[EXP[index] as usize] = index as u8;
        index += 1;
    }
    table
};

/// 1/a; 0 for 0, which has none.
pub(super) fn inverse(a: u8) -> u8 {
    if a == 0 { 0 } else { EXP[255 - usize::from(LOG[usize::from(a)])] }
}

/// The Cauchy matrix: how much of media packet `column` is in FEC packet `row`. Every square
/// part of it has an inverse, which is why any packets will do. Rows and columns are below 128.
pub(super) fn coefficient(row: u8, column: u8) -> u8 {
    inverse((row | 0x80) ^ (column & 0x7f))
}

/// Adds `factor` times `source` to `target`, as far as `source` reaches.
pub(super) fn add_scaled(target: &mut [u8], source: &[u8], factor: u8) {
    if factor == 0 {
        return;
    }
    let log = usize::from(LOG[usize::from(factor)]);
    let mut row = [0u8; 256];
    for (value, product) in row.iter_mut().enumerate().skip(1) {
        *product = EXP[log + usize::from(LOG[value])];
    }
    for (target, source) in target.iter_mut().zip(source) {
        *target ^= row[usize::from(*source)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn multiply(a: u8, b: u8) -> u8 {
        if a == 0 || b == 0 {
            0
        } else {
            EXP[usize::from(LOG[usize::from(a)]) + usize::from(LOG[usize::from(b)])]
        }
    }

    #[test]
    fn it_is_a_field() {
        for a in 1..=255u8 {
            assert_eq!(multiply(a, inverse(a)), 1);
            assert_eq!(multiply(a, 1), a);
            for b in 0..=255u8 {
                assert_eq!(multiply(a, b), multiply(b, a));
                assert_eq!(multiply(a, b ^ 0x53), multiply(a, b) ^ multiply(a, 0x53));
            }
        }
    }

    #[test]
    fn scaling_a_row_is_multiplying_each_of_it() {
        let source: Vec<u8> = (0..=255).collect();
        for factor in [0, 1, 2, 77, 255] {
            let mut target = vec![0x5a; 300];
            add_scaled(&mut target, &source, factor);
            assert!(source.iter().zip(&target).all(|(s, t)| *t == 0x5a ^ multiply(*s, factor)));
            assert!(target[256..].iter().all(|t| *t == 0x5a));
        }
    }
}
