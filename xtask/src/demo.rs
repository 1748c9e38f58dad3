//! `cargo xtask demo`: from nothing to a call between alice and bob on this machine.

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::command;
use crate::devices::{Devices, Sources};
use crate::error::Error;
use crate::packages::{self, Purpose};
use crate::programs::{self, Running, Server};
use crate::report::{self, Report};
use crate::workspace::{self, Built};

/// How to show it.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// You wear headphones: let both people hear (on open speakers that howls).
    #[arg(long)]
    headphones: bool,
}

/// How long the call without windows lasts.
const DURATION: Duration = Duration::from_secs(10);

/// Shows it.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    packages::ensure(&[Purpose::Build, Purpose::Window])?;
    let built = workspace::build_for_demo()?;
    let devices = devices(&built.visavis)?;
    let alice = devices.for_person(0, options.headphones);
    let bob = devices.for_person(1, options.headphones);
    println!("alice {}; bob {}.", alice.in_words(), bob.in_words());

    programs::runtime()?.block_on(async {
        let show = async {
            let server = Server::start(&built.server).await?;
            println!("The server runs at {}.", server.url());
            if has_display(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())) {
                with_windows(&built, server, &alice, &bob).await
            } else {
                println!(
                    "There is no display here, so alice and bob call each other without windows."
                );
                without_windows(&built, &server, &alice, &bob).await
            }
        };
        // Dropping what runs ends it.
        tokio::select! {
            outcome = show => outcome,
            () = programs::interrupted() => Ok(()),
        }
    })
}

fn devices(visavis: &Path) -> Result<Devices, Error> {
    let list = command::output_of(std::process::Command::new(visavis).args(["devices", "--json"]))?;
    Devices::parse(&list).map_err(|error| Error::Answer {
        program: "visavis devices".into(),
        why: error.to_string(),
    })
}

/// Whether a window can be opened; `is_set` returns whether an environment variable is set.
fn has_display(is_set: impl Fn(&str) -> bool) -> bool {
    !cfg!(target_os = "linux") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// The arguments that both kinds of demo share; who it is comes on top.
fn arguments(server: &str, data: &Path, sources: &Sources) -> Vec<String> {
    let mut arguments = vec!["--server".to_owned(), server.to_owned()];
    arguments.extend(["--data-dir".to_owned(), data.display().to_string()]);
    arguments.extend(sources.arguments().map(str::to_owned));
    arguments
}

async fn with_windows(
    built: &Built,
    mut server: Server,
    alice: &Sources,
    bob: &Sources,
) -> Result<(), Error> {
    let folder = temporary_folder()?;
    let window = |name: &str, sources: &Sources| {
        let mut arguments = arguments(server.url(), &folder.path().join(name), sources);
        arguments.extend(["--username".to_owned(), name.to_owned()]);
        Running::start(name, &built.visavis, arguments)
    };
    let (mut first, mut second) = (window("alice", alice)?, window("bob", bob)?);
    println!("In alice's window, call bob. Close both windows, or press Ctrl+C here, to end.");
    tokio::select! {
        status = server.ended() => Err(Error::Call(format!("the server ended ({})", status?))),
        both = async { Ok((first.ended().await?, second.ended().await?)) } => {
            let (alice, bob) = both?;
            for (name, status) in [("alice", alice), ("bob", bob)] {
                if !status.success() {
                    return Err(Error::Call(format!("{name}'s window ended badly ({status})")));
                }
            }
            Ok(())
        }
    }
}

async fn without_windows(
    built: &Built,
    server: &Server,
    alice: &Sources,
    bob: &Sources,
) -> Result<(), Error> {
    let folder = temporary_folder()?;
    let report = |name: &str| folder.path().join(format!("{name}.json"));
    let side = |name: &str, sources: &Sources| {
        let mut side = arguments(server.url(), &folder.path().join(name), sources);
        side.extend(["--duration".to_owned(), format!("{}s", DURATION.as_secs())]);
        side.extend(["--report".to_owned(), report(name).display().to_string()]);
        side
    };
    println!("They talk for {} seconds.", DURATION.as_secs());
    let limit = DURATION + Duration::from_secs(45);
    programs::call_without_windows(&built.visavis, &side("alice", alice), &side("bob", bob), limit)
        .await?;
    let (alice, bob) = (Report::read(&report("alice"))?, Report::read(&report("bob"))?);
    println!("\n{}", report::in_words(&[("alice", &alice), ("bob", &bob)]));
    Ok(())
}

fn temporary_folder() -> Result<TempDir, Error> {
    tempfile::Builder::new()
        .prefix("visavis-")
        .tempdir()
        .map_err(Error::file("making a temporary folder"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_person_has_a_folder_and_devices() {
        let sources = Devices::default().for_person(0, false);
        let arguments = arguments("ws://127.0.0.1:9090", Path::new("data"), &sources);
        assert_eq!(
            arguments.join(" "),
            "--server ws://127.0.0.1:9090 --data-dir data \
             --camera pattern --microphone tone --speaker none"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn either_kind_of_display_will_do_and_none_is_none() {
        assert!(has_display(|name| name == "DISPLAY"));
        assert!(has_display(|name| name == "WAYLAND_DISPLAY"));
        assert!(!has_display(|_| false));
    }
}
