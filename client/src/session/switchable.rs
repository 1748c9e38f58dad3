//! A device of a session that can be exchanged for another: opened on a thread of its own, so that
//! a driver that hangs holds up nothing else, and kept by the rules of a [`DeviceKeeper`]. Camera,
//! microphone and speaker are one each.
//!
//! What always holds: what opens too late, for whoever no longer wants it, is closed on the thread
//! that opened it.

use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::Instant;

use crate::device::device_watch::DevicesNow;
use crate::session::device_keeper::{Choice, DeviceKeeper, Failure, Opened, Seen, Step};
use crate::words::{Phrase, phrase};

/// An open device.
pub(super) trait Device: Sized + Send + 'static {
    /// How it is chosen.
    type Choice: Choice + Send + 'static;
    /// Why it does not open.
    type Error: OpenError;
    /// Whether it can be open only once.
    const EXCLUSIVE: bool;
    /// The name of the thread that opens it.
    const THREAD: &'static str;

    /// What a look at the devices there are found of this kind.
    fn seen(devices: &DevicesNow) -> Seen;

    /// Why it is gone, if it is: one line for a person.
    fn lost(&mut self) -> Option<Phrase>;

    /// What is said of a choice that takes long to open.
    fn overdue(choice: &Self::Choice) -> Phrase;
}

/// Why a device did not open.
pub(super) trait OpenError: std::fmt::Display + Send + 'static {
    /// Which kind of failure it is.
    fn failure(&self) -> Failure;

    /// What to tell the person; on the command line it is the error's own text.
    fn words(&self) -> Phrase;
}

/// What has become of a device.
pub(super) enum Event<D> {
    /// It is open; what was open before, if anything, is to be let go when nothing uses it any
    /// more.
    Opened(Option<D>),
    /// It is open no longer.
    Closed(D),
}

type Attempted<D> = Result<(D, Opened), <D as Device>::Error>;

/// The device, open or not.
pub(super) struct Switchable<D: Device> {
    pub(super) keeper: DeviceKeeper<D::Choice>,
    device: Option<D>,
    opening: Option<Receiver<Attempted<D>>>,
}

impl<D: Device> Switchable<D> {
    /// Of this choice, and not wanted yet.
    pub(super) fn new(choice: D::Choice) -> Self {
        let keeper = DeviceKeeper::new(choice, D::EXCLUSIVE);
        Self { keeper, device: None, opening: None }
    }

    /// The open device.
    pub(super) fn device(&mut self) -> Option<&mut D> {
        self.device.as_mut()
    }

    /// Whether it is about to be open.
    pub(super) fn is_opening(&self) -> bool {
        self.opening.is_some()
    }

    /// Does what is due now; to be called until nothing happens any more. `opener` makes what opens
    /// a device.
    pub(super) fn tick<F>(&mut self, now: Instant, opener: impl FnOnce() -> F) -> Option<Event<D>>
    where
        F: Fn(&D::Choice) -> Result<D, D::Error> + Send + 'static,
    {
        if let Some(words) = self.device.as_mut().and_then(Device::lost) {
            tracing::debug!(thread = D::THREAD, ?words, "a device is lost");
            self.keeper.lost(words, now);
        }
        if !self.keeper.is_opening() {
            self.opening = None;
        }
        if let Some(event) = self.look_at_attempt(now) {
            return Some(event);
        }
        self.keeper.report_overdue(D::overdue, now);
        match self.keeper.poll(now)? {
            Step::Close => self.device.take().map(Event::Closed),
            Step::Open { chosen, or_else } => {
                self.start(now, opener(), chosen, or_else);
                None
            }
        }
    }

    /// Follows what has changed between two looks at the devices there are.
    pub(super) fn devices_changed(&mut self, before: &DevicesNow, now: &DevicesNow, at: Instant) {
        self.keeper.devices_seen(&D::seen(before), &D::seen(now), at);
    }

    fn look_at_attempt(&mut self, now: Instant) -> Option<Event<D>> {
        match self.opening.as_ref()?.try_recv() {
            Ok(Ok((device, opened))) => {
                self.opening = None;
                tracing::debug!(thread = D::THREAD, ?opened, "a device is open");
                self.keeper.opened(opened, now);
                Some(Event::Opened(self.device.replace(device)))
            }
            Ok(Err(error)) => {
                self.opening = None;
                tracing::debug!(thread = D::THREAD, %error, "a device does not open");
                self.keeper.failed(error.failure(), error.words(), now);
                None
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.opening = None;
                self.keeper.failed(Failure::Other, phrase!("driver-failed"), now);
                None
            }
        }
    }

    fn start<F>(&mut self, now: Instant, open: F, chosen: D::Choice, or_else: Option<D::Choice>)
    where
        F: Fn(&D::Choice) -> Result<D, D::Error> + Send + 'static,
    {
        let (result, opening) = sync_channel(1);
        let thread = std::thread::Builder::new().name(D::THREAD.into()).spawn(move || {
            // When nobody waits for it any more, it is closed here and now.
            let _ = result.send(attempt(open, &chosen, or_else.as_ref()));
        });
        match thread {
            Ok(_) => self.opening = Some(opening),
            Err(error) => {
                tracing::warn!(%error, "no thread for a device");
                self.keeper.failed(Failure::Other, phrase!("no-thread"), now);
            }
        }
    }
}

/// The chosen device, or else its fallback; where neither opens, why the chosen one does
/// not.
fn attempt<D: Device>(
    open: impl Fn(&D::Choice) -> Result<D, D::Error>,
    chosen: &D::Choice,
    or_else: Option<&D::Choice>,
) -> Attempted<D> {
    open(chosen).map(|device| (device, Opened::Chosen)).or_else(|error| {
        let device = or_else.and_then(|fallback| open(fallback).ok());
        let words = error.words();
        device.map(|device| (device, Opened::Fallback(words))).ok_or(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Arc, Condvar, Mutex};
    use std::time::Duration;

    /// A choice of the device of this name; there is no fallback, except for "away".
    #[derive(Debug, Clone, PartialEq)]
    struct Name(&'static str);

    impl Choice for Name {
        fn is_any(&self) -> bool {
            true
        }

        fn is_device(&self) -> bool {
            true
        }

        fn fallback(&self, _was_there: bool) -> Option<Self> {
            (self.0 == "away").then_some(Self("default"))
        }
    }

    /// A device that counts itself while it is open.
    struct Counted(Arc<AtomicU32>);

    impl Counted {
        fn new(open: &Arc<AtomicU32>) -> Self {
            open.fetch_add(1, Ordering::SeqCst);
            Self(Arc::clone(open))
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }

    impl Device for Counted {
        type Choice = Name;
        type Error = &'static str;
        const EXCLUSIVE: bool = false;
        const THREAD: &'static str = "test";

        fn seen(_: &DevicesNow) -> Seen {
            Seen::default()
        }

        fn lost(&mut self) -> Option<Phrase> {
            None
        }

        fn overdue(choice: &Name) -> Phrase {
            format!("{} is slow", choice.0).as_str().into()
        }
    }

    impl OpenError for &'static str {
        fn failure(&self) -> Failure {
            Failure::Other
        }

        fn words(&self) -> Phrase {
            (*self).into()
        }
    }

    type TestDevice = Switchable<Counted>;

    /// Looks until something happens.
    fn until_event(device: &mut TestDevice, open: &Arc<AtomicU32>) -> Event<Counted> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let open = Arc::clone(open);
            let opener = || {
                move |name: &Name| {
                    if name.0 == "away" { Err("it is away") } else { Ok(Counted::new(&open)) }
                }
            };
            if let Some(event) = device.tick(Instant::now(), opener) {
                return event;
            }
            assert!(Instant::now() < deadline, "nothing happens");
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_fallback_is_open_where_the_chosen_device_is_not_there_and_why_is_reported() {
        let open = Arc::new(AtomicU32::new(0));
        let mut device = TestDevice::new(Name("away"));
        device.keeper.want(true, Instant::now());
        assert!(matches!(until_event(&mut device, &open), Event::Opened(None)));
        assert!(device.keeper.is_missing());
        assert!(format!("{:?}", device.keeper.trouble()).contains("it is away"));
        assert_eq!(open.load(Ordering::SeqCst), 1);
        device.keeper.want(false, Instant::now());
        assert!(matches!(until_event(&mut device, &open), Event::Closed(_)));
        assert_eq!(open.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn a_driver_that_hangs_holds_up_nobody_and_what_it_opens_too_late_is_closed() {
        let open = Arc::new(AtomicU32::new(0));
        let gate = Arc::new((Mutex::new(false), Condvar::new()));
        let mut device = TestDevice::new(Name("slow"));
        device.keeper.want(true, Instant::now());
        let (opened, held) = (Arc::clone(&open), Arc::clone(&gate));
        let began = Instant::now();
        let nothing = device.tick(began, || {
            move |_: &Name| {
                let passed = held.1.wait_while(held.0.lock().unwrap(), |passed| !*passed).unwrap();
                drop(passed);
                Ok(Counted::new(&opened))
            }
        });
        assert!(nothing.is_none() && device.is_opening());
        device.keeper.want(false, Instant::now());
        assert!(device.tick(Instant::now(), || |_: &Name| Err("it is not asked")).is_none());
        assert!(!device.is_opening());
        // The driver comes back when nobody wants the device any more.
        *gate.0.lock().unwrap() = true;
        gate.1.notify_all();
        let deadline = Instant::now() + Duration::from_secs(10);
        while Arc::strong_count(&open) > 1 {
            assert!(Instant::now() < deadline, "the thread ends");
            std::thread::yield_now();
        }
        assert_eq!(open.load(Ordering::SeqCst), 0);
    }
}
