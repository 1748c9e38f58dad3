//! Cards: what belongs together, in the flow or floating over a call.

use eframe::egui::{
    Align, CornerRadius, Frame, Label, Layout, Margin, Rect, Stroke, Ui, UiBuilder, pos2, vec2,
};

use super::icon_button;
use crate::ui::design::{Icon, Palette, TypeStyle, component, radius, size, space};

/// A card in the flow of the layout.
pub(crate) fn card(ui: &Ui) -> Frame {
    let p = Palette::of(ui.visuals());
    Frame::new()
        .fill(p.card)
        .stroke(Stroke::new(size::HAIRLINE, p.line))
        .corner_radius(CornerRadius::same(radius::LG))
        .inner_margin(Margin::same(space::S4 as i8))
}

/// The head of a card that floats over a call. Returns whether its button closes it.
pub(crate) fn card_head(ui: &mut Ui, title: &str, close: &str) -> bool {
    ui.horizontal(|ui| {
        ui.add(Label::new(TypeStyle::Heading.text(title)).truncate());
        let to_the_right = Layout::right_to_left(Align::Center);
        ui.with_layout(to_the_right, |ui| icon_button(ui, Icon::Close, close).clicked()).inner
    })
    .inner
}

/// Lays something out in the middle of what is left, `height` points high, as far up as it must
/// when there is less.
pub(crate) fn centered_column(ui: &mut Ui, width: f32, height: f32, content: impl FnOnce(&mut Ui)) {
    let space_left = ui.available_rect_before_wrap();
    let width = width.min(space_left.width() - space::S6).max(2.0 * space::S10);
    let top = space_left.top()
        + ((space_left.height() - height) * component::OPTICAL_MIDDLE).max(space::S2);
    let rect = Rect::from_min_size(
        pos2(space_left.center().x - width / 2.0, top),
        vec2(width, space_left.bottom() - top),
    );
    let middle = Layout::top_down(Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(rect).layout(middle), content);
}
