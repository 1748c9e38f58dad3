//! Where audio comes from: a native microphone, the test tone, a WAV file, or nothing.
//!
//! In goes a [`MicrophoneChoice`], out come 10 ms frames at 48 kHz mono into a
//! [`DropOldestQueue`], each with the time at which its first sample was captured. The handle owns
//! the device; dropping it closes the device at once. The queue belongs to whoever reads it and
//! outlives the device, so that another microphone can take over in the middle of a call.
//!
//! In the callback of a native device there is no lock, no allocation and no log: it mixes down to
//! mono into a real-time ring and wakes the device's thread, where what its clock is off by is
//! resampled away ([`CaptureClock`]).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use cpal::traits::DeviceTrait;
use cpal::{FromSample, Sample, SizedSample, StreamConfig};

use crate::device::MicrophoneChoice;
use crate::device::audio_connections::current_host;
use crate::device::audio_device::{AudioDeviceError, AudioEvents, AudioKind, report_lost};
use crate::device::audio_host::quiet_alsa;
use crate::device::device_thread::{DeviceContext, DeviceThread};
use crate::device::native_stream::{CallbackEnd, NativeStream};
use crate::media::audio_priority::raise_audio_thread;
use crate::media::capture_clock::CaptureClock;
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::{AUDIO_FRAME_DURATION, AUDIO_FRAME_SAMPLES, AudioFrame, SAMPLE_RATE};
use crate::media::resample::MonoResampler;
use crate::media::tone::ToneGenerator;
use crate::media::units::WallTime;
use crate::media::wav_reader::WavLoop;

const KIND: AudioKind = AudioKind::Microphone;
/// How much a native device may deliver before its thread takes it: 1/5 s.
const RING_PER_SECOND: u32 = 5;
/// How often the thread looks up even if the device does not wake it.
const LOOK_UP: Duration = Duration::from_millis(20);
/// A device that delivers nothing for this long is gone, whatever it says.
const SILENT_FOR: Duration = Duration::from_secs(5);
/// A source that was held up for longer than this goes on from now instead of catching up.
const MOST_BEHIND: Duration = Duration::from_millis(100);
/// The wall clock was set when it is off by more than this.
const WALL_CLOCK_SET: i64 = 2_000;

/// An open microphone.
pub struct Microphone {
    _thread: Option<DeviceThread>,
}

/// Opens a microphone that puts its frames into `frames`. Blocks until it is open, for 5 s at most.
pub fn open_microphone(
    choice: &MicrophoneChoice,
    frames: Arc<DropOldestQueue<AudioFrame>>,
    events: AudioEvents,
) -> Result<Microphone, AudioDeviceError> {
    let thread = match choice {
        MicrophoneChoice::None => return Ok(Microphone { _thread: None }),
        MicrophoneChoice::Default => open_native(None, frames, events)?,
        MicrophoneChoice::Named(name) => open_native(Some(name.clone()), frames, events)?,
        MicrophoneChoice::Tone(hz) => open_tone(*hz, frames)?,
        MicrophoneChoice::File(path) => open_file(path, frames, events)?,
    };
    Ok(Microphone { _thread: Some(thread) })
}

fn open_tone(
    hz: f32,
    frames: Arc<DropOldestQueue<AudioFrame>>,
) -> Result<DeviceThread, AudioDeviceError> {
    let mut tone = ToneGenerator::new(hz);
    let (start, mut wall_start) = (Instant::now(), WallTime::now());
    every_10_ms(start, move |captured_at| {
        let elapsed = |at: Instant| at.saturating_duration_since(start).as_micros() as u64;
        // Marks follow the wall clock also when somebody sets it.
        let off = WallTime::now().0 as i64 - (wall_start.0 + elapsed(Instant::now())) as i64;
        if off.abs() > WALL_CLOCK_SET {
            wall_start = WallTime(wall_start.0.saturating_add_signed(off));
        }
        let samples = tone.next_frame(WallTime(wall_start.0 + elapsed(captured_at)));
        frames.put(AudioFrame { samples, captured_at });
        true
    })
}

fn open_file(
    path: &Path,
    frames: Arc<DropOldestQueue<AudioFrame>>,
    events: AudioEvents,
) -> Result<DeviceThread, AudioDeviceError> {
    let mut wav = WavLoop::open(path).map_err(AudioDeviceError::SoundFile)?;
    every_10_ms(Instant::now(), move |captured_at| match wav.next_frame() {
        Ok(samples) => {
            frames.put(AudioFrame { samples, captured_at });
            true
        }
        Err(error) => {
            let words = format!("The sound file can't be read any further: {error}.");
            report_lost(&events, KIND, words);
            false
        }
    })
}

/// A thread that calls `deliver` with the beginning of each 10 ms once they have passed, as a
/// microphone would; until it says `false`.
fn every_10_ms(
    start: Instant,
    mut deliver: impl FnMut(Instant) -> bool + Send + 'static,
) -> Result<DeviceThread, AudioDeviceError> {
    let (thread, ()) = DeviceThread::open(KIND, move |context| {
        context.report(Ok(()));
        raise_audio_thread();
        let mut captured_at = start;
        while !context.stop.wait_until(captured_at + AUDIO_FRAME_DURATION) {
            if !deliver(captured_at) {
                return;
            }
            captured_at += AUDIO_FRAME_DURATION;
            let behind = Instant::now().saturating_duration_since(captured_at);
            if behind > MOST_BEHIND {
                let skipped = (behind.as_millis() / AUDIO_FRAME_DURATION.as_millis()) as u32;
                captured_at += AUDIO_FRAME_DURATION * skipped;
            }
        }
    })?;
    Ok(thread)
}

fn open_native(
    name: Option<String>,
    frames: Arc<DropOldestQueue<AudioFrame>>,
    events: AudioEvents,
) -> Result<DeviceThread, AudioDeviceError> {
    let (thread, ()) = DeviceThread::open(KIND, move |context: &DeviceContext<()>| {
        quiet_alsa();
        let mut capture = match Capture::open(name.as_deref(), frames) {
            Ok(capture) => capture,
            Err(error) => return context.report(Err(error)),
        };
        context.report(Ok(()));
        raise_audio_thread();
        while !context.stop.is_set() {
            std::thread::park_timeout(LOOK_UP);
            if let Some(words) = capture.take(Instant::now()) {
                return report_lost(&events, KIND, words);
            }
        }
    })?;
    Ok(thread)
}

/// A native device that is recording.
struct Capture {
    stream: NativeStream,
    ring: rtrb::Consumer<f32>,
    /// How old the newest sample in the ring was when it was put there, in microseconds.
    latency: Arc<AtomicU32>,
    resampler: MonoResampler,
    clock: CaptureClock,
    taken: Vec<f32>,
    ready: Vec<f32>,
    last_received: Instant,
    frames: Arc<DropOldestQueue<AudioFrame>>,
}

impl Capture {
    fn open(
        name: Option<&str>,
        frames: Arc<DropOldestQueue<AudioFrame>>,
    ) -> Result<Self, AudioDeviceError> {
        let ends = |rate: u32| {
            let resampler = MonoResampler::between_clocks(rate, SAMPLE_RATE)?;
            let (producer, ring) = rtrb::RingBuffer::new((rate / RING_PER_SECOND) as usize);
            let latency = Arc::new(AtomicU32::new(0));
            let thread = std::thread::current();
            let sink = CallbackSink { producer, latency: Arc::clone(&latency), thread };
            Ok(((resampler, ring, latency), sink))
        };
        let (stream, (resampler, ring, latency)) =
            NativeStream::open(&current_host(), KIND, name, ends)?;
        Ok(Self {
            stream,
            ring,
            latency,
            resampler,
            clock: CaptureClock::default(),
            taken: Vec::new(),
            ready: Vec::new(),
            last_received: Instant::now(),
            frames,
        })
    }

    /// Passes on what the device delivered. Gives words for a person when the device is gone.
    fn take(&mut self, now: Instant) -> Option<String> {
        if let Some(words) = self.stream.failure() {
            return Some(words);
        }
        let available = self.ring.slots();
        if available == 0 {
            return (now.saturating_duration_since(self.last_received) > SILENT_FOR).then(|| {
                "The microphone has stopped delivering sound. Choose another one.".to_owned()
            });
        }
        self.last_received = now;
        self.taken.clear();
        if let Ok(chunk) = self.ring.read_chunk(available) {
            self.taken.extend(chunk);
        }
        let before = self.ready.len();
        if let Err(error) = self.resampler.process(&self.taken, &mut self.ready) {
            return Some(format!("The microphone stopped working ({error}). Choose another one."));
        }
        let newest = now
            .checked_sub(Duration::from_micros(self.latency.load(Ordering::Relaxed).into()))
            .unwrap_or(now);
        self.resampler.set_drift(self.clock.delivered(self.ready.len() - before, newest));
        while self.ready.len() >= AUDIO_FRAME_SAMPLES {
            let mut samples = [0.0; AUDIO_FRAME_SAMPLES];
            for (sample, heard) in samples.iter_mut().zip(self.ready.drain(..AUDIO_FRAME_SAMPLES)) {
                *sample = if heard.is_finite() { heard.clamp(-1.0, 1.0) } else { 0.0 };
            }
            self.frames.put(AudioFrame { samples, captured_at: self.clock.next_frame(newest) });
        }
        None
    }
}

/// What the callback has.
struct CallbackSink {
    producer: rtrb::Producer<f32>,
    latency: Arc<AtomicU32>,
    thread: std::thread::Thread,
}

impl CallbackEnd for CallbackSink {
    fn build<T>(
        mut self,
        device: &cpal::Device,
        config: StreamConfig,
        on_error: impl FnMut(cpal::Error) + Send + 'static,
    ) -> Result<cpal::Stream, cpal::Error>
    where
        T: SizedSample + FromSample<f32>,
        f32: FromSample<T>,
    {
        let channels = usize::from(config.channels.max(1));
        let rate = u64::from(config.sample_rate.max(1));
        let on_data = move |data: &[T], info: &cpal::InputCallbackInfo| {
            let frames = data.len() / channels;
            let times = info.timestamp();
            let since_first = times.callback.duration_since(times.capture).as_micros() as u64;
            let length = frames as u64 * 1_000_000 / rate;
            // Some systems report nonsense while they start.
            self.latency
                .store(since_first.saturating_sub(length).min(500_000) as u32, Ordering::Relaxed);
            let room = self.producer.slots().min(frames);
            if let Ok(chunk) = self.producer.write_chunk_uninit(room) {
                chunk.fill_from_iter(data.chunks_exact(channels).map(|frame| match frame {
                    [left, right, ..] => 0.5 * (f32::from_sample(*left) + f32::from_sample(*right)),
                    [only] => f32::from_sample(*only),
                    [] => 0.0,
                }));
            }
            self.thread.unpark();
        };
        device.build_input_stream::<T, _, _>(config, on_data, on_error, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::audio_device::AudioEvent;
    use crate::media::drop_oldest_queue::Taken;
    use crate::media::tone_detector::measure_tone;
    use tokio::sync::mpsc;

    fn hear(
        choice: &MicrophoneChoice,
        count: usize,
    ) -> (Vec<AudioFrame>, mpsc::Receiver<AudioEvent>) {
        let (frames, (events, happened)) = (DropOldestQueue::new(64), mpsc::channel(4));
        let microphone = open_microphone(choice, Arc::clone(&frames), events).unwrap();
        let heard = (0..count)
            .map_while(|_| match frames.wait(Duration::from_secs(5)) {
                Taken::Value(frame) => Some(frame),
                _ => None,
            })
            .collect();
        drop(microphone);
        (heard, happened)
    }

    #[test]
    fn the_tone_comes_in_frames_that_follow_one_another() {
        let (frames, _) = hear(&MicrophoneChoice::Tone(440.0), 20);
        let samples: Vec<f32> = frames.iter().flat_map(|frame| frame.samples).collect();
        // A mark may lie in one half, but not in both.
        let tone =
            measure_tone(&samples[..4800]).or_else(|| measure_tone(&samples[4800..])).unwrap();
        assert!((tone.hz - 440.0).abs() < 1.0);
        for pair in frames.windows(2) {
            let step = pair[1].captured_at.duration_since(pair[0].captured_at);
            assert_eq!(step.as_millis() % 10, 0);
        }
    }

    #[test]
    fn a_file_is_played_and_a_missing_one_is_an_error_of_one_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("speech.wav");
        let mut file = crate::media::wav::WavFile::create(&path).unwrap();
        (0..3).for_each(|_| file.write(&[0.25; AUDIO_FRAME_SAMPLES]).unwrap());
        file.finish().unwrap();
        let (frames, _) = hear(&MicrophoneChoice::File(path), 5);
        assert_eq!(frames.len(), 5);
        assert!(frames.iter().all(|frame| frame.samples.iter().all(|s| (s - 0.25).abs() < 1e-3)));

        let (queue, (events, _happened)) = (DropOldestQueue::new(1), mpsc::channel(1));
        let missing = MicrophoneChoice::File(directory.path().join("missing.wav"));
        let words = open_microphone(&missing, queue, events).err().expect("an error").to_string();
        assert!(words.starts_with("--microphone ") && words.contains("missing.wav"), "{words}");
    }

    #[test]
    fn no_microphone_is_silent() {
        let frames = DropOldestQueue::new(4);
        let (events, _happened) = mpsc::channel(1);
        let _microphone =
            open_microphone(&MicrophoneChoice::None, Arc::clone(&frames), events).unwrap();
        assert!(matches!(frames.wait(Duration::from_millis(30)), Taken::TimedOut));
    }

    #[test]
    fn a_closed_microphone_delivers_nothing_more() {
        let frames = DropOldestQueue::new(4);
        let (events, _happened) = mpsc::channel(1);
        let microphone =
            open_microphone(&MicrophoneChoice::Tone(440.0), Arc::clone(&frames), events).unwrap();
        assert!(matches!(frames.wait(Duration::from_secs(5)), Taken::Value(_)));
        drop(microphone);
        while frames.take().is_some() {}
        assert!(matches!(frames.wait(Duration::from_millis(50)), Taken::TimedOut));
    }

    /// proc(5): the scheduling policy is field 41 of `stat`; 0 is the ordinary one, 1 `SCHED_FIFO`.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_microphone_delivers_at_the_priority_that_the_system_grants() {
        let policies = || -> Vec<u32> {
            std::fs::read_dir("/proc/self/task")
                .unwrap()
                .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("stat")).ok())
                .filter_map(|stat| {
                    let (name, fields) = stat.rsplit_once(") ")?;
                    name.ends_with("(microphone")
                        .then(|| fields.split(' ').nth(38)?.parse().ok())?
                })
                .collect()
        };
        let probe = std::thread::Builder::new().spawn(raise_audio_thread).unwrap();
        let granted = u32::from(probe.join().unwrap());
        let (events, _happened) = mpsc::channel(1);
        let tone = MicrophoneChoice::Tone(440.0);
        let _microphone = open_microphone(&tone, DropOldestQueue::new(4), events).unwrap();
        let deadline = Instant::now() + Duration::from_secs(5);
        while !policies().contains(&granted) {
            assert!(Instant::now() < deadline, "{:?}, not {granted}", policies());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
