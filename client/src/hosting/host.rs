//! The thread `hosted-server`, and the server in it.
//!
//! It starts with the first order and has a runtime of its own. What always holds: orders wait in a
//! queue of [`ORDERS`]; a lock beside the names keeps a second window from keeping the same names
//! in another server; whoever is connected is told to leave before the server ends.

use std::fs::{File, TryLockError};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use visavis_signal_server::names::options::NAMES_FILE;
use visavis_signal_server::names::{NameStoreError, NamesConfig};
use visavis_signal_server::{AnnounceConfig, Config, Server, StartError};

use super::{HostError, HostEvent, Hosted, HostingOptions};
use crate::private_file;
use crate::transport::path::interfaces;

/// Orders that wait; they come from a person's clicks.
const ORDERS: usize = 8;
/// Events that wait. The thread waits with them.
const EVENTS: usize = 8;
/// How often it is looked who is online and by which address others come.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The usual port of STUN (RFC 8489 §9).
const STUN_PORT: u16 = 3478;
/// Over how long those who are connected are told to leave: they are few.
const DRAIN: Duration = Duration::from_millis(200);
/// Lies beside the names while they are in use.
const LOCK_FILE: &str = "lock";

/// Whether this build can start a server.
#[must_use]
pub const fn can_host() -> bool {
    true
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Start,
    Stop,
}

/// The owner's end of the thread. Dropping it ends the server.
#[derive(Debug)]
pub struct Host {
    options: Option<HostingOptions>,
    thread: Option<Thread>,
}

#[derive(Debug)]
struct Thread {
    orders: mpsc::Sender<Order>,
    events: mpsc::Receiver<HostEvent>,
    handle: JoinHandle<()>,
}

impl Host {
    /// Nothing runs before it is started; without options nothing ever does.
    #[must_use]
    pub const fn new(options: Option<HostingOptions>) -> Self {
        Self { options, thread: None }
    }

    /// Has the server start. One that runs says so again.
    ///
    /// # Errors
    /// When there may be none, or the system gives no thread for it.
    pub fn start(&mut self) -> io::Result<()> {
        let options = self.options.clone().ok_or(io::ErrorKind::Unsupported)?;
        if self.thread.is_none() {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let (orders, queue) = mpsc::channel(ORDERS);
            let (events_in, events) = mpsc::channel(EVENTS);
            let run = move || runtime.block_on(run(options, queue, events_in));
            let handle = std::thread::Builder::new().name("hosted-server".into()).spawn(run)?;
            self.thread = Some(Thread { orders, events, handle });
        }
        self.order(Order::Start)
    }

    /// Has it end; those who are on it are told.
    pub fn stop(&mut self) {
        if let Err(error) = self.order(Order::Stop) {
            tracing::error!("the server here takes no orders: {error}");
        }
    }

    fn order(&self, order: Order) -> io::Result<()> {
        match &self.thread {
            Some(thread) => thread.orders.try_send(order).map_err(io::Error::other),
            None => Ok(()),
        }
    }

    /// What becomes of it next.
    pub async fn next_event(&mut self) -> HostEvent {
        let event = match &mut self.thread {
            Some(thread) => thread.events.recv().await,
            None => None,
        };
        match event {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }

    /// Ends the server, and comes back when that is done.
    pub async fn finish(&mut self) {
        let Some(Thread { orders, mut events, handle }) = self.thread.take() else { return };
        drop(orders);
        while events.recv().await.is_some() {}
        // Its last event was the last that it did.
        drop(handle);
    }
}

async fn run(
    options: HostingOptions,
    mut orders: mpsc::Receiver<Order>,
    events: mpsc::Sender<HostEvent>,
) {
    while let Some(order) = orders.recv().await {
        if order == Order::Stop {
            continue;
        }
        let event = match Running::start(&options).await {
            Ok(running) => {
                running.until_stopped(&mut orders, &events).await;
                HostEvent::Ended
            }
            Err(error) => {
                tracing::warn!(%error, "no server was started here");
                HostEvent::Failed(error)
            }
        };
        // Fails when nobody owns the server any more, which the next order says as well.
        let _ = events.send(event).await;
    }
}

/// A server, and what belongs to it.
struct Running {
    server: Server,
    port: u16,
    /// Let go when the server is gone.
    _lock: File,
}

impl Running {
    async fn start(options: &HostingOptions) -> Result<Self, HostError> {
        let lock = lock(&options.folder)?;
        let listener = listen(options).await?;
        let port = listener.local_addr().map_err(|_| HostError::Other)?.port();
        let folder = names_folder(&options.folder, Hosted::best(&interfaces::best()), port);
        let mut config = Config::without_options(NamesConfig::in_folder(&folder));
        config.stun = Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, stun_port())));
        config.announce = options.announces.then(AnnounceConfig::default);
        config.timing.drain = DRAIN;
        let server = visavis_signal_server::start_on(listener, config).await;
        let server = server.map_err(|error| of_start(error, &folder))?;
        Ok(Self { server, port, _lock: lock })
    }

    fn look(&self) -> Hosted {
        let address = Hosted::best(&interfaces::best());
        Hosted { port: self.port, address, online: self.server.online() }
    }

    async fn until_stopped(
        self,
        orders: &mut mpsc::Receiver<Order>,
        events: &mpsc::Sender<HostEvent>,
    ) {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = None;
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Start) => told = None,
                    Some(Order::Stop) | None => break,
                },
                _ = look.tick() => {}
            }
            let seen = self.look();
            if told.as_ref() != Some(&seen) {
                told = Some(seen.clone());
                let _ = events.send(HostEvent::Running(seen)).await;
            }
        }
        self.server.shutdown().await;
    }
}

/// Where names are kept: a folder for each address. Whoever logs in proves to own a name with a key
/// that is made for the server's address, so at another address nobody could prove it any more.
fn names_folder(folder: &Path, address: Option<Ipv4Addr>, port: u16) -> PathBuf {
    let address = address.map_or_else(|| "alone".to_owned(), |address| address.to_string());
    folder.join(format!("{address}-{port}"))
}

/// Takes the folder for this server alone.
fn lock(folder: &Path) -> Result<File, HostError> {
    let in_folder = |_: io::Error| HostError::Folder(folder.to_owned());
    private_file::create_dir(folder).map_err(in_folder)?;
    let file = private_file::create(&folder.join(LOCK_FILE)).map_err(in_folder)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(HostError::Already),
        // A file system without locks: the names may be shared by several all the same.
        Err(TryLockError::Error(error)) => {
            tracing::info!("the folder of the server here can't be locked: {error}");
            Ok(file)
        }
    }
}

/// Listens on the first port that is free.
async fn listen(options: &HostingOptions) -> Result<TcpListener, HostError> {
    for port in options.ports.clone() {
        match TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await {
            Ok(listener) => return Ok(listener),
            Err(error) => match error.kind() {
                io::ErrorKind::AddrInUse => {}
                io::ErrorKind::PermissionDenied => return Err(HostError::NotPermitted),
                _ => return Err(HostError::Other),
            },
        }
    }
    Err(HostError::Ports(*options.ports.start(), *options.ports.end()))
}

/// The usual port, or any where another program has it.
fn stun_port() -> u16 {
    UdpSocket::bind((Ipv4Addr::UNSPECIFIED, STUN_PORT)).map_or(0, |_| STUN_PORT)
}

fn of_start(error: StartError, folder: &Path) -> HostError {
    match error {
        StartError::NotPermitted(_) => HostError::NotPermitted,
        StartError::Names(error) => match error {
            NameStoreError::NoPlace { .. } | NameStoreError::ReadOnly(_) => {
                HostError::Folder(folder.to_owned())
            }
            NameStoreError::Full(_) => HostError::Full,
            NameStoreError::Busy(_) => HostError::Already,
            _ => HostError::Names(folder.join(NAMES_FILE)),
        },
        _ => HostError::Other,
    }
}

#[cfg(test)]
mod tests;
