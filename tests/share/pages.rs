//! The same between two pages in Chromium: the display, and as many bytes over a data channel.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;
use visavis_tests::browser::{Browsers, Dialect, Page, PageMedia};
use visavis_tests::programs::ServerProgram;
use visavis_tests::window::Display;

use crate::call::{BEGINNING, FILE_BYTES, Fault, MEASURED};
use crate::content::{Content, HEIGHT, Showing, WIDTH};
use crate::table::Seen;

/// How often it is read how old the picture is that is shown: often enough for a p95, and seldom
/// enough to cost next to nothing.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long two pages may take to be connected.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the bytes may take.
const BYTES_WITHIN: Duration = Duration::from_secs(600);
const CHANNEL: &str = "bytes";
/// The unit of `/proc`, the same on all that Linux runs on here (`sysconf(_SC_CLK_TCK)`).
const TICKS_A_SECOND: u64 = 100;

/// What a side had counted and used at a moment.
struct Reading {
    statistics: Vec<Value>,
    cpu: Duration,
}

impl Reading {
    async fn of(page: &Page) -> Result<Self, Fault> {
        let statistics = serde_json::from_value(page.statistics().await?)?;
        let process = page.process().ok_or("the browser does not say which process it is")?;
        Ok(Self { statistics, cpu: cpu_below(process)? })
    }

    fn video(&self, direction: &str) -> Option<&Value> {
        let is_it = |one: &&Value| one["type"] == direction && one["kind"] == "video";
        self.statistics.iter().find(is_it)
    }

    fn sent(&self, what: &str) -> Option<f64> {
        self.video("outbound-rtp")?[what].as_f64()
    }

    /// How the video is encoded that is sent.
    fn codec(&self) -> Option<String> {
        let id = &self.video("outbound-rtp")?["codecId"];
        let codec = self.statistics.iter().find(|one| one["id"] == *id)?;
        Some(codec["mimeType"].as_str()?.trim_start_matches("video/").to_owned())
    }
}

/// Shows a display to a page.
pub(crate) async fn shows(what: Content) -> Result<Seen, Fault> {
    let display = Display::of_size(WIDTH, HEIGHT).await;
    let server = ServerProgram::start().await?;
    let (shows, sees) = (Browsers::on(&display).await?, Browsers::start().await?);
    let alice = shows.open(Dialect::One, PageMedia::Screen, server.url()).await?;
    let bob = sees.open(Dialect::One, PageMedia::Drawn, server.url()).await?;
    // Over the browser, which stands there too.
    let _showing = Showing::start(what, &display);
    if !(alice.login("alice").await? && bob.login("bob").await?) {
        return Err("the server did not let the pages in".into());
    }
    alice.call("bob").await?;
    alice.status_until("connected", PATIENCE, |status| status.connection == "connected").await?;
    sleep(BEGINNING).await;
    let (first, seen_first) = (Reading::of(&alice).await?, Reading::of(&bob).await?);
    let begun = Instant::now();
    let mut ages = Vec::new();
    while begun.elapsed() < MEASURED {
        if what != Content::Still {
            ages.extend(bob.picture_age().await?);
        }
        sleep(LOOK_EVERY).await;
    }
    let took = begun.elapsed().as_secs_f64();
    let (last, seen_last) = (Reading::of(&alice).await?, Reading::of(&bob).await?);
    ages.sort();
    let age = |share: f64| {
        let place = (ages.len() as f64 * share) as usize;
        ages.get(place).map(|age| age.as_secs_f64() * 1e3)
    };
    let more = |what: &str| Some(last.sent(what)? - first.sent(what)?);
    let cores =
        |from: &Reading, to: &Reading| Some(to.cpu.saturating_sub(from.cpu).as_secs_f64() / took);
    let seen = Seen {
        codec: last.codec().unwrap_or_default(),
        video_bps: more("bytesSent").map(|bytes| bytes * 8.0 / took),
        fps: more("framesEncoded").map(|frames| frames / took),
        lines: seen_last.video("inbound-rtp").and_then(|video| video["frameHeight"].as_f64()),
        encoding_ms: more("totalEncodeTime")
            .zip(more("framesEncoded"))
            .map(|(seconds, frames)| seconds * 1e3 / frames),
        delay_ms: [age(0.5), age(0.95)],
        cores: [cores(&first, &last), cores(&seen_first, &seen_last)],
    };
    alice.quit().await?;
    bob.quit().await?;
    Ok(seen)
}

/// What a page of data channels says of itself.
#[derive(Deserialize)]
struct Channels {
    sdp: String,
    open: Vec<String>,
    bytes: u64,
}

/// Sends as many bytes as a file has each way at once, and says how long that took.
pub(crate) async fn send_bytes() -> Result<Duration, Fault> {
    let browsers = Browsers::start().await?;
    let pages = [browsers.open_at("/data.html").await?, browsers.open_at("/data.html").await?];
    let [hers, his] = &pages;
    obey(hers, json!({ "do": "offer", "labels": [CHANNEL] })).await?;
    obey(his, json!({ "do": "answer", "sdp": state(hers).await?.sdp })).await?;
    obey(hers, json!({ "do": "accept", "sdp": state(his).await?.sdp })).await?;
    for page in &pages {
        until(page, PATIENCE, |state| state.open == [CHANNEL]).await?;
    }
    let begun = Instant::now();
    for page in &pages {
        obey(page, json!({ "do": "pour", "label": CHANNEL, "bytes": FILE_BYTES })).await?;
    }
    for page in &pages {
        until(page, BYTES_WITHIN, |state| state.bytes == FILE_BYTES).await?;
    }
    let took = begun.elapsed();
    for page in pages {
        page.quit().await?;
    }
    Ok(took)
}

async fn obey(page: &Page, what: Value) -> Result<(), Fault> {
    Ok(page.evaluate("return window.obey(arguments[0])", vec![what]).await?)
}

async fn state(page: &Page) -> Result<Channels, Fault> {
    Ok(page.evaluate("return window.state()", Vec::new()).await?)
}

async fn until(
    page: &Page,
    limit: Duration,
    holds: impl Fn(&Channels) -> bool,
) -> Result<(), Fault> {
    let deadline = Instant::now() + limit;
    while !holds(&state(page).await?) {
        if Instant::now() > deadline {
            return Err("two pages took too long for their data channel".into());
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// What a process and all below it used so far.
fn cpu_below(process: u64) -> Result<Duration, Fault> {
    let mut above = HashMap::new();
    let mut used = HashMap::new();
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u64>().ok()) else {
            continue;
        };
        // One that ends meanwhile is left out.
        let Ok(line) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        // proc_pid_stat(5): after the name in brackets, the state and the parent; user and system
        // time are the 12th and 13th.
        let Some((_, rest)) = line.rsplit_once(") ") else { continue };
        let fields: Vec<u64> = rest.split(' ').map(|word| word.parse().unwrap_or(0)).collect();
        if let (Some(parent), Some(user), Some(system)) =
            (fields.get(1), fields.get(11), fields.get(12))
        {
            above.insert(id, *parent);
            used.insert(id, user + system);
        }
    }
    let is_below = |mut id: u64| loop {
        if id == process {
            return true;
        }
        match above.get(&id) {
            Some(parent) if *parent != 0 => id = *parent,
            _ => return false,
        }
    };
    let ticks: u64 = used.iter().filter(|(id, _)| is_below(**id)).map(|(_, used)| used).sum();
    Ok(Duration::from_millis(ticks * 1000 / TICKS_A_SECOND))
}
