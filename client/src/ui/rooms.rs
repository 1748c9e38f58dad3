//! The box to meet somebody in a room: whose name one need not know, only that of the room.

use eframe::egui::Ui;
use eframe::egui::accesskit::Live;
use visavis_shared::RoomId;
use visavis_shared::limits::MAX_ROOM_CHARS;

use super::action::Actions;
use super::design::Icon;
use super::design::component::FIELD_BUTTON;
use super::widgets::{self, Tone};
use super::{invite, words};
use crate::session::snapshot::{Intent, RoomPhase, Snapshot};
use crate::words::{Phrase, text};

#[derive(Default)]
pub(super) struct RoomBox {
    typed: String,
    problem: Option<Phrase>,
    /// Whether the field is to have the keyboard.
    asked: bool,
}

impl RoomBox {
    /// Puts the room of an invitation into the field; the person joins.
    pub(super) fn propose(&mut self, room: &RoomId) {
        room.as_str().clone_into(&mut self.typed);
        self.problem = None;
    }

    /// Brings the keyboard to the field.
    pub(super) fn ask(&mut self) {
        self.asked = true;
    }

    /// Shows the box, and below it where we are.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        online: bool,
        actions: &mut Actions,
    ) {
        let caption = widgets::caption(ui, &text!("room-word"));
        ui.horizontal(|ui| {
            let join = text!("join");
            let button = widgets::button_width(ui, None, &join, FIELD_BUTTON);
            let width = ui.available_width() - button - ui.spacing().item_spacing.x;
            let (text, limit) = (&mut self.typed, MAX_ROOM_CHARS * 2);
            let hint = text!("room-hint");
            let field = widgets::text_field(ui, &caption, &hint, text, limit, width);
            if std::mem::take(&mut self.asked) {
                field.request_focus();
                field.scroll_to_me(None);
            }
            if field.changed() {
                self.problem = None;
            }
            let entered = widgets::submitted(&field);
            let button = ui
                .add_enabled_ui(online, |ui| widgets::button(ui, Tone::Plain, None, &join, button))
                .inner;
            let clicked = button.accessible_name(text!("join-room")).clicked();
            if clicked || entered && online {
                self.submit(actions);
            }
        });
        if let Some(problem) = &self.problem {
            widgets::warning(ui, &problem.text(), Live::Assertive);
            return;
        }
        match &snapshot.room {
            RoomPhase::Outside => {}
            RoomPhase::Entering(room) => line(ui, &text!("joining-room", room = room.as_str())),
            RoomPhase::Inside(room) => {
                match &snapshot.room_mate {
                    None => line(ui, &text!("in-room", room = room.as_str())),
                    Some(mate) => with_mate(ui, room, mate.username.as_str(), online, actions),
                }
                ui.horizontal_wrapped(|ui| {
                    if let Some(link) = invite::to_room(snapshot, room) {
                        let copy = invite::copy_button(ui, Tone::Plain, &link, 0.0);
                        copy.accessible_name(text!("copy-room-link", room = room.as_str()));
                    }
                    leave(ui, text!("leave-the-room", room = room.as_str()), actions);
                });
            }
            RoomPhase::Refused(why) => {
                widgets::warning(ui, &why.text(), Live::Assertive);
                let name = text!("dismiss-notice", notice = why.text());
                if widgets::ghost_button(ui, Icon::Close, &text!("dismiss"))
                    .accessible_name(name)
                    .clicked()
                {
                    actions.send(Intent::LeaveRoom);
                }
            }
        }
    }

    fn submit(&mut self, actions: &mut Actions) {
        self.problem = match RoomId::parse(&self.typed) {
            Ok(room) => {
                actions.send(Intent::JoinRoom(room));
                None
            }
            Err(error) => Some(words::room_problem(error)),
        };
    }
}

/// Somebody else is in the room. Calling them is up to the person.
fn with_mate(ui: &mut Ui, room: &RoomId, name: &str, online: bool, actions: &mut Actions) {
    line(ui, &text!("mate-in-room", name = name, room = room.as_str()));
    let button = ui.add_enabled_ui(online, |ui| {
        let call = text!("call-person", name = name);
        widgets::button(ui, Tone::Accent, Some(Icon::Camera), &call, FIELD_BUTTON)
    });
    let label = text!("call-person-in-room", name = name, room = room.as_str());
    if button.inner.accessible_name(label).clicked() {
        actions.send(Intent::Call { username: name.to_owned() });
    }
}

/// Leaves the room.
fn leave(ui: &mut Ui, name: String, actions: &mut Actions) {
    let words = text!("leave-room");
    let button = widgets::button(ui, Tone::Plain, None, &words, 0.0).accessible_name(name);
    if button.clicked() {
        actions.send(Intent::LeaveRoom);
    }
}

fn line(ui: &mut Ui, text: &str) {
    let line = widgets::quiet_line(ui, text);
    widgets::announce(ui, &line, Live::Polite);
}
