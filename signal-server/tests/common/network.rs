//! Networks of the test's own: namespaces with interfaces, joined by a bridge or apart. They need
//! the rights of root.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::process::Command;
use std::thread::JoinHandle;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Whether networks can be made here. If not, that is said: the test is left out.
pub(crate) fn can_be_made() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("LEFT OUT: this test makes network namespaces, for which it has to run as root");
    }
    root
}

/// A machine on a network. Dropping it takes its interfaces away.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) namespace: String,
}

impl Machine {
    /// One without a cable.
    pub(crate) fn new(name: &str) -> Self {
        let namespace = format!("visavis-{name}-{}", std::process::id());
        run(&format!("ip netns add {namespace}"));
        let machine = Self { namespace };
        machine.run("ip link set lo up");
        machine
    }

    /// Lays a cable to another, on interfaces of this name, with these addresses.
    pub(crate) fn join(&self, other: &Self, cable: &str, addresses: [&[&str]; 2]) {
        let (this, that) = (&self.namespace, &other.namespace);
        run(&format!(
            "ip link add name {cable} netns {this} type veth peer name {cable} netns {that}"
        ));
        for (machine, addresses) in [self, other].into_iter().zip(addresses) {
            // A link-local IPv6 address would be tentative for seconds.
            machine.run(&format!("sysctl -q net.ipv6.conf.{cable}.accept_dad=0"));
            for address in addresses {
                let family = if address.contains(':') { " nodad" } else { "" };
                machine.run(&format!("ip address add {address} dev {cable}{family}"));
            }
            machine.run(&format!("ip link set {cable} up"));
        }
    }

    /// Runs a line whose words are parted by spaces on this machine.
    pub(crate) fn run(&self, line: &str) {
        run(&format!("ip netns exec {} {line}", self.namespace));
    }

    /// Runs a function on a thread of this machine; threads that it starts are there too.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let namespace = File::open(format!("/run/netns/{}", self.namespace)).unwrap();
        let inside = move || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            work()
        };
        std::thread::Builder::new().name("machine".to_owned()).spawn(inside).unwrap()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "delete", &self.namespace]).status();
    }
}

fn run(line: &str) {
    let mut words = line.split(' ');
    let output = Command::new(words.next().unwrap()).args(words).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}
