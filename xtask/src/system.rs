//! Which kind of system this is, as far as installing packages goes.

/// A family of systems that share a package manager and package names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    /// Debian and what names its packages alike: apt.
    Debian,
    /// Ubuntu and its family: apt, with a few names of their own.
    Ubuntu,
    /// Fedora and its family: dnf.
    Fedora,
    /// Arch and its family: pacman.
    Arch,
    /// macOS: Homebrew.
    MacOs,
    /// Windows: winget.
    Windows,
    /// Anything else.
    Other,
}

impl System {
    /// The system this runs on.
    pub(crate) fn here() -> Self {
        if cfg!(target_os = "macos") {
            Self::MacOs
        } else if cfg!(windows) {
            Self::Windows
        } else {
            ["/etc/os-release", "/usr/lib/os-release"]
                .iter()
                .find_map(|path| std::fs::read_to_string(path).ok())
                .map_or(Self::Other, |text| Self::from_os_release(&text))
        }
    }

    /// Reads `os-release` (man 5 os-release): the system's own name first, then what it says it is
    /// like, nearest first.
    pub(crate) fn from_os_release(text: &str) -> Self {
        let value = |key: &str| {
            let line =
                text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='));
            line.map_or("", |value| value.trim().trim_matches(['"', '\'']))
        };
        std::iter::once(value("ID"))
            .chain(value("ID_LIKE").split_whitespace())
            .find_map(Self::from_id)
            .unwrap_or(Self::Other)
    }

    fn from_id(id: &str) -> Option<Self> {
        match id {
            "debian" => Some(Self::Debian),
            "ubuntu" => Some(Self::Ubuntu),
            "fedora" | "rhel" | "centos" => Some(Self::Fedora),
            "arch" => Some(Self::Arch),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(os_release: &str, expected: System) {
        assert_eq!(System::from_os_release(os_release), expected, "{os_release}");
    }

    #[test]
    fn a_system_is_known_by_its_id() {
        check("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n", System::Debian);
        check("NAME=Fedora\nID=fedora\nVERSION_ID=43\n", System::Fedora);
        check("ID=ubuntu\nID_LIKE=debian\n", System::Ubuntu);
        check("ID='arch'", System::Arch);
    }

    #[test]
    fn an_unknown_id_is_judged_by_what_it_is_like() {
        check("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", System::Ubuntu);
        check("ID=raspbian\nID_LIKE=debian\n", System::Debian);
        check("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", System::Fedora);
        check("ID=manjaro\nID_LIKE=arch\n", System::Arch);
    }

    #[test]
    fn version_id_is_not_mistaken_for_id() {
        check("VERSION_ID=\"12\"\nVERSION_CODENAME=debian\nID=nixos\n", System::Other);
    }

    #[test]
    fn an_empty_or_foreign_file_is_some_other_system() {
        check("", System::Other);
        check("ID=\n", System::Other);
        check("\u{0}\u{ff}==\n=\nID", System::Other);
    }
}
