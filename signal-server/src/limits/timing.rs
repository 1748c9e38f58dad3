//! How long things may take.

use std::time::Duration;

use clap::Args;

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From the TCP connection to the end of the WebSocket upgrade.
    pub handshake: Duration,
    /// After so long a connection over which pages are asked for is not used for another request;
    /// after as long again it is closed in the middle of one.
    pub http: Duration,
    /// From the upgrade to the login.
    pub login: Duration,
    /// Between one ping and the next.
    pub ping: Duration,
    /// How long the peer may be silent: a pong ends the silence.
    pub idle: Duration,
    /// How long one write may wait for a peer that does not read.
    pub write: Duration,
    /// How long a closing connection is kept for the peer to take note.
    pub close: Duration,
    /// The time over which a server that goes away closes its connections, when there are many.
    pub drain: Duration,
    /// How often the files of the certificate are looked at.
    pub reload: Duration,
    /// How often the number of people is announced on the local network again, at most.
    pub announce: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            http: Duration::from_secs(60),
            login: Duration::from_secs(10),
            ping: Duration::from_secs(25),
            idle: Duration::from_secs(30),
            write: Duration::from_secs(5),
            close: Duration::from_secs(1),
            drain: Duration::from_secs(5),
            reload: Duration::from_secs(2),
            announce: Duration::from_secs(60),
        }
    }
}

/// The times on the command line.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct TimingOptions {
    /// How long a connection may be without a login, such as 10s.
    #[arg(long, env = "VISAVIS_LOGIN_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub login_timeout: Duration,

    /// How long nothing may be heard of a client. It is pinged when five sixths of that are over,
    /// so one that is there is always heard of.
    #[arg(long, env = "VISAVIS_IDLE_TIMEOUT", value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub idle_timeout: Duration,
}

impl TimingOptions {
    /// The times that the options make.
    #[must_use]
    pub fn timing(&self) -> Timing {
        Timing {
            login: self.login_timeout,
            idle: self.idle_timeout,
            ping: self.idle_timeout * 5 / 6,
            ..Timing::default()
        }
    }
}

/// Reads a time of at least a second and at most a day, such as `10s`, `2m` or `90`.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.char_indices().next_back() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3_600),
        _ => (text, 1),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    seconds
        .filter(|seconds| (1..=86_400).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| "it must be a time from 1s to 24h, such as 10s or 2m".into())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        timing: TimingOptions,
    }

    #[test]
    fn the_options_have_the_defaults_of_the_times() {
        assert_eq!(Program::parse_from(["program"]).timing.timing(), Timing::default());
    }

    #[test]
    fn a_ping_comes_before_the_end() {
        let timing = Program::parse_from(["program", "--idle-timeout=1m", "--login-timeout=5"])
            .timing
            .timing();
        assert_eq!((timing.idle, timing.ping), (Duration::from_secs(60), Duration::from_secs(50)));
        assert_eq!(timing.login, Duration::from_secs(5));
    }

    #[test]
    fn what_is_no_time_is_refused_with_words() {
        for text in ["", "s", "0", "-1s", "1.5s", "25h", "99999999999999999999h", "1ä", "ä"] {
            assert!(duration(text).unwrap_err().contains("such as"), "{text}");
        }
        assert_eq!(duration("24h"), Ok(Duration::from_secs(86_400)));
    }
}
