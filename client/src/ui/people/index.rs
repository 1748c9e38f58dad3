//! The contacts by name, made once for each list of them: thousands are looked through in no pass.

use std::collections::HashMap;
use std::sync::Arc;

use visavis_shared::Username;

use crate::session::snapshot::{ContactRow, Snapshot};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct ContactIndex {
    contacts: Arc<Vec<ContactRow>>,
    places: HashMap<Username, usize>,
    /// What is searched: both names of each in small letters, in the order of the contacts.
    searched: Vec<String>,
}

impl ContactIndex {
    /// Takes over the contacts of a snapshot; whether they are others than before.
    pub(super) fn refresh(&mut self, snapshot: &Snapshot) -> bool {
        if Arc::ptr_eq(&self.contacts, &snapshot.contacts) {
            return false;
        }
        self.contacts = Arc::clone(&snapshot.contacts);
        let places = self.contacts.iter().enumerate();
        self.places = places.map(|(n, contact)| (contact.username.clone(), n)).collect();
        let searched = |contact: &ContactRow| {
            // No name holds a line break, so nothing is found across it.
            format!("{}\n{}", contact.shown_name(), contact.username).to_lowercase()
        };
        self.searched = self.contacts.iter().map(searched).collect();
        true
    }

    /// A contact.
    pub(super) fn contact(&self, username: &Username) -> Option<&ContactRow> {
        self.places.get(username).and_then(|place| self.contacts.get(*place))
    }

    /// What is shown for somebody: what the person calls them, or their name on the server.
    pub(super) fn shown_name<'a>(&'a self, username: &'a Username) -> &'a str {
        self.contact(username).map_or(username.as_str(), ContactRow::shown_name)
    }

    /// The contacts that a search in small letters finds; all of them when it is empty.
    pub(super) fn found<'a>(&'a self, search: &'a str) -> impl Iterator<Item = &'a ContactRow> {
        let searched = self.contacts.iter().zip(&self.searched);
        let found = searched.filter(move |(_, names)| search.is_empty() || names.contains(search));
        found.map(|(contact, _)| contact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::snapshot::{DisplayName, Presence, UnixTime};

    fn contact(username: &str, shown: &str) -> ContactRow {
        ContactRow {
            username: Username::parse(username).expect("a name"),
            display_name: DisplayName::parse(shown).expect("a display name"),
            added: UnixTime(0),
            presence: Presence::Unknown,
            key: None,
        }
    }

    #[test]
    fn contacts_are_found_by_either_name_and_looked_at_again_only_when_they_are_others() {
        let contacts = vec![contact("carol", "Aunt Ölga"), contact("dave", "")];
        let mut snapshot = Snapshot { contacts: Arc::new(contacts), ..Snapshot::default() };
        let mut index = ContactIndex::default();
        assert!(index.refresh(&snapshot) && !index.refresh(&snapshot));
        let found = |index: &ContactIndex, search: &str| {
            let found = index.found(search).map(|contact| contact.username.as_str().to_owned());
            found.collect::<Vec<_>>()
        };
        assert_eq!(found(&index, "ölga"), ["carol"]);
        assert_eq!(found(&index, "car"), ["carol"]);
        assert_eq!(found(&index, ""), ["carol", "dave"]);
        assert!(found(&index, "lga\nc").len() <= 1 && found(&index, "x").is_empty());
        let carol = Username::parse("carol").expect("a name");
        assert_eq!(index.shown_name(&carol), "Aunt Ölga");
        snapshot.contacts = Arc::new(vec![contact("erin", "")]);
        assert!(index.refresh(&snapshot));
        assert_eq!(index.shown_name(&carol), "carol");
    }
}
