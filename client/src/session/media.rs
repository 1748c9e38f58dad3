//! The thread that owns every device and every encoder and decoder: `media`.
//!
//! Closing a device can take its time, so the driver only sends this thread commands, which are
//! carried out in order. Devices are open while a call or the preview wants them and closed at once
//! when neither does; each is opened on a thread of its own. A device that is missing, busy or lost
//! is reported in words for as long as it is, everything else goes on without it, and it is tried
//! again.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::RgbaFrame;
use crate::session::media_engine::{MediaCommand, MediaEngine, MediaEvent, MediaStatistics};
use crate::session::options::SessionOptions;

/// Commands that wait. They come from a person's clicks and a call's few steps; when full, the
/// command is refused, and that logged.
const COMMAND_QUEUE: usize = 64;
/// Events that wait; when full, the event is dropped and comes again or is out of date.
const EVENT_QUEUE: usize = 64;
/// How often devices and levels are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often while a device is about to be open.
const LOOK_SOON: Duration = Duration::from_millis(10);

/// The driver's end.
pub(super) struct MediaHandle<C> {
    commands: SyncSender<MediaCommand<C>>,
    statistics: Arc<Mutex<MediaStatistics>>,
    ended: oneshot::Receiver<()>,
}

impl<C: Send + Sync + 'static> MediaHandle<C> {
    /// Starts the thread. Where the system gives no thread, every command is refused, in words in
    /// the log.
    pub(super) fn start(
        options: &SessionOptions,
        remote_video: Arc<DropOldestQueue<RgbaFrame>>,
        self_video: Arc<DropOldestQueue<RgbaFrame>>,
    ) -> (Self, mpsc::Receiver<MediaEvent>) {
        let (commands, command_queue) = sync_channel(COMMAND_QUEUE);
        let (events, event_queue) = mpsc::channel(EVENT_QUEUE);
        let (ended_in, ended) = oneshot::channel();
        let statistics = Arc::new(Mutex::new(MediaStatistics::default()));
        let shown = Arc::clone(&statistics);
        let options = options.clone();
        let spawned = std::thread::Builder::new().name("media".into()).spawn(move || {
            let mut engine = MediaEngine::new(options, remote_video, self_video, events);
            loop {
                let pause = if engine.is_opening() { LOOK_SOON } else { LOOK_EVERY };
                // While no device has been wanted for a while there is nothing to look at: whatever
                // is wanted is a command.
                let command = if engine.is_idle() {
                    command_queue.recv().map_err(RecvTimeoutError::from)
                } else {
                    command_queue.recv_timeout(pause)
                };
                match command {
                    Ok(command) => engine.carry_out(command),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                *shown.lock().unwrap_or_else(PoisonError::into_inner) = engine.look();
            }
            drop(engine);
            let _ = ended_in.send(());
        });
        if let Err(error) = spawned {
            tracing::error!("no thread for devices could be started: {error}");
        }
        (Self { commands, statistics, ended }, event_queue)
    }

    /// A handle with no thread and no device behind it: what is asked of them comes out here.
    #[cfg(test)]
    pub(super) fn unattended() -> (Self, std::sync::mpsc::Receiver<MediaCommand<C>>) {
        let (commands, asked) = sync_channel(COMMAND_QUEUE);
        let (_, ended) = oneshot::channel();
        (Self { commands, statistics: Arc::default(), ended }, asked)
    }

    /// Gives the thread something to do.
    pub(super) fn command(&self, command: MediaCommand<C>) {
        match self.commands.try_send(command) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                tracing::error!("a device hangs, and a command for it was given up")
            }
            Err(TrySendError::Disconnected(_)) => {
                tracing::error!("devices are no longer looked after")
            }
        }
    }

    /// What was measured last.
    pub(super) fn statistics(&self) -> MediaStatistics {
        self.statistics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Closes every device, and comes back when that is done.
    pub(super) async fn finish(self) {
        drop(self.commands);
        // The sender is gone without a word when the thread could not be started: then nothing is
        // open either.
        let _ = self.ended.await;
    }
}
