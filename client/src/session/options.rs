//! What a session is started with.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use visavis_shared::{IceServer, Username};

use crate::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use crate::device_key::{DeviceKey, KeyStore};
use crate::hosting::HostingOptions;
use crate::media::audio_output::Volume;
use crate::media::ringtone::RingTone;
use crate::media::units::{Bitrate, VideoSize};
use crate::media::video_record::Recordings;
use crate::media::voice_processing::VoiceSetting;
use crate::words::Phrase;

/// 720p: what a webcam delivers and a home line carries.
const HD: VideoSize = VideoSize::new(1280, 720).unwrap();

/// What a login proves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Identity {
    /// Nothing: names that nobody owns can be used.
    #[default]
    Guest,
    /// That it comes from the device with this key.
    Device(DeviceKey),
    /// There is a key and it can't be used; why, in words. Nobody is logged in with less than they
    /// own.
    Unusable(Phrase),
}

/// How a call rings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Ring {
    /// How loud; 0 is silent.
    pub volume: Volume,
    /// Through which speaker; `None` for the one of calls.
    pub speaker: Option<SpeakerChoice>,
    /// Which tone.
    pub tone: RingTone,
}

impl Ring {
    /// So loud, through this speaker, and with this tone.
    #[must_use]
    pub fn new(volume: Volume, speaker: Option<SpeakerChoice>, tone: RingTone) -> Self {
        Self { volume, speaker, tone }
    }
}

/// The choices that hold for a whole session.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// What logins prove.
    pub identity: Identity,
    /// Where the key is kept that takes the place of `identity` at each log-in; `None` where
    /// `identity` stands.
    pub keys: Option<KeyStore>,
    /// STUN and TURN servers beside those the signaling server offers.
    pub ice_servers: Vec<IceServer>,
    /// Only relayed media.
    pub relay_only: bool,
    /// Addresses for media; empty for every interface.
    pub bind: Vec<SocketAddr>,
    /// The camera to begin with.
    pub camera: CameraChoice,
    /// The microphone to begin with.
    pub microphone: MicrophoneChoice,
    /// The speaker to begin with.
    pub speaker: SpeakerChoice,
    /// What is done to the voice.
    pub voice: VoiceSetting,
    /// How loud the other is.
    pub volume: Volume,
    /// How a call rings to begin with.
    pub ring: Ring,
    /// The largest video to capture and send.
    pub video_size: VideoSize,
    /// The highest frame rate to capture and send.
    pub fps: u32,
    /// The most that video may use.
    pub max_bitrate: Bitrate,
    /// Where received video goes.
    pub record_video: Option<PathBuf>,
    /// What became of that, for whoever waits until all is written.
    pub recordings: Recordings,
    /// Where the last received frame goes when the call ends.
    pub snapshot: Option<PathBuf>,
    /// Where contacts, blocked names and calls are kept; `None` keeps them for the session alone.
    pub people: Option<PathBuf>,
    /// Whether nothing but keys is changed there: for a session that nobody watches.
    pub only_keys: bool,
    /// Who is blocked besides those of the book: for a session that keeps none.
    pub blocked: Vec<Username>,
    /// The server as it was typed last; what a log-in form begins with.
    pub remembered_server: String,
    /// The name as it was typed last.
    pub remembered_username: String,
    /// Whether to log in with those two at once, and to go on trying while the server can't be
    /// reached.
    pub log_in_at_start: bool,
    /// Whether nothing rings aloud to begin with.
    pub quiet: bool,
    /// Whether only contacts can call.
    pub only_contacts_call: bool,
    /// Whether the microphone is muted to begin with.
    pub muted: bool,
    /// Whether the camera is off to begin with.
    pub camera_off: bool,
    /// Where files go that the other sends; `None` for the system's folder for downloads.
    pub downloads: Option<PathBuf>,
    /// Where transfers are remembered that were interrupted; `None` forgets them with the call.
    pub transfers: Option<PathBuf>,
    /// Whether a screen may be shared later, although there is no camera.
    pub shares: bool,
    /// Where the desktop's word is kept on what may be shared without asking again.
    pub screen_token: Option<PathBuf>,
    /// How a server may be started here, if one may.
    pub hosting: Option<HostingOptions>,
    /// Whether somebody looks: frames are made ready to show, the list of people is kept fresh,
    /// calls ring aloud.
    pub window: bool,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            identity: Identity::Guest,
            keys: None,
            ice_servers: Vec::new(),
            relay_only: false,
            bind: Vec::new(),
            camera: CameraChoice::Default,
            microphone: MicrophoneChoice::Default,
            speaker: SpeakerChoice::Default,
            voice: VoiceSetting::default(),
            volume: Volume::FULL,
            ring: Ring::default(),
            video_size: HD,
            fps: 30,
            max_bitrate: Bitrate::from_kbps(2500),
            record_video: None,
            recordings: Recordings::default(),
            snapshot: None,
            people: None,
            only_keys: false,
            blocked: Vec::new(),
            remembered_server: String::new(),
            remembered_username: String::new(),
            log_in_at_start: false,
            quiet: false,
            only_contacts_call: false,
            muted: false,
            camera_off: false,
            downloads: None,
            transfers: None,
            shares: false,
            screen_token: None,
            hosting: None,
            window: false,
        }
    }
}
