//! The screen of a call: the other person fills the window, everything else floats over them.

use std::time::{Duration, Instant};

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    Align2, Area, Color32, Context, CornerRadius, CursorIcon, FontId, Frame, Id, Label, Margin,
    Order, Rect, RichText, Sense, Theme, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2,
};

use super::action::{Action, Actions};
use super::controls::{self, BAR_HEIGHT, Control, Look, Reveal};
use super::icons::Icon;
use super::self_view::SelfView;
use super::theme::{FLOATING, Palette, STAGE};
use super::video_view::{VideoView, letterbox};
use super::{devices, keyboard, statistics, wake, widgets, words};
use crate::session::snapshot::{Intent, Snapshot};

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
#[derive(Default)]
pub(super) struct CallScreen {
    reveal: Reveal,
    self_view: SelfView,
    devices_open: bool,
    statistics_open: bool,
    bar_used: bool,
}

impl CallScreen {
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        call: CallView<'_>,
        snapshot: &Snapshot,
        (remote, own): (&VideoView, &VideoView),
        actions: &mut Actions,
    ) {
        let stage = ui.max_rect();
        let dark = ui.ctx().style_of(Theme::Dark);
        ui.scope_builder(UiBuilder::new().max_rect(stage).style(dark), |ui| {
            let shown = self.stage(ui, stage, call, snapshot, remote, actions);
            let hold = !shown || self.devices_open || self.bar_used || call.lost_at.is_some();
            let opacity = self.reveal.update(ui.ctx(), hold);
            if opacity == 0.0 && ui.rect_contains_pointer(stage) {
                ui.ctx().set_cursor_icon(CursorIcon::None);
            }
            let live = snapshot.camera_live && !snapshot.camera_off;
            let unseen = snapshot.own_video_words.as_deref();
            self.self_view.show(ui, stage, own, live, unseen);
            head(ui, stage, call, opacity);
            condition(ui, stage, call, snapshot);
            self.bar(ui, stage, snapshot, actions);
        });
        if self.devices_open {
            self.devices(ui.ctx(), stage, snapshot, actions);
        }
        if self.statistics_open && statistics::show(ui.ctx(), stage, snapshot.statistics.as_deref())
        {
            self.statistics_open = false;
        }
    }

    /// The other person, or who they are while there is no video. Returns whether there is one.
    fn stage(
        &self,
        ui: &mut Ui,
        stage: Rect,
        call: CallView<'_>,
        snapshot: &Snapshot,
        remote: &VideoView,
        actions: &mut Actions,
    ) -> bool {
        ui.painter().rect_filled(stage, 0.0, STAGE);
        let response = ui.interact(stage, ui.make_persistent_id("stage"), Sense::CLICK);
        if response.double_clicked() {
            actions.push(Action::Fullscreen(!is_fullscreen(ui.ctx())));
        }
        let shape = letterbox(remote.aspect().unwrap_or(16.0 / 9.0), stage);
        let shown = snapshot.remote_video_live && remote.paint(ui.painter(), shape, 0, false);
        let peer = call.peer;
        let label = match &snapshot.remote_video_words {
            _ if shown => format!("Picture of {peer}"),
            Some(words) => words.clone(),
            None => format!("No picture from {peer}"),
        };
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
        if !shown {
            let palette = Palette::of(ui.visuals());
            let radius = (stage.size().min_elem() * 0.15).clamp(36.0, 84.0);
            let center = pos2(stage.center().x, stage.center().y - BAR_HEIGHT * 0.35);
            widgets::paint_avatar(ui.painter(), palette, center, radius, peer);
            let below = center + vec2(0.0, radius + 14.0);
            // What the person can do nothing about is said where the picture would be.
            let text = match &snapshot.remote_video_words {
                Some(words) => words.clone(),
                None => format!("No picture from {peer}"),
            };
            let galley = ui.painter().layout(
                text,
                FontId::proportional(15.0),
                palette.weak,
                stage.width() - 32.0,
            );
            ui.painter().galley(below - vec2(galley.size().x / 2.0, 0.0), galley, palette.weak);
        } else if call.lost_at.is_some() {
            // What stands still must not look as if it moved.
            ui.painter().rect_filled(shape, 0.0, Color32::from_black_alpha(150));
        }
        shown
    }

    fn bar(&mut self, ui: &mut Ui, stage: Rect, snapshot: &Snapshot, actions: &mut Actions) {
        let (muted, off) = (snapshot.microphone_muted, snapshot.camera_off);
        let fullscreen = is_fullscreen(ui.ctx());
        let look = |switched| if switched { Look::Switched } else { Look::Plain };
        let hang_up = format!("Close the call ({})", ui.ctx().format_shortcut(&keyboard::HANG_UP));
        let microphone = if muted {
            (Icon::MicrophoneOff, "Unmute", "Unmute the microphone (M)")
        } else {
            (Icon::Microphone, "Mute", "Mute the microphone (M)")
        };
        let camera = if off {
            (Icon::CameraOff, "Camera on", "Turn the camera on (V)")
        } else {
            (Icon::Camera, "Camera off", "Turn the camera off (V)")
        };
        let window = if fullscreen {
            (Icon::Restore, "Window", "Leave full screen (F or Escape)")
        } else {
            (Icon::Fullscreen, "Full screen", "Fill the screen with the call (F)")
        };
        let devices = (Icon::Sliders, "Devices", "Choose camera, microphone and speaker");
        let controls = [
            (microphone, look(muted)),
            (camera, look(off)),
            (devices, look(self.devices_open)),
            (window, Look::Plain),
            ((Icon::HangUp, "Close call", &hang_up), Look::HangUp),
        ]
        .map(|((icon, text, hint), look)| Control { icon, text, hint, look });
        let (pressed, used) = controls::bar(ui, stage, &self.reveal, &controls);
        self.bar_used = used;
        match pressed {
            Some(0) => actions.send(Intent::MuteMicrophone(!muted)),
            Some(1) => actions.send(Intent::TurnCameraOff(!off)),
            Some(2) => self.devices_open = !self.devices_open,
            Some(3) => actions.push(Action::Fullscreen(!fullscreen)),
            Some(_) => actions.send(Intent::HangUp),
            None => {}
        }
    }

    /// The devices in a card over the bar.
    fn devices(&mut self, ctx: &Context, stage: Rect, snapshot: &Snapshot, actions: &mut Actions) {
        let width = 320.0_f32.min(stage.width() - 48.0);
        let room = (stage.height() - BAR_HEIGHT - 24.0).max(120.0);
        Area::new(Id::unique("call-devices"))
            .order(Order::Middle)
            .pivot(Align2::CENTER_BOTTOM)
            .fixed_pos(pos2(stage.center().x, stage.bottom() - BAR_HEIGHT - 8.0))
            .constrain_to(stage)
            .accessible_name("Devices")
            .show(ctx, |ui| {
                let shadow = ui.visuals().popup_shadow;
                widgets::card(ui).shadow(shadow).show(ui, |ui| {
                    ui.set_width(width);
                    if widgets::card_head(ui, "Devices", "Close devices") {
                        self.devices_open = false;
                    }
                    eframe::egui::ScrollArea::vertical().max_height(room - 90.0).show(ui, |ui| {
                        devices::show(ui, snapshot, actions);
                    });
                });
            });
    }

    pub(super) fn toggle_statistics(&mut self) {
        self.statistics_open = !self.statistics_open;
    }

    /// Puts devices and statistics away if they are shown; returns whether they were.
    pub(super) fn close_cards(&mut self) -> bool {
        let devices = std::mem::take(&mut self.devices_open);
        std::mem::take(&mut self.statistics_open) || devices
    }
}

pub(super) fn is_fullscreen(ctx: &Context) -> bool {
    ctx.input(|i| i.viewport().fullscreen.unwrap_or(false))
}

/// Who it is and how long it has been, in the upper left; fades with the bar.
fn head(ui: &mut Ui, stage: Rect, call: CallView<'_>, opacity: f32) {
    let talked = call.now.saturating_duration_since(call.since);
    ui.ctx().request_repaint_after(wake::until_next_second(call.since, call.now));
    let rect = Rect::from_min_size(
        stage.min + Vec2::splat(12.0),
        vec2((stage.width() * 0.5).min(360.0), 34.0),
    );
    ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        ui.set_opacity(opacity);
        chip().show(ui, |ui| {
            ui.spacing_mut().interact_size.y = 0.0;
            ui.horizontal(|ui| {
                let weak = Palette::of(ui.visuals()).weak;
                // The clock first into the space, so that a long name is what gets cut.
                let clock = words::clock(talked);
                let clock_width = 12.0 + 8.0 * clock.len() as f32;
                let room = (rect.width() - 24.0 - clock_width).max(40.0);
                ui.scope(|ui| {
                    ui.set_max_width(room);
                    ui.add(Label::new(call.peer).truncate());
                });
                let time = ui.label(RichText::new(&clock).color(weak));
                ui.ctx().accesskit_node_builder(time.id, |node| {
                    node.set_description(format!("In the call for {}", words::spoken(talked)));
                });
            });
        });
    });
}

/// How the connection is doing, when it is not well; does not fade.
fn condition(ui: &mut Ui, stage: Rect, call: CallView<'_>, snapshot: &Snapshot) {
    let text = match call.lost_at {
        Some(lost_at) => {
            let lost = call.now.saturating_duration_since(lost_at);
            ui.ctx().request_repaint_after(wake::until_next_second(lost_at, call.now));
            // Not before five seconds: a short gap needs no number.
            let so_far = if lost < Duration::from_secs(5) {
                String::new()
            } else {
                format!(" ({})", words::clock(lost))
            };
            format!("The connection is interrupted. Finding another way to {}…{so_far}", call.peer)
        }
        None => match snapshot.connection_words.as_deref().and_then(words::foreign) {
            Some(text) => text,
            None => return,
        },
    };
    let amber = Palette::of(ui.visuals()).warning;
    let (padding, icon) = (vec2(12.0, 8.0), 18.0);
    let room = (stage.width() - 24.0).min(480.0) - 2.0 * padding.x - icon - 8.0;
    let galley = ui.painter().layout(text, FontId::proportional(15.0), amber, room);
    // Measured first, so that it stands in the middle however long it is.
    let size = galley.size() + 2.0 * padding + vec2(icon + 8.0, 0.0);
    let rect = Rect::from_min_size(pos2(stage.center().x - size.x / 2.0, stage.top() + 54.0), size);
    ui.painter().rect_filled(rect, 12.0, FLOATING);
    Icon::Warning.paint(
        ui.painter(),
        Rect::from_min_size(rect.min + padding, Vec2::splat(icon)),
        amber,
    );
    let words = Rect::from_min_size(rect.min + padding + vec2(icon + 8.0, 0.0), galley.size());
    let line = ui.put(words, Label::new(galley));
    let live = if call.lost_at.is_some() { Live::Assertive } else { Live::Polite };
    widgets::announce(ui, &line, live);
}

/// The ground under text that floats over the video.
fn chip() -> Frame {
    Frame::new()
        .fill(FLOATING)
        .corner_radius(CornerRadius::same(12))
        .inner_margin(Margin::symmetric(12, 7))
}
