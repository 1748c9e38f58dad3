//! The keys that do something by themselves. Screens name them in hints, `keyboard` acts on them.

use eframe::egui::{Context, Event, Key, KeyboardShortcut, Modifiers};

/// Accepts the call that rings. It needs a modifier, so that nobody answers by accident.
pub(super) const ACCEPT: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Enter);
/// Declines, cancels or ends the call, whichever there is.
pub(super) const HANG_UP: KeyboardShortcut =
    KeyboardShortcut::new(Modifiers::COMMAND, Key::Backspace);
pub(super) const MUTE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::M);
pub(super) const CAMERA: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::V);
pub(super) const STATISTICS: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::I);
pub(super) const FULLSCREEN: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F);
pub(super) const HELP: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F1);
pub(super) const LEAVE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::Escape);

/// Whether the keys of a shortcut went down; a key that is held counts once. Takes them out of the
/// input.
pub(super) fn pressed(ctx: &Context, shortcut: &KeyboardShortcut) -> bool {
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
