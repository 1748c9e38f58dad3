//! Two network namespaces with a cable between them, as two machines would have (Linux, as root).
//!
//! The cable is a pair of virtual interfaces. How fast it is and what it loses is set at both ends:
//! the rate where packets leave (`tc`'s token bucket with a queue), the loss where they come in
//! (nftables). It adds no delay.

use std::io;
use std::process::Command;

/// Why there is no cable.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CableError {
    /// A program is not there.
    #[error("{program} could not be started ({source}): install iproute2 and nftables")]
    Start { program: String, source: io::Error },
    /// It is there, and refuses.
    #[error("`{line}` failed: {output} (network namespaces take root)")]
    Refused { line: String, output: String },
}

/// How the cable is, in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quality {
    /// In kbit/s; none is as fast as it goes.
    pub(crate) rate_kbps: Option<u32>,
    /// How many of a hundred packets get lost.
    pub(crate) lost_percent: u32,
}

/// How long packets wait at most where the rate is limited.
const QUEUE: &str = "300ms";

/// One end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    namespace: String,
    address: &'static str,
}

impl End {
    /// The end with this name, as another process has made it.
    pub(crate) fn named(namespace: String, address: &'static str) -> Self {
        Self { namespace, address }
    }

    /// The name of its namespace.
    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Its address on the cable.
    pub(crate) fn address(&self) -> &'static str {
        self.address
    }

    /// The command that runs a program at this end.
    pub(crate) fn inside(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace]).arg(program);
        command
    }

    fn run(&self, line: &str) -> Result<(), CableError> {
        run(&format!("ip netns exec {} {line}", self.namespace))
    }

    /// Makes what comes and goes here as it should be.
    pub(crate) fn set(&self, quality: Quality) -> Result<(), CableError> {
        // What was set before, if anything.
        let _ = self.run("tc qdisc del dev cable root");
        let _ = self.run("nft delete table inet cable");
        if let Some(kbps) = quality.rate_kbps {
            self.run(&format!(
                "tc qdisc add dev cable root tbf rate {kbps}kbit burst 4kb latency {QUEUE}"
            ))?;
        }
        if quality.lost_percent > 0 {
            self.run("nft add table inet cable")?;
            self.run("nft add chain inet cable input { type filter hook input priority 0 ; }")?;
            let rule =
                format!("iifname cable numgen random mod 100 < {} drop", quality.lost_percent);
            self.run(&format!("nft add rule inet cable input {rule}"))?;
        }
        Ok(())
    }
}

/// The cable. Dropping it takes both namespaces away.
#[derive(Debug)]
pub(crate) struct Cable {
    pub(crate) app: End,
    pub(crate) page: End,
}

/// The addresses of the two ends.
pub(crate) const ADDRESSES: [&str; 2] = ["10.77.0.1", "10.77.0.2"];

impl Cable {
    /// Lays one, perfect at first.
    pub(crate) fn lay() -> Result<Self, CableError> {
        let name = |end: &str| format!("visavis-{end}-{}", std::process::id());
        let [app, page] = [("app", ADDRESSES[0]), ("page", ADDRESSES[1])]
            .map(|(end, at)| End::named(name(end), at));
        run(&format!("ip netns add {}", app.namespace))?;
        // From here on dropping it takes everything away.
        let cable = Self { app, page };
        let (app, page) = (&cable.app, &cable.page);
        run(&format!("ip netns add {}", page.namespace))?;
        let peer = format!("peer name cable netns {}", page.namespace);
        run(&format!("ip link add name cable netns {} type veth {peer}", app.namespace))?;
        for end in [app, page] {
            end.run(&format!("ip address add {}/24 dev cable", end.address))?;
            end.run("ip link set cable up")?;
            end.run("ip link set lo up")?;
        }
        Ok(cable)
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        for end in [&self.app, &self.page] {
            // The interfaces go with it.
            let _ = run(&format!("ip netns delete {}", end.namespace));
        }
    }
}

/// Runs a line whose words are parted by spaces.
fn run(line: &str) -> Result<(), CableError> {
    let mut words = line.split(' ');
    let program = words.next().unwrap_or_default();
    let output = Command::new(program).args(words).output();
    let output =
        output.map_err(|source| CableError::Start { program: program.to_owned(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let output =
        String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned();
    Err(CableError::Refused { line: line.to_owned(), output })
}
