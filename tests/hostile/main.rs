//! What a hostile peer costs the app in memory and processor time.
//!
//! `cargo xtask bench hostile` builds and runs it. The peer is aiortc, as in the tests; the app is
//! the program that people get, built beside this one.
#![expect(clippy::print_stdout, reason = "it is a program that prints")]

#[cfg(target_os = "linux")]
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::time::Duration;

    use visavis_tests::flood::{Flood, measure};

    /// How long each flood lasts, and the call before it.
    const SPAN: Duration = Duration::from_secs(20);
    /// The bars: what a flood may leave behind, and the share of a core that it may take.
    const GROWTH: f64 = 10.0;
    const CORES: f64 = 0.20;

    let app = std::env::current_exe()?.with_file_name("visavis");
    println!(
        "{:<16}{:>12}{:>8}{:>12}{:>12}{:>8}",
        "flood", "growth, MB", "bar", "call alone", "flood, more", "bar"
    );
    for flood in Flood::ALL {
        let cost = measure(&app, flood, SPAN).await?;
        let growth = cost.growth as f64 / 1e6;
        let verdict = if growth <= GROWTH && cost.cores() <= CORES { "pass" } else { "SHORT" };
        println!(
            "{:<16}{growth:>12.1}{GROWTH:>8.0}{:>12.2}{:>12.2}{CORES:>8.2}  {verdict}",
            flood.name(),
            cost.cores_before,
            cost.cores(),
        );
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("What a process uses is read from /proc, which only Linux has.");
}
