//! A switch with its words: on or off, at once.

use eframe::egui::accesskit::Role;
use eframe::egui::{Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::focus;
use crate::ui::design::{Palette, TypeStyle, component, motion, radius, size, space};

/// Shows a switch at the right of its words, as wide as there is room, and turns it when it is
/// pressed.
pub(crate) fn switch(ui: &mut Ui, on: &mut bool, text: &str) -> Response {
    let p = Palette::of(ui.visuals());
    let row = vec2(ui.available_width(), size::CONTROL);
    let (rect, mut response) = ui.allocate_exact_size(row, Sense::click());
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    let track = Rect::from_center_size(
        pos2(rect.right() - component::SWITCH.x / 2.0, rect.center().y),
        component::SWITCH,
    );
    let words =
        TypeStyle::Body.layout(text, p.text, rect.width() - component::SWITCH.x - space::S3, false);
    let galley = ui.painter().layout_job(words);
    let place = pos2(rect.left(), rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(place, galley, p.text);

    let t = ui.ctx().animate_bool_with_time(response.id, *on, motion::QUICK.as_secs_f32());
    let knob_x = |inset: f32| track.left() + inset;
    let x =
        knob_x(component::SWITCH_INSET) + (component::SWITCH.x - 2.0 * component::SWITCH_INSET) * t;
    if *on {
        let fill = if response.hovered() { p.accent_hover } else { p.accent };
        ui.painter().rect_filled(track, radius::FULL, fill);
        ui.painter().circle_filled(pos2(x, track.center().y), component::SWITCH_ON, p.on_accent);
    } else {
        let edge = if response.hovered() { p.text_3 } else { p.edge };
        let stroke = Stroke::new(size::RING, edge);
        ui.painter().rect_stroke(track, radius::FULL, stroke, StrokeKind::Inside);
        ui.painter().circle_filled(pos2(x, track.center().y), component::SWITCH_OFF, edge);
    }
    focus::keep_in_view(&response);
    if response.has_focus() && focus::by_keyboard(ui.ctx()) {
        focus::paint_ring(ui.painter(), track, radius::FULL, p);
    }
    response.widget_info(|| WidgetInfo::selected(Role::Switch, ui.is_enabled(), *on, text));
    response
}
