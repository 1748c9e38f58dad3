//! What the doctor found: in words for a person, as JSON for a program.

use serde::Serialize;
use visavis_shared::finding::{Finding, Verdict, parts};

use crate::cli::ExitReason;

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
    /// The exit code's meaning: what fails first, by how much it hinders.
    #[must_use]
    pub fn exit(&self) -> ExitReason {
        let failing = parts(&self.findings, Verdict::Fails);
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
        let (failing, weak) =
            (parts(&self.findings, Verdict::Fails), parts(&self.findings, Verdict::Weak));
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
