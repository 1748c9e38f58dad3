//! The certificate: whether it can be read, fits its key, is valid now, and is for the name.

use std::path::Path;
use std::time::SystemTime;

use rustls::pki_types::CertificateDer;
use visavis_shared::{Finding, Timestamp};

use super::clock::Clocks;
use crate::acme::certificate::{Certificate, Facts};
use crate::acme::in_words;
use crate::acme::renewal::Age;
use crate::acme::store::Store;
use crate::acme::{AcmeConfig, Domain};
use crate::admission::tls::{TlsFiles, read_pair};
use crate::config::Config;

const PART: &str = "certificate";

pub(super) async fn examine(config: &Config, clocks: &mut Clocks) -> Finding {
    match (&config.tls, &config.acme) {
        (Some(files), _) => of_files(files, clocks).await,
        (None, Some(acme)) => of_authority(acme, clocks),
        (None, None) if config.listen.ip().is_loopback() => {
            Finding::skipped(PART, "There is none: a proxy on this machine encrypts, or nobody.")
        }
        (None, None) => Finding::weak(
            PART,
            "There is none: connections are not encrypted, and browsers give the guest page no \
             camera or microphone.",
            "On a public address give --acme NAME, or --tls-cert and --tls-key, or put a proxy in \
             front.",
        ),
    }
}

/// One that the operator keeps.
async fn of_files(files: &TlsFiles, clocks: &mut Clocks) -> Finding {
    let (certificate, chain) = match read_pair(files).await {
        Ok(pair) => pair,
        Err(error) => {
            return Finding::fails(
                PART,
                format!("{error}."),
                "Give both files of one certificate.",
            );
        }
    };
    let facts = match facts(&certificate) {
        Ok(facts) => facts,
        Err(finding) => return finding,
    };
    judge(&facts, None, chain, &files.key, clocks)
}

/// One that the server keeps.
fn of_authority(acme: &AcmeConfig, clocks: &mut Clocks) -> Finding {
    let store = Store::new(acme);
    let pem = match store.certificate() {
        Ok(Some(pem)) => pem,
        Ok(None) => {
            let words = format!("There is none for {} yet: the server asks for it.", acme.domain);
            return Finding::works(PART, words);
        }
        Err(error) => {
            return Finding::fails(
                PART,
                format!("{error}."),
                "Give the data folder to the user that the server runs as.",
            );
        }
    };
    let certificate = match Certificate::from_pem(&pem) {
        Ok(certificate) => certificate,
        Err(error) => {
            return Finding::weak(
                PART,
                format!(
                    "What is kept in {} can't be used: {error}.",
                    store.certificate_file().display()
                ),
                "The server asks for another when it starts.",
            );
        }
    };
    let chain = certificate.key.cert.len();
    judge(&certificate.facts, Some(&acme.domain), chain, store.certificate_file(), clocks)
}

fn facts(certificate: &CertificateDer<'_>) -> Result<Facts, Finding> {
    Facts::read(certificate).map_err(|error| {
        Finding::fails(PART, format!("{error}."), "Give the certificate of the authority as it is.")
    })
}

/// What is to be said of a certificate that fits its key.
fn judge(
    facts: &Facts,
    domain: Option<&Domain>,
    chain: usize,
    key: &Path,
    clocks: &mut Clocks,
) -> Finding {
    let now = Timestamp::from(SystemTime::now());
    clocks.certificate(facts.validity.not_before);
    let until = facts.validity.not_after;
    match facts.validity.age(now) {
        Age::Over => {
            return Finding::fails(
                PART,
                format!("It is over since {until}."),
                "Renew it, or set this machine's clock.",
            );
        }
        Age::Early => {
            return Finding::fails(
                PART,
                format!("It is valid from {} on, which is not yet.", facts.validity.not_before),
                "Set this machine's clock.",
            );
        }
        Age::Valid | Age::Due => {}
    }
    if let Some(domain) = domain
        && !facts.is_for(domain.as_str())
    {
        let words = format!("It is for {}, not for {domain}.", listed(&facts.names));
        return Finding::fails(
            PART,
            words,
            "Remove it from the data folder: the server asks for another.",
        );
    }
    if facts.names.is_empty() {
        return Finding::fails(
            PART,
            "It names no host (subjectAltName), and no client takes it.",
            "Have one issued for the name by which people reach this server.",
        );
    }
    if let Some(mode) = readable_by_others(key) {
        return Finding::weak(
            PART,
            format!("Its key can be read by other users of this machine ({mode:03o})."),
            format!("chmod 600 {}", key.display()),
        );
    }
    if facts.self_signed {
        return Finding::weak(
            PART,
            "It is signed by itself: only who was given it trusts it.",
            "On a public address give --acme NAME instead.",
        );
    }
    if chain < 2 {
        return Finding::weak(
            PART,
            "Its file holds no certificate of who issued it: some clients can't follow it to a root.",
            "Give the full chain with --tls-cert (fullchain.pem).",
        );
    }
    let left = in_words(until.since(now));
    let words = format!("It is for {}, and valid for another {left}.", listed(&facts.names));
    if facts.validity.age(now) == Age::Due {
        let advice = if domain.is_some() {
            "The server renews it while it runs: look at its log for why it was not."
        } else {
            "Two thirds of its life are over: renew it."
        };
        return Finding::weak(PART, words, advice);
    }
    Finding::works(PART, words)
}

fn listed(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown} and others") } else { shown }
}

/// The rights on a file that others have, if they can read it.
fn readable_by_others(path: &Path) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
        (mode & 0o004 != 0).then_some(mode)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}
