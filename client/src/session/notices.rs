//! The lines that tell a person what went wrong or went on without something. Bounded; the oldest
//! goes first. A line about a device, or about the video of one side, is withdrawn when it is no
//! longer true.

pub(super) use crate::session::snapshot::DeviceKind;
use crate::session::snapshot::{Notice, NoticeId};
use crate::words::Phrase;

/// More than this nobody reads.
const AT_MOST: usize = 4;

/// Whose video a notice can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VideoOf {
    Them,
    Us,
}

/// What a notice that can be withdrawn is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Device(DeviceKind),
    Video(VideoOf),
    People,
    KeptPicture,
}

/// The notices that were not put away yet.
#[derive(Debug, Default)]
pub(super) struct Notices {
    list: Vec<Notice>,
    /// Which of them can be withdrawn.
    subjects: Vec<(Subject, NoticeId)>,
    next: u64,
}

impl Notices {
    /// Adds a line, unless it is there already.
    pub(super) fn add(&mut self, text: Phrase) {
        self.push(text);
    }

    /// What is wrong with a device now takes the place of its notice before; nothing does when
    /// it is well.
    pub(super) fn device(&mut self, kind: DeviceKind, trouble: Option<Phrase>) {
        self.replace(Subject::Device(kind), trouble);
    }

    /// The same about the video of one side.
    pub(super) fn video(&mut self, of: VideoOf, trouble: Option<Phrase>) {
        self.replace(Subject::Video(of), trouble);
    }

    /// The same about what is kept of people.
    pub(super) fn people(&mut self, trouble: Option<Phrase>) {
        self.replace(Subject::People, trouble);
    }

    /// What became of the picture that was to be kept last. Returns the line's id.
    pub(super) fn kept_picture(&mut self, words: Phrase) -> Option<NoticeId> {
        self.replace(Subject::KeptPicture, Some(words))
    }

    fn replace(&mut self, subject: Subject, trouble: Option<Phrase>) -> Option<NoticeId> {
        if let Some(at) = self.subjects.iter().position(|(of, _)| *of == subject) {
            let (_, former) = self.subjects.swap_remove(at);
            self.dismiss(former);
        }
        let id = trouble.and_then(|text| self.push(text))?;
        self.subjects.push((subject, id));
        Some(id)
    }

    fn push(&mut self, text: Phrase) -> Option<NoticeId> {
        if self.list.iter().any(|notice| notice.text == text) {
            return None;
        }
        // Whoever runs the program without a window reads it on standard output, and need not read
        // it twice.
        tracing::info!("{}", text.plain());
        if self.list.len() == AT_MOST {
            self.list.remove(0);
        }
        let id = NoticeId(self.next);
        self.list.push(Notice { id, text });
        self.next += 1;
        Some(id)
    }

    /// Takes one away.
    pub(super) fn dismiss(&mut self, id: NoticeId) {
        self.list.retain(|notice| notice.id != id);
    }

    /// Which of them are about which device.
    pub(super) fn of_devices(&self) -> Vec<(NoticeId, DeviceKind)> {
        let of_device = |(subject, id): &(Subject, NoticeId)| match subject {
            Subject::Device(kind) => Some((*id, *kind)),
            Subject::Video(_) | Subject::People | Subject::KeptPicture => None,
        };
        self.subjects.iter().filter_map(of_device).collect()
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
            notices.add(text.into());
        }
        let texts: Vec<_> = notices.list().into_iter().map(|notice| notice.text.plain()).collect();
        assert_eq!(texts, ["b", "c", "d", "e"]);
        notices.dismiss(notices.list()[0].id);
        assert_eq!(notices.list().len(), 3);
    }

    #[test]
    fn what_is_said_about_a_device_changes_with_it_and_goes_when_it_is_well() {
        let mut notices = Notices::default();
        let texts = |notices: &Notices| {
            notices.list().into_iter().map(|notice| notice.text.plain()).collect::<Vec<_>>()
        };
        notices.add("the recording is not whole".into());
        notices.device(DeviceKind::Speaker, Some("the speaker is busy".into()));
        notices.device(DeviceKind::Camera, Some("no camera".into()));
        notices.device(DeviceKind::Speaker, Some("the speaker is gone".into()));
        assert_eq!(
            texts(&notices),
            ["the recording is not whole", "no camera", "the speaker is gone"]
        );
        let ids: Vec<_> = notices.list().iter().map(|notice| notice.id).collect();
        let of = [(ids[1], DeviceKind::Camera), (ids[2], DeviceKind::Speaker)];
        assert_eq!(notices.of_devices(), of);
        notices.device(DeviceKind::Speaker, None);
        notices.device(DeviceKind::Microphone, None);
        assert_eq!(texts(&notices), ["the recording is not whole", "no camera"]);
        // One that was put away takes nothing with it when its device is well.
        notices.dismiss(notices.list()[1].id);
        notices.add("something else".into());
        notices.device(DeviceKind::Camera, None);
        assert_eq!(texts(&notices), ["the recording is not whole", "something else"]);
    }

    #[test]
    fn what_is_said_about_video_goes_when_it_can_be_seen_again() {
        let mut notices = Notices::default();
        notices.video(VideoOf::Them, Some("bob's picture can't be shown".into()));
        notices.video(VideoOf::Us, Some("bob can't see you".into()));
        notices.device(DeviceKind::Camera, Some("no camera".into()));
        notices.video(VideoOf::Them, None);
        let texts: Vec<_> = notices.list().into_iter().map(|notice| notice.text.plain()).collect();
        assert_eq!(texts, ["bob can't see you", "no camera"]);
    }
}
