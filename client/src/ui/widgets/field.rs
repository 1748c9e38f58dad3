//! Lines to type into, with the caption above them that names them.

use eframe::egui::{
    Align2, CornerRadius, Frame, Key, Margin, Response, Stroke, StrokeKind, TextEdit, Ui, vec2,
};

use crate::ui::design::{Palette, TypeStyle, radius, size, space};

/// A line to type into, named by the caption above it. Its outline says whether it has the
/// keyboard.
pub(crate) fn text_field(
    ui: &mut Ui,
    caption: &Response,
    hint: &str,
    text: &mut String,
    limit: usize,
    width: f32,
) -> Response {
    field(ui, caption, hint, text, (limit, width), false)
}

/// The same for what nobody may read over a shoulder: shown as dots.
pub(crate) fn secret_field(
    ui: &mut Ui,
    caption: &Response,
    text: &mut String,
    limit: usize,
    width: f32,
) -> Response {
    field(ui, caption, "", text, (limit, width), true)
}

fn field(
    ui: &mut Ui,
    caption: &Response,
    hint: &str,
    text: &mut String,
    (limit, width): (usize, f32),
    secret: bool,
) -> Response {
    let p = Palette::of(ui.visuals());
    let pad = ((size::FIELD - TypeStyle::Body.line()) / 2.0) as i8;
    let field = TextEdit::singleline(text)
        .password(secret)
        .hint_text(TypeStyle::Body.text(hint).color(p.text_3))
        .font(TypeStyle::Body.font())
        .text_color(p.text)
        .align(Align2::LEFT_CENTER)
        .char_limit(limit)
        .frame(Frame::NONE.inner_margin(Margin::symmetric(space::S3 as i8, pad)))
        .desired_width(width);
    let place = ui.painter().add(eframe::egui::Shape::Noop);
    let response = ui.add_sized(vec2(width, size::FIELD), field).labelled_by(caption.id);
    let outline = if response.has_focus() {
        Stroke::new(size::RING, p.accent)
    } else if response.hovered() {
        Stroke::new(size::HAIRLINE, p.text_3)
    } else {
        Stroke::new(size::HAIRLINE, p.edge)
    };
    let corners = CornerRadius::same(radius::MD);
    let frame = eframe::egui::epaint::RectShape::new(
        response.rect,
        corners,
        p.field_fill,
        outline,
        StrokeKind::Inside,
    );
    ui.painter().set(place, frame);
    response
}

/// Whether Enter was pressed in a line.
pub(crate) fn submitted(field: &Response) -> bool {
    field.lost_focus() && field.ctx.input(|i| i.key_pressed(Key::Enter))
}
