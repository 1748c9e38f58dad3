//! What a call offers besides its controls: behind More in the bar, and by a click with the other
//! button on the picture.
//!
//! In: how the call is shown. Out: which item was chosen. What always holds: the menu is dark as
//! all that floats over a call, and names the keys that do the same.

use eframe::egui::style::StyleModifier;
use eframe::egui::{Context, Frame, Id, Popup, RectAlign, Response, SetOpenCommand, Theme, Ui};

use super::call_look::CallLook;
use super::call_screen::fullscreen_now;
use super::design::{Icon, layout, space};
use super::keyboard::{self, Shortcut};
use super::widgets;
use crate::settings::Command;
use crate::words::text;

/// What can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    /// Where the bar has no room for it.
    Devices,
    /// While something is shared.
    ShareOther,
    Snapshot,
    SafetyCode,
    Statistics,
    /// The whole picture, or one that fills the window.
    Fill,
    /// One's own picture, hidden or shown.
    OwnPicture,
    Mini,
    FullScreen,
    Settings,
    Shortcuts,
}

/// An item with its icon, its words, and its keys where it has some.
type Entry = (Item, Icon, String, Option<String>);

fn entries(ctx: &Context, look: &CallLook) -> [Entry; 11] {
    let fill = if look.fill { text!("whole-picture") } else { text!("fill-window") };
    let (eye, own) = if look.own.hidden {
        (Icon::Eye, text!("show-own-picture"))
    } else {
        (Icon::EyeOff, text!("hide-own-picture"))
    };
    let (screen, full) = if fullscreen_now(ctx) {
        (Icon::Restore, text!("menu-leave-full-screen"))
    } else {
        (Icon::Fullscreen, text!("menu-full-screen"))
    };
    let keys = |shortcut: Shortcut| keyboard::keys_of(ctx, &shortcut);
    let (help, whole) = (Some("?".to_owned()), keys(Shortcut::Of(Command::WholePicture)));
    let statistics = keys(keyboard::STATISTICS);
    [
        (Item::Devices, Icon::Sliders, text!("devices"), None),
        (Item::ShareOther, Icon::Share, text!("share-other"), None),
        (Item::Snapshot, Icon::Snapshot, text!("take-snapshot"), keys(keyboard::SNAPSHOT)),
        (Item::SafetyCode, Icon::Shield, text!("safety-code"), keys(keyboard::SAFETY_CODE)),
        (Item::Statistics, Icon::Statistics, text!("statistics"), statistics),
        (Item::Fill, Icon::Expand, fill, whole),
        (Item::OwnPicture, eye, own, None),
        (Item::Mini, Icon::Mini, text!("mini-window"), keys(keyboard::MINI)),
        (Item::FullScreen, screen, full, keys(keyboard::FULLSCREEN)),
        (Item::Settings, Icon::Settings, text!("settings"), None),
        (Item::Shortcuts, Icon::Keyboard, text!("keyboard-shortcuts"), help),
    ]
}

/// What there is to choose besides what always is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Further {
    /// The bar has no room for the devices.
    pub(super) devices: bool,
    /// Something is shared.
    pub(super) shares: bool,
}

/// Shows it above the button that opens it; `toggled`: the button was pressed just now. Returns
/// whether it is open, and what was chosen.
pub(super) fn behind(
    button: &Response,
    toggled: bool,
    look: &CallLook,
    further: Further,
) -> (bool, Option<Item>) {
    let popup = Popup::menu(button)
        .open_memory(toggled.then_some(SetOpenCommand::Toggle))
        .align(RectAlign::TOP)
        .gap(space::S3);
    let was_open = popup.is_open() && !toggled;
    let id = popup.get_id();
    let chosen = show(popup, look, further);
    let ctx = &button.ctx;
    let open = Popup::is_id_open(ctx, id);
    // Whoever closes it by a key is where they were.
    if was_open && !open && widgets::focus::by_keyboard(ctx) {
        button.request_focus();
    }
    (open, chosen)
}

/// Shows it where the picture was clicked with the other button.
pub(super) fn on(picture: &Response, look: &CallLook, further: Further) -> Option<Item> {
    show(Popup::context_menu(picture), look, further)
}

fn show(popup: Popup<'_>, look: &CallLook, further: Further) -> Option<Item> {
    let dark = popup.ctx().style_of(Theme::Dark);
    let frame = Frame::popup(&dark);
    let style = StyleModifier::from((*dark).clone());
    let popup = popup.frame(frame).style(style).accessible_name(text!("more"));
    popup.show(|ui| items(ui, look, further)).and_then(|shown| shown.inner)
}

fn items(ui: &mut Ui, look: &CallLook, further: Further) -> Option<Item> {
    // In a low window only what has no button of its own has room above the bar.
    let low = ui.ctx().content_rect().height() < layout::ROOMY_HEIGHT;
    let has_button = |item| matches!(item, Item::SafetyCode | Item::Mini | Item::FullScreen);
    let is_there = |item| match item {
        Item::Devices => further.devices,
        Item::ShareOther => further.shares,
        item => !(low && has_button(item)),
    };
    let entries = entries(ui.ctx(), look).into_iter().filter(|(item, ..)| is_there(*item));
    let entries: Vec<(Item, widgets::MenuItem)> = entries
        .map(|(item, icon, words, keys)| (item, widgets::MenuItem { icon, words, keys }))
        .collect();
    let widths = entries.iter().map(|(_, item)| item.width(ui));
    ui.set_width(widths.fold(0.0, f32::max));
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut chosen = None;
    let menu = Id::unique("call-menu");
    for (item, entry) in &entries {
        if *item == Item::Settings {
            widgets::menu_line(ui);
        }
        if entry.show(ui, menu).clicked() {
            chosen = Some(*item);
            // A click closes the menu by itself, a key does not.
            ui.close();
        }
    }
    chosen
}
