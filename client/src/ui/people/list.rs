//! A list of people or of calls under headings, of which only what is seen is laid out.
//!
//! In: the entries. Out: what was done with one of them. What always holds: the list is one stop of
//! the keyboard, whose row the arrow keys change; that row is always there, also while it is
//! scrolled out of sight; thousands of entries cost a pass no more than a look at each.

use std::sync::Arc;
use std::time::SystemTime;

use eframe::egui::accesskit::{Action as Access, Role};
use eframe::egui::{
    Event, EventFilter, Id, Key, Modifiers, Rect, Sense, Ui, UiBuilder, pos2, vec2,
};
use visavis_shared::Username;

use super::calls;
use super::side_bar::presence;
use crate::session::snapshot::{PinnedKey, Presence, RecentCall};
use crate::ui::clock;
use crate::ui::design::{Icon, TypeStyle, size, space};
use crate::ui::widgets::{self, PersonRow};
use crate::words::{self, text};

/// One entry.
#[derive(Debug, Clone)]
pub(super) enum Entry<'a> {
    Heading(String),
    Person {
        username: &'a Username,
        name: &'a str,
        /// `None`: the name is blocked.
        there: Option<Presence>,
        /// The key that is remembered.
        key: Option<PinnedKey>,
    },
    Call {
        call: &'a RecentCall,
        name: &'a str,
        blocked: bool,
    },
}

/// What tells one row from the next, whatever is listed above it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum RowKey {
    Person(Username),
    Call(u64, Username),
}

impl RowKey {
    fn is(&self, entry: &Entry<'_>) -> bool {
        match (self, entry) {
            (Self::Person(ours), Entry::Person { username, .. }) => ours == *username,
            (Self::Call(number, with), Entry::Call { call, .. }) => {
                *number == call.number && *with == call.with
            }
            _ => false,
        }
    }

    fn id(&self, list: Id) -> Id {
        match self {
            Self::Person(username) => list.with(username.as_str()),
            Self::Call(number, with) => list.with((number, with.as_str())),
        }
    }
}

impl Entry<'_> {
    fn key(&self) -> Option<RowKey> {
        match self {
            Self::Heading(_) => None,
            Self::Person { username, .. } => Some(RowKey::Person((*username).clone())),
            Self::Call { call, .. } => Some(RowKey::Call(call.number, call.with.clone())),
        }
    }

    fn is_row(&self) -> bool {
        !matches!(self, Self::Heading(_))
    }

    fn who(&self) -> Option<&Username> {
        match self {
            Self::Heading(_) => None,
            Self::Person { username, .. } => Some(username),
            Self::Call { call, .. } => Some(&call.with),
        }
    }

    fn height(&self) -> f32 {
        match self {
            Self::Heading(_) => TypeStyle::Caption.line() + space::S3 + space::S1,
            Self::Person { .. } | Self::Call { .. } => size::ROW,
        }
    }

    fn can_be_called(&self) -> bool {
        match self {
            Self::Heading(_) => false,
            Self::Person { there, .. } => *there == Some(Presence::Online),
            Self::Call { blocked, .. } => !blocked,
        }
    }
}

/// What was done with the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    /// Somebody is to be shown.
    Open(Username),
    /// Somebody is to be called.
    Call(Username),
    /// Letters were typed while a row had the keyboard.
    Type(String),
}

#[derive(Default)]
pub(super) struct PeopleList {
    cursor: Option<RowKey>,
    /// Whether its row is to have the keyboard.
    asked: bool,
}

/// Where the entries are, from the upper edge of the first on.
struct Places(Vec<f32>);

impl Places {
    fn of(entries: &[Entry<'_>]) -> Self {
        let mut top = 0.0;
        let mut tops = Vec::with_capacity(entries.len() + 1);
        tops.push(top);
        for entry in entries {
            top += entry.height() + space::S1;
            tops.push(top);
        }
        Self(tops)
    }

    fn height(&self) -> f32 {
        self.0.last().map_or(0.0, |bottom| (bottom - space::S1).max(0.0))
    }

    /// The entries between two heights.
    fn between(&self, from: f32, until: f32) -> std::ops::Range<usize> {
        let last = self.0.len().saturating_sub(1);
        let first = self.0.partition_point(|top| *top <= from).saturating_sub(1);
        let end = self.0.partition_point(|top| *top < until).min(last);
        first.min(end)..end
    }

    fn place(&self, at: usize, entry: &Entry<'_>, list: Rect) -> Rect {
        let top = list.top() + self.0.get(at).copied().unwrap_or_default();
        Rect::from_min_size(pos2(list.left(), top), vec2(list.width(), entry.height()))
    }
}

impl PeopleList {
    /// Brings the keyboard to the row that it was on last, or to the first.
    pub(super) fn ask(&mut self) {
        self.asked = true;
    }

    /// Shows the entries as wide as there is room. `chosen` is shown beside the list; `online`:
    /// calls can be made.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        name: &str,
        entries: &[Entry<'_>],
        (chosen, online): (Option<&Username>, bool),
    ) -> Option<Deed> {
        let places = Places::of(entries);
        let extent = vec2(ui.available_width(), places.height());
        let place = Rect::from_min_size(ui.cursor().min, extent);
        let list = ui.make_persistent_id("list-of-people");
        let rows = entries.iter().filter(|entry| entry.is_row()).count();
        // Without a row the cursor is nowhere.
        let mut at = self.cursor_in(entries).unwrap_or(usize::MAX);
        let builder = UiBuilder::new().max_rect(place).accessibility_role(Role::List);
        let inside = ui.scope_builder(builder, |ui| {
            ui.allocate_rect(place, Sense::hover());
            let mut deed = None;
            if let Some(key) = entries.get(at).and_then(Entry::key)
                && ui.memory(|memory| memory.has_focus(key.id(list)))
            {
                let page = (ui.clip_rect().height() / (size::ROW + space::S1)) as usize;
                match by_key(ui, key.id(list), entries, at, page.max(1)) {
                    Some(Walk::To(to)) => self.walk(ui, list, entries, (to, &places, place)),
                    Some(Walk::Call) => {
                        let entry = entries.get(at).filter(|entry| entry.can_be_called() && online);
                        deed = entry.and_then(Entry::who).cloned().map(Deed::Call);
                    }
                    Some(Walk::Type(letters)) => deed = Some(Deed::Type(letters)),
                    None => {}
                }
            }
            if std::mem::take(&mut self.asked) {
                self.walk(ui, list, entries, (at, &places, place));
            }
            at = self.cursor_in(entries).unwrap_or(at);
            let clip = ui.clip_rect();
            let seen = places.between(clip.top() - place.top(), clip.bottom() - place.top());
            let beyond = (!seen.contains(&at)).then_some(at);
            for n in seen.clone().chain(beyond) {
                let Some(entry) = entries.get(n) else { continue };
                let row_place = places.place(n, entry, place);
                let Some(key) = entry.key() else {
                    if let Entry::Heading(words) = entry {
                        widgets::section_at(ui, row_place, words);
                    }
                    continue;
                };
                let id = key.id(list);
                let used =
                    show_row(ui, row_place, id, entry, (n == at, entry.who() == chosen, online));
                let position = entries.iter().take(n).filter(|entry| entry.is_row()).count();
                ui.ctx().accesskit_node_builder(id, |node| {
                    node.set_position_in_set(position);
                    node.add_action(Access::Focus);
                });
                if ui.input(|input| input.has_accesskit_action_request(id, Access::Focus)) {
                    self.walk(ui, list, entries, (n, &places, place));
                }
                if used.row.clicked() || used.button.clicked() {
                    self.cursor = Some(key);
                    let who = entry.who().cloned();
                    deed = if used.button.clicked() {
                        who.map(Deed::Call)
                    } else {
                        who.map(Deed::Open)
                    };
                }
            }
            deed
        });
        ui.ctx().accesskit_node_builder(inside.response.id, |node| {
            node.set_label(name);
            node.set_size_of_set(rows);
        });
        inside.inner
    }

    /// Where the cursor is; on the first row when what it was on is there no more.
    fn cursor_in(&self, entries: &[Entry<'_>]) -> Option<usize> {
        let cursor = self.cursor.as_ref();
        let found = cursor.and_then(|key| entries.iter().position(|entry| key.is(entry)));
        found.or_else(|| entries.iter().position(Entry::is_row))
    }

    fn walk(
        &mut self,
        ui: &Ui,
        list: Id,
        entries: &[Entry<'_>],
        (to, places, place): (usize, &Places, Rect),
    ) {
        let Some(entry) = entries.get(to) else { return };
        self.cursor = entry.key();
        if let Some(key) = &self.cursor {
            ui.memory_mut(|memory| memory.request_focus(key.id(list)));
        }
        // With what stands over the first row.
        let first = !entries.iter().take(to).any(Entry::is_row);
        let row = places.place(to, entry, place);
        let top = if first { place.top() } else { row.top() - space::S1 };
        let shown = Rect::from_min_max(pos2(row.left(), top), row.max + vec2(0.0, space::S1));
        ui.scroll_to_rect_animation(shown, None, eframe::egui::style::ScrollAnimation::none());
    }
}

/// What a key does to a row that has the keyboard.
enum Walk {
    To(usize),
    Call,
    Type(String),
}

fn by_key(ui: &Ui, id: Id, entries: &[Entry<'_>], at: usize, page: usize) -> Option<Walk> {
    let arrows = EventFilter { vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
    let (call, steps, typed) = ui.input_mut(|input| {
        let call = input.consume_key(Modifiers::COMMAND, Key::Enter);
        let count = |key, input: &mut eframe::egui::InputState| {
            input.count_and_consume_key(Modifiers::NONE, key)
        };
        let down = count(Key::ArrowDown, input) + page * count(Key::PageDown, input);
        let up = count(Key::ArrowUp, input) + page * count(Key::PageUp, input);
        let ends = (count(Key::Home, input) > 0, count(Key::End, input) > 0);
        let typed: String = input
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        (call, (down, up, ends), typed)
    });
    if call {
        return Some(Walk::Call);
    }
    // A blank presses.
    if !typed.trim().is_empty() {
        return Some(Walk::Type(typed));
    }
    let rows = || entries.iter().enumerate().filter(|(_, entry)| entry.is_row()).map(|(n, _)| n);
    let to = match steps {
        (_, _, (true, _)) => rows().next(),
        (_, _, (_, true)) => rows().next_back(),
        (0, 0, _) => None,
        (down, up, _) if down >= up => {
            let below = rows().filter(|n| *n > at).take(down - up);
            below.last()
        }
        (down, up, _) => rows().rev().filter(|n| *n < at).take(up - down).last(),
    };
    to.map(Walk::To)
}

fn show_row(
    ui: &Ui,
    place: Rect,
    id: Id,
    entry: &Entry<'_>,
    (stop, chosen, online): (bool, bool, bool),
) -> widgets::RowUse {
    let enabled = online && entry.can_be_called();
    let (name, second, time) = match entry {
        Entry::Heading(_) => ("", String::new(), None),
        Entry::Person { name, there: Some(_), key: Some(key), .. } if key.other_seen.is_some() => {
            (*name, text!("person-changed"), None)
        }
        Entry::Person { name, there, .. } => {
            (*name, there.map_or_else(|| text!("blocked"), presence), None)
        }
        Entry::Call { call, name, .. } => {
            (*name, calls::outcome(call), Some(words::clock_time(call.at.system())))
        }
    };
    let mark = match entry {
        Entry::Call { call, .. } => Some((calls::icon(call), call.is_missed())),
        Entry::Person { there: Some(_), key: Some(key), .. } if key.other_seen.is_some() => {
            Some((Icon::ShieldAlert, true))
        }
        Entry::Heading(_) | Entry::Person { .. } => None,
    };
    let verified = match entry {
        Entry::Person { there: Some(_), key: Some(key), .. } => {
            key.confirmed.is_some() && key.other_seen.is_none()
        }
        _ => false,
    };
    let verified = verified.then(|| text!("trust-verified"));
    let dot = match entry {
        Entry::Person { there: Some(Presence::Online), .. } => Some(true),
        Entry::Person { there: Some(Presence::Offline), .. } => Some(false),
        _ => None,
    };
    let row = PersonRow {
        name,
        online: dot,
        badge: verified.as_deref().map(|word| (Icon::ShieldCheck, word)),
        second: &second,
        mark,
        time: time.as_deref(),
        chosen: chosen && matches!(entry, Entry::Person { .. }),
        action: &text!("call-person", name = name),
        icon: Icon::Camera,
        enabled,
    };
    widgets::person_row(ui, place, id, stop, &row)
}

/// The headings of a list of calls: the day of each, where it is another than that of the call
/// before. Words are made anew when there are other calls, another language or another minute.
#[derive(Default)]
pub(super) struct Days {
    made: Option<(Arc<Vec<RecentCall>>, words::Language, u64)>,
    names: Vec<String>,
}

/// Seconds in which days keep their names.
const NAMES_LAST: u64 = 60;

impl Days {
    /// The days of the calls, in their order.
    pub(super) fn of(&mut self, recent: &Arc<Vec<RecentCall>>) -> &[String] {
        let now = clock::today();
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let (language, minute) = (words::spoken_language(), since / NAMES_LAST);
        let fits = self.made.as_ref().is_some_and(|(calls, spoken, at)| {
            Arc::ptr_eq(calls, recent) && *spoken == language && *at == minute
        });
        if !fits {
            self.names = recent.iter().map(|call| words::day(call.at.system(), now)).collect();
            self.made = Some((Arc::clone(recent), language, minute));
        }
        &self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_between_two_heights_is_found_and_nothing_else() {
        let username = Username::parse("bob").expect("a name");
        let person = || Entry::Person { username: &username, name: "bob", there: None, key: None };
        let mut entries = vec![Entry::Heading("People".to_owned())];
        entries.extend(std::iter::repeat_with(person).take(5_000));
        let places = Places::of(&entries);
        let heading = entries[0].height() + space::S1;
        let row = size::ROW + space::S1;
        assert_eq!(places.height(), heading + 5_000.0 * row - space::S1);
        assert_eq!(places.between(0.0, heading), 0..1);
        assert_eq!(places.between(heading + row, heading + 3.0 * row), 2..4);
        assert_eq!(places.between(heading + 1.5 * row, heading + 2.5 * row), 2..4);
        assert_eq!(places.between(-500.0, -10.0).len(), 0);
        assert_eq!(places.between(1e9, 2e9).len(), 0);
        assert_eq!(Places::of(&[]).between(0.0, 100.0).len(), 0);
    }
}
