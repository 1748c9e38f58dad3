//! Keyboard shortcuts: what the keys of the settings do, and the list that explains them.
//!
//! In: the keys of this pass, and what goes on. Out: actions. What always holds: a key that goes
//! into a text field, a list or the button that has the keyboard is no shortcut; nothing answers a
//! call by accident (the keys need a modifier and no button has the keyboard when a call comes in);
//! Escape closes only what is on top.

use std::sync::Arc;
use std::time::Duration;

use eframe::egui::{
    Align2, Area, Context, Event, Frame, Id, InputState, Key, Label, Margin, Modifiers, Order,
    Popup, Stroke, Theme, Ui, vec2,
};

use super::action::{Action, Actions};
use super::call_look::CallLook;
use super::call_screen::{CallScreen, fullscreen_now};
use super::controls::BAR_HEIGHT;
use super::design::{Icon, Palette, TypeStyle, motion, radius, size, space, stage};
use super::push_to_talk::{Pass, PushToTalk, Turn};
use super::settings::shortcuts::meaning;
use super::trust::Mark;
use super::zoom::STEP;
use super::{widgets, words};
use crate::call::event::CallPhase;
use crate::session::snapshot::{Intent, LoginPhase, Snapshot};
use crate::settings::{Command, Keys, Shortcuts};
use crate::words::text;

/// What a hint names: keys that can be changed, or one that can't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shortcut {
    Of(Command),
    Fixed(Key),
}

/// Accepts the call that rings.
pub(super) const ACCEPT: Shortcut = Shortcut::Of(Command::Accept);
/// Declines, cancels or ends the call, whichever there is.
pub(super) const HANG_UP: Shortcut = Shortcut::Of(Command::HangUp);
pub(super) const MUTE: Shortcut = Shortcut::Of(Command::Mute);
pub(super) const CAMERA: Shortcut = Shortcut::Of(Command::Camera);
pub(super) const STATISTICS: Shortcut = Shortcut::Of(Command::Statistics);
pub(super) const FULLSCREEN: Shortcut = Shortcut::Of(Command::FullScreen);
pub(super) const MINI: Shortcut = Shortcut::Of(Command::MiniWindow);
pub(super) const SNAPSHOT: Shortcut = Shortcut::Of(Command::Snapshot);
pub(super) const SAFETY_CODE: Shortcut = Shortcut::Of(Command::SafetyCode);
pub(super) const TEXT: Shortcut = Shortcut::Of(Command::Text);
pub(super) const SHARE: Shortcut = Shortcut::Of(Command::Share);
pub(super) const LEAVE: Shortcut = Shortcut::Fixed(Key::Escape);

fn id() -> Id {
    Id::unique("shortcuts")
}

/// The shortcuts as they are set.
fn current(ctx: &Context) -> Arc<Shortcuts> {
    ctx.data(|data| data.get_temp(id())).unwrap_or_default()
}

/// The keys of a shortcut as a person knows them.
pub(super) fn named(ctx: &Context, shortcut: &Shortcut) -> String {
    keys_of(ctx, shortcut).unwrap_or_else(|| text!("no-keys"))
}

/// The same where it has some.
pub(super) fn keys_of(ctx: &Context, shortcut: &Shortcut) -> Option<String> {
    match shortcut {
        Shortcut::Of(command) => current(ctx).keys(*command).map(|keys| words::keys(&keys)),
        Shortcut::Fixed(key) => Some(words::key(key.name())),
    }
}

/// The keys that an event presses; `None` for modifiers alone and keys that can't be used.
pub(super) fn pressed_keys(key: Key, held: Modifiers) -> Option<Keys> {
    // On macOS Ctrl is a key of its own, which no shortcut has.
    let foreign = held.ctrl && !held.command;
    Keys::new(held.command, held.shift, held.alt, key.name()).ok().filter(|_| !foreign)
}

/// What is on the window; whatever comes by itself begins without the keyboard on anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Screen {
    #[default]
    LogIn,
    People,
    Ringing,
    Placing,
    Call,
    Ended,
}

impl Screen {
    fn of(snapshot: &Snapshot) -> Self {
        match &snapshot.call {
            CallPhase::Ringing { .. } => Self::Ringing,
            CallPhase::Calling { .. } | CallPhase::Connecting { .. } => Self::Placing,
            CallPhase::InCall { .. } | CallPhase::Reconnecting { .. } => Self::Call,
            CallPhase::Ended { .. } => Self::Ended,
            CallPhase::Idle => match snapshot.login {
                LoginPhase::LoggedIn { .. } | LoginPhase::Reconnecting { .. } => Self::People,
                LoginPhase::LoggedOut | LoginPhase::LoggingIn | LoginPhase::Failed(_) => {
                    Self::LogIn
                }
            },
        }
    }
}

/// What the keyboard remembers from pass to pass.
#[derive(Default)]
pub(super) struct Keyboard {
    shortcuts: Arc<Shortcuts>,
    screen: Screen,
    talk: PushToTalk,
    /// Whether a list or a menu was open as this pass began: Escape closes that.
    list_open: bool,
    /// Whether a text field had the keyboard as this pass began: Escape leaves that.
    typing: bool,
}

impl Keyboard {
    /// Comes before the screens.
    pub(super) fn begin(&mut self, ctx: &Context, snapshot: &Snapshot, shortcuts: &Shortcuts) {
        if *self.shortcuts != *shortcuts {
            self.shortcuts = Arc::new(shortcuts.clone());
        }
        ctx.data_mut(|data| data.insert_temp(id(), Arc::clone(&self.shortcuts)));
        self.list_open = Popup::is_any_open(ctx);
        let screen = Screen::of(snapshot);
        if std::mem::replace(&mut self.screen, screen) != screen {
            widgets::focus::leave(ctx);
        }
    }

    /// Looks for shortcuts. Comes after the screens, so that what a widget takes for itself is gone
    /// by now. `covered`: a dialog is over everything.
    pub(super) fn handle(
        &mut self,
        ctx: &Context,
        snapshot: &Snapshot,
        (call, look): (&mut CallScreen, &mut CallLook),
        covered: bool,
        actions: &mut Actions,
    ) {
        if let Some(intent) = self.talk(ctx, snapshot, covered) {
            actions.send(intent);
        }
        if self.talk.is_talking() && !call.shows_devices() {
            talking(ctx, &self.shortcuts);
        }
        for command in self.pressed(ctx, covered) {
            self.carry_out(ctx, command, snapshot, (call, look), actions);
        }
        let zooms = self.screen == Screen::Call && snapshot.remote_shares;
        if zooms && !covered && !self.takes_keys(ctx) {
            zoom(ctx, call);
        }
        if asks_for_help(ctx) && !covered && !self.takes_keys(ctx) {
            actions.push(Action::Help(true));
        }
        if !covered && !self.typing && !self.list_open && escape(ctx) {
            match self.screen {
                Screen::Ended => actions.send(Intent::Dismiss),
                Screen::Call if !call.close_cards() && fullscreen_now(ctx) => {
                    actions.push(Action::Fullscreen(false));
                }
                _ => {}
            }
        }
        self.typing = ctx.text_edit_focused();
    }

    /// Whether what has the keyboard takes what is typed.
    fn takes_keys(&self, ctx: &Context) -> bool {
        self.list_open || ctx.memory(|memory| memory.focused()).is_some()
    }

    /// The commands whose keys went down; a key that is held counts once. Takes them out of the
    /// input.
    fn pressed(&self, ctx: &Context, covered: bool) -> Vec<Command> {
        let takes_keys = self.takes_keys(ctx);
        let typing = self.typing || ctx.text_edit_focused();
        let counts = |command: Command, keys: &Keys| match command {
            Command::Talk => false,
            // A dialog is no reason to miss a call.
            Command::Accept => true,
            // In a field Ctrl and W erase a word.
            Command::HangUp => !typing,
            // Opens and closes.
            Command::Help => !keys.type_text() || !takes_keys,
            _ => !covered && (!keys.type_text() || !takes_keys),
        };
        let mut found = Vec::new();
        ctx.input_mut(|input| {
            input.events.retain(|event| {
                let Event::Key { key, modifiers, pressed: true, repeat, .. } = event else {
                    return true;
                };
                let command = pressed_keys(*key, *modifiers)
                    .and_then(|keys| Some((self.shortcuts.command(&keys)?, keys)))
                    .filter(|(command, keys)| counts(*command, keys));
                let Some((command, _)) = command else { return true };
                if !repeat {
                    found.push(command);
                }
                false
            });
        });
        found
    }

    fn carry_out(
        &self,
        ctx: &Context,
        command: Command,
        snapshot: &Snapshot,
        (call, look): (&mut CallScreen, &mut CallLook),
        actions: &mut Actions,
    ) {
        match (command, self.screen) {
            (Command::Help, _) => actions.push(Action::ToggleHelp),
            (Command::Settings, _) => actions.push(Action::Settings(true)),
            (Command::Accept, _) => {
                // Under another key than before there is more to decide than that.
                if let CallPhase::Ringing { peer, .. } = &snapshot.call
                    && Mark::of(snapshot, peer.as_str()) != Mark::KeyChanged
                {
                    actions.send(Intent::Accept { from: peer.clone() });
                }
            }
            (Command::HangUp, Screen::Ringing) => actions.send(Intent::Decline),
            (Command::HangUp, Screen::Placing | Screen::Call) => actions.send(Intent::HangUp),
            (Command::Mute, Screen::Call) => {
                actions.send(Intent::MuteMicrophone(!snapshot.microphone_muted));
            }
            (Command::Camera, Screen::Call) => {
                actions.send(Intent::TurnCameraOff(!snapshot.camera_off));
            }
            (Command::Statistics, Screen::Call) => call.toggle_statistics(),
            (Command::SafetyCode, Screen::Call) => {
                actions.push(Action::Mini(false));
                call.toggle_safety();
            }
            (Command::Text, Screen::Call) => {
                actions.push(Action::Mini(false));
                call.toggle_conversation();
            }
            (Command::Share, Screen::Call) => {
                actions.push(Action::Mini(false));
                call.toggle_share(snapshot, actions);
            }
            (Command::MiniWindow, Screen::Call) => actions.push(Action::ToggleMini),
            (Command::Snapshot, Screen::Call) => actions.send(Intent::TakeSnapshot),
            (Command::WholePicture, Screen::Call) if snapshot.remote_shares => call.fit(),
            (Command::WholePicture, Screen::Call) => look.fill = !look.fill,
            (Command::FullScreen, Screen::Call) => {
                actions.push(Action::Fullscreen(!fullscreen_now(ctx)));
            }
            _ => {}
        }
    }

    /// Follows the key that one holds to talk. Takes it out of the input.
    fn talk(&mut self, ctx: &Context, snapshot: &Snapshot, covered: bool) -> Option<Intent> {
        let keys = self.shortcuts.keys(Command::Talk);
        let key = keys.and_then(|keys| Some((keys, Key::from_name(keys.key())?)));
        let busy = covered || self.typing || ctx.text_edit_focused() || self.takes_keys(ctx);
        let (focused, down) = ctx.input(|input| {
            let down = key.is_some_and(|(_, key)| input.keys_down.contains(&key));
            (input.focused, down)
        });
        let counts = key.is_some() && focused && !busy && Screen::of(snapshot) == Screen::Call;
        let mut went_down = false;
        if let Some((keys, talk)) = key.filter(|_| counts) {
            ctx.input_mut(|input| {
                input.events.retain(|event| match event {
                    Event::Key { key, modifiers, pressed: true, repeat, .. } if *key == talk => {
                        let its = pressed_keys(*key, *modifiers).is_some_and(|all| keys.are(&all));
                        went_down |= its && !repeat;
                        !its
                    }
                    _ => true,
                });
            });
        }
        self.talk_pass(ctx, snapshot, counts, went_down, down)
    }

    fn talk_pass(
        &mut self,
        ctx: &Context,
        snapshot: &Snapshot,
        counts: bool,
        went_down: bool,
        down: bool,
    ) -> Option<Intent> {
        let now = Duration::try_from_secs_f64(ctx.input(|input| input.time)).unwrap_or_default();
        let muted = snapshot.microphone_muted;
        let pass = Pass { now, counts, went_down, down, muted };
        let turn = self.talk.pass(pass, motion::TALK_TAIL);
        if let Some(due) = self.talk.due() {
            ctx.request_repaint_after(due.saturating_sub(now));
        }
        turn.map(|turn| Intent::MuteMicrophone(turn == Turn::Mute))
    }

    /// Comes also while the window is minimised: mutes when it no longer has the keyboard.
    pub(super) fn logic(&mut self, ctx: &Context, snapshot: &Snapshot) -> Option<Intent> {
        // While a window is hidden, only this much of the input is of now.
        let focused =
            |input: &InputState| input.raw.focused && input.viewport().minimized != Some(true);
        if ctx.input(focused) || !self.talk.is_talking() {
            return None;
        }
        self.talk_pass(ctx, snapshot, false, false, false)
    }
}

/// Shows the other's screen larger, smaller or in its original size. Takes the keys out of the
/// input.
fn zoom(ctx: &Context, call: &mut CallScreen) {
    // Signs need Shift on some keyboards.
    let pressed = |key| {
        ctx.input_mut(|input| {
            let before = input.events.len();
            input.events.retain(|event| {
                let Event::Key { key: pressed, modifiers, pressed: true, .. } = event else {
                    return true;
                };
                *pressed != key || modifiers.command || modifiers.ctrl || modifiers.alt
            });
            input.events.len() < before
        })
    };
    if pressed(Key::Plus) || pressed(Key::Equals) {
        call.zoom_by(STEP);
    }
    if pressed(Key::Minus) {
        call.zoom_by(1.0 / STEP);
    }
    if pressed(Key::Num1) {
        call.zoom_to_original();
    }
}

/// Whether Escape was pressed. Takes it out of the input.
fn escape(ctx: &Context) -> bool {
    ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
}

/// Whether a question mark was typed, on whichever key it is.
fn asks_for_help(ctx: &Context) -> bool {
    ctx.input(|i| i.events.iter().any(|event| matches!(event, Event::Text(text) if text == "?")))
}

/// Says over the bar of a call that the key is why one is heard.
fn talking(ctx: &Context, shortcuts: &Shortcuts) {
    let Some(keys) = shortcuts.keys(Command::Talk) else { return };
    let line = text!("talking-while-held", keys = words::keys(&keys));
    Area::new(Id::unique("talking"))
        .order(Order::Middle)
        .anchor(Align2::CENTER_BOTTOM, vec2(0.0, -(BAR_HEIGHT + space::S2)))
        .interactable(false)
        .accessible_name(text!("microphone"))
        .show(ctx, |ui| {
            let margin = Margin::symmetric(space::S3 as i8, space::S2 as i8);
            Frame::new()
                .fill(stage::FLOAT)
                .stroke(Stroke::new(size::HAIRLINE, stage::FLOAT_LINE))
                .corner_radius(radius::XL)
                .inner_margin(margin)
                .show(ui, |ui| talking_line(ui, &line));
        });
}

fn talking_line(ui: &mut Ui, line: &str) {
    // As high as its text, not as a button would be.
    ui.spacing_mut().interact_size.y = 0.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S2;
        let style = TypeStyle::SmallStrong;
        let side = vec2(size::ICON_SM, style.line());
        let (place, _) = ui.allocate_exact_size(side, eframe::egui::Sense::hover());
        let accent = Palette::of(&ui.ctx().style_of(Theme::Dark).visuals).accent;
        Icon::Microphone.paint(ui.painter(), place, accent);
        let words = style.layout(line, stage::TEXT, f32::INFINITY, false);
        let said = ui.add(Label::new(words));
        widgets::announce(ui, &said, eframe::egui::accesskit::Live::Polite);
    });
}

/// The list of shortcuts, over everything.
pub(super) fn help(ctx: &Context, shortcuts: &Shortcuts, actions: &mut Actions) {
    let of = |command| {
        let keys = shortcuts.keys(command);
        (keys.map_or_else(Vec::new, |keys| words::key_caps(&keys)), meaning(command))
    };
    let fixed = |key: Key, meaning: String| (vec![words::key(key.name())], meaning);
    let mut rows = vec![
        fixed(Key::Tab, text!("keys-next")),
        fixed(Key::Enter, text!("keys-press")),
        fixed(Key::Escape, text!("keys-leave")),
    ];
    rows.extend(Command::ALL.map(of));
    let zoom = [Key::Plus, Key::Minus].map(|key| words::key(key.name())).to_vec();
    rows.push((zoom, text!("keys-zoom")));
    rows.push((vec![words::key(Key::Num1.name())], text!("keys-original")));
    let title = text!("keyboard-shortcuts");
    let closed = widgets::dialog(ctx, Id::unique("keyboard-help"), &title, |ui| {
        ui.spacing_mut().item_spacing.y = space::S1;
        // Nothing in it has the keyboard, so that nothing else brings the rest into view.
        widgets::focus::scroll_by_keys(ui);
        for (keys, meaning) in &rows {
            widgets::keys_row(ui, meaning, keys);
        }
    });
    if closed {
        actions.push(Action::Help(false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_a_shortcut_may_have_is_one_that_egui_knows_and_back() {
        let mut known = 0;
        for key in Key::ALL {
            let Some(keys) = pressed_keys(*key, Modifiers::COMMAND) else { continue };
            assert_eq!(Key::from_name(keys.key()), Some(*key));
            assert!(keys.ctrl && !keys.alt && !keys.shift);
            known += 1;
        }
        assert!(known > 80, "{known}");
        for command in Command::ALL {
            let keys = command.usual_keys();
            assert!(Key::from_name(keys.key()).is_some(), "{keys}");
        }
    }

    #[test]
    fn modifiers_alone_and_keys_of_media_are_no_shortcut() {
        for key in [Key::ShiftLeft, Key::ControlLeft, Key::AudioVolumeMute, Key::Copy] {
            assert_eq!(pressed_keys(key, Modifiers::NONE), None, "{key:?}");
        }
    }
}
