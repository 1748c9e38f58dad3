//! A row of a list of people: avatar, name, a second line, and a button that shows when it is
//! needed.

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Align2, CornerRadius, Rect, Response, Sense, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2,
};

use super::avatar::{paint_avatar, paint_presence};
use super::focus;
use crate::ui::design::{Icon, Palette, TypeStyle, radius, size, space};

/// What stands in a row.
pub(crate) struct PersonRow<'a> {
    pub(crate) name: &'a str,
    pub(crate) online: bool,
    /// The second line.
    pub(crate) second: &'a str,
    /// The name of the button at its right end.
    pub(crate) action: &'a str,
    pub(crate) icon: Icon,
    /// Whether the button can be pressed.
    pub(crate) enabled: bool,
}

/// Shows a row as wide as there is room. Returns its button, which is seen while the pointer is on
/// the row or the button has the keyboard.
pub(crate) fn person_row(ui: &mut Ui, row: &PersonRow<'_>) -> Response {
    let p = Palette::of(ui.visuals());
    let extent = vec2(ui.available_width(), size::ROW);
    let (rect, hover) = ui.allocate_exact_size(extent, Sense::hover());
    let inner = rect.shrink2(vec2(space::S3, space::S2));
    let button_place = Rect::from_center_size(
        pos2(inner.right() - size::CONTROL / 2.0, rect.center().y),
        Vec2::splat(size::CONTROL),
    );
    let button = ui
        .scope_builder(UiBuilder::new().max_rect(button_place), |ui| {
            if !row.enabled {
                ui.disable();
            }
            ui.allocate_rect(button_place, Sense::click())
        })
        .inner;
    button.widget_info(|| WidgetInfo::labeled(Role::Button, row.enabled, row.action));
    // The button lies over the row, so the row itself does not count as hovered there.
    let lit = hover.contains_pointer() || button.hovered();
    let ground = if lit { p.raised } else { p.panel };
    let painter = ui.painter();
    if lit {
        painter.rect_filled(rect, CornerRadius::same(radius::MD), ground);
    }
    let avatar = Rect::from_min_size(
        pos2(inner.left(), rect.center().y - size::AVATAR / 2.0),
        Vec2::splat(size::AVATAR),
    );
    paint_avatar(painter, p, avatar.center(), size::AVATAR, row.name);
    paint_presence(painter, p, avatar, row.online, ground);

    let left = avatar.right() + space::S3;
    let right = button_place.left() - space::S2;
    let (name_ink, second_ink) = (if row.online { p.text } else { p.text_2 }, p.text_3);
    let name = TypeStyle::Strong.layout(row.name, name_ink, right - left, false);
    let second = TypeStyle::Caption.layout(row.second, second_ink, right - left, false);
    let (name, second) = (painter.layout_job(name), painter.layout_job(second));
    let top = rect.center().y - (TypeStyle::Strong.line() + TypeStyle::Caption.line()) / 2.0;
    painter.galley(pos2(left, top), name, name_ink);
    painter.galley(pos2(left, top + TypeStyle::Strong.line()), second, second_ink);

    if row.enabled && (lit || button.has_focus()) {
        let fill = if button.is_pointer_button_down_on() {
            p.raised_press
        } else if button.hovered() {
            p.raised_hover
        } else {
            ground
        };
        painter.rect_filled(button_place, CornerRadius::same(radius::MD), fill);
        let icon = Rect::from_center_size(button_place.center(), Vec2::splat(size::ICON));
        row.icon.paint(painter, icon, p.accent);
    }
    focus::ring(ui, &button, radius::MD);
    // Read with the row: a screen reader says who is there and whether they are.
    let words = format!("{}, {}", row.name, row.second);
    hover.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &words));
    if row.enabled { button.on_hover_text(row.action) } else { button }
}

/// A heading over a part of a list.
pub(crate) fn section(ui: &mut Ui, text: &str) -> Response {
    let p = Palette::of(ui.visuals());
    let extent = vec2(ui.available_width(), TypeStyle::Caption.line() + space::S3 + space::S1);
    let (rect, response) = ui.allocate_exact_size(extent, Sense::hover());
    ui.painter().text(
        pos2(rect.left() + space::S3, rect.bottom() - space::S1),
        Align2::LEFT_BOTTOM,
        text,
        TypeStyle::CaptionStrong.font(),
        p.text_3,
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, text));
    response
}
