//! The system packages that Visavis needs: which are missing, and how to get them.
//!
//! On Debian, Ubuntu and their families the missing ones are installed with apt-get. Elsewhere
//! nothing is installed behind the owner's back: a program the build can't do without stops it,
//! with the line that installs it.

use std::process::Command;

use crate::command;
use crate::error::Error;
use crate::system::System;

/// What packages are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To compile: OpenH264 (C++, and nasm: without it the codec is three times slower and nothing
    /// says so), Opus (cmake), ALSA's and V4L2's bindings.
    Build,
    /// To open a window: what the window toolkit loads while it runs.
    Window,
    /// To open a window where there is no display, and to manage it.
    Display,
    /// To run the tests: sound servers, a Wayland desktop and its portal, a bus, network tools, a
    /// relay, an authority for certificates, another browser of services, what reads text in
    /// pictures.
    Test,
    /// To run the tests that call pages: Chromium and its driver.
    Browser,
    /// To run the camera tests: a virtual machine and what goes into it.
    CameraVm,
    /// To run the Socket.IO client of the tests, and to measure a server on Node beside ours.
    Node,
    /// To run several servers as one.
    Redis,
    /// To run the tests that call other programs: GStreamer and its bindings for Python.
    Peers,
    /// To decode and to make films.
    Ffmpeg,
    /// To set up virtual environments of Python.
    Python,
    /// To score speech: words, and what compiles the scorer's extension of Python.
    Speech,
    /// To run the tests that call Firefox.
    Firefox,
    /// To hold against their specifications what desktops read.
    Metadata,
    /// To make packages: what computes their dependencies and holds them against Debian's policy.
    Package,
    /// To try packages in fresh systems.
    Trial,
}

/// The programs without which nothing compiles, or only a slow codec does.
const BUILD_PROGRAMS: &[&str] = &["cmake", "nasm"];

/// The packages for a purpose by their names on a system; empty where the system has them anyway or
/// we know no names.
fn names(system: System, purpose: Purpose) -> &'static [&'static str] {
    match (system, purpose) {
        (System::Debian | System::Ubuntu, Purpose::Build) => &[
            "gcc",
            "g++",
            "make",
            "nasm",
            "cmake",
            "pkg-config",
            "clang",
            "libclang-dev",
            "libasound2-dev",
        ],
        (System::Debian | System::Ubuntu, Purpose::Window) => &[
            "libgl1",
            "libegl1",
            "libgl1-mesa-dri",
            "libxkbcommon0",
            "libxkbcommon-x11-0",
            "libx11-xcb1",
            "libxcursor1",
            "libxi6",
            "libxrandr2",
            "libwayland-client0",
            "libwayland-cursor0",
            "libwayland-egl1",
        ],
        // With a typeface that has Chinese characters, which the window takes from the system.
        (System::Debian | System::Ubuntu, Purpose::Display) => {
            &["xvfb", "openbox", "fonts-wqy-microhei"]
        }
        (System::Debian | System::Ubuntu, Purpose::Package) => &[
            "dpkg-dev",
            "binutils",
            "lintian",
            "systemd",
            // Whose package's name is computed.
            "libpipewire-0.3-0",
        ],
        (System::Debian | System::Ubuntu | System::Fedora | System::Arch, Purpose::Metadata) => {
            &["desktop-file-utils", "appstream"]
        }
        (System::Debian | System::Ubuntu, Purpose::Trial) => &["debootstrap", "xdotool", "rpm"],
        (System::Debian, Purpose::Browser) => &["chromium", "chromium-driver"],
        (System::Ubuntu, Purpose::Browser) => &["chromium-browser", "chromium-chromedriver"],
        (System::Debian | System::Ubuntu, Purpose::Test) => &[
            "pulseaudio",
            "pulseaudio-utils",
            "pipewire",
            "pipewire-pulse",
            "wireplumber",
            "sway",
            "swaybg",
            "picom",
            "xdg-desktop-portal",
            "xdg-desktop-portal-wlr",
            "dbus-daemon",
            "gnome-keyring",
            "iproute2",
            "nftables",
            "coturn",
            "pebble",
            "avahi-daemon",
            "avahi-utils",
            "tesseract-ocr",
        ],
        (System::Debian | System::Ubuntu, Purpose::CameraVm) => {
            &["qemu-system-x86", "busybox-static", "cpio", "kmod", "v4l-utils"]
        }
        // What Ubuntu calls firefox installs a snap, which a test can't drive.
        (System::Debian, Purpose::Firefox) => &["firefox-esr"],
        (System::Fedora | System::Arch, Purpose::Firefox) => &["firefox"],
        (System::Debian | System::Ubuntu, Purpose::Peers) => &[
            "gstreamer1.0-plugins-base",
            "gstreamer1.0-plugins-good",
            "gstreamer1.0-plugins-bad",
            "gstreamer1.0-plugins-ugly",
            "gstreamer1.0-nice",
            "gstreamer1.0-libav",
            "gir1.2-gst-plugins-base-1.0",
            "gir1.2-gst-plugins-bad-1.0",
            "python3-gi",
        ],
        (System::Debian | System::Ubuntu | System::Fedora | System::Arch, Purpose::Ffmpeg) => {
            &["ffmpeg"]
        }
        (System::Debian | System::Ubuntu, Purpose::Python) => &["python3-venv"],
        (System::Debian | System::Ubuntu, Purpose::Speech) => &["alsa-utils", "python3-dev"],
        (System::Fedora, Purpose::Peers) => &[
            "gstreamer1-plugins-base",
            "gstreamer1-plugins-good",
            "gstreamer1-plugins-bad-free",
            "gstreamer1-plugins-ugly",
            "gstreamer1-plugin-libav",
            "libnice-gstreamer1",
            "python3-gobject",
        ],
        (System::Arch, Purpose::Peers) => &[
            "gst-plugins-base",
            "gst-plugins-good",
            "gst-plugins-bad",
            "gst-plugins-ugly",
            "gst-libav",
            "libnice",
            "python-gobject",
        ],
        (System::Fedora, Purpose::Build) => &[
            "gcc",
            "gcc-c++",
            "make",
            "nasm",
            "cmake",
            "pkgconf-pkg-config",
            "clang",
            "clang-devel",
            "alsa-lib-devel",
        ],
        (System::Fedora, Purpose::Window) => &[
            "mesa-libGL",
            "mesa-libEGL",
            "mesa-dri-drivers",
            "libxkbcommon",
            "libxkbcommon-x11",
            "libX11-xcb",
            "libXcursor",
            "libXi",
            "libXrandr",
            "libwayland-client",
            "libwayland-cursor",
            "libwayland-egl",
        ],
        (System::Fedora, Purpose::Display) => {
            &["xorg-x11-server-Xvfb", "openbox", "wqy-microhei-fonts"]
        }
        (System::Fedora, Purpose::Browser) => &["chromium", "chromedriver"],
        (System::Fedora, Purpose::Test) => &[
            "pulseaudio",
            "pulseaudio-utils",
            "pipewire",
            "wireplumber",
            "sway",
            "swaybg",
            "picom",
            "xdg-desktop-portal",
            "xdg-desktop-portal-wlr",
            "dbus-daemon",
            "gnome-keyring",
            "iproute",
            "nftables",
            "coturn",
            "coturn-utils",
            "tesseract",
        ],
        (System::Arch, Purpose::Build) => &["base-devel", "nasm", "cmake", "clang", "alsa-lib"],
        (System::Arch, Purpose::Window) => &[
            "libglvnd",
            "mesa",
            "libxkbcommon",
            "libxkbcommon-x11",
            "libx11",
            "libxcursor",
            "libxi",
            "libxrandr",
            "wayland",
        ],
        (System::Arch, Purpose::Display) => &["xorg-server-xvfb", "openbox", "wqy-microhei"],
        (System::Arch, Purpose::Browser) => &["chromium"],
        (System::Arch, Purpose::Test) => &[
            "pulseaudio",
            "libpulse",
            "pipewire",
            "wireplumber",
            "sway",
            "swaybg",
            "picom",
            "xdg-desktop-portal",
            "xdg-desktop-portal-wlr",
            "dbus",
            "gnome-keyring",
            "iproute2",
            "nftables",
            "coturn",
            "tesseract",
            "tesseract-data-eng",
        ],
        (System::Debian | System::Ubuntu, Purpose::Node) => &["nodejs", "npm", "openssl"],
        (System::Debian | System::Ubuntu, Purpose::Redis) => &["redis-server"],
        (System::Fedora, Purpose::Node) | (System::Arch, Purpose::Node) => &["nodejs", "npm"],
        (System::Fedora | System::Arch, Purpose::Redis) => &["redis"],
        (System::MacOs, Purpose::Build) => &["nasm", "cmake", "pkgconf"],
        (System::Windows, Purpose::Build) => &["NASM.NASM", "Kitware.CMake", "LLVM.LLVM"],
        _ => &[],
    }
}

/// All packages for several purposes.
fn all_names(system: System, purposes: &[Purpose]) -> Vec<&'static str> {
    purposes.iter().flat_map(|purpose| names(system, *purpose)).copied().collect()
}

/// Sees to it that what the purposes need is there: installs what is missing, or prints what is
/// needed and how.
pub(crate) fn ensure(purposes: &[Purpose]) -> Result<(), Error> {
    let system = System::here();
    match system {
        System::Debian | System::Ubuntu => {
            install_with_apt(&missing_by_dpkg(&all_names(system, purposes))?)
        }
        _ => {
            let missing: Vec<_> =
                BUILD_PROGRAMS.iter().copied().filter(|program| !is_on_path(program)).collect();
            if missing.is_empty() {
                Ok(())
            } else {
                Err(Error::Missing(format!(
                    "{} not found. {}",
                    missing.join(" and "),
                    how_to_install(system, purposes)
                )))
            }
        }
    }
}

/// One line on how to install what the purposes need, where we don't do it ourselves.
fn how_to_install(system: System, purposes: &[Purpose]) -> String {
    let names = all_names(system, purposes).join(" ");
    match system {
        System::Debian | System::Ubuntu => format!("Install with: sudo apt-get install {names}"),
        System::Fedora => format!("Install with: sudo dnf install {names}"),
        System::Arch => format!("Install with: sudo pacman -S --needed {names}"),
        System::MacOs => format!("Install with: xcode-select --install; brew install {names}"),
        System::Windows => {
            format!(
                "Install the Visual Studio Build Tools with C++, then: winget install {names} (and open a new terminal)"
            )
        }
        System::Other => format!(
            "Install what Debian calls: {} (other systems have them under like names)",
            all_names(System::Debian, purposes).join(" ")
        ),
    }
}

pub(crate) fn is_on_path(program: &str) -> bool {
    command::succeeds(Command::new(program).arg("--version"))
}

/// Which of the packages are not installed.
fn missing_by_dpkg(names: &[&'static str]) -> Result<Vec<&'static str>, Error> {
    // It exits with 1 when it does not know a name, and still answers for the others.
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat", "${Package} ${db:Status-Status}\\n"])
        .args(names)
        .output()
        .map_err(|source| Error::Start { program: "dpkg-query".into(), source })?;
    Ok(not_installed(names, &String::from_utf8_lossy(&output.stdout)))
}

/// What of `names` an answer of dpkg-query does not list as installed.
fn not_installed(names: &[&'static str], answer: &str) -> Vec<&'static str> {
    let is_installed =
        |name: &str| answer.lines().any(|line| line.split_once(' ') == Some((name, "installed")));
    names.iter().copied().filter(|name| !is_installed(name)).collect()
}

fn install_with_apt(missing: &[&str]) -> Result<(), Error> {
    if missing.is_empty() {
        return Ok(());
    }
    println!("These system packages are missing and will be installed: {}", missing.join(" "));
    let sudo = if is_root() {
        false
    } else if is_on_path("sudo") {
        true
    } else {
        return Err(Error::Missing(format!(
            "There is no sudo here. Run as root: apt-get install {}",
            missing.join(" ")
        )));
    };
    command::run(apt_get(sudo).arg("update"))?;
    command::run(apt_get(sudo).args(install_arguments(missing)))
}

/// `--no-remove`: a sound server for the tests must not push out the one of the desktop.
fn install_arguments<'a>(missing: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    ["install", "--yes", "--no-install-recommends", "--no-remove"]
        .into_iter()
        .chain(missing.iter().copied())
}

/// apt-get that never asks. `env` carries its setting through sudo, which drops the environment.
fn apt_get(sudo: bool) -> Command {
    let mut command = Command::new(if sudo { "sudo" } else { "env" });
    if sudo {
        command.arg("env");
    }
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2"]);
    command
}

pub(crate) fn is_root() -> bool {
    command::output_of(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYSTEMS: [System; 7] = [
        System::Debian,
        System::Ubuntu,
        System::Fedora,
        System::Arch,
        System::MacOs,
        System::Windows,
        System::Other,
    ];

    #[test]
    fn every_system_learns_about_nasm_because_its_absence_is_silent() {
        for system in SYSTEMS {
            let line = how_to_install(system, &[Purpose::Build]).to_lowercase();
            assert!(line.contains("nasm") && line.contains("cmake"), "{system:?}: {line}");
        }
    }

    #[test]
    fn no_purpose_names_a_package_twice() {
        for system in SYSTEMS {
            let purposes = [
                Purpose::Build,
                Purpose::Window,
                Purpose::Display,
                Purpose::Test,
                Purpose::Browser,
                Purpose::CameraVm,
                Purpose::Node,
                Purpose::Redis,
                Purpose::Peers,
                Purpose::Ffmpeg,
                Purpose::Python,
                Purpose::Speech,
                Purpose::Firefox,
                Purpose::Metadata,
                Purpose::Package,
                Purpose::Trial,
            ];
            let mut names = all_names(system, &purposes);
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{system:?}");
        }
    }

    #[test]
    fn only_what_dpkg_does_not_call_installed_is_missing() {
        let answer =
            "gcc installed\nnasm config-files\ncmake installed\ncmake installed\nlibxi6 unpacked\n";
        assert_eq!(
            not_installed(&["gcc", "nasm", "cmake", "libxi6", "clang"], answer),
            ["nasm", "libxi6", "clang"]
        );
        assert_eq!(not_installed(&["gcc"], ""), ["gcc"]);
    }

    #[test]
    fn apt_is_never_asked_a_question_nor_allowed_to_remove_anything() {
        let arguments: Vec<_> = install_arguments(&["nasm", "xvfb"]).collect();
        assert_eq!(
            arguments,
            ["install", "--yes", "--no-install-recommends", "--no-remove", "nasm", "xvfb"]
        );
        let with_sudo = apt_get(true);
        let words: Vec<_> = with_sudo.get_args().map(|word| word.to_string_lossy()).collect();
        assert_eq!(with_sudo.get_program(), "sudo");
        assert_eq!(words, ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2"]);
        assert_eq!(apt_get(false).get_program(), "env");
    }
}
