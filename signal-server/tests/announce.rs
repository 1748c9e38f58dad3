//! How the server makes itself known on the local network, as another machine on it sees that.
//!
//! Needs the rights of root, to make networks of its own, and for one test Debian's packages
//! `avahi-daemon`, `avahi-utils` and `dbus-daemon`.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;
#[path = "common/network.rs"]
mod network;

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use common::{Client, LONG};
use mdns_sd::{ScopedIp, ServiceDaemon, ServiceEvent};
use network::Machine;
use tempfile::TempDir;
use visavis_shared::nearby::{Announcement, LocalAddress, NearbyServer, SERVICE_TYPE};
use visavis_signal_server::{AnnounceConfig, Config, Timing, start};

/// How long nothing has to be seen, to be sure that nothing comes: announcements come within a
/// second or two.
const NOTHING_FOR: Duration = Duration::from_secs(4);

/// A server on a machine.
struct Program {
    child: Child,
    port: u16,
    stderr: BufReader<ChildStderr>,
    _folder: TempDir,
}

impl Program {
    fn start(machine: &Machine, args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &machine.namespace])
            .arg(env!("CARGO_BIN_EXE_visavis-signal-server"))
            .args(["--stun-listen=off", "--metrics-listen=off", "--log=info", "--data-dir"])
            .arg(folder.path())
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("VISAVIS_")) {
            command.env_remove(name);
        }
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.split(' ').nth(2).and_then(|url| url.rsplit(':').next());
        let port = port.and_then(|port| port.parse().ok()).expect("where it listens");
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, port, stderr, _folder: folder }
    }

    /// Asks it to stop, and waits until it has; what it logged.
    fn stop(mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(&id).status().unwrap().success());
        let mut log = String::new();
        self.stderr.read_to_string(&mut log).unwrap();
        assert!(self.child.wait().unwrap().success(), "{log}");
        log
    }

    /// Waits for a line of its log.
    fn logs(&mut self, words: &str) -> String {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            assert!(self.stderr.read_line(&mut line).unwrap() > 0, "no line with {words:?}");
        }
        line
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a machine sees of the servers round it.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Server(Box<NearbyServer>),
    Gone(String),
}

/// Looks on a machine, as the app does.
fn look(machine: &Machine) -> Receiver<Seen> {
    let (found, receiver) = channel();
    machine.spawn(move || {
        let daemon = ServiceDaemon::new().unwrap();
        let events = daemon.browse(SERVICE_TYPE).unwrap();
        while let Ok(event) = events.recv() {
            let seen = match event {
                ServiceEvent::ServiceResolved(service) => {
                    let addresses = service.get_addresses().iter().map(|address| match address {
                        ScopedIp::V6(v6) => LocalAddress::new(
                            std::net::IpAddr::V6(*v6.addr()),
                            Some(v6.scope_id().index),
                        ),
                        other => LocalAddress::new(other.to_ip_addr(), None),
                    });
                    let strings = service.get_properties().iter();
                    let strings = strings.map(|string| (string.key(), string.val()));
                    let announcement = Announcement::read(strings).unwrap();
                    let server = NearbyServer::new(
                        service.get_fullname(),
                        service.get_port(),
                        addresses,
                        announcement,
                    );
                    Seen::Server(Box::new(server.unwrap()))
                }
                ServiceEvent::ServiceRemoved(_, name) => Seen::Gone(name),
                _ => continue,
            };
            if found.send(seen).is_err() {
                break;
            }
        }
        let _ = daemon.shutdown();
    });
    receiver
}

/// The next server that is seen and is as wanted.
fn server(seen: &Receiver<Seen>, wanted: impl Fn(&NearbyServer) -> bool) -> NearbyServer {
    let end = Instant::now() + LONG;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match seen.recv_timeout(left).expect("a server") {
            Seen::Server(server) if wanted(&server) => return *server,
            _ => {}
        }
    }
}

/// Two machines on one network.
fn neighbours() -> [Machine; 2] {
    let [here, there] = [Machine::new("here"), Machine::new("there")];
    here.join(&there, "cable", [&["10.78.0.1/24"], &["10.78.0.2/24"]]);
    [here, there]
}

#[test]
fn a_neighbour_sees_the_server_and_its_end() {
    if !network::can_be_made() {
        return;
    }
    let [here, there] = neighbours();
    let seen = look(&there);
    let mut program =
        Program::start(&here, &["--listen=0.0.0.0:0", "--announce-name=Anna’s kitchen"]);
    let found = server(&seen, |_| true);
    assert_eq!(found.name().as_str(), "Anna’s kitchen");
    assert_eq!(found.url().unwrap(), format!("ws://10.78.0.1:{}", program.port));
    assert_eq!(found.announcement().online(), Some(0));
    assert!(!found.announcement().tls());
    program.logs("announced on the local network");

    let said = program.stop();
    assert!(!said.contains("WARN"), "{said}");
    let left = seen
        .recv_timeout(Duration::from_secs(3))
        .expect("a goodbye, not the end of a time to live");
    assert!(matches!(&left, Seen::Gone(name) if name.contains("kitchen")), "{left:?}");
}

#[test]
fn how_many_are_logged_in_is_said_again_but_seldom() {
    if !network::can_be_made() {
        return;
    }
    const PEOPLE: u32 = 40;
    let [here, there] = neighbours();
    let seen = look(&there);
    let (done, wait) = channel::<()>();
    let serving = here.spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let timing = Timing { announce: Duration::from_secs(1), ..Timing::default() };
            let config = Config {
                listen: "0.0.0.0:0".parse().unwrap(),
                announce: Some(AnnounceConfig::default()),
                timing,
                ..Config::for_tests()
            };
            let server = start(config).await.unwrap();
            let mut people = Vec::new();
            for number in 0..PEOPLE {
                people.push(Client::log_in(&server.url(), &format!("person{number}")).await);
                // So that they come over more than one renewal.
                tokio::time::sleep(Duration::from_millis(60)).await;
            }
            while wait.try_recv() == Err(TryRecvError::Empty) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            server.shutdown().await;
        });
    });
    let begun = Instant::now();
    let mut numbers = Vec::new();
    while numbers.last() != Some(&PEOPLE) {
        let found = server(&seen, |_| true);
        numbers.extend(found.announcement().online().filter(|now| numbers.last() != Some(now)));
    }
    // Nobody, and then once a second at most.
    let most = 2 + begun.elapsed().as_secs();
    assert!(numbers.len() as u64 <= most && numbers.is_sorted(), "{numbers:?} of {most}");
    drop(done);
    serving.join().unwrap();
}

#[test]
fn two_servers_of_one_name_are_two_rows() {
    if !network::can_be_made() {
        return;
    }
    let [here, there] = neighbours();
    let seen = look(&there);
    let first = Program::start(&here, &["--listen=0.0.0.0:0", "--announce-name=kitchen"]);
    let one = server(&seen, |_| true);
    let second = Program::start(&there, &["--listen=0.0.0.0:0", "--announce-name=kitchen"]);
    let other = server(&seen, |server| server.id() != one.id());
    assert_eq!((one.name().as_str(), other.name().as_str()), ("kitchen", "kitchen (2)"));
    assert_eq!(one.url().unwrap(), format!("ws://10.78.0.1:{}", first.port));
    assert_eq!(other.url().unwrap(), format!("ws://10.78.0.2:{}", second.port));
}

#[test]
fn only_addresses_of_the_local_network_are_announced() {
    if !network::can_be_made() {
        return;
    }
    let [here, there] = [Machine::new("here"), Machine::new("there")];
    let addresses: [&[&str]; 2] = [
        &["10.78.0.1/24", "203.0.113.7/24", "fd00:78::1/64", "2001:db8::1/64"],
        &["10.78.0.2/24", "203.0.113.8/24", "fd00:78::2/64", "2001:db8::2/64"],
    ];
    here.join(&there, "cable", addresses);
    let seen = look(&there);
    let program = Program::start(&here, &["--listen=[::]:0", "--announce-name=kitchen"]);
    let ours = |server: &NearbyServer| {
        let addresses = server.addresses().iter();
        addresses.map(|(address, _)| address.to_string()).collect::<Vec<_>>()
    };
    // The link-local address is the interface's own.
    let found = server(&seen, |server| ours(server).len() >= 3);
    let found = ours(&found);
    assert_eq!(found[..2], ["10.78.0.1", "fd00:78::1"]);
    assert!(found[2..].iter().all(|address| address.starts_with("fe80:")), "{found:?}");
    drop(program);
}

#[test]
fn nothing_is_announced_across_a_router_or_to_the_internet() {
    if !network::can_be_made() {
        return;
    }
    let [here, router, there] = ["here", "router", "there"].map(Machine::new);
    here.join(&router, "near", [&["10.78.0.1/24"], &["10.78.0.254/24"]]);
    there.join(&router, "far", [&["10.79.0.1/24"], &["10.79.0.254/24"]]);
    here.join(&there, "net", [&["203.0.113.7/24"], &["203.0.113.8/24"]]);
    router.run("sysctl -q net.ipv4.ip_forward=1");
    for (machine, route) in
        [(&here, "10.79.0.0/24 via 10.78.0.254"), (&there, "10.78.0.0/24 via 10.79.0.254")]
    {
        machine.run(&format!("ip route add {route}"));
    }
    let (near, far) = (look(&router), look(&there));
    let program = Program::start(&here, &["--listen=0.0.0.0:0"]);
    let address = std::net::SocketAddr::from(([10, 78, 0, 1], program.port));
    let reached = there.spawn(move || std::net::TcpStream::connect(address).is_ok());
    assert!(reached.join().unwrap(), "the router passes on what is not multicast");
    server(&near, |_| true);
    assert_eq!(far.recv_timeout(NOTHING_FOR).ok(), None, "neither a router nor a public address");
    drop(program);
}

#[test]
fn whoever_can_not_announce_serves_all_the_same_and_says_so_once() {
    if !network::can_be_made() {
        return;
    }
    let [here, there] = neighbours();
    // A program that does not share the port.
    let (taken, wait) = channel::<()>();
    let holder = here.spawn(move || {
        let socket = std::net::UdpSocket::bind("0.0.0.0:5353").unwrap();
        let _ = wait.recv();
        drop(socket);
    });
    std::thread::sleep(Duration::from_millis(200));
    let seen = look(&there);
    let program = Program::start(&here, &["--listen=0.0.0.0:0"]);
    let address = std::net::SocketAddr::from(([10, 78, 0, 1], program.port));
    let answered = there.spawn(move || {
        use std::io::Write as _;
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answered.join().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(seen.recv_timeout(NOTHING_FOR).ok(), None);
    let log = program.stop();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(warnings.len(), 1, "{log}");
    assert!(warnings[0].contains("not announced on the local network"), "{log}");
    assert!(warnings[0].contains("5353"), "{log}");
    drop(taken);
    holder.join().unwrap();
}

#[test]
fn who_does_not_want_to_be_known_or_can_not_be_reached_is_not_announced() {
    if !network::can_be_made() {
        return;
    }
    let [here, there] = neighbours();
    let seen = look(&there);
    let quiet = Program::start(&here, &["--listen=0.0.0.0:0", "--announce=off"]);
    let alone = Program::start(&here, &["--listen=127.0.0.1:0"]);
    assert_eq!(seen.recv_timeout(NOTHING_FOR).ok(), None);
    for program in [quiet, alone] {
        let log = program.stop();
        assert!(!log.contains("announce") && !log.contains("WARN"), "{log}");
    }
}

/// Avahi on a machine, with a bus of its own.
struct Avahi {
    namespace: String,
    bus: String,
    processes: Vec<Child>,
    _folder: TempDir,
}

impl Avahi {
    fn start(machine: &Machine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let bus = format!("unix:path={}", at("bus"));
        let bus_file = format!(
            "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
             \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\"><busconfig><type>system</type>\
             <listen>{bus}</listen><auth>EXTERNAL</auth><policy context=\"default\"><allow user=\"*\"/>\
             <allow own=\"*\"/><allow send_type=\"*\"/><allow receive_type=\"*\"/>\
             <allow send_destination=\"*\"/></policy></busconfig>"
        );
        std::fs::write(at("bus.conf"), bus_file).unwrap();
        std::fs::write(at("avahi.conf"), "[server]\nhost-name=there\nallow-interfaces=cable\n")
            .unwrap();
        let quiet = |command: &mut Command| {
            let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().expect("install dbus-daemon, avahi-daemon and avahi-utils")
        };
        let daemon = quiet(Command::new("dbus-daemon").args([
            format!("--config-file={}", at("bus.conf")),
            "--nofork".to_owned(),
            "--nopidfile".to_owned(),
        ]));
        let begun = Instant::now();
        while !std::path::Path::new(&at("bus")).exists() {
            assert!(begun.elapsed() < LONG, "no bus");
            std::thread::sleep(Duration::from_millis(20));
        }
        // It keeps its number where another one may run.
        let alone = format!(
            "mkdir -p /run/avahi-daemon; mount -t tmpfs none /run/avahi-daemon; exec avahi-daemon -f {} \
             --no-drop-root --no-rlimits --no-chroot",
            at("avahi.conf")
        );
        let avahi = quiet(
            Command::new("ip")
                .args([
                    "netns",
                    "exec",
                    &machine.namespace,
                    "unshare",
                    "--mount",
                    "sh",
                    "-c",
                    &alone,
                ])
                .env("DBUS_SYSTEM_BUS_ADDRESS", &bus),
        );
        let namespace = machine.namespace.clone();
        Self { namespace, bus, processes: vec![avahi, daemon], _folder: folder }
    }

    /// The lines of its browser about what it resolved.
    fn browse(&self) -> Vec<String> {
        let output = Command::new("ip")
            .args(["netns", "exec", &self.namespace, "avahi-browse"])
            .args(["--parsable", "--resolve", "--terminate", "_visavis._tcp"])
            .env("DBUS_SYSTEM_BUS_ADDRESS", &self.bus)
            .output()
            .unwrap();
        let lines = String::from_utf8(output.stdout).unwrap();
        lines.lines().filter(|line| line.starts_with('=')).map(str::to_owned).collect()
    }

    fn browse_until(&self, is_right: impl Fn(&[String]) -> bool) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let lines = self.browse();
            if is_right(&lines) || begun.elapsed() > LONG {
                return lines;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Avahi {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

#[test]
fn avahi_finds_the_server_and_loses_it_when_it_ends() {
    if !network::can_be_made() {
        return;
    }
    let [here, there] = neighbours();
    let avahi = Avahi::start(&there);
    let program = Program::start(&here, &["--listen=0.0.0.0:0", "--announce-name=kitchen"]);
    let lines = avahi.browse_until(|lines| !lines.is_empty());
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    let fields: Vec<_> = line.split(';').collect();
    assert_eq!(fields[1..6], ["cable", "IPv4", "kitchen", "_visavis._tcp", "local"]);
    assert_eq!(fields[7..9], ["10.78.0.1".to_owned(), program.port.to_string()]);
    for string in ["\"v=1\"", "\"tls=off\"", "\"online=0\"", "\"id="] {
        assert!(fields[9].contains(string), "{line}");
    }
    program.stop();
    assert_eq!(avahi.browse_until(<[String]>::is_empty), [""; 0]);
}
