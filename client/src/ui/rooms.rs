//! The box to meet somebody in a room: whose name one need not know, only that of the room.

use eframe::egui::Ui;
use eframe::egui::accesskit::Live;
use visavis_shared::limits::MAX_ROOM_CHARS;
use visavis_shared::{IdError, RoomId};

use super::action::Actions;
use super::design::Icon;
use super::design::component::FIELD_BUTTON;
use super::widgets::{self, Tone};
use super::words;
use crate::session::snapshot::{Intent, RoomPhase, Snapshot};

#[derive(Default)]
pub(super) struct RoomBox {
    typed: String,
    problem: Option<&'static str>,
}

impl RoomBox {
    /// Puts the room of an invitation into the field; the person joins.
    pub(super) fn propose(&mut self, room: &RoomId) {
        room.as_str().clone_into(&mut self.typed);
        self.problem = None;
    }

    /// Shows the box, and below it where we are.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        online: bool,
        actions: &mut Actions,
    ) {
        let caption = widgets::caption(ui, "The word you agreed on");
        ui.horizontal(|ui| {
            let width = ui.available_width() - FIELD_BUTTON - ui.spacing().item_spacing.x;
            let (text, limit) = (&mut self.typed, MAX_ROOM_CHARS * 2);
            let hint = "Any word you both know";
            let field = widgets::text_field(ui, &caption, hint, text, limit, width);
            if field.changed() {
                self.problem = None;
            }
            let entered = widgets::submitted(&field);
            let button = ui
                .add_enabled_ui(online, |ui| {
                    widgets::button(ui, Tone::Plain, None, "Join", FIELD_BUTTON)
                })
                .inner;
            let clicked = button.accessible_name("Join the room").clicked();
            if clicked || entered && online {
                self.submit(actions);
            }
        });
        if let Some(problem) = self.problem {
            widgets::warning(ui, problem, Live::Assertive);
            return;
        }
        match &snapshot.room {
            RoomPhase::Outside => {}
            RoomPhase::Entering(room) => line(ui, &format!("Joining {room}…")),
            RoomPhase::Inside(room) => match &snapshot.room_mate {
                None => line(ui, &format!("You are in {room}. Whoever joins next can call you.")),
                Some(mate) => with_mate(ui, room, mate.username.as_str(), online, actions),
            },
            RoomPhase::Refused(why) => {
                if let Some(why) = words::foreign(why) {
                    widgets::warning(ui, &why, Live::Assertive);
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
            Err(IdError::Empty) => {
                Some("Please enter the word that you agreed on with the other person.")
            }
            Err(IdError::TooLong(_)) => Some("That word is too long. Use at most 64 characters."),
            Err(IdError::Unprintable) => {
                Some("That word contains a character that can't be shown. Please type it again.")
            }
        };
    }
}

/// Somebody else is in the room. Calling them is up to the person.
fn with_mate(ui: &mut Ui, room: &RoomId, name: &str, online: bool, actions: &mut Actions) {
    line(ui, &format!("{name} is in {room} too."));
    let button = ui.add_enabled_ui(online, |ui| {
        widgets::button(ui, Tone::Accent, Some(Icon::Camera), &format!("Call {name}"), FIELD_BUTTON)
    });
    if button.inner.accessible_name(format!("Call {name} in {room}")).clicked() {
        actions.send(Intent::Call { username: name.to_owned() });
    }
}

fn line(ui: &mut Ui, text: &str) {
    let line = widgets::quiet_line(ui, text);
    widgets::announce(ui, &line, Live::Polite);
}
