//! A page in headless Firefox, driven over WebDriver BiDi, which Firefox speaks itself: no driver
//! is needed between.
//!
//! In: a path of the pages that the tests serve, or a server's guest page, and scripts to run in
//! it. Out: what they return. Firefox ends with its [`Firefox`].

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::browser::{BrowserError, files};
use crate::http::Site;
use crate::programs::{Program, ProgramError};
use crate::sound_server::{Kind, SoundServer};

/// Why Firefox did not do what a test needs of it.
#[derive(Debug, thiserror::Error)]
pub enum FirefoxError {
    /// It did not start.
    #[error("Firefox: {0} (`cargo xtask test` installs it)")]
    Program(#[from] ProgramError),
    /// The pages can't be served.
    #[error(transparent)]
    Pages(#[from] BrowserError),
    /// The connection to it failed.
    #[error("the connection to Firefox: {0}")]
    Connection(#[from] Box<tungstenite::Error>),
    /// It refused a command, or a script threw.
    #[error("Firefox: {0}")]
    Refused(String),
    /// It did not answer.
    #[error("Firefox did not answer within {} s", .0.as_secs())]
    TooLate(Duration),
    /// The system refused something else.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

const FIREFOX: &str = "/usr/bin/firefox-esr";
/// A first start makes a profile.
const START: Duration = Duration::from_secs(60);
const ANSWER: Duration = Duration::from_secs(30);

/// What makes Firefox fit for a test: the loopback interface for candidates, real addresses in
/// them, sound without a click, and nothing that it would fetch by itself.
const PREFERENCES: &str = r#"
user_pref("media.peerconnection.ice.loopback", true);
user_pref("media.peerconnection.ice.obfuscate_host_addresses", false);
user_pref("media.autoplay.default", 0);
user_pref("media.navigator.permission.disabled", true);
user_pref("media.navigator.streams.fake", true);
user_pref("media.autoplay.blocking_policy", 0);
user_pref("media.gmp-manager.updateEnabled", false);
user_pref("media.gmp-manager.url", "");
user_pref("app.update.enabled", false);
user_pref("app.normandy.enabled", false);
user_pref("browser.safebrowsing.update.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("captivedetect.canonicalURL", "");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("extensions.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("network.dns.disablePrefetch", true);
user_pref("services.settings.server", "");
user_pref("toolkit.telemetry.enabled", false);
"#;

/// A page in a Firefox of its own.
pub struct Firefox {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_id: u64,
    context: String,
    // Held for their end, Firefox before its profile.
    _program: Program,
    _profile: TempDir,
    _site: Option<Site>,
    _sound: SoundServer,
}

impl Firefox {
    /// Opens the page of this path and query.
    pub(super) async fn open(path: &str) -> Result<Self, FirefoxError> {
        let site = Site::start(files()).await?;
        let url = site.url(path);
        Self::open_at(&url, Some(site)).await
    }

    /// Opens the guest page of a server.
    ///
    /// # Errors
    /// When Firefox does not start, or does not open it.
    pub async fn open_guest(server_url: &str) -> Result<Self, FirefoxError> {
        Self::open_at(&server_url.replacen("ws", "http", 1), None).await
    }

    async fn open_at(page: &str, site: Option<Site>) -> Result<Self, FirefoxError> {
        let profile = tempfile::Builder::new().prefix("visavis-firefox-").tempdir()?;
        std::fs::write(profile.path().join("user.js"), PREFERENCES)?;
        let arguments: [&OsStr; 6] = [
            "--headless".as_ref(),
            "--no-remote".as_ref(),
            "--remote-debugging-port".as_ref(),
            "0".as_ref(),
            "--profile".as_ref(),
            profile.path().as_ref(),
        ];
        // Without a sound device there is no clock that its pages' audio would run by.
        let sound = SoundServer::start(Kind::PulseAudio, &["page"]).await;
        let mut command = sound.command(Path::new(FIREFOX));
        command.args(arguments);
        let mut program = Program::spawn("Firefox", command)?;
        let url = program.prints(START, listening_at).await?;
        let (socket, _) = connect_async(format!("{url}/session")).await.map_err(Box::new)?;
        let context = String::new();
        let mut firefox = Self {
            socket,
            last_id: 0,
            context,
            _program: program,
            _profile: profile,
            _site: site,
            _sound: sound,
        };
        firefox.command("session.new", json!({ "capabilities": {} })).await?;
        let tree = firefox.command("browsingContext.getTree", json!({})).await?;
        firefox.context = tree["contexts"][0]["context"].as_str().unwrap_or_default().to_owned();
        let to = json!({ "context": firefox.context, "url": page, "wait": "complete" });
        firefox.command("browsingContext.navigate", to).await?;
        Ok(firefox)
    }

    /// Runs an expression in the page; a promise is awaited. What it gives must be JSON.
    ///
    /// # Errors
    /// When Firefox does not answer, or the expression throws.
    pub async fn evaluate(&mut self, expression: &str) -> Result<Value, FirefoxError> {
        let expression =
            format!("Promise.resolve({expression}).then((it) => JSON.stringify(it ?? null))");
        let target = json!({ "context": self.context });
        let parameters =
            json!({ "expression": expression, "target": target, "awaitPromise": true });
        let answer = self.command("script.evaluate", parameters).await?;
        let text = answer["result"]["value"].as_str();
        text.and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| FirefoxError::Refused(answer.to_string()))
    }

    async fn command(&mut self, method: &str, params: Value) -> Result<Value, FirefoxError> {
        self.last_id += 1;
        let id = self.last_id;
        let command = json!({ "id": id, "method": method, "params": params }).to_string();
        self.socket.send(Message::text(command)).await.map_err(Box::new)?;
        let answered = async {
            while let Some(message) = self.socket.next().await {
                let Message::Text(text) = message.map_err(Box::new)? else { continue };
                let message: Value = serde_json::from_str(&text).unwrap_or_default();
                if message["id"] == id {
                    return match message.get("result") {
                        Some(result) => Ok(result.clone()),
                        None => Err(FirefoxError::Refused(message.to_string())),
                    };
                }
            }
            Err(FirefoxError::Refused("it closed the connection".into()))
        };
        timeout(ANSWER, answered).await.map_err(|_| FirefoxError::TooLate(ANSWER))?
    }
}

/// Where it says that it listens.
fn listening_at(printed: &str) -> Option<String> {
    let (_, rest) = printed.split_once("WebDriver BiDi listening on ")?;
    // With the line's end behind it, the address is complete.
    Some(rest.split_once('\n')?.0.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_once_it_is_complete() {
        let printed = "*** You are running in headless mode.\nWebDriver BiDi listening on ws://127.0.0.1:4711\n";
        assert_eq!(listening_at(printed).as_deref(), Some("ws://127.0.0.1:4711"));
        assert_eq!(listening_at("WebDriver BiDi listening on ws://127.0.0.1:47"), None);
    }
}
