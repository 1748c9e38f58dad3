//! Pages in headless Chromium that call and are called, driven from a test.
//!
//! In: which dialect a page speaks, what it sends, and which server it logs in to. Out: what it
//! counts and what it sees and hears. The pages (`tests/pages/`) are written the way tutorials
//! teach it and know nothing of Visavis. Each page has a browser of its own, so that none of them
//! is a throttled background tab; every browser ends with its [`Page`], killed by its own process
//! id if need be.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::http::{File, Site};
use crate::picture::{Picture, PictureError};
use crate::programs::{Program, ProgramError};

/// Why a page could not be driven.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    /// The WebDriver program did not do its part.
    #[error("chromedriver: {0} (`cargo xtask test` installs it)")]
    Driver(#[from] ProgramError),
    /// No browser could be opened.
    #[error("Chromium could not be opened: {0}")]
    Open(#[from] fantoccini::error::NewSessionError),
    /// A command to the browser failed.
    #[error("the page could not be driven: {0}")]
    Command(#[from] fantoccini::error::CmdError),
    /// The page answered in a way that the test does not know.
    #[error("the page gave an answer of another shape: {0}")]
    Answer(#[from] serde_json::Error),
    /// It is no base64.
    #[error("the page gave no base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// It is no picture.
    #[error("the page gave no picture: {0}")]
    Picture(#[from] PictureError),
    /// Something did not come about in time.
    #[error("the page: not {what} within {} s; it says {status:?}", .limit.as_secs())]
    TooLate {
        /// What was waited for.
        what: String,
        /// The deadline.
        limit: Duration,
        /// How things stood then.
        status: Box<Status>,
    },
    /// The system refused something else.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The Socket.IO client is not there.
    #[error("the Socket.IO client is missing: run `cargo xtask test`, which installs it")]
    NoSocketIo,
}

/// How a page speaks with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `username` and `otherUsername`, `close`.
    One,
    /// `name` in both directions, `leave`.
    Two,
    /// Rooms on Socket.IO: a page logs in to a room, and calls nobody by name.
    Three,
}

impl Dialect {
    /// Those in which people have names.
    pub const NAMED: [Self; 2] = [Self::One, Self::Two];

    fn page(self) -> &'static str {
        match self {
            Self::One => "/dialect1.html",
            Self::Two => "/dialect2.html",
            Self::Three => "/dialect3.html",
        }
    }
}

/// What a page sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageMedia {
    /// What `getUserMedia` gives: Chromium's fake camera, and a beep each second or [what its
    /// microphone hears](Browsers::hearing).
    Camera,
    /// The same at 1280x720 and 30 pictures a second.
    Large,
    /// Four quarters of known colours ([`DRAWN_QUARTERS`]), and a steady tone ([`DRAWN_TONE_HZ`]).
    Drawn,
}

/// The colours of drawn media: upper left and right, lower left and right.
pub const DRAWN_QUARTERS: [[u8; 3]; 4] =
    [[0xc0, 0x20, 0x20], [0x20, 0xa0, 0x20], [0x20, 0x40, 0xc0], [0xc0, 0xc0, 0xc0]];

/// The tone of drawn media.
pub const DRAWN_TONE_HZ: f64 = 440.0;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Where `cargo xtask test` puts the client that pages on Socket.IO use, from the folder of this
/// package.
const SOCKET_IO: &str =
    "../signal-server/tests/node/node_modules/socket.io-client/dist/socket.io.js";

/// The pages and what they load.
fn files() -> Result<Vec<File>, BrowserError> {
    // Where cargo runs us, not where it built us: checkouts may share what they build.
    let package =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let socket_io =
        std::fs::read_to_string(package.join(SOCKET_IO)).map_err(|_| BrowserError::NoSocketIo)?;
    let page =
        |path, content: &'static str| File { path, content_type: HTML, content: content.into() };
    let script = |path, content| File { path, content_type: SCRIPT, content };
    Ok(vec![
        page("/dialect1.html", include_str!("../pages/dialect1.html")),
        page("/dialect2.html", include_str!("../pages/dialect2.html")),
        page("/dialect3.html", include_str!("../pages/dialect3.html")),
        script("/media.js", include_str!("../pages/media.js").into()),
        script("/socket.io.js", socket_io.into()),
    ])
}

const CHROMEDRIVER: &str = "/usr/bin/chromedriver";
const CHROMIUM: &str = "/usr/bin/chromium";

/// How long chromedriver may take to be ready.
const DRIVER_START: Duration = Duration::from_secs(30);

/// What makes Chromium fit for a test: no screen, no network but the test's, devices that are
/// always there.
const ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Camera and microphone without hardware and without a question; a sound card that is only a
    // clock.
    "--use-fake-device-for-media-stream=fps=30",
    "--use-fake-ui-for-media-stream",
    "--disable-audio-output",
    "--autoplay-policy=no-user-gesture-required",
    // Real addresses instead of mDNS names, and the loopback interface too: there may be no other.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--allow-loopback-in-peer-connection",
    // A picture that nobody looks at is painted all the same.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
];

/// Opens pages.
#[derive(Debug)]
pub struct Browsers {
    site: Site,
    driver_url: String,
    /// What their microphones hear, instead of beeps.
    microphone: Option<PathBuf>,
    // Held for its end: it ends with us.
    _driver: Program,
}

impl Browsers {
    /// Starts what serves the pages and what drives the browsers.
    ///
    /// # Errors
    /// When either does not start.
    pub async fn start() -> Result<Self, BrowserError> {
        let site = Site::start(files()?).await?;
        let mut driver = Program::start("chromedriver", Path::new(CHROMEDRIVER), ["--port=0"])?;
        let port = driver.says(DRIVER_START, driver_port).await?;
        Ok(Self {
            site,
            driver_url: format!("http://127.0.0.1:{port}"),
            microphone: None,
            _driver: driver,
        })
    }

    /// Lets the microphones of browsers that are opened from now on hear a WAV file, over and over.
    #[must_use]
    pub fn hearing(self, speech: &Path) -> Self {
        Self { microphone: Some(speech.to_owned()), ..self }
    }

    /// Opens a page in a browser of its own.
    ///
    /// # Errors
    /// When the browser does not open it.
    pub async fn open(
        &self,
        dialect: Dialect,
        media: PageMedia,
        server_url: &str,
    ) -> Result<Page, BrowserError> {
        let profile = tempfile::Builder::new().prefix("visavis-chromium-").tempdir()?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(profile.path(), self.microphone.as_deref()))
            .connect(&self.driver_url)
            .await?;
        let process =
            client.capabilities().and_then(|answer| answer.get("goog:processID")?.as_u64());
        let page = Page { client: Some(client), process, profile };
        let media = match media {
            PageMedia::Camera => "camera",
            PageMedia::Large => "large",
            PageMedia::Drawn => "drawn",
        };
        let url = format!("{}?server={server_url}&media={media}", self.site.url(dialect.page()));
        page.client()?.goto(&url).await?;
        Ok(page)
    }
}

/// Reads the port from chromedriver's greeting.
fn driver_port(said: &str) -> Option<u16> {
    let (_, rest) = said.split_once("was started successfully on port ")?;
    // With the full stop behind it, the number is complete.
    rest.split_once('.')?.0.parse().ok()
}

fn capabilities(profile: &Path, microphone: Option<&Path>) -> Capabilities {
    let arguments = ARGUMENTS.iter().map(|&argument| argument.to_owned());
    let arguments: Vec<_> = arguments
        .chain([format!("--user-data-dir={}", profile.display())])
        .chain(
            microphone
                .map(|speech| format!("--use-file-for-fake-audio-capture={}", speech.display())),
        )
        .collect();
    let mut capabilities = Capabilities::new();
    capabilities
        .insert("goog:chromeOptions".into(), json!({ "binary": CHROMIUM, "args": arguments }));
    capabilities
}

/// What a page says of its call. Absent is what it does not count (yet).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// Who it is to others, where it chose no name.
    pub id: Option<String>,
    /// Whom it calls, or is called by.
    pub with: Option<String>,
    /// How often the other side closed a call.
    pub closed_by_other: u32,
    /// What went wrong.
    pub errors: Vec<String>,
    /// The state of its peer connection, `none` when there is none.
    pub connection: String,
    /// Pictures from the other side.
    pub frames_decoded: Option<u64>,
    /// Their width.
    pub width: Option<u32>,
    /// Their height.
    pub height: Option<u32>,
    /// How they are encoded, as in `video/H264`.
    pub video_in_codec: Option<String>,
    /// Packets of sound from the other side.
    pub audio_packets: Option<u64>,
    /// How much sound was played, as `totalAudioEnergy` has it (W3C webrtc-stats).
    pub audio_energy: Option<f64>,
    /// How it is encoded.
    pub audio_in_codec: Option<String>,
    /// Pictures to the other side.
    pub frames_sent: Option<u64>,
    /// How they are encoded.
    pub video_out_codec: Option<String>,
    /// How the sound to the other side is encoded.
    pub audio_out_codec: Option<String>,
}

impl Status {
    /// Whether at least so many pictures were decoded, and sound was heard that is more than the
    /// noise of a codec.
    #[must_use]
    pub fn sees_and_hears(&self, frames: u64) -> bool {
        self.frames_decoded.is_some_and(|decoded| decoded >= frames)
            && self.audio_energy.is_some_and(|energy| energy > 1e-3)
    }
}

/// A page in a browser. Dropping it kills the browser and forgets its profile.
#[derive(Debug)]
pub struct Page {
    client: Option<Client>,
    process: Option<u64>,
    profile: TempDir,
}

impl Page {
    /// Logs in; false when the server says no.
    ///
    /// # Errors
    /// When the page can't be driven, or there is no server.
    pub async fn login(&self, name: &str) -> Result<bool, BrowserError> {
        self.ask("return window.login(arguments[0])", vec![json!(name)]).await
    }

    /// Calls somebody.
    ///
    /// # Errors
    /// When the page can't be driven.
    pub async fn call(&self, name: &str) -> Result<(), BrowserError> {
        self.ask("return window.call(arguments[0])", vec![json!(name)]).await
    }

    /// Closes the call.
    ///
    /// # Errors
    /// When the page can't be driven.
    pub async fn close_call(&self) -> Result<(), BrowserError> {
        self.ask("return window.closeCall()", Vec::new()).await
    }

    /// How things stand.
    ///
    /// # Errors
    /// When the page can't be driven.
    pub async fn status(&self) -> Result<Status, BrowserError> {
        self.ask("return window.describe()", Vec::new()).await
    }

    /// All that its peer connection counts (`getStats`), as a list; in dialect 1.
    ///
    /// # Errors
    /// When the page can't be driven, or has no call.
    pub async fn statistics(&self) -> Result<Value, BrowserError> {
        self.ask("return window.statistics()", Vec::new()).await
    }

    /// The loudest frequency that it hears from the other side, in Hz.
    ///
    /// # Errors
    /// When the page can't be driven.
    pub async fn tone(&self) -> Result<Option<f64>, BrowserError> {
        self.ask("return window.remoteTone()", Vec::new()).await
    }

    /// The picture that it shows of the other side, at the size it came in.
    ///
    /// # Errors
    /// When the page can't be driven.
    pub async fn picture(&self) -> Result<Option<Picture>, BrowserError> {
        let Some(base64) =
            self.ask::<Option<String>>("return window.remotePicture()", Vec::new()).await?
        else {
            return Ok(None);
        };
        Ok(Some(Picture::from_png(&BASE64_STANDARD.decode(base64)?)?))
    }

    /// The number of the test picture that it shows of the other side, as it reads it from the bar.
    ///
    /// # Errors
    /// When the page can't be driven.
    pub async fn picture_number(&self) -> Result<Option<u32>, BrowserError> {
        self.ask("return window.remotePictureNumber()", Vec::new()).await
    }

    /// Waits until it shows a test picture whose number is at least this.
    ///
    /// # Errors
    /// When the page can't be driven, or the deadline comes first.
    pub async fn shows_picture(&self, number: u32, limit: Duration) -> Result<u32, BrowserError> {
        let deadline = Instant::now() + limit;
        loop {
            let shown = self.picture_number().await?;
            if let Some(shown) = shown.filter(|shown| *shown >= number) {
                return Ok(shown);
            }
            if Instant::now() >= deadline {
                let status = Box::new(self.status().await?);
                return Err(BrowserError::TooLate {
                    what: format!("showing picture {number} but {shown:?}"),
                    limit,
                    status,
                });
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until things stand as `holds` wants them.
    ///
    /// # Errors
    /// When the page can't be driven, or the deadline comes first; the error then names `what`.
    pub async fn status_until(
        &self,
        what: &str,
        limit: Duration,
        holds: impl Fn(&Status) -> bool,
    ) -> Result<Status, BrowserError> {
        let deadline = Instant::now() + limit;
        loop {
            let status = self.status().await?;
            if holds(&status) {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                return Err(BrowserError::TooLate {
                    what: what.to_owned(),
                    limit,
                    status: Box::new(status),
                });
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until it hears a tone within `tolerance` of a frequency.
    ///
    /// # Errors
    /// When the page can't be driven, or the deadline comes first.
    pub async fn hears_tone(
        &self,
        hertz: f64,
        tolerance: f64,
        limit: Duration,
    ) -> Result<f64, BrowserError> {
        let deadline = Instant::now() + limit;
        loop {
            let tone = self.tone().await?;
            if let Some(tone) = tone.filter(|tone| (tone - hertz).abs() <= tolerance) {
                return Ok(tone);
            }
            if Instant::now() >= deadline {
                let status = Box::new(self.status().await?);
                return Err(BrowserError::TooLate {
                    what: format!("hearing {hertz} Hz but {tone:?}"),
                    limit,
                    status,
                });
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Closes the page as a person would, browser and all.
    ///
    /// # Errors
    /// When the browser does not obey (it is killed then).
    pub async fn quit(mut self) -> Result<(), BrowserError> {
        if let Some(client) = self.client.take() {
            client.close().await?;
            self.process = None;
        }
        Ok(())
    }

    fn client(&self) -> Result<&Client, BrowserError> {
        self.client.as_ref().ok_or_else(|| std::io::Error::other("the page is closed").into())
    }

    /// Runs a script; a promise that it returns is awaited by the browser.
    async fn ask<T: for<'de> Deserialize<'de>>(
        &self,
        script: &str,
        with: Vec<Value>,
    ) -> Result<T, BrowserError> {
        Ok(serde_json::from_value(self.client()?.execute(script, with).await?)?)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // Its children end with it. A browser that is gone already is what we want.
        if let Some(process) = self.process {
            let _ =
                std::process::Command::new("kill").args(["-KILL", &process.to_string()]).status();
        }
        // The children write to the profile until they notice.
        for _ in 0..40 {
            match std::fs::remove_dir_all(self.profile.path()) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                _ => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_once_it_is_complete() {
        let greeting = "Starting ChromeDriver 156.0 on port 0\nChromeDriver was started successfully on port 38217.\n";
        assert_eq!(driver_port(greeting), Some(38217));
        assert_eq!(driver_port("ChromeDriver was started successfully on port 382"), None);
        assert_eq!(driver_port(""), None);
    }

    #[test]
    fn a_status_is_read_with_what_is_absent_left_out() {
        let json = r#"{"with":"bob","closedByOther":0,"errors":[],"connection":"connected","framesDecoded":61,
                       "audioEnergy":0.2,"videoInCodec":"video/H264"}"#;
        let status: Status = serde_json::from_str(json).expect("it has the shape");
        assert!(status.sees_and_hears(61) && !status.sees_and_hears(62));
        assert_eq!((status.video_in_codec.as_deref(), status.width), (Some("video/H264"), None));
        assert!(!Status { audio_energy: None, ..status }.sees_and_hears(1));
    }
}
