//! What each pass of the window costs, for the benchmark: a line of JSON for each, when a path was
//! given.
//!
//! In: the beginnings and the ends of passes. Out: `{"at_us":…,"cpu_us":…,"wall_us":…,
//! "frame_us":…}`: when it ended on the system's clock, what this thread spent in it (app and
//! egui's layout, without tessellating and without the graphics driver), how long it took, and how
//! long the frame before took with painting and driver. What always holds: without a path nothing
//! is measured; a report that can't be written ends.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

/// Writes them.
pub(super) struct FrameReport {
    file: Option<File>,
    began: Option<(Instant, Option<Duration>)>,
}

impl FrameReport {
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        let file = path.and_then(|path| match File::create(path) {
            Ok(file) => Some(file),
            Err(error) => {
                tracing::warn!(%error, "the frame report can't be written");
                None
            }
        });
        Self { file, began: None }
    }

    /// Comes first in a pass.
    pub(super) fn begins(&mut self) {
        if self.file.is_some() {
            self.began = Some((Instant::now(), thread_time()));
        }
    }

    /// Comes last in a pass; `frame` is what the system's side says of the frame before.
    pub(super) fn ends(&mut self, frame: Option<f32>) {
        let (Some(file), Some((began, cpu_then))) = (&mut self.file, self.began.take()) else {
            return;
        };
        let spent = thread_time().zip(cpu_then).map(|(now, then)| now.saturating_sub(then));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let line = serde_json::json!({
            "at_us": now.as_micros() as u64,
            "cpu_us": spent.map(|spent| spent.as_micros() as u64),
            "wall_us": began.elapsed().as_micros() as u64,
            "frame_us": frame.map(|seconds| (seconds * 1e6) as u64),
        });
        if let Err(error) = writeln!(file, "{line}") {
            tracing::warn!(%error, "the frame report ends");
            self.file = None;
        }
    }
}

/// What this thread has used of a processor so far; `None` where the system does not say.
#[cfg(target_os = "linux")]
fn thread_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).ok()
}

#[cfg(not(target_os = "linux"))]
fn thread_time() -> Option<Duration> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pass_is_a_line_and_without_a_path_there_is_none() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("frames.jsonl");
        let mut report = FrameReport::new(Some(path.clone()));
        for frame in [None, Some(0.004)] {
            report.begins();
            report.ends(frame);
        }
        // An end without a beginning is none.
        report.ends(None);
        let text = std::fs::read_to_string(&path).expect("a report");
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert_eq!(
            (lines[0]["frame_us"].as_u64(), lines[1]["frame_us"].as_u64()),
            (None, Some(4000))
        );
        assert!(lines[1]["wall_us"].is_u64() && lines[1]["at_us"].as_u64() > Some(0), "{text}");
        #[cfg(target_os = "linux")]
        assert!(lines[1]["cpu_us"].is_u64(), "{text}");
        let mut none = FrameReport::new(None);
        none.begins();
        none.ends(None);
    }
}
