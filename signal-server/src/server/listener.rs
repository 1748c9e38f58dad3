//! Accepts connections and sees them all to their end.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::admission::front::Front;
use crate::admission::metrics_page::Page;
use crate::admission::origin::AllowedOrigins;
use crate::admission::proxy::TrustedProxies;
use crate::admission::tls::Tls;
use crate::config::Config;
use crate::connection::handler;
use crate::context::Context;
use crate::context::drain::drain;
use crate::hub::{Cluster, Hub};
use crate::ice::Ice;
use crate::limits::permits::Admission;
use crate::limits::rates::LoginGate;
use crate::observability::logging::NameLog;
use crate::observability::metrics::Metrics;
use crate::socketio::SocketIo;

/// How long accepting pauses after it failed: the usual reason, too many open files, does not pass
/// at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often those who logged in a while ago are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(10);
/// How long everyone together may take to leave: whoever stopped the server expects it to be gone
/// after ten seconds.
const DRAIN_WITHIN: Duration = Duration::from_secs(8);

/// What a server is started with.
pub(crate) struct Resources {
    pub(crate) listener: TcpListener,
    pub(crate) ice: Ice,
    pub(crate) cluster: Arc<dyn Cluster>,
    pub(crate) tls: Option<Tls>,
    pub(crate) page: Option<Page>,
}

/// Serves what comes in on the listener until `shutdown` is done; then lets everyone leave and
/// returns. Dropped before that, it drops all connections without a word.
pub(crate) async fn run(resources: Resources, config: Config, shutdown: impl Future<Output = ()>) {
    let Resources { listener, ice, cluster, tls, page } = resources;
    let timing = config.timing;
    let (drainer, drain) = drain();
    let context = Arc::new(Context {
        hub: Arc::new(Hub::new(config.directory, config.limits.queue, Arc::clone(&cluster))),
        ice: ice.offer,
        limits: config.limits,
        timing,
        logins: LoginGate::new(config.limits.logins),
        names: NameLog::new(config.log_names),
        metrics: Arc::new(Metrics::new()),
        drain,
    });
    let admission = Arc::new(Admission::new(config.limits));
    let socket_io = SocketIo::new(Arc::clone(&context), Arc::clone(&admission));
    let front = Arc::new(Front {
        context: Arc::clone(&context),
        socket_io: Some(socket_io.service()),
        admission,
        proxies: TrustedProxies(config.trusted_proxies),
        origins: AllowedOrigins(config.origins),
        tls: tls.as_ref().map(Tls::current),
    });
    // What goes on beside the connections, as long as there is a server.
    let mut beside = JoinSet::new();
    if let Some(tls) = tls {
        beside.spawn(tls.keep_up(timing.reload));
    }
    if let Some(page) = page {
        beside.spawn(page.serve(Arc::clone(&context)));
    }
    let mut forget = interval(FORGET_EVERY);
    forget.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    let hub = Arc::clone(&context.hub);
    let mut background = pin!(async { tokio::join!(hub.expire_sessions(), cluster.run(&hub)) });
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            _ = &mut background => {}
            Some(ended) = connections.join_next() => report(ended),
            _ = forget.tick() => context.logins.forget(),
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => {
                    let Some(place) = front.admit(from.ip()) else { continue };
                    let opening = Box::pin(Arc::clone(&front).open(stream, from.ip(), place));
                    let context = Arc::clone(&context);
                    connections.spawn(async move {
                        let Some(upgraded) = opening.await else { return };
                        handler::serve(upgraded, context).await;
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    tracing::info!(
        connections = connections.len(),
        "shutting down: no new connections are accepted, and open ones end"
    );
    drainer.begin(connections.len(), timing.drain);
    let mut leaving = context.drain.clone();
    let all = async {
        let pages = async { socket_io.leave(leaving.begun().await).await };
        let others = async {
            while let Some(ended) = connections.join_next().await {
                report(ended);
            }
        };
        tokio::join!(pages, others)
    };
    // A connection that is about to end may have to wait for a write before it closes.
    let patience = (timing.drain + timing.write + timing.close).min(DRAIN_WITHIN);
    let in_time = tokio::select! {
        done = timeout(patience, all) => done.is_ok(),
        // Until they are gone they can be called, from here and from other nodes.
        _ = &mut background => true,
    };
    if !in_time {
        tracing::warn!(connections = connections.len(), "some connections did not end in time");
    }
    cluster.close().await;
    if let Some(stun) = ice.server {
        stun.close().await;
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!("a connection's task panicked; the others go on");
    }
}
