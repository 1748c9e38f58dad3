//! Where audio goes: a native speaker, a WAV file, or nowhere.
//!
//! In goes a [`SpeakerChoice`]; out come a handle that owns the device, and the [`AudioSink`] that
//! the playout writes to. What always holds: a sink takes 10 ms of audio every 10 ms, also when the
//! device stalls or is gone, so that playing, measuring and the jitter buffer go on as they were;
//! and what waits in it stays short. Dropping the handle closes the device at once.
//!
//! In the callback of a native device there is no lock, no allocation and no log: it takes mono
//! samples out of a real-time ring, or silence where there are none. What the device's clock is off
//! by is resampled away ([`SpeakerPacer`]).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use cpal::traits::DeviceTrait;
use cpal::{FromSample, SizedSample, StreamConfig};

use crate::device::SpeakerChoice;
use crate::device::audio_connections::PlaybackHost;
use crate::device::audio_device::{AudioDeviceError, AudioEvents, AudioKind, report_lost};
use crate::device::audio_host::quiet_alsa;
use crate::device::device_thread::{DeviceContext, DeviceThread};
use crate::device::native_stream::{CallbackEnd, NativeStream};
use crate::media::audio_receive::AudioSink;
use crate::media::frame::{AUDIO_FRAME_DURATION, AUDIO_FRAME_SAMPLES, SAMPLE_RATE};
use crate::media::resample::MonoResampler;
use crate::media::speaker_pacing::{DeviceState, SpeakerPacer};
use crate::media::wav::WavFile;

const KIND: AudioKind = AudioKind::Speaker;
/// What waits ahead of a sink without a device.
const PACED_AHEAD: Duration = Duration::from_millis(20);
/// And what of it is left when a frame comes as late as it can.
const PACED_RESERVE: Duration = Duration::from_millis(5);
/// No device needs more ahead of it. What does not fit into a stalled device's ring is dropped.
const MOST_AHEAD: Duration = Duration::from_millis(100);
/// Frames on their way to a file: 2 s, for a disk that is busy.
const FILE_QUEUE: usize = 200;
/// How often the device's thread looks for errors and the end.
const LOOK_UP: Duration = Duration::from_millis(50);
/// A device that takes nothing for this long is gone, whatever it says.
const SILENT_FOR: Duration = Duration::from_secs(5);

/// An open speaker.
pub struct Speaker {
    _thread: Option<DeviceThread>,
}

/// Opens a speaker. Blocks until it is open, for 5 s at most.
pub fn open_speaker(
    choice: &SpeakerChoice,
    events: AudioEvents,
) -> Result<(Speaker, Box<dyn AudioSink>), AudioDeviceError> {
    let (thread, sink): (_, Box<dyn AudioSink>) = match choice {
        SpeakerChoice::None => return Ok((Speaker { _thread: None }, silent_sink())),
        SpeakerChoice::File(path) => open_file(path, events)?,
        SpeakerChoice::Default => open_native(None, events)?,
        SpeakerChoice::Named(name) => open_native(Some(name.clone()), events)?,
    };
    Ok((Speaker { _thread: Some(thread) }, sink))
}

/// A sink that sounds nowhere, in real time: what to play through when no speaker opens.
#[must_use]
pub fn silent_sink() -> Box<dyn AudioSink> {
    Box::new(PacedSink::new(None))
}

/// An imagined speaker that plays by the clock.
struct PacedSink {
    /// When all that was written has been played.
    played_until: Option<Instant>,
    file: Option<SyncSender<[f32; AUDIO_FRAME_SAMPLES]>>,
}

impl PacedSink {
    fn new(file: Option<SyncSender<[f32; AUDIO_FRAME_SAMPLES]>>) -> Self {
        Self { played_until: None, file }
    }

    fn write_at(&mut self, frame: &[f32; AUDIO_FRAME_SAMPLES], now: Instant) {
        let mut begin = self.played_until.unwrap_or(now);
        // After a hiccup there was silence, which is part of what was heard; what comes now is
        // played from now on.
        while begin + AUDIO_FRAME_DURATION <= now {
            self.put(&[0.0; AUDIO_FRAME_SAMPLES]);
            begin += AUDIO_FRAME_DURATION;
        }
        self.put(frame);
        self.played_until = Some(begin + AUDIO_FRAME_DURATION);
    }

    fn put(&self, frame: &[f32; AUDIO_FRAME_SAMPLES]) {
        if let Some(file) = &self.file {
            // A disk that is 2 s behind loses frames; its thread tells when it can't write at all.
            let _ = file.try_send(*frame);
        }
    }
}

impl AudioSink for PacedSink {
    fn write(&mut self, frame: &[f32; AUDIO_FRAME_SAMPLES]) {
        self.write_at(frame, Instant::now());
    }

    fn until_wanted(&mut self, now: Instant) -> Duration {
        (self.latency(now) + AUDIO_FRAME_DURATION).saturating_sub(PACED_AHEAD)
    }

    fn until_missed(&mut self, now: Instant) -> Duration {
        self.latency(now).saturating_sub(PACED_RESERVE)
    }

    fn latency(&self, now: Instant) -> Duration {
        self.played_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }
}

fn open_file(
    path: &Path,
    events: AudioEvents,
) -> Result<(DeviceThread, Box<dyn AudioSink>), AudioDeviceError> {
    let mut wav = WavFile::create(path).map_err(|source| AudioDeviceError::File(KIND, source))?;
    let (frames_in, frames) = sync_channel::<[f32; AUDIO_FRAME_SAMPLES]>(FILE_QUEUE);
    let (thread, ()) = DeviceThread::open(KIND, move |context| {
        context.report(Ok(()));
        let mut result = Ok(());
        while result.is_ok() {
            match frames.recv_timeout(LOOK_UP) {
                Ok(frame) => result = wav.write(&frame),
                Err(RecvTimeoutError::Timeout) if !context.stop.is_set() => {}
                Err(_) => break,
            }
            if context.stop.is_set() {
                // What was already played is still written.
                result =
                    result.and_then(|()| frames.try_iter().try_for_each(|frame| wav.write(&frame)));
                break;
            }
        }
        if let Err(error) = result.and_then(|()| wav.finish()) {
            report_lost(&events, KIND, format!("The sound is no longer recorded: {error}."));
        }
    })?;
    Ok((thread, Box::new(PacedSink::new(Some(frames_in)))))
}

/// What the callback passes to the sink.
#[derive(Default)]
struct Playback {
    /// When the device took audio last, in microseconds since it was opened.
    called_at: AtomicU64,
    /// The most it took at once, in frames of its own rate.
    largest: AtomicU32,
    /// How long after the callback its first sample is heard, in microseconds.
    latency: AtomicU32,
}

/// The writing end of a native device.
struct RingSink {
    ring: rtrb::Producer<f32>,
    playback: Arc<Playback>,
    resampler: MonoResampler,
    resampled: Vec<f32>,
    rate: u32,
    opened_at: Instant,
    pacer: SpeakerPacer,
}

impl RingSink {
    fn state(&self) -> DeviceState {
        let samples = self.ring.buffer().capacity() - self.ring.slots();
        let length = |samples: f64| Duration::from_secs_f64(samples / f64::from(self.rate));
        DeviceState {
            queued: length(samples as f64),
            last_taken: self.opened_at
                + Duration::from_micros(self.playback.called_at.load(Ordering::Relaxed)),
            largest: length(f64::from(self.playback.largest.load(Ordering::Relaxed))),
        }
    }

    fn write_at(&mut self, frame: &[f32; AUDIO_FRAME_SAMPLES], now: Instant) {
        let ratio = self.pacer.writing(now, &self.state());
        self.resampler.set_drift(ratio);
        self.resampled.clear();
        // A resampler that was set up does not fail; if it does, the frame is silent.
        let _ = self.resampler.process(frame, &mut self.resampled);
        let room = self.ring.slots().min(self.resampled.len());
        if let Ok(chunk) = self.ring.write_chunk_uninit(room) {
            chunk.fill_from_iter(self.resampled.drain(..room));
        }
    }
}

impl AudioSink for RingSink {
    fn write(&mut self, frame: &[f32; AUDIO_FRAME_SAMPLES]) {
        self.write_at(frame, Instant::now());
    }

    fn until_wanted(&mut self, now: Instant) -> Duration {
        let state = self.state();
        self.pacer.until_wanted(now, &state)
    }

    fn until_missed(&mut self, now: Instant) -> Duration {
        self.pacer.until_missed(now, &self.state())
    }

    fn latency(&self, now: Instant) -> Duration {
        // The device takes audio in steps, so between two of them what it took goes on being
        // played.
        let device = Duration::from_micros(self.playback.latency.load(Ordering::Relaxed).into());
        let state = self.state();
        state.queued + device.saturating_sub(now.saturating_duration_since(state.last_taken))
    }
}

fn open_native(
    name: Option<String>,
    events: AudioEvents,
) -> Result<(DeviceThread, Box<dyn AudioSink>), AudioDeviceError> {
    let (thread, sink) = DeviceThread::open(KIND, move |context: &DeviceContext<RingSink>| {
        quiet_alsa();
        // Taken first, so that it is given back last: when the stream is really closed.
        let host = PlaybackHost::take();
        let (stream, sink) = match start(&host, name.as_deref()) {
            Ok(started) => started,
            Err(error) => return context.report(Err(error)),
        };
        let (playback, opened_at) = (Arc::clone(&sink.playback), sink.opened_at);
        context.report(Ok(sink));
        while !context.stop.is_set() {
            std::thread::park_timeout(LOOK_UP);
            let called_at = Duration::from_micros(playback.called_at.load(Ordering::Relaxed));
            let stalled = opened_at.elapsed().saturating_sub(called_at) > SILENT_FOR;
            let stopped = || "The speaker has stopped playing. Choose another one.".to_owned();
            if let Some(words) = stream.failure().or_else(|| stalled.then(stopped)) {
                return report_lost(&events, KIND, words);
            }
        }
    })?;
    Ok((thread, Box::new(sink)))
}

fn start(
    host: &PlaybackHost,
    name: Option<&str>,
) -> Result<(NativeStream, RingSink), AudioDeviceError> {
    NativeStream::open(host.host(), KIND, name, |rate| {
        let resampler = MonoResampler::between_clocks(SAMPLE_RATE, rate)?;
        let capacity =
            (MOST_AHEAD + 2 * AUDIO_FRAME_DURATION).as_millis() as usize * rate as usize / 1000;
        let (ring, consumer) = rtrb::RingBuffer::new(capacity);
        let (playback, opened_at) = (Arc::<Playback>::default(), Instant::now());
        let end = DeviceEnd { ring: consumer, playback: Arc::clone(&playback), opened_at };
        let sink = RingSink {
            ring,
            playback,
            resampler,
            resampled: Vec::with_capacity(capacity),
            rate,
            opened_at,
            pacer: SpeakerPacer::default(),
        };
        Ok((sink, end))
    })
}

/// What the callback has.
struct DeviceEnd {
    ring: rtrb::Consumer<f32>,
    playback: Arc<Playback>,
    opened_at: Instant,
}

impl CallbackEnd for DeviceEnd {
    fn build<T>(
        self,
        device: &cpal::Device,
        config: StreamConfig,
        on_error: impl FnMut(cpal::Error) + Send + 'static,
    ) -> Result<cpal::Stream, cpal::Error>
    where
        T: SizedSample + FromSample<f32>,
        f32: FromSample<T>,
    {
        let channels = usize::from(config.channels.max(1));
        let DeviceEnd { mut ring, playback, opened_at } = self;
        let on_data = move |data: &mut [T], info: &cpal::OutputCallbackInfo| {
            let times = info.timestamp();
            let latency =
                times.playback.duration_since(times.callback).as_micros().min(2_000_000) as u32;
            playback.latency.store(latency, Ordering::Relaxed);
            playback.largest.fetch_max((data.len() / channels) as u32, Ordering::Relaxed);
            playback.called_at.store(opened_at.elapsed().as_micros() as u64, Ordering::Relaxed);
            for frame in data.chunks_mut(channels) {
                let sample = T::from_sample(ring.pop().unwrap_or(0.0));
                // The first two channels are the front pair; what else there is stays silent.
                for (channel, out) in frame.iter_mut().enumerate() {
                    *out = if channel < 2 { sample } else { T::EQUILIBRIUM };
                }
            }
        };
        device.build_output_stream::<T, _, _>(config, on_data, on_error, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::audio_device::AudioEvent;
    use tokio::sync::mpsc;

    #[test]
    fn a_paced_sink_wants_a_frame_every_10_ms_and_keeps_20_ms_ahead() {
        let (file, written) = sync_channel(20);
        let mut sink = PacedSink::new(Some(file));
        let loud = [0.5; AUDIO_FRAME_SAMPLES];
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        assert_eq!(sink.until_wanted(at(0)), Duration::ZERO);
        sink.write_at(&loud, at(0));
        assert_eq!(sink.until_wanted(at(0)), Duration::ZERO);
        sink.write_at(&loud, at(0));
        assert_eq!(sink.latency(at(0)), Duration::from_millis(20));
        assert_eq!(sink.until_wanted(at(0)), Duration::from_millis(10));
        assert_eq!(sink.until_wanted(at(7)), Duration::from_millis(3));
        assert_eq!(sink.until_missed(at(10)), Duration::from_millis(5));
        // Held up until 60: nothing is left, and two frames are wanted again.
        assert_eq!(sink.until_wanted(at(60)), Duration::ZERO);
        sink.write_at(&loud, at(60));
        sink.write_at(&loud, at(60));
        assert_eq!(sink.latency(at(60)), Duration::from_millis(20));
        // What is written is what was heard, with the silence in between.
        let heard: Vec<bool> = written.try_iter().map(|frame| frame == loud).collect();
        assert_eq!(heard, [true, true, false, false, false, false, true, true]);
    }

    fn ring_sink() -> (RingSink, rtrb::Consumer<f32>) {
        let (ring, consumer) = rtrb::RingBuffer::new(5760);
        let resampler = MonoResampler::between_clocks(SAMPLE_RATE, SAMPLE_RATE).unwrap();
        let sink = RingSink {
            ring,
            playback: Arc::new(Playback::default()),
            resampler,
            resampled: Vec::new(),
            rate: 48_000,
            opened_at: Instant::now(),
            pacer: SpeakerPacer::default(),
        };
        (sink, consumer)
    }

    /// Writes whenever a frame is wanted, while the device takes 10 ms at a time from `from_ms` on;
    /// gives how many frames that were.
    fn play(
        sink: &mut RingSink,
        device: &mut rtrb::Consumer<f32>,
        from_ms: u64,
        to_ms: u64,
    ) -> u32 {
        let mut written = 0;
        for ms in 0..to_ms {
            let now = sink.opened_at + Duration::from_millis(ms);
            if ms >= from_ms && ms % 10 == 0 {
                let taken = device.slots().min(480);
                device.read_chunk(taken).unwrap().commit_all();
                sink.playback.largest.store(480, Ordering::Relaxed);
                sink.playback.called_at.store(ms * 1000, Ordering::Relaxed);
            }
            while sink.until_wanted(now).is_zero() {
                sink.write_at(&[0.5; AUDIO_FRAME_SAMPLES], now);
                written += 1;
            }
        }
        written
    }

    #[test]
    fn a_device_sink_asks_for_a_frame_every_10_ms_and_keeps_little_ahead() {
        let (mut sink, mut device) = ring_sink();
        let written = play(&mut sink, &mut device, 20, 2000);
        assert!((198..=203).contains(&written), "{written} frames in 2 s");
        let queued = sink.state().queued;
        assert!(queued <= Duration::from_millis(35), "{queued:?}");
        assert!(device.slots() > 0);
    }

    #[test]
    fn a_stalled_device_takes_frames_in_real_time_and_its_delay_does_not_grow() {
        let (mut sink, mut device) = ring_sink();
        let wanted = play(&mut sink, &mut device, u64::MAX, 1000);
        assert!((85..=105).contains(&wanted), "{wanted} frames in 1 s");
        assert!(sink.state().queued <= MOST_AHEAD + 2 * AUDIO_FRAME_DURATION);
    }

    #[test]
    fn what_is_played_into_a_file_is_in_it_once_the_speaker_is_closed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("heard.wav");
        let (events, _happened) = mpsc::channel(1);
        let (speaker, mut sink) = open_speaker(&SpeakerChoice::File(path.clone()), events).unwrap();
        (0..100).for_each(|_| sink.write(&[0.5; AUDIO_FRAME_SAMPLES]));
        drop(speaker);
        let mut wav = hound::WavReader::open(&path).unwrap();
        assert_eq!(wav.duration(), 48_000);
        assert!(wav.samples::<i16>().all(|sample| (sample.unwrap() - 16_384).abs() <= 1));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_told_once_and_playing_goes_on() {
        let (events, mut happened) = mpsc::channel(8);
        match open_speaker(&SpeakerChoice::File("/dev/full".into()), events) {
            Err(error) => assert!(error.to_string().contains("/dev/full")),
            Ok((speaker, mut sink)) => {
                (0..150).for_each(|_| sink.write(&[0.5; AUDIO_FRAME_SAMPLES]));
                drop(speaker);
                assert!(matches!(
                    happened.blocking_recv(),
                    Some(AudioEvent::Lost { kind: AudioKind::Speaker, .. })
                ));
                assert_eq!(happened.blocking_recv(), None);
            }
        }
    }

    #[test]
    fn a_file_that_can_not_be_created_is_an_error_of_one_line() {
        let (events, _happened) = mpsc::channel(1);
        let choice = SpeakerChoice::File("/nonexistent/folder/x.wav".into());
        let words = open_speaker(&choice, events).err().expect("an error").to_string();
        assert!(words.contains("x.wav") && !words.contains('\n'), "{words}");
    }
}
