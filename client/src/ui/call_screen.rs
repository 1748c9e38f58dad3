//! The screen of a call: the other person fills the window, everything else floats over them.

mod bar;
mod picture;

use std::path::PathBuf;
use std::time::Instant;

use eframe::egui::{
    Align2, Area, Context, CursorIcon, Id, Order, Rect, Theme, Ui, UiBuilder, pos2,
};

use super::action::{Action, Actions};
use super::call_chips::{self, HintPlace};
use super::call_look::CallLook;
use super::call_menu::Item;
use super::controls::{BAR_HEIGHT, Reveal};
use super::conversation::ConversationPanel;
use super::design::{Elevation, layout, size, space};
use super::mini::MiniWindow;
use super::self_view::{OwnPicture, SelfView};
use super::share::{self, Picker};
use super::trust::{Mark, SafetyPanel};
use super::video_view::VideoView;
use super::zoom::{Scene, Zoom};
use super::{devices, keyboard, notices, statistics, widgets};
use crate::conversation::View;
use crate::session::snapshot::{CallHint, Intent, ShareIntent, Snapshot};
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
    conversation: ConversationPanel,
    /// There while one chooses what to share.
    picker: Option<Picker>,
    /// How large the other's screen is shown.
    zoom: Zoom,
    /// What it is shown on, while there is one.
    scene: Option<Scene>,
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
            conversation: ConversationPanel::default(),
            picker: None,
            zoom: Zoom::default(),
            scene: None,
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
        let whole = ui.max_rect();
        let (stage, panel) = self.conversation.divide(ui.ctx(), whole);
        let nothing = View::default();
        let view = snapshot.conversation.as_deref().unwrap_or(&nothing);
        // Where it covers the picture, nothing of the call is under it.
        let covered = panel.is_some_and(|panel| panel == stage);
        let dark = ui.ctx().style_of(Theme::Dark);
        ui.scope_builder(UiBuilder::new().max_rect(stage).style(dark), |ui| {
            let shown = self.stage(ui, stage, call, snapshot, (remote, look), actions);
            if covered {
                return;
            }
            let open = self.devices_open || self.safety.is_some() || self.conversation.is_open();
            let hold = !shown || open || self.controls_busy || call.lost_at.is_some();
            let opacity = self.reveal.update(ui.ctx(), hold);
            if opacity == 0.0 && ui.rect_contains_pointer(stage) {
                ui.ctx().set_cursor_icon(CursorIcon::None);
            }
            let shares = share::is_live(&snapshot.sharing);
            let live = shares || snapshot.camera_live && !snapshot.camera_off;
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
            let own = OwnPicture { view: own, live, shares, instead, muted, peer, unseen };
            // In the order in which the keyboard goes from one to the next.
            let bar = self.bar(ui, stage, snapshot, look, actions);
            let tools = self.tools(ui, stage, actions);
            let zoom = self.zoom_control(ui, stage, !look.own.corner.right);
            let mark = Mark::of(snapshot, peer);
            let head = call_chips::head(ui, stage, call, mark, opacity);
            if head.pressed {
                self.toggle_safety();
            }
            self.controls_busy = tools || bar || zoom || head.busy;
            let own = self.self_view.show(ui, stage, own, &mut look.own);
            self.chips(ui, stage, call, snapshot, (own, head.place), actions);
        });
        if let Some(panel) = panel {
            self.conversation.show(ui, panel, call.peer, view, actions);
        }
        self.conversation.show_over(ui.ctx(), stage, call.peer, view, actions);
        if let Some(picker) = &mut self.picker
            && picker.show(ui.ctx(), call.peer, snapshot, actions)
        {
            self.picker = None;
        }
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
        let left = muted.filter(|chip| chip.top() == head.top()).unwrap_or(head).right();
        let right = stage.right() - layout::STAGE_MARGIN - call_chips::tools_width();
        let pill = share::pill(ui, stage, (left, right), &snapshot.sharing, call.peer, actions);
        let top = call_chips::under_head(stage, muted);
        let top = pill.map_or(top, |pill| top.max(pill.bottom() + space::S2));
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
        let in_the_way = [muted, pill, condition, hint];
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

    /// Does what was chosen of the menu.
    fn choose(
        &mut self,
        item: Item,
        ctx: &Context,
        look: &mut CallLook,
        snapshot: &Snapshot,
        actions: &mut Actions,
    ) {
        match item {
            Item::Devices => self.devices_open = true,
            Item::ShareOther => self.picker = Some(Picker::open(snapshot, actions)),
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

    /// Whether one of its dialogs stands over everything.
    pub(super) fn shows_dialog(&self) -> bool {
        self.safety.is_some() || self.picker.is_some() || self.conversation.shows_dialog()
    }

    /// Shows text and files, or puts them away.
    pub(super) fn toggle_conversation(&mut self) {
        self.conversation.toggle();
    }

    /// Whether text and files are shown.
    pub(super) fn shows_conversation(&self) -> bool {
        self.conversation.is_open()
    }

    /// What was said is to be saved into this file.
    pub(super) fn save_into(&mut self, path: PathBuf) {
        self.conversation.save_into(path);
    }

    /// Lets the person choose what to share, or stops sharing.
    pub(super) fn toggle_share(&mut self, snapshot: &Snapshot, actions: &mut Actions) {
        if share::is_on(&snapshot.sharing) {
            actions.send(Intent::Share(ShareIntent::Stop));
        } else {
            self.picker = Some(Picker::open(snapshot, actions));
        }
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
        std::mem::take(&mut self.statistics_open) || devices || self.conversation.close()
    }
}

/// Whether the window fills the screen.
pub(super) fn fullscreen_now(ctx: &Context) -> bool {
    ctx.input(|i| i.viewport().fullscreen.unwrap_or(false))
}
