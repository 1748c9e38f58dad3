//! Whether somebody does something too often: logins by address, messages by connection.
//!
//! Time is tokio's, so that tests can turn its clock. What is remembered of an address is forgotten
//! when it no longer matters ([`LoginGate::forget`]), so memory does not grow with the number of
//! addresses that ever came.

use std::net::IpAddr;
use std::ops::Add;
use std::time::Duration;

use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

use crate::limits::Rate;
use crate::limits::permits::customer;

/// How many times as much as is allowed makes a flood.
const FLOOD: u32 = 10;

#[derive(Debug)]
pub(crate) struct LoginGate(Option<Keyed>);

type Keyed =
    RateLimiter<IpAddr, DefaultKeyedStateStore<IpAddr>, TokioClock, NoOpMiddleware<Moment>>;
type Direct = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Moment>>;

impl LoginGate {
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        let keyed =
            |rate| RateLimiter::new(quota(rate, 1), DefaultKeyedStateStore::default(), TokioClock);
        Self(rate.map(keyed))
    }

    /// Whether somebody from this address may log in now.
    pub(crate) fn admits(&self, address: IpAddr) -> bool {
        self.0.as_ref().is_none_or(|limiter| limiter.check_key(&customer(address)).is_ok())
    }

    /// Forgets those who have been quiet for long enough to begin anew.
    pub(crate) fn forget(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    /// How many addresses are remembered.
    #[cfg(test)]
    fn remembered(&self) -> usize {
        self.0.as_ref().map_or(0, |limiter| limiter.len())
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

#[derive(Debug)]
struct Gates {
    allowed: Direct,
    tolerated: Direct,
}

impl MessageGate {
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        let direct = |rate, times| RateLimiter::direct_with_clock(quota(rate, times), TokioClock);
        Self(rate.map(|rate| Gates { allowed: direct(rate, 1), tolerated: direct(rate, FLOOD) }))
    }

    pub(crate) fn judge(&self) -> Verdict {
        let Some(Gates { allowed, tolerated }) = &self.0 else { return Verdict::Pass };
        if tolerated.check().is_err() {
            Verdict::Close
        } else if allowed.check().is_err() {
            Verdict::Drop
        } else {
            Verdict::Pass
        }
    }
}

fn quota(rate: Rate, times: u32) -> Quota {
    let times = std::num::NonZeroU32::new(times).unwrap_or(std::num::NonZeroU32::MIN);
    Quota::per_second(rate.per_second.saturating_mul(times))
        .allow_burst(rate.burst.saturating_mul(times))
}

#[derive(Debug, Clone, Copy)]
struct TokioClock;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(Instant);

impl Clock for TokioClock {
    type Instant = Moment;

    fn now(&self) -> Moment {
        Moment(Instant::now())
    }
}

impl Add<Nanos> for Moment {
    type Output = Self;

    fn add(self, nanos: Nanos) -> Self {
        Self(self.0 + Duration::from_nanos(nanos.as_u64()))
    }
}

impl Reference for Moment {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_duration_since(earlier.0).into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        self.0.checked_sub(Duration::from_nanos(duration.as_u64())).map_or(*self, Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(n: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(n).into()
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_logs_in_so_often_and_then_at_its_rate() {
        let gate = LoginGate::new(Rate::new(2, 3));
        assert_eq!([(); 5].map(|()| gate.admits(ip(1))), [true, true, true, false, false]);
        assert!(gate.admits(ip(2)), "another address");
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!([(); 2].map(|()| gate.admits(ip(1))), [true, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn one_ipv6_customer_is_one_address() {
        let gate = LoginGate::new(Rate::new(1, 1));
        assert!(gate.admits("2001:db8:0:1::1".parse().unwrap()));
        assert!(!gate.admits("2001:db8:0:1::2".parse().unwrap()));
        assert!(gate.admits("2001:db8:0:2::1".parse().unwrap()));
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_that_have_been_quiet_are_forgotten() {
        let gate = LoginGate::new(Rate::new(1, 3));
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
    async fn too_many_messages_are_dropped_and_a_flood_ends_it() {
        let gate = MessageGate::new(Rate::new(10, 20));
        let verdicts: Vec<_> = (0..201).map(|_| gate.judge()).collect();
        assert!(verdicts[..20].iter().all(|verdict| *verdict == Verdict::Pass));
        assert!(verdicts[20..200].iter().all(|verdict| *verdict == Verdict::Drop));
        assert_eq!(verdicts[200], Verdict::Close);
    }

    #[tokio::test(start_paused = true)]
    async fn who_keeps_to_the_rate_is_never_stopped() {
        let gate = MessageGate::new(Rate::new(10, 1));
        for _ in 0..1_000 {
            assert_eq!(gate.judge(), Verdict::Pass);
            tokio::time::advance(Duration::from_millis(100)).await;
        }
    }

    #[test]
    fn without_a_rate_there_is_no_limit() {
        let (logins, messages) = (LoginGate::new(None), MessageGate::new(None));
        assert!((0..10_000).all(|_| logins.admits(ip(1)) && messages.judge() == Verdict::Pass));
    }
}
