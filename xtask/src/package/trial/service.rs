//! The server, started as its unit says.
//!
//! A chroot has no systemd, so the unit is read here: its command line, user, mask, working folder
//! and file of options. The sandbox, which only systemd makes, is left out.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::super::product::SERVER;
use super::fresh::Fresh;
use crate::command;
use crate::error::Error;
use crate::programs::{Running, free_port};

const UNIT: &str = "/usr/lib/systemd/system/visavis-signal-server.service";
const OPTIONS: &str = "/etc/visavis/server.env";
/// What `%S` stands for in the unit of a system (systemd.unit(5)).
const STATE: &str = "/var/lib";
/// Beyond this it hangs.
const SOON: Duration = Duration::from_secs(20);

/// A server that runs.
pub(super) struct Service {
    running: Running,
    /// Where clients find it.
    pub(super) address: String,
    metrics_port: u16,
}

/// What a unit says about how its program is run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Unit {
    command: String,
    user: String,
    mask: String,
    folder: String,
    options: String,
}

impl Unit {
    fn read(text: &str) -> Self {
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            line.unwrap_or_default().replace("%S", STATE)
        };
        Self {
            command: value("ExecStart"),
            user: value("User"),
            mask: value("UMask"),
            folder: value("WorkingDirectory"),
            options: value("EnvironmentFile").trim_start_matches('-').to_owned(),
        }
    }

    /// What the program finds in its environment: the options, and where it may keep things.
    fn environment(&self, options: &str) -> Vec<(String, String)> {
        let mut environment = variables(options);
        environment.push(("STATE_DIRECTORY".to_owned(), self.folder.clone()));
        environment
    }
}

/// The variables of a file of options, as systemd reads it (systemd.exec(5)).
fn variables(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    let pair = |line: &str| {
        let (name, value) = line.split_once('=')?;
        Some((name.to_owned(), value.trim_matches('"').to_owned()))
    };
    lines.filter_map(pair).collect()
}

impl Service {
    /// Starts it on free ports, which its file of options names as an operator would.
    pub(super) async fn start(system: &Fresh) -> Result<Self, Error> {
        let (port, metrics_port) = (free_port().await?, free_port().await?);
        let address = format!("{}:{port}", Ipv4Addr::LOCALHOST);
        let written = system.read(OPTIONS)?;
        if variables(&written).is_empty() {
            let options = format!(
                "{written}VISAVIS_LISTEN={address}\nVISAVIS_STUN_LISTEN=off\n\
                 VISAVIS_METRICS_LISTEN={}:{metrics_port}\nVISAVIS_LOG=warn\n",
                Ipv4Addr::LOCALHOST
            );
            system.write(OPTIONS, options)?;
        }
        let unit = Unit::read(&system.read(UNIT)?);
        let environment = unit.environment(&system.read(&unit.options)?);
        let ports = |name: &str| {
            let (_, address) = environment.iter().find(|(known, _)| known == name)?;
            address.rsplit_once(':')?.1.parse::<u16>().ok()
        };
        let (Some(port), Some(metrics_port)) =
            (ports("VISAVIS_LISTEN"), ports("VISAVIS_METRICS_LISTEN"))
        else {
            return Err(Error::Call("the options of the server did not stay".into()));
        };
        let script = format!("umask {} && cd {} && exec {}", unit.mask, unit.folder, unit.command);
        let command = system.command(&unit.user, &environment, ["sh", "-c", &script]);
        let mut command = tokio::process::Command::from(command);
        command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
        let running = Running::spawn("the server", &mut command)?;
        let address = format!("{}:{port}", Ipv4Addr::LOCALHOST);
        let mut service = Self { running, address, metrics_port };
        let deadline = Instant::now() + SOON;
        while TcpStream::connect(&service.address).await.is_err() {
            if let Some(status) = service.running.has_ended() {
                return Err(Error::Call(format!("the server ended at once ({status})")));
            }
            if Instant::now() > deadline {
                return Err(Error::Call("the server did not listen in time".into()));
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(service)
    }

    /// How many are logged in.
    pub(super) async fn users_online(&self) -> Result<u32, Error> {
        let page = timeout(SOON, self.metrics()).await;
        let page = page.map_err(|_| Error::Call("the server's metrics hang".into()))?;
        let page = page.map_err(Error::file("reading the server's metrics"))?;
        users_in(&page).ok_or_else(|| Error::Answer {
            program: SERVER.to_owned(),
            why: "its metrics do not say who is online".into(),
        })
    }

    async fn metrics(&self) -> std::io::Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.metrics_port)).await?;
        let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await?;
        let mut page = Vec::new();
        stream.read_to_end(&mut page).await?;
        Ok(String::from_utf8_lossy(&page).into_owned())
    }

    /// Has it end as systemd does.
    pub(super) async fn stop(mut self) -> Result<(), Error> {
        super::person::terminate(&self.running)?;
        let status = self.running.ended_within(SOON).await?;
        if status.success() {
            Ok(())
        } else {
            Err(Error::Call(format!("the server did not end as it should ({status})")))
        }
    }
}

fn users_in(metrics: &str) -> Option<u32> {
    metrics.lines().find_map(|line| {
        let (name, value) = line.rsplit_once(' ')?;
        (name == "visavis_users_online").then(|| value.parse().ok())?
    })
}

/// Who owns which name, in what the server keeps.
pub(super) fn names(system: &Fresh) -> Result<String, Error> {
    let unit = Unit::read(&system.read(UNIT)?);
    let environment = unit.environment(&system.read(&unit.options)?);
    let words = [unit.command.as_str(), "names", "list"];
    command::output_of(&mut system.command(&unit.user, &environment, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_of_the_package_says_how_the_server_is_run() {
        let text = super::super::super::read("packaging/visavis-signal-server.service");
        let unit = Unit::read(&text.expect("it is there"));
        assert!(unit.command.ends_with("/visavis-signal-server"), "{unit:?}");
        assert_eq!(unit.folder, "/var/lib/visavis");
        assert_eq!((unit.mask.as_str(), unit.options.as_str()), ("0077", OPTIONS));
    }

    #[test]
    fn options_are_read_as_systemd_reads_them() {
        let text = "# a comment\n\n; another\nA=b\nC=\"d e\"\nno pair\nF=g=h\n";
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(variables(text), [pair("A", "b"), pair("C", "d e"), pair("F", "g=h")]);
        let shipped = super::super::super::read("packaging/server.env").expect("it is there");
        assert_eq!(variables(&shipped), [], "what is shipped changes no default");
    }

    #[test]
    fn who_is_online_is_read_from_the_metrics() {
        let page = "# TYPE visavis_users_online gauge\nvisavis_users_online 2\n";
        assert_eq!(users_in(page), Some(2));
        assert_eq!(users_in("visavis_users 2\n"), None);
    }
}
