//! What is kept between two runs: the account at the authority, and the certificate with its key.
//!
//! Both are in `acme/AUTHORITY/` in the data folder, so that a certificate of a trial authority is
//! never taken for one that everybody trusts. What always holds: the folder and the files can be
//! read by their owner only; a file is replaced as a whole, so that certificate and key are always
//! of one piece; what is there is read only if it is a small file.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::options::AcmeConfig;

/// More than any chain of certificates.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// The folder inside the data folder.
const FOLDER: &str = "acme";
const ACCOUNT_FILE: &str = "account.json";

/// What is kept can't be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The system does not let us read a file.
    #[error("{} can't be read: {source}; the server's user has to own it", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason that the system gives.
        source: io::Error,
    },
    /// What is in the place of a file is none, or none of ours.
    #[error("{} is no file of at most {MAX_FILE_BYTES} bytes", .0.display())]
    NoSmallFile(PathBuf),
    /// The system does not let us write there.
    #[error("{} can't be written: {source}; give a folder that can be with --data-dir", path.display())]
    Write {
        /// The file or the folder.
        path: PathBuf,
        /// The reason that the system gives.
        source: io::Error,
    },
}

/// The folder of one name at one authority.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    folder: PathBuf,
    certificate: PathBuf,
}

impl Store {
    pub(crate) fn new(config: &AcmeConfig) -> Self {
        let url = config.directory.to_string();
        let hash: [u8; 32] = Sha256::digest(url.as_bytes()).into();
        let [a, b, c, d, ..] = hash;
        let host: String = config
            .directory
            .authority()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' })
            .collect();
        let folder =
            config.folder.join(FOLDER).join(format!("{host}-{a:02x}{b:02x}{c:02x}{d:02x}"));
        let certificate = folder.join(format!("{}.pem", config.domain));
        Self { folder, certificate }
    }

    /// Where the certificate with its key is.
    pub(crate) fn certificate_file(&self) -> &Path {
        &self.certificate
    }

    /// The certificate with its key in PEM form, if there is one.
    pub(crate) fn certificate(&self) -> Result<Option<Vec<u8>>, StoreError> {
        read(&self.certificate)
    }

    pub(super) fn keep_certificate(&self, pem: &str) -> Result<(), StoreError> {
        self.replace(&self.certificate, pem.as_bytes())
    }

    /// The account, as the library wrote it.
    pub(super) fn account(&self) -> Result<Option<Vec<u8>>, StoreError> {
        read(&self.folder.join(ACCOUNT_FILE))
    }

    pub(super) fn keep_account(&self, account: &[u8]) -> Result<(), StoreError> {
        self.replace(&self.folder.join(ACCOUNT_FILE), account)
    }

    /// Makes the folder, and tries whether something can be kept in it.
    pub(super) fn prepare(&self) -> Result<(), StoreError> {
        make_folder(&self.folder)
            .map_err(|source| StoreError::Write { path: self.folder.clone(), source })?;
        let trial = self.folder.join(".trial");
        let tried = write_new(&trial, b"").and_then(|()| fs::remove_file(&trial));
        tried.map_err(|source| StoreError::Write { path: self.folder.clone(), source })
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let write = || {
            make_folder(&self.folder)?;
            let mut name = path.as_os_str().to_owned();
            name.push(".new");
            let aside = PathBuf::from(name);
            write_new(&aside, bytes)?;
            fs::rename(&aside, path)?;
            #[cfg(unix)]
            File::open(&self.folder)?.sync_all()?;
            Ok(())
        };
        write().map_err(|source| StoreError::Write { path: path.to_owned(), source })
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let unreadable = |source| StoreError::Read { path: path.to_owned(), source };
    let file = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found.map_err(unreadable)?,
    };
    // To open a pipe would be to wait for a writer.
    if !file.is_file() || file.len() > MAX_FILE_BYTES {
        return Err(StoreError::NoSmallFile(path.to_owned()));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(Some(bytes))
}

/// Writes a file that only its owner can read, in the place of what an earlier run left there.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a folder that only its owner can read, where the system knows owners.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(folder: &Path, directory: &str) -> AcmeConfig {
        AcmeConfig {
            domain: "calls.example.org".parse().unwrap(),
            email: None,
            directory: directory.parse().unwrap(),
            ca: None,
            folder: folder.to_owned(),
        }
    }

    #[test]
    fn what_is_kept_is_found_again_and_each_authority_has_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let url = "https://acme.example.org:14000/dir";
        let store = Store::new(&config(folder.path(), url));
        assert!(store.certificate().unwrap().is_none() && store.account().unwrap().is_none());
        store.prepare().unwrap();
        store.keep_certificate("one").unwrap();
        store.keep_certificate("another").unwrap();
        store.keep_account(b"account").unwrap();
        let again = Store::new(&config(folder.path(), url));
        assert_eq!(again.certificate().unwrap().unwrap(), b"another");
        assert_eq!(again.account().unwrap().unwrap(), b"account");
        let trial = Store::new(&config(folder.path(), "https://acme.example.org:14000/trial"));
        assert!(trial.certificate().unwrap().is_none());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_what_is_kept() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(&config(folder.path(), "https://a.org/d"));
        store.keep_certificate("secret").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&store.certificate), mode(&store.folder)), (0o600, 0o700));
        // One that came from a backup with other rights is replaced by one with ours.
        fs::set_permissions(&store.certificate, fs::Permissions::from_mode(0o644)).unwrap();
        store.keep_certificate("secret").unwrap();
        assert_eq!(mode(&store.certificate), 0o600);
        let files: Vec<_> = fs::read_dir(&store.folder).unwrap().collect();
        assert_eq!(files.len(), 1, "nothing is left aside: {files:?}");
    }

    #[test]
    fn what_is_no_small_file_is_an_error_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(&config(folder.path(), "https://a.org/d"));
        fs::create_dir_all(&store.certificate).unwrap();
        assert!(matches!(store.certificate(), Err(StoreError::NoSmallFile(_))));
        fs::remove_dir(&store.certificate).unwrap();
        File::create(&store.certificate).unwrap().set_len(1 << 40).unwrap();
        assert!(matches!(store.certificate(), Err(StoreError::NoSmallFile(_))));
        // A file where the folder should be.
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let store = Store::new(&config(&file, "https://a.org/d"));
        let error = store.prepare().unwrap_err();
        assert!(
            matches!(error, StoreError::Write { .. }) && error.to_string().contains("--data-dir")
        );
    }
}
