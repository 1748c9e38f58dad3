//! How much of everything one client, one address and all of them together may have.

pub(crate) mod frame_meter;
pub(crate) mod permits;
pub(crate) mod rates;
pub(crate) mod timing;

use std::num::NonZeroU32;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use visavis_shared::limits::{MAX_JSON_DEPTH, MAX_MESSAGE_BYTES};

/// Logins from one address: per second, and at once. As many at once as there may be connections
/// from it, so that a whole office can come back after the server was started again.
const LOGINS: (u32, u32) = (5, 100);
/// Rooms that are tried from one address: per second, and at once. As many as logins: whoever comes
/// back goes to a room.
const JOINS: (u32, u32) = (5, 100);
/// Messages over one connection: per second, and at once. A call's beginning takes some dozens of
/// candidates.
const MESSAGES: (u32, u32) = (50, 200);

/// How often something may be done: so often at once, and so often per second in the long run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// In the long run.
    pub per_second: NonZeroU32,
    /// At once, by who has been quiet for a while.
    pub burst: NonZeroU32,
}

/// One connection's part of what an address may do.
const PART_OF_A_CONNECTION: u32 = 5;

impl Rate {
    /// A rate; none when `per_second` is 0. A burst of 0 is one of 1.
    #[must_use]
    pub fn new(per_second: u32, burst: u32) -> Option<Self> {
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        NonZeroU32::new(per_second).map(|per_second| Self { per_second, burst })
    }

    /// What one connection may do of what its address may.
    fn of_connection(self) -> Self {
        let part = |of: NonZeroU32| {
            NonZeroU32::new(of.get() / PART_OF_A_CONNECTION).unwrap_or(NonZeroU32::MIN)
        };
        Self { per_second: part(self.per_second), burst: part(self.burst) }
    }
}

/// How much of everything there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections in all.
    pub connections: usize,
    /// Connections from one address.
    pub connections_per_address: usize,
    /// Logins from one address; as many as there are when `None`.
    pub logins: Option<Rate>,
    /// Rooms that are tried from one address, and a fifth of that over one connection; as many as
    /// there are when `None`.
    pub joins: Option<Rate>,
    /// Messages over one connection; as many as there are when `None`.
    pub messages: Option<Rate>,
    /// The largest message, in bytes.
    pub message_bytes: usize,
    /// How deep the JSON of a message may nest.
    pub json_depth: usize,
    /// What may wait to be written to a connection.
    pub queue: QueueLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 100,
            logins: Rate::new(LOGINS.0, LOGINS.1),
            joins: Rate::new(JOINS.0, JOINS.1),
            messages: Rate::new(MESSAGES.0, MESSAGES.1),
            message_bytes: MAX_MESSAGE_BYTES,
            json_depth: MAX_JSON_DEPTH,
            queue: QueueLimits::default(),
        }
    }
}

/// What may wait to be written to a connection. Beyond either it is closed: its peer does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLimits {
    /// Messages. Presence does not count: it is bounded by the watch list, and comes in bursts.
    pub messages: usize,
    /// Their size in bytes.
    pub bytes: usize,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { messages: 64, bytes: 256 * 1024 }
    }
}

/// The limits on the command line.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitOptions {
    /// The most connections at a time. Each needs about 8 KiB of memory (15 KiB with TLS) and one
    /// open file.
    #[arg(long, env = "VISAVIS_MAX_CONNECTIONS", value_name = "N", default_value_t = Limits::default().connections)]
    pub max_connections: usize,

    /// The most connections at a time from one address (IPv6: from one /64 network). Raise it when
    /// many people share an address; behind a proxy, name it with --trusted-proxy.
    #[arg(
        long,
        env = "VISAVIS_MAX_CONNECTIONS_PER_ADDRESS",
        value_name = "N",
        default_value_t = Limits::default().connections_per_address
    )]
    pub max_connections_per_address: usize,

    /// The most logins per second from one address (IPv6: from one /64 network), in the long run; 0
    /// for no limit.
    #[arg(long, env = "VISAVIS_LOGIN_RATE", value_name = "N", default_value_t = LOGINS.0)]
    pub login_rate: u32,

    /// The most logins at once from one address that has been quiet.
    #[arg(
        long,
        env = "VISAVIS_LOGIN_BURST",
        value_name = "N",
        default_value_t = LOGINS.1,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub login_burst: u32,

    /// The most rooms per second that are tried from one address (IPv6: from one /64 network), in
    /// the long run; over one connection a fifth of that. 0 for no limit.
    #[arg(long, env = "VISAVIS_JOIN_RATE", value_name = "N", default_value_t = JOINS.0)]
    pub join_rate: u32,

    /// The most rooms that are tried at once from one address that has been quiet; over one
    /// connection a fifth of that.
    #[arg(
        long,
        env = "VISAVIS_JOIN_BURST",
        value_name = "N",
        default_value_t = JOINS.1,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub join_burst: u32,

    /// The most messages per second over one connection, in the long run; 0 for no limit. Each 8
    /// KiB of a message count as one more. What is sent beyond that is dropped with an error, and
    /// who sends ten times as much is cut off.
    #[arg(long, env = "VISAVIS_MESSAGE_RATE", value_name = "N", default_value_t = MESSAGES.0)]
    pub message_rate: u32,

    /// The most messages at once over a connection that has been quiet.
    #[arg(
        long,
        env = "VISAVIS_MESSAGE_BURST",
        value_name = "N",
        default_value_t = MESSAGES.1,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub message_burst: u32,

    /// The largest message in bytes, 65536 at most: no client reads more.
    #[arg(
        long,
        env = "VISAVIS_MAX_MESSAGE_BYTES",
        value_name = "BYTES",
        default_value_t = MAX_MESSAGE_BYTES,
        value_parser = at_most(1024, MAX_MESSAGE_BYTES)
    )]
    pub max_message_bytes: usize,

    /// How deep the JSON of a message may nest, 32 at most.
    #[arg(
        long,
        env = "VISAVIS_MAX_JSON_DEPTH",
        value_name = "N",
        default_value_t = MAX_JSON_DEPTH,
        value_parser = at_most(1, MAX_JSON_DEPTH)
    )]
    pub max_json_depth: usize,

    /// The most messages that wait to be written to one client. One that lets more come together
    /// does not read, and is cut off.
    #[arg(
        long,
        env = "VISAVIS_MAX_QUEUED_MESSAGES",
        value_name = "N",
        default_value_t = QueueLimits::default().messages,
        value_parser = at_most(8, 1 << 20)
    )]
    pub max_queued_messages: usize,

    /// The most bytes that wait to be written to one client.
    #[arg(
        long,
        env = "VISAVIS_MAX_QUEUED_BYTES",
        value_name = "BYTES",
        default_value_t = QueueLimits::default().bytes,
        value_parser = at_most(2 * MAX_MESSAGE_BYTES, 1 << 30)
    )]
    pub max_queued_bytes: usize,
}

impl LimitOptions {
    /// The limits that the options make.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            connections: self.max_connections,
            connections_per_address: self.max_connections_per_address,
            logins: Rate::new(self.login_rate, self.login_burst),
            joins: Rate::new(self.join_rate, self.join_burst),
            messages: Rate::new(self.message_rate, self.message_burst),
            message_bytes: self.max_message_bytes,
            json_depth: self.max_json_depth,
            queue: QueueLimits { messages: self.max_queued_messages, bytes: self.max_queued_bytes },
        }
    }
}

/// A size within bounds.
fn at_most(least: usize, most: usize) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(least as u64..=most as u64)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        limits: LimitOptions,
    }

    fn parse(args: &[&str]) -> Result<Limits, clap::Error> {
        Program::try_parse_from(["program"].iter().chain(args))
            .map(|program| program.limits.limits())
    }

    #[test]
    fn the_options_have_the_defaults_of_the_limits() {
        assert_eq!(parse(&[]).unwrap(), Limits::default());
    }

    #[test]
    fn every_limit_can_be_set() {
        let limits = parse(&[
            "--max-connections=7",
            "--max-connections-per-address=3",
            "--login-rate=1",
            "--login-burst=2",
            "--join-rate=3",
            "--join-burst=4",
            "--message-rate=0",
            "--max-message-bytes=2048",
            "--max-json-depth=4",
            "--max-queued-messages=16",
            "--max-queued-bytes=200000",
        ]);
        let expected = Limits {
            connections: 7,
            connections_per_address: 3,
            logins: Rate::new(1, 2),
            joins: Rate::new(3, 4),
            messages: None,
            message_bytes: 2048,
            json_depth: 4,
            queue: QueueLimits { messages: 16, bytes: 200_000 },
        };
        assert_eq!(limits.unwrap(), expected);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for arg in [
            "--max-connections=-1",
            "--login-burst=0",
            "--join-burst=0",
            "--message-burst=0",
            "--max-message-bytes=65537",
            "--max-json-depth=0",
            "--max-json-depth=33",
            "--max-queued-messages=0",
            "--max-queued-bytes=1",
        ] {
            assert!(parse(&[arg]).is_err(), "{arg}");
        }
    }
}
