//! One's own video during a call: small, in a corner; dragged or moved by arrow keys to another,
//! resized at its grip or by + and -, mirrored or not, hidden behind a tab.

mod placing;

use eframe::egui::accesskit::Role;
use eframe::egui::{
    CornerRadius, CursorIcon, EventFilter, Id, Key, Rect, Response, Sense, Stroke, StrokeKind, Ui,
    UiBuilder, Vec2, WidgetInfo, pos2, vec2,
};

use super::controls;
use super::design::component::TOOL;
use super::design::{
    Elevation, Icon, TypeStyle, component, layout, motion, radius, size, space, stage,
};
use super::video_view::{VideoView, letterbox};
use super::widgets::focus;
use crate::words::{Phrase, text};

pub(super) use self::placing::{Corner, SelfViewLook};

/// What one's own picture is right now.
#[derive(Clone, Copy)]
pub(super) struct OwnPicture<'a> {
    pub(super) view: &'a VideoView,
    /// Whether the camera delivers.
    pub(super) live: bool,
    /// Whether it is a screen or a window that the other sees.
    pub(super) shares: bool,
    /// What stands there while it does not.
    pub(super) instead: &'a str,
    /// Whether the microphone is muted.
    pub(super) muted: bool,
    pub(super) peer: &'a str,
    /// What keeps the other from seeing it.
    pub(super) unseen: Option<&'a Phrase>,
}

/// What the picture remembers from pass to pass.
#[derive(Default)]
pub(super) struct SelfView {
    dragged_by: Vec2,
    /// Whether what the other sees of a screen is put away but for its name.
    folded: bool,
}

impl SelfView {
    /// Shows it over the stage. Returns where it rests.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        over: Rect,
        own: OwnPicture<'_>,
        look: &mut SelfViewLook,
    ) -> Rect {
        if look.hidden {
            return tab(ui, over, look);
        }
        let OwnPicture { view, live, shares, instead, muted, peer, unseen } = own;
        let extent = look.extent(over, view.aspect().filter(|_| live));
        let whole = self.whole(extent, shares);
        let home = look.place(over, whole);
        let id = ui.make_persistent_id("self-view");
        let center = self.moving_center(ui, id, home);
        let card = Rect::from_center_size(center, whole);
        if shares {
            caption(ui, card, peer, &mut self.folded);
            if self.folded {
                return home;
            }
        }
        let rect = Rect::from_min_size(card.min, extent);

        let response = ui.interact(rect, id, Sense::drag() | Sense::FOCUSABLE);
        let mirrored = look.mirrored && !shares;
        let label = match (live, mirrored) {
            _ if shares => text!("what-they-see", peer = peer),
            (true, true) => text!("own-picture"),
            (true, false) => text!("own-picture-plain"),
            (false, _) => instead.to_owned(),
        };
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
        ui.ctx().accesskit_node_builder(id, |node| {
            let keys = text!("self-view-keys");
            let muted = muted.then(|| text!("you-are-muted"));
            let words = [unseen.map(Phrase::text), muted, Some(keys)].into_iter().flatten();
            node.set_description(words.collect::<Vec<_>>().join(" "));
        });
        self.drag(ui, &response, home, over, look);
        keys(ui, &response, extent, over, look);

        let painter = ui.painter();
        let corners = CornerRadius::same(radius::LG);
        let corners = if shares { CornerRadius { sw: 0, se: 0, ..corners } } else { corners };
        painter.add(Elevation::Float.shadow(true).as_shape(card, CornerRadius::same(radius::LG)));
        painter.rect_filled(rect, corners, stage::SELF_VIEW);
        let shape = letterbox(view.aspect().unwrap_or(component::CAMERA_ASPECT), rect);
        if live && view.paint(painter, shape, corners, mirrored) {
            match unseen {
                Some(_) => unseen_line(ui, rect, peer),
                None if shares => {}
                None => you(ui, rect),
            }
        } else {
            no_picture(ui, rect, instead, muted);
        }
        let edge = Stroke::new(size::HAIRLINE, stage::PICTURE_EDGE);
        ui.painter().rect_stroke(rect, corners, edge, StrokeKind::Outside);
        if muted {
            muted_badge(ui, rect);
        }
        focus::ring(ui, &response, radius::LG);
        let settled = self.dragged_by == Vec2::ZERO;
        if settled && (ui.rect_contains_pointer(rect) || response.has_focus()) {
            tools(ui, rect, look, shares);
        }
        grip(ui, rect, extent, over, look);
        response.on_hover_and_drag_cursor(CursorIcon::Grab);
        home
    }

    /// How large it is with its caption, where it has one.
    fn whole(&self, extent: Vec2, shares: bool) -> Vec2 {
        match (shares, self.folded) {
            (false, _) => extent,
            (true, false) => extent + vec2(0.0, size::CONTROL),
            (true, true) => vec2(extent.x, size::CONTROL),
        }
    }

    /// Where its middle is now: under the pointer while dragged, else gliding home.
    fn moving_center(&self, ui: &Ui, id: Id, home: Rect) -> eframe::egui::Pos2 {
        let target = home.center() + self.dragged_by;
        // While it is dragged it must not lag behind the pointer.
        let still = self.dragged_by == Vec2::ZERO;
        let seconds = if still { motion::seconds(ui.ctx(), motion::SLOW) } else { 0.0 };
        pos2(
            ui.ctx().animate_value_with_time(id.with("x"), target.x, seconds),
            ui.ctx().animate_value_with_time(id.with("y"), target.y, seconds),
        )
    }

    fn drag(
        &mut self,
        ui: &Ui,
        response: &Response,
        home: Rect,
        over: Rect,
        look: &mut SelfViewLook,
    ) {
        if response.dragged() {
            self.dragged_by += response.drag_delta();
            ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
        } else if self.dragged_by != Vec2::ZERO {
            look.drop_at(home.center() + self.dragged_by, over);
            self.dragged_by = Vec2::ZERO;
            ui.ctx().request_repaint();
        }
    }
}

fn keys(ui: &Ui, response: &Response, extent: Vec2, over: Rect, look: &mut SelfViewLook) {
    if !response.has_focus() {
        return;
    }
    let arrows =
        EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    let pressed = |key| ui.input(|i| i.key_pressed(key));
    let corner = &mut look.corner;
    corner.right = pressed(Key::ArrowRight) || corner.right && !pressed(Key::ArrowLeft);
    corner.bottom = pressed(Key::ArrowDown) || corner.bottom && !pressed(Key::ArrowUp);
    if pressed(Key::Plus) || pressed(Key::Equals) {
        look.step(true, extent, over);
    }
    if pressed(Key::Minus) {
        look.step(false, extent, over);
    }
    look.hidden |= pressed(Key::H);
}

/// The corner that faces the middle of the stage, by which the picture is resized.
fn grip(ui: &Ui, rect: Rect, extent: Vec2, over: Rect, look: &mut SelfViewLook) {
    let at = look.grip(rect);
    let inwards = vec2(
        if look.corner.right { TOOL / 2.0 } else { -TOOL / 2.0 },
        if look.corner.bottom { TOOL / 2.0 } else { -TOOL / 2.0 },
    );
    let place = Rect::from_center_size(at + inwards, Vec2::splat(TOOL));
    // The keys resize it as well, so that the grip is no stop of its own for them.
    let response = ui.interact(place, ui.make_persistent_id("self-view-grip"), Sense::DRAG);
    if response.dragged() {
        look.drag_grip(response.drag_delta(), extent, over);
    }
    let falling = look.corner.right == look.corner.bottom;
    let cursor = if falling { CursorIcon::ResizeNwSe } else { CursorIcon::ResizeNeSw };
    let response = response.on_hover_and_drag_cursor(cursor);
    if response.hovered() || response.dragged() || ui.rect_contains_pointer(rect) {
        let icon = Rect::from_center_size(at + inwards, Vec2::splat(size::ICON_SM));
        Icon::Grip.paint(ui.painter(), icon, stage::TEXT);
    }
}

/// What can be done with it, in the upper corner away from the grip.
fn tools(ui: &mut Ui, rect: Rect, look: &mut SelfViewLook, shares: bool) {
    let mirror = if look.mirrored { text!("self-view-plain") } else { text!("self-view-mirror") };
    let all =
        [(Icon::Mirror, mirror), (Icon::EyeOff, text!("self-view-hide", keys = Key::H.name()))];
    // What is shared is never mirrored.
    let tools = &all[usize::from(shares)..];
    let step = TOOL + space::S1;
    let width = step * tools.len() as f32 - space::S1;
    let left = if look.corner.right || !look.corner.bottom {
        rect.right() - space::S2 - width
    } else {
        rect.left() + space::S2
    };
    for (i, (icon, hint)) in tools.iter().enumerate() {
        let place = Rect::from_min_size(
            pos2(left + step * i as f32, rect.top() + space::S2),
            Vec2::splat(TOOL),
        );
        if round_tool(ui, place, *icon, hint.clone()).clicked() {
            if *icon == Icon::Mirror {
                look.mirrored = !look.mirrored;
            } else {
                look.hidden = true;
            }
        }
    }
}

/// Says under what is shared that the other sees it, and folds it away.
fn caption(ui: &mut Ui, card: Rect, peer: &str, folded: &mut bool) {
    let strip = Rect::from_min_max(pos2(card.left(), card.bottom() - size::CONTROL), card.max);
    let response = ui.interact(strip, ui.make_persistent_id("fold-preview"), Sense::click());
    let label = text!("what-they-see", peer = peer);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, !*folded, &label));
    if response.clicked() {
        *folded = !*folded;
    }
    let all = radius::LG;
    let top = if *folded { all } else { 0 };
    let corners = CornerRadius { nw: top, ne: top, sw: all, se: all };
    ui.painter().rect_filled(strip, corners, stage::GROUND);
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(strip, corners, stage::GLASS);
    }
    let pad = if strip.width() < layout::SIDE_BAR / 2.0 { space::S2 } else { space::S3 };
    let icon = Rect::from_center_size(
        pos2(strip.right() - pad - size::ICON_SM / 2.0, strip.center().y),
        Vec2::splat(size::ICON_SM),
    );
    let chevron = if *folded { Icon::ChevronLeft } else { Icon::ChevronDown };
    chevron.paint(ui.painter(), icon, stage::TEXT_2);
    let room = icon.left() - strip.left() - pad;
    let words = TypeStyle::CaptionStrong.layout(&label, stage::TEXT, room, false);
    let words = ui.painter().layout_job(words);
    let at = pos2(strip.left() + pad, strip.center().y - words.size().y / 2.0);
    ui.painter().galley(at, words, stage::TEXT);
    focus::ring(ui, &response, radius::LG);
}

/// What is left of a hidden picture: a tab at the edge that brings it back.
fn tab(ui: &mut Ui, over: Rect, look: &mut SelfViewLook) -> Rect {
    let place = look.place(over, Vec2::splat(TOOL));
    if round_tool(ui, place, Icon::Eye, text!("self-view-show")).clicked() {
        look.hidden = false;
    }
    place
}

fn round_tool(ui: &mut Ui, place: Rect, icon: Icon, hint: String) -> Response {
    ui.scope_builder(UiBuilder::new().max_rect(place), |ui| {
        controls::float(ui, place);
        let look = controls::Look::Plain;
        let (text, marked) = (hint.clone(), false);
        let control = controls::Control { icon, text, pressed: None, hint, look, marked };
        controls::button(ui, place, &control, size::ICON_SM)
    })
    .inner
}

/// Says why one's own picture is not there.
fn no_picture(ui: &Ui, rect: Rect, why: &str, badge: bool) {
    // Beside the badge, on either side of the middle.
    let badge = if badge { space::S6 } else { 0.0 };
    let room = rect.width() - 2.0 * (space::S2 + badge);
    let words = TypeStyle::Caption.layout(why, stage::TEXT_2, room, true);
    let words = ui.painter().layout_job(words);
    let high = size::ICON_LG + space::S1 + words.size().y;
    if high > rect.height() {
        ui.painter().galley(rect.center() - words.size() / 2.0, words, stage::TEXT_2);
        return;
    }
    let icon = Rect::from_min_size(
        pos2(rect.center().x - size::ICON_LG / 2.0, rect.center().y - high / 2.0),
        Vec2::splat(size::ICON_LG),
    );
    Icon::CameraOff.paint(ui.painter(), icon, stage::TEXT_2);
    let at = pos2(rect.center().x - words.size().x / 2.0, icon.bottom() + space::S1);
    ui.painter().galley(at, words, stage::TEXT_2);
}

/// Says for as long as it is so that nobody hears us: the buttons fade, this does not.
fn muted_badge(ui: &Ui, rect: Rect) {
    let side = Vec2::splat(space::S6);
    let place = Rect::from_min_size(rect.right_bottom() - Vec2::splat(space::S2) - side, side);
    controls::float(ui, place);
    let icon = Rect::from_center_size(place.center(), Vec2::splat(size::ICON_SM));
    Icon::MicrophoneOff.paint(ui.painter(), icon, stage::WARN);
}

/// Says whose video it is, where it is large enough.
fn you(ui: &Ui, rect: Rect) {
    if rect.width() < layout::SIDE_BAR / 2.0 {
        return;
    }
    let words = TypeStyle::CaptionStrong.layout(&text!("you"), stage::TEXT, rect.width(), false);
    let galley = ui.painter().layout_job(words);
    let tag = vec2(galley.size().x + 2.0 * space::S2, space::S6);
    let low = pos2(rect.left() + space::S2, rect.bottom() - space::S2 - tag.y);
    let tag = Rect::from_min_size(low, tag);
    controls::float(ui, tag);
    ui.painter().galley(tag.center() - galley.size() / 2.0, galley, stage::TEXT);
}

/// Says over one's own picture that the other can't see it; why is in the notice.
fn unseen_line(ui: &Ui, rect: Rect, peer: &str) {
    let line = text!("cannot-see-you", peer = peer);
    let room = rect.width() - 2.0 * space::S2;
    let galley = ui.painter().layout_job(TypeStyle::Caption.layout(&line, stage::WARN, room, true));
    let height = (galley.size().y + space::S2).min(rect.height());
    let strip = Rect::from_min_max(pos2(rect.left(), rect.bottom() - height), rect.max);
    let corners = CornerRadius { nw: 0, ne: 0, sw: radius::LG, se: radius::LG };
    ui.painter().rect_filled(strip, corners, stage::FLOAT);
    ui.painter().galley(strip.min + vec2(space::S2, space::S1), galley, stage::WARN);
}
