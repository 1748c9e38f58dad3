//! Tests of thumbnails: what they show, and what is thrown at them.

use super::*;

fn picture(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 3]) -> Rgb {
    let pixels = (0..height).flat_map(|y| (0..width).flat_map(|x| pixel(x, y)).collect::<Vec<_>>());
    Rgb { width, height, pixels: pixels.collect() }
}

#[test]
fn a_picture_gets_a_small_one_that_looks_the_same() {
    let colour = |x: u32| if x < 200 { [255, 0, 0] } else { [0, 0, 255] };
    let file = to_png(&picture(400, 300, |x, _| colour(x))).expect("a PNG");
    let (png, shown) = make(&file).expect("a thumbnail");
    assert_eq!((shown.size.width(), shown.size.height()), (160, 120));
    assert_eq!(shown.rgba[..4], [255, 0, 0, 255]);
    assert_eq!(shown.rgba[159 * 4..160 * 4], [0, 0, 255, 255]);
    assert_eq!(decode(&png), Some(shown), "the other shows the same");
}

#[test]
fn noise_gets_a_smaller_one_and_a_tiny_picture_its_own_size() {
    let noise = |x: u32, y: u32| {
        let n = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)).wrapping_mul(31_337);
        [(n >> 8) as u8, (n >> 16) as u8, (n >> 24) as u8]
    };
    let file = to_png(&picture(160, 160, noise)).expect("a PNG");
    let (png, shown) = make(&file).expect("a thumbnail");
    assert!(png.len() <= MAX_THUMBNAIL && shown.size.width() >= 48, "{}", png.len());
    let tiny = to_png(&picture(7, 5, |_, _| [9; 3])).expect("a PNG");
    assert_eq!(make(&tiny).expect("a thumbnail").1.size, VideoSize::new(6, 4).expect("a size"));
}

#[test]
fn what_is_no_picture_or_a_bomb_has_no_thumbnail() {
    assert_eq!(make(b"just text"), None);
    assert_eq!(make(b"\x89PNG and then nothing"), None);
    assert_eq!(make(&[0xff, 0xd8, 0xff, 0xe0]), None);
    // 10,000 x 10,000 pixels of one colour are a few hundred KiB; 3,000 x 3,000 fit.
    let bomb = to_png(&picture(2_000, 2_000, |_, _| [0; 3])).expect("a PNG");
    assert!(bomb.len() <= MAX_THUMBNAIL * 2);
    assert_eq!(decode(&bomb), None);
    // One that only says that it is large.
    let mut liar = to_png(&picture(16, 16, |_, _| [0; 3])).expect("a PNG");
    liar[16..24].fill(0x7f);
    assert_eq!(decode(&liar), None);
}

/// 32 by 16 pixels, black at the left and white at the right, with an Exif that says that the
/// camera was held upright (orientation 6).
const JPEG: &str = "\
    ffd8ffe000104a46494600010100000100010000ffe100224578696600004d4d002a00000008000101120003\
    000000010006000000000000ffdb0043000d090a0b0a080d0b0a0b0e0e0d0f13201513121213271c1e17202e\
    2931302e292d2c333a4a3e333646372c2d405741464c4e525352323e5a615a50604a51524fffc0000b080010\
    002001011100ffc400160001010100000000000000000000000000000807ffc4001410010000000000000000\
    0000000000000000ffda0008010100003f00cc053a26214e8fffd9";

fn jpeg() -> Vec<u8> {
    let digits: Vec<char> = JPEG.chars().filter(|c| !c.is_whitespace()).collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
    digits.chunks(2).map(|pair| byte(pair).expect("digits")).collect()
}

#[test]
fn a_photograph_stands_as_the_camera_was_held() {
    let (_, shown) = make(&jpeg()).expect("a thumbnail");
    assert_eq!((shown.size.width(), shown.size.height()), (16, 32));
    let column: Vec<u8> = shown.rgba.chunks(4 * 16).map(|row| row[0]).collect();
    assert!(column[..15].iter().all(|value| *value < 40), "{column:?}");
    assert!(column[17..].iter().all(|value| *value > 215), "{column:?}");
}

#[test]
fn each_orientation_puts_the_corners_where_they_belong() {
    // Corners of the stored picture: 1 2 over 3 4, two pixels wide and high.
    let stored = || picture(2, 2, |x, y| [(1 + x + 2 * y) as u8; 3]);
    for (value, corners) in [
        (1, [1, 2, 3, 4]),
        (2, [2, 1, 4, 3]),
        (3, [4, 3, 2, 1]),
        (4, [3, 4, 1, 2]),
        (5, [1, 3, 2, 4]),
        (6, [3, 1, 4, 2]),
        (7, [4, 2, 3, 1]),
        (8, [2, 4, 1, 3]),
        (9, [1, 2, 3, 4]),
    ] {
        let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        exif.extend([value, 0, 0, 0]);
        let turned = Orientation::read(&exif).turned(stored());
        let first: Vec<u8> = turned.pixels.chunks(3).map(|pixel| pixel[0]).collect();
        assert_eq!(first, corners, "orientation {value}");
    }
}

#[test]
fn whatever_is_in_a_picture_file_it_is_a_picture_or_none() {
    let png = to_png(&picture(40, 30, |x, y| [x as u8, y as u8, 7])).expect("a PNG");
    let good = [png, jpeg()];
    let changes = visavis_fuzzing::changes("[\\x00-\\x7f]{0,6}");
    let shown = std::cell::Cell::new(0_u32);
    let outcome = visavis_fuzzing::runner(1_000, 300, 0x7b).run(
        &(0..2_usize, changes),
        |(which, changes)| {
            let bytes = visavis_fuzzing::changed_bytes(&good[which], &changes);
            if let Some((small, picture)) = make(&bytes) {
                shown.set(shown.get() + 1);
                assert_eq!(decode(&small), Some(picture));
            }
            let _ = decode(&bytes);
            Orientation::read(&bytes);
            Ok(())
        },
    );
    outcome.expect("no case fails");
    assert!(shown.get() > 100, "hardly anything that was tried was a picture: {}", shown.get());
}
