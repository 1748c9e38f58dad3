//! The window's own state: takes the newest snapshot, shows the screen that goes with it, applies
//! what it asks for.
//!
//! [`App::logic`] runs even while the window is minimised and handles what a call needs then
//! (title, attention); [`App::show`] paints. What always holds: the screens only paint and collect
//! [`Actions`]; intents leave here and nowhere else.

mod deeds;
mod entering;
mod title;

use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{
    CentralPanel, Context, Frame, Ui, UserAttentionType, ViewportCommand, ViewportId,
};
use visavis_shared::Username;

use entering::{Invited, RequestedLogin};

use super::action::Actions;
use super::call_look::CallLook;
use super::call_screen::{CallScreen, CallView};
use super::closing::{Closing, Deed, GoesOn};
use super::design::{Palette, motion, theme};
use super::keyboard::Keyboard;
use super::login::LoginForm;
use super::looks::Looks;
use super::mini::MiniWindow;
use super::outside::{Asked, Outside};
use super::people::PeoplePage;
use super::ready::Readiness;
use super::settings::{Folders, Page, SettingsPage};
use super::video_view::VideoView;
use super::{
    WindowOptions, clock, hosting, invite, keyboard, notices, share, trust, waiting, wake, widgets,
};
use crate::call::event::{CallPhase, EndReason};
use crate::config::{Settings, SettingsWriter};
use crate::desktop::{WindowLink, WindowRequest, WindowTray};
use crate::session::snapshot::{Intent, LoginPhase, SessionLink, Snapshot};
use crate::settings::{Appearance, NetworkSettings};
use crate::words::{Phrase, phrase, text};

/// The app inside the window. Tests drive it without one.
pub struct App {
    link: SessionLink,
    snapshot: Arc<Snapshot>,
    settings: Settings,
    writer: Option<SettingsWriter>,
    /// The login that was requested here; remembered once it works.
    requested_login: Option<RequestedLogin>,
    /// Whether servers are looked for on the local network.
    looks_nearby: bool,
    /// Whether it is asked about stopping the server that runs here.
    stops_server: bool,
    local_notices: Vec<Phrase>,
    ready: Readiness,
    title: String,
    help: bool,
    settings_page: SettingsPage,
    folders: Folders,
    network_of_this_run: NetworkSettings,
    keyboard: Keyboard,
    remote: VideoView,
    own: VideoView,
    login: LoginForm,
    people: PeoplePage,
    call: CallScreen,
    desktop: WindowLink,
    invited: Option<Invited>,
    call_look: CallLook,
    /// The settings at the first change of a call that is not over yet.
    before_call: Option<Settings>,
    closing: Closing,
    tray: WindowTray,
    inviting: bool,
    /// The call was placed or accepted without video; the next one begins as it is set.
    camera_off_for_call: bool,
    /// There while the window is small.
    mini: Option<MiniWindow>,
    looks: Looks,
    /// Whose other key was allowed: the code is to be compared once the call stands.
    compares_with: Option<Username>,
    /// The system's dialogs, and which of them is open.
    outside: Arc<dyn Outside>,
    asked: Asked,
    /// Whether the session was told that what the other writes is read.
    reads: bool,
}

impl App {
    /// Puts it together; nothing is painted yet.
    #[must_use]
    pub fn new(ctx: &Context, link: SessionLink, options: WindowOptions) -> Self {
        theme::install(ctx);
        theme::choose(ctx, options.settings.theme);
        ctx.set_zoom_factor(Appearance::zoom(options.settings.appearance.scale_percent));
        motion::lessen(ctx, options.settings.appearance.less_motion);
        let mut local_notices = options.notices;
        let writer = options.settings_path.and_then(|path| match SettingsWriter::start(path) {
            Ok(writer) => {
                let ctx = ctx.clone();
                writer.problems().on_fill(move || ctx.request_repaint_of(ViewportId::ROOT));
                Some(writer)
            }
            Err(error) => {
                tracing::warn!(%error, "no thread to write settings");
                local_notices.push(phrase!("settings-unsaved-busy"));
                None
            }
        });
        let snapshot = Arc::clone(&link.snapshots.borrow());
        let waker = ctx.clone();
        options.desktop.on_request(move || waker.request_repaint_of(ViewportId::ROOT));
        let call_look = CallLook::remembered(&options.settings);
        Self {
            snapshot,
            remote: VideoView::new("remote-video", Arc::clone(&link.remote_video)),
            own: VideoView::new("self-video", Arc::clone(&link.self_video)),
            link,
            settings: options.settings,
            writer,
            requested_login: None,
            looks_nearby: false,
            stops_server: false,
            local_notices,
            ready: Readiness::new(options.started_at, options.ready_report),
            title: String::new(),
            help: false,
            settings_page: SettingsPage::default(),
            folders: options.folders,
            network_of_this_run: options.network_of_this_run,
            keyboard: Keyboard::default(),
            login: LoginForm::default(),
            people: PeoplePage::default(),
            call: CallScreen::default(),
            desktop: options.desktop,
            invited: None,
            call_look,
            closing: Closing::default(),
            tray: WindowTray::default(),
            inviting: false,
            camera_off_for_call: false,
            mini: None,
            looks: Looks::default(),
            before_call: None,
            compares_with: None,
            outside: options.outside,
            asked: Asked::default(),
            reads: false,
        }
    }

    /// Has somebody say whether the window is on the screen who knows it better than the system's
    /// events tell. The argument is whether that matters now.
    #[cfg(target_os = "linux")]
    pub(super) fn ask_whether_seen(&mut self, is_seen: impl FnMut(bool) -> bool + 'static) {
        self.looks.ask(is_seen);
    }

    /// Takes the newest snapshot and does what does not need painting. Comes before [`Self::show`],
    /// and alone while the window is minimised.
    pub fn logic(&mut self, ctx: &Context) {
        let new = Arc::clone(&self.link.snapshots.borrow_and_update());
        let old = std::mem::replace(&mut self.snapshot, new);
        if self.link.snapshots.has_changed().is_err() {
            // The session has ended; without it there is nothing that a window could do.
            self.closing.quit(ctx);
        }
        self.call_changed(ctx, &old.call);
        self.call_without_video_ends(&old.call);
        let shares = share::is_live(&self.snapshot.sharing);
        // Nor is a screen that is shared no longer shown as if it were the camera's.
        if !self.snapshot.camera_live && !shares || shares != share::is_live(&old.sharing) {
            self.own.clear();
        }
        self.remote.shrinks_finely(self.call.shrinks());
        // What it showed last is not shown when the camera comes back.
        if self.snapshot.remote_camera_off {
            self.remote.clear();
        }
        self.begin_calls_as_chosen();
        self.login_changed();
        if let Some(intent) = self.keyboard.logic(ctx, &self.snapshot) {
            self.send(intent);
        }
        self.follow_desktop(ctx);
        self.follow_nearby();
        self.tray.follow(&self.desktop);
        let (tray, has_tray) = (self.settings.tray, self.desktop.has_tray());
        let goes_on = GoesOn { call: &self.snapshot.call, guests: self.snapshot.guests() };
        let deed = self.closing.follow(ctx, goes_on, tray, has_tray);
        self.close_by(deed);
        let in_call = running(&self.snapshot.call).is_some();
        let own = self.mini.is_none() && !(in_call && self.call_look.own.hidden);
        self.looks.follow(ctx, &self.link, in_call, own);
        // What is asked before it closes needs room.
        if ctx.input(|input| input.viewport().close_requested()) {
            self.leave_mini(ctx);
        }
        self.follow_invitation();
        self.follow_dialog(ctx);
        self.follow_reading(ctx);
        let title = title::of(&self.snapshot);
        if self.title != title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.title = title;
        }
        if let Some(problem) = self.writer.as_ref().and_then(|writer| writer.problems().take()) {
            self.local_notices.push(problem);
        }
    }

    /// Says whether the window is seen, and does what was asked of it from outside.
    fn follow_desktop(&mut self, ctx: &Context) {
        let hidden = self.closing.is_hidden();
        self.desktop.is_seen(ctx.input(|input| {
            let viewport = input.viewport();
            viewport.focused == Some(true) && viewport.minimized != Some(true) && !hidden
        }));
        while let Some(request) = self.desktop.take() {
            match request {
                WindowRequest::Raise => self.raise(ctx),
                WindowRequest::Open(invitation) => {
                    self.invited = Some(Invited { invitation, asked: false });
                    self.raise(ctx);
                }
                WindowRequest::Refuse(error) => {
                    self.local_notices.push(error.words());
                    self.raise(ctx);
                }
                WindowRequest::Quit => self.closing.quit(ctx),
                // That is looked at in each pass.
                WindowRequest::TrayChanged => {}
            }
        }
    }

    /// Brings the window to the front, or asks for attention where the system allows no more.
    fn raise(&mut self, ctx: &Context) {
        self.closing.raised();
        ctx.send_viewport_cmd(ViewportCommand::Visible(true));
        ctx.send_viewport_cmd(ViewportCommand::Minimized(false));
        ctx.send_viewport_cmd(ViewportCommand::Focus);
        // A call that rings asks for more.
        let rings = matches!(self.snapshot.call, CallPhase::Ringing { .. });
        if !rings && ctx.input(|input| input.viewport().focused != Some(true)) {
            let attention = UserAttentionType::Informational;
            ctx.send_viewport_cmd(ViewportCommand::RequestUserAttention(attention));
        }
    }

    fn close_by(&mut self, deed: Option<Deed>) {
        match deed {
            Some(Deed::Decline) => self.send(Intent::Decline),
            Some(Deed::StayInTray(stay)) => {
                self.settings.tray.asked = true;
                self.settings.tray.close_to_tray = stay;
                self.keep_settings();
            }
            None => {}
        }
    }

    fn call_changed(&mut self, ctx: &Context, old: &CallPhase) {
        let new = &self.snapshot.call;
        let (was_ringing, rings) =
            (matches!(old, CallPhase::Ringing { .. }), matches!(new, CallPhase::Ringing { .. }));
        if was_ringing != rings {
            let disturbs = rings && !self.snapshot.quiet;
            let attention =
                if disturbs { UserAttentionType::Critical } else { UserAttentionType::Reset };
            ctx.send_viewport_cmd(ViewportCommand::RequestUserAttention(attention));
        }
        if !old.is_between_calls() && new.is_between_calls() {
            self.compares_with = None;
        }
        let same = |phase| running(phase).map(|(peer, since, _)| (peer, since));
        let (was, is) = (same(old), same(new));
        if was != is {
            // Nothing of one call may be seen in the next.
            self.remote.clear();
            self.call = CallScreen::default();
            self.asked.forget();
            self.reads = false;
            if let Some((peer, _)) = is
                && self.compares_with.take().as_ref() == Some(peer)
            {
                self.call.toggle_safety();
            }
            if is.is_none() {
                self.leave_mini(ctx);
                if super::call_screen::fullscreen_now(ctx) {
                    ctx.send_viewport_cmd(ViewportCommand::Fullscreen(false));
                }
            }
        }
    }

    /// Has the camera as it is set, when a call is over that was to be without it.
    fn call_without_video_ends(&mut self, old: &CallPhase) {
        let ends = !old.is_between_calls() && self.snapshot.call.is_between_calls();
        if ends && std::mem::take(&mut self.camera_off_for_call) && self.settings.calls.camera_on {
            self.send(Intent::TurnCameraOff(false));
        }
    }

    /// Paints the screen and applies what it asks for.
    pub fn show(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        widgets::focus::note_input(&ctx);
        self.ready.pass(&ctx);
        self.remote.refresh(&ctx);
        self.own.refresh(&ctx);
        let mut actions = Actions::default();
        let snapshot = Arc::clone(&self.snapshot);
        self.keyboard.begin(&ctx, &snapshot, &self.settings.shortcuts);
        let bg = Palette::of(ui.visuals()).bg;
        let in_settings = self.settings_page.is_seen(&snapshot.call);
        CentralPanel::no_frame().frame(Frame::new().fill(bg)).show(ui, |ui| {
            if in_settings {
                let page = Page {
                    settings: &self.settings,
                    snapshot: &snapshot,
                    own: &self.own,
                    folders: &self.folders,
                    tray: self.desktop.has_tray(),
                };
                self.settings_page.show(ui, &page, &mut actions);
            } else {
                self.settings_page.rest(&mut actions);
                self.screen(ui, &snapshot, &mut actions);
            }
        });
        share::frame(&ctx, &snapshot.sharing);
        // The mini window has no room for them; they wait.
        if self.mini.is_none() {
            let place = match running(&snapshot.call) {
                Some(_) => notices::Place::InCall(self.call.notices_place()),
                None => notices::Place::Below,
            };
            notices::show(&ctx, &snapshot, &self.local_notices, place, &mut actions);
        }
        if self.help {
            keyboard::help(&ctx, &self.settings.shortcuts, &mut actions);
        }
        if self.inviting {
            let tray = self.desktop.has_tray().then_some(&self.settings);
            invite::dialog(&ctx, &snapshot, tray, &mut actions);
        }
        if self.stops_server {
            self.stops_server = hosting::asks_to_stop(&ctx, snapshot.guests(), &mut actions);
        }
        let key_changed = self.key_changed(&ctx, &snapshot, &mut actions);
        let goes_on = GoesOn { call: &snapshot.call, guests: snapshot.guests() };
        let deed = self.closing.show(&ctx, goes_on);
        self.close_by(deed);
        let call = (&mut self.call, &mut self.call_look);
        let safety = call.0.shows_dialog();
        let covered = self.help || in_settings || self.inviting || self.closing.asks();
        let covered = covered || self.stops_server;
        let covered = covered || key_changed || safety;
        self.keyboard.handle(&ctx, &snapshot, call, covered, &mut actions);
        for action in actions.into_vec() {
            self.apply(&ctx, action);
        }
        if self.call_look != CallLook::remembered(&self.settings) {
            self.call_look.remember(&mut self.settings);
            self.call_look = CallLook::remembered(&self.settings);
            self.keep_settings();
        }
    }

    /// Asks what to do where somebody's key has changed. Returns whether it does.
    fn key_changed(&self, ctx: &Context, snapshot: &Snapshot, actions: &mut Actions) -> bool {
        let CallPhase::Ended { reason: EndReason::KeyChanged(change), .. } = &snapshot.call else {
            return false;
        };
        let can_call = matches!(snapshot.login, LoginPhase::LoggedIn { .. });
        trust::dialog(ctx, change, can_call, actions);
        true
    }

    fn screen(&mut self, ui: &mut Ui, snapshot: &Snapshot, actions: &mut Actions) {
        let now = clock::now();
        let waited = |ui: &Ui, since: Instant| -> Duration {
            ui.ctx().request_repaint_after(wake::until_next_second(since, now));
            now.saturating_duration_since(since)
        };
        if let Some((peer, since, lost_at)) = running(&snapshot.call) {
            let view = CallView { peer: peer.as_str(), since, lost_at, now };
            if let Some(mini) = &mut self.mini {
                return self.call.show_mini(ui, view, snapshot, (&self.remote, mini), actions);
            }
            let pictures = (&self.remote, &self.own);
            return self.call.show(ui, view, snapshot, pictures, &mut self.call_look, actions);
        }
        match &snapshot.call {
            // Worth a line over the people.
            CallPhase::Ended { .. } if !snapshot.end_takes_a_page() => {
                self.between_calls(ui, snapshot, actions);
            }
            // That is asked over the people.
            CallPhase::Ended { reason: EndReason::KeyChanged(_), .. } => {
                self.between_calls(ui, snapshot, actions);
            }
            CallPhase::Idle => self.between_calls(ui, snapshot, actions),
            CallPhase::Calling { peer, ringing, since } => {
                let (heading, waited) = (text!("calling-person", peer = peer), waited(ui, *since));
                let progress = if *ringing { text!("ringing") } else { text!("calling") };
                waiting::waiting(
                    ui,
                    (peer.as_str(), snapshot),
                    &heading,
                    &progress,
                    waited,
                    actions,
                );
            }
            CallPhase::Ringing { peer, since } => {
                let waited = waited(ui, *since);
                waiting::ringing(ui, peer, waited, snapshot, actions);
            }
            CallPhase::Connecting { peer, since } => {
                let heading = text!("connecting-person", peer = peer);
                let (progress, waited) = (text!("connecting"), waited(ui, *since));
                waiting::waiting(
                    ui,
                    (peer.as_str(), snapshot),
                    &heading,
                    &progress,
                    waited,
                    actions,
                );
            }
            // Shown above.
            CallPhase::InCall { .. } | CallPhase::Reconnecting { .. } => {}
            CallPhase::Ended { peer, reason, talked } => {
                let can_call = matches!(snapshot.login, LoginPhase::LoggedIn { .. });
                waiting::ended(ui, peer.as_str(), reason, *talked, can_call, actions);
            }
        }
    }

    fn between_calls(&mut self, ui: &mut Ui, snapshot: &Snapshot, actions: &mut Actions) {
        match &snapshot.login {
            LoginPhase::LoggedOut | LoginPhase::LoggingIn | LoginPhase::Failed(_) => {
                self.login.show(ui, snapshot, &self.settings.recent_servers, actions);
            }
            LoginPhase::LoggedIn { .. } | LoginPhase::Reconnecting { .. } => {
                self.people.show(ui, snapshot, &self.own, actions);
            }
        }
    }
}

/// Whom a running call is with, since when, and since when it is without media.
fn running(call: &CallPhase) -> Option<(&Username, Instant, Option<Instant>)> {
    match call {
        CallPhase::InCall { peer, since } => Some((peer, *since, None)),
        CallPhase::Reconnecting { peer, since, lost_at } => Some((peer, *since, Some(*lost_at))),
        _ => None,
    }
}
