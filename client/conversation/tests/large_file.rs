//! A large file through little memory; a process of its own, so that nobody else's memory counts.

#![cfg(target_os = "linux")]

mod support;

use support::{App, UNLIMITED, connect};
use visavis_conversation::{Command, TransferState};

/// How much memory this process has in use, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("read");
    let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("a line");
    let kib = line.split_whitespace().nth(1).and_then(|text| text.parse::<u64>().ok());
    kib.expect("a number") * 1024
}

/// `VISAVIS_TRANSFER_MIB` asks for another size, such as 4096.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_file_goes_through_little_memory() {
    let mib = std::env::var("VISAVIS_TRANSFER_MIB").ok();
    let size = mib.and_then(|mib| mib.parse::<u64>().ok()).unwrap_or(256) << 20;
    let (mut alice, mut bob) = (App::new("Alice"), App::new("Bob"));
    let path = alice.folder.path().join("large.img");
    std::fs::File::create(&path).and_then(|file| file.set_len(size)).expect("a sparse file");
    let _connection = connect(&alice, &bob, UNLIMITED).await;
    let before = resident();
    let started = std::time::Instant::now();
    alice.ask(Command::Offer(vec![path]));
    bob.accept().await;
    let mut most = before;
    let done = bob
        .until_transfer(|one| {
            most = most.max(resident());
            one.state.is_over()
        })
        .await;
    let seconds = started.elapsed().as_secs_f64();
    assert!(matches!(done.state, TransferState::Done(Some(_))), "{:?}", done.state);
    assert_eq!((done.done, alice.over().await), (size, TransferState::Done(None)));
    let (grown, speed) = ((most - before) >> 20, size as f64 / seconds / 1e6);
    println!("{} MiB in {seconds:.1} s: {speed:.0} MB/s, memory grew by {grown} MiB", size >> 20);
    assert!(grown <= 64, "memory grew by {grown} MiB");
}
