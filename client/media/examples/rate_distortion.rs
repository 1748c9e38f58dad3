//! Prints what a camera's video looks like at each size, frame rate and bit rate, with the encoder
//! as calls use it, shown at the clip's own size as a window would:
//! `cargo run --release -p visavis-media --example rate_distortion -- CLIP.y4m…`. The rates,
//! heights and frame-rate divisors can be chosen: `--rates 300,600 --heights 360,720
//! --divisors 1,2`, and the profile with `--baseline`. `docs/performance.md` says how the clips
//! are made.
#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::time::{Duration, Instant};

use visavis_media::frame::VideoFrame;
use visavis_media::h264_decoder::H264Decoder;
use visavis_media::h264_encoder::H264Encoder;
use visavis_media::h264_profile::H264Profile;
use visavis_media::psnr::psnr;
use visavis_media::scale::{Scaler, fraction_of};
use visavis_media::ssim::ssim;
use visavis_media::units::{Bitrate, VideoSize};
use visavis_media::y4m::Y4mReader;

/// The frames of the first second are for getting there.
const SKIPPED: usize = 30;
/// Of so many frames one is compared by structure, which takes long.
const STRUCTURE_EVERY: usize = 6;
const FPS: f32 = 30.0;

/// What is encoded how.
#[derive(Clone, Copy)]
struct Point {
    size: VideoSize,
    divisor: usize,
    target: Bitrate,
    profile: H264Profile,
}

/// What came of it.
struct Outcome {
    kbps: f64,
    psnr: f64,
    ssim: f64,
    quantizer: f64,
    /// The key frame and the largest of twenty frames, in mean frames.
    key: f64,
    large: f64,
    ms: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut clips = Vec::new();
    let mut rates = vec![100, 200, 400, 600, 900, 1500, 2200];
    let mut heights = Vec::new();
    let mut divisors = vec![1];
    let mut profile = H264Profile::Main;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let list = match argument.as_str() {
            "--rates" => &mut rates,
            "--heights" => &mut heights,
            "--divisors" => &mut divisors,
            "--baseline" => {
                profile = H264Profile::ConstrainedBaseline;
                continue;
            }
            _ => {
                clips.push(argument);
                continue;
            }
        };
        let values = arguments.next().ok_or("a list is missing")?;
        *list = values.split(',').map(str::parse).collect::<Result<_, _>>()?;
    }
    println!(
        "| clip | size | frames/s | kbit/s | real | PSNR | SSIM | quantizer | key | p95 | ms |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for clip in &clips {
        let frames = read(clip)?;
        let full = frames.first().ok_or("the clip is empty")?.size;
        for (numerator, denominator) in [(1, 1), (3, 4), (1, 2), (3, 8), (1, 4)] {
            let size = fraction_of(full, numerator, denominator);
            if !heights.is_empty() && !heights.contains(&(size.height() as usize)) {
                continue;
            }
            for &divisor in &divisors {
                for &kbps in &rates {
                    let point =
                        Point { size, divisor, target: Bitrate::from_kbps(kbps as u64), profile };
                    let of = outcome(&frames, point)?;
                    let name = clip.rsplit('/').next().unwrap_or(clip).trim_end_matches(".y4m");
                    println!(
                        "| {name} | {size} | {:.0} | {kbps} | {:.0} | {:.2} | {:.4} | {:.1} | \
                         {:.1} | {:.1} | {:.2} |",
                        FPS / divisor as f32,
                        of.kbps,
                        of.psnr,
                        of.ssim,
                        of.quantizer,
                        of.key,
                        of.large,
                        of.ms
                    );
                }
            }
        }
    }
    Ok(())
}

fn read(clip: &str) -> Result<Vec<VideoFrame>, Box<dyn Error>> {
    let mut reader = Y4mReader::new(BufReader::new(File::open(clip)?))?;
    let mut frames = Vec::new();
    while let Some(data) = reader.next_frame()? {
        frames.push(VideoFrame::new(reader.size(), data, Instant::now()));
    }
    Ok(frames)
}

fn outcome(frames: &[VideoFrame], point: Point) -> Result<Outcome, Box<dyn Error>> {
    let fps = FPS / point.divisor as f32;
    let mean = point.target.bps() as f64 / f64::from(fps);
    let mut encoder =
        H264Encoder::new(point.size, fps, point.target)?.with_profile(point.profile)?;
    let mut decoder = H264Decoder::new()?;
    let (mut down, mut up) = (Scaler::sharp(), Scaler::default());
    let (mut sizes, mut key, mut shown) = (Vec::new(), 0.0, None);
    let (mut took, mut quantizers) = (Duration::ZERO, 0.0);
    let (mut psnrs, mut ssims) = (Vec::new(), Vec::new());
    for (index, frame) in frames.iter().enumerate() {
        if index % point.divisor == 0 {
            let begun = Instant::now();
            let scaled = down.scale(frame, point.size)?;
            let at = Duration::from_secs_f64(index as f64 / f64::from(FPS));
            let encoded = encoder.encode(&scaled, false, at)?;
            took += begun.elapsed();
            let bits = encoded.data.len() as f64 * 8.0;
            if index == 0 {
                key = bits / mean;
            }
            if index >= SKIPPED {
                sizes.push(bits);
                quantizers += f64::from(encoder.quantizer());
            }
            let decoded = decoder.decode(&encoded.data, Instant::now())?.ok_or("no frame")?;
            shown = Some(up.scale(&decoded, frame.size)?);
        }
        if let Some(shown) = shown.as_ref().filter(|_| index >= SKIPPED) {
            psnrs.push(psnr(frame, shown));
            if index % STRUCTURE_EVERY == 0 {
                ssims.push(ssim(frame, shown));
            }
        }
    }
    let average = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let encoded = frames.len().div_ceil(point.divisor);
    let kbps = average(&sizes) * f64::from(fps) / 1e3;
    let quantizer = quantizers / sizes.len().max(1) as f64;
    sizes.sort_by(f64::total_cmp);
    Ok(Outcome {
        kbps,
        psnr: average(&psnrs),
        ssim: average(&ssims),
        quantizer,
        key,
        large: sizes.get(sizes.len() * 95 / 100).copied().unwrap_or_default() / mean,
        ms: took.as_secs_f64() * 1e3 / encoded.max(1) as f64,
    })
}
