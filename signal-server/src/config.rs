//! What can be set, on the command line or in the environment, and what it is set to.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::builder::ArgPredicate;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser};
use visavis_about::{VERSION, VERSION_LINE};

use crate::acme::{AcmeConfig, AcmeOptions};
use crate::admission::origin::Origin;
use crate::admission::proxy::Network;
use crate::admission::tls::TlsFiles;
use crate::admission::web_page::WebSwitch;
use crate::announce::{AnnounceConfig, AnnounceOptions};
use crate::cluster::redis::{RedisConfig, RedisOptionError, RedisOptions};
use crate::ice::RelayConfig;
use crate::limits::timing::{Timing, TimingOptions};
use crate::limits::{LimitOptions, Limits};
use crate::names::{MissedCallsSwitch, NamesConfig, NamesOptions};
use crate::names_command::Command;
use crate::observability::logging::{LogNames, LogOptions};

/// Everything that a server needs to know to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where WebSocket connections are accepted.
    pub listen: SocketAddr,
    /// Where STUN is answered, if it is.
    pub stun: Option<SocketAddr>,
    /// Relays, and what clients are told of them.
    pub relay: RelayConfig,
    /// Whether clients may ask who is online.
    pub directory: bool,
    /// How much of everything there may be.
    pub limits: Limits,
    /// How long things may take.
    pub timing: Timing,
    /// The certificate's files, if connections are encrypted with one of the operator's.
    pub tls: Option<TlsFiles>,
    /// How to get a certificate, if connections are encrypted with one that the server gets.
    pub acme: Option<AcmeConfig>,
    /// The proxies that are believed when they say whom they bring.
    pub trusted_proxies: Vec<Network>,
    /// The sites whose pages may connect; all of them when it is empty.
    pub origins: Vec<Origin>,
    /// Whether the guest page is served at `/`.
    pub web: bool,
    /// Where the metrics are, if they are anywhere.
    pub metrics: Option<SocketAddr>,
    /// How the server makes itself known on the local network, if it does.
    pub announce: Option<AnnounceConfig>,
    /// How names stand in the log.
    pub log_names: LogNames,
    /// Where it is remembered who owns which name, and who may do without owning one.
    pub names: NamesConfig,
    /// Whether the owners of names are told who called while they were away.
    pub missed_calls: bool,
    /// How to find the other nodes, if this one is not the whole server.
    pub redis: Option<RedisConfig>,
}

impl Config {
    /// On loopback, on ports that the system chooses, with room for as many connections, logins and
    /// messages as a test makes.
    #[must_use]
    pub fn for_tests() -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: any_port,
            stun: Some(any_port),
            relay: RelayConfig::default(),
            directory: true,
            limits: Limits {
                connections: 10_000,
                connections_per_address: 10_000,
                logins: None,
                joins: None,
                messages: None,
                ..Limits::default()
            },
            timing: Timing::default(),
            tls: None,
            acme: None,
            trusted_proxies: Vec::new(),
            origins: Vec::new(),
            web: true,
            metrics: Some(any_port),
            announce: None,
            log_names: LogNames::Hashed,
            names: NamesConfig::for_tests(),
            missed_calls: true,
            redis: None,
        }
    }
}

impl Config {
    /// As a server has it without any option, but with names kept as is said and without metrics:
    /// for a server inside another program.
    #[must_use]
    pub fn without_options(names: NamesConfig) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 9090)),
            stun: Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 3478))),
            limits: Limits::default(),
            metrics: None,
            names,
            ..Self::for_tests()
        }
    }
}

/// Introduces two people who want to talk, and then stays out of the way: calls go directly between
/// them.
///
/// Needs no options. Stop it with Ctrl-C; calls that are under way go on without it.
#[derive(Debug, Clone, Parser)]
#[command(name = "visavis-signal-server", max_term_width = 100)]
#[command(version = VERSION, long_version = VERSION_LINE)]
pub struct Options {
    /// Address and port for WebSocket connections (TCP). 0.0.0.0 is every IPv4 address of this
    /// machine. With --acme the port is 443 unless it is given here.
    #[arg(
        long,
        env = "VISAVIS_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "0.0.0.0:9090",
        default_value_if("acme", ArgPredicate::IsPresent, "0.0.0.0:443"),
        help_heading = "Network"
    )]
    pub listen: SocketAddr,

    /// Address and port of the STUN server (UDP), by which callers learn their public address, or
    /// "off". If the port is taken, the server says so and goes on without.
    #[arg(
        long,
        env = "VISAVIS_STUN_LISTEN",
        value_name = "ADDRESS:PORT|off",
        default_value = "0.0.0.0:3478",
        value_parser = address_or_off("0.0.0.0:3478"),
        help_heading = "Network"
    )]
    pub stun_listen: OptionalAddress,

    /// The options about relays.
    #[command(flatten)]
    pub relay: RelayConfig,

    /// Do not tell anyone who is online. People can still call those whose name they know.
    #[arg(long, env = "VISAVIS_NO_DIRECTORY", help_heading = "Privacy")]
    pub no_directory: bool,

    /// The certificate with its chain, in PEM form. With it the server speaks TLS only (wss://). A
    /// file that changes is taken up within seconds, and on SIGHUP at once; nobody is disconnected.
    #[arg(
        long,
        env = "VISAVIS_TLS_CERT",
        value_name = "PEM",
        requires = "tls_key",
        help_heading = "Encryption"
    )]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's private key, in PEM form.
    #[arg(
        long,
        env = "VISAVIS_TLS_KEY",
        value_name = "PEM",
        requires = "tls_cert",
        help_heading = "Encryption"
    )]
    pub tls_key: Option<PathBuf>,

    /// The options about a certificate that the server gets by itself.
    #[command(flatten)]
    pub acme: AcmeOptions,

    /// The addresses of your reverse proxies, such as 127.0.0.1 or 10.0.0.0/8, separated by commas.
    /// From these, and only from these, X-Forwarded-For is believed, so that the limits count the
    /// clients' addresses and not the proxy's.
    #[arg(
        long,
        env = "VISAVIS_TRUSTED_PROXY",
        value_name = "CIDR,CIDR…",
        value_delimiter = ',',
        help_heading = "Network"
    )]
    pub trusted_proxy: Vec<Network>,

    /// A web site whose pages may connect, such as <https://calls.example.org>. Give it once for
    /// each site; without it, pages of every site may. Programs that are no browsers are not asked.
    #[arg(
        long,
        env = "VISAVIS_ALLOW_ORIGIN",
        value_name = "URL",
        value_delimiter = ',',
        help_heading = "Privacy"
    )]
    pub allow_origin: Vec<Origin>,

    /// Whether people without the app can call from a page that is served at /: on or off. It needs
    /// encryption, or a browser on this machine, for camera and microphone.
    #[arg(
        long,
        env = "VISAVIS_WEB",
        value_name = "SWITCH",
        default_value = "on",
        help_heading = "Network"
    )]
    pub web: WebSwitch,

    /// The options about the local network.
    #[command(flatten)]
    pub announce: AnnounceOptions,

    /// How much of everything there may be.
    #[command(flatten)]
    pub limits: LimitOptions,

    /// How long things may take.
    #[command(flatten)]
    pub timing: TimingOptions,

    /// Address and port of the page with metrics for Prometheus (/metrics; also /healthz and
    /// /readyz), or "off". If the port is taken, the server says so and goes on without.
    #[arg(
        long,
        env = "VISAVIS_METRICS_LISTEN",
        value_name = "ADDRESS:PORT|off",
        default_value = "127.0.0.1:9091",
        value_parser = address_or_off("127.0.0.1:9091"),
        help_heading = "Network"
    )]
    pub metrics_listen: OptionalAddress,

    /// What is logged, and how.
    #[command(flatten)]
    pub log: LogOptions,

    /// The options about other nodes.
    #[command(flatten)]
    pub redis: RedisOptions,

    /// The options about names.
    #[command(flatten)]
    pub names: NamesOptions,

    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The command that examines what a server with the same options needs.
const CHECK: &str = "check";

impl Options {
    /// The command line, on which `check` takes the options of the server.
    #[must_use]
    pub fn program() -> clap::Command {
        let program = Self::command();
        // Those that every command takes are handed down by themselves.
        let own = program.get_arguments().filter(|option| !option.is_global_set());
        let own: Vec<_> = own.cloned().collect();
        program.mut_subcommand(CHECK, |check| check.args(own))
    }

    /// Reads what [`Options::program`] found.
    ///
    /// # Errors
    /// When options of the server stand before `check`, where they would not be looked at.
    pub fn read(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let Some((CHECK, own)) = matches.subcommand() else {
            return Self::from_arg_matches(matches);
        };
        let program = Self::command();
        let misplaced = program.get_arguments().find(|option| {
            let source = matches.value_source(option.get_id().as_str());
            !option.is_global_set() && source == Some(ValueSource::CommandLine)
        });
        if let Some(option) = misplaced {
            let words =
                format!("give --{} behind {CHECK}\n", option.get_long().unwrap_or_default());
            return Err(clap::Error::raw(ErrorKind::ArgumentConflict, words));
        }
        Ok(Self { command: Some(Command::Check), ..Self::from_arg_matches(own)? })
    }

    /// The configuration that the options make.
    ///
    /// # Errors
    /// When those about other nodes do not go together.
    pub fn config(&self) -> Result<Config, RedisOptionError> {
        Ok(Config {
            listen: self.listen,
            stun: self.stun_listen,
            relay: self.relay.clone(),
            directory: !self.no_directory,
            limits: self.limits.limits(),
            timing: self.timing.timing(),
            tls: self
                .tls_cert
                .clone()
                .zip(self.tls_key.clone())
                .map(|(certificate, key)| TlsFiles { certificate, key }),
            acme: self.acme.config(self.names.folder()),
            trusted_proxies: self.trusted_proxy.clone(),
            origins: self.allow_origin.clone(),
            web: self.web == WebSwitch::On,
            metrics: self.metrics_listen,
            announce: self.announce.config(),
            log_names: self.log.log_names,
            names: self.names.config(),
            missed_calls: self.names.missed_calls == MissedCallsSwitch::On,
            redis: self.redis.config()?,
        })
    }
}

/// An address, or nothing for "off". An alias, so that clap takes it for one value and not for an
/// option that may be left out.
type OptionalAddress = Option<SocketAddr>;

fn address_or_off(
    example: &'static str,
) -> impl Fn(&str) -> Result<OptionalAddress, String> + Clone {
    move |text| {
        if text.eq_ignore_ascii_case("off") {
            return Ok(None);
        }
        text.parse()
            .map(Some)
            .map_err(|_| format!("it must be an address with a port, such as {example}, or off"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Config, clap::Error> {
        let args = ["visavis-signal-server"].iter().chain(args);
        Options::try_parse_from(args).map(|options| options.config().unwrap())
    }

    #[test]
    fn no_option_is_needed() {
        let config = parse(&[]).unwrap();
        assert_eq!(config.listen, "0.0.0.0:9090".parse().unwrap());
        assert_eq!(config.stun, Some("0.0.0.0:3478".parse().unwrap()));
        assert!(config.directory && config.missed_calls && config.web);
        assert_eq!((config.limits, config.timing), (Limits::default(), Timing::default()));
        assert_eq!(
            (config.tls, config.trusted_proxies, config.origins),
            (None, Vec::new(), Vec::new())
        );
        assert_eq!(config.metrics, Some("127.0.0.1:9091".parse().unwrap()));
        assert_eq!(config.log_names, LogNames::Hashed);
        assert_eq!(config.acme, None);
        assert_eq!(config.announce, Some(AnnounceConfig::default()));
    }

    #[test]
    fn a_server_inside_another_program_has_what_one_has_without_options() {
        let names = NamesConfig::in_folder(std::path::Path::new("/names"));
        let inside = Config::without_options(names.clone());
        let own = parse(&[]).unwrap();
        let announce = inside.announce.clone();
        assert_eq!(inside, Config { names, metrics: None, announce, ..own });
    }

    #[test]
    fn every_option_does_what_it_says() {
        let config = parse(&[
            "--listen=[::1]:9000",
            "--stun-listen=OFF",
            "--no-directory",
            "--tls-cert=cert.pem",
            "--tls-key=key.pem",
            "--trusted-proxy=127.0.0.1,10.0.0.0/8",
            "--allow-origin=https://a.example",
            "--allow-origin=https://b.example:8443/",
            "--max-connections=7",
            "--max-connections-per-address=3",
            "--idle-timeout=1m",
            "--metrics-listen=off",
            "--log-names=plain",
            "--missed-calls=off",
            "--web=off",
        ])
        .unwrap();
        assert_eq!(config.listen, "[::1]:9000".parse().unwrap());
        assert_eq!(config.stun, None);
        assert!(!config.directory && !config.missed_calls && !config.web);
        assert_eq!(
            config.tls,
            Some(TlsFiles { certificate: "cert.pem".into(), key: "key.pem".into() })
        );
        assert_eq!(
            config.trusted_proxies,
            ["127.0.0.1", "10.0.0.0/8"].map(|text| text.parse().unwrap())
        );
        assert_eq!(
            config.origins,
            ["https://a.example", "https://b.example:8443"].map(|text| text.parse().unwrap())
        );
        assert_eq!(
            config.limits,
            Limits { connections: 7, connections_per_address: 3, ..Limits::default() }
        );
        assert_eq!(config.timing.idle, std::time::Duration::from_secs(60));
        assert_eq!((config.metrics, config.log_names), (None, LogNames::Plain));
    }

    #[test]
    fn a_name_is_all_that_a_public_server_needs() {
        let config = parse(&["--acme=Calls.example.org", "--data-dir=/data"]).unwrap();
        assert_eq!(config.listen, "0.0.0.0:443".parse().unwrap());
        let acme = config.acme.unwrap();
        assert_eq!(acme.domain.as_str(), "calls.example.org");
        assert_eq!((acme.email, acme.ca), (None, None));
        assert_eq!(acme.folder, PathBuf::from("/data"));
        assert_eq!(acme.directory.authority(), "acme-v02.api.letsencrypt.org");
        let config = parse(&["--acme=a.org", "--listen=[::]:9090"]).unwrap();
        assert_eq!(config.listen, "[::]:9090".parse().unwrap());
        for args in [
            &["--acme=a.org", "--tls-cert=c", "--tls-key=k"][..],
            &["--acme-email=me@a.org"],
            &["--acme=localhost"],
        ] {
            assert!(parse(args).is_err(), "{args:?}");
        }
    }

    #[test]
    fn a_check_takes_the_options_of_the_server_behind_it() {
        let read = |args: &[&str]| {
            let args = ["visavis-signal-server"].iter().chain(args);
            Options::program()
                .try_get_matches_from(args)
                .and_then(|matches| Options::read(&matches))
        };
        let args = ["--acme=calls.example.org", "--stun-listen=off", "--data-dir=/data"];
        let checked = read(&[&["check"], &args[..]].concat()).unwrap();
        assert!(matches!(checked.command, Some(Command::Check)));
        assert_eq!(checked.config().unwrap(), parse(&args).unwrap());
        assert_eq!(read(&["check"]).unwrap().config().unwrap(), parse(&[]).unwrap());
        // Where it would be overlooked it is refused; where each command takes it, it counts.
        let error = read(&["--stun-listen=off", "check"]).unwrap_err().to_string();
        assert!(error.contains("give --stun-listen behind check"), "{error}");
        let handed_down = read(&["--data-dir=/data", "check"]).unwrap();
        assert_eq!(handed_down.names.folder(), PathBuf::from("/data"));
        assert!(read(&["check", "--nonsense"]).is_err());
    }

    #[test]
    fn what_is_no_address_is_refused_with_words() {
        let error = parse(&["--stun-listen=here"]).unwrap_err().to_string();
        assert!(error.contains("such as 0.0.0.0:3478, or off"), "{error}");
        assert!(parse(&["--listen=9090"]).is_err());
        assert!(parse(&["--max-connections=-1"]).is_err());
        let error = parse(&["--tls-cert=cert.pem"]).unwrap_err().to_string();
        assert!(error.contains("--tls-key"), "{error}");
    }

    #[test]
    fn every_option_has_a_heading_an_explanation_and_a_variable() {
        Options::command().debug_assert();
        for option in Options::command().get_arguments() {
            let name = option.get_long().unwrap().replace('-', "_");
            assert!(option.get_help().is_some(), "{name}");
            assert!(option.get_help_heading().is_some(), "{name}");
            let variable = option.get_env().and_then(|v| v.to_str()).unwrap();
            assert_eq!(variable, format!("VISAVIS_{}", name.to_uppercase()));
        }
    }
}
