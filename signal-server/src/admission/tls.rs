//! Encryption: the certificate, and taking up a new one while people are connected.
//!
//! [`Tls::config`] is always one that works. Changed files are taken up for new connections only,
//! so nobody is dropped; files that can't be used are a warning, and the ones before stay. Whatever
//! is in their place, reading it ends: only files are read, not much of them, and not for long.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{sleep, timeout};

use crate::signals::Hangup;

/// What is spoken over TLS.
pub(crate) const PROTOCOL: &[u8] = b"http/1.1";
/// What an authority speaks that wants to see whether a name leads here (RFC 8737 §6.2).
pub(crate) const CHALLENGE_PROTOCOL: &[u8] = b"acme-tls/1";
/// More than any chain of certificates.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// How long reading may take.
const READ_WITHIN: Duration = Duration::from_secs(5);
/// How many readings may be stuck in a system that does not answer.
const MAX_STUCK: usize = 4;

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
    /// It is no file, or no small one.
    #[error("{} is no certificate or key: it has to be a file of at most {MAX_FILE_BYTES} bytes", .0.display())]
    NoSmallFile(PathBuf),
    /// The disk does not answer.
    #[error("{} and the key were not read in time: the system does not answer", .0.display())]
    Stuck(PathBuf),
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
    reader: Reader,
    /// What was read last, usable or not.
    seen: Material,
    config: watch::Sender<Arc<ServerConfig>>,
}

/// The configuration for new connections, as it changes.
pub(crate) type CurrentTls = watch::Receiver<Arc<ServerConfig>>;

impl Tls {
    pub(crate) async fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let mut reader = Reader { files, stuck: Vec::new() };
        let seen = reader.read().await?;
        let config = config_of(&seen, &reader.files)?;
        Ok(Self { reader, seen, config: watch::Sender::new(config) })
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
        // The last words about files that can't be read, so that they are said once.
        let mut told = String::new();
        loop {
            let at_once = tokio::select! {
                () = sleep(interval) => false,
                () = hangup.received() => true,
            };
            let read = match self.reader.read().await {
                Ok(read) => read,
                Err(error) => {
                    settling = None;
                    let words = error.to_string();
                    if at_once || words != told {
                        tracing::warn!(%error, "the previous certificate stays in use");
                        told = words;
                    }
                    continue;
                }
            };
            told.clear();
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
        match config_of(&material, &self.reader.files) {
            Ok(config) => {
                self.config.send_replace(config);
                tracing::info!("a new certificate is in use");
            }
            Err(error) => tracing::warn!(%error, "the previous certificate stays in use"),
        }
        self.seen = material;
    }
}

/// Reads both files, on threads that may wait for a disk.
#[derive(Debug)]
struct Reader {
    files: TlsFiles,
    stuck: Vec<JoinHandle<Result<Material, TlsError>>>,
}

impl Reader {
    async fn read(&mut self) -> Result<Material, TlsError> {
        self.stuck.retain(|reading| !reading.is_finished());
        let is_stuck = || TlsError::Stuck(self.files.certificate.clone());
        if self.stuck.len() >= MAX_STUCK {
            return Err(is_stuck());
        }
        let files = self.files.clone();
        let mut reading = spawn_blocking(move || {
            let (certificate, key) = (read_file(&files.certificate)?, read_file(&files.key)?);
            Ok(Material { certificate, key })
        });
        match timeout(READ_WITHIN, &mut reading).await {
            // A panic there was a defect, and has been reported as such.
            Ok(read) => read.unwrap_or_else(|_| Err(is_stuck())),
            Err(_) => {
                let stuck = is_stuck();
                self.stuck.push(reading);
                Err(stuck)
            }
        }
    }
}

/// Reads both files as the server does; the certificate itself, and how long its chain is.
pub(crate) async fn read_pair(
    files: &TlsFiles,
) -> Result<(CertificateDer<'static>, usize), TlsError> {
    let mut reader = Reader { files: files.clone(), stuck: Vec::new() };
    let material = reader.read().await?;
    config_of(&material, files)?;
    let no_certificate = || TlsError::NoCertificate(files.certificate.clone());
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&material.certificate).collect();
    let chain = chain.map_err(|_| no_certificate())?;
    let length = chain.len();
    Ok((chain.into_iter().next().ok_or_else(no_certificate)?, length))
}

fn read_file(path: &Path) -> Result<Vec<u8>, TlsError> {
    let unreadable = |source| TlsError::Unreadable { path: path.to_owned(), source };
    let file = fs::metadata(path).map_err(unreadable)?;
    // To open a pipe would be to wait for a writer.
    if !file.is_file() || file.len() > MAX_FILE_BYTES {
        return Err(TlsError::NoSmallFile(path.to_owned()));
    }
    let (file, mut bytes) = (File::open(path).map_err(unreadable)?, Vec::new());
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(TlsError::NoSmallFile(path.to_owned()));
    }
    Ok(bytes)
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
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
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

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_is_no_small_file_is_refused_and_the_next_certificate_is_taken_up() {
        let folder = tempfile::tempdir().unwrap();
        let files = write_pair(folder.path());
        let tls = Tls::load(files.clone()).await.unwrap();
        let (mut changes, mut before) = (tls.current(), Arc::clone(&tls.current().borrow()));
        let keeping = tokio::spawn(tls.keep_up(Duration::from_millis(10)));
        let place = |what: &str| {
            let _ = fs::remove_file(&files.certificate);
            match what {
                "pipe" => {
                    let made =
                        std::process::Command::new("mkfifo").arg(&files.certificate).status();
                    assert!(made.unwrap().success());
                }
                "folder" => fs::create_dir(&files.certificate).unwrap(),
                "zeros" => {
                    std::os::unix::fs::symlink("/dev/zero", &files.certificate).unwrap();
                }
                "huge" => {
                    let file = File::create(&files.certificate).unwrap();
                    file.set_len(1 << 40).unwrap();
                }
                _ => {}
            }
        };
        for what in ["pipe", "folder", "zeros", "huge", "nothing"] {
            place(what);
            assert!(Tls::load(files.clone()).await.is_err(), "{what}");
            // It is looked at some times, and changes nothing.
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert!(Arc::ptr_eq(&before, &changes.borrow()), "{what}");
            if what == "folder" {
                fs::remove_dir(&files.certificate).unwrap();
            }
            let _ = fs::remove_file(&files.certificate);
            write_pair(folder.path());
            let taken_up = timeout(Duration::from_secs(20), changes.changed()).await;
            taken_up.expect(what).unwrap();
            before = Arc::clone(&changes.borrow_and_update());
        }
        keeping.abort();
    }
}
