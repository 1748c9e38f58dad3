//! How Redis is reached: what `--redis` takes.
//!
//! In goes a URL, out comes an [`Address`] or words that say what is wrong with it. A URL may hold
//! a password, so no text that is made of it here shows more than the hosts.

use std::fmt;
use std::str::FromStr;

use redis::{
    ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion, RedisConnectionInfo,
};

/// The port of a sentinel that is given without one.
const SENTINEL_PORT: u16 = 26379;

/// Why a text is no URL of a Redis.
#[expect(missing_docs, reason = "the texts say what is wrong")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    #[error(
        "it must begin with redis://, rediss://, redis+sentinel://, rediss+sentinel://, redis+cluster:// or \
         rediss+cluster://"
    )]
    Scheme,
    #[error("it names no host: write it as redis://HOST:PORT")]
    NoHost,
    #[error("it names no service: write it as redis+sentinel://HOST:PORT,HOST:PORT/SERVICE")]
    NoService,
    #[error("a Redis Cluster has no numbered databases: leave out what follows the hosts")]
    Database,
    #[error("it can't be read: {0}")]
    Other(String),
}

/// Where Redis is, and what kind of it.
#[derive(Clone)]
pub struct RedisUrl(Address);

/// The three kinds of Redis.
#[derive(Clone)]
pub(super) enum Address {
    /// One server.
    Single(ConnectionInfo),
    /// Several, one of which these sentinels know to be the master.
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        service: String,
        redis: RedisConnectionInfo,
        tls: bool,
    },
    /// A Redis Cluster that these belong to.
    Cluster(Vec<ConnectionInfo>),
}

impl RedisUrl {
    pub(super) fn address(&self) -> &Address {
        &self.0
    }

    /// The same, with a password for the servers.
    pub(super) fn with_password(self, password: &str) -> Self {
        let into = |info: ConnectionInfo| {
            let settings = info.redis_settings().clone().set_password(password);
            info.set_redis_settings(settings)
        };
        Self(match self.0 {
            Address::Single(info) => Address::Single(into(info)),
            Address::Sentinel { sentinels, service, redis, tls } => {
                Address::Sentinel { sentinels, service, redis: redis.set_password(password), tls }
            }
            Address::Cluster(infos) => Address::Cluster(infos.into_iter().map(into).collect()),
        })
    }

    /// Whether it holds a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        let has = |info: &ConnectionInfo| info.redis_settings().password().is_some();
        match &self.0 {
            Address::Single(info) => has(info),
            Address::Sentinel { redis, .. } => redis.password().is_some(),
            Address::Cluster(infos) => infos.iter().any(has),
        }
    }
}

impl FromStr for RedisUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let (scheme, kind) = scheme.split_once('+').unwrap_or((scheme, ""));
        let tls = match scheme {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            _ => return Err(UrlError::Scheme),
        };
        match kind {
            "" => Ok(Self(Address::Single(one(tls, rest)?))),
            "sentinel" => sentinel(tls, rest).map(Self),
            "cluster" => cluster(tls, rest).map(Self),
            _ => Err(UrlError::Scheme),
        }
    }
}

/// The user, the hosts and the path of `user:password@host:port,host:port/path`.
fn several(rest: &str) -> Result<(&str, Vec<&str>, &str), UrlError> {
    let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, hosts) = hosts.rsplit_once('@').unwrap_or(("", hosts));
    let hosts: Vec<_> = hosts.split(',').map(str::trim).collect();
    if hosts.iter().any(|host| host.is_empty()) {
        return Err(UrlError::NoHost);
    }
    Ok((user, hosts, path))
}

fn sentinel(tls: bool, rest: &str) -> Result<Address, UrlError> {
    let (user, hosts, path) = several(rest)?;
    let (service, database) = path.split_once('/').unwrap_or((path, ""));
    if service.is_empty() {
        return Err(UrlError::NoService);
    }
    let sentinels = hosts.iter().map(|host| {
        let mut sentinel = one(tls, host)?;
        if !has_port(host) {
            sentinel = with_port(sentinel, SENTINEL_PORT);
        }
        // Sentinels of before Redis 6.2 speak the old protocol only, and the answer is the same.
        let settings = sentinel.redis_settings().clone().set_protocol(ProtocolVersion::RESP2);
        Ok(sentinel.set_redis_settings(settings))
    });
    let sentinels = sentinels.collect::<Result<_, UrlError>>()?;
    // Read by the same rules as for one server.
    let host = if user.is_empty() { "host".to_owned() } else { format!("{user}@host") };
    let redis = one(tls, &format!("{host}/{database}"))?.redis_settings().clone();
    Ok(Address::Sentinel { sentinels, service: service.to_owned(), redis, tls })
}

fn cluster(tls: bool, rest: &str) -> Result<Address, UrlError> {
    let (user, hosts, path) = several(rest)?;
    if !path.is_empty() {
        return Err(UrlError::Database);
    }
    let named =
        |host: &&str| if user.is_empty() { (*host).to_owned() } else { format!("{user}@{host}") };
    hosts.iter().map(|host| one(tls, &named(host))).collect::<Result<_, _>>().map(Address::Cluster)
}

/// One server, by the rules of the library.
fn one(tls: bool, rest: &str) -> Result<ConnectionInfo, UrlError> {
    if rest.is_empty() {
        return Err(UrlError::NoHost);
    }
    let scheme = if tls { "rediss" } else { "redis" };
    let info = format!("{scheme}://{rest}").as_str().into_connection_info();
    // The library's words hold neither user nor password.
    let info = info.map_err(|error| UrlError::Other(error.to_string()))?;
    // The newer protocol brings messages over the connection that commands go over: one order for
    // both.
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(settings))
}

fn has_port(host: &str) -> bool {
    // An IPv6 address is in brackets.
    host.rsplit_once(']').map_or(host, |(_, after)| after).contains(':')
}

fn with_port(info: ConnectionInfo, port: u16) -> ConnectionInfo {
    let addr = match info.addr().clone() {
        ConnectionAddr::Tcp(host, _) => ConnectionAddr::Tcp(host, port),
        ConnectionAddr::TcpTls { host, insecure, tls_params, .. } => {
            ConnectionAddr::TcpTls { host, port, insecure, tls_params }
        }
        other => other,
    };
    info.set_addr(addr)
}

fn host_and_port(addr: &ConnectionAddr) -> String {
    match addr {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
        }
        other => other.to_string(),
    }
}

/// The hosts, and nothing that is secret.
impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, infos, after): (_, &[ConnectionInfo], _) = match &self.0 {
            Address::Single(info) => ("", std::slice::from_ref(info), String::new()),
            Address::Sentinel { sentinels, service, .. } => {
                ("sentinels ", sentinels, format!(" for {service}"))
            }
            Address::Cluster(infos) => ("cluster ", infos, String::new()),
        };
        let hosts: Vec<_> = infos.iter().map(|info| host_and_port(info.addr())).collect();
        write!(f, "{before}{}{after}", hosts.join(", "))
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}

/// Two URLs are the same when they lead to the same place; who goes there is nobody's business.
impl PartialEq for RedisUrl {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for RedisUrl {}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, UrlError> {
        text.parse::<RedisUrl>().map(|url| url.to_string())
    }

    #[test]
    fn every_kind_of_redis_has_its_url() {
        for (text, hosts) in [
            ("redis://redis.example", "redis.example:6379"),
            ("rediss://redis.example:7000/3", "redis.example:7000"),
            ("redis://[::1]:6380", "[::1]:6380"),
            ("redis+sentinel://a,b:1,[::1]/main", "sentinels a:26379, b:1, [::1]:26379 for main"),
            ("rediss+sentinel://a:1/main/2", "sentinels a:1 for main"),
            ("redis+cluster://a:1,b:2", "cluster a:1, b:2"),
            ("valkeys+cluster://a", "cluster a:6379"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(hosts), "{text}");
        }
    }

    #[test]
    fn user_password_and_database_go_to_the_servers_and_are_never_shown() {
        let secret = "s3cret%40";
        for text in [
            "redis://ann:{}@a/3",
            "redis+sentinel://ann:{}@a,b/main/3",
            "redis+cluster://ann:{}@a,b",
        ] {
            let url: RedisUrl = text.replace("{}", secret).parse().unwrap();
            assert!(!format!("{url} {url:?}").contains("s3cret"), "{url:?}");
            let (settings, database) = match url.address() {
                Address::Single(info) => (info.redis_settings(), 3),
                Address::Sentinel { redis, sentinels, .. } => {
                    assert_eq!(
                        sentinels[0].redis_settings().password(),
                        None,
                        "sentinels are not the servers"
                    );
                    (redis, 3)
                }
                Address::Cluster(infos) => (infos[1].redis_settings(), 0),
            };
            let said = (settings.username(), settings.password(), settings.db());
            assert_eq!(said, (Some("ann"), Some("s3cret@"), database), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused_with_words() {
        for (text, error) in [
            ("localhost:6379", UrlError::Scheme),
            ("http://localhost", UrlError::Scheme),
            ("redis+ring://localhost", UrlError::Scheme),
            ("redis://", UrlError::NoHost),
            ("redis+sentinel://a,,b/main", UrlError::NoHost),
            ("redis+sentinel://a,b", UrlError::NoService),
            ("redis+cluster://a/3", UrlError::Database),
        ] {
            assert_eq!(shown(text), Err(error), "{text}");
        }
        assert!(matches!(shown("redis://a/many"), Err(UrlError::Other(_))));
        let words = shown("redis://ann:s3cret@a/many").unwrap_err().to_string();
        assert!(!words.contains("s3cret"), "{words}");
    }
}
