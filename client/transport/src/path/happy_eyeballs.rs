//! Connects to a host that has several addresses, without a long wait for one that does not answer
//! (Happy Eyeballs, RFC 8305 §4 and §5).
//!
//! In: the addresses in the resolver's order of preference, and how to try one. Out: the first
//! connection that succeeds; the other attempts are cancelled. What always holds: the families take
//! turns; an attempt starts `ATTEMPT_DELAY` after the previous one, or at once when one fails; no
//! address is tried twice, and an error is returned only after every address has failed. The caller
//! sets the deadline.
//!
//! Of the crates, `happy-eyeballs` and `tokio-happy-eyeballs` take no socket options, and
//! `hyper-util` races only two families, each of which still hangs on its first address.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::clock;

/// RFC 8305 §8: the recommended Connection Attempt Delay.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// The families take turns, beginning with that of the first address (RFC 8305 §4).
fn interleave(addresses: impl IntoIterator<Item = SocketAddr>) -> VecDeque<SocketAddr> {
    let mut addresses = addresses.into_iter().peekable();
    let Some(preferred_is_v4) = addresses.peek().map(SocketAddr::is_ipv4) else {
        return VecDeque::new();
    };
    let (preferred, mut other): (VecDeque<_>, VecDeque<_>) =
        addresses.partition(|address| address.is_ipv4() == preferred_is_v4);
    let mut order = VecDeque::new();
    for address in preferred {
        order.push_back(address);
        order.extend(other.pop_front());
    }
    order.extend(other);
    order
}

/// Connects to the address that answers first. Dropping the future cancels all attempts.
///
/// # Errors
/// The last error when every attempt failed; [`io::ErrorKind::NotFound`] when there is no address.
pub async fn connect<C, F>(
    addresses: impl IntoIterator<Item = SocketAddr>,
    attempt: impl Fn(SocketAddr) -> F,
) -> io::Result<C>
where
    C: Send + 'static,
    F: Future<Output = io::Result<C>> + Send + 'static,
{
    let mut untried = interleave(addresses);
    let mut next_at = clock::now();
    let mut attempts = JoinSet::new();
    let mut last_error = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    loop {
        let now = clock::now();
        if next_at <= now
            && let Some(address) = untried.pop_front()
        {
            attempts.spawn(attempt(address));
            next_at = now + ATTEMPT_DELAY;
        }
        tokio::select! {
            Some(ended) = attempts.join_next() => {
                match ended {
                    Ok(Ok(connection)) => return Ok(connection),
                    Ok(Err(error)) => last_error = error,
                    Err(panicked) => last_error = io::Error::other(panicked),
                }
                next_at = clock::now();
            }
            () = sleep_until(next_at.into()), if !untried.is_empty() => {}
            else => return Err(last_error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Instant;

    use proptest::prelude::*;
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::{sleep, timeout};

    use super::*;

    fn v4(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 443))
    }

    fn v6(last: u16) -> SocketAddr {
        SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, last], 443))
    }

    /// How an attempt to connect to an address ends.
    #[derive(Debug, Clone, Copy)]
    enum Outcome {
        Succeeds(Duration),
        Fails(Duration),
        Hangs,
    }

    /// Counts the attempts that are under way.
    struct UnderWay(Arc<Mutex<usize>>);

    impl Drop for UnderWay {
        fn drop(&mut self) {
            *self.0.lock().expect("no panic") -= 1;
        }
    }

    type Started = Vec<(SocketAddr, Duration)>;

    /// Connects to addresses with these outcomes. Gives the result, when it came, when each attempt
    /// started, and how many attempts are still under way.
    async fn race(
        outcomes: Vec<(SocketAddr, Outcome)>,
    ) -> (Option<SocketAddr>, Duration, Started, usize) {
        let begun = clock::now();
        let started = Arc::new(Mutex::new(Started::new()));
        let under_way = Arc::new(Mutex::new(0));
        let attempt = |address: SocketAddr| {
            started.lock().expect("no panic").push((address, clock::now() - begun));
            *under_way.lock().expect("no panic") += 1;
            let counted = UnderWay(Arc::clone(&under_way));
            let outcome =
                outcomes.iter().find(|(of, _)| *of == address).map(|(_, outcome)| *outcome);
            async move {
                let _counted = counted;
                match outcome.expect("one of the addresses") {
                    Outcome::Succeeds(after) => sleep(after).await,
                    Outcome::Fails(after) => {
                        sleep(after).await;
                        return Err(io::ErrorKind::ConnectionRefused.into());
                    }
                    Outcome::Hangs => std::future::pending().await,
                }
                Ok(address)
            }
        };
        let addresses: Vec<_> = outcomes.iter().map(|(address, _)| *address).collect();
        let all = connect(addresses, attempt);
        let winner = timeout(Duration::from_secs(60), all).await.ok().and_then(Result::ok);
        let took = clock::now() - begun;
        // Tasks that are cancelled end the next time that they have a turn.
        tokio::task::yield_now().await;
        let started = started.lock().expect("no panic").clone();
        let left = *under_way.lock().expect("no panic");
        (winner, took, started, left)
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn families_take_turns_beginning_with_the_preferred_one() {
        let order = interleave([v6(1), v6(2), v6(3), v4(1), v4(2)]);
        assert_eq!(order, [v6(1), v4(1), v6(2), v4(2), v6(3)]);
        assert_eq!(interleave([v4(1), v4(2), v6(1)]), [v4(1), v6(1), v4(2)]);
        assert!(interleave([]).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_hangs_delays_the_next_one_by_a_quarter_of_a_second() {
        let (winner, took, started, left) = race(vec![
            (v6(1), Outcome::Hangs),
            (v6(2), Outcome::Hangs),
            (v4(1), Outcome::Succeeds(ms(30))),
        ])
        .await;
        assert_eq!((winner, took), (Some(v4(1)), ms(280)));
        assert_eq!(started, [(v6(1), ms(0)), (v4(1), ms(250))]);
        assert_eq!(left, 0, "the others are cancelled");
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_fails_is_followed_by_the_next_one_at_once() {
        let (winner, took, started, _) =
            race(vec![(v6(1), Outcome::Fails(ms(5))), (v4(1), Outcome::Succeeds(ms(30)))]).await;
        assert_eq!((winner, took), (Some(v4(1)), ms(35)));
        assert_eq!(started, [(v6(1), ms(0)), (v4(1), ms(5))]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_first_address_may_still_win() {
        let (winner, took, _, left) =
            race(vec![(v6(1), Outcome::Succeeds(ms(400))), (v4(1), Outcome::Succeeds(ms(300)))])
                .await;
        assert_eq!((winner, took, left), (Some(v6(1)), ms(400), 0));
    }

    #[tokio::test]
    async fn without_addresses_there_is_an_error() {
        let error = connect([], TcpStream::connect).await.expect_err("nothing to connect to");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_black_hole_does_not_keep_from_the_address_that_works() {
        let hole = visavis_link::BlackHole::open().await.expect("a port");
        let works = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let works = works.local_addr().expect("an address");
        let started = Instant::now();
        let stream = connect([hole.address().expect("an address"), works], TcpStream::connect)
            .await
            .expect("a connection");
        assert_eq!(stream.peer_addr().expect("an address"), works);
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }

    fn outcomes() -> impl Strategy<Value = Vec<(SocketAddr, Outcome)>> {
        let outcome = prop_oneof![
            (0u64..2000).prop_map(|millis| Outcome::Succeeds(ms(millis))),
            (0u64..2000).prop_map(|millis| Outcome::Fails(ms(millis))),
            Just(Outcome::Hangs),
        ];
        prop::collection::vec((any::<bool>(), outcome), 0..12).prop_map(|outcomes| {
            let numbered = (0u8..).zip(outcomes);
            numbered
                .map(|(n, (is_v4, outcome))| (if is_v4 { v4(n) } else { v6(n.into()) }, outcome))
                .collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn every_address_has_its_turn_and_the_first_success_wins(outcomes in outcomes()) {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .expect("a runtime");
            let (winner, took, started, left) = runtime.block_on(race(outcomes.clone()));
            let outcome_of = |address| outcomes.iter().find(|(of, _)| *of == address).expect("known").1;
            let order: Vec<_> = started.iter().map(|(address, _)| *address).collect();
            let all: Vec<_> = interleave(outcomes.iter().map(|(address, _)| *address)).into();
            prop_assert_eq!(&order[..], &all[..order.len()], "in order, none twice");
            // An attempt starts at once after a failure, and otherwise after the delay.
            let fails_at = |at: Duration| {
                let mut failures = started.iter().filter_map(|(address, started)| {
                    let Outcome::Fails(after) = outcome_of(*address) else { return None };
                    Some(*started + after)
                });
                failures.any(|failure| failure.abs_diff(at) <= ms(2))
            };
            for pair in started.windows(2) {
                let gap = pair[1].1 - pair[0].1;
                prop_assert!(gap <= ATTEMPT_DELAY + ms(2), "{gap:?}");
                prop_assert!(gap >= ATTEMPT_DELAY || fails_at(pair[1].1), "{gap:?}");
            }
            let succeeds = started.iter().filter_map(|(address, at)| match outcome_of(*address) {
                Outcome::Succeeds(after) => Some(*at + after),
                Outcome::Fails(_) | Outcome::Hangs => None,
            });
            match succeeds.min() {
                Some(first) => {
                    prop_assert!(winner.is_some());
                    prop_assert!(took.abs_diff(first) <= ms(2), "{took:?}, not {first:?}");
                }
                None => {
                    prop_assert_eq!(winner, None);
                    prop_assert_eq!(order.len(), all.len(), "all were tried");
                }
            }
            prop_assert_eq!(left, 0, "the others are cancelled");
        }
    }
}
