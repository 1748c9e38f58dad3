//! Makes the server known on the local network, by multicast DNS and DNS-SD (RFC 6762, RFC 6763).
//!
//! In: where it listens, and how many are logged in. Out: records that name its machine, its port,
//! its private and link-local addresses, and what [`visavis_shared::nearby`] lists. What always
//! holds: no public address is announced, and nothing is sent but to the link-local multicast
//! groups with a TTL of 255, which no router passes on; the records are renewed at most once in
//! a time, however many log in; and whatever goes wrong here is one line in the log, never a reason
//! for the server to end.

mod options;

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use mdns_sd::{DaemonEvent, IfKind, IfPredicate, Receiver, ServiceDaemon, ServiceInfo};
use socket2::{Domain, Socket, Type};
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use visavis_shared::nearby::{Announcement, InstanceName, RunId, SERVICE_TYPE, is_local};

pub(crate) use self::options::AnnounceOptions;
pub use self::options::{AnnounceConfig, AnnounceSwitch};

/// The first announcement follows three questions whether somebody else has the name, each of which
/// is given a quarter of a second (RFC 6762 §8.1); a machine may be slow.
const ANNOUNCED_WITHIN: Duration = Duration::from_secs(10);
/// How long a goodbye may take. It is said twice, 120 ms apart, since one may be lost.
const GOODBYE_WITHIN: Duration = Duration::from_secs(1);
const GOODBYE_REPEATED: Duration = Duration::from_millis(200);
/// The port of multicast DNS.
const MDNS_PORT: u16 = 5353;

/// Why the server is not announced.
#[derive(Debug, thiserror::Error)]
enum AnnounceError {
    /// Another program has the port to itself, or the system does not let us have it.
    #[error("UDP port {MDNS_PORT} can't be shared: {0}")]
    Port(#[source] io::Error),
    /// The responder does not start, or takes no orders.
    #[error("the responder does not work: {0}")]
    Responder(#[from] mdns_sd::Error),
}

/// Where a server takes connections, as far as announcing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reach {
    ip: IpAddr,
    /// Whether a listener on all IPv6 addresses takes IPv4 ones as well.
    takes_both: bool,
}

impl Reach {
    fn of(listener: &TcpListener) -> io::Result<(Self, u16)> {
        let address = listener.local_addr()?;
        let takes_both =
            address.is_ipv6() && !socket2::SockRef::from(listener).only_v6().unwrap_or(true);
        Ok((Self { ip: address.ip(), takes_both }, address.port()))
    }

    /// Whether clients of the local network get here by an address of this machine.
    fn includes(self, ip: IpAddr) -> bool {
        let is_reached = if self.ip.is_unspecified() {
            ip.is_ipv4() == self.ip.is_ipv4() || (ip.is_ipv4() && self.takes_both)
        } else {
            ip == self.ip
        };
        is_reached && is_local(ip)
    }
}

/// Announces one server, from its start to its goodbye. Dropped before that, it ends all the same.
pub(crate) struct Announcer {
    daemon: ServiceDaemon,
    events: Receiver<DaemonEvent>,
    reach: Reach,
    name: InstanceName,
    port: u16,
    announcement: Announcement,
}

impl Announcer {
    /// Begins to announce the server that listens there, unless nobody else could reach it. When it
    /// can't, that is said in the log.
    pub(crate) fn begin(
        config: &AnnounceConfig,
        listener: &TcpListener,
        tls: bool,
    ) -> Option<Self> {
        let (reach, port) = Reach::of(listener).ok()?;
        if reach.ip.to_canonical().is_loopback() {
            return None;
        }
        let name = config.name.as_ref().map_or_else(machine_name, without_dots);
        let begun = Self::try_begin(name, reach, port, tls);
        begun.inspect_err(not_announced).ok()
    }

    fn try_begin(
        name: InstanceName,
        reach: Reach,
        port: u16,
        tls: bool,
    ) -> Result<Self, AnnounceError> {
        try_port(reach.ip.is_ipv4() || reach.takes_both).map_err(AnnounceError::Port)?;
        let daemon = ServiceDaemon::new()?;
        let events = daemon.monitor()?;
        let id = RunId::from_bytes(rand::random());
        let announcement = Announcement::new(id, tls).with_online(0);
        let announcer = Self { daemon, events, reach, name, port, announcement };
        announcer.daemon.disable_interface(IfKind::All)?;
        announcer.daemon.enable_interface(announcer.interfaces())?;
        announcer.register()?;
        Ok(announcer)
    }

    fn interfaces(&self) -> IfKind {
        let reach = self.reach;
        IfKind::Predicate(IfPredicate::new(move |interface| reach.includes(interface.ip())))
    }

    /// Says what is to be said now, for the first time or anew.
    fn register(&self) -> Result<(), mdns_sd::Error> {
        self.daemon.register(self.service()?)
    }

    fn service(&self) -> Result<ServiceInfo, mdns_sd::Error> {
        // A name of our own: that of the machine may belong to another responder on it.
        let host = format!("visavis-{}.local.", self.announcement.id());
        // The addresses are those of the interfaces, as they come and go.
        let strings = self.announcement.strings();
        let mut service = ServiceInfo::new(
            SERVICE_TYPE,
            self.name.as_str(),
            &host,
            "",
            self.port,
            strings.as_slice(),
        )?
        .enable_addr_auto();
        service.set_interfaces(vec![self.interfaces()]);
        Ok(service)
    }

    /// Keeps the number of people up to date until the server is `leaving`, and says goodbye then.
    /// It is said again once in `every` at most.
    pub(crate) async fn keep(
        mut self,
        every: Duration,
        online: impl Fn() -> u32,
        leaving: impl Future,
    ) {
        let mut leaving = pin!(leaving);
        let mut renewal = interval(every);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut unheard = pin!(sleep(ANNOUNCED_WITHIN));
        let (mut announced, mut told) = (false, false);
        loop {
            let failed = tokio::select! {
                _ = &mut leaving => break,
                _ = renewal.tick() => self.renew(online()).err(),
                event = self.events.recv_async() => match event {
                    Ok(DaemonEvent::Announce(..)) => {
                        if !std::mem::replace(&mut announced, true) {
                            tracing::info!(name = %self.name, "announced on the local network");
                        }
                        None
                    }
                    Ok(DaemonEvent::NameChange(change)) => {
                        let name = InstanceName::of_service(&change.new_name);
                        if let Some(name) = name {
                            tracing::info!(%name, "another server here has the name: announced as");
                        }
                        None
                    }
                    Ok(DaemonEvent::Error(error)) => Some(error),
                    Ok(_) => None,
                    Err(_) => {
                        not_announced(&mdns_sd::Error::DaemonShutdown.into());
                        return;
                    }
                },
                () = &mut unheard, if !announced && !told => {
                    told = true;
                    tracing::info!(
                        "nobody is told of this server yet: it has no private or link-local \
                         address to be reached by (--announce off ends this line)"
                    );
                    None
                }
            };
            if let Some(error) = failed
                && !std::mem::replace(&mut told, true)
            {
                not_announced(&error.into());
            }
        }
        self.say_goodbye().await;
    }

    fn renew(&mut self, online: u32) -> Result<(), mdns_sd::Error> {
        if self.announcement.online() == Some(online) {
            return Ok(());
        }
        self.announcement = self.announcement.clone().with_online(online);
        self.register()
    }

    /// Says that the server is gone (RFC 6762 §10.1), so that lists lose it at once.
    async fn say_goodbye(self) {
        let goodbye = async {
            let full_name = self.service()?.get_fullname().to_owned();
            let said = self.daemon.unregister(&full_name)?;
            // The answer says only whether it was known.
            let _ = said.recv_async().await;
            sleep(GOODBYE_REPEATED).await;
            let ended = self.daemon.shutdown()?;
            let _ = ended.recv_async().await;
            Ok::<_, mdns_sd::Error>(())
        };
        if !matches!(timeout(GOODBYE_WITHIN, goodbye).await, Ok(Ok(()))) {
            tracing::debug!(
                "no goodbye on the local network: lists drop this server by themselves"
            );
        }
    }
}

impl Drop for Announcer {
    fn drop(&mut self) {
        // Its thread would live on. It fails when that has ended, which is what is wanted.
        let _ = self.daemon.shutdown();
    }
}

fn not_announced(error: &AnnounceError) {
    tracing::warn!(%error, "the server is not announced on the local network, and serves all the same");
}

/// Whether the port can be had beside others who listen there, as everyone on it has to let them.
fn try_port(ipv4: bool) -> io::Result<()> {
    let (domain, any) = if ipv4 {
        (Domain::IPV4, IpAddr::from([0; 4]))
    } else {
        (Domain::IPV6, IpAddr::from([0; 16]))
    };
    let socket = Socket::new(domain, Type::DGRAM, None)?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    socket.bind(&std::net::SocketAddr::new(any, MDNS_PORT).into())
}

/// The first label of the machine's name.
fn machine_name() -> InstanceName {
    let host = gethostname::gethostname();
    name_of_machine(&host.to_string_lossy())
}

/// The responder would take what stands before the first dot for all of the name when it has to
/// find another one.
fn without_dots(name: &InstanceName) -> InstanceName {
    InstanceName::new(&name.as_str().replace('.', " ")).unwrap_or_default()
}

fn name_of_machine(host: &str) -> InstanceName {
    let label = host.split('.').next().unwrap_or_default();
    InstanceName::new(label).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_client_of_the_local_network_can_reach_is_announced() {
        let reach = |ip: &str, takes_both| Reach { ip: ip.parse().unwrap(), takes_both };
        let includes = |reach: Reach, ip: &str| reach.includes(ip.parse().unwrap());
        for (listening, takes_both, reached, other) in [
            (
                "0.0.0.0",
                false,
                &["192.168.1.5", "10.0.0.1"][..],
                &["203.0.113.7", "127.0.0.1", "fd00::1"][..],
            ),
            (
                "::",
                true,
                &["192.168.1.5", "fd00::1", "fe80::1"],
                &["203.0.113.7", "2001:db8::1", "::1"],
            ),
            ("::", false, &["fd00::1", "fe80::1"], &["192.168.1.5"]),
            ("192.168.1.5", false, &["192.168.1.5"], &["192.168.1.6", "fd00::1"]),
            ("203.0.113.7", false, &[], &["203.0.113.7", "192.168.1.5"]),
        ] {
            let reach = reach(listening, takes_both);
            assert!(reached.iter().all(|ip| includes(reach, ip)), "{listening}");
            assert!(!other.iter().any(|ip| includes(reach, ip)), "{listening}");
        }
    }

    #[test]
    fn a_machine_is_known_by_the_first_label_of_its_name() {
        for (host, name) in [
            ("kitchen", "kitchen"),
            ("Annas-MacBook.local", "Annas-MacBook"),
            ("", "Visavis"),
            (".lan", "Visavis"),
            ("\u{202e}", "Visavis"),
        ] {
            assert_eq!(name_of_machine(host).as_str(), name);
        }
        let given = InstanceName::new("Anna 2.0").unwrap();
        assert_eq!(without_dots(&given).as_str(), "Anna 2 0");
    }
}
