//! A window that gives prepared replies, and an inspector that sends it requests.

use std::net::TcpListener;
use std::thread::JoinHandle;

use egui::accesskit::{Node, NodeId, TreeUpdate};
use egui::pos2;
use egui_inspection::protocol::write_handshake;

use super::*;

/// A window that gives these replies, one after the other, and returns the requests.
fn window(replies: Vec<Response>) -> (String, JoinHandle<Vec<Request>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let thread = std::thread::Builder::new()
        .name("window".to_owned())
        .spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            write_handshake(&mut stream).expect("greeted");
            replies
                .into_iter()
                .map(|reply| {
                    let request = read_message(&mut stream).expect("a request");
                    write_message(&mut stream, &reply).expect("replied");
                    request
                })
                .collect()
        })
        .expect("a thread");
    (address, thread)
}

/// A tree as egui makes it: a labelled field, a line of text, a button.
fn tree(button_disabled: bool) -> Response {
    let mut ctx_nodes = Vec::new();
    let mut add = |id: u64, role: Role, edit: &dyn Fn(&mut Node)| {
        let mut node = Node::new(role);
        node.set_bounds(egui::accesskit::Rect { x0: 10.0, y0: 20.0, x1: 30.0, y1: 60.0 });
        edit(&mut node);
        ctx_nodes.push((NodeId(id), node));
    };
    add(1, Role::Window, &|_| {});
    add(2, Role::Label, &|node| node.set_value("Username"));
    add(3, Role::TextInput, &|node| {
        node.push_labelled_by(NodeId(2));
        node.set_value("alice");
    });
    add(4, Role::Button, &|node| {
        node.set_label("Log in");
        if button_disabled {
            node.set_disabled();
        }
    });
    let update = TreeUpdate {
        nodes: ctx_nodes,
        tree: None,
        tree_id: egui::accesskit::TreeId::ROOT,
        focus: NodeId(3),
    };
    Response::Tree { step: 1, pixels_per_point: 1.0, accesskit: Some(update) }
}

fn connect(address: &str) -> Inspector {
    Inspector::connect(address, Duration::from_secs(5)).expect("connected")
}

#[test]
fn a_field_is_found_by_the_caption_that_labels_it() {
    let (address, thread) = window(vec![tree(false)]);
    let by = By::name("Username").role(Role::TextInput);
    let field = connect(&address).find(&by).expect("a reply").expect("the field");
    assert_eq!(
        (field.value.as_deref(), field.focused, field.center()),
        (Some("alice"), true, pos2(20.0, 40.0))
    );
    thread.join().expect("served");
}

#[test]
fn a_press_waits_until_the_button_can_be_used_and_then_goes_to_its_middle() {
    let done = || Response::Done;
    let (address, thread) = window(vec![tree(true), tree(false), done(), done(), done()]);
    connect(&address).click(&By::name("Log in")).expect("pressed");
    let requests = thread.join().expect("served");
    let places: Vec<Pos2> = requests
        .iter()
        .filter_map(|request| match request {
            Request::ApplyEvents { events } => events.first(),
            _ => None,
        })
        .filter_map(|event| match event {
            Event::PointerMoved(pos) | Event::PointerButton { pos, .. } => Some(*pos),
            _ => None,
        })
        .collect();
    assert_eq!(places, [pos2(20.0, 40.0); 3]);
}

#[test]
fn what_does_not_come_is_an_error_that_lists_what_was_there() {
    let (address, thread) = window(vec![tree(false)]);
    let error = connect(&address)
        .wait_for(&By::containing("online"), Duration::ZERO)
        .expect_err("not there");
    assert!(
        matches!(&error, InspectionError::NotSeen { seen, .. }
        if seen == &["Username", "Username", "Log in"]),
        "{error}"
    );
    thread.join().expect("served");
}

#[test]
fn a_window_that_is_not_there_is_an_error_in_time() {
    let free = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port");
    let outcome = Inspector::connect(&free.to_string(), Duration::from_millis(50));
    assert!(matches!(outcome, Err(InspectionError::Connect { .. })));
}
