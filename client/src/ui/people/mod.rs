//! The screen between calls: on the left the people and the calls, on the right whoever is chosen
//! there, or whom to call and a look at oneself.

mod calls;
mod home;
mod index;
mod lines;
mod list;
mod person;
mod side_bar;

use eframe::egui::accesskit::Live;
use eframe::egui::{Frame, Margin, Rect, ScrollArea, Ui, UiBuilder, pos2};
use visavis_shared::Username;

use super::action::Actions;
use super::design::{Icon, layout, space};
use super::video_view::VideoView;
use super::widgets;
use crate::invitation::Whom;
use crate::session::snapshot::{LoginPhase, Snapshot};
use crate::words::text;
use home::Home;
use index::ContactIndex;
use lines::Lines;
use person::PersonPane;
use side_bar::SideBar;

/// What the screen remembers from pass to pass.
#[derive(Default)]
pub(super) struct PeoplePage {
    side_bar: SideBar,
    /// Who is chosen; nobody shows the home pane.
    chosen: Option<Username>,
    home: Home,
    person: PersonPane,
    contacts: ContactIndex,
    lines: Lines,
    /// Whether somebody was chosen just now in a list that gave way to them.
    opened: bool,
}

impl PeoplePage {
    /// Puts whom an invitation is to into the fields; the person calls or joins.
    pub(super) fn propose(&mut self, whom: &Whom) {
        self.chosen = None;
        self.home.propose(whom);
    }

    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        own: &VideoView,
        actions: &mut Actions,
    ) {
        let window = ui.available_rect_before_wrap();
        let online = matches!(snapshot.login, LoginPhase::LoggedIn { .. });
        self.contacts.refresh(snapshot);
        if window.width() < layout::TWO_COLUMNS {
            let margin = Margin::same(space::S3 as i8);
            Frame::new().inner_margin(margin).show(ui, |ui| {
                side_bar::me(ui, snapshot, true, actions);
                ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    server_gone(ui, online);
                    self.lines.show(ui, snapshot, &self.contacts, online, actions);
                    // One column: the list, or whoever was chosen in it with a way back.
                    if self.chosen.is_none() {
                        let Self { side_bar, chosen, home, contacts, opened, .. } = &mut *self;
                        home.show(ui, snapshot, own, online, actions, |ui, actions| {
                            let people = (snapshot, &*contacts);
                            side_bar.show(ui, people, (online, false), chosen, actions);
                            ui.add_space(space::S4);
                            // The keyboard goes on from there, and comes back.
                            *opened = chosen.is_some();
                        });
                    } else {
                        self.pane(ui, snapshot, own, online, actions);
                    }
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
            side_bar::ground(ui, left);
            let place = side_bar::list_place(left);
            ui.scope_builder(UiBuilder::new().max_rect(place), |ui| {
                let people = (snapshot, &self.contacts);
                self.side_bar.show(ui, people, (online, true), &mut self.chosen, actions);
            });
            ui.scope_builder(UiBuilder::new().max_rect(side_bar::foot_place(left)), |ui| {
                if side_bar::ways_to_meet(ui, snapshot, actions) {
                    self.chosen = None;
                    self.home.ask_for_a_room();
                }
                side_bar::me(ui, snapshot, false, actions);
            });
        });
        ui.scope_builder(UiBuilder::new().max_rect(right), |ui| {
            let margin = if wide { space::S10 } else { space::S6 };
            ScrollArea::vertical().id_salt("pane").auto_shrink(false).show(ui, |ui| {
                let room = ui.available_width() - 2.0 * margin;
                let content = room.min(layout::CONTENT);
                Frame::new().inner_margin(Margin::same(margin as i8)).show(ui, |ui| {
                    ui.set_width(content);
                    server_gone(ui, online);
                    self.lines.show(ui, snapshot, &self.contacts, online, actions);
                    self.pane(ui, snapshot, own, online, actions);
                });
            });
        });
    }

    fn pane(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        own: &VideoView,
        online: bool,
        actions: &mut Actions,
    ) {
        match self.chosen.clone() {
            None => self.home.show(ui, snapshot, own, online, actions, |_, _| {}),
            Some(username) => {
                let back = widgets::ghost_button(ui, Icon::ChevronLeft, &text!("back"));
                if std::mem::take(&mut self.opened) {
                    back.request_focus();
                }
                if back.clicked() {
                    self.chosen = None;
                    self.side_bar.ask();
                }
                ui.add_space(space::S3);
                self.person.show(ui, (snapshot, &self.contacts), &username, online, actions);
            }
        }
    }
}

/// Says so while the server can't be reached.
fn server_gone(ui: &mut Ui, online: bool) {
    if !online {
        widgets::warning(ui, &text!("server-gone"), Live::Polite);
        ui.add_space(space::S2);
    }
}
