//! Plays the ring tone or the ringback through a speaker until it is told to stop.
//!
//! The speaker is opened on the player's own thread, so that whoever starts it goes on at once; when it can't be opened
//! that is an event and the call rings without a sound.

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::device::SpeakerChoice;
use crate::device::audio_host::{AudioEvent, AudioEvents, AudioKind};
use crate::device::speaker::open_speaker;
use crate::media::frame::AUDIO_FRAME_SAMPLES;
use crate::media::ringtone::{RingKind, cycle};
use crate::media::stop_signal::StopSignal;

/// A player that takes longer than this to close is left to close by itself.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

/// A sound that is being played; dropping this stops it.
pub struct RingPlayer {
    stop: StopSignal,
    thread: Option<JoinHandle<()>>,
    /// Disconnects when the thread ends.
    ended: Receiver<()>,
}

impl RingPlayer {
    /// Starts to play. A file is never written to: a chosen file plays nowhere.
    #[must_use]
    pub fn start(kind: RingKind, speaker: &SpeakerChoice, events: AudioEvents) -> Self {
        let stop = StopSignal::new();
        let (alive, ended) = sync_channel::<()>(1);
        let speaker = match speaker {
            SpeakerChoice::File(_) => SpeakerChoice::None,
            other => other.clone(),
        };
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("ring".into())
            .spawn(move || {
                let _alive = alive;
                play(kind, &speaker, events, &stopped);
            })
            .inspect_err(|error| tracing::warn!(%error, "no thread for the ring tone"))
            .ok();
        Self { stop, thread, ended }
    }
}

impl Drop for RingPlayer {
    fn drop(&mut self) {
        self.stop.set();
        let Some(thread) = self.thread.take() else { return };
        if !matches!(self.ended.recv_timeout(CLOSE_TIMEOUT), Err(RecvTimeoutError::Timeout)) {
            let _ = thread.join();
        }
    }
}

fn play(kind: RingKind, speaker: &SpeakerChoice, events: AudioEvents, stop: &StopSignal) {
    let (_speaker, mut sink) = match open_speaker(speaker, events.clone()) {
        Ok(opened) => opened,
        Err(error) => {
            let _ = events.try_send(AudioEvent::Lost { kind: AudioKind::Speaker, words: error.to_string() });
            return;
        }
    };
    let cycle = cycle(kind);
    let (frames, _) = cycle.as_chunks::<AUDIO_FRAME_SAMPLES>();
    for frame in frames.iter().cycle() {
        loop {
            let now = Instant::now();
            let wait = sink.until_wanted(now);
            if wait.is_zero() {
                break;
            }
            if stop.wait_until(now + wait) {
                return;
            }
        }
        if stop.is_set() {
            return;
        }
        sink.write(frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    #[test]
    fn a_ring_stops_at_once_when_it_is_dropped() {
        for kind in [RingKind::Ring, RingKind::Ringback] {
            let (events, mut happened) = mpsc::channel(1);
            let player = RingPlayer::start(kind, &SpeakerChoice::None, events);
            std::thread::sleep(Duration::from_millis(30));
            drop(player);
            // The thread has ended and its end of the channel with it.
            assert!(happened.blocking_recv().is_none());
        }
    }

    #[test]
    fn a_ring_leaves_files_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ring.wav");
        let (events, _happened) = mpsc::channel(1);
        drop(RingPlayer::start(RingKind::Ring, &SpeakerChoice::File(path.clone()), events));
        assert!(!path.exists());
    }
}
