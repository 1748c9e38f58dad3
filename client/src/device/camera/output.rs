//! Where a source puts its pictures: one slot for each that wants them (the encoder, the self-view).

use std::sync::{Arc, Mutex, PoisonError};

use crate::media::frame::VideoFrame;
use crate::media::slot::LatestSlot;

/// Slots that all get every picture. Cloning it gives another handle to the same slots; they can be attached and
/// detached while the camera runs, so that a call begins without opening the camera again.
#[derive(Clone, Default)]
pub struct CameraOutput {
    slots: Arc<Mutex<Vec<Arc<LatestSlot<VideoFrame>>>>>,
}

impl std::fmt::Debug for CameraOutput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CameraOutput")
    }
}

impl CameraOutput {
    /// Without any slot: pictures go nowhere.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on this slot gets pictures too.
    pub fn attach(&self, slot: Arc<LatestSlot<VideoFrame>>) {
        self.slots().push(slot);
    }

    /// From now on this slot gets none.
    pub fn detach(&self, slot: &Arc<LatestSlot<VideoFrame>>) {
        self.slots().retain(|other| !Arc::ptr_eq(other, slot));
    }

    /// Takes all slots over, for the next camera: whatever still writes to this output writes nowhere from now on.
    #[must_use]
    pub fn take_over(&self) -> Self {
        Self { slots: Arc::new(Mutex::new(std::mem::take(&mut *self.slots()))) }
    }

    /// Puts a picture into every slot; the data is shared.
    pub(crate) fn put(&self, frame: &VideoFrame) {
        for slot in &*self.slots() {
            slot.put(frame.clone());
        }
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, Vec<Arc<LatestSlot<VideoFrame>>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Arc<LatestSlot<VideoFrame>>> for CameraOutput {
    fn from(slot: Arc<LatestSlot<VideoFrame>>) -> Self {
        let output = Self::new();
        output.attach(slot);
        output
    }
}
