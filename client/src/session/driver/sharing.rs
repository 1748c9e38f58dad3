//! A screen or a window in the place of the camera, or with it, as the person asks for it.
//!
//! What always holds: nothing is shared but in a call, and nothing after it; what a capture reports
//! that was replaced or stopped is not heard any more.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Consent, Driver};
use crate::call::event::CallPhase;
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::VideoFrame;
use crate::screen::{CaptureEvent, SourceId};
use crate::session::media_engine::MediaCommand;
use crate::session::screens::{ScreenCommand, ScreenEvent};
use crate::session::sharing::{ShareChoices, ShareIntent, ShareWith, Shared, Sharing};
use crate::words::phrase;

/// Events of a capture that wait; it waits itself when they are more.
const EVENT_QUEUE: usize = 8;

/// What is captured, and what happens to it.
pub(super) struct ScreenCapture {
    frames: Arc<DropOldestQueue<VideoFrame>>,
    events: mpsc::Receiver<CaptureEvent>,
}

/// What happens next to what is captured.
pub(super) async fn next_event(capture: &mut Option<ScreenCapture>) -> CaptureEvent {
    let Some(ScreenCapture { events, .. }) = capture else { return pending().await };
    match events.recv().await {
        Some(event) => event,
        None => pending().await,
    }
}

impl Driver {
    pub(super) fn share(&mut self, intent: ShareIntent, consent: Consent) {
        match intent {
            ShareIntent::Choose(on) => self.choose(on && self.may_share()),
            ShareIntent::Start { source, with } => self.start_sharing(source, with, consent),
            ShareIntent::Change(with) => {
                if let Sharing::On(shared) = &mut self.snapshot.sharing {
                    shared.with = with;
                    self.media.command(MediaCommand::ShowCameraInCorner(with.camera));
                    self.screens.command(ScreenCommand::HearComputer(with.sound));
                }
            }
            ShareIntent::Stop => self.stop_sharing(),
            ShareIntent::Dismiss => {
                if matches!(self.snapshot.sharing, Sharing::Ended { .. }) {
                    self.snapshot.sharing = Sharing::Off;
                }
            }
        }
    }

    fn may_share(&self) -> bool {
        matches!(self.snapshot.call, CallPhase::InCall { .. } | CallPhase::Reconnecting { .. })
    }

    fn choose(&mut self, on: bool) {
        self.snapshot.share_choices = on.then(ShareChoices::default);
        self.screens.command(ScreenCommand::Choose(on));
    }

    fn start_sharing(&mut self, id: SourceId, with: ShareWith, consent: Consent) {
        let choices = self.snapshot.share_choices.iter().flat_map(|choices| &*choices.sources);
        let chosen = choices.map(|choice| &choice.source).find(|source| source.id == id).cloned();
        let Some(source) = chosen.filter(|_| self.may_share()) else { return };
        self.choose(false);
        let frames = DropOldestQueue::latest();
        let (events_in, events) = mpsc::channel(EVENT_QUEUE);
        self.capture = Some(ScreenCapture { frames: Arc::clone(&frames), events });
        self.screens.command(ScreenCommand::Start {
            source: source.id.clone(),
            frames,
            events: events_in,
            consent,
        });
        self.screens.command(ScreenCommand::HearComputer(with.sound));
        self.snapshot.sharing = Sharing::On(Shared { source, with, live: false, hidden: false });
    }

    /// Shows the camera again, whatever is shared.
    pub(super) fn stop_sharing(&mut self) {
        if self.snapshot.sharing != Sharing::Off {
            self.snapshot.sharing = Sharing::Off;
            self.end_capture();
        }
    }

    /// Nothing is shared or chosen without a call.
    pub(super) fn share_nothing(&mut self) {
        self.stop_sharing();
        if self.snapshot.share_choices.is_some() {
            self.choose(false);
        }
    }

    fn end_capture(&mut self) {
        self.capture = None;
        self.screens.command(ScreenCommand::Stop);
        self.media.command(MediaCommand::Share(None));
        self.media.command(MediaCommand::HearComputer(None));
    }

    pub(super) fn on_screens(&mut self, event: ScreenEvent) {
        match event {
            ScreenEvent::Choices(choices) => {
                if self.snapshot.share_choices.is_some() {
                    self.snapshot.share_choices = Some(choices);
                }
            }
            ScreenEvent::Computer(sound) => {
                let wanted =
                    matches!(&self.snapshot.sharing, Sharing::On(shared) if shared.with.sound);
                self.media.command(MediaCommand::HearComputer(sound.filter(|_| wanted)));
            }
            ScreenEvent::ComputerSilent => {
                if let Sharing::On(shared) = &mut self.snapshot.sharing {
                    shared.with.sound = false;
                    self.notices.add(phrase!("share-no-sound"));
                }
            }
        }
    }

    pub(super) fn on_capture(&mut self, event: CaptureEvent) {
        let Sharing::On(shared) = &mut self.snapshot.sharing else { return };
        match event {
            CaptureEvent::Live => {
                shared.live = true;
                let frames = self.capture.as_ref().map(|capture| Arc::clone(&capture.frames));
                let camera = shared.with.camera;
                self.media.command(MediaCommand::Share(frames.map(|frames| (frames, camera))));
            }
            CaptureEvent::Hidden => shared.hidden = true,
            CaptureEvent::Visible => shared.hidden = false,
            CaptureEvent::Resized(size) => shared.source.size = Some(size),
            CaptureEvent::Restorable(token) => {
                self.screens.command(ScreenCommand::Remember(token));
            }
            CaptureEvent::Ended(why) => {
                let source = shared.source.clone();
                self.snapshot.sharing = Sharing::Ended { source, why };
                self.end_capture();
            }
        }
    }

    /// Whether what we show is a screen or a window.
    pub(super) fn shows_screen(&self) -> bool {
        matches!(&self.snapshot.sharing, Sharing::On(Shared { live: true, .. }))
    }
}
