//! Watches what a session shows, as a window would.

use std::sync::Arc;
use std::time::{Duration, Instant};

use visavis_client::media::drop_oldest_queue::{DropOldestQueue, Taken};
use visavis_client::media::frame::RgbaFrame;

/// A frame that was shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown {
    pub(crate) at: Instant,
    pub(crate) height: u32,
}

/// Watches until the slot is closed or the time is up.
pub(crate) fn watch(
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
