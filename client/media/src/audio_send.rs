//! The thread `audio-encode`: 10 ms frames from a microphone in, Opus packets of 10 or 20 ms out.
//!
//! The sound of the computer is added to it where it is shared (`SystemSound`).
//!
//! What always holds: time goes on. While muted, or while no microphone delivers, silence takes the
//! place of audio, so that the other side neither takes the call for lost nor learns anything about
//! the room. In silence a few packets in 400 ms are enough (discontinuous transmission); the others
//! are passed on empty, so that the RTP clock goes on. Nothing here blocks: a packet that the
//! network has no room for is dropped.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::audio_control::{AudioControl, PacketLength};
use crate::audio_level::LevelMeter;
use crate::audio_priority::raise_audio_thread;
use crate::drop_oldest_queue::{DropOldestQueue, Taken};
use crate::frame::{AUDIO_FRAME_DURATION, AUDIO_FRAME_SAMPLES, AudioFrame, EncodedAudio};
use crate::opus_codec::{OpusEncoder, OpusError, PACKET_SAMPLES, is_dtx};
use crate::stage_thread::{StageError, StageThread};
use crate::stop_signal::StopSignal;
use crate::system_sound::SystemSound;
use crate::voice_processing::{VoiceInput, VoiceProcessor};

/// A microphone may be this late before silence takes its place.
const GRACE: Duration = Duration::from_millis(60);
/// Two steps of 16 bits: any microphone that works is louder, in any room.
const CONVERTERS_NOISE: f32 = 2.0 / 32_768.0;
/// How often the thread looks up while nothing comes.
const LOOK_UP: Duration = Duration::from_millis(10);
/// The queue between a microphone and this thread should hold so many frames: 80 ms.
pub const MICROPHONE_QUEUE_FRAMES: usize = 8;

/// Silence is announced by the packets with which it has lasted for so many frames of 10 ms, lest
/// the loss of one or two looks like the loss of many.
const SILENCE_ANNOUNCED: [usize; 5] = [1, 2, 4, 10, 20];

/// What was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AudioSendStats {
    /// Packets handed to the network.
    pub packets: u64,
    /// Their payload in bytes.
    pub bytes: u64,
    /// Packets that were dropped because the network had no room.
    pub dropped: u64,
}

#[derive(Default)]
struct Shared {
    muted: AtomicBool,
    /// The meter's value as the bits of an `f32`.
    level: AtomicU32,
    /// For how many frames on end the microphone gave nothing at all.
    silent_frames: AtomicU32,
    stats: Mutex<AudioSendStats>,
}

impl Shared {
    /// Another frame is there, silent or not.
    fn captured(&self, silent: bool) {
        let frames =
            if silent { self.silent_frames.load(Ordering::Relaxed).saturating_add(1) } else { 0 };
        self.silent_frames.store(frames, Ordering::Relaxed);
    }

    fn stats(&self) -> MutexGuard<'_, AudioSendStats> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The owner of the thread; dropping it ends the thread.
pub struct AudioSender {
    shared: Arc<Shared>,
    next_frames: Arc<DropOldestQueue<Arc<DropOldestQueue<AudioFrame>>>>,
    next_system_sound: Arc<DropOldestQueue<Option<Arc<DropOldestQueue<AudioFrame>>>>>,
    _thread: StageThread<()>,
}

impl AudioSender {
    /// Starts to encode what a microphone puts into `frames`, processed as `voice` says, as
    /// `control` says, and to hand it to `out`.
    pub fn spawn(
        frames: Arc<DropOldestQueue<AudioFrame>>,
        out: mpsc::Sender<EncodedAudio>,
        control: Receiver<AudioControl>,
        muted: bool,
        voice: VoiceInput,
    ) -> Result<Self, StageError> {
        let mut packets = Packetizer::new(muted)?;
        let (stop, shared, next_frames) =
            (StopSignal::default(), Arc::new(Shared::default()), DropOldestQueue::latest());
        shared.muted.store(muted, Ordering::Relaxed);
        let next_system_sound = DropOldestQueue::latest();
        let (stopped, state) = (stop.clone(), Arc::clone(&shared));
        let sources = Sources {
            microphone: frames,
            next_microphone: Arc::clone(&next_frames),
            next_system_sound: Arc::clone(&next_system_sound),
        };
        let end = move || stop.set();
        let thread = StageThread::spawn("audio-encode", end, move || {
            raise_audio_thread();
            encode(
                sources,
                &out,
                VoiceProcessor::new(voice),
                &control,
                &mut packets,
                &stopped,
                &state,
            );
        })?;
        Ok(Self { shared, next_frames, next_system_sound, _thread: thread })
    }

    /// Takes frames from another queue, and no more from the one before.
    pub fn set_frames(&self, frames: Arc<DropOldestQueue<AudioFrame>>) {
        self.next_frames.put(frames);
    }

    /// Adds the sound of the computer to the voice from now on, or no more. It is neither muted
    /// with the microphone nor processed as a voice is.
    pub fn set_system_sound(&self, frames: Option<Arc<DropOldestQueue<AudioFrame>>>) {
        self.next_system_sound.put(frames);
    }

    /// Sends silence instead of audio, or audio again.
    pub fn set_muted(&self, muted: bool) {
        self.shared.muted.store(muted, Ordering::Relaxed);
    }

    /// How loud the microphone is, 0 to 1; 0 while muted.
    #[must_use]
    pub fn level(&self) -> f32 {
        if self.shared.muted.load(Ordering::Relaxed) { 0.0 } else { self.captured_level() }
    }

    /// How loud the microphone is, 0 to 1, muted or not.
    #[must_use]
    pub fn captured_level(&self) -> f32 {
        f32::from_bits(self.shared.level.load(Ordering::Relaxed))
    }

    /// For how long nothing has come from the microphone: no frame, or none with a sample that
    /// differs from silence.
    #[must_use]
    pub fn silent_for(&self) -> Duration {
        AUDIO_FRAME_DURATION * self.shared.silent_frames.load(Ordering::Relaxed)
    }

    /// What was sent so far.
    #[must_use]
    pub fn stats(&self) -> AudioSendStats {
        *self.shared.stats()
    }
}

/// Whether a frame holds nothing but what a converter makes of nothing.
fn is_silent(frame: &AudioFrame) -> bool {
    frame.samples.iter().all(|sample| sample.abs() <= CONVERTERS_NOISE)
}

/// Where audio comes from, and from where it is to come next.
struct Sources {
    microphone: Arc<DropOldestQueue<AudioFrame>>,
    next_microphone: Arc<DropOldestQueue<Arc<DropOldestQueue<AudioFrame>>>>,
    next_system_sound: Arc<DropOldestQueue<Option<Arc<DropOldestQueue<AudioFrame>>>>>,
}

fn encode(
    mut sources: Sources,
    out: &mpsc::Sender<EncodedAudio>,
    mut voice: VoiceProcessor,
    control: &Receiver<AudioControl>,
    packets: &mut Packetizer,
    stop: &StopSignal,
    shared: &Shared,
) {
    let mut filler = SilenceFiller::new(Instant::now());
    let mut system: Option<SystemSound> = None;
    while !stop.is_set() {
        if let Some(next) = sources.next_microphone.take() {
            sources.microphone = next;
        }
        if let Some(next) = sources.next_system_sound.take() {
            system = next.and_then(|queue| {
                let sound = SystemSound::new(queue);
                sound.inspect_err(|error| tracing::warn!(%error, "no sound of the computer")).ok()
            });
        }
        let frame = match sources.microphone.wait(LOOK_UP) {
            Taken::Value(mut frame) => {
                filler.captured(&frame, Instant::now());
                // Before it is processed: suppressed noise is silence as well.
                shared.captured(is_silent(&frame));
                voice.process(&mut frame);
                frame
            }
            Taken::TimedOut => match filler.fill(Instant::now()) {
                Some(silence) => {
                    shared.captured(true);
                    silence
                }
                None => continue,
            },
            Taken::Closed => return,
        };
        if let Some(control) = control.try_iter().last() {
            packets.set(control);
        }
        let muted = shared.muted.load(Ordering::Relaxed);
        let packet = packets.push_with(&frame, muted, system.as_mut());
        shared.level.store(packets.level().to_bits(), Ordering::Relaxed);
        let Some(packet) = packet else { continue };
        let bytes = packet.data.len() as u64;
        let packets = u64::from(bytes > 0);
        match out.try_send(packet) {
            Ok(()) => {
                let mut stats = shared.stats();
                stats.packets += packets;
                stats.bytes += bytes;
            }
            Err(TrySendError::Full(_)) => shared.stats().dropped += packets,
            Err(TrySendError::Closed(_)) => return,
        }
    }
}

/// Puts frames together as the targets say, one or two, and encodes them.
pub(crate) struct Packetizer {
    encoder: OpusEncoder,
    length: PacketLength,
    /// For how many frames packets carried nothing.
    silent: usize,
    samples: [f32; PACKET_SAMPLES],
    /// How many frames of the packet are there, and when the first was captured.
    filled: usize,
    begun_at: Option<Instant>,
    last_captured_at: Option<Instant>,
    meter: LevelMeter,
    /// 1, or 0 while muted; it changes over one frame, so that muting does not click.
    gain: f32,
}

impl Packetizer {
    pub(crate) fn new(muted: bool) -> Result<Self, OpusError> {
        Ok(Self {
            encoder: OpusEncoder::new()?,
            length: AudioControl::START.packet,
            silent: 0,
            samples: [0.0; PACKET_SAMPLES],
            filled: 0,
            begun_at: None,
            last_captured_at: None,
            meter: LevelMeter::default(),
            gain: if muted { 0.0 } else { 1.0 },
        })
    }

    pub(crate) fn set(&mut self, control: AudioControl) {
        self.length = control.packet;
        if let Err(error) = self.encoder.set(control) {
            tracing::debug!("the encoder goes on as before: {error}");
        }
    }

    #[cfg(test)]
    pub(crate) fn push(&mut self, frame: &AudioFrame, muted: bool) -> Option<EncodedAudio> {
        self.push_with(frame, muted, None)
    }

    /// Takes a microphone's frame and adds the sound of the computer, muted or not.
    pub(crate) fn push_with(
        &mut self,
        frame: &AudioFrame,
        muted: bool,
        system: Option<&mut SystemSound>,
    ) -> Option<EncodedAudio> {
        self.meter.listen(&frame.samples);
        let begin = self.filled * AUDIO_FRAME_SAMPLES;
        let part = self.samples.get_mut(begin..).unwrap_or_default();
        let target = if muted { 0.0 } else { 1.0 };
        let step = (target - self.gain) / AUDIO_FRAME_SAMPLES as f32;
        for (sent, captured) in part.iter_mut().zip(frame.samples) {
            self.gain += step;
            *sent = if self.gain > 0.0 { captured * self.gain } else { 0.0 };
        }
        self.gain = target;
        let mut plays = false;
        if let (Some(system), Some(part)) = (system, part.get_mut(..AUDIO_FRAME_SAMPLES)) {
            system.add_to(part);
            plays = system.plays();
        }
        if let Err(error) = self.encoder.carry_music(plays) {
            tracing::debug!("the encoder goes on as before: {error}");
        }
        let captured_at = *self.begun_at.get_or_insert(frame.captured_at);
        self.filled += 1;
        if self.filled < self.length.frames() {
            return None;
        }
        let frames = std::mem::take(&mut self.filled);
        self.begun_at = None;
        // Another microphone may be ahead of the one before it; time on the wire never goes back.
        let captured_at = self
            .last_captured_at
            .map_or(captured_at, |last| captured_at.max(last + AUDIO_FRAME_DURATION));
        self.last_captured_at = Some(captured_at);
        // Encoding full packets of finite samples does not fail; if it does, that packet is lost
        // and the next is not.
        let samples = self.samples.get(..frames * AUDIO_FRAME_SAMPLES).unwrap_or_default();
        let mut data = self.encoder.encode(samples).ok().map(Bytes::copy_from_slice)?;
        self.silent = if is_dtx(&data) { self.silent.saturating_add(frames) } else { 0 };
        if self.silent > 0 && !SILENCE_ANNOUNCED.contains(&self.silent) {
            data = Bytes::new();
        }
        Some(EncodedAudio { data, samples: samples.len() as u32, captured_at })
    }

    /// How loud the microphone is, muted or not.
    fn level(&self) -> f32 {
        self.meter.now()
    }
}

/// Makes silent frames while no microphone delivers, so that time goes on as if one did.
struct SilenceFiller {
    /// When the next frame begins.
    next: Instant,
    /// How long after its end the microphone delivered its last frame.
    lag: Duration,
}

impl SilenceFiller {
    fn new(now: Instant) -> Self {
        Self { next: now, lag: Duration::ZERO }
    }

    fn captured(&mut self, frame: &AudioFrame, now: Instant) {
        self.next = frame.captured_at + AUDIO_FRAME_DURATION;
        self.lag = now.saturating_duration_since(self.next);
    }

    fn fill(&mut self, now: Instant) -> Option<AudioFrame> {
        let late = now.saturating_duration_since(self.next + self.lag);
        if late < GRACE {
            return None;
        }
        if late > 4 * GRACE {
            // This thread was held up; what is past is past.
            self.next += late - GRACE;
        }
        let captured_at = self.next;
        self.next += AUDIO_FRAME_DURATION;
        Some(AudioFrame { samples: [0.0; AUDIO_FRAME_SAMPLES], captured_at })
    }
}

#[cfg(test)]
mod tests;
