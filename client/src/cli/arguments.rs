//! The arguments as they are typed, each in its type, with the help that explains them.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{RangedU64ValueParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand};
use visavis_about::{Shell, VERSION, VERSION_LINE};
use visavis_shared::{RoomId, Username};

use super::IdentityCommand;
use super::values;
use crate::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use crate::media::audio_output::Volume;
use crate::media::units::{Bitrate, VideoSize};
use crate::media::voice_processing::VoiceSetting;

const EXIT_CODES: &str = "\
Exit codes:
  0  connected, and ended normally
  2  the command line makes no sense, or names a file that can't be written
  3  the server was not reached, or refused the login
  4  the other was not reached: unknown, offline, declined, busy, no answer
  5  the connection failed or was lost
  6  a device failed, a file that is played, or the key that your names belong to
  7  connected, and ended normally, but a file could not be written";

/// Private one-to-one video calls.
#[derive(Debug, Parser)]
#[command(name = "visavis", max_term_width = 100, after_help = EXIT_CODES)]
#[command(version = VERSION, long_version = VERSION_LINE)]
pub struct Cli {
    /// Without a command, the window opens.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// An invitation to open in the window: visavis://HOST, visavis://HOST/NAME or
    /// visavis://HOST/room/ROOM; it proposes the call, and you decide
    #[arg(value_name = "INVITATION")]
    pub(super) words: Vec<String>,
    #[command(flatten)]
    pub(super) connection: ConnectionArguments,
    #[command(flatten)]
    pub(super) devices: DeviceOptions,
    #[command(flatten)]
    pub(super) sound: SoundOptions,
    #[command(flatten)]
    pub(super) video: VideoOptions,
    #[command(flatten)]
    pub(super) exchange: ExchangeOptions,
    #[command(flatten)]
    pub(super) results: ResultOptions,
    #[command(flatten)]
    pub(super) program: ProgramOptions,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Log in and call somebody, without a window
    Call {
        /// Whom to call; leave it out with --room
        #[arg(value_name = "USERNAME", value_parser = values::name)]
        peer: Option<Username>,
    },
    /// Log in, wait for a call and accept it, without a window
    Answer {
        /// Accept calls only from this person, and decline all others
        #[arg(long, value_name = "USERNAME", value_parser = values::name)]
        from: Option<Username>,
    },
    /// Check everything a call needs: what works, what doesn't, and what to do about it
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say where the key is that your names belong to, or take it to another computer
    Identity {
        #[command(subcommand)]
        what: IdentityCommand,
    },
    /// List cameras, microphones and speakers with their formats
    Devices {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print what a shell needs to complete this command line
    Completions {
        /// For which shell
        shell: Shell,
    },
    /// Write the manual pages into a folder, for packages
    #[command(hide = true)]
    Manual {
        /// The folder
        folder: PathBuf,
    },
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct ConnectionArguments {
    /// The signaling server; a bare host name means ws:// and port 9090 [default: the last one
    /// used, or ws://127.0.0.1:9090]
    #[arg(long, global = true, value_name = "URL", env = "VISAVIS_SERVER")]
    pub(super) server: Option<String>,
    /// The name to log in with
    #[arg(long, global = true, value_name = "NAME", env = "VISAVIS_USERNAME")]
    #[arg(value_parser = values::name)]
    pub(super) username: Option<Username>,
    /// Call whoever is in this room, instead of a name
    #[arg(long, global = true, value_name = "ROOM", value_parser = values::room)]
    pub(super) room: Option<RoomId>,
    /// Add a STUN or TURN server: stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT; `none` removes
    /// the built-in one
    #[arg(long, global = true, value_name = "URL")]
    pub(super) ice_server: Vec<String>,
    /// Send picture and sound only through a TURN relay, so that the other person doesn't learn
    /// this computer's address
    #[arg(long, global = true)]
    pub(super) relay_only: bool,
}

/// The devices that were named; the rest is the settings' to choose.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Devices")]
pub struct DeviceOptions {
    /// default, a camera's name, pattern, file:PATH.y4m or none
    #[arg(long, global = true, value_name = "SOURCE", value_parser = values::camera)]
    pub camera: Option<CameraChoice>,
    /// default, a microphone's name, tone, tone:HZ, file:PATH.wav or none
    #[arg(long, global = true, value_name = "SOURCE", value_parser = values::microphone)]
    pub microphone: Option<MicrophoneChoice>,
    /// default, a speaker's name, file:PATH.wav or none
    #[arg(long, global = true, value_name = "SINK", value_parser = values::speaker)]
    pub speaker: Option<SpeakerChoice>,
}

/// What is done to both voices; what was not named is the settings' to choose.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sound")]
pub struct SoundOptions {
    /// Cancel the echo of your speaker [default: on with a real microphone]
    #[arg(long, global = true, value_name = "on|off", value_parser = values::switch)]
    echo_cancellation: Option<bool>,
    /// Reduce background noise [default: on with a real microphone]
    #[arg(long, global = true, value_name = "on|off", value_parser = values::switch)]
    noise_suppression: Option<bool>,
    /// Keep your voice at an even level [default: on with a real microphone]
    #[arg(long, global = true, value_name = "on|off", value_parser = values::switch)]
    automatic_gain: Option<bool>,
    /// How loud the other person is, in percent: 0 to 150
    #[arg(long, global = true, value_name = "PERCENT")]
    #[arg(value_parser = RangedU64ValueParser::new().range(0..=150).map(Volume::from_percent))]
    pub volume: Option<Volume>,
}

impl SoundOptions {
    /// What is done to one's own voice.
    #[must_use]
    pub fn voice(&self) -> VoiceSetting {
        VoiceSetting {
            echo_cancellation: self.echo_cancellation,
            noise_suppression: self.noise_suppression,
            automatic_gain: self.automatic_gain,
        }
    }
}

/// The bounds of the video that is captured and sent; what was not named is the settings' to
/// choose.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Picture")]
pub struct VideoOptions {
    /// The largest size to capture and send [default: 1280x720]
    #[arg(long = "video-size", global = true, value_name = "WxH")]
    #[arg(value_parser = values::size)]
    pub size: Option<VideoSize>,
    /// The most frames per second to capture and send [default: 30]
    #[arg(long, global = true, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=60))]
    pub fps: Option<u32>,
    /// The highest bit rate for video: 800k, 2500k, 4M [default: 2500k]
    #[arg(long, global = true, value_name = "RATE", value_parser = values::bitrate)]
    pub max_bitrate: Option<Bitrate>,
}

/// What is shown, written and sent in a call without a window.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sharing and files (call and answer)")]
pub struct ExchangeOptions {
    /// Show a screen or a window in the place of the camera: screen:first, screen:NAME or
    /// window:TITLE
    #[arg(long, global = true, value_name = "WHAT")]
    pub share: Option<String>,
    /// Show the camera too, in a corner of what is shared
    #[arg(long, global = true, requires = "share")]
    pub share_camera: bool,
    /// Let the other hear what this computer plays, while a screen or a window is shown
    #[arg(long, global = true, requires = "share")]
    pub share_sound: bool,
    /// Write this to the other; may be given several times
    #[arg(long, global = true, value_name = "TEXT")]
    pub say: Vec<String>,
    /// Send a file or a folder; may be given several times
    #[arg(long, global = true, value_name = "PATH")]
    pub send: Vec<PathBuf>,
    /// Take every file that the other sends, into this folder; without it none is taken
    #[arg(long, global = true, value_name = "DIR")]
    pub receive: Option<PathBuf>,
}

/// What a call without a window leaves behind, and when it ends.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Results (call and answer)")]
pub struct ResultOptions {
    /// Record the received video as it is shown, at its largest size
    #[arg(long, global = true, value_name = "PATH.y4m")]
    pub record_video: Option<PathBuf>,
    /// Save the last received video frame
    #[arg(long, global = true, value_name = "PATH.png")]
    pub snapshot: Option<PathBuf>,
    /// Write a report of what was measured; a window writes that of its last call
    #[arg(long, global = true, value_name = "PATH.json")]
    pub report: Option<PathBuf>,
    /// End the call this long after it connects: 10s, 2m [default: when the other person ends it]
    #[arg(long, global = true, value_name = "TIME", value_parser = values::duration)]
    pub duration: Option<Duration>,
    /// How long connecting may take
    #[arg(long, global = true, value_name = "TIME", default_value = "30s")]
    #[arg(value_parser = values::duration)]
    pub timeout: Duration,
}

/// Where the program keeps things and what it says about itself.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Program")]
pub struct ProgramOptions {
    /// The folder for settings, contacts, calls and this device's key [default: the system's
    /// folders for settings and for application data]
    #[arg(long, global = true, value_name = "DIR", env = "VISAVIS_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Open another window, although one is open with the same data folder; without this it comes
    /// to the front
    #[arg(long, global = true)]
    pub new_window: bool,
    /// What to log to standard error: error, warn, info, debug, or a filter such as
    /// visavis_transport=debug
    #[arg(long, global = true, value_name = "FILTER", env = "VISAVIS_LOG")]
    pub log: Option<String>,
    /// Write how long the window took to become usable
    #[arg(long, global = true, value_name = "PATH.json", hide = true)]
    pub window_ready_report: Option<PathBuf>,
    /// Write what each pass of the window costs
    #[arg(long, global = true, value_name = "PATH.jsonl", hide = true)]
    pub window_frame_report: Option<PathBuf>,
}
