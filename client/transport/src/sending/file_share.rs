//! What files get of what the path carries, beside what the sending task sends.
//!
//! In: what media sends, and the estimate. Out: the rate, to the sockets that keep data channels to
//! it and to whoever sends files. [`FileRate`] decides.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use visavis_media::units::Bitrate;

use super::file_rate::{FileRate, Observation};
use crate::feedback::media_path::MediaPath;
use crate::path::socket::SocketLayer;

/// What media sends is averaged over about this long.
const WINDOW: Duration = Duration::from_millis(500);
/// A picture of which nothing was sent for so long is none.
const PICTURE_ENDS: Duration = Duration::from_secs(1);
/// A rate that differs by less than this is not worth a word.
const STEP: f64 = 0.02;

/// See the module.
pub(crate) struct FileShare {
    rate: FileRate,
    told: watch::Sender<Bitrate>,
    socket_layer: Arc<SocketLayer>,
    /// How many bytes of data channels have left.
    left: u64,
    /// What media sends, averaged, in bits per second, and what it sent since.
    media: f64,
    bytes: usize,
    since: Option<Instant>,
    last_picture: Option<Instant>,
}

impl FileShare {
    /// What files get on the path of these sockets is told here.
    pub(crate) fn new(told: watch::Sender<Bitrate>, socket_layer: Arc<SocketLayer>) -> Self {
        Self {
            rate: FileRate::default(),
            told,
            socket_layer,
            left: 0,
            media: 0.0,
            bytes: 0,
            since: None,
            last_picture: None,
        }
    }

    /// A packet of media of so many bytes leaves.
    pub(crate) fn media_leaves(&mut self, bytes: usize, is_picture: bool, now: Instant) {
        self.bytes += bytes;
        if is_picture {
            self.last_picture = Some(now);
        }
    }

    /// Sets the rate anew. `useful` is what media could make use of with a picture. Returns how
    /// many bytes files have sent that are not what media leaves, but taken from it.
    pub(crate) fn update(&mut self, now: Instant, path: &MediaPath, useful: Bitrate) -> usize {
        let since = self.since.replace(now).unwrap_or(now);
        let elapsed = now.saturating_duration_since(since);
        if !elapsed.is_zero() {
            let current = self.bytes as f64 * 8.0 / elapsed.as_secs_f64();
            let weight = (elapsed.as_secs_f64() / WINDOW.as_secs_f64()).min(1.0);
            self.media += (current - self.media) * weight;
            self.bytes = 0;
        }
        let has_picture =
            self.last_picture.is_some_and(|at| now.saturating_duration_since(at) < PICTURE_ENDS);
        let rate_so_far = *self.told.borrow();
        let left = self.socket_layer.pace_data(rate_so_far);
        let data = left.saturating_sub(std::mem::replace(&mut self.left, left));
        let seen = {
            let mut state = path.state();
            let rtt = state.rtt().unwrap_or_default();
            let estimator = &mut state.estimator;
            Observation {
                estimate: estimator.target(now),
                useful: has_picture.then_some(useful),
                media: Bitrate::from_bps(self.media as u64),
                data,
                queue: estimator.queue(now),
                loses: estimator.is_lossy(),
                rtt,
            }
        };
        // Without media, which the other reports on, only ICE's checks tell of queues.
        let queue = seen.queue.or_else(|| self.socket_layer.queued());
        let rate = self.rate.update(now, &Observation { queue, ..seen });
        let differs = rate.bps().abs_diff(rate_so_far.bps()) as f64;
        if differs > STEP * rate_so_far.bps() as f64 {
            self.socket_layer.pace_data(rate);
            self.told.send_replace(rate);
        }
        let floor = FileRate::floor(seen.estimate).bytes_in(elapsed);
        usize::try_from(data.min(floor)).unwrap_or_default()
    }
}
