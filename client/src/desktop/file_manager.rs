//! Shows where a file is, in whatever the system shows folders with, and opens links in a browser.

use std::path::Path;
use std::process::{Command, Stdio};

/// Shows a file in its folder. Says whether there is something to show it with.
#[must_use]
pub fn show_in_folder(file: &Path) -> bool {
    if cfg!(target_os = "macos") && file.is_absolute() {
        let mut command = Command::new("open");
        command.arg("-R").arg(file);
        return runs(command);
    }
    file.parent().is_some_and(open_folder)
}

/// Opens a folder. Says whether there is something to open it with.
#[must_use]
pub fn open_folder(folder: &Path) -> bool {
    // One after the other, as far as they are there.
    folder.is_absolute() && folder.is_dir() && open::commands(folder).into_iter().any(runs)
}

/// Opens a link in a browser: `http` or `https`, and nothing else. Says whether there is one.
#[must_use]
pub fn open_link(link: &str) -> bool {
    let is_web = ["https://", "http://"].iter().any(|scheme| {
        link.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    is_web && open::commands(link).into_iter().any(runs)
}

/// Starts a program, which may stay for as long as the folder is open; whoever ends is waited for.
fn runs(mut command: Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return false };
    let waiting = move || drop(child.wait());
    std::thread::Builder::new().name("show-folder".into()).spawn(waiting).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_folder_is_opened_by_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a file");
        std::fs::write(&file, "").expect("it is written");
        for none in
            [file.as_path(), &folder.path().join("gone"), Path::new("relative"), Path::new("")]
        {
            assert!(!open_folder(none), "{none:?}");
        }
    }

    #[test]
    fn what_is_no_link_to_the_web_is_opened_by_nothing() {
        for none in ["", "file:///etc/passwd", "/bin/sh", "javascript:1", "mailto:a@b", "http:"] {
            assert!(!open_link(none), "{none:?}");
        }
    }
}
