//! What frames lose by being sent smaller: how much detail there is in what the camera takes.
//!
//! In goes a frame now and then; out comes, for each step of the size ladder, the mean squared
//! error of its luma after it was made that small and large again, as the other's window does it,
//! and without the noise, which no size keeps: coding takes away what scaling leaves of it. Five
//! parts are looked at, the middle, where faces are, and one of each quarter: a third of the
//! picture, which takes some ten milliseconds.

use std::time::{Duration, Instant};

use crate::frame::VideoFrame;
use crate::psnr::mean_squared_error;
use crate::scale::{ScaleError, Scaler, fit_within, fraction_of};
use crate::size_ladder::STEPS;
use crate::units::VideoSize;

/// How often a frame is looked at.
const INTERVAL: Duration = Duration::from_secs(2);

/// What share of a camera's noise the scalers take away at each step, of bytes through Lanczos and
/// back through the bilinear filter.
const NOISE: [f64; STEPS.len()] = [0.0, 0.475, 0.68, 0.83, 0.95];
/// Detail loses so many times as much at a half as at three quarters; noise does not.
const DETAIL: f64 = 4.2;

/// Noise is measured in blocks of so many pixels, across and down…
const BLOCK: usize = 8;
/// …of which one in so many has nothing but noise…
const SMOOTH_BLOCKS: usize = 5;
/// …and as it is one that has little of that, there may be so many times as much.
const MOST_NOISE: f64 = 1.5;

/// Where the parts lie, in eighths of the frame from the left and from the top.
const PLACES: [(usize, usize); 5] = [(3, 3), (1, 1), (5, 1), (1, 5), (5, 5)];

/// Looks at a frame now and then.
pub(crate) struct SizeLosses {
    down: Scaler,
    up: Scaler,
    looked_at: Option<Instant>,
}

impl Default for SizeLosses {
    fn default() -> Self {
        Self { down: Scaler::sharp(), up: Scaler::default(), looked_at: None }
    }
}

impl SizeLosses {
    /// What a frame loses that is sent with at most this size, if it is time to look.
    pub(crate) fn of(
        &mut self,
        frame: &VideoFrame,
        max: VideoSize,
        now: Instant,
    ) -> Result<Option<[f64; STEPS.len()]>, ScaleError> {
        let recent = |at: Instant| now.saturating_duration_since(at) < INTERVAL;
        if self.looked_at.is_some_and(recent) {
            return Ok(None);
        }
        self.looked_at = Some(now);
        let wanted = VideoFrame::len_of(frame.size);
        if frame.data.len() != wanted {
            return Err(ScaleError::WrongLength(frame.size, frame.data.len(), wanted));
        }
        let full = fraction_of(fit_within(frame.size, max), 1, 4);
        let (mut losses, mut roughness) = ([0.0; STEPS.len()], Vec::new());
        for place in PLACES {
            let part = self.down.scale(&part(frame, place), full)?;
            add_roughness(&part, &mut roughness);
            for (loss, (numerator, denominator)) in losses.iter_mut().zip(STEPS) {
                let small = self.down.scale(&part, fraction_of(full, numerator, denominator))?;
                let error = mean_squared_error(&part, &self.up.scale(&small, full)?);
                *loss += error / PLACES.len() as f64;
            }
        }
        Ok(Some(with_noise(losses, MOST_NOISE * noise_of(roughness))))
    }
}

/// Adds for each block of luma how much its pixels differ from what lies beside them, as the
/// variance of the white noise that would do that (Immerkær, *Fast noise variance estimation*,
/// 1996, along rows alone).
fn add_roughness(frame: &VideoFrame, roughness: &mut Vec<f64>) {
    let (luma, ..) = frame.planes();
    let rows: Vec<&[u8]> = luma.chunks_exact(frame.size.width() as usize).collect();
    for rows in rows.chunks_exact(BLOCK) {
        let mut sums = vec![0_i64; frame.size.width() as usize / BLOCK];
        for row in rows {
            for (sum, block) in sums.iter_mut().zip(row.chunks_exact(BLOCK)) {
                *sum += block
                    .windows(3)
                    .map(|of| 2 * i64::from(of[1]) - i64::from(of[0]) - i64::from(of[2]))
                    .map(|twice| twice * twice)
                    .sum::<i64>();
            }
        }
        // Twice the difference, of which white noise has one and a half times its own variance.
        let samples = (BLOCK * (BLOCK - 2)) as f64 * 4.0 * 1.5;
        roughness.extend(sums.into_iter().map(|sum| sum as f64 / samples));
    }
}

/// Noise is everywhere, and most pictures have blocks without anything else.
fn noise_of(mut roughness: Vec<f64>) -> f64 {
    roughness.sort_by(f64::total_cmp);
    roughness.get(roughness.len() / SMOOTH_BLOCKS).copied().unwrap_or_default()
}

/// Adds to what scaling loses what it leaves of the noise, which is at most so much.
fn with_noise(losses: [f64; STEPS.len()], most: f64) -> [f64; STEPS.len()] {
    let ([_, at_three_quarters, at_half, ..], [_, three_quarters, half, ..]) = (NOISE, losses);
    let noise = (DETAIL * three_quarters - half) / (DETAIL * at_three_quarters - at_half);
    let noise = noise.clamp(0.0, three_quarters.max(0.0) / at_three_quarters).min(most);
    let mut all = losses;
    for (loss, share) in all.iter_mut().zip(NOISE) {
        *loss += noise * (1.0 - share);
    }
    all
}

/// A part of a frame, a quarter as wide and as high, whose corner is so many eighths from the left
/// and from the top.
fn part(frame: &VideoFrame, (across, down): (usize, usize)) -> VideoFrame {
    let size = fraction_of(frame.size, 1, 4);
    let mut data = Vec::with_capacity(VideoFrame::len_of(size));
    let (luma, u, v) = frame.planes();
    for (plane, shared) in [(luma, 1), (u, 2), (v, 2)] {
        let [from, to] = [frame.size, size]
            .map(|size| [size.width(), size.height()].map(|side| side as usize / shared));
        let ([width, height], [wide, high]) = (from, to);
        let (left, top) = (width * across / 8, height * down / 8);
        for row in plane.chunks(width.max(1)).skip(top.min(height - high)).take(high) {
            data.extend(row.iter().skip(left.min(width - wide)).take(wide));
        }
    }
    VideoFrame { size, data: data.into(), ..frame.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen_page::ScreenPage;

    fn size(width: u32, height: u32) -> VideoSize {
        VideoSize::new(width, height).expect("a size")
    }

    #[test]
    fn sharp_edges_lose_more_the_smaller_they_get_and_what_is_flat_loses_nothing() {
        let (full, now) = (size(640, 360), Instant::now());
        let page = ScreenPage::new(full, 1).render(0, now);
        let losses = SizeLosses::default().of(&page, full, now).expect("it scales");
        let [none, three_quarters, half, _, quarter] = losses.expect("the first is looked at");
        assert!(none < three_quarters && 10.0 < three_quarters, "{losses:?}");
        assert!(three_quarters < half && half < quarter, "{losses:?}");
        let black = SizeLosses::default().of(&VideoFrame::black(full, now), full, now);
        assert_eq!(black.expect("it scales"), Some([0.0; STEPS.len()]));
    }

    #[test]
    fn a_large_source_is_reckoned_at_the_size_that_is_sent_and_a_tiny_or_short_one_is_no_harm() {
        let now = Instant::now();
        let page = ScreenPage::new(size(1280, 720), 1).render(0, now);
        let sent = SizeLosses::default().of(&page, size(320, 180), now).expect("it scales");
        assert!(sent.is_some_and(|losses| losses[0] < losses[4]));
        let tiny = VideoFrame::black(size(2, 2), now);
        assert!(SizeLosses::default().of(&tiny, size(1280, 720), now).is_ok());
        let short = VideoFrame { data: [0; 10].into(), ..page };
        assert!(SizeLosses::default().of(&short, size(1280, 720), now).is_err());
    }

    #[test]
    fn noise_is_lost_at_every_size_and_detail_is_not() {
        // As measured of a soft head and of a film, both with noise of 4.8.
        let head = with_noise([0.0, 2.31, 3.33, 4.1, 5.03], 7.0);
        assert!(head.iter().all(|loss| (4.6..5.5).contains(loss)), "{head:?}");
        let film = with_noise([0.0, 4.54, 12.41, 22.0, 41.96], 7.0);
        assert!((4.6..5.5).contains(&film[0]) && film[1] > 7.0 && film[2] > 13.0, "{film:?}");
        // Sharp edges lose like noise does, and are none where a picture has none.
        let edges = [0.0, 11.0, 22.0, 29.0, 41.0];
        assert_eq!(with_noise(edges, 0.0), edges);
    }

    #[test]
    fn noise_is_measured_and_edges_are_not_taken_for_it() {
        let of = size(640, 360);
        let pattern = crate::pattern::render(of, 30, crate::units::WallTime(0));
        let noise = |frame: &VideoFrame| {
            let mut roughness = Vec::new();
            add_roughness(frame, &mut roughness);
            noise_of(roughness)
        };
        assert!(noise(&pattern) < 0.5, "{}", noise(&pattern));
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        let mut data = pattern.data.to_vec();
        for pixel in data.iter_mut().take(of.pixels()) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // Of whole numbers from -4 to 4: a variance of 6.7.
            *pixel = pixel.saturating_add((state >> 40) as u8 % 9).saturating_sub(4);
        }
        let noisy = VideoFrame { data: data.into(), ..pattern };
        assert!((4.5..8.0).contains(&noise(&noisy)), "{}", noise(&noisy));
    }

    #[test]
    fn one_frame_in_two_seconds_is_looked_at() {
        let (full, start) = (size(64, 64), Instant::now());
        let mut losses = SizeLosses::default();
        let looked = (0..300).filter(|n| {
            let now = start + *n * Duration::from_micros(33_333);
            losses.of(&VideoFrame::black(full, now), full, now).expect("it scales").is_some()
        });
        assert_eq!(looked.count(), 5);
    }
}
