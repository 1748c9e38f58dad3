//! How alike two frames are to the eye: the structural similarity of their luma (Wang et al. 2004),
//! over windows of 8 by 8 pixels, four apart. For tests of this crate and of those that use it.

use crate::frame::VideoFrame;

const WINDOW: usize = 8;
const STEP: usize = 4;
/// The constants of the paper, for 8 bits: (0.01 · 255)² and (0.03 · 255)².
const C1: f64 = 6.5025;
const C2: f64 = 58.5225;

/// The mean structural similarity: 1 when equal, 0 when the sizes differ or nothing is alike. Flat
/// windows, in which there is nothing to read, count like others.
#[must_use]
pub fn ssim(a: &VideoFrame, b: &VideoFrame) -> f64 {
    let (width, height) = (a.size.width() as usize, a.size.height() as usize);
    if a.size != b.size || width < WINDOW || height < WINDOW {
        return 0.0;
    }
    let ((a, _, _), (b, _, _)) = (a.planes(), b.planes());
    let (mut sum, mut windows) = (0.0, 0_u32);
    for top in (0..=height - WINDOW).step_by(STEP) {
        for left in (0..=width - WINDOW).step_by(STEP) {
            sum += of_window(a, b, width, top * width + left);
            windows += 1;
        }
    }
    sum / f64::from(windows.max(1))
}

fn of_window(a: &[u8], b: &[u8], width: usize, at: usize) -> f64 {
    let (mut sum_a, mut sum_b, mut squares_a, mut squares_b, mut products) = (0, 0, 0, 0, 0);
    for row in 0..WINDOW {
        let from = at + row * width;
        let row = |of: &'_ [u8]| -> [u8; WINDOW] {
            of.get(from..from + WINDOW).and_then(|row| row.try_into().ok()).unwrap_or_default()
        };
        for (a, b) in row(a).into_iter().zip(row(b)) {
            let (a, b) = (u32::from(a), u32::from(b));
            (sum_a, sum_b) = (sum_a + a, sum_b + b);
            (squares_a, squares_b) = (squares_a + a * a, squares_b + b * b);
            products += a * b;
        }
    }
    let n = (WINDOW * WINDOW) as f64;
    let (mean_a, mean_b) = (f64::from(sum_a) / n, f64::from(sum_b) / n);
    let variance_a = f64::from(squares_a) / n - mean_a * mean_a;
    let variance_b = f64::from(squares_b) / n - mean_b * mean_b;
    let covariance = f64::from(products) / n - mean_a * mean_b;
    (2.0 * mean_a * mean_b + C1) * (2.0 * covariance + C2)
        / ((mean_a * mean_a + mean_b * mean_b + C1) * (variance_a + variance_b + C2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen_page::ScreenPage;
    use crate::units::VideoSize;
    use std::time::Instant;

    #[test]
    fn equal_frames_are_alike_and_noise_and_another_page_are_not() {
        let size = VideoSize::new(320, 180).expect("a size");
        let now = Instant::now();
        let page = ScreenPage::new(size, 1).render(0, now);
        assert!((ssim(&page, &page) - 1.0).abs() < 1e-9);
        let off = |by: u8| {
            let data: Vec<u8> = page
                .data
                .iter()
                .enumerate()
                .map(|(i, sample)| if i % 2 == 0 { sample.saturating_sub(by) } else { *sample })
                .collect();
            VideoFrame::new(size, data.into(), now)
        };
        let (little, much) = (ssim(&page, &off(2)), ssim(&page, &off(40)));
        assert!(little > 0.98 && much < 0.75, "{little} {much}");
        assert!(ssim(&page, &ScreenPage::new(size, 2).render(0, now)) < 0.85);
        assert_eq!(
            ssim(&page, &VideoFrame::black(VideoSize::new(64, 64).expect("a size"), now)),
            0.0
        );
    }
}
