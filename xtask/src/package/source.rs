//! What the packages are made from: the commit and its time.

use std::process::Command;

use super::line_of;
use crate::error::Error;
use crate::workspace;

/// How much of a commit's hash is shown, as in `about/build.rs`.
const DIGITS: usize = 12;
/// What overrides the commit's time, by the convention of reproducible builds.
const TIME_VARIABLE: &str = "SOURCE_DATE_EPOCH";
/// What Debian's tools take the maintainer's name and address from.
const NAME_VARIABLE: &str = "DEBFULLNAME";
const ADDRESS_VARIABLE: &str = "DEBEMAIL";
/// Nobody reads mail for the project: questions go to its page.
const NOBODY: &str = "The Visavis authors <visavis@users.noreply.github.com>";

/// Where a build comes from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The commit, with a mark when files were changed since.
    pub(super) commit: String,
    /// When it was made, in seconds since 1970; the time of every file in a package.
    pub(super) time: u32,
    /// Who answers for the packages: a name and an address.
    pub(super) maintainer: String,
}

impl Source {
    /// That of this workspace.
    pub(super) fn of_this_folder() -> Result<Self, Error> {
        let git = |arguments: &[&str]| {
            line_of(Command::new("git").current_dir(workspace::root()).args(arguments))
        };
        let mut commit = git(&["rev-parse", &format!("--short={DIGITS}"), "HEAD"])?;
        if !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty() {
            commit.push_str("-modified");
        }
        let time = match std::env::var(TIME_VARIABLE) {
            Ok(time) => time,
            Err(_) => git(&["log", "-1", "--format=%ct"])?,
        };
        let time = time.parse().map_err(|_| Error::Answer {
            program: format!("{TIME_VARIABLE} or git"),
            why: format!("{time:?} is no time in seconds"),
        })?;
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let maintainer = match (variable(NAME_VARIABLE), variable(ADDRESS_VARIABLE)) {
            (Some(name), Some(address)) => format!("{name} <{address}>"),
            _ => NOBODY.to_owned(),
        };
        Ok(Self { commit, time, maintainer })
    }

    /// What a build has to know of it.
    pub(super) fn build_variables(&self) -> [(&'static str, String); 2] {
        [("VISAVIS_COMMIT", self.commit.clone()), (TIME_VARIABLE, self.time.to_string())]
    }
}
