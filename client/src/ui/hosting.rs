//! What there is to know of a server that runs here: by which address and link others come, who can
//! reach it, and that stopping it is asked first where somebody is on it.

use eframe::egui::{Align, Context, Id, Label, Layout, Ui};

use super::action::{Action, Actions};
use super::design::{TypeStyle, space};
use super::widgets::{self, Answer, Tone};
use super::{invite, qr_code};
use crate::config::Settings;
use crate::invitation::Invitation;
use crate::session::log_in_form::ServerAddress;
use crate::session::snapshot::{Hosted, Reach};
use crate::settings::TraySettings;
use crate::words::text;

/// Shows over everything what others need to come here. `tray`: the settings, where there is one.
pub(super) fn dialog(
    ctx: &Context,
    hosted: &Hosted,
    tray: Option<&Settings>,
    actions: &mut Actions,
) {
    let title = text!("server-here");
    let closed = widgets::dialog(ctx, Id::unique("server-here"), &title, |ui| {
        widgets::quiet_line(ui, &who_reaches(hosted));
        ui.add_space(space::S2);
        let address = ServerAddress::of(&hosted.url()).text;
        let caption = widgets::caption(ui, &text!("server-here-address"));
        let address = Label::new(TypeStyle::Heading.text(address)).selectable(true);
        ui.add(address).labelled_by(caption.id);
        ui.add_space(space::S2);
        if let Ok(link) = Invitation::to(&hosted.url(), None) {
            let caption = widgets::caption(ui, &text!("invite-link"));
            invite::link_row(ui, &caption, &link);
            ui.add_space(space::S2);
            let middle = Layout::top_down(Align::Center);
            ui.with_layout(middle, |ui| {
                qr_code::show(ui, &link.to_string(), &text!("invite-qr-code"));
            });
        }
        ui.add_space(space::S2);
        stays(ui, tray, actions);
        let stop = text!("stop-server");
        let width = ui.available_width();
        if widgets::button(ui, Tone::Plain, None, &stop, width).clicked() {
            actions.push(Action::StopServer);
        }
    });
    if closed {
        actions.push(Action::Invite(false));
    }
}

/// Who can reach it, and by what.
fn who_reaches(hosted: &Hosted) -> String {
    match hosted.reach() {
        Reach::ThisComputer => text!("server-here-alone"),
        Reach::Network => {
            text!("server-here-network", port = hosted.port.to_string())
        }
        Reach::Everyone => text!("server-here-everyone"),
    }
}

/// For how long it runs: with the window, or in the tray as well.
fn stays(ui: &mut Ui, tray: Option<&Settings>, actions: &mut Actions) {
    let Some(settings) = tray else {
        widgets::hint(ui, &text!("server-here-while-open"));
        return;
    };
    let mut stay = settings.tray.close_to_tray;
    let second = text!("server-here-while-open");
    if widgets::described_switch(ui, &mut stay, &text!("server-here-in-tray"), &second).changed() {
        let tray = TraySettings { close_to_tray: stay, asked: true, ..settings.tray };
        actions.push(Action::Change(Box::new(Settings { tray, ..settings.clone() })));
    }
}

/// Asks whether to stop it although others are on it. Returns whether the question stands.
pub(super) fn asks_to_stop(ctx: &Context, guests: usize, actions: &mut Actions) -> bool {
    if guests == 0 {
        // Nobody would lose anything: what was asked for is done.
        actions.push(Action::StopServer);
        return false;
    }
    let line = text!("closing-with-guests-line", count = guests);
    let words = (&*text!("stop-server-question"), &*line);
    let (stop, keep) = (text!("stop-server"), text!("keep-server"));
    let id = Id::unique("stop-server");
    match widgets::question(ctx, id, words, (Tone::Plain, &stop), (Tone::Accent, &keep)) {
        None => true,
        Some(Answer::First) => {
            actions.push(Action::StopServer);
            true
        }
        Some(Answer::Second | Answer::Neither) => false,
    }
}
