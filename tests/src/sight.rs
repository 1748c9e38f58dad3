//! Watches what a session shows, as a window would, and what it measures meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use visavis_client::media::drop_oldest_queue::{DropOldestQueue, Taken};
use visavis_client::media::frame::RgbaFrame;
use visavis_client::session::snapshot::SessionLink;
use visavis_client::session::statistics::Reading;

/// A frame that was shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// When.
    pub at: Instant,
    /// Its height as it came.
    pub height: u32,
}

/// Watches until the slot is closed or the time is up.
///
/// # Panics
/// When the system has no thread for it.
pub fn watch(
    slot: Arc<DropOldestQueue<RgbaFrame>>,
    until: Instant,
) -> std::thread::JoinHandle<Vec<Shown>> {
    let body = move || {
        let mut shown = Vec::new();
        while Instant::now() < until {
            match slot.wait(Duration::from_millis(50)) {
                Taken::Value(frame) => {
                    shown.push(Shown { at: Instant::now(), height: frame.size.height() })
                }
                Taken::TimedOut => {}
                Taken::Closed => break,
            }
        }
        shown
    };
    std::thread::Builder::new()
        .name("sight".to_owned())
        .spawn(body)
        .expect("the system has a thread for it")
}

/// What is noted of a session while it runs.
pub struct Watch {
    sight: Option<std::thread::JoinHandle<Vec<Shown>>>,
    readings: JoinHandle<Vec<(Instant, Reading)>>,
}

impl Watch {
    /// Watches until the session has ended or the time is up.
    #[must_use]
    pub fn start(link: &SessionLink, until: Instant) -> Self {
        let mut snapshots = link.snapshots.clone();
        let readings = tokio::spawn(async move {
            let mut readings: Vec<(Instant, Reading)> = Vec::new();
            while snapshots.changed().await.is_ok() {
                let latest = snapshots
                    .borrow_and_update()
                    .statistics
                    .as_ref()
                    .and_then(|s| s.latest().copied());
                let Some(latest) = latest else { continue };
                if readings.last().is_none_or(|(_, last)| last.at != latest.at) {
                    readings.push((Instant::now(), latest));
                }
            }
            readings
        });
        let sight = Some(watch(Arc::clone(&link.remote_video), until));
        Self { sight, readings }
    }

    /// What was shown, once; call it when the slot is closed.
    pub async fn shown(&mut self) -> Vec<Shown> {
        let Some(sight) = self.sight.take() else { return Vec::new() };
        tokio::task::spawn_blocking(move || sight.join().unwrap_or_default())
            .await
            .unwrap_or_default()
    }

    /// What was measured; call it when the session is gone.
    pub async fn readings(self) -> Vec<(Instant, Reading)> {
        self.readings.await.unwrap_or_default()
    }
}

/// The longest time between two frames, or between the beginning or the end and the nearest.
#[must_use]
pub fn longest_freeze(shown: &[Shown], from: Instant, to: Instant) -> Duration {
    let moments =
        shown.iter().map(|shown| shown.at).filter(|at| (from..to).contains(at)).chain([to]);
    let mut before = from;
    let gaps = moments.map(|at| at - std::mem::replace(&mut before, at));
    gaps.max().unwrap_or_default()
}

/// The height that most frames had in a span of time.
#[must_use]
pub fn usual_height(shown: &[Shown], from: Instant, to: Instant) -> Option<u32> {
    let mut heights: Vec<u32> =
        shown.iter().filter(|s| (from..to).contains(&s.at)).map(|s| s.height).collect();
    heights.sort_unstable();
    heights.get(heights.len() / 2).copied()
}

/// Frames a second in a span of time.
#[must_use]
pub fn frames_per_second(shown: &[Shown], from: Instant, to: Instant) -> f64 {
    let count = shown.iter().filter(|shown| (from..to).contains(&shown.at)).count();
    count as f64 / (to - from).as_secs_f64()
}

/// How long after this moment the first frame came that others followed: the next a fifth of a
/// second later at most. What was still in flight is no sign that it goes on.
#[must_use]
pub fn video_back(shown: &[Shown], after: Instant) -> Option<Duration> {
    let later: Vec<Instant> =
        shown.iter().map(|shown| shown.at).filter(|at| *at >= after).collect();
    later
        .windows(2)
        .find(|pair| pair[1] - pair[0] < Duration::from_millis(200))
        .map(|pair| pair[0] - after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(start: Instant, at_ms: &[u64]) -> Vec<Shown> {
        at_ms
            .iter()
            .map(|ms| Shown { at: start + Duration::from_millis(*ms), height: 720 })
            .collect()
    }

    #[test]
    fn the_longest_freeze_counts_the_beginning_and_the_end() {
        let start = Instant::now();
        let end = start + Duration::from_secs(1);
        assert_eq!(
            longest_freeze(&shown(start, &[300, 400, 900]), start, end),
            Duration::from_millis(500)
        );
        assert_eq!(
            longest_freeze(&shown(start, &[300, 400]), start, end),
            Duration::from_millis(600)
        );
        assert_eq!(longest_freeze(&[], start, end), Duration::from_secs(1));
    }

    #[test]
    fn a_single_late_frame_is_not_the_video_being_back() {
        let start = Instant::now();
        let frames = shown(start, &[20, 700, 733, 766]);
        assert_eq!(video_back(&frames, start), Some(Duration::from_millis(700)));
        assert_eq!(video_back(&frames[..2], start), None);
    }
}
