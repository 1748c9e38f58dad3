//! The command line: flags as they are typed ([`Cli`]) and what they mean ([`Invocation`]).
//!
//! Every flag is read once, here; nothing after this looks at the command line again. Exit codes
//! are [`ExitReason`]'s.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use visavis_shared::{IceServer, RoomId, Username, canonical_name};

use crate::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use crate::media::audio_output::Volume;
use crate::media::units::{Bitrate, VideoSize};
use crate::media::voice_processing::VoiceSetting;

/// Private one-to-one video calls.
#[derive(Debug, Parser)]
#[command(name = "visavis", version, about, max_term_width = 100)]
pub struct Cli {
    /// Without a command, the window opens.
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Log in and call somebody, without a window
    Call {
        /// Whom to call; leave it out with --room
        #[arg(value_name = "USERNAME")]
        peer: Option<String>,
    },
    /// Log in, wait for a call and accept it, without a window
    Answer {
        /// Accept calls only from this person, and decline all others
        #[arg(long, value_name = "USERNAME")]
        from: Option<String>,
    },
    /// Check everything a call needs: what works, what doesn't, and what to do about it
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List cameras, microphones and speakers with their formats
    Devices {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
struct Options {
    /// The signaling server; a bare host name means ws:// and port 9090 [default: the last one used,
    /// or ws://127.0.0.1:9090]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "VISAVIS_SERVER",
        help_heading = "Connection"
    )]
    server: Option<String>,
    /// The name to log in with
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "VISAVIS_USERNAME",
        help_heading = "Connection"
    )]
    username: Option<String>,
    /// Call whoever is in this room, instead of a name
    #[arg(long, global = true, value_name = "ROOM", help_heading = "Connection")]
    room: Option<String>,
    /// Add a STUN or TURN server: stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT; `none` removes the
    /// built-in one
    #[arg(long, global = true, value_name = "URL", help_heading = "Connection")]
    ice_server: Vec<String>,
    /// Send picture and sound only through a TURN relay, so that the other person doesn't learn this
    /// computer's address
    #[arg(long, global = true, help_heading = "Connection")]
    relay_only: bool,

    /// default, a camera's name, pattern, file:PATH.y4m or none
    #[arg(long, global = true, value_name = "SOURCE", help_heading = "Devices")]
    camera: Option<String>,
    /// default, a microphone's name, tone, tone:HZ, file:PATH.wav or none
    #[arg(long, global = true, value_name = "SOURCE", help_heading = "Devices")]
    microphone: Option<String>,
    /// default, a speaker's name, file:PATH.wav or none
    #[arg(long, global = true, value_name = "SINK", help_heading = "Devices")]
    speaker: Option<String>,

    /// Cancel the echo of your speaker [default: on with a real microphone]
    #[arg(long, global = true, value_name = "on|off", value_parser = parse_switch, help_heading = "Sound")]
    echo_cancellation: Option<bool>,
    /// Reduce background noise [default: on with a real microphone]
    #[arg(long, global = true, value_name = "on|off", value_parser = parse_switch, help_heading = "Sound")]
    noise_suppression: Option<bool>,
    /// Keep your voice at an even level [default: on with a real microphone]
    #[arg(long, global = true, value_name = "on|off", value_parser = parse_switch, help_heading = "Sound")]
    automatic_gain: Option<bool>,
    /// How loud the other person is, in percent: 0 to 150
    #[arg(long, global = true, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=150), help_heading = "Sound")]
    volume: Option<u8>,

    /// The largest size to capture and send
    #[arg(long, global = true, value_name = "WxH", default_value = "1280x720", value_parser = parse_size, help_heading = "Picture")]
    video_size: VideoSize,
    /// The most frames per second to capture and send
    #[arg(long, global = true, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=60), help_heading = "Picture")]
    fps: u32,
    /// The highest bit rate for video: 800k, 2500k, 4M
    #[arg(long, global = true, value_name = "RATE", default_value = "2500k", value_parser = parse_bitrate, help_heading = "Picture")]
    max_bitrate: Bitrate,

    /// Record the received video as it is shown, at its largest size
    #[arg(
        long,
        global = true,
        value_name = "PATH.y4m",
        help_heading = "Results (call and answer)"
    )]
    record_video: Option<PathBuf>,
    /// Save the last received video frame
    #[arg(
        long,
        global = true,
        value_name = "PATH.png",
        help_heading = "Results (call and answer)"
    )]
    snapshot: Option<PathBuf>,
    /// Write a report of what was measured
    #[arg(
        long,
        global = true,
        value_name = "PATH.json",
        help_heading = "Results (call and answer)"
    )]
    report: Option<PathBuf>,
    /// End the call this long after it connects: 10s, 2m [default: when the other person ends it]
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_duration, help_heading = "Results (call and answer)")]
    duration: Option<Duration>,
    /// How long connecting may take
    #[arg(long, global = true, value_name = "TIME", default_value = "30s", value_parser = parse_duration, help_heading = "Results (call and answer)")]
    timeout: Duration,

    /// The folder for settings and this device's key [default: the system's folder for application
    /// data]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "VISAVIS_DATA_DIR",
        help_heading = "Program"
    )]
    data_dir: Option<PathBuf>,
    /// What to log to standard error: error, warn, info, debug, or a filter such as
    /// visavis_transport=debug
    #[arg(
        long,
        global = true,
        value_name = "FILTER",
        env = "VISAVIS_LOG",
        help_heading = "Program"
    )]
    log: Option<String>,
    /// Write how long the window took to become usable
    #[arg(long, global = true, value_name = "PATH.json", hide = true)]
    window_ready_report: Option<PathBuf>,
}

/// What the program was asked to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Open the window.
    Window,
    /// Call, without a window.
    Call(Target),
    /// Answer, without a window.
    Answer {
        /// Accept only this person.
        from: Option<Username>,
    },
    /// Try everything.
    Doctor {
        /// As JSON.
        json: bool,
    },
    /// List the devices.
    Devices {
        /// As JSON.
        json: bool,
    },
}

/// Whom `visavis call` calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Somebody by name.
    Person(Username),
    /// Whoever is in the room.
    Room(RoomId),
}

/// The whole command line, validated.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// What to do.
    pub action: Action,
    /// The server as typed.
    pub server: Option<String>,
    /// The name to log in with.
    pub username: Option<Username>,
    /// STUN and TURN servers beside those the signaling server offers.
    pub ice_servers: Vec<IceServer>,
    /// Only relayed media.
    pub relay_only: bool,
    /// The camera, where one was named.
    pub camera: Option<CameraChoice>,
    /// The microphone, where one was named.
    pub microphone: Option<MicrophoneChoice>,
    /// The speaker, where one was named.
    pub speaker: Option<SpeakerChoice>,
    /// What is to be done to the voice, where it was said.
    pub voice: VoiceSetting,
    /// How loud the other is, where it was said.
    pub volume: Option<Volume>,
    /// The largest picture to capture and send.
    pub video_size: VideoSize,
    /// The highest frame rate to capture and send.
    pub fps: u32,
    /// The most the picture may use.
    pub max_bitrate: Bitrate,
    /// Where received pictures go.
    pub record_video: Option<PathBuf>,
    /// Where the last received picture goes.
    pub snapshot: Option<PathBuf>,
    /// Where the report goes.
    pub report: Option<PathBuf>,
    /// How long to talk.
    pub duration: Option<Duration>,
    /// How long to wait for a connection.
    pub timeout: Duration,
    /// Where settings and the device's key are kept.
    pub data_dir: Option<PathBuf>,
    /// The log filter.
    pub log: Option<String>,
    /// Where the window's start time goes.
    pub window_ready_report: Option<PathBuf>,
}

/// Why a command line can't be carried out; its text is for the person.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(String);

/// The STUN server that is asked when the signaling server offers none of its own, or beside it.
pub const DEFAULT_STUN: &str = "stun:stun.l.google.com:19302";

impl Cli {
    /// Checks what the flags mean together.
    ///
    /// # Errors
    /// One line that says what to write instead.
    pub fn into_invocation(self) -> Result<Invocation, UsageError> {
        let options = self.options;
        let headless = matches!(self.command, Some(Command::Call { .. } | Command::Answer { .. }));
        if headless && options.username.is_none() {
            return Err(UsageError("a user name is missing; add --username NAME".into()));
        }
        let room = options
            .room
            .map(|text| {
                RoomId::parse(&text)
                    .map_err(|e| UsageError(format!("--room {text:?} can't be a room: {e}")))
            })
            .transpose()?;
        let name = |what: &str, text: &str| {
            canonical_name(text)
                .map_err(|e| UsageError(format!("{what} {text:?} can't be a name: {e}")))
        };
        let action = match (self.command, room) {
            (None, None) => Action::Window,
            (None, Some(_)) => {
                return Err(UsageError("--room works only with `visavis call`".into()));
            }
            (Some(Command::Call { peer: Some(text) }), None) => {
                Action::Call(Target::Person(name("USERNAME", &text)?))
            }
            (Some(Command::Call { peer: None }), Some(room)) => Action::Call(Target::Room(room)),
            (Some(Command::Call { .. }), _) => {
                return Err(UsageError(
                    "say whom to call: `visavis call NAME` or `visavis call --room ROOM`".into(),
                ));
            }
            (Some(Command::Answer { from }), None) => {
                Action::Answer { from: from.map(|text| name("--from", &text)).transpose()? }
            }
            (Some(Command::Devices { json }), None) => Action::Devices { json },
            (Some(Command::Doctor { json }), None) => Action::Doctor { json },
            (Some(_), Some(_)) => {
                return Err(UsageError("--room works only with `visavis call`".into()));
            }
        };
        let mut ice_servers = Vec::new();
        if !options.ice_server.iter().any(|url| url == "none") {
            ice_servers.push(IceServer {
                urls: vec![DEFAULT_STUN.to_owned()],
                username: None,
                credential: None,
            });
        }
        for url in options.ice_server.iter().filter(|url| *url != "none") {
            ice_servers.push(parse_ice_server(url)?);
        }
        Ok(Invocation {
            action,
            server: options.server,
            username: options.username.map(|text| name("--username", &text)).transpose()?,
            ice_servers,
            relay_only: options.relay_only,
            camera: options.camera.map(|text| parse_camera(&text)),
            microphone: options.microphone.map(|text| parse_microphone(&text)).transpose()?,
            speaker: options.speaker.map(|text| parse_speaker(&text)),
            voice: VoiceSetting {
                echo_cancellation: options.echo_cancellation,
                noise_suppression: options.noise_suppression,
                automatic_gain: options.automatic_gain,
            },
            volume: options.volume.map(Volume::from_percent),
            video_size: options.video_size,
            fps: options.fps,
            max_bitrate: options.max_bitrate,
            record_video: options.record_video,
            snapshot: options.snapshot,
            report: options.report,
            duration: options.duration,
            timeout: options.timeout,
            data_dir: options.data_dir,
            log: options.log,
            window_ready_report: options.window_ready_report,
        })
    }
}

fn parse_camera(text: &str) -> CameraChoice {
    match text {
        "default" => CameraChoice::Default,
        "pattern" => CameraChoice::Pattern,
        "none" => CameraChoice::None,
        _ => match text.strip_prefix("file:") {
            Some(path) => CameraChoice::File(path.into()),
            None => CameraChoice::Named(text.to_owned()),
        },
    }
}

fn parse_microphone(text: &str) -> Result<MicrophoneChoice, UsageError> {
    const DEFAULT_TONE_HZ: f32 = 440.0;
    Ok(match text {
        "default" => MicrophoneChoice::Default,
        "tone" => MicrophoneChoice::Tone(DEFAULT_TONE_HZ),
        "none" => MicrophoneChoice::None,
        _ => {
            if let Some(path) = text.strip_prefix("file:") {
                MicrophoneChoice::File(path.into())
            } else if let Some(hz) = text.strip_prefix("tone:") {
                match f32::from_str(hz) {
                    Ok(hz) if (50.0..=8000.0).contains(&hz) => MicrophoneChoice::Tone(hz),
                    _ => {
                        return Err(UsageError(format!(
                            "--microphone tone:{hz}: use a frequency from 50 to 8000"
                        )));
                    }
                }
            } else {
                MicrophoneChoice::Named(text.to_owned())
            }
        }
    })
}

fn parse_speaker(text: &str) -> SpeakerChoice {
    match text {
        "default" => SpeakerChoice::Default,
        "none" => SpeakerChoice::None,
        _ => match text.strip_prefix("file:") {
            Some(path) => SpeakerChoice::File(path.into()),
            None => SpeakerChoice::Named(text.to_owned()),
        },
    }
}

fn parse_switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("use on or off".to_owned()),
    }
}

fn parse_size(text: &str) -> Result<VideoSize, String> {
    let wrong = || "use a size such as 1280x720, with sides from 2 to 4096".to_owned();
    let (width, height) = text.split_once(['x', 'X']).ok_or_else(wrong)?;
    match (width.parse(), height.parse()) {
        (Ok(width), Ok(height)) => VideoSize::new(width, height).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

fn parse_bitrate(text: &str) -> Result<Bitrate, String> {
    let wrong =
        || "use a rate such as 800k, 2500k or 4M (bits per second, from 50k to 50M)".to_owned();
    let (digits, factor) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1_000.0),
        None => match text.strip_suffix(['m', 'M']) {
            Some(digits) => (digits, 1_000_000.0),
            None => (text, 1.0),
        },
    };
    let bps = digits.parse::<f64>().map_err(|_| wrong())? * factor;
    if !(50_000.0..=50_000_000.0).contains(&bps) {
        return Err(wrong());
    }
    Ok(Bitrate::from_bps(bps as u64))
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || "use a time such as 500ms, 10s, 2m or 1h".to_owned();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let seconds = match unit {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(wrong()),
    } * digits.parse::<f64>().map_err(|_| wrong())?;
    if !(0.0..=86_400.0 * 7.0).contains(&seconds) {
        return Err(wrong());
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// `turn:USER:PASSWORD@HOST:PORT` is split into the URL and the credential that RFC 7065 keeps out
/// of it.
fn parse_ice_server(text: &str) -> Result<IceServer, UsageError> {
    let wrong =
        || UsageError("--ice-server: use stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT".into());
    let (scheme, rest) = text.split_once(':').ok_or_else(wrong)?;
    match scheme {
        "stun" if !rest.is_empty() => {
            Ok(IceServer { urls: vec![text.to_owned()], username: None, credential: None })
        }
        "turn" | "turns" => {
            let (account, host) = rest.rsplit_once('@').ok_or_else(wrong)?;
            let (user, password) = account.split_once(':').ok_or_else(wrong)?;
            if host.is_empty() || user.is_empty() {
                return Err(wrong());
            }
            Ok(IceServer {
                urls: vec![format!("{scheme}:{host}")],
                username: Some(user.to_owned()),
                credential: Some(password.to_owned()),
            })
        }
        _ => Err(wrong()),
    }
}

/// How a run ended, as the exit code says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitReason {
    /// Connected, and ended normally.
    Completed,
    /// The command line made no sense.
    Usage,
    /// The server could not be reached, or refused the login.
    Server,
    /// The other was not reached: unknown, offline, declined, busy, no answer.
    NotReached,
    /// The connection failed or was lost.
    Connection,
    /// A device or a file failed.
    Device,
}

impl ExitReason {
    /// The process exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Completed => 0,
            Self::Usage => 2,
            Self::Server => 3,
            Self::NotReached => 4,
            Self::Connection => 5,
            Self::Device => 6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(line: &str) -> Result<Invocation, String> {
        let cli = Cli::try_parse_from(line.split_whitespace()).map_err(|e| e.to_string())?;
        cli.into_invocation().map_err(|e| e.to_string())
    }

    #[test]
    fn what_is_done_to_the_voice_and_the_volume_are_switches_and_a_percentage() {
        let plain = invocation("visavis").unwrap();
        assert_eq!((plain.voice, plain.volume), (VoiceSetting::default(), None));
        let line = "visavis --echo-cancellation off --noise-suppression on --volume 130";
        let asked = invocation(line).unwrap();
        let voice = VoiceSetting {
            echo_cancellation: Some(false),
            noise_suppression: Some(true),
            automatic_gain: None,
        };
        assert_eq!((asked.voice, asked.volume), (voice, Some(Volume::from_percent(130))));
        assert!(
            invocation("visavis --automatic-gain maybe").unwrap_err().contains("use on or off")
        );
        assert!(invocation("visavis --volume 151").is_err());
    }

    #[test]
    fn no_arguments_open_the_window() {
        assert_eq!(invocation("visavis").unwrap().action, Action::Window);
    }

    #[test]
    fn options_may_stand_before_and_after_the_command() {
        for line in ["visavis --username alice call bob", "visavis call bob --username alice"] {
            let invocation = invocation(line).unwrap();
            assert_eq!(
                invocation.action,
                Action::Call(Target::Person(Username::parse("bob").unwrap())),
                "{line}"
            );
            assert_eq!(invocation.username, Username::parse("alice").ok(), "{line}");
        }
    }

    #[test]
    fn names_are_taken_in_their_one_form() {
        let invocation = invocation("visavis answer --username ＡＬＩＣＥ --from Bob").unwrap();
        assert_eq!(invocation.username, Username::parse("alice").ok());
        assert_eq!(invocation.action, Action::Answer { from: Username::parse("bob").ok() });
    }

    #[test]
    fn sources_are_read_as_documented() {
        let invocation =
            invocation("visavis answer --username bob --camera file:a.y4m --microphone tone:1000 --speaker file:b.wav")
                .unwrap();
        assert_eq!(invocation.camera, Some(CameraChoice::File("a.y4m".into())));
        assert_eq!(invocation.microphone, Some(MicrophoneChoice::Tone(1000.0)));
        assert_eq!(invocation.speaker, Some(SpeakerChoice::File("b.wav".into())));
    }

    #[test]
    fn units_are_read_as_documented() {
        let line = "visavis call b --username a --max-bitrate 2.5M --duration 1500ms --timeout 2m --video-size 641x361";
        let invocation = invocation(line).unwrap();
        assert_eq!(invocation.max_bitrate, Bitrate::from_kbps(2500));
        assert_eq!(invocation.duration, Some(Duration::from_millis(1500)));
        assert_eq!(invocation.timeout, Duration::from_secs(120));
        assert_eq!(invocation.video_size.to_string(), "640x360");
    }

    #[test]
    fn turn_credentials_are_kept_out_of_the_url() {
        let line =
            "visavis call b --username a --ice-server none --ice-server turn:u:p@w@host:3478";
        let servers = invocation(line).unwrap().ice_servers;
        assert_eq!(servers.len(), 1);
        assert_eq!(servers[0].urls, ["turn:host:3478"]);
        assert_eq!(servers[0].username.as_deref(), Some("u"));
        assert_eq!(servers[0].credential.as_deref(), Some("p@w"));
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_one_line() {
        for (line, word) in [
            ("visavis call bob", "--username"),
            ("visavis call --username a", "whom to call"),
            ("visavis call b --room r --username a", "whom to call"),
            ("visavis answer --room r --username a", "--room"),
            ("visavis call ../b --username a", "can't be a name"),
            ("visavis answer --from b/c --username a", "--from"),
            ("visavis --username a:b", "--username"),
            ("visavis call b --username a --microphone tone:9", "50 to 8000"),
            ("visavis call b --username a --ice-server http://x", "stun:HOST:PORT"),
            ("visavis call b --username a --ice-server turn:x", "turn:USER"),
            ("visavis call b --username a --video-size 1x1", "1280x720"),
            ("visavis call b --username a --max-bitrate lots", "2500k"),
            ("visavis call b --username a --duration soon", "500ms"),
            ("visavis call b --username a --fps 0", "1..=60"),
        ] {
            let error = invocation(line).expect_err(line);
            assert!(error.contains(word), "{line}: {error}");
        }
    }
}
