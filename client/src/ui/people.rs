//! The screen between calls: who is online, whom to call, and a look at oneself before it.

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    Align, Align2, FontId, Label, Layout, Rect, RichText, ScrollArea, Sense, Ui, UiBuilder, Vec2,
    WidgetInfo, pos2, vec2,
};
use visavis_shared::canonical_name;
use visavis_shared::limits::MAX_USERNAME_CHARS;

use super::action::{Action, Actions};
use super::icons::Icon;
use super::theme::{Palette, WIDGET_HEIGHT, WIDGET_RADIUS};
use super::video_view::{VideoView, letterbox};
use super::widgets::{self, Tone};
use super::{devices, rooms, words};
use crate::config::Theme;
use crate::session::snapshot::{Intent, LoginPhase, Person, Snapshot};

/// From this width on, the people and the preview stand side by side.
const TWO_COLUMNS_FROM: f32 = 780.0;
const SIDE_WIDTH: f32 = 320.0;
/// Wider than this, a name and its button would be too far apart.
const MAX_WIDTH: f32 = 1160.0;
const MARGIN: Vec2 = vec2(20.0, 12.0);

#[derive(Default)]
pub(super) struct PeoplePage {
    callee: String,
    problem: Option<String>,
    room: rooms::RoomBox,
}

impl PeoplePage {
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        own: &VideoView,
        theme: Theme,
        actions: &mut Actions,
    ) {
        let (username, online) = match &snapshot.login {
            LoginPhase::LoggedIn { username } => (username.as_str(), true),
            LoginPhase::Reconnecting { username } => (username.as_str(), false),
            LoginPhase::LoggedOut | LoginPhase::LoggingIn | LoginPhase::Failed(_) => ("", false),
        };
        let space = ui.available_rect_before_wrap();
        let width = (space.width() - 2.0 * MARGIN.x).min(MAX_WIDTH);
        let page =
            Rect::from_center_size(space.center(), vec2(width, space.height() - 2.0 * MARGIN.y));
        ui.scope_builder(UiBuilder::new().max_rect(page), |ui| {
            header(ui, username, online, theme, actions);
            ui.add_space(4.0);
            if !online {
                let text = "The server can't be reached. Trying again; you can't make calls until \
                            it's back.";
                widgets::warning(ui, text, Live::Polite);
                ui.add_space(4.0);
            }
            if ui.available_width() >= TWO_COLUMNS_FROM {
                self.two_columns(ui, snapshot, own, online, actions);
            } else {
                ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    self.call_card(ui, snapshot, online, actions);
                    ui.add_space(8.0);
                    widgets::card(ui).show(ui, |ui| {
                        ui.take_available_width();
                        heading(ui, snapshot);
                        list(ui, snapshot, online, actions);
                    });
                    ui.add_space(8.0);
                    preview_card(ui, snapshot, own, actions);
                });
            }
        });
    }

    fn two_columns(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        own: &VideoView,
        online: bool,
        actions: &mut Actions,
    ) {
        let space = ui.available_rect_before_wrap();
        let gap = 16.0;
        let split = space.right() - SIDE_WIDTH;
        let left = Rect::from_min_max(space.min, pos2(split - gap, space.bottom()));
        let right = Rect::from_min_max(pos2(split, space.top()), space.max);
        ui.scope_builder(UiBuilder::new().max_rect(left), |ui| {
            self.call_card(ui, snapshot, online, actions);
            ui.add_space(8.0);
            widgets::card(ui).show(ui, |ui| {
                ui.take_available_space();
                heading(ui, snapshot);
                let scroll = ScrollArea::vertical().id_salt("people").auto_shrink(false);
                scroll.show(ui, |ui| list(ui, snapshot, online, actions));
            });
        });
        ui.scope_builder(UiBuilder::new().max_rect(right), |ui| {
            ScrollArea::vertical().id_salt("side").auto_shrink(false).show(ui, |ui| {
                preview_card(ui, snapshot, own, actions);
            });
        });
    }

    fn call_card(&mut self, ui: &mut Ui, snapshot: &Snapshot, online: bool, actions: &mut Actions) {
        widgets::card(ui).show(ui, |ui| {
            let caption = widgets::caption(ui, "Username to call");
            ui.horizontal(|ui| {
                let button_width = 96.0;
                let width = ui.available_width() - button_width - ui.spacing().item_spacing.x;
                let text = &mut self.callee;
                let limit = MAX_USERNAME_CHARS * 2;
                let field = widgets::text_field(ui, &caption, "Their name", text, limit, width);
                if field.changed() {
                    self.problem = None;
                }
                let entered = widgets::submitted(&field);
                let clicked = ui
                    .add_enabled_ui(online, |ui| {
                        widgets::button(ui, Tone::Accent, Some(Icon::Call), "Call", button_width)
                            .clicked()
                    })
                    .inner;
                if clicked || entered && online {
                    self.submit(&snapshot.people, actions);
                }
            });
            if let Some(problem) = &self.problem {
                widgets::warning(ui, problem, Live::Assertive);
            }
            ui.add_space(4.0);
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

fn header(ui: &mut Ui, username: &str, online: bool, theme: Theme, actions: &mut Actions) {
    ui.horizontal(|ui| {
        widgets::mark(ui, 28.0);
        ui.label(RichText::new("Visavis").size(18.0));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if widgets::button(ui, Tone::Quiet, None, "Log out", 0.0).clicked() {
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
            ui.add_space(4.0);
            let name = ui.add(Label::new(username).truncate());
            name.on_hover_text(if online {
                "You are logged in with this name"
            } else {
                "The server can't be reached"
            });
            widgets::status_dot(ui, online);
        });
    });
}

fn heading(ui: &mut Ui, snapshot: &Snapshot) {
    let shown = snapshot.people.iter().filter(|person| person.online).count();
    widgets::caption(ui, &words::online_count(shown, snapshot.people_total));
}

fn list(ui: &mut Ui, snapshot: &Snapshot, online: bool, actions: &mut Actions) {
    if snapshot.people.is_empty() {
        ui.add_space(6.0);
        let server = words::foreign(&snapshot.server).unwrap_or_else(|| "this server".to_owned());
        let text = format!(
            "Ask somebody to open Visavis and log in to {server}. Their name will appear here."
        );
        widgets::quiet_line(ui, &text);
    }
    for person in &snapshot.people {
        row(ui, person, online, actions);
    }
}

fn row(ui: &mut Ui, person: &Person, online: bool, actions: &mut Actions) {
    let name = person.username.as_str();
    ui.horizontal(|ui| {
        ui.set_min_height(48.0);
        widgets::avatar(ui, 18.0, name);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let call = ui
                .add_enabled_ui(online && person.online, |ui| {
                    widgets::button(ui, Tone::Quiet, Some(Icon::Call), "Call", 84.0)
                })
                .inner;
            let call = call.accessible_name(format!("Call {name}"));
            if call.clicked() {
                actions.send(Intent::Call { username: name.to_owned() });
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = RichText::new(name);
                let text = if person.online { text } else { text.weak() };
                ui.add(Label::new(text).truncate());
                if !person.online {
                    ui.weak("offline");
                }
            });
        });
    });
}

fn preview_card(ui: &mut Ui, snapshot: &Snapshot, own: &VideoView, actions: &mut Actions) {
    widgets::card(ui).show(ui, |ui| {
        let width = ui.available_width();
        preview(ui, snapshot, own, width);
        let text = if snapshot.preview { "Stop the preview" } else { "Show the preview" };
        if widgets::button(ui, Tone::Quiet, Some(Icon::Camera), text, width).clicked() {
            actions.send(Intent::Preview(!snapshot.preview));
        }
        ui.add_space(6.0);
        devices::show(ui, snapshot, actions);
    });
}

fn preview(ui: &mut Ui, snapshot: &Snapshot, own: &VideoView, width: f32) {
    let palette = Palette::of(ui.visuals());
    let (rect, response) = ui
        .allocate_exact_size(vec2(width, (width * 9.0 / 16.0).max(WIDGET_HEIGHT)), Sense::hover());
    ui.painter().rect_filled(rect, WIDGET_RADIUS, palette.base);
    let shape = letterbox(own.aspect().unwrap_or(16.0 / 9.0), rect);
    let shown = snapshot.preview
        && snapshot.camera_live
        && own.paint(ui.painter(), shape, WIDGET_RADIUS, true);
    let label = match (shown, snapshot.preview) {
        (true, _) => "Your picture, mirrored",
        (false, true) => "Waiting for the camera",
        (false, false) => "The camera is off",
    };
    if !shown {
        let icon = Rect::from_center_size(rect.center() - vec2(0.0, 12.0), vec2(30.0, 30.0));
        Icon::CameraOff.paint_on(ui.painter(), icon, palette.weak, palette.base);
        let font = FontId::proportional(13.0);
        ui.painter().text(
            rect.center() + vec2(0.0, 20.0),
            Align2::CENTER_CENTER,
            label,
            font,
            palette.weak,
        );
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, label));
}
