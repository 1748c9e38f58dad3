//! What an examination found of one part: in words for a person, as JSON for a program. The app's
//! doctor and the server's check say it alike.

use serde::Serialize;

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It does what is needed.
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
    /// The part does what is needed.
    #[must_use]
    pub fn works(part: &'static str, words: impl Into<String>) -> Self {
        Self { part, verdict: Verdict::Works, words: words.into(), advice: None }
    }

    /// It could be better.
    #[must_use]
    pub fn weak(part: &'static str, words: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { part, verdict: Verdict::Weak, words: words.into(), advice: Some(advice.into()) }
    }

    /// It does not work.
    #[must_use]
    pub fn fails(part: &'static str, words: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { part, verdict: Verdict::Fails, words: words.into(), advice: Some(advice.into()) }
    }

    /// It was not tried.
    #[must_use]
    pub fn skipped(part: &'static str, words: impl Into<String>) -> Self {
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

/// The parts of this verdict.
#[must_use]
pub fn parts(findings: &[Finding], verdict: Verdict) -> Vec<&'static str> {
    let those = findings.iter().filter(|finding| finding.verdict == verdict);
    those.map(|finding| finding.part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_said_with_what_to_do() {
        let finding = Finding::fails("camera", "No camera was found.", "Connect one.");
        assert_eq!(finding.line(), "FAILS camera: No camera was found.\n      Connect one.");
        let fine = Finding::works("clock", "It is right.");
        assert_eq!(fine.line(), "ok    clock: It is right.");
        assert_eq!(parts(&[finding, fine], Verdict::Fails), ["camera"]);
    }
}
