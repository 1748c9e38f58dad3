//! What can be set about STUN and relays.

use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use clap::Args;
use ipnet::IpNet;

use super::credentials::Secret;
use super::quota::Quotas;
use super::url::{StunUrl, TurnUrl};

/// What logins are offered to reach each other by, and what the relay of this server may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayConfig {
    /// The relay's addresses as clients see them, one of a family; none turns it off.
    pub addresses: Vec<IpAddr>,
    /// Where its ports are.
    pub ports: RelayPorts,
    /// Peers beside public ones.
    pub allowed_peers: Vec<IpNet>,
    /// How many allocations there may be.
    pub quotas: Quotas,
    /// The most that an allocation relays each way, in kilobits a second; 0 is without a limit.
    pub kilobits_per_second: u32,
    /// The most answers a second to an address that has no allocation.
    pub answers_per_second: u32,
    /// Where clients ask for their public address instead of here.
    pub stun_urls: Vec<StunUrl>,
    /// Relays elsewhere.
    pub urls: Vec<TurnUrl>,
    /// What is shared with them; a random one for a relay that is only here.
    pub secret: Option<Secret>,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            addresses: Vec::new(),
            ports: RelayPorts::default(),
            allowed_peers: Vec::new(),
            quotas: Quotas::default(),
            kilobits_per_second: 8_000,
            answers_per_second: 100,
            stun_urls: Vec::new(),
            urls: Vec::new(),
            secret: None,
        }
    }
}

/// The options.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Relay")]
pub struct RelayOptions {
    /// Relay calls that find no direct way (TURN over UDP, on the port of --stun-listen). The
    /// address is the public one of this machine, also behind a NAT that maps it one to one; IPv4
    /// and IPv6 may both be given. Without this option nothing is relayed.
    #[arg(long, env = "VISAVIS_RELAY_ADDRESS", value_name = "PUBLIC_IP", value_delimiter = ',')]
    pub relay_address: Vec<IpAddr>,

    /// The UDP ports that stand for relayed clients. Open them in the firewall, with the one of
    /// --stun-listen.
    #[arg(long, env = "VISAVIS_RELAY_PORTS", value_name = "FROM-TO", default_value_t)]
    pub relay_ports: RelayPorts,

    /// Also relay to these networks. Without it nothing is relayed to loopback, private,
    /// link-local, multicast, documentation and other special addresses, nor to this machine.
    #[arg(
        long,
        env = "VISAVIS_RELAY_ALLOW_PEER",
        value_name = "NETWORK/BITS",
        value_delimiter = ','
    )]
    pub relay_allow_peer: Vec<IpNet>,

    /// The most allocations (relayed addresses) at a time. A call takes one to four for each of the
    /// two.
    #[arg(long, env = "VISAVIS_RELAY_MAX_ALLOCATIONS", value_name = "N", default_value_t = Quotas::default().total)]
    pub relay_max_allocations: usize,

    /// The most allocations at a time of one person.
    #[arg(long, env = "VISAVIS_RELAY_MAX_PER_USER", value_name = "N", default_value_t = Quotas::default().per_user)]
    pub relay_max_per_user: usize,

    /// The most allocations at a time from one address (IPv6: from one /64 network).
    #[arg(long, env = "VISAVIS_RELAY_MAX_PER_ADDRESS", value_name = "N",
        default_value_t = Quotas::default().per_address)]
    pub relay_max_per_address: usize,

    /// The most that one allocation relays each way, in kilobits per second. What is over is
    /// dropped. 0 is no limit.
    #[arg(long, env = "VISAVIS_RELAY_MAX_KILOBITS", value_name = "N",
        default_value_t = RelayConfig::default().kilobits_per_second)]
    pub relay_max_kilobits: u32,

    /// The most answers per second on the STUN port to one address that has no allocation.
    #[arg(long, env = "VISAVIS_STUN_MAX_ANSWERS", value_name = "N",
        default_value_t = RelayConfig::default().answers_per_second, value_parser = clap::value_parser!(u32).range(1..))]
    pub stun_max_answers: u32,

    /// Where clients are told to ask for their public address: stun:HOST:3478. Needed behind a
    /// proxy, where this server does not see by which address it is reached; without it they are
    /// told the address by which they came, or that of --relay-address. May be given more than
    /// once.
    #[arg(long, env = "VISAVIS_STUN_URL", value_name = "URL", value_delimiter = ',')]
    pub stun_url: Vec<StunUrl>,

    /// Give clients a relay elsewhere, such as coturn with use-auth-secret:
    /// turn:HOST:3478?transport=udp, or turns:. May be given more than once. Needs --turn-secret.
    #[arg(
        long,
        env = "VISAVIS_TURN_URL",
        value_name = "URL",
        value_delimiter = ',',
        requires = "turn_secret"
    )]
    pub turn_url: Vec<TurnUrl>,

    /// The secret shared with the relay at --turn-url (coturn's static-auth-secret), and between
    /// several of these servers. Better given as the variable, which other people on this machine
    /// can not read.
    #[arg(long, env = "VISAVIS_TURN_SECRET", value_name = "SECRET", hide_env_values = true)]
    pub turn_secret: Option<Secret>,
}

impl RelayOptions {
    /// The configuration that the options make.
    #[must_use]
    pub fn config(&self) -> RelayConfig {
        RelayConfig {
            addresses: self.relay_address.clone(),
            ports: self.relay_ports,
            allowed_peers: self.relay_allow_peer.clone(),
            quotas: Quotas {
                total: self.relay_max_allocations,
                per_user: self.relay_max_per_user,
                per_address: self.relay_max_per_address,
            },
            kilobits_per_second: self.relay_max_kilobits,
            answers_per_second: self.stun_max_answers,
            stun_urls: self.stun_url.clone(),
            urls: self.turn_url.clone(),
            secret: self.turn_secret.clone(),
        }
    }
}

/// A range of ports that is not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayPorts {
    first: u16,
    last: u16,
}

impl RelayPorts {
    /// The ports.
    #[must_use]
    pub fn range(self) -> RangeInclusive<u16> {
        self.first..=self.last
    }
}

impl Default for RelayPorts {
    fn default() -> Self {
        Self { first: 49_160, last: 49_200 }
    }
}

impl fmt::Display for RelayPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl FromStr for RelayPorts {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "it must be two ports, the smaller one first, such as 49160-49200";
        let (first, last) = text.split_once('-').ok_or(wrong)?;
        let (first, last) =
            (first.trim().parse().map_err(|_| wrong)?, last.trim().parse().map_err(|_| wrong)?);
        if first == 0 || last < first { Err(wrong) } else { Ok(Self { first, last }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_a_range() {
        assert_eq!("49160-49200".parse(), Ok(RelayPorts::default()));
        assert_eq!("5 - 5".parse::<RelayPorts>().unwrap().range(), 5..=5);
        assert_eq!(RelayPorts::default().to_string().parse(), Ok(RelayPorts::default()));
        for text in ["", "49160", "2-1", "0-5", "1-65536", "1-2-3", "-1-5", "a-b"] {
            assert!(text.parse::<RelayPorts>().is_err(), "{text}");
        }
    }
}
