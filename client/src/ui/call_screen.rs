//! The screen of a call: the other person fills the window, everything else floats over them.

use std::time::Instant;

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    Align2, Area, Context, CursorIcon, Id, Order, Popup, Rect, Sense, Theme, Ui, UiBuilder,
    WidgetInfo, pos2, vec2,
};

use super::action::{Action, Actions};
use super::call_chips::{self, HintPlace};
use super::call_look::CallLook;
use super::call_menu::{self, Item};
use super::controls::{self, BAR_HEIGHT, Control, Look, Reveal};
use super::design::{
    Elevation, Icon, Palette, TypeStyle, component, layout, motion, size, space, stage,
};
use super::mini::MiniWindow;
use super::self_view::{OwnPicture, SelfView};
use super::trust::{Mark, SafetyPanel};
use super::video_view::{VideoView, letterbox};
use super::{devices, keyboard, notices, statistics, widgets};
use crate::session::snapshot::{CallHint, Intent, Snapshot};
use crate::words::text;

/// What the screen needs to know about the call itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallView<'a> {
    pub(super) peer: &'a str,
    pub(super) since: Instant,
    /// Without media since, while that is being mended.
    pub(super) lost_at: Option<Instant>,
    pub(super) now: Instant,
}

/// What the screen remembers from pass to pass, for one call.
pub(super) struct CallScreen {
    reveal: Reveal,
    self_view: SelfView,
    devices_open: bool,
    /// Whether what is behind More is shown.
    menu_open: bool,
    statistics_open: bool,
    /// There while it is open.
    safety: Option<SafetyPanel>,
    controls_busy: bool,
    /// Since when a picture is to come, when that is not since the beginning.
    picture_due: Option<Instant>,
    /// Where the open cards are.
    cards: Vec<Rect>,
    /// Where notices have room.
    notices_place: Rect,
    /// Where what floats above the middle ends.
    free_from: f32,
}

impl Default for CallScreen {
    fn default() -> Self {
        Self {
            reveal: Reveal::default(),
            self_view: SelfView::default(),
            devices_open: false,
            menu_open: false,
            statistics_open: false,
            safety: None,
            controls_busy: false,
            picture_due: None,
            cards: Vec::new(),
            notices_place: Rect::NOTHING,
            free_from: 0.0,
        }
    }
}

impl CallScreen {
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        call: CallView<'_>,
        snapshot: &Snapshot,
        (remote, own): (&VideoView, &VideoView),
        look: &mut CallLook,
        actions: &mut Actions,
    ) {
        let stage = ui.max_rect();
        let dark = ui.ctx().style_of(Theme::Dark);
        ui.scope_builder(UiBuilder::new().max_rect(stage).style(dark), |ui| {
            let shown = self.stage(ui, stage, call, snapshot, (remote, look), actions);
            let open = self.devices_open || self.safety.is_some();
            let hold = !shown || open || self.controls_busy || call.lost_at.is_some();
            let opacity = self.reveal.update(ui.ctx(), hold);
            if opacity == 0.0 && ui.rect_contains_pointer(stage) {
                ui.ctx().set_cursor_icon(CursorIcon::None);
            }
            let live = snapshot.camera_live && !snapshot.camera_off;
            let unseen = snapshot.own_video_words.as_ref();
            let muted = snapshot.microphone_muted;
            let instead = if snapshot.has_no_camera() {
                text!("no-camera")
            } else if snapshot.camera_off {
                text!("own-camera-off")
            } else {
                text!("waiting-for-camera")
            };
            let (peer, instead) = (call.peer, instead.as_str());
            let own = OwnPicture { view: own, live, instead, muted, peer, unseen };
            // In the order in which the keyboard goes from one to the next.
            let bar = self.bar(ui, stage, snapshot, look, actions);
            let tools = self.tools(ui, stage, actions);
            let mark = Mark::of(snapshot, peer);
            let head = call_chips::head(ui, stage, call, mark, opacity);
            if head.pressed {
                self.toggle_safety();
            }
            self.controls_busy = tools || bar || head.busy;
            let own = self.self_view.show(ui, stage, own, &mut look.own);
            self.chips(ui, stage, call, snapshot, (own, head.place), actions);
        });
        if let Some(safety) = &mut self.safety
            && safety.show(ui.ctx(), call.peer, snapshot, actions)
        {
            self.safety = None;
        }
        if self.devices_open {
            self.devices(ui.ctx(), stage, snapshot, actions);
        }
        if self.statistics_open {
            let statistics = snapshot.statistics.as_deref();
            let (card, closed) = statistics::show(ui.ctx(), stage, statistics);
            self.cards.push(card);
            self.statistics_open = !closed;
        }
    }

    /// What floats over the picture besides the controls.
    fn chips(
        &mut self,
        ui: &mut Ui,
        stage: Rect,
        call: CallView<'_>,
        snapshot: &Snapshot,
        (own, head): (Rect, Rect),
        actions: &mut Actions,
    ) {
        let muted = snapshot.remote_muted.then(|| call_chips::muted(ui, stage, head, call.peer));
        let top = call_chips::under_head(stage, muted);
        let condition = call_chips::condition(ui, stage, top, call, snapshot);
        let hint = snapshot.hint.map(|hint| {
            let place = if self.devices_open {
                HintPlace::Below(condition.map_or(top, |chip| chip.bottom() + space::S2))
            } else {
                HintPlace::AboveBar { own: Some(own) }
            };
            let keys = (hint == CallHint::TalkingWhileMuted)
                .then(|| keyboard::named(ui.ctx(), &keyboard::MUTE));
            let (place, helps) = call_chips::hint(ui, stage, place, hint, keys);
            match hint {
                CallHint::TalkingWhileMuted if helps => {
                    actions.send(Intent::MuteMicrophone(false));
                }
                CallHint::SilentMicrophone if helps => self.devices_open = true,
                _ => {}
            }
            place
        });
        self.free_from = condition.map_or(top, |chip| chip.bottom());
        let in_the_way = [muted, condition, hint];
        let cards = std::mem::take(&mut self.cards);
        let in_the_way: Vec<Rect> = in_the_way.into_iter().flatten().chain(cards).collect();
        self.notices_place = notices::place_in_call(stage, &in_the_way, own);
    }

    /// Where notices have room over this screen.
    pub(super) fn notices_place(&self) -> Rect {
        self.notices_place
    }

    /// Shows the call in the mini window.
    pub(super) fn show_mini(
        &mut self,
        ui: &mut Ui,
        call: CallView<'_>,
        snapshot: &Snapshot,
        (remote, mini): (&VideoView, &mut MiniWindow),
        actions: &mut Actions,
    ) {
        let (over, dark) = (ui.max_rect(), ui.ctx().style_of(Theme::Dark));
        ui.scope_builder(UiBuilder::new().max_rect(over).style(dark), |ui| {
            mini.show(ui, call, snapshot, remote, &mut self.reveal, actions);
        });
    }

    /// The other person, or who they are while there is no video. Returns whether there is one.
    fn stage(
        &mut self,
        ui: &mut Ui,
        stage: Rect,
        call: CallView<'_>,
        snapshot: &Snapshot,
        (remote, look): (&VideoView, &mut CallLook),
        actions: &mut Actions,
    ) -> bool {
        ui.painter().rect_filled(stage, 0.0, stage::GROUND);
        let response = ui.interact(stage, ui.make_persistent_id("stage"), Sense::CLICK);
        if response.double_clicked() {
            actions.push(Action::Fullscreen(!fullscreen_now(ui.ctx())));
        }
        if let Some(item) = call_menu::on(&response, look) {
            self.choose(item, ui.ctx(), look, actions);
        }
        let shape = letterbox(remote.aspect().unwrap_or(component::CAMERA_ASPECT), stage);
        let off = snapshot.remote_camera_off;
        if off {
            self.picture_due = Some(call.now);
        }
        let due = self.picture_due.unwrap_or(call.since);
        let shown = snapshot.remote_video_live
            && !off
            && if look.fill {
                remote.fill(ui.painter(), stage)
            } else {
                remote.paint(ui.painter(), shape, 0, false)
            };
        let peer = call.peer;
        // What the person can do nothing about is said where the picture would be.
        let label = match &snapshot.remote_video_words {
            _ if shown => text!("picture-of", peer = peer),
            None if off => text!("their-camera-off", peer = peer),
            Some(words) => words.text(),
            None if remote.is_paused()
                || call.now.saturating_duration_since(due) < motion::FIRST_PICTURE =>
            {
                text!("waiting-for-picture", peer = peer)
            }
            None => text!("no-picture-from", peer = peer),
        };
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
        widgets::announce(ui, &response, Live::Polite);
        if !shown {
            let palette = Palette::of(ui.visuals());
            let diameter = if stage.height() < layout::ROOMY_HEIGHT {
                size::AVATAR_LG
            } else {
                size::AVATAR_XL
            };
            let high = stage.center().y - BAR_HEIGHT / 2.0;
            let below = self.free_from + diameter / 2.0 + space::S2;
            let center = pos2(stage.center().x, high.max(below));
            widgets::paint_avatar(ui.painter(), palette, center, diameter, peer);
            let below = center + vec2(0.0, diameter / 2.0 + space::S4);
            let room = stage.width() - 2.0 * layout::STAGE_MARGIN;
            let ink = stage::TEXT_2;
            let galley = ui.painter().layout_job(TypeStyle::Body.layout(&label, ink, room, true));
            ui.painter().galley(below - vec2(galley.size().x / 2.0, 0.0), galley, ink);
        } else if call.lost_at.is_some() {
            // What stands still must not look as if it moved.
            ui.painter().rect_filled(if look.fill { stage } else { shape }, 0.0, stage::DIMMED);
        }
        shown
    }

    /// Does what was chosen of the menu.
    fn choose(&mut self, item: Item, ctx: &Context, look: &mut CallLook, actions: &mut Actions) {
        match item {
            Item::Snapshot => actions.send(Intent::TakeSnapshot),
            Item::SafetyCode => self.toggle_safety(),
            Item::Statistics => self.toggle_statistics(),
            Item::Fill => look.fill = !look.fill,
            Item::OwnPicture => look.own.hidden = !look.own.hidden,
            Item::Mini => actions.push(Action::Mini(true)),
            Item::FullScreen => actions.push(Action::Fullscreen(!fullscreen_now(ctx))),
            Item::Settings => actions.push(Action::Settings(true)),
            Item::Shortcuts => actions.push(Action::Help(true)),
        }
    }

    /// The bar below. Returns whether it is being used.
    fn bar(
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
        };
        let open = self.devices_open;
        let devices = card(Icon::Sliders, text!("devices"), open, text!("devices-hint"));
        let (icon, text, hint) = (Icon::More, text!("more"), text!("more"));
        let open = self.menu_open;
        let more = Control { icon, text, pressed: Some(open), hint, look: Look::of(open) };
        let ctx = ui.ctx();
        let microphone = controls::microphone(ctx, muted);
        let camera = controls::camera(ctx, snapshot);
        let controls = [microphone, camera, devices, more, controls::hang_up(ctx)];
        let used = controls::bar(ui, over, &self.reveal, &controls);
        match used.pressed {
            Some(0) => actions.send(Intent::MuteMicrophone(!muted)),
            Some(1) => actions.push(controls::camera_pressed(snapshot)),
            Some(2) => self.devices_open = !self.devices_open,
            Some(4) => actions.send(Intent::HangUp),
            Some(_) | None => {}
        }
        let toggled = used.pressed == Some(3);
        if let Some(more) = used.more {
            let (open, chosen) = call_menu::behind(&more, toggled, look);
            self.menu_open = open;
            if let Some(item) = chosen {
                self.choose(item, ui.ctx(), look, actions);
            }
        }
        used.busy || Popup::is_any_open(ui.ctx())
    }

    /// The tools at the upper right. Returns whether they are being used.
    fn tools(&self, ui: &mut Ui, over: Rect, actions: &mut Actions) -> bool {
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
        });
        let used = controls::tools(ui, over, &self.reveal, &controls);
        match used.pressed {
            Some(0) => actions.push(Action::Mini(true)),
            Some(_) => actions.push(Action::Fullscreen(!fullscreen)),
            None => {}
        }
        used.busy
    }

    /// The devices in a card over the bar.
    fn devices(&mut self, ctx: &Context, stage: Rect, snapshot: &Snapshot, actions: &mut Actions) {
        let width = layout::SIDE_BAR.min(stage.width() - 2.0 * space::S6);
        let room = (stage.height() - BAR_HEIGHT - space::S6).max(2.0 * space::S10);
        let card = Area::new(Id::unique("call-devices"))
            .order(Order::Middle)
            .default_height(room)
            .pivot(Align2::CENTER_BOTTOM)
            .fixed_pos(pos2(stage.center().x, stage.bottom() - BAR_HEIGHT - space::S2))
            .constrain_to(stage)
            .accessible_name(text!("devices"))
            .show(ctx, |ui| {
                let shadow = Elevation::Menu.shadow(ui.visuals().dark_mode);
                widgets::card(ui).shadow(shadow).show(ui, |ui| {
                    ui.set_width(width);
                    if widgets::card_head(ui, &text!("devices"), &text!("close-devices")) {
                        self.devices_open = false;
                    }
                    eframe::egui::ScrollArea::vertical()
                        .max_height(room - 2.0 * size::CONTROL_LG)
                        .show(ui, |ui| {
                            devices::show(ui, snapshot, actions);
                        });
                });
            });
        self.cards.push(card.response.rect);
    }

    /// Shows the devices over the bar.
    pub(super) fn open_devices(&mut self) {
        self.devices_open = true;
    }

    pub(super) fn toggle_statistics(&mut self) {
        self.statistics_open = !self.statistics_open;
    }

    /// Says what the shield means, or no more.
    pub(super) fn toggle_safety(&mut self) {
        self.safety = self.safety.is_none().then(SafetyPanel::default);
    }

    /// Whether what the shield means stands over everything.
    pub(super) fn shows_safety(&self) -> bool {
        self.safety.is_some()
    }

    /// Whether the devices stand over the bar.
    pub(super) fn shows_devices(&self) -> bool {
        self.devices_open
    }

    /// Puts what stands over the picture away if it is shown; returns whether it was.
    pub(super) fn close_cards(&mut self) -> bool {
        if self.safety.take().is_some() {
            return true;
        }
        let devices = std::mem::take(&mut self.devices_open);
        std::mem::take(&mut self.statistics_open) || devices
    }
}

/// Whether the window fills the screen.
pub(super) fn fullscreen_now(ctx: &Context) -> bool {
    ctx.input(|i| i.viewport().fullscreen.unwrap_or(false))
}
