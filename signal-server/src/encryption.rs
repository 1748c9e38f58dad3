//! What connections are encrypted with, wherever the certificate comes from: files of the operator,
//! or an authority.

use std::time::Duration;

use tokio::sync::watch;

use crate::acme::{Acme, AcmeConfig, AcmeUnusable};
use crate::admission::tls::{CurrentTls, Tls, TlsError, TlsFiles};

/// Keeps a certificate up to date.
#[derive(Debug)]
pub(crate) enum Encryption {
    Files(Tls),
    Acme(Box<Acme>),
}

/// Why connections can't be encrypted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncryptionError {
    #[error(transparent)]
    Files(#[from] TlsError),
    #[error(transparent)]
    Acme(#[from] AcmeUnusable),
}

impl Encryption {
    /// Begins with the files, else with the authority; nothing is encrypted if there is neither.
    pub(crate) async fn begin(
        files: Option<TlsFiles>,
        acme: Option<AcmeConfig>,
    ) -> Result<Option<Self>, EncryptionError> {
        Ok(match (files, acme) {
            (Some(files), _) => Some(Self::Files(Tls::load(files).await?)),
            (None, Some(acme)) => Some(Self::Acme(Box::new(Acme::begin(acme).await?))),
            (None, None) => None,
        })
    }

    /// The configuration for new connections, as it changes.
    pub(crate) fn current(&self) -> CurrentTls {
        match self {
            Self::Files(tls) => tls.current(),
            Self::Acme(acme) => acme.current(),
        }
    }

    /// Whether there is a certificate, as it changes. Files are there from the start on.
    pub(crate) fn certified(&self) -> watch::Receiver<bool> {
        match self {
            Self::Files(_) => watch::Sender::new(true).subscribe(),
            Self::Acme(acme) => acme.certified(),
        }
    }

    /// Takes up what changes, for ever. Files are looked at every `interval`.
    pub(crate) async fn keep_up(self, interval: Duration) {
        match self {
            Self::Files(tls) => tls.keep_up(interval).await,
            Self::Acme(acme) => acme.keep_up().await,
        }
    }
}
