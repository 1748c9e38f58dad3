//! How good picture and speech are that get through narrow and lossy links: ours and Chromium's,
//! both to the app, in the same run.
//!
//! `cargo xtask bench quality` builds and runs it: `quality-bench FOLDER [WORD…]`, where each
//! word narrows down what is measured (`carphone 600 clean ours`, `speech bursts`). It prints a
//! table and every bar, and writes JSON and, for each clip and link, a plot (SVG). A miss is shown,
//! not hidden, and a call that does not come about is a result.
#![expect(clippy::print_stdout, reason = "it is a program that prints")]

#[cfg(target_os = "linux")]
mod call;
#[cfg(target_os = "linux")]
mod case;
#[cfg(target_os = "linux")]
mod clip;
#[cfg(target_os = "linux")]
mod judge;
#[cfg(target_os = "linux")]
mod mark;
#[cfg(target_os = "linux")]
mod plot;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod score;
#[cfg(target_os = "linux")]
mod speech;
#[cfg(target_os = "linux")]
mod summary;
#[cfg(target_os = "linux")]
mod table;

type Fault = Box<dyn std::error::Error + Send + Sync>;

#[cfg(target_os = "linux")]
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Fault> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().ok_or("write the folder for the results, and what to measure")?;
    let wanted = case::Wanted::of(&words.collect::<Vec<_>>())?;
    run::run(std::path::Path::new(&folder), &wanted).await
}

#[cfg(not(target_os = "linux"))]
fn main() -> Result<(), Fault> {
    Err("it runs on Linux".into())
}
