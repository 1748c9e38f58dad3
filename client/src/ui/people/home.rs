//! What stands beside the list while nobody is chosen: whom to call, a room to meet in, and a look
//! at oneself before a call.

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{Align, Align2, Label, Layout, Rect, Sense, Ui, Vec2, WidgetInfo, vec2};
use visavis_shared::limits::MAX_USERNAME_CHARS;
use visavis_shared::{NameError, canonical_name};

use crate::device::CameraChoice;
use crate::invitation::{Invitation, Whom};
use crate::session::snapshot::{Intent, Person, RoomPhase, Snapshot};
use crate::ui::action::Actions;
use crate::ui::design::component::{CAMERA_ASPECT, CHECK_COLUMNS, FIELD_BUTTON};
use crate::ui::design::{Icon, Palette, TypeStyle, radius, size, space};
use crate::ui::video_view::{VideoView, letterbox};
use crate::ui::widgets::{self, Tone};
use crate::ui::{devices, invite, rooms, words};
use crate::words::{Phrase, phrase, text};

#[derive(Default)]
pub(super) struct Home {
    callee: String,
    problem: Option<Phrase>,
    room: rooms::RoomBox,
}

impl Home {
    /// Puts whom an invitation is to into the fields; the person calls or joins.
    pub(super) fn propose(&mut self, whom: &Whom) {
        match whom {
            Whom::Person(name) => {
                name.as_str().clone_into(&mut self.callee);
                self.problem = None;
            }
            Whom::Room(room) => self.room.propose(room),
        }
    }

    /// Brings the keyboard to where a room is joined.
    pub(super) fn ask_for_a_room(&mut self) {
        self.room.ask();
    }

    /// One part under the other, behind what `before` shows.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        own: &VideoView,
        online: bool,
        actions: &mut Actions,
        before: impl FnOnce(&mut Ui, &mut Actions),
    ) {
        before(ui, actions);
        self.call_card(ui, snapshot, online, actions);
        ui.add_space(space::S4);
        preview_card(ui, snapshot, own, actions);
    }

    fn call_card(&mut self, ui: &mut Ui, snapshot: &Snapshot, online: bool, actions: &mut Actions) {
        widgets::card(ui).show(ui, |ui| {
            ui.take_available_width();
            let caption = widgets::caption(ui, &text!("username-to-call"));
            ui.horizontal(|ui| {
                let (icon, call) = (Some(Icon::Camera), text!("call"));
                let button = widgets::button_width(ui, icon, &call, FIELD_BUTTON);
                let width = ui.available_width() - button - ui.spacing().item_spacing.x;
                let text = &mut self.callee;
                let limit = MAX_USERNAME_CHARS * 2;
                let hint = text!("their-name");
                let field = widgets::text_field(ui, &caption, &hint, text, limit, width);
                if field.changed() {
                    self.problem = None;
                }
                let entered = widgets::submitted(&field);
                let clicked = ui
                    .add_enabled_ui(online, |ui| {
                        widgets::button(ui, Tone::Accent, icon, &call, button).clicked()
                    })
                    .inner;
                if clicked || entered && online {
                    self.submit(&snapshot.people, actions);
                }
            });
            if let Some(problem) = &self.problem {
                widgets::warning(ui, &problem.text(), Live::Assertive);
            }
            ui.add_space(space::S2);
            self.room.show(ui, snapshot, online, actions);
            // Inside a room its own link is what one wants to give away.
            let inside = matches!(snapshot.room, RoomPhase::Inside(_));
            if let Some(link) = invite::to_us(snapshot).filter(|_| !inside) {
                ui.add_space(space::S2);
                invite_row(ui, &link);
            }
        });
    }

    fn submit(&mut self, people: &[Person], actions: &mut Actions) {
        // Whom we met in a room may be called as no name is.
        let known = people.iter().any(|person| person.username.as_str() == self.callee.trim());
        let username = match canonical_name(&self.callee) {
            _ if known => self.callee.trim().to_owned(),
            Ok(name) => name.as_str().to_owned(),
            Err(NameError::Empty) => return self.problem = Some(phrase!("callee-missing")),
            Err(error) => return self.problem = Some(words::name_problem(error)),
        };
        self.problem = None;
        actions.send(Intent::Call { username });
    }
}

/// For whoever does not know how to call us.
fn invite_row(ui: &mut Ui, link: &Invitation) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            invite::copy_button(ui, Tone::Plain, link, FIELD_BUTTON);
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                let p = Palette::of(ui.visuals());
                let first = TypeStyle::Strong.text(text!("no-visavis-yet"));
                ui.add(Label::new(first).truncate());
                let second = TypeStyle::Small.text(text!("no-visavis-line")).color(p.text_2);
                ui.add(Label::new(second).wrap());
            });
        });
    });
}

/// How one looks and what is used for it: side by side where there is room.
fn preview_card(ui: &mut Ui, snapshot: &Snapshot, own: &VideoView, actions: &mut Actions) {
    widgets::card(ui).show(ui, |ui| {
        ui.take_available_width();
        if ui.available_width() < CHECK_COLUMNS {
            own_picture(ui, snapshot, own, actions);
            ui.add_space(space::S2);
            devices::show(ui, snapshot, actions);
            return;
        }
        ui.spacing_mut().item_spacing.x = space::S5;
        ui.columns(2, |columns| {
            if let [left, right] = columns {
                for column in [&mut *left, &mut *right] {
                    column.spacing_mut().item_spacing.x = space::S2;
                }
                own_picture(left, snapshot, own, actions);
                devices::voice(left, snapshot, actions);
                devices::choices(right, snapshot, actions);
            }
        });
    });
}

fn own_picture(ui: &mut Ui, snapshot: &Snapshot, own: &VideoView, actions: &mut Actions) {
    let width = ui.available_width();
    preview(ui, snapshot, own, width);
    let text = if snapshot.preview { text!("stop-preview") } else { text!("show-preview") };
    if widgets::button(ui, Tone::Plain, Some(Icon::Camera), &text, width).clicked() {
        actions.send(Intent::Preview(!snapshot.preview));
    }
}

fn preview(ui: &mut Ui, snapshot: &Snapshot, own: &VideoView, width: f32) {
    let p = Palette::of(ui.visuals());
    let extent = vec2(width, (width / CAMERA_ASPECT).max(size::CONTROL));
    let (rect, response) = ui.allocate_exact_size(extent, Sense::hover());
    ui.painter().rect_filled(rect, radius::MD, p.bg);
    let shape = letterbox(own.aspect().unwrap_or(CAMERA_ASPECT), rect);
    let shown = snapshot.preview
        && snapshot.camera_live
        && own.paint(ui.painter(), shape, radius::MD, true);
    let label = match (shown, snapshot.preview) {
        (true, _) => text!("own-picture"),
        (false, true) if snapshot.camera == CameraChoice::None => text!("no-camera"),
        (false, true) => text!("waiting-for-camera"),
        (false, false) => text!("camera-is-off"),
    };
    if !shown {
        let above = rect.center() - vec2(0.0, space::S3);
        let icon = Rect::from_center_size(above, Vec2::splat(size::ICON_LG));
        Icon::CameraOff.paint(ui.painter(), icon, p.text_2);
        ui.painter().text(
            rect.center() + vec2(0.0, space::S5),
            Align2::CENTER_CENTER,
            &label,
            TypeStyle::Small.font(),
            p.text_2,
        );
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
}
