//! The list of people and calls, and at its foot who we are.

use std::collections::{HashMap, HashSet};

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    Align, Frame, Label, Layout, Margin, Rect, ScrollArea, Sense, Stroke, Ui, UiBuilder,
    WidgetInfo, pos2, vec2,
};
use visavis_shared::limits::MAX_USERNAME_CHARS;
use visavis_shared::{Username, canonical_name};

use super::calls;
use crate::session::snapshot::{ContactRow, Intent, LoginPhase, Presence, RecentCall, Snapshot};
use crate::ui::action::{Action, Actions};
use crate::ui::clock;
use crate::ui::design::{Icon, Palette, TypeStyle, radius, size, space};
use crate::ui::widgets::{self, PersonRow};
use crate::ui::words;
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
        snapshot: &Snapshot,
        online: bool,
        chosen: &mut Option<Username>,
        actions: &mut Actions,
    ) {
        ui.spacing_mut().item_spacing.y = space::S1;
        self.search(ui, snapshot, chosen, actions);
        ui.add_space(space::S1);
        self.tabs(ui, snapshot, actions);
        ScrollArea::vertical().id_salt("people").auto_shrink(false).show(ui, |ui| {
            let mut rows = Rows { snapshot, online, chosen, actions };
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
        let tabs = [
            (List::People, text!("tab-people"), text!("tab-people"), 0),
            (List::Calls, text!("tab-calls"), calls_name, missed),
        ];
        let p = Palette::of(ui.visuals());
        let extent = vec2(ui.available_width(), size::CONTROL);
        let (rect, _) = ui.allocate_exact_size(extent, Sense::hover());
        ui.painter().rect_filled(rect, radius::MD, p.raised);
        let half = rect.width() / 2.0;
        for (n, (list, words, name, count)) in tabs.into_iter().enumerate() {
            let left = rect.left() + half * n as f32;
            let place = Rect::from_min_size(pos2(left, rect.top()), vec2(half, rect.height()))
                .shrink(space::S1);
            let response =
                ui.interact(place, ui.make_persistent_id("people-lists").with(n), Sense::click());
            let shown = self.list == list;
            response.widget_info(|| WidgetInfo::selected(Role::Tab, true, shown, &name));
            if shown {
                ui.painter().rect_filled(place, radius::MD, p.raised_press);
            } else if response.hovered() {
                ui.painter().rect_filled(place, radius::MD, p.raised_hover);
            }
            widgets::paint_counted(ui.painter(), p, place.center(), &words, count);
            widgets::focus::ring(ui, &response, radius::MD);
            if response.clicked() {
                self.list = list;
            }
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
    online: bool,
    chosen: &'a mut Option<Username>,
    actions: &'a mut Actions,
}

impl Rows<'_> {
    fn people(&mut self, ui: &mut Ui, search: &str) {
        let snapshot = self.snapshot;
        let fits = |contact: &&ContactRow| {
            let holds = |name: &str| name.to_lowercase().contains(&search.to_lowercase());
            search.is_empty() || holds(contact.shown_name()) || holds(contact.username.as_str())
        };
        let contacts: Vec<&ContactRow> = snapshot.contacts.iter().filter(fits).collect();
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
        let kept: HashSet<&Username> =
            snapshot.contacts.iter().map(|contact| &contact.username).collect();
        let shown = snapshot.people.iter().filter(|person| person.online).count();
        widgets::section(ui, &words::online_count(shown, snapshot.people_total));
        if snapshot.people.is_empty() && search.is_empty() {
            let server = &*snapshot.server;
            let server = server.split_once("://").map_or(server, |(_, rest)| rest);
            let text = match words::foreign(server) {
                Some(server) => text!("ask-somebody", server = server),
                None => text!("ask-somebody-here"),
            };
            note(ui, &text);
        }
        for person in snapshot.people.iter().filter(|person| !kept.contains(&person.username)) {
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
        let (snapshot, now) = (self.snapshot, clock::today());
        let holds = |name: &str| name.to_lowercase().contains(&search.to_lowercase());
        let shown: HashMap<&Username, &str> = snapshot
            .contacts
            .iter()
            .map(|contact| (&contact.username, contact.shown_name()))
            .collect();
        let mut day = String::new();
        let mut any = false;
        for call in snapshot.recent_calls.iter() {
            let name = shown.get(&call.with).copied().unwrap_or(call.with.as_str());
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

/// What is shown for somebody: what the person calls them, or their name on the server.
pub(super) fn shown_name<'a>(snapshot: &'a Snapshot, username: &'a Username) -> &'a str {
    let contact = snapshot.contacts.iter().find(|contact| contact.username == *username);
    contact.map_or(username.as_str(), ContactRow::shown_name)
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

fn foot(place: Rect) -> f32 {
    place.bottom() - size::ROW - 2.0 * space::S2
}

/// The ground of the side bar, with its foot.
pub(super) fn ground(ui: &mut Ui, place: Rect, me: impl FnOnce(&mut Ui)) {
    let p = Palette::of(ui.visuals());
    ui.painter().rect_filled(place, 0.0, p.panel);
    let hairline = Stroke::new(size::HAIRLINE, p.line);
    ui.painter().vline(place.right() - size::HAIRLINE / 2.0, place.y_range(), hairline);
    let foot = foot(place);
    ui.painter().hline(place.x_range(), foot, hairline);
    let me_place =
        Rect::from_min_max(pos2(place.left(), foot), place.max).shrink2(vec2(space::S3, space::S2));
    ui.scope_builder(UiBuilder::new().max_rect(me_place), me);
}

/// Who we are, on which server, and what concerns the whole app.
pub(super) fn me(ui: &mut Ui, snapshot: &Snapshot, actions: &mut Actions) {
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
