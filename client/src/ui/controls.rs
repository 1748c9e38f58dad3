//! What floats over a call: the bar of round buttons below, the tools at the upper right. Both fade
//! when the mouse rests.
//!
//! What always holds: the buttons are in the accessibility tree even while they can't be seen; a
//! pointer can't press what is not seen; what has the keyboard is seen.

use std::time::Duration;

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Align2, Color32, Context, CornerRadius, Id, PointerButton, Rect, Response, Sense, Stroke,
    StrokeKind, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2,
};

use super::action::Action;
use super::design::component::{PILL_BEFORE, PILL_BEHIND, TOOL};
use super::design::{
    Elevation, Icon, Palette, TypeStyle, component, layout, motion, radius, size, space, stage,
};
use super::widgets::focus;
use super::{keyboard, share};
use crate::session::snapshot::{Intent, Snapshot};
use crate::words::text;

/// How high the bar is, with the gap under it.
pub(super) const BAR_HEIGHT: f32 = size::CONTROL_LG + 2.0 * space::S2 + layout::BAR_GAP;
/// What the name, the clock and the tools need at the upper edge.
pub(super) const HEAD_HEIGHT: f32 = layout::STAGE_MARGIN + size::CONTROL;

/// Decides whether the controls are to be seen.
#[derive(Debug, Default)]
pub(super) struct Reveal {
    last_moved: Option<f64>,
    opacity: f32,
    visible: bool,
    /// Whether they were to be seen when the button of the mouse went down.
    press_counts: bool,
}

impl Reveal {
    /// Looks at the input of this pass; `hold` keeps the controls in sight. Asks for the repaint
    /// that hides them.
    pub(super) fn update(&mut self, ctx: &Context, hold: bool) -> f32 {
        let (now, moved, went_down) = ctx.input(|i| {
            // Any movement counts, however slow the window repaints.
            let moved =
                i.pointer.delta() != Vec2::ZERO || i.pointer.any_down() || !i.keys_down.is_empty();
            (i.time, moved || i.smooth_scroll_delta() != Vec2::ZERO, i.pointer.any_pressed())
        });
        if went_down {
            self.press_counts = self.visible;
        }
        if moved || hold || self.last_moved.is_none() {
            self.last_moved = Some(now);
        }
        let rested = now - self.last_moved.unwrap_or(now);
        let rest = motion::REST.as_secs_f64();
        self.visible = rested < rest;
        if self.visible && !hold {
            ctx.request_repaint_after(Duration::from_secs_f64(rest - rested));
        }
        let fade = if self.visible { motion::BASE } else { motion::SLOW };
        self.opacity = ctx.animate_bool_with_time(
            Id::unique("controls-shown"),
            self.visible,
            motion::seconds(ctx, fade),
        );
        self.opacity
    }

    /// How much of the controls is to be seen.
    pub(super) fn opacity(&self) -> f32 {
        self.opacity
    }

    /// Whether a press of a button counts: what the pointer presses must have been seen.
    pub(super) fn counts(&self, response: &Response) -> bool {
        response.clicked() && (!response.clicked_by(PointerButton::Primary) || self.press_counts)
    }
}

pub(super) struct Control {
    pub(super) icon: Icon,
    /// Its name, and what stands on it where it has words. It stays the same whatever is switched.
    pub(super) text: String,
    /// Whether it is pressed, of those that stay so until they are pressed again.
    pub(super) pressed: Option<bool>,
    /// What it does, with its key.
    pub(super) hint: String,
    pub(super) look: Look,
    /// Whether something waits behind it.
    pub(super) marked: bool,
}

/// Mutes the microphone, or not.
pub(super) fn microphone(ctx: &Context, muted: bool) -> Control {
    let keys = keyboard::named(ctx, &keyboard::MUTE);
    let (icon, hint) = if muted {
        (Icon::MicrophoneOff, text!("unmute-hint", keys = keys))
    } else {
        (Icon::Microphone, text!("mute-hint", keys = keys))
    };
    Control {
        icon,
        text: text!("mute"),
        pressed: Some(muted),
        hint,
        look: Look::of(muted),
        marked: false,
    }
}

/// Turns the camera off or on; without one it leads to where another is chosen.
pub(super) fn camera(ctx: &Context, snapshot: &Snapshot) -> Control {
    // What there is no camera for is off, whatever was chosen.
    let off = snapshot.camera_off || snapshot.has_no_camera();
    let keys = keyboard::named(ctx, &keyboard::CAMERA);
    let icon = if off { Icon::CameraOff } else { Icon::Camera };
    let hint = if leads_to_devices(snapshot) {
        text!("camera-missing-hint")
    } else if off {
        text!("camera-on-hint", keys = keys)
    } else {
        text!("camera-off-hint", keys = keys)
    };
    Control {
        icon,
        text: text!("camera"),
        pressed: Some(!off),
        hint,
        look: Look::of(off),
        marked: false,
    }
}

/// What a press of the camera's button asks for.
pub(super) fn camera_pressed(snapshot: &Snapshot) -> Action {
    if leads_to_devices(snapshot) {
        Action::Devices
    } else {
        Action::Send(Intent::TurnCameraOff(!snapshot.camera_off))
    }
}

/// Without a camera it is another one that helps.
fn leads_to_devices(snapshot: &Snapshot) -> bool {
    snapshot.has_no_camera() && !snapshot.camera_off
}

/// Shares a screen or a window, or stops that.
pub(super) fn share(ctx: &Context, snapshot: &Snapshot) -> Control {
    let on = share::is_on(&snapshot.sharing);
    let keys = keyboard::named(ctx, &keyboard::SHARE);
    let (icon, hint) = if on {
        (Icon::ShareStop, text!("stop-sharing-hint", keys = keys))
    } else {
        (Icon::Share, text!("share-hint", keys = keys))
    };
    let (text, look) = (text!("share"), Look::of(on));
    Control { icon, text, pressed: Some(on), hint, look, marked: false }
}

/// Shows text and files, or puts them away; `unread` messages wait.
pub(super) fn text_panel(ctx: &Context, open: bool, (marked, unread): (bool, usize)) -> Control {
    let keys = keyboard::named(ctx, &keyboard::TEXT);
    let hint = if marked && unread > 0 {
        text!("text-unread-hint", keys = keys, count = unread)
    } else {
        text!("text-hint", keys = keys)
    };
    let (icon, text) = (Icon::Text, text!("text-and-files"));
    Control { icon, text, pressed: Some(open), hint, look: Look::of(open), marked }
}

/// Whether the stage is so narrow that the devices are behind More.
pub(super) fn is_tiny(over: Rect) -> bool {
    over.width() < layout::TINY
}

/// Closes the call.
pub(super) fn hang_up(ctx: &Context) -> Control {
    let hint = text!("close-call-hint", keys = keyboard::named(ctx, &keyboard::HANG_UP));
    let (icon, text) = (Icon::HangUp, text!("close-call"));
    Control { icon, text, pressed: None, hint, look: Look::HangUp, marked: false }
}

/// How a button of the bar looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Plain,
    /// Something is switched away from the usual: muted, camera off, a panel open.
    Switched,
    HangUp,
}

impl Look {
    pub(super) fn of(switched: bool) -> Self {
        if switched { Self::Switched } else { Self::Plain }
    }
}

/// What was done with some controls.
#[derive(Debug, Default)]
pub(super) struct Use {
    /// Which was pressed.
    pub(super) pressed: Option<usize>,
    /// The one that opens a menu, where there is one.
    pub(super) more: Option<Response>,
    /// Whether the pointer is on them or one has the keyboard.
    pub(super) busy: bool,
}

/// Shows the bar at the lower edge of the stage: round buttons, then, behind a line, the last one.
pub(super) fn bar(ui: &mut Ui, over: Rect, reveal: &Reveal, controls: &[Control]) -> Use {
    let with_words = over.width() >= layout::CLOSE_IS_AN_ICON;
    let gap = if over.width() < layout::TINY { space::S1 } else { space::S2 };
    let widths: Vec<f32> = controls
        .iter()
        .map(|control| match control.look {
            Look::HangUp if with_words => pill_width(ui, &control.text),
            _ => size::CONTROL_LG,
        })
        .collect();
    let divider = 2.0 * space::S1 + size::HAIRLINE + gap;
    let inner = widths.iter().sum::<f32>() + gap * (controls.len() as f32 - 1.0) + divider;
    let bar = Rect::from_min_size(
        pos2(
            over.center().x - inner / 2.0 - space::S2,
            over.bottom() - layout::BAR_GAP - size::CONTROL_LG - 2.0 * space::S2,
        ),
        vec2(inner + 2.0 * space::S2, size::CONTROL_LG + 2.0 * space::S2),
    );
    let mut used = Use::default();
    ui.scope_builder(UiBuilder::new().max_rect(bar), |ui| {
        ui.set_opacity(reveal.opacity);
        let shadow = Elevation::Float.shadow(true);
        let corners = CornerRadius::same((bar.height() / 2.0) as u8);
        ui.painter().add(shadow.as_shape(bar, corners));
        float(ui, bar);
        let mut left = bar.left() + space::S2;
        for (i, (control, width)) in controls.iter().zip(&widths).enumerate() {
            if control.look == Look::HangUp {
                let x = left + space::S1;
                ui.painter().vline(
                    x,
                    bar.center().y - space::S3..=bar.center().y + space::S3,
                    Stroke::new(size::HAIRLINE, stage::DIVIDER),
                );
                left += divider;
            }
            let place = Rect::from_min_size(
                pos2(left, bar.top() + space::S2),
                vec2(*width, size::CONTROL_LG),
            );
            left += width + gap;
            let response = button(ui, place, control, size::ICON_CALL);
            used.busy |= response.has_focus();
            if reveal.counts(&response) {
                used.pressed = Some(i);
            }
            if control.icon == Icon::More {
                used.more = Some(response);
            }
        }
    });
    used.busy |= ui.rect_contains_pointer(bar);
    used
}

/// Shows the tools at the upper right of the stage.
pub(super) fn tools(ui: &mut Ui, over: Rect, reveal: &Reveal, controls: &[Control]) -> Use {
    let step = TOOL + space::S1;
    let width = step * controls.len() as f32 + space::S1;
    let pill = Rect::from_min_size(
        pos2(over.right() - layout::STAGE_MARGIN - width, over.top() + layout::STAGE_MARGIN),
        vec2(width, TOOL + 2.0 * space::S1),
    );
    floating(ui, pill, TOOL, size::ICON_BUTTON, reveal, controls)
}

/// Shows the bar of the mini window: small round buttons at its lower edge.
pub(super) fn small_bar(ui: &mut Ui, over: Rect, reveal: &Reveal, controls: &[Control]) -> Use {
    let step = size::CONTROL + space::S1;
    let width = step * controls.len() as f32 + space::S1;
    let height = size::CONTROL + 2.0 * space::S1;
    let at = pos2(over.center().x - width / 2.0, over.bottom() - space::S2 - height);
    let bar = Rect::from_min_size(at, vec2(width, height));
    floating(ui, bar, size::CONTROL, size::ICON, reveal, controls)
}

/// Shows the tool at the upper right of the mini window.
pub(super) fn small_tool(ui: &mut Ui, over: Rect, reveal: &Reveal, control: &Control) -> Use {
    let at = pos2(over.right() - space::S2 - TOOL, over.top() + space::S2);
    let place = Rect::from_min_size(at, Vec2::splat(TOOL)).expand(space::S1);
    // In a line with the name at the upper left.
    let place = place.translate(vec2(-space::S1, 0.0));
    floating(ui, place, TOOL, size::ICON_BUTTON, reveal, std::slice::from_ref(control))
}

/// Buttons of one size side by side.
fn floating(
    ui: &mut Ui,
    place: Rect,
    side: f32,
    icon: f32,
    reveal: &Reveal,
    controls: &[Control],
) -> Use {
    let step = side + space::S1;
    let mut used = Use::default();
    ui.scope_builder(UiBuilder::new().max_rect(place), |ui| {
        ui.set_opacity(reveal.opacity);
        float(ui, place);
        for (i, control) in controls.iter().enumerate() {
            let button_place = Rect::from_min_size(
                place.min + vec2(space::S1 + step * i as f32, space::S1),
                Vec2::splat(side),
            );
            let response = button(ui, button_place, control, icon);
            used.busy |= response.has_focus();
            if reveal.counts(&response) {
                used.pressed = Some(i);
            }
        }
    });
    used.busy |= ui.rect_contains_pointer(place);
    used
}

/// The ground under what floats over the video, round at its ends.
pub(super) fn float(ui: &Ui, rect: Rect) {
    let corners = CornerRadius::same((rect.height() / 2.0).min(space::S8) as u8);
    ui.painter().rect_filled(rect, corners, stage::FLOAT);
    let line = Stroke::new(size::HAIRLINE, stage::FLOAT_LINE);
    ui.painter().rect_stroke(rect, corners, line, StrokeKind::Inside);
}

fn pill_width(ui: &Ui, text: &str) -> f32 {
    let words = TypeStyle::Strong.layout(text, stage::TEXT, f32::INFINITY, false);
    let words = ui.painter().layout_job(words).size().x;
    PILL_BEFORE + size::ICON_CALL + space::S2 + words + PILL_BEHIND
}

/// One round button.
pub(super) fn button(ui: &mut Ui, rect: Rect, control: &Control, icon: f32) -> Response {
    let p = Palette::of(ui.visuals());
    let response = ui.allocate_rect(rect, Sense::click());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Button, ui.is_enabled(), &control.text);
        info.selected = control.pressed;
        info
    });
    if control.hint != control.text {
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(&*control.hint));
    }
    let pick = |rest: Color32, hover: Color32, press: Color32| {
        if response.is_pointer_button_down_on() {
            press
        } else if response.hovered() || response.has_focus() {
            hover
        } else {
            rest
        }
    };
    let small = rect.width() < size::CONTROL;
    let (fill, ink) = match control.look {
        Look::Plain if small => {
            (pick(Color32::TRANSPARENT, stage::GLASS_HOVER, stage::GLASS_PRESS), stage::TEXT)
        }
        Look::Plain => (pick(stage::GLASS, stage::GLASS_HOVER, stage::GLASS_PRESS), stage::TEXT),
        Look::Switched => {
            let fill = pick(stage::SWITCHED, stage::SWITCHED_HOVER, stage::SWITCHED_HOVER);
            (fill, stage::ON_SWITCHED)
        }
        Look::HangUp => (pick(p.danger, p.danger_hover, p.danger_press), p.on_danger),
    };
    let corners = CornerRadius::same((rect.height() / 2.0) as u8);
    ui.painter().rect_filled(rect, corners, fill);
    if response.has_focus() && focus::by_keyboard(ui.ctx()) {
        focus::paint_ring(ui.painter(), rect, radius::FULL, p);
    }
    let side = Vec2::splat(icon);
    if rect.width() > rect.height() {
        let middle = pos2(rect.left() + PILL_BEFORE + icon / 2.0, rect.center().y);
        control.icon.paint(ui.painter(), Rect::from_center_size(middle, side), ink);
        ui.painter().text(
            pos2(middle.x + icon / 2.0 + space::S2, rect.center().y),
            Align2::LEFT_CENTER,
            &control.text,
            TypeStyle::Strong.font(),
            ink,
        );
    } else {
        control.icon.paint(ui.painter(), Rect::from_center_size(rect.center(), side), ink);
    }
    if control.marked {
        let at = rect.center() + Vec2::new(icon, -icon) / 2.0;
        ui.painter().circle_filled(at, component::UNREAD + size::RING, stage::GROUND);
        ui.painter().circle_filled(at, component::UNREAD, p.accent);
    }
    response.on_hover_text(&control.hint)
}
