//! The load generator of `cargo xtask bench server`: a program of its own, so that it has a core of
//! its own.
//!
//! Each command drives one running server, ours or another that speaks a dialect of the signaling
//! protocol, and writes its measurements as one line of JSON to standard output. It is an example
//! of the server's crate because there it costs next to nothing to build: what it needs is what the
//! server is made of.

mod client;
mod idle;
mod relay;
mod server;
mod silent;
mod stall;
mod wire;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use client::{Connector, Speech};
use serde_json::Value;
use server::Process;

/// Why there are no measurements.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// The system said no.
    #[error("{0}: {1}")]
    Io(String, #[source] io::Error),
    /// The server said or did something that makes a figure worthless.
    #[error("{0}")]
    Server(String),
}

impl Error {
    /// Says what was tried; for `map_err`.
    fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io(what, source)
    }
}

/// Puts load on a signaling server and writes the measurements as JSON.
#[derive(Debug, Parser)]
struct Options {
    /// Where the server listens.
    #[arg(long)]
    address: SocketAddr,
    /// Where the receivers connect, when that is another node.
    #[arg(long)]
    receivers: Option<SocketAddr>,
    /// Which dialect the server speaks.
    #[arg(long, value_enum, default_value_t = Speech::Visavis)]
    speech: Speech,
    /// The server's process, to read its memory and processor time from.
    #[arg(long)]
    pid: u32,
    /// Connect over TLS and trust this certificate (PEM).
    #[arg(long)]
    tls_ca: Option<PathBuf>,
    #[command(subcommand)]
    load: Load,
}

#[derive(Debug, clap::Subcommand)]
enum Load {
    /// Logs many people in who then do nothing.
    Idle {
        #[arg(long)]
        connections: usize,
    },
    /// Relays offers, with so many on their way for each pair.
    Relay {
        #[arg(long)]
        pairs: usize,
        #[arg(long)]
        window: usize,
        #[arg(long)]
        count: u64,
    },
    /// Relays offers at a given rate, whatever the server makes of it.
    Latency {
        #[arg(long)]
        pairs: usize,
        #[arg(long)]
        per_second: u32,
        #[arg(long)]
        seconds: u64,
    },
    /// Sends to people who never read.
    Stall {
        #[arg(long)]
        receivers: usize,
        #[arg(long)]
        seconds: u64,
    },
    /// Connects and then says nothing, or next to nothing.
    Silent {
        #[arg(long)]
        connections: usize,
        #[arg(long)]
        seconds: u64,
    },
}

fn run(options: &Options) -> Result<Value, Error> {
    let to_senders = Connector::new(options.address, options.speech, options.tls_ca.as_deref())?;
    let receivers = options.receivers.unwrap_or(options.address);
    let to_receivers = Connector::new(receivers, options.speech, options.tls_ca.as_deref())?;
    let server = Process(options.pid);
    match options.load {
        Load::Idle { connections } => idle::run(&to_senders, server, connections),
        Load::Relay { pairs, window, count } => {
            relay::Pairs::new(&to_senders, &to_receivers, pairs)?.in_windows(server, window, count)
        }
        Load::Latency { pairs, per_second, seconds } => {
            let pairs = relay::Pairs::new(&to_senders, &to_receivers, pairs)?;
            pairs.on_schedule(server, per_second, Duration::from_secs(seconds))
        }
        Load::Stall { receivers, seconds } => {
            stall::run(&to_senders, server, receivers, Duration::from_secs(seconds))
        }
        Load::Silent { connections, seconds } => {
            silent::run(&to_senders, connections, Duration::from_secs(seconds))
        }
    }
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(measurements) => {
            // Nobody is there to tell when this fails.
            let _ = writeln!(io::stdout(), "{measurements}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "load: {error}");
            ExitCode::FAILURE
        }
    }
}
