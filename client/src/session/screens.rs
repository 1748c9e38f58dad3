//! The thread that looks for screens and windows, and that owns what is captured of them:
//! `screens`.
//!
//! A display, a portal or a sound server may take its time or hang, so the driver only sends this
//! thread commands. In: [`ScreenCommand`]. Out: [`ScreenEvent`], and frames into the queue that
//! came with the command. What always holds: without a command to start nothing is captured but
//! the small pictures to choose from, and those only while somebody chooses.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::{AudioFrame, RgbaFrame, VideoFrame};
use crate::media::units::VideoSize;
use crate::private_file;
use crate::screen::{
    Capture, CaptureEvent, CaptureSettings, Desktop, EndReason, RestoreToken, ScreenError, Screens,
    Source, SourceId, SystemSound,
};
use crate::session::sharing::{ShareChoice, ShareChoices};
use crate::words::{Phrase, phrase};

/// Commands that wait; they come from a person's clicks.
const COMMAND_QUEUE: usize = 16;
/// Events that wait. When full, choices are dropped, as newer ones come; all else waits.
const EVENT_QUEUE: usize = 32;
/// How often the list of what can be shared and its small pictures are renewed.
const LOOK_EVERY: Duration = Duration::from_millis(1500);
/// How large a small picture is at most.
const PICTURE: VideoSize = VideoSize::new(480, 270).unwrap();
/// The sound of the computer that waits for the encoder: 200 ms. The oldest gives way.
const SOUND_QUEUE: usize = 20;
/// A word of the desktop's that is longer is none.
const LONGEST_TOKEN: u64 = 4096;
/// So many sources have pictures at most; the rest have a name alone.
const MOST_PICTURES: usize = 24;

/// What the thread is to do. `C` is the person's consent.
pub(super) enum ScreenCommand<C> {
    /// Looks for what can be shared, until it is told to no longer.
    Choose(bool),
    /// Captures this, in the place of what was captured before.
    Start {
        source: SourceId,
        frames: Arc<DropOldestQueue<VideoFrame>>,
        events: mpsc::Sender<CaptureEvent>,
        consent: C,
    },
    /// Keeps what the desktop needs so as not to ask again.
    Remember(RestoreToken),
    /// Takes the sound of the computer too, or no longer.
    HearComputer(bool),
    /// Captures nothing more.
    Stop,
}

/// What the thread reports.
pub(super) enum ScreenEvent {
    /// What can be shared now.
    Choices(ShareChoices),
    /// The sound of the computer comes from here, or comes no longer.
    Computer(Option<Arc<DropOldestQueue<AudioFrame>>>),
    /// The sound of the computer can't be had.
    ComputerSilent,
}

/// The driver's end.
pub(super) struct ScreenHandle<C> {
    commands: SyncSender<ScreenCommand<C>>,
    events: mpsc::Receiver<ScreenEvent>,
    /// The thread's end, until the first command: most calls share nothing.
    unstarted: Option<(Receiver<ScreenCommand<C>>, Engine<C>)>,
}

impl<C: Send + Sync + 'static> ScreenHandle<C> {
    /// The thread starts with the first command. Where the system gives none, nothing can be
    /// shared.
    pub(super) fn new(token: Option<PathBuf>) -> Self {
        let (commands, command_queue) = sync_channel(COMMAND_QUEUE);
        let (events_in, events) = mpsc::channel(EVENT_QUEUE);
        let unstarted = Some((command_queue, Engine::new(token, events_in)));
        Self { commands, events, unstarted }
    }

    /// A handle with no thread behind it: what is asked of it comes out here.
    #[cfg(test)]
    pub(super) fn unattended() -> (Self, Receiver<ScreenCommand<C>>) {
        let (commands, asked) = sync_channel(COMMAND_QUEUE);
        (Self { commands, events: mpsc::channel(1).1, unstarted: None }, asked)
    }

    /// Gives the thread something to do.
    pub(super) fn command(&mut self, command: ScreenCommand<C>) {
        if let Some((commands, mut engine)) = self.unstarted.take() {
            let thread = std::thread::Builder::new().name("screens".into());
            if let Err(error) = thread.spawn(move || run(&commands, &mut engine)) {
                tracing::error!("no thread for screens could be started: {error}");
            }
        }
        match self.commands.try_send(command) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                tracing::error!("the display hangs, and a command for it was given up")
            }
            Err(TrySendError::Disconnected(_)) => {
                tracing::error!("screens are no longer looked after")
            }
        }
    }

    /// What it reports next.
    pub(super) async fn next_event(&mut self) -> ScreenEvent {
        match self.events.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }
}

fn run<C>(commands: &Receiver<ScreenCommand<C>>, engine: &mut Engine<C>) {
    loop {
        let command = match engine.look_at() {
            Some(at) => commands.recv_timeout(at.saturating_duration_since(Instant::now())),
            None => commands.recv().map_err(RecvTimeoutError::from),
        };
        match command {
            Ok(command) => engine.carry_out(command),
            Err(RecvTimeoutError::Timeout) => engine.look(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Everything that the thread owns.
struct Engine<C> {
    token_file: Option<PathBuf>,
    events: mpsc::Sender<ScreenEvent>,
    /// While somebody chooses.
    choosing: Option<Choosing>,
    /// By what it is captured, and the capture.
    capture: Option<(C, Capture)>,
    computer: Option<SystemSound>,
}

/// A look at what there is.
struct Choosing {
    screens: Option<Screens>,
    pictures: BTreeMap<SourceId, RgbaFrame>,
    /// Whether the sound of the computer can be had, once that was asked.
    has_sound: Option<bool>,
    next: Instant,
}

impl<C> Engine<C> {
    fn new(token_file: Option<PathBuf>, events: mpsc::Sender<ScreenEvent>) -> Self {
        Self { token_file, events, choosing: None, capture: None, computer: None }
    }

    fn carry_out(&mut self, command: ScreenCommand<C>) {
        match command {
            ScreenCommand::Choose(false) => self.choosing = None,
            ScreenCommand::Choose(true) => {
                let now = Instant::now();
                let pictures = BTreeMap::new();
                self.choosing =
                    Some(Choosing { screens: None, pictures, has_sound: None, next: now });
            }
            ScreenCommand::Start { source, frames, events, consent } => {
                // What was shown before ends before the next begins.
                self.capture = None;
                let settings =
                    CaptureSettings { restore: self.token(), ..CaptureSettings::default() };
                let capture = Desktop::here().and_then(|desktop| {
                    Capture::start(&desktop, &source, settings, frames, events.clone())
                });
                match capture {
                    Ok(capture) => self.capture = Some((consent, capture)),
                    Err(error) => {
                        let why = EndReason::Failed(error.to_string());
                        // The queue is new, so it is not full.
                        let _ = events.try_send(CaptureEvent::Ended(why));
                    }
                }
            }
            ScreenCommand::Stop => {
                self.capture = None;
                self.computer = None;
            }
            ScreenCommand::Remember(token) => self.remember(&token),
            ScreenCommand::HearComputer(on) => self.hear_computer(on),
        }
    }

    /// When to look next, while somebody chooses.
    fn look_at(&self) -> Option<Instant> {
        self.choosing.as_ref().map(|choosing| choosing.next)
    }

    /// Looks at what can be shared.
    fn look(&mut self) {
        let Some(choosing) = &mut self.choosing else { return };
        let choices = choosing.look();
        choosing.next = Instant::now() + LOOK_EVERY;
        // Whoever reads none gets the next.
        let _ = self.events.try_send(ScreenEvent::Choices(choices));
    }

    fn hear_computer(&mut self, on: bool) {
        if on == self.computer.is_some() {
            return;
        }
        self.computer = None;
        let event = if on {
            let sound = DropOldestQueue::new(SOUND_QUEUE);
            match SystemSound::start(Arc::clone(&sound)) {
                Ok(capture) => {
                    self.computer = Some(capture);
                    ScreenEvent::Computer(Some(sound))
                }
                Err(error) => {
                    tracing::info!(%error, "the sound of the computer can't be had");
                    ScreenEvent::ComputerSilent
                }
            }
        } else {
            ScreenEvent::Computer(None)
        };
        if self.events.blocking_send(event).is_err() {
            tracing::debug!("nobody hears what the computer plays");
        }
    }

    fn token(&self) -> Option<RestoreToken> {
        let path = self.token_file.as_ref()?;
        let text = String::from_utf8(private_file::read(path, LONGEST_TOKEN).ok()?).ok()?;
        (!text.is_empty()).then(|| RestoreToken(text.into()))
    }

    fn remember(&self, token: &RestoreToken) {
        let Some(path) = &self.token_file else { return };
        if let Err(error) = private_file::replace(path, token.0.as_bytes()) {
            tracing::info!(%error, "the desktop will ask again what may be shared");
        }
    }
}

impl Choosing {
    fn look(&mut self) -> ShareChoices {
        let looked = ShareChoices { looked: true, ..ShareChoices::default() };
        match self.list() {
            Ok(sources) => {
                let choice = |source: Source| {
                    let picture = self.pictures.get(&source.id).cloned();
                    ShareChoice { source, picture }
                };
                let sources = sources.into_iter().map(choice).collect();
                let has_sound = *self.has_sound.get_or_insert_with(SystemSound::available);
                ShareChoices { sources: Arc::new(sources), has_sound, ..looked }
            }
            Err(error) => {
                // A display that is gone may come back.
                self.screens = None;
                ShareChoices { problem: Some(words_for(&error)), ..looked }
            }
        }
    }

    /// What there is, with new pictures of it.
    fn list(&mut self) -> Result<Vec<Source>, ScreenError> {
        let screens = match &mut self.screens {
            Some(screens) => screens,
            none => none.insert(Screens::open(&Desktop::here()?)?),
        };
        let sources = screens.sources()?;
        self.pictures.retain(|id, _| sources.iter().any(|source| source.id == *id));
        for source in sources.iter().take(MOST_PICTURES) {
            // One that can't be seen now keeps the picture of when it could.
            if let Ok(picture) = screens.picture(&source.id, PICTURE) {
                self.pictures.insert(source.id.clone(), picture);
            }
        }
        Ok(sources)
    }
}

fn words_for(error: &ScreenError) -> Phrase {
    match error {
        ScreenError::NoDesktop | ScreenError::NoPortal => phrase!("share-not-possible"),
        _ => phrase!("share-display-failed").or_plain(error.to_string()),
    }
}
