//! Programs that run beside us: a server on a free port, calls without a window. All of them end
//! with us.

use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::error::Error;

/// How long a server may take to open its port.
const SERVER_START: Duration = Duration::from_secs(10);

/// A program that is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    name: String,
    child: Child,
}

impl Running {
    /// Starts it. Its errors go to the terminal, what else it prints is thrown away.
    pub(crate) fn start<A: AsRef<OsStr>>(
        name: &str,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Self, Error> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
        Self::spawn(name, &mut command)
    }

    /// Starts a prepared command.
    pub(crate) fn spawn(name: &str, command: &mut Command) -> Result<Self, Error> {
        let child = command.kill_on_drop(true).spawn().map_err(|source| Error::Start {
            program: command.as_std().get_program().to_string_lossy().into_owned(),
            source,
        })?;
        Ok(Self { name: name.to_owned(), child })
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> Result<ExitStatus, Error> {
        self.child.wait().await.map_err(Error::file(format!("waiting for {}", self.name)))
    }

    /// Waits for its end until the deadline.
    pub(crate) async fn ended_within(&mut self, limit: Duration) -> Result<ExitStatus, Error> {
        match timeout(limit, self.ended()).await {
            Ok(status) => status,
            Err(_) => {
                Err(Error::Call(format!("{} did not end within {} s", self.name, limit.as_secs())))
            }
        }
    }

    /// Its number, unless its end is known.
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// How it ended, when it has.
    pub(crate) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// What it writes to its standard output, when that was piped.
    pub(crate) fn take_stdout(&mut self) -> Option<tokio::process::ChildStdout> {
        self.child.stdout.take()
    }
}

/// A signaling server on this machine.
#[derive(Debug)]
pub(crate) struct Server {
    running: Running,
    url: String,
    /// Who owns which name is remembered here, and nowhere when this is dropped.
    _data: TempDir,
}

impl Server {
    /// Starts one on a free port of the loopback interface and waits until it takes connections.
    /// STUN is off: both people are on this machine.
    pub(crate) async fn start(program: &Path) -> Result<Self, Error> {
        let port = free_port().await?;
        let address = format!("{}:{port}", Ipv4Addr::LOCALHOST);
        let data = tempfile::tempdir().map_err(Error::file("making a temporary folder"))?;
        let folder = data.path().display().to_string();
        let arguments = [
            "--listen",
            &address,
            "--stun-listen",
            "off",
            "--metrics-listen",
            "off",
            "--data-dir",
            &folder,
        ];
        let mut running = Running::start("the server", program, arguments)?;
        let deadline = Instant::now() + SERVER_START;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
            if let Some(status) = running.has_ended() {
                return Err(Error::Call(format!("the server ended at once ({status})")));
            }
            if Instant::now() > deadline {
                return Err(Error::Call(format!(
                    "the server did not open {address} within {} s",
                    SERVER_START.as_secs()
                )));
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(Self { running, url: format!("ws://{address}"), _data: data })
    }

    /// Where clients find it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Waits for its end, which should not come.
    pub(crate) async fn ended(&mut self) -> Result<ExitStatus, Error> {
        self.running.ended().await
    }
}

/// A port that was free a moment ago.
pub(crate) async fn free_port() -> Result<u16, Error> {
    let what = "looking for a free port";
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(Error::file(what))?;
    Ok(listener.local_addr().map_err(Error::file(what))?.port())
}

/// How long the callee may take to log in.
const LOGIN: Duration = Duration::from_secs(10);

/// What the callee prints once it can be called.
const WAITING: &str = "waiting for a call";

/// Two clients without windows: `answer` as bob, `call bob` as alice, each with its own further
/// arguments.
///
/// Both have ended well when this returns.
pub(crate) async fn call_without_windows(
    visavis: &Path,
    alice: &[String],
    bob: &[String],
    limit: Duration,
) -> Result<(), Error> {
    let answer = ["answer", "--from", "alice", "--username", "bob"].map(str::to_owned);
    let call = ["call", "bob", "--username", "alice"].map(str::to_owned);
    let mut command = Command::new(visavis);
    command.args(answer.iter().chain(bob)).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut callee = Running::spawn("bob", &mut command)?;
    // Held to the end: it prints a few lines only, and they fit into the pipe.
    let mut output = callee.take_stdout().map(|stdout| BufReader::new(stdout).lines());
    let waits = async {
        while let Some(lines) = &mut output
            && let Ok(Some(line)) = lines.next_line().await
        {
            if line.contains(WAITING) {
                return true;
            }
        }
        false
    };
    match timeout(LOGIN, waits).await {
        Ok(true) => {}
        Ok(false) => {
            let status = callee.ended_within(LOGIN).await?;
            ended_well("bob", status)?;
            return Err(Error::Call("bob ended before he was called".into()));
        }
        Err(_) => {
            return Err(Error::Call(format!("bob did not log in within {} s", LOGIN.as_secs())));
        }
    }
    let mut caller = Running::start("alice", visavis, call.iter().chain(alice))?;
    ended_well("alice", caller.ended_within(limit).await?)?;
    ended_well("bob", callee.ended_within(Duration::from_secs(15)).await?)
}

fn ended_well(name: &str, status: ExitStatus) -> Result<(), Error> {
    let why = match status.code() {
        Some(0) => return Ok(()),
        Some(2) => "did not understand its command line",
        Some(3) => "could not reach the server or was not let in",
        Some(4) => "did not reach the other one",
        Some(5) => "could not connect, or lost the connection",
        Some(6) => "could not use a device",
        _ => return Err(Error::Call(format!("{name} crashed ({status})"))),
    };
    Err(Error::Call(format!("{name} {why}; what it printed about it stands above")))
}

/// Returns when someone wants us to end: Ctrl+C, or SIGTERM where there is such a thing.
pub(crate) async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a handler the signal ends us anyway.
    let _ = tokio::signal::ctrl_c().await;
}

/// A runtime for a command that runs programs side by side.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::file("starting the runtime"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    fn exit(code: i32) -> ExitStatus {
        use std::os::unix::process::ExitStatusExt as _;
        ExitStatus::from_raw(code << 8)
    }

    #[cfg(unix)]
    #[test]
    fn every_exit_code_of_the_client_has_words() {
        assert!(ended_well("alice", exit(0)).is_ok());
        for code in 2..=6 {
            let words =
                ended_well("alice", exit(code)).expect_err("it did not end well").to_string();
            assert!(words.starts_with("alice ") && !words.contains("crashed"), "{code}: {words}");
        }
        assert!(
            ended_well("alice", exit(101)).expect_err("it crashed").to_string().contains("crashed")
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_program_that_hangs_is_given_up_and_ends_with_us() {
        runtime().expect("it starts").block_on(async {
            let mut running =
                Running::start("a sleeper", Path::new("sleep"), ["1000"]).expect("it starts");
            let error =
                running.ended_within(Duration::from_millis(50)).await.expect_err("it sleeps on");
            assert_eq!(error.to_string(), "a sleeper did not end within 0 s");
            let pid = running.child.id().expect("it still runs");
            drop(running);
            let deadline = Instant::now() + Duration::from_secs(10);
            // It is gone, or a zombie that waits for its status to be read.
            let runs = || {
                let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
                stat.is_ok_and(|stat| !stat.contains(") Z "))
            };
            while runs() {
                assert!(Instant::now() < deadline, "it was not killed");
                sleep(Duration::from_millis(5)).await;
            }
        });
    }

    #[cfg(unix)]
    #[test]
    fn a_callee_that_is_not_let_in_is_reported_and_nobody_is_called() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (program, called) = (folder.path().join("visavis"), folder.path().join("called"));
        let script = format!("#!/bin/sh\n[ $1 = call ] && touch {}\nexit 3\n", called.display());
        std::fs::write(&program, script).expect("it can be written");
        let all = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&program, all).expect("it can be made a program");
        let call = call_without_windows(&program, &[], &[], Duration::from_secs(10));
        let error = runtime().expect("it starts").block_on(call).expect_err("bob was not let in");
        assert!(error.to_string().starts_with("bob could not reach the server"), "{error}");
        assert!(!called.exists());
    }

    #[test]
    fn a_server_that_ends_at_once_is_reported() {
        let error = runtime().expect("it starts").block_on(Server::start(Path::new(env!("CARGO"))));
        assert!(
            error
                .expect_err("cargo is no server")
                .to_string()
                .starts_with("the server ended at once")
        );
    }
}
