//! The few widgets of our own: filled buttons, avatars, cards, the level meter, the status dot.
//!
//! Each carries a label for screen readers (AccessKit) and shows when it has the keyboard.

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    Align, Align2, Atom, Button, Color32, CornerRadius, FontFamily, FontId, Frame, Key, Label,
    Layout, Margin, Painter, Pos2, Rect, Response, RichText, Sense, Stroke, TextEdit, Ui,
    UiBuilder, Vec2, WidgetInfo, pos2, vec2,
};

use super::icons::Icon;
use super::theme::{CARD_RADIUS, Palette, WIDGET_HEIGHT};
use super::words;

/// What a filled button is for; this decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// The thing to do next.
    Accent,
    HangUp,
    Quiet,
}

impl Tone {
    fn colors(self, palette: &Palette) -> (Color32, Color32, Color32) {
        match self {
            Self::Accent => (palette.accent, palette.accent_hover, palette.on_accent),
            Self::HangUp => (palette.hang_up, palette.hang_up_hover, Color32::WHITE),
            Self::Quiet => (palette.raised, palette.raised_hover, palette.text),
        }
    }
}

/// A button in a tone, with an icon where one helps, at least so wide.
pub(super) fn button(
    ui: &mut Ui,
    tone: Tone,
    icon: Option<Icon>,
    text: &str,
    min_width: f32,
) -> Response {
    let palette = Palette::of(ui.visuals());
    let (fill, hover, ink) = tone.colors(palette);
    ui.scope(|ui| {
        let widgets = &mut ui.visuals_mut().widgets;
        for (visuals, fill, ring) in [
            (&mut widgets.inactive, fill, Stroke::NONE),
            (&mut widgets.hovered, hover, Stroke::NONE),
            (&mut widgets.active, hover, Stroke::new(2.0, palette.text)),
        ] {
            visuals.weak_bg_fill = fill;
            visuals.bg_stroke = ring;
            visuals.fg_stroke.color = ink;
        }
        let text = RichText::new(text).color(ink);
        // What grows at both ends keeps the text in the middle of a wide button.
        let button = match icon {
            Some(icon) => Button::new((Atom::grow(), icon.atom(18.0), text, Atom::grow())),
            None => Button::new((Atom::grow(), text, Atom::grow())),
        };
        ui.add(button.gap(7.0).min_size(vec2(min_width, WIDGET_HEIGHT)))
    })
    .inner
}

/// A small button that is only an icon; `label` is its tooltip and its name.
pub(super) fn icon_button(ui: &mut Ui, icon: Icon, label: &str) -> Response {
    let response = ui.add(
        Button::new(icon.atom(18.0))
            .frame_when_inactive(false)
            .min_size(Vec2::splat(WIDGET_HEIGHT)),
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), label));
    response.on_hover_text(label)
}

pub(super) fn card(ui: &Ui) -> Frame {
    let palette = Palette::of(ui.visuals());
    Frame::new()
        .fill(palette.card)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(CARD_RADIUS))
        .inner_margin(Margin::same(16))
}

pub(super) fn caption(ui: &mut Ui, text: &str) -> Response {
    let weak = Palette::of(ui.visuals()).weak;
    ui.label(RichText::new(text).size(13.0).color(weak))
}

/// A line in the quieter colour that wraps.
pub(super) fn quiet_line(ui: &mut Ui, text: &str) -> Response {
    let weak = Palette::of(ui.visuals()).weak;
    ui.add(Label::new(RichText::new(text).color(weak)).wrap())
}

/// Lets a screen reader say a text when it changes.
pub(super) fn announce(ui: &Ui, text: &Response, live: Live) {
    ui.ctx().accesskit_node_builder(text.id, |node| node.set_live(live));
}

pub(super) fn warning(ui: &mut Ui, text: &str, live: Live) {
    let amber = Palette::of(ui.visuals()).warning;
    let line = ui
        .horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            let (rect, _) = ui.allocate_exact_size(Vec2::splat(18.0), Sense::hover());
            Icon::Warning.paint(ui.painter(), rect, amber);
            ui.add(Label::new(RichText::new(text).color(amber)).wrap())
        })
        .inner;
    announce(ui, &line, live);
}

/// A line to type into, named by the caption above it.
pub(super) fn text_field(
    ui: &mut Ui,
    caption: &Response,
    hint: &str,
    text: &mut String,
    limit: usize,
    width: f32,
) -> Response {
    let field = TextEdit::singleline(text)
        .hint_text(hint)
        .align(Align2::LEFT_CENTER)
        .char_limit(limit)
        .desired_width(width);
    ui.add(field).labelled_by(caption.id)
}

/// Whether Enter was pressed in a line.
pub(super) fn submitted(field: &Response) -> bool {
    field.lost_focus() && field.ctx.input(|i| i.key_pressed(Key::Enter))
}

/// The head of a card that floats over a call. Returns whether its button closes it.
pub(super) fn card_head(ui: &mut Ui, title: &str, close: &str) -> bool {
    ui.horizontal(|ui| {
        ui.label(RichText::new(title).size(16.0));
        let to_the_right = Layout::right_to_left(Align::Center);
        ui.with_layout(to_the_right, |ui| icon_button(ui, Icon::Close, close).clicked()).inner
    })
    .inner
}

pub(super) fn paint_avatar(
    painter: &Painter,
    palette: &Palette,
    center: Pos2,
    radius: f32,
    name: &str,
) {
    painter.circle_filled(center, radius, palette.accent_soft);
    let font = FontId::new(radius * 0.8, FontFamily::Proportional);
    painter.text(center, Align2::CENTER_CENTER, words::initials(name), font, palette.accent);
}

/// A circle with somebody's initials, in the flow of the layout. It is decoration: the name stands
/// beside it.
pub(super) fn avatar(ui: &mut Ui, radius: f32, name: &str) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(2.0 * radius), Sense::hover());
    paint_avatar(ui.painter(), Palette::of(ui.visuals()), rect.center(), radius, name);
}

/// How loud the microphone is, 0 to 1, on a scale that follows the ear.
pub(super) fn level_meter(ui: &mut Ui, level: f32, width: f32) -> Response {
    let level = if level.is_finite() { level.clamp(0.0, 1.0) } else { 0.0 };
    let palette = Palette::of(ui.visuals());
    let (rect, response) = ui.allocate_exact_size(vec2(width, 6.0), Sense::hover());
    // A square root shows quiet speech (about 0.02) as clearly as the ear hears it.
    let shown = level.sqrt();
    ui.painter().rect_filled(rect, 3.0, palette.raised);
    let filled =
        Rect::from_min_max(rect.min, pos2(rect.left() + rect.width() * shown, rect.bottom()));
    ui.painter().rect_filled(filled, 3.0, palette.accent);
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Meter, true, "Microphone level");
        info.value = Some(f64::from((shown * 100.0).round()));
        info
    });
    response
}

/// A dot that says whether something is well.
pub(super) fn status_dot(ui: &mut Ui, well: bool) {
    let palette = Palette::of(ui.visuals());
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(8.0), Sense::hover());
    ui.painter().circle_filled(
        rect.center(),
        4.0,
        if well { palette.accent } else { palette.warning },
    );
}

pub(super) fn mark(ui: &mut Ui, side: f32) {
    let palette = Palette::of(ui.visuals());
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    ui.painter().rect_filled(rect, side * 0.26, palette.accent);
    Icon::Mark.paint(ui.painter(), rect.shrink(side * 0.18), palette.on_accent);
}

/// Lays something out in the middle of what is left, `height` points high, as far up as it must
/// when there is less.
pub(super) fn centered_column(ui: &mut Ui, width: f32, height: f32, content: impl FnOnce(&mut Ui)) {
    let space = ui.available_rect_before_wrap();
    let width = width.min(space.width() - 24.0).max(120.0);
    let top = space.top() + ((space.height() - height) * 0.42).max(8.0);
    let rect = Rect::from_min_size(
        pos2(space.center().x - width / 2.0, top),
        vec2(width, space.bottom() - top),
    );
    let middle = Layout::top_down(Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(rect).layout(middle), content);
}
