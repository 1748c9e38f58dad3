//! The receiving stage: encoded frames in, shown frames out, on the thread `video-decode`.
//!
//! Decodes, converts for the window if there is one, records if asked, measures. What always holds:
//! what is shown is whole. After an error the last good frame stays, a key frame is requested,
//! and nothing is shown before it came (OpenH264 would go on with frames that refer to what never
//! came). While nobody sees the window and nobody else needs the frames, nothing is decoded; when
//! the window is seen again, it goes on with a key frame that is requested then.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::convert::to_rgba;
use crate::drop_oldest_queue::DropOldestQueue;
use crate::frame::{ReceivedVideo, RgbaFrame, VideoFrame};
use crate::freeze::FreezeMeter;
use crate::h264_decoder::{DecodeError, H264Decoder, MAX_ACCESS_UNIT};
use crate::h264_sps::Unsupported;
use crate::lip_sync::SharedLipSync;
use crate::pattern_bar::read_bar;
use crate::quantiles::{DelaySummary, Quantiles};
use crate::stage_thread::{StageError, StageThread};
use crate::stop_signal::StopSignal;
use crate::units::{VideoSize, WallTime};
use crate::video_record::{RecordError, Recorded, VideoRecorder};

/// After so long without a new frame nobody minds that the next comes before its audio.
const FROZEN: Duration = Duration::from_millis(200);
/// How often the thread looks whether it should end while nothing comes.
const IDLE: Duration = Duration::from_millis(50);
/// A key frame that was requested and did not come is requested again after this.
const ASK_AGAIN: Duration = Duration::from_millis(300);
/// The window is out of sight for so long before decoding rests: whoever only looks at something
/// else for a moment waits for no key frame.
const RESTS_AFTER: Duration = Duration::from_secs(2);
/// A bar that is older than this was not made for measuring: it comes from a file.
const MAX_DELAY: Duration = Duration::from_secs(30);

/// What is done with frames besides decoding.
#[derive(Default)]
pub struct VideoReceiveSettings {
    /// Says how long a frame waits for its audio.
    pub lip_sync: Arc<SharedLipSync>,
    /// Where to show them; without it nothing is converted.
    pub window: Option<Arc<DropOldestQueue<RgbaFrame>>>,
    /// What records them, as they are shown.
    pub record: Option<VideoRecorder>,
    /// Whether they are needed even while nobody sees the window.
    pub needed_unseen: bool,
}

/// What was received so far; `None` where nothing was measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VideoReceiveStats {
    /// Frames that were decoded, and shown.
    pub frames_decoded: u64,
    /// Frames that came and were not shown: damaged, or behind one that was, up to the next key
    /// frame.
    pub frames_dropped: u64,
    /// The size of the last one.
    pub size: Option<VideoSize>,
    /// Freezes as W3C webrtc-stats counts them.
    pub freeze_count: u64,
    /// How long they were together.
    pub freeze_total: Duration,
    /// How long decoding took.
    pub decode_ms_p50: Option<f64>,
    /// From the moment in the test pattern's bar to the moment at which the frame is ready to be
    /// shown.
    pub glass_to_glass: Option<DelaySummary>,
    /// When the first frame was ready to be shown.
    pub first_shown: Option<Instant>,
    /// How often a key frame was requested.
    pub key_frames_asked: u64,
    /// How much earlier audio is played than its frame is shown, in milliseconds.
    pub audio_ahead_ms: Option<f64>,
    /// Why what comes can't be decoded, whatever key frame comes; nothing as soon as a frame was.
    pub unsupported: Option<Unsupported>,
    /// Whether what comes is not decoded now, as nobody sees it.
    pub rests: bool,
    /// When a frame came last that was not decoded as nobody sees it.
    pub came_unseen: Option<Instant>,
}

/// What there is at the end.
#[derive(Debug, Default)]
pub struct VideoReceived {
    /// What was received and shown in all.
    pub stats: VideoReceiveStats,
    /// The last frame that was shown.
    pub last: Option<VideoFrame>,
    /// What became of the recording, if there was one; `None` also while it is still being written.
    pub recorded: Option<Result<Recorded, RecordError>>,
}

/// A running receiving stage.
pub struct VideoReceiver {
    published: Arc<Mutex<VideoReceived>>,
    thread: StageThread<Option<Result<Recorded, RecordError>>>,
}

impl VideoReceiver {
    /// Starts it. It ends when nobody can send to `input` any more. `request_key_frame` is called
    /// on its thread and must not block.
    pub fn spawn(
        input: Receiver<ReceivedVideo>,
        settings: VideoReceiveSettings,
        request_key_frame: impl Fn() + Send + 'static,
    ) -> Result<Self, StageError> {
        let (stop, published) = (StopSignal::default(), Arc::<Mutex<VideoReceived>>::default());
        let (stopped, shared) = (stop.clone(), Arc::clone(&published));
        let end = move || stop.set();
        let thread = StageThread::spawn("video-decode", end, move || {
            run(&input, &stopped, settings, &shared, &request_key_frame)
        })?;
        Ok(Self { published, thread })
    }

    /// What was received so far.
    #[must_use]
    pub fn stats(&self) -> VideoReceiveStats {
        self.published().stats.clone()
    }

    /// The last frame that was shown.
    #[must_use]
    pub fn last_frame(&self) -> Option<VideoFrame> {
        self.published().last.clone()
    }

    /// Ends it, whether or not more could come, and says what there was.
    #[must_use]
    pub fn stop(mut self) -> VideoReceived {
        let recorded = self.thread.stop().flatten();
        VideoReceived { recorded, ..std::mem::take(&mut *self.published()) }
    }

    fn published(&self) -> std::sync::MutexGuard<'_, VideoReceived> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(
    input: &Receiver<ReceivedVideo>,
    stop: &StopSignal,
    settings: VideoReceiveSettings,
    published: &Mutex<VideoReceived>,
    request_key_frame: &dyn Fn(),
) -> Option<Result<Recorded, RecordError>> {
    let mut decoding = Decoding::default();
    let VideoReceiveSettings { lip_sync, window, record, needed_unseen } = settings;
    let needed = needed_unseen || record.is_some();
    let mut screen = Screen { window, recorder: record, published, shown_at: None };
    let mut waiting: VecDeque<Waiting> = VecDeque::new();
    while !stop.is_set() {
        while let Some(first) = waiting.pop_front_if(|first| first.due <= Instant::now()) {
            screen.show(first.frame, &mut decoding);
        }
        let wait = waiting
            .front()
            .map_or(IDLE, |first| first.due.saturating_duration_since(Instant::now()).min(IDLE));
        let received = match input.recv_timeout(wait) {
            Ok(received) => received,
            Err(RecvTimeoutError::Timeout) => {
                if decoding.ask_again(Instant::now()) {
                    request_key_frame();
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let seen = needed || !screen.is_out_of_sight();
        match decoding.take_if(seen, &received, Instant::now()) {
            Taken::Frame(frame) => {
                let now = Instant::now();
                let (delay, ahead) = {
                    let mut sync = lip_sync.lock();
                    (sync.video_delay(received.rtp_timestamp as u32, now), sync.audio_ahead_ms())
                };
                decoding.stats.audio_ahead_ms = ahead;
                let frozen = screen.stands_still_for(now) > FROZEN && waiting.is_empty();
                let delay = if frozen { Duration::ZERO } else { delay };
                // Never before the one before it.
                let due = waiting.back().map_or(now + delay, |last| last.due.max(now + delay));
                waiting.push_back(Waiting { frame, due });
            }
            Taken::Nothing => {}
            Taken::KeyFrameNeeded => request_key_frame(),
        }
        screen.publish(&decoding);
    }
    for rest in waiting {
        screen.show(rest.frame, &mut decoding);
    }
    screen.recorder.and_then(|recorder| recorder.finish(Instant::now()))
}

/// Where frames are shown, and what learns of it.
struct Screen<'a> {
    window: Option<Arc<DropOldestQueue<RgbaFrame>>>,
    recorder: Option<VideoRecorder>,
    published: &'a Mutex<VideoReceived>,
    shown_at: Option<Instant>,
}

impl Screen<'_> {
    /// Whether there is a window that nobody sees.
    fn is_out_of_sight(&self) -> bool {
        self.window.as_ref().is_some_and(|window| window.is_paused())
    }

    /// For how long the same frame has been shown.
    fn stands_still_for(&self, now: Instant) -> Duration {
        self.shown_at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at))
    }

    fn show(&mut self, frame: VideoFrame, decoding: &mut Decoding) {
        let shown_at = Instant::now();
        self.shown_at = Some(shown_at);
        if let Some(window) = self.window.as_ref().filter(|window| !window.is_paused()) {
            match to_rgba(&frame) {
                Ok(rgba) => window.put(rgba),
                Err(error) => tracing::warn!(%error, "a frame was not shown"),
            }
        }
        decoding.shown(&frame, Instant::now(), WallTime::now());
        if let Some(recorder) = &mut self.recorder {
            recorder.record(&frame, shown_at);
        }
        self.published.lock().unwrap_or_else(PoisonError::into_inner).last = Some(frame);
        self.publish(decoding);
    }

    fn publish(&self, decoding: &Decoding) {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).stats =
            decoding.stats.clone();
    }
}

/// A frame that waits for its audio: a few at most, as none waits longer than
/// [`crate::lip_sync::MAX_DELAY`].
struct Waiting {
    frame: VideoFrame,
    due: Instant,
}

/// What became of a received frame.
#[derive(Debug)]
pub enum Taken {
    /// It is to be shown.
    Frame(VideoFrame),
    /// There is nothing to show.
    Nothing,
    /// There is nothing to show before a key frame came, and now is the time to request one.
    KeyFrameNeeded,
}

/// Everything but the thread: frames go in as they come, and out as they are to be shown.
#[derive(Default)]
pub struct Decoding {
    /// There is none from an error to the next key frame, as nothing it would say can be shown.
    decoder: Option<H264Decoder>,
    /// A key frame that did not decode, while the rest of it may still come.
    partial: Option<ReceivedVideo>,
    asked: Option<Instant>,
    unseen_since: Option<Instant>,
    freezes: FreezeMeter,
    decode_time: Quantiles,
    delay: Quantiles,
    stats: VideoReceiveStats,
}

impl Decoding {
    /// What was received so far.
    #[must_use]
    pub fn stats(&self) -> &VideoReceiveStats {
        &self.stats
    }

    /// Takes the next frame, which is decoded if anybody has seen one of late.
    pub fn take_if(&mut self, seen: bool, received: &ReceivedVideo, now: Instant) -> Taken {
        if seen {
            (self.unseen_since, self.stats.rests) = (None, false);
        } else if now.saturating_duration_since(*self.unseen_since.get_or_insert(now))
            >= RESTS_AFTER
        {
            if !self.stats.rests {
                // What comes later refers to what is left out from here on.
                (self.decoder, self.partial, self.asked) = (None, None, None);
                self.freezes.interrupted();
            }
            (self.stats.rests, self.stats.came_unseen) = (true, Some(now));
            return Taken::Nothing;
        }
        self.take(received, now)
    }

    /// Takes the next frame in decoding order.
    pub fn take(&mut self, received: &ReceivedVideo, now: Instant) -> Taken {
        let joined = self.joined(received);
        let received = joined.as_ref().unwrap_or(received);
        match self.decode(received) {
            Ok(Some(frame)) => {
                self.asked = None;
                self.stats.unsupported = None;
                Taken::Frame(frame)
            }
            Ok(None) if self.decoder.is_some() => {
                self.keep_partial(received);
                Taken::Nothing
            }
            Ok(None) => self.dropped(now),
            Err(error) => {
                tracing::debug!(%error, "a frame could not be decoded");
                self.stats.unsupported = match error {
                    DecodeError::Unsupported(why) => Some(why),
                    _ => self.stats.unsupported,
                };
                self.decoder = None;
                self.keep_partial(received);
                self.dropped(now)
            }
        }
    }

    /// The key frame that did not decode, with the rest of it: a sender that ends each slice with a
    /// marker is noticed only when its first picture goes on behind one.
    fn joined(&mut self, rest: &ReceivedVideo) -> Option<ReceivedVideo> {
        let partial = self.partial.take()?;
        let same = partial.rtp_timestamp == rest.rtp_timestamp && !rest.key;
        if !same || partial.data.len() + rest.data.len() > MAX_ACCESS_UNIT {
            return None;
        }
        let data = [partial.data.as_ref(), rest.data.as_ref()].concat().into();
        self.decoder = None;
        Some(ReceivedVideo { data, last_arrival: rest.last_arrival, ..partial })
    }

    fn keep_partial(&mut self, received: &ReceivedVideo) {
        self.partial = (received.key && self.stats.unsupported.is_none()).then(|| received.clone());
    }

    fn decode(&mut self, received: &ReceivedVideo) -> Result<Option<VideoFrame>, DecodeError> {
        let decoder = match &mut self.decoder {
            Some(decoder) => decoder,
            None if received.key => self.decoder.insert(H264Decoder::new()?),
            None => return Ok(None),
        };
        let begun = Instant::now();
        let frame = decoder.decode(&received.data, received.first_arrival)?;
        self.decode_time.record(begun.elapsed());
        Ok(frame)
    }

    fn dropped(&mut self, now: Instant) -> Taken {
        self.stats.frames_dropped += 1;
        if self.stats.unsupported.is_some() {
            // Another key frame would be of the same kind.
            self.asked = None;
            return Taken::Nothing;
        }
        let first = self.asked.is_none();
        if first {
            self.asked = Some(now);
            self.stats.key_frames_asked += 1;
        }
        if first || self.ask_again(now) { Taken::KeyFrameNeeded } else { Taken::Nothing }
    }

    /// Whether a key frame that was requested is overdue; it then counts as requested again.
    fn ask_again(&mut self, now: Instant) -> bool {
        let overdue =
            self.asked.is_some_and(|asked| now.saturating_duration_since(asked) >= ASK_AGAIN);
        if overdue {
            self.asked = Some(now);
            self.stats.key_frames_asked += 1;
        }
        overdue
    }

    /// Takes note of a frame that is ready to be shown now.
    fn shown(&mut self, frame: &VideoFrame, now: Instant, wall: WallTime) {
        self.freezes.shown(now);
        let delay = read_bar(frame).and_then(|stamp| stamp.captured_at.until(wall));
        if let Some(delay) = delay.filter(|delay| *delay <= MAX_DELAY) {
            self.delay.record(delay);
        }
        let stats = &mut self.stats;
        stats.frames_decoded += 1;
        stats.size = Some(frame.size);
        stats.first_shown.get_or_insert(now);
        stats.freeze_count = self.freezes.count();
        stats.freeze_total = self.freezes.total();
        stats.decode_ms_p50 = self.decode_time.quantile_ms(0.5);
        stats.glass_to_glass = self.delay.summary();
    }
}

#[cfg(test)]
mod tests;
