//! What a recording shows: is it the test pattern, frame for frame?

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

use visavis_client::media::convert::{PixelFormat, to_i420, to_rgba};
use visavis_client::media::frame::VideoFrame;
use visavis_client::media::pattern::Pattern;
use visavis_client::media::pattern_bar::{Stamp, read_bar};
use visavis_client::media::psnr::psnr;
use visavis_client::media::scale::{Scaler, fit_within};
use visavis_client::media::ssim::ssim;
use visavis_client::media::units::VideoSize;
use visavis_client::media::y4m::Y4mReader;

use crate::browser::DRAWN_QUARTERS;
use crate::picture::{Picture, colour_distance};

/// How a recording compares with the pattern that was sent.
#[derive(Debug, Clone, Copy)]
pub struct Comparison {
    /// Different frames in the recording: one that is repeated while none comes counts once.
    pub frames: u64,
    /// The worst of them, after the first second: an encoder begins at a low rate.
    pub worst_psnr_db: f64,
    /// Half of them are at least this good.
    pub median_psnr_db: f64,
    /// Frames whose number is not higher than the one before.
    pub out_of_order: u64,
    /// Frames that look more like the one before or after their number than like their own: damaged
    /// ones, whose bar says what they should show. However coarse a picture is, it is its own.
    pub mistaken: u64,
}

/// So many frames at the beginning may still be coarse.
const WARM_UP: u64 = 30;
/// Calls begin at this size at most. Frames are compared at it, as those that came at it were
/// scaled up to be recorded.
const SMALL: (u32, u32) = (320, 180);

/// Reads every frame's bar, renders the same frame again, and compares.
///
/// # Panics
/// When it is no Y4M file, or a frame has no readable bar.
#[must_use]
pub fn compare_with_pattern(path: &Path) -> Comparison {
    let mut comparison = Comparison {
        frames: 0,
        worst_psnr_db: f64::INFINITY,
        median_psnr_db: f64::INFINITY,
        out_of_order: 0,
        mistaken: 0,
    };
    let mut likeness = Vec::new();
    let mut pattern: Option<Pattern> = None;
    let mut scaler = Scaler::default();
    let small = VideoSize::new(SMALL.0, SMALL.1).expect("a size");
    let mut before = None;
    each_different_frame(path, |frame| {
        let stamp = read_bar(frame)
            .unwrap_or_else(|| panic!("frame {} has no readable bar", comparison.frames));
        if before.is_some_and(|before| stamp.index <= before) {
            comparison.out_of_order += 1;
        }
        before = Some(stamp.index);
        let frame = scaler.scale(frame, fit_within(frame.size, small)).expect("a whole frame");
        let pattern = match &mut pattern {
            Some(pattern) if pattern.size() == frame.size => pattern,
            other => other.insert(Pattern::new(frame.size)),
        };
        if comparison.frames >= WARM_UP {
            let likeness_to = |index| {
                let expected = pattern.render(Stamp { index, ..stamp }, frame.captured_at);
                psnr(&frame, &expected)
            };
            let own = likeness_to(stamp.index);
            let neighbours = [stamp.index.saturating_sub(1), stamp.index + 1];
            let is_its_own = neighbours
                .into_iter()
                .all(|index| index == stamp.index || likeness_to(index) < own);
            comparison.mistaken += u64::from(!is_its_own);
            likeness.push(own);
        }
        comparison.frames += 1;
    });
    likeness.sort_by(f64::total_cmp);
    if let (Some(worst), Some(median)) = (likeness.first(), likeness.get(likeness.len() / 2)) {
        (comparison.worst_psnr_db, comparison.median_psnr_db) = (*worst, *median);
    }
    comparison
}

/// How many different frames a recording has by now.
#[must_use]
pub fn frames(path: &Path) -> u64 {
    // Before the first frame there is not even a header.
    if std::fs::metadata(path).map_or(0, |file| file.len()) == 0 {
        return 0;
    }
    let mut frames = 0;
    each_different_frame(path, |_| frames += 1);
    frames
}

/// Watches a recording grow for so long, and returns for how long at most it got no new frame. The
/// time until its first frame counts.
pub async fn longest_freeze(path: &Path, during: Duration) -> Duration {
    const LOOK_EVERY: Duration = Duration::from_millis(20);
    let start = Instant::now();
    let (mut grown_at, mut longest, mut seen) = (start, Duration::ZERO, None);
    while start.elapsed() < during {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = Instant::now();
        longest = longest.max(now - grown_at);
        // While none comes, the recording repeats the last: the number in the bar shows a new one.
        let latest = latest_frame(path).and_then(|frame| read_bar(&frame)).map(|stamp| stamp.index);
        if latest.is_some() && latest != seen {
            (seen, grown_at) = (latest, now);
        }
    }
    longest
}

/// The last whole frame of a recording that is being written; `None` before there is one.
fn latest_frame(path: &Path) -> Option<VideoFrame> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let size = Y4mReader::new(BufReader::new(&file)).ok()?.size();
    file.rewind().ok()?;
    let mut header = Vec::new();
    BufReader::new(&file).read_until(b'\n', &mut header).ok()?;
    let frame = (b"FRAME\n".len() + VideoFrame::len_of(size)) as u64;
    let whole = length.checked_sub(header.len() as u64)? / frame;
    file.seek(SeekFrom::Start(
        header.len() as u64 + whole.checked_sub(1)? * frame + b"FRAME\n".len() as u64,
    ))
    .ok()?;
    let mut data = vec![0; VideoFrame::len_of(size)];
    file.read_exact(&mut data).ok()?;
    Some(VideoFrame::new(size, data.into(), Instant::now()))
}

/// Looks at each different frame of a recording, and returns how many times each stands there in a
/// row.
///
/// # Panics
/// When it is no Y4M file.
pub fn frames_and_times(path: &Path, mut look: impl FnMut(&VideoFrame)) -> Vec<u64> {
    let mut times = Vec::new();
    let mut before: Option<VideoFrame> = None;
    each_frame(path, |frame| match (&before, times.last_mut()) {
        (Some(before), Some(times)) if before.data == frame.data => *times += 1,
        _ => {
            times.push(1);
            look(frame);
            before = Some(frame.clone());
        }
    });
    times
}

fn each_different_frame(path: &Path, look: impl FnMut(&VideoFrame)) {
    let _ = frames_and_times(path, look);
}

/// A recording that is still being written may end within a frame.
fn each_frame(path: &Path, mut look: impl FnMut(&VideoFrame)) {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut reader = Y4mReader::new(BufReader::new(file))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    while let Ok(Some(data)) = reader.next_frame() {
        look(&VideoFrame::new(reader.size(), data, Instant::now()));
    }
}

/// How like the test pattern a picture is that somebody else decoded, in decibels over all colours;
/// `None` when it has no readable bar.
#[must_use]
pub fn likeness_to_pattern(picture: &Picture) -> Option<f64> {
    let (width, height) = picture.size();
    let drawn = VideoSize::new(u32::try_from(width).ok()?, u32::try_from(height).ok()?)?;
    likeness_to_scaled_pattern(picture, drawn)
}

/// The same of a pattern that was drawn at another size and scaled before it was sent.
#[must_use]
pub fn likeness_to_scaled_pattern(picture: &Picture, drawn: VideoSize) -> Option<f64> {
    let (width, height) = picture.size();
    let frame = frame_of(picture)?;
    let size = frame.size;
    let expected = Pattern::new(drawn).render(read_bar(&frame)?, frame.captured_at);
    let expected = to_rgba(&Scaler::default().scale(&expected, size).ok()?).ok()?;
    picture.psnr(&Picture::from_rgba(width, height, &expected.rgba).ok()?)
}

/// How alike two pictures are to the eye, from 0 to 1.
#[must_use]
pub fn structural_similarity(one: &Picture, other: &Picture) -> f64 {
    match (frame_of(one), frame_of(other)) {
        (Some(one), Some(other)) => ssim(&one, &other),
        _ => 0.0,
    }
}

fn frame_of(picture: &Picture) -> Option<VideoFrame> {
    let (width, height) = picture.size();
    let (columns, rows) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    let (size, data) = to_i420(PixelFormat::Rgb, columns, rows, picture.rgb()).ok()?;
    Some(VideoFrame::new(size, data, Instant::now()))
}

/// Fails unless a picture shows what pages with drawn media, and the peers, send.
///
/// # Panics
/// When a quarter has another colour.
pub fn assert_is_drawn(picture: &Picture) {
    assert_is_drawn_within(picture, 16);
}

/// The same, where colours may differ by so much: Chromium takes those of a camera for BT.709.
///
/// # Panics
/// As [`assert_is_drawn`].
pub fn assert_is_drawn_within(picture: &Picture, most: u8) {
    let parts =
        [(0.1..0.4, 0.1..0.4), (0.6..0.9, 0.1..0.4), (0.1..0.4, 0.6..0.9), (0.6..0.9, 0.6..0.9)];
    for ((across, down), expected) in parts.into_iter().zip(DRAWN_QUARTERS) {
        let seen = picture.mean(across.clone(), down.clone());
        assert!(
            colour_distance(seen, expected) <= most,
            "{seen:?} at {across:?} {down:?} should be {expected:?}"
        );
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
