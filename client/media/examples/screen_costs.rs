//! Prints what a screen of 1920x1080 takes to send on this machine, in bytes and in time, for a
//! page that scrolls, that stands still and that holds a video:
//! `cargo run --release -p visavis-media --example screen_costs`. With the name of a file it
//! appends all streams to it, for other decoders.
#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use visavis_media::drop_oldest_queue::DropOldestQueue;
use visavis_media::frame::VideoFrame;
use visavis_media::h264_decoder::H264Decoder;
use visavis_media::h264_level::H264Level;
use visavis_media::pattern::Pattern;
use visavis_media::pattern_bar::Stamp;
use visavis_media::quantiles::Quantiles;
use visavis_media::screen_page::ScreenPage;
use visavis_media::units::{Bitrate, VideoSize, WallTime};
use visavis_media::video_control::VideoControl;
use visavis_media::video_send::{VideoSendSettings, VideoSender};

const FRAMES: u32 = 90;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let size = VideoSize::new(1920, 1080).ok_or("a size")?;
    let page = ScreenPage::new(size, 1);
    let video = Pattern::new(VideoSize::new(640, 360).ok_or("a size")?);
    let with_video = |index: u32| {
        let frame = page.render(0, Instant::now());
        let moving = video.render(Stamp { index, captured_at: WallTime(0) }, Instant::now());
        let mut data = frame.data.to_vec();
        let rows = data.chunks_mut(1920).skip(300).zip(moving.planes().0.chunks(640));
        for (row, of_video) in rows {
            if let Some(row) = row.get_mut(400..1040) {
                row.copy_from_slice(of_video);
            }
        }
        VideoFrame { data: data.into(), ..frame }
    };
    for kbps in [1000, 2500] {
        let rate = Bitrate::from_kbps(kbps);
        run("still", rate, |_| page.render(0, Instant::now()))?;
        run("scrolling", rate, |index| page.render(index * 20, Instant::now()))?;
        run("with a video", rate, with_video)?;
        run("a new page each second", rate, |index| {
            page.render(index / 15 * 1000, Instant::now())
        })?;
    }
    Ok(())
}

/// Sends six seconds in real time.
fn run(
    what: &str,
    rate: Bitrate,
    frame: impl Fn(u32) -> VideoFrame,
) -> Result<(), Box<dyn std::error::Error>> {
    let input = DropOldestQueue::latest();
    let (output, mut encoded) = mpsc::channel(64);
    let (control, requests) = std::sync::mpsc::sync_channel(4);
    control.send(VideoControl::Level(H264Level::OURS))?;
    let max_size = VideoSize::new(1280, 720).ok_or("a size")?;
    let settings = VideoSendSettings { max_size, fps: 30, max_bitrate: rate, start_bitrate: rate };
    let sender = VideoSender::spawn(Arc::clone(&input), settings, output, requests)?;
    let (mut decoder, mut decoding) = (H264Decoder::new()?, Quantiles::default());
    let start = Instant::now();
    for index in 0..FRAMES {
        input.put(frame(index));
        let due = start + Duration::from_secs(1) * (index + 1) / 15;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        while let Ok(encoded) = encoded.try_recv() {
            if let Some(path) = std::env::args().nth(1) {
                let mut file = OpenOptions::new().append(true).create(true).open(path)?;
                file.write_all(&encoded.data)?;
            }
            let begun = Instant::now();
            decoder.decode(&encoded.data, begun)?;
            decoding.record(begun.elapsed());
        }
    }
    let took = start.elapsed().as_secs_f64();
    let stats = sender.stop();
    let or = |value: Option<f64>| value.unwrap_or_default();
    println!(
        "{rate}, {what}: {:.1} frames and {:.0} kbit a second, encoding {:.1} ms (p50) and {:.1} ms (p99), decoding {:.1} ms",
        stats.frames as f64 / took,
        stats.bytes as f64 * 8.0 / took / 1e3,
        or(stats.encode_ms_p50),
        or(stats.encode_ms_p99),
        or(decoding.quantile_ms(0.5)),
    );
    Ok(())
}
