//! The test pattern as a camera, and when frames are due: punctual, on the thread `camera`.
//!
//! Frames are due at absolute moments, so the rate does not drift; one that is late does not move
//! those after it.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::{CameraError, CameraEvent, CameraOutput, CameraWant, send};
use crate::media::pattern::Pattern;
use crate::media::pattern_bar::Stamp;
use crate::media::stage_thread::StageThread;
use crate::media::stop_signal::StopSignal;
use crate::media::units::WallTime;

/// A source this late (the machine slept) restarts its schedule.
const TOO_LATE: Duration = Duration::from_secs(1);

/// Starts the thread. It waits for nothing but its own clock, so that it ends at once.
pub(super) fn start(
    body: impl FnOnce(&StopSignal) + Send + 'static,
) -> Result<StageThread<()>, CameraError> {
    let stop = StopSignal::default();
    let stopped = stop.clone();
    StageThread::spawn("camera", move || stop.set(), move || body(&stopped))
        .map_err(CameraError::Thread)
}

/// When each frame is due.
pub(super) struct Schedule {
    start: Instant,
    interval: Duration,
    next: u32,
}

impl Schedule {
    pub(super) fn new(interval: Duration) -> Self {
        Self { start: Instant::now(), interval, next: 0 }
    }

    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    /// Waits until the next frame is due; false when it is time to stop.
    pub(super) fn wait(&mut self, stop: &StopSignal) -> bool {
        let due = self.start + self.interval * self.next;
        if stop.wait_until(due) {
            return false;
        }
        let now = Instant::now();
        if now.saturating_duration_since(due) > TOO_LATE || self.next == u32::MAX {
            *self = Self { start: now, interval: self.interval, next: 0 };
        }
        self.next += 1;
        true
    }
}

pub(super) fn start_pattern(
    want: CameraWant,
    output: CameraOutput,
    events: mpsc::Sender<CameraEvent>,
) -> Result<StageThread<()>, CameraError> {
    start(move |stop| {
        let pattern = Pattern::new(want.size);
        let mut schedule = Schedule::new(Duration::from_secs(1) / want.fps.max(1));
        let mut index = 0_u32;
        while schedule.wait(stop) {
            let stamp = Stamp { index, captured_at: WallTime::now() };
            output.put(&pattern.render(stamp, Instant::now()));
            if index == 0 {
                send(&events, CameraEvent::Live, stop);
            }
            index = index.wrapping_add(1);
        }
    })
}
