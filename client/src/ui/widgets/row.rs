//! A row of a list of people: avatar, name, a second line, and a button that shows when it is
//! needed.

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Align2, CornerRadius, Id, Painter, Rect, Response, Sense, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::avatar::{paint_avatar, paint_presence};
use super::focus;
use crate::ui::design::{Icon, Palette, TypeStyle, radius, size, space};

/// What stands in a row.
pub(crate) struct PersonRow<'a> {
    pub(crate) name: &'a str,
    /// Whether they are there; `None` where nobody says, or where it does not matter.
    pub(crate) online: Option<bool>,
    /// What stands behind the name: a mark, and its word for those who do not see it.
    pub(crate) badge: Option<(Icon, &'a str)>,
    /// The second line.
    pub(crate) second: &'a str,
    /// What stands before the second line, and whether both are to be noticed.
    pub(crate) mark: Option<(Icon, bool)>,
    /// A time at its right end.
    pub(crate) time: Option<&'a str>,
    /// Whether it is the one that was chosen.
    pub(crate) chosen: bool,
    /// The name of the button at its right end.
    pub(crate) action: &'a str,
    pub(crate) icon: Icon,
    /// Whether the button can be pressed.
    pub(crate) enabled: bool,
}

/// The row, and the button at its right end.
pub(crate) struct RowUse {
    pub(crate) row: Response,
    pub(crate) button: Response,
}

/// Shows a row in a place of a list. Its button is seen while the pointer is on the row or either
/// has the keyboard. `stop`: the keyboard stops at it; at the others arrow keys lead.
pub(crate) fn person_row(ui: &Ui, rect: Rect, id: Id, stop: bool, row: &PersonRow<'_>) -> RowUse {
    let p = Palette::of(ui.visuals());
    let clicks = if stop { Sense::click() } else { Sense::CLICK };
    let whole = ui.interact(rect, id, clicks);
    let inner = rect.shrink2(vec2(space::S3, space::S2));
    let button_place = Rect::from_center_size(
        pos2(inner.right() - size::CONTROL / 2.0, rect.center().y),
        Vec2::splat(size::CONTROL),
    );
    let sense = if row.enabled { clicks } else { Sense::hover() };
    let button = ui.interact(button_place, whole.id.with("action"), sense);
    button.widget_info(|| WidgetInfo::labeled(Role::Button, row.enabled, row.action));
    // Read with the row: a screen reader says who is there and whether they are.
    let badge = row.badge.map(|(_, word)| word);
    let parts = [Some(row.name), badge, Some(row.second), row.time];
    let label = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    whole.widget_info(|| WidgetInfo::selected(Role::ListItem, true, row.chosen, &label));
    focus::keep_in_view(&whole);
    focus::keep_in_view(&button);
    // Of thousands of rows few are seen.
    if !ui.is_rect_visible(rect) {
        return RowUse { row: whole, button };
    }
    // The button lies over the row, so the row itself does not count as hovered there.
    let lit = whole.contains_pointer() || button.hovered();
    let ground = match (row.chosen, lit) {
        (true, _) => p.accent_soft,
        (false, true) => p.raised,
        (false, false) => p.panel,
    };
    let painter = ui.painter();
    if lit || row.chosen {
        painter.rect_filled(rect, CornerRadius::same(radius::MD), ground);
    }
    let avatar = Rect::from_min_size(
        pos2(inner.left(), rect.center().y - size::AVATAR / 2.0),
        Vec2::splat(size::AVATAR),
    );
    paint_avatar(painter, p, avatar.center(), size::AVATAR, row.name);
    if let Some(online) = row.online {
        paint_presence(painter, p, avatar, online, ground);
    }
    let walked = focus::by_keyboard(ui.ctx()) && whole.has_focus();
    let shows_button = row.enabled && (lit || walked || button.has_focus());
    let mut right = inner.right();
    if shows_button {
        right = button_place.left() - space::S2;
    } else if let Some(time) = row.time {
        let galley = TypeStyle::Caption.layout(time, p.text_3, f32::INFINITY, false);
        let galley = painter.layout_job(galley);
        right -= galley.size().x;
        painter.galley(pos2(right, rect.center().y - galley.size().y / 2.0), galley, p.text_3);
        right -= space::S2;
    } else if row.enabled {
        right = button_place.left() - space::S2;
    }
    words(painter, p, row, rect, avatar.right() + space::S3, right);
    if shows_button {
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
    focus::ring(ui, &whole, radius::MD);
    focus::ring(ui, &button, radius::MD);
    let button = if row.enabled { button.on_hover_text(row.action) } else { button };
    RowUse { row: whole, button }
}

/// The name and the second line, as wide as there is room.
fn words(painter: &Painter, p: &Palette, row: &PersonRow<'_>, rect: Rect, left: f32, right: f32) {
    let name_ink = if row.online == Some(false) { p.text_2 } else { p.text };
    let second_ink = match (row.mark, row.chosen) {
        (Some((_, true)), _) => p.warn,
        (_, true) => p.text_2,
        _ => p.text_3,
    };
    let before = if row.mark.is_some() { size::ICON_SM + space::S1 } else { 0.0 };
    let behind = row.badge.map_or(0.0, |_| size::ICON_SM + space::S2);
    let name = TypeStyle::Strong.layout(row.name, name_ink, right - left - behind, false);
    let second = TypeStyle::Caption.layout(row.second, second_ink, right - left - before, false);
    let (name, second) = (painter.layout_job(name), painter.layout_job(second));
    let top = rect.center().y - (TypeStyle::Strong.line() + TypeStyle::Caption.line()) / 2.0;
    if let Some((icon, _)) = row.badge {
        let middle = pos2(
            left + name.size().x + space::S2 + size::ICON_SM / 2.0,
            top + TypeStyle::Strong.line() / 2.0,
        );
        let place = Rect::from_center_size(middle, Vec2::splat(size::ICON_SM));
        icon.paint(painter, place, p.accent);
    }
    painter.galley(pos2(left, top), name, name_ink);
    let below = top + TypeStyle::Strong.line();
    if let Some((icon, _)) = row.mark {
        let place = Rect::from_min_size(pos2(left, below), Vec2::splat(size::ICON_SM));
        icon.paint(painter, place, second_ink);
    }
    painter.galley(pos2(left + before, below), second, second_ink);
}

/// A heading over a part of a list, in its place.
pub(crate) fn section_at(ui: &Ui, rect: Rect, text: &str) {
    let p = Palette::of(ui.visuals());
    let response = ui.interact(rect, ui.scope_id().with(text), Sense::hover());
    ui.painter().text(
        pos2(rect.left() + space::S3, rect.bottom() - space::S1),
        Align2::LEFT_BOTTOM,
        text,
        TypeStyle::CaptionStrong.font(),
        p.text_3,
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, text));
}
