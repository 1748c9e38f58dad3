//! How long the window took to become usable: logged once, and written for the benchmark when a
//! path was given.

use std::path::PathBuf;
use std::time::Instant;

use eframe::egui::Context;

/// Counts the first two passes.
pub(super) struct Readiness {
    started: Instant,
    report: Option<PathBuf>,
    passes: u8,
}

impl Readiness {
    pub(super) fn new(started: Instant, report: Option<PathBuf>) -> Self {
        Self { started, report, passes: 0 }
    }

    /// Comes at the start of each pass. At the second one the first has been on the screen: that is
    /// "ready".
    pub(super) fn pass(&mut self, ctx: &Context) {
        match self.passes {
            0 => ctx.request_repaint(),
            1 => self.ready(),
            _ => return,
        }
        self.passes += 1;
    }

    fn ready(&mut self) {
        let elapsed = self.started.elapsed();
        tracing::info!(elapsed_ms = elapsed.as_millis() as u64, "window ready");
        if let Some(path) = self.report.take() {
            let text = format!("{{\"window_ready_ms\":{:.1}}}\n", elapsed.as_secs_f64() * 1000.0);
            if let Err(error) = std::fs::write(&path, text) {
                tracing::warn!(%error, "the ready report can't be written");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_is_written_once_at_the_second_pass() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("ready.json");
        let ctx = Context::default();
        let mut readiness = Readiness::new(Instant::now(), Some(path.clone()));
        readiness.pass(&ctx);
        assert!(!path.exists());
        readiness.pass(&ctx);
        let text = std::fs::read_to_string(&path).expect("a report");
        let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert!(report["window_ready_ms"].as_f64().is_some_and(|ms| ms >= 0.0), "{text}");
        std::fs::remove_file(&path).expect("removed");
        readiness.pass(&ctx);
        assert!(!path.exists());
    }
}
