//! Servers of the local network: they come by themselves, and one click chooses.

use std::time::Duration;

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    Align, Frame, Id, Label, Layout, Margin, Rect, Response, ScrollArea, Sense, Spinner, Stroke,
    StrokeKind, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2,
};

use super::server::View;
use crate::session::log_in_form::ServerAddress;
use crate::session::snapshot::{NearbyRow, Snapshot};
use crate::ui::clock;
use crate::ui::design::{Icon, Palette, TypeStyle, component, motion, radius, size, space};
use crate::ui::widgets;
use crate::ui::widgets::focus::{self, Axis};
use crate::words::text;

/// How many rows are seen at once; the rest is scrolled to.
const SEEN: usize = 3;
/// The same where there is little room.
const SEEN_LOW: usize = 2;

/// For how long servers have been looked for, once that has begun.
fn looked_for(snapshot: &Snapshot) -> Option<Duration> {
    let since = snapshot.looking_since?;
    Some(clock::now().saturating_duration_since(since))
}

/// Whether that is so long that what there is was found.
fn is_long(looked_for: Option<Duration>) -> bool {
    looked_for.is_some_and(|looked_for| looked_for >= motion::LOOKS)
}

/// The name of the part, and beside it whether servers are looked for.
pub(super) fn caption(ui: &mut Ui, view: View<'_>, looks: bool) -> Response {
    if view.low {
        return widgets::hidden_caption(ui, &text!("server"));
    }
    let height = TypeStyle::SmallStrong.line();
    let row = vec2(ui.available_width(), height);
    ui.allocate_ui_with_layout(row, Layout::left_to_right(Align::Center), |ui| {
        let caption = widgets::caption(ui, &text!("server"));
        if looks {
            let right = Layout::right_to_left(Align::Center);
            ui.with_layout(right, |ui| looking(ui, looked_for(view.snapshot)));
        }
        caption
    })
    .inner
}

/// Says that servers are looked for; it turns only at first, when most are found.
fn looking(ui: &mut Ui, looked_for: Option<Duration>) {
    let words = widgets::hint(ui, &text!("nearby-looking"));
    widgets::announce(ui, &words, Live::Polite);
    let still = looked_for.and_then(|looked_for| motion::LOOKS.checked_sub(looked_for));
    match still.filter(|still| !still.is_zero()) {
        Some(still) => {
            ui.add(Spinner::new().size(component::SMALL_SPINNER));
            ui.ctx().request_repaint_after(still);
        }
        None => {
            let (rect, _) = ui.allocate_exact_size(Vec2::splat(size::ICON_SM), Sense::hover());
            Icon::Nearby.paint(ui.painter(), rect, Palette::of(ui.visuals()).text_3);
        }
    }
}

/// The servers. Returns the address of one that was chosen.
pub(super) fn list(ui: &mut Ui, view: View<'_>, chosen: Option<&str>) -> Option<String> {
    let rows = &view.snapshot.nearby;
    if rows.is_empty() {
        nothing_yet(ui, view);
        return None;
    }
    let (height, seen) = if view.low { (size::CONTROL_LG, SEEN_LOW) } else { (size::ROW, SEEN) };
    let room = seen as f32 * (height + space::S1);
    let place = UiBuilder::new().accessibility_role(Role::List);
    let list = ui.scope_builder(place, |ui| {
        // Rings lie outside of what they are round.
        let margin = Margin::symmetric(0, space::S1 as i8);
        ScrollArea::vertical()
            .id_salt("nearby")
            .auto_shrink([false, true])
            .max_height(room + space::S1)
            .min_scrolled_height(room + space::S1)
            .show(ui, |ui| {
                Frame::new()
                    .inner_margin(margin)
                    .show(ui, |ui| rows_of(ui, view, height, chosen))
                    .inner
            })
            .inner
    });
    let name = text!("nearby-servers");
    ui.ctx().accesskit_node_builder(list.response.id, |node| node.set_label(name.as_str()));
    list.inner
}

fn rows_of(ui: &mut Ui, view: View<'_>, height: f32, chosen: Option<&str>) -> Option<String> {
    let rows = &view.snapshot.nearby;
    ui.spacing_mut().item_spacing.y = space::S1;
    let at = rows.iter().position(|row| Some(row.url.as_str()) == chosen);
    // One stop of the keyboard: the one that is chosen, or the first.
    let stop = at.unwrap_or(0);
    let mut next = None;
    let ids: Vec<Id> = rows.iter().map(|row| ui.scope_id().with(&row.url)).collect();
    for (n, row) in rows.iter().enumerate() {
        let is_own = view.snapshot.hosting.as_ref().is_some_and(|own| own.is_at(&row.url));
        let twin = rows.iter().filter(|other| other.name == row.name).count() > 1;
        let second = second_line(row, twin);
        let icon = if is_own { Icon::Laptop } else { Icon::Server };
        let looks = Looks { name: &row.name, second: &second, icon, chosen: at == Some(n) };
        let (_, rect) = ui.allocate_space(vec2(ui.available_width(), height));
        let sense = if n == stop { Sense::click() } else { Sense::CLICK };
        let response = ui.interact(rect, ids[n], sense);
        paint(ui, &response, &looks);
        if response.clicked() {
            next = Some(n);
        }
        if n == stop && response.has_focus() {
            next = next.or(focus::by_arrow(ui, Axis::Down, response.id, n, rows.len()));
        }
    }
    let next = next?;
    if ids.iter().any(|id| ui.memory(|memory| memory.has_focus(*id))) {
        ui.memory_mut(|memory| memory.request_focus(ids[next]));
    }
    Some(rows[next].url.clone())
}

/// How many are there; and where, if another one has the same name.
fn second_line(row: &NearbyRow, twin: bool) -> String {
    let online = row.online.map(|count| text!("nearby-online", count = count));
    let address = ServerAddress::of(&row.url).text;
    match (online, twin) {
        (Some(online), false) => online,
        (Some(online), true) => [online, address].join(" · "),
        (None, _) => address,
    }
}

/// What stands where the servers will be.
fn nothing_yet(ui: &mut Ui, view: View<'_>) {
    let looked_for = looked_for(view.snapshot);
    ui.add_space(space::S1);
    if view.low && !is_long(looked_for) {
        ui.horizontal(|ui| looking(ui, looked_for));
    }
    let words = if !is_long(looked_for) {
        text!("nearby-comes")
    } else if view.snapshot.can_host {
        text!("nearby-none")
    } else {
        text!("nearby-none-here")
    };
    let ink = Palette::of(ui.visuals()).text_2;
    let line = ui.add(Label::new(TypeStyle::Small.text(words).color(ink)).wrap());
    widgets::announce(ui, &line, Live::Polite);
}

/// What a row shows.
struct Looks<'a> {
    name: &'a str,
    second: &'a str,
    icon: Icon,
    chosen: bool,
}

fn paint(ui: &Ui, response: &Response, looks: &Looks<'_>) {
    let p = Palette::of(ui.visuals());
    let label = [looks.name, looks.second].join(", ");
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(Role::ListItem, enabled, looks.chosen, &label));
    let rect = response.rect;
    if looks.chosen {
        let line = Stroke::new(size::HAIRLINE, p.accent);
        ui.painter().rect(rect, radius::MD, p.accent_soft, line, StrokeKind::Inside);
    } else if response.contains_pointer() {
        ui.painter().rect_filled(rect, radius::MD, p.raised);
    }
    let icon = |x: f32| Rect::from_center_size(pos2(x, rect.center().y), Vec2::splat(size::ICON));
    let left = rect.left() + space::S3 + size::ICON / 2.0;
    looks.icon.paint(ui.painter(), icon(left), p.text_2);
    let tick = icon(rect.right() - space::S3 - size::ICON / 2.0);
    if looks.chosen {
        Icon::Check.paint(ui.painter(), tick, p.accent);
    }
    let from = left + size::ICON / 2.0 + space::S3;
    let room = tick.left() - space::S2 - from;
    let second_ink = if looks.chosen { p.text_2 } else { p.text_3 };
    let name = TypeStyle::Strong.layout(looks.name, p.text, room, false);
    let second = TypeStyle::Caption.layout(looks.second, second_ink, room, false);
    let top = rect.center().y - (TypeStyle::Strong.line() + TypeStyle::Caption.line()) / 2.0;
    let painter = ui.painter();
    painter.galley(pos2(from, top), painter.layout_job(name), p.text);
    let below = top + TypeStyle::Strong.line();
    painter.galley(pos2(from, below), painter.layout_job(second), second_ink);
    focus::ring(ui, response, radius::MD);
}
