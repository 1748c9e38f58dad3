//! A fresh Debian in a folder, from `debootstrap`, and commands in it.
//!
//! A command has `/proc` and `/dev/shm` of its own in a mount namespace, which goes with it; so
//! nothing stays mounted, however this ends. The network is that of the outside.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::quietly;
use crate::command;
use crate::error::Error;

/// Mounts what programs expect, below the folder that its first word names, and becomes the rest.
const ENTER: &str = r#"
mount -t proc proc "$0/proc"
mount -t tmpfs -o mode=1777 tmpfs "$0/dev/shm"
exec chroot "$@"
"#;

/// Where commands look for programs.
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A system.
pub(super) struct Fresh {
    folder: TempDir,
}

impl Fresh {
    /// Makes one of this release.
    pub(super) fn make(suite: &str) -> Result<Self, Error> {
        let folder = tempfile::tempdir().map_err(Error::file("making a temporary folder"))?;
        // Others than root have to reach what is theirs in it.
        super::super::tree::set_mode(folder.path(), 0o755)?;
        let mut debootstrap = Command::new("debootstrap");
        debootstrap.args(["--variant=minbase", suite]).arg(folder.path());
        quietly(&mut debootstrap)?;
        Ok(Self { folder })
    }

    /// Where something of it lies, seen from outside.
    pub(super) fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside.trim_start_matches('/'))
    }

    /// A command in it, as this user and with this environment and no other.
    pub(super) fn command<A: AsRef<OsStr>>(
        &self,
        user: &str,
        environment: &[(String, String)],
        words: impl IntoIterator<Item = A>,
    ) -> Command {
        let folder = self.folder.path();
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-ec", ENTER]).arg(folder);
        command.arg(format!("--userspec={user}:{user}")).arg(folder);
        command.args(["env", "-i", PATH, "LANG=C.UTF-8"]);
        command.args(environment.iter().map(|(name, value)| format!("{name}={value}")));
        command.args(words);
        command
    }

    fn as_root(&self, words: &[&str]) -> Command {
        let asks_nothing = ("DEBIAN_FRONTEND".to_owned(), "noninteractive".to_owned());
        self.command("root", &[asks_nothing], words)
    }

    /// What a command answers.
    pub(super) fn answer_as_root(&self, words: &[&str]) -> Result<String, Error> {
        command::output_of(&mut self.as_root(words))
    }

    /// Installs packages, or updates to them, with what they need and nothing that they only
    /// recommend.
    pub(super) fn install(&self, packages: &[PathBuf]) -> Result<(), Error> {
        let mut words: Vec<String> =
            ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends"]
                .map(str::to_owned)
                .to_vec();
        // As an operator whose options are to stay would answer, if the package asked at all.
        words.extend(["-o", "Dpkg::Options::=--force-confold"].map(str::to_owned));
        for package in packages {
            let name = package.file_name().unwrap_or_default().to_string_lossy().into_owned();
            std::fs::copy(package, self.path("/tmp").join(&name))
                .map_err(Error::file(format!("copying {name}")))?;
            words.push(format!("/tmp/{name}"));
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        quietly(&mut self.as_root(&words))
    }

    /// Removes packages and what they made.
    pub(super) fn purge(&self, packages: &[&str]) -> Result<(), Error> {
        let mut words = vec!["apt-get", "purge", "--yes", "--quiet"];
        words.extend(packages);
        quietly(&mut self.as_root(&words))
    }

    /// Adds somebody with a home folder and a folder for what runs.
    pub(super) fn add_person(&self, name: &str) -> Result<(), Error> {
        quietly(&mut self.as_root(&["useradd", "--create-home", name]))?;
        let run = format!("/run/user-{name}");
        quietly(&mut self.as_root(&["install", "-d", "-m", "0700", "-o", name, &run]))
    }

    /// Reads a file of it.
    pub(super) fn read(&self, path: &str) -> Result<String, Error> {
        std::fs::read_to_string(self.path(path))
            .map_err(Error::file(format!("reading {path} in the fresh system")))
    }

    /// Writes a file of it, which then belongs to whom it belonged before.
    pub(super) fn write(&self, path: &str, text: impl AsRef<[u8]>) -> Result<(), Error> {
        std::fs::write(self.path(path), text)
            .map_err(Error::file(format!("writing {path} in the fresh system")))
    }

    /// The sums of what the app keeps of somebody.
    pub(super) fn sums_of_settings(&self, name: &str) -> Result<String, Error> {
        let script = format!(
            "cd /home/{name} && find .config .local -type f -exec sha256sum {{}} + | sort -k 2"
        );
        self.answer_as_root(&["sh", "-c", &script])
    }

    /// What is left of the packages outside of people's homes.
    pub(super) fn files_left(&self) -> Result<String, Error> {
        let script = "find / -xdev \\( -path /home -o -path /tmp -o -path /proc \\) -prune -o \
                      -name '*visavis*' -print; getent passwd visavis; getent group visavis; true";
        let left = self.answer_as_root(&["sh", "-c", script])?;
        // What apt and dpkg remember of every package that there ever was.
        let is_theirs =
            |line: &&str| !line.starts_with("/var/lib/dpkg") && !line.starts_with("/run");
        Ok(left.lines().filter(is_theirs).collect::<Vec<_>>().join(" "))
    }
}
