//! One's own video during a call: small, mirrored, in a corner; dragged or moved by arrow keys to
//! another.

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Align2, CornerRadius, CursorIcon, EventFilter, Id, Key, Rect, Sense, Stroke, StrokeKind, Ui,
    Vec2, WidgetInfo, pos2, vec2,
};

use super::controls::{self, BAR_HEIGHT, HEAD_HEIGHT};
use super::design::{
    Elevation, Icon, TypeStyle, component, layout, motion, radius, size, space, stage,
};
use super::video_view::{VideoView, letterbox};
use super::widgets::focus;
use crate::words::{Phrase, text};

/// Where the video rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Corner {
    right: bool,
    bottom: bool,
}

pub(super) struct SelfView {
    corner: Corner,
    dragged_by: Vec2,
}

impl Default for SelfView {
    fn default() -> Self {
        Self { corner: Corner { right: true, bottom: true }, dragged_by: Vec2::ZERO }
    }
}

impl SelfView {
    /// Shows it over the stage. `live` says whether the camera delivers, `unseen` what keeps
    /// `peer` from seeing it.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        over: Rect,
        own: &VideoView,
        live: bool,
        peer: &str,
        unseen: Option<&Phrase>,
    ) {
        let extent = extent(over, own.aspect().filter(|_| live));
        let home = place(over, extent, self.corner);
        let id = ui.make_persistent_id("self-view");
        let center = self.moving_center(ui, id, home);
        let rect = Rect::from_center_size(center, extent);

        let response = ui.interact(rect, id, Sense::drag() | Sense::FOCUSABLE);
        let label = if live { text!("own-picture") } else { text!("own-camera-off") };
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
        ui.ctx().accesskit_node_builder(id, |node| {
            let moves = text!("self-view-moves");
            node.set_description(match unseen {
                Some(words) => [words.text(), moves].join(" "),
                None => moves,
            });
        });
        self.drag(ui, &response, home, over);
        self.arrow_keys(ui, &response);

        let painter = ui.painter();
        let corners = CornerRadius::same(radius::LG);
        painter.add(Elevation::Float.shadow(true).as_shape(rect, corners));
        painter.rect_filled(rect, corners, stage::SELF_VIEW);
        let shape = letterbox(own.aspect().unwrap_or(component::CAMERA_ASPECT), rect);
        if live && own.paint(painter, shape, radius::LG, true) {
            match unseen {
                Some(_) => unseen_line(ui, rect, peer),
                None => you(ui, rect),
            }
        } else {
            let above = rect.center() - vec2(0.0, space::S3);
            let icon = Rect::from_center_size(above, Vec2::splat(size::ICON_LG));
            Icon::CameraOff.paint(painter, icon, stage::TEXT_2);
            painter.text(
                rect.center() + vec2(0.0, space::S4),
                Align2::CENTER_CENTER,
                text!("camera-off"),
                TypeStyle::Caption.font(),
                stage::TEXT_2,
            );
        }
        let edge = Stroke::new(size::HAIRLINE, stage::PICTURE_EDGE);
        ui.painter().rect_stroke(rect, corners, edge, StrokeKind::Outside);
        focus::ring(ui, &response, radius::LG);
        response.on_hover_and_drag_cursor(CursorIcon::Grab);
    }

    /// Where its middle is now: under the pointer while dragged, else gliding home.
    fn moving_center(&self, ui: &Ui, id: Id, home: Rect) -> eframe::egui::Pos2 {
        let target = home.center() + self.dragged_by;
        // While it is dragged it must not lag behind the pointer.
        let still = self.dragged_by == Vec2::ZERO;
        let seconds = if still { motion::SLOW.as_secs_f32() } else { 0.0 };
        pos2(
            ui.ctx().animate_value_with_time(id.with("x"), target.x, seconds),
            ui.ctx().animate_value_with_time(id.with("y"), target.y, seconds),
        )
    }

    fn drag(&mut self, ui: &Ui, response: &eframe::egui::Response, home: Rect, over: Rect) {
        if response.dragged() {
            self.dragged_by += response.drag_delta();
            ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
        } else if self.dragged_by != Vec2::ZERO {
            let dropped = home.center() + self.dragged_by;
            self.corner =
                Corner { right: dropped.x > over.center().x, bottom: dropped.y > over.center().y };
            self.dragged_by = Vec2::ZERO;
            ui.ctx().request_repaint();
        }
    }

    fn arrow_keys(&mut self, ui: &Ui, response: &eframe::egui::Response) {
        if !response.has_focus() {
            return;
        }
        let arrows = EventFilter {
            horizontal_arrows: true,
            vertical_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
        ui.input(|i| {
            let (left, right) = (i.key_pressed(Key::ArrowLeft), i.key_pressed(Key::ArrowRight));
            let (up, down) = (i.key_pressed(Key::ArrowUp), i.key_pressed(Key::ArrowDown));
            self.corner.right = right || self.corner.right && !left;
            self.corner.bottom = down || self.corner.bottom && !up;
        });
    }
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

/// How large the self-view is over a stage: its longer side goes by the width of the stage.
fn extent(over: Rect, aspect: Option<f32>) -> Vec2 {
    let aspect = aspect
        .unwrap_or(component::CAMERA_ASPECT)
        .clamp(component::SELF_VIEW_TALLEST, component::SELF_VIEW_FLATTEST);
    // A low window leaves less between the head and the bar.
    let long = component::self_view(over.width()).min(over.height() / 3.0);
    if aspect >= 1.0 { vec2(long, long / aspect) } else { vec2(long * aspect, long) }
}

fn place(over: Rect, extent: Vec2, corner: Corner) -> Rect {
    let in_the_way = over.width() < layout::BAR_IN_THE_WAY;
    let below = if in_the_way { BAR_HEIGHT + space::S2 } else { layout::BAR_GAP };
    let margin = layout::STAGE_MARGIN;
    let x = if corner.right { over.right() - margin - extent.x } else { over.left() + margin };
    let y = if corner.bottom {
        over.bottom() - below - extent.y
    } else {
        over.top() + HEAD_HEIGHT + space::S3
    };
    Rect::from_min_size(pos2(x, y), extent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_corner_of_every_window_size_keeps_the_video_inside_and_off_the_bar() {
        for (width, height) in [(480.0, 360.0), (800.0, 600.0), (1920.0, 1080.0)] {
            let stage = Rect::from_min_size(pos2(0.0, 0.0), vec2(width, height));
            for (right, bottom) in [(false, false), (false, true), (true, false), (true, true)] {
                for aspect in [None, Some(0.01), Some(0.5625), Some(1.778), Some(100.0)] {
                    let rect = place(stage, extent(stage, aspect), Corner { right, bottom });
                    assert!(stage.contains_rect(rect), "{stage:?} {rect:?}");
                    let beside_the_bar = width >= layout::BAR_IN_THE_WAY;
                    assert!(
                        beside_the_bar || rect.bottom() < height - BAR_HEIGHT,
                        "{stage:?} {rect:?}"
                    );
                }
            }
        }
    }
}
