//! A certificate that the server gets by itself and renews in time (ACME, RFC 8555; TLS-ALPN-01,
//! RFC 8737; ADR 44).
//!
//! In: the name, and what is kept in the data folder. Out: the configuration for new connections,
//! as it changes. What always holds: whatever goes wrong, the server runs on with the certificate
//! that it has, says in one line what to do, and tries again later and later; who is connected
//! stays so; the key is made here and leaves this machine never.

mod authority;
pub(crate) mod certificate;
pub(crate) mod https;
mod options;
pub(crate) mod renewal;
mod serving;
pub(crate) mod store;

use std::future::Future;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use visavis_shared::Timestamp;

use self::authority::{AcmeError, Authority};
use self::certificate::Certificate;
use self::https::Https;
pub(crate) use self::options::AcmeOptions;
pub use self::options::{AcmeConfig, DirectoryUrl, Domain};
use self::renewal::{Age, Failures, Validity, clock_error};
use self::serving::Serving;
use self::store::Store;
use crate::admission::tls::CurrentTls;
use crate::signals::Hangup;

/// How often it is looked whether it is time: the clock may have been set, or the machine asleep.
const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);
/// The least time between two orders, whatever an authority issues.
const LEAST_BETWEEN: Duration = Duration::from_secs(10);

/// Why the server can't begin to get a certificate. The text says what to do.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct AcmeUnusable(#[from] Unusable);

#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Https(#[from] https::HttpsError),
    #[error("TLS can't be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// Who can issue a certificate: an authority, or a test.
trait Issuer {
    /// Gets one, and answers the authority's questions by what is served meanwhile.
    fn issue(
        &mut self,
        serving: &mut Serving,
    ) -> impl Future<Output = Result<Certificate, AcmeError>> + Send;

    /// For how long it wants to be left alone, by its last answer.
    fn asked_patience(&self) -> Option<Duration>;

    /// What time it is there, by its last answer.
    fn date(&self) -> Option<Timestamp>;
}

impl Issuer for Authority {
    async fn issue(&mut self, serving: &mut Serving) -> Result<Certificate, AcmeError> {
        let issued = Authority::issue(self, serving).await;
        if let Err(AcmeError::AccountGone) = issued {
            self.forget_account()?;
        }
        issued
    }

    fn asked_patience(&self) -> Option<Duration> {
        self.https().said().retry_after
    }

    fn date(&self) -> Option<Timestamp> {
        self.https().said().date
    }
}

/// The certificate of one name, kept up to date by [`Acme::keep_up`].
#[derive(Debug)]
pub(crate) struct Acme {
    domain: Domain,
    serving: Serving,
    held: Option<Validity>,
    authority: Authority,
}

impl Acme {
    /// Takes up what is kept, if it can be used.
    pub(crate) async fn begin(config: AcmeConfig) -> Result<Self, AcmeUnusable> {
        let serving = Serving::nothing().map_err(Unusable::from)?;
        let https = Https::new(config.ca.as_deref()).map_err(Unusable::from)?;
        let store = Store::new(&config);
        let domain = config.domain.clone();
        let authority = Authority::new(config, https, store.clone());
        let mut acme = Self { domain, serving, held: None, authority };
        let read = tokio::task::spawn_blocking(move || {
            let kept = store.certificate().map_err(AcmeError::from)?;
            kept.map(|pem| Certificate::from_pem(&pem).map_err(AcmeError::from)).transpose()
        });
        match read.await {
            Ok(Ok(Some(certificate))) => {
                acme.held = Some(certificate.facts.validity);
                acme.serving.certify(certificate.key).map_err(Unusable::from)?;
            }
            Ok(Ok(None)) | Err(_) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "the certificate that is kept can't be used: another is asked for");
            }
        }
        Ok(acme)
    }

    pub(crate) fn current(&self) -> CurrentTls {
        self.serving.current()
    }

    /// Whether there is a certificate, as it changes.
    pub(crate) fn certified(&self) -> watch::Receiver<bool> {
        self.serving.certified()
    }

    /// Gets a certificate when it is time, for ever.
    pub(crate) async fn keep_up(self) {
        let Self { domain, serving, held, authority } = self;
        let clock = || SystemTime::now().into();
        Keeper { domain, serving, held, issuer: authority, clock }.run().await;
    }
}

/// Keeps the certificate of one name up to date.
struct Keeper<I, C> {
    domain: Domain,
    serving: Serving,
    held: Option<Validity>,
    issuer: I,
    /// The clock on the wall, which may be set at any time.
    clock: C,
}

impl<I: Issuer, C: Fn() -> Timestamp> Keeper<I, C> {
    async fn run(mut self) {
        let mut hangup = Hangup::listen();
        let mut failures = Failures::default();
        let mut not_before = Instant::now();
        if let Some(validity) = self.held {
            match validity.age((self.clock)()) {
                Age::Early => tracing::warn!(
                    name = %self.domain, from = %validity.not_before,
                    "by this machine's clock the certificate in use is not valid yet: is the clock right?"
                ),
                _ => tracing::info!(
                    name = %self.domain, until = %validity.not_after, "a certificate is in use"
                ),
            }
        }
        loop {
            let due = self.held.map_or(Duration::ZERO, |held| held.until_due((self.clock)()));
            let due = (Instant::now() + due.min(LOOK_EVERY)).max(not_before);
            tokio::select! {
                () = sleep_until(due) => {}
                () = hangup.received() => {
                    // Whoever mended something need not wait, and can't be rude either.
                    not_before = not_before.min(Instant::now() + LEAST_BETWEEN);
                }
            }
            let is_due = self.held.is_none_or(|held| {
                matches!(held.age((self.clock)()), Age::Due | Age::Over | Age::Early)
            });
            if !is_due || Instant::now() < not_before {
                continue;
            }
            let wait = match self.renew().await {
                Ok(()) => {
                    failures = Failures::default();
                    LEAST_BETWEEN
                }
                Err(error) => {
                    let asked = error.is_refusal().then(|| self.issuer.asked_patience()).flatten();
                    let wait = failures.another(asked, rand::random());
                    self.report(&error, wait);
                    wait
                }
            };
            not_before = Instant::now() + wait;
        }
    }

    async fn renew(&mut self) -> Result<(), Failure> {
        let Self { serving, issuer, .. } = self;
        let certificate = issuer.issue(serving).await?;
        let validity = certificate.facts.validity;
        self.held = Some(validity);
        self.serving
            .certify(certificate.key)
            .map_err(|error| Failure::Acme(serving::ChallengeError::Serving(error).into()))?;
        tracing::info!(name = %self.domain, until = %validity.not_after, "a new certificate is in use");
        match validity.age((self.clock)()) {
            Age::Valid | Age::Due => Ok(()),
            Age::Early | Age::Over => Err(Failure::Clock(validity)),
        }
    }

    fn report(&self, error: &Failure, wait: Duration) {
        let now = (self.clock)();
        let held = match self.held {
            _ if !self.serving.has_certificate() => {
                "nobody can connect before there is one".to_owned()
            }
            Some(held) if held.age(now) == Age::Over => {
                format!("the one in use is over since {}", held.not_after)
            }
            Some(held) => format!("the one in use is valid until {}", held.not_after),
            None => "the one in use is kept".to_owned(),
        };
        let again = in_words(wait);
        tracing::warn!(name = %self.domain, "no new certificate: {error}; {held}; it is tried again in {again}, and on SIGHUP");
        if let Some(there) = self.issuer.date()
            && let Some(by) = clock_error(now, there)
        {
            let by = in_words(by);
            tracing::warn!(
                "this machine's clock differs from the authority's by {by}: set it (timedatectl set-ntp true)"
            );
        }
    }
}

/// Why there is no certificate that can be lived with.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Acme(#[from] AcmeError),
    #[error(
        "the new one is valid from {} to {}, and this machine's clock says otherwise: set it", .0.not_before, .0.not_after
    )]
    Clock(Validity),
}

impl Failure {
    fn is_refusal(&self) -> bool {
        matches!(self, Self::Acme(error) if error.is_refusal())
    }
}

/// A time in the unit that fits it.
pub(crate) fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    let (number, unit) = match seconds {
        0..120 => (seconds, "seconds"),
        120..7_200 => (seconds / 60, "minutes"),
        7_200..172_800 => (seconds / 3_600, "hours"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests;
