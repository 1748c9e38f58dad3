//! What both programs say of themselves: version, commit, day, manual pages, shell completions.
//!
//! A crate of its own, because what changes with each commit must make as little as possible be
//! compiled again: a release compiles this one and what stands above it, and a development build
//! knows no commit at all ([ADR 43](../../docs/adr/0043-packages.md)).

use std::io::{self, Write};
use std::path::Path;

use clap::Command;
pub use clap_complete::Shell;

#[cfg(test)]
mod recorded;

/// The version of both programs, which are released together.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The same with commit and day, or the word that this is a development build.
pub const VERSION_LINE: &str = env!("VISAVIS_VERSION_LINE");

/// What a release was built from. A text is empty where that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// The beginning of the commit's hash, perhaps with what the builder added.
    pub commit: &'static str,
    /// The day in UTC, as `2026-11-30`.
    pub day: &'static str,
}

/// What this program was built from; `None` in a development build.
pub const RELEASE: Option<Release> =
    match (option_env!("VISAVIS_BUILT_FROM"), option_env!("VISAVIS_BUILT_ON")) {
        (Some(commit), Some(day)) => Some(Release { commit, day }),
        _ => None,
    };

/// Writes the manual pages of a program and of its commands, as `NAME.1`, into a folder.
///
/// # Errors
/// When the folder can't be written.
pub fn write_manual(command: Command, folder: &Path) -> io::Result<()> {
    // A page that says something else on each day would be no part of a reproducible package.
    clap_mangen::generate_to(command.version(VERSION).long_version(None), folder)
}

/// Writes what a shell needs to complete a program's command line.
///
/// # Errors
/// When it can't be written.
pub fn write_completions(
    shell: Shell,
    mut command: Command,
    out: &mut impl Write,
) -> io::Result<()> {
    let name = command.get_name().to_owned();
    // The generator takes a writer that can't fail.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    out.write_all(&script)
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    #[test]
    fn the_line_names_commit_and_day_and_says_what_is_not_known() {
        for (known, expected) in [
            (None, "1.2.3 (development build)"),
            (
                Some((Some("0123456789ab"), Some("2026-11-30"))),
                "1.2.3 (commit 0123456789ab, built 2026-11-30)",
            ),
            (Some((None, Some("2026-11-30"))), "1.2.3 (commit unknown, built 2026-11-30)"),
            (Some((Some("0123456789ab"), None)), "1.2.3 (commit 0123456789ab)"),
        ] {
            assert_eq!(recorded::version_line("1.2.3", known), expected);
        }
        assert!(VERSION_LINE.starts_with(VERSION));
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, day) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_796_083_199, "2026-11-30"),
            (1_796_083_200, "2026-12-01"),
            (4_107_542_400, "2100-03-01"),
            (4_107_542_399, "2100-02-28"),
        ] {
            assert_eq!(recorded::day_of_unix_time(seconds), day);
        }
    }

    #[test]
    fn the_day_before_each_day_is_another_and_sorts_before_it() {
        let days: Vec<String> =
            (0..200_000).map(|n| recorded::day_of_unix_time(n * 86_400)).collect();
        assert!(days.windows(2).all(|pair| pair[0] < pair[1]));
    }

    fn program() -> Command {
        let greet = Command::new("greet").about("Say good day").arg(Arg::new("loud").long("loud"));
        let hidden = Command::new("manual").hide(true);
        Command::new("example").about("An example").subcommand(greet).subcommand(hidden)
    }

    #[test]
    fn each_command_has_a_page_but_for_hidden_ones() {
        let folder = std::env::temp_dir().join(format!("visavis-about-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let written = write_manual(program(), &folder);
        let read = |name: &str| std::fs::read_to_string(folder.join(name));
        let (page, greet) = (read("example.1"), read("example-greet.1"));
        let hidden = folder.join("example-manual.1").exists();
        std::fs::remove_dir_all(&folder).expect("it is ours");
        written.expect("it can be written");
        assert!(page.expect("a page").contains(VERSION));
        assert!(greet.expect("a page").contains("\\-\\-loud"));
        assert!(!hidden);
    }

    #[test]
    fn each_shell_completes_options_of_commands() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
            let mut script = Vec::new();
            write_completions(shell, program(), &mut script).expect("memory takes it");
            let script = String::from_utf8(script).expect("text");
            assert!(script.contains("greet") && script.contains("loud"), "{shell}: {script}");
        }
    }
}
