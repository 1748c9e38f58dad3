//! Where a source puts its frames: one slot for each that wants them (the encoder, the
//! self-view).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::VideoFrame;

/// A frame that is older is not what the camera sees: it may have been turned off since.
const FRESH: Duration = Duration::from_millis(100);

/// Slots that all get every frame. Cloning it gives another handle to the same slots; they can be
/// attached and detached while the camera runs, so that a call begins without opening the camera
/// again.
#[derive(Clone, Default)]
pub struct CameraOutput {
    outlets: Arc<Mutex<Outlets>>,
}

#[derive(Default)]
struct Outlets {
    slots: Vec<Arc<DropOldestQueue<VideoFrame>>>,
    latest: Option<VideoFrame>,
}

impl std::fmt::Debug for CameraOutput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CameraOutput")
    }
}

impl CameraOutput {
    /// Without any slot: frames go nowhere.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on this slot gets frames too, beginning with the latest where that is fresh: a
    /// call's first frame need not wait for the camera.
    pub fn attach(&self, slot: Arc<DropOldestQueue<VideoFrame>>) {
        let mut outlets = self.outlets();
        if let Some(latest) = &outlets.latest
            && latest.captured_at.elapsed() < FRESH
        {
            slot.put(latest.clone());
        }
        outlets.slots.push(slot);
    }

    /// From now on this slot gets none.
    pub fn detach(&self, slot: &Arc<DropOldestQueue<VideoFrame>>) {
        self.outlets().slots.retain(|other| !Arc::ptr_eq(other, slot));
    }

    /// Takes all slots over, for the next camera: whatever still writes to this output writes
    /// nowhere from now on.
    #[must_use]
    pub fn take_over(&self) -> Self {
        let slots = std::mem::take(&mut self.outlets().slots);
        Self { outlets: Arc::new(Mutex::new(Outlets { slots, latest: None })) }
    }

    /// Puts a frame into every slot; the data is shared.
    pub(crate) fn put(&self, frame: &VideoFrame) {
        let mut outlets = self.outlets();
        for slot in &outlets.slots {
            slot.put(frame.clone());
        }
        outlets.latest = Some(frame.clone());
    }

    fn outlets(&self) -> std::sync::MutexGuard<'_, Outlets> {
        self.outlets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Arc<DropOldestQueue<VideoFrame>>> for CameraOutput {
    fn from(slot: Arc<DropOldestQueue<VideoFrame>>) -> Self {
        let output = Self::new();
        output.attach(slot);
        output
    }
}
