//! Other programs and browsers as the other side of a call: aiortc, GStreamer's webrtcbin, werift,
//! Chromium and Firefox.
//!
//! In: what a peer is to do ([`Peer::call`], [`Peer::change`], …), as values of JSON that
//! `tests/peers/python/control.py` describes. Out: its [`State`], the picture that it shows and the
//! tone that it hears. Every peer speaks dialect 1 with the server by itself and knows nothing of
//! the app; none sends anything but to the loopback interface. What was started ends with its
//! [`Peer`].

mod description;
mod firefox;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use crate::browser::{BrowserError, Browsers, Page};
use crate::listen::Recording;
use crate::picture::{Picture, PictureError};
use crate::programs::{Program, ProgramError};
use crate::python;

pub use self::description::{Section, sections};
pub use self::firefox::{Firefox, FirefoxError};

/// How long anything that a peer does may take on a slow machine.
pub const LIMIT: Duration = Duration::from_secs(30);

/// How often something that is waited for is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Where `cargo xtask test` puts what the programs stand on: an environment, and a folder of this
/// package.
const PYTHON: &str = "peers-python";
const WERIFT: &str = "peers/node/node_modules/werift";

/// Why a peer did not do what a test needs of it.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// What it stands on is not there.
    #[error("{0} is missing: run `cargo xtask test`, which installs it")]
    NotInstalled(String),
    /// Its program failed.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// Chromium failed.
    #[error(transparent)]
    Browser(#[from] BrowserError),
    /// Firefox failed.
    #[error(transparent)]
    Firefox(#[from] FirefoxError),
    /// It gave something other than its state.
    #[error("a state of another shape: {0}")]
    State(#[from] serde_json::Error),
    /// It gave no picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The system refused something else.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Something did not come about in time.
    #[error("{name}: not {what} within {} s; {state:#?}\n{output}", .limit.as_secs())]
    TooLate {
        /// The peer.
        name: String,
        /// What was waited for.
        what: String,
        /// The deadline.
        limit: Duration,
        /// How things stood then.
        state: Box<State>,
        /// What its program complained of.
        output: String,
    },
}

/// How a call ended for a peer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Ended {
    /// The message that ended it: `close` or `decline`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The reason in it.
    pub reason: Option<String>,
}

/// How things stand at a peer.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct State {
    /// How many commands it has carried out; a page does not count them.
    pub commands: u64,
    /// Whether the server has let it in.
    pub logged_in: bool,
    /// The state of its peer connection, `none` when there is none.
    pub connection: String,
    /// Frames that it decoded, of all videos.
    pub frames: u64,
    /// How much audio it decoded.
    pub audio_seconds: f64,
    /// Whether a data channel has opened.
    pub data_open: bool,
    /// The last offer, its own or the other's.
    pub offer: Option<String>,
    /// The answer to it.
    pub answer: Option<String>,
    /// How many answers to its own offers it has applied.
    pub answers_applied: u64,
    /// How the call ended, unless it ended it.
    pub ended: Option<Ended>,
    /// What went wrong, in its own words.
    pub errors: Vec<String>,
}

/// What a peer runs as.
enum Runs {
    Program { program: Program, folder: TempDir, commands: u64 },
    Chromium { page: Page, _browsers: Browsers },
    Firefox(Box<Firefox>),
}

/// Starts a script on aiortc that is driven by lines.
///
/// # Errors
/// When aiortc is not installed or the script does not start.
pub fn spawn_aiortc(script: &str) -> Result<Program, PeerError> {
    let mut command = Command::new(python()?);
    command.arg(package().join(script)).env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(Program::spawn_commanded(script, command)?)
}

/// A peer that is logged in.
pub struct Peer {
    name: String,
    runs: Runs,
}

impl Peer {
    /// aiortc with PyAV's codecs.
    ///
    /// # Errors
    /// When it is not installed, does not start or can't log in.
    pub async fn aiortc(server: &str, name: &str) -> Result<Self, PeerError> {
        Self::program(&python()?, "peers/python/aiortc_peer.py", server, name).await
    }

    /// GStreamer's webrtcbin.
    ///
    /// # Errors
    /// As [`Self::aiortc`].
    pub async fn webrtcbin(server: &str, name: &str) -> Result<Self, PeerError> {
        Self::program(&python()?, "peers/python/webrtcbin_peer.py", server, name).await
    }

    /// werift, which sends what ffmpeg encodes and packetizes.
    ///
    /// # Errors
    /// As [`Self::aiortc`].
    pub async fn werift(server: &str, name: &str) -> Result<Self, PeerError> {
        if !package().join(WERIFT).is_dir() {
            return Err(PeerError::NotInstalled("werift".into()));
        }
        Self::program("node".as_ref(), "peers/node/werift_peer.js", server, name).await
    }

    async fn program(
        interpreter: &Path,
        script: &str,
        server: &str,
        name: &str,
    ) -> Result<Self, PeerError> {
        let mut command = Command::new(interpreter);
        command.arg(package().join(script)).args([server, name]);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        let program = Program::spawn_commanded(script, command)?;
        let folder = tempfile::tempdir()?;
        Self::online(name, Runs::Program { program, folder, commands: 0 }).await
    }

    /// Debian's Chromium.
    ///
    /// # Errors
    /// As [`Self::aiortc`].
    pub async fn chromium(server: &str, name: &str) -> Result<Self, PeerError> {
        let browsers = Browsers::start().await?;
        let page = browsers.open_at(&peer_page(server, name)).await?;
        Self::online(name, Runs::Chromium { page, _browsers: browsers }).await
    }

    /// Debian's Firefox ESR.
    ///
    /// # Errors
    /// As [`Self::aiortc`].
    pub async fn firefox(server: &str, name: &str) -> Result<Self, PeerError> {
        let firefox = Firefox::open(&peer_page(server, name)).await?;
        Self::online(name, Runs::Firefox(Box::new(firefox))).await
    }

    async fn online(name: &str, runs: Runs) -> Result<Self, PeerError> {
        let mut peer = Self { name: name.to_owned(), runs };
        peer.until("logged in", |state| state.logged_in).await?;
        Ok(peer)
    }

    /// Calls somebody as a plan says.
    ///
    /// # Errors
    /// When it can't be driven. What fails within it stands in [`State::errors`].
    pub async fn call(&mut self, other: &str, plan: &Value) -> Result<(), PeerError> {
        self.obey(json!({ "do": "call", "other": other, "with": plan })).await
    }

    /// Prepares it for a call that it will answer as a plan says.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn expect(&mut self, plan: &Value) -> Result<(), PeerError> {
        self.obey(json!({ "do": "expect", "with": plan })).await
    }

    /// Changes the running call by another offer.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn change(&mut self, changes: &Value) -> Result<(), PeerError> {
        self.obey(json!({ "do": "change", "with": changes })).await
    }

    /// Floods the app, and comes back when that is done.
    ///
    /// # Errors
    /// As [`Self::call`], and when something went wrong within it; only aiortc can do it.
    pub async fn flood(&mut self, kind: &str, span: Duration) -> Result<(), PeerError> {
        let with = json!({ "kind": kind, "seconds": span.as_secs_f64() });
        self.obey(json!({ "do": "flood", "with": with })).await?;
        let state = self.state().await?;
        if state.errors.is_empty() { Ok(()) } else { Err(self.too_late("without errors", state)) }
    }

    /// Closes the call.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn hang_up(&mut self) -> Result<(), PeerError> {
        self.obey(json!({ "do": "hang-up" })).await
    }

    async fn obey(&mut self, command: Value) -> Result<(), PeerError> {
        match &mut self.runs {
            Runs::Program { program, commands, .. } => {
                program.tell(&command.to_string()).await?;
                *commands += 1;
                let count = *commands;
                self.until("done with a command", |state| state.commands >= count).await?;
            }
            Runs::Chromium { page, .. } => {
                page.evaluate::<Value>("return window.obey(arguments[0])", vec![command]).await?;
            }
            Runs::Firefox(firefox) => {
                firefox.evaluate(&format!("window.obey({command})")).await?;
            }
        }
        Ok(())
    }

    /// How things stand.
    ///
    /// # Errors
    /// When it can't be driven, or has ended.
    pub async fn state(&mut self) -> Result<State, PeerError> {
        match &mut self.runs {
            Runs::Program { program, .. } => Ok(program.prints(LIMIT, last_state).await?),
            Runs::Chromium { page, .. } => {
                Ok(page.evaluate("return window.state()", Vec::new()).await?)
            }
            Runs::Firefox(firefox) => {
                Ok(serde_json::from_value(firefox.evaluate("window.state()").await?)?)
            }
        }
    }

    /// Waits until things stand as `holds` wants them.
    ///
    /// # Errors
    /// When it can't be driven, or [`LIMIT`] comes first; the error then names `what`.
    pub async fn until(
        &mut self,
        what: &str,
        holds: impl Fn(&State) -> bool,
    ) -> Result<State, PeerError> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let state = self.state().await?;
            if holds(&state) {
                return Ok(state);
            }
            if Instant::now() >= deadline {
                return Err(self.too_late(what, state));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    fn too_late(&self, what: &str, state: State) -> PeerError {
        let output = match &self.runs {
            Runs::Program { program, .. } => program.stderr(),
            Runs::Chromium { .. } | Runs::Firefox(_) => String::new(),
        };
        PeerError::TooLate {
            name: self.name.clone(),
            what: what.to_owned(),
            limit: LIMIT,
            state: Box::new(state),
            output,
        }
    }

    /// The picture that it shows of the other side, at the size it came in.
    ///
    /// # Errors
    /// When it can't be driven, or has none.
    pub async fn picture(&mut self) -> Result<Picture, PeerError> {
        if let Some(folder) = self.record().await? {
            return Ok(Picture::from_png(&std::fs::read(folder.join("picture.png"))?)?);
        }
        let picture = match &mut self.runs {
            Runs::Chromium { page, .. } => page.picture().await?,
            Runs::Firefox(_) | Runs::Program { .. } => None,
        };
        picture.ok_or_else(|| PictureError::Shape("there is none".into()).into())
    }

    /// The frequency that is loudest in what it heard of the other side in the last two seconds, in
    /// Hz, and how loud all of it was, in dBFS where it is known.
    ///
    /// # Errors
    /// When it can't be driven.
    pub async fn tone(&mut self) -> Result<(f64, Option<f64>), PeerError> {
        if let Some(folder) = self.record().await? {
            let recording = Recording::read(&folder.join("heard.wav"));
            let level = Recording::level_dbfs(&recording.samples);
            return Ok((recording.strongest_hz(&recording.samples), Some(level)));
        }
        let tone: Option<f64> = match &mut self.runs {
            Runs::Chromium { page, .. } => page.tone().await?,
            Runs::Firefox(firefox) => {
                serde_json::from_value(firefox.evaluate("window.remoteTone()").await?)?
            }
            Runs::Program { .. } => None,
        };
        Ok((tone.unwrap_or(0.0), None))
    }

    /// Has a program write what it shows and hears; where to.
    async fn record(&mut self) -> Result<Option<PathBuf>, PeerError> {
        let Runs::Program { folder, .. } = &self.runs else { return Ok(None) };
        let folder = folder.path().to_owned();
        self.obey(json!({ "do": "record", "folder": folder })).await?;
        Ok(Some(folder))
    }

    /// Waits until it hears a tone within 2 Hz of a frequency.
    ///
    /// # Errors
    /// When it can't be driven, or [`LIMIT`] comes first.
    pub async fn hears(&mut self, hertz: f64) -> Result<(), PeerError> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let (tone, level) = self.tone().await?;
            if (tone - hertz).abs() <= 2.0 && level.is_none_or(|level| level > -40.0) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let state = self.state().await?;
                return Err(self.too_late(&format!("hearing {hertz} Hz but {tone}"), state));
            }
            sleep(LOOK_EVERY).await;
        }
    }
}

/// The Python that has what the peers need.
fn python() -> Result<PathBuf, PeerError> {
    python::of_environment(PYTHON)
        .ok_or_else(|| PeerError::NotInstalled("aiortc (in Python)".into()))
}

fn peer_page(server: &str, name: &str) -> String {
    format!("/peer.html?server={server}&name={name}&media=drawn")
}

/// The folder of this package: where cargo runs us, not where it built us, as checkouts may share
/// what they build.
fn package() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| Path::new(".").into(), PathBuf::from)
}

/// The last whole line of what a program printed, if it is a state.
fn last_state(printed: &str) -> Option<State> {
    let (whole, _) = printed.rsplit_once('\n')?;
    let line = whole.rsplit_once('\n').map_or(whole, |(_, line)| line);
    serde_json::from_str(line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_line_is_the_state() {
        let printed = "{\"frames\":1}\n{\"frames\":2,\"ended\":{\"type\":\"close\",\"reason\":null}}\n{\"frames\":";
        let state = last_state(printed).expect("there is a whole line");
        assert_eq!(state.frames, 2);
        assert_eq!(state.ended, Some(Ended { kind: "close".into(), reason: None }));
        assert_eq!(last_state("{\"frames\":1}"), None);
        assert_eq!(last_state("words\n"), None);
    }
}
