//! What the window sees and what it can ask for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use visavis_shared::{RoomId, Username};

use crate::call::event::CallPhase;
use crate::device::{CameraChoice, DeviceList, MicrophoneChoice, SpeakerChoice};
use crate::media::audio_output::Volume;
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::RgbaFrame;
use crate::media::voice_processing::VoiceSettings;
use crate::session::options::Ring;
use crate::session::statistics::Statistics;

/// Everything a person can ask for.
#[derive(Debug, Clone, PartialEq)]
pub enum Intent {
    /// Log in. Both are as typed.
    LogIn {
        /// `ws://` or `wss://`; a bare host gets `ws://` and the default port.
        server: String,
        /// The name to log in with.
        username: String,
    },
    /// Log out; a running call is closed.
    LogOut,
    /// Call somebody; as typed.
    Call {
        /// The other's name.
        username: String,
    },
    /// Enter a room of two and meet whoever is there: who comes second calls the first. It is the
    /// consent to one call, with whoever is in this room when the answer comes.
    JoinRoom(RoomId),
    /// Take the call that rings.
    Accept {
        /// Whose: nothing happens if it is somebody else's by now.
        from: Username,
    },
    /// Decline the call that rings.
    Decline,
    /// Cancel or close the call.
    HangUp,
    /// Wait no longer for the call to connect. Of a call that is being connected both ends read
    /// that this failed, not that somebody cancelled.
    GiveUp,
    /// Put the notice of how the call ended away.
    Dismiss,
    /// Mute or unmute the microphone. Also kept between calls.
    MuteMicrophone(bool),
    /// Turn the camera off or on. Also kept between calls.
    TurnCameraOff(bool),
    /// Show the local preview, or stop it (which closes camera and microphone unless a call uses
    /// them).
    Preview(bool),
    /// Use another camera from now on.
    ChooseCamera(CameraChoice),
    /// Use another microphone from now on.
    ChooseMicrophone(MicrophoneChoice),
    /// Use another speaker from now on.
    ChooseSpeaker(SpeakerChoice),
    /// Process the voice like this from now on, with the microphone in use and, as far as it is not
    /// what suits that, with any other.
    ProcessVoice(VoiceSettings),
    /// Play the other this loud from now on.
    SetVolume(Volume),
    /// Do not ring aloud from now on, or do again.
    BeQuiet(bool),
    /// Ring like this from now on.
    SetRing(Ring),
    /// Look for devices again.
    RefreshDevices,
    /// Take one notice away.
    DismissNotice(NoticeId),
}

/// Where the login is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LoginPhase {
    /// Nobody is logged in.
    #[default]
    LoggedOut,
    /// The login is under way.
    LoggingIn,
    /// Refused or not reachable: one line that says what to do.
    Failed(String),
    /// Logged in.
    LoggedIn {
        /// Under this name.
        username: Username,
    },
    /// Was logged in; the server is gone for now and is being called again.
    Reconnecting {
        /// Under this name.
        username: Username,
    },
}

/// Where we are with the room of two that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RoomPhase {
    /// No room.
    #[default]
    Outside,
    /// The room was asked for.
    Entering(RoomId),
    /// In it: whoever joins it next calls us.
    Inside(RoomId),
    /// Not let in: one line that says what to do.
    Refused(String),
}

impl RoomPhase {
    /// The room that we are in, or will be in a moment.
    #[must_use]
    pub fn room(&self) -> Option<&RoomId> {
        match self {
            Self::Entering(room) | Self::Inside(room) => Some(room),
            Self::Outside | Self::Refused(_) => None,
        }
    }
}

/// Who else is in the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomMate {
    /// The name, as the server spells it.
    pub username: Username,
    /// Whether they were there before us: then they wait for our call, which is up to the person.
    pub came_first: bool,
}

/// Somebody who can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub username: Username,
    /// Whether they are online.
    pub online: bool,
}

/// Tells one notice from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId(pub u64);

/// One line for the person: something went wrong or went on without something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its id, to dismiss it by.
    pub id: NoticeId,
    /// What happened and what to do.
    pub text: String,
}

/// Everything the window shows, in one piece.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Snapshot {
    /// The login.
    pub login: LoginPhase,
    /// The server as it was last typed or remembered.
    pub server: String,
    /// The name as it was last typed or remembered.
    pub username: String,
    /// Who is online, in order of name.
    pub people: Vec<Person>,
    /// How many there are in all, when the list is cut.
    pub people_total: usize,
    /// The room.
    pub room: RoomPhase,
    /// Who else is in it.
    pub room_mate: Option<RoomMate>,
    /// The call.
    pub call: CallPhase,
    /// Whether the microphone is muted.
    pub microphone_muted: bool,
    /// Whether the camera is off.
    pub camera_off: bool,
    /// Whether the preview was asked for.
    pub preview: bool,
    /// Whether a camera is delivering frames (to the preview or the call).
    pub camera_live: bool,
    /// Whether video of the other has arrived in this call.
    pub remote_video_live: bool,
    /// What is wrong with their video, in words, when it can't be shown.
    pub remote_video_words: Option<String>,
    /// What keeps them from seeing us, in words.
    pub own_video_words: Option<String>,
    /// The devices there are.
    pub devices: DeviceList,
    /// The camera in use.
    pub camera: CameraChoice,
    /// The microphone in use.
    pub microphone: MicrophoneChoice,
    /// The speaker in use.
    pub speaker: SpeakerChoice,
    /// What is done to the voice.
    pub voice: VoiceSettings,
    /// How loud the other is played.
    pub volume: Volume,
    /// How a call rings.
    pub ring: Ring,
    /// Whether nothing rings aloud.
    pub quiet: bool,
    /// How loud the microphone is now, 0 to 1.
    pub microphone_level: f32,
    /// Round trip in the call, where measured.
    pub rtt: Option<Duration>,
    /// Words about how the connection is doing, when it is not well.
    pub connection_words: Option<String>,
    /// The statistics of the call, while it has a connection.
    pub statistics: Option<Arc<Statistics>>,
    /// Notices that were not put away yet.
    pub notices: Vec<Notice>,
}

/// What joins a window to a session.
#[derive(Clone)]
pub struct SessionLink {
    /// Where intents go. Bounded; an intent that does not fit is lost, so it is large enough for a
    /// person.
    pub intents: mpsc::Sender<Intent>,
    /// What to show.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// The other person's video.
    pub remote_video: Arc<DropOldestQueue<RgbaFrame>>,
    /// Our own video, not mirrored.
    pub self_video: Arc<DropOldestQueue<RgbaFrame>>,
}
