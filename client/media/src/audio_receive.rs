//! The thread `audio-playout`, which plays received audio: packets in, 10 ms frames to a sink in
//! step with the speaker.
//!
//! The speaker decides when: the sink says how long it can wait for the next frame, so that it
//! always has a little more than it takes at once, and no more. That little is there for a packet
//! that is a little late: it is waited for until the sink would run dry, before anything is
//! concealed. After a hiccup of this thread the frames that are due are made at once; the jitter
//! buffer takes the delay back that this left. The sink can be exchanged at any time without losing
//! a packet.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::audio_level::LevelMeter;
use crate::audio_playout::AudioPlayout;
use crate::audio_priority::raise_audio_thread;
use crate::drop_oldest_queue::DropOldestQueue;
use crate::frame::{AUDIO_FRAME_DURATION, AUDIO_FRAME_SAMPLES, ReceivedAudio};
use crate::lip_sync::SharedLipSync;
use crate::quantiles::DelaySummary;
use crate::stage_thread::{StageError, StageThread};
use crate::stop_signal::StopSignal;
use crate::tone_detector::ToneDetector;
use crate::units::WallTime;

/// Where audio goes. It never blocks.
pub trait AudioSink: Send {
    /// Takes 10 ms, to be played after what it took before.
    fn write(&mut self, frame: &[f32; AUDIO_FRAME_SAMPLES]);
    /// How long the next frame can wait; zero when it is wanted now.
    fn until_wanted(&mut self, now: Instant) -> Duration;
    /// How long it can wait at most; after that something is missing from what is played.
    fn until_missed(&mut self, now: Instant) -> Duration;
    /// How long after `now` a sample written now is played.
    fn latency(&self, now: Instant) -> Duration;
}

/// Without a wait in between, no more frames than this are made: 100 ms.
const MOST_FRAMES_AT_ONCE: u32 = 10;
/// A packet that is not there in time is waited for no longer than this.
const MOST_PATIENCE: Duration = AUDIO_FRAME_DURATION;
/// Where that was in vain, packets are lost rather than late, and none is waited for during this
/// time: each wait uses up what the speaker has for the hiccups of this thread.
const IMPATIENT: Duration = Duration::from_secs(1);
/// Statistics are published every so many frames.
const FRAMES_PER_UPDATE: u32 = 10;

/// What was received and played; `None` where nothing was measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AudioReceiveStats {
    /// Packets received, each counted once.
    pub packets: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets that came too late to be played.
    pub late: u64,
    /// Share of the played audio that was concealed, 0 to 1.
    pub concealed_ratio: Option<f64>,
    /// Lost packets that were played after all, from what a later one carried of them: a
    /// redundant block (RED) or FEC.
    pub fec_recovered: u64,
    /// How long packets waited before they were decoded, on average, in milliseconds.
    pub jitter_buffer_ms: Option<f64>,
    /// How loud what was played was, over the whole call: RMS against full scale.
    pub level_dbfs: Option<f64>,
    /// How loud it is now, 0 to 1, for a meter.
    pub level: f32,
    /// The frequency of the tone in it, where it is a tone.
    pub tone_hz: Option<f64>,
    /// From capture to the ear, by the tone's marks.
    pub mouth_to_ear: Option<DelaySummary>,
    /// When the first packet was played.
    pub first_played: Option<Instant>,
}

/// The owner of the thread; dropping it ends the thread.
pub struct AudioReceiver {
    next_sink: Arc<DropOldestQueue<Box<dyn AudioSink>>>,
    stats: Arc<Mutex<AudioReceiveStats>>,
    thread: StageThread<Box<dyn AudioSink>>,
}

impl AudioReceiver {
    /// Starts to play what comes in on `input` through `sink`.
    ///
    /// `lip_sync` learns what is played when.
    pub fn spawn(
        input: Receiver<ReceivedAudio>,
        sink: Box<dyn AudioSink>,
        lip_sync: Arc<SharedLipSync>,
    ) -> Result<Self, StageError> {
        let mut playing = Playing {
            input,
            sink,
            playout: AudioPlayout::new()?,
            lip_sync,
            tone: ToneDetector::default(),
            level: LevelMeter::default(),
            stats: Arc::default(),
            frames: 0,
            impatient_until: None,
        };
        let (stop, next_sink, stats) =
            (StopSignal::default(), DropOldestQueue::latest(), Arc::clone(&playing.stats));
        let (stopped, sinks) = (stop.clone(), Arc::clone(&next_sink));
        let end = move || stop.set();
        let thread = StageThread::spawn("audio-playout", end, move || {
            raise_audio_thread();
            playing.run(&stopped, &sinks);
            playing.sink
        })?;
        Ok(Self { next_sink, stats, thread })
    }

    /// Plays through another sink from the next frame on.
    pub fn set_sink(&self, sink: Box<dyn AudioSink>) {
        self.next_sink.put(sink);
    }

    /// Ends the thread and gives the sink back, for the next to play through.
    #[must_use]
    pub fn stop(mut self) -> Option<Box<dyn AudioSink>> {
        let last = self.thread.stop();
        // One that was set a moment ago may not have been taken yet.
        self.next_sink.take().or(last)
    }

    /// The statistics as of the last tenth of a second.
    #[must_use]
    pub fn stats(&self) -> AudioReceiveStats {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Playing {
    input: Receiver<ReceivedAudio>,
    sink: Box<dyn AudioSink>,
    playout: AudioPlayout,
    lip_sync: Arc<SharedLipSync>,
    tone: ToneDetector,
    level: LevelMeter,
    stats: Arc<Mutex<AudioReceiveStats>>,
    frames: u32,
    impatient_until: Option<Instant>,
}

impl Playing {
    fn run(&mut self, stop: &StopSignal, sinks: &DropOldestQueue<Box<dyn AudioSink>>) {
        let mut at_once = 0;
        while !stop.is_set() {
            let now = Instant::now();
            if let Some(sink) = sinks.take() {
                self.sink = sink;
            }
            let wait = if at_once < MOST_FRAMES_AT_ONCE {
                self.sink.until_wanted(now)
            } else {
                AUDIO_FRAME_DURATION
            };
            if wait.is_zero() {
                at_once += 1;
                self.play_frame(now);
            } else {
                at_once = 0;
                let _ = stop.wait_until(now + wait);
            }
        }
    }

    /// Plays the frame that is wanted `now`.
    fn play_frame(&mut self, now: Instant) {
        // When the sender is gone, what is left is played; the owner ends the thread.
        while let Ok(packet) = self.input.try_recv() {
            self.playout.insert(packet);
        }
        self.await_packet(now);
        // Whatever was waited for, the frame is the one of this moment: the delay stays as it is.
        let frame = self.playout.next_frame(now);
        let now = Instant::now();
        let latency = self.sink.latency(now);
        if let Some(rtp_timestamp) = self.playout.position() {
            self.lip_sync.lock().audio_played(rtp_timestamp, now + latency);
        }
        let latency = u64::try_from(latency.as_micros()).unwrap_or(0);
        self.tone.listen(&frame, WallTime(WallTime::now().0.saturating_add(latency)));
        self.sink.write(&frame);
        let begun = self.playout.stats().first_played.is_some();
        if begun {
            self.level.listen(&frame);
        }
        self.frames += 1;
        if self.frames >= FRAMES_PER_UPDATE {
            self.frames = 0;
            let stats = self.measure();
            *self.stats.lock().unwrap_or_else(PoisonError::into_inner) = stats;
        }
    }

    /// Waits for the packet that the frame wanted `now` needs, as long as the sink can do without.
    fn await_packet(&mut self, now: Instant) {
        if self.impatient_until.is_some_and(|until| now < until) || !self.playout.lacks_packet() {
            return;
        }
        let until = now + self.sink.until_missed(now).min(MOST_PATIENCE);
        while self.playout.lacks_packet() {
            match self.input.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(packet) => self.playout.insert(packet),
                Err(_) => {
                    self.impatient_until = Some(now + IMPATIENT);
                    return;
                }
            }
        }
    }

    fn measure(&self) -> AudioReceiveStats {
        let playout = self.playout.stats();
        let buffer = playout.jitter_buffer;
        AudioReceiveStats {
            packets: buffer.received,
            lost: buffer.lost,
            late: buffer.late,
            concealed_ratio: (playout.samples > 0)
                .then(|| playout.concealed_samples as f64 / playout.samples as f64),
            fec_recovered: playout.fec_recovered,
            jitter_buffer_ms: (buffer.played > 0)
                .then(|| buffer.waited.as_secs_f64() * 1000.0 / buffer.played as f64),
            level_dbfs: self.level.overall_dbfs(),
            level: self.level.now(),
            tone_hz: self.tone.hz().map(f64::from),
            mouth_to_ear: self.tone.mouth_to_ear().summary(),
            first_played: playout.first_played,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{SyncSender, sync_channel};

    use bytes::Bytes;

    use super::*;
    use crate::opus_codec::{OpusEncoder, PACKET_SAMPLES};

    const MS: Duration = Duration::from_millis(1);

    /// A speaker that lets the packet it is given come as soon as it is asked how long it can wait.
    struct Patient {
        network: SyncSender<ReceivedAudio>,
        late: Arc<DropOldestQueue<ReceivedAudio>>,
        asked: Arc<Mutex<u32>>,
    }

    impl AudioSink for Patient {
        fn write(&mut self, _frame: &[f32; AUDIO_FRAME_SAMPLES]) {}

        fn until_wanted(&mut self, _now: Instant) -> Duration {
            Duration::ZERO
        }

        fn until_missed(&mut self, _now: Instant) -> Duration {
            *self.asked.lock().unwrap() += 1;
            if let Some(packet) = self.late.take() {
                self.network.send(packet).unwrap();
            }
            8 * MS
        }

        fn latency(&self, _now: Instant) -> Duration {
            10 * MS
        }
    }

    /// Plays packets of 20 ms that come in time, but for some that come when they are waited for
    /// or, lost, never. Says what was played and how often a packet was waited for.
    fn play(count: u16, late: &[u16], lost: &[u16]) -> (crate::audio_playout::PlayoutStats, u32) {
        let (network, input) = sync_channel(16);
        let (slot, asked) = (DropOldestQueue::latest(), Arc::default());
        let sink = Patient {
            network: network.clone(),
            late: Arc::clone(&slot),
            asked: Arc::clone(&asked),
        };
        let mut playing = Playing {
            input,
            sink: Box::new(sink),
            playout: AudioPlayout::new().unwrap(),
            lip_sync: Arc::default(),
            tone: ToneDetector::default(),
            level: LevelMeter::default(),
            stats: Arc::default(),
            frames: 0,
            impatient_until: None,
        };
        let start = Instant::now();
        let mut encoder = OpusEncoder::new().unwrap();
        let tone: [f32; PACKET_SAMPLES] = std::array::from_fn(|i| 0.3 * (i as f32 * 0.06).sin());
        for number in 0..count {
            let payload = Bytes::copy_from_slice(encoder.encode(&tone).unwrap());
            let at = start + u32::from(number) * 20 * MS;
            let rtp_timestamp = u32::from(number) * 960;
            let packet = ReceivedAudio {
                sequence: number,
                rtp_timestamp,
                payload,
                arrival: at,
                redundant: false,
            };
            if late.contains(&number) {
                slot.put(ReceivedAudio { arrival: at + 5 * MS, ..packet });
            } else if !lost.contains(&number) {
                network.send(packet).unwrap();
            }
            playing.play_frame(at);
            playing.play_frame(at + 10 * MS);
        }
        let asked = *asked.lock().unwrap();
        (playing.playout.stats(), asked)
    }

    #[test]
    fn a_packet_that_is_a_little_late_is_waited_for_instead_of_concealed() {
        let (stats, asked) = play(100, &[60, 70, 71], &[]);
        assert_eq!((stats.concealed_samples, stats.jitter_buffer.late), (0, 0));
        assert!(asked >= 1, "never waited");
    }

    #[test]
    fn where_packets_are_lost_the_speaker_is_not_kept_waiting_for_each() {
        let (stats, asked) = play(100, &[], &[60, 66, 72, 78, 84]);
        assert!(stats.concealed_samples > 0);
        assert_eq!(asked, 1);
    }
}
