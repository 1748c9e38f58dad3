//! The name that a certificate is for and who issues it: what the command line and the environment
//! say about it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use hyper::Uri;

/// Let's Encrypt.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// The longest name, in bytes (RFC 1035 §2.3.4).
const MAX_DOMAIN_BYTES: usize = 253;
/// The longest label of a name.
const MAX_LABEL_BYTES: usize = 63;

/// The options about a certificate that the server gets by itself.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Encryption")]
pub struct AcmeOptions {
    /// The name by which the internet reaches this server. The server gets a certificate for it by
    /// itself (ACME), keeps it in the data folder, and renews it in time; with this option you
    /// agree to the terms of the authority that issues it. It listens on port 443 then unless
    /// --listen says otherwise: the authority connects to that port of the name.
    #[arg(long, env = "VISAVIS_ACME", value_name = "NAME", conflicts_with_all = ["tls_cert", "tls_key"])]
    pub acme: Option<Domain>,

    /// Where the authority writes when something is wrong with the certificate.
    #[arg(long, env = "VISAVIS_ACME_EMAIL", value_name = "ADDRESS", requires = "acme", value_parser = email)]
    pub acme_email: Option<String>,

    /// The directory of the authority that issues the certificate.
    #[arg(
        long,
        env = "VISAVIS_ACME_DIRECTORY",
        value_name = "URL",
        default_value = LETS_ENCRYPT
    )]
    pub acme_directory: DirectoryUrl,

    /// The certificate of the authority's own server in PEM form, if the system does not trust it:
    /// for an authority inside a company, and for tests.
    #[arg(long, env = "VISAVIS_ACME_CA", value_name = "PEM", requires = "acme")]
    pub acme_ca: Option<PathBuf>,
}

/// What a server needs to know to get a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmeConfig {
    /// The name that the certificate is for.
    pub domain: Domain,
    /// Whom the authority may write to.
    pub email: Option<String>,
    /// Who issues the certificate.
    pub directory: DirectoryUrl,
    /// What its own server's certificate is signed by, beside what the system trusts.
    pub ca: Option<PathBuf>,
    /// The data folder: account and certificate are in a folder of it.
    pub folder: PathBuf,
}

impl AcmeOptions {
    /// The configuration that the options make, if a certificate is wanted.
    #[must_use]
    pub fn config(&self, folder: PathBuf) -> Option<AcmeConfig> {
        Some(AcmeConfig {
            domain: self.acme.clone()?,
            email: self.acme_email.clone(),
            directory: self.acme_directory.clone(),
            ca: self.acme_ca.clone(),
            folder,
        })
    }
}

/// A DNS name in lower case, with a dot in it: no address, no wildcard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain(String);

impl Domain {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Domain {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "it must be a name on the internet, such as calls.example.org";
        let name = text.trim_end_matches('.').to_ascii_lowercase();
        let is_label = |label: &str| {
            (1..=MAX_LABEL_BYTES).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let top = name.rsplit('.').next().unwrap_or_default();
        let is_address = top.bytes().all(|byte| byte.is_ascii_digit());
        if name.len() > MAX_DOMAIN_BYTES
            || !name.contains('.')
            || is_address
            || !name.split('.').all(is_label)
        {
            return Err(wrong);
        }
        Ok(Self(name))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The URL of an authority's directory (RFC 8555 §7.1.1): `https://`, with a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryUrl(Uri);

impl DirectoryUrl {
    /// The host with its port, if it names one.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.authority().map_or("", |authority| authority.as_str())
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.0
    }
}

impl FromStr for DirectoryUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "it must be the URL of a directory, such as https://acme.example.org/directory";
        let uri: Uri = text.parse().map_err(|_| wrong)?;
        let is_whole = uri.scheme_str() == Some("https")
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        if is_whole { Ok(Self(uri)) } else { Err(wrong) }
    }
}

impl fmt::Display for DirectoryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn email(text: &str) -> Result<String, &'static str> {
    let is_plain =
        |c: char| c.is_ascii_graphic() && !matches!(c, ',' | '<' | '>' | '"' | '?' | '%');
    let parts = text.split_once('@').filter(|(name, host)| !name.is_empty() && host.contains('.'));
    if parts.is_none() || !text.chars().all(is_plain) {
        return Err("it must be an address such as me@example.org");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_on_the_internet_gets_a_certificate() {
        for (text, name) in [
            ("calls.example.org", "calls.example.org"),
            ("Calls.Example.ORG.", "calls.example.org"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(text.parse::<Domain>().map(|name| name.to_string()), Ok(name.to_owned()));
        }
        let long = format!("{}.org", "a".repeat(64));
        let longer = format!("{}org", "a.".repeat(126));
        for text in [
            "",
            ".",
            "localhost",
            "192.0.2.1",
            "[2001:db8::1]",
            "*.example.org",
            "a b.org",
            "calls.example.org:443",
            "https://calls.example.org",
            "-a.org",
            "a-.org",
            "a..org",
            "bücher.example",
            "../etc.passwd",
            &long,
            &longer,
        ] {
            assert!(text.parse::<Domain>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_directory_is_asked_over_tls_only() {
        let url: DirectoryUrl = LETS_ENCRYPT.parse().unwrap();
        assert_eq!(url.authority(), "acme-v02.api.letsencrypt.org");
        for text in [
            "",
            "acme.example.org",
            "http://acme.example.org/d",
            "https://",
            "https:///d",
            "https://a@b/d",
        ] {
            assert!(text.parse::<DirectoryUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_goes_into_a_url_as_it_is() {
        assert!(email("me@example.org").is_ok());
        for text in
            ["", "me", "@example.org", "me@host", "a@b.org,c@d.org", "a b@c.org", "a@b.org?cc=x"]
        {
            assert!(email(text).is_err(), "{text}");
        }
    }
}
