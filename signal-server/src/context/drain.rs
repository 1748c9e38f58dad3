//! Going away without making everyone come back at the same moment.
//!
//! When a server begins to drain it takes no new connections and no new logins. Those who are
//! logged in are told to connect again (1012), each at a moment of its own within a short time;
//! everyone else at once.

use std::time::Duration;

use tokio::sync::watch;

/// How many connections are told in a second: so many logins the next server has to take.
const CLOSED_PER_SECOND: u32 = 2_000;

/// Starts the draining.
#[derive(Debug)]
pub(crate) struct Drainer(watch::Sender<Option<Duration>>);

/// Tells a connection or a service that the draining has begun.
#[derive(Debug, Clone)]
pub(crate) struct Drain(watch::Receiver<Option<Duration>>);

/// Both ends of the signal.
pub(crate) fn drain() -> (Drainer, Drain) {
    let (sender, receiver) = watch::channel(None);
    (Drainer(sender), Drain(receiver))
}

impl Drainer {
    /// Begins: so many connections are to be closed within `at_most`.
    pub(crate) fn begin(&self, connections: usize, at_most: Duration) {
        let connections = u32::try_from(connections).unwrap_or(u32::MAX);
        let spread = Duration::from_secs(1).saturating_mul(connections) / CLOSED_PER_SECOND;
        self.0.send_replace(Some(spread.min(at_most)));
    }
}

impl Drain {
    pub(crate) fn has_begun(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Until it begins; the time within which everyone is to be gone.
    pub(crate) async fn begun(&mut self) -> Duration {
        match self.0.wait_for(Option::is_some).await {
            Ok(spread) => spread.unwrap_or_default(),
            // Whoever says so is gone, and then it is time as well.
            Err(_) => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn spread(connections: usize, at_most: u64) -> Duration {
        let (drainer, mut drain) = drain();
        assert!(!drain.has_begun());
        drainer.begin(connections, Duration::from_secs(at_most));
        assert!(drain.has_begun());
        drain.begun().await
    }

    #[tokio::test]
    async fn few_are_closed_at_once_and_many_over_a_while() {
        assert_eq!(spread(0, 5).await, Duration::ZERO);
        assert_eq!(spread(2, 5).await, Duration::from_millis(1));
        assert_eq!(spread(4_000, 5).await, Duration::from_secs(2));
        assert_eq!(spread(usize::MAX, 5).await, Duration::from_secs(5));
    }

    #[tokio::test]
    async fn a_server_that_is_gone_drains_too() {
        let (drainer, mut drain) = drain();
        drop(drainer);
        assert_eq!(drain.begun().await, Duration::ZERO);
    }
}
