//! The passes of a window, as it reports them (`--window-frame-report`).

use std::path::Path;

use serde::Deserialize;

/// One pass.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Frame {
    /// When it ended, in microseconds since 1970.
    at_us: u64,
    /// What the window's thread spent in app and layout.
    cpu_us: Option<f64>,
    /// How long the frame before took, with painting and the graphics driver.
    frame_us: Option<f64>,
}

/// Some passes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frames(Vec<Frame>);

impl Frames {
    /// All that a window has reported so far; a line that is not whole yet is left out.
    pub(crate) fn read(path: &Path) -> std::io::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        Ok(Self(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()))
    }

    /// Those between two moments, in microseconds since 1970.
    pub(crate) fn between(&self, from: u64, to: u64) -> Self {
        Self(self.0.iter().filter(|frame| (from..to).contains(&frame.at_us)).copied().collect())
    }

    /// How many there are.
    pub(crate) fn count(&self) -> f64 {
        self.0.len() as f64
    }

    /// What each spent in app and layout, in milliseconds.
    pub(crate) fn cpu_ms(&self) -> Vec<f64> {
        self.0.iter().filter_map(|frame| frame.cpu_us).map(|us| us / 1e3).collect()
    }

    /// How long each took with painting and driver, in milliseconds.
    pub(crate) fn whole_ms(&self) -> Vec<f64> {
        self.0.iter().filter_map(|frame| frame.frame_us).map(|us| us / 1e3).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_are_found_by_their_time_and_half_a_line_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("frames");
        let text = "{\"at_us\":10,\"cpu_us\":1500,\"wall_us\":9,\"frame_us\":null}\n\
                    {\"at_us\":20,\"cpu_us\":500,\"wall_us\":9,\"frame_us\":7000}\n{\"at_us\":3";
        std::fs::write(&path, text).expect("written");
        let all = Frames::read(&path).expect("read");
        assert_eq!((all.cpu_ms(), all.whole_ms()), (vec![1.5, 0.5], vec![7.0]));
        assert_eq!(all.between(11, 20).count(), 0.0);
        assert_eq!(all.between(20, 21).cpu_ms(), [0.5]);
    }
}
