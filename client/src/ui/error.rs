//! Why there is no window. Its words go to the terminal, in English.

/// Why there is no window: the system gave none, such as without a display or OpenGL.
#[derive(Debug, thiserror::Error)]
#[error(
    "the window can't be opened: {0}; `visavis call` and `visavis answer` work without a window"
)]
pub struct UiError(String);

impl UiError {
    /// For a reason in words.
    pub(super) fn because(words: String) -> Self {
        Self(words)
    }

    /// In words for people. What the libraries say names places in their sources.
    pub(super) fn of(error: &eframe::Error) -> Self {
        use eframe::Error::{Glutin, NoGlutinConfigs, OpenGL};
        Self(match error {
            Glutin(_) | NoGlutinConfigs(..) | OpenGL(_) => {
                "the display has no OpenGL that can be used, so a graphics driver is missing"
                    .to_owned()
            }
            other => without_source_places(without_type_name(&other.to_string())),
        })
    }
}

/// A line without the type of the error, which the window library puts in front.
fn without_type_name(text: &str) -> &str {
    ["winit EventLoopError: ", "winit OsError: "]
        .iter()
        .find_map(|name| text.strip_prefix(name))
        .unwrap_or(text)
}

/// A line without what names a place in a source, as in `os error at /a/b.rs:7: no display`.
fn without_source_places(text: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        if !word.contains(".rs:") {
            words.push(word);
            continue;
        }
        for before in ["at", "error", "os"] {
            words.pop_if(|word| *word == before);
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_window_library_names_no_source_and_no_type() {
        for (text, words) in [
            (
                "winit EventLoopError: os error at /home/x/winit-0.30.13/src/linux/mod.rs:790: \
                 neither\nDISPLAY is set.",
                "neither DISPLAY is set.",
            ),
            ("failed at src/main.rs:7", "failed"),
            ("nothing at all", "nothing at all"),
        ] {
            assert_eq!(without_source_places(without_type_name(text)), words);
        }
    }
}
