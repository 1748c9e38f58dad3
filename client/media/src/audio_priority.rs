//! Puts the threads that have 10 ms to deliver a frame ahead of the system's ordinary ones.
//!
//! An ordinary thread may wait longer than that for a processor that is busy, and each time it is
//! heard. The systems' own calls are behind `audio_thread_priority`: a `SCHED_FIFO` priority on
//! Linux, a time constraint on macOS, the "Audio" class of the multimedia scheduler on Windows.
//! Linux grants it to root and within `RLIMIT_RTPRIO` (`/etc/security/limits.d`). What always
//! holds: a refusal changes nothing, and threads started from a raised one are ordinary again.
//!
//! Raised are the threads of our own with such a deadline: a microphone's (also a tone's and a
//! file's), encoding with voice processing, playout, and the ring tone. The threads on which a
//! sound system calls back are its own: some poll what is always ready, or wait for a sound server
//! of ordinary priority, and only their library knows which may be raised.

use audio_thread_priority::promote_current_thread_to_real_time;

use crate::frame::{AUDIO_FRAME_SAMPLES, SAMPLE_RATE};

/// Requests real-time priority for the calling thread until it ends, and says whether the system
/// granted it. Takes no longer than a system call; each thread calls it once, before its first
/// frame.
pub fn raise_audio_thread() -> bool {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("a device's");
    #[cfg(test)]
    tests::note_request(name);
    match promote_current_thread_to_real_time(AUDIO_FRAME_SAMPLES as u32, SAMPLE_RATE) {
        Ok(_) => true,
        Err(error) => {
            tracing::debug!(thread = name, %error, "an audio thread stays at ordinary priority");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, Instant};

    use crate::audio_receive::{AudioReceiver, AudioSink};
    use crate::audio_send::AudioSender;
    use crate::drop_oldest_queue::DropOldestQueue;
    use crate::voice_processing::{VoiceInput, VoiceSettings};

    static REQUESTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

    pub(super) fn note_request(thread: &str) {
        REQUESTS.lock().unwrap().push(thread.to_owned());
    }

    struct Deaf;

    impl AudioSink for Deaf {
        fn write(&mut self, _frame: &[f32; AUDIO_FRAME_SAMPLES]) {}

        fn until_wanted(&mut self, _now: Instant) -> Duration {
            Duration::from_secs(3600)
        }

        fn until_missed(&mut self, _now: Instant) -> Duration {
            Duration::ZERO
        }

        fn latency(&self, _now: Instant) -> Duration {
            Duration::ZERO
        }
    }

    /// The scheduling policies of this process's threads of a name: 0 is the ordinary one, 1
    /// `SCHED_FIFO` (proc(5), `stat`, field 41).
    #[cfg(target_os = "linux")]
    fn policies(name: &str) -> Vec<u32> {
        let threads = std::fs::read_dir("/proc/self/task").unwrap();
        threads
            .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("stat")).ok())
            .filter(|stat| stat.contains(&format!("({name})")))
            .filter_map(|stat| {
                let fields = stat.rsplit_once(')')?.1.split_whitespace();
                fields.into_iter().nth(38)?.parse().ok()
            })
            .collect()
    }

    #[test]
    fn encoding_and_playing_run_at_the_priority_that_the_system_grants() {
        let (packets, _sent) = tokio::sync::mpsc::channel(1);
        let (_controls, control) = sync_channel(1);
        let voice = VoiceInput::new(VoiceSettings::NONE);
        let frames = DropOldestQueue::new(1);
        let _sender = AudioSender::spawn(frames, packets, control, false, voice).unwrap();
        let (_network, input) = sync_channel(1);
        let _receiver = AudioReceiver::spawn(input, Box::new(Deaf), Arc::default()).unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        for thread in ["audio-encode", "audio-playout"] {
            while !REQUESTS.lock().unwrap().iter().any(|request| request == thread) {
                assert!(Instant::now() < deadline, "{thread} requests nothing");
                std::thread::sleep(Duration::from_millis(5));
            }
            #[cfg(target_os = "linux")]
            {
                let probe = std::thread::Builder::new().spawn(raise_audio_thread).unwrap();
                let granted = u32::from(probe.join().unwrap());
                while !policies(thread).contains(&granted) {
                    let found = policies(thread);
                    assert!(Instant::now() < deadline, "{thread}: {found:?}, not {granted}");
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        }
    }
}
