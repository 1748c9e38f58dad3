//! What wakes the window: a new snapshot, a new video frame, or a clock on the screen whose next
//! second is due, and nothing else.
//!
//! In: the session's snapshots and video slots. Out: repaint requests. What always holds: while
//! nothing changes no request is made; one change makes one pass (a request for "at once" would
//! make two).

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{Context, ViewportId};
use tokio::sync::{Notify, watch};

use crate::media::stage_thread::StageThread;
use crate::session::snapshot::{SessionLink, Snapshot};

/// As soon as possible, in one pass.
const SOON: Duration = Duration::from_nanos(1);
/// The microphone's level is looked at by a person, not measured: this many times a second is
/// enough.
const LEVEL_INTERVAL: Duration = Duration::from_millis(66);
/// Our own video waits this long for the other person's, to be painted in the same pass.
const SELF_VIDEO_WAIT: Duration = Duration::from_millis(40);

/// Watches a session for a window: on the thread `window-wake`, and with hooks in the video slots.
pub(super) fn start(ctx: &Context, link: &SessionLink) -> io::Result<StageThread<()>> {
    let ctx = ctx.clone();
    let repaint = move |delay| ctx.request_repaint_after_for(delay, ViewportId::ROOT);
    let (remote, own) = (repaint.clone(), repaint.clone());
    link.remote_video.on_fill(move || remote(SOON));
    let snapshots = link.snapshots.clone();
    link.self_video.on_fill(move || {
        own(if snapshots.borrow().remote_video_live { SELF_VIDEO_WAIT } else { SOON });
    });
    // Only waits for a channel, so it needs neither input and output nor timers.
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let (stop, snapshots) = (Arc::new(Notify::new()), link.snapshots.clone());
    let stopped = Arc::clone(&stop);
    let slot = Arc::clone(&link.remote_video);
    let wake = move |delay| {
        // A level that nobody sees is not shown.
        if delay != LEVEL_INTERVAL || !slot.is_paused() {
            repaint(delay);
        }
    };
    let run = move || runtime.block_on(watch(snapshots, &stopped, wake));
    StageThread::spawn("window-wake", move || stop.notify_one(), run)
}

async fn watch(
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    stopped: &Notify,
    repaint: impl Fn(Duration),
) {
    let mut seen = Arc::clone(&snapshots.borrow_and_update());
    loop {
        tokio::select! {
            () = stopped.notified() => return,
            changed = snapshots.changed() => {
                if changed.is_err() {
                    // The session is gone: one more pass, so that the window notices.
                    repaint(SOON);
                    return;
                }
                let new = Arc::clone(&snapshots.borrow_and_update());
                if let Some(delay) = urgency(&seen, &new) {
                    repaint(delay);
                }
                seen = new;
            }
        }
    }
}

/// How soon a change has to be seen; `None` when nothing changed.
fn urgency(old: &Snapshot, new: &Snapshot) -> Option<Duration> {
    if old == new {
        return None;
    }
    let same_level = Snapshot { microphone_level: old.microphone_level, ..new.clone() };
    Some(if same_level == *old { LEVEL_INTERVAL } else { SOON })
}

/// How long until the next whole second of a wait that began then.
pub(super) fn until_next_second(since: Instant, now: Instant) -> Duration {
    let past = now.saturating_duration_since(since);
    // A millisecond late rather than a nanosecond early, which would show the same second twice.
    Duration::from_secs(1) - Duration::from_nanos(u64::from(past.subsec_nanos()))
        + Duration::from_millis(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_wakes_the_window_and_the_level_alone_can_wait() {
        let calm = Snapshot::default();
        let level = Snapshot { microphone_level: 0.4, ..Snapshot::default() };
        let muted =
            Snapshot { microphone_level: 0.4, microphone_muted: true, ..Snapshot::default() };
        assert_eq!(urgency(&calm, &calm.clone()), None);
        assert_eq!(urgency(&calm, &level), Some(LEVEL_INTERVAL));
        assert_eq!(urgency(&calm, &muted), Some(SOON));
    }

    #[test]
    fn the_clock_comes_due_just_after_the_next_whole_second() {
        let since = Instant::now();
        let due = |ms: u64| until_next_second(since, since + Duration::from_millis(ms)).as_millis();
        assert_eq!([due(0), due(1), due(999), due(1000), due(61_400)], [1001, 1000, 2, 1001, 601]);
    }

    #[tokio::test]
    async fn the_watch_ends_with_the_session_and_says_so_once() {
        let (snapshots, receiver) = watch::channel(Arc::new(Snapshot::default()));
        drop(snapshots);
        let repaints = std::cell::Cell::new(0);
        watch(receiver, &Notify::new(), |_| repaints.set(repaints.get() + 1)).await;
        assert_eq!(repaints.get(), 1);
    }
}
