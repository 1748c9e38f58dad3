//! Whether and as what a server makes itself known: what the command line and the environment say
//! about it.

use clap::{Args, ValueEnum};
use visavis_shared::nearby::InstanceName;

/// The options about the local network.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Network")]
pub struct AnnounceOptions {
    /// Whether the server makes itself known on the local network (DNS-SD), so that the app lists
    /// it there: on or off. It does so only where it has a private or link-local address, never
    /// across a router, and not when it listens on loopback alone.
    #[arg(long, env = "VISAVIS_ANNOUNCE", value_name = "SWITCH", default_value = "on")]
    pub announce: AnnounceSwitch,

    /// The name under which the app lists this server; unless set, the name of the machine.
    #[arg(long, env = "VISAVIS_ANNOUNCE_NAME", value_name = "NAME", value_parser = name)]
    pub announce_name: Option<InstanceName>,
}

/// Whether the server makes itself known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnnounceSwitch {
    /// It does.
    On,
    /// It does not.
    Off,
}

/// What a server needs to know to make itself known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnnounceConfig {
    /// The name under which it is listed; that of the machine if there is none.
    pub name: Option<InstanceName>,
}

impl AnnounceOptions {
    /// The configuration that the options make, if the server is to be known.
    #[must_use]
    pub fn config(&self) -> Option<AnnounceConfig> {
        let config = AnnounceConfig { name: self.announce_name.clone() };
        (self.announce == AnnounceSwitch::On).then_some(config)
    }
}

fn name(text: &str) -> Result<InstanceName, &'static str> {
    InstanceName::new(text).ok_or("it must be a name that can be seen")
}
