//! What a person in a trial shows: four quarters, each of one colour, which are found on the
//! other's screen wherever and however large the picture is there. Pure.

/// The size of the picture. Small: what counts is its colours.
const WIDTH: usize = 320;
const HEIGHT: usize = 240;
/// A codec, another range and scaling move a colour by no more.
pub(super) const TOLERANCE: u8 = 24;

/// A colour in luma and chroma (BT.601, limited range), and as a screen shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour {
    yuv: [u8; 3],
    pub(super) rgb: [u8; 3],
}

impl Colour {
    const fn new(y: u8, u: u8, v: u8) -> Self {
        // Thousandths, after ITU-R BT.601-7 2.5.1 and the scaling of 2.5.3.
        let (luma, blue, red) = ((y as i32 - 16) * 1164, u as i32 - 128, v as i32 - 128);
        Self {
            yuv: [y, u, v],
            rgb: [
                clamped(luma + 1596 * red),
                clamped(luma - 392 * blue - 813 * red),
                clamped(luma + 2017 * blue),
            ],
        }
    }
}

const fn clamped(thousandths: i32) -> u8 {
    let value = (thousandths + 500) / 1000;
    if value < 0 {
        0
    } else if value > 255 {
        255
    } else {
        value as u8
    }
}

/// Four colours: above left and right, below left and right.
pub(super) type Quarters = [Colour; 4];

/// Red, green, blue and yellow, none of them strong enough to be cut off.
pub(super) const ALICES: Quarters = [
    Colour::new(100, 115, 180),
    Colour::new(130, 95, 85),
    Colour::new(80, 180, 115),
    Colour::new(165, 75, 145),
];

/// Violet, orange, turquoise and a dark green.
pub(super) const BOBS: Quarters = [
    Colour::new(100, 165, 155),
    Colour::new(135, 95, 160),
    Colour::new(140, 140, 90),
    Colour::new(50, 120, 118),
];

/// A film of them, as Y4M: one picture, which the app repeats.
pub(super) fn film(colours: &Quarters) -> Vec<u8> {
    let header = format!("YUV4MPEG2 W{WIDTH} H{HEIGHT} F30:1 Ip A1:1 C420\nFRAME\n");
    let mut film = header.into_bytes();
    for plane in 0..3 {
        let (width, height) = if plane == 0 { (WIDTH, HEIGHT) } else { (WIDTH / 2, HEIGHT / 2) };
        for row in 0..height {
            for column in 0..width {
                let quarter = 2 * usize::from(row >= height / 2) + usize::from(column >= width / 2);
                film.push(colours[quarter].yuv[plane]);
            }
        }
    }
    film
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_colours_could_be_taken_for_each_other() {
        let all: Vec<Colour> = ALICES.into_iter().chain(BOBS).collect();
        for (at, one) in all.iter().enumerate() {
            for other in &all[at + 1..] {
                let apart = one.rgb.iter().zip(other.rgb).map(|(a, b)| a.abs_diff(b)).max();
                assert!(apart > Some(2 * TOLERANCE), "{one:?} {other:?}");
            }
            assert!(one.rgb.iter().all(|channel| (1..255).contains(channel)), "{one:?} is cut off");
        }
    }

    #[test]
    fn grey_is_grey_and_the_film_has_a_whole_picture() {
        assert_eq!(Colour::new(126, 128, 128).rgb, [128, 128, 128]);
        let film = film(&ALICES);
        let start = film.windows(6).position(|window| window == b"FRAME\n").expect("a picture") + 6;
        assert_eq!(film.len() - start, WIDTH * HEIGHT * 3 / 2);
        assert_eq!(film[start], ALICES[0].yuv[0]);
        assert_eq!(film[start + WIDTH - 1], ALICES[1].yuv[0]);
        assert_eq!(film.last(), Some(&ALICES[3].yuv[2]));
    }
}
