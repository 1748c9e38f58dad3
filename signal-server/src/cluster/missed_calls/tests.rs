//! What waits for a store, with a store in memory.

use super::*;
use crate::names::call_list::CallList;

const BOBS: PublicKey = PublicKey([1; 32]);

/// The missed calls of bob, whom everybody may call.
#[derive(Debug, Default)]
struct Memory {
    list: Mutex<CallList>,
    is_broken: Mutex<bool>,
    hangs: bool,
}

impl Memory {
    async fn use_it(&self) -> Result<MutexGuard<'_, CallList>, MissedTrouble> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        if *lock(&self.is_broken) {
            Err(MissedTrouble("broken".into()))
        } else {
            Ok(lock(&self.list))
        }
    }
}

#[async_trait]
impl MissedStore for Memory {
    async fn keep(
        &self,
        _callee: &Username,
        caller: &Username,
        at: Timestamp,
    ) -> Result<Kept, MissedTrouble> {
        let call = MissedCall { from: caller.clone(), at, guest: false };
        Ok(if self.use_it().await?.add(call) { Kept::New } else { Kept::Again })
    }

    async fn read(
        &self,
        _name: &Username,
        _owner: &PublicKey,
        _now: Timestamp,
    ) -> Result<Vec<MissedCall>, MissedTrouble> {
        Ok(self.use_it().await?.calls().to_vec())
    }

    async fn forget(
        &self,
        _name: &Username,
        _owner: &PublicKey,
        told: &[MissedCall],
    ) -> Result<(), MissedTrouble> {
        self.use_it().await?.forget_told(told);
        Ok(())
    }

    async fn erase_old(&self, _now: Timestamp) -> Result<(), MissedTrouble> {
        self.use_it().await.map(drop)
    }
}

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn missed_calls() -> MissedCalls {
    MissedCalls::new(Arc::new(Metrics::new()))
}

fn counted(missed: &MissedCalls, what: &str) -> u64 {
    let text = missed.metrics.text();
    let line = format!("visavis_missed_calls_total{{what=\"{what}\"}} ");
    text.lines().find_map(|l| l.strip_prefix(&line)).map_or(0, |count| count.parse().unwrap())
}

/// What bob is told, while the work is done beside.
async fn told(missed: &MissedCalls, store: &Memory) -> Vec<String> {
    let bob = name("bob");
    tokio::select! {
        calls = missed.read(store, &bob, &BOBS) => {
            calls.iter().map(|call| call.from.to_string()).collect()
        }
        () = missed.run(store) => unreachable!("it runs for as long as it is polled"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_finds_the_call_of_a_moment_ago_and_what_it_was_told_is_forgotten() {
    let (missed, store) = (missed_calls(), Memory::default());
    missed.called(name("bob"), name("alice"));
    missed.called(name("bob"), name("alice"));
    assert_eq!(told(&missed, &store).await, ["alice"]);
    assert_eq!(told(&missed, &store).await, ["alice"], "until it was written");
    missed.told(name("bob"), BOBS, lock(&store.list).calls().to_vec());
    assert_eq!(told(&missed, &store).await, Vec::<String>::new());
    let counts = ["kept", "again", "told", "dropped", "failed"].map(|what| counted(&missed, what));
    assert_eq!(counts, [1, 1, 1, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_has_so_many_calls_noted_and_then_one_each_ten_seconds() {
    let (missed, store) = (missed_calls(), Memory::default());
    for n in 0..100 {
        missed.called(name(&format!("callee{n}")), name("mallory"));
    }
    missed.called(name("bob"), name("alice"));
    missed.finish(&store).await;
    assert_eq!(counted(&missed, "dropped"), 100 - u64::from(CALLS_AT_ONCE));
    assert!(told(&missed, &store).await.contains(&"alice".to_owned()));
    tokio::time::advance(CALL_EACH).await;
    missed.called(name("bob"), name("mallory"));
    missed.called(name("bob"), name("mallory"));
    assert_eq!(counted(&missed, "dropped"), 101 - u64::from(CALLS_AT_ONCE));
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_store_has_a_bound() {
    let missed = missed_calls();
    for n in 0..2 * MAX_WAITING {
        missed.called(name("bob"), name(&format!("caller{n}")));
    }
    assert_eq!(missed.waiting().len(), MAX_WAITING);
    assert!(counted(&missed, "dropped") >= MAX_WAITING as u64);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_broken_or_hangs_costs_the_calls_and_nothing_else() {
    let (missed, store) = (missed_calls(), Memory::default());
    *lock(&store.is_broken) = true;
    missed.called(name("bob"), name("alice"));
    assert_eq!(told(&missed, &store).await, Vec::<String>::new());
    assert!(missed.waiting().is_empty() && counted(&missed, "failed") >= 2);
    *lock(&store.is_broken) = false;
    missed.called(name("bob"), name("carol"));
    assert_eq!(told(&missed, &store).await, ["carol"], "and then it goes on");
    let store = Memory { hangs: true, ..Memory::default() };
    missed.called(name("bob"), name("dave"));
    assert_eq!(told(&missed, &store).await, Vec::<String>::new());
    missed.finish(&store).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_writes_what_waits() {
    let (missed, store) = (missed_calls(), Memory::default());
    for n in 0..9 {
        missed.called(name("bob"), name(&format!("caller{n}")));
    }
    missed.finish(&store).await;
    assert_eq!(lock(&store.list).calls().len(), 9);
}
