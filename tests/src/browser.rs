//! Pages in headless Chromium that call and are called, driven from a test.
//!
//! In: which dialect a page speaks, what it sends, and which server it logs in to. Out: what it
//! counts, shows and plays. The pages (`tests/pages/`) are written the way tutorials
//! teach it and know nothing of Visavis. Each page has a browser of its own, so that none of them
//! is a throttled background tab; every browser ends with its [`Page`], killed by its own process
//! id if need be.

pub mod guest;
mod page;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fantoccini::ClientBuilder;
use fantoccini::wd::Capabilities;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tokio::process::Command;

use crate::http::{File, Site};
use crate::picture::PictureError;
use crate::programs::{Program, ProgramError};
use crate::window::Display;

pub use self::page::{Page, Status};

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
    /// The page answered in a form that the test does not know.
    #[error("the page gave an answer of another shape: {0}")]
    Answer(#[from] serde_json::Error),
    /// It is no base64.
    #[error("the page gave no base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// It is no picture.
    #[error("the page gave no picture: {0}")]
    Picture(#[from] PictureError),
    /// Something did not come about in time.
    #[error("the page: not {what} within {} s; its status is {status:?}", .limit.as_secs())]
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
    /// The same at 1280x720 and 30 frames a second.
    Large,
    /// The same, with nothing done to what the microphone hears.
    Unprocessed,
    /// The microphone alone, with nothing done to it.
    Voice,
    /// The first display of whoever captures it, without sound.
    Screen,
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

const MEDIA_SCRIPT: &str = "<script src=\"media.js\"></script>";
const TEXT_SCRIPT: &str = "<script src=\"text.js\"></script>";

/// Where `cargo xtask test` puts the client that pages on Socket.IO use, from the folder of this
/// package.
const SOCKET_IO: &str =
    "../signal-server/tests/node/node_modules/socket.io-client/dist/socket.io.js";

/// Where the client of Socket.IO lies, if it is there.
fn socket_io() -> PathBuf {
    // Where cargo runs us, not where it built us: checkouts may share what they build.
    let package =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
    package.join(SOCKET_IO)
}

/// The pages and what they load; pages on Socket.IO find no client where it is not installed.
pub(crate) fn files() -> Vec<File> {
    let page =
        |path, content: &'static str| File { path, content_type: HTML, content: content.into() };
    let script = |path, content| File { path, content_type: SCRIPT, content };
    let mut files = vec![
        page("/dialect1.html", include_str!("../pages/dialect1.html")),
        File {
            path: "/conversation.html",
            content_type: HTML,
            // The page of dialect 1, which can write too.
            content: include_str!("../pages/dialect1.html")
                .replace(MEDIA_SCRIPT, &[TEXT_SCRIPT, MEDIA_SCRIPT].concat())
                .into(),
        },
        page("/dialect2.html", include_str!("../pages/dialect2.html")),
        page("/dialect3.html", include_str!("../pages/dialect3.html")),
        page("/peer.html", include_str!("../pages/peer.html")),
        page("/data.html", include_str!("../pages/data.html")),
        script("/media.js", include_str!("../pages/media.js").into()),
        script("/text.js", include_str!("../pages/text.js").into()),
    ];
    files.extend(
        std::fs::read_to_string(socket_io())
            .map(|client| script("/socket.io.js", Cow::from(client))),
    );
    files
}

const CHROMEDRIVER: &str = "/usr/bin/chromedriver";
const CHROMIUM: &str = "/usr/bin/chromium";

/// How long chromedriver may take to be ready.
const DRIVER_START: Duration = Duration::from_secs(30);

const HEADLESS: &str = "--headless";
const FAKE_CAMERA: &str = "--use-fake-device-for-media-stream=fps=30";
const NO_QUESTION: &str = "--use-fake-ui-for-media-stream";
const NOT_ON_DISPLAY: [&str; 3] = [HEADLESS, FAKE_CAMERA, NO_QUESTION];
/// What answers for the person which display is to be captured.
const ON_DISPLAY: [&str; 2] =
    ["--ozone-platform=x11", "--auto-select-desktop-capture-source=Entire screen"];

/// What makes Chromium fit for a test: no screen, no network but the test's, devices that are
/// always there.
const ARGUMENTS: &[&str] = &[
    HEADLESS,
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
    FAKE_CAMERA,
    NO_QUESTION,
    "--disable-audio-output",
    "--autoplay-policy=no-user-gesture-required",
    // Real addresses instead of mDNS names, and the loopback interface too: there may be no other.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--allow-loopback-in-peer-connection",
    // A page that nobody looks at is painted all the same.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
];

/// Opens pages.
#[derive(Debug)]
pub struct Browsers {
    site: Site,
    driver_url: String,
    /// What says what their microphones hear instead of beeps, and what their cameras see.
    captured: Vec<String>,
    /// Whether they stand on a display.
    on_display: bool,
    // Held for its end: it ends with us.
    _driver: Program,
}

impl Browsers {
    /// Starts what serves the pages and what drives the browsers.
    ///
    /// # Errors
    /// When either does not start.
    pub async fn start() -> Result<Self, BrowserError> {
        Self::serving(files()).await
    }

    /// Starts what drives the browsers, for pages that somebody else serves.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn for_guests() -> Result<Self, BrowserError> {
        Self::serving(Vec::new()).await
    }

    /// Starts them for browsers that stand on a display and capture it.
    ///
    /// # Errors
    /// When either does not start.
    pub async fn on(display: &Display) -> Result<Self, BrowserError> {
        Self::begin(files(), Some(display)).await
    }

    async fn serving(files: Vec<File>) -> Result<Self, BrowserError> {
        Self::begin(files, None).await
    }

    async fn begin(files: Vec<File>, display: Option<&Display>) -> Result<Self, BrowserError> {
        let site = Site::start(files).await?;
        let mut command = Command::new(CHROMEDRIVER);
        command.arg("--port=0");
        if let Some(display) = display {
            command.env("DISPLAY", display.name());
        }
        let mut driver = Program::spawn("chromedriver", command)?;
        let port = driver.prints(DRIVER_START, driver_port).await?;
        Ok(Self {
            site,
            driver_url: format!("http://127.0.0.1:{port}"),
            captured: Vec::new(),
            on_display: display.is_some(),
            _driver: driver,
        })
    }

    /// Lets the microphones of browsers that are opened from now on hear a WAV file, over and over.
    #[must_use]
    pub fn hearing(self, speech: &Path) -> Self {
        self.capturing("audio", speech)
    }

    /// Lets the cameras of browsers that are opened from now on see a Y4M file, over and over.
    #[must_use]
    pub fn seeing(self, film: &Path) -> Self {
        self.capturing("video", film)
    }

    fn capturing(mut self, what: &str, file: &Path) -> Self {
        self.captured.push(format!("--use-file-for-fake-{what}-capture={}", file.display()));
        self
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
        if dialect == Dialect::Three && !socket_io().is_file() {
            return Err(BrowserError::NoSocketIo);
        }
        let media = match media {
            PageMedia::Camera => "camera",
            PageMedia::Large => "large",
            PageMedia::Unprocessed => "unprocessed",
            PageMedia::Voice => "voice",
            PageMedia::Screen => "screen",
            PageMedia::Drawn => "drawn",
        };
        self.open_at(&format!("{}?server={server_url}&media={media}", dialect.page())).await
    }

    /// Opens a page of dialect 1 that can write too.
    ///
    /// # Errors
    /// When the browser does not open it.
    pub async fn open_writing(&self, server_url: &str) -> Result<Page, BrowserError> {
        self.open_at(&format!("/conversation.html?server={server_url}&media=drawn")).await
    }

    /// Opens the page of this path and query in a browser of its own.
    ///
    /// # Errors
    /// When the browser does not open it.
    pub async fn open_at(&self, path: &str) -> Result<Page, BrowserError> {
        let profile = tempfile::Builder::new().prefix("visavis-chromium-").tempdir()?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(self.capabilities(profile.path()))
            .connect(&self.driver_url)
            .await?;
        let process =
            client.capabilities().and_then(|answer| answer.get("goog:processID")?.as_u64());
        let page = Page { client: Some(client), process, profile };
        page.client()?.goto(&self.site.url(path)).await?;
        Ok(page)
    }

    /// On a display a browser is no headless one, and gives a page that asks the whole display.
    fn capabilities(&self, profile: &Path) -> Capabilities {
        // With the fake camera it would give a fake display too.
        let is_left = |argument: &&&str| !self.on_display || !NOT_ON_DISPLAY.contains(*argument);
        let arguments = ARGUMENTS.iter().filter(is_left).map(|&argument| argument.to_owned());
        let arguments: Vec<_> = arguments
            .chain([format!("--user-data-dir={}", profile.display())])
            .chain(ON_DISPLAY.iter().filter(|_| self.on_display).map(|&word| word.to_owned()))
            .chain(self.captured.iter().cloned())
            .collect();
        let mut capabilities = Capabilities::new();
        capabilities
            .insert("goog:chromeOptions".into(), json!({ "binary": CHROMIUM, "args": arguments }));
        capabilities
    }
}

/// Reads the port from chromedriver's greeting.
fn driver_port(greeting: &str) -> Option<u16> {
    let (_, rest) = greeting.split_once("was started successfully on port ")?;
    // With the full stop behind it, the number is complete.
    rest.split_once('.')?.0.parse().ok()
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
}
