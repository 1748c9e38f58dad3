//! Every screen as a picture, compared with the one that is kept in `snapshots/`.
//!
//! A picture is painted without a GPU and without a display; clocks stand still, the typefaces are
//! the app's own and, for Chinese, the one in `fonts/`. What is let pass is
//! [`Tolerance::SCREENS`]. `cargo xtask screenshots --renew` keeps the pictures anew
//! (`VISAVIS_RENEW_SCREENS=1` in the environment of this test). Where a picture differs, the kept
//! one, the new one and the difference are side by side in `target/screenshots/differences`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use eframe::egui::accesskit::Role;
use eframe::egui::epaint::text::{FontInsert, FontPriority, InsertFontFamily};
use eframe::egui::{
    Context, FontData, FontDefinitions, FontFamily, FontId, RawInput, ViewportEvent, ViewportId,
    pos2, vec2,
};
use egui_kittest::kittest::Queryable as _;
use jiff::civil::date;
use jiff::tz::TimeZone;
use visavis_client::config::Theme;
use visavis_client::gallery::{self, Moment, SCREENS};
use visavis_client::session::snapshot::UnixTime;
use visavis_client::ui::stand_still;
use visavis_client::words::{Argument, Language, Phrase, speak_on_this_thread};
use visavis_rasterizer::{Difference, Picture, Tolerance};

use crate::harness::Window;

/// Keeps the pictures anew when it is set.
const RENEW: &str = "VISAVIS_RENEW_SCREENS";
/// What the app's typeface lacks and messages and names need, so that every computer paints the
/// same.
const FONTS: [(&str, &[u8]); 3] = [
    ("Chinese", include_bytes!("fonts/NotoSansCJKsc.otf")),
    ("Arabic", include_bytes!("fonts/NotoSansArabic.ttf")),
    ("Hebrew", include_bytes!("fonts/NotoSansHebrew.ttf")),
];
/// The families of text.
const FAMILIES: [&str; 3] = ["", "Inter 500", "Inter 600"];

/// What is done after the presses that lead to a screen.
#[derive(Debug, Clone, Copy)]
enum Step {
    Nothing,
    /// Presses what has the name of a message.
    Click(&'static str),
    /// Chooses a section: at the side, or from the list that is there in small windows.
    Section(&'static str),
    /// The section with the path of a file, which is of the person who runs the test.
    Data,
    /// Presses the link of a conversation.
    Link,
    /// Types into the field that has the name of a message.
    Type(&'static str, &'static str),
    /// Closes the window, as the system does.
    Close,
    /// Leaves the mouse alone until the controls have gone.
    Rest,
}

/// Screens behind those of the gallery: their names, those behind which they are, and how to get
/// there. They are looked at at scale 1 only.
const BEHIND: &[(&str, &str, Step)] = &[
    ("nearby-looking", "first", Step::Type("username", "nico")),
    ("closing-with-guests", "server-here", Step::Close),
    ("search", "contacts", Step::Type("search", "ra")),
    ("call-resting", "call", Step::Rest),
    ("call-menu", "call", Step::Click("more")),
    ("mini", "call", Step::Click("mini-window")),
    ("mini-shares", "call-shares", Step::Click("mini-window")),
    ("call-screen-larger", "call-screen", Step::Click("zoom-in")),
    ("call-text-link", "call-text", Step::Link),
    ("settings-devices", "settings", Step::Section("settings-devices")),
    ("settings-calls", "settings", Step::Section("settings-calls")),
    ("settings-network", "settings", Step::Section("settings-network")),
    ("settings-notifications", "settings", Step::Section("settings-notifications")),
    ("settings-appearance", "settings", Step::Section("settings-appearance")),
    ("settings-shortcuts", "settings", Step::Section("settings-shortcuts")),
    ("settings-data", "settings", Step::Data),
    ("settings-about", "settings", Step::Section("settings-about")),
];

/// Each screen: its name, the state that it shows, and what is done there.
fn screens(look: Look) -> impl Iterator<Item = (&'static str, &'static str, Step)> {
    let behind = BEHIND.iter().copied().filter(move |_| look.scale == 1);
    SCREENS.iter().map(|name| (*name, *name, Step::Nothing)).chain(behind)
}

/// How a screen is looked at.
#[derive(Debug, Clone, Copy)]
struct Look {
    language: Language,
    theme: Theme,
    size: [u16; 2],
    scale: u8,
}

impl Look {
    fn folder(self) -> String {
        let theme = if self.theme == Theme::Light { "light" } else { "dark" };
        let [width, height] = self.size;
        format!("{}-{theme}-{width}x{height}@{}", self.language.tag(), self.scale)
    }
}

/// The date and the time of the day that all screens are of, wherever they are looked at.
fn today() -> SystemTime {
    let today = TimeZone::system().to_timestamp(date(2026, 11, 18).at(14, 5, 0, 0));
    let seconds = today.expect("a time that every place knows").as_second();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs())
}

/// Adds the characters that the app's typeface lacks, so that none is looked up among those of the
/// system.
fn add_fonts(ctx: &Context) {
    let families = FAMILIES.map(|name| InsertFontFamily {
        family: match name {
            "" => FontFamily::Proportional,
            name => FontFamily::Name(name.into()),
        },
        priority: FontPriority::Lowest,
    });
    for (name, bytes) in FONTS {
        let font = FontData::from_static(bytes);
        ctx.add_font(FontInsert::new(name, font, families.to_vec()));
    }
}

fn said(id: &'static str) -> String {
    Phrase::new(id, Vec::new()).text()
}

impl Window {
    /// Presses something as a screen reader does, in view or not.
    fn press_wherever(&mut self, label: &str) {
        self.harness.get_by_label(label).click_accesskit();
        self.settle();
    }

    /// Takes a step; `false` when what is to be pressed is not there.
    fn takes(&mut self, step: Step) -> bool {
        match step {
            Step::Nothing => {}
            Step::Click(id) if self.harness.query_by_label(&said(id)).is_none() => return false,
            Step::Click(id) => self.click(&said(id)),
            Step::Section(id) => {
                if self.harness.query_by_label(&said(id)).is_none() {
                    let list = said("settings-section");
                    let list = self.harness.get_by_role_and_label(Role::ComboBox, &list);
                    list.click_accesskit();
                    self.settle();
                }
                self.press_wherever(&said(id));
            }
            Step::Data => {
                self.takes(Step::Section("settings-data"));
                // In a small window it is out of view, and then nothing of it is seen.
                let field = said("export-file");
                let root = &self.harness;
                if root.query_by_role_and_label(Role::TextInput, &field).is_some() {
                    self.type_into(&field, "/home/alice/visavis-people.json");
                }
            }
            Step::Link => {
                let host = Argument::from("example.org");
                self.press_wherever(&Phrase::new("link-to", vec![("host", host)]).text());
            }
            Step::Close => {
                // It is asked over the people.
                self.press_wherever(&said("done"));
                let root = self.harness.input_mut().viewports.entry(ViewportId::ROOT).or_default();
                root.events.push(ViewportEvent::Close);
                self.settle();
            }
            Step::Type(field, text) => self.type_into(&said(field), text),
            Step::Rest => self.harness.run_steps(20),
        }
        true
    }
}

/// The picture of a screen; `None` where its button is not there at this size.
fn picture_of(state: &str, step: Step, look: Look) -> Option<Picture> {
    speak_on_this_thread(Some(look.language));
    let (now, today) = (Instant::now(), today());
    stand_still(Some((now, today)));
    let wall = today.duration_since(SystemTime::UNIX_EPOCH).expect("long after").as_secs();
    let stage = gallery::stage(gallery::snapshot(state, Moment { now, wall: UnixTime(wall) }));
    let options = gallery::options(state, look.theme);
    let [width, height] = look.size.map(f32::from);
    let size = (vec2(width, height), f32::from(look.scale));
    let mut window = Window::open_on(stage, size, options, add_fonts);
    window.harness.hover_at(pos2(1.0, 1.0));
    window.settle();
    for label in gallery::presses(state) {
        window.press_wherever(&label);
    }
    let is_there = window.takes(step);
    window.settle();
    let picture = is_there.then(|| window.picture());
    stand_still(None);
    speak_on_this_thread(None);
    picture
}

#[test]
fn every_character_of_the_chinese_messages_is_in_the_typeface_of_the_pictures() {
    let ctx = Context::default();
    ctx.set_fonts(FontDefinitions::empty());
    add_fonts(&ctx);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales/zh-Hans");
    let mut missing = BTreeSet::new();
    for file in std::fs::read_dir(folder).expect("the messages").flatten() {
        let text = std::fs::read_to_string(file.path()).expect("messages");
        // The fonts are there from the second pass on.
        for _ in 0..2 {
            let mut pass = ctx.run_ui(RawInput::default(), |ui| {
                let font = FontId::proportional(14.0);
                missing = ui.fonts_mut(|fonts| {
                    let chinese = text.chars().filter(|c| *c >= '\u{2E80}');
                    chinese.filter(|c| !fonts.has_glyph(&font, *c)).collect::<BTreeSet<char>>()
                });
            });
            pass.textures_delta.clear();
        }
        assert!(missing.is_empty(), "{} has {missing:?}", file.path().display());
    }
}

fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/window/snapshots")
}

/// Where differences go.
fn differences() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows where it is");
    test.ancestors().nth(3).expect("the target folder").join("screenshots/differences")
}

/// Holds every screen against its picture, or keeps it anew.
fn every_screen(look: Look) {
    let folder = kept().join(look.folder());
    let renew = std::env::var_os(RENEW).is_some();
    let mut faults = Vec::new();
    let mut names = BTreeSet::new();
    for (name, state, step) in screens(look) {
        let Some(picture) = picture_of(state, step, look) else { continue };
        let file = format!("{name}.png");
        let path = folder.join(&file);
        let old = Picture::load(&path);
        if renew {
            if old.ok().as_ref() != Some(&picture) {
                picture.save(&path).expect("it can be written");
            }
        } else {
            match old {
                Err(error) => faults.push(format!("{name}: {error}")),
                Ok(old) => {
                    if let Some(found) = Difference::between(&old, &picture, Tolerance::SCREENS) {
                        let shown = differences().join(look.folder()).join(&file);
                        Picture::beside(&old, &picture).save(&shown).expect("it can be written");
                        faults.push(format!("{name}: {found}; see {}", shown.display()));
                    }
                }
            }
        }
        names.insert(file);
    }
    for entry in std::fs::read_dir(&folder).expect("the folder of the pictures").flatten() {
        if !names.contains(&*entry.file_name().to_string_lossy()) {
            if renew {
                std::fs::remove_file(entry.path()).expect("it can be removed");
            } else {
                faults.push(format!("{} is of no screen", entry.path().display()));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "{} screens are not as they were kept; if that is meant, keep them anew with `cargo xtask \
         screenshots --renew`:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

const LARGE: [u16; 2] = [1040, 680];
const SMALL: [u16; 2] = [480, 360];

/// A test for each look, so that they run side by side. At scale 2 there is one language: pictures
/// of that scale are most of what the repository has to hold.
macro_rules! looks {
    ($($name:ident: $language:ident, $theme:ident, $size:ident, $scale:literal;)*) => {$(
        #[test]
        fn $name() {
            every_screen(Look {
                language: Language::$language,
                theme: Theme::$theme,
                size: $size,
                scale: $scale,
            });
        }
    )*};
}

looks! {
    every_screen_is_as_kept_dark_and_large: English, Dark, LARGE, 1;
    every_screen_is_as_kept_dark_and_small: English, Dark, SMALL, 1;
    every_screen_is_as_kept_dark_large_and_fine: English, Dark, LARGE, 2;
    every_screen_is_as_kept_dark_small_and_fine: English, Dark, SMALL, 2;
    every_screen_is_as_kept_light_and_large: English, Light, LARGE, 1;
    every_screen_is_as_kept_light_and_small: English, Light, SMALL, 1;
    every_screen_is_as_kept_light_large_and_fine: English, Light, LARGE, 2;
    every_screen_is_as_kept_light_small_and_fine: English, Light, SMALL, 2;
    every_screen_is_as_kept_in_german_large: German, Dark, LARGE, 1;
    every_screen_is_as_kept_in_german_small: German, Dark, SMALL, 1;
    every_screen_is_as_kept_in_german_light_and_large: German, Light, LARGE, 1;
    every_screen_is_as_kept_in_german_light_and_small: German, Light, SMALL, 1;
    every_screen_is_as_kept_in_chinese_large: Chinese, Dark, LARGE, 1;
    every_screen_is_as_kept_in_chinese_small: Chinese, Dark, SMALL, 1;
    every_screen_is_as_kept_in_chinese_light_and_large: Chinese, Light, LARGE, 1;
    every_screen_is_as_kept_in_chinese_light_and_small: Chinese, Light, SMALL, 1;
}
