//! Encryption: the certificate, and taking up a new one while people are connected.
//!
//! [`Tls::config`] is always one that works. Changed files are taken up for new connections only,
//! so nobody is dropped; files that can't be used are a warning, and the ones before stay.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::signals::Hangup;

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate with its chain, in PEM form.
    pub certificate: PathBuf,
    /// Its private key, in PEM form.
    pub key: PathBuf,
}

/// Why certificate and key can't be used. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read.
    #[error("{path} can't be read: {source}; look at --tls-cert, --tls-key and the permissions", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason that the system gives.
        source: io::Error,
    },
    /// There is no certificate in its file.
    #[error("{} holds no certificate in PEM form: --tls-cert needs the full chain", .0.display())]
    NoCertificate(PathBuf),
    /// There is no key in its file.
    #[error("{} holds no private key in PEM form: give the one of the certificate with --tls-key", .0.display())]
    NoKey(PathBuf),
    /// They do not work together.
    #[error("certificate and key can't be used: {0}; they must belong together")]
    Unusable(#[from] rustls::Error),
}

/// The content of both files.
#[derive(Clone, PartialEq, Eq)]
struct Material {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Material").finish_non_exhaustive()
    }
}

/// The server's certificate and key, kept up to date by [`Tls::keep_up`].
#[derive(Debug)]
pub(crate) struct Tls {
    files: TlsFiles,
    /// What was read last, usable or not.
    seen: Material,
    config: watch::Sender<Arc<ServerConfig>>,
}

/// The configuration for new connections, as it changes.
pub(crate) type CurrentTls = watch::Receiver<Arc<ServerConfig>>;

impl Tls {
    pub(crate) async fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let seen = read(&files).await?;
        let config = config_of(&seen, &files)?;
        Ok(Self { files, seen, config: watch::Sender::new(config) })
    }

    pub(crate) fn current(&self) -> CurrentTls {
        self.config.subscribe()
    }

    /// Takes up what changes, for ever. Looks every `interval`, and at once when the system hangs
    /// up.
    pub(crate) async fn keep_up(mut self, interval: Duration) {
        let mut hangup = Hangup::listen();
        // What was read the last time, if it was new: it is used once it reads the same twice,
        // since writing two files takes a moment.
        let mut settling = None;
        loop {
            let at_once = tokio::select! {
                () = sleep(interval) => false,
                () = hangup.received() => true,
            };
            let read = match read(&self.files).await {
                Ok(read) => read,
                Err(error) => {
                    if at_once || settling.take().is_some() {
                        tracing::warn!(%error, "the previous certificate stays in use");
                    }
                    continue;
                }
            };
            if read == self.seen && !at_once {
                settling = None;
            } else if at_once || settling.as_ref() == Some(&read) {
                settling = None;
                self.take_up(read);
            } else {
                settling = Some(read);
            }
        }
    }

    fn take_up(&mut self, material: Material) {
        match config_of(&material, &self.files) {
            Ok(config) => {
                self.config.send_replace(config);
                tracing::info!("a new certificate is in use");
            }
            Err(error) => tracing::warn!(%error, "the previous certificate stays in use"),
        }
        self.seen = material;
    }
}

async fn read(files: &TlsFiles) -> Result<Material, TlsError> {
    let read = async |path: &Path| {
        tokio::fs::read(path)
            .await
            .map_err(|source| TlsError::Unreadable { path: path.to_owned(), source })
    };
    Ok(Material { certificate: read(&files.certificate).await?, key: read(&files.key).await? })
}

fn config_of(material: &Material, files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&material.certificate).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or_else(|| TlsError::NoCertificate(files.certificate.clone()))?;
    let key = PrivateKeyDer::from_pem_slice(&material.key)
        .map_err(|_| TlsError::NoKey(files.key.clone()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::{CertifiedKey, generate_simple_self_signed};

    use super::*;

    fn write_pair(folder: &Path) -> TlsFiles {
        let files = TlsFiles { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs::write(&files.certificate, cert.pem()).unwrap();
        fs::write(&files.key, signing_key.serialize_pem()).unwrap();
        files
    }

    #[tokio::test]
    async fn files_that_can_not_be_used_are_refused_with_words() {
        let folder = tempfile::tempdir().unwrap();
        let good = write_pair(folder.path());
        assert!(Tls::load(good.clone()).await.is_ok());

        let swapped = TlsFiles { certificate: good.key.clone(), key: good.certificate.clone() };
        assert!(matches!(Tls::load(swapped).await, Err(TlsError::NoCertificate(_))));
        let no_key = TlsFiles { key: good.certificate.clone(), ..good.clone() };
        assert!(matches!(Tls::load(no_key).await, Err(TlsError::NoKey(_))));
        let missing = TlsFiles { key: folder.path().join("none.pem"), ..good.clone() };
        let error = Tls::load(missing).await.unwrap_err().to_string();
        assert!(error.contains("none.pem can't be read") && error.contains("--tls-key"), "{error}");

        let other = tempfile::tempdir().unwrap();
        let mixed = TlsFiles { key: write_pair(other.path()).key, ..good };
        assert!(matches!(Tls::load(mixed).await, Err(TlsError::Unusable(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn new_files_are_taken_up_and_broken_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = write_pair(folder.path());
        let tls = Tls::load(files.clone()).await.unwrap();
        let mut changes = tls.current();
        let first = Arc::clone(&tls.current().borrow());
        let current = tls.current();
        let keeping = tokio::spawn(tls.keep_up(Duration::from_secs(2)));

        // Half of a pair, for longer than it takes to notice.
        fs::write(&files.key, "nonsense").unwrap();
        assert!(tokio::time::timeout(Duration::from_secs(60), changes.changed()).await.is_err());
        assert!(Arc::ptr_eq(&first, &current.borrow()));

        write_pair(folder.path());
        tokio::time::timeout(Duration::from_secs(60), changes.changed())
            .await
            .expect("a new certificate")
            .unwrap();
        assert!(!Arc::ptr_eq(&first, &current.borrow()));
        keeping.abort();
    }
}
