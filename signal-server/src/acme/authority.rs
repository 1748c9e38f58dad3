//! One order of a certificate, from the account to the chain (RFC 8555 §7).
//!
//! What goes wrong is an [`AcmeError`], whose text says in one line what to do; what an authority
//! says stands in it as a text that can be shown.

use std::time::Duration;

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount,
    NewOrder, Order, OrderStatus, Problem, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use tokio::time::timeout;
use visavis_shared::ForeignText;

use super::certificate::{Certificate, CertificateError};
use super::https::{Https, HttpsError};
use super::options::{AcmeConfig, Domain};
use super::serving::{ChallengeError, Serving, challenge_certificate};
use super::store::{Store, StoreError};

/// How long one order may take: the authority looks from several places, one after the other.
const ORDER_WITHIN: Duration = Duration::from_secs(4 * 60);
/// How the authority is asked whether it is done.
const PATIENCE: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(250))
    .backoff(1.5)
    .timeout(Duration::from_secs(90));

/// Why there is no new certificate. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AcmeError {
    /// The authority came and did not find this server.
    #[error(
        "the authority does not find this server as {domain}: {said}. The name has to lead to this machine, and TCP \
         port 443 of it to the port that this server listens on"
    )]
    NotFound { domain: Domain, said: ForeignText },
    /// There were too many certificates or failures before.
    #[error("the authority wants fewer requests: {0}")]
    RateLimited(ForeignText),
    /// It will not issue a certificate for the name.
    #[error("the authority issues no certificate for {domain}: {said}")]
    Refused { domain: Domain, said: ForeignText },
    /// It has accounts that are made elsewhere.
    #[error(
        "the authority wants an account that was made elsewhere, which this server can't use: choose another with --acme-directory"
    )]
    ForeignAccount,
    /// It does not know the account that is kept.
    #[error("the authority does not know the account of before: another is made")]
    AccountGone,
    /// It knows no challenge that we can meet.
    #[error(
        "the authority does not prove names by TLS-ALPN-01, which is all that this server knows"
    )]
    NoChallenge,
    /// It did not finish in time.
    #[error("the authority does not finish")]
    Slow,
    /// It is not reached.
    #[error(transparent)]
    Https(#[from] HttpsError),
    /// It says what this program does not understand.
    #[error("the authority says what can't be understood: {0}")]
    Confused(ForeignText),
    /// What it issued can't be used.
    #[error("the certificate that the authority issued can't be used: {0}")]
    Unusable(#[from] CertificateError),
    /// The data folder can't be read or written. No certificate is asked for that can't be kept:
    /// the authority counts them.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No key or answer can be made.
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
}

impl AcmeError {
    /// For how long the authority wants to be left alone counts only if it says no.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::RateLimited(_) | Self::Refused { .. } | Self::NotFound { .. })
    }
}

/// Who issues the certificate, and what is kept for it.
#[derive(Debug)]
pub(super) struct Authority {
    config: AcmeConfig,
    https: Https,
    store: Store,
}

impl Authority {
    pub(super) fn new(config: AcmeConfig, https: Https, store: Store) -> Self {
        Self { config, https, store }
    }

    pub(super) fn https(&self) -> &Https {
        &self.https
    }

    /// Gets a certificate and keeps it.
    pub(super) async fn issue(&self, serving: &mut Serving) -> Result<Certificate, AcmeError> {
        self.store.prepare()?;
        let issued = timeout(ORDER_WITHIN, self.order(serving)).await;
        // Whatever happened, the challenge is over.
        let answered = serving.answer(None).map_err(ChallengeError::Serving);
        let pem = issued.map_err(|_| AcmeError::Slow)??;
        answered?;
        let certificate = Certificate::from_pem(pem.as_bytes())?;
        if let Err(error) = self.store.keep_certificate(&pem) {
            // It is in use all the same.
            tracing::warn!(%error, "the new certificate is not kept for the next start");
        }
        Ok(certificate)
    }

    /// The chain with its key, in PEM form.
    async fn order(&self, serving: &mut Serving) -> Result<String, AcmeError> {
        let account = self.account().await?;
        let name = [Identifier::Dns(self.config.domain.to_string())];
        let mut order =
            account.new_order(&NewOrder::new(&name)).await.map_err(|error| self.error(error))?;
        self.prove(&mut order, serving).await?;
        let status = order.poll_ready(&PATIENCE).await.map_err(|error| self.error(error))?;
        if status == OrderStatus::Invalid {
            return Err(self.why_invalid(&mut order).await);
        }
        let key = KeyPair::generate().map_err(ChallengeError::Certificate)?;
        let request = self.request(&key).map_err(ChallengeError::Certificate)?;
        order.finalize_csr(&request).await.map_err(|error| self.error(error))?;
        let chain = order.poll_certificate(&PATIENCE).await.map_err(|error| self.error(error))?;
        Ok(format!("{}\n{}", chain.trim_end(), key.serialize_pem()))
    }

    /// The account that is kept, or a new one.
    async fn account(&self) -> Result<Account, AcmeError> {
        let builder = Account::builder_with_http(Box::new(self.https.clone()));
        let kept = match self.store.account() {
            Ok(kept) => kept.map(|kept| serde_json::from_slice::<AccountCredentials>(&kept)),
            Err(error) => {
                tracing::warn!(%error, "the account at the authority is made anew");
                None
            }
        };
        match kept {
            Some(Ok(credentials)) => {
                return builder
                    .from_credentials(credentials)
                    .await
                    .map_err(|error| self.error(error));
            }
            Some(Err(_)) => tracing::warn!("the account that is kept is none: another is made"),
            None => {}
        }
        let email = self.config.email.as_ref().map(|email| format!("mailto:{email}"));
        let contact: Vec<_> = email.iter().map(String::as_str).collect();
        let account = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let (account, credentials) = builder
            .create(&account, self.config.directory.to_string(), None)
            .await
            .map_err(|error| self.error(error))?;
        // Plain text: its owner alone can read the file.
        if let Ok(credentials) = serde_json::to_vec(&credentials) {
            self.store.keep_account(&credentials)?;
        }
        Ok(account)
    }

    /// Answers what the authority asks to see that the name is ours.
    async fn prove(&self, order: &mut Order, serving: &mut Serving) -> Result<(), AcmeError> {
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization.map_err(|error| self.error(error))?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let challenge = authorization.challenge(ChallengeType::TlsAlpn01);
            let mut challenge = challenge.ok_or(AcmeError::NoChallenge)?;
            let proof = challenge.key_authorization();
            let certificate = challenge_certificate(&self.config.domain, &proof)?;
            serving.answer(Some(certificate)).map_err(ChallengeError::Serving)?;
            challenge.set_ready().await.map_err(|error| self.error(error))?;
        }
        Ok(())
    }

    /// The request for a certificate (PKCS #10), for the name alone.
    fn request(&self, key: &KeyPair) -> Result<Vec<u8>, rcgen::Error> {
        let mut params = CertificateParams::new(vec![self.config.domain.to_string()])?;
        params.distinguished_name = DistinguishedName::new();
        Ok(params.serialize_request(key)?.der().to_vec())
    }

    /// What the authority did not like stands at the challenge.
    async fn why_invalid(&self, order: &mut Order) -> AcmeError {
        let mut authorizations = order.authorizations();
        while let Some(Ok(mut authorization)) = authorizations.next().await {
            let Ok(state) = authorization.refresh().await else { continue };
            let problem = state.challenges.iter().find_map(|challenge| challenge.error.as_ref());
            if let Some(problem) = problem {
                return self.problem(problem);
            }
        }
        let domain = self.config.domain.clone();
        AcmeError::NotFound { domain, said: "it does not say why".into() }
    }

    fn error(&self, error: instant_acme::Error) -> AcmeError {
        match error {
            instant_acme::Error::Api(problem) => self.problem(&problem),
            instant_acme::Error::Timeout(_) => AcmeError::Slow,
            instant_acme::Error::Other(other) => match other.downcast::<HttpsError>() {
                Ok(error) => (*error).into(),
                Err(other) => AcmeError::Confused(other.to_string().into()),
            },
            other => AcmeError::Confused(other.to_string().into()),
        }
    }

    fn problem(&self, problem: &Problem) -> AcmeError {
        let kind = problem.r#type.as_deref().unwrap_or_default();
        let kind = kind.strip_prefix("urn:ietf:params:acme:error:").unwrap_or_default();
        let said = ForeignText::new(problem.detail.as_deref().unwrap_or(kind));
        let domain = self.config.domain.clone();
        match kind {
            "rateLimited" => AcmeError::RateLimited(said),
            "connection" | "dns" | "tls" | "unauthorized" | "incorrectResponse" => {
                AcmeError::NotFound { domain, said }
            }
            "externalAccountRequired" => AcmeError::ForeignAccount,
            "accountDoesNotExist" => AcmeError::AccountGone,
            "rejectedIdentifier" | "caa" | "userActionRequired" | "unsupportedIdentifier" => {
                AcmeError::Refused { domain, said }
            }
            _ => AcmeError::Confused(said),
        }
    }

    /// Forgets the account, so that the next order makes another.
    pub(super) fn forget_account(&self) -> Result<(), StoreError> {
        self.store.keep_account(b"")
    }
}
