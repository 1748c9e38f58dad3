//! A core for the server and one for the load, so that neither measures the other.

use std::path::Path;
use std::process::Command;

use crate::command;

/// Which cores they get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cores {
    /// The server's and the load's, where there are two and a program to give them out.
    own: Option<(usize, usize)>,
}

impl Cores {
    /// Those of this machine.
    pub(super) fn here() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let list = status
            .lines()
            .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
            .unwrap_or_default();
        let can_give = command::succeeds(Command::new("taskset").arg("--version"));
        Self { own: ends_of(list).filter(|_| can_give) }
    }

    /// Says so when the two have to share.
    pub(super) fn note(&self) -> Option<String> {
        let words = "The server and the load share the cores of this machine (two cores and taskset are needed to \
                     part them): the results are worse than the server's own.";
        self.own.is_none().then(|| words.to_owned())
    }

    /// The command that runs a program on the server's core.
    pub(super) fn for_server(&self, program: &Path) -> tokio::process::Command {
        pinned(self.own.map(|(server, _)| server), program)
    }

    /// The command that runs a program on the load's core.
    pub(super) fn for_load(&self, program: &Path) -> tokio::process::Command {
        pinned(self.own.map(|(_, load)| load), program)
    }
}

/// With as many open files as the system lets us have: ten thousand connections are twice as many
/// files. Every step becomes the next one, so the process that is started is the program itself in
/// the end.
fn pinned(core: Option<usize>, program: &Path) -> tokio::process::Command {
    let raise_and_run = r#"ulimit -Sn "$(ulimit -Hn)"; exec "$0" "$@""#;
    let mut command = match core {
        Some(core) => {
            let mut command = tokio::process::Command::new("taskset");
            command.args(["--cpu-list", &core.to_string(), "sh"]);
            command
        }
        None => tokio::process::Command::new("sh"),
    };
    command.args(["-c", raise_and_run]).arg(program);
    command
}

/// The first and the last of a list such as `0-3,8`, when they are two.
fn ends_of(list: &str) -> Option<(usize, usize)> {
    let numbers = list
        .trim()
        .split([',', '-'])
        .map(|number| number.parse().ok())
        .collect::<Option<Vec<usize>>>()?;
    let (first, last) = (*numbers.first()?, *numbers.last()?);
    (first != last).then_some((first, last))
}

/// How many files a process may have open at most.
pub(super) fn open_files() -> Option<usize> {
    let limit = command::output_of(Command::new("sh").args(["-c", "ulimit -Hn"])).ok()?;
    match limit.trim() {
        "unlimited" => Some(usize::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_get_different_cores_or_none_of_their_own() {
        assert_eq!(ends_of("\t0-3\n"), Some((0, 3)));
        assert_eq!(ends_of("0,2-5,9"), Some((0, 9)));
        assert_eq!(ends_of("0-1"), Some((0, 1)));
        assert_eq!(ends_of("3"), None);
        assert_eq!(ends_of(""), None);
        assert!(Cores { own: None }.note().is_some());
    }
}
