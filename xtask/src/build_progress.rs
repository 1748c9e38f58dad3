//! Says in words how far a build is, and that a long one is long only once.
//!
//! In: what cargo writes to its standard error while it shows progress, line by line, and the time.
//! Out: what a person reads. Pure.

use std::time::Duration;

/// What makes a build a long one: it has this many parts to build, after this long.
const LONG: (Duration, u32) = (Duration::from_secs(3), 50);

/// How often it is said how far a build is.
const SAY_EVERY: Duration = Duration::from_secs(20);

/// What cargo says of each part; the figures are said instead.
const LEFT_OUT: [&str; 6] =
    ["Adding ", "Blocking ", "Compiling ", "Downloaded ", "Downloading ", "Locking "];

/// How far a build is.
#[derive(Debug, Default)]
pub(crate) struct BuildProgress {
    /// Since the start, when it was last said; `None` while it does not look long.
    said: Option<Duration>,
}

impl BuildProgress {
    /// Reads a line, `now` after the start. Returns what is to be said.
    pub(crate) fn read(&mut self, line: &str, now: Duration) -> Option<String> {
        let words = line.trim();
        let Some((done, total)) = parts(words) else {
            let is_left_out = words.is_empty()
                || words.starts_with("Building [")
                || LEFT_OUT.iter().any(|word| words.starts_with(word));
            return (!is_left_out).then(|| line.to_owned());
        };
        let is_due = match self.said {
            None => now >= LONG.0 && total - done >= LONG.1,
            Some(said) => now >= said + SAY_EVERY,
        };
        if !is_due {
            return None;
        }
        let far = format!("{done} of {total} parts are built, after {}.", in_words(now));
        let said = match self.said {
            Some(_) => far,
            None => format!(
                "Building Visavis and all it stands on. That takes minutes once; later only what \
                 changed is built.\n{far}"
            ),
        };
        self.said = Some(now);
        Some(said)
    }

    /// What is to be said when the build has ended well, `now` after the start.
    pub(crate) fn end(&self, now: Duration) -> Option<String> {
        self.said.map(|_| format!("All parts are built, after {}.", in_words(now)))
    }
}

/// How many parts are built, and of how many: `Building [==>  ] 12/345: these, are, next`.
fn parts(words: &str) -> Option<(u32, u32)> {
    let (_, figures) = words.strip_prefix("Building [")?.split_once("] ")?;
    let (figures, _) = figures.split_once(':').unwrap_or((figures, ""));
    let (done, total) = figures.split_once('/')?;
    let (done, total) = (done.trim().parse().ok()?, total.trim().parse().ok()?);
    (done <= total).then_some((done, total))
}

fn in_words(time: Duration) -> String {
    match (time.as_secs() / 60, time.as_secs() % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, seconds) => format!("{minutes} min {seconds:02} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_long_build_says_how_far_it_is_now_and_then_and_that_it_is_long_once() {
        let mut progress = BuildProgress::default();
        assert_eq!(progress.read("   Compiling libc v0.2.191", after(1)), None);
        assert_eq!(progress.read("    Building [   ] 4/699: libc, syn(build.rs)", after(2)), None);
        let first = progress.read("    Building [>  ] 31/699: syn", after(4)).expect("it is long");
        assert!(first.contains("once") && first.contains("31 of 699 parts are built, after 4 s."));
        assert_eq!(progress.read("    Building [>  ] 40/699: syn", after(20)), None);
        assert_eq!(
            progress.read("    Building [=> ] 212/699: egui", after(84)).as_deref(),
            Some("212 of 699 parts are built, after 1 min 24 s.")
        );
        assert_eq!(
            progress.end(after(310)).as_deref(),
            Some("All parts are built, after 5 min 10 s.")
        );
    }

    #[test]
    fn a_short_build_is_silent() {
        let mut progress = BuildProgress::default();
        assert_eq!(progress.read("    Building [===] 690/699: visavis", after(9)), None);
        assert_eq!(progress.end(after(12)), None);
    }

    #[test]
    fn errors_and_warnings_are_passed_on_as_they_are() {
        let mut progress = BuildProgress::default();
        for line in ["error: linking with `cc` failed", "  --> src/main.rs:3:1", "warning: unused"]
        {
            assert_eq!(progress.read(line, after(1)).as_deref(), Some(line));
        }
    }

    #[test]
    fn whatever_is_no_progress_is_none() {
        for words in
            ["Building [", "Building [] 3", "Building [] x/y", "Building [] 9/3: a", "built"]
        {
            assert_eq!(parts(words), None, "{words}");
        }
        assert_eq!(parts("Building [====] 699/699"), Some((699, 699)));
    }
}
