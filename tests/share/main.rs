//! What showing a screen and sending files is like: two apps without windows on this machine, one
//! of which shows a display of its own.
//!
//! `cargo xtask bench share` builds and runs it. A page stands still, scrolls, or is a film; the
//! time at which each picture was drawn on the display is burned into it, so that its delay is read
//! where it arrives. Then a file goes each way. Two pages in Chromium do the same. It prints a
//! table beside the bars, and writes everything as JSON.
#![cfg_attr(
    target_os = "linux",
    expect(clippy::print_stdout, reason = "it is a program that prints")
)]

#[cfg(target_os = "linux")]
mod call;
#[cfg(target_os = "linux")]
mod content;
#[cfg(target_os = "linux")]
mod pages;
#[cfg(target_os = "linux")]
mod table;

#[cfg(target_os = "linux")]
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("write the folder for the results")?;
    let folder = std::path::PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    let wanted: Vec<String> = std::env::args().skip(2).collect();
    let names = content::Content::ALL.map(content::Content::name);
    let known = [names.as_slice(), &["camera", "files"]].concat();
    if let Some(unknown) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("there is no {unknown}; there are {}", known.join(", ")).into());
    }
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let mut rows = Vec::new();
    for what in content::Content::ALL.into_iter().filter(|what| is_wanted(what.name())) {
        println!("{}: {}", what.name(), what.title());
        rows.push(table::of_screen(what, &call::shows(what).await?));
        println!("{}: the same between two pages in Chromium", what.name());
        rows.push(table::of_pages(what, &pages::shows(what).await?));
    }
    if is_wanted("camera") {
        println!("camera: the same call with a camera alone");
        rows.push(table::of_camera(call::of_cameras().await?));
    }
    if is_wanted("files") {
        println!("files: one of a gigabyte to each other");
        rows.push(table::of_files(&call::sends_files().await?));
        println!("files: the same bytes over a data channel between two pages, without a call");
        rows.push(table::of_channels(pages::send_bytes().await?));
    }
    table::print(&rows);
    let json = serde_json::to_string_pretty(&table::json(&rows))?;
    std::fs::write(folder.join("share.json"), json + "\n")?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {}
