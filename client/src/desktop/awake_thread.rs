//! Keeps the screen awake on macOS and Windows.
//!
//! What always holds: Windows keeps it awake for a thread, so one thread asks for it, waits, and
//! lets go; a program that dies keeps no screen awake.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::texts;
use crate::media::stage_thread::StageThread;
use crate::media::stop_signal::StopSignal;

/// Only to wait for the signal: it ends the wait.
const A_LONG_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Keeps the screen awake while that is wanted.
pub(super) async fn keep_awake(mut wishes: watch::Receiver<bool>) {
    let mut held: Option<StageThread<()>> = None;
    loop {
        let wanted = *wishes.borrow_and_update();
        if !wanted {
            // Waits for the thread, which has nothing else to do.
            drop(held.take());
        } else if held.is_none() {
            held = hold();
        }
        if wishes.changed().await.is_err() {
            return;
        }
    }
}

fn hold() -> Option<StageThread<()>> {
    let stop = StopSignal::default();
    let stopped = stop.clone();
    let run = move || {
        let awake = keepawake::Builder::default()
            .display(true)
            .idle(true)
            .reason(texts::in_a_call())
            .app_name(texts::APP)
            .app_reverse_domain(texts::APP_ID)
            .create();
        match awake {
            Ok(_awake) => while !stopped.wait_until(Instant::now() + A_LONG_TIME) {},
            Err(error) => tracing::debug!(%error, "the screen can't be kept awake"),
        }
    };
    let thread = StageThread::spawn("keep-awake", move || stop.set(), run);
    thread.inspect_err(|error| tracing::warn!(%error, "no thread to keep the screen awake")).ok()
}
