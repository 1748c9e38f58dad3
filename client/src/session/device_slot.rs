//! A device of a session: opened on a thread of its own, so that a driver that hangs holds up
//! nothing else, and kept by the rules of a [`DeviceKeeper`].
//!
//! What always holds: what opens too late, for whoever no longer wants it, is closed on the thread
//! that opened it.

use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::Instant;

use crate::session::device_keeper::{Choice, DeviceKeeper, Failure, Opened, Step};

/// An open device.
pub(super) trait Device: Send + 'static {
    /// Why it is gone, if it is: one line for a person.
    fn lost(&mut self) -> Option<String>;
}

/// Why a device did not open.
pub(super) trait OpenError: std::fmt::Display + Send + 'static {
    /// Which kind of failure it is.
    fn failure(&self) -> Failure;
}

/// What has become of a device.
pub(super) enum Event<D> {
    /// It is open; what was open before, if anything, is to be let go when nothing uses it any
    /// more.
    Opened(Option<D>),
    /// It is open no longer.
    Closed(D),
}

type Attempted<D, E> = Result<(D, Opened), E>;

/// The device, open or not.
pub(super) struct DeviceSlot<C, D, E> {
    pub(super) keeper: DeviceKeeper<C>,
    device: Option<D>,
    opening: Option<Receiver<Attempted<D, E>>>,
    thread_name: &'static str,
}

impl<C: Choice + Send + 'static, D: Device, E: OpenError> DeviceSlot<C, D, E> {
    /// Of this choice, and not wanted yet. `exclusive`: it can be open only once.
    pub(super) fn new(choice: C, exclusive: bool, thread_name: &'static str) -> Self {
        Self {
            keeper: DeviceKeeper::new(choice, exclusive),
            device: None,
            opening: None,
            thread_name,
        }
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
        F: Fn(&C) -> Result<D, E> + Send + 'static,
    {
        if let Some(words) = self.device.as_mut().and_then(Device::lost) {
            tracing::debug!(thread = self.thread_name, words, "a device is lost");
            self.keeper.lost(words, now);
        }
        if !self.keeper.is_opening() {
            self.opening = None;
        }
        if let Some(event) = self.look_at_attempt(now) {
            return Some(event);
        }
        match self.keeper.poll(now)? {
            Step::Close => self.device.take().map(Event::Closed),
            Step::Open { chosen, or_else } => {
                self.start(now, opener(), chosen, or_else);
                None
            }
        }
    }

    fn look_at_attempt(&mut self, now: Instant) -> Option<Event<D>> {
        match self.opening.as_ref()?.try_recv() {
            Ok(Ok((device, opened))) => {
                self.opening = None;
                tracing::debug!(thread = self.thread_name, ?opened, "a device is open");
                self.keeper.opened(opened, now);
                Some(Event::Opened(self.device.replace(device)))
            }
            Ok(Err(error)) => {
                self.opening = None;
                tracing::debug!(thread = self.thread_name, %error, "a device does not open");
                self.keeper.failed(error.failure(), error.to_string(), now);
                None
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.opening = None;
                self.keeper.failed(
                    Failure::Other,
                    "the device's driver failed; choose another device".into(),
                    now,
                );
                None
            }
        }
    }

    fn start<F>(&mut self, now: Instant, open: F, chosen: C, or_else: Option<C>)
    where
        F: Fn(&C) -> Result<D, E> + Send + 'static,
    {
        let (tell, told) = sync_channel(1);
        let thread = std::thread::Builder::new().name(self.thread_name.into()).spawn(move || {
            // When nobody listens any more, it is closed here and now.
            let _ = tell.send(attempt(open, &chosen, or_else.as_ref()));
        });
        match thread {
            Ok(_) => self.opening = Some(told),
            Err(error) => {
                let words = format!(
                    "the system gives no thread for a device ({error}); close other programs"
                );
                self.keeper.failed(Failure::Other, words, now);
            }
        }
    }
}

/// The chosen device, or else what stands in for it; where neither opens, why the chosen one does
/// not.
fn attempt<C, D, E: OpenError>(
    open: impl Fn(&C) -> Result<D, E>,
    chosen: &C,
    or_else: Option<&C>,
) -> Attempted<D, E> {
    open(chosen).map(|device| (device, Opened::Chosen)).or_else(|error| {
        let device = or_else.and_then(|stand_in| open(stand_in).ok());
        let words = error.to_string();
        device.map(|device| (device, Opened::StandIn(words))).ok_or(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Arc, Condvar, Mutex};
    use std::time::Duration;

    /// A choice of the device of this name; nothing stands in for one, except for "away".
    #[derive(Debug, Clone, PartialEq)]
    struct Name(&'static str);

    impl Choice for Name {
        fn is_any(&self) -> bool {
            true
        }

        fn is_device(&self) -> bool {
            true
        }

        fn stand_in(&self, _was_there: bool) -> Option<Self> {
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
        fn lost(&mut self) -> Option<String> {
            None
        }
    }

    impl OpenError for &'static str {
        fn failure(&self) -> Failure {
            Failure::Other
        }
    }

    type Slot = DeviceSlot<Name, Counted, &'static str>;

    /// Looks until something happens.
    fn until_event(slot: &mut Slot, open: &Arc<AtomicU32>) -> Event<Counted> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let open = Arc::clone(open);
            let opener = || {
                move |name: &Name| {
                    if name.0 == "away" { Err("it is away") } else { Ok(Counted::new(&open)) }
                }
            };
            if let Some(event) = slot.tick(Instant::now(), opener) {
                return event;
            }
            assert!(Instant::now() < deadline, "nothing happens");
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_stands_in_is_open_where_the_chosen_device_is_not_there_and_why_is_said() {
        let open = Arc::new(AtomicU32::new(0));
        let mut slot = Slot::new(Name("away"), false, "test");
        slot.keeper.want(true, Instant::now());
        assert!(matches!(until_event(&mut slot, &open), Event::Opened(None)));
        assert!(slot.keeper.is_missing());
        assert!(format!("{:?}", slot.keeper.trouble()).contains("it is away"));
        assert_eq!(open.load(Ordering::SeqCst), 1);
        slot.keeper.want(false, Instant::now());
        assert!(matches!(until_event(&mut slot, &open), Event::Closed(_)));
        assert_eq!(open.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn a_driver_that_hangs_holds_up_nobody_and_what_it_opens_too_late_is_closed() {
        let open = Arc::new(AtomicU32::new(0));
        let gate = Arc::new((Mutex::new(false), Condvar::new()));
        let mut slot = Slot::new(Name("slow"), false, "test");
        slot.keeper.want(true, Instant::now());
        let (opened, held) = (Arc::clone(&open), Arc::clone(&gate));
        let began = Instant::now();
        let nothing = slot.tick(began, || {
            move |_: &Name| {
                let passed = held.1.wait_while(held.0.lock().unwrap(), |passed| !*passed).unwrap();
                drop(passed);
                Ok(Counted::new(&opened))
            }
        });
        assert!(nothing.is_none() && slot.is_opening());
        slot.keeper.want(false, Instant::now());
        assert!(slot.tick(Instant::now(), || |_: &Name| Err("it is not asked")).is_none());
        assert!(!slot.is_opening());
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
