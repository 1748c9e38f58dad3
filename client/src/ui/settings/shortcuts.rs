//! The keys of each command: to see, to change by pressing others, to take away.
//!
//! In: the shortcuts as they are. Out: the shortcuts as they are to be.
//! What always holds: while new keys are waited for, whatever is pressed does nothing else; keys
//! that can't be taken change nothing, and a line says why.

use eframe::egui::accesskit::Live;
use eframe::egui::{Context, Event, EventFilter, Id, Key, Modifiers, Ui};

use crate::settings::{Command, Keys, Refusal, Shortcuts};
use crate::ui::design::space;
use crate::ui::widgets::{self, Tone};
use crate::ui::{keyboard, words};
use crate::words::text;

/// What a person is about to do on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// New keys are waited for.
    Waiting(Command),
    /// Keys were pressed that can't be taken.
    Refused(Command, Option<Keys>, Refusal),
}

impl Doing {
    fn id() -> Id {
        Id::unique("shortcuts-page")
    }

    fn get(ctx: &Context) -> Option<Self> {
        ctx.data(|data| data.get_temp(Self::id()))
    }

    fn put(ctx: &Context, doing: Option<Self>) {
        ctx.data_mut(|data| match doing {
            Some(doing) => drop(data.insert_temp(Self::id(), doing)),
            None => data.remove::<Self>(Self::id()),
        });
    }
}

/// What a command does, as people read it.
pub(in crate::ui) fn meaning(command: Command) -> String {
    match command {
        Command::Accept => text!("keys-accept"),
        Command::HangUp => text!("keys-hang-up"),
        Command::Mute => text!("keys-mute"),
        Command::Talk => text!("keys-talk"),
        Command::Camera => text!("keys-camera"),
        Command::MiniWindow => text!("keys-mini-window"),
        Command::Snapshot => text!("keys-snapshot"),
        Command::FullScreen => text!("keys-full-screen"),
        Command::WholePicture => text!("keys-whole-picture"),
        Command::Statistics => text!("keys-statistics"),
        Command::SafetyCode => text!("keys-safety-code"),
        Command::Text => text!("keys-text"),
        Command::Share => text!("keys-share"),
        Command::Settings => text!("keys-settings"),
        Command::Help => text!("keys-help"),
    }
}

/// Why keys can't be taken, as people read it.
fn sentence(keys: Option<Keys>, refusal: Refusal) -> String {
    let named = keys.map_or_else(String::new, |keys| words::keys(&keys));
    match refusal {
        Refusal::Taken(other) => text!("keys-taken", keys = named, what = meaning(other)),
        Refusal::NeedsModifier => text!("keys-need-modifier"),
        Refusal::Reserved if keys.is_some() => text!("keys-reserved", keys = named),
        Refusal::Reserved | Refusal::Unknown => text!("keys-unknown"),
    }
}

/// Shows the page, as wide as there is room.
pub(super) fn show(ui: &mut Ui, shortcuts: &mut Shortcuts) {
    let ctx = ui.ctx().clone();
    if let Some(Doing::Waiting(command)) = Doing::get(&ctx) {
        wait(&ctx, command, shortcuts);
    }
    ui.spacing_mut().item_spacing.y = space::S1;
    widgets::quiet_line(ui, &text!("shortcuts-how"));
    for command in Command::ALL {
        row(ui, command, shortcuts);
    }
    ui.add_space(space::S2);
    let reset = ui.add_enabled_ui(shortcuts.are_changed(), |ui| {
        widgets::button(ui, Tone::Plain, None, &text!("shortcuts-reset"), 0.0)
    });
    if reset.inner.clicked() {
        shortcuts.reset();
        Doing::put(&ctx, None);
    }
}

fn row(ui: &mut Ui, command: Command, shortcuts: &Shortcuts) {
    let ctx = ui.ctx().clone();
    let doing = Doing::get(&ctx);
    let waiting = doing == Some(Doing::Waiting(command));
    let keys = shortcuts.keys(command);
    let caps = keys.map_or_else(Vec::new, |keys| words::key_caps(&keys));
    let response = widgets::keys_button(ui, &meaning(command), &caps, waiting);
    if waiting {
        // Whatever is pressed comes here, also what goes from one to the next otherwise.
        let all =
            EventFilter { tab: true, horizontal_arrows: true, vertical_arrows: true, escape: true };
        response.request_focus();
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, all));
        if response.clicked_elsewhere() {
            Doing::put(&ctx, None);
        }
    } else if response.clicked() {
        Doing::put(&ctx, Some(Doing::Waiting(command)));
    }
    match doing {
        Some(Doing::Refused(refused, keys, why)) if refused == command => {
            widgets::warning(ui, &sentence(keys, why), Live::Assertive);
        }
        Some(Doing::Waiting(_)) if waiting => {
            let line = widgets::hint(ui, &text!("shortcuts-press"));
            widgets::announce(ui, &line, Live::Polite);
        }
        _ => {}
    }
}

/// Takes whatever was pressed: new keys, none, or those there were.
fn wait(ctx: &Context, command: Command, shortcuts: &mut Shortcuts) {
    let events = ctx.input_mut(|input| {
        let keys = |event: &Event| {
            let text = matches!(event, Event::Text(_) | Event::Copy | Event::Cut | Event::Paste(_));
            text || matches!(event, Event::Key { pressed: true, .. })
        };
        let taken: Vec<Event> = input.events.iter().filter(|event| keys(event)).cloned().collect();
        input.events.retain(|event| !keys(event));
        taken
    });
    for event in events {
        let refused = |keys, why| Some(Doing::Refused(command, keys, why));
        let done = match event {
            // What every text field understands comes as what it does.
            Event::Copy | Event::Cut | Event::Paste(_) => refused(None, Refusal::Reserved),
            Event::Key { repeat: false, key, modifiers, .. } => match (key, modifiers) {
                (Key::Escape, Modifiers::NONE) => None,
                (Key::Backspace | Key::Delete, Modifiers::NONE) => {
                    shortcuts.clear(command);
                    None
                }
                (key, _) if is_modifier(key) => continue,
                (key, modifiers) => match keyboard::pressed_keys(key, modifiers) {
                    None => refused(None, Refusal::Unknown),
                    Some(keys) => match shortcuts.set(command, keys) {
                        Ok(()) => None,
                        Err(why) => refused(Some(keys), why),
                    },
                },
            },
            _ => continue,
        };
        Doing::put(ctx, done);
        return;
    }
}

fn is_modifier(key: Key) -> bool {
    matches!(
        key,
        Key::ShiftLeft
            | Key::ShiftRight
            | Key::ControlLeft
            | Key::ControlRight
            | Key::AltLeft
            | Key::AltRight
            | Key::SuperLeft
            | Key::SuperRight
            | Key::CapsLock
            | Key::NumLock
            | Key::Fn
    )
}
