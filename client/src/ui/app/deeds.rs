//! What becomes of what the screens ask for: the window's own state changes, settings are kept, and
//! intents go to the session.

use eframe::egui::{Context, ViewportCommand};

use super::entering::{Invited, RequestedLogin};
use super::{App, running};
use crate::call::event::CallPhase;
use crate::config::Settings;
use crate::conversation::Command;
use crate::desktop;
use crate::media::voice_processing::VoiceSetting;
use crate::session::snapshot::{Intent, LoginPhase};
use crate::settings::Appearance;
use crate::ui::action::Action;
use crate::ui::call_look::CallLook;
use crate::ui::design::{motion, theme};
use crate::ui::mini::MiniWindow;
use crate::ui::outside::Question;
use crate::ui::settings::applying;
use crate::words::{phrase, text};

impl App {
    pub(super) fn apply(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::Send(intent) => self.send(intent),
            Action::Help(open) => {
                self.leave_mini(ctx);
                self.help = open;
            }
            Action::ToggleHelp => self.apply(ctx, Action::Help(!self.help)),
            Action::Settings(open) => {
                self.leave_mini(ctx);
                self.settings_page.open(ctx, open);
            }
            Action::Devices => {
                self.leave_mini(ctx);
                let in_call = running(&self.snapshot.call).is_some();
                if in_call && !self.settings_page.is_seen(&self.snapshot.call) {
                    self.call.open_devices();
                } else {
                    self.settings_page.open_devices(ctx);
                }
            }
            Action::BringKey => self.settings_page.open_key(ctx),
            Action::ForgetServer(server) => {
                self.settings.forget_server(&server);
                self.keep_settings();
            }
            Action::Invited(invitation) => {
                self.invited = Some(Invited { invitation, asked: true });
            }
            Action::Invite(open) => self.inviting = open,
            Action::StopServer if self.snapshot.guests() > 0 && !self.stops_server => {
                self.stops_server = true;
            }
            Action::StopServer => {
                (self.stops_server, self.inviting) = (false, false);
                self.send(Intent::StopServer);
            }
            Action::Change(settings) => self.change(ctx, *settings),
            Action::Fullscreen(on) => {
                self.leave_mini(ctx);
                ctx.send_viewport_cmd(ViewportCommand::Fullscreen(on));
            }
            Action::Mini(true) if self.mini.is_none() => {
                self.call.close_cards();
                self.mini = Some(MiniWindow::enter(ctx, self.remote.aspect()));
            }
            Action::Mini(true) => {}
            Action::Mini(false) => self.leave_mini(ctx),
            Action::ToggleMini => self.apply(ctx, Action::Mini(self.mini.is_none())),
            Action::ShowInFolder(path) => {
                if !desktop::show_in_folder(&path) {
                    self.local_notices.push(phrase!("folder-not-shown"));
                }
            }
            Action::OpenFolder(path) => {
                if !desktop::open_folder(&path) {
                    self.local_notices.push(phrase!("folder-not-opened"));
                }
            }
            Action::ChooseFiles(question) => {
                let title = match &question {
                    Question::Files | Question::Folder => text!("attach"),
                    Question::Downloads => text!("downloads-folder"),
                    Question::SaveAs(_) => text!("save-text"),
                };
                self.asked.ask(ctx, &*self.outside, question, &title);
            }
            Action::OpenLink(link) => {
                if !self.outside.open_link(&link) {
                    self.local_notices.push(phrase!("link-not-opened"));
                }
            }
            Action::DismissLocal(index) => {
                if index < self.local_notices.len() {
                    self.local_notices.remove(index);
                }
            }
        }
    }

    /// Does what was asked for with what was chosen in the system's dialog.
    pub(super) fn follow_dialog(&mut self, ctx: &Context) {
        let Some((question, chosen)) = self.asked.answer(ctx) else { return };
        let mut chosen = chosen.into_iter();
        match question {
            Question::Files | Question::Folder => {
                let paths: Vec<_> = chosen.collect();
                if !paths.is_empty() && running(&self.snapshot.call).is_some() {
                    self.send(Intent::Converse(Command::Offer(paths)));
                }
            }
            Question::SaveAs(_) => {
                if let Some(path) = chosen.next() {
                    self.call.save_into(path);
                }
            }
            Question::Downloads => {
                // One whose name is no text can't be kept.
                if let Some(path) = chosen.next().filter(|path| path.to_str().is_some()) {
                    let settings = Settings { downloads: Some(path), ..self.settings.clone() };
                    self.change(ctx, settings);
                }
            }
        }
    }

    /// Says whether what the other writes is read: the panel is open in a window that has the
    /// keyboard.
    pub(super) fn follow_reading(&mut self, ctx: &Context) {
        let seen = ctx.input(|input| input.raw.focused && input.viewport().minimized != Some(true));
        let in_call =
            running(&self.snapshot.call).is_some() && self.snapshot.conversation.is_some();
        let seen = seen && self.mini.is_none() && !self.settings_page.is_seen(&self.snapshot.call);
        let reads = in_call && seen && self.call.shows_conversation();
        if std::mem::replace(&mut self.reads, reads) != reads && in_call {
            self.send(Intent::Converse(Command::Reading(reads)));
        }
    }

    /// Gives the window back as it was before it was made small.
    pub(super) fn leave_mini(&mut self, ctx: &Context) {
        if let Some(mini) = self.mini.take() {
            mini.leave(ctx);
        }
    }

    /// Has other settings hold from now on, and keeps them.
    fn change(&mut self, ctx: &Context, settings: Settings) {
        let before = std::mem::replace(&mut self.settings, settings);
        let after = &self.settings;
        if before.theme != after.theme {
            theme::choose(ctx, after.theme);
        }
        if before.appearance.language != after.appearance.language {
            crate::words::speak(after.appearance.language.spoken());
        }
        if before.appearance != after.appearance {
            ctx.set_zoom_factor(Appearance::zoom(after.appearance.scale_percent));
            motion::lessen(ctx, after.appearance.less_motion);
        }
        self.call_look = CallLook::remembered(after);
        let quiet = (desktop::is_quiet_now(&before), desktop::is_quiet_now(after));
        let in_call = !self.snapshot.call.is_between_calls();
        if in_call {
            // What was known before the first change in this call.
            self.before_call.get_or_insert_with(|| before.clone());
        }
        for intent in applying::intents((&before, after), &self.network_of_this_run, quiet, in_call)
        {
            self.send(intent);
        }
        self.keep_settings();
    }

    /// Has the next call begin as was chosen during the last one.
    pub(super) fn begin_calls_as_chosen(&mut self) {
        if self.snapshot.call == CallPhase::Idle
            && let Some(before) = self.before_call.take()
        {
            for intent in applying::starts(&before, &self.settings) {
                self.send(intent);
            }
        }
    }

    pub(super) fn send(&mut self, intent: Intent) {
        let before = self.settings.clone();
        match &intent {
            Intent::LogIn { server, username } => {
                let (server, username) = (Some(server.clone()), username.clone());
                self.requested_login = Some(RequestedLogin { server, username });
            }
            Intent::HostServer { username } => {
                let username = username.clone();
                self.requested_login = Some(RequestedLogin { server: None, username });
            }
            // Choices made elsewhere (on the command line) are for one run; those made here are
            // remembered.
            Intent::ChooseCamera(choice) => self.settings.camera = choice.clone(),
            Intent::ChooseMicrophone(choice) => self.settings.microphone = choice.clone(),
            Intent::ChooseSpeaker(choice) => self.settings.speaker = choice.clone(),
            Intent::ProcessVoice(settings) => {
                self.settings.voice =
                    VoiceSetting::behind(*settings, self.snapshot.microphone.hears_a_room());
            }
            Intent::SetVolume(volume) => self.settings.volume = *volume,
            // For the call that is placed or accepted with it; in a call it is meant to stay.
            Intent::TurnCameraOff(off) => {
                self.camera_off_for_call = *off && running(&self.snapshot.call).is_none();
            }
            Intent::AllowKey(change) if change.now.is_some() => {
                self.compares_with = Some(change.peer.clone());
            }
            // Whoever only cancels a log-in has not logged out.
            Intent::LogOut if !matches!(self.snapshot.login, LoginPhase::LoggingIn) => {
                self.settings.logged_out = true;
            }
            _ => {}
        }
        if self.settings != before {
            self.keep_settings();
        }
        if let Err(error) = self.link.intents.try_send(intent) {
            tracing::warn!(%error, "an intent was lost");
        }
    }

    pub(super) fn keep_settings(&self) {
        self.desktop.set_rules(desktop::rules(&self.settings));
        if let Some(writer) = &self.writer {
            writer.keep(self.settings.clone());
        }
    }
}
