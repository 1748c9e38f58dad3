//! Camera, microphone and speaker: opened as for a call, and watched for a moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::Finding;
use crate::device::camera::{CameraWant, open_camera};
use crate::device::microphone::open_microphone;
use crate::device::speaker::open_speaker;
use crate::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use crate::media::audio_level::LevelMeter;
use crate::media::audio_send::MICROPHONE_QUEUE_FRAMES;
use crate::media::drop_oldest_queue::{DropOldestQueue, Taken};
use crate::media::frame::{AUDIO_FRAME_SAMPLES, AudioFrame, VideoFrame};
use crate::media::ringtone::{self, RingKind, RingTone};
use crate::session::options::SessionOptions;

/// How long a camera may take until its first frame.
const FIRST_FRAME: Duration = Duration::from_secs(6);
/// How long each device is watched.
const WATCH: Duration = Duration::from_millis(1500);
/// How long a microphone may take until its first sound.
const FIRST_SOUND: Duration = Duration::from_secs(3);
/// Fewer frames a second than this look choppy.
const CHOPPY: f64 = 14.0;
/// A room is never this quiet, in dB against full scale: the microphone is muted or broken.
const DEAD_SILENCE: f64 = -90.0;
/// How long the speaker's sound lasts: 0.6 s.
const CHIME_FRAMES: usize = 60;

/// A device that does not open, and what a call is without it.
fn unusable(part: &'static str, error: &dyn std::fmt::Display, without: &str) -> Finding {
    Finding::fails(part, format!("It can't be used: {error}."), without)
}

/// A device that was left out by `--camera none` and its like.
fn left_out(part: &'static str) -> Finding {
    Finding::skipped(part, "Not tried: none was chosen.")
}

/// Opens the camera and counts its frames.
pub(super) fn camera(options: &SessionOptions) -> Finding {
    const PART: &str = "camera";
    if options.camera == CameraChoice::None {
        return left_out(PART);
    }
    let want = CameraWant { size: options.video_size, fps: options.fps };
    let slot = DropOldestQueue::<VideoFrame>::latest();
    let (events, _reported) = mpsc::channel(8);
    let camera = match open_camera(&options.camera, want, Arc::clone(&slot), events) {
        Ok(camera) => camera,
        Err(error) => return unusable(PART, &error, "Without it, others can't see you."),
    };
    let name = camera.name().to_owned();
    let opened = Instant::now();
    let Taken::Value(first) = slot.wait(FIRST_FRAME) else {
        return Finding::fails(
            PART,
            format!("{name} opens but sends no picture."),
            "Close other programs that use it, or unplug it and plug it in again.",
        );
    };
    let (first_after, since) = (opened.elapsed(), Instant::now());
    let mut received = 0_u32;
    while since.elapsed() < WATCH {
        if matches!(slot.wait(Duration::from_millis(100)), Taken::Value(_)) {
            received += 1;
        }
    }
    let fps = f64::from(received) / since.elapsed().as_secs_f64();
    let words = format!(
        "{name} delivers {} at {fps:.0} frames per second, the first after {} ms.",
        first.size,
        first_after.as_millis()
    );
    if fps < CHOPPY.min(f64::from(options.fps) * 0.8) {
        Finding::weak(
            PART,
            words,
            "More light often makes a camera faster. So does its own USB port.",
        )
    } else {
        Finding::works(PART, words)
    }
}

/// Opens the microphone and measures its level and delay.
pub(super) fn microphone(options: &SessionOptions) -> Finding {
    const PART: &str = "microphone";
    let choice = &options.microphone;
    if *choice == MicrophoneChoice::None {
        return left_out(PART);
    }
    let frames = DropOldestQueue::<AudioFrame>::new(MICROPHONE_QUEUE_FRAMES);
    let (events, _reported) = mpsc::channel(8);
    let _microphone = match open_microphone(choice, Arc::clone(&frames), events) {
        Ok(microphone) => microphone,
        Err(error) => return unusable(PART, &error, "Without it, others can't hear you."),
    };
    let mut level = LevelMeter::default();
    let mut late = Vec::new();
    let opened = Instant::now();
    let mut first_at = None;
    while first_at.map_or(opened.elapsed() < FIRST_SOUND, |first: Instant| first.elapsed() < WATCH)
    {
        if let Taken::Value(frame) = frames.wait(Duration::from_millis(100)) {
            first_at.get_or_insert_with(Instant::now);
            late.push(frame.captured_at.elapsed());
            level.listen(&frame.samples);
        }
    }
    if first_at.is_none() {
        return Finding::fails(
            PART,
            "It opens but sends no sound.",
            "Choose another one in the system's sound settings, or unplug it and plug it in again.",
        );
    }
    late.sort_unstable();
    let typical = late.get(late.len() / 2).copied().unwrap_or_default();
    let loud = level.overall_dbfs().unwrap_or(f64::NEG_INFINITY);
    let words = format!(
        "It picks up sound at {loud:.0} dB (0 is the loudest), {} ms late.",
        typical.as_millis()
    );
    if loud < DEAD_SILENCE {
        Finding::weak(
            PART,
            "It sends nothing but silence.",
            "Check that it isn't muted, by its own switch or in the system settings.",
        )
    } else {
        Finding::works(PART, words)
    }
}

/// Plays a chime.
pub(super) fn speaker(options: &SessionOptions) -> Finding {
    const PART: &str = "speaker";
    let choice = &options.speaker;
    if *choice == SpeakerChoice::None {
        return left_out(PART);
    }
    let (events, mut reported) = mpsc::channel(8);
    let (_speaker, mut sink) = match open_speaker(choice, events) {
        Ok(opened) => opened,
        Err(error) => return unusable(PART, &error, "Without it, you can't hear others."),
    };
    let chime = ringtone::cycle(RingKind::Ring, RingTone::default());
    let begun = Instant::now();
    let mut latency = Duration::ZERO;
    for (written, samples) in chime.chunks_exact(AUDIO_FRAME_SAMPLES).take(CHIME_FRAMES).enumerate()
    {
        let mut frame = [0.0; AUDIO_FRAME_SAMPLES];
        for (played, sample) in frame.iter_mut().zip(samples) {
            *played = sample * 0.5;
        }
        std::thread::sleep(sink.until_wanted(Instant::now()).min(Duration::from_millis(200)));
        sink.write(&frame);
        latency = sink.latency(Instant::now());
        if reported.try_recv().is_ok() || begun.elapsed() > Duration::from_secs(5) {
            return Finding::fails(
                PART,
                format!("It stopped after {} ms of sound.", written * 10),
                "Choose another one in the system's sound settings.",
            );
        }
    }
    Finding::works(
        PART,
        format!("It played a chime. Sound is heard after {} ms.", latency.as_millis()),
    )
}
