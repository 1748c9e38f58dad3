//! The task that owns the call: every intent, signaling message, peer event, device event and
//! deadline comes in here, one at a time, and whatever the [`Call`] machine asks for is carried out
//! before the next.
//!
//! It never waits for a device, a codec or the network: those have threads and tasks of their own
//! (`media`, [`crate::transport`], [`crate::signaling`]) that take commands over bounded queues.
//! What always holds: nothing that the server or a peer connection sends is credited to the call
//! before the machine has taken it, which shows in the call's phase.

mod connection;
mod conversation;
mod hosting;
mod intents;
mod keys;
mod nearby;
mod people;
mod phase;
mod server;
mod sharing;
mod trust;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::sleep_until;
use visavis_shared::{CallSignal, ClientMessage, DeclineReason, IceServer, Username};

use crate::call::Call;
use crate::call::event::{CallPhase, EndReason, Input, Output};
use crate::conversation::View;
use crate::device_key::LoginKey;
use crate::hosting::{Host, HostEvent, can_host};
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::RgbaFrame;
use crate::nearby::{Browser, NearbyRow};
use crate::screen::CaptureEvent;
use crate::session::call_hints::{CallHints, Heard};
use crate::session::diagnosis::Diagnosis;
use crate::session::directory::Directory;
use crate::session::kept_picture;
use crate::session::keys::{KeyEvent, Keys};
use crate::session::measure::CallMeasurements;
use crate::session::media::MediaHandle;
use crate::session::media_engine::{MediaCommand, MediaEvent};
use crate::session::notices::{DeviceKind, Notices};
use crate::session::options::SessionOptions;
use crate::session::pace::Needs;
use crate::session::people::{CallNote, People, PeopleEvent};
use crate::session::report::Report;
use crate::session::room::Room;
use crate::session::screens::{ScreenEvent, ScreenHandle};
use crate::session::snapshot::{Intent, SessionLink, Snapshot};
use crate::session::statistics::Statistics;
use crate::session::video_trouble::VideoWatch;
use crate::signaling::{Signaling, SignalingConfig, SignalingEvent};
use crate::transport::{DataEnds, MediaStatus, PeerCommand, PeerEvent, PeerStats};
use crate::words::phrase;

use connection::CallPeer;
use conversation::Written;
use intents::{Consent, LoginRetry};
use people::TurnedAway;
use sharing::ScreenCapture;

/// Intents that wait; a person makes a few a second.
const INTENT_QUEUE: usize = 64;
/// Reports that wait to be read; when nobody reads, the newest is dropped.
const REPORT_QUEUE: usize = 4;
/// How long leaving may take: the last `close` and the closing of devices.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// A session that runs until its handle is dropped or finished.
pub struct SessionHandle {
    /// What joins it to a window or a script.
    pub link: SessionLink,
    /// One report for each call, when it is over.
    pub reports: mpsc::Receiver<Report>,
    leaver: Leaver,
    task: tokio::task::JoinHandle<()>,
}

/// Ends a session, whoever else holds a link to it.
#[derive(Debug, Clone, Default)]
pub struct Leaver(Arc<Notify>);

impl Leaver {
    /// The session hangs up, logs out, closes every device and ends.
    pub fn leave(&self) {
        self.0.notify_one();
    }
}

impl SessionHandle {
    /// What ends it from elsewhere.
    #[must_use]
    pub fn leaver(&self) -> Leaver {
        self.leaver.clone()
    }

    /// The reports, for somebody who reads them until the session has ended.
    #[must_use]
    pub fn take_reports(&mut self) -> mpsc::Receiver<Report> {
        std::mem::replace(&mut self.reports, mpsc::channel(1).1)
    }

    /// Hangs up, logs out, closes every device, and comes back when that is done (or has taken too
    /// long).
    pub async fn finish(self) {
        let Self { link, reports, leaver, task } = self;
        drop((link, reports));
        leaver.leave();
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
    let remote_video = DropOldestQueue::<RgbaFrame>::latest();
    let self_video = DropOldestQueue::<RgbaFrame>::latest();
    let (media, media_events) =
        MediaHandle::start(&options, Arc::clone(&remote_video), Arc::clone(&self_video));
    let screens = ScreenHandle::new(options.screen_token.clone());
    let (driver, snapshots) = Driver::new(options, (media, screens), report_in);
    let leaver = Leaver::default();
    let task = tokio::spawn(driver.run(intents, media_events, leaver.clone()));
    let link = SessionLink { intents: intent_in, snapshots, remote_video, self_video };
    SessionHandle { link, reports, leaver, task }
}

/// The connection to a server, and what it reports.
struct Login {
    signaling: Signaling,
    events: mpsc::Receiver<SignalingEvent>,
}

struct Driver {
    options: SessionOptions,
    /// What we are logged in with, or are to be.
    login_key: Option<Arc<LoginKey>>,
    call: Call<Consent>,
    room: Room<Consent>,
    directory: Directory,
    notices: Notices,
    snapshot: Snapshot,
    publish: watch::Sender<Arc<Snapshot>>,
    signaling: Option<Login>,
    login_asked_at: Option<Instant>,
    server_ice: Vec<IceServer>,
    peer: Option<CallPeer>,
    statistics: Statistics,
    diagnosis: Diagnosis,
    video_watch: VideoWatch,
    hints: CallHints,
    media: MediaHandle<Consent>,
    screens: ScreenHandle<Consent>,
    capture: Option<ScreenCapture>,
    written: Option<Written>,
    /// The data channels of a peer connection, until media flows over it.
    data_ends: Option<DataEnds>,
    measured: CallMeasurements,
    reports: mpsc::Sender<Report>,
    people_asked_at: Option<Instant>,
    people: People,
    keys: Keys,
    /// A log-in that waits until it is known who is blocked.
    login_waits: Option<SignalingConfig>,
    /// When an automatic log-in is tried again.
    retry: Option<LoginRetry>,
    /// Whom the server was asked to watch.
    watched: Vec<Username>,
    call_note: Option<CallNote>,
    turned_away: VecDeque<TurnedAway>,
    host: Host,
    /// Who is to be logged in when the server here has started.
    host_for: Option<String>,
    /// While servers nearby are looked for.
    browser: Option<Browser>,
    /// Who may be without a key in the next call, although one is kept.
    unsigned_allowed: Option<Username>,
}

/// Everything that can happen to a session, listed once.
enum Event {
    Intent(Option<Intent>),
    Deadline,
    Tick,
    Signaling(Option<SignalingEvent>),
    Peer(PeerEvent),
    Statistics(Box<PeerStats>),
    TheirMedia(MediaStatus),
    Media(MediaEvent),
    People(PeopleEvent),
    Key(KeyEvent),
    Screens(ScreenEvent),
    Capture(CaptureEvent),
    Conversation(Arc<View>),
    Host(HostEvent),
    Nearby(Vec<NearbyRow>),
}

impl Driver {
    fn new(
        options: SessionOptions,
        (media, screens): (MediaHandle<Consent>, ScreenHandle<Consent>),
        reports: mpsc::Sender<Report>,
    ) -> (Self, watch::Receiver<Arc<Snapshot>>) {
        let snapshot = Snapshot {
            camera: options.camera.clone(),
            microphone: options.microphone.clone(),
            speaker: options.speaker.clone(),
            voice: options.voice.settings(options.microphone.hears_a_room()),
            volume: options.volume,
            ring: options.ring.clone(),
            server: options.remembered_server.clone(),
            username: options.remembered_username.clone(),
            quiet: options.quiet,
            microphone_muted: options.muted,
            camera_off: options.camera_off,
            can_host: options.hosting.is_some() && can_host(),
            machine: hosting::machine_name(),
            ..Snapshot::default()
        };
        let (publish, snapshots) = watch::channel(Arc::new(snapshot.clone()));
        let people = People::of(&options);
        let keys = Keys::new(options.keys.clone());
        let host = Host::new(options.hosting.clone());
        let driver = Self {
            options,
            login_key: None,
            call: Call::default(),
            room: Room::default(),
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
            video_watch: VideoWatch::default(),
            hints: CallHints::default(),
            media,
            screens,
            capture: None,
            written: None,
            data_ends: None,
            measured: CallMeasurements::new(Instant::now()),
            reports,
            people_asked_at: None,
            people,
            keys,
            login_waits: None,
            retry: None,
            watched: Vec::new(),
            call_note: None,
            turned_away: VecDeque::new(),
            host,
            host_for: None,
            browser: None,
            unsigned_allowed: None,
        };
        (driver, snapshots)
    }

    async fn run(
        mut self,
        mut intents: mpsc::Receiver<Intent>,
        mut media_events: mpsc::Receiver<MediaEvent>,
        leaver: Leaver,
    ) {
        let mut ticked_at = Instant::now();
        self.log_in_at_start();
        self.publish_snapshot();
        loop {
            let deadline = self.call.poll_timeout();
            let tick_at = self.needs().next(ticked_at);
            // What is due comes before what arrives: no stream of messages holds it up.
            let event = tokio::select! {
                biased;
                intent = intents.recv() => Event::Intent(intent),
                () = leaver.0.notified() => break,
                () = sleep_until_some(deadline) => Event::Deadline,
                () = sleep_until_some(tick_at) => Event::Tick,
                event = self.people.next_event() => Event::People(event),
                event = self.keys.next_event() => Event::Key(event),
                event = self.screens.next_event() => Event::Screens(event),
                event = sharing::next_event(&mut self.capture) => Event::Capture(event),
                event = self.host.next_event() => Event::Host(event),
                rows = nearby::next_rows(&mut self.browser) => Event::Nearby(rows),
                view = conversation::next_view(&mut self.written) => Event::Conversation(view),
                event = next_signaling_event(&mut self.signaling) => Event::Signaling(event),
                event = connection::next_event(&mut self.peer) => event,
                Some(event) = media_events.recv() => Event::Media(event),
            };
            match event {
                Event::Intent(Some(intent)) => self.on_intent(intent),
                Event::Intent(None) => break,
                Event::Deadline => self.handle(Input::Timeout),
                Event::Tick => {
                    ticked_at = Instant::now();
                    self.on_tick();
                }
                Event::Signaling(event) => self.on_signaling(event),
                Event::Peer(event) => self.on_peer(event),
                Event::Statistics(stats) => self.on_statistics(&stats),
                Event::TheirMedia(status) => self.on_their_media(status),
                Event::Media(event) => self.on_media(event),
                Event::People(event) => self.on_people(event),
                Event::Key(event) => self.on_key(event),
                Event::Screens(event) => self.on_screens(event),
                Event::Capture(event) => self.on_capture(event),
                Event::Host(event) => self.on_host(event),
                Event::Nearby(rows) => self.snapshot.nearby = rows,
                Event::Conversation(view) => self.snapshot.conversation = Some(view),
            }
            self.say_media_status();
            self.publish_snapshot();
        }
        self.leave().await;
    }

    fn is_between_calls(&self) -> bool {
        self.snapshot.call.is_between_calls()
    }

    /// What there is to look at that nobody reports.
    fn needs(&self) -> Needs {
        let looks = self.snapshot.preview || self.snapshot.trial.is_some();
        let between_calls = self.is_between_calls();
        // What was seen last is to be seen to fall silent.
        let fades = self.snapshot.hint.is_some()
            || self.snapshot.microphone_level > 0.0
            || self.snapshot.remote_video_live;
        Needs {
            levels: looks || !between_calls || fades,
            lively: self.options.window && (looks || !between_calls),
            people: self.people_due(),
            log_in: self.retry.and_then(|retry| retry.at),
        }
    }

    async fn leave(mut self) {
        self.handle(Input::HangUp);
        let conversation = self.close_conversation();
        let media = self.media.finish();
        let signaling = async {
            if let Some(login) = self.signaling.take() {
                login.signaling.close().await;
            }
            // Whoever leaves by themselves need not be told.
            self.host.finish().await;
        };
        let people = self.people.finish();
        let all = async { tokio::join!(media, signaling, people, conversation) };
        if tokio::time::timeout(LEAVE_WITHIN, all).await.is_err() {
            tracing::warn!("a device or the server did not close in time");
        }
    }

    fn on_media(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::Devices(devices) => self.snapshot.devices = devices,
            MediaEvent::CameraLive(live) => self.snapshot.camera_live = live,
            MediaEvent::Trouble(words) => self.notices.add(words),
            MediaEvent::Kept(Ok(place)) => {
                let id = self.notices.kept_picture(kept_picture::words(&place));
                self.snapshot.kept_picture = id.map(|id| (id, place));
            }
            MediaEvent::Kept(Err(why)) => {
                self.notices.kept_picture(why);
                self.snapshot.kept_picture = None;
            }
            MediaEvent::DeviceTrouble(kind, trouble) => {
                match kind {
                    DeviceKind::Camera => self.snapshot.camera_missing = trouble.is_some(),
                    DeviceKind::Microphone => self.snapshot.microphone_missing = trouble.is_some(),
                    DeviceKind::Speaker => {}
                }
                self.notices.device(kind, trouble);
            }
            MediaEvent::Trial(trial) => self.snapshot.trial = trial,
        }
    }

    fn on_tick(&mut self) {
        let statistics = self.media.statistics();
        self.snapshot.microphone_level = statistics.microphone_level;
        self.snapshot.remote_video_live = statistics.remote_video_live;
        self.look_at_microphone(statistics.captured);
        if self.people_due().is_some_and(|due| due <= Instant::now()) {
            self.ask_for_people();
        }
        self.retry_login();
    }

    /// Finds out what the person does not notice about their microphone.
    fn look_at_microphone(&mut self, (level, silent_for): (f32, Duration)) {
        // One that is missing has a notice of its own; a file or a tone is as it is meant.
        let works = !self.snapshot.microphone_missing && self.snapshot.microphone.hears_a_room();
        let talks = matches!(self.snapshot.call, CallPhase::InCall { .. });
        if works && talks {
            let heard = Heard { muted: self.snapshot.microphone_muted, level, silent_for };
            self.snapshot.hint = self.hints.note(Instant::now(), heard);
        } else {
            (self.hints, self.snapshot.hint) = (CallHints::default(), None);
        }
    }

    /// Gives the machine an input, and carries out whatever it asks for.
    fn handle(&mut self, input: Input<Consent>) {
        let set_up_step = self.call.set_up_step();
        self.call.handle_input(input, Instant::now());
        while let Some(output) = self.call.poll_output() {
            self.carry_out(output);
        }
        let phase = self.call.phase();
        if phase != self.snapshot.call {
            if let (CallPhase::Ended { reason: EndReason::ConnectFailed(why), .. }, Some(step)) =
                (&phase, set_up_step)
            {
                tracing::warn!(%step, ?why, "the call could not be connected");
            }
            self.on_phase(&phase);
            self.snapshot.call = phase;
        }
        self.snapshot.trust = self.call.trust();
        if let Some(trust) = self.snapshot.trust {
            self.measured.trust(trust);
        }
    }

    fn carry_out(&mut self, output: Output<Consent>) {
        match output {
            Output::Send { to, call, signal } => {
                if signal == CallSignal::Decline(DeclineReason::Busy) {
                    self.note_turned_away(&to, call.as_ref());
                }
                self.send(ClientMessage::Call { to: Some(to), call, signal })
            }
            Output::OpenPeer(id, consent) => self.open_peer(id, &consent),
            Output::CreateOffer { peer, ice_restart } => {
                self.command(peer, PeerCommand::CreateOffer { ice_restart })
            }
            Output::AcceptOffer(id, offer) => self.command(id, PeerCommand::AcceptOffer(offer)),
            Output::AcceptAnswer(id, answer) => self.command(id, PeerCommand::AcceptAnswer(answer)),
            Output::AddCandidate(id, candidate) => {
                self.command(id, PeerCommand::AddCandidate(candidate))
            }
            Output::ClosePeer(id) => self.close_peer(id),
            Output::StartMedia(consent) => self.media.command(MediaCommand::StartCall(consent)),
            Output::Refused { from } => {
                self.notices.add(phrase!("call-refused-untrusted", peer = from.as_str()));
            }
            Output::StopMedia => self.media.command(MediaCommand::StopCall),
        }
    }

    fn publish_snapshot(&mut self) {
        self.note_other_key();
        self.people.show(&mut self.snapshot);
        self.snapshot.people = self.directory.people();
        self.snapshot.people_total = self.directory.total();
        self.snapshot.room.clone_from(self.room.phase());
        self.snapshot.room_mate = self.room.mate().cloned();
        self.snapshot.notices = self.notices.list();
        self.snapshot.device_notices = self.notices.of_devices();
        if **self.publish.borrow() != self.snapshot {
            self.publish.send_replace(Arc::new(self.snapshot.clone()));
        }
    }
}

async fn next_signaling_event(login: &mut Option<Login>) -> Option<SignalingEvent> {
    match login {
        Some(login) => login.events.recv().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until_some(deadline: Option<Instant>) {
    match deadline {
        Some(at) => sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
pub(super) mod tests;
