//! `visavis-signal-server check`: examines everything that a server with the same options needs,
//! and says in words what is as it must be, what is not, and what to do.
//!
//! Nothing is changed: ports are bound for a moment, files are read, and servers are asked. It may
//! run beside the server, whose ports are recognised by their answers. What can only be seen from
//! the internet, such as a firewall in front of this machine, is not claimed to be examined.

mod certificate;
mod clock;
mod domain;
mod folder;
mod ports;
#[cfg(feature = "redis")]
mod redis;
mod stun;

use std::io::{self, Write};

use visavis_shared::finding::{Finding, Verdict, parts};

use self::clock::Clocks;
use crate::config::Config;

/// What was found of all parts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checkup {
    findings: Vec<Finding>,
}

/// Examines everything, and writes each finding as it is made.
///
/// # Errors
/// When it can't be written.
pub async fn examine(config: &Config, out: &mut impl Write) -> io::Result<Checkup> {
    let mut report = Report { checkup: Checkup::default(), out };
    let mut clocks = Clocks::begin();
    report.note(ports::listener(config).await)?;
    report.note(ports::metrics(config).await)?;
    report.note(folder::examine(config))?;
    report.note(certificate::examine(config, &mut clocks).await)?;
    report.note(domain::examine(config).await)?;
    report.note(domain::authority(config, &mut clocks).await)?;
    report.note(stun::examine(config).await)?;
    report.note(stun::elsewhere(config).await)?;
    report.note(ports::relay(config).await)?;
    #[cfg(feature = "redis")]
    report.note(redis::examine(config, &mut clocks).await)?;
    // Last, since the others bring clocks to compare with.
    report.note(clocks.compare())?;
    let Report { checkup, out } = report;
    writeln!(out, "{}", checkup.summary())?;
    Ok(checkup)
}

struct Report<'a, W> {
    checkup: Checkup,
    out: &'a mut W,
}

impl<W: Write> Report<'_, W> {
    fn note(&mut self, finding: Finding) -> io::Result<()> {
        writeln!(self.out, "{}", finding.line())?;
        self.out.flush()?;
        self.checkup.findings.push(finding);
        Ok(())
    }
}

impl Checkup {
    /// Whether a server with these options would do what it has to.
    #[must_use]
    pub fn is_fit(&self) -> bool {
        parts(&self.findings, Verdict::Fails).is_empty()
    }

    fn summary(&self) -> String {
        let failing = parts(&self.findings, Verdict::Fails);
        let weak = parts(&self.findings, Verdict::Weak);
        match (failing.as_slice(), weak.as_slice()) {
            ([], []) => "Everything that was tried is as it must be.".to_owned(),
            ([], _) => "The server will work. See above for what could be better.".to_owned(),
            (parts, _) => format!("Not as it must be: {}.", parts.join(", ")),
        }
    }
}
