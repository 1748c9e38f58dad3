//! What can be set, on the command line or in the environment, and what it is set to.

use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

use clap::Parser;

use crate::admission::Limits;
use crate::ice::{RelayConfig, RelayOptions};
use crate::liveness::Timing;

/// Everything that a server needs to know to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where WebSocket connections are accepted.
    pub listen: SocketAddr,
    /// Where STUN is answered, if it is.
    pub stun: Option<SocketAddr>,
    /// Relays, and what clients are told of them.
    pub relay: RelayConfig,
    /// Whether clients may ask who is online.
    pub directory: bool,
    /// How many connections there may be.
    pub limits: Limits,
    /// How long things may take.
    pub timing: Timing,
}

impl Config {
    /// On loopback, on ports that the system chooses, with room for as many connections as a test makes.
    #[must_use]
    pub fn for_tests() -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: any_port,
            stun: Some(any_port),
            relay: RelayConfig::default(),
            directory: true,
            limits: Limits { connections: 10_000, connections_per_address: 10_000 },
            timing: Timing::default(),
        }
    }
}

/// Introduces two people who want to talk, and then stays out of the way: calls go directly between them.
///
/// Needs no options. Stop it with Ctrl-C; calls that are under way go on without it.
#[derive(Debug, Clone, Parser)]
#[command(name = "visavis-signal-server", version, max_term_width = 100)]
pub struct Options {
    /// Address and port for WebSocket connections (TCP). 0.0.0.0 is every IPv4 address of this machine.
    #[arg(
        long,
        env = "VISAVIS_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "0.0.0.0:9090",
        help_heading = "Network"
    )]
    pub listen: SocketAddr,

    /// Address and port of the STUN server (UDP), by which callers learn their public address, or "off". If the port is
    /// taken, the server says so and goes on without.
    #[arg(
        long,
        env = "VISAVIS_STUN_LISTEN",
        value_name = "ADDRESS:PORT|off",
        default_value = "0.0.0.0:3478",
        help_heading = "Network"
    )]
    pub stun_listen: StunListen,

    /// Relays.
    #[command(flatten)]
    pub relay: RelayOptions,

    /// Do not tell anyone who is online. People can still call those whose name they know.
    #[arg(long, env = "VISAVIS_NO_DIRECTORY", help_heading = "Privacy")]
    pub no_directory: bool,

    /// The most connections at a time. Each needs about 10 KiB of memory and one open file.
    #[arg(
        long,
        env = "VISAVIS_MAX_CONNECTIONS",
        value_name = "N",
        default_value_t = Limits::default().connections,
        help_heading = "Limits"
    )]
    pub max_connections: usize,

    /// The most connections at a time from one address (IPv6: from one /64 network). Raise it when many people share
    /// an address, or when a proxy stands in front.
    #[arg(
        long,
        env = "VISAVIS_MAX_CONNECTIONS_PER_ADDRESS",
        value_name = "N",
        default_value_t = Limits::default().connections_per_address,
        help_heading = "Limits"
    )]
    pub max_connections_per_address: usize,

    /// What is logged to standard error: error, warn, info, debug or trace. Neither addresses nor what people send are
    /// ever logged.
    #[arg(long, env = "VISAVIS_LOG", value_name = "FILTER", default_value = "info", help_heading = "Output")]
    pub log: String,
}

impl Options {
    /// The configuration that the options make.
    #[must_use]
    pub fn config(&self) -> Config {
        Config {
            listen: self.listen,
            stun: match self.stun_listen {
                StunListen::Off => None,
                StunListen::At(address) => Some(address),
            },
            relay: self.relay.config(),
            directory: !self.no_directory,
            limits: Limits {
                connections: self.max_connections,
                connections_per_address: self.max_connections_per_address,
            },
            timing: Timing::default(),
        }
    }
}

/// What `--stun-listen` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StunListen {
    /// No STUN server.
    Off,
    /// One at this address.
    At(SocketAddr),
}

impl FromStr for StunListen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("off") {
            return Ok(Self::Off);
        }
        text.parse().map(Self::At).map_err(|_| "it must be an address with a port, such as 0.0.0.0:3478, or off".into())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(args: &[&str]) -> Result<Config, clap::Error> {
        let args = ["visavis-signal-server"].iter().chain(args);
        Options::try_parse_from(args).map(|options| options.config())
    }

    #[test]
    fn no_option_is_needed() {
        let config = parse(&[]).unwrap();
        assert_eq!(config.listen, "0.0.0.0:9090".parse().unwrap());
        assert_eq!(config.stun, Some("0.0.0.0:3478".parse().unwrap()));
        assert!(config.directory);
        assert_eq!((config.limits, config.timing), (Limits::default(), Timing::default()));
    }

    #[test]
    fn every_option_does_what_it_says() {
        let config = parse(&[
            "--listen=[::1]:9000",
            "--stun-listen=OFF",
            "--no-directory",
            "--max-connections=7",
            "--max-connections-per-address=3",
        ])
        .unwrap();
        assert_eq!(config.listen, "[::1]:9000".parse().unwrap());
        assert_eq!(config.stun, None);
        assert!(!config.directory);
        assert_eq!(config.limits, Limits { connections: 7, connections_per_address: 3 });
    }

    #[test]
    fn what_is_no_address_is_refused_with_words() {
        let error = parse(&["--stun-listen=here"]).unwrap_err().to_string();
        assert!(error.contains("such as 0.0.0.0:3478, or off"), "{error}");
        assert!(parse(&["--listen=9090"]).is_err());
        assert!(parse(&["--max-connections=-1"]).is_err());
    }

    #[test]
    fn every_option_has_a_heading_an_explanation_and_a_variable() {
        Options::command().debug_assert();
        for option in Options::command().get_arguments() {
            let name = option.get_id().as_str();
            assert!(option.get_help().is_some(), "{name}");
            assert!(option.get_help_heading().is_some(), "{name}");
            let variable = option.get_env().and_then(|v| v.to_str()).unwrap();
            assert_eq!(variable, format!("VISAVIS_{}", name.to_uppercase()));
        }
    }
}
