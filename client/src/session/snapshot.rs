//! What the window sees and what it can ask for.

mod derived;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use visavis_shared::{IceServer, RoomId, Username};

use crate::call::event::CallPhase;
use crate::conversation::{Command, View};
use crate::device::{CameraChoice, DeviceList, MicrophoneChoice, SpeakerChoice};
pub use crate::device_key::KeyPlace;
pub use crate::device_key::export::EXPORT_NAME as KEY_EXPORT_NAME;
pub use crate::device_key::passphrase::{
    MOST_CHARS as MOST_PASSPHRASE_CHARS, Passphrase, Strength,
};
pub use crate::hosting::{Hosted, Reach};
use crate::media::audio_output::Volume;
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::RgbaFrame;
use crate::media::units::{Bitrate, VideoSize};
use crate::media::voice_processing::VoiceSettings;
pub use crate::nearby::NearbyRow;
pub use crate::people::contact::MAX_DISPLAY_NAME_CHARS;
pub use crate::people::{CallEnd, Direction, DisplayName, PinnedKey, RecentCall, UnixTime};
pub use crate::session::device_trial::{Trial, TrialPhase, TrialState};
use crate::session::options::Ring;
pub use crate::session::sharing::{
    ShareChoice, ShareChoices, ShareIntent, ShareWith, Shared, Sharing,
};
use crate::session::statistics::Statistics;
pub use crate::trust::{CallTrust, CodeState, KeyChange, SafetyCode, Standing};
use crate::words::Phrase;

/// What contacts, blocked names and calls are exported to unless the person says otherwise.
pub const EXPORT_FILE: &str = "visavis-people.json";

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
    /// Start a server in this process, unless there is one, and log in to it.
    HostServer {
        /// The name to log in with, as typed.
        username: String,
    },
    /// Stop that server; whoever is on it is told.
    StopServer,
    /// Look for servers on the local network, or no longer.
    LookNearby(bool),
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
    /// Leave the room, or put away that it let nobody in.
    LeaveRoom,
    /// Keep somebody as a contact; both as typed. Why not, if so, is
    /// [`Snapshot::contact_problem`].
    AddContact {
        /// Their name on the server.
        username: String,
        /// What to call them; empty for that name.
        display_name: String,
    },
    /// Call a contact differently, as typed; empty for their name on the server.
    RenameContact {
        /// Which one.
        username: Username,
        /// What to call them.
        display_name: String,
    },
    /// Keep a contact no longer.
    RemoveContact(Username),
    /// Let somebody call no more, and end the call with them if there is one.
    Block(Username),
    /// Let them call again.
    Unblock(Username),
    /// The missed calls were seen.
    SeeMissedCalls,
    /// Forget all calls.
    EraseHistory,
    /// Forget all contacts, blocked names, calls and keys.
    ErasePeople,
    /// Forget the key of a name: their next call is the first one again.
    ForgetKey(Username),
    /// Write contacts, blocked names, calls and keys as JSON into a file.
    ExportPeople(PathBuf),
    /// Seal the device's key with a passphrase into a file that is not there yet.
    ExportKey {
        /// The file.
        to: PathBuf,
        /// What opens it.
        passphrase: Passphrase,
    },
    /// Take the key out of such a file; the next log-in uses it. The one that is here is kept
    /// aside.
    ImportKey {
        /// The file.
        from: PathBuf,
        /// What opens it.
        passphrase: Passphrase,
    },
    /// List only those whose names begin so; everybody when empty.
    SearchPeople(String),
    /// Let only contacts call, or everybody who is not blocked.
    OnlyContactsCall(bool),
    /// Capture and send no more than this from the next call on.
    LimitVideo(VideoLimitChange),
    /// Use these relays and servers beside those that the server offers, from the next call on.
    UseNetwork {
        /// STUN and TURN servers.
        ice_servers: Vec<IceServer>,
        /// Only relayed media.
        relay_only: bool,
    },
    /// Take the call that rings.
    Accept {
        /// Whose: nothing happens if it is somebody else's by now.
        from: Username,
    },
    /// Call or be called by somebody although their key has changed. Another key takes the place
    /// of the one that was kept; that there is none is allowed for one call.
    AllowKey(KeyChange),
    /// Both have read the same safety code aloud: it is remembered until the key changes.
    ConfirmCode,
    /// The codes that both have read aloud differ.
    CodesDiffer,
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
    /// Keep the other's picture as it is now in the folder for pictures.
    TakeSnapshot,
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
    /// Try a device out, or stop to. While there is a call nothing is tried, and one that comes in
    /// or is placed ends what is.
    TryDevice(Option<Trial>),
    /// Take one notice away.
    DismissNotice(NoticeId),
    /// Put received files there from the next call on; `None` is the system's folder.
    ReceiveInto(Option<PathBuf>),
    /// Something of the conversation in writing, files with it.
    Converse(Command),
    /// Share a screen or a window.
    Share(ShareIntent),
}

/// Who wants to log in where; both as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogInAs {
    /// The server.
    pub server: String,
    /// The name.
    pub username: String,
}

/// What is known of the device's key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyStatus {
    /// Where it is; `None` when there is none yet, or none is kept.
    pub place: Option<KeyPlace>,
    /// What became of its last export or import.
    pub work: KeyWork,
}

/// An export or import of the key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum KeyWork {
    /// There was none.
    #[default]
    None,
    /// It takes a moment.
    Underway,
    /// It is done; how, in words.
    Done(Phrase),
    /// It was not done; why, in words.
    Failed(Phrase),
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
    Failed(Phrase),
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
    Refused(Phrase),
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

/// Whether somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Presence {
    /// They can be called.
    Online,
    /// They can't.
    Offline,
    /// Nobody says: the server can't be reached, or watches no more names for us.
    #[default]
    Unknown,
}

/// A contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactRow {
    /// Their name on the server.
    pub username: Username,
    /// What the person calls them; `None` for that name.
    pub display_name: Option<DisplayName>,
    /// Since when they are a contact.
    pub added: UnixTime,
    /// Whether they are there.
    pub presence: Presence,
    /// The key of earlier calls.
    pub key: Option<PinnedKey>,
}

impl ContactRow {
    /// What is shown for them.
    #[must_use]
    pub fn shown_name(&self) -> &str {
        self.display_name.as_ref().map_or(self.username.as_str(), DisplayName::as_str)
    }
}

/// What somebody in a call does not notice about their microphone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallHint {
    /// They talk while it is muted.
    TalkingWhileMuted,
    /// Nothing comes from it.
    SilentMicrophone,
}

/// What is to hold from now on of what limits the video that is sent; the rest stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VideoLimitChange {
    /// The largest size.
    pub size: Option<VideoSize>,
    /// The highest frame rate.
    pub fps: Option<u32>,
    /// The most that video may use.
    pub max_bitrate: Option<Bitrate>,
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
    pub text: Phrase,
}

/// A kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    /// What captures pictures.
    Camera,
    /// What captures sound.
    Microphone,
    /// What plays it.
    Speaker,
}

/// Everything the window shows, in one piece.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Snapshot {
    /// The login.
    pub login: LoginPhase,
    /// The device's key.
    pub key: KeyStatus,
    /// The server as it was last typed or remembered.
    pub server: String,
    /// The name as it was last typed or remembered.
    pub username: String,
    /// Whether a server can be started here.
    pub can_host: bool,
    /// The server that runs here.
    pub hosting: Option<Hosted>,
    /// What this computer is called where it announces a server.
    pub machine: String,
    /// Since when servers are looked for on the local network, while they are.
    pub looking_since: Option<Instant>,
    /// Those that were found: clean, and not many.
    pub nearby: Vec<NearbyRow>,
    /// The contacts, in order of what is shown for them; without blocked ones.
    pub contacts: Arc<Vec<ContactRow>>,
    /// Why the last change of a contact was not made, in words.
    pub contact_problem: Option<Phrase>,
    /// The calls that are over, the newest first; without those of blocked names.
    pub recent_calls: Arc<Vec<RecentCall>>,
    /// How many missed calls among them were not seen.
    pub unseen_missed_calls: usize,
    /// The blocked names, in order.
    pub blocked: Arc<Vec<Username>>,
    /// The keys of earlier calls, of contacts and of others.
    pub keys: Arc<BTreeMap<Username, PinnedKey>>,
    /// Keys of earlier calls may be missing: who is new by them may not be.
    pub keys_in_doubt: bool,
    /// What the list of people was asked for; empty for everybody.
    pub search: String,
    /// Who is online, in order of name; without blocked names.
    pub people: Vec<Person>,
    /// How many there are in all, when the list is cut.
    pub people_total: usize,
    /// The room.
    pub room: RoomPhase,
    /// Who else is in it.
    pub room_mate: Option<RoomMate>,
    /// The call.
    pub call: CallPhase,
    /// Who is at the other end of the call that rings or stands; `None` without one, and until
    /// something was received that says so.
    pub trust: Option<CallTrust>,
    /// The person has said that the codes differ.
    pub codes_differ: bool,
    /// Whether the microphone is muted.
    pub microphone_muted: bool,
    /// Whether the camera is off.
    pub camera_off: bool,
    /// Whether the preview was asked for.
    pub preview: bool,
    /// Whether a camera is delivering frames (to the preview or the call).
    pub camera_live: bool,
    /// Whether the camera that is to deliver can't: it is missing, taken or broken.
    pub camera_missing: bool,
    /// Whether something is wrong with the microphone that is to be heard.
    pub microphone_missing: bool,
    /// Whether video of the other has arrived in this call.
    pub remote_video_live: bool,
    /// Whether the other is muted, as far as they say so.
    pub remote_muted: bool,
    /// Whether the other's camera is off, as far as they say so.
    pub remote_camera_off: bool,
    /// What the person does not notice about their own microphone.
    pub hint: Option<CallHint>,
    /// What is wrong with their video, in words, when it can't be shown.
    pub remote_video_words: Option<Phrase>,
    /// What keeps them from seeing us, in words.
    pub own_video_words: Option<Phrase>,
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
    /// Which device is tried out, and how far that is.
    pub trial: Option<TrialState>,
    /// Round trip in the call, where measured.
    pub rtt: Option<Duration>,
    /// Words about how the connection is doing, when it is not well.
    pub connection_words: Option<Phrase>,
    /// The statistics of the call, while it has a connection.
    pub statistics: Option<Arc<Statistics>>,
    /// What is said in writing and sent in this call; `None` without a call.
    pub conversation: Option<Arc<View>>,
    /// Whether a screen or a window is shared.
    pub sharing: Sharing,
    /// What can be shared, while the person chooses.
    pub share_choices: Option<ShareChoices>,
    /// Whether what the other shows is a screen or a window: it is shown whole.
    pub remote_shares: bool,
    /// Notices that were not put away yet.
    pub notices: Vec<Notice>,
    /// Which of the notices are about which device: another one may help.
    pub device_notices: Vec<(NoticeId, DeviceKind)>,
    /// Where the picture is that was kept last, and the notice that says so.
    pub kept_picture: Option<(NoticeId, PathBuf)>,
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
