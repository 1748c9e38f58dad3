//! What is measured, running: our server or the other one, and the load on it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use super::cores::Cores;
use crate::error::Error;
use crate::programs::{Running, free_port};

/// How long a program may take to open its port.
const START: Duration = Duration::from_secs(10);
/// How long one measurement may take.
const MEASUREMENT: Duration = Duration::from_secs(180);

/// How to start a server, but for the port.
#[derive(Debug, Clone)]
pub(super) enum Recipe {
    /// Ours, with these options.
    Ours { program: PathBuf, options: Vec<String> },
    /// The classic one, in this folder.
    Node { folder: PathBuf },
    /// Redis, with its files in this folder.
    Redis { folder: PathBuf },
}

impl Recipe {
    fn speech(&self) -> &'static str {
        if matches!(self, Self::Node { .. }) { "classic" } else { "visavis" }
    }

    fn command(&self, cores: &Cores, port: u16) -> Command {
        match self {
            Self::Ours { program, options } => {
                let mut command = cores.for_server(program);
                for (variable, _) in std::env::vars_os() {
                    if variable.to_str().is_some_and(|name| name.starts_with("VISAVIS_")) {
                        command.env_remove(variable);
                    }
                }
                command.args([
                    "--listen",
                    &format!("127.0.0.1:{port}"),
                    "--stun-listen",
                    "off",
                    "--log",
                    "error",
                ]);
                command.args(options);
                command
            }
            Self::Node { folder } => {
                let mut command = cores.for_server(Path::new("node"));
                command
                    .arg(folder.join("server.js"))
                    .arg(port.to_string())
                    .env("NODE_ENV", "production");
                command
            }
            Self::Redis { folder } => {
                let mut command = cores.for_server(Path::new("redis-server"));
                command.args([
                    "--bind",
                    "127.0.0.1",
                    "--port",
                    &port.to_string(),
                    "--save",
                    "",
                    "--appendonly",
                    "no",
                ]);
                command.arg("--dir").arg(folder);
                command
            }
        }
    }
}

/// A running one.
pub(super) struct Subject {
    running: Running,
    address: String,
    speech: &'static str,
    /// Where it keeps what it has to remember; gone with it.
    _data: TempDir,
}

impl Subject {
    /// Starts it on a free port and waits until it takes connections.
    pub(super) async fn start(recipe: &Recipe, cores: &Cores) -> Result<Self, Error> {
        let port = free_port().await?;
        let data = tempfile::tempdir().map_err(Error::file("making a temporary folder"))?;
        let mut command = recipe.command(cores, port);
        command.env("VISAVIS_DATA_DIR", data.path());
        let mut running =
            Running::spawn("the server", command.stdin(Stdio::null()).stdout(Stdio::null()))?;
        let deadline = Instant::now() + START;
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if let Some(status) = running.has_ended() {
                return Err(Error::Call(format!("the server ended at once ({status})")));
            }
            if Instant::now() > deadline {
                return Err(Error::Call(format!(
                    "the server did not open its port within {} s",
                    START.as_secs()
                )));
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(Self {
            running,
            address: format!("127.0.0.1:{port}"),
            speech: recipe.speech(),
            _data: data,
        })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Puts a load on it and returns the measurements.
    pub(super) async fn load(
        &self,
        load: &Path,
        cores: &Cores,
        arguments: &[&str],
    ) -> Result<Value, Error> {
        let pid = self
            .running
            .id()
            .ok_or_else(|| Error::Call("the server has ended".into()))?
            .to_string();
        let mut command = cores.for_load(load);
        command
            .args(["--address", &self.address, "--speech", self.speech, "--pid", &pid])
            .args(arguments);
        command.stdin(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let answer = |why: String| Error::Answer {
            program: format!("the load ({})", arguments.join(" ")),
            why,
        };
        let output = timeout(MEASUREMENT, command.output())
            .await
            .map_err(|_| answer(format!("it did not end within {} s", MEASUREMENT.as_secs())))?
            .map_err(|source| Error::Start { program: load.display().to_string(), source })?;
        if !output.status.success() {
            return Err(answer(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| answer(error.to_string()))
    }
}
