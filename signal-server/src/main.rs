//! The `visavis-signal-server` program.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;
use visavis_signal_server::names::command::{Command, NamesAction};
use visavis_signal_server::{Options, signals, start};

/// The command line can't be used.
const USAGE: u8 = 2;
/// The server could not start.
const FAILED: u8 = 1;

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(Command::Names { action }) = &options.command {
        return look_after_names(action, &options);
    }
    let filter = match EnvFilter::builder().parse(&options.log) {
        Ok(filter) => filter,
        Err(error) => return fail(USAGE, format_args!("--log {}: {error}", options.log)),
    };
    let colours = io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(io::stderr).init();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(serve(&options)),
        Err(error) => fail(FAILED, format_args!("the system gives no threads or timers: {error}")),
    }
}

/// The names are where the server with the same options finds them.
fn look_after_names(action: &NamesAction, options: &Options) -> ExitCode {
    let out = &mut io::stdout().lock();
    let done = match options.redis.config() {
        None => action.run(&options.names.config(), out),
        Some(redis) => match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(action.run_at(&redis, out)),
            Err(error) => return fail(FAILED, format_args!("the system gives no threads or timers: {error}")),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(FAILED, error),
    }
}

async fn serve(options: &Options) -> ExitCode {
    let server = match start(options.config()).await {
        Ok(server) => server,
        Err(error) => return fail(FAILED, error),
    };
    let stun = server.stun_address().map_or("off".to_owned(), |address| address.to_string());
    // On standard output, so that a program that chose port 0 can read where to go. Nobody may be listening.
    let _ = writeln!(io::stdout(), "listening on ws://{} (STUN: {stun})", server.address());
    if let Err(error) = signals::asked_to_stop().await {
        return fail(FAILED, format_args!("the system does not tell when to stop: {error}"));
    }
    server.shutdown().await;
    ExitCode::SUCCESS
}

/// Says what went wrong, in one line.
fn fail(code: u8, error: impl Display) -> ExitCode {
    let _ = writeln!(io::stderr(), "visavis-signal-server: {error}");
    ExitCode::from(code)
}
