use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn words(path: &Path) -> String {
    let words = check(path).expect_err("an error").to_string();
    assert!(!words.contains('\n'), "{words}");
    words
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn what_can_not_be_written_is_found_out_and_said_in_one_line() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("file"), "here").expect("written");
    symlink("loop", at("loop")).expect("a link");
    symlink("nowhere/at/all", at("astray")).expect("a link");
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).expect("a socket");
    for (path, why) in [
        (PathBuf::new(), "it has no name"),
        (at(""), "it is a folder"),
        (folder.path().to_path_buf(), "it is a folder"),
        (at("new/"), "it is a folder"),
        (at("nowhere/x"), "nowhere does not exist"),
        (at("file/x"), "file is no folder"),
        (at(&"n".repeat(256)), "File name too long"),
        (at("loop"), "symbolic links"),
        (at("astray"), "does not exist"),
        (at("socket"), "it is a socket"),
        (PathBuf::from("/proc/visavis.json"), "can't be written"),
    ] {
        let words = words(&path);
        assert!(words.contains(why), "{}: {words}", path.display());
    }
    assert_eq!(names(folder.path()), ["astray", "file", "loop", "socket"]);
}

#[test]
fn a_check_leaves_everything_as_it_is() {
    let folder = folder();
    let path = folder.path().join("report.json");
    check(&path).expect("it can be written");
    assert!(names(folder.path()).is_empty());
    fs::write(&path, "yesterday").expect("written");
    let before = fs::metadata(&path).expect("it is there");
    check(&path).expect("it can be written");
    let after = fs::metadata(&path).expect("it is there");
    assert_eq!(fs::read(&path).expect("it is read"), b"yesterday");
    assert_eq!((before.ino(), before.mtime_nsec()), (after.ino(), after.mtime_nsec()));
    assert_eq!(names(folder.path()), ["report.json"]);
    // The longest name that a file may have leaves room for what is tried beside it.
    check(&folder.path().join("n".repeat(255))).expect("it can be written");
}

#[test]
fn a_file_is_replaced_as_a_whole_or_not_at_all() {
    let folder = folder();
    let path = folder.path().join("n".repeat(255));
    fs::write(&path, "before").expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("a mode");
    let failed = replace(&path, |file| {
        file.write_all(b"half")?;
        Err(io::Error::from(ErrorKind::StorageFull))
    });
    assert!(failed.expect("it opens").is_err());
    assert_eq!(fs::read(&path).expect("it is read"), b"before");
    replace(&path, |file| {
        file.write_all(b"after")?;
        assert_eq!(fs::read(&path).expect("it is read"), b"before", "not before all is there");
        io::Result::Ok(())
    })
    .expect("it opens")
    .expect("it is written");
    assert_eq!(fs::read(&path).expect("it is read"), b"after");
    let mode = fs::metadata(&path).expect("it is there").mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(names(folder.path()).len(), 1, "nothing is left beside it");
}

#[test]
fn a_link_stays_one_also_to_what_is_not_there_yet() {
    let folder = folder();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    symlink("real", &link).expect("a link");
    for text in ["first", "second"] {
        replace(&link, |file| file.write_all(text.as_bytes())).expect("opens").expect("written");
        assert_eq!(fs::read(&real).expect("it is there"), text.as_bytes());
        assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
    }
}

#[test]
fn one_file_is_known_under_all_its_names_and_devices_are_nobodys() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("deeper")).expect("a folder");
    fs::write(at("file"), "here").expect("written");
    fs::hard_link(at("file"), at("hard")).expect("a link");
    symlink("file", at("soft")).expect("a link");
    symlink("new", at("ahead")).expect("a link");
    let file = identity(&at("file")).expect("a file");
    for name in ["hard", "soft", "./file", "deeper/../file"] {
        assert_eq!(identity(&at(name)), Some(file.clone()), "{name}");
    }
    let new = identity(&at("new")).expect("a place");
    for name in ["ahead", "./new", "deeper/../new"] {
        assert_eq!(identity(&at(name)), Some(new.clone()), "{name}");
    }
    assert_ne!(file, new);
    assert_eq!(identity(Path::new("/dev/null")), None);
}

#[test]
fn devices_are_written_to_as_they_are() {
    check(Path::new("/dev/null")).expect("it can be written");
    replace(Path::new("/dev/null"), |file| file.write_all(b"x")).expect("opens").expect("written");
    assert!(!fs::metadata("/dev/null").expect("it is there").is_file());
    #[cfg(target_os = "linux")]
    assert!(
        replace(Path::new("/dev/full"), |file| file.write_all(b"x")).expect("it opens").is_err()
    );
}

#[test]
fn what_hangs_is_waited_for_only_so_long() {
    let (let_go, held) = sync_channel::<()>(1);
    let late = within(Path::new("pipe"), Duration::from_millis(10), move || held.recv());
    assert_eq!(
        late.expect_err("it hangs").to_string(),
        "pipe can't be written: nobody takes what is written"
    );
    drop(let_go);
    assert_eq!(within(Path::new("file"), Duration::from_secs(10), || 7).expect("it does not"), 7);
}
