//! What a recording shows: is it the test pattern, frame for frame?

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Instant;

use visavis_client::media::frame::VideoFrame;
use visavis_client::media::pattern::Pattern;
use visavis_client::media::pattern_bar::read_bar;
use visavis_client::media::psnr::psnr;
use visavis_client::media::y4m::Y4mReader;

use crate::picture::Picture;

/// How a recording compares with the pattern that was sent.
#[derive(Debug, Clone, Copy)]
pub struct Comparison {
    /// Pictures in the recording.
    pub frames: u64,
    /// The worst of them, after the first second: an encoder begins at a low rate.
    pub worst_psnr_db: f64,
    /// Pictures whose number is not higher than the one before.
    pub out_of_order: u64,
}

/// So many pictures at the beginning may still be coarse.
const WARM_UP: u64 = 30;

/// Reads every picture's bar, renders the same picture again, and compares.
///
/// # Panics
/// When it is no Y4M file, or a picture has no readable bar.
#[must_use]
pub fn compare_with_pattern(path: &Path) -> Comparison {
    let mut comparison = Comparison { frames: 0, worst_psnr_db: f64::INFINITY, out_of_order: 0 };
    let mut pattern: Option<Pattern> = None;
    let mut before = None;
    each_frame(path, |frame| {
        let stamp = read_bar(frame).unwrap_or_else(|| panic!("picture {} has no readable bar", comparison.frames));
        if before.is_some_and(|before| stamp.index <= before) {
            comparison.out_of_order += 1;
        }
        before = Some(stamp.index);
        let pattern = match &mut pattern {
            Some(pattern) if pattern.size() == frame.size => pattern,
            other => other.insert(Pattern::new(frame.size)),
        };
        if comparison.frames >= WARM_UP {
            let expected = pattern.render(stamp, frame.captured_at);
            comparison.worst_psnr_db = comparison.worst_psnr_db.min(psnr(frame, &expected));
        }
        comparison.frames += 1;
    });
    comparison
}

/// How many pictures a recording has by now.
#[must_use]
pub fn frames(path: &Path) -> u64 {
    let mut frames = 0;
    each_frame(path, |_| frames += 1);
    frames
}

/// A recording that is still being written may end within a picture.
fn each_frame(path: &Path, mut look: impl FnMut(&VideoFrame)) {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut reader = Y4mReader::new(BufReader::new(file)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    while let Ok(Some(data)) = reader.next_picture() {
        look(&VideoFrame::new(reader.size(), data, Instant::now()));
    }
}

/// Whether a PNG shows the test pattern: the bar's black and white cells along its upper edge.
///
/// # Panics
/// When it is no readable PNG.
#[must_use]
pub fn is_png_of_pattern(path: &Path) -> bool {
    let png = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let picture = Picture::from_png(&png).expect("a readable PNG");
    let (width, height) = picture.size();
    let cell = 1.0 / 40.0;
    let down = 0.3 * cell * width as f64 / height as f64..0.7 * cell * width as f64 / height as f64;
    // The mark "Vv" in the upper left corner: 0101 0110 0111 0110.
    let mark = [0, 1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 0];
    mark.iter().enumerate().all(|(column, bit)| {
        let left = column as f64 * cell;
        let [red, ..] = picture.mean(left + 0.3 * cell..left + 0.7 * cell, down.clone());
        (red > 128) == (*bit == 1)
    })
}
