//! The queue by itself, and over real sockets what is written by whom.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use futures_util::StreamExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use visavis_shared::codec::decode_server;
use visavis_shared::{IceServer, Payload, RoomId, Username};

use super::*;
use crate::limits::Limits;
use crate::limits::permits::Admission;
use crate::observability::metrics::Metrics;
use crate::transport::{SharedTransport, Transport};

const LIMITS: QueueLimits = QueueLimits { messages: 64, bytes: 256 * 1024 };

fn presence() -> ServerMessage {
    ServerMessage::Presence { username: Username::parse("bob").unwrap(), online: true }
}

fn said(text: &str) -> ServerMessage {
    ServerMessage::Message {
        room: RoomId::parse("blue").unwrap(),
        username: Username::parse("bob").unwrap(),
        message: Payload::of(&text).unwrap(),
    }
}

#[test]
fn messages_come_out_in_order() {
    let outbox = Outbox::new(LIMITS, None);
    outbox.push(said("one"));
    outbox.push(presence());
    outbox.push(said("two"));
    assert_eq!(outbox.pop(), Ok(Some(said("one"))));
    assert_eq!(outbox.pop(), Ok(Some(presence())));
    assert_eq!(outbox.pop(), Ok(Some(said("two"))));
    assert_eq!(outbox.pop(), Ok(None));
    let queue = outbox.lock();
    assert_eq!((queue.counted, queue.bytes), (0, 0));
}

#[test]
fn so_many_readers_at_an_address_may_be_far_behind() {
    let places = Backlog::places();
    let at = |n| {
        let address = Ipv4Addr::new(192, 0, 2, n).into();
        Outbox::new(LIMITS, Some(Backlog::of(&places, address)))
    };
    let large = said(&"x".repeat(BEHIND_BYTES));
    let behind: Vec<_> = (0..Backlog::READERS_PER_ADDRESS).map(|_| at(1)).collect();
    behind.iter().for_each(|outbox| _ = outbox.push(large.clone()));
    assert!(behind.iter().all(|outbox| !outbox.is_over()));
    let (late, quick, elsewhere) = (at(1), at(1), at(2));
    quick.push(said("a little"));
    late.push(large.clone());
    elsewhere.push(large.clone());
    assert_eq!(late.pop(), Err(Over::Overflow));
    assert!(!quick.is_over() && !elsewhere.is_over());
    // One has caught up, another one is gone.
    assert!(behind[0].pop().is_ok_and(|message| message.is_some()));
    behind[1].close(Closing::Replaced);
    let next = [at(1), at(1), at(1)];
    next.iter().for_each(|outbox| _ = outbox.push(large.clone()));
    assert_eq!(next.each_ref().map(Outbox::is_over), [false, false, true]);
    drop((behind, late, elsewhere, next));
    assert!(places.is_empty());
}

#[test]
fn too_many_messages_run_it_over_and_free_its_memory() {
    let outbox = Outbox::new(LIMITS, None);
    for _ in 0..LIMITS.messages {
        outbox.push(said("x"));
    }
    assert!(outbox.pop().is_ok());
    outbox.push(said("x"));
    outbox.push(said("x"));
    assert_eq!(outbox.pop(), Err(Over::Overflow));
    assert_eq!(outbox.lock().messages.capacity(), 0);
    assert_eq!(outbox.push(said("x")), Pressure::Low);
    assert_eq!(outbox.pop(), Err(Over::Overflow));
}

#[test]
fn too_many_bytes_run_it_over() {
    let outbox = Outbox::new(LIMITS, None);
    let large = "x".repeat(60 * 1024);
    for _ in 0..4 {
        outbox.push(said(&large));
    }
    assert!(!outbox.is_over());
    outbox.push(said(&large));
    assert_eq!(outbox.pop(), Err(Over::Overflow));
}

#[test]
fn presence_is_bounded_by_bytes_only() {
    let outbox = Outbox::new(LIMITS, None);
    for _ in 0..2 * LIMITS.messages {
        outbox.push(presence());
    }
    assert!(!outbox.is_over());
    for _ in 0..LIMITS.bytes / size_of::<ServerMessage>() {
        outbox.push(presence());
    }
    assert_eq!(outbox.pop(), Err(Over::Overflow));
}

#[test]
fn another_connection_takes_what_waits_in_its_order() {
    let outbox = Outbox::new(LIMITS, None);
    outbox.push(said("one"));
    outbox.push(said("two"));
    assert_eq!(outbox.take_all(), [said("one"), said("two")]);
    assert_eq!(outbox.pop(), Ok(None));
    outbox.push(said("three"));
    outbox.close(Closing::Replaced);
    assert_eq!((outbox.pop(), outbox.is_over()), (Err(Over::Closed(Closing::Replaced)), true));
    assert_eq!(outbox.take_all(), []);
}

#[tokio::test(start_paused = true)]
async fn a_sender_waits_for_a_reader_at_work_but_only_once_for_one_that_is_not() {
    let outbox = Outbox::new(LIMITS, None);
    let mut pressure = Pressure::Low;
    for _ in 0..LIMITS.messages / 2 {
        assert_eq!(pressure, Pressure::Low);
        pressure = outbox.push(said("x"));
    }
    assert_eq!(pressure, Pressure::High);

    let began = tokio::time::Instant::now();
    let (_, popped) = tokio::join!(outbox.relief(), async { outbox.pop() });
    assert_eq!((popped, began.elapsed()), (Ok(Some(said("x"))), Duration::ZERO));

    assert_eq!(outbox.push(said("x")), Pressure::High);
    outbox.relief().await;
    assert_eq!(began.elapsed(), PATIENCE);
    assert_eq!(outbox.push(said("x")), Pressure::Low);
    outbox.relief().await;
    assert_eq!(began.elapsed(), PATIENCE);

    outbox.pop().unwrap();
    assert_eq!(outbox.push(said("x")), Pressure::High);
}

/// Counts how often a connection's task was woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A task that waits for something to write; how often it was woken since.
fn waiting_task(outbox: &Outbox) -> impl Fn() -> usize {
    let wakes = Arc::new(Wakes::default());
    let waker = Arc::clone(&wakes).into();
    assert!(outbox.poll_filled(&Context::from_waker(&waker)).is_pending());
    move || wakes.0.load(Ordering::Relaxed)
}

/// An outbox with a way over TCP, and the client at the other end.
async fn outbox_and_client() -> (Outbox, WebSocketStream<TcpStream>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, from) = listener.accept().await.unwrap();
    let place = Arc::new(Admission::new(Limits::default())).admit(from.ip()).unwrap();
    let metrics = Arc::new(Metrics::new());
    let stream = SharedTransport::new(Transport::plain(stream, place, Arc::clone(&metrics)));
    let outbox = Outbox::new(LIMITS, None);
    outbox.attach_writer(FrameWriter::new(stream, metrics));
    (outbox, WebSocketStream::from_raw_socket(client, Role::Client, None).await)
}

async fn heard(client: &mut WebSocketStream<TcpStream>) -> ServerMessage {
    let next = tokio::time::timeout(Duration::from_secs(20), client.next())
        .await
        .expect("a message in time");
    let Some(Ok(Message::Text(text))) = next else { panic!("no text: {next:?}") };
    decode_server(&text).unwrap()
}

#[tokio::test]
async fn whoever_puts_messages_in_writes_them_and_the_task_sleeps_on() {
    let (outbox, mut client) = outbox_and_client().await;
    let wakes = waiting_task(&outbox);
    for text in ["one", "two"] {
        outbox.push(said(text));
    }
    outbox.deliver();
    assert_eq!((heard(&mut client).await, heard(&mut client).await), (said("one"), said("two")));
    assert_eq!((wakes(), outbox.pop()), (0, Ok(None)));
}

#[tokio::test]
async fn what_the_task_has_to_complete_waits_for_it_and_so_does_all_that_comes_after() {
    let (outbox, mut client) = outbox_and_client().await;
    let wakes = waiting_task(&outbox);
    let login = |ice_servers| {
        let username = Username::parse("bob").unwrap();
        ServerMessage::LoggedIn { username, ice_servers, resume: None }
    };
    outbox.push(said("before"));
    outbox.push(login(vec![]));
    outbox.push(said("after"));
    outbox.deliver();
    assert_eq!((wakes(), heard(&mut client).await), (1, said("before")));

    let stun =
        vec![IceServer { urls: vec!["stun:127.0.0.1".into()], username: None, credential: None }];
    let complete = |message: &mut ServerMessage| {
        if let ServerMessage::LoggedIn { ice_servers, .. } = message {
            ice_servers.clone_from(&stun);
        }
    };
    poll_fn(|cx| outbox.poll_write_out(cx, complete)).await.unwrap();
    assert_eq!(
        (heard(&mut client).await, heard(&mut client).await),
        (login(stun.clone()), said("after"))
    );
}

#[tokio::test]
async fn what_the_stream_does_not_take_is_written_by_the_task_alone_and_in_order() {
    let (outbox, mut client) = outbox_and_client().await;
    let large = |n: usize| said(&format!("{n} {}", "x".repeat(60 * 1024)));
    let wakes = waiting_task(&outbox);
    let mut sent = 0;
    while wakes() == 0 {
        outbox.push(large(sent));
        outbox.deliver();
        sent += 1;
        assert!(sent < 10_000, "the system keeps everything for a client that does not read");
    }
    let wakes = waiting_task(&outbox);
    outbox.push(large(sent));
    outbox.deliver();
    assert_eq!(wakes(), 1, "the task has to hear of it");
    assert!(
        !outbox.lock().messages.is_empty(),
        "nobody else writes while the stream takes nothing"
    );

    let write = poll_fn(|cx| outbox.poll_write_out(cx, |_| ()));
    let read = async {
        for n in 0..=sent {
            assert!(heard(&mut client).await == large(n), "message {n}");
        }
    };
    assert_eq!(tokio::join!(write, read).0, Ok(()));
}

#[tokio::test]
async fn nothing_is_written_to_a_connection_that_says_goodbye() {
    let (outbox, mut client) = outbox_and_client().await;
    outbox.push(said("last"));
    outbox.deliver();
    outbox.reserve_writer();
    outbox.push(said("for whoever comes back"));
    outbox.deliver();
    outbox.detach_writer();
    assert_eq!(heard(&mut client).await, said("last"));
    assert!(!matches!(client.next().await, Some(Ok(_))), "the stream ends");
    assert_eq!(outbox.take_all(), [said("for whoever comes back")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_senders_at_once_lose_nothing_and_each_is_heard_in_order() {
    const SENDERS: usize = 4;
    const MESSAGES: usize = 2_000;
    let (outbox, mut client) = outbox_and_client().await;
    let outbox = Arc::new(outbox);
    let task = tokio::spawn({
        let outbox = Arc::clone(&outbox);
        async move {
            loop {
                outbox.filled().await;
                poll_fn(|cx| outbox.poll_write_out(cx, |_| ())).await.unwrap();
            }
        }
    });
    for sender in 0..SENDERS {
        let outbox = Arc::clone(&outbox);
        tokio::spawn(async move {
            for n in 0..MESSAGES {
                let pressure = outbox.push(said(&format!("{sender} {n}")));
                outbox.deliver();
                if pressure == Pressure::High {
                    outbox.relief().await;
                }
            }
        });
    }
    let mut next = [0; SENDERS];
    for _ in 0..SENDERS * MESSAGES {
        let message = heard(&mut client).await;
        let sender =
            (0..SENDERS).find(|sender| message == said(&format!("{sender} {}", next[*sender])));
        next[sender.unwrap_or_else(|| panic!("{message:?} after {next:?}"))] += 1;
    }
    assert_eq!(next, [MESSAGES; SENDERS]);
    task.abort();
}
