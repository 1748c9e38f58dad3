//! The `visavis-signal-server` program.

use std::fmt::Display;
use std::io::{self, Write};
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::{Arg, ArgMatches, value_parser};
use tokio::runtime::{Builder, Runtime};
use visavis_signal_server::checkup;
use visavis_signal_server::names_command::{Command, NamesAction};
use visavis_signal_server::signals::StopSignals;
use visavis_signal_server::{Options, start};

const MANUAL: &str = "manual";
const FOLDER: &str = "folder";
const USAGE: u8 = 2;
/// The server could not start, or not end as it should.
const FAILED: u8 = 1;
/// How long the program lives after it was asked to stop, whatever happens.
const LEAVE_WITHIN: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let matches = Options::program().subcommand(manual_command()).get_matches();
    if let Some((MANUAL, manual)) = matches.subcommand() {
        return write_manual(manual);
    }
    let options = match Options::read(&matches) {
        Ok(options) => options,
        Err(error) => error.exit(),
    };
    match &options.command {
        Some(Command::Names { action }) => return look_after_names(action, &options),
        Some(Command::Check) => return check(&options),
        None => {}
    }
    if let Err(error) = options.log.begin() {
        return fail(USAGE, format_args!("--log {}: {error}", options.log.log));
    }
    if options.redis.shows_password(&matches) {
        tracing::warn!(
            "everyone on this machine can read the password of Redis on the command line: give the URL in a file \
             with --redis-file, or as the variable VISAVIS_REDIS"
        );
    }
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    let code = runtime.block_on(serve(&options));
    // What still reads a file is not waited for.
    runtime.shutdown_background();
    code
}

/// The command that writes the manual pages, for packages.
fn manual_command() -> clap::Command {
    let folder = Arg::new(FOLDER).required(true).value_parser(value_parser!(PathBuf));
    clap::Command::new(MANUAL).hide(true).arg(folder)
}

fn write_manual(arguments: &ArgMatches) -> ExitCode {
    let Some(folder) = arguments.get_one::<PathBuf>(FOLDER) else { return ExitCode::from(USAGE) };
    match visavis_about::write_manual(Options::program(), folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(FAILED, format_args!("{} can't be written: {error}", folder.display())),
    }
}

/// With one processor a second thread is only in the way: handing work from one to the other costs
/// more than it spares.
fn runtime() -> Result<Runtime, ExitCode> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let mut builder =
        if processors == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.enable_all().build().map_err(|error| {
        fail(FAILED, format_args!("the system gives no threads or timers: {error}"))
    })
}

/// The names are where the server with the same options finds them.
fn look_after_names(action: &NamesAction, options: &Options) -> ExitCode {
    let out = &mut io::stdout().lock();
    let redis = match options.redis.config() {
        Ok(redis) => redis,
        Err(error) => return fail(USAGE, error),
    };
    let done = match redis {
        None => action.run(&options.names.config(), out),
        Some(redis) => match runtime() {
            Ok(runtime) => runtime.block_on(action.run_at(&redis, out)),
            Err(code) => return code,
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(FAILED, error),
    }
}

/// Examines what a server with these options needs.
fn check(options: &Options) -> ExitCode {
    let config = match options.config() {
        Ok(config) => config,
        Err(error) => return fail(USAGE, error),
    };
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    let examined = runtime.block_on(checkup::examine(&config, &mut io::stdout().lock()));
    runtime.shutdown_background();
    match examined {
        Ok(checkup) if checkup.is_fit() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(FAILED),
        Err(error) => fail(FAILED, format_args!("the findings can't be written ({error})")),
    }
}

async fn serve(options: &Options) -> ExitCode {
    let mut signals = match StopSignals::listen() {
        Ok(signals) => signals,
        Err(error) => {
            return fail(FAILED, format_args!("the system does not tell when to stop: {error}"));
        }
    };
    let config = match options.config() {
        Ok(config) => config,
        Err(error) => return fail(USAGE, error),
    };
    let server = match start(config).await {
        Ok(server) => server,
        Err(error) => return fail(FAILED, error),
    };
    let or_off = |address: Option<_>| {
        address.map_or("off".to_owned(), |address: std::net::SocketAddr| address.to_string())
    };
    let (stun, metrics) = (or_off(server.stun_address()), or_off(server.metrics_address()));
    let scheme = if server.url().starts_with("wss") { "wss" } else { "ws" };
    // On standard output, so that a program that chose port 0 can read where to go. Nobody may be
    // listening.
    let line =
        format!("listening on {scheme}://{} (STUN: {stun}, figures: {metrics})", server.address());
    let _ = writeln!(io::stdout(), "{line}");
    signals.received().await;
    end_in_any_case();
    tokio::select! {
        () = server.shutdown() => ExitCode::SUCCESS,
        () = signals.received() => fail(FAILED, "asked to stop twice: not everyone could be told"),
    }
}

/// Ends the program when its time is over, even if it is stuck.
fn end_in_any_case() {
    let end = || {
        thread::sleep(LEAVE_WITHIN);
        let _ = fail(FAILED, "not everything ended in time");
        std::process::exit(FAILED.into());
    };
    if let Err(error) = thread::Builder::new().name("last-resort".to_owned()).spawn(end) {
        tracing::warn!(%error, "no thread watches the shutdown");
    }
}

/// Says what went wrong, in one line.
fn fail(code: u8, error: impl Display) -> ExitCode {
    let _ = writeln!(io::stderr(), "visavis-signal-server: {error}");
    ExitCode::from(code)
}
