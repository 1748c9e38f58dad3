//! The screen between calls: on the left who is online, on the right whom to call, a room to meet
//! in, and a look at oneself before a call.

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    Align, Align2, Frame, Label, Layout, Margin, Rect, ScrollArea, Sense, Stroke, Ui, UiBuilder,
    Vec2, WidgetInfo, pos2, vec2,
};
use visavis_shared::canonical_name;
use visavis_shared::limits::MAX_USERNAME_CHARS;

use super::action::{Action, Actions};
use super::design::component::{CAMERA_ASPECT, CHECK_COLUMNS, FIELD_BUTTON};
use super::design::{Icon, Palette, TypeStyle, layout, radius, size, space};
use super::video_view::{VideoView, letterbox};
use super::widgets::{self, PersonRow, Tone};
use super::{devices, rooms, words};
use crate::config::Theme;
use crate::invitation::Whom;
use crate::session::snapshot::{Intent, LoginPhase, Person, Snapshot};

#[derive(Default)]
pub(super) struct PeoplePage {
    callee: String,
    problem: Option<String>,
    room: rooms::RoomBox,
}

impl PeoplePage {
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

    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        own: &VideoView,
        theme: Theme,
        actions: &mut Actions,
    ) {
        let window = ui.available_rect_before_wrap();
        let online = matches!(snapshot.login, LoginPhase::LoggedIn { .. });
        if window.width() < layout::TWO_COLUMNS {
            let margin = Margin::same(space::S3 as i8);
            Frame::new().inner_margin(margin).show(ui, |ui| {
                me(ui, snapshot, theme, actions);
                ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    self.pane(ui, snapshot, own, online, actions, |ui, actions| {
                        list(ui, snapshot, online, actions);
                    });
                });
            });
            return;
        }
        let wide = window.width() >= layout::WIDE;
        let side = if wide { layout::SIDE_BAR } else { layout::SIDE_BAR_NARROW };
        let split = window.left() + side;
        let left = Rect::from_min_max(window.min, pos2(split, window.bottom()));
        let right = Rect::from_min_max(pos2(split, window.top()), window.max);
        ui.scope_builder(UiBuilder::new().max_rect(left), |ui| {
            side_bar(ui, left, snapshot, online, theme, actions);
        });
        ui.scope_builder(UiBuilder::new().max_rect(right), |ui| {
            let margin = if wide { space::S10 } else { space::S6 };
            ScrollArea::vertical().id_salt("pane").auto_shrink(false).show(ui, |ui| {
                let room = ui.available_width() - 2.0 * margin;
                let content = room.min(layout::CONTENT);
                Frame::new().inner_margin(Margin::same(margin as i8)).show(ui, |ui| {
                    ui.set_width(content);
                    self.pane(ui, snapshot, own, online, actions, |_, _| {});
                });
            });
        });
    }

    /// What there is to do, one part under the other. `between` comes after the first.
    fn pane(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        own: &VideoView,
        online: bool,
        actions: &mut Actions,
        between: impl FnOnce(&mut Ui, &mut Actions),
    ) {
        if !online {
            let text = "The server can't be reached. Trying again; you can't make calls until \
                        it's back.";
            widgets::warning(ui, text, Live::Polite);
            ui.add_space(space::S2);
        }
        self.call_card(ui, snapshot, online, actions);
        ui.add_space(space::S4);
        between(ui, actions);
        preview_card(ui, snapshot, own, actions);
    }

    fn call_card(&mut self, ui: &mut Ui, snapshot: &Snapshot, online: bool, actions: &mut Actions) {
        widgets::card(ui).show(ui, |ui| {
            ui.take_available_width();
            let caption = widgets::caption(ui, "Username to call");
            ui.horizontal(|ui| {
                let width = ui.available_width() - FIELD_BUTTON - ui.spacing().item_spacing.x;
                let text = &mut self.callee;
                let limit = MAX_USERNAME_CHARS * 2;
                let field = widgets::text_field(ui, &caption, "Their name", text, limit, width);
                if field.changed() {
                    self.problem = None;
                }
                let entered = widgets::submitted(&field);
                let clicked = ui
                    .add_enabled_ui(online, |ui| {
                        let icon = Some(Icon::Camera);
                        widgets::button(ui, Tone::Accent, icon, "Call", FIELD_BUTTON).clicked()
                    })
                    .inner;
                if clicked || entered && online {
                    self.submit(&snapshot.people, actions);
                }
            });
            if let Some(problem) = &self.problem {
                widgets::warning(ui, problem, Live::Assertive);
            }
            ui.add_space(space::S2);
            self.room.show(ui, snapshot, online, actions);
        });
    }

    fn submit(&mut self, people: &[Person], actions: &mut Actions) {
        // Whom we met in a room may be called as no name is.
        let known = people.iter().any(|person| person.username.as_str() == self.callee.trim());
        let username = match canonical_name(&self.callee) {
            _ if known => self.callee.trim().to_owned(),
            Ok(name) => name.as_str().to_owned(),
            Err(error) => {
                let empty = "Please enter the name of the person to call.";
                self.problem = Some(words::name_problem(error, empty));
                return;
            }
        };
        self.problem = None;
        actions.send(Intent::Call { username });
    }
}

/// Who is online, and at its foot who we are.
fn side_bar(
    ui: &mut Ui,
    place: Rect,
    snapshot: &Snapshot,
    online: bool,
    theme: Theme,
    actions: &mut Actions,
) {
    let p = Palette::of(ui.visuals());
    ui.painter().rect_filled(place, 0.0, p.panel);
    let hairline = Stroke::new(size::HAIRLINE, p.line);
    ui.painter().vline(place.right() - size::HAIRLINE / 2.0, place.y_range(), hairline);
    let foot = place.bottom() - size::ROW - 2.0 * space::S2;
    let list_place =
        Rect::from_min_max(place.min, pos2(place.right() - size::HAIRLINE, foot)).shrink(space::S2);
    ui.scope_builder(UiBuilder::new().max_rect(list_place), |ui| {
        ScrollArea::vertical().id_salt("people").auto_shrink(false).show(ui, |ui| {
            list(ui, snapshot, online, actions);
        });
    });
    ui.painter().hline(place.x_range(), foot, hairline);
    let me_place =
        Rect::from_min_max(pos2(place.left(), foot), place.max).shrink2(vec2(space::S3, space::S2));
    ui.scope_builder(UiBuilder::new().max_rect(me_place), |ui| me(ui, snapshot, theme, actions));
}

/// Who we are, on which server, and what concerns the whole app.
fn me(ui: &mut Ui, snapshot: &Snapshot, theme: Theme, actions: &mut Actions) {
    let (username, online) = match &snapshot.login {
        LoginPhase::LoggedIn { username } => (username.as_str(), true),
        LoginPhase::Reconnecting { username } => (username.as_str(), false),
        LoginPhase::LoggedOut | LoginPhase::LoggingIn | LoginPhase::Failed(_) => ("", false),
    };
    ui.horizontal(|ui| {
        ui.set_height(size::ROW);
        widgets::avatar(ui, size::AVATAR_SM, username, Some(online));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            if widgets::icon_button(ui, Icon::LogOut, "Log out").clicked() {
                actions.send(Intent::LogOut);
            }
            if widgets::icon_button(ui, Icon::Keyboard, "Keyboard shortcuts").clicked() {
                actions.push(Action::Help(true));
            }
            let (next, label) = match theme {
                Theme::System => (Theme::Dark, "Theme: system. Switch to dark"),
                Theme::Dark => (Theme::Light, "Theme: dark. Switch to light"),
                Theme::Light => (Theme::System, "Theme: light. Switch to system"),
            };
            if widgets::icon_button(ui, Icon::Contrast, label).clicked() {
                actions.push(Action::Theme(next));
            }
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                ui.add_space(
                    (size::ROW - TypeStyle::Strong.line() - TypeStyle::Caption.line()) / 2.0,
                );
                ui.add(Label::new(TypeStyle::Strong.text(username)).truncate());
                let p = Palette::of(ui.visuals());
                let (words, ink) = if online {
                    ("Online", p.text_3)
                } else {
                    ("Trying to reach the server…", p.warn)
                };
                ui.add(Label::new(TypeStyle::Caption.text(words).color(ink)).truncate());
            });
        });
    });
}

fn list(ui: &mut Ui, snapshot: &Snapshot, online: bool, actions: &mut Actions) {
    ui.spacing_mut().item_spacing.y = space::S1;
    let shown = snapshot.people.iter().filter(|person| person.online).count();
    widgets::section(ui, &words::online_count(shown, snapshot.people_total));
    if snapshot.people.is_empty() {
        let server = words::foreign(&snapshot.server).unwrap_or_else(|| "this server".to_owned());
        let text = format!(
            "Ask somebody to open Visavis and log in to {server}. Their name will appear here."
        );
        Frame::new()
            .inner_margin(Margin::symmetric(space::S3 as i8, 0))
            .show(ui, |ui| widgets::quiet_line(ui, &text));
    }
    for person in &snapshot.people {
        let name = person.username.as_str();
        let row = PersonRow {
            name,
            online: person.online,
            second: if person.online { "Online" } else { "Offline" },
            action: &format!("Call {name}"),
            icon: Icon::Camera,
            enabled: online && person.online,
        };
        if widgets::person_row(ui, &row).clicked() {
            actions.send(Intent::Call { username: name.to_owned() });
        }
    }
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
    let text = if snapshot.preview { "Stop the preview" } else { "Show the preview" };
    if widgets::button(ui, Tone::Plain, Some(Icon::Camera), text, width).clicked() {
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
        (true, _) => "Your picture, mirrored",
        (false, true) => "Waiting for the camera",
        (false, false) => "The camera is off",
    };
    if !shown {
        let above = rect.center() - vec2(0.0, space::S3);
        let icon = Rect::from_center_size(above, Vec2::splat(size::ICON_LG));
        Icon::CameraOff.paint(ui.painter(), icon, p.text_2);
        ui.painter().text(
            rect.center() + vec2(0.0, space::S5),
            Align2::CENTER_CENTER,
            label,
            TypeStyle::Small.font(),
            p.text_2,
        );
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, label));
}
