//! A thread that an audio device lives on: opened with a deadline, closed with a deadline.
//!
//! Some systems' streams may not change threads, and a sound server may never answer; so each
//! device is opened, held and closed by one named thread, and nobody waits for that thread for
//! longer than the deadlines here.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::device::audio_device::{AudioDeviceError, AudioKind};
use crate::device::hanging::HangingThreads;
use crate::media::stop_signal::StopSignal;

/// A sound server that takes longer than this to open a device is not going to.
pub(super) const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// A device that takes longer than this to close is left to close by itself.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

static MICROPHONES: HangingThreads = HangingThreads::new();
static SPEAKERS: HangingThreads = HangingThreads::new();

fn hanging(kind: AudioKind) -> &'static HangingThreads {
    match kind {
        AudioKind::Microphone => &MICROPHONES,
        AudioKind::Speaker => &SPEAKERS,
    }
}

/// A thread that a device lives on. Dropping this ends it, and waits for that only so long.
pub(super) struct DeviceThread {
    kind: AudioKind,
    stop: StopSignal,
    thread: Option<JoinHandle<()>>,
    /// Disconnects when the thread ends.
    ended: Receiver<()>,
}

/// The thread's side: whether to stop, and where to report that the device is open.
pub(super) struct DeviceContext<T> {
    pub(super) stop: StopSignal,
    opened: SyncSender<Result<T, AudioDeviceError>>,
    _ended: SyncSender<()>,
}

impl<T> DeviceContext<T> {
    /// Reports to the opener how it went. Only the first time counts.
    pub(super) fn report(&self, opened: Result<T, AudioDeviceError>) {
        let _ = self.opened.try_send(opened);
    }
}

impl DeviceThread {
    /// Runs `body` on a thread and waits until it reports that the device is open. Where threads of
    /// this kind hang already, there is no answer at once.
    pub(super) fn open<T: Send + 'static>(
        kind: AudioKind,
        body: impl FnOnce(&DeviceContext<T>) + Send + 'static,
    ) -> Result<(Self, T), AudioDeviceError> {
        if hanging(kind).is_full(Instant::now()) {
            return Err(AudioDeviceError::NoAnswer(kind));
        }
        let stop = StopSignal::default();
        let ((opened, answer), (ending, ended)) = (sync_channel(1), sync_channel(1));
        let context = DeviceContext { stop: stop.clone(), opened, _ended: ending };
        let thread = std::thread::Builder::new()
            .name(kind.to_string())
            .spawn(move || body(&context))
            .map_err(|source| AudioDeviceError::Thread(kind, source))?;
        let handle = Self { kind, stop, thread: Some(thread), ended };
        match answer.recv_timeout(OPEN_TIMEOUT) {
            Ok(Ok(opened)) => Ok((handle, opened)),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(AudioDeviceError::NoAnswer(kind)),
        }
    }
}

impl Drop for DeviceThread {
    fn drop(&mut self) {
        self.stop.set();
        let Some(thread) = self.thread.take() else { return };
        thread.thread().unpark();
        match self.ended.recv_timeout(CLOSE_TIMEOUT) {
            Err(RecvTimeoutError::Timeout) => {
                let kind = self.kind;
                tracing::warn!(%kind, "an audio device does not close; it is left behind");
                hanging(self.kind).left_behind(thread, Instant::now());
            }
            _ => {
                let _ = thread.join();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_device_that_hangs_does_not_hang_whoever_closes_it() {
        let (thread, ()) = DeviceThread::open(AudioKind::Speaker, |context: &DeviceContext<()>| {
            context.report(Ok(()));
            std::thread::sleep(Duration::from_secs(5));
        })
        .unwrap();
        let began = Instant::now();
        drop(thread);
        assert!(began.elapsed() < Duration::from_secs(3));
    }

    #[test]
    fn while_two_devices_hang_there_is_no_answer_at_once_and_no_other_thread() {
        let (let_go, held) = sync_channel::<()>(1);
        let held = Arc::new(std::sync::Mutex::new(held));
        let body = |held: Arc<std::sync::Mutex<Receiver<()>>>| {
            move |context: &DeviceContext<()>| {
                context.report(Ok(()));
                let _ = held.lock().map(|held| held.recv());
            }
        };
        for _ in 0..2 {
            drop(DeviceThread::open(AudioKind::Microphone, body(Arc::clone(&held))).unwrap());
        }
        let refused = DeviceThread::open(AudioKind::Microphone, |_: &DeviceContext<()>| {
            panic!("it is not started")
        });
        assert!(matches!(refused, Err(AudioDeviceError::NoAnswer { .. })));
        drop(let_go);
        let deadline = Instant::now() + Duration::from_secs(10);
        while hanging(AudioKind::Microphone).is_full(Instant::now()) {
            assert!(Instant::now() < deadline, "they came back");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_device_that_can_not_be_opened_says_why() {
        let opened = DeviceThread::open(AudioKind::Microphone, |context: &DeviceContext<()>| {
            context.report(Err(AudioDeviceError::None(AudioKind::Microphone)));
        });
        assert!(matches!(opened, Err(AudioDeviceError::None { .. })));
    }
}
