//! One's own video during a call: small, mirrored, in a corner; dragged or moved by arrow keys to
//! another.

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Align2, Color32, CornerRadius, CursorIcon, EventFilter, FontId, Id, Key, Rect, Sense, Stroke,
    StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::controls::BAR_HEIGHT;
use super::icons::Icon;
use super::theme::{FLOATING, Palette};
use super::video_view::{VideoView, letterbox};

const MARGIN: f32 = 16.0;
const RADIUS: u8 = 12;
/// Below this width the bar takes the whole lower edge, so the corners above it are used.
const BAR_IN_THE_WAY_BELOW: f32 = 900.0;
/// What the name and the clock need at the upper edge.
const HEAD_HEIGHT: f32 = 44.0;

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
    /// Shows it over the stage. `live` says whether the camera delivers, `unseen` what keeps the
    /// other from seeing it.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        stage: Rect,
        own: &VideoView,
        live: bool,
        unseen: Option<&str>,
    ) {
        let size = size(stage, own.aspect().filter(|_| live));
        let home = place(stage, size, self.corner);
        let id = ui.make_persistent_id("self-view");
        let center = self.moving_center(ui, id, home);
        let rect = Rect::from_center_size(center, size);

        let response = ui.interact(rect, id, Sense::drag() | Sense::FOCUSABLE);
        let label = if live { "Your picture, mirrored" } else { "Your camera is off" };
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, label));
        ui.ctx().accesskit_node_builder(id, |node| {
            let moves = "Arrow keys move it to another corner";
            node.set_description(match unseen {
                Some(words) => format!("{words} {moves}"),
                None => moves.to_owned(),
            });
        });
        self.drag(ui, &response, home, stage);
        self.arrow_keys(ui, &response);

        let palette = Palette::of(ui.visuals());
        let painter = ui.painter();
        painter.rect_filled(rect, RADIUS, palette.card);
        let shape = letterbox(own.aspect().unwrap_or(16.0 / 9.0), rect);
        if !(live && own.paint(painter, shape, RADIUS, true)) {
            let icon = Rect::from_center_size(rect.center() - vec2(0.0, 9.0), Vec2::splat(24.0));
            Icon::CameraOff.paint_on(painter, icon, palette.weak, palette.card);
            let below = rect.center() + vec2(0.0, 16.0);
            painter.text(
                below,
                Align2::CENTER_CENTER,
                "Camera off",
                FontId::proportional(12.5),
                palette.weak,
            );
        }
        if let Some(words) = unseen.filter(|_| live) {
            unseen_line(ui, rect, words);
        }
        let ring = if response.has_focus() {
            Stroke::new(2.0, palette.accent)
        } else {
            Stroke::new(1.0, Color32::from_white_alpha(40))
        };
        painter.rect_stroke(rect, CornerRadius::same(RADIUS), ring, StrokeKind::Outside);
        response.on_hover_and_drag_cursor(CursorIcon::Grab);
    }

    /// Where its middle is now: under the pointer while dragged, else gliding home.
    fn moving_center(&self, ui: &Ui, id: Id, home: Rect) -> eframe::egui::Pos2 {
        let target = home.center() + self.dragged_by;
        // While it is dragged it must not lag behind the pointer.
        let seconds = if self.dragged_by == Vec2::ZERO { 0.16 } else { 0.0 };
        pos2(
            ui.ctx().animate_value_with_time(id.with("x"), target.x, seconds),
            ui.ctx().animate_value_with_time(id.with("y"), target.y, seconds),
        )
    }

    fn drag(&mut self, ui: &Ui, response: &eframe::egui::Response, home: Rect, stage: Rect) {
        if response.dragged() {
            self.dragged_by += response.drag_delta();
            ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
        } else if self.dragged_by != Vec2::ZERO {
            let dropped = home.center() + self.dragged_by;
            self.corner = Corner {
                right: dropped.x > stage.center().x,
                bottom: dropped.y > stage.center().y,
            };
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

/// Says over one's own picture that the other can't see it; why is in the notice.
fn unseen_line(ui: &Ui, rect: Rect, words: &str) {
    let line = words.split(':').next().unwrap_or(words).to_owned();
    let amber = Palette::of(ui.visuals()).warning;
    let room = rect.width() - 16.0;
    let galley = ui.painter().layout(line, FontId::proportional(12.5), amber, room);
    let ground =
        Rect::from_min_max(pos2(rect.left(), rect.bottom() - galley.size().y - 10.0), rect.max);
    let corners = CornerRadius { nw: 0, ne: 0, sw: RADIUS, se: RADIUS };
    ui.painter().rect_filled(ground, corners, FLOATING);
    let at = pos2(ground.center().x - galley.size().x / 2.0, ground.top() + 5.0);
    ui.painter().galley(at, galley, amber);
}

fn size(stage: Rect, aspect: Option<f32>) -> Vec2 {
    let aspect = aspect.unwrap_or(16.0 / 9.0).clamp(0.4, 2.5);
    let long = (stage.size().min_elem() * 0.34).clamp(130.0, 280.0);
    if aspect >= 1.0 { vec2(long, long / aspect) } else { vec2(long * aspect, long) }
}

fn place(stage: Rect, size: Vec2, corner: Corner) -> Rect {
    let bottom_gap = if stage.width() < BAR_IN_THE_WAY_BELOW { BAR_HEIGHT + 8.0 } else { MARGIN };
    let x = if corner.right { stage.right() - MARGIN - size.x } else { stage.left() + MARGIN };
    let y = if corner.bottom {
        stage.bottom() - bottom_gap - size.y
    } else {
        stage.top() + HEAD_HEIGHT + 8.0
    };
    Rect::from_min_size(pos2(x, y), size)
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
                    let rect = place(stage, size(stage, aspect), Corner { right, bottom });
                    assert!(stage.contains_rect(rect), "{stage:?} {rect:?}");
                    let beside_the_bar = width >= BAR_IN_THE_WAY_BELOW;
                    assert!(
                        beside_the_bar || rect.bottom() < height - BAR_HEIGHT,
                        "{stage:?} {rect:?}"
                    );
                }
            }
        }
    }
}
