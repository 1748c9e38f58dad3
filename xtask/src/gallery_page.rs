//! `docs/gallery.md`: the main screens with a line about each. The pictures are those that the
//! tests of the window hold every screen against.
//!
//! In: nothing but the table here. Out: the page.

use std::fmt::Write as _;

/// Where the pictures are, seen from the page.
const PICTURES: &str = "../client/tests/window/snapshots";
/// The look of those that are shown whole.
const LARGE: &str = "1040x680@1";

/// The parts of the page: a heading, and the screens with what they show.
const PARTS: &[(&str, &[(&str, &str)])] = &[
    (
        "Start",
        &[
            ("nearby", "Servers on the local network appear by themselves; one click chooses."),
            ("start-here", "Who has no server starts one here."),
            ("server-here", "By this address, link or QR code others come to it."),
            ("closing-with-guests", "Nobody loses their server by a window that is closed."),
            ("login", "A server elsewhere by its address, or by an invitation that is pasted."),
            ("invited", "Whoever opened an invitation finds everything filled in."),
            ("taken", "What went wrong stands where it is mended."),
        ],
    ),
    (
        "People",
        &[
            ("contacts", "Contacts with their presence, and who else is online."),
            ("person", "Somebody, and the last calls with them."),
            ("calls", "All calls; missed ones are marked and counted."),
            ("search", "The search finds contacts, and people on the server."),
            ("missed", "A call that was missed is called back with a click."),
            ("room", "A word that both know is enough to meet."),
            ("alone", "Nobody else is there yet."),
        ],
    ),
    (
        "Calls",
        &[
            ("ringing", "Somebody calls. Nothing is turned on before it is accepted."),
            ("ringing-new", "Somebody calls for the first time: their key is new."),
            ("ringing-unverified", "Nothing shows who is calling, and that is said."),
            (
                "ringing-changed",
                "Somebody calls with another key than before. Nothing goes on before that is read.",
            ),
            ("key-changed", "The same where one calls oneself."),
            ("calling", "Somebody is called."),
            ("call", "The other fills the window; the controls fade."),
            ("call-muted", "Muted, and said so for as long as it lasts."),
            ("call-weak", "What the connection is doing is said in words."),
            ("call-off", "Without cameras."),
            ("call-devices", "Devices change without ending the call."),
            ("call-statistics", "How the connection is doing, in numbers."),
            ("reconnecting", "The network went away; the call looks for another path."),
            ("talked", "The call is over."),
            ("lost", "The connection was lost, and did not come back."),
        ],
    ),
    (
        "Text, files and screens",
        &[
            ("call-text", "What is written and sent goes straight to the other."),
            ("call-files", "Each transfer says how far it is, and what can be done."),
            ("call-bubble", "What comes while the panel is closed stands there for a moment."),
            ("call-share", "Screens and windows as they are now; none is chosen at first."),
            ("call-shares", "Whoever shares something is told so all the time."),
            ("call-share-ended", "Sharing that ends by itself is said in words."),
            ("call-screen-larger", "The other's screen, larger."),
        ],
    ),
    (
        "Who is there",
        &[
            ("call-new", "The first call under a key: a plain shield."),
            ("code", "Four words to compare aloud, the same on both sides."),
            ("code-verified", "What was compared is remembered until the key changes."),
            ("call-unverified", "Whom nothing vouches for is marked in words, all the time."),
            ("codes-differ", "The words were not the same."),
        ],
    ),
    (
        "Settings",
        &[
            ("settings-devices", "Camera, microphone and speaker are tried out before a call."),
            ("settings-notifications", "How a call rings, and when it does not."),
            ("help", "What the keyboard does; every shortcut can be changed."),
        ],
    ),
];

fn picture(theme: &str, size: &str, screen: &str) -> String {
    format!("{PICTURES}/en-{theme}-{size}/{screen}.png")
}

/// The page, as Markdown.
pub(crate) fn page() -> String {
    let mut page = String::from(
        "# Gallery\n\nThe screens of Visavis as they are now, with made-up people. \
         `cargo xtask screenshots` remakes this page and its\npictures; tests hold each screen \
         against its picture, in both themes, two sizes, two scale factors and three languages.\n",
    );
    for (heading, screens) in PARTS {
        let _ = write!(page, "\n## {heading}\n");
        for (screen, caption) in *screens {
            let (dark, light) = (picture("dark", LARGE, screen), picture("light", LARGE, screen));
            let _ = write!(
                page,
                "\n{caption}\n\n| dark | light |\n| --- | --- |\n\
                 | ![{screen}, dark]({dark}) | ![{screen}, light]({light}) |\n"
            );
        }
    }
    page.push_str("\n## Small windows\n\n| | |\n| --- | --- |\n");
    for pair in [["person", "calls"], ["ringing", "call"]] {
        let cells = pair
            .map(|screen| format!("![{screen}, small]({})", picture("dark", "480x360@1", screen)));
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    }
    page.push_str("\n## Other languages\n\n| Deutsch | 简体中文 |\n| --- | --- |\n");
    for screen in ["person", "call-devices"] {
        let cells = ["de", "zh-Hans"].map(|language| {
            format!("![{screen}, {language}]({PICTURES}/{language}-dark-{LARGE}/{screen}.png)")
        });
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn the_page_is_as_it_is_made_and_every_picture_on_it_is_there() {
        let docs = workspace::root().join("docs");
        let kept = std::fs::read_to_string(docs.join("gallery.md")).expect("the page");
        assert!(kept == page(), "remake docs/gallery.md with `cargo xtask screenshots --renew`");
        let pictures: Vec<&str> =
            kept.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        assert!(pictures.len() > 30, "{pictures:?}");
        for picture in pictures {
            assert!(docs.join(picture).is_file(), "{picture}");
        }
    }
}
