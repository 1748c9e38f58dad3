//! Lines to type into, with the caption above them that names them.

use eframe::egui::{
    Align2, CornerRadius, Frame, Key, Margin, Rect, Response, Stroke, StrokeKind, TextEdit, Ui,
    Vec2, pos2, vec2,
};

use super::focus;
use crate::ui::design::{Icon, Palette, TypeStyle, radius, size, space};

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
    field(ui, caption, hint, text, (limit, width), Mark::default())
}

/// The same for what nobody may read over a shoulder: shown as dots.
pub(crate) fn secret_field(
    ui: &mut Ui,
    caption: &Response,
    text: &mut String,
    limit: usize,
    width: f32,
) -> Response {
    field(ui, caption, "", text, (limit, width), Mark { secret: true, ..Mark::default() })
}

/// What a line to type into is besides its text.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mark {
    /// Stands before the text.
    pub(crate) icon: Option<Icon>,
    /// What is typed has to be changed: the outline says so.
    pub(crate) wrong: bool,
    /// Dots stand for what is typed.
    pub(crate) secret: bool,
}

/// A line to type into that carries a mark.
pub(crate) fn marked_field(
    ui: &mut Ui,
    caption: &Response,
    hint: &str,
    text: &mut String,
    limit: usize,
    width: f32,
    mark: Mark,
) -> Response {
    field(ui, caption, hint, text, (limit, width), mark)
}

fn field(
    ui: &mut Ui,
    caption: &Response,
    hint: &str,
    text: &mut String,
    (limit, width): (usize, f32),
    mark: Mark,
) -> Response {
    let p = Palette::of(ui.visuals());
    let mut margin = Margin::symmetric(space::S3 as i8, 0);
    if mark.icon.is_some() {
        margin.left += (size::ICON + space::S2) as i8;
    }
    let pad = ((size::FIELD - TypeStyle::Body.line()) / 2.0) as i8;
    let field = TextEdit::singleline(text)
        .password(mark.secret)
        .hint_text(TypeStyle::Body.text(hint).color(p.text_3))
        .font(TypeStyle::Body.font())
        .text_color(p.text)
        .align(Align2::LEFT_CENTER)
        .char_limit(limit)
        .frame(Frame::NONE.inner_margin(Margin { top: pad, bottom: pad, ..margin }))
        .desired_width(width);
    let place = ui.painter().add(eframe::egui::Shape::Noop);
    let response = ui.add_sized(vec2(width, size::FIELD), field).labelled_by(caption.id);
    focus::keep_in_view(&response);
    let outline = if mark.wrong {
        Stroke::new(size::RING, p.warn)
    } else if response.has_focus() {
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
    if let Some(icon) = mark.icon {
        let left = response.rect.left() + space::S3 + size::ICON / 2.0;
        let place = pos2(left, response.rect.center().y);
        icon.paint(ui.painter(), Rect::from_center_size(place, Vec2::splat(size::ICON)), p.text_2);
    }
    response
}

/// Whether Enter was pressed in a line.
pub(crate) fn submitted(field: &Response) -> bool {
    field.lost_focus() && field.ctx.input(|i| i.key_pressed(Key::Enter))
}
