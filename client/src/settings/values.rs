//! Every setting, with its default. Pure.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use visavis_shared::{IceServer, IceUrl};

use super::shortcuts::Shortcuts;
use crate::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use crate::media::audio_output::Volume;
use crate::media::ringtone::RingTone;
use crate::media::units::{Bitrate, VideoSize};
use crate::media::voice_processing::VoiceSetting;
use crate::words;

use super::quiet_hours::QuietHours;

/// So many servers are offered where one logs in.
const RECENT_SERVERS: usize = 8;

/// Light, dark, or whatever the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// Follow the system.
    #[default]
    System,
    /// Light text on dark.
    Dark,
    /// Dark text on light.
    Light,
}

/// Everything that is remembered. Fields that a file lacks have their defaults.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Settings {
    /// The server of the last login; `None` before the first.
    pub server: Option<String>,
    /// The name of the last login.
    pub username: Option<String>,
    /// Whether the last login was to a server that was started here: then that is offered again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hosts_server: bool,
    /// Whether the person logged out: then a start does not log in by itself.
    pub logged_out: bool,
    /// The servers of the last logins as they were typed, the last first.
    pub recent_servers: Vec<String>,
    /// The camera that was chosen.
    pub camera: CameraChoice,
    /// The microphone that was chosen.
    pub microphone: MicrophoneChoice,
    /// The speaker that was chosen.
    pub speaker: SpeakerChoice,
    /// What is done to the voice.
    pub voice: VoiceSetting,
    /// How loud the other is, in percent.
    pub volume: Volume,
    /// How the window looks.
    pub theme: Theme,
    /// One's own picture in a call.
    pub self_view: SelfView,
    /// How their picture fills the window.
    pub picture: PictureFit,
    /// The most that is captured and sent.
    pub video: VideoLimits,
    /// How calls begin, and whose come through.
    pub calls: CallSettings,
    /// How the network is used.
    pub network: NetworkSettings,
    /// How a call rings.
    pub ring: RingSettings,
    /// What else tells of a call, and when nothing does.
    pub notifications: NotificationSettings,
    /// Where received files go; `None`: the system's downloads folder.
    pub downloads: Option<PathBuf>,
    /// The place in the tray.
    pub tray: TraySettings,
    /// How everything looks besides the theme.
    pub appearance: Appearance,
    /// The keys of each command.
    pub shortcuts: Shortcuts,
    /// What another version keeps besides: read and written as it is.
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

impl Settings {
    /// A login worked; both as typed.
    pub fn logged_in(&mut self, server: &str, username: &str) {
        self.server = Some(server.to_owned());
        self.username = Some(username.to_owned());
        self.logged_out = false;
        self.hosts_server = false;
        self.recent_servers.retain(|other| other != server);
        self.recent_servers.insert(0, server.to_owned());
        self.recent_servers.truncate(RECENT_SERVERS);
    }

    /// A login to a server that was started here worked. A start does not start that server: what
    /// others can reach is not opened without a click.
    pub fn logged_in_here(&mut self, username: &str) {
        self.server = None;
        self.username = Some(username.to_owned());
        self.hosts_server = true;
        self.logged_out = false;
    }

    /// A server is to be offered no more; also not as that of the last login.
    pub fn forget_server(&mut self, server: &str) {
        self.recent_servers.retain(|other| other != server);
        if self.server.as_deref() == Some(server) {
            self.server = None;
        }
    }

    /// Whether a start logs in by itself.
    #[must_use]
    pub fn logs_in_at_start(&self) -> bool {
        self.server.is_some() && self.username.is_some() && !self.logged_out
    }

    /// Puts what is out of its range at the nearest end of it.
    pub(super) fn clamp(&mut self) {
        self.recent_servers.truncate(RECENT_SERVERS);
        self.video.clamp();
        self.appearance.scale_percent = self.appearance.scale_percent.clamp(80, 200);
        let hours = &mut self.notifications.quiet_hours;
        (hours.from, hours.until) = (hours.from.clamped(), hours.until.clamped());
    }
}

/// A corner of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Corner {
    UpperLeft,
    UpperRight,
    LowerLeft,
    #[default]
    LowerRight,
}

/// One's own picture in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SelfView {
    /// Where it is.
    pub corner: Corner,
    /// How wide it was made, in points; `None`: what suits the window.
    pub width: Option<u16>,
    /// Whether it is put away.
    pub hidden: bool,
    /// Whether it is mirrored. The other never sees it so.
    pub mirrored: bool,
}

impl Default for SelfView {
    fn default() -> Self {
        Self { corner: Corner::default(), width: None, hidden: false, mirrored: true }
    }
}

/// How a picture fills the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PictureFit {
    /// Cropped around its middle.
    #[default]
    Fill,
    /// Whole, with bars.
    Fit,
}

/// The most that is captured and sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VideoLimits {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Frames per second, 1 to 60.
    pub fps: u32,
    /// Kilobits per second, 50 to 50,000.
    pub max_kbps: u32,
}

impl Default for VideoLimits {
    fn default() -> Self {
        Self { width: 1280, height: 720, fps: 30, max_kbps: 2_500 }
    }
}

impl VideoLimits {
    /// The size; 1280x720 where it is none.
    #[must_use]
    pub fn size(&self) -> VideoSize {
        const HD: VideoSize = VideoSize::new(1280, 720).unwrap();
        VideoSize::new(self.width, self.height).unwrap_or(HD)
    }

    /// The bitrate.
    #[must_use]
    pub fn max_bitrate(&self) -> Bitrate {
        Bitrate::from_kbps(u64::from(self.max_kbps))
    }

    /// These limits.
    #[must_use]
    pub fn of(size: VideoSize, fps: u32, max_bitrate: Bitrate) -> Self {
        let max_kbps = u32::try_from(max_bitrate.bps() / 1_000).unwrap_or(u32::MAX);
        Self { width: size.width(), height: size.height(), fps, max_kbps }
    }

    fn clamp(&mut self) {
        (self.width, self.height) = (self.size().width(), self.size().height());
        self.fps = self.fps.clamp(1, 60);
        self.max_kbps = self.max_kbps.clamp(50, 50_000);
    }
}

/// Whose calls come through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Callers {
    /// Everybody's whom the person has not blocked.
    #[default]
    Everybody,
    /// Those of contacts.
    Contacts,
}

/// How calls begin, and whose come through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CallSettings {
    /// Whether the camera is on as a call begins.
    pub camera_on: bool,
    /// Whether the microphone is on as a call begins.
    pub microphone_on: bool,
    /// Whose calls come through.
    pub from: Callers,
}

impl Default for CallSettings {
    fn default() -> Self {
        Self { camera_on: true, microphone_on: true, from: Callers::default() }
    }
}

/// How the network is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NetworkSettings {
    /// STUN and TURN servers of the person's own.
    pub ice_servers: Vec<IceServer>,
    /// Whether the built-in STUN server is used.
    pub default_stun: bool,
    /// Whether media goes through relays alone.
    pub relay_only: bool,
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self { ice_servers: Vec::new(), default_stun: true, relay_only: false }
    }
}

impl NetworkSettings {
    /// No server at all.
    #[must_use]
    pub fn nothing() -> Self {
        Self { default_stun: false, ..Self::default() }
    }

    /// The servers of the person's own that can be used.
    pub fn usable_ice_servers(&self) -> impl Iterator<Item = &IceServer> {
        self.ice_servers.iter().filter(|server| {
            !server.urls.is_empty() && server.urls.iter().all(|url| url.parse::<IceUrl>().is_ok())
        })
    }
}

/// How a call rings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RingSettings {
    /// Whether it does.
    pub on: bool,
    /// Which tone, by its name; empty: the usual one.
    pub tone: String,
    /// How loud, in percent.
    pub volume: Volume,
    /// Where; `None`: the speaker of calls.
    pub speaker: Option<SpeakerChoice>,
}

impl RingSettings {
    /// The tone of that name.
    #[must_use]
    pub fn ring_tone(&self) -> RingTone {
        RingTone::named(&self.tone)
    }
}

impl Default for RingSettings {
    fn default() -> Self {
        Self { on: true, tone: String::new(), volume: Volume::FULL, speaker: None }
    }
}

/// What else tells of a call, and when nothing does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NotificationSettings {
    /// Whether the desktop shows a notification.
    pub desktop: bool,
    /// Whether nothing rings at all.
    pub do_not_disturb: bool,
    /// When nothing rings.
    pub quiet_hours: QuietHours,
}

impl Default for NotificationSettings {
    fn default() -> Self {
        Self { desktop: true, do_not_disturb: false, quiet_hours: QuietHours::default() }
    }
}

/// The place in the tray.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TraySettings {
    /// Whether the program starts there, without a window.
    pub start_hidden: bool,
    /// Whether closing the window leaves the program there.
    pub close_to_tray: bool,
    /// Whether the person was asked about that.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub asked: bool,
}

/// The language of the window.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Language {
    /// Follow the system.
    #[default]
    System,
    /// The one with this tag (BCP 47), such as `de`.
    Tag(String),
}

impl Language {
    /// The language of the window; `None` for what the system asks for, also where this version
    /// lacks the one that was chosen.
    #[must_use]
    pub fn spoken(&self) -> Option<words::Language> {
        match self {
            Self::System => None,
            Self::Tag(tag) => words::Language::of_tag(tag),
        }
    }
}

impl From<String> for Language {
    fn from(tag: String) -> Self {
        if tag.is_empty() || tag == "system" { Self::System } else { Self::Tag(tag) }
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        match language {
            Language::System => "system".to_owned(),
            Language::Tag(tag) => tag,
        }
    }
}

/// How everything looks besides the theme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Appearance {
    /// How large everything is, in percent of the usual: 80 to 200.
    pub scale_percent: u16,
    /// Whether nothing slides or fades.
    pub less_motion: bool,
    /// The language.
    pub language: Language,
}

impl Appearance {
    /// How much larger than usual everything is, by a size in percent.
    #[must_use]
    pub fn zoom(percent: u16) -> f32 {
        f32::from(percent) / 100.0
    }
}

impl Default for Appearance {
    fn default() -> Self {
        Self { scale_percent: 100, less_motion: false, language: Language::default() }
    }
}
