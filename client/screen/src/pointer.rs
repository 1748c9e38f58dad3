//! Pure: the pointer drawn into an image.
//!
//! In: the pointer's picture with its hot spot, and where it is. What always holds: what lies
//! outside the image is cut off, whatever sizes and places a display names.

use crate::image::Image;

/// What a pointer looks like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PointerPicture {
    /// In pixels.
    pub(crate) width: u32,
    /// In pixels.
    pub(crate) height: u32,
    /// Which of its pixels points.
    pub(crate) hot: (i32, i32),
    /// Alpha, red, green, blue from the highest byte down; colours are multiplied by alpha.
    pub(crate) argb: Vec<u32>,
}

/// Lends an image with the pointer in it, its hot spot at `(x, y)`. After that it is out again.
pub(crate) fn with<T>(
    pointer: &PointerPicture,
    (x, y): (i32, i32),
    image: &mut Image,
    show: impl FnOnce(&Image) -> T,
) -> T {
    let row_bytes = image.width as usize * 4;
    let top = i64::from(y) - i64::from(pointer.hot.1);
    let line = |line: i64| usize::try_from(line).unwrap_or(0).min(image.height as usize);
    let rows = line(top) * row_bytes..line(top + i64::from(pointer.height)) * row_bytes;
    let under = image.bgrx.get(rows.clone()).map(<[u8]>::to_vec);
    draw(pointer, x, y, image);
    let shown = show(image);
    if let (Some(to), Some(under)) = (image.bgrx.get_mut(rows), under) {
        to.copy_from_slice(&under);
    }
    shown
}

/// Draws the pointer so that its hot spot is at `(x, y)` of the image.
fn draw(pointer: &PointerPicture, x: i32, y: i32, image: &mut Image) {
    let (left, top) =
        (i64::from(x) - i64::from(pointer.hot.0), i64::from(y) - i64::from(pointer.hot.1));
    let row_bytes = image.width as usize * 4;
    let columns = pointer.width as usize;
    if columns == 0 || row_bytes == 0 {
        return;
    }
    for (line, pixels) in (top..).zip(pointer.argb.chunks_exact(columns)) {
        let Some(row) = usize::try_from(line)
            .ok()
            .filter(|line| *line < image.height as usize)
            .and_then(|line| image.bgrx.get_mut(line * row_bytes..(line + 1) * row_bytes))
        else {
            continue;
        };
        for (column, argb) in (left..).zip(pixels) {
            let at = usize::try_from(column).ok().filter(|at| *at < image.width as usize);
            if let Some(under) = at.and_then(|at| row.get_mut(at * 4..at * 4 + 4)) {
                blend(*argb, under);
            }
        }
    }
}

/// One pixel over another: what is above plus what shines through.
fn blend(argb: u32, under: &mut [u8]) {
    let [blue, green, red, alpha] = argb.to_le_bytes();
    let through = 255 - u32::from(alpha);
    for (under, over) in under.iter_mut().zip([blue, green, red]) {
        let sum = u32::from(over) + (u32::from(*under) * through + 127) / 255;
        *under = u8::try_from(sum).unwrap_or(u8::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grey(width: u32, height: u32) -> Image {
        let mut image = Image::default();
        image.resize(width, height);
        image.bgrx.fill(100);
        image
    }

    fn pointer(width: u32, height: u32, hot: (i32, i32), argb: u32) -> PointerPicture {
        PointerPicture { width, height, hot, argb: vec![argb; (width * height) as usize] }
    }

    #[test]
    fn the_hot_spot_lies_where_the_pointer_points() {
        let mut image = grey(10, 10);
        draw(&pointer(2, 3, (1, 2), 0xFFFF_0000), 5, 5, &mut image);
        for (i, pixel) in image.bgrx.as_chunks::<4>().0.iter().enumerate() {
            let inside = (4..6).contains(&(i % 10)) && (3..6).contains(&(i / 10));
            assert_eq!(pixel[..3], if inside { [0, 0, 255] } else { [100; 3] }, "pixel {i}");
        }
    }

    #[test]
    fn what_is_half_transparent_lets_half_of_the_screen_through() {
        let mut image = grey(1, 1);
        draw(&pointer(1, 1, (0, 0), 0x8000_0080), 0, 0, &mut image);
        assert_eq!(image.bgrx[..3], [178, 50, 50]);
        draw(&pointer(1, 1, (0, 0), 0), 0, 0, &mut image);
        assert_eq!(image.bgrx[..3], [178, 50, 50]);
    }

    proptest! {
        #[test]
        fn a_pointer_anywhere_changes_only_what_it_covers(
            w in 0_u32..20, h in 0_u32..20, pw in 0_u32..12, ph in 0_u32..12, missing in 0_usize..9,
            x: i32, y: i32, near_x in -30_i32..50, near_y in -30_i32..50, near: bool,
            hot_x: i32, hot_y: i32,
        ) {
            let (x, y, hot) = if near { (near_x, near_y, (0, 0)) } else { (x, y, (hot_x, hot_y)) };
            let mut image = grey(w, h);
            let mut pointer = pointer(pw, ph, hot, 0xFF01_0203);
            let left = pointer.argb.len().saturating_sub(missing);
            pointer.argb.truncate(left);
            let before = image.clone();
            let lent = with(&pointer, (x, y), &mut image, Clone::clone);
            prop_assert_eq!(&image, &before);
            draw(&pointer, x, y, &mut image);
            prop_assert_eq!(&image, &lent);
            prop_assert_eq!(image.bgrx.len(), (w * h * 4) as usize);
            let drawn = image.bgrx.as_chunks::<4>().0.iter().filter(|p| p[0] == 3).count();
            prop_assert!(drawn <= left);
        }
    }
}
