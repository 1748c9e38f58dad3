//! The mini window: the call in a small window that stays above all others, with the other's
//! picture and what one needs most.
//!
//! It is the app's own window, made small: a second one would leave an empty first one behind, with
//! a place of its own in the task bar, for the keyboard and for screen readers, and both would have
//! to be painted for each picture. What always holds: whoever leaves it, or whose call ends, has
//! the window back as it was; the window has the shape of the picture.

use std::time::Instant;

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    Context, CursorIcon, Label, PointerButton, Pos2, Rect, ResizeDirection, Sense, Ui, Vec2,
    ViewportCommand, WidgetInfo, WindowLevel, pos2, vec2,
};

use super::action::{Action, Actions};
use super::call_chips;
use super::call_screen::{CallView, fullscreen_now};
use super::controls::{self, Control, Look, Reveal};
use super::design::{Icon, Palette, TypeStyle, component, motion, size, space, stage};
use super::trust::Mark;
use super::video_view::{VideoView, letterbox};
use super::{keyboard, share, widgets};
use crate::session::snapshot::{CallHint, Intent, ShareIntent, Snapshot};
use crate::words::text;

/// The window while it is small, and how it was.
#[derive(Debug)]
pub(super) struct MiniWindow {
    before: Before,
    /// Its size and the shape of the picture when they were last looked at.
    seen: (Vec2, Option<f32>),
    /// When one of them changed, until the window has its shape again.
    changed_at: Option<Instant>,
}

/// How the window was.
#[derive(Debug)]
struct Before {
    size: Option<Vec2>,
    position: Option<Pos2>,
    maximized: bool,
    fullscreen: bool,
}

impl MiniWindow {
    /// Makes the window small; it keeps its lower right corner.
    pub(super) fn enter(ctx: &Context, aspect: Option<f32>) -> Self {
        let fullscreen = fullscreen_now(ctx);
        let (inner, outer, maximized) = ctx.input(|i| {
            let viewport = i.viewport();
            (viewport.inner_rect, viewport.outer_rect, viewport.maximized == Some(true))
        });
        let whole = maximized || fullscreen;
        let before = Before {
            size: inner.map(|rect| rect.size()).filter(|_| !whole),
            position: outer.map(|rect| rect.min).filter(|_| !whole),
            maximized,
            fullscreen,
        };
        let asked = shaped(component::MINI_WIDTH, aspect);
        let send = |command| ctx.send_viewport_cmd(command);
        if fullscreen {
            send(ViewportCommand::Fullscreen(false));
        }
        if maximized {
            send(ViewportCommand::Maximized(false));
        }
        send(ViewportCommand::MinInnerSize(component::LEAST_MINI.into()));
        send(ViewportCommand::Decorations(false));
        send(ViewportCommand::InnerSize(asked));
        send(ViewportCommand::WindowLevel(WindowLevel::AlwaysOnTop));
        if let Some(outer) = outer {
            send(ViewportCommand::OuterPosition(outer.max - asked));
        }
        Self { before, seen: (asked, aspect), changed_at: None }
    }

    /// Gives the window back as it was.
    pub(super) fn leave(self, ctx: &Context) {
        let send = |command| ctx.send_viewport_cmd(command);
        let Before { size, position, maximized, fullscreen } = self.before;
        send(ViewportCommand::WindowLevel(WindowLevel::Normal));
        send(ViewportCommand::Decorations(true));
        send(ViewportCommand::InnerSize(size.unwrap_or(component::FIRST_WINDOW.into())));
        send(ViewportCommand::MinInnerSize(component::LEAST_WINDOW.into()));
        if let Some(position) = position {
            send(ViewportCommand::OuterPosition(position));
        }
        if maximized {
            send(ViewportCommand::Maximized(true));
        }
        if fullscreen {
            send(ViewportCommand::Fullscreen(true));
        }
    }

    /// Gives the window the shape of the picture, once nobody pulls at it any more: one time for
    /// each change, whatever the system makes of it.
    fn keep_shape(&mut self, ctx: &Context, window: Vec2, aspect: Option<f32>, now: Instant) {
        let (size, shape) = self.seen;
        if (window - size).abs().max_elem() > 1.0 || aspect != shape {
            self.seen = (window, aspect);
            self.changed_at = Some(now);
        }
        let Some(changed_at) = self.changed_at else { return };
        let wait = motion::RESIZED.saturating_sub(now.saturating_duration_since(changed_at));
        if !wait.is_zero() {
            return ctx.request_repaint_after(wait);
        }
        self.changed_at = None;
        let wanted = shaped(window.x, aspect);
        if (wanted - window).abs().max_elem() > 1.0 {
            ctx.send_viewport_cmd(ViewportCommand::InnerSize(wanted));
        }
    }

    /// Shows the call in it.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        call: CallView<'_>,
        snapshot: &Snapshot,
        remote: &VideoView,
        reveal: &mut Reveal,
        actions: &mut Actions,
    ) {
        let over = ui.max_rect();
        self.keep_shape(ui.ctx(), over.size(), remote.aspect(), call.now);
        let shown = picture(ui, over, call, snapshot, remote, actions);
        edges(ui, over);
        let hold = !shown || call.lost_at.is_some() || snapshot.hint.is_some();
        let opacity = reveal.update(ui.ctx(), hold);
        let mark = Mark::of(snapshot, call.peer);
        call_chips::small_head(ui, over, call, mark, opacity);
        let muted = snapshot.microphone_muted;
        let ctx = ui.ctx();
        let mut bar = vec![
            controls::microphone(ctx, muted),
            controls::camera(ctx, snapshot),
            controls::hang_up(ctx),
        ];
        let shares = share::is_on(&snapshot.sharing);
        if shares {
            bar.insert(2, controls::share(ctx, snapshot));
        }
        let keys = keyboard::named(ctx, &keyboard::MINI);
        let larger = text!("leave-mini-window-hint", keys = keys);
        match controls::small_bar(ui, over, reveal, &bar).pressed {
            Some(0) => actions.send(Intent::MuteMicrophone(!muted)),
            Some(1) => actions.push(controls::camera_pressed(snapshot)),
            Some(2) if shares => actions.send(Intent::Share(ShareIntent::Stop)),
            Some(_) => actions.send(Intent::HangUp),
            None => {}
        }
        let larger = Control {
            icon: Icon::Expand,
            text: text!("mini-window"),
            pressed: Some(true),
            hint: larger,
            look: Look::Plain,
            marked: false,
        };
        if controls::small_tool(ui, over, reveal, &larger).pressed.is_some() {
            actions.push(Action::Mini(false));
        }
        badges(ui, over, call.peer, snapshot, opacity);
        if let (Some(hint), None) = (snapshot.hint, call.lost_at) {
            let words = match hint {
                CallHint::TalkingWhileMuted => text!("talking-while-muted"),
                CallHint::SilentMicrophone => text!("silent-microphone"),
            };
            line(ui, over, over.center().y, &words, Live::Polite);
        } else if let (Some((words, _)), None) =
            (share::mini_words(&snapshot.sharing, call.peer), call.lost_at)
        {
            let bar = size::CONTROL + 2.0 * space::S1 + space::S2;
            let lines = over.top() + (over.height() - bar + size::CONTROL) / 2.0;
            line(ui, over, lines, &words, Live::Polite);
        }
    }
}

/// The other, or who they are while there is no picture. Returns whether there is one.
fn picture(
    ui: &mut Ui,
    over: Rect,
    call: CallView<'_>,
    snapshot: &Snapshot,
    remote: &VideoView,
    actions: &mut Actions,
) -> bool {
    ui.painter().rect_filled(over, 0.0, stage::GROUND);
    let sense = Sense::click_and_drag() - Sense::FOCUSABLE;
    let response = ui.interact(over, ui.make_persistent_id("mini-stage"), sense);
    if response.double_clicked() {
        actions.push(Action::Mini(false));
    } else if response.drag_started_by(PointerButton::Primary) {
        ui.ctx().send_viewport_cmd(ViewportCommand::StartDrag);
    }
    let has_picture = snapshot.remote_video_live && !snapshot.remote_camera_off;
    let shown = has_picture
        && if snapshot.remote_shares {
            let aspect = remote.aspect().unwrap_or(component::CAMERA_ASPECT);
            remote.paint(ui.painter(), letterbox(aspect, over), 0, false)
        } else {
            remote.fill(ui.painter(), over)
        };
    let peer = call.peer;
    let label = if shown && snapshot.remote_shares {
        text!("screen-of", peer = peer)
    } else if shown {
        text!("picture-of", peer = peer)
    } else if snapshot.remote_camera_off {
        text!("their-camera-off", peer = peer)
    } else if remote.is_paused() {
        text!("waiting-for-picture", peer = peer)
    } else {
        text!("no-picture-from", peer = peer)
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
    widgets::announce(ui, &response, Live::Polite);
    if !shown {
        let palette = Palette::of(ui.visuals());
        widgets::paint_avatar(ui.painter(), palette, over.center(), size::AVATAR_LG, peer);
    } else if call.lost_at.is_some() {
        ui.painter().rect_filled(over, 0.0, stage::DIMMED);
    }
    if call.lost_at.is_some() {
        line(ui, over, over.center().y, &text!("interrupted", peer = peer), Live::Assertive);
    }
    shown
}

/// A line across the middle, at this height.
fn line(ui: &mut Ui, over: Rect, middle: f32, words: &str, live: Live) {
    let job = TypeStyle::Small.layout(words, stage::TEXT, over.width() - space::S10, true);
    let galley = ui.painter().layout_job(job);
    let place = Rect::from_center_size(pos2(over.center().x, middle), galley.size());
    controls::float(ui, place.expand2(vec2(space::S3, space::S1)));
    let line = ui.put(place, Label::new(galley));
    widgets::announce(ui, &line, live);
}

/// The corners of a window without a frame, by which it is resized.
fn edges(ui: &mut Ui, over: Rect) {
    let corners = [
        (over.left_top(), ResizeDirection::NorthWest, CursorIcon::ResizeNwSe),
        (over.right_top(), ResizeDirection::NorthEast, CursorIcon::ResizeNeSw),
        (over.left_bottom(), ResizeDirection::SouthWest, CursorIcon::ResizeNeSw),
        (over.right_bottom(), ResizeDirection::SouthEast, CursorIcon::ResizeNwSe),
    ];
    for (number, (corner, direction, cursor)) in corners.into_iter().enumerate() {
        let place = Rect::from_center_size(corner, Vec2::splat(space::S5)).intersect(over);
        let id = ui.make_persistent_id("mini-corner").with(number);
        let response = ui.interact(place, id, Sense::DRAG).on_hover_cursor(cursor);
        if response.drag_started_by(PointerButton::Primary) {
            ui.ctx().send_viewport_cmd(ViewportCommand::BeginResize(direction));
        }
    }
}

/// Says whose microphone is off while the controls that say it rest.
fn badges(ui: &mut Ui, over: Rect, peer: &str, snapshot: &Snapshot, opacity: f32) {
    let side = Vec2::splat(space::S8 - space::S1);
    let low = over.bottom() - space::S2 - side.y;
    if snapshot.microphone_muted && opacity < 1.0 {
        let place = Rect::from_min_size(pos2(over.left() + space::S2, low), side);
        badge(ui, place, stage::WARN, &text!("you-are-muted"));
    }
    if snapshot.remote_muted {
        let at = pos2(over.right() - space::S2 - side.x, low);
        let place = Rect::from_min_size(at, side);
        badge(ui, place, stage::TEXT, &text!("their-microphone-muted", peer = peer));
    }
}

fn badge(ui: &mut Ui, place: Rect, ink: eframe::egui::Color32, words: &str) {
    controls::float(ui, place);
    let icon = Rect::from_center_size(place.center(), Vec2::splat(size::ICON_SM));
    Icon::MicrophoneOff.paint(ui.painter(), icon, ink);
    let response = ui.interact(place, ui.make_persistent_id("badge").with(words), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    widgets::announce(ui, &response, Live::Polite);
    response.on_hover_text(words);
}

/// This wide, in the shape of the picture.
fn shaped(width: f32, aspect: Option<f32>) -> Vec2 {
    let aspect = aspect
        .unwrap_or(component::CAMERA_ASPECT)
        .clamp(component::SELF_VIEW_TALLEST, component::SELF_VIEW_FLATTEST);
    let [least_width, least_height] = component::LEAST_MINI;
    let width = width.max(least_width).max(least_height * aspect);
    vec2(width, width / aspect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_has_the_shape_of_the_picture_and_room_for_its_buttons() {
        for aspect in [None, Some(0.1), Some(9.0 / 16.0), Some(1.0), Some(16.0 / 9.0), Some(50.0)] {
            for width in [10.0, 320.0, 900.0] {
                let size = shaped(width, aspect);
                let [least_width, least_height] = component::LEAST_MINI;
                assert!(size.x >= least_width && size.y >= least_height - 0.01, "{size:?}");
            }
        }
        assert_eq!(shaped(320.0, Some(16.0 / 9.0)), vec2(320.0, 180.0));
    }
}
