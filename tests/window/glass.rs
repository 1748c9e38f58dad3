//! From the camera's glass to the screen's: the bar in the test pattern is read from the display.
//!
//! In: a window that shows nothing but the pattern, uncropped, at one pixel for each of its pixels.
//! Out: for each frame how long after its capture it was seen, late by one look at most.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use visavis_client::media::frame::VideoFrame;
use visavis_client::media::pattern_bar::{bar_height, read_bar};
use visavis_client::media::units::{VideoSize, WallTime};
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat};

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// Looks for so long; milliseconds from capture to sight, for each frame that was seen.
pub(crate) fn latencies(
    display: &str,
    window: u32,
    size: VideoSize,
    span: Duration,
) -> Result<Vec<f64>, Box<dyn std::error::Error + Send + Sync>> {
    let (connection, _) = x11rb::connect(Some(display))?;
    let (width, height) = (size.width() as u16, bar_height(size) as u16);
    let mut seen: HashMap<u32, f64> = HashMap::new();
    let end = Instant::now() + span;
    while Instant::now() < end {
        let image = connection
            .get_image(ImageFormat::Z_PIXMAP, window, 0, 0, width, height, !0)?
            .reply()?;
        let now = WallTime::now();
        // Blue, green, red and nothing; grey in the bar, so any of them will do.
        let luma = image.data.chunks_exact(4).map(|pixel| pixel[1]);
        let mut data = vec![128; VideoFrame::len_of(size)];
        for (place, luma) in data.iter_mut().zip(luma) {
            *place = luma;
        }
        if let Some(stamp) = read_bar(&VideoFrame::new(size, data.into(), Instant::now())) {
            let late = now.0.saturating_sub(stamp.captured_at.0) as f64 / 1e3;
            seen.entry(stamp.index).or_insert(late);
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(seen.into_values().collect())
}
