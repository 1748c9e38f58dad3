//! Servers nearby, and one that is started here.

use std::net::Ipv4Addr;
use std::time::Instant;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, ViewportCommand, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use visavis_client::config::Settings;
use visavis_client::desktop::WindowLink;
use visavis_client::phrase;
use visavis_client::session::snapshot::{Hosted, Intent, LoginPhase, NearbyRow, Snapshot};
use visavis_client::settings::TraySettings;
use visavis_client::ui::WindowOptions;

use crate::harness::{Window, ago, logged_in};
use crate::lines::click_to_copy;

fn row(name: &str, host: u8, online: Option<u32>) -> NearbyRow {
    NearbyRow { name: name.to_owned(), url: format!("ws://192.168.1.{host}:9090"), online }
}

/// Whoever has never logged in, and looks.
fn looking(rows: Vec<NearbyRow>) -> Snapshot {
    Snapshot {
        username: "alice".to_owned(),
        can_host: true,
        machine: "alices-laptop".to_owned(),
        looking_since: Some(Instant::now()),
        nearby: rows,
        ..Snapshot::default()
    }
}

fn hosted(online: usize) -> Hosted {
    Hosted { port: 9090, address: Some(Ipv4Addr::new(192, 168, 1, 20)), online }
}

/// Logged in to one's own server, with so many on it.
fn hosting(online: usize) -> Snapshot {
    Snapshot {
        server: "ws://127.0.0.1:9090".to_owned(),
        hosting: Some(hosted(online)),
        can_host: true,
        ..logged_in()
    }
}

fn log_in(server: &str) -> Intent {
    Intent::LogIn { server: server.to_owned(), username: "alice".to_owned() }
}

#[test]
fn servers_appear_by_themselves_and_one_click_chooses() {
    let mut window = Window::open(looking(Vec::new()));
    assert!(window.shows("Looking on your network"));
    window.click("Log in");
    assert!(window.shows("Choose a server from the list first."));
    assert_eq!(window.asked(), []);
    let nas = row("nas", 7, Some(0));
    window.set(looking(vec![nas.clone(), row("Ольга’s laptop", 8, Some(4))]));
    assert!(window.shows("nas, Nobody online yet"));
    window.click("Ольга’s laptop, 4 people online");
    assert!(!window.shows("Choose a server from the list first."));
    window.click("Log in");
    assert_eq!(window.asked(), [log_in("ws://192.168.1.8:9090")]);
    window.set(looking(vec![nas]));
    assert!(!window.shows("Ольга’s laptop"));
    window.click("Log in");
    assert!(
        window.shows("Choose a server from the list first."),
        "the one that was chosen is gone"
    );
    assert_eq!(window.asked(), []);
}

#[test]
fn it_is_looked_only_while_somebody_might_see_what_is_found() {
    let mut window = Window::open(looking(Vec::new()));
    assert_eq!(window.asked_in_all(), [Intent::LookNearby(true)]);
    window.click("By address");
    assert_eq!(window.asked_in_all(), [Intent::LookNearby(false)]);
    window.click("Nearby");
    assert_eq!(window.asked_in_all(), [Intent::LookNearby(true)]);
    window.set(logged_in());
    assert_eq!(window.asked_in_all(), [Intent::LookNearby(false)]);
    let remembered = Snapshot { server: "calls.example".to_owned(), ..looking(Vec::new()) };
    let mut window = Window::open(remembered);
    assert_eq!(window.asked_in_all(), [], "whoever has a server needs no other");
}

#[test]
fn when_nothing_is_found_one_reads_what_else_to_do() {
    let long_ago = Snapshot { looking_since: Some(ago(11)), ..looking(Vec::new()) };
    let mut window = Window::open(long_ago.clone());
    assert!(window.shows("No server was found on this network. Enter an address, or start"));
    window.set(Snapshot { can_host: false, ..long_ago });
    assert!(window.shows("No server was found on this network. Enter the address of one."));
    assert!(!window.shows("Start one here"));
}

#[test]
fn two_of_the_same_name_are_told_apart_by_their_addresses() {
    let rows = vec![row("nas", 7, Some(1)), row("nas", 66, Some(1)), row("silent", 9, None)];
    let window = Window::open(looking(rows));
    assert!(window.shows("nas, 1 person online · 192.168.1.7:9090"));
    assert!(window.shows("nas, 1 person online · 192.168.1.66:9090"));
    assert!(window.shows("silent, 192.168.1.9:9090"));
}

#[test]
fn the_keyboard_reaches_the_list_and_arrows_choose_in_it() {
    let rows = (1..=20).map(|n| row(&format!("machine {n}"), n, Some(1))).collect();
    for size in [vec2(1040.0, 680.0), vec2(480.0, 360.0)] {
        let rows: Vec<NearbyRow> = Vec::clone(&rows);
        let mut window = Window::open_with(looking(rows), size, WindowOptions::default());
        let focused = |window: &Window| {
            let list = window.harness.query_all_by_role(Role::ListItem);
            list.filter(|row| row.is_focused())
                .filter_map(|row| row.accesskit_node().label())
                .next()
        };
        for _ in 0..10 {
            if focused(&window).is_some() {
                break;
            }
            window.press(Modifiers::NONE, Key::Tab);
        }
        assert_eq!(focused(&window).as_deref(), Some("machine 1, 1 person online"), "{size}");
        for _ in 0..19 {
            window.press(Modifiers::NONE, Key::ArrowDown);
        }
        assert_eq!(focused(&window).as_deref(), Some("machine 20, 1 person online"), "{size}");
        assert!(window.texts().iter().any(|text| text == "machine 20"), "it is scrolled to");
        window.click("Log in");
        assert_eq!(window.asked(), [log_in("ws://192.168.1.20:9090")]);
    }
}

#[test]
fn a_server_nearby_that_does_not_answer_says_so_and_stays_chosen() {
    let mut window = Window::open(looking(vec![row("nas", 7, None)]));
    window.click("nas, 192.168.1.7:9090");
    window.click("Log in");
    let failed = phrase!("server-not-running", server = "192.168.1.7:9090");
    let server = "ws://192.168.1.7:9090".to_owned();
    let snapshot = looking(vec![row("nas", 7, None), row("other", 8, None)]);
    window.set(Snapshot { login: LoginPhase::Failed(failed), server, ..snapshot });
    assert!(window.shows("No server is running at 192.168.1.7:9090."));
    window.click("other, 192.168.1.8:9090");
    assert!(!window.shows("No server is running at 192.168.1.7:9090."));
    assert_eq!(window.asked(), [log_in("ws://192.168.1.7:9090")]);
}

#[test]
fn whoever_has_no_server_starts_one_here() {
    let mut window = Window::open(looking(Vec::new()));
    window.click("Start one here");
    assert!(window.shows("This computer becomes the server"));
    assert!(window.shows("find it under Nearby as “alices-laptop”"));
    window.click("Start and log in");
    assert_eq!(window.asked(), [Intent::HostServer { username: "alice".to_owned() }]);
    let failed = phrase!("server-here-ports", first = "9090", last = "9189");
    window.set(Snapshot { login: LoginPhase::Failed(failed), ..looking(Vec::new()) });
    assert!(window.shows("No server could be started: other programs have all ports"));
    window.click("Start and log in");
    assert_eq!(window.asked().len(), 1, "the app goes on");
}

#[test]
fn what_others_need_is_shown_once_it_runs_and_can_be_copied() {
    let mut window =
        Window::open_with(looking(Vec::new()), vec2(1040.0, 680.0), WindowOptions::default());
    window.click("Start one here");
    window.click("Start and log in");
    window.set(hosting(1));
    assert!(window.shows("Your server runs on this computer"));
    assert!(window.shows("192.168.1.20:9090"));
    assert!(window.shows("unless your router forwards port 9090"));
    assert!(window.shows("QR code of the link"));
    let link = "visavis://192.168.1.20?tls=off";
    let field = window.harness.get_by_role_and_label(Role::TextInput, "Link");
    assert_eq!(field.accesskit_node().value().as_deref(), Some(link));
    window.harness.get_all_by_label("Copy link").last().expect("a button").click();
    window.settle();
    assert!(window.shows("Copied"));
    window.click("Done");
    assert!(!window.shows("QR code of the link"));
}

#[test]
fn who_can_reach_it_is_said_plainly() {
    for (address, words) in [
        (None, "This computer is on no network"),
        (Some(Ipv4Addr::new(10, 0, 0, 7)), "Everyone on this network can reach it."),
        (Some(Ipv4Addr::new(203, 0, 113, 9)), "Everyone on the internet can reach it"),
    ] {
        let server = Hosted { address, ..hosted(1) };
        let mut window = Window::open(Snapshot { hosting: Some(server), ..hosting(1) });
        window.click("Invite");
        assert!(window.shows(words), "{words}");
    }
}

#[test]
fn a_server_that_was_started_here_last_is_offered_again_and_not_started_by_itself() {
    let settings = Settings { hosts_server: true, ..Settings::default() };
    let options = WindowOptions { settings, ..WindowOptions::default() };
    let mut window = Window::open_with(looking(Vec::new()), vec2(800.0, 600.0), options);
    assert!(window.shows("This computer becomes the server"));
    assert_eq!(window.asked_in_all(), []);
}

/// In a low window one scrolls to it.
fn stop(window: &mut Window) {
    window.harness.get_by_label("Stop the server").click_accesskit();
    window.settle();
}

#[test]
fn stopping_it_asks_first_where_somebody_is_on_it() {
    let mut window = Window::open(hosting(1));
    window.click("Invite");
    stop(&mut window);
    assert_eq!(window.asked(), [Intent::StopServer], "nobody else is there");
    let mut window = Window::open(hosting(3));
    window.click("Invite");
    stop(&mut window);
    assert!(window.shows("2 other people use the server on this computer."));
    assert_eq!(window.asked(), []);
    window.click("Keep it running");
    assert_eq!(window.asked(), []);
    let logged_out = Snapshot { hosting: Some(hosted(2)), ..looking(Vec::new()) };
    let mut window = Window::open(logged_out);
    window.click("Start one here");
    assert!(window.shows("Its address is 192.168.1.20:9090. 2 people are logged in."));
    window.click("Stop the server");
    window.press(Modifiers::NONE, Key::Escape);
    assert_eq!(window.asked(), []);
    window.click("Log in");
    assert_eq!(window.asked(), [Intent::HostServer { username: "alice".to_owned() }]);
}

#[test]
fn closing_with_guests_asks_first_and_without_closes() {
    let window_with = |online, tray: TraySettings, there| {
        let desktop = WindowLink::default();
        desktop.tray_is_there(there);
        let settings = Settings { tray, ..Settings::default() };
        let options = WindowOptions { settings, desktop, ..WindowOptions::default() };
        Window::open_with(hosting(online), vec2(800.0, 600.0), options)
    };
    let refused = TraySettings { asked: true, ..TraySettings::default() };
    let mut window = window_with(1, refused, false);
    assert!(!window.close().contains(&ViewportCommand::CancelClose));

    let mut window = window_with(2, refused, false);
    assert!(window.close().contains(&ViewportCommand::CancelClose));
    assert!(window.shows("Stop the server and quit?"));
    assert!(window.shows("1 other person uses the server on this computer."));
    window.click("Keep it running");
    assert!(!window.shows("Stop the server and quit?"));
    window.close();
    window.set(hosting(1));
    assert!(!window.shows("Stop the server and quit?"), "nobody would lose anything");
    window.set(hosting(2));
    window.close();
    assert!(!window.close().contains(&ViewportCommand::CancelClose), "whoever asks twice means it");

    let mut window = window_with(2, refused, true);
    window.close();
    window.harness.get_by_label("Keep in the tray").click();
    window.harness.run_steps(1);
    assert!(window.commands().contains(&ViewportCommand::Visible(false)));
    let wanted = TraySettings { close_to_tray: true, asked: true, ..TraySettings::default() };
    let mut window = window_with(2, wanted, true);
    assert!(window.close().contains(&ViewportCommand::Visible(false)), "it goes on in the tray");
}

#[test]
fn the_invitation_to_oneself_is_one_that_others_can_use() {
    let mut window = Window::open_with(hosting(2), vec2(1040.0, 680.0), WindowOptions::default());
    let copied = click_to_copy(&mut window, "Copy link");
    assert_eq!(copied, ["visavis://192.168.1.20/alice?tls=off"]);
}
