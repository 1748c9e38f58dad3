//! What the arguments mean together: one command with what belongs to it, checked.

use std::path::PathBuf;

use visavis_about::Shell;
use visavis_shared::{IceServer, RoomId, Username};

use super::arguments::{
    Cli, Command, DeviceOptions, ExchangeOptions, ProgramOptions, ResultOptions, SoundOptions,
    VideoOptions,
};
use super::{IdentityCommand, values};
use crate::invitation::{Invitation, InvitationError};

/// What the program is to do.
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
    /// Check everything that a call needs.
    Doctor {
        /// Print JSON.
        json: bool,
    },
    /// Show, export or import the device's key.
    Identity(IdentityCommand),
    /// List the devices.
    Devices {
        /// Print JSON.
        json: bool,
    },
    /// Print what a shell needs to complete the command line.
    Completions(Shell),
    /// Write the manual pages into this folder.
    Manual(PathBuf),
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
    /// What the window is to propose, or what it is to say of a link that leads nowhere.
    pub invitation: Option<Result<Invitation, InvitationError>>,
    /// The server as typed.
    pub server: Option<String>,
    /// The name to log in with.
    pub username: Option<Username>,
    /// STUN and TURN servers beside those the signaling server offers.
    pub ice_servers: Vec<IceServer>,
    /// Only relayed media.
    pub relay_only: bool,
    /// The devices that were named.
    pub devices: DeviceOptions,
    /// What is done to both voices.
    pub sound: SoundOptions,
    /// The bounds of the video.
    pub video: VideoOptions,
    /// What is shown, written and sent.
    pub exchange: ExchangeOptions,
    /// What a call leaves behind.
    pub results: ResultOptions,
    /// Where the program keeps things.
    pub program: ProgramOptions,
}

/// Why a command line can't be carried out; its text is for the person.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(&'static str);

impl UsageError {
    /// What is to be written instead.
    const fn say(words: &'static str) -> Self {
        Self(words)
    }
}

/// The STUN server that is queried when the signaling server offers none of its own, or beside it.
pub const DEFAULT_STUN: &str = "stun:stun.l.google.com:19302";

impl Cli {
    /// Checks what the arguments mean together.
    ///
    /// # Errors
    /// One line that says what to write instead.
    pub fn into_invocation(self) -> Result<Invocation, UsageError> {
        let connection = self.connection;
        let headless = matches!(self.command, Some(Command::Call { .. } | Command::Answer { .. }));
        if headless && connection.username.is_none() {
            return Err(UsageError::say("a user name is missing; add --username NAME"));
        }
        let action = match (self.command, connection.room) {
            (Some(Command::Call { peer: Some(peer) }), None) => Action::Call(Target::Person(peer)),
            (Some(Command::Call { peer: None }), Some(room)) => Action::Call(Target::Room(room)),
            (Some(Command::Call { .. }), _) => {
                return Err(UsageError::say(
                    "say whom to call: `visavis call NAME` or `visavis call --room ROOM`",
                ));
            }
            (_, Some(_)) => return Err(UsageError::say("--room works only with `visavis call`")),
            (None, None) => Action::Window,
            (Some(Command::Answer { from }), None) => Action::Answer { from },
            (Some(Command::Devices { json }), None) => Action::Devices { json },
            (Some(Command::Identity { what }), None) => Action::Identity(what),
            (Some(Command::Doctor { json }), None) => Action::Doctor { json },
            (Some(Command::Completions { shell }), None) => Action::Completions(shell),
            (Some(Command::Manual { folder }), None) => Action::Manual(folder),
        };
        let invitation = invitation(&self.words)?;
        Ok(Invocation {
            action,
            invitation,
            server: connection.server,
            username: connection.username,
            ice_servers: ice_servers(&connection.ice_server)?,
            relay_only: connection.relay_only,
            devices: self.devices,
            sound: self.sound,
            video: self.video,
            exchange: self.exchange,
            results: self.results,
            program: self.program,
        })
    }
}

/// The words that are no command: one may be an invitation.
fn invitation(words: &[String]) -> Result<Option<Result<Invitation, InvitationError>>, UsageError> {
    match words {
        [] => Ok(None),
        [link] if Invitation::is_meant(link) => Ok(Some(Invitation::parse(link))),
        _ => Err(UsageError::say(
            "there is no such command: use call, answer, doctor, devices, identity or completions, or \
             nothing but an invitation such as visavis://HOST/NAME",
        )),
    }
}

/// The servers that were added, after the built-in one unless `none` is among them.
fn ice_servers(added: &[String]) -> Result<Vec<IceServer>, UsageError> {
    let built_in = (!added.iter().any(|url| url == "none")).then_some(DEFAULT_STUN);
    let added = added.iter().map(String::as_str).filter(|url| *url != "none");
    // Not parsed with the other values: an error there would repeat the password.
    built_in
        .into_iter()
        .chain(added)
        .map(|url| values::ice_server(url).map_err(UsageError::say))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser as _;

    use super::*;
    use crate::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
    use crate::media::audio_output::Volume;
    use crate::media::units::Bitrate;
    use crate::media::voice_processing::VoiceSetting;

    fn invocation(line: &str) -> Result<Invocation, String> {
        let cli = Cli::try_parse_from(line.split_whitespace()).map_err(|e| e.to_string())?;
        cli.into_invocation().map_err(|e| e.to_string())
    }

    #[test]
    fn what_is_done_to_the_voice_and_the_volume_are_switches_and_a_percentage() {
        let plain = invocation("visavis").unwrap();
        assert_eq!((plain.sound.voice(), plain.sound.volume), (VoiceSetting::default(), None));
        let line = "visavis --echo-cancellation off --noise-suppression on --volume 130";
        let asked = invocation(line).unwrap();
        let voice = VoiceSetting {
            echo_cancellation: Some(false),
            noise_suppression: Some(true),
            automatic_gain: None,
        };
        assert_eq!(
            (asked.sound.voice(), asked.sound.volume),
            (voice, Some(Volume::from_percent(130)))
        );
        assert!(
            invocation("visavis --automatic-gain maybe").unwrap_err().contains("use on or off")
        );
        assert!(invocation("visavis --volume 151").is_err());
    }

    #[test]
    fn the_help_names_the_program_and_every_option_under_its_heading() {
        let help = <Cli as clap::CommandFactory>::command().render_long_help().to_string();
        assert!(help.starts_with("Private one-to-one video calls"), "{help}");
        let mut rest = help.as_str();
        for landmark in [
            "Connection:",
            "--server",
            "--username",
            "--room",
            "--ice-server",
            "--relay-only",
            "Devices:",
            "--camera",
            "--microphone",
            "--speaker",
            "Sound:",
            "--echo-cancellation",
            "--noise-suppression",
            "--automatic-gain",
            "--volume",
            "Picture:",
            "--video-size",
            "--fps",
            "--max-bitrate",
            "Results (call and answer):",
            "--record-video",
            "--snapshot",
            "--report",
            "--duration",
            "--timeout",
            "Program:",
            "--data-dir",
            "--log",
        ] {
            let at =
                rest.find(&format!("\n{landmark}")).or_else(|| rest.find(&format!("  {landmark}")));
            rest = &rest[at.unwrap_or_else(|| panic!("no {landmark} in {rest}"))..];
        }
        assert!(!help.contains("window-ready-report"));
    }

    #[test]
    fn no_arguments_open_the_window() {
        assert_eq!(invocation("visavis").unwrap().action, Action::Window);
    }

    #[test]
    fn an_invitation_opens_the_window_and_goes_with_no_command() {
        let opened = invocation("visavis --data-dir x visavis://calls.example/bob").unwrap();
        assert_eq!(opened.action, Action::Window);
        let link = opened.invitation.map(|read| read.map(|invitation| invitation.to_string()));
        assert_eq!(link, Some(Ok("visavis://calls.example/bob".to_owned())));
        let broken = invocation("visavis visavis://host/bob?call=now").unwrap();
        assert_eq!(broken.action, Action::Window);
        assert_eq!(broken.invitation, Some(Err(InvitationError::Option)));
        let short = invocation("visavis visavis:host").unwrap();
        assert_eq!(short.invitation, Some(Err(InvitationError::NoLink)));
        assert!(invocation("visavis --new-window").unwrap().program.new_window);
        for (line, word) in [
            ("visavis https://host/bob", "no such command"),
            ("visavis cal bob --username alice", "use call, answer"),
            ("visavis cal", "use call, answer"),
            ("visavis visavis://host/bob devices", "nothing but an invitation"),
            ("visavis devices visavis://host/bob", "unexpected argument"),
        ] {
            let error = invocation(line).expect_err(line);
            assert!(error.contains(word), "{line}: {error}");
        }
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
        let line = "visavis answer --username bob --camera file:a.y4m --microphone tone:1000 \
                    --speaker file:b.wav";
        let invocation = invocation(line).unwrap();
        assert_eq!(invocation.devices.camera, Some(CameraChoice::File("a.y4m".into())));
        assert_eq!(invocation.devices.microphone, Some(MicrophoneChoice::Tone(1000.0)));
        assert_eq!(invocation.devices.speaker, Some(SpeakerChoice::File("b.wav".into())));
    }

    #[test]
    fn units_are_read_as_documented() {
        let line = "visavis call b --username a --max-bitrate 2.5M --duration 1500ms --timeout 2m \
                    --video-size 641x361";
        let invocation = invocation(line).unwrap();
        assert_eq!(invocation.video.max_bitrate, Some(Bitrate::from_kbps(2500)));
        assert_eq!(invocation.results.duration, Some(Duration::from_millis(1500)));
        assert_eq!(invocation.results.timeout, Duration::from_secs(120));
        assert_eq!(invocation.video.size.map(|size| size.to_string()).as_deref(), Some("640x360"));
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

    #[test]
    fn completions_and_the_manual_need_neither_a_name_nor_a_server() {
        let shell = invocation("visavis completions zsh").unwrap().action;
        assert_eq!(shell, Action::Completions(Shell::Zsh));
        assert!(invocation("visavis completions nonsense").is_err());
        let manual = invocation("visavis manual /somewhere").unwrap().action;
        assert_eq!(manual, Action::Manual(PathBuf::from("/somewhere")));
        let help = <Cli as clap::CommandFactory>::command().render_long_help().to_string();
        assert!(help.contains("completions") && !help.contains("manual"), "{help}");
    }
}
