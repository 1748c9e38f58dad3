//! What lies in `packaging/`, `assets/` and the workflows agrees with the programs, as far as it
//! can be told without the systems that it is for.

use std::path::Path;
use std::process::Command;

use super::product::VERSION;
use super::tree::{Content, ICON_SIZES, Kind, Made, Packed, Role};
use super::*;

/// Where names have to be those of a domain, turned round: the bundle of macOS, and Flatpak.
const REVERSE_DOMAIN_ID: &str = "app.visavis.Visavis";

/// What the programs would have written.
fn made() -> Made {
    let itself = std::env::current_exe().expect("the test has a file");
    Made::example(Built { visavis: itself.clone(), server: itself })
}

fn text(path: &str) -> String {
    read(path).expect("the file is there")
}

/// Elements are closed in the order in which they were opened, as XML wants it.
fn is_balanced(xml: &str) -> bool {
    let mut open = Vec::new();
    let mut rest = xml;
    while let Some(start) = rest.find('<') {
        rest = &rest[start..];
        let (skipped, ended) = match rest {
            _ if rest.starts_with("<!--") => ("<!--", rest.find("-->").map(|at| at + 3)),
            _ if rest.starts_with("<?") => ("<?", rest.find("?>").map(|at| at + 2)),
            _ if rest.starts_with("<!") => ("<!", rest.find('>').map(|at| at + 1)),
            _ => ("", rest.find('>').map(|at| at + 1)),
        };
        let Some(end) = ended else { return false };
        let tag = &rest[..end];
        rest = &rest[end..];
        if !skipped.is_empty() || tag.ends_with("/>") {
            continue;
        }
        let name = tag.trim_matches(['<', '>', '/']).split_whitespace().next().unwrap_or("");
        if !tag.starts_with("</") {
            open.push(name);
        } else if open.pop() != Some(name) {
            return false;
        }
    }
    open.is_empty()
}

#[test]
fn xml_is_balanced_and_a_broken_one_is_noticed() {
    for path in [
        "assets/visavis.metainfo.xml",
        "assets/visavis.svg",
        "packaging/macos/Info.plist",
        "packaging/macos/entitlements.plist",
        "packaging/windows/visavis.manifest",
        "packaging/windows/visavis.wxs",
    ] {
        assert!(is_balanced(&text(path)), "{path}");
    }
    for broken in ["<a><b></a></b>", "<a>", "<a", "<a></a></b>", "<!-- <a>"] {
        assert!(!is_balanced(broken), "{broken}");
    }
}

/// The text of the element behind a key of a property list.
fn value<'a>(plist: &'a str, key: &str) -> &'a str {
    let (_, behind) = plist.split_once(&format!("<key>{key}</key>")).expect("the key is there");
    let (_, behind) = behind.split_once('>').expect("an element");
    behind.split_once('<').expect("its end").0
}

#[test]
fn the_bundle_of_macos_is_this_program_and_says_why_it_wants_devices() {
    let plist = text("packaging/macos/Info.plist");
    assert_eq!(value(&plist, "CFBundleIdentifier"), REVERSE_DOMAIN_ID);
    assert_eq!(value(&plist, "CFBundleExecutable"), product::APP);
    for key in ["CFBundleShortVersionString", "CFBundleVersion"] {
        assert_eq!(value(&plist, key), apple::VERSION_MARK);
    }
    for device in ["Camera", "Microphone", "ScreenCapture", "LocalNetwork"] {
        let reason = value(&plist, &format!("NS{device}UsageDescription"));
        assert!(reason.ends_with('.') && reason.len() > 20, "{device}: {reason}");
    }
    assert!(plist.contains("<string>visavis</string>\n      </array>"), "the scheme of links");
    let entitlements = text("packaging/macos/entitlements.plist");
    for device in ["camera", "audio-input"] {
        assert!(entitlements.contains(&format!("<key>com.apple.security.device.{device}</key>")));
    }
}

#[test]
fn the_manifest_and_the_installer_of_windows_say_what_they_must() {
    let manifest = text("packaging/windows/visavis.manifest");
    assert!(manifest.contains("PerMonitorV2") && manifest.contains(">true</longPathAware>"));
    let installer = text("packaging/windows/visavis.wxs");
    for variable in ["Version", "App", "Server", "Icon"] {
        assert!(installer.contains(&format!("$({variable})")), "{variable}");
    }
    assert!(installer.contains(r"Software\Classes\visavis"), "the scheme of links");
}

#[test]
fn the_flatpak_has_this_id_and_every_file_that_it_installs_is_there() {
    let path = format!("packaging/flatpak/{REVERSE_DOMAIN_ID}.yml");
    let manifest = text(&path);
    assert!(manifest.contains(&format!("\nid: {REVERSE_DOMAIN_ID}\n")));
    let sizes = ICON_SIZES.map(|size| size.to_string()).join(" ");
    assert!(manifest.contains(&format!("for size in {sizes};")), "{sizes}");
    let installed = manifest.split_whitespace().filter(|word| word.starts_with("assets/"));
    for file in installed.filter(|file| !file.contains('$')) {
        assert!(workspace::root().join(file).is_file(), "{file}");
    }
}

/// What is indented, and how deep, is what YAML can be wrong in.
fn has_yaml_indents(yaml: &str) -> bool {
    yaml.lines().all(|line| {
        let indent = line.len() - line.trim_start_matches(' ').len();
        !line.contains('\t') && indent % 2 == 0 && !line.trim_end().ends_with("::")
    })
}

#[test]
fn workflows_are_yaml_and_pin_every_action_by_commit() {
    let folder = workspace::root().join(".github/workflows");
    let mut workflows = 0;
    for entry in std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
        let yaml = std::fs::read_to_string(entry.path()).expect("a workflow");
        assert!(has_yaml_indents(&yaml), "{:?}", entry.path());
        workflows += 1;
        for line in yaml.lines().filter_map(|line| line.split_once("uses: ")) {
            let (action, behind) = line.1.split_once('@').expect("a version");
            let (commit, tag) = behind.split_once(" # v").expect("a comment with the tag");
            let is_hex = commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(commit.len() == 40 && is_hex && !tag.is_empty(), "{action}@{behind}");
        }
    }
    assert!(workflows >= 2);
    assert!(!has_yaml_indents("a:\n\tb: c\n") && !has_yaml_indents("a:\n   b: c\n"));
}

#[test]
fn yaml_is_what_a_real_reader_takes_where_there_is_one() {
    let reads = "import sys, yaml\nfor path in sys.argv[1:]:\n    yaml.safe_load(open(path))";
    if !command::succeeds(Command::new("python3").args(["-c", "import yaml"])) {
        println!("Left out: there is no python3 with yaml here.");
        return;
    }
    let mut python = Command::new("python3");
    python.current_dir(workspace::root()).args(["-c", reads]);
    python.arg(format!("packaging/flatpak/{REVERSE_DOMAIN_ID}.yml"));
    python.args([".github/workflows/ci.yml", ".github/workflows/release.yml"]);
    command::output_of(&mut python).expect("it reads them");
}

#[test]
fn versions_agree() {
    assert!(text("assets/visavis.metainfo.xml").contains(&format!("version=\"{VERSION}\"")));
    let manifest = text("Cargo.toml");
    assert!(manifest.contains(&format!("\nversion = \"{VERSION}\"\n")));
}

#[test]
fn there_is_an_icon_of_each_size_and_it_has_that_size() {
    for (size, png) in apple::pictures().expect("they are there") {
        // The header of a PNG: its signature, then the chunk IHDR with width and height.
        assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n", "{size}");
        let word = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes"));
        assert_eq!((word(16), word(20)), (size, size));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn each_kind_of_package_holds_what_its_system_looks_for() {
    let paths = |product, kind| -> Vec<(String, u32, Role)> {
        let entries = tree::entries(product, kind, &made()).expect("the files are there");
        entries.into_iter().map(|entry| (entry.path, entry.mode, entry.role)).collect()
    };
    let app = paths(product::ALL[0], Kind::Deb);
    let has = |entries: &[(String, u32, Role)], path: &str| entries.iter().any(|e| e.0 == path);
    for path in [
        "/usr/bin/visavis",
        "/usr/share/applications/visavis.desktop",
        "/usr/share/metainfo/visavis.metainfo.xml",
        "/usr/share/icons/hicolor/16x16/apps/visavis.png",
        "/usr/share/icons/hicolor/512x512/apps/visavis.png",
        "/usr/share/icons/hicolor/scalable/apps/visavis.svg",
        "/usr/share/man/man1/visavis.1.gz",
        "/usr/share/bash-completion/completions/visavis",
        "/usr/share/zsh/vendor-completions/_visavis",
        "/usr/share/fish/vendor_completions.d/visavis.fish",
        "/usr/share/doc/visavis/third-party.txt.gz",
    ] {
        assert!(has(&app, path), "{path} in {app:?}");
    }
    assert!(has(&paths(product::ALL[0], Kind::Rpm), "/usr/share/zsh/site-functions/_visavis"));
    assert!(has(&paths(product::ALL[0], Kind::Home), "/share/applications/visavis.desktop"));

    for kind in [Kind::Deb, Kind::Rpm] {
        let server = paths(product::ALL[1], kind);
        let options = server.iter().find(|entry| entry.0 == "/etc/visavis/server.env");
        assert_eq!(options.map(|entry| (entry.1, entry.2)), Some((0o600, Role::Config)));
        assert!(has(&server, "/usr/lib/systemd/system/visavis-signal-server.service"));
        assert!(has(&server, "/usr/share/man/man1/visavis-signal-server.1.gz"));
    }
    for entry in paths(product::ALL[1], Kind::Home) {
        assert!(!entry.0.starts_with("/etc") && !entry.0.contains("systemd"), "{entry:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_unit_of_the_package_runs_the_packages_program_as_its_user() {
    let entries = tree::entries(product::ALL[1], Kind::Deb, &made()).expect("they are there");
    let unit = entries.iter().find(|entry| entry.path.ends_with(".service")).expect("a unit");
    let Content::Text(unit, Packed::No) = &unit.content else { panic!("it is a text") };
    assert!(unit.contains("\nExecStart=/usr/bin/visavis-signal-server\n"), "{unit}");
    assert!(unit.contains("\nUser=visavis\n") && !unit.contains("DynamicUser"), "{unit}");
    assert!(unit.contains("\nEnvironmentFile=-/etc/visavis/server.env\n"), "{unit}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_tree_that_is_laid_out_has_the_modes_and_the_time_that_it_must() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::{Duration, SystemTime};
    let source = Source {
        commit: "0123456789ab".to_owned(),
        time: 1_700_000_000,
        maintainer: "N <a@b.c>".to_owned(),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let entries = tree::entries(product::ALL[1], Kind::Deb, &made()).expect("they are there");
    tree::lay_out(&entries, &source, folder.path()).expect("it can be laid out");
    for entry in &entries {
        let path = folder.path().join(&entry.path[1..]);
        let data = std::fs::metadata(&path).expect("it is there");
        assert_eq!(data.permissions().mode() & 0o7777, entry.mode, "{}", entry.path);
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(source.time.into());
        assert_eq!(data.modified().expect("a time"), time, "{}", entry.path);
    }
    let page = folder.path().join("usr/share/man/man1/visavis-signal-server.1.gz");
    let unpacked = command::output_of(Command::new("gzip").args(["-dc"]).arg(page));
    assert_eq!(unpacked.expect("it is packed"), "a page\n");
}

#[cfg(unix)]
#[test]
fn the_script_in_the_archive_installs_into_a_home_and_takes_everything_away_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (archive, home) = (folder.path().join("archive"), folder.path().join("a home"));
    let put = |path: &str, text: &str| {
        let path = archive.join(path);
        tree::create_folder(path.parent().expect("it has one")).expect("a folder");
        write(&path, text).expect("a file");
    };
    put("install.sh", &text("packaging/tarball/install.sh"));
    put("files.txt", "bin/visavis\nshare/applications/visavis.desktop\n");
    put("bin/visavis", "#!/bin/sh\necho it runs\n");
    tree::set_mode(&archive.join("bin/visavis"), 0o755).expect("a program");
    put("share/applications/visavis.desktop", &text("assets/visavis.desktop"));
    put("../a home/.config/visavis/settings.json", "{}");
    put("../a home/.local/share/other", "of somebody else");
    let script = |arguments: &[&str]| {
        let mut command = Command::new("sh");
        command.arg(archive.join("install.sh")).args(arguments).env("HOME", &home);
        command::output_of(command.env_remove("PREFIX")).expect("it ends well")
    };
    for _ in 0..2 {
        script(&[]);
    }
    let program = home.join(".local/bin/visavis");
    assert_eq!(command::output_of(&mut Command::new(&program)).expect("it runs"), "it runs\n");
    let entry = home.join(".local/share/applications/visavis.desktop");
    let entry_text = std::fs::read_to_string(&entry).expect("it is there");
    let line = format!("\nExec=\"{}\" %u\n", program.display());
    assert!(entry_text.contains(&line), "{entry_text}");

    script(&["--uninstall"]);
    assert!(!program.exists() && !entry.exists() && !home.join(".local/bin").exists());
    assert!(home.join(".config/visavis/settings.json").is_file(), "settings stay");
    assert!(home.join(".local/share/other").is_file(), "what is another's stays");
}

#[cfg(unix)]
#[test]
fn scripts_of_packages_are_shell() {
    for folder in ["packaging/deb", "packaging/rpm", "packaging/tarball"] {
        let folder = workspace::root().join(folder);
        for entry in std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "overrides") {
                continue;
            }
            let checked = command::succeeds(Command::new("sh").arg("-n").arg(&path));
            assert!(checked, "{}", path.display());
        }
    }
}

#[test]
fn programs_that_are_not_there_are_named() {
    let error = programs_in(Path::new("/nowhere")).expect_err("nothing is there");
    assert!(error.to_string().starts_with("/nowhere/visavis"), "{error}");
}
