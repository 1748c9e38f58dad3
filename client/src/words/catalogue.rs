//! The messages of every language, which are part of the program.
//!
//! In: a language, the id of a message, its arguments. Out: its text. What always holds: what a
//! language lacks comes in English; what English lacks is its id, and a line in the log.
//!
//! Fluent would set direction marks (U+2068, U+2069) round every argument. They are left out: egui
//! lays out no text from right to left that they could protect, draws them as empty boxes in fonts
//! that lack them, and what comes from elsewhere carries no mark either ([`super::foreign()`]).

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use intl_memoizer::concurrent::IntlLangMemoizer;

use super::{Language, numbers};

/// The files of a language, each about one part of the window.
macro_rules! files {
    ($folder:literal) => {
        [
            include_str!(concat!("../../locales/", $folder, "/app.ftl")),
            include_str!(concat!("../../locales/", $folder, "/call.ftl")),
            include_str!(concat!("../../locales/", $folder, "/conversation.ftl")),
            include_str!(concat!("../../locales/", $folder, "/devices.ftl")),
            include_str!(concat!("../../locales/", $folder, "/hosting.ftl")),
            include_str!(concat!("../../locales/", $folder, "/people.ftl")),
            include_str!(concat!("../../locales/", $folder, "/problems.ftl")),
            include_str!(concat!("../../locales/", $folder, "/server.ftl")),
            include_str!(concat!("../../locales/", $folder, "/settings.ftl")),
            include_str!(concat!("../../locales/", $folder, "/sharing.ftl")),
            include_str!(concat!("../../locales/", $folder, "/time.ftl")),
            include_str!(concat!("../../locales/", $folder, "/trust.ftl")),
        ]
    };
}

const ENGLISH: [&str; 12] = files!("en");
const GERMAN: [&str; 12] = files!("de");
const FRENCH: [&str; 12] = files!("fr");
const SPANISH: [&str; 12] = files!("es");
const CHINESE: [&str; 12] = files!("zh-Hans");

type Bundle = FluentBundle<FluentResource>;

/// The messages of a language, in the order of its files.
pub(super) fn files(language: Language) -> &'static [&'static str] {
    match language {
        Language::English => &ENGLISH,
        Language::German => &GERMAN,
        Language::French => &FRENCH,
        Language::Spanish => &SPANISH,
        Language::Chinese => &CHINESE,
    }
}

/// Read when somebody first needs the language.
fn bundle(language: Language) -> &'static Bundle {
    type Lazy = LazyLock<Bundle>;
    static ENGLISH: Lazy = Lazy::new(|| read(Language::English));
    static GERMAN: Lazy = Lazy::new(|| read(Language::German));
    static FRENCH: Lazy = Lazy::new(|| read(Language::French));
    static SPANISH: Lazy = Lazy::new(|| read(Language::Spanish));
    static CHINESE: Lazy = Lazy::new(|| read(Language::Chinese));
    match language {
        Language::English => &ENGLISH,
        Language::German => &GERMAN,
        Language::French => &FRENCH,
        Language::Spanish => &SPANISH,
        Language::Chinese => &CHINESE,
    }
}

fn read(language: Language) -> Bundle {
    let mut bundle = FluentBundle::new_concurrent(vec![language.identifier()]);
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match language {
        Language::English => number_in::<0>,
        Language::German => number_in::<1>,
        Language::French => number_in::<2>,
        Language::Spanish => number_in::<3>,
        Language::Chinese => number_in::<4>,
    }));
    for file in files(language) {
        // What can't be read is left out, and a test finds it.
        let resource = FluentResource::try_new((*file).to_owned()).unwrap_or_else(|(rest, _)| rest);
        if bundle.add_resource(resource).is_err() {
            tracing::error!(language = language.tag(), "a message is there twice");
        }
    }
    bundle
}

/// Writes a number as the language at this place of [`Language::ALL`] writes it.
fn number_in<const PLACE: usize>(
    value: &FluentValue<'_>,
    _memoizer: &IntlLangMemoizer,
) -> Option<String> {
    let language = Language::ALL.get(PLACE).copied()?;
    match value {
        FluentValue::Number(number) => Some(numbers::number_in(language, number.value, 0)),
        _ => None,
    }
}

/// A message in a language.
pub(super) fn say(language: Language, id: &str, arguments: FluentArgs<'_>) -> String {
    for language in [language, Language::English] {
        let bundle = bundle(language);
        let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else {
            continue;
        };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&arguments), &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::error!(id, language = language.tag(), ?errors, "a message is not whole");
        }
        return text;
    }
    tracing::error!(id, "there is no such message");
    id.to_owned()
}
