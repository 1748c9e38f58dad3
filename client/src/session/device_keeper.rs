//! When a device is opened, tried again, exchanged for another and given up: the same rules for
//! camera, microphone and speaker.
//!
//! Pure: it opens nothing, and time is an argument. In go what the person wants and chooses, how
//! attempts went, what became of the open device and which devices there are; out come [`Step`]s,
//! and what is wrong with the device now.
//!
//! What always holds:
//! - nothing is opened that is not wanted, and there is one attempt at a time;
//! - a device that is wanted and does not open is tried again: at once, then after ever longer
//!   waits, and as soon as the list of devices changes;
//! - a device that was lost is tried again likewise, and its fallback is used meanwhile, where
//!   it has one;
//! - an attempt that takes longer than [`PATIENCE`] goes on, and is reported meanwhile;
//! - the trouble that is reported is the one there is now: there is none while the chosen device is
//!   open.

use std::time::{Duration, Instant};

use crate::signaling::backoff::Backoff;
use crate::words::Phrase;

/// A failed attempt that took no longer is repeated before anything is reported.
const QUICK: Duration = Duration::from_secs(1);
/// A device that is lost sooner than this after it opened is not tried again at once: it would be
/// lost again.
const STEADY: Duration = Duration::from_secs(5);

/// An attempt that takes longer is reported. Drivers and sound servers are given up by then; what
/// remains is a pipe into which nobody writes yet.
const PATIENCE: Duration = Duration::from_secs(6);

/// A choice of device.
pub(super) trait Choice: Clone + PartialEq {
    /// Whether there is anything to open.
    fn is_any(&self) -> bool;
    /// Whether it is a device, which may come back; a file is not opened again.
    fn is_device(&self) -> bool;
    /// Its fallback: when it was lost, and where that is right also when it was not there
    /// to begin with.
    fn fallback(&self, was_there: bool) -> Option<Self>;
    /// Whether it is whichever device the system picks.
    fn is_default(&self) -> bool {
        false
    }
    /// The name of the device, where it is chosen by name and the list of names can be trusted to
    /// say whether it is there.
    fn name(&self) -> Option<&str> {
        None
    }
}

/// What one look found of one kind of device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The system's own name of the one that it would pick.
    pub(super) default: Option<String>,
    /// The names of those there are, where they were asked for.
    pub(super) names: Option<Vec<String>>,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step<C> {
    /// Close what is open.
    Close,
    /// Open the device that was chosen, or else its fallback, and then close what is open.
    Open {
        /// The one that was chosen.
        chosen: C,
        /// Its fallback.
        or_else: Option<C>,
    },
}

/// Why nothing was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Somebody has the device: it may be what is open here.
    Taken,
    /// Anything else.
    Other,
}

/// What an attempt opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Opened {
    /// The device that was chosen.
    Chosen,
    /// Its fallback; and why the chosen one was not opened.
    Fallback(Phrase),
}

/// What is known about the devices there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Change {
    /// There are others than before.
    list: bool,
    /// The system would pick another one than before.
    default: bool,
    /// The one that was chosen by name is among them.
    chosen_is_there: bool,
    /// And it was not before.
    chosen_is_back: bool,
}

/// What is wrong with a device that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is missing; why.
    Missing(Phrase),
    /// It was lost, and its fallback is used.
    Replaced,
    /// It was not there, and its fallback is used; why.
    Fallback(Phrase),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Nothing,
    Chosen,
    Fallback,
    /// Something that the person chose before.
    Former,
}

#[derive(Debug, Clone, Copy)]
struct Attempt {
    began: Instant,
    /// Devices changed since then.
    outdated: bool,
    /// It was reported that it takes long.
    reported: bool,
}

/// The rules for one device.
#[derive(Debug)]
pub(super) struct DeviceKeeper<C> {
    choice: C,
    /// Whether it can be open only once, so that what is open is closed first.
    exclusive: bool,
    wanted: bool,
    held: Held,
    opened_at: Option<Instant>,
    /// The chosen device has been open since it was wanted.
    was_there: bool,
    attempt: Option<Attempt>,
    due: Option<Instant>,
    backoff: Backoff,
    /// Attempts that failed since the last that did not, or since something changed.
    failures: u32,
    close_due: bool,
    /// What is open was the system's default before.
    out_of_date: bool,
    trouble: Option<Trouble>,
}

impl<C: Choice> DeviceKeeper<C> {
    pub(super) fn new(choice: C, exclusive: bool) -> Self {
        Self {
            choice,
            exclusive,
            wanted: false,
            held: Held::Nothing,
            opened_at: None,
            was_there: false,
            attempt: None,
            due: None,
            backoff: Backoff::default(),
            failures: 0,
            close_due: false,
            out_of_date: false,
            trouble: None,
        }
    }

    pub(super) fn choice(&self) -> &C {
        &self.choice
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// Whether an attempt is under way. One that is not any more is to be given up, whatever comes
    /// of it.
    pub(super) fn is_opening(&self) -> bool {
        self.attempt.is_some()
    }

    /// Whether the device that was chosen is wanted and not the one that is open.
    pub(super) fn is_missing(&self) -> bool {
        self.wanted && self.choice.is_any() && self.held != Held::Chosen
    }

    /// What is wrong now.
    pub(super) fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    pub(super) fn want(&mut self, wanted: bool, now: Instant) {
        if wanted == self.wanted {
            return;
        }
        self.wanted = wanted;
        self.start_over();
        self.was_there = false;
        self.trouble = None;
        if wanted {
            self.due = Some(now);
        } else {
            self.due = None;
            self.close_due = self.held != Held::Nothing;
        }
    }

    pub(super) fn choose(&mut self, choice: C, now: Instant) {
        if self.held != Held::Nothing {
            // Two may not write into one file.
            self.close_due |= !self.choice.is_device();
            self.held = Held::Former;
        }
        self.choice = choice;
        self.start_over();
        self.was_there = false;
        self.due = self.wanted.then_some(now);
    }

    /// What the person wants is another thing from now on.
    fn start_over(&mut self) {
        self.attempt = None;
        self.failures = 0;
        self.backoff.reset();
    }

    /// What to do now, if anything.
    pub(super) fn poll(&mut self, now: Instant) -> Option<Step<C>> {
        if self.close_due {
            return Some(self.close());
        }
        if self.attempt.is_some() || !self.wanted {
            return None;
        }
        if !self.choice.is_any() {
            (self.due, self.trouble) = (None, None);
            return (self.held != Held::Nothing).then(|| self.close());
        }
        if !self.is_due(now) {
            return None;
        }
        if self.exclusive && self.held != Held::Nothing {
            return Some(self.close());
        }
        self.due = None;
        self.attempt = Some(Attempt { began: now, outdated: false, reported: false });
        // A fallback that is open does not have to be opened again.
        let keeps = self.held == Held::Fallback && !self.out_of_date;
        let or_else = if keeps { None } else { self.choice.fallback(self.was_there) };
        Some(Step::Open { chosen: self.choice.clone(), or_else })
    }

    fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    fn close(&mut self) -> Step<C> {
        (self.close_due, self.out_of_date, self.held) = (false, false, Held::Nothing);
        Step::Close
    }

    /// The attempt has opened a device.
    pub(super) fn opened(&mut self, opened: Opened, now: Instant) {
        let Some(attempt) = self.attempt.take() else { return };
        self.opened_at = Some(now);
        (self.failures, self.out_of_date, self.close_due) = (0, false, false);
        match opened {
            Opened::Chosen => {
                (self.held, self.was_there, self.trouble) = (Held::Chosen, true, None);
            }
            Opened::Fallback(why) => {
                self.held = Held::Fallback;
                self.trouble =
                    Some(if self.was_there { Trouble::Replaced } else { Trouble::Fallback(why) });
            }
        }
        // Which device that is was decided before something changed.
        self.due = attempt.outdated.then_some(now);
    }

    /// The attempt has opened nothing.
    pub(super) fn failed(&mut self, failure: Failure, words: Phrase, now: Instant) {
        let Some(attempt) = self.attempt.take() else { return };
        // Some devices can be open only once.
        let frees = failure == Failure::Taken && (self.held == Held::Former || self.out_of_date);
        self.close_due |= frees || self.held == Held::Former;
        if frees {
            self.due = Some(now);
            return;
        }
        let gives_way = self.held == Held::Former || self.held == Held::Nothing;
        let at_once = self.failures == 0 || attempt.outdated;
        self.failures = self.failures.saturating_add(1);
        self.due = self
            .choice
            .is_device()
            .then(|| if at_once { now } else { now + self.backoff.next(1.0) });
        if !gives_way {
            return;
        }
        let quick = now.saturating_duration_since(attempt.began) < QUICK;
        if !(at_once && quick && self.due.is_some() && self.trouble.is_none()) {
            self.trouble = Some(Trouble::Missing(words));
        }
    }

    /// Reports an attempt that takes long, once; `words` makes the report.
    pub(super) fn report_overdue(&mut self, words: impl FnOnce(&C) -> Phrase, now: Instant) {
        let Some(attempt) = &mut self.attempt else { return };
        let waited = now.saturating_duration_since(attempt.began);
        if !attempt.reported && self.held == Held::Nothing && waited >= PATIENCE {
            attempt.reported = true;
            self.trouble = Some(Trouble::Missing(words(&self.choice)));
        }
    }

    /// The open device is gone.
    pub(super) fn lost(&mut self, words: Phrase, now: Instant) {
        if self.held == Held::Nothing {
            return;
        }
        let steady = self.opened_at.is_none_or(|at| now.saturating_duration_since(at) >= STEADY);
        self.held = Held::Nothing;
        self.close_due = true;
        if !self.choice.is_device() {
            (self.due, self.attempt) = (None, None);
            self.trouble = Some(Trouble::Missing(words));
        } else if steady {
            self.backoff.reset();
            (self.failures, self.due) = (0, Some(now));
        } else {
            self.failures = self.failures.saturating_add(1);
            self.due = Some(now + self.backoff.next(1.0));
            self.trouble = Some(Trouble::Missing(words));
        }
    }

    /// A sound server has given what the device plays or records to another one unasked.
    fn moved_on(&mut self) {
        if self.held == Held::Chosen {
            self.held = Held::Fallback;
            self.trouble = Some(Trouble::Replaced);
        }
    }

    /// Takes in what two looks at the devices there are found, one after the other.
    pub(super) fn devices_seen(&mut self, before: &Seen, after: &Seen, now: Instant) {
        let lists = |seen: &Seen| {
            let names = seen.names.as_ref()?;
            self.choice.name().map(|chosen| names.iter().any(|name| name == chosen))
        };
        let (was_there, is_there) = (lists(before), lists(after));
        if was_there == Some(true) && is_there == Some(false) {
            self.moved_on();
        }
        let change = Change {
            list: after.names.is_some() && after.names != before.names,
            default: after.default.is_some() && after.default != before.default,
            chosen_is_there: is_there == Some(true),
            chosen_is_back: is_there == Some(true) && was_there == Some(false),
        };
        self.devices_changed(change, now);
    }

    /// Something about the devices there are has changed.
    fn devices_changed(&mut self, change: Change, now: Instant) {
        if !self.wanted || !self.choice.is_device() {
            return;
        }
        let concerns = match self.held {
            Held::Nothing => change.list || change.default || change.chosen_is_back,
            Held::Chosen => self.choice.is_default() && change.default,
            Held::Fallback => change.default || change.chosen_is_back,
            Held::Former => false,
        };
        if !concerns {
            // It did not open before, so there is time.
            let waits = self.held == Held::Fallback && self.attempt.is_none() && self.due.is_none();
            if waits && change.chosen_is_there {
                self.due = Some(now + self.backoff.next(1.0));
            }
            return;
        }
        self.out_of_date |= change.default && self.held != Held::Nothing;
        match &mut self.attempt {
            Some(attempt) => attempt.outdated = true,
            None => {
                self.backoff.reset();
                (self.failures, self.due) = (0, Some(now));
            }
        }
    }
}

#[cfg(test)]
mod tests;
