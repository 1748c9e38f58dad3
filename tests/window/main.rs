//! What the window costs, measured on a real one under Xvfb with a window manager and a desktop.
//!
//! `cargo xtask bench window` builds and runs it. The app is the program that people get, built
//! beside this one; whoever calls has no window. In: the file for the results. Out: that file, and
//! a table with bars.
#![expect(clippy::print_stdout, reason = "it is a program that prints")]

#[cfg(target_os = "linux")]
mod frames;
#[cfg(target_os = "linux")]
mod glass;
#[cfg(target_os = "linux")]
mod machine;
#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod result;

#[cfg(target_os = "linux")]
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = std::env::current_exe()?.with_file_name("visavis");
    let lines = measure::all(&app).await?;
    print!("{}", result::in_words(&lines));
    if let Some(file) = std::env::args_os().nth(1) {
        std::fs::write(file, format!("{:#}\n", result::as_json(&lines)))?;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("What a process uses is read from /proc, which only Linux has.");
}
