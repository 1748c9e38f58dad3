//! Accepts connections and sees them all to their end.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};

use crate::admission::Admission;
use crate::config::Config;
use crate::connection::{self, Context};
use crate::hub::Hub;
use crate::ice::Ice;
use crate::router::Rules;

/// How long accepting pauses after it failed: the usual reason, too many open files, does not pass at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves what comes in on `listener` until `shutdown` is done; then says goodbye to everyone and returns. Dropped
/// before that, it drops all connections without a word.
pub(crate) async fn run(listener: TcpListener, ice: Ice, config: Config, shutdown: impl Future<Output = ()>) {
    let context = Arc::new(Context {
        hub: Arc::new(Hub::new(Rules { directory: config.directory })),
        ice: ice.offer(),
        timing: config.timing,
    });
    let admission = Arc::new(Admission::new(config.limits));
    let (stop, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(ended) = connections.join_next() => report(ended),
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => match admission.admit(from.ip()) {
                    Ok(permit) => {
                        let served = connection::serve(stream, Arc::clone(&context), stopped.clone());
                        connections.spawn(async move {
                            served.await;
                            drop(permit);
                        });
                    }
                    Err(reason) => tracing::debug!(%reason, "a connection was refused"),
                },
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    tracing::info!(connections = connections.len(), "shutting down");
    stop.send_replace(true);
    let all = async {
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    };
    // A connection that is about to end may have to wait for a write before it says goodbye.
    if timeout(config.timing.write + config.timing.goodbye, all).await.is_err() {
        tracing::warn!(connections = connections.len(), "some connections did not end in time");
    }
    ice.close().await;
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!("a connection ended by a defect of the server; the others go on");
    }
}
