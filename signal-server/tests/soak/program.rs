//! The server's process: what it takes, and that it ends well.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::common::LONG;

/// Limits that would stand in the way of many people at one address. Those on single connections
/// stay.
const LIFTED: &[(&str, &str)] = &[
    ("--max-connections", "10000"),
    ("--max-connections-per-address", "10000"),
    ("--login-rate", "0"),
    ("--metrics-listen", "off"),
];
/// How long connections may take to be gone: their deadlines, with time to spare on a busy machine.
const REST: Duration = Duration::from_secs(90);

/// A running server.
pub(crate) struct Program {
    child: Child,
    address: SocketAddr,
    /// Files that it has open without a connection.
    files: Option<usize>,
    errors: JoinHandle<String>,
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_visavis-signal-server"));
    for (variable, _) in std::env::vars().filter(|(variable, _)| variable.starts_with("VISAVIS_")) {
        command.env_remove(variable);
    }
    // No name is claimed here; whoever runs the tests has a folder of their own.
    command.env("VISAVIS_DATA_DIR", env!("CARGO_TARGET_TMPDIR"));
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

impl Program {
    /// Starts it on a free port.
    pub(crate) async fn start() -> Self {
        let help = command().arg("--help").output().await.unwrap();
        let help = String::from_utf8_lossy(&help.stdout).into_owned();
        let mut command = command();
        command.args(["--listen=127.0.0.1:0", "--stun-listen=off", "--log=warn"]);
        for (option, value) in LIFTED {
            if help.contains(&format!("{option} <")) {
                command.args([option, value]);
            }
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(LONG, lines.next_line())
            .await
            .expect("a line")
            .unwrap()
            .expect("where it listens");
        let address =
            line.strip_prefix("listening on ws://").and_then(|rest| rest.split(' ').next());
        let address =
            address.unwrap_or_else(|| panic!("where it listens: {line}")).parse().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let errors = tokio::spawn(async move {
            let mut said = String::new();
            stderr.read_to_string(&mut said).await.unwrap();
            said
        });
        let mut program = Self { child, address, files: None, errors };
        program.files = program.open_files();
        program
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    fn open_files(&self) -> Option<usize> {
        Some(std::fs::read_dir(format!("/proc/{}/fd", self.child.id()?)).ok()?.count())
    }

    fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let kibibytes = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))?;
        Some(kibibytes.trim().parse::<u64>().ok()? * 1024)
    }

    /// Waits until it has no connection left, and reads its memory.
    pub(crate) async fn memory_at_rest(&mut self) -> Option<u64> {
        assert_eq!(self.child.try_wait().unwrap(), None, "the server has ended");
        let files = self.files?;
        let deadline = Instant::now() + REST;
        while self.open_files()? > files {
            assert!(
                Instant::now() < deadline,
                "{} connections were left behind",
                self.open_files()? - files
            );
            sleep(Duration::from_millis(200)).await;
        }
        self.memory()
    }

    /// Asks it to end, which it does politely and without having complained of itself.
    pub(crate) async fn stop(mut self) {
        let pid = self.child.id().expect("a running server").to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
        let status = timeout(LONG, self.child.wait()).await.expect("an end").unwrap();
        let said = self.errors.await.unwrap();
        assert_eq!(status.code(), Some(0), "{said}");
        assert!(!said.contains("panicked") && !said.contains("defect"), "{said}");
    }
}
