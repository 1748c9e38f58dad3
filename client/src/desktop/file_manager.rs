//! Shows where a file is, in whatever the system shows folders with.

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
}
