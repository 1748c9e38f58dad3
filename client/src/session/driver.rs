//! The task that owns the call: every intent, signaling message, peer event, device event and deadline comes in here,
//! one at a time, and whatever the [`Call`] machine asks for is carried out before the next.
//!
//! It never waits for a device, a codec or the network: those have threads and tasks of their own (`media`, `peers`,
//! [`crate::signaling`]) that are told things over bounded queues.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::time::sleep_until;
use visavis_shared::{
    CallId, CallSignal, ClientMessage, IceServer, NameError, RoomId, ServerMessage, Username, canonical_name,
};

use crate::call::Call;
use crate::call::event::{CallPhase, Input, Output, PeerId, PeerInput};
use crate::media::frame::Picture;
use crate::media::slot::LatestSlot;
use crate::media::voice_processing::VoiceWish;
use crate::session::diagnosis::Diagnosis;
use crate::session::directory::Directory;
use crate::session::measure::{CallMeasurements, FinishedCall};
use crate::session::media::{MediaEvent, MediaHandle, Ringing};
use crate::session::notices::Notices;
use crate::session::options::{Identity, SessionOptions};
use crate::session::peers::{RunningPeer, TaggedEvent};
use crate::session::process::ProcessClock;
use crate::session::report::Report;
use crate::session::room;
use crate::session::snapshot::{Intent, LoginPhase, RoomPhase, SessionLink, Snapshot};
use crate::session::statistics::Statistics;
use crate::signaling::{Signaling, SignalingConfig, SignalingEvent};
use crate::transport::{self, PeerCommand, PeerConfig, PeerEvent, PeerStats};

/// Intents that wait; a person makes a few a second.
const INTENT_QUEUE: usize = 64;
/// Peer events that wait.
const PEER_EVENT_QUEUE: usize = 128;
/// Reports that wait to be read; when nobody reads, the newest is dropped.
const REPORT_QUEUE: usize = 4;
/// How often levels and figures are looked at while there is something to look at.
const FAST_TICK: Duration = Duration::from_millis(200);
/// How often they are otherwise.
const SLOW_TICK: Duration = Duration::from_secs(1);
/// How often the list of people is asked for while nobody is in a call.
const REFRESH_PEOPLE: Duration = Duration::from_secs(5);
/// How long leaving may take: the last `close` and the closing of devices.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// A session that runs until its handle is dropped or finished.
pub struct SessionHandle {
    /// What joins it to a window or a script.
    pub link: SessionLink,
    /// One report for each call, when it is over.
    pub reports: mpsc::Receiver<Report>,
    task: tokio::task::JoinHandle<()>,
}

impl SessionHandle {
    /// Hangs up, logs out, closes every device, and comes back when that is done (or has taken too long).
    pub async fn finish(self) {
        let Self { link, reports, task } = self;
        drop((link, reports));
        if tokio::time::timeout(LEAVE_WITHIN * 2, task).await.is_err() {
            tracing::warn!("the session did not close in time");
        }
    }
}

/// Starts a session on the current tokio runtime. Nobody is logged in, no device is open.
#[must_use]
pub fn start(options: SessionOptions) -> SessionHandle {
    let (intent_in, intents) = mpsc::channel(INTENT_QUEUE);
    let (report_in, reports) = mpsc::channel(REPORT_QUEUE);
    let remote_picture = LatestSlot::<Picture>::new();
    let self_picture = LatestSlot::<Picture>::new();
    let snapshot = Snapshot {
        camera: options.camera.clone(),
        microphone: options.microphone.clone(),
        speaker: options.speaker.clone(),
        voice: options.voice.settings(options.microphone.hears_a_room()),
        volume: options.volume,
        server: options.remembered_server.clone(),
        username: options.remembered_username.clone(),
        ..Snapshot::default()
    };
    let (publish, snapshots) = watch::channel(Arc::new(snapshot.clone()));
    let (media, media_events) = MediaHandle::start(&options, Arc::clone(&remote_picture), Arc::clone(&self_picture));
    let (peer_event_in, peer_events) = mpsc::channel(PEER_EVENT_QUEUE);
    let driver = Driver {
        options,
        call: Call::new(),
        directory: Directory::default(),
        notices: Notices::default(),
        snapshot,
        publish,
        signaling: None,
        login_asked_at: None,
        server_ice: Vec::new(),
        peer: None,
        statistics: Statistics::default(),
        diagnosis: Diagnosis::default(),
        peer_event_in,
        media,
        measured: CallMeasurements::new(ProcessClock::start()),
        reports: report_in,
        people_asked_at: None,
    };
    let task = tokio::spawn(driver.run(intents, peer_events, media_events));
    let link = SessionLink { intents: intent_in, snapshots, remote_picture, self_picture };
    SessionHandle { link, reports, task }
}

/// The connection to a server, and what it says.
struct Login {
    signaling: Signaling,
    events: mpsc::Receiver<SignalingEvent>,
}

struct Driver {
    options: SessionOptions,
    call: Call,
    directory: Directory,
    notices: Notices,
    snapshot: Snapshot,
    publish: watch::Sender<Arc<Snapshot>>,
    signaling: Option<Login>,
    login_asked_at: Option<Instant>,
    server_ice: Vec<IceServer>,
    peer: Option<(PeerId, RunningPeer)>,
    statistics: Statistics,
    diagnosis: Diagnosis,
    peer_event_in: mpsc::Sender<TaggedEvent>,
    media: MediaHandle,
    measured: CallMeasurements,
    reports: mpsc::Sender<Report>,
    people_asked_at: Option<Instant>,
}

/// Everything that can happen to a session, listed once.
enum Happening {
    Intent(Option<Intent>),
    Signaling(Option<SignalingEvent>),
    Peer(TaggedEvent),
    Media(MediaEvent),
    Figures(Box<PeerStats>),
    Deadline,
    Tick,
}

impl Driver {
    async fn run(
        mut self,
        mut intents: mpsc::Receiver<Intent>,
        mut peer_events: mpsc::Receiver<TaggedEvent>,
        mut media_events: mpsc::Receiver<MediaEvent>,
    ) {
        loop {
            let deadline = self.call.poll_timeout();
            let tick = Instant::now() + if self.is_lively() { FAST_TICK } else { SLOW_TICK };
            let happening = tokio::select! {
                biased;
                intent = intents.recv() => Happening::Intent(intent),
                event = next_signaling_event(&mut self.signaling) => Happening::Signaling(event),
                Some(event) = peer_events.recv() => Happening::Peer(event),
                Some(event) = media_events.recv() => Happening::Media(event),
                stats = next_figures(&mut self.peer) => Happening::Figures(Box::new(stats)),
                () = sleep_until_some(deadline) => Happening::Deadline,
                () = sleep_until(tick.into()) => Happening::Tick,
            };
            match happening {
                Happening::Intent(Some(intent)) => self.on_intent(intent),
                Happening::Intent(None) => break,
                Happening::Signaling(event) => self.on_signaling(event),
                Happening::Peer((id, event)) => self.on_peer(id, event),
                Happening::Media(event) => self.on_media(event),
                Happening::Figures(stats) => self.on_figures(&stats),
                Happening::Deadline => self.handle(Input::Timeout),
                Happening::Tick => self.on_tick(),
            }
            self.publish_snapshot();
        }
        self.leave().await;
    }

    /// Whether levels or figures change by themselves.
    fn is_lively(&self) -> bool {
        self.options.window
            && (self.snapshot.preview || !matches!(self.snapshot.call, CallPhase::Idle | CallPhase::Ended { .. }))
    }

    async fn leave(mut self) {
        self.handle(Input::HangUp);
        let media = self.media.finish();
        let signaling = async {
            if let Some(login) = self.signaling.take() {
                login.signaling.close().await;
            }
        };
        let all = async { tokio::join!(media, signaling) };
        if tokio::time::timeout(LEAVE_WITHIN, all).await.is_err() {
            tracing::warn!("a device or the server did not close in time");
        }
    }

    fn on_intent(&mut self, intent: Intent) {
        match intent {
            Intent::LogIn { server, username } => self.log_in(server, &username),
            Intent::LogOut => self.log_out(),
            Intent::Call { username } => match self.whom(&username) {
                Ok(peer) => self.place(peer),
                Err(error) => self.notices.add(format!("\"{}\" can't be a name: {error}.", username.trim())),
            },
            Intent::JoinRoom(room) => self.join(room),
            Intent::Accept => {
                self.measured.accepted(Instant::now());
                self.handle(Input::Accept);
            }
            Intent::Decline => self.handle(Input::Decline),
            Intent::HangUp => self.handle(Input::HangUp),
            Intent::Dismiss => self.handle(Input::Dismiss),
            Intent::MuteMicrophone(muted) => {
                self.snapshot.microphone_muted = muted;
                self.media.mute(muted);
            }
            Intent::TurnCameraOff(off) => {
                self.snapshot.camera_off = off;
                self.media.turn_camera_off(off);
            }
            Intent::Preview(on) => {
                self.snapshot.preview = on;
                self.media.preview(on);
            }
            Intent::ChooseCamera(choice) => {
                self.snapshot.camera = choice.clone();
                self.media.choose_camera(choice);
            }
            Intent::ChooseMicrophone(choice) => {
                self.snapshot.microphone = choice.clone();
                self.snapshot.voice = self.options.voice.settings(choice.hears_a_room());
                self.media.choose_microphone(choice);
            }
            Intent::ChooseSpeaker(choice) => {
                self.snapshot.speaker = choice.clone();
                self.media.choose_speaker(choice);
            }
            Intent::ProcessVoice(settings) => {
                self.options.voice = VoiceWish::behind(settings, self.snapshot.microphone.hears_a_room());
                self.snapshot.voice = settings;
                self.media.process_voice(self.options.voice);
            }
            Intent::SetVolume(volume) => {
                self.snapshot.volume = volume;
                self.media.set_volume(volume);
            }
            Intent::RefreshDevices => self.media.list_devices(),
            Intent::DismissNotice(id) => self.notices.dismiss(id),
        }
    }

    /// Who is meant by a name as it was typed. Whom we met in a room may be called as no name is, so they are known as
    /// they are.
    fn whom(&self, typed: &str) -> Result<Username, NameError> {
        let as_it_is = Username::parse(typed).ok().filter(|name| self.directory.knows(name));
        as_it_is.map_or_else(|| canonical_name(typed), Ok)
    }

    fn join(&mut self, room: RoomId) {
        self.snapshot.room = RoomPhase::Entering(room.clone());
        self.send(ClientMessage::Join { room });
    }

    fn place(&mut self, peer: Username) {
        if matches!(self.snapshot.call, CallPhase::Idle | CallPhase::Ended { .. }) {
            self.measured.begun(Instant::now());
        }
        self.directory.remember(&peer);
        self.handle(Input::Place { peer, call: fresh_call_id() });
    }

    fn log_in(&mut self, server: String, username: &str) {
        self.log_out();
        self.snapshot.server.clone_from(&server);
        username.trim().clone_into(&mut self.snapshot.username);
        let username = match canonical_name(username) {
            Ok(username) => username,
            Err(error) => {
                self.snapshot.login = LoginPhase::Failed(format!("That can't be a name: {error}."));
                return;
            }
        };
        let key = match &self.options.identity {
            Identity::Guest => None,
            Identity::Device(key) => Some(key.clone()),
            Identity::Unusable(words) => {
                self.snapshot.login = LoginPhase::Failed(words.clone());
                return;
            }
        };
        self.login_asked_at = Some(Instant::now());
        match Signaling::connect(SignalingConfig { url: server, username, key }) {
            Ok((signaling, events)) => {
                self.signaling = Some(Login { signaling, events });
                self.snapshot.login = LoginPhase::LoggingIn;
            }
            Err(error) => self.snapshot.login = LoginPhase::Failed(error.to_string()),
        }
    }

    fn log_out(&mut self) {
        self.handle(Input::HangUp);
        self.handle(Input::Dismiss);
        if let Some(login) = self.signaling.take() {
            tokio::spawn(async move { login.signaling.close().await });
        }
        self.directory.clear();
        self.people_asked_at = None;
        self.snapshot.room = RoomPhase::Outside;
        self.snapshot.login = LoginPhase::LoggedOut;
    }

    /// The server won't have us any more. A call in which media flows needs no server and goes on; any other is over.
    fn shut_out(&mut self, words: String) {
        if matches!(self.snapshot.call, CallPhase::InCall { .. } | CallPhase::Reconnecting { .. }) {
            self.handle(Input::SignalingDown);
            self.signaling = None;
            self.snapshot.room = RoomPhase::Outside;
        } else {
            self.log_out();
        }
        self.snapshot.login = LoginPhase::Failed(words);
    }

    fn on_signaling(&mut self, event: Option<SignalingEvent>) {
        match event {
            Some(SignalingEvent::LoggedIn { username, ice_servers, resumed }) => {
                if let Some(asked_at) = self.login_asked_at.take() {
                    self.measured.logged_in(asked_at.elapsed());
                }
                self.server_ice = ice_servers;
                transport::warm_up(&self.ice_servers());
                self.snapshot.username = username.to_string();
                self.snapshot.login = LoginPhase::LoggedIn { username: username.clone() };
                self.handle(Input::SignalingUp { username });
                if let Some(room) = room::to_enter_again(&self.snapshot.room, resumed) {
                    self.join(room);
                }
                self.ask_for_people();
            }
            Some(SignalingEvent::LoginRefused { message, .. } | SignalingEvent::Unreachable { message }) => {
                self.shut_out(message);
            }
            Some(SignalingEvent::Replaced) => {
                let name = &self.snapshot.username;
                let words = format!(
                    "You logged in as {name} in another window or on another device, and are logged out here. Log in to come \
                     back."
                );
                self.shut_out(words);
            }
            Some(SignalingEvent::Down) => {
                if let LoginPhase::LoggedIn { username } = &self.snapshot.login {
                    self.snapshot.login = LoginPhase::Reconnecting { username: username.clone() };
                }
                self.handle(Input::SignalingDown);
            }
            Some(SignalingEvent::Message(message)) => self.on_server_message(message),
            None => self.log_out(),
        }
    }

    fn on_server_message(&mut self, message: ServerMessage) {
        match message {
            ServerMessage::Call { from, call, signal } => {
                let now = Instant::now();
                match &signal {
                    CallSignal::Offer(_) if matches!(self.snapshot.call, CallPhase::Idle | CallPhase::Ended { .. }) => {
                        self.measured.begun(now);
                        self.directory.remember(&from);
                    }
                    CallSignal::Answer(_) => self.measured.accepted(now),
                    _ => {}
                }
                self.handle(Input::Signal { from, call, signal });
            }
            ServerMessage::Error { code, message, in_reply_to, call } => {
                tracing::debug!(?code, ?in_reply_to, "the server refused a message: {message}");
                if let Some(refused) = room::refused(&self.snapshot.room, code, in_reply_to.as_deref(), &message) {
                    self.snapshot.room = refused;
                }
                self.handle(Input::SignalRefused { code, in_reply_to, call });
            }
            ServerMessage::Users { users, total } => {
                if let Some(watch) = self.directory.set_users(users, total) {
                    self.send(watch);
                }
            }
            ServerMessage::Presence { username, online } => self.directory.set_presence(username, online),
            ServerMessage::Joined { room, users } => {
                self.snapshot.room = RoomPhase::Inside(room);
                if let Some(first) = users.into_iter().next() {
                    self.place(first);
                }
            }
            ServerMessage::Hello { .. }
            | ServerMessage::LoggedIn { .. }
            | ServerMessage::LoginRefused { .. }
            | ServerMessage::UserJoined { .. }
            | ServerMessage::UserLeft { .. }
            | ServerMessage::Message { .. }
            | ServerMessage::Broadcast { .. }
            | ServerMessage::GuestLeft { .. } => {}
            ServerMessage::IceServers { ice_servers } => self.server_ice = ice_servers,
        }
    }

    fn on_peer(&mut self, id: PeerId, event: PeerEvent) {
        if event == PeerEvent::Connected {
            self.measured.connected(Instant::now());
            self.media.media_flows();
        }
        let event = match event {
            PeerEvent::LocalDescription(description) => PeerInput::LocalDescription(description),
            PeerEvent::LocalCandidate(candidate) => PeerInput::LocalCandidate(candidate),
            PeerEvent::Connected => PeerInput::Connected,
            PeerEvent::Disconnected => PeerInput::Disconnected,
            PeerEvent::PathSuspect => PeerInput::PathSuspect,
            PeerEvent::PathWorks => PeerInput::PathWorks,
            PeerEvent::Failed(why) => PeerInput::Failed(why),
        };
        self.handle(Input::Peer { peer: id, event });
    }

    fn on_media(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::Devices(devices) => self.snapshot.devices = devices,
            MediaEvent::CameraLive(live) => self.snapshot.camera_live = live,
            MediaEvent::Trouble(words) => self.notices.add(words),
        }
    }

    fn on_tick(&mut self) {
        let figures = self.media.figures();
        self.snapshot.microphone_level = figures.microphone_level;
        self.snapshot.remote_video_live = figures.remote_video_live;
        let idle = matches!(self.snapshot.call, CallPhase::Idle | CallPhase::Ended { .. });
        if self.options.window && idle && self.people_asked_at.is_none_or(|at| at.elapsed() >= REFRESH_PEOPLE) {
            self.ask_for_people();
        }
    }

    /// The connection has new figures, as it has every second.
    fn on_figures(&mut self, stats: &PeerStats) {
        self.statistics.note(Instant::now(), stats, &self.media.figures().pipeline);
        let Some(latest) = self.statistics.latest() else { return };
        self.snapshot.rtt = latest.rtt;
        self.snapshot.connection_words = self.diagnosis.note(latest).map(|problem| problem.words());
        self.snapshot.statistics = Some(Arc::new(self.statistics.clone()));
    }

    /// What was measured belongs to a connection that is gone.
    fn forget_figures(&mut self) {
        (self.statistics, self.diagnosis) = (Statistics::default(), Diagnosis::default());
        self.snapshot.rtt = None;
        self.snapshot.connection_words = None;
        self.snapshot.statistics = None;
    }

    fn ask_for_people(&mut self) {
        if self.options.window && matches!(self.snapshot.login, LoginPhase::LoggedIn { .. }) {
            self.people_asked_at = Some(Instant::now());
            self.send(ClientMessage::Users { prefix: String::new() });
        }
    }

    fn send(&self, message: ClientMessage) {
        if let Some(login) = &self.signaling {
            login.signaling.send(message);
        }
    }

    /// Tells the machine, and carries out whatever it asks for.
    fn handle(&mut self, input: Input) {
        self.call.handle_input(input, Instant::now());
        while let Some(output) = self.call.poll_output() {
            self.carry_out(output);
        }
        let phase = self.call.phase();
        if phase != self.snapshot.call {
            self.on_phase(&phase);
            self.snapshot.call = phase;
        }
    }

    fn on_phase(&mut self, phase: &CallPhase) {
        tracing::info!(phase = phase_name(phase), "the call");
        self.media.ring(match phase {
            CallPhase::Ringing { .. } => Ringing::Incoming,
            CallPhase::Calling { ringing: true, .. } => Ringing::Ringback,
            _ => Ringing::Silent,
        });
        if let CallPhase::Ended { peer, reason, talked } = phase {
            let finished = FinishedCall { peer: peer.clone(), reason: reason.clone(), talked: *talked };
            self.measured.finish(finished, self.reports.clone());
        }
        if !matches!(phase, CallPhase::Connecting { .. } | CallPhase::InCall { .. } | CallPhase::Reconnecting { .. }) {
            self.snapshot.remote_video_live = false;
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Send { to, call, signal } => {
                if let Some(call) = &call {
                    self.measured.named(call);
                }
                self.send(ClientMessage::Call { to: Some(to), call, signal });
            }
            Output::OpenToOffer(id) => {
                self.open_peer(id);
                self.command(id, PeerCommand::CreateOffer { ice_restart: false });
            }
            Output::OpenToAnswer(id, offer) => {
                self.open_peer(id);
                self.command(id, PeerCommand::AcceptOffer(offer));
            }
            Output::AcceptOffer(id, offer) => self.command(id, PeerCommand::AcceptOffer(offer)),
            Output::AcceptAnswer(id, answer) => self.command(id, PeerCommand::AcceptAnswer(answer)),
            Output::AddCandidate(id, candidate) => self.command(id, PeerCommand::AddCandidate(candidate)),
            Output::RestartIce(id) => self.command(id, PeerCommand::CreateOffer { ice_restart: true }),
            Output::ClosePeer(id) => self.close_peer(id),
            Output::StartMedia => self.media.start_call(),
            Output::StopMedia => self.media.stop_call(),
        }
    }

    /// Those that the person or the program chose, and those that the server offers.
    fn ice_servers(&self) -> Vec<IceServer> {
        self.options.ice_servers.iter().chain(&self.server_ice).cloned().collect()
    }

    fn open_peer(&mut self, id: PeerId) {
        let config = PeerConfig {
            ice_servers: self.ice_servers(),
            relay_only: self.options.relay_only,
            relay_roots: Vec::new(),
            bind: self.options.bind.clone(),
            max_bitrate: self.options.max_bitrate,
            send_video: self.snapshot.camera != crate::device::CameraChoice::None,
            send_audio: self.snapshot.microphone != crate::device::MicrophoneChoice::None,
        };
        let (ports, ends) = super::pipeline::ports();
        let peer = RunningPeer::spawn(id, config, ports, self.peer_event_in.clone());
        self.media.attach(ends, peer.downgraded_commands());
        if let Some((_, old)) = self.peer.replace((id, peer)) {
            drop(old.close());
        }
    }

    fn close_peer(&mut self, id: PeerId) {
        if self.peer.as_ref().is_some_and(|(current, _)| *current == id)
            && let Some((_, peer)) = self.peer.take()
        {
            self.measured.closing(peer.close(), self.media.detach());
            self.forget_figures();
        }
    }

    fn command(&self, id: PeerId, command: PeerCommand) {
        if let Some((current, peer)) = &self.peer
            && *current == id
        {
            peer.command(command);
        }
    }

    fn publish_snapshot(&mut self) {
        self.snapshot.people = self.directory.people();
        self.snapshot.people_total = self.directory.total();
        self.snapshot.notices = self.notices.list();
        if **self.publish.borrow() != self.snapshot {
            self.publish.send_replace(Arc::new(self.snapshot.clone()));
        }
    }
}

/// 128 random bits: two calls never share an id by chance.
fn fresh_call_id() -> CallId {
    let id = format!("{:032x}", rand::random::<u128>());
    CallId::parse(&id).unwrap_or_else(|_| unreachable!("hex digits are within every limit"))
}

async fn next_signaling_event(login: &mut Option<Login>) -> Option<SignalingEvent> {
    match login {
        Some(login) => login.events.recv().await,
        None => std::future::pending().await,
    }
}

/// The figures of the connection when they are new.
async fn next_figures(peer: &mut Option<(PeerId, RunningPeer)>) -> PeerStats {
    match peer {
        Some((_, peer)) => peer.new_stats().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until_some(deadline: Option<Instant>) {
    match deadline {
        Some(at) => sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

fn phase_name(phase: &CallPhase) -> &'static str {
    match phase {
        CallPhase::Idle => "idle",
        CallPhase::Calling { .. } => "calling",
        CallPhase::Ringing { .. } => "ringing",
        CallPhase::Connecting { .. } => "connecting",
        CallPhase::InCall { .. } => "in call",
        CallPhase::Reconnecting { .. } => "reconnecting",
        CallPhase::Ended { .. } => "ended",
    }
}
