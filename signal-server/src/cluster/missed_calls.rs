//! What is kept of missed calls, on its way to a store and back.
//!
//! In: who called whom ([`MissedCalls::called`]) and what an owner was told
//! ([`MissedCalls::told`]), neither of which waits. Out: the same to a [`MissedStore`], one after
//! the other ([`MissedCalls::run`]), and the calls for a login ([`MissedCalls::read`]). What always
//! holds:
//! - no call and no login fails for what a store does or does not do;
//! - at most [`MAX_WAITING`] wait, and what comes when there are more is dropped;
//! - a caller gets [`CALLS_AT_ONCE`] noted at once and then one each [`CALL_EACH`]; more are
//!   dropped;
//! - a login finds what was noted on this node before it began;
//! - what was written to an owner's connection is forgotten, and nothing before that: should the
//!   connection or the server end in between, it is told once more.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, timeout};
use visavis_shared::{MissedCall, PublicKey, Timestamp, Username};

use crate::hub::{MissedCallKeeper, now};
use crate::limits::rates::{Crowd, Limiter};
use crate::names::missed_calls::Kept;
use crate::observability::metrics::Metrics;

/// How much may wait for the store.
const MAX_WAITING: usize = 1024;
/// How many calls of one caller are noted at once.
const CALLS_AT_ONCE: u32 = 30;
/// And one more each time that so much has passed.
const CALL_EACH: Duration = Duration::from_secs(10);
/// How long a login waits for its missed calls; then it goes on without.
const READ_WITHIN: Duration = Duration::from_secs(1);
/// How long a server that ends waits for what is on its way to the store.
const FINISH_WITHIN: Duration = Duration::from_secs(1);
/// How often what is too old is erased.
const ERASE_EVERY: Duration = Duration::from_secs(60 * 60);

/// Missed calls can't be read or written now; why, in words for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct MissedTrouble(pub(crate) String);

/// Where missed calls are kept.
#[async_trait]
pub(crate) trait MissedStore: Send + Sync {
    /// Notes a call, if somebody owns the name that was called.
    async fn keep(
        &self,
        callee: &Username,
        caller: &Username,
        at: Timestamp,
    ) -> Result<Kept, MissedTrouble>;

    /// What the owner of a name missed.
    async fn read(
        &self,
        name: &Username,
        owner: &PublicKey,
        now: Timestamp,
    ) -> Result<Vec<MissedCall>, MissedTrouble>;

    /// Forgets what an owner was told.
    async fn forget(
        &self,
        name: &Username,
        owner: &PublicKey,
        told: &[MissedCall],
    ) -> Result<(), MissedTrouble>;

    /// Erases what is too old to be told.
    async fn erase_old(&self, now: Timestamp) -> Result<(), MissedTrouble>;
}

#[derive(Debug, Clone)]
enum Work {
    Keep { callee: Username, caller: Username, at: Timestamp },
    Forget { name: Username, owner: PublicKey, told: Arc<[MissedCall]> },
}

impl Work {
    /// Whose missed calls it is about.
    fn name(&self) -> &Username {
        match self {
            Self::Keep { callee, .. } => callee,
            Self::Forget { name, .. } => name,
        }
    }
}

/// What a node does about missed calls.
pub(crate) struct MissedCalls {
    /// The first is at work, and stays there until it is done.
    waiting: Mutex<VecDeque<Work>>,
    arrived: Notify,
    done: Notify,
    callers: Mutex<Crowd>,
    /// Why the store can't be used, since that is so.
    trouble: Mutex<Option<MissedTrouble>>,
    metrics: Arc<Metrics>,
}

impl fmt::Debug for MissedCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MissedCalls({} wait)", self.waiting().len())
    }
}

/// What a node does about missed calls, and where it keeps them: as the hub wants it.
struct WithStore<'a> {
    missed: &'a MissedCalls,
    store: &'a dyn MissedStore,
}

/// For a hub, if missed calls are kept at all.
pub(super) fn keeper_of<'a>(
    missed: Option<&'a MissedCalls>,
    store: &'a dyn MissedStore,
) -> Option<Box<dyn MissedCallKeeper + 'a>> {
    let keeper = missed.map(|missed| WithStore { missed, store })?;
    Some(Box::new(keeper))
}

#[async_trait]
impl MissedCallKeeper for WithStore<'_> {
    async fn read(&self, name: &Username, owner: &PublicKey) -> Vec<MissedCall> {
        self.missed.read(self.store, name, owner).await
    }

    fn called(&self, callee: Username, caller: Username) {
        self.missed.called(callee, caller);
    }

    fn told(&self, name: Username, owner: PublicKey, calls: Vec<MissedCall>) {
        self.missed.told(name, owner, calls);
    }
}

impl MissedCalls {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        let limiter = Limiter::once_each(CALL_EACH, CALLS_AT_ONCE, now());
        Self {
            waiting: Mutex::default(),
            arrived: Notify::new(),
            done: Notify::new(),
            callers: Mutex::new(Crowd::new(limiter)),
            trouble: Mutex::default(),
            metrics,
        }
    }

    /// Somebody called a name under which nobody is online. Never waits.
    pub(crate) fn called(&self, callee: Username, caller: Username) {
        let admitted = lock(&self.callers).take(caller.as_str(), now());
        let at = SystemTime::now().into();
        if !admitted || !self.push(Work::Keep { callee, caller, at }) {
            self.metrics.missed_calls("dropped", 1);
        }
    }

    /// These were written to the connection of the owner of a name. Never waits.
    pub(crate) fn told(&self, name: Username, owner: PublicKey, told: Vec<MissedCall>) {
        self.metrics.missed_calls("told", told.len());
        // What finds no place is told once more.
        self.push(Work::Forget { name, owner, told: told.into() });
    }

    /// What the owner of a name, who logs in now, missed.
    pub(crate) async fn read(
        &self,
        store: &dyn MissedStore,
        name: &Username,
        owner: &PublicKey,
    ) -> Vec<MissedCall> {
        let read = async {
            self.until_done(name).await;
            store.read(name, owner, SystemTime::now().into()).await
        };
        let late = || Err(MissedTrouble("they were not read in time".to_owned()));
        self.note(timeout(READ_WITHIN, read).await.unwrap_or_else(|_| late())).unwrap_or_default()
    }

    /// Does what there is to do, for as long as it is polled.
    pub(crate) async fn run(&self, store: &dyn MissedStore) {
        let mut erase = interval(ERASE_EVERY);
        erase.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.do_next(store) => {}
                _ = erase.tick() => {
                    self.note(store.erase_old(SystemTime::now().into()).await);
                }
            }
        }
    }

    /// Does what is left to do, unless that takes too long.
    pub(crate) async fn finish(&self, store: &dyn MissedStore) {
        let rest = async {
            while !self.waiting().is_empty() {
                self.do_next(store).await;
            }
        };
        if timeout(FINISH_WITHIN, rest).await.is_err() {
            tracing::warn!("some missed calls were not written before the server ended");
        }
    }

    async fn do_next(&self, store: &dyn MissedStore) {
        let work = loop {
            let first = self.waiting().front().cloned();
            match first {
                Some(work) => break work,
                None => self.arrived.notified().await,
            }
        };
        // Dropped before it is done, it is done again, which changes nothing.
        match work {
            Work::Keep { callee, caller, at } => {
                match self.note(store.keep(&callee, &caller, at).await) {
                    Some(Kept::New) => self.metrics.missed_calls("kept", 1),
                    Some(Kept::Again) => self.metrics.missed_calls("again", 1),
                    Some(Kept::NotOwned) | None => {}
                }
            }
            Work::Forget { name, owner, told } => {
                self.note(store.forget(&name, &owner, &told).await);
            }
        }
        self.waiting().pop_front();
        self.done.notify_waiters();
    }

    /// Until nothing waits any more that is about a name.
    async fn until_done(&self, name: &Username) {
        loop {
            let done = self.done.notified();
            if !self.waiting().iter().any(|work| work.name() == name) {
                return;
            }
            done.await;
        }
    }

    /// Puts something in, if there is room.
    fn push(&self, work: Work) -> bool {
        let mut waiting = self.waiting();
        let has_room = waiting.len() < MAX_WAITING;
        if has_room {
            waiting.push_back(work);
            self.arrived.notify_one();
        }
        has_room
    }

    /// Notes whether the store can be used; a change is logged.
    fn note<T>(&self, outcome: Result<T, MissedTrouble>) -> Option<T> {
        let mut trouble = lock(&self.trouble);
        match outcome {
            Ok(value) => {
                if trouble.take().is_some() {
                    tracing::info!("missed calls are kept and told again");
                }
                Some(value)
            }
            Err(why) => {
                self.metrics.missed_calls("failed", 1);
                if trouble.as_ref() != Some(&why) {
                    tracing::warn!(%why, "missed calls are not kept or told, everything else goes on");
                }
                *trouble = Some(why);
                None
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Work>> {
        lock(&self.waiting)
    }
}

/// None of what is behind these locks is ever left half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
