//! A slider for percents, with its value behind it.

use eframe::egui::{Align2, Rect, Response, Slider, Stroke, Ui, lerp, pos2, vec2};

use super::focus;
use crate::ui::design::{Palette, TypeStyle, component, size};
use crate::words::{self, text};

/// Shows it as wide as there is room, named by a caption. Returns what it was set to.
pub(crate) fn percent_slider(ui: &mut Ui, caption: &Response, current: u8, most: u8) -> Option<u8> {
    let p = Palette::of(ui.visuals());
    let mut percent = current;
    let whole = ui.available_rect_before_wrap();
    let response = ui
        .scope(|ui| {
            ui.visuals_mut().selection.bg_fill = p.accent;
            ui.visuals_mut().widgets.inactive.bg_fill = p.raised_press;
            ui.spacing_mut().interact_size.y = size::ICON;
            ui.spacing_mut().slider_width = whole.width() - component::PERCENT;
            let slider = Slider::new(&mut percent, 0..=most).integer().show_value(false);
            ui.add(slider)
        })
        .inner
        .labelled_by(caption.id);
    focus::keep_in_view(&response);
    let value = text!("percent", value = words::number(f64::from(percent), 0));
    let rect = response.rect;
    let place = pos2(whole.right(), rect.center().y);
    let ink = p.text_2;
    ui.painter().text(place, Align2::RIGHT_CENTER, &value, TypeStyle::Small.font(), ink);
    // Over egui's own knob, which has the colour of the rail.
    let radius = component::KNOB / 2.0;
    let share = f32::from(percent) / f32::from(most.max(1));
    let ends = rect.left() + radius..=rect.right() - radius;
    let knob = Rect::from_center_size(
        pos2(lerp(ends, share), rect.center().y),
        vec2(component::KNOB, component::KNOB),
    );
    ui.painter().circle(knob.center(), radius, p.text, Stroke::new(size::HAIRLINE, p.edge));
    if response.has_focus() && focus::by_keyboard(ui.ctx()) {
        focus::paint_ring(ui.painter(), knob, crate::ui::design::radius::FULL, p);
    }
    (percent != current).then_some(percent)
}
