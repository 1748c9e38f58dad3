//! What says in one's own window that something is shared: a frame round it, a pill with *Stop*,
//! and a line where that has ended by itself.

use std::sync::Arc;

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    Color32, Context, CornerRadius, Galley, Id, Label, LayerId, Order, Rect, Response, Sense,
    Stroke, StrokeKind, Theme, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::words;
use crate::session::snapshot::{Intent, ShareIntent, Sharing};
use crate::ui::action::Actions;
use crate::ui::controls::{self, HEAD_HEIGHT};
use crate::ui::design::{Icon, Palette, TypeStyle, component, layout, radius, size, space, stage};
use crate::ui::widgets::{self, focus};
use crate::words::text;

/// A frame round the whole window while something is shared.
pub(in crate::ui) fn frame(ctx: &Context, sharing: &Sharing) {
    if !super::is_on(sharing) {
        return;
    }
    let p = Palette::of(&ctx.style_of(Theme::Dark).visuals);
    let layer = LayerId::new(Order::Foreground, Id::unique("share-frame"));
    let stroke = Stroke::new(component::SHARE_FRAME, p.accent);
    ctx.layer_painter(layer).rect_stroke(ctx.content_rect(), 0.0, stroke, StrokeKind::Inside);
}

/// What is to be said in the mini window, and whether something is wrong.
pub(in crate::ui) fn mini_words(sharing: &Sharing, peer: &str) -> Option<(String, bool)> {
    words::of(sharing, peer)
}

/// What the button at the end of the pill does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Stop,
    Dismiss,
}

/// Shows the pill over the stage: between the head, which ends at the right at `head`, and the
/// tools where it has room, else under them. Returns where it is.
pub(in crate::ui) fn pill(
    ui: &mut Ui,
    over: Rect,
    (head, tools): (f32, f32),
    sharing: &Sharing,
    peer: &str,
    actions: &mut Actions,
) -> Option<Rect> {
    let (line, _) = words::of(sharing, peer)?;
    let p = Palette::of(ui.visuals());
    let end = if super::is_on(sharing) { End::Stop } else { End::Dismiss };
    let ink = if end == End::Stop { p.on_accent } else { stage::TEXT };
    let words = match end {
        End::Stop => text!("stop"),
        End::Dismiss => text!("dismiss"),
    };
    let act = TypeStyle::Strong.layout(&words, stage::TEXT, f32::INFINITY, false);
    let act = ui.painter().layout_job(act);
    let icon = if end == End::Stop { size::ICON_SM + space::S2 } else { 0.0 };
    let act_width = act.size().x + icon + 2.0 * space::S3;
    let fixed = 2.0 * space::S4 + size::ICON + space::S2 + act_width;
    let most = (over.width() - 2.0 * layout::STAGE_MARGIN).min(size::SHARE_DIALOG);
    // Between what stands at the upper edge where it has room there, whole and in the middle.
    let beside = 2.0 * (over.center().x - head).min(tools - over.center().x) - 2.0 * space::S2;
    let one = TypeStyle::Strong.layout(&line, ink, f32::INFINITY, false);
    let whole = ui.painter().layout_job(one).size().x + fixed;
    let at_top = whole <= beside.min(most);
    let mut galley = TypeStyle::Strong.layout(&line, ink, most - fixed, true);
    // A title may be as long as it likes.
    let most_lines = if end == End::Stop { 2 } else { component::WRITING_LINES };
    galley.wrap.max_rows = if at_top { 1 } else { most_lines };
    let galley = ui.painter().layout_job(galley);
    let extent = vec2(galley.size().x + fixed, (galley.size().y + space::S4).max(size::CONTROL_LG));
    let top = if at_top { layout::STAGE_MARGIN } else { HEAD_HEIGHT + space::S2 };
    let place =
        Rect::from_min_size(pos2(over.center().x - extent.x / 2.0, over.top() + top), extent);
    let pressed = paint(ui, place, (galley, ink), end, (act, &words), act_width);
    match end {
        _ if !pressed => {}
        End::Stop => actions.send(Intent::Share(ShareIntent::Stop)),
        End::Dismiss => actions.send(Intent::Share(ShareIntent::Dismiss)),
    }
    Some(place)
}

/// Returns whether its button was pressed.
fn paint(
    ui: &mut Ui,
    place: Rect,
    (line, ink): (Arc<Galley>, Color32),
    end: End,
    (act, name): (Arc<Galley>, &str),
    act_width: f32,
) -> bool {
    let p = Palette::of(ui.visuals());
    let corners = CornerRadius::same((place.height() / 2.0).min(space::S8) as u8);
    // A press on it is no press on the picture under it.
    ui.interact(place, ui.make_persistent_id("share-pill"), Sense::CLICK);
    if end == End::Stop {
        ui.painter().rect_filled(place, corners, p.accent);
    } else {
        controls::float(ui, place);
    }
    let icon = Rect::from_center_size(
        pos2(place.left() + space::S4 + size::ICON / 2.0, place.center().y),
        Vec2::splat(size::ICON),
    );
    match end {
        End::Stop => Icon::Share.paint(ui.painter(), icon, ink),
        End::Dismiss => Icon::Warning.paint(ui.painter(), icon, stage::WARN),
    }
    let at = pos2(icon.right() + space::S2, place.center().y - line.size().y / 2.0);
    let said = ui.put(Rect::from_min_size(at, line.size()), Label::new(line));
    let live = if end == End::Stop { Live::Polite } else { Live::Assertive };
    widgets::announce(ui, &said, live);
    let button = Rect::from_min_size(
        pos2(place.right() - space::S1 - act_width, place.center().y - size::CONTROL / 2.0),
        vec2(act_width, size::CONTROL),
    );
    button_of(ui, button, end, act, name).clicked()
}

fn button_of(ui: &mut Ui, place: Rect, end: End, words: Arc<Galley>, name: &str) -> Response {
    let p = Palette::of(ui.visuals());
    let response = ui.interact(place, ui.make_persistent_id("share-pill-act"), Sense::click());
    let label = if end == End::Stop { text!("stop-sharing") } else { name.to_owned() };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
    let touched = response.hovered() || response.has_focus();
    let corners = CornerRadius::same((place.height() / 2.0) as u8);
    if end == End::Stop {
        ui.painter().rect_filled(place, corners, p.on_accent);
    }
    if touched || end == End::Dismiss {
        let glass = if touched { stage::GLASS_HOVER } else { stage::GLASS };
        ui.painter().rect_filled(place, corners, glass);
    }
    let mut left = place.left() + space::S3;
    if end == End::Stop {
        let icon = Rect::from_min_size(
            pos2(left, place.center().y - size::ICON_SM / 2.0),
            Vec2::splat(size::ICON_SM),
        );
        Icon::ShareStop.paint(ui.painter(), icon, stage::TEXT);
        left = icon.right() + space::S2;
    }
    let at = pos2(left, place.center().y - words.size().y / 2.0);
    ui.painter().galley(at, words, stage::TEXT);
    if response.has_focus() && focus::by_keyboard(ui.ctx()) {
        focus::paint_ring(ui.painter(), place, radius::FULL, p);
    }
    response
}
