//! What a plugged-in service gets and may do, over real sockets.

use std::future::Future;
use std::time::Duration;

use hyper::Response;
use hyper::header::UPGRADE;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::cluster::Standalone;
use crate::config::Config;
use crate::context::drain::{Drainer, drain};
use crate::http::WholeRequest;
use crate::hub::Hub;
use crate::ice::Ice;
use crate::limits::rates::AddressGate;
use crate::names::Owners;
use crate::observability::logging::{LogNames, NameLog};
use crate::observability::metrics::Metrics;

const LONG: Duration = Duration::from_secs(20);

/// A front with this service that serves one connection, and a client on it.
async fn client_of<F, A>(
    call: F,
    change: impl FnOnce(&mut Front),
) -> (TcpStream, Arc<Front>, Drainer)
where
    F: Fn(WholeRequest) -> A + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    hurried_client_of(LONG, call, change).await
}

/// The same, with so much time to say what it wants.
async fn hurried_client_of<F, A>(
    handshake: Duration,
    call: F,
    change: impl FnOnce(&mut Front),
) -> (TcpStream, Arc<Front>, Drainer)
where
    F: Fn(WholeRequest) -> A + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    let config = Config::for_tests();
    let (drainer, drain) = drain();
    let owners = Owners::new(config.names.open().unwrap(), config.names.guests);
    let ice = Ice::start(None, &config.relay).await.unwrap();
    let context = Context {
        hub: Arc::new(Hub::new(true, config.limits.queue, Arc::new(Standalone::new(owners, None)))),
        ice: ice.offer,
        limits: config.limits,
        timing: crate::Timing { handshake, ..config.timing },
        logins: AddressGate::new(None),
        joins: AddressGate::new(None),
        names: NameLog::new(LogNames::Off),
        metrics: Arc::new(Metrics::new()),
        drain,
        certified: None,
    };
    let mut front = Front {
        context: Arc::new(context),
        socket_io: Some(Service::new(call)),
        admission: Arc::new(Admission::new(config.limits)),
        proxies: TrustedProxies::default(),
        origins: AllowedOrigins::default(),
        tls: None,
        web: true,
    };
    change(&mut front);
    let front = Arc::new(front);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (client, accepted) =
        tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    let (stream, from) = accepted.unwrap();
    let place = front.admit(from.ip()).unwrap();
    tokio::spawn(Arc::clone(&front).open(stream, from.ip(), place));
    (client.unwrap(), front, drainer)
}

/// What comes back for what is sent, until the connection ends.
async fn answer_to(mut client: TcpStream, text: &str) -> String {
    client.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(LONG, client.read_to_end(&mut answer)).await.expect("an end");
    String::from_utf8(answer).unwrap()
}

/// Says what it was asked.
async fn echo(request: WholeRequest) -> Answer {
    let caller = request.extensions().get::<Caller>().unwrap().address;
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    plain(StatusCode::OK, format!("{caller} {path} {}", String::from_utf8_lossy(&body)))
}

#[tokio::test]
async fn a_service_gets_the_whole_body_and_whose_it_is() {
    let (client, _front, _drainer) = client_of(echo, |_| {}).await;
    let request = "POST /socket.io/?EIO=4 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    let answer = answer_to(client, request).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("127.0.0.1 /socket.io/ hello"),
        "{answer}"
    );
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_caller_is_the_client() {
    let trust =
        |front: &mut Front| front.proxies = TrustedProxies(vec!["127.0.0.1".parse().unwrap()]);
    let (client, front, _drainer) = client_of(echo, trust).await;
    let request = "GET /socket.io/ HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.7\r\nConnection: close\r\n\r\n";
    let answer = answer_to(client, request).await;
    assert!(answer.contains("198.51.100.7 /socket.io/"), "{answer}");
    assert!(front.admission.is_empty(), "the places are free again");
}

#[tokio::test]
async fn a_body_that_dribbles_in_is_not_waited_for() {
    let (client, _front, _drainer) =
        hurried_client_of(Duration::from_millis(500), echo, |_| {}).await;
    let request = "POST /socket.io/ HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nhel";
    let answer = answer_to(client, request).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read() {
    let (client, _front, _drainer) = client_of(echo, |_| {}).await;
    let length = MAX_BODY_BYTES + 1;
    let request =
        format!("POST /socket.io/ HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
    let answer = answer_to(client, &request).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn a_service_may_take_the_stream_and_keeps_the_place_with_it() {
    let upgrade = |mut request: WholeRequest| async move {
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut stream = TokioIo::new(upgrade.await.unwrap());
            let mut said = [0; 5];
            stream.read_exact(&mut said).await.unwrap();
            stream.write_all(&said).await.unwrap();
        });
        let answer = Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(UPGRADE, "websocket");
        answer
            .header(CONNECTION, "upgrade")
            .body(http::boxed(http_body_util::Empty::new()))
            .unwrap()
    };
    let (mut client, front, _drainer) = client_of(upgrade, |_| {}).await;
    let head =
        "GET /socket.io/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let granted = async {
        while !answer.ends_with(b"\r\n\r\n") {
            client.read_buf(&mut answer).await.unwrap();
        }
    };
    timeout(LONG, granted).await.expect("the upgrade");
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
    assert!(!front.admission.is_empty(), "the stream has the place");
    assert_eq!(answer_to(client, "hello").await, "hello");
    let free = async {
        while !front.admission.is_empty() {
            tokio::task::yield_now().await
        }
    };
    timeout(LONG, free).await.expect("the place to be free again");
}

#[test]
fn the_first_request_of_a_session_names_none() {
    for (uri, first) in [
        ("/socket.io/?EIO=4&transport=polling", true),
        ("/socket.io/", true),
        ("/socket.io/?EIO=4&transport=polling&sid=abc", false),
        ("/socket.io/?sid=abc", false),
        ("/socket.io/?resid=abc", true),
    ] {
        assert_eq!(begins_session(&Request::builder().uri(uri).body(()).unwrap()), first, "{uri}");
    }
}

#[tokio::test]
async fn a_page_of_a_site_that_is_not_wanted_is_turned_away_and_told_nothing() {
    let wanted = |front: &mut Front| {
        front.origins = AllowedOrigins(vec!["https://calls.example.org".parse().unwrap()])
    };
    let (client, _front, _drainer) = client_of(echo, wanted).await;
    let request = "GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\nConnection: close\r\n\r\n";
    let answer = answer_to(client, request).await;
    assert!(answer.starts_with("HTTP/1.1 403") && !answer.contains("access-control"), "{answer}");
}
