use std::net::TcpListener as StdListener;

use tempfile::TempDir;
use tokio::time::timeout;

use super::*;

const SOON: Duration = Duration::from_secs(20);

fn options(folder: &Path) -> HostingOptions {
    HostingOptions {
        ports: 0..=0,
        announces: false,
        ..HostingOptions::in_folder(folder.join("server"))
    }
}

async fn next(host: &mut Host) -> HostEvent {
    timeout(SOON, host.next_event()).await.expect("an event in time")
}

async fn started(options: HostingOptions) -> (Host, HostEvent) {
    let mut host = Host::new(Some(options));
    host.start().expect("a thread");
    let event = next(&mut host).await;
    (host, event)
}

fn error_of(event: HostEvent) -> HostError {
    match event {
        HostEvent::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn it_serves_until_it_is_stopped_and_starts_again() {
    let folder = TempDir::new().expect("a folder");
    let (mut host, event) = started(options(folder.path())).await;
    let HostEvent::Running(hosted) = event else { panic!("{event:?}") };
    assert_eq!(hosted.online, 0);
    let (socket, _) = tokio_tungstenite::connect_async(hosted.own_url()).await.expect("a server");
    drop(socket);
    let names = names_folder(&folder.path().join("server"), hosted.address, hosted.port);
    assert!(names.join(NAMES_FILE).is_file(), "names are kept for this address");
    host.stop();
    while !matches!(next(&mut host).await, HostEvent::Ended) {}
    assert!(tokio_tungstenite::connect_async(hosted.own_url()).await.is_err());
    host.start().expect("orders are taken");
    let event = next(&mut host).await;
    assert!(matches!(event, HostEvent::Running(_)), "{event:?}");
    timeout(SOON, host.finish()).await.expect("it ends");
}

#[tokio::test]
async fn a_port_that_is_taken_is_passed_over_and_where_all_are_that_is_said() {
    let folder = TempDir::new().expect("a folder");
    let taken = StdListener::bind("0.0.0.0:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let all = HostingOptions { ports: port..=port, ..options(folder.path()) };
    let (_host, event) = started(all).await;
    assert_eq!(error_of(event), HostError::Ports(port, port));
    // Of a few ports after it one is free, however many programs run.
    let last = port.checked_add(50);
    let some = HostingOptions { ports: port..=last.unwrap_or(u16::MAX), ..options(folder.path()) };
    if last.is_some() {
        let (_host, event) = started(some).await;
        let HostEvent::Running(hosted) = event else { panic!("{event:?}") };
        assert!(hosted.port > port, "{hosted:?}");
    }
}

#[tokio::test]
async fn a_second_one_with_the_same_folder_is_refused_until_the_first_is_gone() {
    let folder = TempDir::new().expect("a folder");
    let (mut first, event) = started(options(folder.path())).await;
    assert!(matches!(event, HostEvent::Running(_)), "{event:?}");
    let (mut second, event) = started(options(folder.path())).await;
    assert_eq!(error_of(event), HostError::Already);
    first.finish().await;
    second.start().expect("orders are taken");
    let event = next(&mut second).await;
    assert!(matches!(event, HostEvent::Running(_)), "{event:?}");
}

#[tokio::test]
async fn a_folder_that_can_not_be_and_names_that_are_damaged_are_said() {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("server"), "a file").expect("a file");
    let (_host, event) = started(options(folder.path())).await;
    assert_eq!(error_of(event), HostError::Folder(folder.path().join("server")));
    let folder = TempDir::new().expect("a folder");
    let port =
        StdListener::bind("0.0.0.0:0").and_then(|free| free.local_addr()).expect("a port").port();
    let address = Hosted::best(&interfaces::best());
    let inside = names_folder(&folder.path().join("server"), address, port);
    std::fs::create_dir_all(&inside).expect("a folder");
    std::fs::write(inside.join(NAMES_FILE), "no database").expect("a file");
    let options = HostingOptions { ports: port..=port, ..options(folder.path()) };
    let (_host, event) = started(options).await;
    assert_eq!(error_of(event), HostError::Names(inside.join(NAMES_FILE)));
}

#[tokio::test]
async fn every_failure_is_one_line_about_what_to_do() {
    let path = std::path::PathBuf::from("/x");
    let all = [
        HostError::Ports(1, 2),
        HostError::NotPermitted,
        HostError::Folder(path.clone()),
        HostError::Full,
        HostError::Already,
        HostError::Names(path),
        HostError::Other,
    ];
    let lines: std::collections::BTreeSet<_> =
        all.iter().map(|error| error.words().plain()).collect();
    assert_eq!(lines.len(), all.len());
    assert!(lines.iter().all(|line| line.ends_with('.') && !line.contains('\n')), "{lines:?}");
}
