//! The design system: colours, typeface, sizes, motion, icons. Widgets and screens take every
//! colour, size and duration from here; a test looks for others.
//!
//! In: the theme that a person chose. Out: tokens, and egui's style set up by them.

pub(crate) mod color;
pub(crate) mod component;
mod icon;
mod icon_shapes;
pub(crate) mod metrics;
pub(crate) mod motion;
pub(crate) mod theme;
mod typography;

pub(crate) use color::{Palette, qr, stage};
pub(crate) use icon::{Icon, ripple};
pub(crate) use metrics::{Elevation, layout, radius, size, space};
pub(crate) use typography::{TypeStyle, clock_width, paint_clock};

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    /// Files that decide when something is painted, not how it looks.
    const NO_LOOKS: &[&str] = &["wake.rs", "ready.rs", "display.rs", "on_screen.rs"];
    /// What is no colour, size or time of the window: a tone in hertz, values of a plot.
    const NO_TOKENS: &[&str] = &["_ => 440.0,", "least: "];
    const OTHERS: &[&str] = &["Color32::from_", "Duration::from_millis(", "Duration::from_secs("];

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("design") {
                sources(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push(path);
            }
        }
    }

    /// Whether a line holds a number of points beyond halves, ones and twos, or `same(7)`.
    fn holds_a_size(line: &str) -> bool {
        let bytes = line.as_bytes();
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        (0..bytes.len()).any(|dot| {
            if bytes[dot] != b'.' || dot == 0 || !digit(dot - 1) || !digit(dot + 1) {
                return false;
            }
            let start = (0..dot).rev().take_while(|at| digit(*at)).last().unwrap_or(dot);
            let word =
                start > 0 && (bytes[start - 1].is_ascii_alphanumeric() || bytes[start - 1] == b'_');
            let whole: u32 = line[start..dot].parse().unwrap_or(0);
            !word && whole > 3
        }) || line.split("same(").skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    }

    /// A line without what stands between quotes.
    fn without_texts(line: &str) -> String {
        line.split('"').step_by(2).collect::<Vec<_>>().join("\"")
    }

    #[test]
    fn no_colour_size_or_time_is_written_outside_the_tokens() {
        let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ui");
        let mut files = Vec::new();
        sources(&ui, &mut files);
        assert!(files.len() > 20, "{files:?}");
        let mut wrong = Vec::new();
        for path in files {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if NO_LOOKS.contains(&name) {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a source");
            let product = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (number, line) in product.lines().enumerate() {
                let line = without_texts(line.trim());
                let exempt =
                    line.starts_with("//") || NO_TOKENS.iter().any(|part| line.contains(part));
                if !exempt
                    && (holds_a_size(&line) || OTHERS.iter().any(|other| line.contains(other)))
                {
                    wrong.push(format!("{name}:{}: {line}", number + 1));
                }
            }
        }
        assert!(wrong.is_empty(), "take these from the tokens:\n{}", wrong.join("\n"));
    }

    #[test]
    fn a_size_is_found_among_other_numbers() {
        for line in ["f(14.0)", "vec2(1.0, 36.5)", "CornerRadius::same(9)", "-8.0"] {
            assert!(holds_a_size(line), "{line}");
        }
        for line in ["x / 2.0", "0.5 * y", "same(radius::MD)", "v1.0", "tuple.0.1", "1..4", "3.0"] {
            assert!(!holds_a_size(line), "{line}");
        }
    }
}
