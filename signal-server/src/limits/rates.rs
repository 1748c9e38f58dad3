//! Whether somebody does something too often: logins and joins by address, messages and joins by
//! connection, missed calls by caller, datagrams by sender.
//!
//! All limits are the generic cell rate algorithm: what one sender has used up is a single number,
//! so a limit costs eight bytes. A [`Crowd`] has a fixed number of them: however many addresses
//! come, it never grows. Two that fall on one number share it, and nobody can choose to share
//! another's, since the place is found with a secret hash. An [`AddressGate`] has one for each
//! address until it no longer matters ([`AddressGate::forget`]).
//!
//! The gates' time is tokio's, so that tests can turn its clock.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::limits::Rate;
use crate::limits::permits::customer;

/// How many times as much as is allowed makes a flood.
pub(super) const FLOOD: u32 = 10;
/// Enough that few senders of a crowd share a place: 128 KiB.
const PLACES: usize = 16 * 1024;

/// How much in which time, on a clock that begins with the limiter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limiter {
    start: Instant,
    nanos_each: u64,
    tolerance_nanos: u64,
}

/// How far ahead of its time a sender is, on the clock of its [`Limiter`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Level(u64);

impl Limiter {
    /// So many a second, and after silence as many at once as `burst` brings.
    pub(crate) fn per_second(count: u64, burst: Duration, start: Instant) -> Self {
        let tolerance_nanos = u64::try_from(burst.as_nanos()).unwrap_or(u64::MAX);
        Self { start, nanos_each: (1_000_000_000 / count.max(1)).max(1), tolerance_nanos }
    }

    /// One each time that so much has passed, and after silence so many at once.
    pub(crate) fn once_each(each: Duration, burst: u32, start: Instant) -> Self {
        let nanos_each = u64::try_from(each.as_nanos()).unwrap_or(u64::MAX).max(1);
        let tolerance_nanos = nanos_each.saturating_mul(u64::from(burst));
        Self { start, nanos_each, tolerance_nanos }
    }

    /// So many times what a rate says.
    pub(super) fn times(rate: Rate, times: u32, start: Instant) -> Self {
        let per_second = u64::from(rate.per_second.get()) * u64::from(times);
        let mut limiter = Self::per_second(per_second, Duration::ZERO, start);
        let burst = u64::from(rate.burst.get()) * u64::from(times);
        limiter.tolerance_nanos = limiter.nanos_each.saturating_mul(burst);
        limiter
    }

    fn nanos(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.start).as_nanos()).unwrap_or(u64::MAX)
    }

    /// Whether there is room for `count` more; if so, they are counted.
    pub(crate) fn take(&self, level: &mut Level, count: u64, now: Instant) -> bool {
        let now = self.nanos(now);
        let after = level.0.max(now).saturating_add(self.nanos_each.saturating_mul(count));
        let room = after <= now.saturating_add(self.tolerance_nanos);
        if room {
            level.0 = after;
        }
        room
    }
}

/// A limit for each of any number of senders, in a fixed space.
#[derive(Debug)]
pub(crate) struct Crowd {
    limiter: Limiter,
    hasher: RandomState,
    places: Box<[Level]>,
}

impl Crowd {
    pub(crate) fn new(limiter: Limiter) -> Self {
        let places = vec![Level::default(); PLACES].into_boxed_slice();
        Self { limiter, hasher: RandomState::new(), places }
    }

    /// Whether this sender may go on.
    pub(crate) fn take(&mut self, sender: impl Hash, now: Instant) -> bool {
        // The remainder is below the number of places.
        #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash are as good")]
        let place = self.hasher.hash_one(sender) as usize % PLACES;
        self.places.get_mut(place).is_some_and(|level| self.limiter.take(level, 1, now))
    }
}

#[derive(Debug)]
pub(crate) struct AddressGate {
    limiter: Option<Limiter>,
    levels: Mutex<HashMap<IpAddr, Level>>,
}

impl AddressGate {
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        Self { limiter: rate.map(|rate| Limiter::times(rate, 1, now())), levels: Mutex::default() }
    }

    /// Whether somebody from this address may do it now.
    pub(crate) fn admits(&self, address: IpAddr) -> bool {
        self.limiter.is_none_or(|limiter| {
            limiter.take(lock(&self.levels).entry(customer(address)).or_default(), 1, now())
        })
    }

    /// Forgets those who have been quiet for long enough to begin anew.
    pub(crate) fn forget(&self) {
        if let Some(limiter) = &self.limiter {
            let now = limiter.nanos(now());
            let mut levels = lock(&self.levels);
            levels.retain(|_, level| level.0 > now);
            levels.shrink_to_fit();
        }
    }

    /// How many addresses are remembered.
    #[cfg(test)]
    fn remembered(&self) -> usize {
        lock(&self.levels).len()
    }
}

/// Whether one connection may try a room: whoever tries names that they don't know learns which
/// rooms there are.
#[derive(Debug)]
pub(crate) struct JoinGate(Option<(Limiter, Level)>);

impl JoinGate {
    /// A connection's gate, by the rate of its address.
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        let limiter = rate.map(|rate| Limiter::times(rate.of_connection(), 1, now()));
        Self(limiter.map(|limiter| (limiter, Level::default())))
    }

    /// Whether a room may be tried now over this connection, and from its address.
    pub(crate) fn admits(&mut self, of_address: &AddressGate, address: IpAddr) -> bool {
        let own = self.0.as_mut();
        // Who is stopped here uses nothing up of what the others at the address have.
        own.is_none_or(|(limiter, level)| limiter.take(level, 1, now()))
            && of_address.admits(address)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pass,
    /// It is one too many.
    Drop,
    /// It is far beyond: whoever sends it does not listen.
    Close,
}

#[derive(Debug)]
pub(crate) struct MessageGate(Option<Gates>);

/// So many bytes of a message count as one more message: whoever is sent to reads so fast, and who
/// sends more to them than they read would have them cut off as too slow.
const BYTES_OF_A_MESSAGE: usize = 8 * 1024;

#[derive(Debug)]
struct Gates {
    /// The longest message counts for no more than may come at once.
    burst: u64,
    allowed: Limiter,
    tolerated: Limiter,
    /// Of the two.
    levels: Mutex<(Level, Level)>,
}

impl MessageGate {
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        Self(rate.map(|rate| Gates {
            burst: rate.burst.get().into(),
            allowed: Limiter::times(rate, 1, now()),
            tolerated: Limiter::times(rate, FLOOD, now()),
            levels: Mutex::default(),
        }))
    }

    /// Counts a message of so many bytes.
    pub(crate) fn judge(&self, bytes: usize) -> Verdict {
        let Some(Gates { burst, allowed, tolerated, levels }) = &self.0 else {
            return Verdict::Pass;
        };
        let more = u64::try_from(bytes / BYTES_OF_A_MESSAGE).unwrap_or(u64::MAX);
        let count = more.saturating_add(1).min(*burst);
        let (now, mut levels) = (now(), lock(levels));
        if !tolerated.take(&mut levels.1, count, now) {
            Verdict::Close
        } else if !allowed.take(&mut levels.0, count, now) {
            Verdict::Drop
        } else {
            Verdict::Pass
        }
    }
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn lock<T>(levels: &Mutex<T>) -> MutexGuard<'_, T> {
    levels.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(n: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(n).into()
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_logs_in_so_often_and_then_at_its_rate() {
        let gate = AddressGate::new(Rate::new(2, 3));
        assert_eq!([(); 5].map(|()| gate.admits(ip(1))), [true, true, true, false, false]);
        assert!(gate.admits(ip(2)), "another address");
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!([(); 2].map(|()| gate.admits(ip(1))), [true, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn one_ipv6_customer_is_one_address() {
        let gate = AddressGate::new(Rate::new(1, 1));
        assert!(gate.admits("2001:db8:0:1::1".parse().unwrap()));
        assert!(!gate.admits("2001:db8:0:1::2".parse().unwrap()));
        assert!(gate.admits("2001:db8:0:2::1".parse().unwrap()));
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_that_have_been_quiet_are_forgotten() {
        let gate = AddressGate::new(Rate::new(1, 3));
        for n in 0..1_000 {
            assert!(gate.admits(ip(n)));
        }
        gate.forget();
        assert_eq!(gate.remembered(), 1_000);
        tokio::time::advance(Duration::from_secs(4)).await;
        gate.forget();
        assert_eq!(gate.remembered(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_tries_a_fifth_of_the_rooms_of_its_address() {
        let rate = Rate::new(10, 50);
        let of_address = AddressGate::new(rate);
        let tried = |gate: &mut JoinGate, who| {
            (0..1_000).take_while(|_| gate.admits(&of_address, ip(who))).count()
        };
        let mut gates: Vec<_> = (0..7).map(|_| JoinGate::new(rate)).collect();
        let of_each: Vec<_> = gates.iter_mut().map(|gate| tried(gate, 1)).collect();
        assert_eq!(of_each, [10, 10, 10, 10, 10, 0, 0]);
        assert_eq!(tried(&mut JoinGate::new(rate), 2), 10, "another address");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(tried(&mut gates[0], 1), 2);
        assert_eq!(tried(&mut JoinGate::new(None), 1), 8, "the rest of the address's ten");
    }

    #[tokio::test(start_paused = true)]
    async fn too_many_messages_are_dropped_and_a_flood_ends_it() {
        let gate = MessageGate::new(Rate::new(10, 20));
        let verdicts: Vec<_> = (0..201).map(|_| gate.judge(100)).collect();
        assert!(verdicts[..20].iter().all(|verdict| *verdict == Verdict::Pass));
        assert!(verdicts[20..200].iter().all(|verdict| *verdict == Verdict::Drop));
        assert_eq!(verdicts[200], Verdict::Close);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_message_counts_for_several_and_the_longest_passes_any_gate() {
        let gate = MessageGate::new(Rate::new(10, 20));
        let passed = |gate: &MessageGate, bytes| {
            (0..100).take_while(|_| gate.judge(bytes) == Verdict::Pass).count()
        };
        assert_eq!(passed(&gate, 40_000), 4, "of five each");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(passed(&gate, 100), 10);
        assert_eq!(passed(&MessageGate::new(Rate::new(1, 1)), 65_536), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn who_keeps_to_the_rate_is_never_stopped() {
        let gate = MessageGate::new(Rate::new(10, 1));
        for _ in 0..1_000 {
            assert_eq!(gate.judge(100), Verdict::Pass);
            tokio::time::advance(Duration::from_millis(100)).await;
        }
    }

    #[test]
    fn without_a_rate_there_is_no_limit() {
        let (logins, messages) = (AddressGate::new(None), MessageGate::new(None));
        assert!((0..10_000).all(|_| logins.admits(ip(1)) && messages.judge(100) == Verdict::Pass));
    }

    #[test]
    fn a_burst_passes_and_then_only_the_rate() {
        let start = Instant::now();
        let mut crowd = Crowd::new(Limiter::per_second(10, Duration::from_secs(2), start));
        let passed = |crowd: &mut Crowd, at| (0..100).filter(|_| crowd.take("a", at)).count();
        assert_eq!(passed(&mut crowd, start), 20);
        assert_eq!(passed(&mut crowd, start), 0);
        assert_eq!(passed(&mut crowd, start + Duration::from_millis(500)), 5);
        assert_eq!(
            passed(&mut crowd, start + Duration::from_secs(60)),
            20,
            "silence saves up no more than the burst"
        );
        assert_eq!(passed(&mut crowd, start), 0, "a clock that goes back gives nothing away");
    }

    #[test]
    fn one_who_is_silenced_silences_few_others() {
        let start = Instant::now();
        let mut crowd = Crowd::new(Limiter::per_second(1, Duration::from_secs(1), start));
        for sender in 0..100 {
            crowd.take(sender, start);
        }
        let silenced = (1000..11_000).filter(|sender| !crowd.take(sender, start)).count();
        // 100 and then up to 10,000 places of 16,384 are taken: about a quarter meet somebody.
        assert!(silenced < 4_000, "{silenced}");
    }

    proptest! {
        #[test]
        fn no_more_than_burst_and_rate_ever_passes(
            steps in prop::collection::vec((0_u64..50_000_000, 1_u64..2_000), 1..200), rate in 1_u64..1_000_000,
        ) {
            let start = Instant::now();
            let limit = Limiter::per_second(rate, Duration::from_millis(500), start);
            let (mut level, mut passed, mut at) = (Level::default(), 0, start);
            for (pause, count) in steps {
                at += Duration::from_nanos(pause);
                if limit.take(&mut level, count, at) {
                    passed += count;
                }
            }
            let seconds = (at - start).as_secs_f64() + 0.5;
            // A rate is rounded to whole nanoseconds for each.
            let rounded = 1e9 / (1_000_000_000 / rate) as f64;
            prop_assert!(passed as f64 <= rounded * seconds + 1.0, "{passed} in {seconds} s");
        }
    }
}
