//! The other's picture, or who they are while there is none; their screen larger and smaller.

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    CursorIcon, PointerButton, Rect, Response, Sense, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2,
};

use super::{CallScreen, CallView, fullscreen_now};
use crate::session::snapshot::Snapshot;
use crate::ui::action::{Action, Actions};
use crate::ui::call_look::CallLook;
use crate::ui::controls::{self, BAR_HEIGHT, Control, Look};
use crate::ui::design::{Icon, Palette, TypeStyle, component, layout, motion, size, space, stage};
use crate::ui::video_view::{VideoView, letterbox};
use crate::ui::zoom::{STEP, Scene};
use crate::ui::{call_menu, widgets};
use crate::words::{percent, text};

impl CallScreen {
    /// The other person, or who they are while there is no video. Returns whether there is one.
    pub(super) fn stage(
        &mut self,
        ui: &mut Ui,
        stage: Rect,
        call: CallView<'_>,
        snapshot: &Snapshot,
        (remote, look): (&VideoView, &mut CallLook),
        actions: &mut Actions,
    ) -> bool {
        ui.painter().rect_filled(stage, 0.0, stage::GROUND);
        let shares = snapshot.remote_shares;
        let sense = if shares { Sense::CLICK | Sense::DRAG } else { Sense::CLICK };
        let response = ui.interact(stage, ui.make_persistent_id("stage"), sense);
        if response.double_clicked() && !shares {
            actions.push(Action::Fullscreen(!fullscreen_now(ui.ctx())));
        }
        let further = self.further(stage, snapshot);
        if let Some(item) = call_menu::on(&response, look, further) {
            self.choose(item, ui.ctx(), look, snapshot, actions);
        }
        let whole = letterbox(remote.aspect().unwrap_or(component::CAMERA_ASPECT), stage);
        self.scene = remote.size().filter(|_| shares).map(|picture| Scene {
            picture,
            stage,
            pixels_per_point: ui.ctx().pixels_per_point(),
        });
        let shape = match self.scene {
            Some(scene) => self.zoomed(ui, &response, &scene),
            None => {
                self.zoom.fit();
                whole
            }
        };
        let fill = look.fill && !shares;
        let off = snapshot.remote_camera_off;
        if off {
            self.picture_due = Some(call.now);
        }
        let due = self.picture_due.unwrap_or(call.since);
        let shown = snapshot.remote_video_live
            && !off
            && if fill {
                remote.fill(ui.painter(), stage)
            } else {
                remote.paint(&ui.painter_at(stage), shape, 0, false)
            };
        let peer = call.peer;
        // What the person can do nothing about is said where the picture would be.
        let label = match &snapshot.remote_video_words {
            _ if shown && shares => text!("screen-of", peer = peer),
            _ if shown => text!("picture-of", peer = peer),
            None if off => text!("their-camera-off", peer = peer),
            Some(words) => words.text(),
            None if remote.is_paused()
                || call.now.saturating_duration_since(due) < motion::FIRST_PICTURE =>
            {
                text!("waiting-for-picture", peer = peer)
            }
            None => text!("no-picture-from", peer = peer),
        };
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
        widgets::announce(ui, &response, Live::Polite);
        if !shown {
            let palette = Palette::of(ui.visuals());
            let diameter = if stage.height() < layout::ROOMY_HEIGHT {
                size::AVATAR_LG
            } else {
                size::AVATAR_XL
            };
            let high = stage.center().y - BAR_HEIGHT / 2.0;
            let below = self.free_from + diameter / 2.0 + space::S2;
            let center = pos2(stage.center().x, high.max(below));
            widgets::paint_avatar(ui.painter(), palette, center, diameter, peer);
            let below = center + vec2(0.0, diameter / 2.0 + space::S4);
            let room = stage.width() - 2.0 * layout::STAGE_MARGIN;
            let ink = stage::TEXT_2;
            let galley = ui.painter().layout_job(TypeStyle::Body.layout(&label, ink, room, true));
            ui.painter().galley(below - vec2(galley.size().x / 2.0, 0.0), galley, ink);
        } else if call.lost_at.is_some() {
            // What stands still must not look as if it moved.
            ui.painter().rect_filled(if fill { stage } else { shape }, 0.0, stage::DIMMED);
        }
        shown
    }

    /// Where the other's screen is, after what the person does with the pointer.
    fn zoomed(&mut self, ui: &Ui, response: &Response, scene: &Scene) -> Rect {
        let pointer = response.hover_pos();
        if let Some(pointer) = pointer {
            let (scrolled, pinched) =
                ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
            self.zoom.scroll(scrolled, pointer, scene);
            self.zoom.by(pinched, pointer, scene);
        }
        if response.double_clicked() {
            self.zoom.toggle(pointer.unwrap_or(scene.stage.center()), scene);
        }
        if response.dragged_by(PointerButton::Primary) {
            self.zoom.drag(response.drag_delta(), scene);
            ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
        }
        let place = self.zoom.place(scene);
        // On whole pixels, so that each of the picture's is one of the screen's where it can be.
        let pixel = 1.0 / scene.pixels_per_point;
        let on_pixel = |at: f32| (at / pixel).round() * pixel;
        place.translate(pos2(on_pixel(place.left()), on_pixel(place.top())) - place.min)
    }

    /// Shows the other's screen so much larger, about its middle.
    pub(in crate::ui) fn zoom_by(&mut self, factor: f32) {
        if let Some(scene) = self.scene {
            self.zoom.by(factor, scene.stage.center(), &scene);
        }
    }

    /// Shows the other's screen in its original size.
    pub(in crate::ui) fn zoom_to_original(&mut self) {
        if let Some(scene) = self.scene {
            self.zoom.show_original(scene.stage.center(), &scene);
        }
    }

    /// Shows all of the other's screen.
    pub(in crate::ui) fn fit(&mut self) {
        self.zoom.fit();
    }

    /// Whether the other's screen is shown so small that pixels would be left out.
    pub(in crate::ui) fn shrinks(&self) -> bool {
        self.scene.is_some_and(|scene| self.zoom.factor(&scene) < component::SHRINKS_BELOW)
    }

    /// The control that says how large the other's screen is, in the lower corner away from one's
    /// own picture. Returns whether it is being used.
    pub(super) fn zoom_control(&mut self, ui: &mut Ui, over: Rect, own_is_left: bool) -> bool {
        let Some(scene) = self.scene else { return false };
        let now = percent(f64::from(self.zoom.factor(&scene)), 0);
        let words = TypeStyle::SmallStrong.layout(&now, stage::TEXT, f32::INFINITY, false);
        let words = ui.painter().layout_job(words);
        let side = size::CONTROL_SM;
        // As wide for any number, so that nothing moves under the pointer.
        let middle = words.size().x.max(component::PERCENT);
        let extent = vec2(3.0 * side + middle + 2.0 * space::S1, side + 2.0 * space::S1);
        let in_the_way = over.width() < layout::BAR_IN_THE_WAY;
        let below = if in_the_way { BAR_HEIGHT + space::S2 } else { layout::BAR_GAP };
        let left = if own_is_left {
            over.right() - layout::STAGE_MARGIN - extent.x
        } else {
            over.left() + layout::STAGE_MARGIN
        };
        let place = Rect::from_min_size(pos2(left, over.bottom() - below - extent.y), extent);
        let mut busy = ui.rect_contains_pointer(place);
        let opacity = self.reveal.opacity();
        ui.scope_builder(UiBuilder::new().max_rect(place), |ui| {
            ui.set_opacity(opacity);
            controls::float(ui, place);
            let at = |from: f32| {
                Rect::from_min_size(
                    place.min + vec2(space::S1 + from, space::S1),
                    Vec2::splat(side),
                )
            };
            let (hint, text) = (text!("zoom-out"), text!("zoom-out"));
            let smaller = control(Icon::Minus, text, hint);
            let (hint, text) = (text!("zoom-in"), text!("zoom-in"));
            let larger = control(Icon::Plus, text, hint);
            let (icon, hint, text) = if self.zoom.fits() {
                (Icon::Fullscreen, text!("zoom-original-hint"), text!("zoom-original"))
            } else {
                (Icon::Restore, text!("zoom-fit-hint"), text!("zoom-fit"))
            };
            let other = control(icon, text, hint);
            let mut pressed = |ui: &mut Ui, place: Rect, control: &Control| {
                let response = controls::button(ui, place, control, size::ICON_SM);
                busy |= response.has_focus();
                self.reveal.counts(&response)
            };
            let center = scene.stage.center();
            let out = pressed(ui, at(0.0), &smaller);
            let said = Rect::from_min_size(
                pos2(at(0.0).right() + (middle - words.size().x) / 2.0, place.center().y)
                    - vec2(0.0, words.size().y / 2.0),
                words.size(),
            );
            let shown = ui.interact(said, ui.make_persistent_id("zoom-now"), Sense::hover());
            let label = text!("zoom-now", percent = &now);
            shown.widget_info(|| WidgetInfo::labeled(Role::Label, true, &label));
            ui.painter().galley(said.min, words, stage::TEXT);
            let into = pressed(ui, at(side + middle), &larger);
            let toggles = pressed(ui, at(2.0 * side + middle), &other);
            if out {
                self.zoom.by(1.0 / STEP, center, &scene);
            }
            if into {
                self.zoom.by(STEP, center, &scene);
            }
            if toggles {
                self.zoom.toggle(center, &scene);
            }
        });
        busy
    }
}

fn control(icon: Icon, text: String, hint: String) -> Control {
    Control { icon, text, pressed: None, hint, look: Look::Plain, marked: false }
}
