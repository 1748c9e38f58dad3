//! What the command line and the environment say about the other nodes.

use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

use super::redis_file::{Held, RedisFile};
use super::url::RedisUrl;
use crate::secret_option::secretly;

/// How long a name stays a node's that does not renew it.
const LEASE: Duration = Duration::from_secs(30);

/// The options about other nodes.
#[derive(Debug, Clone, Args)]
pub struct RedisOptions {
    /// The Redis (7 or later) that makes this server one with all others that name the same:
    /// redis://HOST:PORT, rediss:// for TLS, redis+sentinel://HOST:PORT,HOST:PORT/SERVICE or
    /// redis+cluster://HOST:PORT,HOST:PORT, each with USER:PASSWORD@ before the hosts where Redis
    /// wants it. Who owns which name is then kept there too. Without it, this server is on its own.
    /// Give a URL with a password in a file (--redis-file) or as the variable, which other people
    /// on this machine can not read.
    #[arg(
        long,
        env = "VISAVIS_REDIS",
        value_parser = secretly::<RedisUrl>(),
        hide_env_values = true,
        value_name = "URL",
        global = true,
        help_heading = "More than one machine"
    )]
    pub redis: Option<RedisUrl>,

    /// A file with the URL of Redis in one line, instead of --redis; or, beside --redis, with the
    /// password alone.
    #[arg(
        long,
        env = "VISAVIS_REDIS_FILE",
        value_name = "PATH",
        global = true,
        help_heading = "More than one machine"
    )]
    pub(crate) redis_file: Option<RedisFile>,

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

/// Why the options about other nodes do not go together.
#[expect(missing_docs, reason = "the texts say what is wrong")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedisOptionError {
    #[error("--redis-file holds a password: say with --redis redis://HOST:PORT whose")]
    PasswordOfNothing,
    #[error("--redis and --redis-file both hold a URL: leave --redis out")]
    TwoUrls,
}

impl RedisOptions {
    /// Whether everyone on this machine can read the password of Redis: it stands on the command
    /// line that `matches` was found on.
    #[must_use]
    pub fn shows_password(&self, matches: &ArgMatches) -> bool {
        matches.value_source("redis") == Some(ValueSource::CommandLine)
            && self.redis.as_ref().is_some_and(RedisUrl::has_password)
    }

    /// The configuration that the options make, if this server is not on its own.
    ///
    /// # Errors
    /// When the options do not go together.
    pub fn config(&self) -> Result<Option<RedisConfig>, RedisOptionError> {
        let url = match (&self.redis, self.redis_file.as_ref().map(|file| &file.0)) {
            (None, None) => return Ok(None),
            (Some(url), None) => url.clone(),
            (None, Some(Held::Url(url))) => RedisUrl::clone(url),
            (Some(url), Some(Held::Password(password))) => url.clone().with_password(password),
            (None, Some(Held::Password(_))) => return Err(RedisOptionError::PasswordOfNothing),
            (Some(_), Some(Held::Url(_))) => return Err(RedisOptionError::TwoUrls),
        };
        Ok(Some(RedisConfig { url, prefix: self.redis_prefix.clone(), lease: LEASE }))
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
            .map_err(|error| error.to_string())
            .and_then(|program| program.redis.config().map_err(|error| error.to_string()))
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
    fn a_file_holds_the_url_or_the_password() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            format!("--redis-file={}", path.display())
        };
        let (url, password) = (file("url", "redis://:s3cret@a:1\n"), file("password", "s3cret\n"));
        let at_a = |args: &[&str]| parse(args).unwrap().unwrap().url;
        assert_eq!(at_a(&[&url]).to_string(), "a:1");
        for redis in ["--redis=redis://a:1", "--redis=redis+cluster://a:1,b:1"] {
            let url = at_a(&[redis, &password]);
            assert!(url.has_password() && !format!("{url:?}").contains("s3cret"), "{url:?}");
        }
        let said = parse(&[&password]).unwrap_err();
        assert!(said.contains("--redis redis://HOST:PORT"), "{said}");
        let said = parse(&[&url, "--redis=redis://a:1"]).unwrap_err();
        assert!(said.contains("leave --redis out"), "{said}");
        let said = parse(&["--redis-file=/nowhere/at/all"]).unwrap_err();
        assert!(said.contains("/nowhere/at/all can't be read"), "{said}");
    }

    #[test]
    fn what_can_not_be_is_refused_with_words() {
        let said = parse(&["--redis=http://:s3cret@a"]).unwrap_err();
        assert!(said.contains("--redis <URL>") && !said.contains("s3cret"), "{said}");
        assert!(parse(&["--redis=localhost"]).unwrap_err().contains("it must begin with redis://"));
        assert!(parse(&["--redis-prefix={x}"]).unwrap_err().contains("can't hold braces"));
    }
}
