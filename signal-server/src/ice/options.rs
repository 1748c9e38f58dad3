//! What an operator sets about STUN and relays.

use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use clap::Args;
use ipnet::IpNet;

use super::credentials::Secret;
use super::quota::Quotas;
use super::url::{stun_url, turn_url};
use crate::secret_option::secretly;

/// What logins are offered to reach each other by, and what the relay of this server may do.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Relay")]
pub struct RelayConfig {
    /// Relay calls that find no direct way (TURN over UDP, on the port of --stun-listen). The
    /// address is the public one of this machine, also behind a NAT that maps it one to one; IPv4
    /// and IPv6 may both be given. Without this option nothing is relayed.
    #[arg(
        long = "relay-address",
        env = "VISAVIS_RELAY_ADDRESS",
        value_name = "PUBLIC_IP",
        value_delimiter = ','
    )]
    pub addresses: Vec<IpAddr>,

    /// The UDP ports that stand for relayed clients. Open them in the firewall, with the one of
    /// --stun-listen.
    #[arg(
        long = "relay-ports",
        env = "VISAVIS_RELAY_PORTS",
        value_name = "FROM-TO",
        default_value_t
    )]
    pub ports: RelayPorts,

    /// Also relay to these networks. Without it nothing is relayed to loopback, private,
    /// link-local, multicast, documentation and other special addresses, nor to this machine.
    #[arg(
        long = "relay-allow-peer",
        env = "VISAVIS_RELAY_ALLOW_PEER",
        value_name = "NETWORK/BITS",
        value_delimiter = ','
    )]
    pub allowed_peers: Vec<IpNet>,

    /// How many allocations there may be.
    #[command(flatten)]
    pub quotas: Quotas,

    /// The most that one allocation relays each way, in kilobits per second. What is over is
    /// dropped. 0 is no limit.
    #[arg(
        long = "relay-max-kilobits",
        env = "VISAVIS_RELAY_MAX_KILOBITS",
        value_name = "N",
        default_value_t = KILOBITS_PER_SECOND
    )]
    pub kilobits_per_second: u32,

    /// The most answers per second on the STUN port to one address that has no allocation.
    #[arg(
        long = "stun-max-answers",
        env = "VISAVIS_STUN_MAX_ANSWERS",
        value_name = "N",
        default_value_t = ANSWERS_PER_SECOND,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub answers_per_second: u32,

    /// Where clients are told to ask for their public address: stun:HOST:3478. Needed behind a
    /// proxy, where this server does not see by which address it is reached; without it they are
    /// told the address by which they came, or that of --relay-address. May be given more than
    /// once.
    #[arg(
        long = "stun-url",
        env = "VISAVIS_STUN_URL",
        value_name = "URL",
        value_delimiter = ',',
        value_parser = stun_url
    )]
    pub stun_urls: Vec<String>,

    /// Give clients a relay elsewhere, such as coturn with use-auth-secret:
    /// turn:HOST:3478?transport=udp, or turns:. May be given more than once. Needs --turn-secret.
    #[arg(
        long = "turn-url",
        env = "VISAVIS_TURN_URL",
        value_name = "URL",
        value_delimiter = ',',
        value_parser = turn_url,
        requires = "secret"
    )]
    pub urls: Vec<String>,

    /// The secret shared with the relay at --turn-url (coturn's static-auth-secret), and between
    /// several of these servers. Better given as the variable, which other people on this machine
    /// can not read.
    #[arg(
        long = "turn-secret",
        env = "VISAVIS_TURN_SECRET",
        value_name = "SECRET",
        value_parser = secretly::<Secret>(),
        hide_env_values = true
    )]
    pub secret: Option<Secret>,
}

const KILOBITS_PER_SECOND: u32 = 8_000;
const ANSWERS_PER_SECOND: u32 = 100;

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            addresses: Vec::new(),
            ports: RelayPorts::default(),
            allowed_peers: Vec::new(),
            quotas: Quotas::default(),
            kilobits_per_second: KILOBITS_PER_SECOND,
            answers_per_second: ANSWERS_PER_SECOND,
            stun_urls: Vec::new(),
            urls: Vec::new(),
            secret: None,
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
