//! What frames lose by being sent smaller: how much detail there is in what the camera takes.
//!
//! In goes a frame now and then; out comes, for each step of the size ladder, the mean squared
//! error of its luma after it was made that small and large again, as the other's window does it,
//! and without the noise, which no size keeps: coding takes away what scaling leaves of it. Only
//! the middle is looked at, where faces are: a quarter of the picture, which takes a few
//! milliseconds.

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
        let full = fraction_of(fit_within(frame.size, max), 1, 2);
        let middle = self.down.scale(&middle(frame), full)?;
        let mut losses = [0.0; STEPS.len()];
        for (loss, (numerator, denominator)) in losses.iter_mut().zip(STEPS) {
            let small = self.down.scale(&middle, fraction_of(full, numerator, denominator))?;
            *loss = mean_squared_error(&middle, &self.up.scale(&small, full)?);
        }
        Ok(Some(with_noise(losses)))
    }
}

/// Adds to what scaling loses what it leaves of the noise.
fn with_noise(losses: [f64; STEPS.len()]) -> [f64; STEPS.len()] {
    let ([_, at_three_quarters, at_half, ..], [_, three_quarters, half, ..]) = (NOISE, losses);
    let noise = (DETAIL * three_quarters - half) / (DETAIL * at_three_quarters - at_half);
    let noise = noise.clamp(0.0, three_quarters.max(0.0) / at_three_quarters);
    let mut all = losses;
    for (loss, share) in all.iter_mut().zip(NOISE) {
        *loss += noise * (1.0 - share);
    }
    all
}

/// The middle of a frame, half as wide and half as high.
fn middle(frame: &VideoFrame) -> VideoFrame {
    let size = fraction_of(frame.size, 1, 2);
    let mut data = Vec::with_capacity(VideoFrame::len_of(size));
    let (luma, u, v) = frame.planes();
    for (plane, part) in [(luma, 1), (u, 2), (v, 2)] {
        let [from, to] =
            [frame.size, size].map(|size| [size.width(), size.height()].map(|s| s as usize / part));
        let ([width, height], [wide, high]) = (from, to);
        let (left, top) = ((width - wide) / 2, (height - high) / 2);
        for row in plane.chunks(width.max(1)).skip(top).take(high) {
            data.extend(row.iter().skip(left).take(wide));
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
        let head = with_noise([0.0, 2.31, 3.33, 4.1, 5.03]);
        assert!(head.iter().all(|loss| (4.6..5.5).contains(loss)), "{head:?}");
        let film = with_noise([0.0, 4.54, 12.41, 22.0, 41.96]);
        assert!((4.6..5.5).contains(&film[0]) && film[1] > 7.0 && film[2] > 13.0, "{film:?}");
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
