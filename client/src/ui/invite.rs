//! Links to oneself, to a room or to the server here, to copy and to send to somebody.
//!
//! In: who we are, and on which server. Out: a link on the clipboard, and a word that it is there.

use std::time::Duration;

use eframe::egui::accesskit::Live;
use eframe::egui::{Context, Id, Response, TextEdit, Ui};
use visavis_shared::RoomId;

use super::action::{Action, Actions};
use super::design::component::FIELD_BUTTON;
use super::design::{Icon, motion, space};
use super::hosting;
use super::widgets::{self, Tone};
use crate::config::Settings;
use crate::invitation::{Invitation, Whom};
use crate::session::log_in_form::ServerAddress;
use crate::session::snapshot::{LoginPhase, Snapshot};
use crate::words::text;

/// The link that leads to us; `None` while we are logged in nowhere.
pub(super) fn to_us(snapshot: &Snapshot) -> Option<Invitation> {
    match &snapshot.login {
        LoginPhase::LoggedIn { username } | LoginPhase::Reconnecting { username } => {
            Invitation::to(&snapshot.server_for_others(), Whom::Person(username.clone())).ok()
        }
        LoginPhase::LoggedOut | LoginPhase::LoggingIn | LoginPhase::Failed(_) => None,
    }
}

/// The link to a room of the server that we are logged in to.
pub(super) fn to_room(snapshot: &Snapshot, room: &RoomId) -> Option<Invitation> {
    Invitation::to(&snapshot.server_for_others(), Whom::Room(room.clone())).ok()
}

/// A button that copies a link, and says so for a moment.
pub(super) fn copy_button(
    ui: &mut Ui,
    tone: Tone,
    link: &Invitation,
    least_width: f32,
) -> Response {
    let id = ui.make_persistent_id("copied").with(link.to_string());
    let now = ui.input(|input| input.time);
    let since = ui.data(|data| data.get_temp::<f64>(id));
    let left = since.map(|at| motion::SAID.as_secs_f64() - (now - at)).filter(|left| *left > 0.0);
    let (copy, copied) = (text!("copy-link"), text!("link-copied"));
    let (words, icon) = match left {
        Some(left) => {
            ui.ctx().request_repaint_after(Duration::from_secs_f64(left));
            (copied.as_str(), Icon::Check)
        }
        None => (copy.as_str(), Icon::Link),
    };
    // As wide with either word.
    let width = [&copy, &copied].map(|words| widgets::button_width(ui, Some(icon), words, 0.0));
    let width = width.into_iter().fold(least_width, f32::max);
    let button = widgets::button(ui, tone, Some(icon), words, width);
    widgets::announce(ui, &button, Live::Polite);
    if button.clicked() {
        ui.ctx().copy_text(link.to_string());
        ui.data_mut(|data| data.insert_temp(id, now));
        ui.ctx().request_repaint();
    }
    button
}

/// A link that can be read and marked, not changed, and a button that copies it.
pub(super) fn link_row(ui: &mut Ui, caption: &Response, link: &Invitation) {
    ui.horizontal(|ui| {
        let copy = text!("copy-link");
        let button = widgets::button_width(ui, Some(Icon::Link), &copy, FIELD_BUTTON);
        let width = ui.available_width() - button - ui.spacing().item_spacing.x;
        let text = link.to_string();
        let mut text = text.as_str();
        let field = TextEdit::singleline(&mut text).desired_width(width);
        let field = ui.add(field).labelled_by(caption.id);
        widgets::focus::keep_in_view(&field);
        copy_button(ui, Tone::Accent, link, button);
    });
}

/// Shows over everything the link to oneself; on the server here, what others need to come.
/// `tray`: the settings, where there is a tray.
pub(super) fn dialog(
    ctx: &Context,
    snapshot: &Snapshot,
    tray: Option<&Settings>,
    actions: &mut Actions,
) {
    if let Some(hosted) = snapshot.hosted_here() {
        return hosting::dialog(ctx, hosted, tray, actions);
    }
    let Some(link) = to_us(snapshot) else {
        return actions.push(Action::Invite(false));
    };
    let closed = widgets::dialog(ctx, Id::unique("invite"), &text!("invite-somebody"), |ui| {
        widgets::quiet_line(ui, &text!("invite-line"));
        ui.add_space(space::S2);
        let caption = widgets::caption(ui, &text!("invite-link"));
        link_row(ui, &caption, &link);
        if ServerAddress::of(&snapshot.server).is_this_machine() {
            widgets::hint(ui, &text!("invite-here-only"));
        }
    });
    if closed {
        actions.push(Action::Invite(false));
    }
}
