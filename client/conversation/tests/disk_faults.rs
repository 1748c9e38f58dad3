//! Files that change, vanish or can't be written: one transfer fails and says why, the others go
//! on. And pictures, and many files.

mod support;

use support::{App, UNLIMITED, connect, noise, tree};
use visavis_conversation::{Command, TransferId, TransferProblem, TransferState, View};
use visavis_media::units::Bitrate;

fn state(view: &View, name: &str) -> Option<TransferState> {
    let one = view.transfers.iter().find(|one| &*one.name == name);
    one.map(|one| one.state.clone())
}

async fn accept_all(app: &mut App, count: usize) {
    let mut accepted: Vec<TransferId> = Vec::new();
    while accepted.len() < count {
        let new = |view: &View| {
            let offered = view.transfers.iter().filter(|one| one.state == TransferState::Offered);
            offered.map(|one| one.id).find(|id| !accepted.contains(id))
        };
        let view = app.until(|view| new(view).is_some()).await;
        let id = new(&view).expect("an offer");
        app.ask(Command::Accept(id));
        accepted.push(id);
    }
}

#[tokio::test]
async fn a_file_that_shrinks_grows_or_vanishes_is_told_and_the_rest_is_unharmed() {
    let (mut alice, mut bob) = (App::new("Alice"), App::new("Bob"));
    let connection = connect(&alice, &bob, Bitrate::from_kbps(16_000)).await;
    let path = |name: &str| alice.folder.path().join(name);
    for name in ["shrinks", "grows", "same"] {
        std::fs::write(path(name), noise(1, 2_000_000)).expect("written");
    }
    std::fs::create_dir(path("folder")).expect("a folder");
    std::fs::write(path("folder/first"), noise(2, 2_000_000)).expect("written");
    std::fs::write(path("folder/vanishes"), noise(3, 1_000)).expect("written");
    let paths = ["shrinks", "grows", "same", "folder"].map(path);
    alice.ask(Command::Offer(paths.to_vec()));
    accept_all(&mut bob, 4).await;
    bob.until(|view| view.transfers.iter().all(|one| one.done > 50_000)).await;
    let open = |name: &str| {
        let path = alice.folder.path().join(name);
        std::fs::OpenOptions::new().append(true).open(path).expect("opened")
    };
    open("shrinks").set_len(100_000).expect("shrunk");
    std::io::Write::write_all(&mut open("grows"), b"more").expect("grown");
    std::fs::remove_file(alice.folder.path().join("folder/vanishes")).expect("removed");
    for rate in &connection.rates {
        rate.send_replace(UNLIMITED);
    }
    let over = |view: &View| view.transfers.iter().all(|one| one.state.is_over());
    let changed = Some(TransferState::Failed(TransferProblem::Changed));
    let view = alice.until(over).await;
    assert_eq!(state(&view, "shrinks"), changed);
    assert_eq!(state(&view, "grows"), changed);
    assert_eq!(state(&view, "same"), Some(TransferState::Done(None)));
    let gone = TransferProblem::Unreadable("no such file or directory".to_owned());
    assert_eq!(state(&view, "folder"), Some(TransferState::Failed(gone)));
    let view = bob.until(over).await;
    assert_eq!((state(&view, "shrinks"), state(&view, "grows")), (changed.clone(), changed));
    let theirs = Some(TransferState::Failed(TransferProblem::Theirs));
    assert_eq!(state(&view, "folder"), theirs);
    let place = bob.downloads().join("same");
    assert_eq!(state(&view, "same"), Some(TransferState::Done(Some(place))));
    let folder = bob.end().await;
    assert_eq!(tree(folder.path()), [("Downloads/same".to_owned(), noise(1, 2_000_000))]);
}

#[tokio::test]
async fn what_cannot_be_read_or_written_says_why() {
    let (mut alice, mut bob) = (App::new("Alice"), App::new("Bob"));
    let _connection = connect(&alice, &bob, UNLIMITED).await;
    alice.ask(Command::Offer(vec![alice.folder.path().join("nothing here")]));
    let missing = TransferProblem::Unreadable("no such file or directory".to_owned());
    assert_eq!(alice.over().await, TransferState::Failed(missing));
    let id = alice.view.borrow().transfers[0].id;
    alice.ask(Command::PutAway(id));
    // A file stands where the folder should be; that stops an administrator too.
    std::fs::write(bob.downloads(), b"no folder").expect("written");
    let path = alice.folder.path().join("a.txt");
    std::fs::write(&path, b"hello").expect("written");
    alice.ask(Command::Offer(vec![path]));
    bob.accept().await;
    let unwritable = bob.over().await;
    let TransferState::Failed(TransferProblem::Unwritable(why)) = unwritable else {
        panic!("{unwritable:?}")
    };
    assert_eq!(why, "file exists");
    alice.until(|view| view.transfers.len() == 1 && view.transfers[0].state.is_over()).await;
    assert_eq!(alice.over().await, TransferState::Failed(TransferProblem::Theirs));
    assert_eq!(std::fs::read(bob.downloads()).expect("read"), b"no folder");
}

#[tokio::test]
async fn a_picture_is_seen_before_it_is_accepted() {
    let (mut alice, mut bob) = (App::new("Alice"), App::new("Bob"));
    let _connection = connect(&alice, &bob, UNLIMITED).await;
    let path = alice.folder.path().join("photo.png");
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, 320, 200);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let pixels: Vec<u8> = (0..200).flat_map(|y| (0..320).map(move |x| (x + y) as u8)).collect();
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&pixels).expect("pixels");
    writer.finish().expect("a PNG");
    std::fs::write(&path, &png).expect("written");
    alice.ask(Command::Offer(vec![path]));
    let shown = bob.until_transfer(|one| one.thumbnail.is_some()).await;
    assert_eq!(shown.state, TransferState::Offered);
    let picture = shown.thumbnail.expect("a picture");
    assert_eq!((picture.size.width(), picture.size.height()), (160, 100));
    let view = alice.until(|view| view.transfers[0].thumbnail.is_some()).await;
    assert_eq!(view.transfers[0].thumbnail.as_ref(), Some(&picture));
}

#[tokio::test]
async fn a_hundred_files_at_once_and_both_ways_arrive() {
    let (mut alice, mut bob) = (App::new("Alice"), App::new("Bob"));
    let _connection = connect(&alice, &bob, UNLIMITED).await;
    let mut expected = Vec::new();
    let mut paths = [Vec::new(), Vec::new()];
    for (side, app) in [&alice, &bob].into_iter().enumerate() {
        for number in 0..100_usize {
            let name = format!("{number:02} of {side}.dat");
            let bytes = noise(number as u64, number * 997);
            std::fs::write(app.folder.path().join(&name), &bytes).expect("written");
            paths[side].push(app.folder.path().join(&name));
            expected.push((name, bytes));
        }
    }
    let [of_alice, of_bob] = paths;
    alice.ask(Command::Offer(of_alice));
    bob.ask(Command::Offer(of_bob));
    for app in [&mut alice, &mut bob] {
        app.until(|view| view.transfers.iter().any(|one| one.state == TransferState::Offered))
            .await;
    }
    tokio::join!(accept_incoming(&mut alice), accept_incoming(&mut bob));
    let mut arrived = tree(&alice.downloads());
    arrived.extend(tree(&bob.downloads()));
    arrived.sort();
    expected.sort();
    assert!(arrived == expected, "{} of {} arrived", arrived.len(), expected.len());
}

/// Accepts all hundred as they are offered, and waits until everything is over.
async fn accept_incoming(app: &mut App) {
    let mut accepted: Vec<TransferId> = Vec::new();
    loop {
        let new = |view: &View| {
            let incoming = view.transfers.iter().filter(|one| {
                one.direction == visavis_conversation::Direction::Incoming
                    && one.state == TransferState::Offered
            });
            incoming.map(|one| one.id).find(|id| !accepted.contains(id))
        };
        let over = |view: &View| {
            let over = view.transfers.iter().filter(|one| one.state.is_over());
            over.count() == view.transfers.len()
        };
        let all = accepted.len() == 100;
        let view = app.until(|view| new(view).is_some() || (all && over(view))).await;
        match new(&view) {
            Some(id) => {
                app.ask(Command::Accept(id));
                accepted.push(id);
            }
            None => return,
        }
    }
}
