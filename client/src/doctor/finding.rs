//! What the doctor found: in words for a person, as JSON for a program.

use serde::Serialize;

use crate::cli::ExitReason;

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It does what a call needs.
    Works,
    /// It works, but not well.
    Weak,
    /// It does not work.
    Fails,
    /// It was not tried; the words say why.
    Skipped,
}

/// One part, examined.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Which part.
    pub part: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found, in one sentence or two.
    pub words: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Finding {
    pub(super) fn works(part: &'static str, words: impl Into<String>) -> Self {
        Self { part, verdict: Verdict::Works, words: words.into(), advice: None }
    }

    pub(super) fn weak(
        part: &'static str,
        words: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { part, verdict: Verdict::Weak, words: words.into(), advice: Some(advice.into()) }
    }

    pub(super) fn fails(
        part: &'static str,
        words: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { part, verdict: Verdict::Fails, words: words.into(), advice: Some(advice.into()) }
    }

    pub(super) fn skipped(part: &'static str, words: impl Into<String>) -> Self {
        Self { part, verdict: Verdict::Skipped, words: words.into(), advice: None }
    }

    /// For a person: one line, and a second with what to do.
    #[must_use]
    pub fn line(&self) -> String {
        let mark = match self.verdict {
            Verdict::Works => "ok   ",
            Verdict::Weak => "weak ",
            Verdict::Fails => "FAILS",
            Verdict::Skipped => "–    ",
        };
        let advice =
            self.advice.as_ref().map(|advice| format!("\n      {advice}")).unwrap_or_default();
        format!("{mark} {}: {}{advice}", self.part, self.words)
    }
}

/// The whole examination.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Checkup {
    /// Each part in the order in which it was examined.
    pub findings: Vec<Finding>,
    /// What this computer is behind: `none`, `endpoint-independent`, `address-dependent` or
    /// `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nat: Option<&'static str>,
    /// From camera to screen in the call to oneself, the median, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glass_to_glass_ms: Option<f64>,
    /// From microphone to speaker, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mouth_to_ear_ms: Option<f64>,
}

impl Checkup {
    /// The parts of this verdict.
    fn parts(&self, verdict: Verdict) -> Vec<&str> {
        let those = self.findings.iter().filter(|finding| finding.verdict == verdict);
        those.map(|finding| finding.part).collect()
    }

    /// The exit code's meaning: what fails first, by how much it hinders.
    #[must_use]
    pub fn exit(&self) -> ExitReason {
        let failing = self.parts(Verdict::Fails);
        if failing.contains(&"signaling server") {
            ExitReason::Server
        } else if failing.contains(&"call to oneself") || failing.contains(&"TURN relay") {
            ExitReason::Connection
        } else if !failing.is_empty() {
            ExitReason::Device
        } else {
            ExitReason::Completed
        }
    }

    /// One last line.
    #[must_use]
    pub fn summary(&self) -> String {
        let (failing, weak) = (self.parts(Verdict::Fails), self.parts(Verdict::Weak));
        match (failing.as_slice(), weak.as_slice()) {
            ([], []) => "Everything that was tried works.".to_owned(),
            ([], _) => "Calls will work. See above for what could be better.".to_owned(),
            (parts, _) => format!("Not working: {}.", parts.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkup(findings: Vec<Finding>) -> Checkup {
        Checkup { findings, ..Checkup::default() }
    }

    #[test]
    fn what_fails_is_said_with_what_to_do() {
        let finding = Finding::fails("camera", "No camera was found.", "Connect one.");
        assert_eq!(finding.line(), "FAILS camera: No camera was found.\n      Connect one.");
        assert_eq!(checkup(vec![finding]).summary(), "Not working: camera.");
    }

    #[test]
    fn the_exit_code_is_that_of_what_hinders_most() {
        let camera = Finding::fails("camera", "", "");
        let server = Finding::fails("signaling server", "", "");
        assert_eq!(checkup(vec![camera.clone(), server]).exit(), ExitReason::Server);
        assert_eq!(checkup(vec![camera]).exit(), ExitReason::Device);
        let fine = vec![
            Finding::works("camera", ""),
            Finding::weak("encoder", "", ""),
            Finding::skipped("TURN relay", ""),
        ];
        assert_eq!(checkup(fine).exit(), ExitReason::Completed);
    }

    #[test]
    fn as_json_nothing_is_there_that_was_not_measured() {
        let json =
            serde_json::to_value(checkup(vec![Finding::works("camera", "It delivers pictures.")]))
                .unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "findings": [
                { "part": "camera", "verdict": "works", "words": "It delivers pictures." }
            ] })
        );
    }
}
