//! The list of people and calls, and at its foot who we are.

use std::time::SystemTime;

use eframe::egui::accesskit::Live;
use eframe::egui::{
    Align, Frame, Id, Label, Layout, Margin, Rect, ScrollArea, Stroke, Ui, pos2, vec2,
};
use visavis_shared::limits::MAX_USERNAME_CHARS;
use visavis_shared::{Username, canonical_name};

use super::calls;
use super::index::ContactIndex;
use crate::session::snapshot::{ContactRow, Intent, LoginPhase, Presence, RecentCall, Snapshot};
use crate::ui::action::{Action, Actions};
use crate::ui::design::{Icon, Palette, TypeStyle, size, space};
use crate::ui::widgets::{self, PersonRow, Segment};
use crate::ui::{invite, words};
use crate::words::{Phrase, text};

/// Which list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum List {
    #[default]
    People,
    Calls,
}

#[derive(Default)]
pub(super) struct SideBar {
    list: List,
    search: String,
    problem: Option<Phrase>,
    /// How many missed calls the session was told to be seen.
    told_seen: usize,
}

impl SideBar {
    /// Shows the search, the two lists, and the one that is chosen of them.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        (snapshot, contacts): (&Snapshot, &ContactIndex),
        online: bool,
        chosen: &mut Option<Username>,
        actions: &mut Actions,
    ) {
        ui.spacing_mut().item_spacing.y = space::S1;
        self.search(ui, snapshot, chosen, actions);
        ui.add_space(space::S1);
        self.tabs(ui, snapshot, actions);
        ScrollArea::vertical().id_salt("people").auto_shrink(false).show(ui, |ui| {
            let mut rows = Rows { snapshot, contacts, online, chosen, actions };
            match self.list {
                List::People => rows.people(ui, self.search.trim()),
                List::Calls => rows.calls(ui, self.search.trim()),
            }
        });
    }

    fn search(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        chosen: &mut Option<Username>,
        actions: &mut Actions,
    ) {
        let caption = widgets::hidden_caption(ui, &text!("search"));
        let (width, limit) = (ui.available_width(), MAX_USERNAME_CHARS * 2);
        let hint = text!("search-hint");
        let field = widgets::text_field(ui, &caption, &hint, &mut self.search, limit, width);
        if field.changed() {
            self.problem = None;
            actions.send(Intent::SearchPeople(self.search.trim().to_owned()));
        }
        if widgets::submitted(&field) && !self.search.trim().is_empty() {
            let typed = self.search.trim();
            let shown = snapshot.contacts.iter().find(|contact| contact.shown_name() == typed);
            match shown.map(|contact| contact.username.clone()).ok_or(()) {
                Ok(username) => *chosen = Some(username),
                Err(()) => match canonical_name(typed) {
                    Ok(username) => *chosen = Some(username),
                    Err(error) => self.problem = Some(words::name_problem(error)),
                },
            }
        }
        if let Some(problem) = &self.problem {
            widgets::warning(ui, &problem.text(), Live::Assertive);
        }
    }

    fn tabs(&mut self, ui: &mut Ui, snapshot: &Snapshot, actions: &mut Actions) {
        let missed = snapshot.unseen_missed_calls;
        let calls_name = if missed == 0 {
            text!("tab-calls")
        } else {
            text!("tab-calls-missed", count = missed)
        };
        let (people, calls) = (text!("tab-people"), text!("tab-calls"));
        let tabs =
            [Segment::new(&people), Segment { words: &calls, name: &calls_name, count: missed }];
        let shown = usize::from(self.list == List::Calls);
        match widgets::segments(ui, Id::unique("people-lists"), &tabs, shown) {
            Some(0) => self.list = List::People,
            Some(_) => self.list = List::Calls,
            None => {}
        }
        // Whoever looks at the list has seen them.
        if self.list == List::Calls && missed != self.told_seen {
            self.told_seen = missed;
            if missed > 0 {
                actions.send(Intent::SeeMissedCalls);
            }
        }
    }
}

/// The rows of a list.
struct Rows<'a> {
    snapshot: &'a Snapshot,
    contacts: &'a ContactIndex,
    online: bool,
    chosen: &'a mut Option<Username>,
    actions: &'a mut Actions,
}

impl Rows<'_> {
    fn people(&mut self, ui: &mut Ui, search: &str) {
        let snapshot = self.snapshot;
        let lowered = search.to_lowercase();
        let contacts: Vec<&ContactRow> = self.contacts.found(&lowered).collect();
        if !contacts.is_empty() {
            widgets::section(ui, &text!("contacts"));
            for contact in contacts {
                let name = contact.shown_name();
                self.row(
                    ui,
                    &contact.username,
                    name,
                    contact.presence,
                    &presence(contact.presence),
                );
            }
        }
        let index = self.contacts;
        let shown = snapshot.people.iter().filter(|person| person.online).count();
        widgets::section(ui, &words::online_count(shown, snapshot.people_total));
        if snapshot.people.is_empty() && search.is_empty() {
            let server = &*snapshot.server;
            let server = server.split_once("://").map_or(server, |(_, rest)| rest);
            let text = match words::foreign(server) {
                Some(server) => text!("ask-somebody", server = server),
                None => text!("ask-somebody-here"),
            };
            note(ui, &text!("nobody-yet"));
            note(ui, &text);
            if widgets::ghost_button(ui, Icon::Link, &text!("invite-somebody")).clicked() {
                self.actions.push(Action::Invite(true));
            }
        }
        for person in
            snapshot.people.iter().filter(|person| index.contact(&person.username).is_none())
        {
            let there = if person.online { Presence::Online } else { Presence::Offline };
            let name = person.username.as_str();
            self.row(ui, &person.username, name, there, &presence(there));
        }
        if !snapshot.blocked.is_empty() && search.is_empty() {
            widgets::section(ui, &text!("blocked-names"));
            for username in snapshot.blocked.iter() {
                let name = username.as_str();
                self.row(ui, username, name, Presence::Unknown, &text!("blocked"));
            }
        }
    }

    fn row(&mut self, ui: &mut Ui, who: &Username, name: &str, there: Presence, second: &str) {
        let row = PersonRow {
            name,
            online: match there {
                Presence::Online => Some(true),
                Presence::Offline => Some(false),
                Presence::Unknown => None,
            },
            second,
            mark: None,
            time: None,
            chosen: self.chosen.as_ref() == Some(who),
            action: &text!("call-person", name = name),
            icon: Icon::Camera,
            enabled: self.online && there == Presence::Online,
        };
        let used = widgets::person_row(ui, &row);
        if used.button.clicked() {
            self.actions.send(Intent::Call { username: who.as_str().to_owned() });
        }
        if used.row.clicked() {
            *self.chosen = Some(who.clone());
        }
    }

    fn calls(&mut self, ui: &mut Ui, search: &str) {
        let (snapshot, now) = (self.snapshot, SystemTime::now());
        let (search, contacts) = (search.to_lowercase(), self.contacts);
        let holds = |name: &str| name.to_lowercase().contains(&search);
        let mut day = String::new();
        let mut any = false;
        for call in snapshot.recent_calls.iter() {
            let name = contacts.shown_name(&call.with);
            if !search.is_empty() && !holds(name) {
                continue;
            }
            any = true;
            let its_day = words::day(call.at.system(), now);
            if its_day != day {
                widgets::section(ui, &its_day);
                day = its_day;
            }
            self.call(ui, call, name);
        }
        if !any {
            note(ui, &text!("no-calls-yet"));
        } else if search.is_empty()
            && widgets::ghost_button(ui, Icon::Trash, &text!("erase-calls")).clicked()
        {
            self.actions.send(Intent::EraseHistory);
        }
    }

    fn call(&mut self, ui: &mut Ui, call: &RecentCall, name: &str) {
        let time = words::clock_time(call.at.system());
        let row = PersonRow {
            name,
            online: None,
            second: &calls::outcome(call),
            mark: Some((calls::icon(call), call.is_missed())),
            time: Some(&time),
            chosen: false,
            action: &text!("call-person", name = name),
            icon: Icon::Camera,
            enabled: self.online && !self.snapshot.blocked.contains(&call.with),
        };
        let used = widgets::person_row(ui, &row);
        if used.button.clicked() {
            self.actions.send(Intent::Call { username: call.with.as_str().to_owned() });
        }
        if used.row.clicked() {
            *self.chosen = Some(call.with.clone());
        }
    }
}

/// Whether somebody is there, in a word.
pub(super) fn presence(presence: Presence) -> String {
    match presence {
        Presence::Online => text!("online"),
        Presence::Offline => text!("offline"),
        Presence::Unknown => text!("presence-unknown"),
    }
}

fn note(ui: &mut Ui, text: &str) {
    Frame::new()
        .inner_margin(Margin::symmetric(space::S3 as i8, 0))
        .show(ui, |ui| widgets::quiet_line(ui, text));
}

/// Where the list stands over the foot.
pub(super) fn list_place(place: Rect) -> Rect {
    Rect::from_min_max(place.min, pos2(place.right() - size::HAIRLINE, foot(place)))
        .shrink(space::S2)
}

/// Where the foot stands.
pub(super) fn foot_place(place: Rect) -> Rect {
    let right = place.right() - size::HAIRLINE;
    Rect::from_min_max(pos2(place.left(), foot(place)), pos2(right, place.bottom()))
        .shrink2(vec2(space::S3, space::S2))
}

fn foot(place: Rect) -> f32 {
    me_top(place) - size::CONTROL_SM - 2.0 * space::S2
}

fn me_top(place: Rect) -> f32 {
    place.bottom() - size::ROW - 2.0 * space::S2
}

/// The ground of the side bar, with the lines round its foot.
pub(super) fn ground(ui: &Ui, place: Rect) {
    let p = Palette::of(ui.visuals());
    ui.painter().rect_filled(place, 0.0, p.panel);
    let hairline = Stroke::new(size::HAIRLINE, p.line);
    ui.painter().vline(place.right() - size::HAIRLINE / 2.0, place.y_range(), hairline);
    for y in [foot(place), me_top(place)] {
        ui.painter().hline(place.x_range(), y, hairline);
    }
}

/// A room to meet in, a link to send: for those who are not on the list. Returns whether a room is
/// to be joined.
pub(super) fn ways_to_meet(ui: &mut Ui, snapshot: &Snapshot, actions: &mut Actions) -> bool {
    let joins = ui.columns(2, |columns| {
        let [left, right] = columns else { return false };
        let join = left.vertical_centered(|ui| {
            widgets::ghost_button(ui, Icon::Room, &text!("join-a-room")).clicked()
        });
        right.vertical_centered(|ui| {
            let can = invite::to_us(snapshot).is_some();
            let invite = ui
                .add_enabled_ui(can, |ui| widgets::ghost_button(ui, Icon::Link, &text!("invite")));
            if invite.inner.clicked() {
                actions.push(Action::Invite(true));
            }
        });
        join.inner
    });
    ui.add_space(2.0 * space::S2 - ui.spacing().item_spacing.y);
    joins
}

/// Who we are, on which server, and what concerns the whole app.
pub(super) fn me(ui: &mut Ui, snapshot: &Snapshot, invites: bool, actions: &mut Actions) {
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
            if widgets::icon_button(ui, Icon::LogOut, &text!("log-out")).clicked() {
                actions.send(Intent::LogOut);
            }
            if widgets::icon_button(ui, Icon::Keyboard, &text!("keyboard-shortcuts")).clicked() {
                actions.push(Action::Help(true));
            }
            if widgets::icon_button(ui, Icon::Settings, &text!("settings")).clicked() {
                actions.push(Action::Settings(true));
            }
            if invites && widgets::icon_button(ui, Icon::Link, &text!("invite")).clicked() {
                actions.push(Action::Invite(true));
            }
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                ui.add_space(
                    (size::ROW - TypeStyle::Strong.line() - TypeStyle::Caption.line()) / 2.0,
                );
                ui.add(Label::new(TypeStyle::Strong.text(username)).truncate());
                let p = Palette::of(ui.visuals());
                let (words, ink) = if online {
                    (text!("online"), p.text_3)
                } else {
                    (text!("reaching-server"), p.warn)
                };
                ui.add(Label::new(TypeStyle::Caption.text(words).color(ink)).truncate());
            });
        });
    });
}
