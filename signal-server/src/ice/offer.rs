//! What logins are offered: where to ask for their address, and which relays to use with which
//! credentials.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use visavis_shared::IceServer;

use super::credentials::{LIFETIME, Secret};
use super::options::RelayConfig;

/// How long before their end credentials are renewed: a call that begins with the old ones has that
/// long to allocate.
const RENEWED_BEFORE: Duration = Duration::from_secs(120);

/// What logins are offered.
#[derive(Debug, Clone)]
pub(crate) struct IceOffer {
    /// Where STUN, and the relay if there is one, listen.
    stun: Option<SocketAddr>,
    /// The relay's addresses as others see them.
    relay: Vec<IpAddr>,
    /// Where STUN is asked, when the operator says so.
    stun_elsewhere: Vec<String>,
    elsewhere: Vec<String>,
    secret: Secret,
}

impl IceOffer {
    pub(crate) fn new(stun: Option<SocketAddr>, config: &RelayConfig, secret: Secret) -> Self {
        let relay = if stun.is_some() { config.addresses.clone() } else { Vec::new() };
        Self {
            stun,
            relay,
            stun_elsewhere: config.stun_urls.clone(),
            elsewhere: config.urls.clone(),
            secret,
        }
    }

    /// The servers for somebody who reached this machine by the address `reached`, if that is
    /// known, from now on. Relays are given with new credentials each time.
    pub(crate) fn servers_for(
        &self,
        reached: Option<IpAddr>,
        user: Option<&str>,
    ) -> Vec<IceServer> {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        self.servers_at(reached, user, unix)
    }

    /// When what a client was given should be renewed, so that it gets new credentials before its
    /// own end; `None` when they do not end.
    pub(crate) fn renew_after(&self) -> Option<Duration> {
        let relays = !self.relay.is_empty() || !self.elsewhere.is_empty();
        relays.then(|| LIFETIME.saturating_sub(RENEWED_BEFORE))
    }

    fn servers_at(&self, reached: Option<IpAddr>, user: Option<&str>, unix: u64) -> Vec<IceServer> {
        let mut servers = Vec::new();
        let urls = self.stun_urls(reached.map(|ip| ip.to_canonical()));
        if !urls.is_empty() {
            servers.push(IceServer { urls, username: None, credential: None });
        }
        let urls: Vec<_> = self.relay_urls().chain(self.elsewhere.iter().cloned()).collect();
        if !urls.is_empty() {
            let credentials = self.secret.issue(user, unix);
            let (username, credential) = (Some(credentials.username), Some(credentials.password));
            servers.push(IceServer { urls, username, credential });
        }
        servers
    }

    /// Whether clients that come by an unknown address can be told a STUN server.
    pub(crate) fn is_found_by_all(&self) -> bool {
        self.stun.is_none() || !self.stun_urls(None).is_empty()
    }

    fn stun_urls(&self, reached: Option<IpAddr>) -> Vec<String> {
        if self.stun_elsewhere.is_empty() {
            return self.stun_url(reached).into_iter().collect();
        }
        self.stun_elsewhere.clone()
    }

    /// By the public address where one is known, since the one by which a client came may be that
    /// of a NAT's inside.
    fn stun_url(&self, reached: Option<IpAddr>) -> Option<String> {
        let stun = self.stun?;
        let is_of_family =
            |ip: &IpAddr| reached.is_none_or(|reached| ip.is_ipv4() == reached.is_ipv4());
        let public =
            self.relay.iter().copied().find(|ip| is_of_family(ip) && is_reached_at(stun.ip(), *ip));
        let host = match (public, stun.ip().to_canonical()) {
            (Some(public), _) => public,
            (None, bound) if !bound.is_unspecified() => bound,
            (None, bound) => reached.filter(|reached| is_reached_at(bound, *reached))?,
        };
        Some(format!("stun:{}", SocketAddr::new(host, stun.port())))
    }

    fn relay_urls(&self) -> impl Iterator<Item = String> {
        let stun = self.stun;
        self.relay.iter().filter_map(move |ip| {
            let stun = stun.filter(|stun| is_reached_at(stun.ip(), *ip))?;
            Some(format!("turn:{}?transport=udp", SocketAddr::new(*ip, stun.port())))
        })
    }
}

/// Whether a socket bound to one address receives what is sent to another. The wildcard of IPv4
/// receives no IPv6; that of IPv6 receives IPv4 too on most systems.
fn is_reached_at(bound: IpAddr, sent_to: IpAddr) -> bool {
    bound.is_ipv4() == sent_to.is_ipv4() || (bound.is_ipv6() && bound.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        "0123456789abcdef".parse().unwrap()
    }

    fn offer(stun: &str, config: &RelayConfig) -> IceOffer {
        IceOffer::new(Some(stun.parse().unwrap()), config, secret())
    }

    fn offered(stun: &str, reached: &str) -> Option<String> {
        let servers =
            offer(stun, &RelayConfig::default()).servers_for(reached.parse().ok(), Some("alice"));
        assert!(
            servers.len() <= 1 && servers.iter().all(|server| server.credential.is_none()),
            "no relay"
        );
        servers.first().map(|server| server.urls.concat())
    }

    fn urls(stun: &str, relay: &[&str], reached: &str) -> Vec<String> {
        let addresses = relay.iter().map(|ip| ip.parse().unwrap()).collect();
        let config = RelayConfig { addresses, ..RelayConfig::default() };
        let servers = offer(stun, &config).servers_for(reached.parse().ok(), Some("alice"));
        servers.into_iter().flat_map(|server| server.urls).collect()
    }

    #[test]
    fn clients_are_given_the_address_by_which_they_came() {
        assert_eq!(
            offered("0.0.0.0:3478", "192.168.1.7").as_deref(),
            Some("stun:192.168.1.7:3478")
        );
        assert_eq!(
            offered("0.0.0.0:3478", "::ffff:192.168.1.7").as_deref(),
            Some("stun:192.168.1.7:3478")
        );
        assert_eq!(offered("[::]:3478", "2001:db8::1").as_deref(), Some("stun:[2001:db8::1]:3478"));
        assert_eq!(offered("[::]:3478", "192.168.1.7").as_deref(), Some("stun:192.168.1.7:3478"));
    }

    #[test]
    fn a_stun_server_on_one_address_is_offered_there() {
        assert_eq!(
            offered("127.0.0.1:4000", "192.168.1.7").as_deref(),
            Some("stun:127.0.0.1:4000")
        );
    }

    #[test]
    fn who_came_by_an_unknown_way_is_given_what_all_can_reach_or_nothing() {
        let unknown = "by a proxy";
        assert_eq!(urls("0.0.0.0:3478", &[], unknown), Vec::<String>::new());
        assert_eq!(urls("203.0.113.9:3478", &[], unknown), ["stun:203.0.113.9:3478"]);
        let relayed = urls("0.0.0.0:3478", &["198.51.100.1"], unknown);
        assert_eq!(relayed, ["stun:198.51.100.1:3478", "turn:198.51.100.1:3478?transport=udp"]);
        assert!(!offer("0.0.0.0:3478", &RelayConfig::default()).is_found_by_all());
    }

    #[test]
    fn where_the_operator_sends_clients_to_counts_above_all() {
        let stun_urls = ["stun:calls.example.org:3478", "stun:other.example.org"]
            .map(|url| url.parse().unwrap());
        let config = RelayConfig { stun_urls: stun_urls.to_vec(), ..RelayConfig::default() };
        for offer in [offer("0.0.0.0:3478", &config), IceOffer::new(None, &config, secret())] {
            for reached in [None, Some(IpAddr::from([192, 168, 1, 7]))] {
                let servers = offer.servers_for(reached, Some("alice"));
                assert_eq!(servers.len(), 1);
                assert_eq!(
                    servers[0].urls,
                    ["stun:calls.example.org:3478", "stun:other.example.org"]
                );
            }
            assert!(offer.is_found_by_all());
        }
    }

    #[test]
    fn what_could_not_answer_is_not_offered() {
        assert_eq!(offered("0.0.0.0:3478", "2001:db8::1"), None);
        let none = IceOffer::new(None, &RelayConfig::default(), secret());
        assert_eq!(none.servers_for(Some(IpAddr::from([127, 0, 0, 1])), None), []);
        let config =
            RelayConfig { addresses: vec![IpAddr::from([192, 0, 2, 1])], ..RelayConfig::default() };
        let none = IceOffer::new(None, &config, secret());
        assert_eq!(
            none.servers_for(Some(IpAddr::from([127, 0, 0, 1])), None),
            [],
            "a relay without a port"
        );
    }

    #[test]
    fn the_relay_is_offered_by_its_public_address() {
        assert_eq!(
            urls("0.0.0.0:3478", &["198.51.100.1"], "10.0.0.5"),
            ["stun:198.51.100.1:3478", "turn:198.51.100.1:3478?transport=udp"],
        );
        assert_eq!(
            urls("[::]:3478", &["198.51.100.1", "2001:db8::1"], "2001:db8::1"),
            [
                "stun:[2001:db8::1]:3478",
                "turn:198.51.100.1:3478?transport=udp",
                "turn:[2001:db8::1]:3478?transport=udp",
            ],
        );
        assert_eq!(
            urls("0.0.0.0:3478", &["198.51.100.1", "2001:db8::1"], "10.0.0.5"),
            ["stun:198.51.100.1:3478", "turn:198.51.100.1:3478?transport=udp"],
            "nobody listens on the other",
        );
    }

    #[test]
    fn each_login_gets_credentials_of_its_own_time_for_all_relays() {
        let config = RelayConfig {
            addresses: vec![IpAddr::from([198, 51, 100, 1])],
            urls: vec!["turns:relay.example.org:443?transport=tcp".parse().unwrap()],
            ..RelayConfig::default()
        };
        let offer = offer("0.0.0.0:3478", &config);
        let relay = |unix| {
            offer.servers_at(Some(IpAddr::from([10, 0, 0, 5])), Some("alice"), unix).pop().unwrap()
        };
        let first = relay(1_000_000_000);
        assert_eq!(
            first.urls,
            ["turn:198.51.100.1:3478?transport=udp", "turns:relay.example.org:443?transport=tcp"]
        );
        let expected = secret().issue(Some("alice"), 1_000_000_000);
        assert_eq!(
            (first.username, first.credential),
            (Some(expected.username), Some(expected.password))
        );
        assert_ne!(relay(1_000_000_001).username, relay(1_000_000_002).username);
    }
}
