//! Lines of text: captions, second lines, warnings, and what screen readers say when they change.

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{Label, Response, Sense, Ui, Vec2, WidgetInfo};

use crate::ui::design::{Icon, Palette, TypeStyle, size, space};

/// The name of a field or of a part.
pub(crate) fn caption(ui: &mut Ui, text: &str) -> Response {
    let ink = Palette::of(ui.visuals()).text_2;
    ui.label(TypeStyle::SmallStrong.text(text).color(ink))
}

/// The name of a field whose hint says it to those who see.
pub(crate) fn hidden_caption(ui: &mut Ui, text: &str) -> Response {
    let (_, response) = ui.allocate_exact_size(Vec2::ZERO, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    response
}

/// A hint or a time.
pub(crate) fn hint(ui: &mut Ui, text: &str) -> Response {
    let ink = Palette::of(ui.visuals()).text_3;
    ui.label(TypeStyle::Caption.text(text).color(ink))
}

/// A line in the quieter colour that wraps.
pub(crate) fn quiet_line(ui: &mut Ui, text: &str) -> Response {
    let ink = Palette::of(ui.visuals()).text_2;
    ui.add(Label::new(TypeStyle::Body.text(text).color(ink)).wrap())
}

/// Lets a screen reader say a text when it changes.
pub(crate) fn announce(ui: &Ui, text: &Response, live: Live) {
    ui.ctx().accesskit_node_builder(text.id, |node| node.set_live(live));
}

/// What went wrong, under its cause.
pub(crate) fn warning(ui: &mut Ui, text: &str, live: Live) {
    let amber = Palette::of(ui.visuals()).warn;
    let line = ui
        .horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::S2;
            let side = vec_of_line(TypeStyle::Small);
            let (rect, _) = ui.allocate_exact_size(side, Sense::hover());
            Icon::Warning.paint(ui.painter(), rect, amber);
            ui.add(Label::new(TypeStyle::Small.text(text).color(amber)).wrap())
        })
        .inner;
    announce(ui, &line, live);
}

/// Room for a small icon beside the first line of a text.
fn vec_of_line(style: TypeStyle) -> Vec2 {
    Vec2::new(size::ICON_SM, style.line())
}
