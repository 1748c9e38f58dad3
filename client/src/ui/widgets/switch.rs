//! A switch with its words: on or off, at once.

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Color32, Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::focus;
use crate::ui::design::{Palette, TypeStyle, component, motion, radius, size, space};

/// Shows a switch at the right of its words, as wide as there is room, and turns it when it is
/// pressed.
pub(crate) fn switch(ui: &mut Ui, on: &mut bool, text: &str) -> Response {
    described_switch(ui, on, text, "")
}

/// Shows a switch at the left of its words, as wide as they are, and turns it when it is pressed.
pub(crate) fn leading_switch(ui: &mut Ui, on: &mut bool, text: &str) -> Response {
    let p = Palette::of(ui.visuals());
    let room = ui.available_width() - component::SWITCH.x - space::S3;
    let words = ui.painter().layout_job(TypeStyle::Small.layout(text, p.text, room, false));
    let extent = vec2(component::SWITCH.x + space::S3 + words.size().x, size::CONTROL_SM);
    let (rect, mut response) = ui.allocate_exact_size(extent, Sense::click());
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    let corner = pos2(rect.left(), rect.center().y - component::SWITCH.y / 2.0);
    let track = Rect::from_min_size(corner, component::SWITCH);
    let at = pos2(track.right() + space::S3, rect.center().y - words.size().y / 2.0);
    ui.painter().galley(at, words, p.text);
    track_and_knob(ui, track, &response, *on);
    focus::keep_in_view(&response);
    if response.has_focus() && focus::by_keyboard(ui.ctx()) {
        focus::paint_ring(ui.painter(), track, radius::FULL, p);
    }
    response.widget_info(|| WidgetInfo::selected(Role::Switch, ui.is_enabled(), *on, text));
    response
}

/// How wide such a switch is with its words.
pub(crate) fn leading_switch_width(ui: &Ui, text: &str) -> f32 {
    let words = TypeStyle::Small.layout(text, Color32::PLACEHOLDER, f32::INFINITY, false);
    component::SWITCH.x + space::S3 + ui.painter().layout_job(words).size().x
}

/// The same with a second line, which wraps, where there is something to say in it.
pub(crate) fn described_switch(ui: &mut Ui, on: &mut bool, text: &str, second: &str) -> Response {
    let p = Palette::of(ui.visuals());
    let width = ui.available_width();
    let for_words = width - component::SWITCH.x - space::S3;
    let words = TypeStyle::Body.layout(text, p.text, for_words, !second.is_empty());
    let galley = ui.painter().layout_job(words);
    let second_galley = (!second.is_empty()).then(|| {
        let words = TypeStyle::Small.layout(second, p.text_3, for_words, true);
        ui.painter().layout_job(words)
    });
    let height = galley.size().y + second_galley.as_ref().map_or(0.0, |second| second.size().y);
    let row = vec2(width, height.max(size::CONTROL));
    let (rect, mut response) = ui.allocate_exact_size(row, Sense::click());
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    let track = Rect::from_center_size(
        pos2(rect.right() - component::SWITCH.x / 2.0, rect.center().y),
        component::SWITCH,
    );
    let place = pos2(rect.left(), rect.center().y - height / 2.0);
    let below = place + vec2(0.0, galley.size().y);
    ui.painter().galley(place, galley, p.text);
    if let Some(galley) = second_galley {
        ui.painter().galley(below, galley, p.text_3);
    }

    track_and_knob(ui, track, &response, *on);
    focus::keep_in_view(&response);
    if response.has_focus() && focus::by_keyboard(ui.ctx()) {
        focus::paint_ring(ui.painter(), track, radius::FULL, p);
    }
    response.widget_info(|| WidgetInfo::selected(Role::Switch, ui.is_enabled(), *on, text));
    if !second.is_empty() {
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(second));
    }
    response
}

fn track_and_knob(ui: &Ui, track: Rect, response: &Response, on: bool) {
    let p = Palette::of(ui.visuals());
    let t = ui.ctx().animate_bool_with_time(response.id, on, motion::QUICK.as_secs_f32());
    let knob_x = |inset: f32| track.left() + inset;
    let x =
        knob_x(component::SWITCH_INSET) + (component::SWITCH.x - 2.0 * component::SWITCH_INSET) * t;
    if on {
        let fill = if response.hovered() { p.accent_hover } else { p.accent };
        ui.painter().rect_filled(track, radius::FULL, fill);
        ui.painter().circle_filled(pos2(x, track.center().y), component::SWITCH_ON, p.on_accent);
    } else {
        let edge = if response.hovered() { p.text_3 } else { p.edge };
        let stroke = Stroke::new(size::RING, edge);
        ui.painter().rect_stroke(track, radius::FULL, stroke, StrokeKind::Inside);
        ui.painter().circle_filled(pos2(x, track.center().y), component::SWITCH_OFF, edge);
    }
}
