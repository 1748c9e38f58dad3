//! Prints what each step from camera to window costs on this machine, at 1280x720 and 1.5 Mbit/s:
//! `cargo run --release -p visavis-media --example video_costs`.
#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use std::time::{Duration, Instant};

use visavis_media::convert::{PixelFormat, to_i420, to_rgba};
use visavis_media::h264_decoder::H264Decoder;
use visavis_media::h264_encoder::H264Encoder;
use visavis_media::pattern::Pattern;
use visavis_media::pattern_bar::{Stamp, read_bar};
use visavis_media::quantiles::Quantiles;
use visavis_media::scale::Scaler;
use visavis_media::units::{Bitrate, VideoSize, WallTime};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let size = VideoSize::new(1280, 720).ok_or("a size")?;
    let half = VideoSize::new(640, 360).ok_or("a size")?;
    let pattern = Pattern::new(size);
    let mut encoder = H264Encoder::new(size, 30.0, Bitrate::from_kbps(1500))?;
    let mut decoder = H264Decoder::new()?;
    let mut scaler = Scaler::default();
    let yuyv = vec![128; size.pixels() * 2];
    let names = ["render", "encode", "decode", "to RGBA", "read bar", "halve", "YUYV to I420"];
    let mut times: [Quantiles; 7] = std::array::from_fn(|_| Quantiles::default());
    for index in 0..300 {
        let mut steps = times.iter_mut();
        let mut begun = Instant::now();
        let mut step = || {
            if let Some(times) = steps.next() {
                times.record(begun.elapsed());
            }
            begun = Instant::now();
        };
        let frame = pattern.render(Stamp { index, captured_at: WallTime::now() }, Instant::now());
        step();
        let encoded =
            encoder.encode(&frame, false, Duration::from_millis(u64::from(index) * 33))?;
        step();
        let decoded = decoder.decode(&encoded.data, Instant::now())?.ok_or("no frame")?;
        step();
        let rgba = to_rgba(&decoded)?;
        step();
        let stamp = read_bar(&decoded);
        step();
        let scaled = scaler.scale(&frame, half)?;
        step();
        let converted = to_i420(PixelFormat::Yuyv, 1280, 720, &yuyv)?;
        step();
        std::hint::black_box((rgba, stamp, scaled, converted));
    }
    for (name, times) in names.iter().zip(&times) {
        let at = |q| times.quantile_ms(q).unwrap_or_default();
        println!("{name:>14}: p50 {:.2} ms, p99 {:.2} ms", at(0.5), at(0.99));
    }
    Ok(())
}
