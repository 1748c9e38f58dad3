//! A running server, to be started and stopped by a program or a test.

use std::future::{Future, pending};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::acme::AcmeUnusable;
use crate::admission::front::Front;
use crate::admission::metrics_page::Page;
use crate::admission::origin::AllowedOrigins;
use crate::admission::proxy::TrustedProxies;
use crate::admission::tls::TlsError;
use crate::announce::Announcer;
use crate::cluster::redis::{self, RedisUnusable};
use crate::cluster::{MissedCalls, Standalone};
use crate::config::Config;
use crate::connection::handler;
use crate::context::Context;
use crate::context::drain::drain;
use crate::encryption::{Encryption, EncryptionError};
use crate::hub::{Cluster, Hub};
use crate::ice::{Ice, RelayError, RelayMetrics, RelayMetricsReader};
use crate::limits::permits::Admission;
use crate::limits::rates::AddressGate;
use crate::names::{NameStoreError, Owners};
use crate::observability::logging::NameLog;
use crate::observability::metrics::Metrics;
use crate::socketio::SocketIo;
use crate::transport::bound_buffers;

/// How long accepting pauses after it failed: the usual reason, too many open files, does not pass
/// at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often those who logged in a while ago are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(10);
/// How long everyone together may take to leave: whoever stopped the server expects it to be gone
/// after ten seconds.
const DRAIN_WITHIN: Duration = Duration::from_secs(8);

/// Why a server could not start. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another program has the port.
    #[error("{0} is in use by another program: stop that, or choose another port with --listen {ip}:PORT", ip = .0.ip())]
    InUse(SocketAddr),
    /// The system does not let us have the port.
    #[error(
        "there is no permission to listen on {0}: let the system hand out the port (setcap cap_net_bind_service=+ep \
         PROGRAM), or choose one above 1023 with --listen {ip}:PORT", ip = .0.ip()
    )]
    NotPermitted(SocketAddr),
    /// The address is not one of this machine's.
    #[error("{ip} is not an address of this machine: choose one with --listen, or 0.0.0.0 for all", ip = .0.ip())]
    NotOurs(SocketAddr),
    /// Certificate and key can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No certificate can be asked for.
    #[error(transparent)]
    Acme(#[from] AcmeUnusable),
    /// Anything else.
    #[error("listening on {0} failed: {1}")]
    Other(SocketAddr, #[source] io::Error),
    /// Who owns which name can't be read or kept.
    #[error(transparent)]
    Names(#[from] NameStoreError),
    /// The Redis at which the nodes meet is not there.
    #[error(transparent)]
    Redis(#[from] RedisUnusable),
    /// There is no relay, though one was asked for.
    #[error(transparent)]
    Relay(#[from] RelayError),
}

impl From<EncryptionError> for StartError {
    fn from(error: EncryptionError) -> Self {
        match error {
            EncryptionError::Files(error) => error.into(),
            EncryptionError::Acme(error) => error.into(),
        }
    }
}

impl StartError {
    fn new(address: SocketAddr, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::InUse(address),
            io::ErrorKind::PermissionDenied => Self::NotPermitted(address),
            io::ErrorKind::AddrNotAvailable => Self::NotOurs(address),
            _ => Self::Other(address, error),
        }
    }
}

/// A running server. Dropping it is like pulling the plug: every connection is gone without a word.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    encrypted: bool,
    stun_address: Option<SocketAddr>,
    metrics_address: Option<SocketAddr>,
    relay: Option<RelayMetricsReader>,
    metrics: Arc<Metrics>,
    shutdown: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// Starts a server where the configuration says.
///
/// # Errors
/// When nothing can be accepted there, the certificate can't be used, or a relay can't start. STUN
/// or metrics that can't start are only a warning.
pub async fn start(config: Config) -> Result<Server, StartError> {
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| StartError::new(config.listen, error))?;
    start_on(listener, config).await
}

/// Starts a server on a listener that is bound already; `config.listen` is not looked at.
///
/// # Errors
/// When the listener does not know its address, the certificate can't be used, or a relay can't
/// start.
pub async fn start_on(listener: TcpListener, config: Config) -> Result<Server, StartError> {
    let address = listener.local_addr().map_err(|error| StartError::new(config.listen, error))?;
    if let Err(error) = bound_buffers(&listener) {
        tracing::warn!(%error, "the system keeps as much as it likes for those who don't read");
    }
    let tls = Encryption::begin(config.tls.clone(), config.acme.clone()).await?;
    let encrypted = tls.is_some();
    let metrics = Arc::new(Metrics::new());
    let missed = config.missed_calls.then(|| MissedCalls::new(Arc::clone(&metrics)));
    let cluster: Arc<dyn Cluster> = match &config.redis {
        Some(redis) => redis::join(redis, config.names.guests, missed).await?,
        None => {
            let mut names = config.names.open()?;
            if missed.is_none()
                && let Err(error) = names.erase_all_missed()
            {
                tracing::warn!("the missed calls of before are not erased: {error}");
            }
            Arc::new(Standalone::new(Owners::new(names, config.names.guests), missed))
        }
    };
    let ice = Ice::start(config.stun, &config.relay).await?;
    if !config.trusted_proxies.is_empty() && !ice.offer.is_found_by_all() {
        tracing::warn!(
            "clients behind a proxy get no STUN server, because the address by which they reach this machine is not \
             known: say so with --stun-url stun:HOST:PORT, or turn STUN off with --stun-listen off"
        );
    }
    let stun_address = ice.server.as_ref().map(|server| server.address);
    let relay = ice.server.as_ref().map(|server| server.metrics.clone());
    let page = Page::open(config.metrics).await;
    let metrics_address = page.as_ref().map(|page| page.address);
    let (shutdown, asked) = oneshot::channel();
    let shut_down = async move {
        if asked.await.is_err() {
            // The handle is gone, and with it the task: its own end is near.
            pending::<()>().await;
        }
    };
    let announcer = config
        .announce
        .as_ref()
        .and_then(|announce| Announcer::begin(announce, &listener, encrypted));
    let online = Arc::clone(&metrics);
    let parts = Parts { ice, cluster, tls, page, metrics, announcer };
    let task = tokio::spawn(serve(listener, parts, config, shut_down));
    Ok(Server {
        address,
        encrypted,
        stun_address,
        metrics_address,
        relay,
        metrics: online,
        shutdown: Some(shutdown),
        task,
    })
}

impl Server {
    /// Where it accepts connections.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it answers STUN, if it does.
    #[must_use]
    pub fn stun_address(&self) -> Option<SocketAddr> {
        self.stun_address
    }

    /// Where the metrics are, if they are anywhere.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// How many are logged in now.
    #[must_use]
    pub fn online(&self) -> usize {
        usize::try_from(self.metrics.users_online()).unwrap_or(usize::MAX)
    }

    /// What the relay did so far, if there is one.
    #[must_use]
    pub fn relay_metrics(&self) -> Option<RelayMetrics> {
        self.relay.as_ref().and_then(RelayMetricsReader::read)
    }

    /// The URL for clients; for a server on all addresses, that of this machine itself.
    #[must_use]
    pub fn url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        let scheme = if self.encrypted { "wss" } else { "ws" };
        format!("{scheme}://{address}")
    }

    /// Tells everyone to connect again, and is done when all connections are closed and the ports
    /// are free; after ten seconds at most.
    pub async fn shutdown(mut self) {
        if let Some(shutdown) = self.shutdown.take() {
            // Fails when the task has ended, which is what is wanted.
            let _ = shutdown.send(());
        }
        let _ = (&mut self.task).await;
    }

    /// Drops every connection without a word, as a crash would, and is done when the ports are
    /// free.
    pub async fn kill(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What serves beside the listener, each of which has started.
struct Parts {
    ice: Ice,
    cluster: Arc<dyn Cluster>,
    tls: Option<Encryption>,
    page: Option<Page>,
    metrics: Arc<Metrics>,
    announcer: Option<Announcer>,
}

/// Serves what comes in on the listener until `shutdown` is done; then lets everyone leave and
/// returns. Dropped before that, it drops all connections without a word.
async fn serve(
    listener: TcpListener,
    parts: Parts,
    config: Config,
    shutdown: impl Future<Output = ()>,
) {
    let Parts { ice, cluster, tls, page, metrics, announcer } = parts;
    let timing = config.timing;
    let (drainer, drain) = drain();
    let context = Arc::new(Context {
        hub: Arc::new(Hub::new(config.directory, config.limits.queue, Arc::clone(&cluster))),
        ice: ice.offer,
        limits: config.limits,
        timing,
        logins: AddressGate::new(config.limits.logins),
        joins: AddressGate::new(config.limits.joins),
        names: NameLog::new(config.log_names),
        metrics,
        drain,
        certified: tls.as_ref().map(Encryption::certified),
    });
    let admission = Arc::new(Admission::new(config.limits));
    let socket_io = SocketIo::new(Arc::clone(&context), Arc::clone(&admission));
    let front = Arc::new(Front {
        context: Arc::clone(&context),
        socket_io: Some(socket_io.service()),
        admission,
        proxies: TrustedProxies(config.trusted_proxies),
        origins: AllowedOrigins(config.origins),
        tls: tls.as_ref().map(Encryption::current),
        web: config.web,
    });
    // What goes on beside the connections, as long as there is a server.
    let mut beside = JoinSet::new();
    if let Some(tls) = tls {
        beside.spawn(tls.keep_up(timing.reload));
    }
    if let Some(page) = page {
        beside.spawn(page.serve(Arc::clone(&context)));
    }
    // Ends by itself when the server leaves, and is waited for: it has a goodbye to say.
    let mut announcing = JoinSet::new();
    if let Some(announcer) = announcer {
        let (metrics, mut drain) = (Arc::clone(&context.metrics), context.drain.clone());
        let online = move || metrics.users_online();
        announcing.spawn(announcer.keep(
            timing.announce,
            online,
            async move { drain.begun().await },
        ));
    }
    let mut forget = interval(FORGET_EVERY);
    forget.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    let hub = Arc::clone(&context.hub);
    let mut background = Box::pin(async { tokio::join!(hub.expire_sessions(), cluster.run(&hub)) });
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            _ = &mut background => {}
            Some(ended) = connections.join_next() => report(ended),
            _ = forget.tick() => {
                context.logins.forget();
                context.joins.forget();
            }
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
    while announcing.join_next().await.is_some() {}
    // Whatever it has begun lets go of what the closing needs.
    drop(background);
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
