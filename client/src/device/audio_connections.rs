//! The connections to the sound system: one for microphones and for looking, one of its own for
//! each open speaker.
//!
//! PulseAudio plays the streams of one connection in step unless each has another `sync_id`, and
//! `cpal` leaves that at 0 for all: the second playback stream of a connection is refused while the
//! first one plays (PulseAudio 16 meets its assertion `sync_base->state == PA_SINK_INPUT_CORKED`).
//! So no two speakers share one. A connection costs a thread and three descriptors, which its
//! library does not always give back, so that one that is no longer needed is kept for the next
//! speaker. Everything here may take as long as a sound server does; connecting takes 2 s at most.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cpal::traits::HostTrait;

/// Connections of speakers that were closed, kept for the next ones.
const MOST_IDLE: usize = 2;
/// `cpal` gives up a sound server that does not greet within 2 s, and leaves a thread behind that
/// waits on.
const SLOW: Duration = Duration::from_millis(1_500);
/// After that, no other thread is left behind for so long.
const GIVEN_UP_FOR: Duration = Duration::from_secs(5);

/// The connection that is shared.
static SHARED: Mutex<Option<Arc<cpal::Host>>> = Mutex::new(None);
/// Those that no speaker uses.
static IDLE: Mutex<Vec<Arc<cpal::Host>>> = Mutex::new(Vec::new());
/// What there is instead of a sound server that did not greet, and since when. Locked while a
/// connection is made.
static INSTEAD: Mutex<Option<(Instant, Arc<cpal::Host>)>> = Mutex::new(None);

fn lock<T>(mutex: &'static Mutex<T>) -> MutexGuard<'static, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a server stands between us and the devices: it moves the sound of a device that is
/// unplugged to another one without a word.
pub(super) fn is_sound_server(host: &cpal::Host) -> bool {
    host.id().name() == "PulseAudio"
}

fn works(host: &Arc<cpal::Host>) -> bool {
    host.devices().is_ok()
}

/// The host to use now. A connection is kept for as long as it works.
pub(super) fn current_host() -> Arc<cpal::Host> {
    let kept = lock(&SHARED).clone();
    // The lock is not held while the server is asked, since it may never answer.
    if let Some(host) = kept.filter(works) {
        return host;
    }
    let host = connect();
    *lock(&SHARED) = is_sound_server(&host).then(|| Arc::clone(&host));
    host
}

fn connect() -> Arc<cpal::Host> {
    let mut instead = lock(&INSTEAD);
    if let Some((since, host)) = &*instead
        && since.elapsed() < GIVEN_UP_FOR
    {
        return Arc::clone(host);
    }
    let began = Instant::now();
    let host = Arc::new(cpal::default_host());
    let given_up = !is_sound_server(&host) && began.elapsed() > SLOW;
    *instead = given_up.then(|| (Instant::now(), Arc::clone(&host)));
    host
}

/// A host that one speaker has for itself. Dropping this, after the speaker's stream, leaves it to
/// the next one.
pub(super) struct PlaybackHost(Arc<cpal::Host>);

impl PlaybackHost {
    /// One that no other speaker has.
    pub(super) fn take() -> Self {
        // The lock is let go before the server is asked.
        let next = || lock(&IDLE).pop();
        while let Some(host) = next() {
            if works(&host) {
                return Self(host);
            }
        }
        Self(connect())
    }

    pub(super) fn host(&self) -> &cpal::Host {
        &self.0
    }
}

impl Drop for PlaybackHost {
    fn drop(&mut self) {
        let mut idle = lock(&IDLE);
        if is_sound_server(&self.0) && idle.len() < MOST_IDLE {
            idle.push(Arc::clone(&self.0));
        }
    }
}
