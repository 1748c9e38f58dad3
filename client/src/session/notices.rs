//! The lines that tell a person what went wrong or went on without something. Bounded; the oldest goes first.

use crate::session::snapshot::{Notice, NoticeId};

/// More than this nobody reads.
const AT_MOST: usize = 4;

/// The notices that were not put away yet.
#[derive(Debug, Default)]
pub(super) struct Notices {
    list: Vec<Notice>,
    next: u64,
}

impl Notices {
    /// Adds a line, unless it is there already.
    pub(super) fn add(&mut self, text: String) {
        if self.list.iter().any(|notice| notice.text == text) {
            return;
        }
        tracing::warn!("{text}");
        if self.list.len() == AT_MOST {
            self.list.remove(0);
        }
        self.list.push(Notice { id: NoticeId(self.next), text });
        self.next += 1;
    }

    /// Takes one away.
    pub(super) fn dismiss(&mut self, id: NoticeId) {
        self.list.retain(|notice| notice.id != id);
    }

    /// All of them, oldest first.
    pub(super) fn list(&self) -> Vec<Notice> {
        self.list.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_line_is_shown_once_and_the_oldest_goes_first() {
        let mut notices = Notices::default();
        for text in ["a", "a", "b", "c", "d", "e"] {
            notices.add(text.to_owned());
        }
        let texts: Vec<_> = notices.list().into_iter().map(|notice| notice.text).collect();
        assert_eq!(texts, ["b", "c", "d", "e"]);
        notices.dismiss(notices.list()[0].id);
        assert_eq!(notices.list().len(), 3);
    }
}
