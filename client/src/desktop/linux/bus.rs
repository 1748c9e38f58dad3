//! The session's bus (D-Bus). What always holds: nothing that is asked there is waited for beyond
//! its deadline.

use std::future::Future;
use std::time::Duration;

use zbus::Connection;

/// How long the bus, or who is asked over it, may take.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Why something on the bus did not work.
#[derive(Debug, thiserror::Error)]
pub(super) enum BusError {
    /// There is no bus, nobody of that name, or they refused.
    #[error(transparent)]
    Failed(#[from] zbus::Error),
    /// There was no answer in time.
    #[error("no answer within {ANSWER_WITHIN:?}")]
    Late,
}

/// A connection of its own to the session's bus.
pub(super) async fn connect() -> Result<Connection, BusError> {
    within(Connection::session()).await
}

/// Waits for an answer, but not for long.
pub(super) async fn within<T>(
    answer: impl Future<Output = zbus::Result<T>>,
) -> Result<T, BusError> {
    match tokio::time::timeout(ANSWER_WITHIN, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(BusError::Late),
    }
}
