//! The guest page that the server serves, in a Chromium of its own, used as a person uses it: keys
//! are typed and buttons pressed; what is read is what is shown.
//!
//! In: a server, and what the browser has and allows. Out: the words, the picture and the tone of
//! the page, and whatever went wrong in it, violations of its policy too.

use std::io;
use std::path::Path;
use std::time::Duration;

use fantoccini::ClientBuilder;
use fantoccini::wd::{Capabilities, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use visavis_client::media::frame::{AUDIO_FRAME_SAMPLES, SAMPLE_RATE};
use visavis_client::media::wav::WavFile;

use super::{BrowserError, Browsers, DRAWN_QUARTERS, DRAWN_TONE_HZ, Page};

/// How long anything that the page does may take on a slow machine.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Camera and microphone of a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Devices {
    /// [`DRAWN_QUARTERS`] and the tone of a [`Voice`], from devices of the browser.
    #[default]
    Drawn,
    /// There are some, and the person does not let the page use them.
    Refused,
    /// There are none.
    Missing,
}

/// What a microphone hears. Two who hear each other have different ones: of the same tone, a
/// browser's echo canceller can't tell the person from what the person hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Voice {
    /// A tone of [`DRAWN_TONE_HZ`].
    #[default]
    Low,
    /// One that is no multiple of it.
    High,
}

impl Voice {
    /// Its frequency.
    #[must_use]
    pub fn hertz(self) -> f64 {
        match self {
            Self::Low => DRAWN_TONE_HZ,
            Self::High => 730.0,
        }
    }
}

/// What a browser is like.
#[derive(Debug, Clone, Copy, Default)]
pub struct Guest<'a> {
    /// Its devices.
    pub devices: Devices,
    /// What its microphone hears.
    pub voice: Voice,
    /// The languages that its person reads, as in `Accept-Language`; English without.
    pub languages: Option<&'a str>,
    /// Width and height of its window.
    pub size: Option<(u32, u32)>,
    /// Whether it keeps nothing for pages.
    pub forgets: bool,
    /// A name instead of the server's address: without encryption it is no safe place.
    pub host: Option<&'a str>,
    /// Behind the address, as in `#room=blue`.
    pub link: &'a str,
}

/// The page in a browser.
#[derive(Debug)]
pub struct GuestPage {
    /// What every page can do.
    pub page: Page,
    /// What its microphone hears.
    pub voice: Voice,
}

const MEDIA: &str = include_str!("../../pages/media.js");
const PROBE: &str = include_str!("../../pages/guest_probe.js");

impl Browsers {
    /// Opens the guest page of a server.
    ///
    /// # Errors
    /// When the browser does not open it.
    pub async fn open_guest(
        &self,
        server_url: &str,
        guest: Guest<'_>,
    ) -> Result<GuestPage, BrowserError> {
        let profile = tempfile::Builder::new().prefix("visavis-guest-").tempdir()?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(profile.path(), guest)?)
            .connect(&self.driver_url)
            .await?;
        let process =
            client.capabilities().and_then(|answer| answer.get("goog:processID")?.as_u64());
        let page =
            GuestPage { page: Page { client: Some(client), process, profile }, voice: guest.voice };
        let server = server_url.replacen("ws", "http", 1);
        let server = match guest.host {
            Some(host) => server.replacen("127.0.0.1", host, 1),
            None => server,
        };
        page.go(&format!("{server}/{}", guest.link)).await?;
        Ok(page)
    }
}

impl GuestPage {
    /// Opens an address in the same browser, and waits until the page is ready.
    ///
    /// # Errors
    /// When the page can't be driven, or is not ready in time.
    pub async fn go(&self, url: &str) -> Result<(), BrowserError> {
        self.page.client()?.goto(url).await?;
        let probe = format!("{MEDIA}\n{PROBE}");
        self.page.evaluate::<Value>(&probe, Vec::new()).await?;
        self.reaches("welcome").await
    }

    /// Types into a field, in place of what was there.
    ///
    /// # Errors
    /// When the page can't be driven, or has no such field.
    pub async fn types(&self, id: &str, text: &str) -> Result<(), BrowserError> {
        let field = self.page.client()?.find(Locator::Id(id)).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Presses a button.
    ///
    /// # Errors
    /// When the page can't be driven, or nobody could press it.
    pub async fn presses(&self, button: &str) -> Result<(), BrowserError> {
        Ok(self.page.client()?.find(Locator::Css(button)).await?.click().await?)
    }

    /// Logs in, and waits until that is done.
    ///
    /// # Errors
    /// When the page can't be driven, or nobody is logged in in time.
    pub async fn logs_in(&self, name: &str) -> Result<(), BrowserError> {
        self.types("name", name).await?;
        self.presses("#log-in button").await?;
        self.reaches("people").await
    }

    /// Calls somebody by name.
    ///
    /// # Errors
    /// When the page can't be driven.
    pub async fn calls(&self, name: &str) -> Result<(), BrowserError> {
        self.types("callee", name).await?;
        self.presses("#call-form button").await
    }

    /// Waits until it shows a screen.
    ///
    /// # Errors
    /// When the page can't be driven, or the deadline comes first.
    pub async fn reaches(&self, screen: &str) -> Result<(), BrowserError> {
        let script = "return document.body.hidden ? '' : \
                      [...document.querySelectorAll('main')].filter((it) => !it.hidden).map((it) => it.id).join()";
        self.gives(script, &format!("at {screen}"), |shown| shown == screen).await.map(drop)
    }

    /// Waits until an element has a text, and gives it.
    ///
    /// # Errors
    /// When the page can't be driven, or the deadline comes first.
    pub async fn says(&self, id: &str, text: &str) -> Result<String, BrowserError> {
        let script = format!("return document.getElementById('{id}').textContent");
        self.gives(&script, &format!("{text} in {id}"), |shown| shown.contains(text)).await
    }

    /// The text of an element now.
    ///
    /// # Errors
    /// When the page can't be driven.
    pub async fn text(&self, id: &str) -> Result<String, BrowserError> {
        let script = format!("return document.getElementById('{id}').textContent");
        self.page.evaluate(&script, Vec::new()).await
    }

    /// Waits until the four words of the safety code are there, and gives them.
    ///
    /// # Errors
    /// When the page can't be driven, or the deadline comes first.
    pub async fn safety_code(&self) -> Result<String, BrowserError> {
        let script = "return [...document.querySelectorAll('#code li')].map((it) => it.textContent).join(' ')";
        self.gives(script, "a safety code", |code| code.split(' ').count() == 4).await
    }

    /// Waits until a script gives a text as it is wanted.
    async fn gives(
        &self,
        script: &str,
        what: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<String, BrowserError> {
        self.page
            .wait(LIMIT, async |page| {
                let shown: String = page.evaluate(script, Vec::new()).await?;
                Ok(if wanted(&shown) { Ok(shown) } else { Err(format!("{what} but {shown:?}")) })
            })
            .await
    }
}

fn capabilities(profile: &Path, guest: Guest<'_>) -> Result<Capabilities, BrowserError> {
    let (left_out, content): (&[&str], u8) = match guest.devices {
        Devices::Drawn => (&[], 1),
        Devices::Refused => (&["--use-fake-ui-for-media-stream"], 2),
        Devices::Missing => (&["--use-fake-device-for-media-stream=fps=30"], 1),
    };
    let mut arguments: Vec<String> = super::ARGUMENTS
        .iter()
        .filter(|argument| !left_out.contains(argument))
        .map(|&argument| argument.to_owned())
        .collect();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    arguments.push(format!("--accept-lang={}", guest.languages.unwrap_or("en-US")));
    let (width, height) = guest.size.unwrap_or((1040, 680));
    arguments.push(format!("--window-size={width},{height}"));
    if guest.devices == Devices::Drawn {
        let (camera, microphone) = (profile.join("camera.y4m"), profile.join("microphone.wav"));
        draw(&camera)?;
        sound(&microphone, guest.voice)?;
        arguments.push(format!("--use-file-for-fake-video-capture={}", camera.display()));
        arguments.push(format!("--use-file-for-fake-audio-capture={}", microphone.display()));
    }
    if let Some(host) = guest.host {
        arguments.push(format!("--host-resolver-rules=MAP {host} 127.0.0.1"));
    }
    let mut settings = json!({
        "profile.default_content_setting_values.media_stream_camera": content,
        "profile.default_content_setting_values.media_stream_mic": content,
    });
    if guest.forgets {
        settings["profile.default_content_setting_values.cookies"] = json!(2);
    }
    let mut capabilities = Capabilities::new();
    let options = json!({ "binary": super::CHROMIUM, "args": arguments, "prefs": settings });
    capabilities.insert("goog:chromeOptions".into(), options);
    Ok(capabilities)
}

/// Half a second of the quarters, as a camera would send them (ITU-R BT.601, narrow range).
fn draw(path: &Path) -> io::Result<()> {
    const FRAMES: usize = 15;
    let (width, height) = (640, 480);
    let planes: Vec<[u8; 3]> = DRAWN_QUARTERS
        .iter()
        .map(|&rgb| {
            let [r, g, b] = rgb.map(f64::from);
            [
                16.0 + (65.738 * r + 129.057 * g + 25.064 * b) / 256.0,
                128.0 + (-37.945 * r - 74.494 * g + 112.439 * b) / 256.0,
                128.0 + (112.439 * r - 94.154 * g - 18.285 * b) / 256.0,
            ]
            .map(|value| value.round() as u8)
        })
        .collect();
    let mut file = format!("YUV4MPEG2 W{width} H{height} F30:1 Ip A1:1 C420jpeg\n").into_bytes();
    for _ in 0..FRAMES {
        file.extend_from_slice(b"FRAME\n");
        for (plane, scale) in [(0, 1), (1, 2), (2, 2)] {
            let (width, height) = (width / scale, height / scale);
            for at in 0..width * height {
                let quarter = usize::from(at % width >= width / 2)
                    + 2 * usize::from(at / width >= height / 2);
                file.push(planes[quarter][plane]);
            }
        }
    }
    std::fs::write(path, file)
}

/// A second of the tone, whose end fits its beginning. It pauses, as browsers take what never does
/// for noise.
fn sound(path: &Path, voice: Voice) -> Result<(), io::Error> {
    const AMPLITUDE: f64 = 0.25;
    const SOUNDS: usize = 70;
    let turn = std::f64::consts::TAU * voice.hertz() / f64::from(SAMPLE_RATE);
    let mut file = WavFile::create(path).map_err(io::Error::other)?;
    for frame in 0..100 {
        let first = frame * AUDIO_FRAME_SAMPLES;
        let amplitude = if frame < SOUNDS { AMPLITUDE } else { 0.0 };
        let samples: [f32; AUDIO_FRAME_SAMPLES] =
            std::array::from_fn(|at| (amplitude * (turn * (first + at) as f64).sin()) as f32);
        file.write(&samples).map_err(io::Error::other)?;
    }
    file.finish().map_err(io::Error::other)
}
