//! The controls of a call: the bar below, and the tools at the upper right.

use eframe::egui::{Popup, Rect, Ui};

use super::{CallScreen, fullscreen_now};
use crate::session::snapshot::{Intent, Snapshot};
use crate::ui::action::{Action, Actions};
use crate::ui::call_look::CallLook;
use crate::ui::call_menu::{self, Further};
use crate::ui::controls::{self, Control, Look};
use crate::ui::design::Icon;
use crate::ui::{keyboard, share};
use crate::words::text;

/// The buttons of the bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Button {
    Microphone,
    Camera,
    Share,
    Text,
    Devices,
    More,
    HangUp,
}

impl CallScreen {
    /// The bar below. Returns whether it is being used.
    pub(super) fn bar(
        &mut self,
        ui: &mut Ui,
        over: Rect,
        snapshot: &Snapshot,
        look: &mut CallLook,
        actions: &mut Actions,
    ) -> bool {
        let muted = snapshot.microphone_muted;
        let card = |icon, text, pressed, hint| Control {
            icon,
            text,
            pressed: Some(pressed),
            hint,
            look: Look::of(pressed),
            marked: false,
        };
        let ctx = ui.ctx();
        let (open, view) = (self.conversation.is_open(), snapshot.conversation.as_deref());
        let unread = view.map_or((false, 0), |view| self.conversation.unread(view));
        let open_devices = self.devices_open;
        let devices = card(Icon::Sliders, text!("devices"), open_devices, text!("devices-hint"));
        let all = [
            (Button::Microphone, controls::microphone(ctx, muted)),
            (Button::Camera, controls::camera(ctx, snapshot)),
            (Button::Share, controls::share(ctx, snapshot)),
            (Button::Text, controls::text_panel(ctx, open, unread)),
            (Button::Devices, devices),
            (Button::More, card(Icon::More, text!("more"), self.menu_open, text!("more"))),
            (Button::HangUp, controls::hang_up(ctx)),
        ];
        let tiny = controls::is_tiny(over);
        let has_room = |button: &Button| !(tiny && *button == Button::Devices);
        let (buttons, controls): (Vec<Button>, Vec<Control>) =
            all.into_iter().filter(|(button, _)| has_room(button)).unzip();
        let used = controls::bar(ui, over, &self.reveal, &controls);
        let pressed = used.pressed.and_then(|pressed| buttons.get(pressed)).copied();
        match pressed {
            Some(Button::Microphone) => actions.send(Intent::MuteMicrophone(!muted)),
            Some(Button::Camera) => actions.push(controls::camera_pressed(snapshot)),
            Some(Button::Share) => self.toggle_share(snapshot, actions),
            Some(Button::Text) => self.conversation.toggle(),
            Some(Button::Devices) => self.devices_open = !self.devices_open,
            Some(Button::HangUp) => actions.send(Intent::HangUp),
            Some(Button::More) | None => {}
        }
        if let Some(more) = used.more {
            let toggled = pressed == Some(Button::More);
            let further = self.further(over, snapshot);
            let (open, chosen) = call_menu::behind(&more, toggled, look, further);
            self.menu_open = open;
            if let Some(item) = chosen {
                self.choose(item, ui.ctx(), look, snapshot, actions);
            }
        }
        used.busy || Popup::is_any_open(ui.ctx())
    }

    /// The tools at the upper right. Returns whether they are being used.
    pub(super) fn tools(&self, ui: &mut Ui, over: Rect, actions: &mut Actions) -> bool {
        let fullscreen = fullscreen_now(ui.ctx());
        let keys = |shortcut| keyboard::named(ui.ctx(), shortcut);
        let full = keys(&keyboard::FULLSCREEN);
        let (icon, hint) = if fullscreen {
            let keys = text!("one-key-or-other", one = full, other = keys(&keyboard::LEAVE));
            (Icon::Restore, text!("leave-full-screen-hint", keys = keys))
        } else {
            (Icon::Fullscreen, text!("full-screen-hint", keys = full))
        };
        let mini = text!("mini-window-hint", keys = keys(&keyboard::MINI));
        let controls = [
            (Icon::Mini, text!("mini-window"), false, mini),
            (icon, text!("full-screen"), fullscreen, hint),
        ]
        .map(|(icon, text, pressed, hint)| Control {
            icon,
            text,
            pressed: Some(pressed),
            hint,
            look: Look::Plain,
            marked: false,
        });
        let used = controls::tools(ui, over, &self.reveal, &controls);
        match used.pressed {
            Some(0) => actions.push(Action::Mini(true)),
            Some(_) => actions.push(Action::Fullscreen(!fullscreen)),
            None => {}
        }
        used.busy
    }

    /// What is behind More besides what always is.
    pub(super) fn further(&self, over: Rect, snapshot: &Snapshot) -> Further {
        let shares = share::is_on(&snapshot.sharing);
        Further { devices: controls::is_tiny(over), shares }
    }
}
