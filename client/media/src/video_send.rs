//! The sending stage: the latest captured frame in, encoded frames out, on the thread
//! `video-encode`.
//!
//! Drops frames above the frame rate, fits size and encoder to what the network carries, makes
//! key frames on request. Frames say whether they are of a camera or of a screen, which is sent in
//! ways of its own (`ScreenSend`); from one to the other the stream goes on, and the camera
//! comes back at the size and rate that it had. What always holds: an older frame is never sent
//! when a newer one is there; nothing is encoded that can't be handed on, so what is encoded is
//! never dropped here; nothing is encoded while nobody takes it;
//! requests for key frames that come together get one key frame.

use std::error::Error;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::drop_oldest_queue::{DropOldestQueue, Taken};
use crate::frame::{Content, EncodedVideo, VideoFrame};
use crate::h264_encoder::H264Encoder;
use crate::h264_level::H264Level;
use crate::h264_profile::H264Profile;
use crate::quantiles::Quantiles;
use crate::scale::Scaler;
use crate::screen_send::{ScreenSend, ScreenStep};
use crate::send_rate::FrameRateLadder;
use crate::send_size::{FrameGate, FrameRateMeter};
use crate::size_ladder::SizeLadder;
use crate::size_losses::SizeLosses;
use crate::stage_thread::{StageError, StageThread};
use crate::units::{Bitrate, VideoSize};
use crate::video_control::{KeyFrame, VideoControl};

/// Key frames are large: somebody who requests one after the other gets this many seconds between
/// them.
const KEY_FRAME_INTERVAL: Duration = Duration::from_millis(300);
/// A coarse key frame has this share of the bits of another.
const COARSE: f64 = 0.3;
/// How often the thread looks at its requests while no frame comes.
const IDLE: Duration = Duration::from_millis(100);
/// How soon to look again whether the queue to the network has room for a screen.
const ROOM: Duration = Duration::from_millis(10);
/// Two frames have different timestamps.
const LEAST_GAP: Duration = Duration::from_millis(1);
/// The encoder gets another frame rate when it is off by more than this share.
const FRAME_RATE_TOLERANCE: f32 = 0.15;

/// How frames are sent.
#[derive(Debug, Clone, Copy)]
pub struct VideoSendSettings {
    /// The largest frame.
    pub max_size: VideoSize,
    /// At most so many a second.
    pub fps: u32,
    /// The highest bit rate, whatever the network carries.
    pub max_bitrate: Bitrate,
    /// The bit rate until the network says otherwise.
    pub start_bitrate: Bitrate,
}

/// What was sent so far; `None` where nothing was measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VideoSendStats {
    /// How many frames were encoded.
    pub frames: u64,
    /// Key frames among them.
    pub key_frames: u64,
    /// How many bytes all of them have.
    pub bytes: u64,
    /// The size of the last one.
    pub size: Option<VideoSize>,
    /// How many a second, from the first to the last.
    pub fps: Option<f64>,
    /// How long scaling and encoding took.
    pub encode_ms_p50: Option<f64>,
    /// How long it took at the slow end.
    pub encode_ms_p99: Option<f64>,
    /// What the encoder aims at.
    pub target: Option<Bitrate>,
    /// Frames that the camera gave since there was something to send, encoded or not.
    pub offered: u64,
    /// Frames that were not encoded as the queue to the network was full.
    pub dropped: u64,
    /// Frames that failed.
    pub errors: u64,
}

/// A running sending stage.
pub struct VideoSender {
    stats: Arc<Mutex<VideoSendStats>>,
    thread: StageThread<()>,
}

impl VideoSender {
    /// Starts it. It ends when the input is closed or nobody takes the output any more.
    pub fn spawn(
        input: Arc<DropOldestQueue<VideoFrame>>,
        settings: VideoSendSettings,
        output: mpsc::Sender<EncodedVideo>,
        control: Receiver<VideoControl>,
    ) -> Result<Self, StageError> {
        let stats = Arc::<Mutex<VideoSendStats>>::default();
        let (frames, published) = (Arc::clone(&input), Arc::clone(&stats));
        let end = move || input.close();
        let thread = StageThread::spawn("video-encode", end, move || {
            run(&frames, &mut Encoding::new(settings), &output, control, &published);
        })?;
        Ok(Self { stats, thread })
    }

    /// What was sent so far.
    #[must_use]
    pub fn stats(&self) -> VideoSendStats {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Closes the input, waits for the end and says what was sent.
    #[must_use]
    pub fn stop(mut self) -> VideoSendStats {
        self.thread.stop();
        self.stats()
    }
}

fn run(
    input: &DropOldestQueue<VideoFrame>,
    encoding: &mut Encoding,
    output: &mpsc::Sender<EncodedVideo>,
    control: Receiver<VideoControl>,
    published: &Mutex<VideoSendStats>,
) {
    let mut control = Some(control);
    loop {
        let taken = input.wait(encoding.rest(Instant::now()));
        while let Some(requests) = &control {
            match requests.try_recv() {
                Ok(request) => encoding.request(request),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => control = None,
            }
        }
        let frame = match taken {
            _ if output.is_closed() => return,
            Taken::Value(frame) => Some(frame),
            Taken::TimedOut => None,
            Taken::Closed => return,
        };
        // Those that nobody took in time are gone from the queue.
        let missed = input.dropped();
        if frame.is_some() && encoding.wanted {
            encoding.stats.offered += 1 + missed.saturating_sub(encoding.missed);
        }
        encoding.missed = missed;
        let frame = frame.and_then(|frame| encoding.take(frame, Instant::now()));
        if !encoding.wanted || (frame.is_none() && encoding.screen.is_none()) {
            continue;
        }
        // The place in the queue comes first: to drop a frame before it is encoded costs nobody a
        // key frame.
        match output.try_reserve() {
            Ok(place) => {
                let encoded = match &frame {
                    Some(frame) => encoding.encode(frame, Instant::now()),
                    None => encoding.encode_screen(Instant::now()),
                };
                match encoded {
                    Ok(Some(encoded)) => place.send(encoded),
                    Ok(None) => {}
                    Err(error) => encoding.failed(&*error),
                }
            }
            // A screen waits for its turn, and is there when it comes.
            Err(TrySendError::Full(())) => {
                encoding.stats.dropped += u64::from(frame.is_some());
                encoding.screen_due = encoding.screen.as_ref().map(|_| Instant::now() + ROOM);
            }
            Err(TrySendError::Closed(())) => return,
        }
        *published.lock().unwrap_or_else(PoisonError::into_inner) = encoding.stats.clone();
    }
}

/// The sizes up to the largest that was requested and that a level allows.
fn ladder(settings: &VideoSendSettings, level: H264Level) -> SizeLadder {
    SizeLadder::new(level.fit(settings.max_size, settings.fps))
}

/// Everything but the thread.
struct Encoding {
    settings: VideoSendSettings,
    ladder: SizeLadder,
    losses: SizeLosses,
    /// Up to which the other takes frames.
    level: H264Level,
    /// By which the other takes frames.
    profile: H264Profile,
    gate: FrameGate,
    rate: FrameRateLadder,
    meter: FrameRateMeter,
    scaler: Scaler,
    encoder: Option<H264Encoder>,
    /// While a screen is sent.
    screen: Option<ScreenSend>,
    /// When to look at it again.
    screen_due: Option<Instant>,
    /// At what rate the camera takes frames, and at what rate they are encoded.
    camera_fps: f32,
    fps: f32,
    target: Bitrate,
    /// Whether anybody takes what is encoded.
    wanted: bool,
    /// How many frames had come too fast by now.
    missed: u64,
    key_wanted: Option<KeyFrame>,
    last_key: Option<Instant>,
    first_capture: Option<Instant>,
    last_capture: Option<Instant>,
    encode_time: Quantiles,
    stats: VideoSendStats,
}

impl Encoding {
    fn new(settings: VideoSendSettings) -> Self {
        Self {
            settings,
            ladder: ladder(&settings, H264Level::BASIC),
            losses: SizeLosses::default(),
            level: H264Level::BASIC,
            profile: H264Profile::default(),
            gate: FrameGate::default(),
            rate: FrameRateLadder::new(settings.fps),
            meter: FrameRateMeter::default(),
            scaler: Scaler::sharp(),
            encoder: None,
            screen: None,
            screen_due: None,
            camera_fps: settings.fps.max(1) as f32,
            fps: settings.fps.max(1) as f32,
            target: settings.start_bitrate.min(settings.max_bitrate),
            wanted: true,
            missed: 0,
            key_wanted: None,
            last_key: None,
            first_capture: None,
            last_capture: None,
            encode_time: Quantiles::default(),
            stats: VideoSendStats::default(),
        }
    }

    /// Takes a request; of several targets the last counts.
    fn request(&mut self, request: VideoControl) {
        match request {
            VideoControl::KeyFrame(wanted) => self.key_wanted = self.key_wanted.max(Some(wanted)),
            VideoControl::Target(target) => self.target = target.min(self.settings.max_bitrate),
            VideoControl::Wanted(wanted) => {
                // Whoever takes it again has missed what was before.
                if wanted && !self.wanted {
                    self.key_wanted = self.key_wanted.max(Some(KeyFrame::Fine));
                }
                self.wanted = wanted;
            }
            VideoControl::Level(level) if level != self.level => {
                self.level = level;
                self.ladder = ladder(&self.settings, level);
                if let Some(screen) = &mut self.screen {
                    screen.set_level(level);
                }
            }
            VideoControl::Level(_) => {}
            VideoControl::Profile(profile) => {
                // Another encoder begins with a key frame of its own accord.
                if profile != self.profile {
                    self.profile = profile;
                    self.encoder = None;
                    if let Some(screen) = &mut self.screen {
                        screen.set_profile(profile);
                    }
                }
            }
        }
    }

    /// How long to wait for a frame at most.
    fn rest(&self, now: Instant) -> Duration {
        let due = self.screen_due.filter(|_| self.wanted);
        due.map_or(IDLE, |due| due.saturating_duration_since(now).min(IDLE))
    }

    /// Takes a frame of a screen, or gives back one of a camera if somebody is to get it: how many
    /// a camera takes a second is to be known when somebody is.
    fn take(&mut self, frame: VideoFrame, now: Instant) -> Option<VideoFrame> {
        if frame.content == Content::Screen {
            // Each begins with a key frame of its own.
            self.encoder = None;
            let (level, profile) = (self.level, self.profile);
            let screen = self.screen.get_or_insert_with(|| ScreenSend::new(level, profile));
            self.screen_due = None;
            if let Err(error) = screen.take(frame, now) {
                self.failed(&*error);
            }
            return None;
        }
        (self.screen, self.screen_due) = (None, None);
        if !self.wanted {
            if let Some(fps) = self.meter.count(frame.captured_at) {
                self.camera_fps = fps.max(1.0);
            }
            return None;
        }
        Some(frame)
    }

    /// A requested key frame, if the last one is not too recent.
    fn key_frame_due(&self, now: Instant) -> Option<KeyFrame> {
        let may = self
            .last_key
            .is_none_or(|last| now.saturating_duration_since(last) >= KEY_FRAME_INTERVAL);
        self.key_wanted.filter(|_| may)
    }

    /// Encodes the screen if that is due.
    fn encode_screen(&mut self, now: Instant) -> Result<Option<EncodedVideo>, Box<dyn Error>> {
        let key = self.key_frame_due(now);
        let Some(screen) = &mut self.screen else { return Ok(None) };
        let begun = Instant::now();
        match screen.next(self.target, key, now)? {
            ScreenStep::Encoded(encoded, size) => {
                screen.took(begun.elapsed());
                self.screen_due = Some(now);
                Ok(Some(self.account(encoded, size, begun.elapsed(), now)))
            }
            ScreenStep::LookAgain(due) => {
                self.screen_due = Some(due);
                Ok(None)
            }
        }
    }

    /// Encodes a camera's frame; `None` when it is one too many.
    fn encode(
        &mut self,
        frame: &VideoFrame,
        now: Instant,
    ) -> Result<Option<EncodedVideo>, Box<dyn Error>> {
        let allowed = self.rate.fps(self.target);
        if let Some(fps) = self.meter.count(frame.captured_at) {
            self.camera_fps = fps.max(1.0);
        }
        if !self.gate.admit(frame.captured_at, allowed) {
            return Ok(None);
        }
        let begun = Instant::now();
        // At once, not when it was measured: until then more frames a second would each have the
        // bits of fewer.
        let fps = self.camera_fps.min(allowed as f32);
        let other_fps = (fps / self.fps - 1.0).abs() > FRAME_RATE_TOLERANCE;
        if other_fps {
            self.fps = fps;
        }
        let key = self.key_frame_due(now);
        if let Some(losses) = self.losses.of(frame, self.ladder.largest(), now)? {
            self.ladder.loses(losses);
        }
        // Fewer frames a second are for better ones, not for larger ones.
        let size =
            self.ladder.size_for(frame.size, self.target, self.camera_fps, key.is_some(), now);
        let scaled = self.scaler.scale(frame, size)?;
        // The encoder takes a key frame's share from its rate.
        let target =
            if key == Some(KeyFrame::Coarse) { self.target.scaled(COARSE) } else { self.target };

        let encoder = match &mut self.encoder {
            Some(encoder) if encoder.size() == size => encoder,
            // Another size begins with a key frame of its own accord.
            other => {
                let encoder = H264Encoder::new(size, self.fps, target)?;
                other.insert(encoder.with_profile(self.profile)?)
            }
        };
        if other_fps {
            encoder.set_frame_rate(self.fps);
        }
        encoder.set_target(target);
        let first_capture = *self.first_capture.get_or_insert(frame.captured_at);
        let since_first = frame.captured_at.saturating_duration_since(first_capture);
        let encoded = encoder.encode(&scaled, key.is_some(), since_first)?;

        self.ladder.encoded(encoder.quantizer(), encoded.data.len(), encoded.key);
        self.rate.encoded(begun.elapsed(), now);
        Ok(Some(self.account(encoded, size, begun.elapsed(), now)))
    }

    /// Counts an encoded frame, and sees to it that time goes on from the one before it.
    fn account(
        &mut self,
        mut encoded: EncodedVideo,
        size: VideoSize,
        took: Duration,
        now: Instant,
    ) -> EncodedVideo {
        if encoded.key {
            self.key_wanted = None;
            self.last_key = Some(now);
            self.stats.key_frames += 1;
        }
        // A frame of a screen may have been sent again since this one was captured.
        let after = self.last_capture.map(|last| last + LEAST_GAP);
        encoded.captured_at = after.map_or(encoded.captured_at, |at| encoded.captured_at.max(at));
        self.last_capture = Some(encoded.captured_at);
        let first = *self.first_capture.get_or_insert(encoded.captured_at);
        self.encode_time.record(took);
        let stats = &mut self.stats;
        stats.frames += 1;
        stats.bytes += encoded.data.len() as u64;
        stats.size = Some(size);
        stats.target = Some(self.target);
        stats.encode_ms_p50 = self.encode_time.quantile_ms(0.5);
        stats.encode_ms_p99 = self.encode_time.quantile_ms(0.99);
        let since_first = encoded.captured_at.saturating_duration_since(first);
        if !since_first.is_zero() {
            stats.fps = Some((stats.frames - 1) as f64 / since_first.as_secs_f64());
        }
        encoded
    }

    /// After an error nothing is known of the encoder's state: the next frame gets a new one, and
    /// so a key frame.
    fn failed(&mut self, error: &dyn Error) {
        if self.stats.errors == 0 {
            tracing::warn!(%error, "a frame was not sent");
        }
        self.stats.errors += 1;
        self.encoder = None;
        if let Some(screen) = &mut self.screen {
            screen.failed(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests;
