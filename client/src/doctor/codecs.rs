//! The encoder and the decoder: fast enough on this computer?

use std::time::{Duration, Instant};

use super::Finding;
use crate::media::h264_decoder::H264Decoder;
use crate::media::h264_encoder::H264Encoder;
use crate::media::pattern::Pattern;
use crate::media::pattern_bar::Stamp;
use crate::media::quantiles::Quantiles;
use crate::media::units::WallTime;
use crate::session::options::SessionOptions;

const PART: &str = "encoder";
/// So many frames are encoded: two seconds' worth.
const FRAMES: u32 = 60;
/// Encoding and decoding together may take this share of the time between two frames.
const COMFORTABLE: f64 = 0.5;

/// Encodes and decodes the test pattern at the size of a call.
pub(super) fn examine(options: &SessionOptions) -> Finding {
    match measure(options) {
        Ok((encode, decode)) => {
            let interval = 1000.0 / f64::from(options.fps.max(1));
            let words = format!(
                "A frame of {} takes {encode:.1} ms to encode and {decode:.1} ms to decode, \
                 of the {interval:.0} ms there are for it.",
                options.video_size
            );
            if encode + decode > interval {
                Finding::fails(PART, words, "Choose a smaller size: --video-size 640x360.")
            } else if encode + decode > COMFORTABLE * interval {
                Finding::weak(
                    PART,
                    words,
                    "Close other programs during calls, or choose a smaller --video-size.",
                )
            } else {
                Finding::works(PART, words)
            }
        }
        Err(words) => Finding::fails(
            PART,
            words,
            "Please report this as a bug, with the output of --log info.",
        ),
    }
}

/// The 95th percentiles, in milliseconds.
fn measure(options: &SessionOptions) -> Result<(f64, f64), String> {
    let broken = |error: &dyn std::fmt::Display| format!("It does not work: {error}.");
    let pattern = Pattern::new(options.video_size);
    let fps = options.fps.max(1);
    let mut encoder = H264Encoder::new(options.video_size, fps as f32, options.max_bitrate)
        .map_err(|error| broken(&error))?;
    let mut decoder = H264Decoder::new().map_err(|error| broken(&error))?;
    let (mut encode, mut decode) = (Quantiles::default(), Quantiles::default());
    for index in 0..FRAMES {
        let at = Duration::from_secs(1) / fps * index;
        let frame = pattern.render(Stamp { index, captured_at: WallTime(0) }, Instant::now());
        let begun = Instant::now();
        let encoded = encoder.encode(&frame, index == 0, at).map_err(|error| broken(&error))?;
        encode.record(begun.elapsed());
        let begun = Instant::now();
        decoder.decode(&encoded.data, begun).map_err(|error| broken(&error))?;
        decode.record(begun.elapsed());
    }
    let p95 = |times: &Quantiles| {
        times.quantile_ms(0.95).ok_or_else(|| "It encoded no frame.".to_owned())
    };
    Ok((p95(&encode)?, p95(&decode)?))
}
