//! The list of people and calls, and at its foot who we are.

use std::collections::HashSet;

use eframe::egui::accesskit::Live;
use eframe::egui::text::{CCursor, CCursorRange};
use eframe::egui::text_edit::TextEditState;
use eframe::egui::{
    Align, Frame, Id, Key, Label, Layout, Margin, Rect, ScrollArea, Stroke, TextWrapMode, Ui, pos2,
    vec2,
};
use visavis_shared::limits::MAX_USERNAME_CHARS;
use visavis_shared::{Username, canonical_name};

use super::index::ContactIndex;
use super::list::{Days, Deed, Entry, PeopleList};
use crate::session::snapshot::{Intent, LoginPhase, Presence, Snapshot};
use crate::ui::action::{Action, Actions};
use crate::ui::design::{Icon, Palette, TypeStyle, size, space};
use crate::ui::widgets::{self, Mark, Segment};
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
    entries: PeopleList,
    days: Days,
    /// Whether the search is to have the keyboard, behind what was typed.
    typing: bool,
}

impl SideBar {
    /// Brings the keyboard to the list.
    pub(super) fn ask(&mut self) {
        self.entries.ask();
    }

    /// Shows the search, the two lists, and the one that is chosen of them; `scrolls`: in a place
    /// of its own.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        (snapshot, contacts): (&Snapshot, &ContactIndex),
        (online, scrolls): (bool, bool),
        chosen: &mut Option<Username>,
        actions: &mut Actions,
    ) {
        ui.spacing_mut().item_spacing.y = space::S1;
        self.search(ui, snapshot, chosen, actions);
        ui.add_space(space::S1);
        self.tabs(ui, snapshot, actions);
        let people = (snapshot, contacts);
        let deed = if scrolls {
            let area = ScrollArea::vertical().id_salt("people").auto_shrink(false);
            area.show(ui, |ui| self.list(ui, people, online, chosen.as_ref(), actions)).inner
        } else {
            self.list(ui, people, online, chosen.as_ref(), actions)
        };
        match deed {
            Some(Deed::Open(who)) => *chosen = Some(who),
            Some(Deed::Call(who)) => {
                actions.send(Intent::Call { username: who.as_str().to_owned() });
            }
            Some(Deed::Type(letters)) => {
                self.search.push_str(&letters);
                self.typing = true;
                actions.send(Intent::SearchPeople(self.search.trim().to_owned()));
            }
            None => {}
        }
    }

    fn list(
        &mut self,
        ui: &mut Ui,
        (snapshot, contacts): (&Snapshot, &ContactIndex),
        online: bool,
        chosen: Option<&Username>,
        actions: &mut Actions,
    ) -> Option<Deed> {
        let search = self.search.trim().to_lowercase();
        match self.list {
            List::People => {
                let entries = people(snapshot, contacts, &search);
                let name = text!("tab-people");
                let deed = self.entries.show(ui, &name, &entries, (chosen, online));
                if snapshot.people.is_empty() && search.is_empty() {
                    nobody_there(ui, snapshot, actions);
                }
                deed
            }
            List::Calls => {
                let days = self.days.of(&snapshot.recent_calls);
                let entries = calls(snapshot, contacts, days, &search);
                let name = text!("tab-calls");
                let deed = self.entries.show(ui, &name, &entries, (chosen, online));
                if entries.is_empty() {
                    note(ui, &text!("no-calls-yet"));
                } else if search.is_empty()
                    && widgets::ghost_button(ui, Icon::Trash, &text!("erase-calls")).clicked()
                {
                    actions.send(Intent::EraseHistory);
                }
                deed
            }
        }
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
        let mark =
            Mark { icon: Some(Icon::Search), wrong: self.problem.is_some(), ..Mark::default() };
        let typed = &mut self.search;
        let field = widgets::marked_field(ui, &caption, &hint, typed, limit, width, mark);
        if std::mem::take(&mut self.typing) {
            field.request_focus();
            let mut state = TextEditState::load(ui.ctx(), field.id).unwrap_or_default();
            let end = CCursor::new(self.search.chars().count());
            state.cursor.set_char_range(Some(CCursorRange::one(end)));
            state.store(ui.ctx(), field.id);
        }
        if field.has_focus() && ui.input(|input| input.key_pressed(Key::ArrowDown)) {
            self.entries.ask();
        }
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

/// Contacts, who else is online, and whom the person has blocked.
fn people<'a>(
    snapshot: &'a Snapshot,
    contacts: &'a ContactIndex,
    search: &'a str,
) -> Vec<Entry<'a>> {
    let mut entries = Vec::with_capacity(snapshot.contacts.len() + snapshot.people.len() + 3);
    entries.extend(contacts.found(search).map(|contact| Entry::Person {
        username: &contact.username,
        name: contact.shown_name(),
        there: Some(contact.presence),
        key: contact.key,
    }));
    if !entries.is_empty() {
        entries.insert(0, Entry::Heading(text!("contacts")));
    }
    let mut others =
        snapshot.people.iter().filter(|one| contacts.contact(&one.username).is_none()).peekable();
    // No heading over nothing, where all who are online stand among the contacts.
    if entries.is_empty() || others.peek().is_some() {
        let shown = snapshot.people.iter().filter(|person| person.online).count();
        entries.push(Entry::Heading(words::online_count(shown, snapshot.people_total)));
    }
    entries.extend(others.map(|person| Entry::Person {
        username: &person.username,
        name: person.username.as_str(),
        there: Some(if person.online { Presence::Online } else { Presence::Offline }),
        key: snapshot.keys.get(&person.username).copied(),
    }));
    if !snapshot.blocked.is_empty() && search.is_empty() {
        entries.push(Entry::Heading(text!("blocked-names")));
        entries.extend(snapshot.blocked.iter().map(|username| Entry::Person {
            username,
            name: username.as_str(),
            there: None,
            key: None,
        }));
    }
    entries
}

/// The calls that are over, under their days.
fn calls<'a>(
    snapshot: &'a Snapshot,
    contacts: &'a ContactIndex,
    days: &[String],
    search: &str,
) -> Vec<Entry<'a>> {
    let blocked: HashSet<&Username> = snapshot.blocked.iter().collect();
    let mut entries = Vec::with_capacity(snapshot.recent_calls.len());
    let mut last = None;
    for (call, day) in snapshot.recent_calls.iter().zip(days) {
        let name = contacts.shown_name(&call.with);
        if !search.is_empty() && !name.to_lowercase().contains(search) {
            continue;
        }
        if last != Some(day) {
            entries.push(Entry::Heading(day.clone()));
            last = Some(day);
        }
        entries.push(Entry::Call { call, name, blocked: blocked.contains(&call.with) });
    }
    entries
}

/// How somebody gets onto the list.
fn nobody_there(ui: &mut Ui, snapshot: &Snapshot, actions: &mut Actions) {
    let server = snapshot.server_for_others();
    let ask = match words::foreign(words::without_scheme(&server)) {
        Some(server) => text!("ask-somebody", server = server),
        None => text!("ask-somebody-here"),
    };
    note(ui, &text!("nobody-yet"));
    note(ui, &ask);
    if widgets::ghost_button(ui, Icon::Link, &text!("invite-somebody")).clicked() {
        actions.push(Action::Invite(true));
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
        for column in [&mut *left, &mut *right] {
            column.style_mut().wrap_mode = Some(TextWrapMode::Truncate);
        }
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
        // From left to right, as the keyboard goes.
        let buttons = size::CONTROL * f32::from(3 + u8::from(invites));
        let room = ui.available_width() - buttons - ui.spacing().item_spacing.x;
        let name = vec2(room.max(0.0), size::ROW);
        ui.allocate_ui_with_layout(name, Layout::top_down(Align::Min), |ui| {
            ui.set_min_size(name);
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.add_space((size::ROW - TypeStyle::Strong.line() - TypeStyle::Caption.line()) / 2.0);
            ui.add(Label::new(TypeStyle::Strong.text(username)).truncate());
            let p = Palette::of(ui.visuals());
            let (words, ink) = if online {
                (text!("online"), p.text_3)
            } else {
                (text!("reaching-server"), p.warn)
            };
            ui.add(Label::new(TypeStyle::Caption.text(words).color(ink)).truncate());
        });
        ui.spacing_mut().item_spacing.x = 0.0;
        if invites && widgets::icon_button(ui, Icon::Link, &text!("invite")).clicked() {
            actions.push(Action::Invite(true));
        }
        if widgets::icon_button(ui, Icon::Settings, &text!("settings")).clicked() {
            actions.push(Action::Settings(true));
        }
        if widgets::icon_button(ui, Icon::Keyboard, &text!("keyboard-shortcuts")).clicked() {
            actions.push(Action::Help(true));
        }
        if widgets::icon_button(ui, Icon::LogOut, &text!("log-out")).clicked() {
            actions.send(Intent::LogOut);
        }
    });
}
