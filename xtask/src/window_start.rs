//! How long the app takes from its start to a window that can be used, on a display of its own
//! (Xvfb).
//!
//! The app writes a file as soon as its window has been painted and takes input
//! (`--window-ready-report`, an option for this measurement only). What is measured is the time on
//! our clock from starting the process to seeing that file.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::{Instant, sleep};

use crate::display::Display;
use crate::error::Error;
use crate::programs::Running;

/// How often it is started.
const RUNS: usize = 5;

/// Beyond this it is not slow but stuck.
const LIMIT: Duration = Duration::from_secs(20);

/// The median over some starts, in milliseconds; `None` (after a line with the reason) where it
/// can't be measured.
pub(crate) async fn median(visavis: &Path, server: &str) -> Result<Option<f64>, Error> {
    if !cfg!(target_os = "linux") {
        println!("The start of a window is measured under Xvfb, on Linux only.");
        return Ok(None);
    }
    let display = Display::start().await?;
    let mut runs = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        match once(visavis, server, &display).await {
            Ok(time) => runs.push(time),
            Err(error @ Error::Call(_)) => {
                println!("The start of a window could not be measured: {error}.");
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(median_of(runs))
}

fn median_of(mut runs: Vec<Duration>) -> Option<f64> {
    runs.sort_unstable();
    Some(runs.get(runs.len() / 2)?.as_secs_f64() * 1e3)
}

async fn once(visavis: &Path, server: &str, display: &Display) -> Result<Duration, Error> {
    let folder = tempfile::tempdir().map_err(Error::file("making a temporary folder"))?;
    let ready = folder.path().join("ready");
    let mut command = Command::new(visavis);
    command
        .args(["--server", server, "--data-dir"])
        .arg(folder.path())
        .arg("--window-ready-report")
        .arg(&ready)
        .env("DISPLAY", display.name())
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .stdout(Stdio::null());
    let start = Instant::now();
    let mut window = Running::spawn("the window", &mut command)?;
    while !ready.exists() {
        if let Some(status) = window.has_ended() {
            return Err(Error::Call(format!("the window ended before it was ready ({status})")));
        }
        if start.elapsed() > LIMIT {
            return Err(Error::Call(format!(
                "the window was not ready within {} s",
                LIMIT.as_secs()
            )));
        }
        sleep(Duration::from_millis(1)).await;
    }
    Ok(start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_does_not_mind_one_slow_start() {
        let runs = [150, 140, 2_000, 145, 160].map(Duration::from_millis);
        assert_eq!(median_of(runs.to_vec()), Some(150.0));
        assert_eq!(median_of(Vec::new()), None);
    }
}
