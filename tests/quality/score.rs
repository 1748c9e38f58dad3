//! How like their originals the frames are that were shown.
//!
//! In: the recording of what was shown, a place for each thirtieth of a second, and the film. Out:
//! the luma PSNR and SSIM of each place. A frame smaller than its original is made as large first,
//! as a window does.
//!
//! **What is compared.** A frame that is shown is compared with its own original, by its number:
//! what the network's delay does to it is measured elsewhere. One that stands for longer than
//! [`FRESH`] places, so for more than a tenth of a second, is from then on compared with the
//! original that would be due had the film gone on: that a picture is good does not help once the
//! world has moved on. The line is drawn there because ten frames a second still look like motion.
//! With a stricter one, a sender that halves its rate in favour of sharper frames would be measured
//! by chance (which frame falls into which place); with none a frozen picture would be perfect.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use visavis_client::media::frame::VideoFrame;
use visavis_client::media::psnr::psnr;
use visavis_client::media::scale::Scaler;
use visavis_client::media::ssim::ssim;
use visavis_client::media::y4m::Y4mReader;

use crate::Fault;
use crate::clip::Film;
use crate::mark::{self, SIZE};

/// So many places a frame is compared with its own original.
const FRESH: u16 = 3;
/// So much noise is not measured: two frames of a codec are never closer.
const BEST: f64 = 60.0;

/// What was shown in one place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    /// The number of the frame, as it was read.
    pub(crate) number: u16,
    /// For how many places it has stood here already.
    pub(crate) stood: u16,
    pub(crate) psnr: f64,
    pub(crate) ssim: f64,
}

/// What was shown, place by place; nothing where the number did not survive.
pub(crate) type Places = Vec<Option<Place>>;

/// The number of the original that a frame is compared with.
fn original(number: u16, stood: u16, frames: u16) -> u16 {
    if stood < FRESH {
        number
    } else {
        ((u32::from(number) + u32::from(stood)) % u32::from(frames)) as u16
    }
}

/// Compares a recording with the film.
pub(crate) fn compare(recording: &Path, film: &mut Film) -> Result<Places, Fault> {
    let mut reader = Y4mReader::new(BufReader::new(File::open(recording)?))?;
    let mut comparing = Comparing { scaler: Scaler::default(), shown: None };
    let mut places = Places::new();
    let (mut before, mut stood): (Option<Arc<[u8]>>, u16) = (None, 0);
    let mut last: Option<Place> = None;
    while let Some(data) = reader.next_frame()? {
        let is_new = before.as_ref() != Some(&data);
        stood = if is_new { 0 } else { stood.saturating_add(1) };
        if is_new || stood >= FRESH {
            let frame = VideoFrame::new(reader.size(), Arc::clone(&data), Instant::now());
            last = comparing.place(&frame, is_new, stood, film)?;
        }
        places.push(last.map(|place| Place { stood, ..place }));
        before = Some(data);
    }
    Ok(places)
}

struct Comparing {
    scaler: Scaler,
    /// The number of the frame that is shown, and the part of it that is compared.
    shown: Option<(u16, VideoFrame)>,
}

impl Comparing {
    fn place(
        &mut self,
        frame: &VideoFrame,
        is_new: bool,
        stood: u16,
        film: &mut Film,
    ) -> Result<Option<Place>, Fault> {
        if is_new {
            self.shown = None;
            if let Some(number) = mark::read(frame).filter(|number| *number < film.frames) {
                let large = self.scaler.scale(frame, SIZE)?;
                self.shown = mark::compared(&large).map(|part| (number, part));
            }
        }
        let Some((number, shown)) = &self.shown else { return Ok(None) };
        let original = film.frame(original(*number, stood, film.frames))?;
        let original = mark::compared(&original).ok_or("a film of another size")?;
        let (psnr, ssim) = (psnr(shown, &original).min(BEST), ssim(shown, &original));
        Ok(Some(Place { number: *number, stood, psnr, ssim }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_compared_with_its_own_original_until_it_has_stood_too_long() {
        let of = |stood| original(10, stood, 12);
        assert_eq!([0, 1, 2, 3, 4, 14].map(of), [10, 10, 10, 1, 2, 0]);
    }
}
