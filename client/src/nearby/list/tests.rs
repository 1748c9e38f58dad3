use std::net::Ipv4Addr;

use proptest::prelude::*;
use visavis_shared::nearby::SERVICE_TYPE;

use super::*;

const HOME: LocalNetwork = LocalNetwork {
    ip: IpAddr::V4(Ipv4Addr::new(192, 168, 1, 20)),
    mask: IpAddr::V4(Ipv4Addr::new(255, 255, 255, 0)),
};

#[derive(Debug)]
struct Made {
    name: String,
    address: String,
    port: u16,
    strings: Vec<(String, Vec<u8>)>,
}

impl Made {
    fn server(name: &str, last: u8, id: u8) -> Self {
        let strings = [("v", "1"), ("tls", "off"), ("id", &format!("{id:016x}"))];
        let strings = strings.map(|(key, value)| (key.to_owned(), value.as_bytes().to_vec()));
        Self {
            name: format!("{name}.{SERVICE_TYPE}"),
            address: format!("192.168.1.{last}"),
            port: 9090,
            strings: strings.to_vec(),
        }
    }

    fn at(mut self, address: &str, port: u16) -> Self {
        (self.address, self.port) = (address.to_owned(), port);
        self
    }

    fn online(mut self, online: &str) -> Self {
        self.strings.push(("online".to_owned(), online.as_bytes().to_vec()));
        self
    }

    fn service(&self) -> Service<'_> {
        let strings = self.strings.iter();
        Service {
            full_name: &self.name,
            port: self.port,
            addresses: self.address.parse().map(|ip| (ip, Some(2))).into_iter().collect(),
            strings: strings.map(|(key, value)| (key.as_str(), Some(value.as_slice()))).collect(),
        }
    }
}

fn list(services: &[Made]) -> NearbyList {
    let mut list = NearbyList::default();
    services.iter().for_each(|made| list.found(&made.service(), &[HOME]));
    list
}

fn names(list: &NearbyList) -> Vec<String> {
    list.rows().into_iter().map(|row| row.name).collect()
}

#[test]
fn servers_come_change_and_go_and_none_moves() {
    let mut list = list(&[Made::server("nas", 7, 1), Made::server("Ольга’s laptop", 8, 2)]);
    assert_eq!(names(&list), ["nas", "Ольга’s laptop"]);
    let nas = Made::server("nas", 7, 1).online("4");
    list.found(&nas.service(), &[HOME]);
    let row = NearbyRow {
        name: "nas".to_owned(),
        url: "ws://192.168.1.7:9090".to_owned(),
        online: Some(4),
    };
    assert_eq!(list.rows().first(), Some(&row));
    list.gone(&nas.name);
    assert_eq!(names(&list), ["Ольга’s laptop"]);
}

#[test]
fn what_is_not_on_our_networks_or_no_server_of_ours_is_no_row() {
    let mut without_version = Made::server("a", 7, 1);
    without_version.strings.remove(0);
    let list = list(&[
        Made::server("elsewhere", 7, 1).at("8.8.8.8", 9090),
        Made::server("behind a router", 7, 2).at("192.168.2.7", 9090),
        Made::server("this computer alone", 7, 3).at("127.0.0.1", 9090),
        Made::server("no port", 7, 4).at("192.168.1.7", 0),
        Made::server("no address", 7, 5).at("", 9090),
        Made::server("\u{200b}\u{1b}[2J", 7, 6),
        without_version,
    ]);
    assert_eq!(list.rows(), []);
}

#[test]
fn one_that_can_not_be_reached_any_more_goes() {
    let mut list = list(&[Made::server("nas", 7, 1)]);
    list.found(&Made::server("nas", 7, 1).at("192.168.2.7", 9090).service(), &[HOME]);
    assert_eq!(list.rows(), []);
}

#[test]
fn of_the_same_server_or_place_the_first_counts() {
    let list = list(&[
        Made::server("nas", 7, 1),
        Made::server("not the nas", 66, 1),
        Made::server("nas (2)", 7, 2),
        Made::server("another", 7, 3).at("192.168.1.7", 9091),
    ]);
    assert_eq!(names(&list), ["nas", "another"]);
}

#[test]
fn a_machine_that_announces_many_leaves_room_for_others() {
    let mut many: Vec<Made> = (0..200)
        .map(|n| Made::server(&format!("spam {n}"), 66, n).at("192.168.1.66", 1000 + u16::from(n)))
        .collect();
    many.push(Made::server("nas", 7, 250));
    assert_eq!(names(&list(&many)), ["spam 0", "spam 1", "spam 2", "nas"]);
}

#[test]
fn rows_are_given_when_they_have_changed_and_not_too_often() {
    let start = Instant::now();
    let mut list = NearbyList::default();
    assert_eq!(list.take(start), Some(Vec::new()));
    list.found(&Made::server("nas", 7, 1).service(), &[HOME]);
    assert_eq!(list.take(start + PAUSE / 2), None);
    assert_eq!(list.take(start + PAUSE).map(|rows| rows.len()), Some(1));
    assert_eq!(list.take(start + 3 * PAUSE), None, "nothing has changed");
    list.clear();
    assert_eq!(list.take(start + 3 * PAUSE), Some(Vec::new()));
}

#[test]
fn ten_thousand_services_are_twenty_rows_at_most_and_take_no_time() {
    let services: Vec<Made> = (0..10_000_u32)
        .map(|n| {
            let address = format!("192.168.1.{}", n % 255);
            let name = format!("\u{1b}[31m{n}\u{202e}\u{0}");
            let mut made = Made::server(&name, 0, 0).at(&address, (n % 60_000) as u16 + 1);
            made.strings[2].1 = format!("{n:016x}").into_bytes();
            made
        })
        .collect();
    let before = Instant::now();
    let list = list(&services);
    let rows = list.rows();
    assert!(before.elapsed() < Duration::from_secs(2), "{:?}", before.elapsed());
    assert_eq!(rows.len(), MAX_NEARBY);
    assert_eq!(list.entries.len(), MOST_KEPT);
    assert!(rows.iter().all(|row| row.name.bytes().all(|byte| byte.is_ascii_digit())), "{rows:?}");
}

fn any_service() -> impl Strategy<Value = Made> {
    let text = prop_oneof!["[a-z]{1,3}", any::<String>()];
    let address = prop_oneof![
        (0..4_u8).prop_map(|n| format!("192.168.1.{n}")),
        any::<IpAddr>().prop_map(|ip| ip.to_string()),
        Just("fe80::1".to_owned()),
        Just(String::new()),
    ];
    let record = prop_oneof![
        (0..4_u8, "[0-9]{0,3}")
            .prop_map(|(id, online)| Made::server("", 0, id).online(&online).strings),
        prop::collection::vec((any::<String>(), any::<Vec<u8>>()), 0..5),
    ];
    (text, address, 0..4_u16, record).prop_map(|(text, address, port, strings)| Made {
        name: format!("{text}.{SERVICE_TYPE}"),
        address,
        port,
        strings,
    })
}

proptest! {
    #[test]
    fn whatever_is_announced_the_rows_are_few_clean_and_each_of_another_server(
        steps in prop::collection::vec((any_service(), any::<bool>()), 0..80),
    ) {
        let mut list = NearbyList::default();
        for (made, goes) in &steps {
            if *goes {
                list.gone(&made.name);
            } else {
                list.found(&made.service(), &[HOME]);
            }
            let rows = list.rows();
            prop_assert!(rows.len() <= MAX_NEARBY && list.entries.len() <= MOST_KEPT);
            for (at, row) in rows.iter().enumerate() {
                prop_assert!(!row.name.trim().is_empty());
                prop_assert!(!row.name.chars().any(char::is_control), "{:?}", row.name);
                prop_assert!(row.url.starts_with("ws://192.168.1."), "{}", row.url);
                prop_assert!(rows[..at].iter().all(|other| other.url != row.url));
            }
            for ip in (0..4_u8).map(|n| format!("://192.168.1.{n}:")) {
                prop_assert!(rows.iter().filter(|row| row.url.contains(&ip)).count() <= MOST_OF_A_HOST);
            }
        }
    }
}
