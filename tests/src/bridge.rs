//! Several machines on one local network: network namespaces whose interfaces are joined by a
//! bridge in another (Linux, as root).
//!
//! In: how many. Out: [`Machine`]s, in which programs are started and sockets are made. What always
//! holds: nothing that is sent there leaves it, and dropping the [`Bridge`] takes everything away.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::AsFd as _;
use std::path::Path;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Why there is no bridge.
#[derive(Debug, thiserror::Error)]
pub enum BridgeError {
    /// Namespaces take root.
    #[error("network namespaces take root: run this as root")]
    NotRoot,
    /// A program is not there.
    #[error("{program} could not be started ({source}): install iproute2")]
    Start {
        /// Which.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// It is there, and refuses.
    #[error("`{line}` failed: {output}")]
    Refused {
        /// What was to be done.
        line: String,
        /// What it said.
        output: String,
    },
}

/// A machine on the bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    namespace: String,
    address: Ipv4Addr,
}

impl Machine {
    /// Its address.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// The words before a command that is to run on it.
    #[must_use]
    pub fn inside(&self) -> [&str; 4] {
        ["ip", "netns", "exec", &self.namespace]
    }

    /// Does something on a thread that is on it: sockets made there stay there.
    ///
    /// # Panics
    /// When the namespace can't be entered, or what is done panics.
    pub fn enter<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        let file = std::fs::File::open(Path::new("/run/netns").join(&self.namespace));
        let file = file.expect("the namespace is there");
        std::thread::scope(|scope| {
            let inside = scope.spawn(move || {
                let network = Some(LinkNameSpaceType::Network);
                move_into_link_name_space(file.as_fd(), network).expect("root may enter it");
                act()
            });
            inside.join().expect("what is done there does not panic")
        })
    }
}

/// The machines and what joins them.
#[derive(Debug)]
pub struct Bridge {
    hub: String,
    machines: Vec<Machine>,
}

impl Bridge {
    /// Builds one with so many machines: 10.78.0.1 and so on.
    ///
    /// # Errors
    /// Without root, or when the system refuses.
    pub fn build(machines: u8) -> Result<Self, BridgeError> {
        if !rustix::process::geteuid().is_root() {
            return Err(BridgeError::NotRoot);
        }
        let id = std::process::id();
        let hub = format!("visavis-hub-{id}");
        run(&format!("ip netns add {hub}"))?;
        // From here on dropping it takes everything away.
        let mut bridge = Self { hub, machines: Vec::new() };
        let hub = bridge.hub.clone();
        let in_hub = |line: &str| run(&format!("ip netns exec {hub} {line}"));
        in_hub("ip link add lan type bridge mcast_snooping 0")?;
        in_hub("ip link set lan up")?;
        for n in 1..=machines {
            let namespace = format!("visavis-{id}-{n}");
            run(&format!("ip netns add {namespace}"))?;
            let address = Ipv4Addr::new(10, 78, 0, n);
            bridge.machines.push(Machine { namespace: namespace.clone(), address });
            let peer = format!("peer name lan netns {namespace}");
            run(&format!("ip link add name port{n} netns {hub} type veth {peer}"))?;
            in_hub(&format!("ip link set port{n} master lan up"))?;
            for line in [
                "ip link set lo up".to_owned(),
                format!("ip address add {address}/24 dev lan"),
                "ip link set lan up".to_owned(),
            ] {
                run(&format!("ip netns exec {namespace} {line}"))?;
            }
        }
        Ok(bridge)
    }

    /// The machines, in order.
    #[must_use]
    pub fn machines(&self) -> &[Machine] {
        &self.machines
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        for machine in &self.machines {
            // The interfaces go with it.
            let _ = run(&format!("ip netns delete {}", machine.namespace));
        }
        let _ = run(&format!("ip netns delete {}", self.hub));
    }
}

/// Runs a line whose words are parted by spaces.
fn run(line: &str) -> Result<(), BridgeError> {
    let mut words = line.split(' ');
    let program = words.next().unwrap_or_default();
    let output = std::process::Command::new(program).args(words).output();
    let output =
        output.map_err(|source| BridgeError::Start { program: program.to_owned(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let output =
        String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned();
    Err(BridgeError::Refused { line: line.to_owned(), output })
}
