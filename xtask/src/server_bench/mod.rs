//! `cargo xtask bench server`: our server and a Node one of the classic kind under the same load,
//! in the same run.
//!
//! Each measurement gets a server of its own, fresh, on a core of its own; the load has another.
//! What is repeated takes turns between the two servers, so that a moment of unrest on the machine
//! does not fall on one alone, and the median counts. What can't be measured is listed; it never
//! passes.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::command;
use crate::error::Error;
use crate::packages::{self, Purpose};
use crate::programs;
use crate::workspace;

mod abilities;
mod cores;
mod judge;
mod node;
mod subject;

use abilities::Abilities;
use cores::Cores;
use judge::{Bar, Line, Unit};
use subject::{Recipe, Subject};

/// How many idle people the memory is shared out among.
const IDLE: usize = 10_000;
/// Files that a server has open besides its connections.
const OTHER_FILES: usize = 100;
/// How often what wavers is measured.
const ROUNDS: usize = 3;

const PIPELINED: &[&str] = &["relay", "--pairs", "8", "--window", "16", "--count", "300000"];
/// One offer in flight between any two, so that every relay is read and written by itself. Many
/// pairs, because with one a server that is slow enough never sleeps, and one that is quick pays
/// for falling asleep and waking each time.
const ONE_AT_A_TIME: &[&str] = &["relay", "--pairs", "64", "--window", "1", "--count", "200000"];
const ONE_PAIR: &[&str] = &["relay", "--pairs", "1", "--window", "1", "--count", "50000"];
const LATENCY: &[&str] = &["latency", "--pairs", "16", "--per-second", "5000", "--seconds", "8"];
const STALL: &[&str] = &["stall", "--receivers", "4", "--seconds", "5"];
const SILENT: &[&str] = &["silent", "--connections", "50", "--seconds", "16"];

/// Puts the same load on our server and on the one in Node, and prints what both need.
pub(crate) fn run() -> Result<(), Error> {
    if !cfg!(target_os = "linux") {
        return Err(Error::Missing(
            "This bench reads memory and processor time from /proc, as only Linux has it.".into(),
        ));
    }
    prepare()?;
    let (server, load) = build()?;
    let folder = workspace::target_dir()?.join("bench");
    let node = node::set_up(&folder.join("node"))?;
    let help = command::output_of(Command::new(&server).arg("--help"))?;
    let scratch = tempfile::tempdir().map_err(Error::file("making a temporary folder"))?;
    let cores = Cores::here();
    let abilities = Abilities::from_help(&help);
    let mut notes: Vec<String> = cores.note().into_iter().collect();
    let bench = Bench { server, load, node, cores, abilities, scratch: scratch.path().to_owned() };

    println!("Measuring two servers, for about four minutes; leave the machine to it.");
    let results = programs::runtime()?.block_on(async {
        tokio::select! {
            results = bench.measure(&mut notes) => Ok(results),
            () = programs::interrupted() => Err(Error::Call("interrupted".into())),
        }
    })?;

    let lines = judge_all(&results);
    let file = folder.join("server.json");
    let result =
        json!({ "lines": judge::as_json(&lines), "notes": notes, "measurements": results });
    std::fs::write(&file, format!("{result:#}\n"))
        .map_err(Error::file(format!("writing {}", file.display())))?;
    println!("\n{}\nThe same as JSON: {}", judge::in_words(&lines), file.display());
    for note in &notes {
        println!("{note}");
    }
    let missing = judge::not_measured(&lines);
    if missing.is_empty() { Ok(()) } else { Err(Error::NotMeasured(missing)) }
}

/// What the bench needs besides what builds the server. A Node that does not come from the system's
/// packages will do.
fn prepare() -> Result<(), Error> {
    let mut purposes = vec![Purpose::Build];
    if !packages::is_on_path("node") || !packages::is_on_path("npm") {
        purposes.push(Purpose::Node);
    }
    if !packages::is_on_path("redis-server") {
        purposes.push(Purpose::Redis);
    }
    packages::ensure(&purposes)
}

/// The server as people get it, and the load.
fn build() -> Result<(PathBuf, PathBuf), Error> {
    let mut cargo = workspace::cargo();
    cargo.args([
        "build",
        "--release",
        "--package",
        "visavis-signal-server",
        "--bins",
        "--example",
        "load",
    ]);
    command::run(&mut cargo)?;
    let folder = workspace::target_dir()?.join("release");
    Ok((folder.join("visavis-signal-server"), folder.join("examples").join("load")))
}

struct Bench {
    server: PathBuf,
    load: PathBuf,
    node: PathBuf,
    cores: Cores,
    abilities: Abilities,
    scratch: PathBuf,
}

impl Bench {
    fn ours(&self, more: &[String]) -> Recipe {
        let options = [self.abilities.lifting_limits(), more.to_vec()].concat();
        Recipe::Ours { program: self.server.clone(), options }
    }

    /// All of it. What fails is noted and left out.
    async fn measure(&self, notes: &mut Vec<String>) -> Value {
        let both = [("ours", self.ours(&[])), ("node", Recipe::Node { folder: self.node.clone() })];
        let idle = self.idle_connections(notes).to_string();
        let idle = ["idle", "--connections", &idle];
        let mut results = json!({});
        let steps: [(&str, &[&str], usize); 7] = [
            ("idle", &idle, 1),
            ("pipelined", PIPELINED, ROUNDS),
            ("one_at_a_time", ONE_AT_A_TIME, ROUNDS),
            ("one_pair", ONE_PAIR, ROUNDS),
            ("at_5000_per_second", LATENCY, ROUNDS),
            ("stalled", STALL, 1),
            ("silent", SILENT, 1),
        ];
        for (step, arguments, rounds) in steps {
            for _ in 0..rounds {
                for (name, recipe) in &both {
                    println!("{step}: {name}");
                    self.note(
                        notes,
                        &mut results[step][*name],
                        self.alone(recipe, arguments).await,
                    );
                }
            }
        }
        if self.abilities.has("--tls-cert") && self.abilities.has("--tls-key") {
            println!("idle over TLS: ours");
            self.note(notes, &mut results["idle_tls"]["ours"], self.idle_over_tls(&idle).await);
        } else {
            notes
                .push("Not measured over TLS: this server has no --tls-cert and --tls-key.".into());
        }
        if self.abilities.has("--redis") {
            println!("two nodes over Redis: ours");
            for (step, arguments) in [("pipelined", PIPELINED), ("at_5000_per_second", LATENCY)] {
                self.note(
                    notes,
                    &mut results["two_nodes"][step],
                    self.on_two_nodes(arguments).await,
                );
            }
        } else {
            notes.push("Not measured on two nodes: this server has no --redis.".into());
        }
        results
    }

    /// Puts a measurement with the others of its kind.
    fn note(&self, notes: &mut Vec<String>, place: &mut Value, values: Result<Value, Error>) {
        match (values, place.as_array_mut()) {
            (Ok(values), Some(those_before)) => those_before.push(values),
            (Ok(values), None) => *place = json!([values]),
            (Err(error), _) => notes.push(format!("Not measured: {error}")),
        }
    }

    /// Fewer than wanted where the system allows fewer open files.
    fn idle_connections(&self, notes: &mut Vec<String>) -> usize {
        let room = cores::open_files().unwrap_or(IDLE).saturating_sub(OTHER_FILES);
        if room < IDLE {
            notes.push(format!(
                "Idle with {room} connections rather than {IDLE}: the system allows no more open files."
            ));
        }
        room.min(IDLE)
    }

    async fn alone(&self, recipe: &Recipe, arguments: &[&str]) -> Result<Value, Error> {
        let subject = Subject::start(recipe, &self.cores).await?;
        subject.load(&self.load, &self.cores, arguments).await
    }

    async fn idle_over_tls(&self, idle: &[&str]) -> Result<Value, Error> {
        let (certificate, key) = make_certificate(&self.scratch)?;
        let options = ["--tls-cert".to_owned(), certificate.clone(), "--tls-key".to_owned(), key];
        let arguments = [&["--tls-ca", &certificate], idle].concat();
        self.alone(&self.ours(&options), &arguments).await
    }

    /// The senders on one node, the receivers on the other.
    async fn on_two_nodes(&self, arguments: &[&str]) -> Result<Value, Error> {
        let redis =
            Subject::start(&Recipe::Redis { folder: self.scratch.clone() }, &self.cores).await?;
        let options = ["--redis".to_owned(), format!("redis://{}", redis.address())];
        let first = Subject::start(&self.ours(&options), &self.cores).await?;
        let second = Subject::start(&self.ours(&options), &self.cores).await?;
        let arguments = [&["--receivers", second.address()], arguments].concat();
        first.load(&self.load, &self.cores, &arguments).await
    }
}

/// A certificate for the loopback address that signs itself; the paths of both files.
fn make_certificate(folder: &Path) -> Result<(String, String), Error> {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]);
    openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-addext"]);
    openssl.arg("basicConstraints=critical,CA:FALSE");
    openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
    command::output_of(&mut openssl)?;
    Ok((certificate.display().to_string(), key.display().to_string()))
}

/// The median of what a step measured, on either side.
fn values(results: &Value, step: &str, value: &str) -> (Option<f64>, Option<f64>) {
    let of = |side: &str| median(&results[step][side], value);
    (of("ours"), of("node"))
}

fn median(rounds: &Value, value: &str) -> Option<f64> {
    let mut values: Vec<f64> =
        rounds.as_array()?.iter().filter_map(|round| round[value].as_f64()).collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Whether all silent connections were closed, and when the last of them was.
fn all_closed(rounds: &Value) -> Option<f64> {
    let round = rounds.as_array()?.first()?;
    (round["closed"] == round["connections"]).then(|| round["last_closed_after_s"].as_f64())?
}

fn judge_all(results: &Value) -> Vec<Line> {
    let scaled = |step, value, by: f64| {
        let (ours, node) = values(results, step, value);
        (ours.map(|f| f / by), node.map(|f| f / by))
    };
    let (kib, mib) = (1024.0, 1024.0 * 1024.0);
    let silent = (all_closed(&results["silent"]["ours"]), all_closed(&results["silent"]["node"]));
    let across = |step: &str, value| (median(&results["two_nodes"][step], value), None);
    let added = |value| {
        let (alone, _) = values(results, "at_5000_per_second", value);
        let across = median(&results["two_nodes"]["at_5000_per_second"], value);
        (across.zip(alone).map(|(across, alone)| across - alone), None)
    };
    let cpu = "cpu_s_per_100k";
    vec![
        Line::new(
            "memory with nobody there",
            Unit::Mebibytes,
            scaled("idle", "bytes_before", mib),
            Bar::None,
        ),
        Line::new(
            "memory for each idle login",
            Unit::Kibibytes,
            scaled("idle", "bytes_per_connection", kib),
            Bar::AtMost(8.0),
        ),
        Line::new(
            "the same over TLS",
            Unit::Kibibytes,
            scaled("idle_tls", "bytes_per_connection", kib),
            Bar::AtMost(22.0),
        ),
        Line::new(
            "logins",
            Unit::PerSecond,
            values(results, "idle", "logins_per_second"),
            Bar::None,
        ),
        Line::new(
            "processor for 1,000 logins",
            Unit::Seconds,
            values(results, "idle", "cpu_s_per_1000_logins"),
            Bar::None,
        ),
        Line::new(
            "processor for 100,000 relays, pipelined",
            Unit::Seconds,
            values(results, "pipelined", cpu),
            Bar::Fraction(5.0),
        ),
        Line::new(
            "relays, pipelined",
            Unit::PerSecond,
            values(results, "pipelined", "relays_per_second"),
            Bar::None,
        ),
        Line::new(
            "processor for 100,000 relays, one at a time",
            Unit::Seconds,
            values(results, "one_at_a_time", cpu),
            Bar::Fraction(3.0),
        ),
        Line::new(
            "relays, one at a time",
            Unit::PerSecond,
            values(results, "one_at_a_time", "relays_per_second"),
            Bar::None,
        ),
        Line::new(
            "processor for 100,000 relays, one pair alone",
            Unit::Seconds,
            values(results, "one_pair", cpu),
            Bar::None,
        ),
        Line::new(
            "latency at 5,000/s, p50",
            Unit::Microseconds,
            values(results, "at_5000_per_second", "p50_us"),
            Bar::None,
        ),
        Line::new(
            "latency at 5,000/s, p99",
            Unit::Microseconds,
            values(results, "at_5000_per_second", "p99_us"),
            Bar::Fraction(1.0),
        ),
        Line::new(
            "processor for 100,000 relays at 5,000/s",
            Unit::Seconds,
            values(results, "at_5000_per_second", cpu),
            Bar::None,
        ),
        Line::new(
            "growth by four who never read",
            Unit::Mebibytes,
            scaled("stalled", "growth_bytes", mib),
            Bar::AtMost(10.0),
        ),
        Line::new("silent connections all closed after", Unit::Seconds, silent, Bar::AtMost(15.0)),
        Line::new(
            "two nodes: relays, pipelined",
            Unit::PerSecond,
            across("pipelined", "relays_per_second"),
            Bar::None,
        ),
        Line::new("two nodes: added latency, p50", Unit::Microseconds, added("p50_us"), Bar::None),
        Line::new("two nodes: added latency, p99", Unit::Microseconds, added("p99_us"), Bar::None),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_the_rounds_counts() {
        let results = json!({"pipelined": {"ours": [{"x": 3.0}, {"x": 1.0}, {"x": 2.0}], "node": [{"y": 1.0}]}});
        assert_eq!(values(&results, "pipelined", "x"), (Some(2.0), None));
        assert_eq!(values(&results, "idle", "x"), (None, None));
    }

    #[test]
    fn silent_connections_count_as_closed_only_when_all_are() {
        let round = |closed: u32| json!([{"connections": 150, "closed": closed, "last_closed_after_s": 10.1}]);
        assert_eq!(all_closed(&round(150)), Some(10.1));
        assert_eq!(all_closed(&round(149)), None);
        assert_eq!(all_closed(&Value::Null), None);
    }

    #[test]
    fn nothing_measured_is_nothing_passed() {
        let lines = judge_all(&json!({}));
        assert_eq!(judge::not_measured(&lines).len(), 7);
    }

    #[test]
    fn what_the_second_node_adds_is_a_difference() {
        let results = json!({
            "at_5000_per_second": {"ours": [{"p50_us": 100.0}]},
            "two_nodes": {"at_5000_per_second": [{"p50_us": 160.0}]},
        });
        let words = judge::in_words(&judge_all(&results));
        let line = words
            .lines()
            .find(|line| line.starts_with("two nodes: added latency, p50"))
            .expect("a line");
        assert!(line.contains("60 µs"), "{line}");
    }
}
