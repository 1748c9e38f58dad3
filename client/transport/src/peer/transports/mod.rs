//! The connections of a call: one, or two where the other bundles nothing.
//!
//! In: the owner's commands, and what the connections report. Out: the owner's events, and the
//! statistics of all. [`dispatch`] decides; this carries it out. What always holds: a second
//! connection, with its sockets, is opened only when a description divides media between two
//! transports; both end together. ADR 27 says why.

mod dispatch;

use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::identity::Identity;
use super::negotiator::Report;
use super::place::Place;
use super::statistics::CallStatistics;
use super::supervisor::{Call, Supervisor};
use super::{CLOSE_TIMEOUT, fail, ice_servers, wait_for_relay};
use crate::formats::MediaKind;
use crate::path::relay::Trust;
use crate::path::resolver::Resolver;
use crate::path::socket::{SendPolicy, SocketLayer};
use crate::{MediaPorts, PeerCommand, PeerConfig, PeerEvent, PeerStats, TransportError, clock};
use dispatch::{Dispatch, Input, Output};

/// How often the statistics are renewed.
const STATISTICS_EVERY: Duration = Duration::from_secs(1);
/// What one command of the owner's may become for a connection: its own, and the candidates that
/// waited for it.
const ROOM: usize = 80;

/// See the module.
pub(super) struct Transports {
    call: Call,
    first: Supervisor,
    second: Option<Supervisor>,
    /// What the second connection is opened with.
    spare_ports: MediaPorts,
    dispatch: Dispatch,
    events: mpsc::Sender<PeerEvent>,
    statistics: Arc<Mutex<CallStatistics>>,
    /// Connections that are being closed.
    closing: JoinSet<()>,
}

impl Transports {
    pub(super) async fn open(
        mut config: PeerConfig,
        ports: MediaPorts,
        events: mpsc::Sender<PeerEvent>,
    ) -> Result<Self, TransportError> {
        let servers = ice_servers::choose(&config.ice_servers);
        servers.log_what_is_left_out();
        config.ice_servers = servers.used;
        let resolver = Resolver::shared();
        resolver.begin(&config.ice_servers);
        if config.relay_only {
            // Without a relay there is no network path at all, so this one wait is worth while.
            wait_for_relay(&config, &resolver).await?;
        }
        let policy = SendPolicy {
            relay_only: config.relay_only,
            loopback: ice_servers::any_is_here(&config.ice_servers),
        };
        let trust = Trust { more: config.relay_roots.iter().cloned().map(Into::into).collect() };
        let socket_layer =
            SocketLayer::new(Arc::clone(&resolver), trust, config.network.clone(), policy);
        let call = Call { config, identity: Identity::new()?, resolver };
        let spare_ports = ports.beside();
        let first = Supervisor::open(&call, ports, socket_layer).await?;
        let statistics = CallStatistics::of(first.sources.clone());
        Ok(Self {
            call,
            first,
            second: None,
            spare_ports,
            dispatch: Dispatch::new(),
            events,
            statistics: Arc::new(Mutex::new(statistics)),
            closing: JoinSet::new(),
        })
    }

    /// Runs until something breaks or the commands' sender is gone; says what broke, for a person.
    pub(super) async fn run(
        &mut self,
        mut commands: mpsc::Receiver<PeerCommand>,
        renewed: &watch::Sender<PeerStats>,
    ) -> Option<&'static str> {
        let statistics = Arc::clone(&self.statistics);
        tokio::select! {
            failure = self.serve(&mut commands) => failure,
            never = renew(&statistics, renewed) => match never {},
        }
    }

    async fn serve(&mut self, commands: &mut mpsc::Receiver<PeerCommand>) -> Option<&'static str> {
        loop {
            let second = self.second.as_mut();
            let senders =
                (self.first.commands.clone(), second.as_ref().map(|one| one.commands.clone()));
            let (place, next) = tokio::select! {
                command = next_command(commands, senders) => {
                    self.handle(Input::Command(command?, clock::now())).await;
                    continue;
                }
                next = self.first.next() => (Place::First, next),
                next = next_of(second) => (Place::Second, next),
            };
            let input = match next {
                Ok(Report::Event(event)) => Input::Event(place, event),
                Ok(Report::Settled) => Input::Settled(place),
                Err(failure) => return failure,
            };
            self.handle(input).await;
        }
    }

    async fn handle(&mut self, input: Input) {
        self.dispatch.handle(input);
        while let Some(output) = self.dispatch.poll_output() {
            match output {
                Output::Emit(event) => {
                    // When nobody receives any more, the peer is about to be dropped.
                    let _ = self.events.send(event).await;
                }
                Output::To(Place::First, command) => give(&self.first, command),
                Output::To(Place::Second, command) => {
                    if let Some(second) = &self.second {
                        give(second, command);
                    }
                }
                Output::Open { credentials } => self.open_second(credentials).await,
                Output::HandOver { kind, to } => self.hand_over(kind, to).await,
                Output::CloseSecond => self.close_second().await,
            }
        }
    }

    async fn open_second(&mut self, credentials: Option<(String, String)>) {
        let ports = self.spare_ports.beside();
        match self.first.open_beside(&self.call, ports, credentials).await {
            Ok(second) => {
                self.statistics().second = Some(second.sources.clone());
                self.second = Some(second);
            }
            Err(error) => {
                tracing::warn!("there is no second transport: {error}");
                self.dispatch.handle(Input::NotOpened);
            }
        }
    }

    async fn hand_over(&mut self, kind: MediaKind, to: Place) {
        let Some(second) = &self.second else { return };
        let (from, to_whom) = match to {
            Place::First => (second, &self.first),
            Place::Second => (&self.first, second),
        };
        if let Some(outlet) = from.give(kind).await {
            to_whom.take(outlet).await;
        }
        if kind == MediaKind::Video {
            self.statistics().video_at = to;
        }
    }

    async fn close_second(&mut self) {
        let Some(mut second) = self.second.take() else { return };
        second.stop();
        let last = timeout(CLOSE_TIMEOUT, second.sources.read()).await.ok();
        self.statistics().second_is_closed(last);
        while self.closing.try_join_next().is_some() {}
        self.closing.spawn(second.close());
    }

    /// Ends everything. `failure` is reported after it.
    pub(super) async fn close(
        mut self,
        failure: Option<&str>,
        events: &mpsc::Sender<PeerEvent>,
        renewed: &watch::Sender<PeerStats>,
    ) {
        self.first.stop();
        self.second.iter_mut().for_each(Supervisor::stop);
        let statistics = self.statistics().clone();
        if let Ok(last) = timeout(CLOSE_TIMEOUT, statistics.read()).await {
            renewed.send_replace(last);
        }
        if let Some(failure) = failure {
            fail(events, failure.to_owned()).await;
        }
        let second = async {
            if let Some(second) = self.second {
                second.close().await;
            }
        };
        tokio::join!(self.first.close(), second);
        while self.closing.join_next().await.is_some() {}
    }

    fn statistics(&self) -> MutexGuard<'_, CallStatistics> {
        self.statistics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The next command of the owner's, once there is room for what it becomes; `None` when no more
/// come. Nothing is lost when this is dropped.
async fn next_command(
    commands: &mut mpsc::Receiver<PeerCommand>,
    (first, second): (mpsc::Sender<PeerCommand>, Option<mpsc::Sender<PeerCommand>>),
) -> Option<PeerCommand> {
    for sender in [Some(first), second].into_iter().flatten() {
        // One whose task is gone is about to report that.
        let _ = sender.reserve_many(ROOM).await.map(drop);
    }
    commands.recv().await
}

async fn next_of(supervisor: Option<&mut Supervisor>) -> Result<Report, Option<&'static str>> {
    match supervisor {
        Some(supervisor) => supervisor.next().await,
        None => pending().await,
    }
}

fn give(supervisor: &Supervisor, command: PeerCommand) {
    if supervisor.commands.try_send(command).is_err() {
        tracing::debug!("a command came to a connection that is at its end");
    }
}

/// Renews the statistics for as long as it runs.
async fn renew(
    statistics: &Mutex<CallStatistics>,
    renewed: &watch::Sender<PeerStats>,
) -> Infallible {
    let mut tick = tokio::time::interval(STATISTICS_EVERY);
    loop {
        tick.tick().await;
        let now = statistics.lock().unwrap_or_else(PoisonError::into_inner).clone();
        renewed.send_replace(now.read().await);
    }
}
