//! Shows where a file is, in whatever the system shows folders with.

use std::path::Path;
use std::process::{Command, Stdio};

/// Opens the folder of a file. Says whether there is something to open it with.
#[must_use]
pub fn show_in_folder(file: &Path) -> bool {
    let Some(folder) = file.parent().filter(|folder| folder.is_absolute()) else { return false };
    let mut command = if cfg!(target_os = "macos") {
        let mut command = Command::new("open");
        command.arg("-R").arg(file);
        command
    } else if cfg!(windows) {
        let mut command = Command::new("explorer");
        command.arg(folder);
        command
    } else {
        let mut command = Command::new("xdg-open");
        command.arg(folder);
        command
    };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return false };
    // It may stay for as long as the folder is open; whoever ends is waited for.
    let waiting = move || drop(child.wait());
    std::thread::Builder::new().name("show-folder".into()).spawn(waiting).is_ok()
}
