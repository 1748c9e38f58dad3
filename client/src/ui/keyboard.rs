//! Keyboard shortcuts: which there are, what they do, and the list that explains them.
//!
//! What always holds: a key that goes into a text field is no shortcut; nothing answers a call by
//! accident (the key needs a modifier and no button has the keyboard when a call comes in).

use eframe::egui::{Context, Event, Grid, Id, Key, KeyboardShortcut, Label, Modifiers, Popup};

use super::action::{Action, Actions};
use super::call_look::CallLook;
use super::call_screen::{CallScreen, is_fullscreen};
use super::design::{Palette, TypeStyle, space};
use super::widgets;
use super::words;
use crate::call::event::CallPhase;
use crate::session::snapshot::{Intent, Snapshot};
use crate::words::text;

/// Accepts the call that rings. It needs a modifier, so that nobody answers by accident.
pub(super) const ACCEPT: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Enter);
/// Declines, cancels or ends the call, whichever there is.
pub(super) const HANG_UP: KeyboardShortcut =
    KeyboardShortcut::new(Modifiers::COMMAND, Key::Backspace);
pub(super) const MUTE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::M);
pub(super) const CAMERA: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::V);
pub(super) const STATISTICS: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::I);
pub(super) const FULLSCREEN: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F);
const WHOLE_PICTURE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::Num0);
const HELP: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F1);
pub(super) const LEAVE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::Escape);

/// The keys of a shortcut as a person knows them.
pub(super) fn named(ctx: &Context, shortcut: &KeyboardShortcut) -> String {
    words::keys(&ctx.format_shortcut(shortcut))
}

/// Whether the keys of a shortcut went down; a key that is held counts once. Takes them out of the
/// input.
fn pressed(ctx: &Context, shortcut: &KeyboardShortcut) -> bool {
    ctx.input_mut(|i| {
        let mut found = false;
        i.events.retain(|event| match event {
            Event::Key { key, modifiers, pressed: true, repeat, .. }
                if *key == shortcut.logical_key
                    && modifiers.matches_logically(shortcut.modifiers) =>
            {
                found |= !repeat;
                false
            }
            _ => true,
        });
        found
    })
}

/// Looks for shortcuts. Comes after the screens, so that what a widget takes for itself is gone by
/// now.
pub(super) fn handle(
    ctx: &Context,
    snapshot: &Snapshot,
    (call, look): (&mut CallScreen, &mut CallLook),
    help: bool,
    actions: &mut Actions,
) {
    let pressed = |shortcut: &KeyboardShortcut| pressed(ctx, shortcut);
    if pressed(&HELP) {
        actions.push(Action::Help(!help));
    }
    if help {
        return;
    }
    match &snapshot.call {
        CallPhase::Ringing { peer, .. } if pressed(&ACCEPT) => {
            actions.send(Intent::Accept { from: peer.clone() });
        }
        CallPhase::Ringing { .. } if pressed(&HANG_UP) => actions.send(Intent::Decline),
        CallPhase::Calling { .. } | CallPhase::Connecting { .. } if pressed(&HANG_UP) => {
            actions.send(Intent::HangUp);
        }
        CallPhase::InCall { .. } | CallPhase::Reconnecting { .. } => {
            in_call(ctx, snapshot, (call, look), actions);
        }
        CallPhase::Ended { .. } if pressed(&LEAVE) => actions.send(Intent::Dismiss),
        _ => {}
    }
}

fn in_call(
    ctx: &Context,
    snapshot: &Snapshot,
    (call, look): (&mut CallScreen, &mut CallLook),
    actions: &mut Actions,
) {
    let pressed = |shortcut: &KeyboardShortcut| pressed(ctx, shortcut);
    if pressed(&HANG_UP) {
        actions.send(Intent::HangUp);
    }
    if pressed(&STATISTICS) {
        call.toggle_statistics();
    }
    // An open list of devices takes letters and Escape for itself.
    if ctx.text_edit_focused() || Popup::is_any_open(ctx) {
        return;
    }
    if pressed(&MUTE) {
        actions.send(Intent::MuteMicrophone(!snapshot.microphone_muted));
    }
    if pressed(&CAMERA) {
        actions.send(Intent::TurnCameraOff(!snapshot.camera_off));
    }
    if pressed(&WHOLE_PICTURE) {
        look.fill = !look.fill;
    }
    if pressed(&FULLSCREEN) {
        actions.push(Action::Fullscreen(!is_fullscreen(ctx)));
    }
    if pressed(&LEAVE) && !call.close_cards() && is_fullscreen(ctx) {
        actions.push(Action::Fullscreen(false));
    }
}

/// The keys as a person knows them, and what they do.
pub(super) fn shortcuts(ctx: &Context) -> [(String, String); 11] {
    let keys = |shortcut| named(ctx, shortcut);
    [
        (text!("key-tab"), text!("keys-next")),
        (
            text!("one-key-or-other", one = text!("key-enter"), other = text!("key-space")),
            text!("keys-press"),
        ),
        (keys(&ACCEPT), text!("keys-accept")),
        (keys(&HANG_UP), text!("keys-hang-up")),
        (keys(&MUTE), text!("keys-mute")),
        (keys(&CAMERA), text!("keys-camera")),
        (keys(&FULLSCREEN), text!("keys-full-screen")),
        (keys(&WHOLE_PICTURE), text!("keys-whole-picture")),
        (keys(&STATISTICS), text!("keys-statistics")),
        (keys(&LEAVE), text!("keys-leave")),
        (keys(&HELP), text!("keys-help")),
    ]
}

/// The list of shortcuts, over everything.
pub(super) fn help(ctx: &Context, actions: &mut Actions) {
    let rows = shortcuts(ctx);
    let title = text!("keyboard-shortcuts");
    let closed = widgets::dialog(ctx, Id::unique("keyboard-help"), &title, |ui| {
        // Rows are as high as their text, not as a button would be.
        ui.spacing_mut().interact_size.y = 0.0;
        let ink = Palette::of(ui.visuals()).text_2;
        let wide = |keys: &String| {
            let keys = TypeStyle::SmallStrong.layout(keys, ink, f32::INFINITY, false);
            ui.painter().layout_job(keys).size().x
        };
        let keys_width = rows.iter().map(|(keys, _)| wide(keys)).fold(0.0, f32::max);
        // The rest of the line; what is longer wraps.
        let room = ui.available_width() - keys_width - space::S5;
        Grid::new("shortcuts").num_columns(2).spacing([space::S5, space::S2]).show(ui, |ui| {
            for (keys, meaning) in &rows {
                ui.label(TypeStyle::SmallStrong.text(keys).color(ink));
                ui.scope(|ui| {
                    ui.set_max_width(room);
                    ui.add(Label::new(meaning).wrap());
                });
                ui.end_row();
            }
        });
    });
    if closed {
        actions.push(Action::Help(false));
    }
}
