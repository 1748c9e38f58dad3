//! What files may use so that the call comes first. Pure: time is an argument.
//!
//! In, many times a second: what the estimator says of the path, what media takes, what data
//! channels have sent. Out: a rate for files. After LEDBAT (RFC 6817): files fill what nobody else
//! uses, and make way as soon as a queue shows, which is before the estimator of media does.
//!
//! What always holds: the rate is at least [`FileRate::floor`], so that a transfer ends; while
//! media gets less than it could use, files get no more than that and what media leaves; above, the
//! rate grows by a share of itself while queues are short and it is in use, and falls when they are
//! not or packets get lost that usually don't. A rate that nobody uses for a while is forgotten.

use std::time::{Duration, Instant};

use visavis_media::units::Bitrate;

/// The queue that files may cause.
const TARGET: Duration = Duration::from_millis(12);
/// The rate at the start, as a share of what media is known to get through, in bits per second.
const START_SHARE: f64 = 0.25;
const LEAST_START: f64 = 300e3;
/// The share of the estimate that files get in any case, in bits per second.
const FLOOR_SHARE: f64 = 0.04;
const LEAST_FLOOR: f64 = 16e3;
const MOST_FLOOR: f64 = 100e3;
/// More than any network card has.
const MOST: f64 = 10e9;
/// The rate grows by so many times itself a second until the first queue of its own shows,
const SEARCHING: f64 = 1.8;
/// then as long as it is below this share of what got through when one showed: media's estimator
/// takes a queue for its own and falls, which takes nearly everything from files for a moment,
const RETURNING: f64 = 2.5;
const KNOWN_SHARE: f64 = 0.7;
/// slowly from there on, so that the next queue stays a short one, and hardly at all within these
/// shares of it: there the next queue is to be expected. Beyond, the path carries more than it did.
const GROWING: f64 = 0.3;
const NEARLY_STILL: f64 = 0.05;
const NEAR: std::ops::Range<f64> = 0.9..1.1;
/// Media that gets so much of what it could use has enough, until it gets less than this.
const ENOUGH: f64 = 0.95;
const TOO_LITTLE: f64 = 0.8;
/// Of what media could use and does not, files get so much.
const LEFT_SHARE: f64 = 0.8;
/// A rate of which less than this share is used does not grow.
const IN_USE: f64 = 0.5;
/// How long what is used is averaged.
const WINDOW: Duration = Duration::from_millis(300);
/// How long after a reduction its effect is waited for, beside the round trip.
const EFFECT: Duration = Duration::from_millis(100);
/// A rate that was not used for so long says nothing of the path any more.
const FORGET_AFTER: Duration = Duration::from_secs(5);
/// While more is lost than usual the rate does not grow, and is so much of itself after each second
/// of it. It does not fall below that of the start: what was lost may say nothing of files.
const LOST: f64 = 0.5;
const LOST_EACH: Duration = Duration::from_secs(1);
/// No longer time counts at once.
const LONGEST_STEP: f64 = 0.25;

/// How things are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Observation {
    /// What the path carries by the estimate.
    pub(crate) estimate: Bitrate,
    /// What media could make use of; `None` while no picture is sent.
    pub(crate) useful: Option<Bitrate>,
    /// What media sends.
    pub(crate) media: Bitrate,
    /// How many bytes of data channels have left since the last observation.
    pub(crate) data: u64,
    /// How long packets wait in queues; `None` when nobody says.
    pub(crate) queue: Option<Duration>,
    /// Whether more gets lost than usual.
    pub(crate) loses: bool,
    pub(crate) rtt: Duration,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct FileRate {
    /// In bits per second.
    rate: f64,
    /// No queue of its own has shown yet.
    searching: bool,
    /// What got through when one showed last, in bits per second.
    known: f64,
    /// Media has enough.
    is_enough: bool,
    /// What data channels send, averaged, in bits per second.
    used: f64,
    last: Option<Instant>,
    last_used: Option<Instant>,
    reduced: Option<Instant>,
    /// Since when more is lost than usual, or when that last counted.
    lost: Option<Instant>,
}

impl Default for FileRate {
    fn default() -> Self {
        Self {
            rate: LEAST_START,
            searching: true,
            known: 0.0,
            is_enough: false,
            used: 0.0,
            last: None,
            last_used: None,
            reduced: None,
            lost: None,
        }
    }
}

impl FileRate {
    /// The least that files get, where the path carries so much.
    pub(crate) fn floor(estimate: Bitrate) -> Bitrate {
        let share = estimate.bps() as f64 * FLOOR_SHARE;
        Bitrate::from_bps(share.clamp(LEAST_FLOOR, MOST_FLOOR) as u64)
    }

    /// The rate from now on.
    pub(crate) fn update(&mut self, now: Instant, seen: &Observation) -> Bitrate {
        let last = self.last.replace(now).unwrap_or(now);
        let elapsed = now.saturating_duration_since(last).as_secs_f64().min(LONGEST_STEP);
        self.measure(now, elapsed, seen.data);
        let floor = Self::floor(seen.estimate).bps() as f64;
        let room = self.room(seen);
        if self.last_used.is_none_or(|at| now.saturating_duration_since(at) > FORGET_AFTER) {
            (self.searching, self.known) = (true, 0.0);
            let known = seen.useful.filter(|_| self.is_enough).map_or(0.0, |all| all.bps() as f64);
            self.rate = LEAST_START.max(known * START_SHARE);
        }
        let queue = seen.queue.map_or(1.0, |queue| queue.as_secs_f64() / TARGET.as_secs_f64());
        if !seen.loses {
            self.lost = None;
        }
        if queue > 1.0 {
            self.reduce(now, seen, queue);
        } else if seen.loses {
            self.lose(now);
        } else if self.used > IN_USE * self.rate {
            self.rate *= 1.0 + self.pace(queue) * (1.0 - queue) * elapsed;
        }
        self.rate = self.rate.min(room).clamp(floor, MOST);
        Bitrate::from_bps(self.rate as u64)
    }

    fn measure(&mut self, now: Instant, elapsed: f64, bytes: u64) {
        if bytes > 0 {
            self.last_used = Some(now);
        }
        if elapsed > 0.0 {
            let weight = (elapsed / WINDOW.as_secs_f64()).min(1.0);
            self.used += (bytes as f64 * 8.0 / elapsed - self.used) * weight;
        }
    }

    /// The most that files may have beside media.
    fn room(&mut self, seen: &Observation) -> f64 {
        let estimate = seen.estimate.bps() as f64;
        let Some(useful) = seen.useful.map(|useful| useful.bps() as f64) else {
            self.is_enough = true;
            return MOST;
        };
        self.is_enough = estimate >= useful * if self.is_enough { TOO_LITTLE } else { ENOUGH };
        if self.is_enough { MOST } else { (estimate - seen.media.bps() as f64) * LEFT_SHARE }
    }

    /// By how many times itself a second the rate grows. `queue` is a share of the target.
    fn pace(&self, queue: f64) -> f64 {
        if self.rate < KNOWN_SHARE * self.known {
            RETURNING
        } else if self.searching && queue < 0.5 {
            SEARCHING
        } else if NEAR.contains(&(self.rate / self.known)) {
            NEARLY_STILL
        } else {
            GROWING
        }
    }

    fn reduce(&mut self, now: Instant, seen: &Observation, queue: f64) {
        let effective = |at| now.saturating_duration_since(at) > seen.rtt + EFFECT;
        if !self.reduced.is_none_or(effective) {
            return;
        }
        self.reduced = Some(now);
        let factor = (1.0 - 0.3 * (queue - 1.0)).clamp(0.3, 0.9);
        // What is not used does not make the queue, so that says less.
        if self.used > IN_USE * self.rate {
            self.searching = false;
            self.known = self.used.min(self.rate);
        }
        let used = self.used.max(self.rate * IN_USE).max(LEAST_FLOOR);
        self.rate = self.rate.min(used) * factor;
    }

    fn lose(&mut self, now: Instant) {
        self.searching = false;
        let since = *self.lost.get_or_insert(now);
        if since == now || now.saturating_duration_since(since) > LOST_EACH {
            self.lost = Some(now);
            self.rate = self.rate.min((self.rate * LOST).max(LEAST_START));
        }
    }
}

#[cfg(test)]
mod tests;
