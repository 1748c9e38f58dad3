//! What can be shown, and what becomes of it while it is.

use std::fmt;
use std::sync::Arc;

use visavis_media::units::VideoSize;
use visavis_shared::foreign_text::is_hidden;

/// Tells a source from the next, as long as it is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub Arc<str>);

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// A whole screen.
    Screen,
    /// One window.
    Window,
    /// Whatever the person chooses in the dialog of their desktop (the portal of Wayland).
    Portal,
}

/// A screen or a window that can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its id.
    pub id: SourceId,
    /// What it is.
    pub kind: SourceKind,
    /// What it is called: the title of a window, the name of a screen's output. Empty where it has
    /// none.
    pub name: Arc<str>,
    /// Its size in pixels; `None` where that is not known before it is shown.
    pub size: Option<VideoSize>,
}

/// What the portal of a desktop gives so that it need not ask the person the next time. Good for
/// one use: the capture that was given one reports the next.
#[derive(Clone, PartialEq, Eq)]
pub struct RestoreToken(pub Arc<str>);

impl fmt::Debug for RestoreToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RestoreToken")
    }
}

/// What happens to a source while it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaptureEvent {
    /// The desktop's portal agreed, and will the next time without asking when it is given this
    /// ([`CaptureSettings::restore`](crate::CaptureSettings)). To be kept in the place of the one
    /// before.
    Restorable(RestoreToken),
    /// The first frame is there.
    Live,
    /// It can't be seen for now (a window that is minimised); the last frame stands.
    Hidden,
    /// It can be seen again.
    Visible,
    /// It is another size from now on.
    Resized(VideoSize),
    /// It is over; nothing more comes.
    Ended(EndReason),
}

/// Why a source is shown no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndReason {
    /// The window was closed.
    WindowClosed,
    /// The screen was unplugged.
    ScreenGone,
    /// The desktop's dialog was closed without a choice, or sharing is not allowed there.
    NotAllowed,
    /// The person stopped it in the desktop itself.
    StoppedByDesktop,
    /// The display or the portal is gone, or does not answer; why.
    Failed(String),
}

/// How many characters of a title are kept.
const LONGEST_NAME: usize = 120;

/// The source that somebody names in words: `screen:first`, `screen:NAME` by the name of its
/// output, `window:TITLE` by its title or, where none has just that, by a part of it (the topmost
/// counts), `portal`. On a desktop with a portal each of them is the portal, as only its dialog can
/// choose there. Ids are words too.
#[must_use]
pub fn find(sources: &[Source], words: &str) -> Option<SourceId> {
    let one = |fits: &dyn Fn(&Source) -> bool| sources.iter().find(|source| fits(source));
    let of = |kind: SourceKind, fits: &dyn Fn(&str) -> bool| {
        one(&|source| source.kind == kind && fits(&source.name))
    };
    let found = one(&|source| *source.id.0 == *words)
        .or_else(|| one(&|source| source.kind == SourceKind::Portal))
        .or_else(|| match words.split_once(':')? {
            ("screen", "first") => of(SourceKind::Screen, &|_| true),
            ("screen", name) => of(SourceKind::Screen, &|it| it == name),
            ("window", title) if !title.is_empty() => of(SourceKind::Window, &|it| it == title)
                .or_else(|| of(SourceKind::Window, &|it| it.contains(title))),
            _ => None,
        });
    found.map(|source| source.id.clone())
}

/// A title as it may be shown: on one line, without what is invisible or turns the direction of
/// what follows, and of a bounded length.
pub(crate) fn shown_name(title: &str) -> Arc<str> {
    let visible = title.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let visible: String = visible.filter(|c| !is_unseen(*c)).collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    let words = words.join(" ");
    let mut name: String = words.chars().take(LONGEST_NAME).collect();
    if name.len() < words.len() {
        name.push('…');
    }
    name.into()
}

/// What nobody sees, or turns the direction of text; a title has no use for marks and tags either.
fn is_unseen(c: char) -> bool {
    is_hidden(c) || matches!(c, '\u{200e}' | '\u{200f}' | '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(kind: SourceKind, id: &str, name: &str) -> Source {
        Source { id: SourceId(id.into()), kind, name: name.into(), size: None }
    }

    #[test]
    fn a_source_is_found_by_words() {
        let sources = [
            source(SourceKind::Screen, "screen:eDP-1", "eDP-1"),
            source(SourceKind::Screen, "screen:DP-2", "DP-2"),
            source(SourceKind::Window, "window:7", "notes about notes"),
            source(SourceKind::Window, "window:8", "notes"),
        ];
        let found = |words: &str| find(&sources, words).map(|id| id.0.to_string());
        assert_eq!(found("screen:first").as_deref(), Some("screen:eDP-1"));
        assert_eq!(found("screen:DP-2").as_deref(), Some("screen:DP-2"));
        assert_eq!(found("window:notes").as_deref(), Some("window:8"));
        assert_eq!(found("window:about").as_deref(), Some("window:7"));
        assert_eq!(found("window:7").as_deref(), Some("window:7"));
        for none in ["", "screen:", "window:", "window:other", "screen:eDP", "first", "portal"] {
            assert_eq!(found(none), None, "{none}");
        }
        let portal = [source(SourceKind::Portal, "portal", "")];
        for words in ["portal", "screen:first", "window:notes"] {
            assert_eq!(find(&portal, words), Some(SourceId("portal".into())));
        }
    }

    #[test]
    fn a_title_is_one_short_line_that_hides_nothing() {
        let check = |title: &str, shown: &str| assert_eq!(&*shown_name(title), shown);
        check("Letter – Editor", "Letter – Editor");
        check("  two\nlines\tand \u{1b}[31m ", "two lines and [31m");
        check("exe.\u{202e}txt\u{200b}", "exe.txt");
        check("", "");
        check(&"ä".repeat(120), &"ä".repeat(120));
        check(&"ä".repeat(121), &format!("{}…", "ä".repeat(120)));
    }

    #[test]
    fn a_restore_token_does_not_reach_a_log() {
        assert_eq!(format!("{:?}", RestoreToken("secret".into())), "RestoreToken");
    }
}
