//! An authority of a test's own: Debian's `pebble`, with a resolver by which every name is this
//! machine. Forgotten when the test ends.

#![allow(dead_code, reason = "each test file uses its part")]

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Longer than the programs take to start on a machine that is busy.
const TRIES: u32 = 200;

/// An authority that runs.
pub(crate) struct Pebble {
    port: u16,
    management: u16,
    folder: TempDir,
    processes: Vec<Child>,
}

impl Pebble {
    /// One that looks for names at this port, and issues certificates for so long.
    pub(crate) async fn start(port_of_names: u16, validity: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_certificates(&folder);
        let [port, management, dns, dns_management] = [(); 4].map(|()| free_port());
        let at = |name: &str| folder.path().join(name).display().to_string();
        let config = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": at("authority.pem"),
            "privateKey": at("authority-key.pem"),
            "httpPort": 1,
            "tlsPort": port_of_names,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "certificateValidityPeriod": validity.as_secs(),
        }});
        fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
        let resolver = quiet("pebble-challtestsrv")
            .args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", ""])
            .args(["-tlsalpn01", "", "-dns01", &format!("127.0.0.1:{dns}")])
            .args(["-management", &format!("127.0.0.1:{dns_management}")])
            .spawn();
        let authority = quiet("pebble")
            .args(["-config", &at("config.json"), "-dnsserver", &format!("127.0.0.1:{dns}")])
            // It likes to be slow, to refuse what is right, and to remember.
            .envs([
                ("PEBBLE_VA_NOSLEEP", "1"),
                ("PEBBLE_WFE_NONCEREJECT", "0"),
                ("PEBBLE_AUTHZREUSE", "0"),
            ])
            .spawn();
        let processes = [resolver, authority].map(|started| {
            started.unwrap_or_else(|error| {
                panic!("no authority ({error}): install the package pebble")
            })
        });
        let pebble = Self { port, management, folder, processes: processes.into() };
        for _ in 0..TRIES {
            if pebble.page("/roots/0").await.is_some() {
                return pebble;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("pebble does not answer");
    }

    pub(crate) fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.port)
    }

    /// The file with the certificate by which the authority itself is known.
    pub(crate) fn ca(&self) -> std::path::PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// What signs the certificates that it issues, for as long as it runs.
    pub(crate) async fn root(&self) -> CertificateDer<'static> {
        let page = self.page("/roots/0").await.unwrap();
        CertificateDer::from_pem_slice(page.as_bytes()).unwrap()
    }

    async fn page(&self, path: &str) -> Option<String> {
        let ca = CertificateDer::from_pem_file(self.ca()).unwrap();
        let mut stream = encrypted(self.management, "127.0.0.1", &ca).await.ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// An encrypted stream to a port of this machine that is known by a name and a root.
pub(crate) async fn encrypted(
    port: u16,
    name: &'static str,
    root: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name).unwrap(), stream).await
}

/// An authority that refuses everyone for an hour, and whose clock stands still in the year 2020.
pub(crate) async fn refuse_everyone(listener: tokio::net::TcpListener, folder: Arc<TempDir>) {
    let port = listener.local_addr().unwrap().port();
    let at = |name: &str| folder.path().join(name);
    let chain = vec![CertificateDer::from_pem_file(at("authority.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(at("authority-key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = acceptor.accept(stream).await else { continue };
        let mut head = vec![0; 4096];
        let read = stream.read(&mut head).await.unwrap();
        let head = String::from_utf8_lossy(&head[..read]).into_owned();
        let url = |path: &str| format!("https://127.0.0.1:{port}/{path}");
        let (status, more, body) = if head.starts_with("GET /dir") {
            let directory = serde_json::json!({
                "newNonce": url("nonce"), "newAccount": url("account"), "newOrder": url("order"),
            });
            ("200 OK", "", directory.to_string())
        } else if head.starts_with("HEAD /nonce") {
            ("200 OK", "Replay-Nonce: AAAA\r\n", String::new())
        } else {
            let problem = serde_json::json!({
                "type": "urn:ietf:params:acme:error:rateLimited",
                "detail": "too many new registrations (10) \u{1b}[31mfrom this IP address",
            });
            ("429 Too Many Requests", "Retry-After: 3600\r\n", problem.to_string())
        };
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\n{more}Date: Mon, 30 Nov 2020 12:00:00 GMT\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        let _ = stream.shutdown().await;
    }
}

/// What the authority itself is known by, and the certificate of its server.
pub(crate) fn write_certificates(folder: &TempDir) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let server = params.signed_by(&key, &ca).unwrap();
    for (name, text) in [
        ("ca.pem", ca.pem()),
        ("authority.pem", server.pem()),
        ("authority-key.pem", key.serialize_pem()),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
}

fn quiet(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A port that was free a moment ago, for UDP as well, and that the system gives nobody by itself.
/// The programs can't be given none and say which they took.
pub(crate) fn free_port() -> u16 {
    loop {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, rand::random_range(10_000..30_000)));
        if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
            return address.port();
        }
    }
}
