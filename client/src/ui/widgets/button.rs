//! Buttons: one accent button a view, plain for the rest, ghost in toolbars, danger for calls only.

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Atom, Button, Color32, CornerRadius, Rect, Response, Stroke, Ui, Vec2, WidgetInfo, vec2,
};

use super::focus;
use crate::ui::design::{Icon, Palette, TypeStyle, component, radius, size, space};

/// What a button is for; this decides its colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// The thing to do next.
    Accent,
    /// Closing, declining or cancelling a call.
    Danger,
    /// Anything else.
    Plain,
    /// The same on what is raised itself.
    OnRaised,
}

impl Tone {
    /// At rest, under the pointer, pressed, and the ink on all three.
    fn colors(self, p: &Palette) -> [Color32; 4] {
        match self {
            Self::Accent => [p.accent, p.accent_hover, p.accent_press, p.on_accent],
            Self::Danger => [p.danger, p.danger_hover, p.danger_press, p.on_danger],
            Self::Plain => [p.raised, p.raised_hover, p.raised_press, p.text],
            Self::OnRaised => [p.raised_press, p.raised_hover, p.raised, p.text],
        }
    }
}

/// A button in a tone, with an icon where one helps, at least so wide.
pub(crate) fn button(
    ui: &mut Ui,
    tone: Tone,
    icon: Option<Icon>,
    text: &str,
    min_width: f32,
) -> Response {
    let [fill, hover, press, ink] = tone.colors(Palette::of(ui.visuals()));
    let response = filled(ui, [fill, hover, press, ink], |ui| {
        let text = TypeStyle::Strong.text(text).color(ink);
        // What grows at both ends keeps the text in the middle of a wide button.
        let button = match icon {
            Some(icon) => {
                Button::new((Atom::grow(), icon.atom(size::ICON_BUTTON), text, Atom::grow()))
            }
            None => Button::new((Atom::grow(), text, Atom::grow())),
        };
        ui.add(button.gap(space::S2).min_size(vec2(min_width, size::CONTROL)))
    });
    focus::ring(ui, &response, radius::MD);
    response
}

/// A lower button, for what stands among small things; `full` as wide as there is room.
pub(crate) fn small_button(ui: &mut Ui, tone: Tone, text: &str, full: bool) -> Response {
    let [fill, hover, press, ink] = tone.colors(Palette::of(ui.visuals()));
    let response = filled(ui, [fill, hover, press, ink], |ui| {
        ui.spacing_mut().button_padding = vec2(space::S3, space::S1);
        let text = TypeStyle::SmallStrong.text(text).color(ink);
        let width = if full { ui.available_width() } else { 0.0 };
        ui.add(Button::new(text).min_size(vec2(width, size::CONTROL_SM)))
    });
    focus::ring(ui, &response, radius::MD);
    response
}

/// How wide a small button with this text is.
pub(crate) fn small_button_width(ui: &Ui, text: &str) -> f32 {
    let words = TypeStyle::SmallStrong.layout(text, Color32::PLACEHOLDER, f32::INFINITY, false);
    (ui.painter().layout_job(words).size().x + 2.0 * space::S3).ceil()
}

/// How wide a button with this icon and text is, which is at least so wide: for what stands beside
/// it. Words are longer in some languages.
pub(crate) fn button_width(ui: &Ui, icon: Option<Icon>, text: &str, min_width: f32) -> f32 {
    let words = TypeStyle::Strong.layout(text, Color32::PLACEHOLDER, f32::INFINITY, false);
    let words = ui.painter().layout_job(words).size().x;
    let icon = icon.map_or(0.0, |_| size::ICON_BUTTON + space::S2);
    // What grows at both ends has its gap, too.
    let ends = 2.0 * (ui.spacing().button_padding.x + space::S2);
    (words + icon + ends).ceil().max(min_width)
}

/// A small button without a fill, for what is seldom needed.
pub(crate) fn ghost_button(ui: &mut Ui, icon: Icon, text: &str) -> Response {
    let p = Palette::of(ui.visuals());
    let response = filled(ui, [Color32::TRANSPARENT, p.raised, p.raised_hover, p.text], |ui| {
        let text = TypeStyle::SmallStrong.text(text).color(p.text);
        let button = Button::new((icon.atom(size::ICON_SM), text)).gap(space::S2);
        ui.add(button.min_size(vec2(0.0, size::CONTROL_SM)))
    });
    focus::ring(ui, &response, radius::MD);
    response
}

/// A square button that is only an icon; `label` is its tooltip and its name.
pub(crate) fn icon_button(ui: &mut Ui, icon: Icon, label: &str) -> Response {
    let p = Palette::of(ui.visuals());
    let response = filled(ui, [Color32::TRANSPARENT, p.raised, p.raised_hover, p.text_2], |ui| {
        ui.spacing_mut().button_padding = Vec2::splat(space::S2);
        ui.add(Button::new(icon.atom(size::ICON)).min_size(Vec2::splat(size::CONTROL)))
    });
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), label));
    focus::ring(ui, &response, radius::MD);
    response.on_hover_text(label)
}

/// Adds a button whose fill at rest, under the pointer and pressed, and whose ink, are given.
fn filled(
    ui: &mut Ui,
    [fill, hover, press, ink]: [Color32; 4],
    add: impl FnOnce(&mut Ui) -> Response,
) -> Response {
    ui.scope(|ui| {
        let widgets = &mut ui.visuals_mut().widgets;
        for (visuals, fill) in [
            (&mut widgets.inactive, fill),
            (&mut widgets.hovered, hover),
            (&mut widgets.active, press),
            (&mut widgets.open, hover),
        ] {
            visuals.weak_bg_fill = fill;
            visuals.bg_stroke = Stroke::NONE;
            visuals.fg_stroke.color = ink;
            visuals.corner_radius = CornerRadius::same(radius::MD);
        }
        add(ui)
    })
    .inner
}

/// The app's mark on its ground.
pub(crate) fn mark(ui: &mut Ui, side: f32) {
    let p = Palette::of(ui.visuals());
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(side), eframe::egui::Sense::hover());
    ui.painter().rect_filled(rect, side * component::MARK_CORNER, p.accent);
    let inner = Rect::from_center_size(rect.center(), Vec2::splat(side * component::MARK_INSIDE));
    Icon::Mark.paint(ui.painter(), inner, p.on_accent);
}
