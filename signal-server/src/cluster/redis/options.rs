//! What the command line and the environment say about the other nodes.

use std::time::Duration;

use clap::Args;

use super::url::RedisUrl;

/// How long a name stays a node's that does not renew it.
const LEASE: Duration = Duration::from_secs(30);

/// The options about other nodes.
#[derive(Debug, Clone, Args)]
pub struct RedisOptions {
    /// The Redis (7 or later) that makes this server one with all others that name the same:
    /// redis://HOST:PORT, rediss:// for TLS, redis+sentinel://HOST:PORT,HOST:PORT/SERVICE or
    /// redis+cluster://HOST:PORT,HOST:PORT, each with USER:PASSWORD@ before the hosts where Redis
    /// wants it. Who owns which name is then kept there too. Without it, this server is on its own.
    #[arg(
        long,
        env = "VISAVIS_REDIS",
        hide_env_values = true,
        value_name = "URL",
        global = true,
        help_heading = "More than one machine"
    )]
    pub redis: Option<RedisUrl>,

    /// What the names of all keys and channels in Redis begin with. Servers with different ones
    /// know nothing of each other.
    #[arg(
        long,
        env = "VISAVIS_REDIS_PREFIX",
        value_name = "TEXT",
        default_value = "visavis:",
        value_parser = prefix,
        global = true,
        help_heading = "More than one machine"
    )]
    pub redis_prefix: String,
}

/// Braces say which part of a Redis Cluster a key is in, and are ours.
fn prefix(text: &str) -> Result<String, String> {
    if text.contains(['{', '}']) || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("it can't hold braces, spaces or control characters".into());
    }
    Ok(text.to_owned())
}

impl RedisOptions {
    /// The configuration that the options make.
    #[must_use]
    pub fn config(&self) -> Option<RedisConfig> {
        let url = self.redis.clone()?;
        Some(RedisConfig { url, prefix: self.redis_prefix.clone(), lease: LEASE })
    }
}

/// What a server needs to know about the other nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// Where Redis is.
    pub url: RedisUrl,
    /// What the names of all keys begin with.
    pub prefix: String,
    /// How long a name stays a node's that does not renew it. All nodes should agree.
    pub lease: Duration,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        redis: RedisOptions,
    }

    fn parse(args: &[&str]) -> Result<Option<RedisConfig>, String> {
        let args = ["server"].iter().chain(args);
        Program::try_parse_from(args)
            .map(|program| program.redis.config())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn without_a_url_a_server_is_on_its_own() {
        assert_eq!(parse(&["--redis-prefix=x:"]), Ok(None));
    }

    #[test]
    fn a_url_and_a_prefix_are_taken() {
        let config = parse(&["--redis=redis://:secret@a:1", "--redis-prefix=x:"]).unwrap().unwrap();
        let said = (config.url.to_string(), config.prefix.as_str(), config.lease);
        assert_eq!(said, ("a:1".to_owned(), "x:", Duration::from_secs(30)));
        assert!(!format!("{config:?}").contains("secret"));
    }

    #[test]
    fn what_can_not_be_is_refused_with_words() {
        assert!(parse(&["--redis=localhost"]).unwrap_err().contains("it must begin with redis://"));
        assert!(parse(&["--redis-prefix={x}"]).unwrap_err().contains("can't hold braces"));
    }
}
