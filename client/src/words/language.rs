//! The languages there are, and which of them a system asks for. Pure but for
//! [`Language::of_system`].

use unic_langid::LanguageIdentifier;

/// A language of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English; also whatever another language lacks.
    #[default]
    English,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
    /// Chinese in simplified characters.
    Chinese,
}

impl Language {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 5] =
        [Self::English, Self::German, Self::French, Self::Spanish, Self::Chinese];

    /// Its tag (BCP 47), which also names its folder of messages.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
            Self::Chinese => "zh-Hans",
        }
    }

    /// What it calls itself.
    #[must_use]
    pub fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            Self::French => "Français",
            Self::Spanish => "Español",
            Self::Chinese => "简体中文",
        }
    }

    pub(super) fn identifier(self) -> LanguageIdentifier {
        self.tag().parse().unwrap_or_default()
    }

    /// The language of a tag (BCP 47) or of a POSIX locale: `de-AT`, `zh_CN.UTF-8`, `C`. `None`
    /// where there is no such language here.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_', '.', '@']).next().unwrap_or_default();
        match language.to_ascii_lowercase().as_str() {
            // The locale of a system that was told no language.
            "en" | "c" | "posix" => Some(Self::English),
            "de" => Some(Self::German),
            "fr" => Some(Self::French),
            "es" => Some(Self::Spanish),
            "zh" => Some(Self::Chinese),
            _ => None,
        }
    }

    /// The first of several tags that is a language here; English when none is.
    #[must_use]
    pub fn first_of<'a>(tags: impl IntoIterator<Item = &'a str>) -> Self {
        tags.into_iter().find_map(Self::of_tag).unwrap_or_default()
    }

    /// What the environment of a POSIX system asks for. As gettext reads it (its manual, "Locale
    /// Environment Variables"): `LC_ALL` before `LC_MESSAGES` before `LANG`; unless that is `C`,
    /// the list in `LANGUAGE` comes before it.
    #[must_use]
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
        let Some(locale) = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set) else {
            return Self::default();
        };
        let names_none = locale == "C" || locale == "POSIX" || locale.starts_with("C.");
        let preferred = set(&"LANGUAGE").filter(|_| !names_none).unwrap_or_default();
        let preferred = preferred.split(':').filter(|tag| !tag.is_empty());
        Self::first_of(preferred.chain([locale.as_str()]))
    }

    /// What the system asks for; English when it asks for none that there is.
    #[must_use]
    pub fn of_system() -> Self {
        if cfg!(all(unix, not(target_os = "macos"))) {
            return Self::of_environment(|name| std::env::var(name).ok());
        }
        let tags: Vec<String> = sys_locale::get_locales().collect();
        Self::first_of(tags.iter().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(variables: &[(&str, &str)]) -> Language {
        Language::of_environment(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_system_s_locale_names_the_language() {
        for (variables, expected) in [
            (&[][..], Language::English),
            (&[("LANG", "")], Language::English),
            (&[("LANG", "C")], Language::English),
            (&[("LANG", "C.UTF-8"), ("LANGUAGE", "de")], Language::English),
            (&[("LANG", "POSIX")], Language::English),
            (&[("LANG", "zh_CN.UTF-8")], Language::Chinese),
            (&[("LANG", "zh_TW.UTF-8")], Language::Chinese),
            (&[("LANG", "de_AT")], Language::German),
            (&[("LANG", "de_DE@euro")], Language::German),
            (&[("LANG", "fr_CA.UTF-8")], Language::French),
            (&[("LANG", "es_419")], Language::Spanish),
            (&[("LANG", "nl_NL.UTF-8")], Language::English),
            (&[("LANG", "en_GB.UTF-8"), ("LANGUAGE", "nl:fr_CA:de")], Language::French),
            (&[("LANG", "de_DE.UTF-8"), ("LANGUAGE", "nl")], Language::German),
            (&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")], Language::English),
            (&[("LANG", "de_DE.UTF-8"), ("LC_MESSAGES", "es_MX.UTF-8")], Language::Spanish),
            (
                &[("LANG", "de_DE.UTF-8"), ("LC_ALL", "fr_FR"), ("LC_MESSAGES", "es_MX")],
                Language::French,
            ),
            (&[("LANG", "\u{1f600}_..@")], Language::English),
        ] {
            assert_eq!(asked(variables), expected, "{variables:?}");
        }
    }

    #[test]
    fn tags_of_other_systems_name_it_too() {
        assert_eq!(Language::first_of(["nl-NL", "zh-Hans-CN", "de"]), Language::Chinese);
        assert_eq!(Language::first_of(["pt-BR"]), Language::English);
        assert_eq!(Language::first_of([]), Language::English);
        for language in Language::ALL {
            assert_eq!(Language::of_tag(language.tag()), Some(language));
        }
    }
}
